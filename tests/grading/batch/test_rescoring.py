"""Other points after the release: nothing is judged, what a person gave stays, and the way back is exact."""

import csv
import itertools
import json
import os
import shutil
import signal
from datetime import timedelta

import nbformat
import numpy as np
import pytest
from nbgrader.api import Gradebook
from safetensors.numpy import load, save

from grading.__main__ import main
from grading.batch import plan as batches
from grading.batch.writer import Writer
from grading.course import REPOSITORY
from grading.engine.record import Store
from grading.gradebook import points
from grading.gradebook.points import in_force
from tests.support.course import NO_SHIFT, Trial
from tests.support.judged_here import judged_here
from tests.support.small_course import ASSIGNMENT, EXERCISES, FULL, HALF, SOLVED, filled, generate, query

ANSWERS = {"ada": SOLVED, "cleo": HALF | {"softmax_t": NO_SHIFT}, "dan": {}}
CONFIG = """
import sys
sys.path.insert(0, {repository!r})
from grading.settings import configure
c = get_config()
configure(c, {root!r})
c.AssignLatePenalties.plugin_class = "grading.plugins.late.PerDay"
"""


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class in a course of its own: one late, one with an extension, one with marks and a comment by hand."""
    root = tmp_path_factory.mktemp("class")
    generate(root)
    shutil.copytree(REPOSITORY / "source" / "cases" / ASSIGNMENT, root / "source" / "cases" / ASSIGNMENT)
    (root / "nbgrader_config.py").write_text(CONFIG.format(repository=str(REPOSITORY), root=str(root)))
    for student, answers in ANSWERS.items():
        Trial(root).submit(student, ASSIGNMENT, filled(root, answers))
        (root / "submitted" / student / ASSIGNMENT / "timestamp.txt").write_text("2026-09-02 10:00:00 UTC")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "judged_elsewhere", judged_here)
        assert grade(root, "--due=2026-09-01T12:00", "--timezone=UTC", "--no-feedback") == 0
        with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
            dan = book.find_grade("test_softmax_t", ASSIGNMENT, ASSIGNMENT, "dan")
            dan.manual_score, dan.extra_credit, dan.needs_manual_grade = 2.5, 0.5, False
            book.find_comment("softmax_t", ASSIGNMENT, ASSIGNMENT, "dan").manual_comment = "Said in words."
            book.find_submission(ASSIGNMENT, "ada").extension = timedelta(days=2)
            book.db.commit()
        assert grade(root) == 0
    return root


@pytest.fixture
def root(graded, tmp_path, monkeypatch):
    """A copy of the class, to change; nothing in it may be judged again."""
    shutil.copytree(graded, tmp_path, dirs_exist_ok=True)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(repository=str(REPOSITORY), root=str(tmp_path)))
    monkeypatch.setattr(batches, "judged_elsewhere", lambda *_: pytest.fail("a verdict was made again"))
    return tmp_path


def grade(root, *options):
    return main(["grade", "--course", str(root), "--assignment", ASSIGNMENT, "--workers=0", *options])


def rescore(root, *options):
    return main(["rescore", "--course", str(root), "--assignment", ASSIGNMENT, *options])


def change_points(root, exercise="softmax_t", factor=2):
    """Change an exercise's points as `make course` would, in the case files and in the release."""
    for kind in ("public", "hidden"):
        path = root / "source" / "cases" / ASSIGNMENT / f"{kind}.safetensors"
        tensors = load(path.read_bytes())
        exercises = json.loads(tensors["exercises"].tobytes())
        aspects = exercises[exercise]["aspects"]
        exercises[exercise]["aspects"] = {name: factor * points for name, points in aspects.items()}
        text = json.dumps(exercises, separators=(",", ":")).encode()
        path.write_bytes(save(tensors | {"exercises": np.frombuffer(text, np.uint8)}))
    for path in (root / "release" / ASSIGNMENT).glob("*.ipynb"):
        notebook = nbformat.read(path, nbformat.NO_CONVERT)
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade_id") == f"test_{exercise}":
                cell.metadata.nbgrader.points *= factor
                cell.source += "  # other points"
        nbformat.write(notebook, path)


def rows(root):
    """Return all that the gradebook holds, by table."""
    tables = [name for (name,) in query(root, "select name from sqlite_master where type = 'table'")]
    return {table: query(root, f"select * from {table} order by rowid") for table in tables}


