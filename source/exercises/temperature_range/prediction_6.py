"""Predict the smallest loss with softmax applied twice and 1000 classes."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 5.909
MISCONCEPTIONS = {"softmax before cross-entropy is harmless": {"is": 0}}


def public(book):
    return [
        value_case(
            "a prediction", "a prediction", guess(0, 1000, "a loss lies between 0 and 1000 here: write 0.5 or 3")
        )
    ]
