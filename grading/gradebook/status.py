"""The status of every mark, with a reason where there is none: a mark is never invented.

nbgrader writes 0 for a submission that it could not read, for a notebook that was not handed in and for a student who
handed in nothing. Here such a mark is empty, with a status and a reason beside it.
"""

import collections
import json
import re
from difflib import get_close_matches
from pathlib import Path

from grading.engine.record import Store, content_digest, same_bytes
from grading.files import read, write
from grading.gradebook.database import directory_of, submission_of
from grading.shown import csv_table, mark_text
from helpers.support.language import Message, english

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
    "isolation",
]
MARKS = ("raw_score", "late_submission_penalty", "score", "max_score")
ISOLATION = re.compile(r'"isolation": ?"([a-z]{1,20})"')  # in a graded notebook: what its verdicts were made in
REASON = ".reason.json"  # ends the name of the reason beside a file that is not gradable
NOTHING = english("nothing was handed in")
LATER = english("a file handed in later cannot be graded: {reason}; the mark is that of the one before")
STOPPED = english("not graded yet, or nbgrader stopped with an error: see the messages of nbgrader autograde")


def status_table(rows):
    """Return the bytes of a CSV of `status_rows`, its marks as people write them."""
    return csv_table(COLUMNS, [row | {name: mark_text(row[name]) for name in MARKS} for row in rows])


def status_rows(gradebook, assignment, course, people=()):
    """Return the table's rows for an assignment of the gradebook: a dict of `COLUMNS` for each student, by id.

    They are those in the gradebook, those who have a folder in ``course``, nbgrader's CourseDirectory, and ``people``,
    a roster's.
    """
    known = collections.defaultdict(list, {student.id: [student] for student in gradebook.students})
    for person in people:
        known[person.id].append(person)
    students = sorted(known.keys() | collected(course, assignment.name))
    return [status_row(gradebook, assignment, student, known[student], course) for student in students]


def collected(course, assignment):
    """Return the students who have a folder for an assignment, in the gradebook or not."""
    patterns = [folder(course, step, "*", assignment) for step in ("submitted", "not_gradable")]
    return {
        path.parts[pattern.parts.index("*")]
        for pattern in patterns
        for path in Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))
    }


def find_student(gradebook, course: Path, assignment: str, wanted: str) -> str:
    """Return a student's id as the gradebook, or a folder of what was handed in, has it.

    Raises ValueError with ids that are near, by letters or by name, where nobody has this one.
    """
    names = {s.id: f"{s.first_name or ''} {s.last_name or ''}".strip() for s in gradebook.students}
    names |= dict.fromkeys(collected(directory_of(course), assignment) - names.keys(), "")
    if wanted in names:
        return wanted
    keys = {}
    for student, name in names.items():
        for key in {student, name, *name.split()} - {""}:
            keys.setdefault(key.casefold(), []).append(student)
    near = [student for key in get_close_matches(wanted.casefold(), keys, 5, 0.6) for student in keys[key]]
    said = [f"{student} ({names[student]})" if names[student] else student for student in dict.fromkeys(near)]
    hint = f"near it are {', '.join(said)}" if said else f"there are {len(names)} students, and none is near it"
    raise ValueError(f"there is no student {wanted!r}; {hint}")


def folder(course, step, student, assignment):
    """Return the folder of a student's assignment at a step of nbgrader's, or at not_gradable, which is ours."""
    student = "." if step == "release" else student
    return Path(course.format_path(getattr(course, f"{step}_directory", step), student, assignment))


def places(course, student, assignment):
    """Return two functions: of a step, the student's folder there; of a notebook, what was kept of the student's file.

    ``assignment`` is the gradebook's.
    """

    def kept(notebook):
        return Store(Path(course.root), assignment.name, notebook.name).load(student)

    return lambda step: folder(course, step, student, assignment.name), kept


def status_row(gradebook, assignment, student, persons, course):
    """Return the table's row for one student and assignment; each name is the first that one of ``persons`` has."""
    place, record = places(course, student, assignment)
    status, reason = status_of(gradebook, assignment, student, place, record)
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
        row["isolation"] = isolation_in(place("autograded"))
    return {name: "" if row.get(name) is None else row[name] for name in COLUMNS}


