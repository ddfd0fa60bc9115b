"""What the class report is made of: every student of an assignment, with mark, verdicts, and what the mark was before.

It reads the gradebook, the autograded notebooks and superseded/marks.csv, and changes none of them. A mark that is
missing is None, with a status and a reason: never 0. Names and sections come from whoever calls, from a roster.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbgrader.api import Gradebook, MissingEntry

from grading.bounded import Child, TooDear
from grading.course import identified, notebook_at
from grading.gradebook.database import directory_of, gradebook_of, submission_of
from grading.gradebook.status import collected, folder, places, status_of
from grading.repair.doctor import repairs_in
from grading.reports.findings import LONGEST_SOURCE, Finding, findings, scores
from grading.shown import as_cell
from helpers.support.language import Message, english

UNREAD = english("The graded notebook takes too much time or memory to read: what cost points is not known here.")
MARKED = ("graded", "to be marked")  # with points in the gradebook


class Listed(NamedTuple):
    """What a roster says of a student; empty where it says nothing."""

    id: str
    name: str = ""
    section: str = ""


class Moved(NamedTuple):
    """An exercise's points before they were overwritten, and when that was."""

    points: float
    time: str


@dataclass(frozen=True, eq=False, repr=False)
class Member:
    """One student of the class.

    Attributes
        id: the gradebook's.
        name: as the roster has it, else the gradebook; the id where neither has one.
        section: the roster's; empty where it has none.
        status: graded, to be marked (by a person), not graded or not submitted.
        reason: why there is no mark; None for graded.
        findings: one `Finding` for each exercise of the assignment, in the notebook's order, decisions too. Its `score`
            is the gradebook's and None where there is no mark, its `report` the verdict and None where there is none.
        late_penalty: the points that were taken off for being late.
        repairs: what was mended, and which cells stopped.
        moved: exercises whose points are others than before the verdict was last overwritten.
        extras: the sources of code cells of their own, in the notebook's order.
        folder: where their autograded notebooks lie; it need not be there.
    """

    id: str
    name: str
    section: str = ""
    status: str = "not submitted"
    reason: Message | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    late_penalty: float = 0.0
    repairs: tuple[Message, ...] = ()
    moved: dict[str, Moved] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    folder: Path = Path()

    @property
    def mark(self) -> float | None:
        """Return the points that count, after the late penalty; None where they are not final or not there."""
        if self.status != "graded":
            return None
        return max(0.0, sum(finding.score or 0.0 for finding in self.findings.values()) - self.late_penalty)

    @property
    def is_judged(self) -> bool:
        """Tell whether there is a verdict on what was handed in."""
        return any(finding.report for finding in self.findings.values())


@dataclass(frozen=True)
class Class:
    """An assignment of a course, with all who are in the gradebook, handed something in, or are in the roster.

    Attributes
        assignment: its name.
        points: what each exercise is worth, in the notebook's order; 0 for a decision on a claim.
        members: the students, by name.
    """

    assignment: str
    points: dict[str, float]
    members: tuple[Member, ...] = field(repr=False)

    @property
    def maximum(self) -> float:
        """Return the points of all exercises."""
        return sum(self.points.values())


def load_class(course: Path, assignment: str, listed: Iterable[Listed] = ()) -> Class:
    """Read all that is known of an assignment.

    Arguments
        course: the class folder.
        assignment: its name.
        listed: the students of a roster.

    Raises ValueError where there is no gradebook, or no such assignment in it, and for a verdict of another version.
    """
    course = Path(course).resolve()
    with gradebook_of(course) as gradebook:
        try:
            entry = gradebook.find_assignment(assignment)
        except MissingEntry:
            known = ", ".join(sorted(other.name for other in gradebook.assignments)) or "none yet"
            raise ValueError(f"the gradebook has no assignment {assignment!r}; it has {known}") from None
        folders = directory_of(course)
        named = {student.id: Listed(student.id, name_in_gradebook(student)) for student in gradebook.students}
        for each in listed:
            named[each.id] = each if each.name else each._replace(name=named.get(each.id, each).name)
        for student in collected(folders, assignment) - named.keys():
            named[student] = Listed(student)
        before = overwritten(course / "superseded" / "marks.csv", assignment)
        with Child(partial(read_graded, released_ids(folders, entry))) as read:
            members = [
                read_member(folders, gradebook, entry, student, before.get(as_cell(student.id), {}), read)
                for student in named.values()
            ]
        points = {}
        for notebook in entry.notebooks:
            points |= {told_apart(name, notebook, points): most for name, most in points_of(notebook).items()}
    order = max((list(member.findings) for member in members if member.is_judged), key=len, default=list(points))
    points = {name: points[name] for name in sorted(points, key=order.index)}
    return Class(assignment, points, tuple(sorted(members, key=lambda member: (member.name.casefold(), member.id))))


