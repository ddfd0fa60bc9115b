"""A course of the first notebook's first exercises only, so that a submission takes little time to grade."""

import sqlite3

import nbformat

from grading.course import REPOSITORY
from tests.support.course import Trial, points, solutions

ASSIGNMENT = "iterated_softmax"
EXERCISES = ("softmax_t", "iterative_softmax_experiment")
FULL = {name: worth for name, worth in points(ASSIGNMENT).items() if name in EXERCISES}
NOTHING = dict.fromkeys(FULL, 0.0)
SOLVED = solutions(ASSIGNMENT)
HALF = {"softmax_t": SOLVED["softmax_t"]}
HALF_MARKS = NOTHING | {"softmax_t": FULL["softmax_t"]}


def generate(root):
    """Make the course in ``root`` by `nbgrader generate_assignment`."""
    notebook = nbformat.read(REPOSITORY / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", nbformat.NO_CONVERT)
    parts = {
        cell.id: cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("test_") for cell in notebook.cells
    }
    start = next(index for index, cell in enumerate(notebook.cells) if parts[cell.id])
    setup = [cell for cell in notebook.cells[:start] if cell.cell_type == "code"]
    notebook.cells = setup + [cell for cell in notebook.cells if parts[cell.id] in FULL]
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{ASSIGNMENT}.ipynb")
    done = Trial(root).nbgrader("generate_assignment", ASSIGNMENT)
    assert done.returncode == 0, done.stderr


def filled(root, answers):
    """Return the course's released notebook with answers in its solution cells."""
    notebook = nbformat.read(root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", nbformat.NO_CONVERT)
    for cell in notebook.cells:
        cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id"), cell.source)
    return notebook


def mixed_class(size):
    """Return {student: marks} of a class in which every other one has solved half."""
    return {f"student{i:02}": FULL if i % 2 else HALF_MARKS for i in range(size)}


def hand_in(root, marks):
    """Hand in what gets these marks, all or half, for each student."""
    for student, expected in marks.items():
        Trial(root).submit(student, ASSIGNMENT, filled(root, SOLVED if expected == FULL else HALF))


def query(root, statement, *values):
    """Run SQL on the course's gradebook and return the rows."""
    with sqlite3.connect(root / "gradebook.db") as book:
        return book.execute(statement, values).fetchall()
