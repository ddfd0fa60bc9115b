"""A wrong answer is told its mistake by its numbers: where they explain every case, and never by an accident of one."""

import json
import math

import numpy as np
import pytest

from grading.authoring.draw import add_numbers, to_bfloat16
from helpers.checks.cases import CaseFile
from helpers.checks.collect import collect
from helpers.checks.compare import compare
from helpers.checks.recognise import MOST_NUMBERS, sample_of

X = [0.3, 0.45, 0.62]
BOUND = {"rtol": 1e-9, "atol": 0.0}


def case(value, right, mistakes=(), kind="number"):
    """Return a case of a function of one number; ``mistakes`` are [index, numbers, near]."""
    expected = {"number": right, **BOUND} if kind == "number" else {"integer": right}
    groups = [[[index], 1, [f"m{index}-{value}"], near] for index, _, near in mistakes]
    tensors = {f"m{index}-{value}": to_bfloat16(np.array([[numbers]], float)) for index, numbers, near in mistakes}
    rest = {"kwargs": {}, "expected": expected, "diagnosis": "Think again."}
    return {"name": f"{value}", "aspect": "all", "args": [value], "mistakes": groups, **rest}, tensors


def told(function, cases, sentences=()):
    """Return the sentence said at each case, None where it passed."""
    exercise = {"aspects": {"all": 1.0}, "mistakes": list(sentences), "cases": [each for each, _ in cases]}
    tensors = {name: array for _, some in cases for name, array in some.items()}
    file = CaseFile({"f": exercise}, tensors)
    sent = json.loads(json.dumps(collect(function, exercise["cases"], {})))
    return [result.diagnosis and str(result.diagnosis) for result in compare("f", [file], sent)]


DOUBLED, SQUARED = "Your numbers match twice x.", "Your numbers match the square."
CUBES = [case(x, x**3, [(0, 2 * x, False), (1, x**2, False)]) for x in X]


def test_a_mistake_that_explains_every_case_is_said_at_each():
    assert told(lambda x: 2 * x, CUBES, [DOUBLED, SQUARED]) == [DOUBLED] * 3
    assert told(lambda x: x * x, CUBES, [DOUBLED, SQUARED]) == [SQUARED] * 3


def test_a_mistake_that_passes_a_case_explains_it():
    cases = [case(1.0, 1.0, [(0, 2.0, False)]), case(0.5, 0.125, [(0, 1.0, False), (1, 0.25, False)])]
    assert told(lambda x: x * x, cases, [DOUBLED, SQUARED]) == [None, SQUARED]


def test_of_two_mistakes_with_the_same_numbers_in_a_case_the_one_that_explains_the_others_is_said():
    """One too few counted the entries as they come by accident, in every case that was looked at alone."""
    cases = [case(2.0, 8.0, [(0, 4.0, False), (1, 4.0, False)]), case(3.0, 27.0, [(0, 6.0, False), (1, 9.0, False)])]
    assert told(lambda x: x * x, cases, [DOUBLED, SQUARED]) == [SQUARED] * 2


def test_a_single_number_that_fits_one_case_by_accident_is_not_called_a_mistake():
    assert told(lambda x: 2 * X[0], CUBES, [DOUBLED, SQUARED]) == ["Think again."] * 3


def test_a_mistake_far_below_float32_is_recognised_by_its_difference():
    near = [case(x, x, [(0, 1e-12 * x, True)]) for x in X]
    for each, _ in near:
        each["expected"]["rtol"] = 1e-15
    assert told(lambda x: x * (1 + 1e-12), near, [DOUBLED]) == [DOUBLED] * 3
    assert told(lambda x: x * (1 + 3e-12), near, [DOUBLED]) == ["Think again."] * 3


