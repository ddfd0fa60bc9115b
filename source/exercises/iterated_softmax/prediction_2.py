"""Predict above which x exp(x) overflows in float16."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 11.09


def public(book):
    return [value_case("an exponent", "a prediction", guess(0, 65504, "x lies between 0 and 65504: write 65 or 6.5"))]
