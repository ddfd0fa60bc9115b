"""Answers to tokens_for_mass."""

import numpy as np
import torch

import helpers


def right_by_cumsum(p, mass=0.9):
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum().item() + 1)


def right_by_searchsorted(p, mass=0.9):
    total = np.cumsum(np.sort(p.numpy().astype(np.float64))[::-1])
    return np.searchsorted(total, mass) + 1


def right_by_a_loop(p, mass=0.9):
    total = 0.0
    for count, value in enumerate(sorted(p.tolist(), reverse=True), 1):
        total += value
        if total >= mass:
            return count


def right_from_the_small_end(p, mass=0.9):
    tail = torch.sort(p.double())[0].cumsum(0)
    return len(p) - int((tail <= tail[-1] - mass).sum())


def right_by_the_mass_before(p, mass=0.9):
    s, _ = torch.sort(p.double(), descending=True)
    return (s.cumsum(0) - s < mass).sum()


def wrong_no_sort(p, mass=0.9):
    """takes the entries as they come"""
    return int((p.cumsum(0) < mass).sum()) + 1


def wrong_smallest_first(p, mass=0.9):
    """takes the smallest entries first"""
    return int((p.sort().values.cumsum(0) < mass).sum()) + 1


def wrong_one_too_few(p, mass=0.9):
    """one too few"""
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum())


def wrong_one_too_many(p, mass=0.9):
    """one too many"""
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum()) + 2


def wrong_always_90_percent(p, mass=0.9):
    """takes 0.9, whatever mass is"""
    return int((p.sort(descending=True).values.double().cumsum(0) < 0.9).sum()) + 1


def wrong_the_other_share(p, mass=0.9):
    """1 - mass"""
    return int((p.sort(descending=True).values.double().cumsum(0) < 1 - mass).sum()) + 1


def wrong_entries_left(p, mass=0.9):
    """the entries that are left over"""
    return int((p.sort(descending=True).values.double().cumsum(0) >= mass).sum())


def wrong_share_of_the_entries(p, mass=0.9):
    """a share of the entries, not of the mass"""
    return int(np.ceil(mass * len(p)))


def wrong_inverse_probability(p, mass=0.9):
    """On a vocabulary"""
    return int(torch.ceil(mass / p.max()))


def wrong_above_a_threshold(p, mass=0.9):
    """above 1 - mass"""
    return int((p > 1 - mass).sum())


def wrong_leaves_out_equal_entries(p, mass=0.9):
    """counts equal entries once"""
    return int((p.unique().flip(0).double().cumsum(0) < mass).sum()) + 1


def wrong_looks_at_100_only(p, mass=0.9):
    """On a vocabulary"""
    top = p.topk(min(len(p), 100)).values.double()
    return int((top.cumsum(0) < mass).sum()) + 1


def wrong_stops_at_most(p, mass=0.9):
    """one too few"""
    total, count = 0.0, 0
    for value in p.sort(descending=True).values.tolist():
        if total + value > mass:
            break
        total, count = total + value, count + 1
    return count


def wrong_never_below_2(p, mass=0.9):
    """takes the entries as they come"""
    return max(2, int((p.sort(descending=True).values.double().cumsum(0) < mass).sum()) + 1)


def wrong_returns_the_entries(p, mass=0.9):
    """another kind of object"""
    values = p.sort(descending=True).values
    return values[: int((values.cumsum(0) < mass).sum()) + 1]


def wrong_returns_a_share(p, mass=0.9):
    """another kind of object"""
    return (int((p.sort(descending=True).values.cumsum(0) < mass).sum()) + 1) / len(p)


def wrong_writes_into_its_input(p, mass=0.9):
    """your function wrote into its argument"""
    values = p.numpy()
    values[::-1].sort()
    return int((values.cumsum() < mass).sum()) + 1


def wrong_returns_none(p, mass=0.9):
    """your function returned None"""
    total = 0.0
    for count, value in enumerate(p.sort(descending=True).values.tolist(), 1):
        total += value
        if total >= mass:
            print(count)
            break


def wrong_by_the_helpers(p, mass=0.9):
    """uses helpers.tokens_for_mass"""
    return helpers.tokens_for_mass(p, mass)
