"""``python -m grading check-exercise NAME``: the kill matrix of one exercise, or of all of an assignment."""

import time

from grading.authoring.draw import COMMITTED_SEED, hidden_bytes, public_bytes
from grading.authoring.exercise import ExerciseError, load_exercises
from grading.authoring.matrix import faults_of, rows_of, undeserved_points, useless
from grading.commands.options import add_course_option
from grading.course import Course, course_of
from helpers.checks.cases import read_cases

SEEDS = COMMITTED_SEED, "another seed"  # of the hidden cases that the answers meet, if none is named


def add_command(commands):
    """Add ``check-exercise`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "check-exercise",
        help="run an exercise's right and wrong answers on its cases",
        description="Draw an exercise's cases and judge the answers in its file: right ones must get full marks, wrong "
        "ones must not and must be told their sentence, and what computes nothing must earn nothing. No notebook is "
        "built for it. Exit code 1 where something is wrong.",
    )
    parser.add_argument("exercises", nargs="*", metavar="NAME", help="default: every exercise of the assignment")
    parser.add_argument("--assignment", metavar="NAME", help="default: the one that has the exercise")
    parser.add_argument("--seed", action="append", help=f"of the hidden cases; default: {len(SEEDS)} that are built in")
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Print the counts and what is wrong, and return the exit code."""
    course, begun = course_of(arguments.course.resolve()), time.monotonic()
    seeds = arguments.seed or SEEDS
    try:
        assignment = arguments.assignment or folder_with(course, arguments.exercises)
        faults = print_matrix(course, assignment, arguments.exercises, seeds)
    except ExerciseError as error:
        raise ValueError(str(error)) from None
    print("\n".join(faults) or "Right answers get full marks; wrong ones don't, and are told why.")
    print(f"{len(seeds)} sets of hidden cases, {time.monotonic() - begun:.0f} s.")
    return int(bool(faults))


def print_matrix(course: Course, assignment: str, names: list[str], seeds) -> list[str]:
    """Print how many answers which cases catch, for each exercise that has answers, and return what is wrong."""
    known = load_exercises(course.folder, assignment)
    if unknown := sorted(set(names) - known.keys()):
        raise ValueError(f"{assignment} has no exercise {unknown[0]!r}; there are {', '.join(known) or 'none'}")
    chosen, faults = {name: known[name] for name in names or known}, []
    public = read_cases(public_bytes(course, assignment, names))
    print(f"{'exercise':30} {'wrong':>6} {'public':>7} {'hidden':>7} {'right':>6}")
    for seed in seeds:
        files = public, read_cases(hidden_bytes(course, assignment, seed, names))
        for name, exercise in chosen.items():
            rows = rows_of(exercise, files)
            wrong = [row for row in rows if not row.answer.right]
            caught = (sum(row.caught(hidden) for row in wrong) for hidden in (False, True))
            print(f"{name:30} {len(wrong):6} {next(caught):7} {next(caught):7} {len(rows) - len(wrong):6}")
            faults += [fault for fault in faults_of(rows) if fault not in faults]
            if seed == seeds[0] and wrong:
                faults += undeserved_points(rows, files)
                print(f"{'':30} kills nothing alone: {', '.join(useless(wrong)) or 'no case'}")
    return faults


def folder_with(course: Course, names: list[str]) -> str:
    """Return the one assignment with these exercises; raise ValueError, naming what there is, where it is not one."""
    folders = sorted(path for path in course.source("exercises").glob("[!_.]*") if path.is_dir())
    found = [path.name for path in folders if all((path / f"{name}.py").is_file() for name in names)]
    if len(found) != 1:
        what = f"has {' and '.join(names)}" if names else "is meant"
        there = ", ".join(found or [path.name for path in folders]) or "none"
        raise ValueError(f"it can't be told which assignment {what}: add --assignment; there are {there}")
    return found[0]
