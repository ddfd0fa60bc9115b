"""A small notebook of nbgrader's ordinary kind: asserts with hidden ones, partial credit, a file; one has cases."""

import nbformat
from nbformat import from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell

SECRET = "four_thousand_and_two"  # in the hidden test, and nowhere that a student may look
STUB = "    raise NotImplementedError()"
DOUBLE = "def double(x):\n    return 2 * x"
HALVE = "def halve(x):\n    return x / 2"
SHARE = "def share(x):\n    return x"
SOLVED = {"double": DOUBLE, "halve": HALVE, "share": SHARE}
TESTS = {
    "double": 'assert double(2) == 4, "twice two is four"',
    "share": "round(min(share(0.5), 1.0), 1)",
    "data": "assert open('numbers/data.txt').read() == '1 2 3'\nassert double",
    "halve": 'check("halve", halve)',
}
HIDDEN = f"### BEGIN HIDDEN TESTS\nassert double(2001) == 4002, '{SECRET}'\n### END HIDDEN TESTS"
POINTS = {"double": 2, "share": 1, "data": 1, "halve": 1}
FILES = {"numbers/data.txt": b"1 2 3"}


def marks(grade_id, **given):
    """Return nbgrader's marks on a cell."""
    own = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {"nbgrader": own | {"grade_id": grade_id} | given}


def solution(name):
    """Return the cell in which students define a function."""
    return new_code_cell(f"def {name}(x):\n{STUB}", metadata=marks(name, solution=True))


def graded(name, source):
    """Return a test cell of the exercise; that of `double` has no name of ours."""
    grade_id = "correct_double" if name == "double" else f"test_{name}"
    return new_code_cell(source, metadata=marks(grade_id, grade=True, locked=True, points=POINTS[name]))


def notebook(tests=TESTS, names=("double", "share", "data", "halve")):
    """Return the notebook that students get, in a format without cell ids."""
    cells = [new_markdown_cell("# Numbers")]
    for name in names:
        cells += [] if name == "data" else [solution(name)]
        cells.append(graded(name, tests[name]))
    for cell in cells:
        del cell["id"]
    return from_dict({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4})


def handed_in(answers, change=None):
    """Return the bytes of the notebook with answers; ``change`` is done to it first."""
    found = notebook()
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    if change:
        change(found)
    return nbformat.writes(found).encode()
