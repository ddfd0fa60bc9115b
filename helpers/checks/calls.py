"""Write the call that a case makes, as Python that one can paste into the notebook."""

import math
from typing import Any

import numpy as np

from .cases import Case, Tensors
from .kinds import at

LARGEST = 64  # numbers of an array that is written out; of a larger one stand dtype and shape
USUAL = {"torch": ("float32", "int64", "bool"), "np": ("float64", "int64", "bool")}  # what a list becomes anyway


def call(exercise: str, case: Case, tensors: Tensors) -> str:
    """Return the call of a case, one line that gives the function the same arguments; empty where nothing is called.

    An array of more than `LARGEST` numbers is named between < and >, which is no Python.
    """
    if case.get("value"):
        return ""
    args = [python(value, tensors) for value in case["args"]]
    args += [f"{name}={python(value, tensors)}" for name, value in case["kwargs"].items()]
    return f"{exercise}({', '.join(args)})"


def python(value: Any, tensors: Tensors) -> str:
    """Return an argument, encoded as `collect.decode` says, as Python."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if not isinstance(value, dict):
        return repr(value)
    (kind, content), *options = value.items()
    if kind == "dtype":
        return f"torch.{content}"
    if kind == "function":
        return f"math.{content}"
    if kind == "list":
        return f"[{', '.join(python(item, tensors) for item in content)}]"
    if kind == "dict":
        return f"{{{', '.join(f'{key!r}: {python(item, tensors)}' for key, item in content)}}}"
    array = at(content, tensors)
    library, make = ("torch", "tensor") if kind == "tensor" else ("np", "array")
    tile = f".repeat({options[0][1]})" if options else ""
    if array.size > LARGEST:
        return f"<{library}.{array.dtype} of shape {array.shape}>{tile}"
    entries = written(array.tolist() if array.dtype == np.float64 else shortest(array), library)
    dtype = "" if str(array.dtype) in USUAL[library] and array.size else f", dtype={library}.{array.dtype}"
    return f"{library}.{make}({entries}{dtype}){tile}"


def shortest(array: np.ndarray[Any, Any]) -> Any:
    """Return an array as nested lists, each float of fewer digits than float64's as the shortest that rounds to it."""
    if array.dtype.kind != "f":
        return array.tolist()
    return np.array([float(str(value)) for value in array.ravel()]).reshape(array.shape).tolist()


def written(value: Any, library: str) -> str:
    """Return numbers in nested lists as Python."""
    if isinstance(value, list):
        return f"[{', '.join(written(item, library) for item in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{'-' if value < 0 else ''}{library}.{'nan' if math.isnan(value) else 'inf'}"
    return repr(value)
