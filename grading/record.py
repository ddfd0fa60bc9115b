"""Judge a submission from its bytes, and keep what came out: the one step of grading that runs student code.

    bytes + Terms --doctor, judge--> Record --store--> verdicts/ASSIGNMENT/STUDENT.json

A `Record` depends on the submission's bytes and on the `Terms` alone, so that it can be made anywhere, in any order,
and kept. No database is read or written here.
"""

import hashlib
import json
import platform
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import nbformat

import helpers
from helpers.checks.cases import PUBLIC

from . import files
from .doctor import mend
from .draw import hidden_path
from .intake import NotGradable
from .judge import Judge

LIMITS = ("timeout", "wall_limit", "memory_limit", "output_limit", "require_isolation", "run_everything")
# The code that decides. What only shows a verdict is left out: a new wording there needs no new grading.
DECIDING = (
    "judge",
    "verdict",
    "relevance",
    "doctor",
    "match",
    "packed",
    "edition",
    "names",
    "intake",
    "repairs",
    "outputs",
)
ONE_AT_A_TIME = threading.Lock()  # a process has one sandbox; dask's workers may have several threads
JUDGED, NOT_GRADABLE, FAILED = "judged", "not gradable", "failed"


@dataclass(frozen=True)
class Terms:
    """What a verdict depends on besides the submission: the released notebook, the judge's limits, cases and code."""

    assignment: str
    release: bytes
    limits: tuple[tuple[str, object], ...] = tuple((name, getattr(Judge(), name)) for name in LIMITS)

    @property
    def version(self) -> str:
        """Return the course's version: the same wherever the same would be judged in the same way."""
        return version(self)


@lru_cache
def version(terms: Terms) -> str:
    digest = hashlib.sha256(repr((terms.assignment, terms.release, terms.limits)).encode())
    checks = Path(helpers.__file__).parent / "checks"
    deciding = [Path(__file__).with_name(f"{name}.py") for name in DECIDING]
    for path in [PUBLIC, hidden_path(), *sorted(checks.glob("*.py")), *deciding]:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class Record:
    """What came out of a submission.

    ``key`` names the bytes and the terms. ``status`` is judged, not gradable (the doctor says why in ``reason``) or
    failed (the grader's own trouble: nothing is kept of it, and a later run tries again). ``points`` maps a test cell's
    grade_id to its points, ``notebook`` is the mended notebook with verdicts. ``doubtful`` says that a time limit, the
    unexplained end of a process or the grader's own trouble had a part in them; ``tried_again`` that they are those of
    a second try, alone on the machine. ``seconds`` has the time by stage.
    """

    key: str
    status: str
    reason: str = ""
    repairs: tuple[str, ...] = ()
    points: dict = field(default_factory=dict)
    notebook: dict = field(default_factory=dict)
    doubtful: bool = False
    tried_again: bool = False
    seconds: dict = field(default_factory=dict)

    def dumps(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode()


def key_of(content: bytes, terms: Terms) -> str:
    """Return the name of a verdict: of the submission's bytes and the course's version."""
    return f"{hashlib.sha256(content).hexdigest()[:16]}-{terms.version}"


class OtherCourse(ValueError):
    """Where a submission was to be judged, the course is another one: its verdicts would be, too."""


def judged(content: bytes, terms: Terms, expected: str) -> Record:
    """Mend and judge a submission, wherever this runs.

    ``expected`` is the version that the terms have where the batch runs. Raises `OtherCourse` where this checkout is
    of another version, and whatever goes wrong in the grader itself.
    """
    if terms.version != expected:
        raise OtherCourse(
            f"the course on {platform.node()}, in {Path(__file__).parent.parent}, is not the one that grades: the "
            "code, the cases or the hidden cases differ. Copy this folder there, start the workers anew, run this again"
        )
    key, begun = key_of(content, terms), time.monotonic()
    try:
        mended = mend(content, released(terms.release))
    except NotGradable as refusal:
        return Record(key, NOT_GRADABLE, str(refusal))
    mended_at = time.monotonic()
    judge = Judge(**dict(terms.limits))
    with ONE_AT_A_TIME:
        notebook, _ = judge.preprocess(mended.noted(), {"metadata": {}})
    return Record(
        key,
        JUDGED,
        repairs=mended.repairs,
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
def released(content: bytes):
    return nbformat.reads(content.decode(), as_version=4)


def with_exercise(old: Record, new: Record, exercise: str) -> Record:
    """Return the old record with one exercise's verdict from the new one.

    It has the new key only where nothing else would differ: otherwise the old verdicts are still those of the old
    course, and a later run over all exercises sees that.
    """
    name = f"test_{exercise}"
    if name not in new.points:
        raise ValueError(f"there is no exercise {exercise!r} here; there are {', '.join(sorted(new.points))}")
    points = old.points | {name: new.points[name]}
    notebook = json.loads(json.dumps(old.notebook))
    fresh = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in new.notebook["cells"]}
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == name:
            cell["outputs"] = fresh[name]["outputs"]
    return replace(old, key=new.key if points == new.points else old.key, points=points, notebook=notebook)


class Store:
    """The records of an assignment, one file for each student."""

    def __init__(self, course: Path, assignment: str):
        self.folder = course / "verdicts" / assignment
        for partial in self.folder.glob(".*.partial"):  # of a process that was killed
            partial.unlink()

    def load(self, student: str) -> Record | None:
        """Return what is kept of a student, or None; a file that is not whole counts as none."""
        try:
            data = json.loads((self.folder / f"{student}.json").read_bytes())
            return Record(**data | {"repairs": tuple(data["repairs"])})
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return None

    def save(self, student: str, record: Record) -> None:
        """Keep a record, whole or not at all."""
        files.write(self.folder / f"{student}.json", record.dumps())
