"""Predict how many of 1000 draws are different tokens."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing


def public(book):
    return [
        value_case(
            "a prediction",
            "a prediction",
            guess(1, 1000, "a number of different tokens lies between 1 and 1 000: write 50 or 500"),
        )
    ]
