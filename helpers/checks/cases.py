"""Read the cases of the exercises: data, written by the instructor's oracle, never by the code under test.

One safetensors file holds inputs and references of many exercises. Its metadata has one entry, ``exercises``: JSON that
maps an exercise to ``{"forbidden", "advice", "hidden", "cases"}``. A case is ``{"name", "args", "kwargs", "expected",
"diagnosis"}``; ``collect`` says how arguments are encoded, ``compare`` how an expected value is.
"""

import base64
import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

PUBLIC = Path(__file__).parent.parent / "cases" / "public.safetensors"


@dataclass(frozen=True)
class CaseFile:
    """The exercises of one file and its tensors, as numpy arrays by name."""

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
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            names |= {value["tensor"]} if "tensor" in value else set()
            waiting += [content for kind, content in value.items() if kind in ("list", "dict")]
    return names


@functools.lru_cache(maxsize=4)
def load(path=PUBLIC):
    """Read a case file.

    Raises FileNotFoundError, naming the file, where there is none.
    """
    from safetensors import safe_open

    if not Path(path).exists():
        raise FileNotFoundError(f"there is no case file {Path(path).name}: reinstall helpers, or run `make hidden`")
    with safe_open(path, "numpy") as file:
        exercises = json.loads(file.metadata()["exercises"])
        return CaseFile(exercises, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
