"""Predict how many tokens hold 90% of the mass at spread 1."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 78_400
MISCONCEPTIONS = {"more tokens, so fewer dominate": {"below": 10_000}}


def public(book):
    return [
        value_case(
            "a prediction",
            "a prediction",
            guess(1, 128_256, "a number of tokens is a whole number from 1 to 128 256: write 500 or 50000", whole=True),
        )
    ]
