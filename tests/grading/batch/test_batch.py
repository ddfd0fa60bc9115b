"""Grading a class: every way to stop and go on, to change a mark and to keep it."""

import csv
import errno
import json
import logging
import os
import re
import shutil
import sqlite3
import sys
import time
from concurrent.futures import BrokenExecutor, Future
from datetime import timedelta
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import Execute, LimitOutput, OverwriteCells

from grading.__main__ import main
from grading.batch import plan as batches
from grading.batch import writer as writers
from grading.batch.executors import Workers
from grading.batch.folder import open_app, prepare
from grading.batch.plan import ATTEMPTS, Batch
from grading.course import REPOSITORY
from grading.engine.judge import Judge, exercise_of, is_judged, write_outputs
from grading.engine.outputs import size
from grading.engine.record import FAILED, JUDGED, NOT_GRADABLE, Record, Store, Terms, key_of, released, with_exercise
from grading.engine.verdict import no_answer
from grading.gradebook.database import directory_of, gradebook_of, keep_overwritten
from grading.gradebook.status import keep_reason, status_rows
from grading.plugins import feedback
from grading.repair.doctor import mend
from grading.repair.intake import MOST_ATTACHED, MOST_CELLS
from grading.sandbox import kernels as sandbox
from grading.sandbox.isolation import isolation
from helpers.checks.report import Report
from helpers.support.language import english
from tests.support.course import Trial, graded_cell
from tests.support.small_course import ASSIGNMENT, FULL, HALF, HALF_MARKS, NOTHING, SOLVED, filled, generate, query

SUBMISSIONS = {"blank": {}, "half": HALF, "solved": SOLVED}
MARKS = {"blank": NOTHING, "half": HALF_MARKS, "solved": FULL}


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of three and a broken file, graded by the command with two workers."""
    root = tmp_path_factory.mktemp("class")
    generate(root)
    course = Trial(root)
    for student, answers in SUBMISSIONS.items():
        course.submit(student, ASSIGNMENT, filled(root, answers))
    course.submit("torn", ASSIGNMENT, b'{"cells": [{"cell_ty')
    assert grade(root, "--workers=2") == 1, "one has no mark"
    return course


@pytest.fixture
def course(graded, tmp_path):
    """A copy of the graded class, to change."""
    shutil.copytree(graded.root, tmp_path, dirs_exist_ok=True)
    return Trial(tmp_path)


def grade(root, *options):
    return main(["grade", "--course", str(root), "--assignment", ASSIGNMENT, "--no-report", *options])


def judge_nobody(monkeypatch):
    monkeypatch.setattr(batches, "judged_elsewhere", lambda *_: pytest.fail("a verdict was there, and was made again"))


def hand_in_anew(course, student, content):
    shutil.rmtree(course.root / "submitted" / student)
    course.submit(student, ASSIGNMENT, content)


def saved(root, student):
    return root / "verdicts" / ASSIGNMENT / f"{student}.json"


def outdate(root, student, **changes):
    """Make a stored verdict one of an older course, with other points."""
    data = json.loads(saved(root, student).read_bytes())
    data["key"] = data["key"].split("-")[0] + "-of-an-older-course"
    saved(root, student).write_text(json.dumps(data | changes))


def files_of(root, student):
    """Return what a student's files hold, and when they were written."""
    places = [root / step / student for step in ("submitted", "autograded", "feedback")] + [saved(root, student)]
    found = {place: [path for path in (place, *place.rglob("*")) if path.is_file()] for place in places}
    assert all(found.values()), found
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for paths in found.values() for path in paths}


# One command


def test_the_marks_are_those_of_nbgrader_autograde(graded, tmp_path):
    shutil.copytree(graded.root / "submitted", tmp_path / "submitted")
    for folder in ("source", "release"):
        shutil.copytree(graded.root / folder, tmp_path / folder)
    plain = Trial(tmp_path)
    assert plain.nbgrader("generate_assignment", ASSIGNMENT).returncode == 0
    plain.nbgrader("autograde", ASSIGNMENT)
    for student in SUBMISSIONS:
        assert graded.marks(ASSIGNMENT)[student] == plain.marks(ASSIGNMENT)[student] == MARKS[student]
        ours, theirs = graded.graded(student, ASSIGNMENT), plain.graded(student, ASSIGNMENT)
        assert ours.cells == theirs.cells