def test_rounding_is_said_where_every_case_agrees_and_nowhere_else():
    sentence = "Your numbers are rounded to 2 decimals: return them as they are."
    assert told(lambda x: round(x**3, 2), CUBES) == [sentence] * 3
    assert told(lambda x: round(x**3, 2) if x < 0.6 else x, CUBES) == ["Think again."] * 3
    # 1.5 for a temperature of 1.4964 and 1.4973 is the article's number, not a rounded one.
    assert told(lambda x: 1.5, [case(1.0, 1.4964), case(2.0, 3.2)]) == ["Think again."] * 2


@pytest.mark.parametrize("d, words", [(-1, "one too few"), (1, "one too many")])
def test_a_count_that_is_off_by_one_in_every_case_is_said(d, words):
    counts = [case(n, n, kind="integer") for n in (3, 7, 20)]
    assert told(lambda n: n + d, counts) == [f"Your numbers match a count that is {words}."] * 3
    assert told(lambda n: n + d if n > 3 else n, counts) == [None, "Think again.", "Think again."]


def test_float32_inside_is_said_where_float64_was_asked_for():
    x = np.random.default_rng(1).uniform(size=(2, 4))
    cases = []
    for k in (0, 1):
        expected = {"array": [f"x{k}"], "dtypes": {"float64": BOUND}, "numpy": True}
        rest = {"kwargs": {}, "expected": expected, "diagnosis": ""}
        cases.append(({"name": str(k), "aspect": "all", "args": [k], "mistakes": [], **rest}, {f"x{k}": x[k]}))
    assert all("as if computed in float32" in said for said in told(lambda k: np.float64(np.float32(x[k])), cases))
    assert told(lambda k: x[k] * 1.001, cases) == [None, None]
    near = "These numbers are nearly right: something small is added, or lost by rounding or in float32."
    for small in (3e-4, 1e-7, 3e-9):  # no rounding to float32 gives these
        assert told(lambda k, small=small: x[k] * (1 + small), cases) == [near, near]


@pytest.mark.parametrize(
    ("answer", "said"),
    [(math.nan, "Think again."), (math.inf, "Think again."), (-math.inf, "Think again."), (10**400, None)],
    ids=["nan", "inf", "-inf", "huge"],
)
def test_odd_numbers_fail_and_are_no_known_mistake(answer, said):
    assert told(lambda x: answer, CUBES, [DOUBLED, SQUARED]) == [said] * 3


def test_nan_and_0_alone_are_no_known_mistake_of_one_case():
    """Every softmax that underflows gives nan: whatever it subtracts, it was told that it subtracts max(|x|)."""
    lost = [math.nan, 0.0]
    cases = [array_case("a", [0.5, 0.5], lost), array_case("b", [0.25, 0.75], None)]
    assert told(lambda name: np.array(lost if name == "a" else [0.3, 0.7]), cases, [DOUBLED]) == ["Think again."] * 2


@pytest.mark.parametrize("tokens, is_told", [([1.0, 2.0], False), ([1.0, 2.0, 3.0, 1.0, 2.0], True)])
def test_a_few_whole_numbers_that_agree_in_one_case_are_no_known_mistake(tokens, is_told):
    """Tokens of a random draw of one's own were called the likeliest ones, in two of five checks."""
    cases = [array_case("a", [3.0] * len(tokens), tokens), array_case("b", [1.0, 2.0], [2.0, 2.0])]
    said = told(lambda name: np.array(tokens if name == "a" else [1.0, 1.0]), cases, [DOUBLED])
    assert said == ([DOUBLED, None] if is_told else ["Think again."] * 2)


def test_a_digit_lost_near_the_end_is_not_called_float32():
    cases = [array_case("a", [0.5, 0.5], None), array_case("b", [0.25, 0.75], None)]
    given = {"a": np.array([0.5, 0.5]), "b": np.array([0.25, 0.75])}
    assert all("something small is added" in said for said in told(lambda name: given[name] / (1 + 1e-12), cases))


