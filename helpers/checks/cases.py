"""Read the cases of the exercises: data, written by the instructor's oracle, never by the code under test.

One safetensors file holds inputs and references of an assignment's exercises. Its tensor ``exercises`` is JSON that
maps an exercise to ``{"aspects", "forbidden", "advice", "hidden", "mistakes", "cases"}``; it is not compressed, for
what packs the file compresses it better. ``aspects`` maps a name to its points, ``hidden`` to the number of its cases
that run at grading only. A case is ``{"name", "aspect", "args", "kwargs", "expected", "diagnosis", "mistakes"}``; with
``"value": true`` the answer is a value and nothing is called. `collect` says how arguments are encoded, `kinds` how an
expected value is, `recognise` what mistakes are.
"""

import base64
import functools
import hashlib
import json
import pkgutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..support.language import _

PUBLIC = Path(__file__).parent.parent / "cases" / "public.safetensors"


@dataclass(frozen=True)
class CaseFile:
    """The exercises of one file, its tensors as numpy arrays by name, and the SHA-256 of its bytes."""

    exercises: dict
    tensors: dict
    digest: str

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


@functools.lru_cache(maxsize=4)
def load(path=None):
    """Read a case file: the public one, or that at ``path``.

    Raises FileNotFoundError, naming the file, where there is none.
    """
    try:  # the public one may have come with the notebook, and be in memory
        content = Path(path).read_bytes() if path else pkgutil.get_data("helpers", "cases/public.safetensors")
    except OSError:
        name = Path(path or PUBLIC).name
        sentence = _("there is no case file {name}: reinstall helpers, or run `make hidden`", name=name)
        raise FileNotFoundError(sentence) from None
    return parse(content)


def parse(content):
    """Return the `CaseFile` of its bytes."""
    from safetensors.numpy import load as arrays

    tensors = arrays(content)
    exercises = json.loads(tensors.pop("exercises").tobytes())
    return CaseFile(exercises, tensors, hashlib.sha256(content).hexdigest())