def test_the_command_writes_pages_and_tables(graded):
    for student in SUBMISSIONS:
        assert (graded.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").exists()
    with (graded.root / "grades" / ASSIGNMENT / "grades.csv").open(newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {s: rows[s]["score"] for s in SUBMISSIONS} == {s: f"{sum(m.values()):g}" for s, m in MARKS.items()}
    assert (rows["torn"]["score"], rows["torn"]["status"]) == ("", "not graded")
    assert "ends in the middle" in rows["torn"]["reason"]
    for student in SUBMISSIONS:
        given = graded.root / "grades" / ASSIGNMENT / "feedback" / "pages" / f"{student} - {ASSIGNMENT}.html"
        assert (
            given.read_bytes() == (graded.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_bytes()
        )
    assert not (graded.root / ".staging").exists()


def test_a_second_run_changes_nothing(course, monkeypatch, capsys):
    judge_nobody(monkeypatch)
    before = {student: files_of(course.root, student) for student in SUBMISSIONS}
    assert grade(course.root, "--workers=0") == 1
    assert "0 to grade, 0 judged before, to be written to the gradebook, 4 done already" in capsys.readouterr().out
    assert {student: files_of(course.root, student) for student in SUBMISSIONS} == before


def test_a_zip_is_collected_and_graded_in_one_go(course, tmp_path_factory):
    handed_in = tmp_path_factory.mktemp("zip") / "handed_in"
    handed_in.mkdir()
    (handed_in / "newcomer_work.ipynb").write_text(nbformat.writes(filled(course.root, HALF)))
    archive = shutil.make_archive(str(handed_in), "zip", handed_in)
    assert grade(course.root, archive, "--workers=0") == 1, "torn is still there"
    assert course.marks(ASSIGNMENT)["newcomer"] == MARKS["half"]


# Going on


def test_a_kept_verdict_that_is_not_in_the_gradebook_is_written_and_not_made_again(course, monkeypatch):
    judge_nobody(monkeypatch)
    (course.root / "gradebook.db").unlink()
    assert grade(course.root, "--workers=0") == 1
    assert {s: m for s, m in course.marks(ASSIGNMENT).items() if s in MARKS} == MARKS


@pytest.mark.parametrize("content", [b"", b'{"key": "ab', b"[]", b'{"key": "a"}'])
def test_a_verdict_file_that_is_not_whole_counts_as_none(tmp_path, content):
    store = Store(tmp_path, ASSIGNMENT)
    store.save("somebody", Record("key", JUDGED))
    assert store.load("somebody") == Record("key", JUDGED)
    (store.folder / "somebody.json").write_bytes(content)
    assert store.load("somebody") is None


def test_an_autograded_notebook_that_is_gone_is_written_again(course, monkeypatch):
    judge_nobody(monkeypatch)
    path = course.root / "autograded" / "half" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    before = path.read_bytes()
    path.unlink()
    grade(course.root, "--workers=0")
    assert path.read_bytes() == before


# Changing a mark


def test_a_changed_course_grades_again_and_says_whose_marks_move(course, capsys):
    outdate(course.root, "half")
    query(course.root, "update grade set auto_score = 1.5 where auto_score = ?", FULL["softmax_t"])
    others = files_of(course.root, "blank")
    assert grade(course.root, "--workers=0") == 1
    printed = capsys.readouterr().out
    assert "The course has changed since 1 of them were graded" in printed
    assert f"half: marks moved: softmax_t 1.5 -> {FULL['softmax_t']:g}" in printed
    with (course.root / "superseded" / "marks.csv").open(newline="") as file:
        old = {(row["student"], row["exercise"], row["auto_score"]) for row in csv.DictReader(file)}
    assert ("half", "softmax_t", "1.5") in old
    copies = sorted(course.root.glob("superseded/gradebook-*.db"))
    with sqlite3.connect(copies[-1]) as book:
        assert book.execute("select count(*) from grade where auto_score = 1.5").fetchone()[0] >= 1
    assert course.marks(ASSIGNMENT)["half"] == MARKS["half"]
    assert files_of(course.root, "blank") == others


@pytest.mark.parametrize("changed", ["a stub", "points that no aspect has"])
def test_changed_cells_are_refused_with_the_way_out(course, capsys, changed):
    path = course.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, nbformat.NO_CONVERT)
    if changed == "a stub":
        graded_cell(notebook, "softmax_t").source += "  # in float64"
    else:
        graded_cell(notebook, "test_softmax_t").metadata.nbgrader.points = 50
    nbformat.write(notebook, path)
    before = files_of(course.root, "solved")
    assert grade(course.root, "--workers=0") == 2
    message = capsys.readouterr().err
    if changed == "a stub":
        assert "changed since submissions were graded: softmax_t. Students have answered the old ones" in message
        assert "make course" in message and "--course DIR" in message
    else:
        assert "gives softmax_t 50 points, and its aspects make 5" in message and "Students have" not in message
    assert files_of(course.root, "solved") == before


def test_what_a_test_cell_says_is_not_what_students_answered(course, monkeypatch, capsys):
    judge_nobody(monkeypatch)
    path = course.root / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, nbformat.NO_CONVERT)
    graded_cell(notebook, "test_softmax_t").source += "  # green?"
    notebook.cells.append(nbformat.v4.new_markdown_cell("A sentence more."))
    notebook.cells[0].source = f"# a comment\n{notebook.cells[0].source}"
    nbformat.write(notebook, path)
    before = files_of(course.root, "solved")
    assert grade(course.root, "--workers=0") == 1, "torn has no mark"
    assert "4 done already" in capsys.readouterr().out and files_of(course.root, "solved") == before


def test_one_student_is_graded_again_and_nothing_else_is_touched(course):
    others = {student: files_of(course.root, student) for student in ("blank", "solved")}
    rows = query(course.root, "select * from grade order by id")
    assert grade(course.root, "--workers=0", "--student=half", "--again") == 0
    assert {student: files_of(course.root, student) for student in others} == others
    assert query(course.root, "select * from grade order by id") == rows


def test_one_exercise_gets_a_new_verdict_and_the_others_keep_theirs():
    def record(key, first, second, **more):
        marks = {"test_first": first, "test_second": second}
        cells = [
            {"metadata": {"nbgrader": {"grade_id": name, "grade": True}}, "outputs": [p]} for name, p in marks.items()
        ]
        return Record(key, JUDGED, points=marks, notebook={"cells": cells}, **more)

    old = record("a-1", 1.0, 2.0)
    assert with_exercise(old, record("a-2", 3.0, 4.0), "first") == record("a-1", 3.0, 2.0)
    assert with_exercise(old, record("a-2", 3.0, 2.0), "first") == record("a-2", 3.0, 2.0)
    assert with_exercise(old, record("a-2", 3.0, 2.0, doubtful=True, tried_again=True), "first").tried_again
    assert old == record("a-1", 1.0, 2.0)
    reworded = record("a-2", 1.0, 2.0)
    reworded.notebook["cells"][1]["outputs"] = ["the same points for other reasons"]
    assert with_exercise(old, reworded, "first").key == "a-1"
    another = record("b-1", 1.0, 2.0)
    another.notebook["cells"].append({"metadata": {}, "source": "new work"})
    assert with_exercise(old, another, "first") == another, "another file is taken whole"


def test_an_unknown_exercise_is_named_before_anything_is_judged(course, monkeypatch, capsys):
    judge_nobody(monkeypatch)
    assert grade(course.root, "--workers=0", "--exercise=softmax", "--again") == 2
    assert f"there is no exercise 'softmax' in {ASSIGNMENT}; there are {', '.join(FULL)}" in capsys.readouterr().err


@pytest.mark.parametrize("handed_in", ["the same file", "a better file"])
def test_what_a_person_gave_survives_a_regrade_and_appears_in_the_feedback(course, handed_in):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        grade_of = gradebook.find_grade("test_softmax_t", ASSIGNMENT, ASSIGNMENT, "blank")
        grade_of.manual_score, grade_of.extra_credit = 2.5, 0.5
        comment = gradebook.find_comment("softmax_t", ASSIGNMENT, ASSIGNMENT, "blank")
        comment.manual_comment = "Said in words, and **rightly**."
        gradebook.db.commit()
    if handed_in == "the same file":
        outdate(course.root, "blank")
    else:
        hand_in_anew(course, "blank", filled(course.root, HALF))
    assert grade(course.root, "--workers=0", "--student=blank") == 0
    statement = "select manual_score, extra_credit from grade where manual_score is not null"
    assert query(course.root, statement) == [(2.5, 0.5)]
    page = (course.root / "feedback" / "blank" / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()
    assert "Said in words, and <strong>rightly</strong>." in page
    assert "3 of 5" in page


def exported(root, student):
    """Return a student's row of grades.csv."""
    with (root / "grades" / ASSIGNMENT / "grades.csv").open(newline="") as file:
        return next(row for row in csv.DictReader(file) if row["student_id"] == student)


def test_a_new_file_that_gets_no_mark_keeps_the_last_good_one_and_says_so(course, monkeypatch, capsys):
    late = f"{(REPOSITORY / 'nbgrader_config.py').read_text()}\nfrom grading.plugins.late import PerDay\n"
    (course.root / "nbgrader_config.py").write_text(f"{late}c.AssignLatePenalties.plugin_class = PerDay\n")
    place = course.root / "submitted" / "solved" / ASSIGNMENT
    (place / "timestamp.txt").write_text("2026-09-01 10:00:00 UTC")
    assert grade(course.root, "--workers=0", "--due=2026-09-01T12:00", "--timezone=UTC") == 1
    rows = query(course.root, "select * from grade order by id")
    page = course.root / "feedback" / "solved" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    hand_in_anew(course, "solved", b'{"cells": [{"cell_ty')
    (place / "timestamp.txt").write_text("2026-09-05 10:00:00 UTC")  # the mark is not of this file, nor its lateness
    for _ in range(2):
        assert grade(course.root, "--workers=0", "--student=solved") == 1
        said = (
            "the mark is that of an earlier file: the one handed in last cannot be graded: the file ends in the middle"
        )
        assert f"solved: MARK KEPT: {said}" in capsys.readouterr().out
        row = exported(course.root, "solved")
        assert (row["score"], row["status"], row["reason"][:60]) == (f"{sum(FULL.values()):g}", "graded", said[:60])
        assert query(course.root, "select * from grade order by id") == rows
        assert "The mark is that of an earlier file" in page.read_text()
        judge_nobody(monkeypatch)
    monkeypatch.undo()
    hand_in_anew(course, "solved", filled(course.root, HALF))
    assert grade(course.root, "--workers=0", "--student=solved") == 0
    assert exported(course.root, "solved")["score"] == f"{sum(MARKS['half'].values()):g}"
    assert exported(course.root, "solved")["reason"] == "" and "earlier file" not in page.read_text()


def test_a_broken_file_of_one_who_never_had_a_mark_gets_none(course):
    hand_in_anew(course, "torn", b'{"cells": [')
    assert grade(course.root, "--workers=0", "--student=torn") == 1
    assert (exported(course.root, "torn")["score"], exported(course.root, "torn")["status"]) == ("", "not graded")


def test_a_regrade_can_be_told_never_to_lower_a_mark(course, monkeypatch, capsys):
    full, half = (f"{sum(marks.values()):g}" for marks in (FULL, HALF_MARKS))
    hand_in_anew(course, "solved", filled(course.root, HALF))
    hand_in_anew(course, "half", filled(course.root, SOLVED))
    assert grade(course.root, "--workers=0", "--never-lower") == 1, "torn has no mark"
    printed, row = capsys.readouterr().out, exported(course.root, "solved")
    said = f"the mark is that of an earlier file: {full} points, the one handed in last {half}"
    assert f"solved: MARK KEPT: {said}" in printed and "half: MARK KEPT" not in printed
    assert (float(row["score"]), row["status"], row["reason"]) == (sum(FULL.values()), "graded", said)
    assert float(exported(course.root, "half")["score"]) == sum(FULL.values()), "what rises, rises"
    judge_nobody(monkeypatch)
    assert grade(course.root, "--workers=0", "--student=solved") == 0, "and it stays, without the option too"
    assert float(exported(course.root, "solved")["score"]) == sum(FULL.values())
    monkeypatch.undo()
    assert grade(course.root, "--workers=0", "--student=solved", "--again") == 0
    assert float(exported(course.root, "solved")["score"]) == sum(HALF_MARKS.values()), "until it is judged anew"


@pytest.mark.parametrize("handed_in", ["the same file", "another file"])
def test_the_graders_trouble_takes_the_mark_of_an_earlier_file_only(course, monkeypatch, handed_in):
    def troubled(*_):
        raise RuntimeError("it ended")

    if handed_in == "another file":
        hand_in_anew(course, "solved", filled(course.root, HALF))
    monkeypatch.setattr(batches, "judged_elsewhere", troubled)
    assert grade(course.root, "--workers=0", "--student=solved", "--again") == 1
    row = exported(course.root, "solved")
    full = f"{sum(FULL.values()):g}"
    assert (row["score"], row["status"]) == ((full, "graded") if handed_in == "the same file" else ("", "not graded"))


def test_a_due_date_set_later_reaches_the_marks_without_judging_again(course, monkeypatch):
    judge_nobody(monkeypatch)
    stamp = course.root / "submitted" / "solved" / ASSIGNMENT / "timestamp.txt"
    stamp.write_text("2026-09-02 12:00:00 UTC\n")
    assert grade(course.root, "--workers=0", "--due=2026-09-01T12:00", "--timezone=UTC") == 1
    assert course.graded("solved", ASSIGNMENT).metadata.graded["due"] == "2026-09-01 12:00:00"
    assert exported(course.root, "solved")["timestamp"] == "2026-09-02 12:00:00"


def test_a_changed_late_policy_and_an_extension_reach_the_marks(course, monkeypatch):
    from nbgrader.api import Gradebook

    def penalty():
        assert grade(course.root, "--workers=0", "--student=solved", "--no-feedback") == 0
        return float(exported(course.root, "solved")["late_submission_penalty"])

    judge_nobody(monkeypatch)
    settings = (REPOSITORY / "nbgrader_config.py").read_text()
    plugin = "\nfrom grading.plugins.late import PerDay\nc.AssignLatePenalties.plugin_class = PerDay\n"
    (course.root / "submitted" / "solved" / ASSIGNMENT / "timestamp.txt").write_text("2026-09-02 12:00:00 UTC\n")
    assert grade(course.root, "--workers=0", "--due=2026-09-01T12:00", "--timezone=UTC", "--no-feedback") == 1
    for share in (0.1, 0.2):
        (course.root / "nbgrader_config.py").write_text(f"{settings}{plugin}c.PerDay.share = {share}\n")
        assert penalty() == pytest.approx(share * sum(FULL.values()))
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.find_submission(ASSIGNMENT, "solved").extension = timedelta(days=2)
        gradebook.db.commit()
    assert penalty() == 0


def test_a_late_penalty_follows_a_persons_marks_and_goes_with_the_time(course, monkeypatch):
    from nbgrader.api import Gradebook

    def row():
        assert grade(course.root, "--workers=0", "--student=solved", "--no-feedback") == 0
        return exported(course.root, "solved")

    judge_nobody(monkeypatch)
    settings = (REPOSITORY / "nbgrader_config.py").read_text()
    (course.root / "nbgrader_config.py").write_text(
        f"{settings}\nfrom grading.plugins.late import PerDay\nc.AssignLatePenalties.plugin_class = PerDay\n"
    )
    stamp = course.root / "submitted" / "solved" / ASSIGNMENT / "timestamp.txt"
    stamp.write_text("2026-09-02 12:00:00 UTC\n")
    assert grade(course.root, "--workers=0", "--due=2026-09-01T12:00", "--timezone=UTC", "--no-feedback") == 1
    assert float(row()["late_submission_penalty"]) == pytest.approx(0.1 * sum(FULL.values()))
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("test_softmax_t", ASSIGNMENT, ASSIGNMENT, "solved").manual_score = 1
        gradebook.db.commit()
    left = 1 + sum(FULL.values()) - FULL["softmax_t"]
    assert float(row()["late_submission_penalty"]) == pytest.approx(0.1 * left)
    stamp.unlink()
    found = row()
    assert (found["timestamp"], float(found["late_submission_penalty"]), float(found["score"])) == ("", 0, left)


# Trouble


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("time", "timestamp.txt holds 'last tuesday, I think', expected a time like"),
        ("bytes of a time", "timestamp.txt holds '\N{REPLACEMENT CHARACTER}"),
        ("folder", "the file cannot be read: Is a directory"),
    ],
)
def test_an_odd_submission_is_named_and_the_class_goes_on(course, capsys, trouble, sentence):
    for student in ("before", "odd", "solved2"):
        course.submit(student, ASSIGNMENT, filled(course.root, SUBMISSIONS["solved"]))
    place = course.root / "submitted" / "odd" / ASSIGNMENT
    if trouble == "folder":
        (place / f"{ASSIGNMENT}.ipynb").unlink()
        (place / f"{ASSIGNMENT}.ipynb").mkdir()
    else:
        (place / "timestamp.txt").write_bytes(b"last tuesday, I think" if trouble == "time" else b"\xff\xfe")
    for _ in range(2):
        assert grade(course.root, "--workers=0") == 1
        printed = capsys.readouterr().out
        assert "odd: NO MARK: " in printed and sentence in printed
        assert course.marks(ASSIGNMENT)["before"] == course.marks(ASSIGNMENT)["solved2"] == FULL
        assert exported(course.root, "odd")["score"] == ""
    if trouble == "time":
        hand_in_anew(course, "solved", filled(course.root, HALF))
        (course.root / "submitted" / "solved" / ASSIGNMENT / "timestamp.txt").write_text("soon")
        for _ in range(2):
            assert grade(course.root, "--workers=0", "--student=solved") == 1
            assert exported(course.root, "solved")["score"] == "", "not the mark of the file before"
        (place / "timestamp.txt").write_text("2026-09-02 12:00:00 UTC\n")
        assert grade(course.root, "--workers=0", "--student=odd") == 0
        assert exported(course.root, "odd")["timestamp"] == "2026-09-02 12:00:00"


