"""Each deviation divided by the one before it."""

import math
from itertools import pairwise

import numpy as np
import torch

from grading.authoring.exercise import case, list_of, number, row, variants, within

ASPECTS = {"the ratios, in order": 1, "after a deviation of 0": 1}
RATIOS, ZERO = ASPECTS
SHOWN = (
    "From 2e-12 to 1e-12 you found a ratio of {number:.2g}: between the smallest deviations, too, where a plot on a "
    "plain axis shows nothing any more."
)
SHOWN_FROM = ("a deviation of 0 on the way", -1)

ORDER = "Each deviation divided by the one before it: len(stds) - 1 ratios, in order."
SMALL = "A small deviation is not 0: it has a ratio, and nothing is added to it."
NO_RATIO = "After a deviation of 0 there is no ratio: put float('nan') there, as a plain division would fail."


def _case(name, aspect, diagnosis, stds):
    ratios = [b / a if a else math.nan for a, b in pairwise(stds)]
    return case(name, aspect, row(number(ratio, within(rtol=1e-6)) for ratio in ratios), diagnosis, list_of(stds))


def public(book):
    return [
        _case("four deviations", RATIOS, ORDER, [0.6, 0.1, 0.08, 0.02]),
        _case("a deviation of 0 on the way", ZERO, NO_RATIO, [0.25, 0.05, 0.0, 0.1, 2e-12, 1e-12]),
    ]


def hidden(book, rng):
    back = [rng.uniform(0.1, 1.0), 0.0, 0.0, rng.uniform(0.1, 1.0), rng.uniform(0.1, 1.0)]
    tiny = [rng.uniform(1, 9) * 10.0 ** (-5 * k) for k in range(1, 7)]
    return [
        _case("one deviation", RATIOS, ORDER, [rng.uniform(0.1, 1.0)]),
        _case("a zero in between", ZERO, NO_RATIO, back),
        _case("very small deviations", RATIOS, SMALL, tiny),
    ]


def right_by_a_loop(stds):
    ratios = []
    for k in range(1, len(stds)):
        ratios.append(stds[k] / stds[k - 1] if stds[k - 1] > 0 else float("nan"))
    return ratios


def right_by_numpy(stds):
    before = np.array(stds[:-1])
    before[before == 0] = np.nan
    return np.array(stds[1:]) / before


def right_by_torch(stds):
    s = torch.tensor(stds, dtype=torch.float64)
    return torch.where(s[:-1] == 0, torch.nan, s[1:] / s[:-1])


def right_catches_the_error(stds):
    def ratio(a, b):
        try:
            return b / a
        except ZeroDivisionError:
            return math.nan

    return tuple(ratio(a, b) for a, b in zip(stds, stds[1:]))


def right_with_tensors_inside(stds):
    return [torch.tensor(b) / a if a else torch.tensor(math.nan) for a, b in zip(stds[:-1], stds[1:], strict=True)]


def wrong_upside_down(stds):
    """Your numbers match the earlier deviation divided by the later one."""
    return [a / b if b else math.nan for a, b in zip(stds, stds[1:])]


def wrong_over_the_first(stds):
    """Your numbers match every deviation divided by the first one."""
    return [s / stds[0] for s in stds[1:]]


def wrong_differences(stds):
    """Your numbers match differences instead of ratios."""
    return [b - a for a, b in zip(stds, stds[1:])]


def wrong_logarithms(stds):
    """Your numbers match the logarithms of the ratios."""
    return [math.log(b / a) if a and b else math.nan for a, b in zip(stds, stds[1:])]


def wrong_one_too_many(stds):
    """wrong length"""
    return [math.nan] + [b / a if a else math.nan for a, b in zip(stds, stds[1:])]


def wrong_leaves_out_the_zeros(stds):
    """wrong length"""
    return [b / a for a, b in zip(stds, stds[1:]) if a]


def wrong_fails_at_zero(stds):
    """your function raised ZeroDivisionError"""
    return [b / a for a, b in zip(stds, stds[1:])]


def wrong_zero_after_zero(stds):
    """Your numbers match ratios with a 0 where nan belongs."""
    return [b / a if a else 0.0 for a, b in zip(stds, stds[1:])]


def wrong_infinity_after_zero(stds):
    """Your numbers match a division by 0: after a deviation of 0 there is no ratio, so put float('nan') there."""
    s = torch.tensor(stds, dtype=torch.float64)
    return (s[1:] / s[:-1]).tolist()


def wrong_stops_at_the_first_zero(stds):
    """Your numbers match ratios with a nan at every place after the first zero."""
    ratios = [b / a if a else math.nan for a, b in zip(stds, stds[1:])]
    end = ratios.index(0.0) if 0.0 in ratios else len(ratios)
    return ratios[: end + 1] + [math.nan] * (len(ratios) - end - 1)


@variants(small=[1e-10, 1e-12])
def wrong_takes_small_for_zero(stds, *, small):
    """Your numbers match ratios with a nan after a small deviation: only a deviation of 0 has none."""
    return [b / a if a > small else math.nan for a, b in zip(stds, stds[1:])]


@variants(small=[1e-20])
def wrong_takes_less_for_zero(stds, *, small):
    """A small deviation is not 0"""
    return [b / a if a >= small else math.nan for a, b in zip(stds, stds[1:])]


@variants(small=[1e-9, 1e-12, 1e-16, 1e-300])
def wrong_adds_a_small_number(stds, *, small):
    """After a deviation of 0 there is no ratio"""
    return [b / (a + small) for a, b in zip(stds, stds[1:])]


@variants(small=[1e-12, 1e-16])
def wrong_something_small_for_zero(stds, *, small):
    """After a deviation of 0 there is no ratio"""
    return [b / (a or small) for a, b in zip(stds, stds[1:])]


def wrong_small_ratio_after_zero(stds):
    """After a deviation of 0 there is no ratio"""
    return [b / a if a else 1e-12 for a, b in zip(stds, stds[1:])]


def wrong_zero_after_two_zeros(stds):
    """Your numbers match ratios with a 0 where nan belongs."""
    return [0.0 if b == 0 else b / a if a else math.nan for a, b in zip(stds, stds[1:])]


def wrong_nothing_after_two_zeros(stds):
    """wrong length"""
    return [b / a if a else math.nan for a, b in zip(stds, stds[1:]) if a or b]


def wrong_fails_on_one_deviation(stds):
    """your function raised"""
    first, *rest = (b / a if a else math.nan for a, b in zip(stds, stds[1:]))
    return [first, *rest]


def wrong_rounds(stds):
    """rounded"""
    return [round(b / a, 4) if a else math.nan for a, b in zip(stds, stds[1:])]


def wrong_backwards(stds):
    """Your numbers match the ratios in backward order."""
    return [b / a if a else math.nan for a, b in zip(stds, stds[1:])][::-1]


def wrong_returns_a_generator(stds):
    """wrong type"""
    return (b / a if a else math.nan for a, b in zip(stds, stds[1:]))


def wrong_writes_into_its_input(stds):
    """your function wrote into its argument"""
    ratios = []
    while len(stds) > 1:
        before = stds.pop(0)
        ratios.append(stds[0] / before if before else math.nan)
    return ratios
