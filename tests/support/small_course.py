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


def generate(root, notebooks=None):
    """Make the course in ``root`` by `nbgrader generate_assignment`; ``notebooks`` are {name: exercises} of several."""
    whole = nbformat.read(REPOSITORY / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", nbformat.NO_CONVERT)
    parts = {
        cell.id: cell.metadata.get("nbgrader", {}).get("grade_id", "").removeprefix("test_") for cell in whole.cells
    }
    start = next(index for index, cell in enumerate(whole.cells) if parts[cell.id])
    setup = [cell for cell in whole.cells[:start] if cell.cell_type == "code"]
    folder = root / "source" / ASSIGNMENT
    folder.mkdir(parents=True)
    for name, exercises in (notebooks or {ASSIGNMENT: EXERCISES}).items():
        notebook = whole | {"cells": setup + [cell for cell in whole.cells if parts[cell.id] in exercises]}
        nbformat.write(nbformat.from_dict(notebook), folder / f"{name}.ipynb")
    done = Trial(root).nbgrader("generate_assignment", ASSIGNMENT)
    assert done.returncode == 0, done.stderr


def filled(root, answers, name=ASSIGNMENT):
    """Return the course's released notebook with answers in its solution cells."""
    notebook = nbformat.read(root / "release" / ASSIGNMENT / f"{name}.ipynb", nbformat.NO_CONVERT)
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
