"""Which of two collapses a softmax has suffered, if any."""

import mpmath as mp
import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, variants, word

from ... import oracle

ASPECTS = {"uniform or not": 0.5, "one-hot or not": 0.5}
UNIFORM, ONE_HOT = ASPECTS

FLAT = 'It is "uniform" where the perplexity of the softmax is above 0.9 n, n being the number of logits.'
PEAKED = 'It is "one-hot" where the largest probability is above 0.99.'

SHOWN = "Two numbers tell the two collapses apart: the perplexity beside n, and the largest probability."


def _measures(logits):
    """Return perplexity / n and the largest probability."""
    p = oracle.softmax(logits)
    return oracle.perplexity(p) / len(p), max(p)


def _case(book, name, aspect, logits, kind="float64"):
    logits = np.asarray(logits, kind)
    flatness, largest = _measures(logits.tolist())
    if min(abs(flatness - 0.9), abs(largest - 0.99)) < 1e-5:
        raise ValueError(f"{name}: too near a threshold")
    found = "uniform" if flatness > 0.9 else "one-hot" if largest > 0.99 else "fine"
    diagnosis = FLAT if aspect == UNIFORM else PEAKED
    return case(name, aspect, word(found, "diagnosis"), diagnosis, book.tensor(logits))


def _scaled(base, measure, target):
    """Return base times the factor that brings a measure, which falls as the factor grows, to a target."""
    low, high = mp.mpf(0), mp.mpf(1000)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if measure(base * float(middle)) > target else (low, middle)
    return base * float(low)


def _flat(base, share):
    """Return logits whose perplexity is that share of their number."""
    return _scaled(base, lambda logits: _measures(logits.tolist())[0], share)


def _peaked(base, largest):
    """Return logits whose largest probability is that."""
    return _scaled(base, lambda logits: 1 - _measures(logits.tolist())[1], 1 - mp.mpf(largest))


def public(book):
    base = np.array([0.3, -1.2, 0.8, 2.1, -0.4, 1.0, -2.0, 0.1])
    return [
        _case(book, "perplexity 7.4 of 8", UNIFORM, _flat(base, 7.4 / 8)),
        _case(book, "perplexity 6.9 of 8", UNIFORM, _flat(base, 6.9 / 8)),
        _case(book, "eight logits, far apart", ONE_HOT, base * 500),
        _case(book, "largest probability 0.98", ONE_HOT, _peaked(base, 0.98)),
    ]


def hidden(book, rng):
    def base(n):
        return np.array([rng.gauss(0, 1) for _ in range(n)])

    return [
        _case(book, "a perplexity a little above 0.9 n", UNIFORM, _flat(base(30), 0.9 + rng.uniform(5e-4, 2e-3))),
        _case(book, "a perplexity a little below 0.9 n", UNIFORM, _flat(base(50), 0.9 - rng.uniform(5e-4, 2e-3))),
        _case(book, "two logits", ONE_HOT, _peaked(np.array([0.0, 1.0]), 0.99 + rng.uniform(5e-4, 2e-3)) + 900),
        _case(
            book,
            "a largest probability a little below 0.99",
            ONE_HOT,
            _peaked(base(20), 0.99 - rng.uniform(5e-4, 2e-3)),
            "float32",
        ),
    ]


def right_by_the_helpers(logits):
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def right_by_torch(logits):
    p = torch.softmax(logits, dim=0)
    if p.amax() > 0.99:
        return "one-hot"
    if torch.exp(torch.special.entr(p).sum()) > 0.9 * p.numel():
        return "uniform"
    return "fine"


def right_by_numpy(logits):
    weights = np.exp(logits.numpy().astype(np.float64) - logits.max().item())
    p = weights / weights.sum()
    entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
    diagnosis = "fine"
    if entropy > np.log(0.9 * len(p)):
        diagnosis = "uniform"
    elif max(p) > 0.99:
        diagnosis = "one-hot"
    return diagnosis


