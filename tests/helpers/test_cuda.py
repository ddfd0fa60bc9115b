"""On a GPU, where there is one: accuracy by dtype, agreement with torch.softmax, memory, and every check.

Without one these tests skip. The figures they print are for a report; `make bench` times.
"""

import numpy as np
import pytest
import torch

import helpers
from helpers.checks import cases, report
from source.oracle import softmax_array
from source.reproduce import answers
from source.tolerance import softmax_tolerance
from tests.support.benchmark import ROUNDS, peak_bytes
from tests.support.course import ASSIGNMENTS, COURSE, solutions

MPS, CUDA = torch.backends.mps.is_available(), torch.cuda.is_available()
pytestmark = pytest.mark.skipif(not (CUDA or MPS), reason="torch sees no CUDA or MPS device on this machine")
DEVICE = helpers.pick_device()
DTYPES = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
on_cuda = pytest.mark.skipif(not CUDA, reason="torch sees no CUDA device on this machine")


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_dtype_lies_within_the_written_tolerance(dtype, temperature, capsys):
    if dtype.itemsize > helpers.widest_float(DEVICE).itemsize:
        pytest.skip(f"{DEVICE.type} has no {dtype}")
    x = (3 * torch.randn(16, 101, generator=torch.Generator().manual_seed(0))).to(dtype)
    exact = x.double().numpy()
    reference = softmax_array(exact, temperature)
    came = helpers.softmax_t(x.to(DEVICE), temperature).cpu().double().numpy()
    error = np.abs(came - reference)
    bound = softmax_tolerance(exact, reference, temperature, -1, str(dtype).removeprefix("torch."))
    normal = reference > 2.0**-14  # below, float16 has fewer digits
    relative = (error / reference)[normal].max()
    with capsys.disabled():
        print(f"\n{DEVICE.type} {dtype!s:15} T = {temperature}: largest relative error {relative:.2e}")
    assert (error <= bound).all()


@pytest.mark.parametrize("shape", ROUNDS, ids=str)
def test_it_agrees_with_torch_softmax_and_takes_no_more_memory(shape, capsys):
    x = 3 * torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(DEVICE)
    ours, theirs = helpers.softmax_t(x, 0.7), torch.softmax(x / 0.7, -1)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-9)
    if CUDA:
        peaks = [
            peak_bytes(way, str(DEVICE)) / x.nbytes
            for way in (lambda: helpers.softmax_t(x, 0.7), lambda: torch.softmax(x / 0.7, -1))
        ]
        with capsys.disabled():
            print(
                f"\n{shape}: peak memory in tensors of x's size: softmax_t {peaks[0]:.2f}, torch.softmax {peaks[1]:.2f}"
            )
        assert peaks[0] <= 1.05 * peaks[1] or x.nbytes < 1 << 20  # CUDA hands out memory in blocks


def moved(value):
    """Return a value, or a container's, with its tensors on the device."""
    if isinstance(value, dict):
        return {key: moved(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(moved, value))
    return value.to(DEVICE) if torch.is_tensor(value) else value


@on_cuda
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_check_passes_with_tensors_on_the_gpu(assignment):
    scope = answers(assignment)

    def on_the_gpu(function):
        return lambda *args, **kwargs: function(*moved(args), **moved(kwargs))

    cases.use(COURSE.public(assignment))
    torch.set_default_device("cuda")
    try:
        found = {name: report(name, on_the_gpu(scope[name])) for name in solutions(assignment) if callable(scope[name])}
    finally:
        torch.set_default_device(None)
    assert {name: str(each) for name, each in found.items() if not each.passed} == {}
