"""What the exercises of an assignment are worth in a class, and what that makes of a verdict.

A verdict says which cases passed, and is kept as it was made. What an aspect is worth is applied when it is written
down, so that points can change after the release and nothing is judged anew. The points in force are kept with the
class, in ``grades/ASSIGNMENT/points.json``: those that the course had when the first submission was graded, until
``python -m grading rescore`` takes over others. Each of its entries is a whole state; the last one is in force, and the
one before it is what an undone rescore goes back to.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import TypeAlias

from nbformat import NotebookNode, from_dict
from nbgrader.utils import compute_checksum

from grading.engine.record import Record, Terms, exercises, verdict_cells
from grading.engine.verdict import Verdict, VerdictData, report_from
from grading.files import write
from helpers.checks.cases import read_cases
from helpers.support.language import english

JUDGED, CREDITED, DROPPED = "judged", "credited", "dropped"
IN_WORDS = {
    CREDITED: english("everybody has full marks for this exercise"),
    DROPPED: english("this exercise counts for nobody"),
}
VERDICT = "application/json"


@dataclass(frozen=True)
class Worth:
    """What an exercise is worth.

    Attributes
        aspects: the points of each aspect.
        counts: whether its verdicts count (judged), all get full marks (credited), or it counts for nobody (dropped).
    """

    aspects: Mapping[str, float]
    counts: str = JUDGED

    @property
    def maximum(self) -> float:
        """Return the most points that a student can get."""
        return 0 if self.counts == DROPPED else sum(self.aspects.values())


Points: TypeAlias = dict[str, Worth]  # by exercise


def course_points(parts: Iterable[Terms]) -> Points:
    """Return what the course says: the points of the aspects of each exercise that an assignment's notebooks have."""
    found = {}
    for terms in parts:
        known = read_cases(terms.public).exercises
        found |= {name: Worth(known[name]["aspects"]) for name in exercises(terms) if name in known}
    return found


def same_aspects(one: Worth | None, other: Worth | None) -> bool:
    """Tell whether verdicts of the one can be given the points of the other."""
    return one is not None and other is not None and list(one.aspects) == list(other.aspects)


def path_of(course: Path, assignment: str) -> Path:
    """Return where a class folder keeps the points of an assignment."""
    return course / "grades" / assignment / "points.json"


def states(course: Path, assignment: str) -> list[Points]:
    """Return the points that were in force, one after the other; those that are come last.

    The list is empty where none are kept. Raises ValueError, naming the file, where it holds something else.
    """
    path = path_of(course, assignment)
    if not path.exists():
        return []
    try:
        kept = json.loads(path.read_bytes())
        if not isinstance(kept, list):
            raise TypeError("no list")
        return [{name: Worth(**worth) for name, worth in state["exercises"].items()} for state in kept]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged ({error}): put back a copy of it, or remove it to take the course's"
        ) from None


def in_force(course: Path, assignment: str) -> Points:
    """Return the points in force in a class; empty where none are kept: then a verdict's own are."""
    return next(reversed(states(course, assignment)), {})


def keep(course: Path, assignment: str, kept: list[Points]) -> None:
    """Keep such states, with the time at which each was first kept."""
    path = path_of(course, assignment)
    times = [state["since"] for state in json.loads(path.read_bytes())] if path.exists() else []
    now = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}"
    found = [
        {"since": since or now, "exercises": {name: vars(worth) for name, worth in state.items()}}
        for state, since in zip_longest(kept, times[: len(kept)])
    ]
    write(path, json.dumps(found, indent=1, ensure_ascii=False).encode())


def digest(points: Points) -> str:
    """Return a short name of points, the same for the same."""
    data = json.dumps({name: vars(worth) for name, worth in points.items()}, sort_keys=True)
    return hashlib.sha256(data.encode()).hexdigest()[:16]


def changed_points(old: Points, new: Points) -> list[str]:
    """Return a sentence for each exercise that is worth something else."""
    found = []
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before is None or after is None or before == after:
            continue
        if before.counts != after.counts:
            counts = {JUDGED: "its verdicts count"} | {key: str(words) for key, words in IN_WORDS.items()}
            found.append(f"{name}: {counts[after.counts]}; until now: {counts[before.counts]}")
        if before.aspects != after.aspects:
            aspects = [
                f"{aspect} {points:g} -> {after.aspects[aspect]:g}"
                for aspect, points in before.aspects.items()
                if aspect in after.aspects and after.aspects[aspect] != points
            ]
            sums = " -> ".join(f"{sum(worth.aspects.values()):g}" for worth in (before, after))
            found.append(f"{name}: {sums} points ({', '.join(aspects) or 'other aspects'})")
    return found


