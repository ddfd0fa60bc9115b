"""Made-up members of a class, as reports get them, with answers and with the findings that verdicts on them give."""

from dataclasses import dataclass, field

from grading.engine.verdict import report_from, verdict
from grading.reports.findings import Finding
from helpers.checks.collect import encode
from tests.support.matrix import judge

LOST = None  # what came out of a kernel that ended


@dataclass(frozen=True, eq=False)
class MadeMember:
    """A student with an id, findings by exercise, and the sources of cells of their own."""

    id: str
    findings: dict
    is_judged: bool = True
    extras: tuple = ()


@dataclass(frozen=True)
class MadeClass:
    """Members, and the points of the exercises."""

    members: list
    points: dict = field(default_factory=dict)


def written(answers, name="", **more):
    """Return a member who wrote these sources, by exercise."""
    return MadeMember(
        name, {exercise: Finding(exercise, source=source) for exercise, source in answers.items()}, **more
    )


def finding_of(found, maximum=1.0):
    """Return the `Finding` of a verdict, through what is stored of it."""
    data = found.as_data()
    report = report_from(data)
    more = {name: data.get(name) for name in ("choice", "number")}
    return Finding(
        data["exercise"],
        graded=True,
        maximum=maximum,
        points=data["points"],
        report=report,
        reason=report.reason,
        **more,
    )


def valued(exercise, files, value, source=None):
    """Return the `Finding` of a prediction or a decision whose cell binds a value, as the engine judges it."""
    points = sum(files[0].exercises[exercise]["aspects"].values())
    sent = [encode(value)] if value is not None else [{"kind": "none"}]
    return finding_of(verdict(exercise, points, files, sent, [source or f"{exercise} = {value!r}"]), points)


def programmed(exercise, files, answer):
    """Return the `Finding` of a function, one of the bank's answers."""
    report = judge(exercise, answer, files).report
    return Finding(exercise, graded=True, maximum=report.maximum, points=report.points, report=report)
