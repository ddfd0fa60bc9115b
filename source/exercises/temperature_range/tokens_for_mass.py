"""The fewest entries that hold a given share: the nucleus of top-p sampling."""

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, integer

from ... import oracle

ASPECTS = {"the count": 1, "a large vocabulary": 1}
COUNT, LARGE = ASPECTS
FORBIDDEN = ("helpers.tokens_for_mass",)
ADVICE = "Write it with a sort and a cumulative sum."

LARGEST = "Take the largest entries first, whatever their order in p, and stop as soon as they sum to at least mass."
BIG = "On a vocabulary a Python loop is slow and a float32 sum drifts: sort once, then cumulate in float64."


def _case(book, name, aspect, diagnosis, p, mass=None, tile=None):
    p = np.asarray(p)
    count = oracle.tokens_for_mass(p.tolist() * (tile or 1), 0.9 if mass is None else mass)
    given = {} if mass is None else {"mass": mass}
    return case(name, aspect, integer(count), diagnosis, book.tensor(p, tile), **given)


def public(book):
    return [
        _case(book, "five entries in any order", COUNT, LARGEST, [0.03, 0.02, 0.3, 0.2, 0.45]),
        _case(book, "half of the mass", COUNT, LARGEST, [0.1, 0.3, 0.22, 0.27, 0.11], mass=0.5),
        _case(book, "one entry is enough", COUNT, LARGEST, [0.02, 0.95, 0.03]),
    ]


def hidden(book, rng):
    def until_clear(draw):
        while True:  # a draw within 1e-4 of a tie is drawn again
            p, mass, tile = draw()
            try:
                oracle.tokens_for_mass(p.tolist() * (tile or 1), mass)
            except ValueError:
                continue
            return {"p": p, "mass": mass, "tile": tile}

    def vocabulary():
        head = np.array([rng.uniform(0.8, 1.2) for _ in range(2)])
        p = np.concatenate([head * rng.uniform(0.4, 0.5) / 256, np.full(499, 1.0)])
        p[2:] *= (1 / 256 - p[:2].sum()) / 499
        order = list(range(501))
        rng.shuffle(order)
        return p[order], round(rng.uniform(0.55, 0.75), 2), 256

    def dozen():
        weights = np.array([rng.expovariate(1.0) for _ in range(12)])
        return weights / weights.sum(), round(rng.uniform(0.4, 0.8), 2), None

    return [
        _case(book, "a vocabulary of 128,256", LARGE, BIG, **until_clear(vocabulary)),
        _case(book, "a dozen entries", COUNT, LARGEST, **until_clear(dozen)),
    ]


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
    """Your numbers match a count that takes the entries as they come, not the largest first."""
    return int((p.cumsum(0) < mass).sum()) + 1


def wrong_smallest_first(p, mass=0.9):
    """Your numbers match a count that takes the smallest entries first."""
    return int((p.sort().values.cumsum(0) < mass).sum()) + 1


def wrong_one_too_few(p, mass=0.9):
    """Your numbers match a count that is one too few."""
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum())


def wrong_one_too_many(p, mass=0.9):
    """Your numbers match a count that is one too many."""
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum()) + 2


def wrong_always_90_percent(p, mass=0.9):
    """Your numbers match a count that takes 0.9, whatever mass is."""
    return int((p.sort(descending=True).values.double().cumsum(0) < 0.9).sum()) + 1


def wrong_the_other_share(p, mass=0.9):
    """Your numbers match a count for 1 - mass."""
    return int((p.sort(descending=True).values.double().cumsum(0) < 1 - mass).sum()) + 1


def wrong_entries_left(p, mass=0.9):
    """Your numbers match the entries that are left over."""
    return int((p.sort(descending=True).values.double().cumsum(0) >= mass).sum())


def wrong_share_of_the_entries(p, mass=0.9):
    """Your numbers match a share of the entries, not of the mass."""
    return int(np.ceil(mass * len(p)))


def wrong_inverse_probability(p, mass=0.9):
    """On a vocabulary"""
    return int(torch.ceil(mass / p.max()))


def wrong_above_a_threshold(p, mass=0.9):
    """Your numbers match the entries that are above 1 - mass, each by itself."""
    return int((p > 1 - mass).sum())


def wrong_leaves_out_equal_entries(p, mass=0.9):
    """Your numbers match a count that counts equal entries once."""
    return int((p.unique().flip(0).double().cumsum(0) < mass).sum()) + 1


def wrong_looks_at_100_only(p, mass=0.9):
    """On a vocabulary"""
    top = p.topk(min(len(p), 100)).values.double()
    return int((top.cumsum(0) < mass).sum()) + 1


def wrong_stops_at_most(p, mass=0.9):
    """Your numbers match a count that is one too few."""
    total, count = 0.0, 0
    for value in p.sort(descending=True).values.tolist():
        if total + value > mass:
            break
        total, count = total + value, count + 1
    return count


def wrong_never_below_2(p, mass=0.9):
    """Your numbers match a count that is never below 2."""
    return max(2, int((p.sort(descending=True).values.double().cumsum(0) < mass).sum()) + 1)


def wrong_returns_the_entries(p, mass=0.9):
    """wrong type"""
    values = p.sort(descending=True).values
    return values[: int((values.cumsum(0) < mass).sum()) + 1]


def wrong_returns_a_share(p, mass=0.9):
    """wrong type"""
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
