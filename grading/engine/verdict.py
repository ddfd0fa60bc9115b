"""Turn the answers to an exercise's cases into points and data.

A verdict is a pure function of the answers, the cases and the submission: an aspect's points where all its cases pass,
public and hidden alike, and 0 where an answer has used a forbidden way. What a kernel sends after it has seen a hidden
input could carry that input out, so a verdict repeats nothing that came from it: neither the numbers of an answer nor
the text of an error, and of a forbidden way or an unknown name no name but the exercise's or the submission's and no
line but the submission's. Of a choice among the few values of a public case it says which: that carries no more than
points do. It is stored as data, templates and values, and put into words by whoever shows it.
"""

import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypeAlias, TypedDict

from helpers.checks.cases import CaseFile
from helpers.checks.compare import Result, Violation, compare, violations
from helpers.checks.kinds import Malformed, OneOf, kind_of
from helpers.checks.report import Report
from helpers.support.language import Message, english, plain

FORMAT = 3  # of a stored verdict; another one is never read
WORD = re.compile(r"[\w.]+")  # a name or a number, in a cell
LONGEST_LINE = 300  # characters of a line that is repeated; a kernel that tells the truth sends no longer one

# The outcomes that leave nothing to say of single cases.
NO_ANSWER = {
    "unattempted": english("not attempted yet"),
    "empty": english("no answer yet"),
    "undefined": english("there is no function of this name"),
}

MessageData: TypeAlias = dict[str, Any]  # a `Message` as JSON


class AspectData(TypedDict):
    """An aspect in a stored verdict."""

    name: str
    points: float
    earned: float


class CaseData(TypedDict):
    """A case's `Result` in a stored verdict."""

    name: str
    aspect: str
    hidden: bool
    outcome: str
    expected: MessageData | None
    got: MessageData | None
    diagnosis: MessageData | None
    call: str  # empty for a hidden case


class ViolationData(TypedDict):
    """A forbidden way in a stored verdict; its line is empty where the submission has no such line."""

    name: str
    line: str


class VerdictData(TypedDict):
    """A verdict as it is stored; in a notebook the isolation in which it was made is added."""

    format: int
    exercise: str
    points: float
    maximum: float
    reason: MessageData | None
    aspects: list[AspectData]
    cases: list[CaseData]
    violations: list[ViolationData]
    advice: str
    choice: NotRequired[float | str]
    counts: NotRequired[str]  # "credited" or "dropped", where the points are not what was earned (`gradebook.points`)


@dataclass(frozen=True)
class Verdict:
    """What a test cell gets.

    Attributes
        maximum: the points that the gradebook has for the cell.
        report: what was found.
        choice: which of its few values a prediction or a decision is; None for any other answer.
    """

    maximum: float
    report: Report
    choice: float | str | None = None

    @property
    def points(self) -> float:
        """Return the points that are earned, of the gradebook's."""
        return min(self.report.points, self.maximum)

    def as_output(self, isolation: str) -> dict[str, object]:
        """Return the verdict as a MIME bundle: for people, and as data for the pages and the tables."""
        return {
            "text/html": self.report._repr_html_(),
            "text/plain": str(self.report),
            "application/json": self.as_data() | {"isolation": isolation},
        }

    def as_data(self) -> VerdictData:
        """Return the verdict as JSON."""
        report = self.report
        data: VerdictData = {
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
        if self.choice is not None:
            data["choice"] = self.choice
        return data


def report_from(data: object) -> Report:
    """Return the report of a stored verdict.

    Raises ValueError for one of another format, and for what is none.
    """
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


def result_from(case: CaseData) -> Result:
    """Return the result that `case_data` has stored."""
    expected, got, diagnosis = (
        message_from(case["expected"]),
        message_from(case["got"]),
        message_from(case["diagnosis"]),
    )
    return Result(case["name"], case["aspect"], case["hidden"], case["outcome"], expected, got, diagnosis, case["call"])


def message_from(data: MessageData | None) -> Message | None:
    """Return a stored message, if there is one."""
    return Message.from_json(data) if data else None


def case_data(result: Result) -> CaseData:
    """Return a result as JSON."""
    return {
        "name": result.name,
        "aspect": result.aspect,
        "hidden": result.hidden,
        "outcome": result.outcome,
        "expected": data_of(result.expected),
        "got": data_of(result.got),
        "diagnosis": data_of(result.diagnosis),
        "call": result.call,
    }


def data_of(message: Message | None) -> MessageData | None:
    """Return a message as JSON, if there is one."""
    return message.to_json() if message else None


def verdict(
    name: str, maximum: float, files: Sequence[CaseFile], answers: object, cells: Iterable[str] = ()
) -> Verdict:
    """Judge the answers to all cases of an exercise.

    Arguments
        name: the exercise's.
        maximum: the points that the gradebook has for it.
        files: the public and the hidden case file.
        answers: what came out of the kernel, whatever that is.
        cells: the sources of the submission's code cells: a line that uses a forbidden way is said if it is theirs.
    """
    exercise = files[0].exercises[name]
    cells = list(cells)
    words = {word for cell in cells for part in WORD.findall(cell) for word in (part, *part.split("."))}
    results = tuple(discreet(result, words) for result in compare(name, files, answers))
    lines = {line for cell in cells for text in cell.splitlines() if len(line := text.strip()) <= LONGEST_LINE}
    found = [replace(v, line=v.line if v.line in lines else "") for v in violations(answers, exercise["forbidden"])]
    report = Report(name, results, exercise["aspects"], {}, tuple(found), exercise["advice"], graded=True)
    for outcome, reason in NO_ANSWER.items():
        if all(result.outcome == outcome for result in results):
            return no_answer(report, maximum, reason)
    return Verdict(maximum, report, choice(files[0], name, answers))


def choice(public: CaseFile, name: str, answers: object) -> float | str | None:
    """Return which of the few values that its public case names an answer is, as the case has it; None for another."""
    kind = kind_of(public.exercises[name]["cases"][0]["expected"], public.tensors)
    if not isinstance(kind, OneOf) or not isinstance(answers, list) or not answers or not isinstance(answers[0], dict):
        return None
    try:
        return kind.chosen(answers[0])
    except Malformed:
        return None


def no_answer(report: Report, maximum: float, reason: Message) -> Verdict:
    """Return the verdict of a cell whose answer did not come out."""
    return Verdict(maximum, replace(report, results=(), violations=(), reason=reason))


def discreet(result: Result, words: set[str]) -> Result:
    """Return the result without anything that came from the kernel, but for the name of a built-in error.

    Of a hidden case what was expected is left out, too. What an error usually means is said, also with a name in it if
    that is one of the submission's ``words``, or one of Python's own types.
    """
    result = replace(result, expected=None if result.hidden else result.expected, line="", bars=())
    if result.outcome != "raised" or not result.got:
        return replace(result, got=None)
    kind, said = result.got.values["type"], result.diagnosis
    names = said.values.values() if said else ()
    known = all(name in words or is_builtin_type(name) for name in names)
    got = plain(kind) if is_builtin_type(kind) else english("an error")
    return replace(result, got=got, diagnosis=said if known else None)


def is_builtin_type(name: str) -> bool:
    """Tell whether a name is that of one of Python's own types."""
    return isinstance(getattr(builtins, name, None), type)