def isolation_in(autograded: Path) -> str:
    """Return the isolation in which a student's code ran, as the graded notebooks say it; empty where none does."""
    found = {
        name for path in autograded.glob("*.ipynb") for name in ISOLATION.findall(path.read_text("utf-8", "replace"))
    }
    return "; ".join(sorted(found))


def status_of(gradebook, assignment, student, folder, record):
    """Return (status, reason) of a student's mark for an assignment of the gradebook.

    The status is graded, to be marked (by a person), not graded or not submitted; the reason is a message. With graded
    it is None, or says that the mark is an earlier one. ``folder`` gives the student's folder at a step: submitted,
    autograded or not_gradable; ``record`` what was kept of the student's file of a notebook when it was read
    (`engine.record`), or None.
    """
    submission = submission_of(gradebook, assignment.name, student)
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades] if submission else []
    if grades and all(grade.manual_score is not None for grade in grades):
        return "graded", None
    submitted, autograded = folder("submitted"), folder("autograded")
    if submitted.is_dir():
        for notebook in assignment.notebooks:
            file = f"{notebook.name}.ipynb"
            if not (submitted / file).exists():
                return "not graded", not_handed_in(file, submitted)
            if not (autograded / file).exists():
                return "not graded", recorded_reason(submitted / file, record(notebook)) or STOPPED
    elif all(grade.auto_score is None and grade.manual_score is None for grade in grades):  # it may have an extension
        kept = [path for path in folder("not_gradable").glob("*") if path.is_file()]
        return ("not graded", kept_reason(kept)) if kept else ("not submitted", NOTHING)
    missing = [grade.name for grade in grades if grade.auto_score is None and grade.manual_score is None]
    if missing and autograded.is_dir():
        return "to be marked", english("a person gives the points of {names}", names=", ".join(missing))
    if missing or not grades:
        return "not graded", STOPPED
    return "graded", earlier_reason(assignment.notebooks, submitted, folder, record)


def earlier_reason(notebooks, submitted, folder, record):
    """Return why a mark is not that of the files handed in last; None where it is."""
    for kept in map(record, notebooks):
        if kept and kept.kept:
            return kept.kept.reason
    files = [submitted / f"{notebook.name}.ipynb" for notebook in notebooks]
    handed_in = max((path.stat().st_mtime for path in files if path.exists()), default=0)
    later = [path for path in folder("not_gradable").glob("*") if path.is_file() and path.stat().st_mtime > handed_in]
    reasons = [
        path for path in later if path.name.endswith(REASON) and path.with_name(path.name.removesuffix(REASON)) in later
    ]
    return english(LATER.id, reason=kept_reason(reasons)) if reasons else None


def not_handed_in(file, submitted):
    """Return the reason where a notebook is missing among what was handed in."""
    others = sorted(path.name for path in submitted.iterdir() if path.suffix == ".ipynb")
    if others:
        return english("{file} was not handed in; handed in: {others}", file=file, others=", ".join(others))
    return english("{file} was not handed in", file=file)


def recorded_reason(path, record):
    """Return why a file was refused, from the record of its bytes; None where there is none."""
    try:
        if record and same_bytes(record.key, content_digest(read(path))):
            return record.reason
    except OSError as error:
        return english("the file cannot be read: {error}", error=error.strerror)
    return None


def kept_reason(paths):
    """Return the reason that lies beside the newest of the files that are not gradable."""
    reasons = [path for path in paths if path.name.endswith(REASON)]
    if not reasons:
        return english("the reason was not kept: collect it again")
    newest = max(reasons, key=lambda path: path.stat().st_mtime)
    return Message.from_json(json.loads(newest.read_bytes()))


def keep_reason(path: Path, reason: Message) -> None:
    """Keep beside a file, or in the place of one that cannot be had, why it is not gradable."""
    write(path.with_name(f"{path.name}{REASON}"), json.dumps(reason.to_json(), ensure_ascii=False).encode())
