"""A course of one exercise in one file, for what is done with any exercise's file."""

from grading.course import Course

HALVE = '''"""Half of a number."""

from grading.authoring.exercise import case, number, within

ASPECTS = {"the half": 1}


def public(book):
    return [case("three", "the half", number(1.5, within(rtol=1e-9)), "Divide by 2.", 3.0)]


def hidden(book, rng):
    return [case("five", "the half", number(2.5, within(rtol=1e-9)), "Divide by 2.", 5.0)]


def right_by_division(x):
    return x / 2


def wrong_doubles(x):
    """Your numbers match twice x."""
    return 2 * x
'''

ROOT = '''"""Any root of a number."""

import numpy as np

from grading.authoring.exercise import ANY, case, mapping, number, value_case

ASPECTS = {"the root": 1}


def _case(book, name, square):
    holds = {"x * x == y": "Its square is another number.", "x <= 9": "It is above 9."}
    return case(name, "the root", book.properties(number(0, ANY, "x"), holds, y=square), "", square)


def public(book):
    return [_case(book, "four", 4.0)]


def hidden(book, rng):
    return [_case(book, "nine", 9.0)]


def right_root(x):
    return -(x**0.5)


def wrong_square(x):
    """Its square is another number."""
    return x / 3


def wrong_large(x):
    """Its square is another number."""
    return 10 * x
'''


def small_exercise(folder, text=HALVE):
    """Write the exercise into a course in ``folder`` as `halve` of the assignment `one`, and return the course."""
    path = folder / "source" / "exercises" / "one" / "halve.py"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return Course(folder)
