"""Compare a plain answer with the reference of its case: the second half of a check.

Pure functions of data, with numpy only: the grading process judges with them, far from the student's code, and the
notebook with the same ones. An expected value is one of

    {"array": name, "dtypes": [...], tolerance}    a tensor of that shape; ``tensors[name]`` is the reference
    {"arrays": name, "dtypes": [...], tolerance}   a list of tensors, one for each row of the reference
    {"numbers": name, tolerance}                   a list of numbers, nan where the reference has nan
    {"number": value, tolerance}                   a number
    {"integer": value}, {"boolean": value}
    {"finite": true}                               any finite number: a prediction
    {"tuple": [expected, ...]}                     a tuple or list of so many values
    {"dict": [[key, expected], ...]}               a dict with exactly these keys, in any order
    {"results": {"ranges", "temperatures", "logits": name, "probs": name, "label"}}
                                                   results[r][T] = {"logits", "probs"}

each but the last with an optional ``"label"``, what the student calls it. A tolerance is ``"rtol"`` and ``"atol"``, or
``"softmax"``: ``{"x", "temperature", "dim"}`` for the bound of `tolerance.softmax_tolerance`, in the answer's dtype or
in that of an optional ``"dtype"``.
"""

import base64
import math
from dataclasses import dataclass

import numpy as np

from ..support.language import _
from .collect import MAX_ITEMS
from .mistakes import recognise
from .tolerance import softmax_tolerance

ANSWERS = "unattempted undefined raised none tensor array list dict integer number boolean other".split()
KINDS = ("array", "arrays", "numbers", "number", "integer", "boolean")
DTYPES = {"bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"}


@dataclass(frozen=True)
class Mismatch:
    """How an answer differs: ``kind`` (type, keys, shape, dtype or value), what was expected, what came."""

    kind: str
    expected: str
    came: str


@dataclass(frozen=True)
class Result:
    """The outcome of one case.

    ``outcome`` is passed, unattempted, undefined, raised, nothing, empty (a prediction not made), changed_input, type,
    keys, shape, dtype, value or lost.
    """

    name: str
    outcome: str
    expected: str = ""
    came: str = ""
    diagnosis: str = ""

    @property
    def passed(self):
        return self.outcome == "passed"


def judge(exercise, cases, tensors, answers):
    """Compare the answers with the cases of an exercise, one `Result` a case.

    ``answers`` may be anything at all, for it comes from a student's process: what is missing or malformed is "lost".
    """
    answers = answers if isinstance(answers, list) and len(answers) == len(cases) else [None] * len(cases)
    return [judge_case(exercise, case, tensors, answer) for case, answer in zip(cases, answers, strict=True)]


def judge_case(exercise, case, tensors, answer):
    """Compare one answer with its case."""
    name = case["name"]
    kind = answer.get("kind") if isinstance(answer, dict) else None
    if kind not in ANSWERS:
        return Result(name, "lost")
    if kind in ("unattempted", "undefined"):
        return Result(name, kind)
    if kind == "none":
        return Result(name, "empty" if "finite" in case["expected"] else "nothing")
    try:
        if kind == "raised":
            return Result(name, kind, came=f"{word(answer, 'type')}: {word(answer, 'text')}")
        found = mismatch(case["expected"], answer, tensors)
    except Exception:  # whatever a student's process sends, and whatever it breaks, costs that process its answer only
        return Result(name, "lost")
    if found:
        return Result(name, found.kind, found.expected, found.came, diagnosis(exercise, case, tensors, answer, found))
    return Result(name, "changed_input" if answer.get("changed_input") else "passed")


def diagnosis(exercise, case, tensors, answer, found):
    """Return a sentence on a mismatch: the mistake whose numbers these are, else what the case says of wrong values."""
    if found.kind not in ("value", "keys", "shape"):
        return ""
    try:
        reference, came = value_expected(case["expected"], tensors), value_of(answer)
        args = [argument(value, tensors) for value in case["args"]]
        kwargs = {key: argument(value, tensors) for key, value in case["kwargs"].items()}
        recognised = recognise(exercise, reference, args, kwargs, came)
    except Exception:  # an answer too odd to have numbers
        recognised = ""
    return recognised or (_(case["diagnosis"]) if found.kind == "value" else "")


class Malformed(Exception):
    """An answer that `collect` never writes."""