# A verdict's points


def weighed(data: VerdictData, worth: Worth | None) -> VerdictData:
    """Return a verdict with the points of what an exercise is worth; as it is where they are the same.

    One whose aspects are others is of another course, and stays as it is until it is made anew.
    """
    aspects = {aspect["name"]: aspect["points"] for aspect in data["aspects"]}
    if worth is None or list(aspects) != list(worth.aspects):
        return data
    own = data["maximum"], aspects, data.get("counts", JUDGED)
    if own == (worth.maximum, dict(worth.aspects), worth.counts):
        return data
    report = replace(report_from(data), aspects=dict(worth.aspects))
    found = Verdict(sum(worth.aspects.values()), report, data.get("choice"), data.get("number")).as_data()
    found["maximum"] = worth.maximum
    if worth.counts != JUDGED:
        found["counts"], found["points"] = worth.counts, float(worth.maximum)
    return found


def verdict_of(cell: Mapping) -> VerdictData | None:
    """Return the verdict that a graded cell bears, or None."""
    outputs = cell.get("outputs") or [{}]
    return outputs[0].get("data", {}).get(VERDICT)


def weigh(cell: NotebookNode, worth: Worth | None) -> None:
    """Give a graded cell the points of what its exercise is worth: in its verdict, in words, for nbgrader."""
    old = verdict_of(cell)
    new = weighed(old, worth) if old else old
    if new is old or new is None or worth is None:
        return
    report, counted = report_from(new), IN_WORDS.get(worth.counts)
    shown = replace(report, reason=report.reason or counted)
    bundle = Verdict(sum(worth.aspects.values()), shown).as_output(old["isolation"])
    bundle[VERDICT] = new | {"isolation": old["isolation"]}
    cell.outputs[0].data = NotebookNode(bundle)
    cell.outputs[1].data["text/plain"] = repr(float(new["points"]))
    cell.metadata.nbgrader["points"] = worth.maximum


def scores_of(record: Record, points: Points) -> dict[str, float]:
    """Return the points of a record's test cells, by grade_id, with what the exercises are worth."""
    cells, found = verdict_cells(record.notebook) if points else {}, dict(record.points)
    for name in found:
        worth, data = points.get(name.removeprefix("test_")), verdict_of(cells.get(name, {}))
        if worth and data:
            found[name] = weighed(data, worth)["points"]
    return found


def unlike(record: Record, points: Points) -> list[str]:
    """Return the exercises of a record whose verdicts have other aspects: their points cannot be changed."""
    found = []
    for name, cell in verdict_cells(record.notebook).items():
        worth, data = points.get(name.removeprefix("test_")), verdict_of(cell)
        if worth and data and [aspect["name"] for aspect in data["aspects"]] != list(worth.aspects):
            found.append(name.removeprefix("test_"))
    return found


# The gradebook's side


def set_maxima(gradebook, assignment: str, points: Points) -> None:
    """Give the gradebook's cells what the exercises are worth, and nbgrader's checksums, in which that is."""
    for notebook in gradebook.find_assignment(assignment).notebooks:
        sources = {cell.name: cell for cell in notebook.source_cells}
        for cell in notebook.grade_cells:
            worth, source = points.get(cell.name.removeprefix("test_")), sources.get(cell.name)
            if worth is None or cell.max_score == worth.maximum:
                continue
            cell.max_score = float(worth.maximum)
            if source is not None:
                source.checksum = checksum(source, worth.maximum)
    gradebook.db.commit()


def checksum(source, maximum: float) -> str:
    """Return nbgrader's checksum of a test cell of the gradebook's, with what it is worth."""
    marks = {"grade": True, "solution": False, "locked": source.locked, "grade_id": source.name, "points": maximum}
    cell = {"cell_type": source.cell_type, "source": source.source, "metadata": {"nbgrader": marks}}
    return compute_checksum(from_dict(cell))
