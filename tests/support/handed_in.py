"""What students hand in, and how it lies about: as files, in a zip, in a course folder."""

import io
import zipfile

import nbformat

from grading.gradebook.status import REASON
from tests.support.course import FILES, FIRST, filled, released, solutions

SOLVED = nbformat.writes(filled(FIRST, solutions(FIRST))).encode()
BLANK = nbformat.writes(released(FIRST)).encode()
BROKEN = SOLVED[:3000]
MADE = (2026, 9, 30, 20, 0, 0)  # a local time


def zipped(files, times=None, kind=zipfile.ZipInfo, method=zipfile.ZIP_DEFLATED):
    """Return a zip's bytes with {name: bytes}; each file has the time ``times[name]``, or `MADE`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            info = kind(name, (times or {}).get(name, MADE))
            info.compress_type = method
            archive.writestr(info, content)
    return buffer.getvalue()


def place(course, step, student, files):
    """Write {name: bytes} where a step of grading has a student's files."""
    for name, content in files.items():
        path = course.root / step / student / FIRST / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def tree(root):
    """Return the contents of all files in a folder by path, without reasons beside them and the list of names."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith((REASON, "handed_in.json"))
    }


def taken(tmp_path):
    """Return the bytes of the notebook that was collected by student."""
    files = (tmp_path / "course").glob(f"submitted/*/{FIRST}/{FIRST}.ipynb")
    return {path.parts[-3]: path.read_bytes() for path in files}


def graded(course, student, points, penalty=None):
    """Leave what grading leaves: rows in the gradebook and files in submitted/ and autograded/."""
    course.gradebook.update_or_create_student(student)
    submission = course.gradebook.update_or_create_submission(FIRST, student)
    for notebook in submission.notebooks:
        notebook.late_submission_penalty = penalty
        for row in notebook.grades:
            row.auto_score = points / 2
    course.gradebook.db.commit()
    for step in ("submitted", "autograded"):
        place(course, step, student, dict.fromkeys(FILES, SOLVED))
