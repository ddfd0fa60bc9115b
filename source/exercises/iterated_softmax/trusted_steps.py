"""How many deviations a dtype gets right."""

import numpy as np
import torch

from grading.authoring.exercise import case, dtype, integer

from ... import oracle

ASPECTS = {"float32": 1, "float64": 1}
FLOAT32, FLOAT64 = ASPECTS

STEPS = "Compare with float64's deviations, relative to them, and stop at the first that disagrees by more than rtol."


def _case(name, kind, **settings):
    n_points, rtol = settings.get("n_points", 20), settings.get("rtol", 0.015)
    count = 9 if kind == "float64" else oracle.trusted_steps(n_points, rtol)
    return case(name, kind, integer(count), STEPS, dtype(kind), **settings)


def public(book):
    return [
        _case("float32, 20 points", FLOAT32),
        _case("float64, 20 points", FLOAT64),
        _case("float32, 4 points, rtol 0.05", FLOAT32, n_points=4, rtol=0.05),
    ]


def hidden(book, rng):
    """Draw from settings in which all honest ways agree, with room on both sides.

    With many points, a power of two, the last deviations are 0 in both dtypes: they agree again, but do not count.
    """
    pools = [
        ("a loose bound", [(16, 0.25), (30, 0.2), (32, 0.2), (25, 0.1)]),
        ("many points", [(256, 0.01), (256, 0.02), (512, 0.05), (512, 0.1)]),
    ]
    drawn = [(name, *rng.choice(pool)) for name, pool in pools]
    return [_case(f"float32, {name}", FLOAT32, n_points=n, rtol=rtol) for name, n, rtol in drawn] + [
        _case("float64, another number of points", FLOAT64, n_points=rng.randint(8, 40), rtol=0.02)
    ]


def right_by_torch(dtype, n_points=20, rtol=0.015):
    def stds(dtype):
        p, found = torch.linspace(0, 1, n_points, dtype=dtype), []
        for _ in range(9):
            p = torch.softmax(p, -1)
            found.append(p.std())
        return torch.stack(found).double()

    good = (stds(dtype) - stds(torch.float64)).abs() <= rtol * stds(torch.float64)
    return int(good.cumprod(0).sum())


def right_by_numpy(dtype, n_points=20, rtol=0.015):
    def stds(kind):
        p, found = np.linspace(0, 1, n_points, dtype=kind), []
        for _ in range(9):
            p = np.exp(p - p.max())
            p /= p.sum()
            found.append(float(p.std(ddof=1)))
        return found

    count = 0
    for std, true in zip(stds(np.float32 if dtype == torch.float32 else np.float64), stds(np.float64), strict=True):
        if abs(std - true) > rtol * true:
            break
        count += 1
    return count


def right_side_by_side(dtype, n_points=20, rtol=0.015):
    p = torch.linspace(0, 1, n_points, dtype=dtype)
    q = torch.linspace(0, 1, n_points, dtype=torch.float64)
    count = 0
    while count < 9:
        p, q = p.softmax(0), q.softmax(0)
        if (p.std() / q.std() - 1).abs() > rtol:
            return count
        count = count + 1
    return count


def right_with_a_float64_ruler(dtype, n_points=20, rtol=0.015):
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    agree = []
    for _ in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        agree.append(bool(torch.isclose(p.double().std(), q.std(), rtol=rtol, atol=0)))
    return torch.tensor((agree + [False]).index(False))


def wrong_the_articles_count(dtype, n_points=20, rtol=0.015):
    """stop at the first that disagrees"""
    return 5


def wrong_count_by_dtype(dtype, n_points=20, rtol=0.015):
    """Your numbers match the count of 20 points at rtol = 0.015, whatever they are."""
    return {torch.float64: 9, torch.float32: 5, torch.bfloat16: 2, torch.float16: 3}[dtype]


def wrong_counts_all(dtype, n_points=20, rtol=0.015):
    """stop at the first that disagrees"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    count = 0
    for _ in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        count += int(abs(p.std().item() - q.std().item()) <= rtol * q.std().item())
    return count


def wrong_last_one_that_agrees(dtype, n_points=20, rtol=0.015):
    """Your numbers match a count that is one too few."""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    last = 0
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            break
        last = k
    return last


def wrong_counts_the_failure_too(dtype, n_points=20, rtol=0.015):
    """Your numbers match a count that is one too many."""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k + 1
    return 9


def wrong_eight_deviations(dtype, n_points=20, rtol=0.015):
    """Your numbers match a count of eight deviations: there are nine, k = 0 to 8."""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(8):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 8


def wrong_leaves_out_the_first(dtype, n_points=20, rtol=0.015):
    """Your numbers match a count that leaves out the first deviation."""
    p, q = (torch.softmax(torch.linspace(0, 1, n_points, dtype=kind), 0) for kind in (dtype, torch.float64))
    for k in range(8):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 9


def wrong_absolute(dtype, n_points=20, rtol=0.015):
    """relative to them"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol:
            return k
    return 9


def wrong_allclose(dtype, n_points=20, rtol=0.015):
    """relative to them"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if not torch.isclose(p.std().double(), q.std(), rtol=rtol):
            return k
    return 9


def wrong_compares_the_probabilities(dtype, n_points=20, rtol=0.015):
    """Compare with float64's deviations"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if ((p - q).abs() > rtol * q).any():
            return k
    return 9


def wrong_ignores_n_points(dtype, n_points=20, rtol=0.015):
    """Your numbers match the count of 20 points at rtol = 0.015, whatever they are."""
    p, q = (torch.linspace(0, 1, 20, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 9


def wrong_ignores_rtol(dtype, n_points=20, rtol=0.015):
    """Your numbers match the count at rtol = 0.015, whatever rtol is."""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > 0.015 * q.std().item():
            return k
    return 9


def wrong_always_float32(dtype, n_points=20, rtol=0.015):
    """stop at the first that disagrees"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (torch.float32, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 9


def wrong_never_repeats(dtype, n_points=20, rtol=0.015):
    """Compare with float64's deviations"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        ours, true = torch.softmax(p, 0).std().item(), torch.softmax(q, 0).std().item()
        if abs(ours - true) > rtol * true:
            return k
    return 9


def wrong_returns_the_list(dtype, n_points=20, rtol=0.015):
    """wrong type"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    agree = []
    for _ in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        agree.append(abs(p.std().item() - q.std().item()) <= rtol * q.std().item())
    return agree


def wrong_returns_none(dtype, n_points=20, rtol=0.015):
    """your function returned None"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            print(k)
            break
