"""Read the cases of the exercises: data, written by the instructor's oracle, never by the code under test.

One safetensors file holds inputs and references of many exercises. Its tensor ``exercises`` is JSON that maps an
exercise to ``{"forbidden", "advice", "hidden", "cases"}``; it is not compressed, for what packs the file compresses it
better. A case is ``{"name", "args", "kwargs", "expected", "diagnosis"}``, that of a prediction has ``"value": true`` as
well; ``collect`` says what this does and how arguments are encoded, ``compare`` how an expected value is.
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
    values = [value for case in cases for value in (*case["args"], *case["kwargs"].values())]
    encoded = [value for value in values if isinstance(value, dict)]
    single = {value["tensor"] for value in encoded if "tensor" in value}
    return single | {value["results"][part] for value in encoded if "results" in value for part in ("logits", "probs")}


@functools.lru_cache(maxsize=4)
def load(path=None):
    """Read a case file: the public one, or that at ``path``.

    Raises FileNotFoundError, naming the file, where there is none.
    """
    from safetensors.numpy import load as arrays

    try:  # the public one may have come with the notebook, and be in memory
        content = Path(path).read_bytes() if path else pkgutil.get_data("helpers", "cases/public.safetensors")
    except OSError:
        name = Path(path or PUBLIC).name
        sentence = _("there is no case file {name}: reinstall helpers, or run `make hidden`", name=name)
        raise FileNotFoundError(sentence) from None
    tensors = arrays(content)
    exercises = json.loads(tensors.pop("exercises").tobytes())
    return CaseFile(exercises, tensors, hashlib.sha256(content).hexdigest())
