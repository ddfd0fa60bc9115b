"""``python -m grading demo``, or ``make demo``: the instructor's main job on real input.

In a temporary course folder a few students hand in the course's first notebook: solved, blank, half right, wrong in up
to three ways, and one file that is broken. nbgrader grades them with the course's configuration, and a table gives
every mark with its reasons. No real gradebook is touched.
"""

import re
import tempfile
import textwrap
from pathlib import Path

from grading.authoring.exercise import load_exercises
from grading.commands.options import add_course_option
from grading.commands.trial import Trial
from grading.course import course_of, fill, home_of
from grading.gradebook.status import STOPPED
from grading.repair.intake import NotGradable
from grading.reports.class_data import load_class, reason_in_words
from grading.reports.findings import capital

BROKEN = b'{"cells": [{"cell_type": "co'
WRONG = {  # what a wrong answer's sentence begins with: the student who gives it
    "Your numbers match": "wrong_numbers",
    "uses ": "wrong_not_allowed",
    "your function returned None": "wrong_no_return",
}


def handed_in(course, assignment):
    """Return what each student hands in: a notebook, or bytes."""
    solved = course.solutions(assignment)
    exercises = load_exercises(course.folder, assignment)
    hardest = max(exercises.values(), key=lambda exercise: exercise.points)
    half = {name: source for k, (name, source) in enumerate(solved.items()) if k % 2}

    def filled(answers):
        return fill(course.release(assignment), answers)

    found = {"solved": filled(solved), "blank": filled({}), "half_right": filled(half)}
    for beginning, student in WRONG.items():
        wrong = [a for a in hardest.answers.values() if not a.right and a.sentence.startswith(beginning)]
        if wrong:
            found[student] = filled(solved | {hardest.function: wrong[0].source})
    return found | {"broken_file": BROKEN}


def table_lines(found):
    """Yield the lines of the table of marks, one student after the other, with the reasons for lost points."""
    yield f"{'student':18} {'points':>6}  why"
    for member in found:
        if member.status != "graded":
            yield f"{member.id:18} {'-':>6}  {member.status}: {reason_in_words(member.reason)}"
            continue
        lost = [each for each in member.findings.values() if each.score < each.maximum]
        points = sum(each.score for each in member.findings.values())
        yield f"{member.id:18} {points:6g}  {'' if lost else 'full marks'}".rstrip()
        for each in lost:
            why = "; ".join(capital(str(mistake)) for mistake in each.mistakes()[:1])
            line = f"{each.exercise}: {each.score:g} of {each.maximum:g} points. {why}"
            yield textwrap.fill(line, 95, initial_indent=" " * 27, subsequent_indent=" " * 29)


def what_stopped(log):
    """Return why nbgrader stopped, from its log: the last line of each traceback, once; all of it where it has none.

    Those of files that can't be graded are left out: they have a reason of their own.
    """
    found = re.findall(r"^ {4}(\w[\w.]*: .+)$", log, re.MULTILINE)
    refused = f"{NotGradable.__module__}.{NotGradable.__qualname__}: "
    return list(dict.fromkeys(line for line in found if not line.startswith(refused))) or [log.strip()]


def add_command(commands):
    """Add ``demo`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser("demo", help="grade a handful of made-up submissions and print their marks")
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments):
    """Grade the made-up submissions and print the table; exit code 1 where the grader itself stops, with its words."""
    folder_of_course = arguments.course.resolve()
    course = course_of(folder_of_course)
    assignment = course.assignments[0]
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder), home_of(folder_of_course), course)
        print("Generating the assignment ...", flush=True)
        try:
            trial.generate(assignment)
        except RuntimeError as error:
            raise ValueError(str(error)) from None
        given = handed_in(course, assignment)
        for student, content in given.items():
            trial.submit(student, assignment, content)
        print(f"Grading {len(given)} submissions with `nbgrader autograde` ...\n", flush=True)
        done = trial.nbgrader("autograde", assignment)
        found = load_class(trial.root, assignment).members
        print("\n".join(table_lines(found)))
    if stopped := [member.id for member in found if member.reason == STOPPED]:
        print(f"\nThe grader itself stopped at {', '.join(stopped)}:", *what_stopped(done.stderr), sep="\n  ")
        return 1
    return 0
