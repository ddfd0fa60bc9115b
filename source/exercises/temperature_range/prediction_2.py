"""Predict the temperature at which the outlier holds one half."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 1.298


def public(book):
    return [
        value_case(
            "a prediction", "a prediction", guess(0, 1000, "a temperature lies between 0 and 1000 here: write 2 or 2.5")
        )
    ]