def mismatch(expected, answer, tensors):
    """Return how ``answer`` differs from ``expected``, or None."""
    label = expected.get("label", "")
    if "tuple" in expected:
        return mismatch_tuple(expected["tuple"], answer, tensors, label)
    if "dict" in expected:
        return mismatch_dict(expected["dict"], answer, tensors, label)
    if "results" in expected:
        return mismatch(results_as_dicts(expected["results"], tensors), answer, tensors)
    if "arrays" in expected:
        return mismatch_arrays(expected, answer, tensors, label)
    if "array" in expected:
        return mismatch_array(expected, resolve(expected["array"], tensors), answer, tensors, label)
    if "numbers" in expected:
        return mismatch_numbers(expected, tensors[expected["numbers"]], answer, label)
    return mismatch_scalar(expected, answer, label)


def mismatch_tuple(expected, answer, tensors, label):
    items = items_of(answer)
    names = ", ".join(item.get("label", "value") for item in expected)
    if items is None:
        return Mismatch("type", named(label, _("a tuple ({names})", names=names)), describe(answer))
    if len(items) != len(expected):
        asked = _("{count} values ({names})", count=len(expected), names=names)
        return Mismatch("type", named(label, asked), _("{count} values", count=len(items)))
    return first(mismatch(item, value, tensors) for item, value in zip(expected, items, strict=True))


def mismatch_dict(expected, answer, tensors, label):
    keys = ", ".join(repr(key) for key, _ in expected)
    if answer.get("kind") != "dict":
        return Mismatch("type", named(label, _("a dict with the keys {keys}", keys=keys)), describe(answer))
    try:
        values = dict(answer["items"])
        same = set(values) == {key for key, _ in expected}
        if not all(isinstance(value, dict) for value in values.values()):
            raise Malformed
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed from error
    if not same:
        came = ", ".join(repr(key) for key in list(values)[:8])
        asked, got = (_("the keys {keys}", keys=shown) for shown in (keys, came or _("(none)")))
        return Mismatch("keys", named(label, asked), got)
    return first(mismatch({**item, "label": f"{label}[{key!r}]"}, values[key], tensors) for key, item in expected)


def results_as_dicts(results, tensors):
    """Spell an expected ``results`` out as dicts of arrays, in float32 or float64 as the student likes."""
    logits, probs, dtypes = tensors[results["logits"]], tensors[results["probs"]], ["float32", "float64"]
    rows = []
    for r, x, by_temperature in zip(results["ranges"], logits, probs, strict=True):
        inputs = {"array": x, "dtypes": dtypes, "rtol": 0.0, "atol": 2.0**-22 * np.abs(x).max()}
        row = []
        for t, p in zip(results["temperatures"], by_temperature, strict=True):
            outputs = {
                "array": p,
                "dtypes": dtypes,
                "softmax": {"x": x, "temperature": t, "dim": -1, "dtype": "float32"},
            }
            row.append([t, {"dict": [["logits", inputs], ["probs", outputs]]}])
        rows.append([r, {"dict": row}])
    return {"dict": rows, "label": results["label"]}


def mismatch_arrays(expected, answer, tensors, label):
    rows = tensors[expected["arrays"]]
    items = items_of(answer)
    if items is None:
        return Mismatch("type", named(label, _("a list of {count} tensors", count=len(rows))), describe(answer))
    if len(items) != len(rows):
        return Mismatch("shape", named(label, _("{count} tensors", count=len(rows))), str(len(items)))
    return first(
        mismatch_array(expected, row, item, tensors, f"{label}[{index}]")
        for index, (row, item) in enumerate(zip(rows, items, strict=True))
    )


def mismatch_array(expected, reference, answer, tensors, label):
    allowed = expected["dtypes"]
    if answer.get("kind") not in ("tensor", "array"):
        return Mismatch("type", named(label, _("a tensor of shape {shape}", shape=reference.shape)), describe(answer))
    array = array_of(answer)
    if array.shape != reference.shape:
        asked, got = (_("shape {shape}", shape=shape) for shape in (reference.shape, array.shape))
        return Mismatch("shape", named(label, asked), got)
    if answer["dtype"] not in allowed:
        return Mismatch("dtype", named(label, _(" or ").join(allowed)), answer["dtype"])
    bound = bounds(expected, reference, tensors, answer["dtype"])
    return differs(reference, array.astype(np.float64), bound, label)


def mismatch_numbers(expected, reference, answer, label):
    items = items_of(answer)
    if items is None:
        return Mismatch("type", named(label, _("a list of {count} floats", count=len(reference))), describe(answer))
    if len(items) != len(reference):
        return Mismatch("shape", named(label, _("{count} floats", count=len(reference))), f"{len(items)}")
    numbers = [number_of(item) for item in items]
    for index, (item, number) in enumerate(zip(items, numbers, strict=True)):
        if number is None:
            return Mismatch("type", named(f"{label}[{index}]", _("a float")), describe(item))
    bound = expected["atol"] + expected["rtol"] * np.abs(reference)
    return differs(reference, np.array(numbers, dtype=np.float64), bound, label)


