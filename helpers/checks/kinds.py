"""What an answer may be: a small class for each kind of expected value, how it is compared and what is said of it.

`collect` turns whatever a function returns into JSON; here it meets the reference. Pure functions of data, with numpy
only: the grading process compares with them, far from the student's code, and the notebook with the same ones. An
expected value is a dict, told apart by its key:

    {"array": place, "dtypes": {dtype: bound}}   an array or tensor of that shape; "numpy": true asks for numpy's
    {"number": value, "rtol", "atol"}            a number, nan where the reference is nan
    {"integer": value}, {"boolean": value}, {"word": text}
    {"guess": [low, high], "how": text}          any plain number between these, with "whole": true a whole one; the
                                                 text says how to write one
    {"one_of": [value, ...]}                     one of these numbers and words
    {"list": [expected, ...]}                    a list, tuple or array of so many values
    {"tuple": [expected, ...]}                   the same of values with names of their own
    {"dict": [[key, expected], ...]}             a dict with exactly these keys, in any order
    {"text": text}                               any text, where "word" is one of a few
    {"properties": [[formula, sentence], ...], "like": expected, "names": [name, ...], "given": {name: tensor}, ...}
                                                 any answer of the same form of which these formulas are true; the
                                                 names are those of its parts, and "rtol" and "atol" belong to it

each with an optional "label", what the student calls it, and an optional "hint", what a wrong value there usually
means. A tuple's "order" says in which order its values come about, where that is another one. A place is the name of a
tensor in the case file and the indices of a part of it. A bound is {"rtol", "atol"}, or the place of a bound for every
entry.
"""

import base64
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from ..support.language import Message, english, english_counted, plain
from .cases import Expected, Place, Tensors
from .collect import MAX_ITEMS, Answer, encode

Numbers: TypeAlias = "float | npt.NDArray[Any] | list[Numbers] | dict[str | float, Numbers] | None"
Reals: TypeAlias = npt.NDArray[Any] | np.float64  # an array, or one number
Truths: TypeAlias = npt.NDArray[np.bool_] | np.bool_

DTYPES = {"bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"}
MOST_BARS = 64  # of a picture
PAIR = re.compile(r"\([^()]*\)")  # a tuple, as text


class Malformed(Exception):
    """An answer that `collect` never writes."""


@dataclass(frozen=True)
class Mismatch:
    """How an answer differs.

    Attributes
        outcome: one of `compare.Result`: type, keys, shape, length, dtype, value or property.
        expected, got: what differs.
        advice: what this usually means, if that is known.
        bars: expected numbers and given ones, to be drawn side by side; empty where there is nothing to see.
    """

    outcome: str
    expected: Message
    got: Message
    advice: Message | None = None
    bars: tuple[list[float], ...] = ()


def at(place: Place, tensors: Tensors) -> npt.NDArray[Any]:
    """Return the part of a case file's tensor that a place names."""
    name, *indices = place
    part: npt.NDArray[Any] = tensors[name][tuple(indices)]
    return part


def kind_of(expected: Expected, tensors: Tensors, label: str = "") -> "Kind":
    """Return an expected value as an object of its kind."""
    found = next(each for each in KINDS if each.key in expected)
    return found(expected, tensors, label or expected.get("label", ""))


