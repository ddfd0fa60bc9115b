"""The call of a case, as Python: pasted into a notebook it gives the function the very same arguments."""

import math

import numpy as np
import pytest
import torch

from helpers.checks.calls import LARGEST, call
from helpers.checks.cases import CaseFile
from helpers.checks.collect import decode
from tests.support.matrix import BANKED, EXERCISES, files

NOTEBOOK = {"math": math, "np": np, "torch": torch}  # what the setup cell imports


def same(a, b):
    """Tell whether two arguments are the same, to the last bit, in type and dtype."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (torch.Tensor, np.ndarray)):
        a, b = map(np.asarray, (a, b))
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b or (a != a and b != b)


def faults(exercise, cases, file):
    """Return the names of the cases whose call, run, gives other arguments than the case."""
    scope = NOTEBOOK | {exercise: lambda *args, **kwargs: (list(args), kwargs)}
    inputs, found = file.inputs(cases), []
    for case in cases:
        args = [decode(value, inputs) for value in case["args"]]
        kwargs = {name: decode(value, inputs) for name, value in case["kwargs"].items()}
        line = call(exercise, case, file.tensors)
        given = eval(line, scope)
        if "\n" in line or not same(given[0], args) or not same(given[1], kwargs):
            found.append(case["name"])
    return found


@pytest.mark.parametrize("exercise", BANKED)
def test_the_call_of_every_public_case_reproduces_it(exercise):
    public, _ = files(EXERCISES[exercise])
    assert faults(exercise, public.exercises[exercise]["cases"], public) == []


TENSORS = {
    "double": np.array([0.1, -math.inf, math.nan, 1 / 3]),
    "single": np.array([[0.1, 2.0], [16777217.0, -1e-45]], np.float32),
    "half": np.array([0.1, 65504.0], np.float16),
    "counts": np.array([1, 2**62]),
    "small counts": np.array([1, -2], np.int32),
    "mask": np.array([True, False]),
    "none": np.zeros((0,)),
    "none, single": np.zeros((0,), np.float32),
    "many": np.zeros((LARGEST + 1,), np.float32),
}
ARGUMENTS = [
    *({"tensor": [name]} for name in TENSORS if name != "many"),
    *({"ndarray": [name]} for name in TENSORS if name != "many"),
    {"tensor": ["single", 1]},
    {"tensor": ["counts"], "tile": 3},
    {"list": [1, 2.5, math.nan, -math.inf, {"tensor": ["double"]}, {"list": []}, None, True, "it's"]},
    {"dict": [[0.4, {"dict": [[3, {"tensor": ["half"]}], ["probs", math.inf]]}]]},
    {"dtype": "bfloat16"},
    {"function": "hypot"},
    -0.0,
    "a text",
]


@pytest.mark.parametrize("argument", ARGUMENTS, ids=repr)
def test_an_argument_of_any_kind_is_written_as_it_arrives(argument):
    case = {"name": "a case", "args": [argument], "kwargs": {"again": argument}}
    assert faults("f", [case], CaseFile({}, TENSORS)) == []


def test_a_large_array_is_named_by_its_dtype_and_shape():
    case = {"name": "a case", "args": [{"tensor": ["many"], "tile": 256}], "kwargs": {"mass": 0.9}}
    assert call("f", case, TENSORS) == "f(<torch.float32 of shape (65,)>.repeat(256), mass=0.9)"


def test_what_is_a_value_has_no_call():
    assert call("prediction_1", {"name": "a case", "args": [], "kwargs": {}, "value": True}, {}) == ""


@pytest.mark.parametrize(
    ("case", "written"), [(torch.zeros(1), torch.zeros(1).double()), ([1], [1.0]), ({2: 0.5}, {2.0: 0.5})]
)
def test_the_gate_sees_a_dtype_that_is_lost(case, written):
    """The red fixture."""
    assert same(case, case) and not same(case, written)
