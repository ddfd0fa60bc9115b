"""What a mark has been: from the gradebook, the copies of it, and the table of what was overwritten."""

import contextlib
import csv
import re
import sqlite3
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from grading.gradebook.database import OVERWRITTEN, student_marks
from grading.shown import as_cell

COPY = re.compile(r"gradebook-(\d{8}-\d{6})-\d+\.db")
MARK_IN_COPY = """
select grade.auto_score, grade.manual_score, grade.extra_credit,
       (select comment.manual_comment from comment join base_cell answer on answer.id = comment.cell_id
        where comment.notebook_id = grade.notebook_id and answer.name = :exercise)
from grade join base_cell cell on cell.id = grade.cell_id
join submitted_notebook on submitted_notebook.id = grade.notebook_id
join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id
join assignment on assignment.id = submitted_assignment.assignment_id
where assignment.name = :assignment and submitted_assignment.student_id = :student
  and cell.name in (:exercise, 'test_' || :exercise)
"""


@dataclass(frozen=True)
class PastMark:
    """A mark as it was.

    Attributes
        when: the time, as text: when it was copied or overwritten; empty for the present one.
        marks: the points of the verdict, those of a person, extra credit and a person's comment, each None for none.
        verdict: the name of the verdict, where that was kept.
    """

    when: str
    marks: tuple[float | None, float | None, float | None, str | None]
    verdict: str = ""


def history(gradebook, course: Path, assignment: str, student: str, exercise: str) -> list[PastMark]:
    """Return what a student's mark for an exercise has been, the oldest first and each change once, and what it is."""
    key = {"assignment": assignment, "student": student, "exercise": exercise}
    past = sorted([*copied_marks(course, key), *overwritten_marks(course, key)], key=lambda mark: mark.when)
    found: list[PastMark] = []
    for mark in past:
        if (
            found and found[-1].marks == mark.marks
        ):  # the same, copied or overwritten later: the verdict may be known now
            found[-1] = replace(found[-1], verdict=mark.verdict or found[-1].verdict)
        else:
            found.append(mark)
    now = student_marks(gradebook, assignment, student).get(exercise)
    return [*found, PastMark("", now)] if now else found


def copied_marks(course: Path, key: dict[str, str]) -> list[PastMark]:
    """Return the mark in each copy of the gradebook, by the time of the copy; one that cannot be read is left out."""
    found = []
    for path in sorted((course / "superseded").glob("gradebook-*.db")):
        named = COPY.fullmatch(path.name)
        if not named:
            continue
        try:
            with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as book:
                row = book.execute(MARK_IN_COPY, key).fetchone()
        except sqlite3.DatabaseError:
            continue
        if row and any(value is not None for value in row):
            found.append(PastMark(f"{datetime.strptime(named[1], '%Y%m%d-%H%M%S'):%Y-%m-%d %H:%M:%S}", row))
    return found


def overwritten_marks(course: Path, key: dict[str, str]) -> list[PastMark]:
    """Return the rows of superseded/marks.csv, and of the tables beside it, that are about a mark."""
    wanted, found = {name: str(as_cell(value)) for name, value in key.items()}, []
    for path in sorted((course / "superseded").glob("marks*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as file:
            for row in csv.DictReader(file):
                if all(row.get(name) == value for name, value in wanted.items()):
                    found.append(past_mark(row))
    return found


def past_mark(row: dict[str, str]) -> PastMark:
    """Return the mark of a row of the table."""
    auto, manual, extra = (float(row[name]) if row.get(name) else None for name in OVERWRITTEN[4:7])
    return PastMark(row["time"][:19], (auto, manual, extra, row["comment"] or None), row.get("verdict") or "")
