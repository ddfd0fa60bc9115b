"""Predict the smallest loss with softmax applied twice and 1000 classes."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing


def public(book):
    return [
        value_case("a prediction", "a prediction", guess(0, 1000, "a loss is one number, 0 or more: write 0.5 or 3"))
    ]