def mismatch_scalar(expected, answer, label):
    if "boolean" in expected:
        value = boolean_of(answer)
        if value is None:
            return Mismatch("type", named(label, _("True or False")), describe(answer))
        return (
            None if value == expected["boolean"] else Mismatch("value", named(label, expected["boolean"]), f"{value}")
        )
    number = number_of(answer)
    whole = "integer" in expected
    if number is None or (whole and not number.is_integer()):
        return Mismatch("type", named(label, _("an int") if whole else _("a float")), describe(answer))
    if "finite" in expected:
        return None if math.isfinite(number) else Mismatch("value", _("a finite number"), f"{number}")
    if whole:
        value = expected["integer"]
        return None if number == value else Mismatch("value", named(label, value), f"{number:.0f}")
    reference = np.float64(expected["number"])
    return differs(reference, np.float64(number), expected["atol"] + expected["rtol"] * abs(reference), label)


def bounds(expected, reference, tensors, dtype):
    """Return the tolerance of every entry."""
    softmax = expected.get("softmax")
    if softmax is None:
        return expected["atol"] + expected["rtol"] * np.abs(reference)
    x = resolve(softmax["x"], tensors).astype(np.float64)
    return softmax_tolerance(x, reference, softmax["temperature"], softmax["dim"], softmax.get("dtype", dtype))


def resolve(array, tensors):
    """Return the array that a name stands for."""
    return tensors[array] if isinstance(array, str) else array


def differs(reference, array, bound, label):
    """Return the first entry outside its bound as a Mismatch, or None; nan agrees with nan only."""
    with np.errstate(invalid="ignore"):
        good = (np.abs(array - reference) <= bound) | (np.isnan(array) & np.isnan(reference)) | (array == reference)
    if good.all():
        return None
    place = tuple(int(i) for i in np.argwhere(~np.atleast_1d(good))[0])
    where = label + (f"[{', '.join(map(str, place))}]" if np.ndim(reference) else "")
    wrong, right = np.atleast_1d(array)[place], np.atleast_1d(reference)[place]
    digits = next((d for d in (5, 8, 12, 17) if f"{wrong:.{d}g}" != f"{right:.{d}g}"), 17)
    came = f"{wrong:.{digits}g}"
    if np.ndim(reference):
        came = _("{value} ({wrong} of {size} entries differ)", value=came, wrong=int((~good).sum()), size=good.size)
    return Mismatch("value", named(where, f"{right:.{digits}g}"), came)


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
    """Return a real number, a 0-d or one-entry array's included, as a float; None for anything else."""
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


def value_expected(expected, tensors):
    """Return an expected value in the same form; truth values as they are."""
    if "tuple" in expected:
        return [value_expected(item, tensors) for item in expected["tuple"]]
    if "dict" in expected:
        return {key: value_expected(value, tensors) for key, value in expected["dict"]}
    if "results" in expected:
        return value_expected(results_as_dicts(expected["results"], tensors), tensors)
    ((kind, value),) = ((key, expected[key]) for key in KINDS if key in expected)
    return value if kind in ("number", "integer", "boolean") else resolve(value, tensors)


def argument(value, tensors):
    """Return an encoded argument as a number, a text, an array, or a list or dict of them."""
    if not isinstance(value, dict):
        return value
    if "tensor" in value:
        return np.tile(tensors[value["tensor"]], value.get("tile", 1))
    if "dtype" in value:
        return value["dtype"]
    if "results" in value:
        return value_expected(value, tensors)
    return [argument(item, tensors) for item in value["list"]]


def describe(answer):
    """Say in words what kind of thing came."""
    kind = answer.get("kind")
    if kind in ("tensor", "array"):
        shape = array_of(answer).shape
        return _("a tensor of shape {shape}" if kind == "tensor" else "an array of shape {shape}", shape=shape)
    if kind == "boolean":
        return _("the bool {value}", value=boolean_of(answer))
    if kind == "number":
        return _("the float {value}", value=number_of(answer))
    if kind == "integer":
        return _("the int {value:.0f}", value=number_of(answer))
    if kind == "list":
        return _("a {type}", type=word(answer, "type"))
    if kind == "dict":
        return _("a dict")
    return "None" if kind == "none" else _("an object of type {type}", type=word(answer, "type"))


def word(answer, key):
    """Return a text of an answer, cut where it is longer than `collect` makes it."""
    return str(answer.get(key))[:300]


def named(label, text):
    return f"{label}: {text}" if label else str(text)


def first(mismatches):
    return next((found for found in mismatches if found), None)