@dataclass(frozen=True)
class Kind:
    """An expected value.

    Attributes
        expected: the value as the case file has it.
        tensors: those of the case file.
        label: what the student calls the value; empty where it has no name.
    """

    expected: Expected
    tensors: Tensors = field(repr=False)
    label: str

    key: ClassVar[str]

    @property
    def value(self) -> Any:
        """Return what the case file has under the key of this kind."""
        return self.expected[self.key]

    @property
    def floor(self) -> float:
        """Return the size below which a number is 0 on one processor and not on another."""
        return 0.0

    def asked(self) -> Message:
        """Return in words what kind of value is asked for."""
        raise NotImplementedError

    def mismatch(self, answer: Answer) -> Mismatch | None:
        """Return how an answer differs, or None; a wrong value with the hint that is nearest to it.

        Raises `Malformed` for an answer that `collect` never writes.
        """
        found, hint = self.difference(answer), self.expected.get("hint")
        if found and found.outcome == "value" and hint and not found.advice:
            return replace(found, advice=Message(hint, {}))
        return found

    def difference(self, answer: Answer) -> Mismatch | None:
        """Return how an answer differs, as `mismatch` does, without this value's own hint."""
        raise NotImplementedError

    def chosen(self, answer: Answer) -> float | str | None:
        """Return the number or the word that a right answer stands for; None for another answer."""
        return plain_value(answer)

    def numbers(self) -> Numbers:
        """Return the reference as numbers, arrays, lists and dicts of them; None for what has none."""
        return None

    def text(self) -> str:
        """Return the reference as Python."""
        return repr(self.value)

    def wrong(self, outcome: str, expected: Message, got: Message, advice: Message | None = None) -> Mismatch:
        """Return a mismatch of this value, by its name."""
        return Mismatch(outcome, with_label(self.label, expected), got, advice)

    def wrong_type(self, answer: Answer, advice: Message | None = None) -> Mismatch:
        """Return the mismatch with an answer of another kind."""
        return self.wrong("type", self.asked(), describe(answer), advice)


class Array(Kind):
    """An array or tensor, each entry within its bound."""

    key = "array"

    @property
    def reference(self) -> npt.NDArray[Any]:
        """Return the array to compare with."""
        return at(self.value, self.tensors)

    def asked(self) -> Message:
        return with_shape(self.reference, "array" if self.expected.get("numpy") else "tensor")

    def difference(self, answer: Answer) -> Mismatch | None:
        reference, kind = self.reference, answer.get("kind")
        if kind not in ("tensor", "array") or (kind == "array" and not self.expected.get("numpy")):
            given = str(answer.get("type") if kind == "list" else kind)
            return self.wrong_type(answer, None if self.expected.get("numpy") else NO_TENSOR.get(given))
        array = array_of(answer)
        if array.shape != reference.shape:
            asked, got = (english("shape {shape}", shape=str(shape)) for shape in (reference.shape, array.shape))
            return self.wrong("shape", asked, got, of_shapes(reference.shape, array.shape))
        if answer["dtype"] not in self.expected["dtypes"]:
            return self.wrong("dtype", any_of(self.expected["dtypes"]), plain(answer["dtype"]))
        bound = self.expected["dtypes"][answer["dtype"]]
        bound = bound_of(bound, reference) if isinstance(bound, dict) else at(bound, self.tensors).astype(np.float64)
        good = agrees(array.astype(np.float64), reference, bound)
        if good.all():
            return None
        lost = np.isnan(array) & ~good  # a nan says most
        place = tuple(int(i) for i in np.argwhere(np.atleast_1d(lost if lost.any() else ~good))[0])
        pair = np.atleast_1d(reference)[place], np.atleast_1d(array)[place]
        right, wrong = map(str, map(bool, pair)) if array.dtype == bool else in_digits(*pair)
        if not np.ndim(reference):
            return self.wrong("value", plain(right), plain(wrong))
        where = self.label + f"[{', '.join(map(str, place))}]"
        bars = [side[place[:-1]].tolist() for side in (reference, array)] if reference.shape[-1] <= MOST_BARS else []
        return Mismatch("value", with_label(where, plain(right)), of_many(wrong, good), bars=tuple(bars))

    def numbers(self) -> Numbers:
        return self.reference


class Number(Kind):
    """A number within its bound."""

    key = "number"

    @property
    def floor(self) -> float:
        atol: float = self.expected["atol"]
        return atol / 100

    def asked(self) -> Message:
        return english("a number")

    def difference(self, answer: Answer) -> Mismatch | None:
        number = number_of(answer)
        if number is None:
            return self.wrong_type(answer, no_number(answer))
        reference = np.float64(self.value)
        if agrees(np.float64(number), reference, bound_of(self.expected, reference)):
            return None
        right, wrong = in_digits(reference, number)
        return self.wrong("value", plain(right), plain(wrong))

    def numbers(self) -> float:
        number: float = self.value
        return number


