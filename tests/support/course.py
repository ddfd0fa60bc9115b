"""What tests share of this repository's course."""

import os

from grading.commands.trial import Trial  # noqa: F401
from grading.course import COMMITTED, Course, fill
from helpers.checks import cases
from helpers.checks.cases import read_cases

NO_SHIFT = """def softmax_t(x, temperature=1.0, dim=-1):
    weights = torch.exp(x / temperature)
    return weights / weights.sum(dim=dim, keepdim=True)"""

FORBIDDEN = """def softmax_t(x, temperature=1.0, dim=-1):
    return torch.nn.functional.softmax(x / temperature, dim)"""

os.environ[COMMITTED] = "1"  # a private set of whoever runs the tests has no part in them, nor in what they start
COURSE = Course()
ASSIGNMENTS = COURSE.assignments
FIRST = ASSIGNMENTS[0]
FILES = (f"{FIRST}.ipynb", "more.ipynb")  # the two notebooks of the gradebook in tests/conftest.py
CASES = {
    assignment: tuple(map(read_cases, COURSE.cases(assignment))) for assignment in ASSIGNMENTS
}  # public and hidden
released, solutions, points = COURSE.release, COURSE.solutions, COURSE.points


def filled(assignment, answers):
    """Return the released notebook with solution cells replaced: ``answers`` maps an exercise to a cell's source."""
    return fill(released(assignment), answers)


def graded_cell(notebook, grade_id):
    """Return the cell that nbgrader knows by this name."""
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def assignment_of(exercise):
    """Return the first assignment with an exercise of that name."""
    return next(name for name, (public, _) in CASES.items() if exercise in public.exercises)


def use_cases(exercise):
    """Let checks use the cases of the first assignment with an exercise, as its notebook's setup cell does."""
    cases.use(COURSE.public(assignment_of(exercise)))


def case_files(exercise):
    """Return the public and the hidden case file of the first assignment with an exercise."""
    return CASES[assignment_of(exercise)]
