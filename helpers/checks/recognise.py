"""Recognise a wrong answer by its numbers: those of known mistakes, which the case file holds, and three general ones.

An exercise has `mistakes`, the sentence of each. A case has `mistakes` as well: groups [[index of the sentence,
...], size, place, near], where the tensor at that place has a row for each, a `sample_of` the numbers that this
mistake gives there, `size` in all; with `near` their difference from the reference. They are bfloat16: the upper
halves of float32, to half a per cent. A mistake that passes a case has no numbers in it. The case files' author
writes the wrong answers and `grading.authoring.draw` runs them, so nothing here computes an answer.

A sentence is said where it explains every case of the exercise. One that explains some of them only is said there, if
the numbers are many or several cases agree. A general recogniser speaks only where all cases agree.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..support.language import Message, english, english_counted
from .cases import Case, Expected, Tensors
from .collect import Answer
from .kinds import Kind, Numbers, at, kind_of, value_of

Floats: TypeAlias = npt.NDArray[np.float64]

FLOAT32_UNDERFLOW = 1e-36
MOST_NUMBERS = 5  # of each part of an answer, by which a mistake is recognised
ABOUT_NUMBERS = ("value", "keys", "shape", "length", "property")  # the outcomes of an answer that has numbers


class Compared:
    """One case beside its answer, as numbers.

    Arguments
        case, tensors: the case, and the tensors of its file.
        answer: what came out; anything at all for an outcome that has no numbers.
        outcome: that of its `compare.Result`.

    Attributes
        right, given: the numbers of the reference and of the answer; empty where they are none.
        floor: the size below which two numbers count as the same.
        failed: whether the answer has numbers that are wrong.
        known: the mistakes that the case tells from a right answer, as indices of their sentences.
        matched: those of them whose numbers these are.
    """

    def __init__(self, case: Case, tensors: Tensors, answer: Answer, outcome: str) -> None:
        self.case, self.tensors, self.outcome = case, tensors, outcome
        kind = kind_of(case["expected"], tensors)
        self.right, self.given, self.sampled = flat(kind.numbers()), np.zeros(0), np.zeros(0)
        if outcome in (*ABOUT_NUMBERS, "passed", "changed_input"):
            try:
                numbers = value_of(answer)
                self.given, self.sampled = flat(numbers), sample_of(numbers, case["expected"])
            except Exception:  # an answer too odd to have numbers
                self.outcome = "lost"
        self.floor = max(FLOAT32_UNDERFLOW, *floors(kind))
        self.failed = outcome in ABOUT_NUMBERS and self.given.size > 0
        self.known = {index for indices, *_ in case.get("mistakes", ()) for index in indices}
        self.matched = self.matching() if self.failed else set()

    def matching(self) -> set[int]:
        """Return the mistakes whose numbers these are, a hundred times better than the reference."""
        found: set[int] = set()
        right = sample_of(kind_of(self.case["expected"], self.tensors).numbers(), self.case["expected"])
        for indices, size, place, near in self.case.get("mistakes", ()):
            for index, numbers in zip(indices, from_bfloat16(at(place, self.tensors)), strict=True):
                wrong = right + numbers if near else numbers
                off = distance(self.sampled, wrong, self.floor) if size == self.given.size else math.inf
                far = distance(right, wrong, self.floor) if size == self.right.size else math.inf
                if off <= 5e-3 and far > max(100 * off, 1e-14):
                    found.add(index)
        return found

    def explained_by(self, mistake: int) -> bool:
        """Tell whether this mistake would have come to this outcome."""
        return mistake in self.matched if self.failed else mistake not in self.known


def recognise(mistakes: Sequence[str], compared: Sequence[Compared]) -> list[Message | None]:
    """Return what to say of each case of an exercise, or None; `mistakes` are the sentences that it has."""
    if not any(case.failed for case in compared):
        return [None] * len(compared)
    scores = Counter(mistake for case in compared for mistake in case.matched)
    explained = {m: sum(case.explained_by(m) for case in compared) for m in scores}
    best = sorted(scores, key=lambda m: (-explained[m], m))
    if best and explained[best[0]] == len(compared):
        return [Message(mistakes[best[0]], {}) if case.failed else None for case in compared]
    by_value = all(case.outcome == "value" for case in compared if case.failed)  # a shape is said as such
    general = next(filter(None, (rule(compared) for rule in GENERAL)), None) if by_value else None
    if general:
        return [general if case.failed else None for case in compared]
    said: list[Message | None] = []
    elsewhere = set[int]().union(*(case.known for case in compared if case.outcome == "passed"))
    best.sort(key=lambda m: m in elsewhere)  # first a mistake with which no case would have passed
    for case in compared:
        telling = np.count_nonzero(np.isfinite(case.given) & (case.given != 0))  # nan and 0 come from many mistakes
        least = 5 if np.all(case.right == np.rint(case.right)) else 2  # of whole numbers some agree by chance
        found = [m for m in best if m in case.matched and telling and (scores[m] > 1 or telling >= least)]
        said.append(Message(mistakes[found[0]], {}) if found else None)
    return said


# What every case must agree with


def off_by_one(compared: Sequence[Compared]) -> Message | None:
    """Return what to say where every count is one too few, or one too many."""
    differences = {float(d) for case in compared for d in (case.given - case.right if alike(case) else [math.nan])}
    if len(compared) < 2 or not all("integer" in case.case["expected"] for case in compared):
        return None
    if differences == {-1.0}:
        return english("Your numbers match a count that is one too few.")
    return english("Your numbers match a count that is one too many.") if differences == {1.0} else None


def rounded(compared: Sequence[Compared]) -> Message | None:
    """Return what to say where every number is rounded to so many decimals."""
    if sum(case.failed for case in compared) < 2 or not all(map(alike, compared)):
        return None
    for digits in range(1, 7):
        far = [distance(case.given, within_digits(case, digits), case.floor) for case in compared]
        if all(
            d <= 1e-7 and (not case.failed or distance(case.given, case.right, case.floor) > 100 * d)
            for d, case in zip(far, compared, strict=True)
        ):
            return english_counted(
                "Your numbers are rounded to {count} decimal: return them as they are.",
                "Your numbers are rounded to {count} decimals: return them as they are.",
                digits,
            )
    return None


def within_digits(case: Compared, digits: int) -> Floats:
    """Return the numbers of a reference as rounding leaves them; what an answer has in full stays as it is."""
    return np.where(case.given == case.right, case.right, case.right.round(digits))


def in_float32(compared: Sequence[Compared]) -> Message | None:
    """Return what to say where float64 is asked for and the numbers are right to some of its digits only."""
    failed = [case for case in compared if case.failed]
    if not all(dtypes(case.case["expected"]) == {"float64"} and nearly_right(case) for case in failed):
        return None
    if all(np.array_equal(case.given, case.given.astype(np.float32)) for case in failed):
        return english("These numbers are nearly right, as if computed in float32: keep float64 all the way through.")
    return english("These numbers are nearly right: something small is added, or lost by rounding or in float32.")


def nearly_right(case: Compared) -> bool:
    """Tell whether every number is nearly right, or near beside the largest: a small one may have lost all digits."""
    largest = np.abs(case.right).max(initial=0.0)
    near = distance(case.given, case.right, largest)
    return 1e-10 < near < 5e-4 or distance(case.given, case.right, case.floor) <= 1e-10


GENERAL = (off_by_one, rounded, in_float32)


# Numbers


def alike(case: Compared) -> bool:
    """Tell whether an answer has as many numbers as the reference."""
    return case.given.shape == case.right.shape


def parts_of(expected: Expected) -> list[Expected]:
    """Return the expected values within an expected value."""
    pairs = expected.get("dict", ())
    return [*expected.get("list", ()), *expected.get("tuple", ()), *(item for _, item in pairs)]


def dtypes(expected: Expected) -> set[str]:
    """Return the dtypes that the arrays in an expected value may have."""
    return set(expected.get("dtypes", ())).union(*map(dtypes, parts_of(expected)))


def floors(kind: Kind) -> list[float]:
    """Return the floors of the values in an expected value."""
    inner = parts_of(kind.expected)
    return [each for part in inner for each in floors(kind_of(part, kind.tensors))] if inner else [kind.floor]


def flat(value: Numbers) -> Floats:
    """Return all numbers in a value, in order, in one float64 array; dicts by their keys, truth values left out."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=lambda key: (isinstance(key, str), key))]
    if isinstance(value, (list, tuple)):
        return np.concatenate([np.zeros(0), *map(flat, value)])
    array = np.asarray(value)
    return np.zeros(0) if array.dtype.kind not in "iuf" else array.astype(np.float64).ravel()


