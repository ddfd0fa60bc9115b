"""The numbers of the class report, as pure functions of a `Class`; docs/class-report.md has names, formulas, sources.

A number comes with the students behind it: a count is the length of a tuple of members.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import correlation, fmean, quantiles
from typing import NamedTuple

from grading.engine.verdict import NO_ANSWER
from grading.reports.class_data import Class, Member, Moved
from grading.reports.findings import Finding, capital, reason
from helpers.checks.compare import Result
from helpers.checks.report import MISSING

FEWEST = 25  # students for a discrimination: with fewer not even 0.4 differs from 0 at the level of 5 %
LAST = 3  # exercises at the end in which somebody who needs help has attempted nothing
ENOUGH = 0.5  # of the points
FEW = 3  # students; of a smaller group an anonymous page says nothing
BLANK = (NO_ANSWER["unattempted"], NO_ANSWER["empty"])

Members = tuple[Member, ...]
Common = tuple[tuple[str, Members], ...]  # (sentence, whom it is true of), most frequent first


class Spread(NamedTuple):
    """How marks are distributed: their number, mean, lower quartile, median and upper quartile."""

    count: int
    mean: float
    lower: float
    median: float
    upper: float


class Item(NamedTuple):
    """What is asked and marked: an exercise, one of its aspects, or a case of an aspect.

    Attributes
        name: of the exercise, the aspect or the case.
        maximum: its points; 1 for a case, which has none of its own.
        judged: who has a verdict on the exercise, or a person's mark where a person marks it.
        reached: those who attempted it or an exercise further down.
        attempted: those who wrote an answer.
        passed: those with all of its points.
        facility: the mean of the points, as a share of the maximum; None where nobody was judged.
        discrimination: the correlation of its points with those of the rest; None where ``doubt`` says why.
        doubt: too few, or no variance; empty where there is a discrimination.
        common: what those who did not pass have in common.
        hidden: whether it runs at grading only.
        parts: an exercise's aspects, an aspect's cases.
    """

    name: str
    maximum: float
    judged: Members
    reached: Members
    attempted: Members
    passed: Members
    facility: float | None
    discrimination: float | None
    doubt: str
    common: Common
    hidden: bool = False
    parts: tuple["Item", ...] = ()

    @property
    def failed(self) -> Members:
        """Return those who did not pass."""
        return without(self.judged, self.passed)

    @property
    def partly(self) -> Members:
        """Return those who attempted it and did not pass."""
        return without(self.attempted, self.passed)

    @property
    def left_out(self) -> Members:
        """Return those who reached it and did not attempt it."""
        return without(self.reached, self.attempted)

    @property
    def not_reached(self) -> Members:
        """Return those who attempted neither it nor anything further down."""
        return without(self.judged, self.reached)


class Move(NamedTuple):
    """A member's exercise whose points are others than they were."""

    member: Member
    exercise: str
    before: Moved
    now: float


class Need(NamedTuple):
    """A member who needs help, and by which of `RULES`, from 0."""

    member: Member
    rules: tuple[int, ...]


RULES = (
    "No mark: nothing was handed in, or what was handed in could not be graded",
    "Under half of the points",
    f"Nothing attempted in the last {LAST} exercises that give points",
    "No answer came out of an exercise: a cell ended Python, stopped with an error, or took too long",
)


# Marks


def spread(marks: Sequence[float]) -> Spread | None:
    """Return how marks are distributed; None where there are none."""
    if not marks:
        return None
    lower, median, upper = quantiles(marks, method="inclusive") if len(marks) > 1 else marks * 3
    return Spread(len(marks), fmean(marks), lower, median, upper)


def marks_of(members: Iterable[Member]) -> list[float]:
    """Return the marks of those who have one."""
    return [member.mark for member in members if member.mark is not None]


