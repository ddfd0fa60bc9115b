"""Answers to trusted_steps."""

import numpy as np
import torch


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
    """stop at the first that disagrees"""
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
    """one too few"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    last = 0
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            break
        last = k
    return last


def wrong_counts_the_failure_too(dtype, n_points=20, rtol=0.015):
    """one too many"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k + 1
    return 9


def wrong_eight_deviations(dtype, n_points=20, rtol=0.015):
    """one too few"""
    p, q = (torch.linspace(0, 1, n_points, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(8):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 8


def wrong_leaves_out_the_first(dtype, n_points=20, rtol=0.015):
    """one too few"""
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
    """one too few"""
    p, q = (torch.linspace(0, 1, 20, dtype=kind) for kind in (dtype, torch.float64))
    for k in range(9):
        p, q = torch.softmax(p, 0), torch.softmax(q, 0)
        if abs(p.std().item() - q.std().item()) > rtol * q.std().item():
            return k
    return 9


def wrong_ignores_rtol(dtype, n_points=20, rtol=0.015):
    """one too few"""
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
    """another kind of object"""
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