def from_bfloat16(halves: npt.NDArray[np.uint16]) -> Floats:
    """Return the numbers whose upper halves, of float32, are given."""
    return (halves.astype(np.uint32) << 16).view(np.float32).astype(np.float64)


def sample_of(value: Numbers, expected: Expected) -> Floats:
    """Return at most `MOST_NUMBERS` of the numbers in a value, from the first to the last; of each part of a tuple."""
    parts = value if "tuple" in expected and isinstance(value, list) else [value]
    found = [np.zeros(0)]
    for part in map(flat, parts):
        found.append(part[np.linspace(0, part.size - 1, min(part.size, MOST_NUMBERS)).astype(int)])
    return np.concatenate(found)


def distance(a: Floats, b: Floats, floor: float = FLOAT32_UNDERFLOW) -> float:
    """Measure the largest relative difference of two flat arrays.

    Arguments
        a, b: the numbers, and those that they are to be.
        floor: the least size that a number of b counts with.

    Returns infinity where they differ in number, or in which of them are finite.
    """
    if a.shape != b.shape:
        return math.inf
    with np.errstate(all="ignore"):
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        if not (same | (np.isfinite(a) & np.isfinite(b))).all():
            return math.inf
        return float(np.where(same, 0.0, np.abs(a - b) / np.maximum(np.abs(b), floor)).max(initial=0.0))
