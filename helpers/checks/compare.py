"""Compare the answers to an exercise with its cases: the second half of a check; the first is `collect`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..support.language import Message, english
from .calls import call
from .cases import Case, CaseFile, StoredExercise, Tensors
from .collect import Answer
from .errors import explained
from .kinds import any_of, kind_of, shortened, value_of
from .recognise import Compared, flat, recognise
from .watch import SWITCHES, told_name

CHANGED = {  # what to say of a right answer that changed an argument of this kind
    "list": english("the answer is right, but your function wrote into its argument, a list: work on a copy of it"),
    "dict": english("the answer is right, but your function wrote into its argument, a dict: work on a new dict"),
}
ANSWERS = "unattempted undefined raised none tensor array list dict integer number boolean word other".split()


@dataclass(frozen=True)
class Result:
    """The outcome of one case.

    Attributes
        name, aspect: the case's.
        hidden: whether the case runs at grading only.
        outcome: passed, unattempted, undefined, raised, nothing, empty (a value that was not given), changed_input,
            type, keys, shape, length, dtype, value, property, prediction (one that cannot be read) or lost.
        expected, got: what differs; None for an outcome that says it all.
        diagnosis: the mistake that was recognised, or else what this difference or error usually means.
        call: the call as Python; empty for a hidden case, and where nothing is called.
        line: the student's line that an error came from; may be empty.
        bars: expected numbers and given ones, to be drawn side by side; may be empty.
    """

    name: str
    aspect: str
    hidden: bool
    outcome: str
    expected: Message | None = None
    got: Message | None = None
    diagnosis: Message | None = None
    call: str = ""
    line: str = ""
    bars: tuple[list[float], ...] = ()

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
    public, function = files[0].exercises[name], files[0].function(name)
    for (case, file, hidden), answer in zip(asked, given, strict=True):
        result = compare_case(case, file.tensors, answer, hidden)
        results.append(result if hidden else replace(result, call=call(function, case, file.tensors)))
        compared.append(Compared(case, file.tensors, answer, result.outcome))
    recognised = recognise(public["mistakes"], compared)
    words = sorted({repr(case["expected"]["word"]) for case in public["cases"] if "word" in case["expected"]})
    return with_one_hint(
        [
            replace(result, diagnosis=known or result.diagnosis or hint_of(case, result, words))
            for result, known, (case, _, _) in zip(results, recognised, asked, strict=True)
        ],
        {known.id for known in recognised if known},
    )


def hint_of(case: Case, result: Result, words: Sequence[str]) -> Message | None:
    """Return what to say of a wrong value: what a case says or, of a word that no case has, which words there are."""
    if result.outcome != "value":
        return None
    if words and "word" in case["expected"] and str(result.got) not in words:
        return english("Return one of these texts, letter for letter: {words}.", words=any_of(words))
    return Message(case["diagnosis"], {}) if case["diagnosis"] else None


def with_one_hint(results: Sequence[Result], recognised: set[str]) -> list[Result]:
    """Return results with one hint on wrong values, or with none where a public case shows a known mistake.

    The hint is that of the first public case that fails, the plainest. Where a mistake shows there, the hints of later
    cases, each on something of its own, would be false beside it.
    """
    found: list[Result] = []
    known = {each.diagnosis.id for each in results if each.diagnosis and not each.hidden} & recognised
    only = "" if known else None
    for result in results:
        hint = result.diagnosis.id if result.outcome == "value" and result.diagnosis else None
        if hint and hint not in recognised:
            only = hint if only is None and not result.hidden else only
            if only is not None and hint != only:
                result = replace(result, diagnosis=None)
        found.append(result)
    return found


def keys_of(case: Case) -> str:
    """Return what a case gives in lists and as keys of dicts, as texts with a blank behind each."""
    args = [arg for arg in case["args"] if isinstance(arg, dict)]
    given = [each for arg in args for each in (*arg.get("list", ()), *(key for key, _ in arg.get("dict", ())))]
    return "".join(f"{each} " for each in given)


def shown_by(exercise: StoredExercise, answers: Sequence[Answer]) -> Message | None:
    """Return what an exercise says of right answers to its public cases, with the student's number, if anything."""
    if "shown" not in exercise:
        return None
    text, name, index = exercise["shown"]
    given = {case["name"]: answer for case, answer in zip(exercise["cases"], answers, strict=True)}
    return Message(text, {"number": float(flat(value_of(given[name]))[index])} if name else {})


def compare_case(case: Case, tensors: Tensors, answer: object, hidden: bool = False) -> Result:
    """Compare one answer with its case."""

    def result(outcome: str, **fields: Any) -> Result:
        return Result(case["name"], case["aspect"], hidden, outcome, **fields)

    if not isinstance(answer, dict) or answer.get("kind") not in ANSWERS:
        return result("lost")
    kind = answer["kind"]
    if kind in ("unattempted", "undefined"):
        return result(kind)
    if kind == "none":
        return result("empty" if case.get("value") else "nothing")
    try:
        if kind == "raised":
            name, text, line = (shortened(answer, key) for key in ("type", "text", "line"))
            got, keys = english("{type}: {text}", type=name, text=text), keys_of(case) if name == "KeyError" else ""
            return result(kind, got=got, diagnosis=explained(name, text, line, keys), line=line)
        found = kind_of(case["expected"], tensors).mismatch(answer)
    except Exception:  # whatever a student's process sends and breaks costs that process its answer only
        return result("lost")
    if found:
        return result(found.outcome, expected=found.expected, got=found.got, diagnosis=found.advice, bars=found.bars)
    if answer.get("changed_input"):
        kinds = [next(iter(arg)) for arg in case["args"] if isinstance(arg, dict)]
        return result("changed_input", diagnosis=next((CHANGED[each] for each in kinds if each in CHANGED), None))
    return result("passed")
