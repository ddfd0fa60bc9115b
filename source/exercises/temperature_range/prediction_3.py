"""Predict which of two ranges has the larger perplexity at T = 3."""

from grading.authoring.exercise import one_of, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 0.4


def public(book):
    return [value_case("a prediction", "a prediction", one_of(0.4, 5))]