@pytest.mark.parametrize(
    "wrong", [lambda p: p[None], lambda p: p[:, None], lambda p: p + 1e-13], ids=["(1, 2)", "(2, 1)", "value"]
)
def test_of_right_numbers_in_another_shape_the_shape_is_said(wrong):
    """A perplexity that kept its dimension was told that something small is added."""
    cases = [array_case("a", [0.5, 0.5], None), array_case("b", [0.25, 0.75], None)]
    given = {"a": np.array([0.5, 0.5]), "b": np.array([0.25, 0.75])}
    said = told(lambda name: wrong(given[name]), cases)
    words = "something small" if wrong(given["a"]).ndim == 1 else "A dimension of size 1 is left over"
    assert all(words in each for each in said)


def array_case(name, right, mistake):
    """Return a case of a float64 array; ``mistake`` is what mistake 0 gives there."""
    expected = {"array": [f"r{name}"], "dtypes": {"float64": {"rtol": 1e-14, "atol": 0.0}}, "numpy": True}
    groups = [] if mistake is None else [[[0], len(right), [f"m{name}"], False]]
    tensors = {f"r{name}": np.array(right)} | (
        {} if mistake is None else {f"m{name}": to_bfloat16(np.array([mistake]))}
    )
    rest = {"kwargs": {}, "expected": expected, "diagnosis": "Think again.", "mistakes": groups}
    return {"name": name, "aspect": "all", "args": [name], **rest}, tensors


def test_every_part_of_a_tuple_is_in_the_sample_and_of_anything_else_a_few_numbers():
    """Of the article's 209 numbers 5 were looked at, and none of them was a deviation."""
    parts = [[np.arange(20.0)] * 9, [0.5, 0.25], np.arange(7.0)]
    assert sample_of(parts, {"tuple": []}).tolist() == [0, 4, 9, 14, 19, 0.5, 0.25, 0, 1, 3, 4, 6]
    assert sample_of(parts, {"list": []}).size == sample_of(np.arange(99.0), {"tuple": []}).size == MOST_NUMBERS
    assert sample_of([], {"tuple": []}).size == sample_of(None, {"number": 1}).size == 0


def pair_case(name, right, wrong):
    """Return a case of (flat, spread), two lists; ``wrong`` is what mistake 0 gives there."""
    lists = [{"list": [{"number": value, "rtol": 1e-9, "atol": 0.0} for value in part]} for part in right]
    rest = {"kwargs": {}, "expected": {"tuple": lists}, "diagnosis": "Think again."}
    made, group, tensors = {"name": name, "aspect": "all", "args": [name], **rest}, {}, {}
    add_numbers(group, 0, made, {}, wrong)
    for (size, _, near), rows in group.items():
        tensors[f"m{name}"] = np.array([numbers for _, numbers in rows])
        made["mistakes"] = [[[0], size, [f"m{name}"], near]]
    return made, tensors


FLAT = [[0.05] * 30, [0.03, 0.02, 0.01]]


def test_a_mistake_in_a_small_part_is_recognised_beside_a_long_one():
    wrong = [FLAT[0], [0.97 * value for value in FLAT[1]]]
    cases = [pair_case(name, FLAT, wrong) for name in "ab"]
    assert told(lambda name: wrong, cases, [DOUBLED]) == [DOUBLED] * 2
    assert told(lambda name: [FLAT[0], [0.9 * value for value in FLAT[1]]], cases, [DOUBLED]) == ["Think again."] * 2


def test_another_length_is_a_mistake_however_near_the_numbers_are():
    """All numbers are near 0.05: what came was as near to the reference as to the mistake."""
    wrong = [FLAT[0][:-10], FLAT[1]]
    cases = [pair_case(name, FLAT, wrong) for name in "ab"]
    assert told(lambda name: wrong, cases, [DOUBLED]) == [DOUBLED] * 2
    other = [FLAT[0][:-11], FLAT[1]]
    assert told(lambda name: other, cases, [DOUBLED]) == [None] * 2