class Integer(Kind):
    """A whole number, of whatever type."""

    key = "integer"

    def asked(self) -> Message:
        return english("a whole number")

    def difference(self, answer: Answer) -> Mismatch | None:
        number = number_of(answer)
        if number is None or not number.is_integer():
            return self.wrong_type(answer, no_number(answer))
        return None if number == self.value else self.wrong("value", plain(self.text()), plain(f"{number:.0f}"))

    def numbers(self) -> float:
        number: float = self.value
        return number


class Boolean(Kind):
    """A truth value."""

    key = "boolean"

    def asked(self) -> Message:
        return english("True or False")

    def difference(self, answer: Answer) -> Mismatch | None:
        value = boolean_of(answer)
        if value is None:
            return self.wrong_type(answer)
        return None if value == self.value else self.wrong("value", plain(self.text()), plain(str(value)))


class Word(Kind):
    """A text, letter for letter."""

    key = "word"

    def asked(self) -> Message:
        return english("a text")

    def difference(self, answer: Answer) -> Mismatch | None:
        if answer.get("kind") != "word":
            return self.wrong_type(answer)
        text = shortened(answer, "value")
        return None if text == self.value else self.wrong("value", plain(self.text()), plain(repr(text)))


class Text(Word):
    """Any text, letter for letter."""

    key = "text"


class Guess(Kind):
    """Any plain number between two others."""

    key = "guess"

    def asked(self) -> Message:
        return Message(self.expected["how"])

    def chosen(self, answer: Answer) -> float | str | None:
        (low, high), number = self.value, plain_value(answer)
        if not isinstance(number, float) or not low <= number <= high or (self.expected.get("whole") and number % 1):
            return None
        return number

    def difference(self, answer: Answer) -> Mismatch | None:
        if self.chosen(answer) is not None:
            return None
        how = how_written(self.asked(), answer)
        if answer.get("kind") == "word" and not any(isinstance(value, str) for value in self.value):
            how = english("{how}, without quotation marks", how=how)
        return self.wrong("prediction", how, describe(answer))


class OneOf(Guess):
    """One of a few numbers and words."""

    key = "one_of"

    def asked(self) -> Message:
        shown = (f'"{value}"' if isinstance(value, str) else str(value) for value in self.value)
        return english("write {choices}", choices=any_of(shown))

    def chosen(self, answer: Answer) -> float | str | None:
        """Return the value that an answer chooses, as the case file has it, however a word is capitalised."""
        given = folded(plain_value(answer))
        return next((value for value in self.value if folded(value) == given), None)


class List(Kind):
    """A list, tuple or array of so many values."""

    key = "list"

    @property
    def items(self) -> list[Kind]:
        """Return the expected values in order."""
        return [kind_of(item, self.tensors, f"{self.label}[{i}]") for i, item in enumerate(self.value)]

    def asked(self) -> Message:
        return english_counted("a list of {count} value", "a list of {count} values", len(self.value))

    def difference(self, answer: Answer) -> Mismatch | None:
        given = items_of(answer)
        if given is None:
            return self.wrong_type(answer)
        if len(given) != len(self.value):
            asked, got = values(len(self.value)), values(len(given))
            return self.wrong("length", asked, got, self.of_length(len(given)))
        items = self.items
        found = [item.mismatch(value) for item, value in zip(items, given, strict=True)]
        order: Iterable[int] = self.expected.get("order", range(len(found)))
        first = next(filter(None, (found[i] for i in order)), None)
        if first and first.outcome == "value" and all(isinstance(item, Number) for item in items):
            good = np.array([each is None for each in found])
            bars = [[item.value for item in items], [number_of(value) or 0.0 for value in given]]
            return replace(first, got=of_many(first.got, good), bars=tuple(bars) if len(good) <= MOST_BARS else ())
        return first

    def of_length(self, given: int) -> Message | None:
        """Return what it means that so many values are given, if that is known."""
        return EARLY if 0 < given <= len(self.value) / 2 else None

    def numbers(self) -> Numbers:
        return [item.numbers() for item in self.items]


