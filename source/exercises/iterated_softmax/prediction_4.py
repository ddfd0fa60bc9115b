"""Predict the ratio of one deviation to the one before it."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 0.05013


def public(book):
    return [
        value_case(
            "a ratio",
            "a prediction",
            guess(
                0, 1000, "a ratio of deviations lies between 0 and 1000: write 0.5 if each is half of the one before"
            ),
        )
    ]