def test_a_hostile_notebook_stops_nobody(course, capsys, monkeypatch):
    """Found by changing notebooks at random: a level that is no whole number, half of a surrogate pair."""
    for name, cell in {
        "heading": {"cell_type": "heading", "level": 1.0, "source": "x", "metadata": {}},
        "picture": {"cell_type": "markdown", "source": "x", "attachments": {"\ud800.png": {"image/png": "AAAA"}}},
    }.items():
        notebook = json.loads(nbformat.writes(filled(course.root, HALF)))
        notebook["cells"].insert(0, {"metadata": {}} | cell)
        course.submit(name, ASSIGNMENT, json.dumps(notebook).encode())
    assert grade(course.root, "--workers=0") == 1, "torn has no mark"
    assert [course.marks(ASSIGNMENT)[name] for name in ("heading", "picture")] == [MARKS["half"]] * 2
    monkeypatch.setattr("grading.repair.doctor.read_submission", lambda content: 1 / 0)
    capsys.readouterr()
    hand_in_anew(course, "solved", filled(course.root, HALF))
    assert grade(course.root, "--workers=0", "--student=solved") == 1
    assert "solved: NO MARK: ZeroDivisionError: division by zero" in capsys.readouterr().out
    assert exported(course.root, "torn")["reason"] == "the file ends in the middle, as after a broken upload"


