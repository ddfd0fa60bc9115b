"""Answers to decay_ratios."""

import math

import numpy as np
import torch


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
    """the earlier one divided by the later one"""
    return [a / b if b else math.nan for a, b in zip(stds, stds[1:])]


def wrong_over_the_first(stds):
    """divided by the first one"""
    return [s / stds[0] for s in stds[1:]]


def wrong_differences(stds):
    """differences instead of ratios"""
    return [b - a for a, b in zip(stds, stds[1:])]


def wrong_logarithms(stds):
    """logarithms of the ratios"""
    return [math.log(b / a) if a and b else math.nan for a, b in zip(stds, stds[1:])]


def wrong_one_too_many(stds):
    """the shape or length differs"""
    return [math.nan] + [b / a if a else math.nan for a, b in zip(stds, stds[1:])]


def wrong_leaves_out_the_zeros(stds):
    """the shape or length differs"""
    return [b / a for a, b in zip(stds, stds[1:]) if a]


def wrong_fails_at_zero(stds):
    """your function raised ZeroDivisionError"""
    return [b / a for a, b in zip(stds, stds[1:])]


def wrong_zero_after_zero(stds):
    """a 0 where nan belongs"""
    return [b / a if a else 0.0 for a, b in zip(stds, stds[1:])]


def wrong_infinity_after_zero(stds):
    """After a deviation of 0 there is no ratio"""
    s = torch.tensor(stds, dtype=torch.float64)
    return (s[1:] / s[:-1]).tolist()


def wrong_stops_at_the_first_zero(stds):
    """a nan at every place after the first zero"""
    ratios = [b / a if a else math.nan for a, b in zip(stds, stds[1:])]
    end = ratios.index(0.0) if 0.0 in ratios else len(ratios)
    return ratios[: end + 1] + [math.nan] * (len(ratios) - end - 1)


def wrong_takes_small_for_zero(stds):
    """Each deviation divided by the one before it"""
    return [b / a if a > 1e-10 else math.nan for a, b in zip(stds, stds[1:])]


def wrong_fails_on_one_deviation(stds):
    """your function raised"""
    first, *rest = (b / a if a else math.nan for a, b in zip(stds, stds[1:]))
    return [first, *rest]


def wrong_rounds(stds):
    """rounded"""
    return [round(b / a, 4) if a else math.nan for a, b in zip(stds, stds[1:])]


def wrong_backwards(stds):
    """in backward order"""
    return [b / a if a else math.nan for a, b in zip(stds, stds[1:])][::-1]


def wrong_returns_a_generator(stds):
    """another kind of object"""
    return (b / a if a else math.nan for a, b in zip(stds, stds[1:]))


def wrong_writes_into_its_input(stds):
    """your function wrote into its argument"""
    ratios = []
    while len(stds) > 1:
        before = stds.pop(0)
        ratios.append(stds[0] / before if before else math.nan)
    return ratios
