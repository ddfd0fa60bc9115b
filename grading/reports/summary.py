"""Sum an assignment up for the instructor: a CSV, a JSON, and a page of misconceptions by count.

    python -m grading summary --assignment NAME

It reads the autograded notebooks and the gradebook and changes neither. A mark that is missing is empty, with a status
and a reason: never 0.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbgrader.api import MissingEntry

from grading.bounded import Child, TooDear
from grading.gradebook.database import directory_of, gradebook_of, submission_of
from grading.gradebook.status import collected, places, status_of
from grading.repair.doctor import repairs_in
from grading.reports.feedback import fill_template
from grading.reports.findings import Finding, capital, findings, scores
from grading.shown import csv_table, shown_text
from helpers.support.language import Message, english

COLUMNS = (
    "student",
    "exercise",
    "points",
    "maximum",
    "status",
    "reason",
    "aspects",
    "cases",
    "cases_failed",
    "mistakes",
    "repairs",
    "choice",
    "isolation",
)
UNREAD = english("The graded notebook takes too much time or memory to read: what cost points is not known here.")
FILES = ("summary.csv", "summary.json", "misconceptions.html")


@dataclass
class Submission:
    """What is known about one student's work.

    ``status`` and ``reason`` are those of `gradebook.status.status_of`; ``exercises`` has a `Finding` for each
    exercise with points, with a score of None where there is no mark.
    """

    student: str
    status: str
    reason: Message | None
    exercises: list
    late_penalty: float = 0.0
    repairs: list = field(default_factory=list)


def submissions(course, assignment):
    """Return the `Submission`s of all who are in the gradebook or handed something in, by name.

    Raises ValueError where there is no gradebook, or no such assignment in it.
    """
    course = Path(course).resolve()
    with gradebook_of(course) as gradebook:
        try:
            entry = gradebook.find_assignment(assignment)
        except MissingEntry:
            known = ", ".join(sorted(other.name for other in gradebook.assignments)) or "none yet"
            raise ValueError(f"the gradebook has no assignment {assignment!r}; it has {known}") from None
        folders = directory_of(course)
        students = {student.id for student in gradebook.students} | collected(folders, assignment)
        with Child(read_graded) as read:
            return [read_outcome(folders, gradebook, student, entry, read) for student in sorted(students)]


def read_graded(path):
    """Return what an autograded notebook says of the exercises, by name, and its repairs."""
    graded = nbformat.read(path, as_version=4)
    return {finding.exercise: finding for finding in findings(graded)}, repairs_in(graded)


def read_outcome(folders, gradebook, student, assignment, read):
    """Return the `Submission` of one student; ``assignment`` is the gradebook's entry, ``read`` is `read_graded`."""
    place, record = places(folders, student, assignment.name)
    status, reason = status_of(gradebook, assignment, student, place, record)
    found = Submission(student, status, reason, [])
    scored = status in ("graded", "to be marked")
    if scored:
        found.late_penalty = submission_of(gradebook, assignment.name, student).late_submission_penalty or 0.0
    for notebook in assignment.notebooks:
        path, known = place("autograded") / f"{notebook.name}.ipynb", {}
        if scored and path.exists():
            try:
                known, repairs = read(path)
            except TooDear:
                repairs = [UNREAD]
            found.repairs += repairs
        marks = scores(gradebook, notebook.name, assignment.name, student) if scored else {}
        for cell in (*notebook.grade_cells, *notebook.task_cells):
            name = cell.name.removeprefix("test_")
            finding = known.get(name) or Finding(name, graded=True, maximum=cell.max_score)
            finding.score = marks.get(name)
            found.exercises.append(finding)
    return found


def record(submission):
    """Return what the tables say about one student, as data."""
    marks = []
    for finding in submission.exercises:
        missing = finding.score is None
        marks.append(
            {
                "exercise": finding.exercise,
                "points": finding.score,
                "maximum": finding.maximum,
                "status": submission.status if missing else "graded",
                "reason": reason_in_words(submission.reason) if missing else "",
                "aspects": {name: earned for name, earned, _ in finding.aspects},
                "cases": len(finding.results),
                "cases_failed": [result.name for result in finding.failed],
                "mistakes": [capital(str(mistake)) for mistake in finding.mistakes()],
                "choice": finding.choice,
                "isolation": finding.isolation,
            }
        )
    return {
        "student": submission.student,
        "status": submission.status,
        "reason": reason_in_words(submission.reason),
        "late_penalty": submission.late_penalty,
        "repairs": [str(sentence) for sentence in submission.repairs],
        "exercises": marks,
    }


def table_rows(records):
    """Yield a table's rows, one for each student and exercise, with lists joined to text."""
    for student in records:
        for mark in student["exercises"]:
            row = {"student": student["student"], **mark, "repairs": student["repairs"]}
            row["aspects"] = [f"{name} {points:g}" for name, points in mark["aspects"].items()]
            yield {key: "; ".join(value) if isinstance(value, list) else value for key, value in row.items()}


def reason_in_words(reason):
    return "" if reason is None else str(reason)


def misconceptions(submissions):
    """Count what cost points, exercise by exercise, most frequent first.

    Returns a list of ``{"exercise", "graded", "full", "maximum", "mistakes", "choices"}``: mistakes are (sentence,
    students), choices (value, students), where few values can be chosen.
    """
    names = list(dict.fromkeys(finding.exercise for submission in submissions for finding in submission.exercises))
    found = []
    for name in names:
        marked = [f for s in submissions for f in s.exercises if f.exercise == name and f.points is not None]
        counts = Counter(capital(str(mistake)) for finding in marked for mistake in finding.mistakes())
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        full = sum(finding.points >= finding.maximum for finding in marked)
        choices = Counter(str(finding.choice) for finding in marked if finding.choice is not None)
        found.append(
            {
                "exercise": name,
                "graded": len(marked),
                "full": full,
                "maximum": max((finding.maximum for finding in marked), default=0),
                "mistakes": ordered,
                "choices": choices.most_common(),
            }
        )
    return found


def write_tables(submissions, assignment, to):
    """Write `FILES` into the folder ``to``, made if it is missing, and return their paths."""
    to.mkdir(parents=True, exist_ok=True)
    paths = [to / name for name in FILES]
    records = [record(submission) for submission in submissions]
    paths[0].write_bytes(csv_table(COLUMNS, table_rows(records)))
    data = {"assignment": assignment, "students": records}
    text = json.dumps(data, indent=1, ensure_ascii=False)
    paths[1].write_text(shown_text(text) + "\n", encoding="utf-8")  # what is escaped is so as JSON has it
    ungraded = [s for s in submissions if s.status in ("not graded", "not submitted")]
    page = fill_template(
        "misconceptions.html.j2",
        assignment=assignment,
        exercises=misconceptions(submissions),
        graded=len(submissions) - len(ungraded),
        ungraded=ungraded,
    )
    paths[2].write_text(page, encoding="utf-8")
    return paths