def test_a_folder_that_nbgrader_would_take_for_a_pattern_is_named(course, capsys):
    course.submit("s[1]", ASSIGNMENT, filled(course.root, HALF))
    assert grade(course.root, "--workers=0", "--student=s[1]") == 1
    assert "s[1]: NO MARK: nbgrader would take the folder's name for a pattern: rename it" in capsys.readouterr().out


def test_who_has_no_mark_is_listed_in_every_run(course, capsys):
    (course.root / "submitted" / "wrong" / ASSIGNMENT).mkdir(parents=True)
    (course.root / "submitted" / "wrong" / ASSIGNMENT / "my work.ipynb").write_bytes(b"{}")
    (course.root / "not_gradable" / "lost" / ASSIGNMENT).mkdir(parents=True)
    keep_reason(course.root / "not_gradable" / "lost" / ASSIGNMENT / "a.ipynb", english("the file is empty"))
    assert grade(course.root, "--workers=0") == 1
    printed = capsys.readouterr().out
    assert f"wrong: NO MARK: {ASSIGNMENT}.ipynb was not handed in; handed in: my work.ipynb" in printed
    assert "lost: NO MARK: the file is empty" in printed and "torn: NO MARK" in printed
    assert grade(course.root, "--workers=0", "--student=half") == 0, "of those that were asked for"


