"""The doctor inside unmodified `nbgrader autograde`: no submission stops the batch, and repairs can be read."""

import csv

import pytest

from grading.course import REPOSITORY
from grading.repair.doctor import mend, repairs_in
from tests.support.course import FIRST, Trial, points, released
from tests.support.vandalism import BELOW, HALF, NO_NOTEBOOKS, VANDALISM, handed_in, sent, vandalised

POINTS = points(FIRST)


def grade(root, files):
    """Grade {student: bytes} in a new course and return it with the finished process."""
    course = Trial(root)
    course.generate(FIRST)
    for student, content in files.items():
        course.submit(student, FIRST, content)
    return course, course.nbgrader("autograde", FIRST)


def marks_of(answered):
    return {name: POINTS[name] if name in answered else 0.0 for name in POINTS}


def statuses(course):
    done = course.nbgrader("export", f"--to={course.root / 'grades.csv'}")
    assert done.returncode == 0, done.stderr
    with (course.root / "grades.csv").open(newline="") as file:
        return {row["student_id"]: (row["score"], row["status"], row["reason"]) for row in csv.DictReader(file)}


def test_what_stops_a_stock_batch_is_mended_and_what_is_no_notebook_gets_no_mark(tmp_path):
    document = handed_in()
    for cell in [cell for cell in document["cells"] if "nbgrader" in cell["metadata"]]:
        cell["metadata"]["nbgrader"]["schema_version"] = 99
        document["cells"].append(cell)
    files = {"ada": b"{", "bob": sent(document), "cy": sent(handed_in())}
    course, done = grade(tmp_path, files)
    assert done.returncode == 1, "one submission was not graded"
    assert "the file ends in the middle" in done.stderr
    assert course.marks(FIRST) == {"ada": {}, "bob": marks_of(HALF), "cy": marks_of(HALF)}
    assert repairs_in(course.graded("bob", FIRST)) == list(mend(files["bob"], released(FIRST)).repairs) != []
    assert repairs_in(course.graded("cy", FIRST)) == []
    total = f"{sum(marks_of(HALF).values()):g}"
    assert statuses(course) == {
        "ada": ("", "not graded", "the file ends in the middle, as after a broken upload"),
        "bob": (total, "graded", ""),
        "cy": (total, "graded", ""),
    }


@pytest.mark.slow
def test_every_act_of_vandalism_is_mended_in_one_batch(tmp_path):
    files = {act.__name__: vandalised(act)[0] for act in VANDALISM}
    refused = {f"not_{name.replace(' ', '_')}": content for name, (content, _) in NO_NOTEBOOKS.items()}
    course, done = grade(tmp_path, files | refused)
    assert done.returncode == 1
    expected = {act.__name__: marks_of([*HALF, "trusted_steps"] if act in BELOW else HALF) for act in VANDALISM}
    assert course.marks(FIRST) == expected | {name: {} for name in refused}
    for act in VANDALISM:
        assert [str(repair) for repair in repairs_in(course.graded(act.__name__, FIRST))] == vandalised(act)[1]
    rows = statuses(course)
    assert {rows[name][:2] for name in refused} == {("", "not graded")}


STOCK = "nbconvert.exporters.NotebookExporter"
CONFIG = """
c = get_config()
load_subconfig({config!r})
import sys
sys.path.insert(0, {here!r})
from nbgrader.preprocessors import NbGraderPreprocessor
from pathlib import Path
class Fails(NbGraderPreprocessor):
    def __init__(self, **kw):
        super().__init__(**kw)
        once = Path({once!r})
        if not once.exists():
            once.touch()
            raise RuntimeError("out of processes")
    def preprocess_cell(self, cell, resources, index):
        return cell, resources
c.Autograde.autograde_preprocessors.insert(0, Fails)
c.Autograde.exporter_class = {exporter!r}
"""


@pytest.mark.slow
@pytest.mark.parametrize("exporter, harmed", [("grading.plugins.mending.MendingExporter", []), (STOCK, ["bob"])])
def test_a_step_that_fails_to_start_for_one_student_does_not_reach_the_next(tmp_path, exporter, harmed):
    """Stock nbgrader goes on in its second conversion, and cannot match the next student's folder: the red fixture."""
    here = tmp_path / "here"
    here.mkdir()
    config = str(REPOSITORY / "nbgrader_config.py")
    settings = CONFIG.format(config=config, here=str(REPOSITORY), once=str(here / "once"), exporter=exporter)
    (here / "nbgrader_config.py").write_text(settings)
    course = Trial(tmp_path / "course", config=here)
    course.root.mkdir()
    course.generate(FIRST)
    for student in ("ada", "bob"):
        course.submit(student, FIRST, sent(handed_in()))
    done = course.nbgrader("autograde", FIRST)
    assert done.returncode == 1 and "out of processes" in done.stderr
    graded = {path.parts[-3] for path in course.root.glob(f"autograded/*/{FIRST}/{FIRST}.ipynb")}
    assert graded == {"bob"} - set(harmed)
    assert ("Could not match" in done.stderr) == bool(harmed)