class Tuple(List):
    """A list, tuple or array of values with names of their own."""

    key = "tuple"

    @property
    def items(self) -> list[Kind]:
        return [kind_of(item, self.tensors) for item in self.value]

    def asked(self) -> Message:
        return english("a tuple ({names})", names=self.names())

    def names(self) -> str:
        """Return what the values are called."""
        return ", ".join(item.label or "value" for item in self.items)

    def of_length(self, given: int) -> Message:
        return english("Return all {count}: {names}.", count=len(self.value), names=self.names())

    def difference(self, answer: Answer) -> Mismatch | None:
        found, given = super().difference(answer), items_of(answer)
        if found and given and len(given) == len(self.value) <= 4:
            for order in permutations(given):
                if not super().difference({"kind": "list", "items": list(order)}):
                    return replace(found, advice=english("These are the right values in another order."))
        return found


class Dict(Kind):
    """A dict with exactly these keys, in any order."""

    key = "dict"

    @property
    def items(self) -> list[tuple[str | float, Kind]]:
        """Return (key, expected value) in order."""
        return [(key, kind_of(item, self.tensors, f"{self.label}[{key!r}]")) for key, item in self.value]

    def asked(self) -> Message:
        return english("a dict with the keys {keys}", keys=", ".join(repr(key) for key, _ in self.value))

    def difference(self, answer: Answer) -> Mismatch | None:
        if answer.get("kind") != "dict":
            return self.wrong_type(answer)
        try:
            given = dict(answer["items"])
            if not all(isinstance(value, dict) for value in given.values()):
                raise Malformed
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed from error
        if set(given) != {key for key, _ in self.value}:
            asked = [key for key, _ in self.value]
            right, came = (
                english("the keys {keys}", keys=keys_text(some) or "()") for some in (asked, list(given)[:8])
            )
            return self.wrong("keys", right, came, of_keys(asked, list(given)))
        return next(filter(None, (item.mismatch(given[key]) for key, item in self.items)), None)

    def numbers(self) -> Numbers:
        return {key: item.numbers() for key, item in self.items}


class Properties(Kind):
    """One of many answers, known by the formulas that are true of it."""

    key = "properties"

    @property
    def like(self) -> Kind:
        """Return a value of the form that is asked for."""
        return kind_of(self.expected["like"], self.tensors, self.label)

    def asked(self) -> Message:
        return self.like.asked()

    def difference(self, answer: Answer) -> Mismatch | None:
        from .formulas import misshapen  # most notebooks go without

        found: Mismatch | None = misshapen(self.like, answer, items_of)
        return found or next((Mismatch("property", plain(said[0]), *said[1:]) for said in self.lacking(answer)), None)

    def lacking(self, answer: Answer) -> Iterator[tuple[str, Message, Message]]:
        """Yield (formula, what came out, what to say) for each formula that is not true of an answer of this form."""
        from .formulas import lacking

        return lacking(self.expected, self.tensors, value_of(answer))

    def text(self) -> str:
        return ", ".join(formula for formula, _ in self.value)


KINDS: tuple[type[Kind], ...] = (
    Array,
    Number,
    Integer,
    Boolean,
    Word,
    Text,
    Guess,
    OneOf,
    List,
    Tuple,
    Dict,
    Properties,
)


# Answers, as `collect` sends them


def listed(answer: Answer) -> list[Answer]:
    """Return the items of a list.

    Raises `Malformed` where they are no answers.
    """
    items = answer.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Malformed
    return items


def items_of(answer: Answer) -> list[Answer] | None:
    """Return the items of a list, or the rows of an array, as plain answers; None for anything else."""
    if answer.get("kind") == "list":
        return listed(answer)
    if answer.get("kind") in ("tensor", "array"):
        array = array_of(answer)
        if array.ndim:
            shared = {key: answer[key] for key in ("kind", "dtype", "stored")}
            rows = [np.ascontiguousarray(row) for row in array[: MAX_ITEMS + 1]]  # no answer has more
            shape = list(array.shape[1:])
            return [{**shared, "shape": shape, "data": base64.b64encode(row.tobytes())} for row in rows]
    return None


