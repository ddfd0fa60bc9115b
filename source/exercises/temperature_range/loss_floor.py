"""The smallest cross-entropy that is left where softmax is applied twice."""

import math

import mpmath as mp
import numpy as np
import torch

from grading.authoring.exercise import case, number, variants, within

from ...oracle import softmax

ASPECTS = {"the floor": 1}
(LOWEST,) = ASPECTS

FLOOR = "The best that the model can hand over is a one-hot vector of the right class: take its softmax, then -ln."

SHOWN = "With 50 classes and softmax applied twice no loss is below {number:.4g}, however good the model is."
SHOWN_FROM = ("50 classes", 0)


def _case(name, n_classes):
    right, *_ = softmax([1] + [0] * (n_classes - 1))
    return case(name, LOWEST, number(-mp.log(right), within(rtol=1e-4)), FLOOR, n_classes)


def public(book):
    return [_case("50 classes", 50)]


def hidden(book, rng):
    return [_case("many classes", rng.randint(200, 2000))]


def right_by_the_formula(n_classes):
    return math.log(1 + (n_classes - 1) / math.e)


def right_by_cross_entropy(n_classes):
    sure = torch.zeros(n_classes)
    sure[0] = 1.0
    return torch.nn.functional.cross_entropy(sure, torch.tensor(0))


def right_by_log_softmax(n_classes):
    return -torch.log_softmax(torch.eye(1, n_classes, dtype=torch.float64)[0], 0)[0].item()


def right_by_numpy(n_classes):
    weights = np.ones(n_classes)
    weights[0] = np.e
    return -np.log(weights[0] / weights.sum())


def right_from_the_sum(n_classes):
    return math.log(math.e + n_classes - 1) - 1


def wrong_zero(n_classes):
    """Your numbers match 0: the second softmax gives no one-hot vector."""
    return 0.0


def wrong_uniform(n_classes):
    """Your numbers match ln n, the loss of a model that knows nothing."""
    return math.log(n_classes)


def wrong_counts_the_right_class_twice(n_classes):
    """Your numbers match n equal classes beside the right one: there are n - 1."""
    return math.log(1 + n_classes / math.e)


def wrong_probability(n_classes):
    """Your numbers match the probability of the right class: the loss is -ln of it."""
    return math.e / (math.e + n_classes - 1)


def wrong_probability_of_the_others(n_classes):
    """Your numbers match the probability of all the others together."""
    return 1 - math.e / (math.e + n_classes - 1)


def wrong_sign(n_classes):
    """Your numbers match ln p, without the minus sign."""
    return -math.log(1 + (n_classes - 1) / math.e)


def wrong_upside_down(n_classes):
    """Your numbers match e for every wrong class and 1 for the right one: it is the other way round."""
    return math.log(1 + (n_classes - 1) * math.e)


def wrong_sure_of_a_wrong_class(n_classes):
    """Your numbers match a model that is sure of a wrong class: that is the largest loss."""
    return math.log(math.e + n_classes - 1)


def wrong_base_2(n_classes):
    """Your numbers match a logarithm to base 2: the loss is in nats."""
    return math.log2(1 + (n_classes - 1) / math.e)


def wrong_base_10(n_classes):
    """Your numbers match a logarithm to base 10: the loss is in nats."""
    return math.log10(1 + (n_classes - 1) / math.e)


def wrong_softmax_three_times(n_classes):
    """Your numbers match softmax applied three times."""
    p = torch.softmax(torch.eye(1, n_classes, dtype=torch.float64)[0], 0)
    return torch.nn.functional.cross_entropy(p, torch.tensor(0)).item()


@variants(value=[1.4612, 1.46])
def wrong_ten_classes(n_classes, *, value):
    """Your numbers match the floor of ten classes, whatever n is."""
    return value


def wrong_approximation(n_classes):
    """The best that the model can hand over"""
    return math.log(n_classes) - 1


@variants(digits=[1, 2])
def wrong_rounds(n_classes, *, digits):
    """Your numbers are rounded to"""
    return round(math.log(1 + (n_classes - 1) / math.e), digits)


def wrong_text(n_classes):
    """wrong type"""
    return f"ln(1 + {n_classes - 1}/e)"


def wrong_returns_none(n_classes):
    """your function returned None"""
    print(math.log(1 + (n_classes - 1) / math.e))
