"""Export the gradebook as CSV without inventing marks: `nbgrader export` with our plugin (nbgrader_config.py).

nbgrader writes 0 for a submission that it could not read, for a notebook that was not handed in and for a student who
handed in nothing. Here such a mark is empty, with a status and a reason beside it.
"""

import collections
import csv
import io
import re
from pathlib import Path

import nbformat

from grading.course import OfCourse
from grading.gradebook.database import submission_of
from grading.repair.doctor import mended_or_refused
from grading.repair.intake import NotGradable

COLUMNS = [
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "status",
    "reason",
]
# What spreadsheets take for the beginning of a formula, and what begins so but is only a number.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?\d*(\.\d*)?")
UNREAD = ".unread.txt"  # ends the note that stands for a file which could not be read when it was collected
STOPPED = "not graded yet, or nbgrader stopped with an error: see the messages of nbgrader autograde"


def table(columns, rows):
    """Return the bytes of a CSV that a spreadsheet can open without running anything in it.

    Names, addresses and sentences that a spreadsheet would take for a formula begin with an apostrophe, as typed there.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([[harmless(row[column]) for column in columns] for row in rows])
    return text.getvalue().encode()


def harmless(value):
    """Return a cell's value; a text that would be a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value[:1] in FORMULA and not NUMBER.fullmatch(value) else value


def rows(gradebook, assignment, course, people=()):
    """Return the table's rows for an assignment of the gradebook: a dict of `COLUMNS` for each student, by id.

    They are those in the gradebook, those who have a folder in ``course``, nbgrader's CourseDirectory, and ``people``,
    a roster's.
    """
    known = collections.defaultdict(list, {student.id: [student] for student in gradebook.students})
    for person in people:
        known[person.id].append(person)
    students = sorted(known.keys() | collected(course, assignment.name))
    return [row(gradebook, assignment, student, known[student], course) for student in students]


def collected(course, assignment):
    """Return the students who have a folder for an assignment, in the gradebook or not."""
    patterns = [folder(course, step, "*", assignment) for step in ("submitted", "not_gradable")]
    return {
        path.parts[pattern.parts.index("*")]
        for pattern in patterns
        for path in Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    }


def folder(course, step, student, assignment):
    """Return the folder of a student's assignment at a step of nbgrader's, or at not_gradable, which is ours."""
    student = "." if step == "release" else student
    return Path(course.format_path(getattr(course, f"{step}_directory", step), student, assignment))


def row(gradebook, assignment, student, persons, course):
    """Return the table's row for one student and assignment; each name is the first that one of ``persons`` has."""
    status, reason = standing(
        gradebook,
        assignment,
        student,
        lambda step: folder(course, step, student, assignment.name),
        OfCourse(config=course.config).course,
    )
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": student,
        "max_score": assignment.max_score,
        "status": status,
        "reason": reason,
    }
    for name in ("last_name", "first_name", "email"):
        row[name] = next(filter(None, (getattr(person, name) for person in persons)), None)
    submission = submission_of(gradebook, assignment.name, student)
    if submission is not None:
        row["timestamp"] = submission.timestamp
    if status == "graded":
        penalty = submission.late_submission_penalty
        row |= {"raw_score": submission.score, "late_submission_penalty": penalty}
        row["score"] = max(0.0, submission.score - penalty)
    return {name: "" if row.get(name) is None else row[name] for name in COLUMNS}


def standing(gradebook, assignment, student, folder, course):
    """Return (status, reason) of a student's mark for an assignment of the gradebook.

    The status is graded, to be marked (by a person), not graded or not submitted; the reason is empty for graded.
    ``folder`` gives the student's folder at a step: submitted, autograded, release or not_gradable; ``course`` is the
    `Course`.
    """
    submission = submission_of(gradebook, assignment.name, student)
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades] if submission else []
    if grades and all(grade.manual_score is not None for grade in grades):
        return "graded", ""
    files = [f"{notebook.name}.ipynb" for notebook in assignment.notebooks]
    submitted, autograded = folder("submitted"), folder("autograded")
    if submitted.is_dir():
        for file in files:
            if not (submitted / file).exists():
                others = sorted(path.name for path in submitted.iterdir() if path.suffix == ".ipynb")
                beside = f"; handed in: {', '.join(others)}" if others else ""
                return "not graded", f"{file} was not handed in{beside}"
            if not (autograded / file).exists():
                return "not graded", refusal(submitted / file, folder("release") / file, course) or STOPPED
    elif submission is None:
        kept = sorted(folder("not_gradable").glob("*"), key=lambda path: path.stat().st_mtime)
        if not kept:
            return "not submitted", "nothing was handed in"
        return "not graded", refusal(kept[-1], folder("release") / files[0], course) or STOPPED
    missing = [grade.name for grade in grades if grade.auto_score is None and grade.manual_score is None]
    if missing and autograded.is_dir():
        return "to be marked", f"a person gives the points of {', '.join(missing)}"
    return ("graded", "") if grades and not missing else ("not graded", STOPPED)


def refusal(path, release, course):
    """Return why a file is not gradable; empty if it is, or if the release is not there to tell."""
    if path.name.endswith(UNREAD):
        return path.read_text(encoding="utf-8").strip()
    try:
        released = nbformat.read(release, as_version=4)
        mended_or_refused(path.read_bytes(), released, course.editions(released))
    except NotGradable as error:
        return str(error)
    except FileNotFoundError:
        pass
    except OSError as error:
        return f"the file cannot be read: {error.strerror}"
    return ""
