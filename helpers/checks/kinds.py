"""What an answer may be: a small class for each kind of expected value, how it is compared and how it is shown.

`collect` turns whatever a function returns into JSON; here it meets the reference. Pure functions of data, with numpy
only: the grading process compares with them, far from the student's code, and the notebook with the same ones. An
expected value is a dict, told apart by its key:

    {"array": place, "dtypes": {dtype: bound}}   an array or tensor of that shape; "numpy": true asks for numpy's
    {"number": value, "rtol", "atol"}            a number, nan where the reference is nan
    {"integer": value}, {"boolean": value}, {"word": text}
    {"finite": true}                             any finite number
    {"list": [expected, ...]}                    a list, tuple or array of so many values
    {"tuple": [expected, ...]}                   the same of values with names of their own
    {"dict": [[key, expected], ...]}             a dict with exactly these keys, in any order

each with an optional "label", what the student calls it. A place is the name of a tensor in the case file and the
indices of a part of it. A bound is {"rtol", "atol"}, or the place of a bound for every entry.
"""

import base64
import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..support.language import Message, english, english_counted, plain
from .collect import MAX_ITEMS

DTYPES = {"bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"}
LARGEST_SHOWN = 16  # numbers of a value; longer ones tell a reader nothing


class Malformed(Exception):
    """An answer that `collect` never writes."""


@dataclass(frozen=True)
class Mismatch:
    """How an answer differs: the outcome (type, keys, shape, length, dtype, value), what was expected and got."""

    outcome: str
    expected: Message
    got: Message


def at(place, tensors):
    """Return the part of a case file's tensor that a place names."""
    name, *indices = place
    return tensors[name][tuple(indices)]


def kind_of(expected, tensors, label=""):
    """Return an expected value as an object of its kind."""
    found = next(each for each in KINDS if each.key in expected)
    return found(expected, tensors, label or expected.get("label", ""))


@dataclass(frozen=True)
class Kind:
    """An expected value; ``label`` is what the student calls it."""

    expected: dict
    tensors: dict = field(repr=False)
    label: str

    key: ClassVar[str]
    floor = 0.0  # what lies below is 0 on one processor and not on another

    @property
    def value(self):
        return self.expected[self.key]

    def asked(self):
        """Return in words what kind of value is asked for."""
        raise NotImplementedError

    def mismatch(self, answer):
        """Return how an answer differs, or None."""
        raise NotImplementedError

    def numbers(self):
        """Return the reference as numbers, arrays, lists and dicts of them; None for what has none."""
        return None

    def parts(self):
        """Return what a reader is shown of it, as (label, text, rows of numbers); empty where it is long."""
        return [(self.label, self.text(), [])]

    def text(self):
        """Return the reference as Python."""
        return repr(self.value)

    def wrong(self, outcome, expected, got):
        return Mismatch(outcome, with_label(self.label, expected), got)

    def wrong_type(self, answer):
        return self.wrong("type", self.asked(), describe(answer))


class Array(Kind):
    key = "array"

    @property
    def reference(self):
        return at(self.value, self.tensors)

    def asked(self):
        shape = str(self.reference.shape)
        if self.expected.get("numpy"):
            return english("an array of shape {shape}", shape=shape)
        return english("a tensor of shape {shape}", shape=shape)

    def mismatch(self, answer):
        reference = self.reference
        if answer.get("kind") not in ("tensor", "array"):
            return self.wrong_type(answer)
        array = array_of(answer)
        if array.shape != reference.shape:
            asked, got = (english("shape {shape}", shape=str(shape)) for shape in (reference.shape, array.shape))
            return self.wrong("shape", asked, got)
        if answer["dtype"] not in self.expected["dtypes"]:
            return self.wrong("dtype", any_of(self.expected["dtypes"]), plain(answer["dtype"]))
        bound = self.expected["dtypes"][answer["dtype"]]
        bound = bound_of(bound, reference) if isinstance(bound, dict) else at(bound, self.tensors).astype(np.float64)
        good = agrees(array.astype(np.float64), reference, bound)
        if good.all():
            return None
        place = tuple(int(i) for i in np.argwhere(~np.atleast_1d(good))[0])
        right, wrong = in_digits(np.atleast_1d(reference)[place], np.atleast_1d(array)[place])
        if not np.ndim(reference):
            return self.wrong("value", plain(right), plain(wrong))
        where = self.label + f"[{', '.join(map(str, place))}]"
        return Mismatch("value", with_label(where, plain(right)), of_many(wrong, good))

    def numbers(self):
        return self.reference

    def parts(self):
        array = self.reference
        if array.size > LARGEST_SHOWN or array.ndim > 2:
            return []
        return [(self.label, "", np.atleast_2d(array).tolist())]


