"""A prediction: made or not, never right or wrong."""

from grading.authoring.exercise import finite, value_case

ASPECTS = {"a finite number": 1}


def public(book):
    return [value_case("a finite number", "a finite number", finite())]
