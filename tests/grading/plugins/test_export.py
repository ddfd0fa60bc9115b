"""The exported table: a mark that is missing is empty, with a status and a reason, never 0."""

import csv

import pytest
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from traitlets import Any
from traitlets.config import LoggingConfigurable

from grading.engine.record import Store, refused
from grading.gradebook.status import COLUMNS, STOPPED, keep_reason
from grading.plugins.export import StatusExport
from helpers.support.language import english
from tests.support.course import FILES, FIRST
from tests.support.handed_in import SOLVED, place


class App(LoggingConfigurable):
    """What an export plugin sees of nbgrader's application."""

    coursedir = Any()


# nbgrader's own way with SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def grade(course, student, auto=None, manual=None):
    """Leave the rows that nbgrader leaves."""
    course.gradebook.update_or_create_student(student, first_name="A", last_name='O"Neil, x')
    submission = course.gradebook.update_or_create_submission(FIRST, student)
    for notebook in submission.notebooks:
        for row in notebook.grades:
            row.auto_score, row.manual_score = auto, manual
    course.gradebook.db.commit()


def table(course, plugin=StatusExport, **options):
    """Export with a plugin and return the rows by student."""
    app = App(coursedir=CourseDirectory(root=str(course.root)))
    plugin(parent=app, to=str(course.root / "grades.csv"), **options).export(course.gradebook)
    with (course.root / "grades.csv").open(newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def test_a_mark_is_what_nbgrader_exports(course):
    grade(course, "ada", 4)
    for step in ("submitted", "autograded"):
        place(course, step, "ada", dict.fromkeys(FILES, SOLVED))
    row = table(course)["ada"]
    assert list(row) == COLUMNS
    assert (row["score"], row["status"], row["reason"]) == ("8", "graded", "")
    assert (row["raw_score"], row["late_submission_penalty"], row["max_score"]) == ("8", "0", "10")
    assert row["last_name"] == 'O"Neil, x'


def test_the_columns_are_nbgraders_and_three_more(course):
    course.gradebook.update_or_create_student("ada")
    stock = table(course, CsvExportPlugin)["ada"]
    assert [*stock, "status", "reason", "isolation"] == COLUMNS
    assert stock["score"] == "0.0", "what is to be avoided"


def empty(row):
    return row["raw_score"] == row["late_submission_penalty"] == row["score"] == ""


def test_an_unreadable_submission_has_no_mark(course):
    grade(course, "ada")
    place(course, "submitted", "ada", dict.fromkeys(FILES, SOLVED[:500]))
    reason = english("the file ends in the middle, as after a broken upload")
    Store(course.root, FIRST).save("ada", refused(SOLVED[:500], reason))
    row = table(course)["ada"]
    assert empty(row) and row["status"] == "not graded"
    assert row["reason"] == "the file ends in the middle, as after a broken upload"
    place(course, "submitted", "ada", dict.fromkeys(FILES, SOLVED[:400]))
    assert table(course)["ada"]["reason"] == str(STOPPED), "the record is of other bytes"


def test_a_notebook_that_was_not_handed_in_leaves_no_mark(course):
    """For which nbgrader stores an automatic 0."""
    grade(course, "ada", 0)
    for step in ("submitted", "autograded"):
        place(course, step, "ada", {FILES[0]: SOLVED, "mine.ipynb": SOLVED})
    row = table(course)["ada"]
    assert empty(row) and row["status"] == "not graded"
    assert row["reason"] == f"more.ipynb was not handed in; handed in: {FILES[0]}, mine.ipynb"


def test_an_old_mark_does_not_stand_for_a_regrade_that_failed(course):
    grade(course, "ada", 5)
    place(course, "submitted", "ada", dict.fromkeys(FILES, SOLVED))
    row = table(course)["ada"]
    assert empty(row) and (row["status"], row["reason"]) == ("not graded", str(STOPPED))


def test_who_handed_in_nothing_has_no_mark(course):
    course.gradebook.update_or_create_student("ada")
    row = table(course)["ada"]
    assert empty(row) and (row["status"], row["reason"]) == ("not submitted", "nothing was handed in")


def test_who_is_not_in_the_gradebook_is_in_the_table(course):
    place(course, "submitted", "ada", dict.fromkeys(FILES, SOLVED))
    place(course, "not_gradable", "bob", {"0-report.pdf": b"%PDF"})
    kept = course.root / "not_gradable" / "bob" / FIRST / "0-report.pdf"
    assert str(table(course)["bob"]["reason"]) == "the reason was not kept: collect it again"
    pdf = english("a PDF")
    keep_reason(kept, english("the file is {kind}, not a notebook; hand in the .ipynb file itself", kind=pdf))
    rows = table(course)
    assert all(empty(row) and row["status"] == "not graded" for row in rows.values())
    assert rows["ada"]["reason"] == str(STOPPED)
    assert rows["bob"]["reason"].startswith("the file is a PDF, not a notebook")


def test_marks_by_hand_count_whatever_was_handed_in(course):
    grade(course, "ada", manual=3)
    place(course, "submitted", "ada", dict.fromkeys(FILES, b"on paper"))
    assert (table(course)["ada"]["score"], table(course)["ada"]["status"]) == ("6", "graded")


def test_what_a_person_has_still_to_mark_has_no_sum_yet(course):
    grade(course, "ada")
    for step in ("submitted", "autograded"):
        place(course, step, "ada", dict.fromkeys(FILES, SOLVED))
    row = table(course)["ada"]
    assert empty(row) and row["status"] == "to be marked"


def test_a_course_without_its_folders_exports_what_the_gradebook_holds(course):
    grade(course, "ada", 0)
    assert table(course)["ada"]["score"] == "0"


def test_students_and_assignments_can_be_chosen(course):
    for name in ("ada", "bob"):
        grade(course, name, 1)
    assert set(table(course, student=["bob"])) == {"bob"}
    assert table(course, assignment=["another"]) == {}