def number_of(answer: Answer) -> float | None:
    """Return a real number, a 0-d array's included, as a float; None for anything else."""
    if answer.get("kind") in ("integer", "number"):
        value = answer.get("value")
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise Malformed
        try:
            return float(value)
        except ValueError as error:
            raise Malformed from error
    if answer.get("kind") in ("tensor", "array"):
        array = array_of(answer)
        return float(array.reshape(())) if array.ndim == 0 and array.dtype.kind in "iuf" else None
    return None


def plain_value(answer: Answer) -> float | str | None:
    """Return the number or the text that an answer plainly is, no tensor; None for anything else."""
    if answer.get("kind") == "word":
        return shortened(answer, "value")
    return None if answer.get("kind") == "tensor" else number_of(answer)


def folded(value: float | str | None) -> float | str | None:
    """Return a word without capitals and outer spaces; anything else as it is."""
    return value.strip().casefold() if isinstance(value, str) else value


def boolean_of(answer: Answer) -> bool | None:
    """Return a truth value, a 0-d array's included and 0 and 1 too; None for anything else."""
    if answer.get("kind") == "boolean":
        value = answer.get("value")
        if not isinstance(value, bool):
            raise Malformed
        return value
    if answer.get("stored") == "bool" and not answer.get("shape"):
        return bool(array_of(answer).reshape(()))
    number = number_of(answer)
    return bool(number) if number in (0, 1) else None


def array_of(answer: Answer) -> npt.NDArray[Any]:
    """Rebuild an array.

    Raises `Malformed` where dtype, shape and bytes do not fit.
    """
    try:
        stored, shape, data = answer["stored"], answer["shape"], base64.b64decode(answer["data"], validate=True)
        if stored not in DTYPES or not isinstance(answer["dtype"], str):
            raise Malformed
        if not all(isinstance(n, int) and 0 <= n <= len(data) for n in shape):
            raise Malformed
        return np.frombuffer(data, dtype=stored).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed from error


def value_of(answer: Answer) -> Numbers:
    """Return an answer as numbers, arrays, lists and dicts of them; None for anything else."""
    kind = answer.get("kind")
    if kind == "list":
        return [value_of(item) for item in listed(answer)]
    if kind == "dict":
        return {key: value_of(value) for key, value in answer["items"]}
    return array_of(answer) if kind in ("tensor", "array") else number_of(answer)


def describe(answer: Answer) -> Message:
    """Say in words what kind of thing an answer is."""
    kind = answer.get("kind")
    if kind == "array" and not answer.get("shape"):  # a number of numpy's
        answer = encode(array_of(answer).item())
        kind = answer["kind"]
    if kind in ("tensor", "array"):
        return with_shape(array_of(answer), kind)
    if kind == "boolean":
        return english("the truth value {value}", value=str(boolean_of(answer)))
    if kind == "number":
        return english("the number {value}", value=str(number_of(answer)))
    if kind == "integer":
        return english("the whole number {value}", value=f"{number_of(answer):.0f}")
    if kind == "word":
        return english("the text {value}", value=repr(shortened(answer, "value")))
    if kind == "list":
        name, count = shortened(answer, "type"), len(listed(answer))
        return english_counted("a {type} of {count} item", "a {type} of {count} items", count, type=name)
    if kind == "dict":
        return english("a dict")
    if answer.get("type") == "int":  # `collect` sends no larger one
        return english("a whole number of more than 15 digits")
    return plain("None") if kind == "none" else english("an object of type {type}", type=shortened(answer, "type"))


def with_shape(array: npt.NDArray[Any], kind: str) -> Message:
    """Return a tensor or an array in words."""
    shape = str(array.shape)
    if kind == "tensor":
        return english("a tensor of shape {shape}", shape=shape)
    return english("an array of shape {shape}", shape=shape)


def shortened(answer: Answer, key: str) -> str:
    """Return a text of an answer, cut where it is longer than `collect` makes it."""
    return str(answer.get(key))[:300]


# Words and numbers

NO_TENSOR = {  # advice where a tensor is asked for, by what came
    "array": english("This is a numpy array, and a tensor is asked for: torch.from_numpy(...) makes one of it."),
    "list": english(
        "This is a list, and a tensor is asked for: torch.tensor(...) or torch.stack(...) makes one of it."
    ),
    "tuple": english("Several values come back where one tensor is asked for: return that one alone."),
}

