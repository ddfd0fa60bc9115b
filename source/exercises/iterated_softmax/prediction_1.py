"""Predict which of two pairs of logits has the same softmax as [1, 2]."""

from grading.authoring.exercise import one_of, value_case

ASPECTS = {"a prediction": 1}  # the point is for committing
RESULT = 1
MISCONCEPTIONS = {"softmax cares about ratios": {"is": 2}}


def public(book):
    return [value_case("one of two pairs", "a prediction", one_of(1, 2))]
