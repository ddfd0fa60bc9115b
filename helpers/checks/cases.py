"""Read the cases of the exercises: data, written by the instructor's oracle, never by the code under test.

A notebook brings the public cases of its own exercises along: its setup cell hands them to `use`. One safetensors file
holds inputs and references of an assignment's exercises. Its tensor ``exercises`` is JSON that maps an exercise to
``{"aspects", "forbidden", "advice", "hidden", "mistakes", "cases"}``; it is not compressed, for what packs the file
compresses it better. ``aspects`` maps a name to its points, ``hidden`` to the number of its cases that run at grading
only. A case is ``{"name", "aspect", "args", "kwargs", "expected", "diagnosis", "mistakes"}``; with
``"value": true`` the answer is a value and nothing is called. `collect` says how arguments are encoded, `kinds` how an
expected value is, `recognise` what mistakes are.
"""

import base64
import functools
import json
from dataclasses import dataclass

import numpy as np

from ..support.language import _

_content = None  # of the case file in use


@dataclass(frozen=True)
class CaseFile:
    """The exercises of one file, and its tensors as numpy arrays by name."""

    exercises: dict
    tensors: dict

    def inputs(self, cases):
        """Return the tensors that the arguments of ``cases`` name, encoded for `collect`: no reference among them."""
        return {name: encode_tensor(self.tensors[name]) for name in sorted(tensor_names(cases))}


def encode_tensor(array):
    """Turn an array into dtype, shape and base64 bytes."""
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def tensor_names(cases):
    """Return the names of the tensors among the arguments of ``cases``."""
    names, waiting = set(), [value for case in cases for value in (*case["args"], *case["kwargs"].values())]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            ((kind, content), *_) = value.items()
            if kind in ("tensor", "ndarray"):
                names.add(content[0])
            elif kind in ("list", "dict"):
                waiting += [item[1] for item in content] if kind == "dict" else content
    return names


class NoCases(LookupError):
    """No notebook has brought its cases; the message says what to do."""


def use(content):
    """Let checks use the cases of a file from here on; ``content`` is its bytes, which the first check reads."""
    global _content
    _content = content


def in_use():
    """Return the `CaseFile` in use; raises `NoCases` where there is none."""
    if _content is None:
        raise NoCases(_("There are no cases to check with: run this notebook's first code cell, then this one again."))
    return read_cases(_content)


@functools.lru_cache(maxsize=8)
def read_cases(content):
    """Return the `CaseFile` of a file's bytes."""
    from safetensors.numpy import load

    tensors = load(content)
    exercises = json.loads(tensors.pop("exercises").tobytes())
    return CaseFile(exercises, tensors)
