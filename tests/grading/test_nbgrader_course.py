"""An ordinary nbgrader course: asserts, hidden tests, several notebooks of any name, in a format without cell ids.

Both doors, nbgrader's commands and the batch, give the same marks, and pages say nothing of a hidden test.
"""

import csv
import json
import shutil

import nbformat
import pytest

from grading.authoring.draw import committed
from grading.course import REPOSITORY, Course
from tests.support.assert_cells import FILES, HIDDEN, SECRET, SOLVED, TESTS, handed_in, notebook
from tests.support.commands import python, run
from tests.support.course import Trial
from tests.support.small_exercise import small_exercise

NAME = "one"
CONFIGURATION = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(REPOSITORY)!r})
from grading.settings import configure
c = get_config()
configure(c, Path.cwd())
"""
CLASS = {
    "ada": SOLVED,
    "bob": SOLVED | {"double": "def double(x):\n    return 4"},
    "cy": SOLVED | {"double": "class double:\n    __init__ = lambda *_: None\n    __eq__ = lambda *_: True"},
}
MARKS = {"ada": 4.5, "bob": 2.5, "cy": 4.5}

pytestmark = pytest.mark.slow


def source(names=("double", "share", "data", "halve")):
    """Return the instructor's notebook, as nbgrader's authors write one."""
    whole = notebook(TESTS | {"double": f"{TESTS['double']}\n{HIDDEN}"}, names)
    for cell in whole.cells:
        if answer := SOLVED.get(cell.metadata.get("nbgrader", {}).get("grade_id")):
            head, body = answer.split("\n")
            cell.source = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
    return whole


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The course: `one` with the notebook "part 1", mixed, and `two` with two ordinary ones; its class is graded."""
    root = tmp_path_factory.mktemp("courses") / "mine"
    course = small_exercise(root)
    (root / "nbgrader_config.py").write_text(CONFIGURATION)
    for name, notebooks in {"one": ["part 1"], "two": ["a", "b"]}.items():
        folder = root / "source" / name
        for path, content in FILES.items():
            (folder / path).parent.mkdir(parents=True)
            (folder / path).write_bytes(content)
        for each in notebooks:
            nbformat.write(source() if name == "one" else source(("double", "data")), folder / f"{each}.ipynb")
    for kind, content in committed(course, NAME).items():
        path = course.case_file(NAME, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    run("nbgrader", "generate_assignment", "*", "--create", cwd=root)
    for student, answers in CLASS.items():
        for place in (f"submitted/{student}/one/part 1", f"handed in/{student}/a", f"handed in/{student}/b (1)"):
            path = root / f"{place}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(handed_in(answers))
    return root


@pytest.fixture(scope="module")
def graded(root):
    """What the batch says of both assignments."""
    command = ("-m", "grading", "grade", "--workers=0", "--course", root, "--assignment")
    return {
        name: python(*command, *more, cwd=root) for name, *more in (("one", "one"), ("two", "two", root / "handed in"))
    }


def marks_in(root, name):
    """Return {student: score} of the table that the batch writes."""
    rows = csv.DictReader((root / "grades" / name / "grades.csv").read_text("utf-8").splitlines())
    return {row["student_id"]: float(row["score"]) for row in rows}


def test_the_batch_gives_nbgraders_marks_of_one_and_of_several_notebooks(root, graded):
    assert "one: 3 to grade" in graded["one"] and "two, b: 3 to grade" in graded["two"]
    assert marks_in(root, "one") == MARKS
    assert marks_in(root, "two") == {"ada": 6, "bob": 2, "cy": 6}


def test_nbgraders_own_command_gives_the_same(root, graded, tmp_path):
    for name in ("source", "release", "submitted", "nbgrader_config.py"):
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, tmp_path / name)
    shutil.copy(root / "gradebook.db", tmp_path)
    run("nbgrader", "autograde", NAME, "--force", cwd=tmp_path)
    found = Trial(tmp_path, tmp_path, Course(tmp_path)).marks(NAME)
    assert {student: sum(points.values()) for student, points in found.items()} == MARKS


def test_pages_say_that_a_mark_can_be_forged_and_nothing_of_a_hidden_test(root, graded):
    pages = {student: (root / f"feedback/{student}/one/part 1.html").read_text("utf-8") for student in CLASS}
    assert all(page.count("such points can be forged") == 3 for page in pages.values())
    assert "A test that is not in your notebook stopped: AssertionError" in pages["bob"]
    for page in pages.values():
        assert SECRET not in page and "4002" not in page and "HIDDEN" not in page
    assert SECRET in (root / "autograded" / "bob" / "one" / "part 1.ipynb").read_text("utf-8")  # the instructor's copy
    report = (root / "report" / "two" / "students.csv").read_text("utf-8")
    assert {row["student"]: float(row["points"]) for row in csv.DictReader(report.splitlines())}["ada"] == 6
    said = python("-m", "grading", "show", "bob", "correct_double", "--assignment", "one", "--course", root, cwd=root)
    assert "The verdict: 0 of 2 points" in said


def test_what_is_released_is_not_overwritten_and_a_new_hidden_test_is_judged_anew(root, graded):
    """Last: it changes the course."""
    path = root / "source" / "two" / "a.ipynb"
    path.write_text(path.read_text("utf-8").replace("double(2001) == 4002", "double(2001) == 4003"), "utf-8")
    assert "Skipping existing assignment" in run("nbgrader", "generate_assignment", "two", cwd=root)
    run("nbgrader", "generate_assignment", "two", "--force", cwd=root)
    said = python("-m", "grading", "grade", "--workers=0", "--course", root, "--assignment", "two", cwd=root)
    assert "The course has changed since 3 of them were graded" in said and "two, b: 0 to grade" in said
    assert marks_in(root, "two") == {"ada": 4, "bob": 2, "cy": 6}
    record = json.loads((root / "verdicts" / "two" / "a" / "ada.json").read_bytes())
    assert record["points"] == {"correct_double": 0, "test_data": 1}