EARLY = english("Does the function return before its loop is done?")


def how_written(how: Message, answer: Answer) -> Message:
    """Return how to write a prediction, and what is to be left out of an answer that is none."""
    if answer.get("kind") == "tensor":
        return english("{how} (a tensor's number is its .item())", how=how)
    if answer.get("kind") != "list":
        return how
    if len(listed(answer)) == 1:
        return english("{how}, as a number alone: leave out the comma or the brackets", how=how)
    return english("{how}, as one number without a comma, like 0.5 or 10000", how=how)


def no_number(answer: Answer) -> Message | None:
    """Return what it means where a number is asked for and something else came."""
    text = shortened(answer, "value").strip()
    if answer.get("kind") == "word" and text in ("nan", "inf"):
        return english("Without quotation marks: math.{name}.", name=text)
    several = answer.get("kind") == "list" or math.prod(answer.get("shape") or ()) > 1
    return english("One number is asked for: which of these?") if several else None


def of_shapes(asked: tuple[int, ...], given: tuple[int, ...]) -> Message | None:
    """Return what it means where two shapes differ in dimensions of size 1 only."""
    if [n for n in asked if n != 1] != [n for n in given if n != 1]:
        return None
    if len(given) > len(asked):
        return english("A dimension of size 1 is left over: does the last step need keepdim=True?")
    return english("A dimension of size 1 is lost: does something squeeze or flatten it?")


def of_keys(asked: list[str | float], given: list[str | float]) -> Message | None:
    """Return what it means where the keys of a dict are others than those asked for."""
    texts = [key for key in given if isinstance(key, str)]
    if texts and all(PAIR.fullmatch(key) for key in texts):
        return english("A key is one number, not a pair: each level needs a dict of its own, outer[r][T].")
    if texts and any(str(key) in texts for key in asked if not isinstance(key, str)):
        return english("The keys are the numbers themselves, not texts of them.")
    if not given or not set(given) < set(asked):
        return None
    if texts:
        return english("Every dict of this kind needs all of these keys.")
    if asked[-1] in given:
        return english("The first keys are missing: does a loop begin a new dict at every turn?")
    return english("Some keys are missing: does the function return before its loop is done?")


def keys_text(keys: list[str | float]) -> str:
    """Return keys as Python; `collect` sends a tuple as its text."""
    return ", ".join(str(key) if PAIR.fullmatch(str(key)) else repr(key) for key in keys)


def with_label(label: str, message: Message) -> Message:
    """Put the name of a value before what is said of it, if it has one."""
    return Message("{label}: {value}", {"label": label, "value": message}) if label else message


def any_of(names: Iterable[str]) -> Message:
    """Return a choice of names in words."""
    *others, last = names
    return english("{one} or {other}", one=", ".join(others), other=last) if others else plain(last)


def values(count: int) -> Message:
    """Return a number of values in words."""
    return english_counted("{count} value", "{count} values", count)


def of_many(wrong: Message | str, good: Truths) -> Message:
    """Return a wrong entry, and how many there are."""
    return english(
        "{value} ({wrong} of {size} entries differ)", value=wrong, wrong=int((~good).sum()), size=int(good.size)
    )


def bound_of(bound: Mapping[str, float], reference: Reals) -> Reals:
    """Return how far each entry may be off."""
    found: Reals = bound["atol"] + bound["rtol"] * np.abs(reference)
    return found


def agrees(array: Reals, reference: Reals, bound: Reals) -> Truths:
    """Tell which entries lie within their bounds; nan agrees with nan only."""
    with np.errstate(invalid="ignore"):
        same: Truths = (array == reference) | (np.isnan(array) & np.isnan(reference))
        within: Truths = (np.abs(array - reference) <= bound) | same
    return within


def in_digits(right: float, wrong: float) -> tuple[str, str]:
    """Return two numbers as texts that differ, in as few digits as that takes."""
    digits = next((d for d in (5, 8, 12, 17) if f"{wrong:.{d}g}" != f"{right:.{d}g}"), 17)
    return f"{right:.{digits}g}", f"{wrong:.{digits}g}"
