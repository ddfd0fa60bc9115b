"""Time softmax_t against other ways, in ratios to torch.softmax(x): `make bench`.

Each round times the way and, just before it, torch.softmax(x), so that both meet the same noise, caches and allocator;
a ratio is one median over the other. Memory is the peak of what is allocated during a call, the result included, in
tensors of x's size. The GPU that torch sees, if there is one, is timed beside the CPU. Nothing is asserted: a loaded
machine would fail honest code.
"""

import os
import time
import tracemalloc
from statistics import median

import numpy as np
import pytest
import scipy.special
import torch

from helpers import pick_device, softmax_t
from tests.support.benchmark import ROUNDS, peak_bytes

T = 0.7
THREADS = sorted({1, os.cpu_count()})
# On a GPU the number of the CPU's threads does not matter.
PLACES = [("cpu", threads) for threads in THREADS] + [(str(pick_device()), 1)] * (pick_device().type != "cpu")


def article(x):
    z = x / T
    e = torch.exp(z - z.amax(-1, keepdim=True))
    return e / e.sum(-1, keepdim=True)


def numpy_softmax(x):
    e = np.exp((x - x.max(-1, keepdims=True)) / T)
    return e / e.sum(-1, keepdims=True)


def baseline(x):
    return torch.softmax(x, -1)


TORCH = {
    "softmax_t(x)": softmax_t,
    "softmax_t(x, T)": lambda x: softmax_t(x, T),
    "torch.softmax(x/T)": lambda x: torch.softmax(x / T, -1),
    "article": article,
}
NUMPY = {"scipy(x/T)": lambda x: scipy.special.softmax(x / T, axis=-1), "numpy": numpy_softmax}
CASES = [
    (shape, device, threads, direction, way)
    for shape in ROUNDS
    for device, threads in PLACES
    for direction in ("forward", "backward")
    for way in (*TORCH, *(NUMPY if (device, threads, direction) == ("cpu", 1, "forward") else ()))
]


def wait(device):
    """Wait until a GPU has done what it was given."""
    if device != "cpu":
        getattr(torch, torch.device(device).type).synchronize()


def numpy_peak_bytes(call):
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def report(rows):
    ways = [*TORCH, *NUMPY]
    line = "{:<14}{:<6}{:>8}  {:<9}{:>12}" + "{:>20}" * len(ways)
    yield f"Ratio to torch.softmax(x) [peak memory in tensors of x's size]. float32, T = {T}."
    yield line.format("shape", "device", "threads", "pass", "softmax, ms", *ways)
    for (shape, device, threads, direction), found in rows.items():
        base = median(base for base, _, _ in found.values())
        cells = [f"{found[way][1]:.2f} [{found[way][2]:.1f}]" if way in found else "" for way in ways]
        yield line.format(str(shape), device, threads, direction, f"{1e3 * base:.3f}", *cells)


@pytest.fixture(scope="module")
def table(pytestconfig):
    """Collect rows of ratios while the cases run, and print them after the last."""
    rows = {}
    yield rows
    with pytestconfig.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print("\n\n" + "\n".join(report(rows)))


@pytest.mark.parametrize("shape, device, threads, direction, way", CASES, ids=str)
def test_time(benchmark, table, shape, device, threads, direction, way):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(device) * 3
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(1)).to(device)

    def run(function):
        if way in NUMPY and function is not baseline:
            return function(x.numpy())
        if direction == "forward":
            result = function(x)
        else:
            leaf = x.detach().requires_grad_()
            result = torch.autograd.grad(function(leaf), leaf, weight)[0]
        wait(device)
        return result

    def time_baseline():
        start = time.perf_counter()
        run(baseline)
        base.append(time.perf_counter() - start)

    base, function = [], (TORCH | NUMPY)[way]
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        benchmark.group = f"{shape} {direction} {device} threads={threads}"
        benchmark.pedantic(run, args=(function,), setup=time_baseline, rounds=ROUNDS[shape], warmup_rounds=2)
        peak = numpy_peak_bytes(lambda: run(function)) if way in NUMPY else peak_bytes(lambda: run(function), device)
        tensors = peak / x.nbytes
    finally:
        torch.set_num_threads(before)
    ratio = benchmark.stats.stats.median / median(base)
    benchmark.extra_info.update(way=way, ratio_to_torch_softmax=ratio, peak_tensors=tensors)
    table.setdefault((shape, device, threads, direction), {})[way] = (median(base), ratio, tensors)
