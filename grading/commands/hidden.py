"""``python -m grading hidden``: draw a private set of hidden cases."""

from grading.authoring.draw import drawn_as, hidden_bytes
from grading.authoring.exercise import ExerciseError, load_exercises
from grading.commands.options import add_course_option
from grading.course import Course, course_of
from grading.files import write


def add_command(commands):
    """Add ``hidden`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "hidden",
        help="draw a private set of hidden cases from a seed of your own",
        description="Draw hidden cases from a seed into source/cases/ASSIGNMENT/private.safetensors, which git ignores "
        "and which is used instead of the committed ones as long as it is there. It keeps the seed: without --seed the "
        "sets that are there are drawn anew, as after a change of an exercise.",
    )
    parser.add_argument("--seed", help="any text; keep it to yourself")
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Draw the private set of every assignment, or anew of each that has one; nothing is written where one fails."""
    course: Course = course_of(arguments.course.resolve())
    try:
        drawn = {path: hidden_bytes(course, name, seed) for name, path, seed in seeds(course, arguments.seed)}
    except ExerciseError as error:
        raise ValueError(str(error)) from None
    for path, content in drawn.items():
        write(path, content)
        print(f"Wrote {path.relative_to(course.folder)}: {path.stat().st_size} bytes")
    return 0


def seeds(course, given):
    """Return (assignment, path, seed) of every set to draw.

    Raises ValueError where a seed has to be given, and where there is nothing to draw.
    """
    found = [
        (name, path, given or drawn_as(path).get("seed"))
        for name in course.assignments
        if load_exercises(course.folder, name) and ((path := course.case_file(name, "private")).exists() or given)
    ]
    without = [name for name, _, seed in found if not seed]
    if without or not found:
        what = f"the private set of {', '.join(without)} keeps no seed" if without else "there is no private set yet"
        raise ValueError(f"{what}: give a seed of your own, make hidden SEED=20260901 (--seed)")
    return found
