"""Predict the outlier's share at r = 0.4 and T = 3."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 0.06861


def public(book):
    return [value_case("a prediction", "a prediction", guess(0, 1, "a share lies between 0 and 1: write 0.25 for 25%"))]
