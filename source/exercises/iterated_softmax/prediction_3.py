"""Predict the largest probability after one more softmax."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 0.05145
MISCONCEPTIONS = {"repeating softmax sharpens": {"above": 0.0788}}


def public(book):
    return [
        value_case(
            "a probability", "a prediction", guess(0, 1, "a probability lies between 0 and 1: write 0.25 for 25%")
        )
    ]