def written(root):
    """Return the bytes of what students and instructors read."""
    found = [*root.glob(f"autograded/*/{ASSIGNMENT}/*.ipynb"), *root.glob(f"feedback/*/{ASSIGNMENT}/*.html")]
    found += root.glob(f"grades/{ASSIGNMENT}/*.csv")
    return {path.relative_to(root): path.read_bytes() for path in found}


def scores(root):
    with (root / "grades" / ASSIGNMENT / "grades.csv").open(newline="") as file:
        return {
            row["student_id"]: (float(row["score"]), float(row["max_score"]))
            for row in csv.DictReader(file)
            if row["score"]
        }


def page(root, student):
    return (root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text("utf-8")


FIRST, SECOND = FULL.values()
TOTAL = FIRST + SECOND
EARLIER = {"ada": (TOTAL, TOTAL), "cleo": (0.9 * 3, TOTAL), "dan": (0.9 * 3.0, TOTAL)}


def test_changed_points_reach_the_marks_and_the_way_back_is_exact(root, capsys):
    before = rows(root), written(root)
    assert scores(root) == {student: pytest.approx(score) for student, score in EARLIER.items()}
    change_points(root)
    assert grade(root, "--no-feedback") == 0
    printed = capsys.readouterr().out
    assert "The course gives other points than this class has:" in printed and "softmax_t: 5 -> 10 points" in printed
    assert rescore(root, "--dry-run") == 0 and rescore(root) == 1, "nobody can be asked here"
    assert (rows(root), written(root)) == before, "they are left as they are"
    printed = capsys.readouterr().out
    assert "Nothing was written." in printed and "repeat with --yes" in printed
    assert ["ada", "9", "14", "+5"] in [line.split() for line in printed.splitlines()]
    assert "3 with a mark: 2 get more, 0 less, 1 the same; mean 4.8 -> 7.367" in printed
    assert "dan: softmax_t: 2.5 of 10, given by a person, stays and counts" in printed

    assert rescore(root, "--yes") == 0
    more = TOTAL + FIRST
    expected = {"ada": (more, more), "cleo": (0.9 * 6, more), "dan": (2.7, more)}
    assert scores(root) == {student: pytest.approx(score) for student, score in expected.items()}
    assert query(root, "select needs_manual_grade from grade where manual_score is not null") == [(0,)]
    assert "14 of 14 points" in page(root, "ada") and "10 of 10 points" in page(root, "ada")
    assert "Said in words." in page(root, "dan") and "3 of 10 points" in page(root, "dan")
    for student in ANSWERS:
        marks = [cell.metadata.get("nbgrader", {}) for cell in Trial(root).graded(student, ASSIGNMENT).cells]
        assert [each.points for each in marks if each.get("grade")] == [2 * FIRST, SECOND]
    rescored = rows(root), written(root)
    capsys.readouterr()
    assert grade(root) == 0 and rescore(root, "--yes") == 0
    assert (rows(root), written(root)) == rescored, "later runs change nothing"
    printed = capsys.readouterr().out
    assert "other points" not in printed and "Nothing changes" in printed

    assert rescore(root, "--undo", "--yes") == 0
    assert (rows(root), written(root)) == before
    assert rescore(root, "--undo", "--yes") == 2
    assert "there is nothing to undo" in capsys.readouterr().err


@pytest.mark.slow
def test_what_is_judged_anew_after_a_rescore_gets_the_same_marks(root, monkeypatch):
    def verdicts():
        cells = {student: Trial(root).graded(student, ASSIGNMENT).cells for student in ANSWERS}
        return [[cell.outputs for cell in cells[s] if cell.metadata.get("nbgrader", {}).get("grade")] for s in cells]

    change_points(root)
    assert rescore(root, "--yes") == 0
    expected = rows(root)["grade"], verdicts()
    monkeypatch.setattr(batches, "judged_elsewhere", judged_here)
    assert grade(root, "--again") == 0
    query(
        root, "update grade set needs_manual_grade = 0 where manual_score is not null"
    )  # a look is asked for, as ever
    assert (rows(root)["grade"], verdicts()) == expected
    Trial(root).submit("gil", ASSIGNMENT, filled(root, SOLVED))
    assert grade(root) == 0
    assert scores(root)["gil"][0] == 2 * FIRST + SECOND


@pytest.mark.slow
@pytest.mark.parametrize("way", ["drop", "credit"])
def test_an_exercise_is_dropped_or_credited_and_counts_again(root, way, capsys):
    before = rows(root), written(root)
    assert rescore(root, f"--{way}=softmax_t", "--yes") == 0
    printed, found = capsys.readouterr().out, scores(root)
    assert "dan: softmax_t: 2.5 of" in printed
    if way == "drop":
        assert found["ada"] == (SECOND, SECOND) and found["cleo"] == (0, SECOND)
        assert "This exercise counts for nobody" in page(root, "cleo")
    else:
        assert found["cleo"] == (pytest.approx(0.9 * FIRST), TOTAL), "late as before"
        assert "Everybody has full marks for this exercise" in page(root, "cleo")
    after = rows(root), written(root)
    assert grade(root) == 0 and (rows(root), written(root)) == after
    assert rescore(root, "--judge=softmax_t", "--yes") == 0
    assert (rows(root), written(root)) == before


@pytest.mark.slow
def test_points_of_an_assignment_of_two_notebooks_move_and_come_back(tmp_path, monkeypatch, capsys):
    generate(tmp_path, {"a": EXERCISES[:1], "b": EXERCISES[1:]})
    shutil.copytree(REPOSITORY / "source" / "cases" / ASSIGNMENT, tmp_path / "source" / "cases" / ASSIGNMENT)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(repository=str(REPOSITORY), root=str(tmp_path)))
    for student, answers in ANSWERS.items():
        for name in "ab" if student != "dan" else "a":
            path = tmp_path / "in" / student / f"{name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(filled(tmp_path, answers, name), path)
            os.utime(path, (1_788_343_200,) * 2)  # 2026-09-02 10:00 UTC, a day late
    monkeypatch.setattr(batches, "judged_elsewhere", judged_here)
    assert grade(tmp_path, str(tmp_path / "in"), "--due=2026-09-01T12:00", "--timezone=UTC") == 1, "dan has no mark"
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        row = book.find_grade("test_iterative_softmax_experiment", "b", ASSIGNMENT, "cleo")
        row.manual_score, row.needs_manual_grade = 2.0, False
        book.db.commit()
    grade(tmp_path)
    monkeypatch.setattr(batches, "judged_elsewhere", lambda *_: pytest.fail("a verdict was made again"))
    assert set(in_force(tmp_path, ASSIGNMENT)) == set(EXERCISES)
    earlier = {"ada": (0.9 * TOTAL, TOTAL), "cleo": (0.9 * (3 + 2), TOTAL)}
    before = rows(tmp_path), written(tmp_path)
    assert {s: scores(tmp_path)[s] for s in earlier} == {s: pytest.approx(score) for s, score in earlier.items()}

    change_points(tmp_path, "softmax_t")
    change_points(tmp_path, "iterative_softmax_experiment")
    capsys.readouterr()
    assert rescore(tmp_path, "--dry-run") == 0 and (rows(tmp_path), written(tmp_path)) == before
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["ada", "8.1", "16.2", "+8.1"] in shown and ["cleo", "4.5", "7.2", "+2.7"] in shown
    assert rescore(tmp_path, "--yes") == 0
    later = {"ada": (0.9 * 2 * TOTAL, 2 * TOTAL), "cleo": (0.9 * (6 + 2), 2 * TOTAL)}
    assert {s: scores(tmp_path)[s] for s in later} == {s: pytest.approx(score) for s, score in later.items()}
    assert "cleo: iterative_softmax_experiment: 2 of 8, given by a person, stays" in capsys.readouterr().out
    assert rescore(tmp_path, "--undo", "--yes") == 0
    assert (rows(tmp_path), written(tmp_path)) == before


