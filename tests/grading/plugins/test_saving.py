"""No mark without a verdict: whatever is switched off or missing, a mark is empty with a reason, or the run refuses."""

import shutil

import pytest

from grading.course import REPOSITORY
from grading.gradebook.database import directory_of, gradebook_of
from grading.gradebook.status import status_rows
from tests.support.course import FIRST, Trial, filled, points, released, solutions

CONFIG = """import sys
sys.path.insert(0, {repository!r})
from grading.settings import configure
c = get_config()
configure(c)
steps = c.Autograde.autograde_preprocessors
{lines}
"""
JUDGE, SAVING = "steps.remove('grading.engine.judge.Judge')", "steps.remove('grading.plugins.saving.SaveVerdicts')"
STOCK = "c.Autograde.pop('autograde_preprocessors')"
NOBODY = f"nobody judged {', '.join(points(FIRST))}: "
WRONG_STEP = "SaveVerdicts is not among"
# {what is switched off or configured away: (lines of nbgrader_config.py, options, what nbgrader says)}
DOORS = {
    "nothing is run": ("", ["--no-execute"], NOBODY),
    "Execute is off": ("c.Execute.enabled = False", [], NOBODY),
    "the judge is off": ("c.Judge.enabled = False", [], NOBODY),
    "every step is off": ("c.Preprocessor.enabled = False", [], ""),
    "no judge": (JUDGE, [], NOBODY),
    "nbgrader's Execute": (f"{JUDGE}\nsteps.insert(0, 'nbgrader.preprocessors.Execute')", [], NOBODY),
    "nbgrader's own steps": (STOCK, [], WRONG_STEP),
    "nbgrader's own steps, not run": (STOCK, ["--no-execute"], WRONG_STEP),
    "nbgrader's saving": (f"{SAVING}\nsteps.append('nbgrader.preprocessors.SaveAutoGrades')", [], WRONG_STEP),
    "nbgrader's saving as well": ("steps.append('nbgrader.preprocessors.SaveAutoGrades')", ["--no-execute"], NOBODY),
    "nobody saves": ("c.SaveVerdicts.enabled = False", [], ""),
    "nbgrader's exporter": ("c.Autograde.pop('exporter_class')", ["--no-execute"], NOBODY),
    "no hidden cases": ("c.OfCourse.course_folder = 'gone'", [], "gone/source/cases"),
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """Return a class folder in which a blank notebook and a solved one wait to be graded."""
    course = Trial(tmp_path_factory.mktemp("course"))
    course.generate(FIRST)
    course.submit("blank", FIRST, released(FIRST))
    course.submit("solved", FIRST, filled(FIRST, solutions(FIRST)))
    return course.root


def autograde(generated, folder, lines, options):
    """Grade a copy of the class folder under changed settings; return it, what nbgrader said and the rows."""
    shutil.copytree(generated, folder, dirs_exist_ok=True)
    (folder / "nbgrader_config.py").write_text(CONFIG.format(repository=str(REPOSITORY), lines=lines))
    course = Trial(folder, config=folder)
    done = course.nbgrader("autograde", FIRST, *options)
    with gradebook_of(folder) as gradebook:
        [entry] = gradebook.assignments
        return course, done, status_rows(gradebook, entry, directory_of(folder))


@pytest.mark.parametrize(
    ("lines", "options", "said"),
    [
        pytest.param(*door, id=name, marks=[] if name == "nothing is run" else pytest.mark.slow)
        for name, door in DOORS.items()
    ],
)
def test_no_door_gives_a_mark_without_a_verdict(generated, tmp_path, lines, options, said):
    course, done, rows = autograde(generated, tmp_path, lines, options)
    assert said in done.stderr and (done.returncode == 1 or not said), done.stderr
    assert not any(course.marks(FIRST).values())
    assert [row["student_id"] for row in rows] == ["blank", "solved"]
    for row in rows:
        assert row["score"] == "" and row["status"] in ("not graded", "to be marked") and row["reason"]


def test_with_the_judge_the_same_notebooks_have_their_marks(generated, tmp_path):
    """The red fixture: the rows above are empty because of the door alone."""
    _, done, rows = autograde(generated, tmp_path, "", [])
    assert done.returncode == 0, done.stderr
    assert [(row["score"], row["status"]) for row in rows] == [(0, "graded"), (20, "graded")]
