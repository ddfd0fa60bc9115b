"""Answers that are known by their properties: what is true of them counts, however they came about."""

import json
import math
import random

import numpy as np
import pytest

from grading.authoring.exercise import (
    ANY,
    Book,
    ExerciseError,
    boolean,
    case,
    integer,
    number,
    row,
    together,
    within,
    word,
)
from grading.engine.verdict import verdict
from helpers.checks import formulas
from helpers.checks.cases import CaseFile
from helpers.checks.collect import collect
from helpers.checks.compare import compare_case
from helpers.checks.formulas import computed, read_formula
from helpers.checks.report import Report

FLOAT = {"float64": ANY}
A = np.array([[0.0, 2.0, 1.0], [4.0, 1.0, 3.0], [2.0, 5.0, 1.0]])
SYMMETRIC = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 1.0]])
WIDE, B = np.array([[1.0, 2.0, -1.0, 3.0], [0.0, 1.0, 4.0, -2.0]]), np.array([7.0, -5.0])
GIVEN = [3.0, 1.0, 2.0, 1.0]


def arrays(book, *shapes):
    """Return any arrays of these shapes, by their labels."""
    return together(*(book.array(np.zeros(shape), FLOAT, name, library="numpy") for name, shape in shapes))


def lu(book):
    holds = {
        "P @ L @ U == A": "The product is not A.",
        "P * P == P": "P has other entries than 0 and 1.",
        "P @ P.T == I": "P is no permutation.",
        "tril(L) == L": "L is not lower triangular.",
        "diag(L) == 1": "L has no ones on its diagonal.",
        "triu(U) == U": "U is not upper triangular.",
    }
    return book.properties(arrays(book, *((part, (3, 3)) for part in "PLU")), holds, A=A, I=np.eye(3))


def eigenvector(book):
    like = together(number(0, ANY, "w"), book.array(np.zeros(3), FLOAT, "v", library="numpy"))
    holds = {"A @ v == w * v": "A v is not w v.", "norm(v) == 1": "v is not of length 1."}
    return book.properties(like, holds, A=SYMMETRIC)


def solution(book):
    return book.properties(
        book.array(np.zeros(4), FLOAT, "x", library="numpy"), {"A @ x == b": "A x is not b."}, A=WIDE, b=B
    )


def shuffled(book):
    like = row([number(0, ANY) for _ in GIVEN], "x")
    return book.properties(like, {"sort(x) == sort(given)": "Other numbers are in it."}, given=GIVEN)


def divisors(book):
    return book.properties(together(integer(1, "k"), integer(1, "m")), {"k * m == 15": "The product is not 15."})


def scaled(book):
    like = together(number(1, within(rtol=1e-6), "w"), book.array(np.ones(2), FLOAT, "x", library="numpy"))
    return book.properties(like, {"x >= 0": "x is negative."})


def kernel(book):
    like = together(book.array(np.zeros(2), FLOAT, "x", library="numpy"))
    return book.properties(like, {"N @ x == 0": "N x is not 0."}, within(atol=1e-12), N=np.array([[1.0, -1.0]]))


OTHER_FORMS = {  # a part of another form, behind one whose number is not that of the value of that form
    "divisors": (divisors, (2, np.float32(7.5)), "type"),
    "scaled, empty": (scaled, (7.0, np.empty(0)), "shape"),
    "scaled, of whole numbers": (scaled, (7.0, np.ones(2, np.int32)), "dtype"),
    "scaled, behind nan": (scaled, (math.nan, [1, "b"]), "type"),
}


@pytest.mark.parametrize("name", OTHER_FORMS)
def test_a_part_of_another_form_is_seen_behind_a_number(name):
    kind, answer, outcome = OTHER_FORMS[name]
    assert judged_as(kind, answer).outcome == outcome


def test_a_tuple_of_one_part_and_whole_numbers_are_judged_as_they_are():
    assert judged_as(kernel, (np.array([2.0, 2.0]),)).passed and not judged_as(kernel, (np.array([2.0, 1.0]),)).passed
    assert judged_as(divisors, (3, 5)).passed and not judged_as(divisors, (4, 4)).passed
    book = Book()
    assert book.properties(integer(1, "n"), {"n == N": ""}, N=np.array(5))["rtol"] == 0


@pytest.mark.parametrize(
    ("like", "said"),
    [
        (lambda book: boolean(True, "ok"), "boolean is none of them"),
        (lambda book: together(number(0, ANY, "x"), row([word("a")], "y")), "word is none of them"),
        (lambda book: book.array(np.zeros(2), {"float64": ANY, "float32": ANY}, "x"), "give a bound"),
    ],
)
def test_what_formulas_are_not_of_is_refused(like, said):
    book = Book()
    with pytest.raises(ExerciseError, match=said):
        book.properties(like(book), {"1 == 1": ""})