class Number(Kind):
    key = "number"

    @property
    def floor(self):
        return self.expected["atol"] / 100

    def asked(self):
        return english("a number")

    def mismatch(self, answer):
        number = number_of(answer)
        if number is None:
            return self.wrong_type(answer)
        reference = np.float64(self.value)
        if agrees(np.float64(number), reference, bound_of(self.expected, reference)):
            return None
        right, wrong = in_digits(reference, number)
        return self.wrong("value", plain(right), plain(wrong))

    def numbers(self):
        return self.value

    def text(self):
        return f"{self.value:.5g}"


class Integer(Kind):
    key = "integer"

    def asked(self):
        return english("a whole number")

    def mismatch(self, answer):
        number = number_of(answer)
        if number is None or not number.is_integer():
            return self.wrong_type(answer)
        return None if number == self.value else self.wrong("value", plain(self.text()), plain(f"{number:.0f}"))

    def numbers(self):
        return self.value


class Boolean(Kind):
    key = "boolean"

    def asked(self):
        return english("True or False")

    def mismatch(self, answer):
        value = boolean_of(answer)
        if value is None:
            return self.wrong_type(answer)
        return None if value == self.value else self.wrong("value", plain(self.text()), plain(str(value)))


class Word(Kind):
    key = "word"

    def asked(self):
        return english("a text")

    def mismatch(self, answer):
        if answer.get("kind") != "word":
            return self.wrong_type(answer)
        text = shortened(answer, "value")
        return None if text == self.value else self.wrong("value", plain(self.text()), plain(repr(text)))


class Finite(Kind):
    key = "finite"

    def asked(self):
        return english("a finite number")

    def mismatch(self, answer):
        number = number_of(answer)
        if number is None:
            return self.wrong_type(answer)
        return None if math.isfinite(number) else self.wrong("value", self.asked(), plain(f"{number}"))

    def parts(self):
        return []


class List(Kind):
    key = "list"

    @property
    def items(self):
        return [kind_of(item, self.tensors, f"{self.label}[{i}]") for i, item in enumerate(self.value)]

    def asked(self):
        return english_counted("a list of {count} value", "a list of {count} values", len(self.value))

    def mismatch(self, answer):
        given = items_of(answer)
        if given is None:
            return self.wrong_type(answer)
        if len(given) != len(self.value):
            return self.wrong("length", *map(values, (len(self.value), len(given))))
        items = self.items
        found = [item.mismatch(value) for item, value in zip(items, given, strict=True)]
        first = next(filter(None, found), None)
        if first and first.outcome == "value" and all(isinstance(item, Number) for item in items):
            return Mismatch("value", first.expected, of_many(first.got, np.array([each is None for each in found])))
        return first

    def numbers(self):
        return [item.numbers() for item in self.items]

    def parts(self):
        if all(isinstance(item, Number) for item in self.items) and len(self.value) <= LARGEST_SHOWN:
            return [(self.label, "", [[item.value for item in self.items]])]
        return [part for item in self.items for part in item.parts()] if len(self.value) < LARGEST_SHOWN else []


class Tuple(List):
    key = "tuple"

    @property
    def items(self):
        return [kind_of(item, self.tensors) for item in self.value]

    def asked(self):
        return english("a tuple ({names})", names=", ".join(item.label or "value" for item in self.items))


class Dict(Kind):
    key = "dict"

    @property
    def items(self):
        return [(key, kind_of(item, self.tensors, f"{self.label}[{key!r}]")) for key, item in self.value]

    def asked(self):
        return english("a dict with the keys {keys}", keys=", ".join(repr(key) for key, _ in self.value))

    def mismatch(self, answer):
        if answer.get("kind") != "dict":
            return self.wrong_type(answer)
        try:
            given = dict(answer["items"])
            if not all(isinstance(value, dict) for value in given.values()):
                raise Malformed
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed from error
        if set(given) != {key for key, _ in self.value}:
            keys = [", ".join(repr(key) for key in some) for some in ([k for k, _ in self.value], list(given)[:8])]
            return self.wrong("keys", *(english("the keys {keys}", keys=each or "()") for each in keys))
        return next(filter(None, (item.mismatch(given[key]) for key, item in self.items)), None)

    def numbers(self):
        return {key: item.numbers() for key, item in self.items}

    def parts(self):
        if all(hasattr(item, "text") and not isinstance(item, Array | List) for _, item in self.items):
            return [(self.label, self.text(), [])]
        return []

    def text(self):
        return "{" + ", ".join(f"{key!r}: {item.text()}" for key, item in self.items) + "}"


