"""Answers to verdict_c8."""

import numpy as np
import torch

import helpers


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
    import math

    def softmax(values):
        weights = [math.exp((v - max(values)) / temperature) for v in values]
        return [w / math.fsum(weights) for w in weights]

    value = max(abs(a - b) for a, b in zip(softmax(x.tolist()), softmax(other.tolist()), strict=True))
    return {"value": value, "holds": value <= 1e-6}


def wrong_compares_the_logits(x, other, temperature=1.0):
    """compares the logits, not their softmaxes"""
    value = (x.double() - other.double()).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_compares_the_ratios(x, other, temperature=1.0):
    """the largest absolute difference"""
    value = (x.double() / x.double().sum() - other.double() / other.double().sum()).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_sum_of_the_differences(x, other, temperature=1.0):
    """the sum of the differences"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().sum().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_mean_difference(x, other, temperature=1.0):
    """the mean of the differences"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).abs().mean().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_euclidean(x, other, temperature=1.0):
    """their Euclidean distance"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = torch.linalg.vector_norm(p - q).item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_difference_with_its_sign(x, other, temperature=1.0):
    """with its sign"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = (p - q).max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_difference_of_the_largest(x, other, temperature=1.0):
    """the difference of the two largest probabilities"""
    p, q = (helpers.softmax_t(v.double(), temperature) for v in (x, other))
    value = abs((p.max() - q.max()).item())
    return {"holds": value <= 1e-6, "value": value}


def wrong_ignores_the_temperature(x, other, temperature=1.0):
    """ignores the temperature"""
    p, q = (torch.softmax(v.double(), 0) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_multiplies_by_T(x, other, temperature=1.0):
    """multiplies by T instead of dividing"""
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


def wrong_sorts_first(x, other, temperature=1.0):
    """the difference of the two largest"""
    p, q = (helpers.softmax_t(v.double().sort().values, temperature) for v in (x, other))
    value = (p - q).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}


def wrong_only_the_value(x, other, temperature=1.0):
    """another kind of object"""
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
