"""A course as its grader reads it: a folder of data. Where it lies is known here and nowhere else."""

from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).resolve().parent.parent
CASES = REPOSITORY / "grading" / "cases"
HIDDEN, PRIVATE = CASES / "hidden.safetensors", CASES / "private" / "hidden.safetensors"
ASSIGNMENTS = ("iterated_softmax", "temperature_range")


def released(assignment):
    """Return the notebook that students get."""
    return nbformat.read(REPOSITORY / "release" / assignment / f"{assignment}.ipynb", nbformat.NO_CONVERT)


def points(assignment):
    """Return what every exercise of the released notebook is worth."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in released(assignment).cells]
    return {mark.grade_id.removeprefix("test_"): float(mark.points) for mark in marks if mark.get("grade")}


def filled(assignment, answers):
    """Return the released notebook with solution cells replaced: ``answers`` maps an exercise to a cell's source."""
    return fill(released(assignment), answers)


def fill(notebook, answers):
    """Replace a notebook's solution cells, and return it."""
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for name, source in answers.items():
        cells[name].source = source
    return notebook


def solutions(assignment):
    """Return the instructor's answers: the source of every solution cell by exercise."""
    path = REPOSITORY / "source" / assignment / f"{assignment}.ipynb"
    cells = nbformat.read(path, nbformat.NO_CONVERT).cells
    solved = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in solved}


def hidden_path():
    """Return the hidden set in force: the instructor's private one where there is one, else the committed one."""
    return PRIVATE if PRIVATE.exists() else HIDDEN
