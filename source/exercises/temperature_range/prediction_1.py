"""Predict the outlier's share at r = 0.4 and T = 3."""

from grading.authoring.exercise import finite, value_case

ASPECTS = {"a finite number": 1}  # any: the point is for committing


def public(book):
    return [value_case("a finite number", "a finite number", finite())]
