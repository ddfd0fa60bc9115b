"""Collect what students handed in, whatever they named it: ``python -m grading collect FOLDER --assignment NAME``.

    FOLDER, never changed            the course folder
      STUDENT_anything.ipynb   ->      submitted/STUDENT/NAME/NAME.ipynb     the newest notebook, byte for byte
      STUDENT/anything.ipynb           superseded/STUDENT/NAME/...           the older ones
                                       not_gradable/STUDENT/NAME/...         what is no notebook

The doctor reads every file here, to say what it will repair; it mends when nbgrader grades, so that ``submitted`` holds
what was handed in.
"""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from .course import REPOSITORY
from .doctor import mend
from .files import write
from .intake import LARGEST_FILE, NotGradable

NOTEBOOK = re.compile(r"\.ipynb\b|\.json$|\.txt$", re.IGNORECASE)
ENDING = re.compile(r"(\.(ipynb|json|txt|html?|pdf|zip|py))+$", re.IGNORECASE)
COPY = re.compile(r"\s*\((\d+)\)")  # what browsers and file managers add to a second copy
STUDENT = re.compile(r"[\w@+-][\w.@+-]{0,99}")
PASSED_OVER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini"}
NOBODY = "unknown"


@dataclass(frozen=True)
class File:
    """A file that was handed in: its name in the folder, whose it is, its bytes and its time."""

    name: str
    student: str
    content: bytes
    modified: float

    @property
    def age(self):
        """Return what orders a student's files, the newest last."""
        copies = COPY.findall(self.name)
        return self.modified, int(copies[-1]) if copies else 0, self.name

    @property
    def kept_as(self):
        """Return a name under which no other content is kept."""
        return f"{hashlib.sha256(self.content).hexdigest()[:8]}-{Path(self.name).name}"


@dataclass
class Collected:
    """What `collect` found: (student, file, ...) for each file, in order."""

    taken: list = field(default_factory=list)  # (student, file, repairs, whether it is new)
    older: list = field(default_factory=list)  # (student, file)
    refused: list = field(default_factory=list)  # (student, file, reason)
    left_out: list = field(default_factory=list)  # (student, file)


def collect(folder: Path, assignment: str, into: Path) -> Collected:
    """Sort the files of ``folder`` into the course folder ``into``, and say what became of each.

    A second run on the same files changes nothing. Raises ValueError for a folder or an assignment that is not there,
    or where the two folders lie in each other.
    """
    release = released_notebook(assignment, into)
    check_folders(folder, into)
    found = Collected()
    by_student = defaultdict(list)
    for file in files_in(folder, assignment, found):
        by_student[file.student].append(file)
    for student, files in sorted(by_student.items()):
        place = into / "submitted" / student / assignment / f"{assignment}.ipynb"
        collect_one(student, sorted(files, key=lambda file: file.age), place, release, into, found)
    return found


def collect_one(student, files, place, release, into, found):
    """Take the newest notebook among a student's files and what is already there, and keep the others beside it."""
    assignment = place.stem
    notebooks = [file for file in files if NOTEBOOK.search(file.name)]
    found.left_out += [(student, file.name) for file in files if notebooks and file not in notebooks]
    candidates, gradable = notebooks or files, []
    if place.exists() and all(file.content != place.read_bytes() for file in candidates):
        there = File(str(place.relative_to(into)), student, place.read_bytes(), place.stat().st_mtime)
        candidates = sorted([*candidates, there], key=lambda file: file.age)
    for file in candidates:
        try:
            if student == NOBODY:
                raise NotGradable("no student's name can be read from the file's")
            gradable.append((file, mend(file.content, release).repairs))
        except NotGradable as error:
            write(into / "not_gradable" / student / assignment / file.kept_as, file.content, file.modified)
            found.refused.append((student, file.name, str(error)))
    if not gradable:
        return
    newest, repairs = gradable.pop()
    for file, _ in gradable:
        if file.content != newest.content:
            write(into / "superseded" / student / assignment / file.kept_as, file.content, file.modified)
            found.older.append((student, file.name))
    found.taken.append((student, newest.name, repairs, write(place, newest.content, newest.modified)))