KINDS = {"lu": lu, "eigenvector": eigenvector, "solution": solution, "shuffled": shuffled}


def judged(kind, answer):
    """Judge an answer to one of `KINDS`."""
    return judged_as(KINDS[kind], answer)


def judged_as(kind, answer):
    """Judge an answer as a kernel sends it."""
    book = Book()
    asked = case("a case", "an aspect", kind(book), "")
    stored = json.loads(json.dumps(asked))  # as a case file has it
    [sent] = json.loads(json.dumps(collect(lambda: answer, [stored], {}), allow_nan=False))
    return compare_case(stored, book.tensors, sent)


def decomposed(order):
    """Return P, L and U of A whose rows are taken in this order."""
    L, U = np.eye(3), A[list(order)].copy()
    for k in range(3):
        for i in range(k + 1, 3):
            L[i, k] = U[i, k] / U[k, k]
            U[i] -= L[i, k] * U[k]
    return np.eye(3)[:, list(order)], L, U


def rough(order):
    """Return the same with what rounding may leave where zeros should be."""
    P, L, U = decomposed(order)
    return P, L + np.triu(np.full((3, 3), 1e-16), 1), U + np.tril(np.full((3, 3), -1e-15), -1)


W, V = np.linalg.eigh(SYMMETRIC)
NULL = np.linalg.svd(WIDE)[2][-1]  # WIDE @ NULL is 0
LEAST = np.linalg.lstsq(WIDE, B)[0]

