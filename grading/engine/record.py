"""Judge a submission from its bytes, and keep what came out: the one step of grading that runs student code.

    bytes + Terms --doctor, judge--> Record --store--> verdicts/ASSIGNMENT/STUDENT.json

A `Record` depends on the submission's bytes and on the `Terms` alone, so that it can be made anywhere, in any order,
and kept. No database is read or written here.
"""

import hashlib
import json
import lzma
import pickle
import platform
import threading
import time
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, Self, TypeAlias

import nbformat
from nbformat import NotebookNode

from grading import files
from grading.course import REPOSITORY, Edition
from grading.engine import decisive
from grading.engine.judge import Judge
from grading.engine.runner import LONGEST, is_judged
from grading.repair.doctor import mend
from grading.repair.intake import NotGradable
from grading.repair.match import grade_id
from helpers.support.language import Message

LIMITS = (
    "timeout",
    "iopub_timeout",
    "startup_timeout",
    "wall_limit",
    "memory_limit",
    "output_limit",
    "require_isolation",
    "run_everything",
)
# The code that decides. What only shows a verdict is left out: a new wording there needs no new grading.
DECIDING = ("grading/engine", "grading/repair", "grading/sandbox", "helpers/checks")
ONE_AT_A_TIME = threading.Lock()  # a process has one sandbox; dask's workers may have several threads
BESIDE = 240  # seconds beside a notebook's own: to mend it, to start its kernels, on a busy machine
FORMAT = 2  # of a stored record; another one counts as none
JUDGED, NOT_GRADABLE, FAILED = "judged", "not gradable", "failed"

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Terms:
    """What a verdict depends on besides the submission and the code: no file of the course is needed any more.

    Attributes
        assignment: its name.
        release: the bytes of the released notebook.
        public, hidden: those of the case files.
        editions: those of the release in other languages.
        tests: the whole source of each test cell without cases, by its grade_id, hidden tests included.
        files: those beside the released notebook, by path.
        limits: the judge's, by the names of its settings.
        private: the folders that student code must not see, where they are.
    """

    assignment: str
    release: bytes
    public: bytes
    hidden: bytes
    editions: tuple[Edition, ...] = ()
    tests: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    limits: tuple[tuple[str, object], ...] = tuple((name, getattr(Judge(), name)) for name in LIMITS)
    private: tuple[str, ...] = field(default=(), compare=False)

    @cached_property
    def digest(self) -> str:
        """Return a digest of all that decides which cases pass; what they are worth is not among it."""
        cases = decisive.of_cases(self.public), decisive.of_cases(self.hidden)
        counts = self.assignment, decisive.of_release(self.release, self.editions), cases, self.limits, decisive.HELPERS
        worth = {name: points for name, points in worth_in(self.release).items() if name in dict(self.tests)}
        inside = self.tests, sorted(worth.items()), self.files
        return hashlib.sha256(repr((counts, inside)).encode()).hexdigest()

    @property
    def version(self) -> str:
        """Return the version of terms and code: the same wherever the same cases would pass."""
        return hashlib.sha256((self.digest + CODE).encode()).hexdigest()[:16]

    @property
    def patience(self) -> int:
        """Return after how many seconds one that judges a submission is stuck: no notebook may run that long."""
        limit = dict(self.limits)["wall_limit"]
        assert isinstance(limit, int), "it is a whole number of seconds"
        return LONGEST * limit + BESIDE

    @cached_property
    def packed(self) -> bytes:
        """Return the terms as they go to another process with each submission; `unpacked` reads them."""
        return lzma.compress(pickle.dumps(self))


@lru_cache(maxsize=4)
def unpack_terms(packed: bytes) -> Terms:
    """Return terms that were packed; the same bytes give the same object, so that nothing in it is read twice."""
    terms: Terms = pickle.loads(lzma.decompress(packed))
    return terms


