"""The fewest entries that hold a given share: the nucleus of top-p sampling."""

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, integer, variants

from ... import oracle

ASPECTS = {"the count": 1, "a large vocabulary": 1}
COUNT, LARGE = ASPECTS
SHOWN = (
    "{number:.0f} of those five entries hold nine tenths. That is a measure of its own: one entry can hold most of "
    "the mass while the nucleus is still large."
)
SHOWN_FROM = ("five entries in any order", 0)
FORBIDDEN = ("helpers.tokens_for_mass",)
ADVICE = "Write it with a sort and a cumulative sum."

LARGEST = "Take the largest entries first, whatever their order in p, and stop as soon as they sum to at least mass."
BIG = "On a vocabulary sort once and add all of it up in float64: a loop is slow, and float32 can drift."


def _case(book, name, aspect, diagnosis, p, mass=None, tile=None, margin=1e-4):
    p = np.asarray(p)
    count = oracle.tokens_for_mass(p.tolist(), 0.9 if mass is None else mass, tile or 1, margin)
    given = {} if mass is None else {"mass": mass}
    return case(name, aspect, integer(count), diagnosis, book.tensor(p, tile), **given)


def public(book):
    """Return cases in which the usual mistakes come to different counts."""
    eight = [0.21, 0.04, 0.09, 0.05, 0.14, 0.23, 0.16, 0.08]
    enough = [0.03, 0.19, 0.02, 0.06, 0.2, 0.17, 0.27, 0.06]
    return [
        _case(book, "five entries in any order", COUNT, LARGEST, [0.05, 0.33, 0.03, 0.26, 0.33]),
        _case(book, "eight entries, mass 0.97", COUNT, LARGEST, eight, mass=0.97),
        _case(book, "one entry is enough, mass 0.25", COUNT, LARGEST, enough, mass=0.25),
    ]


def hidden(book, rng):
    def drawn(name, aspect, diagnosis, draw, margin=1e-4, least=1):
        while True:  # a draw near a tie, or with a count that the public cases have, is drawn again
            p, mass, tile = draw()
            try:
                found = _case(book, name, aspect, diagnosis, p, mass, tile, margin)
            except ValueError:
                continue
            if found["expected"]["integer"] >= least:
                return found

    def shuffled(values):
        order = list(range(len(values)))
        rng.shuffle(order)
        return np.array(values)[order]

    def two_and_a_tail():
        head = np.array([rng.uniform(0.8, 1.2) for _ in range(2)]) * rng.uniform(0.4, 0.5) / 256
        tail = np.full(499, (1 / 256 - head.sum()) / 499)
        return shuffled([*head, *tail]), round(rng.uniform(0.55, 0.75), 2), 256

    def flat():
        weights = np.exp([rng.gauss(0, 1) for _ in range(501)])
        return weights / weights.sum() / 256, round(rng.uniform(0.92, 0.97), 3), 256

    def forty(low, high):
        weights = np.array([rng.expovariate(1.0) for _ in range(40)])
        return weights / weights.sum(), round(rng.uniform(low, high), 3), None

    return [
        drawn("a vocabulary of 128 256", LARGE, BIG, two_and_a_tail),
        drawn("a flat vocabulary, nearly all of the mass", LARGE, BIG, flat, margin=1e-7),
        drawn("forty entries", COUNT, LARGEST, lambda: forty(0.2, 0.4), margin=1e-3, least=5),
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
    """Take the largest entries first"""
    return int(torch.ceil(mass / p.max()))


def wrong_above_a_threshold(p, mass=0.9):
    """Your numbers match the entries that are above 1 - mass, each by itself."""
    return int((p > 1 - mass).sum())


def wrong_leaves_out_equal_entries(p, mass=0.9):
    """Your numbers match a count that counts equal entries once."""
    return int((p.unique().flip(0).double().cumsum(0) < mass).sum()) + 1


@variants(k=[600, 50000])
def wrong_looks_at_the_largest_only(p, mass=0.9, *, k):
    """On a vocabulary"""
    top = p.topk(min(len(p), k)).values.double()
    return int((top.cumsum(0) < mass).sum()) + 1


def wrong_at_most_90_percent(p, mass=0.9):
    """Your numbers match a count that takes 0.9, whatever mass is."""
    return int((p.sort(descending=True).values.double().cumsum(0) < min(mass, 0.9)).sum()) + 1


def wrong_at_least_50_percent(p, mass=0.9):
    """Take the largest entries first"""
    return int((p.sort(descending=True).values.double().cumsum(0) < max(mass, 0.5)).sum()) + 1


def wrong_other_default_mass(p, mass=0.95):
    """Your numbers match a count for a default mass of 0.95."""
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum()) + 1


def wrong_rounds_the_sums(p, mass=0.9):
    """On a vocabulary"""
    return int((p.sort(descending=True).values.double().cumsum(0).round(decimals=3) < mass).sum()) + 1


def wrong_adds_in_float32_one_by_one(p, mass=0.9):
    """On a vocabulary"""
    return int((np.cumsum(np.sort(p.numpy().astype(np.float32))[::-1], dtype=np.float32) < mass).sum()) + 1


@variants(small=[1e-5])
def wrong_drops_small_entries(p, mass=0.9, *, small):
    """On a vocabulary"""
    return int((p[p > small].sort(descending=True).values.double().cumsum(0) < mass).sum()) + 1


def wrong_off_by_one_in_the_index(p, mass=0.9):
    """Your numbers match a count that is one too few."""
    return int((p.sort(descending=True).values.double().cumsum(0) >= mass).nonzero()[0])


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