RIGHT = [
    *(("lu", decomposed(order)) for order in [(1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]),
    ("lu", list(decomposed((1, 0, 2)))),
    ("lu", rough((1, 2, 0))),
    *(("eigenvector", (W[k], sign * V[:, k])) for k in range(3) for sign in (1, -1)),
    *(("solution", LEAST + step * NULL) for step in (0, 1, -20)),
    *(("shuffled", list(order)) for order in [(1, 1, 2, 3), (3, 2, 1, 1)]),
    ("shuffled", (2, 1.0, np.int64(3), np.array(1))),
    ("shuffled", np.array(GIVEN)),
]


@pytest.mark.parametrize(("kind", "answer"), RIGHT)
def test_any_answer_with_the_properties_is_right(kind, answer):
    assert judged(kind, answer).passed


P, L, U = decomposed((1, 2, 0))
WRONG = [
    ("lu", (P.T, L, U), "The product is not A."),
    ("lu", (P, L, U * (1 + 1e-6)), "The product is not A."),
    ("lu", (A, np.eye(3), np.eye(3)), "P has other entries than 0 and 1."),
    ("lu", (np.eye(3), np.eye(3), A), "U is not upper triangular."),
    ("lu", (np.eye(3), A, np.eye(3)), "L is not lower triangular."),
    ("lu", (P, 2 * L, U / 2), "L has no ones on its diagonal."),
    ("lu", (U, L, P), "The product is not A."),
    ("eigenvector", (W[0], V[:, 1]), "A v is not w v."),
    ("eigenvector", (W[0], 2 * V[:, 0]), "v is not of length 1."),
    ("eigenvector", (0.0, np.zeros(3)), "v is not of length 1."),
    ("solution", LEAST + 1e-4, "A x is not b."),
    ("solution", 1e12 * NULL, "A x is not b."),  # beside which b is nothing
    ("shuffled", [3, 1, 2, 2], "Other numbers are in it."),
    ("shuffled", [1, 1, 2, 3 + 1e-6], "Other numbers are in it."),
]


@pytest.mark.parametrize(("kind", "answer", "sentence"), WRONG)
def test_the_first_property_that_it_lacks_is_told(kind, answer, sentence):
    result = judged(kind, answer)
    assert (result.outcome, str(result.diagnosis)) == ("property", sentence)


def test_an_elimination_that_loses_all_digits_is_not_forgiven_for_the_size_of_its_own_numbers():
    tiny = np.array([[1e-20, 1.0], [1.0, 1.0]])
    L, U = np.array([[1.0, 0.0], [1e20, 1.0]]), np.array([[1e-20, 1.0], [0.0, -1e20]])
    formula, own = read_formula("L @ U - A == 0", {"A", "L", "U"}), {"L": L, "U": U}
    with np.errstate(all="ignore"):
        assert "at [1, 1]" in str(formulas.missed(formula, own, {"A": tiny}, 1e-9, 0.0))


INF = np.full((3, 3), math.inf)
HOSTILE = [
    *(float("nan"), math.inf, 1e308, -1, 10**30, True, "P @ L @ U", b"", None, object(), lambda: 0, 1j, {}, [], ()),
    *([[]], [math.nan] * 4, [math.inf] * 4, [1e308] * 4, ["1"] * 4, [None] * 4, [[1.0]] * 4, [math.nan, "1", [], {}]),
    *(
        [math.nan, [1.0, 2.0], 3, 4],
        np.zeros(4),
        np.full(4, math.nan),
        np.full(4, math.inf),
        np.zeros((4, 1)),
        np.zeros(0),
    ),
    *(np.full((3, 3, 3), 1e308), np.full((3, 3, 3), math.nan), np.zeros((3, 3, 3)), np.zeros((3, 3, 3), complex)),
    *((P, L), (P, L, U, A), (P, L, "U"), (P, L, U[0]), (P, L, U.tolist()), (P, L, U.astype(complex)), (P, L, None)),
    *((P, INF, U), (P, L, np.full((3, 3), math.nan)), (P, L * 1e307, U * 1e307), (P, L, U.astype(np.float32))),
    *(
        (1e308, np.full(3, 1e308)),
        (math.inf, V[:, 0]),
        (W[0], INF[0]),
        (W[0], V),
        ("1", V[:, 0]),
        (V[:, 0], W[0]),
    ),
    *(np.full(4, 1e308), np.array(["1", "2", "3", "4"]), np.array([None] * 4), np.zeros((2, 2)), np.zeros(10**6)),
]


@pytest.mark.parametrize("kind", KINDS)
def test_no_hostile_answer_passes_or_ends_in_an_error_of_ours(kind):
    for answer in HOSTILE:
        result = judged(kind, answer)
        said = str(Report("exercise", (result,), {"an aspect": 1.0}))
        assert not result.passed and result.outcome not in ("lost", "passed"), answer
        assert len(said) < 1000 and "Traceback" not in said


@pytest.mark.parametrize(
    ("kind", "answer", "expected", "got"),
    [
        ("lu", (P.T, L, U), "P @ L @ U == A", "on its right, at ["),
        ("lu", (P, L, U[:2]), "U: shape (3, 3)", "shape (2, 3)"),
        ("lu", (P, L.tolist(), U), "L: an array of shape (3, 3)", "a list of 3 items"),
        ("lu", (P, L), "3 values", "2 values"),
        ("lu", (P, L, INF), "P @ L @ U == A", "an answer with nan or inf in it"),
        ("eigenvector", (2.0, np.array([1.0, 0.0, 1.0])), "A @ v == w * v", "1 on its left, 2 on its right, at [2]"),
        ("eigenvector", (W[0], V[:, 0] * 3), "norm(v) == 1", "3 on its left, 1 on its right"),
        ("shuffled", [1, 1, 2, "3"], "x[3]: a number", "the text '3'"),
    ],
)
def test_it_is_said_how_far_off_an_answer_is_or_what_form_it_has(kind, answer, expected, got):
    result = judged(kind, answer)
    assert str(result.expected) == expected and got in str(result.got)


VALUES = {
    name: np.array([[random.Random(name + str(k)).uniform(-2, 2) for k in range(i, i + 3)] for i in range(3)])
    for name in "ABC"
}
ORACLE = {name: getattr(np, name) for name in ("abs", "diag", "max", "min", "sort", "sum", "tril", "triu")}
ORACLE |= {"norm": lambda value, axis=None: np.sqrt((value * value).sum(axis))}


@pytest.mark.parametrize(
    "side",
    [
        "A @ B - C",
        "-A + B * 2 / C",
        "A ** 2",
        "diag(A) * diag(B, 0)",
        "tril(A, -1) + triu(B, 1)",
        "sum(A * A, 0)",
        "norm(A, 1)",
        "norm(A - B.T)",
        "sort(A, 0) - max(B) * min(abs(C), 1)",
        "3",
        "-2.5",
    ],
)
def test_a_side_is_what_numpy_makes_of_it(side):
    formula = read_formula(f"{side} == 0", {*VALUES})
    np.testing.assert_allclose(computed(formula.left, VALUES), eval(side, ORACLE | VALUES), rtol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "x",
            "x = 1",
            "x == ",
            "x == 1 == x",
            "x != 1",
            "x < 1",
            "x is x",
            "x in x",
            "not x == 1",
            "(x == 1) + 1",
        ),
        *("x == 1 and x == 1", "__import__('os') == x", "open(x) == 1", "x.real == 1", "x.T() == 1", "x[0] == 1"),
        *(
            "x // 2 == 1",
            "x % 2 == 1",
            "x << 2 == 1",
            "~x == 1",
            "+x == 1",
            "(lambda: x)() == 1",
            "[x] == 1",
            "{x} == 1",
        ),
        *("'a' == x", "True == x", "None == x", "1j == x", "y == x", "sum == x", "sum() == x", "sum(x, x) == x"),
        *("sum(x, axis=0) == x", "sum(x, 0, 0) == x", "sum(x, 100) == x", "sum(x, True) == x", "sum(x, 1.0) == x"),
        *("sum(*x) == x", "sum(x, -(-1)) == x", "x if x == 1 else x", "f'{x}' == x", "(y := x) == x", "x == 1; x == 1"),
        *("x + " * 60 + "x == 1", "(" * 150 + "x" + ")" * 150 + " == 1", "x == 1\nx == 1", "\0 == x", "await x == 1"),
    ],
)
def test_what_no_formula_has_is_refused(text):
    with pytest.raises(ValueError, match=r"no formula|compares no two sides|nothing that a formula has"):
        read_formula(text, {"x"})
    book = Book()
    with pytest.raises(ExerciseError):
        book.properties(book.array([0.0], FLOAT, "x"), {text: "A sentence."})


