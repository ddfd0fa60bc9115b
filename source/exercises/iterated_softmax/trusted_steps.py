"""How many deviations a dtype gets right."""

import numpy as np
import torch

from grading.authoring.exercise import case, dtype, integer
from helpers.explorers import models

from ... import oracle

ASPECTS = {"the number formats": 1, "n_points and rtol": 1}  # float64's count is always 9: no aspect of its own
FORMATS, SETTINGS = ASPECTS
SHOWN = (
    "With 512 points float32 gets the first {number:.0f} of nine deviations right to 5%: a number format has a "
    "horizon, and you can measure where it lies."
)
SHOWN_FROM = ("float32, 512 points, rtol 0.05", 0)
FORBIDDEN = ("helpers.explorers.models.repeat_from_two_starts",)
ADVICE = "Write the loop: that is the exercise."

STEPS = (
    "Compare with float64's deviations, relative to them: stop at the first that lies more than rtol off, above or "
    "below."
)


def _case(name, aspect, kind, **settings):
    n_points, rtol = settings.get("n_points", 20), settings.get("rtol", 0.015)
    count = 9 if kind == "float64" else oracle.trusted_steps(n_points, rtol, kind)
    return case(name, aspect, integer(count), STEPS, dtype(kind), **settings)


def public(book):
    return [
        _case("float32, 20 points", FORMATS, "float32"),
        _case("float64, 20 points", FORMATS, "float64"),
        _case("float32, 512 points, rtol 0.05", SETTINGS, "float32", n_points=512, rtol=0.05),
    ]


def hidden(book, rng):
    """Draw settings in which all honest ways agree, with room on both sides.

    A half's first deviation that disagrees is too small, not too large. With 512 points the last ones are 0 in float32
    and in float64: they agree again, but do not count.
    """

    def draw(name, aspect, kind, points, bounds, counts):
        while True:
            n_points, rtol = rng.randint(*points), round(rng.uniform(*bounds), 4)
            try:
                found = _case(name, aspect, kind, n_points=n_points, rtol=rtol)
            except ValueError:
                continue
            if found["expected"]["integer"] in counts:
                return found

    half = [("float16", (4, 7), (0.03, 0.08), [4]), ("bfloat16", (5, 19), (0.008, 0.2), [1, 2])]
    return [
        draw("half precision, another number of points", FORMATS, *rng.choice(half)),
        draw("float32, 32 points", SETTINGS, "float32", (32, 32), (0.04, 0.3), [5]),
        draw("float64, another number of points", SETTINGS, "float64", (8, 40), (0.01, 0.03), [9]),
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
    def stds(dtype):
        wide = np.float64 if dtype == torch.float64 else np.float32
        p, found = np.linspace(0, 1, n_points), []
        for _ in range(9):
            p = torch.tensor(p).to(dtype).to(torch.float64).numpy().astype(wide)
            p = np.exp(p - p.max())
            p /= p.sum()
            found.append(torch.tensor(p).to(dtype).double().std().item())
        return found

    count = 0
    for std, true in zip(stds(dtype), stds(torch.float64), strict=True):
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
    """Your numbers match the count of 20 points at rtol = 0.015, whatever is asked."""
    return 5


def wrong_count_by_dtype(dtype, n_points=20, rtol=0.015):
    """Your numbers match the count of 20 points at rtol = 0.015, whatever is asked."""
    return {torch.float64: 9, torch.float32: 5, torch.bfloat16: 2, torch.float16: 3}[dtype]


def wrong_counts_all(dtype, n_points=20, rtol=0.015):
    """stop at the first that lies more than rtol off"""
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
    """Your numbers match the count of 20 points at rtol = 0.015, whatever is asked."""
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
    """Your numbers match float32's count, whatever dtype is."""
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


def wrong_no_abs(dtype, n_points=20, rtol=0.015):
    """stop at the first that lies more than rtol off"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if p.std().item() - q.std().item() > rtol * q.std().item():
            return k
    return 9


def wrong_float32_for_every_other_dtype(dtype, n_points=20, rtol=0.015):
    """stop at the first that lies more than rtol off"""
    kind = torch.float64 if dtype == torch.float64 else torch.float32
    p, q = (torch.linspace(0, 1, n_points, dtype=each) for each in (kind, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 9


def wrong_relative_to_its_own(dtype, n_points=20, rtol=0.015):
    """stop at the first that lies more than rtol off"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * max(p.std().item(), 1e-3):
            return k
    return 9


def wrong_returns_the_list(dtype, n_points=20, rtol=0.015):
    """One number is asked for: which of these?"""
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


def wrong_by_the_explorer(dtype, n_points=20, rtol=0.015):
    """uses helpers.explorers.models.repeat_from_two_starts"""
    name = str(dtype).removeprefix("torch.")
    ours, true = (models.repeat_from_two_starts(n_points, 8, 1.0, kind).deviation[:, 0] for kind in (name, "float64"))
    return int((abs(ours - true) <= rtol * true).cumprod().sum())
