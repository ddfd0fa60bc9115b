"""Claim C8: only the differences of the logits matter."""

import math

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, variants

from ...oracle import softmax
from ._verdicts import drawn, verdict

ASPECTS = {"shifted logits": 0.5, "other logits": 0.5}
SHIFTED, OTHER = ASPECTS

C8 = (
    "value is the largest absolute difference between softmax(x / T) and softmax(other / T), both in float64; "
    "holds is value <= 1e-6."
)


def _case(book, name, x, other, temperature=None, kind="float64", aspect=OTHER):
    x, other = np.asarray(x, kind), np.asarray(other, kind)
    t = 1.0 if temperature is None else temperature
    ours, theirs = (softmax(v.tolist(), t) for v in (x, other))
    value = float(max(abs(a - b) for a, b in zip(ours, theirs, strict=True)))
    if 8e-7 < value < 1.25e-6:
        raise ValueError(f"{name}: {value} is too near the threshold")
    options = {} if temperature is None else {"temperature": temperature}
    return case(name, aspect, verdict(value, value <= 1e-6), C8, book.tensor(x), book.tensor(other), **options)


def public(book):
    return [
        _case(book, "[1, 2] and [1001, 1002], temperature 0.7", [1.0, 2.0], [1001.0, 1002.0], 0.7, "float32", SHIFTED),
        _case(book, "[1, 2] and [10, 20]", [1.0, 2.0], [10.0, 20.0]),
        _case(book, "the same at temperature 5", [1.0, 2.0, 4.0], [10.0, 20.0, 40.0], temperature=5.0),
        _case(book, "three logits in another order", [2.0, 0.0, 1.5], [0.0, 1.0, 0.5], temperature=1.0),
    ]


def hidden(book, rng):
    x = np.array([rng.uniform(-3, 3) for _ in range(6)])
    eighths = np.round(x * 8) / 8  # exact in float32 too, also after the shift
    shift, t = rng.randint(300, 900), rng.uniform(0.3, 0.8)

    def apart(name, low, high):
        """Return a case of shifted logits, one of which is moved until its probability is that far off."""
        top = int(x.argmax())
        share = float(softmax(x.tolist(), t)[top])
        moved = x - shift
        moved[top] -= rng.uniform(low, high) * t / (share * (1 - share))
        return _case(book, name, x, moved, temperature=t, aspect=SHIFTED)

    return [
        _case(book, "shifted, float32", eighths, eighths - shift, t, "float32", SHIFTED),
        apart("shifted, and a little more than 1e-6 apart", 3e-6, 9e-6),
        apart("shifted, and less than 1e-6 apart", 1e-7, 4e-7),
        drawn(lambda: _case(book, "the same values in another order", x, x[::-1].copy(), temperature=t)),
    ]


def right_by_torch(x, other, temperature=1.0):
    p, q = (torch.softmax(v.double() / temperature, -1) for v in (x, other))
    value = torch.max(torch.abs(p - q))
    return {"holds": value <= 1e-6, "value": value}


def right_by_the_helpers(x, other, temperature=1.0):
    p = helpers.softmax_t(torch.stack([x, other]).double(), temperature)
    value = (p[0] - p[1]).abs().amax().item()
    return {"holds": not value > 1e-6, "value": value}


def right_by_numpy(x, other, temperature=1.0):
    def softmax(v):
        weights = np.exp((v - v.max()) / temperature)
        return weights / weights.sum()

    difference = softmax(x.numpy().astype(np.float64)) - softmax(other.numpy().astype(np.float64))
    return {"holds": np.abs(difference).max() <= 1e-6, "value": np.abs(difference).max()}


def right_by_loops(x, other, temperature=1.0):
    def softmax(values):
        weights = [math.exp((v - max(values)) / temperature) for v in values]
        return [w / math.fsum(weights) for w in weights]

    value = max(abs(a - b) for a, b in zip(softmax(x.tolist()), softmax(other.tolist()), strict=True))
    return {"value": value, "holds": value <= 1e-6}


def wrong_compares_the_logits(x, other, temperature=1.0):
    """Your numbers match a verdict that compares the logits, not their softmaxes."""
    value = (x.double() - other.double()).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_compares_the_ratios(x, other, temperature=1.0):
    """the largest absolute difference"""
    value = (x.double() / x.double().sum() - other.double() / other.double().sum()).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_sum_of_the_differences(x, other, temperature=1.0):
    """Your numbers match the sum of the differences."""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().sum().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_mean_difference(x, other, temperature=1.0):
    """Your numbers match the mean of the differences."""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().mean().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_euclidean(x, other, temperature=1.0):
    """Your numbers match their Euclidean distance."""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = torch.linalg.vector_norm(p - q).item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_difference_with_its_sign(x, other, temperature=1.0):
    """Your numbers match the largest difference with its sign."""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_difference_of_the_largest(x, other, temperature=1.0):
    """Your numbers match the difference of the two largest probabilities."""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = abs((p.max() - q.max()).item())
    return {"holds": value <= 1e-6, "value": value}


def wrong_ignores_the_temperature(x, other, temperature=1.0):
    """Your numbers match a verdict that ignores the temperature."""
    p, q = (torch.softmax(v.double(), 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_multiplies_by_T(x, other, temperature=1.0):
    """Your numbers match a verdict that multiplies by T instead of dividing."""
    p, q = (torch.softmax(v.double() * temperature, 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_no_shift(x, other, temperature=1.0):
    """largest absolute difference"""
    p, q = (torch.exp(v.double() / temperature) for v in (x, other))
    value = (p / p.sum() - q / q.sum()).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_in_float32(x, other, temperature=1.0):
    """both in float64"""
    p, q = (torch.softmax(v.float() / temperature, 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_in_the_dtype_of_x(x, other, temperature=1.0):
    """both in float64"""
    p, q = (torch.softmax(v / temperature, 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_other_way_round(x, other, temperature=1.0):
    """['holds']: True"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value > 1e-6, "value": value}


def wrong_exactly_equal(x, other, temperature=1.0):
    """['holds']: True"""
    p, q = (torch.softmax(v.double() / temperature, 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": torch.equal(p, q), "value": value}


def wrong_holds_only_at_0(x, other, temperature=1.0):
    """holds is value <= 1e-6"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value == 0, "value": value}


@variants(bound=[1e-4, 1e-8])
def wrong_other_threshold(x, other, temperature=1.0, *, bound):
    """holds is value <= 1e-6"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= bound, "value": value}


def wrong_rounds(x, other, temperature=1.0):
    """rounded to 4 decimals"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = round((p - q).abs().max().item(), 4)
    return {"holds": value <= 1e-6, "value": value}


def wrong_sorts_first(x, other, temperature=1.0):
    """Your numbers match a verdict that sorts the probabilities first."""
    p, q = (helpers.softmax_t(v.double().sort().values, temperature) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_only_the_value(x, other, temperature=1.0):
    """wrong type"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    return (p - q).abs().max().item()


def wrong_writes_into_its_input(x, other, temperature=1.0):
    """your function wrote into its argument"""
    x -= x.max()
    other -= other.max()
    p, q = (torch.softmax(v.double() / temperature, 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_other_default_temperature(x, other, temperature=2.0):
    """largest absolute difference"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}