@pytest.mark.parametrize("label", ["", "1", "a b", "A"])
def test_a_part_without_a_name_of_its_own_is_refused(label):
    book = Book()
    with pytest.raises(ExerciseError, match="formulas can't know a part of an answer by the label"):
        book.properties(book.array([0.0], FLOAT, label), {"A == A": "A sentence."}, A=[1.0])


def missed(text, own, given=(), **bound):
    """Return what is said of a formula, or None."""
    values = [{name: np.asarray(value, float) for name, value in dict(each).items()} for each in (own, given)]
    found = formulas.missed(
        read_formula(text, {*dict(own), *dict(given)}), *values, *({"rtol": 1e-9, "atol": 0.0} | bound).values()
    )
    return found and str(found)


@pytest.mark.parametrize(
    ("text", "own", "given", "bound", "said"),
    [
        ("x <= 3", {"x": [1, 3 + 1e-10]}, {}, {}, None),
        ("x <= 3", {"x": [1, 3.1, 3.5]}, {}, {}, "3.5 on its left, 3 on its right, at [2]"),
        ("x >= 3", {"x": [3, 2.5]}, {}, {}, "2.5 on its left, 3 on its right, at [1]"),
        ("x >= 0", {"x": [0.0, 0.0]}, {}, {}, None),
        ("sum(x) == 0", {"x": [1e6, -1e6 + 1e-5]}, {}, {}, None),
        ("x == y", {"x": [1, 2]}, {"y": [1, 2, 3]}, {}, "sides of the shapes (2,) and (3,)"),
        ("x == y", {"x": [2]}, {"y": [2, 2, 2]}, {}, "sides of the shapes (1,) and (3,)"),
        ("x == y", {"x": 1}, {"y": 1 + 1e-8}, {}, "1 on its left, 1.00000001 on its right"),
        ("x == y", {"x": 1}, {"y": 1 + 1e-8}, {"rtol": 1e-7}, None),
        ("x - y == 0", {"x": 1e6 + 1e-4}, {"y": 1e6}, {}, None),
        ("x - y == 0", {"x": 1e6 + 1e-2}, {"y": 1e6}, {}, "0.01 on its left, 0 on its right"),
        ("A @ x == 0", {"x": [1, -1 + 1e-13]}, {"A": [[1, 1]]}, {}, "1.0003e-13 on its left"),
        ("A @ x == 0", {"x": [1, -1 + 1e-13]}, {"A": [[1, 1]]}, {"atol": 1e-12}, None),
        ("x + y == 3", {"x": 1e20, "y": -1e20}, {}, {}, "0 on its left, 3 on its right"),
        ("x * x == x", {"x": 1e200}, {}, {}, "inf on its left"),
        ("1 / x <= 1", {"x": 0}, {}, {}, "inf on its left"),
        ("x == x", {"x": []}, {}, {}, None),
    ],
)
def test_sides_agree_within_the_size_of_what_is_given(text, own, given, bound, said):
    with np.errstate(all="ignore"):
        found = missed(text, own, given, **bound)
    assert found == said or (said and found.startswith(said))


def test_of_a_hidden_case_a_verdict_says_which_property_is_lacking_and_nothing_that_came_from_the_kernel():
    book = Book()
    cases = [case(f"case {k}", "an aspect", lu(book), "") for k in range(2)]
    exercise = {"aspects": {"an aspect": 1.0}, "forbidden": [], "advice": "", "mistakes": [], "hidden": {}}
    files = [CaseFile({"lu": exercise | {"cases": [each]}}, book.tensors) for each in json.loads(json.dumps(cases))]
    sent = collect(lambda: (P.T, L, 7 * U), cases, {})
    data = verdict("lu", 1, files, sent).as_data()
    public, hidden = data["cases"]
    assert [each["diagnosis"]["id"] for each in data["cases"]] == ["The product is not A."] * 2
    assert public["expected"]["values"]["value"] == "P @ L @ U == A" and hidden["expected"] is None
    assert public["got"] is hidden["got"] is None and data["points"] == 0
