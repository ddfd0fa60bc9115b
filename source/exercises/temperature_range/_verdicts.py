"""Cases of the exercises that judge a claim: a number, and whether the claim holds."""

import math

import numpy as np

from grading.authoring.exercise import boolean, case, mapping, number, within

from ._results import tables

CLAIM = {"a claim that holds": 0.5, "a claim that fails": 0.5}
HOLDS, FAILS = CLAIM


def verdict(value, holds):
    """Return the expected verdict."""
    return mapping([("holds", boolean(holds)), ("value", number(value, within(rtol=1e-5, atol=1e-9)))], "verdict")


def verdict_case(book, settings, value_of, threshold, far, diagnosis, swap=False, **options):
    """Return a case of a verdict on results; refuses a value nearer than ``far`` to the threshold."""
    name, *rest = settings
    results = tables(book, *rest, swap=swap)
    value = value_of(results.by_range())
    if abs(value - threshold) < far:
        raise ValueError(f"{name}: {value} is too near the threshold {threshold}")
    aspect = HOLDS if value > threshold else FAILS
    return case(name, aspect, verdict(value, value > threshold), diagnosis, results.argument(), **options)


def outlier_with(share, ranges, temperatures, n_points):
    """Return the outlier whose smallest share over these ranges and temperatures is ``share``."""
    odds = math.log(share / (1 - share))
    each = [(t, np.linspace(-r, r, n_points) / t) for r in ranges for t in temperatures]
    return max(t * (np.logaddexp.reduce(scaled) + odds) for t, scaled in each)


def drawn(make, aspect=None):
    """Draw until ``make`` accepts; where ``aspect`` is given, until it makes a case of that."""
    while True:
        try:
            found = make()
        except ValueError:
            continue
        if aspect in (None, found["aspect"]):
            return found