def files_in(folder, assignment, found):
    """Yield the files of a folder; one that cannot be read, or is far too large, goes to ``found.refused``."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part in PASSED_OVER or part.startswith(".") for part in name.parts) or path.is_dir():
            continue
        student = student_of(name, assignment)
        if path.is_symlink() or not path.is_file():
            found.refused.append((student, str(name), "it is a link or something else that is no file"))
            continue
        try:
            state = path.stat()
            if state.st_size > 2 * LARGEST_FILE:
                found.refused.append((student, str(name), f"it is too large: {state.st_size >> 20} MiB; left there"))
            else:
                yield File(str(name), student, path.read_bytes(), state.st_mtime)
        except OSError as error:
            found.refused.append((student, str(name), f"it cannot be read: {error.strerror}"))


def student_of(name, assignment):
    """Return whose file it is: the first folder's name, else the file's own up to ``_``; `NOBODY` if that is none."""
    if len(name.parts) > 1:
        student = name.parts[0]
    else:
        stem = COPY.sub("", ENDING.sub("", name.name)).strip()
        student = NOBODY if stem.startswith(assignment) else stem.partition("_")[0]
    return student if STUDENT.fullmatch(student) else NOBODY


def released_notebook(assignment, into):
    """Return what students got: of the course folder, else of this repository."""
    if assignment in ("", ".", "..") or "/" in assignment or "\\" in assignment:
        raise ValueError(f"{assignment!r} is no name of an assignment")
    for root in (into, REPOSITORY):
        path = root / "release" / assignment / f"{assignment}.ipynb"
        if path.exists():
            return nbformat.read(path, as_version=4)
    known = sorted(path.parent.name for path in REPOSITORY.glob("release/*/*.ipynb"))
    raise ValueError(f"there is no released notebook of {assignment!r}; known here: {', '.join(known)}")


def check_folders(folder, into):
    """Refuse a folder that is not there, and one in which collecting would find what it wrote."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is no folder; unpack an archive first")
    source, course = folder.resolve(), into.resolve()
    written = [course / name for name in ("submitted", "superseded", "not_gradable")]
    if course.is_relative_to(source) or any(source.is_relative_to(path) for path in written):
        raise ValueError(f"{folder} holds the course's own files; give a folder with nothing but what was handed in")


def lines(found: Collected):
    """Yield what there is to say to the instructor."""
    for student, name, repairs, new in found.taken:
        yield f"{student}: {'took' if new else 'has already'} {name}{'; to be repaired:' if repairs else ''}"
        yield from (f"    {sentence}" for sentence in repairs)
    yield from (f"{student}: older, kept in superseded/: {name}" for student, name in found.older)
    yield from (f"{student}: left out, no notebook by its name: {name}" for student, name in found.left_out)
    yield from (f"{student}: NOT GRADABLE: {name}: {reason}" for student, name, reason in found.refused)
    mended = sum(bool(repairs) for _, _, repairs, _ in found.taken)
    yield f"{len(found.taken)} submissions, {mended} of them to be repaired; {len(found.refused)} files not gradable"
    if found.refused:
        yield "What is not gradable is kept in not_gradable/ and gets no mark, not a 0."


def add_command(commands):
    """Add ``collect`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "collect",
        help="sort what students handed in into submitted/",
        description="Sort what students handed in into submitted/STUDENT/NAME/NAME.ipynb, whatever they named it. "
        "FOLDER holds files named STUDENT_anything.ipynb, or a folder for each student; it is not changed. "
        "Of several notebooks the newest is taken, and the older ones are kept in superseded/. What is no notebook "
        "is kept in not_gradable/, and the exit code is 1. A second run changes nothing.",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="what was handed in, unpacked")
    parser.add_argument("--assignment", required=True, metavar="NAME", help="iterated_softmax, for example")
    parser.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="the course folder; default: here")
    parser.set_defaults(run=run)


def run(arguments):
    """Collect, say what was found, and return the exit code: 1 where a file is not gradable."""
    found = collect(arguments.folder, arguments.assignment, arguments.into)
    print("\n".join(lines(found)))
    return int(bool(found.refused))
