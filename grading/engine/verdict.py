"""Turn the answers to an exercise's cases into points and data.

A verdict is a pure function of the answers and the cases: an aspect's points where all its cases pass, public and
hidden alike, and 0 where the source uses a forbidden way. What a kernel sends after it has seen a hidden input could
carry that input out, so a verdict repeats nothing that came from it: neither the numbers of an answer nor the text of
an error. It is stored as data, templates and values, and put into words by whoever shows it.
"""

import builtins
from dataclasses import dataclass, replace

from helpers.checks.compare import Result, compare
from helpers.checks.report import Report
from helpers.checks.rules import Violation
from helpers.support.language import Message, english, plain

FORMAT = 2  # of a stored verdict; another one is never read

# The outcomes that leave nothing to say of single cases.
NO_ANSWER = {
    "unattempted": english("not attempted yet"),
    "empty": english("no answer yet"),
    "undefined": english("there is no function of this name"),
}


@dataclass(frozen=True)
class Verdict:
    """What a test cell gets, out of the ``maximum`` that the gradebook has for it."""

    maximum: float
    report: Report

    @property
    def points(self) -> float:
        return min(self.report.points, self.maximum)

    def as_output(self, isolation: str) -> dict:
        """Return the verdict as a MIME bundle: for people, and as data for the pages and the tables."""
        return {
            "text/html": self.report._repr_html_(),
            "text/plain": str(self.report),
            "application/json": self.as_data() | {"isolation": isolation},
        }

    def as_data(self) -> dict:
        """Return the verdict as JSON."""
        report = self.report
        return {
            "format": FORMAT,
            "exercise": report.exercise,
            "points": self.points,
            "maximum": self.maximum,
            "reason": data_of(report.reason),
            "aspects": [
                {"name": name, "points": points, "earned": report.earned(name)}
                for name, points in report.aspects.items()
            ],
            "cases": [case_data(result) for result in report.results],
            "violations": [{"name": v.name, "line": v.line} for v in report.violations],
            "advice": report.advice if report.violations else "",
        }


def report_from(data: dict) -> Report:
    """Return the report of a stored verdict; raises ValueError for one of another format, or what is none."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError("this is no verdict of this version: grade the submission again")
    try:
        return Report(
            data["exercise"],
            tuple(result_from(case) for case in data["cases"]),
            {aspect["name"]: aspect["points"] for aspect in data["aspects"]},
            violations=tuple(Violation(**each) for each in data["violations"]),
            advice=data["advice"],
            graded=True,
            reason=message_from(data["reason"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"a stored verdict lacks a part: {error}; grade the submission again") from None


def result_from(case: dict) -> Result:
    said = {name: message_from(case[name]) for name in ("expected", "got", "diagnosis")}
    return Result(case["name"], case["aspect"], case["hidden"], case["outcome"], **said)


def message_from(data: dict | None) -> Message | None:
    return Message.from_json(data) if data else None


def case_data(result: Result) -> dict:
    said = {name: data_of(getattr(result, name)) for name in ("expected", "got", "diagnosis")}
    return {"name": result.name, "aspect": result.aspect, "hidden": result.hidden, "outcome": result.outcome} | said


def data_of(message: Message | None) -> dict | None:
    return message.to_json() if message else None


def verdict(name, maximum, files, answers, violations) -> Verdict:
    """Judge the answers to all cases of an exercise.

    ``files`` are the public and the hidden `helpers.checks.cases.CaseFile`; ``answers`` is what came out of the kernel,
    whatever that is; ``violations`` are those of `helpers.checks.rules`.
    """
    exercise = files[0].exercises[name]
    results = tuple(map(discreet, compare(name, files, answers)))
    report = Report(name, results, exercise["aspects"], {}, tuple(violations), exercise["advice"], graded=True)
    for outcome, reason in NO_ANSWER.items():
        if all(result.outcome == outcome for result in results):
            return no_answer(report, maximum, reason)
    return Verdict(maximum, report)


def no_answer(report, maximum, reason) -> Verdict:
    """Return the verdict of a cell whose answer did not come out."""
    return Verdict(maximum, replace(report, results=(), violations=(), reason=reason))


def discreet(result):
    """Return the result without anything that came from the kernel, but for the name of a built-in error.

    Of a hidden case what was expected is left out, too.
    """
    got = None
    if result.outcome == "raised":
        kind = result.got.values["type"]
        known = isinstance(getattr(builtins, kind, None), type)
        got = plain(kind) if known else english("an error")
    return replace(result, expected=None if result.hidden else result.expected, got=got)
