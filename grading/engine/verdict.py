"""Turn the answers to an exercise's cases into points and data.

A verdict is a pure function of the answers, the cases and the submission: an aspect's points where all its cases pass,
public and hidden alike, and 0 where an answer has used a forbidden way. What a kernel sends after it has seen a hidden
input could carry that input out, so a verdict repeats nothing that came from it: neither the numbers of an answer nor
the text of an error, and of a forbidden way or an unknown name no name but the exercise's or the submission's and no
line but the submission's. Of a choice among the few values of a public case it says which: that carries no more than
points do. The number of a prediction it repeats where the submission's code writes that number. It is stored as data,
templates and values, and put into words by whoever shows it.
"""

import ast
import builtins
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NotRequired, TypeAlias, TypedDict, TypeGuard

from grading.repair.cell_code import module_of, python_in
from helpers.checks.cases import CaseFile
from helpers.checks.collect import Answer
from helpers.checks.compare import Result, Violation, compare, violations
from helpers.checks.kinds import Guess, Kind, Malformed, OneOf, kind_of, plain_value
from helpers.checks.report import Report
from helpers.support.language import Message, english, plain

FORMAT = 3  # of a stored verdict; another one is never read
WORD = re.compile(r"[\w.]+")  # a name or a number, in a cell
ENTRY = re.compile(r"(?<!\w)\w+(?:\[\w+\]){1,9}")  # of a dict of dicts, in a cell: each beginning of it is a word
LONGEST_CELL = 20_000  # characters of a cell in which a prediction is looked for
LARGEST = 1e15  # of the numbers that are looked for
LONGEST_LINE = 300  # characters of a line that is repeated; a kernel that tells the truth sends no longer one

# The outcomes that leave nothing to say of single cases.
NO_ANSWER = {
    "unattempted": english("not attempted yet"),
    "empty": english("no answer yet"),
    "undefined": english("there is no function of this name"),
}

TESTS = english("the tests").id  # the aspect of a test cell without cases

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
    number: NotRequired[float]
    inside: NotRequired[bool]  # true: the student's kernel gave the points, so that they can be forged
    traceback: NotRequired[str]  # of such a test cell; empty where it may not be repeated
    counts: NotRequired[str]  # "credited" or "dropped", where the points are not what was earned (`gradebook.points`)


@dataclass(frozen=True, repr=False)
class TestReport(Report):
    """What came of a test cell that gives points itself, inside the student's kernel: one aspect, and no cases."""

    given: float = 0.0  # its points

    @property
    def passed(self) -> bool:
        """Tell whether it gave all its points."""
        return self.given >= self.maximum

    def earned(self, aspect: str) -> float:
        """Return the points that were given."""
        return self.given


@dataclass(frozen=True)
class Verdict:
    """What a test cell gets.

    Attributes
        maximum: the points that the gradebook has for the cell.
        report: what was found.
        choice: which of its few values a prediction or a decision is; None for any other answer.
        number: the number of a prediction, where the submission writes it; None for any other answer.
        traceback: what Python said of a test that was run inside the student's kernel, as far as it may be repeated.
    """

    maximum: float
    report: Report
    choice: float | str | None = None
    number: float | None = None
    traceback: str = ""

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
        if self.number is not None:
            data["number"] = self.number
        if isinstance(report, TestReport):
            data["inside"], data["traceback"] = True, self.traceback
        return data