def right_by_the_distribution(logits):
    found = torch.distributions.Categorical(logits=logits.double())
    flat = found.perplexity() / len(logits) > 0.9
    return "uniform" if flat else ("fine", "one-hot")[int(found.probs.max() > 0.99)]


def wrong_other_way_round(logits):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "one-hot"
    return "uniform" if p.max() > 0.99 else "fine"


def wrong_always_fine(logits):
    """It is "uniform" where"""
    return "fine"


def wrong_never_fine(logits):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    return "uniform" if helpers.perplexity(p) > 0.9 * len(p) else "one-hot"


def wrong_perplexity_only(logits):
    """It is "one-hot" where the largest"""
    p = helpers.softmax_t(logits)
    return "uniform" if helpers.perplexity(p) > 0.9 * len(p) else "fine"


def wrong_largest_only(logits):
    """It is "uniform" where"""
    return "one-hot" if helpers.softmax_t(logits).max() > 0.99 else "fine"


def wrong_entropy_for_perplexity(logits):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    if helpers.entropy(p) > 0.9 * np.log(len(p)):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_entropy_against_n(logits):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    if helpers.entropy(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_perplexity_of_the_logits(logits):
    """It is "uniform" where"""
    if helpers.perplexity(logits.abs() / logits.abs().sum()) > 0.9 * len(logits):
        return "uniform"
    return "one-hot" if helpers.softmax_t(logits).max() > 0.99 else "fine"


def wrong_by_the_spread_of_the_logits(logits):
    """It is "uniform" where"""
    return "uniform" if logits.std() < 0.1 else "one-hot" if logits.std() > 10 else "fine"


def wrong_by_equal_probabilities(logits):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    if torch.allclose(p, torch.full_like(p, 1 / len(p)), atol=0.01):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_one_hot_by_perplexity(logits):
    """It is "one-hot" where the largest"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if helpers.perplexity(p) < 1.1 else "fine"


@variants(share=[0.8, 0.85, 0.95, 0.99])
def wrong_other_threshold_of_flatness(logits, *, share):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > share * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


@variants(least=[0.9, 0.95, 0.999])
def wrong_other_threshold_of_the_largest(logits, *, least):
    """It is "one-hot" where the largest"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > least else "fine"


def wrong_always_50_logits(logits):
    """It is "uniform" where"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 45:
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_percent_rounded(logits):
    """a little"""
    p = helpers.softmax_t(logits)
    if round(helpers.perplexity(p).item() / len(p), 1) >= 0.9:
        return "uniform"
    return "one-hot" if round(p.max().item(), 2) >= 0.99 else "fine"


def wrong_no_shift(logits):
    """It is "one-hot" where the largest"""
    p = torch.exp(logits) / torch.exp(logits).sum()
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_softmax_twice(logits):
    """It is "uniform" where the perplexity"""
    p = torch.softmax(torch.softmax(logits, 0), 0)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_no_softmax(logits):
    """It is "uniform" where"""
    if helpers.perplexity(logits) > 0.9 * len(logits):
        return "uniform"
    return "one-hot" if logits.max() > 0.99 else "fine"


def wrong_spelling(logits):
    """expected diagnosis: 'uniform'"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "Uniform"
    return "one hot" if p.max() > 0.99 else "ok"


def wrong_numbers(logits):
    """wrong type"""
    p = helpers.softmax_t(logits)
    return helpers.perplexity(p).item(), p.max().item()


def wrong_truth_value(logits):
    """wrong type"""
    p = helpers.softmax_t(logits)
    return bool(helpers.perplexity(p) > 0.9 * len(p) or p.max() > 0.99)


def wrong_writes_into_its_input(logits):
    """your function wrote into its argument"""
    logits -= logits.max()
    p = logits.exp() / logits.exp().sum()
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"


def wrong_returns_none(logits):
    """your function returned None"""
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        print("uniform")
    elif p.max() > 0.99:
        print("one-hot")
    else:
        print("fine")