def killed(root, owner, step, calls, *options):
    """Run it in a process of its own, which kill -9 ends at the given call of a step."""
    child = os.fork()
    if not child:
        try:
            counted, whole = itertools.count(1), getattr(owner, step)

            def until(*args):
                return whole(*args) if next(counted) < calls else os.kill(os.getpid(), signal.SIGKILL)

            setattr(owner, step, until)
            rescore(root, *options, "--yes")
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_can_be_undone(root, capsys):
    before = rows(root), written(root)
    change_points(root)
    killed(root, points, "set_maxima", 1)
    killed(root, Writer, "write", 2)
    killed(root, Writer, "move", 1)
    assert rescore(root, "--undo", "--yes") == 0
    assert "was not finished: that is done first" in capsys.readouterr().out
    assert scores(root)["ada"] == (TOTAL + FIRST, TOTAL + FIRST)
    killed(root, Writer, "write", 3, "--undo")
    assert grade(root) == 0, "grade goes on as well"
    assert (rows(root), written(root)) == before
    killed(root, points, "keep", 1, "--drop=softmax_t")
    assert grade(root, "--no-feedback") == 0
    assert (rows(root), written(root)) == before, "nothing had begun"


def test_what_cannot_be_rescored_is_named(root, capsys):
    shutil.rmtree(root / "submitted" / "ada")
    (root / "verdicts" / ASSIGNMENT / "cleo.json").unlink()
    nbformat.write(filled(root, HALF), root / "submitted" / "dan" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    change_points(root)
    before = rows(root)["grade"]
    assert rescore(root, "--yes") == 1
    printed = capsys.readouterr().out
    assert "ada: LEFT AS IT IS: has a mark, and submitted/ has no notebook any more" in printed
    assert "cleo: LEFT AS IT IS: has a mark, and no verdict" in printed
    assert "dan: LEFT AS IT IS: handed in anew" in printed
    assert "Rescored 0." in printed and rows(root)["grade"] == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--drop=softmax"], "there is no exercise 'softmax' in"),
        (["--drop=softmax_t", "--credit=softmax_t"], "name it once"),
        (["--drop=softmax_t", "--undo"], "not with --undo"),
        (["--undo"], "has not been rescored: there is nothing to undo"),
    ],
)
def test_what_cannot_be_asked_for_is_said(root, options, said, capsys):
    before = rows(root), in_force(root, ASSIGNMENT)
    assert rescore(root, *options, "--yes") == 2
    assert said in capsys.readouterr().err and (rows(root), in_force(root, ASSIGNMENT)) == before


