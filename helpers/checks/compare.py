"""Compare the answers to an exercise with its cases: the second half of a check; the first is `collect`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..support.language import Message, english
from .cases import Case, CaseFile, Tensors
from .kinds import kind_of, shortened
from .recognise import Compared, recognise
from .watch import SWITCHES, told_name

ANSWERS = "unattempted undefined raised none tensor array list dict integer number boolean word other".split()


@dataclass(frozen=True)
class Result:
    """The outcome of one case.

    Attributes
        name, aspect: the case's.
        hidden: whether the case runs at grading only.
        outcome: passed, unattempted, undefined, raised, nothing, empty (a value that was not given), changed_input,
            type, keys, shape, length, dtype, value, prediction (one that cannot be read) or lost.
        expected, got: what differs; None for an outcome that says it all.
        diagnosis: the mistake that was recognised, or else what the case says of a wrong value.
    """

    name: str
    aspect: str
    hidden: bool
    outcome: str
    expected: Message | None = None
    got: Message | None = None
    diagnosis: Message | None = None

    @property
    def passed(self) -> bool:
        """Tell whether nothing was wrong."""
        return self.outcome == "passed"


@dataclass(frozen=True)
class Violation:
    """A forbidden way: its name, and the student's line that uses it, which may be empty."""

    name: str
    line: str


def violations(answers: object, forbidden: Iterable[str]) -> list[Violation]:
    """Return the forbidden ways that the answers to an exercise have used, each once.

    Arguments
        answers: as `compare` takes them.
        forbidden: the exercise's patterns; another name than one of theirs is none that `watch` gives.
    """
    known = {told_name(pattern) for pattern in forbidden}
    if not known or not isinstance(answers, list):
        return []
    said = [answer.get("used") for answer in answers if isinstance(answer, dict)]
    pairs = [each for each in said if isinstance(each, list) and [str, str] == list(map(type, each))]
    first: dict[str, str] = {}
    for name, line in pairs:
        if name in known.union(SWITCHES):
            first.setdefault(name, line)
    return [Violation(name, line) for name, line in first.items()]


def compare(name: str, files: Sequence[CaseFile], answers: object) -> list[Result]:
    """Compare the answers to an exercise with its cases.

    Arguments
        name: the exercise's.
        files: the public case file and, at grading, the hidden one.
        answers: a list of one a case, as `collect` makes them; or anything at all, for it comes from a student's
            process.

    Returns one result a case, in order; what is missing or malformed is "lost".
    """
    asked = [(case, file, n > 0) for n, file in enumerate(files) for case in file.exercises[name]["cases"]]
    given = answers if isinstance(answers, list) and len(answers) == len(asked) else [None] * len(asked)
    results, compared = [], []
    for (case, file, hidden), answer in zip(asked, given, strict=True):
        results.append(compare_case(case, file.tensors, answer, hidden))
        compared.append(Compared(case, file.tensors, answer, results[-1].outcome))
    recognised = recognise(files[0].exercises[name]["mistakes"], compared)
    return [
        diagnosed(result, case, sentence)
        for result, (case, _, _), sentence in zip(results, asked, recognised, strict=True)
    ]


def diagnosed(result: Result, case: Case, sentence: Message | None) -> Result:
    """Return a result with the mistake that was recognised, or else with what its case says of a wrong value."""
    if sentence is None and result.outcome == "value" and case["diagnosis"]:
        sentence = Message(case["diagnosis"], {})
    return Result(**vars(result) | {"diagnosis": sentence}) if sentence else result


def compare_case(case: Case, tensors: Tensors, answer: object, hidden: bool = False) -> Result:
    """Compare one answer with its case."""

    def result(outcome: str, *values: Message | None) -> Result:
        return Result(case["name"], case["aspect"], hidden, outcome, *values)

    if not isinstance(answer, dict) or answer.get("kind") not in ANSWERS:
        return result("lost")
    kind = answer["kind"]
    if kind in ("unattempted", "undefined"):
        return result(kind)
    if kind == "none":
        return result("empty" if case.get("value") else "nothing")
    try:
        if kind == "raised":
            return result(
                kind, None, english("{type}: {text}", type=shortened(answer, "type"), text=shortened(answer, "text"))
            )
        found = kind_of(case["expected"], tensors).mismatch(answer)
    except Exception:  # whatever a student's process sends and breaks costs that process its answer only
        return result("lost")
    if found:
        return result(found.outcome, found.expected, found.got)
    return result("changed_input" if answer.get("changed_input") else "passed")