def code_digest(root: Path = REPOSITORY) -> str:
    """Return a digest of every file of the deciding folders, and of PyTorch's version."""
    digest = hashlib.sha256(metadata.version("torch").partition("+")[0].encode())
    for folder in DECIDING:
        for path in sorted((root / folder).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


CODE = code_digest()  # of what this process has imported, even if a file changes later


@dataclass(frozen=True)
class Kept:
    """Why a record's verdicts are earlier ones than those on the file that it is named after.

    Attributes
        reason: in words, for the instructor and the student.
        submitted: when the file was handed in that they are on, as timestamp.txt has it; None where that isn't known.
        refused: whether the later file could not be graded.
    """

    reason: Message
    submitted: str | None
    refused: bool


@dataclass(frozen=True)
class Record:
    """What came out of a submission.

    Attributes
        key: the name of the bytes and the terms.
        status: judged, not gradable, or failed (the grader's own trouble: nothing is kept of it, and a later run tries
            again).
        reason: why it is not gradable, or what failed.
        repairs: what the doctor mended.
        points: those of each test cell, by its grade_id, as the course had them on that day.
        notebook: the mended notebook with verdicts, as JSON.
        doubtful: whether a time limit, the unexplained end of a process or the grader's own trouble had a part in them.
        tried_again: whether they are those of a second try, alone on the machine.
        seconds: the time by stage.
        kept: why it has earlier verdicts than those on the file it is named after; None where it has not.
    """

    key: str
    status: str
    reason: Message | None = None
    repairs: tuple[Message, ...] = ()
    points: dict[str, float] = field(default_factory=dict)
    notebook: Json = field(default_factory=dict)
    doubtful: bool = False
    tried_again: bool = False
    seconds: dict[str, float] = field(default_factory=dict)
    kept: Kept | None = None

    def dumps(self) -> bytes:
        """Return the record as it is stored."""
        data = vars(self) | {"format": FORMAT, "repairs": [sentence.to_json() for sentence in self.repairs]}
        data["reason"] = self.reason and self.reason.to_json()
        data["kept"] = self.kept and vars(self.kept) | {"reason": self.kept.reason.to_json()}
        return json.dumps(data, ensure_ascii=False).encode("utf-8", "replace")

    @classmethod
    def loads(cls, content: bytes) -> Self:
        """Return the record that `dumps` wrote.

        Raises ValueError for another version's, and for what is none.
        """
        data = json.loads(content)
        if not isinstance(data, dict) or data.pop("format", None) != FORMAT:
            raise ValueError("this is no record of this version")
        data["repairs"] = tuple(map(Message.from_json, data["repairs"]))
        data["reason"] = data["reason"] and Message.from_json(data["reason"])
        if kept := data.get("kept"):
            data["kept"] = Kept(**kept | {"reason": Message.from_json(kept["reason"])})
        return cls(**data)


def refused(content: bytes, reason: Message) -> Record:
    """Return the record of bytes that the doctor refused, whatever the terms."""
    return Record(content_digest(content), NOT_GRADABLE, reason)


def key_of(content: bytes, terms: Terms) -> str:
    """Return the name of a verdict: of the submission's bytes and the course's version."""
    return f"{content_digest(content)}-{terms.version}"


def content_digest(content: bytes) -> str:
    """Return the part of a verdict's name that stands for the submission's bytes."""
    return hashlib.sha256(content).hexdigest()[:16]


def same_bytes(key: str, other: str) -> bool:
    """Tell whether two verdicts are on the same submission, whatever the course's version."""
    return key.partition("-")[0] == other.partition("-")[0]


def exercises(terms: Terms) -> list[str]:
    """Return the exercises that get points."""
    return [*by_exercise(worth_in(terms.release))]


def by_exercise(scores: dict[str, float]) -> dict[str, float]:
    """Return points by exercise, of points by the grade_id of the test cell."""
    return {name.removeprefix("test_"): points for name, points in scores.items()}


def worth_in(release: bytes) -> dict[str, float]:
    """Return what each graded cell of a release is worth, by its grade_id."""
    marked = (cell.metadata.get("nbgrader", {}) for cell in released(release).cells)
    return {cell["grade_id"]: float(cell["points"]) for cell in marked if cell.get("grade")}


class OtherCourse(ValueError):
    """Where a submission was to be judged, the code is another one: its verdicts would be, too."""


def judged_elsewhere(content: bytes, packed: bytes, expected: str) -> Record:
    """Do as `judged`, with terms that were packed."""
    return judged(content, unpack_terms(packed), expected)


def judged(content: bytes, terms: Terms, expected: str) -> Record:
    """Mend and judge a submission, wherever this runs.

    Arguments
        content: the bytes handed in.
        terms: what the verdict depends on besides.
        expected: the version that the terms have where the batch runs.

    Raises `OtherCourse` where this checkout is of another version, and whatever goes wrong in the grader itself.
    """
    if terms.version != expected:
        raise OtherCourse(
            f"the grader on {platform.node()}, in {REPOSITORY}, is not the one that runs here: the code or PyTorch "
            "differ, or have changed since the workers were started. Copy this folder there, start the workers anew, "
            "run this again"
        )
    key, begun = key_of(content, terms), time.monotonic()
    try:
        mended = mend(content, released(terms.release), terms.editions)
    except NotGradable as refusal:
        return Record(key, NOT_GRADABLE, refusal.reason)
    mended_at = time.monotonic()
    judge = Judge(**dict(terms.limits))
    judge.cases, judge.private = (terms.public, terms.hidden), terms.private
    whole, sources = mended.noted(), dict(terms.tests)
    for cell in whole.cells:
        cell.source = sources.get(grade_id(cell) or "", cell.source)
    resources = {
        "metadata": {},
        "tests": sources.keys(),
        "released": released_tests(released(terms.release)),
        "files": dict(terms.files),
    }
    with ONE_AT_A_TIME:
        notebook, _ = judge.preprocess(whole, resources)
    return Record(
        key,
        JUDGED,
        repairs=(*mended.repairs, *judge.accidents.values()),
        points={name: found.points for name, found in judge.verdicts.items()},
        notebook=notebook,
        doubtful=judge.doubtful,
        seconds={
            "mending": round(mended_at - begun, 3),
            "kernel start": round(judge.ready_at - mended_at, 3),
            "notebook": round(time.monotonic() - judge.ready_at, 3),
        },
    )


@lru_cache(maxsize=4)
def released(content: bytes) -> NotebookNode:
    """Return the notebook of a release's bytes."""
    notebook: NotebookNode = nbformat.reads(content.decode(), as_version=4)
    return notebook


def released_tests(release: NotebookNode) -> dict[str, str]:
    """Return what students have of each test cell of a release, by its grade_id."""
    return {cell.metadata.nbgrader["grade_id"]: cell.source for cell in filter(is_judged, release.cells)}


def with_exercise(old: Record, new: Record, exercise: str) -> Record:
    """Return the old record with one exercise's verdict from the new one; the new one where the file is another.

    Arguments
        old, new: records of a student.
        exercise: its name.

    It has the new key only where no other verdict would differ: otherwise those are still of the old course, and a
    later run over all exercises sees that.
    """
    if not same_bytes(old.key, new.key):
        return new
    name = next(name for name in new.points if name.removeprefix("test_") == exercise)
    notebook = json.loads(json.dumps(old.notebook))
    fresh = verdict_cells(new.notebook)
    verdict_cells(notebook)[name]["outputs"] = fresh[name]["outputs"]
    record = replace(
        old,
        points=old.points | {name: new.points[name]},
        notebook=notebook,
        doubtful=old.doubtful or new.doubtful,
        tried_again=old.tried_again or new.tried_again,
    )
    same = record.repairs == new.repairs and {n: cell["outputs"] for n, cell in verdict_cells(notebook).items()} == {
        n: cell["outputs"] for n, cell in fresh.items()
    }
    return replace(record, key=new.key) if same else record


def verdict_cells(notebook: Json) -> dict[str, Json]:
    """Return {grade_id: cell} of the cells that bear a verdict."""
    marked = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in notebook["cells"]}
    return {name: cell for name, cell in marked.items() if cell["metadata"].get("nbgrader", {}).get("grade")}


def part_of(assignment: str, notebook: str) -> str:
    """Return the name of a notebook's part of an assignment."""
    return assignment if notebook == assignment else f"{assignment}.{notebook}"


class Store:
    """The records of an assignment, one file for each student.

    Arguments
        course: the class folder.
        assignment: its name.
        notebook: its name, where it is another.
    """

    def __init__(self, course: Path, assignment: str, notebook: str | None = None) -> None:
        self.folder = course / "verdicts" / assignment / ("" if notebook in (None, assignment) else notebook or "")

    def load(self, student: str) -> Record | None:
        """Return what is kept of a student, or None; a file that is not whole counts as none."""
        try:
            return Record.loads((self.folder / f"{student}.json").read_bytes())
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def save(self, student: str, record: Record) -> None:
        """Keep a record, whole or not at all."""
        files.write(self.folder / f"{student}.json", record.dumps())