def test_points_that_are_damaged_stop_grading_with_the_file_s_name(root, capsys):
    (root / "grades" / ASSIGNMENT / "points.json").write_text('[{"exercises": 1}]')
    assert grade(root) == 2
    assert "points.json is damaged" in capsys.readouterr().err


# For a regrade request


def show(root, capsys, *arguments):
    """Return the exit code and what is printed."""
    code = main(["show", *arguments, "--course", str(root)])
    printed = capsys.readouterr()
    return code, printed.out + printed.err


def test_what_was_handed_in_what_failed_and_what_the_mark_has_been_is_shown(root, capsys):
    change_points(root)
    assert rescore(root, "--yes") == 0
    capsys.readouterr()
    code, said = show(root, capsys, "cleo", "softmax_t")
    assert code == 0 and said.startswith(
        f"cleo: softmax_t of {ASSIGNMENT}\nStatus: graded, 5.4 of 14 points in all, 0.6 "
    )
    assert "    weights = torch.exp(x / temperature)" in said and "The verdict: 6 of 10 points" in said
    assert "    the values: 2 of 2\n" in said and "    large logits: 0 of 2\n" in said
    hidden, _, rest = said.partition(
        "very large logits (hidden; large logits): Your numbers match a softmax that overf"
    )
    assert hidden and "        call: softmax_t(torch.tensor([" in rest and "        expected: [0." in rest
    past, now = said.rstrip().splitlines()[-2:]
    assert past.split()[2:4] == ["verdict", "3"] and now.split()[:3] == ["now", "verdict", "6"]
    version = Store(root, ASSIGNMENT).load("cleo").key.partition("-")[2]
    assert past.endswith(f"(version {version})") and now.endswith(f"(version {version})")
    code, said = show(root, capsys, "dan", "softmax_t")
    assert "not attempted yet" in said and said.count('a person gave 2.5, extra credit 0.5, comment "Said in words."')
    code, said = show(root, capsys, "dam", "softmax_t")
    assert code == 2 and "there is no student 'dam'; near it are dan" in said
    code, said = show(root, capsys, "dan", "softmax", "--assignment", ASSIGNMENT)
    assert code == 2 and "there is no exercise 'softmax'; there are" in said


def test_what_a_student_wrote_is_shown_and_steers_no_terminal(root, capsys):
    path = root / "verdicts" / ASSIGNMENT / "cleo.json"
    path.write_text(path.read_text().replace("weights = torch.exp", "weights = \\u001b[2Jtorch.exp"))
    code, said = show(root, capsys, "cleo", "softmax_t")
    assert code == 0 and "\\u001b[2Jtorch.exp" in said and "\x1b" not in said
