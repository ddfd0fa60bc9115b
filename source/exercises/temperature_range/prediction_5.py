"""Predict how many of 1000 draws are different tokens."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 320
MISCONCEPTIONS = {"temperature 2 is always creative": {"at least": 900}}


def public(book):
    return [
        value_case(
            "a prediction",
            "a prediction",
            guess(
                1, 1000, "a number of different tokens is a whole number from 1 to 1 000: write 50 or 500", whole=True
            ),
        )
    ]