def test_the_roster_is_kept_for_the_next_run(course, tmp_path, capsys):
    roster = tmp_path / "export.csv"
    roster.write_text(
        f"Student,ID,SIS User ID,SIS Login ID,Section,{ASSIGNMENT} (555)\n"
        '"Possible, Half",1001,half,h,A,\n"Ved, Sol",1002,solved,s,B,\n'
    )
    canvas = course.root / "grades" / ASSIGNMENT / "canvas.csv"
    assert grade(course.root, "--workers=0", "--roster", str(roster)) == 1
    before = canvas.read_text()
    assert f"{ASSIGNMENT} (555)" in before and '"Ved, Sol",1002,solved,s,B,' in before
    roster.unlink()
    assert grade(course.root, "--workers=0", "--student=half", "--again") == 0
    assert canvas.read_text() == before
    assert f"The roster is grades/{ASSIGNMENT}/roster.csv, as it was given before" in capsys.readouterr().out


def test_a_feedback_page_that_fails_is_named_and_the_others_are_written(course, monkeypatch, capsys):
    write = batches.Writer.write_feedback

    def failing(self, student):
        if student == "half":
            raise LookupError("no template")
        return write(self, student)

    monkeypatch.setattr(batches.Writer, "write_feedback", failing)
    page = course.root / "feedback" / "solved" / ASSIGNMENT / f"{ASSIGNMENT}.html"
    page.unlink()
    assert grade(course.root, "--workers=0") == 1
    printed = capsys.readouterr().out
    assert "half: NO FEEDBACK PAGE: LookupError: no template" in printed
    assert "1 pages new or changed, 1 as they were" in printed and page.exists()


def stuck(*_, **__):
    """Look for a pattern that is never found, as a text might make any step do: only the system can end that."""
    re.fullmatch("(a*)*b", "a" * 64)


def stuck_for(student, step, place):
    """Return a step of nbgrader's that is stuck for one student; ``place`` says who has come."""
    return lambda self, *args: stuck() if place(self) == student else step(self, *args)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
