"""Due dates and the ready policy for late submissions, through nbgrader's own step."""

import csv
from datetime import UTC, datetime

import nbformat
import pytest
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from grading.__main__ import main
from grading.course import REPOSITORY
from grading.gradebook import due_dates as late
from grading.gradebook.database import directory_of
from grading.gradebook.status import status_rows
from grading.plugins.late import DAY, PerDay
from tests.support.course import FILES, FIRST, Trial
from tests.support.handed_in import SOLVED, zipped

DUE = datetime(2026, 9, 30, 12, 0)
POLICY = "grading.plugins.late.PerDay"

# nbgrader's own way with SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def penalties(course, minutes_late, points=4.0, **options):
    """Return the penalty on each notebook after nbgrader's step, for a submission so many minutes after it was due."""
    config = Config({"AssignLatePenalties": {"plugin_class": POLICY}, "PerDay": options})
    late.set_due(course.gradebook, FIRST, DUE.replace(tzinfo=UTC))
    at = datetime.fromtimestamp(DUE.replace(tzinfo=UTC).timestamp() + 60 * minutes_late, UTC).replace(tzinfo=None)
    course.gradebook.update_or_create_student("ada")
    submission = course.gradebook.update_or_create_submission(FIRST, "ada", timestamp=at)
    for notebook in submission.notebooks:
        for row in notebook.grades:
            row.auto_score = points
    course.gradebook.db.commit()
    for name in FILES:
        where = {"notebook": name.removesuffix(".ipynb"), "assignment": FIRST, "student": "ada"}
        where["db_url"] = f"sqlite:///{course.root / 'gradebook.db'}"
        AssignLatePenalties(config=config).preprocess(nbformat.v4.new_notebook(), {"nbgrader": where})
    course.gradebook.db.expire_all()
    return [notebook.late_submission_penalty for notebook in course.gradebook.find_submission(FIRST, "ada").notebooks]


@pytest.mark.parametrize(
    "minutes, penalty",
    [(-5, None), (0, None), (1, 0.4), (24 * 60, 0.4), (24 * 60 + 1, 0.8), (9.5 * 24 * 60, 4.0), (400 * 24 * 60, 4.0)],
)
def test_each_started_day_costs_a_tenth_of_the_score_and_all_of_it_at_most(course, minutes, penalty):
    assert penalties(course, minutes) == pytest.approx([penalty, penalty])


def test_the_share_is_an_option(course):
    assert penalties(course, 1, share=0.25) == [1.0, 1.0]


def test_the_policy_itself_takes_no_more_than_all():
    assert PerDay().late_submission_penalty("ada", 4.0, 400 * DAY) == 4.0


def test_it_is_off_unless_the_configuration_says_so():
    text = (REPOSITORY / "nbgrader_config.py").read_text()
    assert f'\n    # c.AssignLatePenalties.plugin_class = "{POLICY}"' in text
    assert AssignLatePenalties().plugin_class.__name__ == "LateSubmissionPlugin"


@pytest.mark.parametrize(
    "when, zone, due",
    [
        ("2026-09-30T23:59", "Asia/Ho_Chi_Minh", datetime(2026, 9, 30, 16, 59)),
        ("2026-09-30 23:59", "UTC", datetime(2026, 9, 30, 23, 59)),
        ("2026-09-30T23:59+02:00", "Asia/Ho_Chi_Minh", datetime(2026, 9, 30, 21, 59)),
        (datetime(2026, 9, 30, tzinfo=UTC), None, datetime(2026, 9, 30)),
    ],
)
def test_a_due_date_is_kept_in_utc_as_nbgrader_compares_it(course, when, zone, due):
    assert late.set_due(course.gradebook, FIRST, when, zone).replace(tzinfo=None) == due
    assert course.gradebook.find_assignment(FIRST).duedate == due


def test_a_due_date_is_said_in_both_zones():
    due = late.to_utc("2026-09-30T23:59", "Asia/Ho_Chi_Minh")
    expected = "Due 2026-09-30 23:59 (UTC+0700), that is 2026-09-30 16:59 UTC."
    assert late.due_in_words(due, "Asia/Ho_Chi_Minh") == expected


@pytest.mark.parametrize(
    "assignment, when, words",
    [
        (FIRST, "tomorrow", "'tomorrow' is no time; write it like 2026-09-30T23:59"),
        (FIRST, "2026-09-30", "'2026-09-30' has no time of day; write it like 2026-09-30T23:59"),
        ("nothing", "2026-09-30T23:59", "nothing is not in the gradebook: run nbgrader generate_assignment nothing"),
    ],
)
def test_a_due_date_that_cannot_be_is_refused(course, assignment, when, words):
    with pytest.raises(ValueError, match=words):
        late.set_due(course.gradebook, assignment, when)
    assert [entry.name for entry in course.gradebook.assignments] == [FIRST]