def by_section(data: Class) -> list[tuple[str, Members]]:
    """Return (section, members) by name, those without a section last; none where no roster has sections."""
    found: dict[str, list[Member]] = defaultdict(list)
    for member in data.members:
        found[member.section].append(member)
    named = sorted(found.items(), key=lambda each: (not each[0], each[0].casefold()))
    return [(section, tuple(members)) for section, members in named] if found.keys() - {""} else []


def unmarked(data: Class) -> list[tuple[str, str, Members]]:
    """Return (status, reason, members) of those who have no mark, most frequent first."""
    found: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in data.members:
        if member.mark is None:
            found[member.status, str(member.reason or "")].append(member)
    return [(*why, tuple(members)) for why, members in sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))]


def moves(data: Class) -> list[Move]:
    """Return whose points moved when a verdict was last overwritten, the latest first."""
    found = [
        Move(member, name, before, member.findings[name].score)
        for member in data.members
        for name, before in member.moved.items()
    ]
    return sorted(found, key=lambda move: move.before.time, reverse=True)


def in_need(data: Class) -> list[Need]:
    """Return those who need help, who does by most of the `RULES` first."""
    last = [name for name, points in data.points.items() if points][-LAST:]
    found = []
    for member in data.members:
        signs = (
            member.status in ("not submitted", "not graded"),
            member.mark is not None and member.mark < ENOUGH * data.maximum,
            member.is_judged and not any(attempts(member.findings[name]) for name in last),
            any(is_accident(finding) for finding in member.findings.values()),
        )
        if any(signs):
            found.append(Need(member, tuple(number for number, sign in enumerate(signs) if sign)))
    return sorted(found, key=lambda need: -len(need.rules))


def attempts(finding: Finding) -> bool:
    """Tell whether there is an answer to an exercise: anything in place of what was released.

    One that a person marks has no verdict: nbgrader gives 0 where nothing was changed, and else waits for the person.
    """
    if finding.report:
        return finding.report.reason not in BLANK
    return bool(finding.score) or (finding.score is None and bool(finding.source))


def is_accident(finding: Finding) -> bool:
    """Tell whether an answer did not come out, for another reason than that it is missing."""
    report = finding.report
    if not report or not report.reason or report.reason in NO_ANSWER.values():
        return False
    return not finding.inside or "reason" in report.reason.values  # a test that failed is none


# Items


def items(data: Class) -> list[Item]:
    """Return the exercises that give points, with their aspects and cases."""
    judged = [member for member in data.members if member.is_judged]
    names = [name for name, points in data.points.items() if points]
    totals = {member: sum(points_in(member.findings[name]) or 0.0 for name in names) for member in judged}
    order = {name: place for place, name in enumerate(data.points)}
    reach = {
        member: max((order[name] for name in order if attempts(member.findings[name])), default=-1) for member in judged
    }
    return [
        exercise_item(
            name,
            data.points[name],
            tuple(member for member in judged if points_in(member.findings[name]) is not None),
            totals,
            tuple(member for member in judged if reach[member] >= order[name]),
        )
        for name in names
    ]


def points_in(finding: Finding) -> float | None:
    """Return the points of a verdict; where a person marks the exercise, that person's, None as long as there are none.

    What a person or a late penalty has changed of a verdict says nothing about what was asked.
    """
    return finding.points if finding.report else finding.score


def exercise_item(name: str, worth: float, judged: Members, totals: dict[Member, float], reached: Members) -> Item:
    """Return the item of an exercise.

    Arguments
        name, worth: the exercise's, and what the gradebook gives for it.
        judged: those with points for it.
        totals: the points of each member for all exercises.
        reached: those who attempted it or one further down.
    """
    found = {member: member.findings[name] for member in judged}
    reports = [finding.report for finding in found.values() if finding.report]
    maximum = reports[0].maximum if reports else worth
    attempted = tuple(member for member in judged if attempts(found[member]))
    scores = {member: points_in(found[member]) or 0.0 for member in judged}
    rest = {member: totals[member] - scores[member] for member in judged}
    said = {member: [capital(str(each)) for each in found[member].mistakes()] for member in judged}
    aspects = reports[0].aspects if reports else {}
    parts = tuple(aspect_item(aspect, points, found, totals, reached, attempted) for aspect, points in aspects.items())
    return item_of(name, maximum, scores, rest, said, reached, attempted, parts=parts)