def test_a_text_too_dear_to_write_down_costs_its_own_submission_alone(course, monkeypatch, capsys):
    monkeypatch.setattr("grading.bounded.SECONDS", 2)
    run = writers.RecordedAutograde.run
    monkeypatch.setattr(writers.RecordedAutograde, "run", stuck_for("dear", run, lambda one: one.coursedir.student_id))
    for student in ("before", "dear", "later"):
        course.submit(student, ASSIGNMENT, filled(course.root, HALF))
    for _ in range(2):
        assert grade(course.root, "--workers=0") == 1
        assert "dear: NO MARK: it takes too much time or memory to read" in capsys.readouterr().out
        judge_nobody(monkeypatch)  # it is known of the file from now on
    assert exported(course.root, "dear")["score"] == ""
    marks = course.marks(ASSIGNMENT)
    assert marks["before"] == marks["later"] == HALF_MARKS and MARKS.items() <= marks.items()
    assert not (course.root / ".staging").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
def test_a_page_too_dear_to_make_is_a_plain_one_and_the_mark_stays(course, monkeypatch, capsys):
    monkeypatch.setattr("grading.bounded.SECONDS", 2)
    make = writers.Feedback.run
    monkeypatch.setattr(writers.Feedback, "run", stuck_for("half", make, lambda one: one.coursedir.student_id))
    pages = {student: course.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html" for student in MARKS}
    before = pages["solved"].read_bytes()
    assert grade(course.root, "--workers=0") == 1, "torn has no mark"
    assert "1 pages new or changed, 2 as they were" in capsys.readouterr().out
    page = pages["half"].read_text()
    assert "This page can show no more" in page and f"{FULL['softmax_t']:g} of {sum(FULL.values()):g} points" in page
    assert course.marks(ASSIGNMENT)["half"] == HALF_MARKS and pages["solved"].read_bytes() == before


class Unasked(Execute):
    """Judge a notebook without a kernel: nobody has answered."""

    def preprocess(self, nb, resources):
        for cell in filter(is_judged, nb.cells):
            write_outputs(cell, no_answer(Report(exercise_of(cell), (), {}, graded=True), 1.0, english("x")), "none")
        resources["verdicts"] = {cell.metadata.nbgrader.grade_id: 0.0 for cell in filter(is_judged, nb.cells)}
        return nb, resources


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
def test_a_text_too_dear_for_nbgraders_own_commands_costs_its_own_submission_alone(course, monkeypatch):
    """`nbgrader autograde` did its steps before and after the judge, and its page, in its own process."""
    monkeypatch.setattr("grading.bounded.SECONDS", 2)
    dear = {OverwriteCells: "half", LimitOutput: "solved"}

    def stuck_in(step, real):
        return lambda self, nb, to: stuck() if to["nbgrader"]["student"] == dear[step] else real(self, nb, to)

    for step in dear:
        monkeypatch.setattr(step, "preprocess", stuck_in(step, step.preprocess))
    app = open_app(course.root)
    app.coursedir.assignment_id = ASSIGNMENT
    _, *steps = Autograde(config=app.config).autograde_preprocessors
    app.config.Autograde.autograde_preprocessors = [Unasked, *steps]
    begun = time.monotonic()
    with pytest.raises(NbGraderException):
        Autograde(coursedir=app.coursedir, parent=app, force=True).start()
    assert time.monotonic() - begun < 30
    with gradebook_of(course.root) as gradebook:
        [entry] = gradebook.assignments
        rows = {row["student_id"]: row for row in status_rows(gradebook, entry, directory_of(course.root))}
    assert (rows["blank"]["score"], rows["blank"]["status"]) == (0, "graded")
    for student in dear.values():
        assert rows[student]["score"] == "" and str(rows[student]["reason"]).startswith("it takes too much time or mem")
    assert "grading.repair.intake.NotGradable: it takes too much" in (course.root / "grading.log").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
def test_a_page_too_dear_for_nbgraders_own_command_is_a_plain_one(course, monkeypatch):
    monkeypatch.setattr("grading.bounded.SECONDS", 2)
    make = feedback.page

    def stuck_for_one(notebook, grades, *given):
        return stuck() if grades["student"] == "half" else make(notebook, grades, *given)

    monkeypatch.setattr(feedback, "page", stuck_for_one)
    pages = {student: course.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html" for student in MARKS}
    before = {student: page.read_bytes() for student, page in pages.items()}
    app = open_app(course.root)
    app.coursedir.assignment_id = ASSIGNMENT
    GenerateFeedback(coursedir=app.coursedir, parent=app, force=True).start()
    assert f"{FULL['softmax_t']:g} of {sum(FULL.values()):g} points" in pages["half"].read_text()
    assert "This page can show no more" in pages["half"].read_text()
    assert {student for student in MARKS if pages[student].read_bytes() == before[student]} == {"blank", "solved"}


def test_the_dearest_texts_take_a_part_of_their_time(course, monkeypatch):
    """A million empty attachments took 20 s to write down, 38,000 outputs 10 s, in the grading process itself."""
    monkeypatch.setattr("grading.bounded.sys", SimpleNamespace(platform="none"))  # here, where time can be measured
    notebook = filled(course.root, HALF)
    text = nbformat.v4.new_markdown_cell
    notebook.cells.append(text("a", attachments={f"{number:x}": {"a/a": ""} for number in range(MOST_ATTACHED)}))
    notebook.cells += [text("## a (\n" * 100) for _ in range(MOST_CELLS - len(notebook.cells) - 2)]
    content, app = nbformat.writes(notebook).encode(), open_app(course.root)
    terms = prepare(app, ASSIGNMENT)[ASSIGNMENT]
    mended = mend(content, released(terms.release)).noted()
    outputs = [nbformat.v4.new_output("display_data", {"text/plain": "\n" * 200}) for _ in range(10_000)]
    room = Judge().output_limit // size(outputs[0])
    mended.cells[-1] = nbformat.v4.new_code_cell("a", id=mended.cells[-1].id, outputs=outputs[:room])
    course.submit("dear", ASSIGNMENT, content)
    record = Record("key", JUDGED, points=Store(course.root, ASSIGNMENT).load("half").points, notebook=mended)
    for cell in mended.cells:
        if is_judged(cell):
            write_outputs(cell, no_answer(Report(exercise_of(cell), (), {}, graded=True), 1.0, english("x")), "none")
    writer = writers.Writer(app, ASSIGNMENT)
    for step in (lambda: writer.write("dear", record), lambda: writer.write_feedback("dear")):
        begun = time.process_time()
        step()
        assert time.process_time() - begun < 6, "it would be ended"
    writer.close()


def test_a_run_that_was_killed_keeps_overwritten_marks_once(tmp_path):
    table = tmp_path / "superseded" / "marks.csv"
    for _ in range(2):
        keep_overwritten(table, ASSIGNMENT, "somebody", {"softmax_t": (1.5, None, None, "two\nlines")})
    keep_overwritten(table, ASSIGNMENT, "somebody", {"softmax_t": (2.0, None, None, None)})
    keep_overwritten(table, ASSIGNMENT, "somebody", {"softmax_t": (1.5, None, None, "two\nlines")})
    with table.open(newline="") as file:
        assert [row["auto_score"] for row in csv.DictReader(file)] == ["1.5", "2.0", "1.5"]
    spoilt = table.read_text().replace("two", "zwölf").encode("cp1252")
    table.write_bytes(spoilt)
    keep_overwritten(table, ASSIGNMENT, "somebody", {"softmax_t": (2.5, None, None, None)}, "a verdict")
    with table.open(newline="") as file:
        assert [(row["auto_score"], row["verdict"]) for row in csv.DictReader(file)] == [("2.5", "a verdict")]
    assert [path.read_bytes() for path in table.parent.glob("marks-*.csv")] == [spoilt], "it stays beside the new one"


def test_a_damaged_gradebook_is_left_alone_and_the_way_out_works(course, capsys, monkeypatch):
    judge_nobody(monkeypatch)
    path = course.root / "gradebook.db"
    grade(course.root, "--workers=0", "--student=half")
    content = bytearray(path.read_bytes())
    content[4096:12288] = b"\x00" * 8192
    path.write_bytes(content)
    assert grade(course.root, "--workers=0") == 2
    message = capsys.readouterr().err
    assert "gradebook.db is damaged" in message and "Move it away" in message
    assert path.read_bytes() == content
    path.rename(course.root / "damaged.db")
    assert grade(course.root, "--workers=0") == 1
    assert {s: m for s, m in course.marks(ASSIGNMENT).items() if s in MARKS} == MARKS


def test_a_locked_gradebook_says_who_to_look_for(course, capsys, monkeypatch):
    monkeypatch.setattr("grading.gradebook.database.PATIENCE", 0.1)
    with sqlite3.connect(course.root / "gradebook.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert grade(course.root, "--workers=0") == 2
    assert "is locked by another program: close formgrader" in capsys.readouterr().err


def test_two_runs_at_once_are_refused(course, capsys):
    from filelock import FileLock

    with FileLock(course.root / ".grading.lock"):
        assert grade(course.root, "--workers=0") == 2
    assert "another grading run is at work" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--student=nobody"], "submitted/ has no notebook of nobody"),
        (["--workers=-1"], "--workers is -1, expected 0 or more"),
        (["--course=/nowhere/at/all"], "is no folder"),
        (["--assignment=unheard_of"], "there is no assignment 'unheard_of'"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(course, options, sentence, capsys):
    assert grade(course.root, "--workers=0", *options) == 2
    message = capsys.readouterr().err
    assert sentence in message and "Traceback" not in message


def test_what_the_gradebook_says_of_an_error_goes_to_the_log_alone(course, capfd):
    """A full disk had shown a traceback of the database's beside the sentence."""
    open_app(course.root)
    logging.getLogger("tornado.application").error("Rolling back session due to database error")
    assert "Rolling back" in (course.root / "grading.log").read_text() and "Rolling" not in "".join(capfd.readouterr())


def test_a_full_disk_leaves_nothing_half_written_and_the_next_run_writes_it(course, monkeypatch, capsys):
    course.submit("newcomer", ASSIGNMENT, filled(course.root, HALF))
    rows = query(course.root, "select count(*) from grade")
    with monkeypatch.context() as patch:
        full = OSError(errno.ENOSPC, "No space left on device")
        steps = "nbgrader.preprocessors.saveautogrades.SaveAutoGrades._add_comment"
        patch.setattr(steps, lambda *_: (_ for _ in ()).throw(full))
        assert grade(course.root, "--workers=0", "--student=newcomer") == 2
    assert "no space is left in" in capsys.readouterr().err
    assert query(course.root, "select count(*) from grade") == rows, "no row of half a submission"
    assert not (course.root / "autograded" / "newcomer" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").exists()
    judge_nobody(monkeypatch)
    assert grade(course.root, "--workers=0", "--student=newcomer") == 0
    assert course.marks(ASSIGNMENT)["newcomer"] == MARKS["half"]


# Who runs when


TERMS = SimpleNamespace(packed=b"", version="v", patience=600)


class Pool:
    """An executor in which chosen submissions end their process, and the others are judged at once."""

    width = 2

    def __init__(self, deadly):
        self.deadly, self.renewed, self.calls, self.executor = deadly, 0, [], self

    def submit(self, function, content, *_):
        future, self.calls = Future(), [*self.calls, content]
        if content in self.deadly:
            future.set_exception(BrokenExecutor())
        elif self.deadly & set(self.calls[-3:]) and self.calls.count(content) == 1:
            future.set_exception(BrokenExecutor())  # it ran beside a deadly one
        else:
            future.set_result(Record(content.decode(), JUDGED))
        return future

    def renew(self):
        self.renewed += 1


@pytest.mark.skipif(isolation() != "bubblewrap", reason="workers have no sandbox where bubblewrap does not work")
def test_a_worker_leaves_no_folder_behind():
    with Workers(1) as workers:
        worker = workers.executor.submit(os.getpid).result()
        assert list(sandbox.PLACE.glob(f"{sandbox.PREFIX}{worker}-*"))
    assert not list(sandbox.PLACE.glob(f"{sandbox.PREFIX}{worker}-*"))


def test_one_that_ends_its_process_takes_no_other_along(tmp_path):
    names = [f"student{i}" for i in range(8)]
    paths = {}
    for name in names:
        paths[name] = tmp_path / name
        paths[name].write_text(name)
    one = SimpleNamespace(content=lambda name: paths[name].read_bytes(), terms=TERMS)
    pool = Pool({b"student3"})
    found = dict(Batch.judge_all(one, names, pool))
    assert {name for name, record in found.items() if record.status == FAILED} == {"student3"}
    assert found.keys() == set(names)
    assert f"ended {ATTEMPTS} times" in str(found["student3"].reason)
    assert pool.calls.count(b"student3") == ATTEMPTS
    assert all(found[name].key == name for name in names if name != "student3")


def judged_unless_stuck(content, *_):
    """What a worker of the pool does with a submission: made up, and stuck for one."""
    stuck() if content == b"stuck" else time.sleep(0.2)
    return Record(content.decode(), JUDGED)


@pytest.mark.skipif(sys.platform != "linux", reason="workers are not forked elsewhere")
def test_a_worker_that_is_stuck_is_ended_and_the_others_are_judged(tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "judged_elsewhere", judged_unless_stuck)
    names = ["a", "b", "stuck", "c", "d", "e"]
    one = SimpleNamespace(content=str.encode, terms=SimpleNamespace(packed=b"", version="v", patience=3))
    with Workers(2) as workers:
        [workers.executor.submit(os.getpid).result() for _ in range(4)]  # they have started
        begun = time.monotonic()
        found = dict(Batch.judge_all(one, names, workers))
        seconds = time.monotonic() - begun
        assert workers.executor.submit(str, 1).result() == "1"
    assert {name: record.status for name, record in found.items()} == dict.fromkeys(names, JUDGED) | {
        "stuck": NOT_GRADABLE
    }
    assert found["stuck"].key == key_of(b"stuck", one.terms)
    assert str(found["stuck"].reason) == "judging it took longer than 3 s, and was ended"
    assert all(found[name].key == name for name in names if name != "stuck")
    assert 3 < seconds < 60


def test_waiting_for_a_worker_is_not_counted(monkeypatch):
    with Workers(1) as workers:
        workers.executor.submit(os.getpid).result()
        workers.limit = 5
        waiting = [workers.executor.submit(time.sleep, 2) for _ in range(4)]
        assert [each.result() for each in waiting] == [None] * 4


def test_no_honest_submission_takes_as_long_as_makes_a_worker_stuck():
    terms = Terms("a", b"", b"", b"")
    assert terms.patience >= 3 * Judge().wall_limit + 3 * 60


def test_a_time_out_is_tried_once_more_alone_and_recorded(course, monkeypatch, capsys):
    late = SOLVED | {"softmax_t": "import time\ndef softmax_t(x, temperature=1.0, dim=-1):\n    time.sleep(30)"}
    course.submit("late", ASSIGNMENT, filled(course.root, late))
    settings = (REPOSITORY / "nbgrader_config.py").read_text()
    (course.root / "nbgrader_config.py").write_text(settings + "\nc.Judge.timeout = 3\n")
    assert grade(course.root, "--workers=0", "--student=late", "--no-feedback") == 0
    record = Store(course.root, ASSIGNMENT).load("late")
    assert record.doubtful and record.tried_again
    assert course.marks(ASSIGNMENT)["late"] == FULL | {"softmax_t": 0.0}
    assert "late: a time limit was reached or a process ended; tried once more, alone" in capsys.readouterr().out


@pytest.mark.parametrize("troubles", [1, 2])
def test_the_graders_own_trouble_is_tried_once_more_and_then_listed(course, monkeypatch, capsys, troubles):
    """As when a sandbox is killed while it starts a kernel."""
    judge, calls = batches.judged_elsewhere, []

    def troubled(*arguments):
        calls.append(arguments)
        if len(calls) <= troubles:
            raise RuntimeError("it ended")
        return judge(*arguments)

    student = f"troubled{troubles}"
    course.submit(student, ASSIGNMENT, filled(course.root, SOLVED))
    monkeypatch.setattr(batches, "judged_elsewhere", troubled)
    assert grade(course.root, "--workers=0", f"--student={student}", "--no-feedback") == troubles - 1
    assert len(calls) == 2
    assert (f"{student}: NO MARK: RuntimeError: it ended" in capsys.readouterr().out) is (troubles == 2)
    assert course.marks(ASSIGNMENT).get(student) == (FULL if troubles == 1 else None)


def test_what_is_not_gradable_is_kept_as_such(course):
    record = Store(course.root, ASSIGNMENT).load("torn")
    assert record.status == NOT_GRADABLE and record.reason
    assert (course.root / "submitted" / "torn" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_bytes().startswith(b'{"ce')