# More time for one student


ZONED = ("--timezone", "Asia/Ho_Chi_Minh")


@pytest.fixture
def extend(course, capsys):
    """The command, on a course that is due at noon; it gives the exit code and what is printed."""
    course.gradebook.update_or_create_student("ada", first_name="Ada", last_name="L")
    late.set_due(course.gradebook, FIRST, DUE.replace(tzinfo=UTC))

    def run(*arguments):
        code = main(["extend", *arguments, "--assignment", FIRST, "--course", str(course.root), *ZONED])
        course.gradebook.db.expire_all()
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.mark.parametrize(
    ("until", "said"),
    [
        ("3d", "ada: Due 2026-10-03 19:00 (UTC+0700), that is 2026-10-03 12:00 UTC."),
        ("12h", "ada: Due 2026-10-01 07:00 (UTC+0700), that is 2026-10-01 00:00 UTC."),
        ("1w2d", "ada: Due 2026-10-09 19:00 (UTC+0700), that is 2026-10-09 12:00 UTC."),
        ("2026-10-02T23:59", "ada: Due 2026-10-02 23:59 (UTC+0700), that is 2026-10-02 16:59 UTC."),
        ("2026-10-02T23:59+00:00", "ada: Due 2026-10-03 06:59 (UTC+0700), that is 2026-10-02 23:59 UTC."),
    ],
)
def test_a_student_gets_more_time_in_nbgraders_own_way(course, extend, until, said):
    code, printed = extend("ada", until)
    assert code == 0 and said in printed and "Late penalties follow when the class is graded the next time" in printed
    due = datetime.strptime(said.rpartition("that is ")[2], "%Y-%m-%d %H:%M UTC.")
    assert course.gradebook.find_submission(FIRST, "ada").duedate == due
    [row] = status_rows(course.gradebook, course.gradebook.find_assignment(FIRST), directory_of(course.root))
    assert (row["status"], row["score"]) == ("not submitted", "")
    assert f"{said}\n1 extended. Everybody else: Due 2026-09-30 19:00" in extend("--list")[1]
    assert "Until now for ada: Due" in extend("ada", "--take-back")[1]
    assert course.gradebook.find_submission(FIRST, "ada").extension is None
    assert extend("--list")[1].startswith("0 extended. Everybody else: Due 2026-09-30 19:00")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["adda", "3d"], "there is no student 'adda'; near it are ada (Ada L)"),
        (["xyz", "3d"], "there is no student 'xyz'; there are 1 students, and none is near it"),
        (["ada", "soon"], "'soon' is no time; write it like 2026-09-30T23:59"),
        (["ada", "0d"], "'0d' gives no more time. Due 2026-09-30 19:00"),
        (["ada", "2026-09-30T11:00+00:00"], "gives no more time"),
        (["ada", "999999999999d"], "is too long"),
        (["ada"], "say how long (3d), --take-back or --list"),
        (["ada", "3d", "--take-back"], "say how long (3d), --take-back or --list"),
        (["ada", "--list"], "--list goes without a student"),
    ],
)
def test_more_time_that_cannot_be_given_is_refused(course, extend, arguments, said):
    code, printed = extend(*arguments)
    assert code == 2 and said in printed and "Traceback" not in printed
    assert list(course.gradebook.assignment_submissions(FIRST)) == []


def test_what_is_never_due_cannot_be_extended(course, extend):
    course.gradebook.update_or_create_assignment(FIRST, duedate=None)
    code, printed = extend("ada", "3d")
    assert code == 2 and f"{FIRST} has no due date to extend: set one" in printed


@pytest.mark.slow
def test_a_late_submission_loses_points_from_the_zip_to_the_table(tmp_path):
    """Through nbgrader's own commands, at the time that the zip has."""
    course = Trial(tmp_path / "course")
    course.generate(FIRST)
    source = tmp_path / "in.zip"
    source.write_bytes(zipped({"ada.ipynb": SOLVED, "bob.ipynb": SOLVED}, {"bob.ipynb": (2026, 10, 1, 21, 0, 0)}))
    arguments = ["collect", str(source), "--assignment", FIRST, "--course", str(course.root), "--timezone", "UTC"]
    assert main([*arguments, "--due", "2026-09-30T20:00"]) == 0
    done = course.nbgrader("autograde", FIRST, f"--AssignLatePenalties.plugin_class={POLICY}")
    assert done.returncode == 0, done.stderr
    assert main(["grades", "--assignment", FIRST, "--course", str(course.root), "--to", str(tmp_path)]) == 0
    with (tmp_path / "grades.csv").open(newline="") as file:
        scores = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert scores["ada"] > 0
    assert scores["bob"] == pytest.approx(0.8 * scores["ada"])