def aspect_item(
    aspect: str,
    points: float,
    found: dict[Member, Finding],
    totals: dict[Member, float],
    reached: Members,
    attempted: Members,
) -> Item:
    """Return the item of an aspect, with its cases; ``found`` has the finding of each who was judged."""
    results = {member: finding.report.of(aspect) for member, finding in found.items()}
    scores = {member: finding.report.earned(aspect) for member, finding in found.items()}
    rest = {member: totals[member] - scores[member] for member in found}
    said = {member: reasons_lost(finding, results[member]) for member, finding in found.items()}
    cases = dict.fromkeys((result.name, result.hidden) for each in results.values() for result in each)
    parts = []
    for name, hidden in cases:
        asked = {
            member: [result for result in each if (result.name, result.hidden) == (name, hidden)]
            for member, each in results.items()
        }
        passed = {member: float(any(result.passed for result in each)) for member, each in asked.items()}
        why = {member: reasons_lost(found[member], each, used=False) for member, each in asked.items()}
        tried = tuple(m for m in attempted if any(result.outcome not in MISSING for result in asked[m]))
        parts.append(item_of(name, 1.0, passed, rest, why, reached, tried, hidden=hidden))
    tried = tuple(m for m in attempted if not results[m] or any(r.outcome not in MISSING for r in results[m]))
    return item_of(aspect, points, scores, rest, said, reached, tried, parts=tuple(parts))


def item_of(
    name: str,
    maximum: float,
    scores: dict[Member, float],
    rest: dict[Member, float],
    said: dict[Member, list[str]],
    reached: Members,
    attempted: Members,
    **more,
) -> Item:
    """Return an item from the points of each who was judged, those of the rest, and what was said to each."""
    judged = tuple(scores)
    passed = tuple(member for member in judged if scores[member] >= maximum)
    discrimination, doubt = discriminate([scores[m] for m in judged], [rest[m] for m in judged])
    facility = fmean(scores.values()) / maximum if judged else None
    common = common_among({member: said[member] for member in without(judged, passed)})
    return Item(name, maximum, judged, reached, attempted, passed, facility, discrimination, doubt, common, **more)


def discriminate(scores: list[float], rest: list[float]) -> tuple[float | None, str]:
    """Return the correlation of an item's points with those of the rest, or None and why there is none."""
    if len(scores) < FEWEST:
        return None, f"fewer than {FEWEST} students"
    if 1 in (len(set(scores)), len(set(rest))):
        return None, "all have the same points"
    return correlation(scores, rest), ""


def reasons_lost(finding: Finding, results: list[Result], used: bool = True) -> list[str]:
    """Return what cost points in some results of an exercise, each once; also the forbidden ways, where ``used``."""
    if not finding.results:
        found = [finding.reason] if finding.reason else []
    else:
        found = [reason(result) for result in results if not result.passed]
    return list(dict.fromkeys(capital(str(message)) for message in (finding.used() if used else []) + found))


def common_among(said: dict[Member, list[str]]) -> Common:
    """Return which sentences are true of how many, most frequent first."""
    found: dict[str, list[Member]] = defaultdict(list)
    for member, sentences in said.items():
        for sentence in sentences:
            found[sentence].append(member)
    ordered = sorted(found.items(), key=lambda each: (-len(each[1]), each[0]))
    return tuple((sentence, tuple(members)) for sentence, members in ordered)


def without(members: Members, others: Members) -> Members:
    """Return the members who are not among others."""
    left = set(others)
    return tuple(member for member in members if member not in left)