def report_from(data: object) -> Report:
    """Return the report of a stored verdict.

    Raises ValueError for one of another format, and for what is none.
    """
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError("this is no verdict of this version: grade the submission again")
    try:
        aspects = {aspect["name"]: aspect["points"] for aspect in data["aspects"]}
        if data.get("inside"):
            reason, given = message_from(data["reason"]), data["points"]
            return TestReport(data["exercise"], (), aspects, graded=True, reason=reason, given=given)
        return Report(
            data["exercise"],
            tuple(result_from(case) for case in data["cases"]),
            aspects,
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
    cells, found_out = list(cells), compare(name, files, answers)
    words = words_in(cells) if any(result.outcome == "raised" for result in found_out) else set()
    results = tuple(discreet(result, words) for result in found_out)
    found = violations(answers, exercise["forbidden"])
    lines = {line.strip() for cell in cells for line in cell.splitlines()} if found else set()
    found = [replace(v, line=v.line if v.line in lines and len(v.line) <= LONGEST_LINE else "") for v in found]
    report = Report(name, results, exercise["aspects"], {}, tuple(found), exercise["advice"], graded=True)
    for outcome, reason in NO_ANSWER.items():
        if all(result.outcome == outcome for result in results):
            return no_answer(report, maximum, reason)
    kind, answer = public_answer(files[0], name, answers)
    return Verdict(maximum, report, choice(kind, answer), predicted(name, kind, answer, cells))


def words_in(cells: Iterable[str]) -> set[str]:
    """Return the words that a submission's cells write, their parts, and the beginnings of entries as in `a[b][c]`."""
    words: set[str] = set()
    entries: list[str] = []
    for cell in cells:
        words |= {word for part in WORD.findall(cell) for word in (part, *part.split("."))}
        entries += ENTRY.findall(cell)
    return words | {entry[: end + 1] for entry in entries for end, sign in enumerate(entry) if sign == "]"}


def public_answer(public: CaseFile, name: str, answers: object) -> tuple[Kind, Answer]:
    """Return what an exercise's first public case expects, and the answer to it; an empty one where there is none."""
    kind = kind_of(public.exercises[name]["cases"][0]["expected"], public.tensors)
    given = answers[0] if isinstance(answers, list) and answers else None
    return kind, given if isinstance(given, dict) else {}


def choice(kind: Kind, answer: Answer) -> float | str | None:
    """Return which of a few values an answer is, as its case has it; None for another, and where there are no few."""
    try:
        return kind.chosen(answer) if isinstance(kind, OneOf) else None
    except Malformed:
        return None


def predicted(name: str, kind: Kind, answer: Answer, cells: Iterable[str]) -> float | None:
    """Return the number of a prediction; None for what is none, and where no cell that has its name writes the number.

    A kernel that has seen hidden inputs could hand one over as the value of a prediction. What was written before the
    kernel started cannot hold one.
    """
    try:
        guessed = plain_value(answer) if isinstance(kind, Guess) and not kind.mismatch(answer) else None
    except Malformed:
        return None
    if not isinstance(guessed, float):
        return None
    return guessed if any(abs(guessed) in numbers_in(cell) for cell in cells if name in cell) else None


def numbers_in(source: str) -> set[float]:
    """Return the numbers that a cell's code writes, without their signs: those like 0.05, and those like 1 / 20."""
    tree = module_of(python_in(source)) if len(source) <= LONGEST_CELL else None
    nodes = list(ast.walk(tree)) if tree else []
    parts = [(constant(node.left), constant(node.right)) for node in nodes if is_quotient(node)]
    return {abs(over / under) for over, under in parts if over is not None and under} | {
        abs(each) for node in nodes if (each := constant(node)) is not None
    }


def is_quotient(node: ast.AST) -> TypeGuard[ast.BinOp]:
    """Tell whether a node of code divides."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def constant(node: ast.AST) -> float | None:
    """Return the number that a node of code is; None for any other node, and for a number beyond all predictions."""
    value = node.value if isinstance(node, ast.Constant) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST:
        return float(value)
    return None


def given_inside(
    name: str, maximum: float, given: float, reason: Message | None = None, traceback: str = ""
) -> Verdict:
    """Return the verdict of a test cell that gives points itself.

    Arguments
        name: the exercise's.
        maximum: the points that the gradebook has for it.
        given: those that it gave.
        reason: why not all; None where there is nothing to say.
        traceback: what Python said, as far as it may be repeated.
    """
    report = TestReport(name, (), {TESTS: maximum}, graded=True, reason=reason, given=given)
    return Verdict(maximum, report, traceback=traceback)


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
