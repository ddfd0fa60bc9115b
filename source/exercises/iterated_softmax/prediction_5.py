"""Predict how many of nine deviations are right in float32."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 5


def public(book):
    return [
        value_case(
            "a count",
            "a prediction",
            guess(0, 9, "a count of nine is a whole number from 0 to 9: write 3 if three are right", whole=True),
        )
    ]
