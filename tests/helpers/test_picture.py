"""The picture of expected numbers beside given ones: every number is in its words, and nothing leaves its frame."""

import math
import re

import numpy as np
import pytest

from helpers.checks.compare import compare_case
from helpers.checks.kinds import MOST_BARS
from helpers.checks.picture import HEIGHT, picture

BAR = re.compile(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"')
BOUND = {"rtol": 1e-9, "atol": 0.0}


def bars(svg):
    """Return (left, top, width, height) of every bar."""
    return [tuple(map(float, found)) for found in BAR.findall(svg)]


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ([0.2, 0.8], [0.5, 0.5]),
        ([-1.0, 2.0, 0.0], [3.0, -4.0, 1e-9]),
        ([0.0], [0.0]),
        ([1e300, -1e300], [0.0, 1.0]),
        ([1.0] * MOST_BARS, [2.0] * MOST_BARS),
    ],
)
def test_bars_are_as_long_as_their_numbers_and_stay_in_the_frame(expected, given):
    svg = picture(expected, given)
    wide, high = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
    found = bars(svg)
    numbers = [value for pair in zip(expected, given, strict=True) for value in pair]
    assert len(found) == len(numbers)
    assert all(left >= 0 and left + w <= wide and 0 <= top and top + h <= high + 1 for left, top, w, h in found)
    span = (max(*numbers, 0.0) - min(*numbers, 0.0)) or 1.0
    for (*_, height), value in zip(found, numbers, strict=True):
        assert height == pytest.approx(max(abs(value) / span * HEIGHT, 0.7), abs=0.06)


def test_what_is_not_finite_is_named_and_everything_is_said_in_words():
    svg = picture([0.25, 0.75, 1.0], [math.nan, -math.inf, 0.5])
    assert len(bars(svg)) == 4 and ">nan</text>" in svg and ">-inf</text>" in svg
    assert 'role="img" aria-label="expected 0.25, 0.75, 1; yours nan, -inf, 0.5"' in svg


def compared(expected, tensors, answer):
    case = {"name": "a", "aspect": "all", "args": [], "kwargs": {}, "expected": expected, "diagnosis": ""}
    return compare_case(case, tensors, answer)


def array(values):
    from helpers.checks.collect import encode

    return encode(np.array(values))


def test_of_a_matrix_the_first_row_that_differs_is_drawn():
    expected = {"array": ["m"], "dtypes": {"float64": BOUND}, "numpy": True}
    right = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    result = compared(expected, {"m": right}, array([[1.0, 2.0], [3.0, 5.0], [0.0, 0.0]]))
    assert result.bars == ([3.0, 4.0], [3.0, 5.0])


def test_a_list_of_numbers_is_drawn_and_a_long_one_is_not():
    for size, drawn in ((3, True), (MOST_BARS + 1, False)):
        expected = {"list": [{"number": 1.0, **BOUND}] * size}
        result = compared(expected, {}, array([2.0] * size))
        assert result.outcome == "value" and bool(result.bars) == drawn
