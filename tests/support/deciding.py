"""A course of two predictions, two claims and an exercise, in a folder, for what is said before and after a result."""

from grading.course import Course
from tests.support.small_exercise import HALVE

SHARE = '''"""Predict a share."""

from grading.authoring.exercise import guess, value_case

ASPECTS = {"a prediction": 1}
HOW = "a share lies between 0 and 1: write 0.06 for 6%"


def public(book):
    return [value_case("a share", "a prediction", guess(0, 1, HOW))]
'''

COUNT = SHARE.replace("guess(0, 1, HOW)", 'guess(1, 200_000, "a count of tokens: write 500")')

CHOICE = '''"""Predict which of two it is."""

from grading.authoring.exercise import one_of, value_case

ASPECTS = {"a prediction": 1}


def public(book):
    return [value_case("one of two", "a prediction", one_of(1, 2))]
'''

CLAIM = '''"""A claim."""

CLAIM = "half of a number is less than it"
VERDICT = "sometimes"
BECAUSE = "It is for 3, where you found {number}. Half of -3 is more than -3."
NUMBER = "half of 3"
NEEDS = ("halve",)
'''

BARE_CLAIM = '''"""A claim without a number."""

CLAIM = "there are numbers"
VERDICT = "holds"
BECAUSE = "There are: {{1, 2, 3}}."
'''

FILES = {
    "halve": HALVE,
    "prediction_1": SHARE,
    "prediction_2": CHOICE,
    "prediction_3": COUNT,
    "claim_c10": BARE_CLAIM,
    "claim_c2": CLAIM,
}


def deciding_course(folder, **changed):
    """Write the course into a folder, as the assignment `one`, some of its files changed; return it."""
    place = folder / "source" / "exercises" / "one"
    place.mkdir(parents=True)
    for name, text in (FILES | changed).items():
        (place / f"{name}.py").write_text(text, "utf-8")
    return Course(folder)