KINDS = (Array, Number, Integer, Boolean, Word, Finite, List, Tuple, Dict)


# Answers, as `collect` sends them


def items_of(answer):
    """Return the items of a list, or the rows of an array, as plain answers; None for anything else."""
    if answer.get("kind") == "list":
        items = answer.get("items")
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Malformed
        return items
    if answer.get("kind") in ("tensor", "array"):
        array = array_of(answer)
        if array.ndim:
            shared = {key: answer[key] for key in ("kind", "dtype", "stored")}
            rows = [np.ascontiguousarray(row) for row in array[: MAX_ITEMS + 1]]  # no answer has more
            shape = list(array.shape[1:])
            return [{**shared, "shape": shape, "data": base64.b64encode(row.tobytes())} for row in rows]
    return None


def number_of(answer):
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


def boolean_of(answer):
    """Return a truth value, a 0-d array's included and 0 and 1 too; None for anything else."""
    if answer.get("kind") == "boolean":
        if not isinstance(answer.get("value"), bool):
            raise Malformed
        return answer["value"]
    if answer.get("stored") == "bool" and not answer.get("shape"):
        return bool(array_of(answer).reshape(()))
    number = number_of(answer)
    return bool(number) if number in (0, 1) else None


def array_of(answer):
    """Rebuild an array; raises Malformed where dtype, shape and bytes do not fit."""
    try:
        stored, shape, data = answer["stored"], answer["shape"], base64.b64decode(answer["data"], validate=True)
        if stored not in DTYPES or not isinstance(answer["dtype"], str):
            raise Malformed
        if not all(isinstance(n, int) and 0 <= n <= len(data) for n in shape):
            raise Malformed
        return np.frombuffer(data, dtype=stored).reshape(shape)
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed from error


def value_of(answer):
    """Return an answer as numbers, arrays, lists and dicts of them; None for anything else."""
    kind = answer.get("kind")
    if kind == "list":
        return [value_of(item) for item in items_of(answer)]
    if kind == "dict":
        return {key: value_of(value) for key, value in answer["items"]}
    return array_of(answer) if kind in ("tensor", "array") else number_of(answer)


def describe(answer):
    """Say in words what kind of thing an answer is."""
    kind = answer.get("kind")
    if kind in ("tensor", "array"):
        shape = str(array_of(answer).shape)
        if kind == "tensor":
            return english("a tensor of shape {shape}", shape=shape)
        return english("an array of shape {shape}", shape=shape)
    if kind == "boolean":
        return english("the truth value {value}", value=str(boolean_of(answer)))
    if kind == "number":
        return english("the number {value}", value=str(number_of(answer)))
    if kind == "integer":
        return english("the whole number {value}", value=f"{number_of(answer):.0f}")
    if kind == "word":
        return english("the text {value}", value=repr(shortened(answer, "value")))
    if kind == "list":
        return english("a {type} of {count} items", type=shortened(answer, "type"), count=len(items_of(answer)))
    if kind == "dict":
        return english("a dict")
    return plain("None") if kind == "none" else english("an object of type {type}", type=shortened(answer, "type"))


def shortened(answer, key):
    """Return a text of an answer, cut where it is longer than `collect` makes it."""
    return str(answer.get(key))[:300]


# Words and numbers


def with_label(label, message):
    return Message("{label}: {value}", {"label": label, "value": message}) if label else message


def any_of(names):
    """Return a choice of names in words."""
    first, *rest = names
    message = plain(first)
    for name in rest:
        message = english("{one} or {other}", one=message, other=name)
    return message


def values(count):
    return english_counted("{count} value", "{count} values", count)


def of_many(wrong, good):
    """Return a wrong entry, and how many there are."""
    return english(
        "{value} ({wrong} of {size} entries differ)", value=wrong, wrong=int((~good).sum()), size=int(good.size)
    )


def bound_of(bound, reference):
    return bound["atol"] + bound["rtol"] * np.abs(reference)


def agrees(array, reference, bound):
    """Tell which entries lie within their bounds; nan agrees with nan only."""
    with np.errstate(invalid="ignore"):
        return (np.abs(array - reference) <= bound) | (np.isnan(array) & np.isnan(reference)) | (array == reference)


def in_digits(right, wrong):
    """Return two numbers as texts that differ, in as few digits as that takes."""
    digits = next((d for d in (5, 8, 12, 17) if f"{wrong:.{d}g}" != f"{right:.{d}g}"), 17)
    return f"{right:.{digits}g}", f"{wrong:.{digits}g}"