def name_in_gradebook(student) -> str:
    """Return the name of one of the gradebook's students."""
    return ", ".join(filter(None, (student.last_name, student.first_name)))


def told_apart(name: str, notebook, taken) -> str:
    """Return an exercise's name, with the gradebook's notebook where another has an exercise of this name."""
    return f"{name} ({notebook.name})" if name in taken else name


def points_of(notebook) -> dict[str, float]:
    """Return what each exercise of one of the gradebook's notebooks is worth."""
    cells = (*notebook.grade_cells, *notebook.task_cells)
    return {cell.name.removeprefix("test_"): float(cell.max_score) for cell in cells}


def released_ids(folders, assignment) -> set[str]:
    """Return the ids of the cells that students were given; ``assignment`` is the gradebook's entry."""
    paths = [folder(folders, "release", ".", assignment.name) / f"{each.name}.ipynb" for each in assignment.notebooks]
    return {cell.id for path in paths if path.exists() for cell in identified(notebook_at(path)).cells}


def read_graded(released: set[str], path: Path) -> tuple[dict[str, Finding], list[Message], list[str]]:
    """Return what an autograded notebook says of the exercises, by name, its repairs, and the student's own cells."""
    graded = nbformat.read(path, as_version=4)
    own = [cell for cell in graded.cells if cell.cell_type == "code" and cell.get("id") not in released]
    extras = [cell.source[:LONGEST_SOURCE] for cell in own if not cell.metadata.get("nbgrader")]
    return {finding.exercise: finding for finding in findings(graded)}, repairs_in(graded), extras


def read_member(folders, gradebook: Gradebook, assignment, student: Listed, before: dict[str, Moved], read) -> Member:
    """Return one student of the class; ``assignment`` is the gradebook's entry, ``read`` is `read_graded`."""
    place, record = places(folders, student.id, assignment)
    status, reason = status_of(gradebook, assignment, student.id, place, record)
    scored, penalty, found, mended, own = status in MARKED, 0.0, {}, [], []
    if scored:
        penalty = submission_of(gradebook, assignment.name, student.id).late_submission_penalty or 0.0
    for notebook in assignment.notebooks:
        path, known, marks = place("autograded") / f"{notebook.name}.ipynb", {}, {}
        if scored:
            marks = scores(gradebook, notebook.name, assignment.name, student.id)
            if path.exists():
                try:
                    known, repairs, extras = read(path)
                except TooDear:
                    repairs, extras = [UNREAD], []
                mended += repairs
                own += extras
        points = points_of(notebook)
        for name in (*(name for name in known if name in points), *(name for name in points if name not in known)):
            finding = known.get(name) or Finding(name, graded=True, maximum=points[name])
            finding.score, finding.exercise = marks.get(name), told_apart(name, notebook, found)
            found[finding.exercise] = finding
    moved = {name: old for name, old in before.items() if name in found and found[name].score not in (None, old.points)}
    name, lies = student.name or student.id, place("autograded")
    return Member(
        student.id, name, student.section, status, reason, found, penalty, tuple(mended), moved, tuple(own), lies
    )


def overwritten(path: Path, assignment: str) -> dict[str, dict[str, Moved]]:
    """Return {student: {exercise: its points before}} of the marks of an assignment that were overwritten last.

    A table that a spreadsheet has saved in its own way counts as none: the next run begins a new one.
    """
    found: dict[str, dict[str, Moved]] = {}
    try:
        for row in csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")):
            given = row["manual_score"] or row["auto_score"]
            if row["assignment"] == as_cell(assignment) and given:
                points = float(given) + float(row["extra_credit"] or 0)
                found.setdefault(row["student"], {})[row["exercise"]] = Moved(points, row["time"])
    except (FileNotFoundError, ValueError, TypeError, KeyError, csv.Error):
        return {}
    return found


def reason_in_words(reason: Message | None) -> str:
    """Return a reason for a table or a terminal; empty for none."""
    return "" if reason is None else str(reason)
