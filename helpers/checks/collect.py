"""Call a student's function on cases and hand out plain answers.

The first half of a check. It runs where the student's code runs: in the notebook for an instant check, in the
kernel at grading, where it arrives as source text, with that of `watch`, and sees inputs only. It therefore needs
nothing of this package, knows no reference, and turns whatever a function returns into JSON: what is not a plain answer
is named by its type.
"""

import base64
import linecache
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

MAX_BYTES = 1 << 21  # of one answer's arrays: the largest honest one is far below
MAX_ITEMS = 2000  # entries of one list or dict
MAX_DEPTH = 6

Answer: TypeAlias = dict[str, Any]  # JSON: its "kind", and what an answer of that kind has
EncodedArray: TypeAlias = Mapping[str, Any]  # "dtype", "shape" and "data", bytes in base64
Call: TypeAlias = Mapping[str, Any]  # "args" and "kwargs"; with "value" the answer is a value, and nothing is called


def decode(value: Any, tensors: Mapping[str, EncodedArray]) -> Any:
    """Turn an encoded argument into the Python value a student's function receives.

    Arguments
        value: a dict of one of these forms, or what stands for itself:
            {"tensor": place}, {"ndarray": place}: a place is the name of an array and the indices of a part of it;
                "tile" beside a tensor says how often it is repeated along its axes
            {"dtype": name}: torch's dtype of that name
            {"function": name}: the function of that name in math
            {"list": [value, ...]}, {"dict": [[key, value], ...]}
        tensors: the encoded arrays by name.

    Returns a fresh value at every call, so that a function that writes into its input disturbs no other case.

    Raises ValueError for a dict of another form.
    """
    if not isinstance(value, dict):
        return value
    (kind, content), *options = value.items()
    if kind in ("tensor", "ndarray"):
        import numpy

        raw, indices = tensors[content[0]], tuple(content[1:])
        flat = numpy.frombuffer(bytearray(base64.b64decode(raw["data"])), dtype=raw["dtype"])
        array = flat.reshape(raw["shape"])[indices].copy()
        if kind == "ndarray":
            return array
        import torch

        tensor = torch.from_numpy(array)
        return tensor.repeat(value["tile"]) if options else tensor
    if kind == "dtype":
        import torch

        return getattr(torch, content)
    if kind == "function":
        import math

        return getattr(math, content)
    if kind == "list":
        return [decode(item, tensors) for item in content]
    if kind == "dict":
        return {key: decode(item, tensors) for key, item in content}
    raise ValueError(f"an argument is of the kind {kind!r}, expected tensor, ndarray, dtype, function, list or dict")


def encode(value: Any, depth: int = 0) -> Answer:
    """Turn a returned value into JSON: arrays as dtype, shape and bytes, containers item by item.

    Arguments
        value: whatever a student's function has returned.
        depth: of the containers around it; below `MAX_DEPTH` none is opened.

    Returns {"kind": "other", "type": name of its type} for anything else.
    """
    import numbers

    name = plain_text(type(value).__name__)
    if value is None:
        return {"kind": "none"}
    if isinstance(value, bool):
        return {"kind": "boolean", "value": bool(value)}
    if isinstance(value, str):
        return {"kind": "word", "value": plain_text(value)}
    if isinstance(value, (list, tuple)) and depth < MAX_DEPTH and len(value) <= MAX_ITEMS:
        return {"kind": "list", "type": name, "items": [encode(item, depth + 1) for item in value]}
    if isinstance(value, dict) and depth < MAX_DEPTH and len(value) <= MAX_ITEMS:
        items = [[encode_key(key), encode(item, depth + 1)] for key, item in value.items()]
        return {"kind": "dict", "type": name, "items": items}
    if hasattr(value, "detach") or type(value).__module__.partition(".")[0] == "numpy":
        return encode_array(value)
    if isinstance(value, numbers.Integral):
        if abs(int(value)) < 2**53:  # beyond, JSON's readers round
            return {"kind": "integer", "value": int(value)}
    elif isinstance(value, numbers.Real):
        return {"kind": "number", "value": repr(float(value))}  # text, since a kernel's JSON has no nan or inf
    return {"kind": "other", "type": name}


def encode_key(key: Any) -> str | float:
    """Turn a dict's key into a number or a short text, a tuple's too, or into the name of its type."""
    key = key.item() if hasattr(key, "item") else key
    if isinstance(key, (int, float)) and abs(key) < 2**53:
        return key
    return plain_text(key if isinstance(key, (str, tuple)) else type(key).__name__, 40)


def plain_text(text: object, limit: int = 300) -> str:
    """Cut a text and replace what UTF-8 cannot say; an object without a working `str` becomes an empty one."""
    try:
        return str(text)[:limit].encode(errors="replace").decode()
    except Exception:
        return ""


