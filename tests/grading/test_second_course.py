"""A course on another subject, by the same commands: what `new-course` writes, more exercises and a claim.

Two exercises are those of the guide to porting, as it has them.

It is built, released, checked in the notebook, handed in, mended, judged, explained and exported; no file of `helpers`
or `grading` names it.
"""

import csv
import re
import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from grading.authoring.draw import committed
from grading.authoring.exercise import ExerciseError, load_exercises
from grading.commands import demo
from grading.commands.new_course import TEMPLATE, course_files
from grading.course import REPOSITORY, Course, fill, notebook_at
from tests.support.commands import python
from tests.support.course import graded_cell
from tests.support.matrix import matrix, misjudged, untold
from tests.support.ported import port

MORE = REPOSITORY / "tests" / "second_course"
NAME = "power_iteration"
EXERCISES = ("power_step", "rayleigh_quotient", "describe", "lu_shape", "lu_values")

IN_ONE = "def lu(A):\n    return np.eye(len(A)), np.eye(len(A)), A.copy()"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course, built."""
    folder = tmp_path_factory.mktemp("courses") / "mine"
    python("-m", "grading", "new-course", folder)
    for path in MORE.glob("*.py"):
        shutil.copy(path, folder / "source" / "exercises" / NAME)
    text = folder / "source" / f"{NAME}.py"
    text.write_text(text.read_text("utf-8") + "\n" + (MORE / "more_cells.txt").read_text("utf-8"), "utf-8")
    port(folder, NAME)
    python("-m", "grading.authoring.build", "--root", folder)
    return Course(folder)


@pytest.fixture(scope="module")
def graded(course):
    """Its class: solved, wrong and undecided, forbidden and undecidable, a check deleted, a file that is none."""
    solved = course.solutions(NAME)
    mended = fill(course.release(NAME), solved)
    mended.cells = [
        cell for cell in mended.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != "test_power_step"
    ]
    wrong = {"power_step": "def power_step(A, x):\n    return A @ x", "claim_c1": "claim_c1 = None"}
    wrong |= {"lu": IN_ONE, "describe": "def describe(A):\n    return {'shape': 2, 'symmetric': True}"}
    cheat = {"rayleigh_quotient": "def rayleigh_quotient(A, x):\n    return max(np.linalg.eigvals(A))"}
    cheat |= {"claim_c1": 'claim_c1 = "maybe"'}
    for student, notebook in {
        "ada": fill(course.release(NAME), solved),
        "bob": fill(course.release(NAME), solved | wrong),
        "cy": fill(course.release(NAME), solved | cheat),
        "dan": mended,
        "fay": fill(course.release(NAME), solved | {"claim_c1": "claim_c1 = None", "lu": "def plu(A):\n    return A"}),
        "gil": fill(course.release(NAME), solved | {"claim_c1": 'claim_c1 = "fails"'}),
    }.items():
        (course.folder / "in").mkdir(exist_ok=True)
        nbformat.write(notebook, course.folder / "in" / f"{student}_work.ipynb")
    (course.folder / "in" / "eve_work.ipynb").write_text("not a notebook")
    command = ("-m", "grading", "grade", "in", "--assignment", NAME, "--workers=0", "--course", course.folder)
    return python(*command, cwd=course.folder, code=1)


def test_nothing_of_helpers_or_grading_names_it():
    files = [*(REPOSITORY / "helpers").rglob("*.py"), *(REPOSITORY / "grading").rglob("*.py")]
    named = [path for path in files if TEMPLATE not in path.parents and NAME in path.read_text("utf-8")]
    assert len(files) > 50 and named == []


def test_new_course_writes_into_an_empty_folder_only(course, tmp_path):
    assert "is not empty: name a new folder" in python("-m", "grading", "new-course", course.folder, code=2)
    written = {path.relative_to(tmp_path).as_posix() for path in course_files(tmp_path)}
    assert written == {path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.rglob("*.*") if path.is_file()} | {
        "Makefile",
        ".gitignore",
    }


def test_its_wrong_answers_lose_points_and_are_told_why(course):
    assert course.assignments == (NAME,)
    rows = {name: matrix(NAME, name, course=course.folder) for name in EXERCISES}
    assert {name: (misjudged(some), untold(some)) for name, some in rows.items()} == {n: ([], []) for n in EXERCISES}


def test_its_notebook_alone_checks_an_answer(course, tmp_path):
    wrong = {"power_step": "def power_step(A, x):\n    return A @ x", "lu": IN_ONE}
    notebook = fill(course.release(NAME), course.solutions(NAME) | wrong)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [o.data["text/plain"] for c in notebook.cells for o in c.get("outputs", []) if "data" in o]
    assert any("Your numbers match A x, not scaled." in text for text in shown)
    assert any(text.startswith("rayleigh_quotient: 2 of 2 cases here are right") for text in shown)
    assert any("expected triu(U) == U\n    got      0 on its left, 5 on its right, at [2, 1]" in text for text in shown)
    assert any(text.startswith("lu_values: 2 of 2 cases here are right") for text in shown)
    assert any("The course says so too: sometimes." in text and "your quotient is 6." in text for text in shown)
    assert any("your number: 6 (the quotient of (1, 1)); the course says: sometimes" in text for text in shown)


def test_it_is_fresh_and_a_changed_point_is_named(course):
    assert "every derived file is fresh" in python("-m", "grading.authoring.build", "--root", course.folder, "--check")
    text = course.folder / "source" / f"{NAME}.py"
    before = text.read_text("utf-8")
    text.write_text(before.replace('test="rayleigh_quotient" points=1', 'test="rayleigh_quotient" points=2'), "utf-8")
    said = python("-m", "grading.authoring.build", "--root", course.folder, "--check", code=1)
    text.write_text(before, "utf-8")
    assert "points=2, but ASPECTS of source/exercises/power_iteration/rayleigh_quotient.py make 1" in said


def test_its_class_is_graded_mended_and_exported(course, graded):
    with (course.folder / "grades" / NAME / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    marks = {student: row["score"] for student, row in rows.items()}
    assert marks == {"ada": "7", "bob": "3", "cy": "6", "dan": "7", "eve": "", "fay": "4", "gil": "7"}
    assert {row["max_score"] for row in rows.values()} == {"7"}
    assert "the file is not a notebook" in rows["eve"]["reason"] and "eve: NO MARK" in graded
    assert "Check missing (deleted, or of an older release); put back: `power_step`." in graded
    data = notebook_at(course.folder / "autograded" / "bob" / NAME / f"{NAME}.ipynb")
    verdict = graded_cell(data, "test_power_step").outputs[0].data["application/json"]
    assert {a["name"]: a["earned"] for a in verdict["aspects"]} == {"the direction": 0.0, "the length": 0.0}


def test_its_marks_are_explained(course, graded):
    page = (course.folder / "feedback" / "bob" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "Your numbers match A x, not scaled." in page and "np.array([[2.0, 1.0], [0.0, 3.0]]" in page
    assert "U has numbers below its diagonal." in page and "lu(np.array([[0.0, 2.0, 1.0]" in page
    assert "lu_<wbr>values" in page and page.count("return np.eye(len(A)), np.eye(len(A)), A.copy()") == 2
    assert "There is no function lu" in (course.folder / "feedback" / "fay" / NAME / f"{NAME}.html").read_text("utf-8")
    forbidden = (course.folder / "feedback" / "cy" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "numpy.linalg.eigvals" in forbidden and "Write it from products of A and x." in forbidden
    assert f"Wrote report/{NAME}/report.html" in graded
    rows = csv.DictReader((course.folder / "report" / NAME / "students.csv").read_text("utf-8").splitlines())
    assert [row["student"] for row in rows] == ["ada", "bob", "cy", "dan", "eve", "fay", "gil"]


def test_of_several_checks_of_one_function_each_shows_its_cell_and_its_call(course, graded, monkeypatch):
    show = ("-m", "grading", "show", "bob", "--assignment", NAME, "--course", course.folder)
    for name in ("lu_shape", "lu_values"):
        assert "return np.eye(len(A)), np.eye(len(A)), A.copy()" in python(*show, name)
    said = python(*show, "lu_shape")
    assert said.count("call: lu(np.array([[") == 2 and said.count("expected: tril(L) == L, diag(L) == 1") == 2
    said = python(*show, "describe")
    assert "expected: {'shape': '2 x 3', 'symmetric': False}" in said
    monkeypatch.setattr(demo, "WRONG", {"P @ L @ U is not A.": "wrong_product"})
    handed_in = demo.handed_in(course, NAME)["wrong_product"]
    assert "U[i] -= L[i, k] * U[k]" in next(cell.source for cell in handed_in.cells if "def lu(" in cell.source)


def test_a_claim_costs_nothing_and_its_decision_is_kept(course, graded):
    verdicts = {}
    for student in ("ada", "bob", "cy", "gil"):
        data = notebook_at(course.folder / "autograded" / student / NAME / f"{NAME}.ipynb")
        verdicts[student] = graded_cell(data, "test_claim_c1").outputs[0].data["application/json"]
    assert [(v["points"], v["maximum"]) for v in verdicts.values()] == [(0, 0)] * 4
    assert [v.get("choice") for v in verdicts.values()] == ["sometimes", None, None, "fails"]
    pages = {s: (course.folder / "feedback" / s / NAME / f"{NAME}.html").read_text("utf-8") for s in verdicts}
    assert "<li>claim_<wbr>c1: sometimes</li>" in pages["ada"] and "claim_<wbr>c1: not decided" in pages["bob"]
    assert "claim_<wbr>c1: not decided" in pages["cy"]
    assert not any(re.search(r"of 0(?!\.)|a decision", page) for page in pages.values())
    table = (course.folder / "report" / NAME / "exercises.csv").read_text("utf-8")
    rows = {row["student"]: row for row in csv.DictReader(table.splitlines()) if row["exercise"] == "claim_c1"}
    assert [rows[s]["choice"] for s in ("ada", "bob", "cy", "gil")] == ["sometimes", "", "", "fails"]
    assert {row["mistakes"] for row in rows.values()} == {""}
    page = (course.folder / "report" / NAME / "report.html").read_text("utf-8")
    decisions = page.partition('id="decisions"')[2].partition("</section>")[0]
    assert "claim_<wbr>c1" in decisions and "claim_<wbr>c1" not in page.partition('id="exercise-1"')[2]
    assert decisions.partition(">sometimes, what came out<")[2].partition('class="figure">')[2].startswith("2<")


def test_its_points_can_change_after_the_release(course, graded, tmp_path):
    """From the exercise's file to grades.csv, and nothing is judged anew."""
    root = tmp_path / "mine"
    shutil.copytree(course.folder, root)
    exercise = root / "source" / "exercises" / NAME / "power_step.py"
    exercise.write_text(exercise.read_text("utf-8").replace('"the direction": 1', '"the direction": 3'), "utf-8")
    for kind, content in committed(Course(root), NAME).items():
        Course(root).case_file(NAME, kind).write_bytes(content)
    verdicts = {path: path.read_bytes() for path in root.glob(f"verdicts/{NAME}/*.json")}
    said = python("-m", "grading", "rescore", "--assignment", NAME, "--course", root, "--yes", cwd=root)
    assert "power_step: 2 -> 4 points (the direction 1 -> 3)" in said and "of 7      of 9" in said
    with (root / "grades" / NAME / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: (row["score"], row["max_score"]) for row in csv.DictReader(file)}
    scores = {"ada": "9", "bob": "3", "cy": "8", "dan": "9", "eve": "", "fay": "6", "gil": "9"}
    assert rows == {student: (score, "9") for student, score in scores.items()}
    assert len(verdicts) == 6 and {path: path.read_bytes() for path in verdicts} == verdicts


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"long vectors": 0.5', '"long vectors": 0.3', "gives whole or half points"),
        ("ASPECTS = {", "NO_ASPECTS = {", "it needs ASPECTS and public"),
        ('    """Your numbers match x A x, not divided by x x."""\n', "", "wrong_not_divided needs a docstring"),
    ],
)
def test_an_exercise_file_that_says_too_little_is_named(tmp_path, old, new, said):
    """The red fixtures."""
    place = tmp_path / "source" / "exercises" / NAME
    place.mkdir(parents=True)
    source = (MORE / "rayleigh_quotient.py").read_text("utf-8")
    assert old in source
    broken = source.replace(old, new) if new != "NO_ASPECTS = {" else source.replace("ASPECTS", "OTHER")
    (place / "rayleigh_quotient.py").write_text(broken, "utf-8")
    with pytest.raises(ExerciseError, match=said):
        load_exercises(tmp_path, NAME)