def encode_array(value: Any) -> Answer:
    """Turn a torch tensor on any device, or a numpy array or scalar, into dtype, shape and base64 bytes.

    An array of texts becomes a list.
    """
    import numpy

    kind = "tensor" if hasattr(value, "detach") else "array"
    dtype = str(value.dtype).replace("torch.", "")
    if kind == "tensor":
        value = value.detach().cpu()
        value = (value.float() if dtype == "bfloat16" else value).numpy()
    array = numpy.ascontiguousarray(value).reshape(value.shape)  # ascontiguousarray makes 0-d arrays 1-d
    if array.dtype.kind == "U":
        return encode(array.tolist())
    if array.dtype.kind not in "biuf":
        return {"kind": "other", "type": f"{kind} of {dtype}"}
    if array.nbytes > MAX_BYTES:
        return {"kind": "other", "type": f"{kind} of {array.nbytes} bytes"}
    data = base64.b64encode(array.tobytes()).decode()
    stored = str(array.dtype)
    return {"kind": kind, "dtype": dtype, "stored": stored, "shape": list(array.shape), "data": data}


def collect(
    function: Any, cases: Iterable[Call], tensors: Mapping[str, EncodedArray], watch: Any = None
) -> list[Answer]:
    """Call a student's function on every case.

    Arguments
        function: what the student gave; with "value": true nothing is called, it is the answer itself.
        cases: {"args": [...], "kwargs": {...}}, in the encoding of `decode`.
        tensors: the encoded arrays that the arguments name.
        watch: a `watch.CallWatch` for what the exercise forbids; None where that is nothing.

    Returns one plain answer for each case: what `encode` makes of the returned value, {"kind": "unattempted"} for a
    stub's bare NotImplementedError, or {"kind": "raised", "type", "text", "line"}; with "changed_input": true where the
    call wrote into a tensor that it was given, and with "used": [name, line] where it used what is forbidden.

    Raises KeyboardInterrupt, and nothing else that the function does.
    """
    answers = []
    for case in cases:
        args, fresh = ([decode(arg, tensors) for arg in case["args"]] for _ in range(2))
        kwargs = {key: decode(value, tensors) for key, value in case["kwargs"].items()}
        call = partial(answer_to, function, args, kwargs, bool(case.get("value")))
        try:
            answer = watch.run(function, call) if watch else call()
            if not all(is_unchanged(arg, before) for arg, before in zip(args, fresh, strict=True)):
                answer["changed_input"] = True
        except KeyboardInterrupt:  # the grader's time limit, or the student's own stop
            raise
        except BaseException as error:  # SystemExit too: it must not end the notebook
            answer = {"kind": "raised", "type": plain_text(type(error).__name__), "text": plain_text(error)}
            answer["line"] = plain_text(failing_line(function, error))
            if isinstance(error, NotImplementedError) and not answer["text"]:  # a stub's; torch's have a text
                answer = {"kind": "unattempted"}
        if watch and watch.used:
            answer["used"] = [plain_text(part) for part in watch.used]
        answers.append(answer)
    return answers


def answer_to(function: Any, args: list[Any], kwargs: dict[str, Any], is_value: bool) -> Answer:
    """Return what a function answers, encoded: a student's class may still compute when it is."""
    return encode(function if is_value else function(*args, **kwargs))


def failing_line(function: Any, error: BaseException) -> str:
    """Return the line of the student's own code that an error came from, the innermost one; empty where none is."""
    found, step = "", error.__traceback__
    own = None, "__main__", getattr(function, "__module__", None)
    while step:
        names = step.tb_frame.f_globals
        if names.get("__name__") in own and names is not globals():
            found = linecache.getline(step.tb_frame.f_code.co_filename, step.tb_lineno, names).strip() or found
        step = step.tb_next
    return found


def is_unchanged(value: Any, before: Any) -> bool:
    """Tell whether an argument still holds what it held before the call."""
    if type(value) is not type(before):
        return False
    if isinstance(before, dict):
        return list(value) == list(before) and all(is_unchanged(value[key], before[key]) for key in before)
    if isinstance(before, list):
        return len(value) == len(before) and all(map(is_unchanged, value, before))
    if hasattr(before, "detach") or hasattr(before, "dtype"):
        return value.shape == before.shape and bool(((value == before) | (value != value) & (before != before)).all())
    return bool(value == before or before != before)


class Answers:
    """Answers as a kernel shows them to the grading process: one MIME bundle of JSON and nothing else."""

    MIME = "application/x-answers+json"

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, list[Answer]]:
        return {self.MIME: self.answers}


def answers_of(
    namespace: Mapping[str, Any],
    name: str,
    groups: Iterable[tuple[list[Call], Mapping[str, EncodedArray]]],
    watch: Any = None,
) -> Answers:
    """Call what a namespace holds under a name on groups of (cases, tensors), and watch the calls as `collect` does.

    Returns all the answers in order; where the name is missing every one is {"kind": "undefined"}.
    """
    if name not in namespace:
        return Answers([{"kind": "undefined"} for cases, _ in groups for _ in cases])
    return Answers([answer for cases, tensors in groups for answer in collect(namespace[name], cases, tensors, watch)])
