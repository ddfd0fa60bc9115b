"""The check engine: what a student reads for each outcome, and that no answer, however odd, breaks it."""

import base64
import html
import json
import math
import re
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch

from helpers import check, checks, measured, needs, predictions, reveal
from helpers.checks import cases, decisions, handing_in, notebook, report
from helpers.checks.cases import CaseFile
from helpers.checks.collect import MAX_DEPTH, MAX_ITEMS, collect
from helpers.checks.compare import Result, compare, shown_by
from helpers.checks.report import MESSAGES, Report
from helpers.support.language import Line, english, plain
from tests.support.course import use_cases
from tests.support.matrix import answers_to

NAN = float("nan")
TENSORS = {
    "x": np.array([0.0, 1.0, 2.0]),
    "double": np.array([0.0, 2.0, 4.0]),
    "ratios": np.array([0.5, NAN]),
    "rows": np.array([[1.0, 2.0], [3.0, 4.0]]),
    "flags": np.array([1.0, 0.0, 1.0]),
}
ENCODED = {"x": {"dtype": "float64", "shape": [3], "data": base64.b64encode(TENSORS["x"].tobytes()).decode()}}
BOUND = {"rtol": 1e-9, "atol": 0.0}
DOUBLE = {"array": ["double"], "dtypes": {"float64": BOUND}}
ASPECT, HINT = "doubling", "Double it."
EXPECTED = {
    "array": DOUBLE,
    "arrays": {"list": [{"array": ["rows", k], "dtypes": {"float64": BOUND}} for k in (0, 1)], "label": "probs"},
    "numbers": {"list": [{"number": 0.5, **BOUND}, {"number": NAN, **BOUND}]},
    "number": {"number": 0.25, **BOUND},
    "word": {"word": "fine"},
    "guess": {"guess": [0.0, 1.0], "how": "write a share"},
    "one_of": {"one_of": [1, "flat"]},
    "integer": {"integer": 5},
    "boolean": {"boolean": True, "label": "holds"},
    "tuple": {"tuple": [{"integer": 5, "label": "n"}, DOUBLE]},
    "dict": {"dict": [[0.5, {"integer": 5}], [3, {"integer": 6}]], "label": "masses"},
    "texts": {
        "tuple": [{"text": "ab", "label": "first"}, {"list": [{"text": "c"}, {"boolean": True}], "label": "rest"}]
    },
    "words": {"list": [{"text": "one"}, {"text": "two"}]},
    "flags": {"array": ["flags"], "dtypes": {"bool": BOUND}, "numpy": True, "label": "flags"},
    "whole": {"array": ["double"], "dtypes": {"int64": BOUND}, "numpy": True},
}


def case_of(expected, args=({"tensor": ["x"]},), name="a case"):
    return {"name": name, "aspect": ASPECT, "args": list(args), "kwargs": {}, "expected": expected, "diagnosis": HINT}


def compared(case, answers):
    """Compare answers with one case of an exercise."""
    exercise = {"aspects": {ASPECT: 1.0}, "mistakes": [], "cases": [case]}
    return compare("double", [CaseFile({"double": exercise}, TENSORS)], answers)


def right(x, temperature=1.0, dim=-1):
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def outcome(function, expected=DOUBLE):
    """Judge a function of one tensor on one case, its answer sent as a kernel sends it."""
    case = case_of(expected)
    sent = json.loads(json.dumps(collect(function, [case], ENCODED), allow_nan=False))
    return compared(case, sent)[0]


@pytest.fixture
def cells(monkeypatch):
    """Names that a notebook's cells have given."""
    names = {}
    monkeypatch.setattr(notebook, "namespace", lambda: names)
    return names


@pytest.fixture
def without_alarms(monkeypatch):
    """Take alarms away, as on Windows, and let an interrupt be heard, as a kernel does while a cell runs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    monkeypatch.delattr(signal, "setitimer")
    yield
    signal.signal(signal.SIGINT, before)


def report_of(*results, **fields):
    return Report("double", results, {ASPECT: 1.0}, **fields)


def lines(result):
    """What the student reads under the aspect, beside a second case that passed."""
    other = outcome(lambda x: 2 * x)
    return [line.strip() for line in str(report_of(result, other)).splitlines()[1:]]


def said(result):
    """Return what was expected and what it got, in words."""
    return str(result.expected), str(result.got)


X3 = torch.tensor([9.0, 9.0, 9.0], dtype=torch.float64)


def not_there_yet(x):
    raise NotImplementedError


def divides_by_0(x):
    return 1 // 0


def exits(x):
    raise SystemExit(3)


def writes(x):
    x *= 2
    return x.clone()


def writes_nan(x):
    doubled = 2 * x
    x[0] = NAN
    return doubled


CALL = "double(torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64))"
OUTCOMES = {
    "raised": (
        divides_by_0,
        [
            "your function raised ZeroDivisionError: integer division or modulo by zero",
            "in the line `return 1 // 0`",
            "Something is divided by 0 here: treat that case apart, before the division.",
        ],
    ),
    "raised, to leave": (exits, ["your function raised SystemExit: 3", "in the line `raise SystemExit(3)`"]),
    "nothing": (lambda x: None, [str(MESSAGES["nothing"])]),
    "changed_input": (writes, [str(MESSAGES["changed_input"])]),
    "changed_input, to nan": (writes_nan, [str(MESSAGES["changed_input"])]),
    "type": (
        lambda x: "0, 2, 4",
        ["expected a tensor of shape (3,)", "got      the text '0, 2, 4'", str(MESSAGES["type"])],
    ),
    "type, a list": (
        lambda x: [0.0, 2.0, 4.0],
        [
            "expected a tensor of shape (3,)",
            "got      a list of 3 items",
            "This is a list, and a tensor is asked for: torch.tensor(...) or torch.stack(...) makes one of it.",
        ],
    ),
    "type, a numpy array": (
        lambda x: 2 * x.numpy(),
        [
            "expected a tensor of shape (3,)",
            "got      an array of shape (3,)",
            "This is a numpy array, and a tensor is asked for: torch.from_numpy(...) makes one of it.",
        ],
    ),
    "shape": (lambda x: 2 * x[:2], ["expected shape (3,)", "got      shape (2,)", str(MESSAGES["shape"])]),
    "shape, keepdim": (
        lambda x: x[:, None],
        [
            "expected shape (3,)",
            "got      shape (3, 1)",
            "A dimension of size 1 is left over: does the last step need keepdim=True?",
        ],
    ),
    "dtype": (lambda x: 2 * x.float(), ["expected float64", "got      float32", str(MESSAGES["dtype"])]),
    "value": (lambda x: x, ["expected [1]: 2", "got      1 (2 of 3 entries differ)", "Double it."]),
    "value, nan": (lambda x: x * NAN, ["expected [0]: 0", "got      nan (3 of 3 entries differ)", "Double it."]),
}


@pytest.mark.parametrize("kind, function, sentences", [(k, *v) for k, v in OUTCOMES.items()], ids=OUTCOMES.keys())
def test_an_outcome_is_told_from_the_others_and_said_in_words(kind, function, sentences):
    result = outcome(function)
    *facts, advice = sentences
    assert result.outcome == kind.partition(",")[0]
    if result.diagnosis and result.outcome != "raised":
        assert lines(result) == [advice, "not yet  doubling (1 point)", "a case", CALL, *facts]
    else:
        assert lines(result) == ["not yet  doubling (1 point)", "a case", CALL, *sentences]


def test_a_lost_answer_is_said_in_words():
    [result] = compared(case_of(DOUBLE), None)
    assert lines(result) == ["not yet  doubling (1 point)", "a case", CALL, str(MESSAGES["lost"])]


@pytest.mark.parametrize("kind", ["unattempted", "undefined"])
def test_an_exercise_without_an_answer_is_one_line(kind):
    [result] = compared(case_of(DOUBLE), [{"kind": kind}])
    assert str(report_of(result, hidden={ASPECT: 3})) == f"double: {MESSAGES[kind]}."
    assert outcome(not_there_yet).outcome == "unattempted"


WRONG = {
    "a list of too few tensors": ("arrays", lambda x: [x], "probs: 2 values", "1 value"),
    "one wrong row": ("arrays", lambda x: torch.tensor([[1.0, 2.0], [3.0, 5.0]]).double(), "probs[1][1]: 4",
                      "5 (1 of 2 entries differ)"),
    "no number where nan belongs": ("numbers", lambda x: [0.5, 0.0], "[1]: nan", "0 (1 of 2 entries differ)"),
    "a text among the numbers": ("numbers", lambda x: [0.5, "nan"], "[1]: a number", "the text 'nan'"),
    "too many numbers": ("numbers", lambda x: np.zeros(5000), "2 values", "2001 values"),
    "a number": ("number", lambda x: 0.2500001, "0.25", "0.2500001"),
    "a truth value for a number": ("number", lambda x: True, "a number", "the truth value True"),
    "a float for an int": ("integer", lambda x: 4.5, "a whole number", "the number 4.5"),
    "nan for an int": ("integer", lambda x: NAN, "a whole number", "the number nan"),
    "infinity for an int": ("integer", lambda x: math.inf, "a whole number", "the number inf"),
    "a huge int": ("integer", lambda x: 10**5000, "a whole number", "a whole number of more than 15 digits"),
    "a text for a truth value": ("boolean", lambda x: "yes", "holds: True or False", "the text 'yes'"),
    "the other truth value": ("boolean", lambda x: x.sum() < 0, "holds: True", "False"),
    "too few values": ("tuple", lambda x: (5,), "2 values", "1 value"),
    "no tuple": ("tuple", lambda x: 5, "a tuple (n, value)", "the whole number 5"),
    "a wrong value": ("tuple", lambda x: (6, 2 * x), "n: 5", "6"),
    "no dict": ("dict", lambda x: [5, 6], "masses: a dict with the keys 0.5, 3", "a list of 2 items"),
    "text keys": ("dict", lambda x: {"0.5": 5, "3": 6}, "masses: the keys 0.5, 3", "the keys '0.5', '3'"),
    "no keys": ("dict", lambda x: {}, "masses: the keys 0.5, 3", "the keys ()"),
    "odd keys": ("dict", lambda x: {NAN: 5, (1, 2): 6}, "masses: the keys 0.5, 3", "the keys 'float', (1, 2)"),
    "a wrong entry": ("dict", lambda x: {0.5: 5, 3: 7}, "masses[3]: 6", "7"),
    "a huge array": ("array", lambda x: torch.zeros(10**6, dtype=torch.float64), "a tensor of shape (3,)",
                     "an object of type tensor of 8000000 bytes"),
    "complex numbers": ("array", lambda x: x + 1j, "a tensor of shape (3,)", "an object of type tensor of complex128"),
    "another text in a list": ("texts", lambda x: ("ab", ["C", True]), "rest[0]: 'c'", "'C'"),
    "a number for a text": ("texts", lambda x: (1, ["c", True]), "first: a text", "the whole number 1"),
    "a text for a truth value in a list": ("texts", lambda x: ("ab", ["c", "True"]), "rest[1]: True or False",
                                           "the text 'True'"),
    "too many texts": ("words", lambda x: np.array(["one", "two", "two"]), "2 values", "3 values"),
    "a wrong truth value in an array": ("flags", lambda x: np.array([True, True, True]), "flags[1]: False",
                                        "True (1 of 3 entries differ)"),
    "a list for an array of truth values": ("flags", lambda x: [True, False, True], "flags: an array of shape (3,)",
                                            "a list of 3 items"),
    "numbers for truth values": ("flags", lambda x: np.array([1, 0, 1]), "flags: bool", "int64"),
    "floats for whole numbers": ("whole", lambda x: np.array([0.0, 2.0, 4.0]), "int64", "float64"),
    "objects in an array": ("whole", lambda x: np.array([0, 2, None]), "an array of shape (3,)",
                            "an object of type array of object"),
    "a list in a list in a list": ("numbers", lambda x: nested(50), "2 values", "1 value"),
}  # fmt: skip


def nested(depth):
    return [nested(depth - 1)] if depth else 0.0


@pytest.mark.parametrize("expected, function, right, came", WRONG.values(), ids=WRONG.keys())
def test_a_mismatch_says_what_was_expected_and_what_came(expected, function, right, came):
    result = outcome(function, EXPECTED[expected])
    assert not result.passed and said(result) == (right, came)


RIGHT = {
    "a tensor": ("array", lambda x: 2 * x),
    "a tensor with gradient": ("array", lambda x: 2 * x.requires_grad_()),
    "a stacked tensor for a list": ("arrays", lambda x: torch.tensor([[1.0, 2.0], [3.0, 4.0]]).double()),
    "a tuple for a list": ("arrays", lambda x: tuple(torch.tensor([[1.0, 2.0], [3.0, 4.0]]).double())),
    "an array for numbers": ("numbers", lambda x: np.array([0.5, NAN])),
    "0-d tensors for numbers": ("numbers", lambda x: [torch.tensor(0.5), torch.tensor(NAN)]),
    "a 0-d tensor for a number": ("number", lambda x: torch.tensor(0.25)),
    "a numpy scalar for a number": ("number", lambda x: np.float64(0.25)),
    "a whole float for an int": ("integer", lambda x: 5.0),
    "a numpy int": ("integer", lambda x: np.int64(5)),
    "a 0-d tensor for a truth value": ("boolean", lambda x: x.sum() > 0),
    "a numpy truth value": ("boolean", lambda x: np.bool_(True)),
    "a list for a tuple": ("tuple", lambda x: [5, 2 * x]),
    "numpy's texts and truth values": ("texts", lambda x: (np.str_("ab"), (np.array("c"), np.bool_(True)))),
    "an array of texts": ("words", lambda x: np.array(["one", "two"])),
    "an array of truth values": ("flags", lambda x: np.array([1.0, 0.0, 1.0]) > 0),
    "an array of whole numbers": ("whole", lambda x: np.array([0, 2, 4])),
    "keys in another order and type": ("dict", lambda x: {np.float64(3): 6, torch.tensor(0.5): 5}),
}


@pytest.mark.parametrize("expected, function", RIGHT.values(), ids=RIGHT.keys())
def test_what_a_person_would_call_the_same_passes(expected, function):
    assert outcome(function, EXPECTED[expected]).passed


def test_html_escapes_what_came_and_says_the_same():
    result = outcome(lambda x: {}[f"<script>alert('{x.ndim}')</script>"])
    shown = report_of(result)._repr_html_()
    assert "<script>" not in shown and "your function raised KeyError: &quot;&lt;script&gt;alert" in shown
    for function, sentences in OUTCOMES.values():
        shown = html.unescape(re.sub("</?code[^>]*>", "`", report_of(outcome(function))._repr_html_()))
        assert all(sentence in shown for sentence in sentences)


def failed(name, hint=HINT, hidden=False, outcome="value"):
    call = "" if hidden else f"double({name!r})"
    return Result(name, ASPECT, hidden, outcome, plain("2"), plain("1"), hint and plain(hint), call)


def test_cases_that_fail_alike_are_said_once_with_one_example():
    eight = [failed(str(k)) for k in range(8)]
    shown = report_of(*eight)
    assert str(shown).splitlines()[1:] == [
        "  Double it.",
        "  not yet  doubling (1 point)",
        "  8 cases fail alike: 0; 1; 2; and 5 more",
        "    double('0')",
        "    expected 2",
        "    got      1",
    ]
    assert shown._repr_html_().count("Double it.") == 1


def test_what_explains_all_that_failed_is_said_first_and_once():
    """A temperature that is left out failed three aspects, and its one sentence stood below them all."""

    def without_temperature(x, temperature=1.0, dim=-1):
        return right(x, dim=dim)

    use_cases("softmax_t")
    found = report("softmax_t", without_temperature)
    known = "Your numbers match a softmax that ignores the temperature."
    shown = found._repr_html_()
    assert str(found).splitlines()[1] == f"  {known}" and str(found).count(known) == shown.count(known) == 1
    assert shown.index(known) < shown.index("not yet")
    for several in ([failed("a"), failed("b", "Halve it.")], [failed("a"), failed("b", None)], [failed("a", None)]):
        assert report_of(*several).known() == ""


def test_a_long_call_begins_as_it_is_and_is_whole_where_it_is_unfolded():
    """Three lines of numbers stood above what came out."""
    long = f"double({[float(k) for k in range(99)]})"
    found = report_of(replace(failed("a"), call=long))
    [begun] = [line.strip() for line in str(found).splitlines() if "double(" in line]
    assert len(begun) < 100 and begun.endswith(" …") and long.startswith(begun.removesuffix(" …"))
    with pytest.raises(SyntaxError):
        compile(begun, "no Python", "eval")
    shown = found._repr_html_()
    assert f"<summary><code>{begun}</code></summary>" in shown and f">{long}</code></details>" in shown
    assert "details" not in report_of(failed("a"))._repr_html_()


def test_what_is_known_comes_first_and_the_rest_is_not_called_alike():
    """An early case without a diagnosis stood above the true sentence, and 4 different ones were "alike"."""
    bare, known = [failed(name, None) for name in "ab"], [failed(name) for name in "cd"]
    said = str(report_of(*bare, *known)).splitlines()
    places = [said.index(f"  2 {words}") for words in ("cases fail alike: c; d", "cases are not right yet: a; b")]
    assert places == sorted(places) and said[places[1] - 1] == "    Double it."
    shown = report_of(*bare, *known)._repr_html_()
    assert shown.index("2 cases fail alike: c; d") < shown.index("2 cases are not right yet: a; b")
    assert "  2 cases are not right yet: a; b" in str(report_of(*bare)).splitlines()
    nothing = [failed(name, None, outcome="nothing") for name in "ab"]
    assert "2 cases fail alike: a; b" in str(report_of(*nothing)), "the outcome says what to do"


ROUND, LAST, EACH = (
    "Some keys are missing: does the function return before its loop is done?",
    "The first keys are missing: does a loop begin a new dict at every turn?",
    "Every dict of this kind needs all of these keys.",
)
FIVE = {"integer": 5}
NESTED = {
    "dict": [[r, {"dict": [[t, {"dict": [["logits", FIVE], ["probs", FIVE]]}] for t in (1, 3)]}] for r in (0.4, 5)]
}


def keys_of(ranges, temperatures=(1, 3), names=("logits", "probs")):
    return lambda x: {r: {t: dict.fromkeys(names, 5) for t in temperatures} for r in ranges}


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (keys_of([0.4]), ROUND),
        (keys_of([5]), LAST),
        (keys_of([0.4, 5], [1]), ROUND),
        (keys_of([0.4, 5], [3]), LAST),
        (keys_of([0.4, 5], names=["probs"]), EACH),
        (keys_of([0.4, 5], names=["logits"]), EACH),
        (keys_of([0.4, 5], names=["logits", "p"]), None),
        (keys_of([]), None),
    ],
)
def test_missing_keys_are_told_by_which_are_there(function, said):
    """A loop that begins its dict anew has its last key: it was told of a function that returns too early."""
    result = outcome(function, NESTED)
    assert result.outcome == "keys" and (result.diagnosis and str(result.diagnosis)) == said


@pytest.mark.parametrize("given", ["Fine", "one hot", ""])
def test_of_a_word_that_no_case_has_it_is_said_which_there_are(given):
    """A function that returned "Uniform" was told the threshold once more."""
    several = [case_of({"word": word}, name=word) for word in ("fine", "one-hot", "uniform")]
    exercise = {"aspects": {ASPECT: 1.0}, "mistakes": [], "cases": several}
    file = CaseFile({"double": exercise}, TENSORS)
    words = "Return one of these texts, letter for letter: 'fine', 'one-hot' or 'uniform'."
    found = compare("double", [file], collect(lambda x: given, several, ENCODED))
    assert [str(result.diagnosis) for result in found] == [words] * 3
    others = compare("double", [file], collect(lambda x: "fine", several, ENCODED))
    assert [result.diagnosis and str(result.diagnosis) for result in others] == [None, HINT, HINT]


def test_where_any_text_may_come_out_no_texts_are_listed():
    several = [case_of({"text": text}, name=text) for text in ("olleh", "dlrow")]
    file = CaseFile({"double": {"aspects": {ASPECT: 1.0}, "mistakes": [], "cases": several}}, TENSORS)
    found = compare("double", [file], collect(lambda x: "hello", several, ENCODED))
    assert [str(result.diagnosis) for result in found] == [HINT] * 2


def test_a_word_that_grading_alone_asks_for_is_not_told():
    """The answers to such an exercise could not be compared."""
    public, hidden = case_of({"one_of": ["red", "green"]}, []), case_of({"word": "red"}, [])
    files = [
        CaseFile({"double": {"aspects": {ASPECT: 1.0}, "mistakes": [], "cases": [each]}}, {})
        for each in (public, hidden)
    ]
    found = compare("double", files, [{"kind": "word", "value": "green"}] * 2)
    assert [(result.outcome, str(result.diagnosis)) for result in found] == [("passed", "None"), ("value", HINT)]


ADVICE = {
    "a loop left early": ("numbers", lambda x: [0.5], "Does the function return before its loop is done?"),
    "a part left out": ("tuple", lambda x: (5,), "Return all 2: n, value."),
    "more parts than asked for": ("tuple", lambda x: (5, 2 * x, x), "Return all 2: n, value."),
    "nan as a text": ("numbers", lambda x: [0.5, "nan"], "Without quotation marks: math.nan."),
    "inf as a text": ("number", lambda x: "inf", "Without quotation marks: math.inf."),
    "another text": ("number", lambda x: "NaN", None),
    "several numbers": ("number", lambda x: [0.25, 0.5], "One number is asked for: which of these?"),
    "several, in a tensor": ("integer", lambda x: x, "One number is asked for: which of these?"),
    "one, in a tensor": ("number", lambda x: x[:1], None),
    "no tensor": ("number", lambda x: True, None),
    "too many numbers": ("numbers", lambda x: [0.5, NAN, 1.0], None),
    "none at all": ("numbers", lambda x: [], None),
}


@pytest.mark.parametrize("expected, function, said", ADVICE.values(), ids=ADVICE.keys())
def test_a_bare_mismatch_is_followed_by_what_to_do(expected, function, said):
    diagnosis = outcome(function, EXPECTED[expected]).diagnosis
    assert (diagnosis and str(diagnosis)) == said


def test_the_example_is_a_public_case_and_a_hidden_one_has_its_name_alone():
    lines = str(report_of(failed("a", hidden=True), failed("b"), graded=True)).splitlines()
    assert lines[3:5] == ["  2 cases fail alike: at grading: a; b", "    double('b')"]
    [alone] = [
        line for line in str(report_of(failed("a", hidden=True), graded=True)).splitlines() if "at grading" in line
    ]
    assert alone == "  at grading: a"


def test_other_advice_another_outcome_or_another_error_is_another_thing_to_say():
    several = [failed("a"), failed("b", "Halve it."), failed("c", None), failed("d", None, outcome="shape")]
    errors = [
        Result(name, ASPECT, False, "raised", got=english("{type}: {text}", type=kind, text=name), line=line)
        for name, kind, line in (
            ("e", "KeyError", "x"),
            ("f", "KeyError", "x"),
            ("g", "KeyError", "y"),
            ("h", "Own", "y"),
        )
    ]
    assert [[r.name for r in each] for each in report_of(*several, *errors).alike()] == [
        ["a"], ["b"], ["e", "f"], ["g"], ["h"], ["c"], ["d"],
    ]  # fmt: skip


def test_a_green_check_says_what_it_has_shown_and_where_the_notebook_stands():
    right, shown = outcome(lambda x: 2 * x), english("Doubled, {number:.2f}.", number=4.0)
    right = replace(right, call=CALL)
    said = str(report_of(right, shown=shown, done=(12, 20))).splitlines()
    assert said[-2:] == ["Doubled, 4.00.", "1 of 1 points here; 12 of 20 points are green so far."]
    assert str(report_of(right, done=(12, 20))).splitlines()[-1] == said[-1]
    for red in (report_of(failed("a"), shown=shown), report_of(right, shown=shown, done=(1, 2), graded=True)):
        assert "Doubled, 4.00." not in str(red) + red._repr_html_() and "green so far" not in str(red)
    assert "Doubled, 4.00." in report_of(right, shown=shown)._repr_html_()


def test_aspects_that_are_right_count_here_before_the_exercise_is_green():
    """Four of five were right, and it said that 0 of 20 were green: all seemed lost."""
    good, bad = replace(outcome(lambda x: 2 * x), aspect="a"), replace(failed("b"), aspect="b")
    aspects = {"a": 2.0, "b": 1.0, "c, at grading": 1.0}
    half = Report("double", (good, bad), aspects, done=(0, 20))
    assert (
        str(half).splitlines()[-1] == "2 of 4 points here, 1 more decided at grading; 0 of 20 points are green so far."
    )
    assert str(replace(half, results=(bad, bad))).splitlines()[-1].startswith("0 of 4 points here, 3 more decided")
    assert str(replace(half, results=())).splitlines()[-1].startswith("0 of 4 points here; ")


def test_points_that_grading_alone_decides_are_not_green_yet(monkeypatch):
    """3 of 4 here and 1 elsewhere were "5 points green so far"; the answer lost the fourth at grading."""
    name = "temperature_range_experiment"
    use_cases(name)
    answer = answers_to(name)["right_by_torch_softmax"].function
    found = checks.report(name, answer)
    monkeypatch.setattr(checks, "_latest", {name: (found, answer)})
    monkeypatch.setattr(handing_in, "_latest", checks._latest)
    monkeypatch.setattr(sys.modules["__main__"], name, answer, raising=False)
    assert (found.points, found.later, checks.points_so_far()[0]) == (3, 1, 3)
    assert re.match(r"3 of \d+ points are green, 1 more decided at grading\.", handing_in.what_stands().title)


def test_a_label_and_its_text_are_two_words_also_when_they_are_copied():
    shown = html.unescape(re.sub("<[^>]*>", "", report_of(failed("a"))._repr_html_()))
    assert f"not yet {ASPECT}" in shown


def test_without_points_of_its_own_an_exercise_says_the_notebook_s_alone():
    bonus = Report("double", (replace(outcome(lambda x: 2 * x), call=CALL),), {ASPECT: 0.0}, done=(3.5, 20))
    assert str(bonus).splitlines()[-1] == "3.5 of 20 points are green so far."


def test_the_sentence_of_a_green_check_has_the_student_s_number():
    case, other = case_of(DOUBLE), case_of(EXPECTED["integer"], name="another")
    exercise = {
        "aspects": {ASPECT: 1.0},
        "mistakes": [],
        "cases": [other, case],
        "shown": ["{number:g}!", "a case", -1],
    }
    answers = collect(lambda x: 2 * x, exercise["cases"], ENCODED)
    assert str(shown_by(exercise, answers)) == "4!"
    assert str(shown_by(exercise | {"shown": ["Done.", "", 0]}, answers)) == "Done."
    assert shown_by({name: part for name, part in exercise.items() if name != "shown"}, answers) is None


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"list": [1.0]}, "its argument, a list: work on a copy"),
        ({"dict": [[1, 1.0]]}, "its argument, a dict: work on a new"),
    ],
)
def test_an_argument_that_was_changed_is_called_what_it_is(argument, words):
    def clears(x):
        x.clear()
        return 5

    case = case_of(EXPECTED["integer"], [argument])
    [result] = compared(case, collect(clears, [case], {}))
    assert result.outcome == "changed_input" and words in str(result.diagnosis)


def test_advice_is_that_of_the_part_that_is_wrong():
    """A wrong probs[0] was told of the deviations, and a wrong deviation of the inputs."""
    five, double = {"integer": 5, "label": "n"}, DOUBLE | {"label": "x", "hint": "Of x."}
    for order, answer, hint in (([], (6, X3), HINT), ([], (5, X3), "Of x."), ([1, 0], (6, X3), "Of x.")):
        expected = {"tuple": [five, double]} | ({"order": order} if order else {})
        result = outcome(lambda x, answer=answer: answer, expected)
        assert str(result.diagnosis) == hint


DATA = base64.b64encode(np.zeros(3).tobytes()).decode()
ARRAY = {"kind": "tensor", "dtype": "float64", "stored": "float64", "shape": [3], "data": DATA}
MALFORMED = {
    "nothing": ("array", None),
    "a number": ("array", 5),
    "a text": ("array", "tensor"),
    "an empty dict": ("array", {}),
    "an unhashable kind": ("array", {"kind": []}),
    "a kind of its own": ("array", {"kind": "perfect"}),
    "no data": ("array", {"kind": "tensor"}),
    "bad base64": ("array", ARRAY | {"data": "!!!"}),
    "data of no text": ("array", ARRAY | {"data": 5}),
    "another shape": ("array", ARRAY | {"shape": [4]}),
    "a huge shape": ("array", ARRAY | {"shape": [10**12]}),
    "many dimensions": ("array", ARRAY | {"shape": [1] * 100}),
    "a negative shape": ("array", ARRAY | {"shape": [-1]}),
    "a shape of texts": ("array", ARRAY | {"shape": ["3"]}),
    "no shape": ("array", ARRAY | {"shape": None}),
    "objects": ("array", ARRAY | {"stored": "object"}),
    "a structured dtype": ("array", ARRAY | {"stored": [["f", "<f8"]]}),
    "an unknown dtype": ("array", ARRAY | {"stored": "float1024"}),
    "a dtype that is no text": ("array", ARRAY | {"dtype": 5}),
    "a list without items": ("numbers", {"kind": "list"}),
    "items that are no answers": ("numbers", {"kind": "list", "items": [1, 2]}),
    "a dict without items": ("dict", {"kind": "dict"}),
    "items that are no pairs": ("dict", {"kind": "dict", "items": [1, 2]}),
    "unhashable keys": ("dict", {"kind": "dict", "items": [[[], {}]]}),
    "values that are no answers": ("dict", {"kind": "dict", "items": [[0.5, 1], [3, 2]]}),
    "a huge int": ("number", {"kind": "integer", "value": 10**400}),
    "an int beyond printing": ("integer", {"kind": "integer", "value": 10**5000}),
    "a number that is a list": ("number", {"kind": "number", "value": [1]}),
    "a number that is a text": ("number", {"kind": "number", "value": "many"}),
    "a truth value that is a list": ("boolean", {"kind": "boolean", "value": [1]}),
}


@pytest.mark.parametrize("expected, answer", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_answer_is_lost(expected, answer):
    assert compared(case_of(EXPECTED[expected]), [answer])[0].outcome == "lost"


def buried(depth):
    answer = {"kind": "none"}
    for _ in range(depth):
        answer = {"kind": "list", "type": "list", "items": [answer]}
    return answer


@pytest.mark.parametrize("expected", EXPECTED.values(), ids=EXPECTED.keys())
def test_no_odd_answer_passes_or_raises_or_floods_the_report(expected):
    flood = {"kind": "raised", "type": 5, "text": ["x" * 10**6]}
    nan = {"kind": "number", "value": NAN}
    no_tolerance = ARRAY | {"dtype": "float8"}
    for answer in [*(answer for _, answer in MALFORMED.values()), buried(100_000), flood, nan, no_tolerance]:
        [result] = compared(case_of(expected), [answer])
        assert not result.passed and len(str(report_of(result))) < 2000


@pytest.mark.parametrize("answers", [None, {}, "[]", [], [ARRAY, ARRAY], 5], ids=repr)
def test_answers_that_are_not_one_a_case_are_all_lost(answers):
    assert [result.outcome for result in compared(case_of(DOUBLE), answers)] == ["lost"]


class Hostile(Exception):
    def __str__(self):
        raise ValueError("no text for you")


def hostile(x):
    raise Hostile


def test_collect_survives_what_functions_do():
    assert str(outcome(hostile).got) == "Hostile: "
    assert outcome(lambda x: exec("raise ValueError('\\ud800')")).got.values["text"] == "?"
    assert outcome(lambda x: [0.0] * (MAX_ITEMS + 1), EXPECTED["numbers"]).got.values["type"] == "list"
    itself = []
    itself.append(itself)
    assert not outcome(lambda x: itself, EXPECTED["numbers"]).passed and MAX_DEPTH < 50


def test_collect_gives_every_case_fresh_tensors():
    case = case_of(DOUBLE)
    answers = collect(writes, [case, case], ENCODED)
    assert answers[0]["data"] == answers[1]["data"] and all(answer["changed_input"] for answer in answers)


def test_an_argument_of_an_unknown_kind_is_taken_for_no_list():
    case = case_of(DOUBLE, [{"set": [0.5]}])
    with pytest.raises(ValueError, match="the kind 'set', expected tensor, ndarray, dtype, function, list or dict"):
        collect(len, [case], {})


def test_a_function_of_math_arrives_as_itself():
    case = case_of(DOUBLE, [{"function": "hypot"}]) | {"kwargs": {"largest": {"function": "pow"}}}
    [answer] = collect(lambda f, largest: f(0.0, 3.0) if largest is math.pow else None, [case], {})
    assert answer == {"kind": "number", "value": "3.0"}


def test_a_students_own_stop_is_not_swallowed():
    def stop(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(stop)


@pytest.mark.parametrize("answer", [hostile, exits, None, 5, lambda: 1, lambda *args, **kwargs: itself_again()])
def test_check_never_raises_and_returns_nothing(answer, cells, capsys):
    use_cases("softmax_t")
    cells["softmax_t"] = answer
    assert check("softmax_t") is None
    assert "0 of 9 cases here are right" in capsys.readouterr().out


def itself_again():
    return itself_again()


def test_what_does_not_pass_under_nbgrader_validate_is_said_on_stderr(cells, capsys, monkeypatch):
    """nbgrader takes a cell for failed by that; without it an empty notebook would be a success."""

    def stub(x, temperature=1.0, dim=-1):
        raise NotImplementedError

    use_cases("softmax_t")
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    for name, answer, words in (
        ("softmax_t", stub, "softmax_t: not attempted yet"),
        ("softmax_t", hostile, "0 of 9 cases here are right"),
        ("sofmax_t", hostile, "no exercise is called 'sofmax_t'"),
    ):
        cells[name] = answer
        check(name)
        out, err = capsys.readouterr()
        assert (out, words in err) == ("", True)
    cells["softmax_t"] = right
    check("softmax_t")
    out, err = capsys.readouterr()
    assert ("9 of 9 cases here are right" in out, err) == (True, "")


def test_check_says_which_exercises_there_are(capsys):
    use_cases("softmax_t")
    assert check("sofmax_t") is None
    said = capsys.readouterr().out
    assert (
        "no exercise is called 'sofmax_t'; there are " in said and "contraction_rate, decay_ratios, final_top" in said
    )
    assert "perplexity" not in said, "it is another notebook's"


def test_without_a_notebooks_cases_check_says_so_in_one_sentence(capsys):
    assert check("softmax_t") is None
    sentence = "There are no cases to check with: run this notebook's first code cell, then this one again.\n"
    assert capsys.readouterr().out == sentence


def test_nothing_of_the_cases_is_read_before_the_first_check(capsys):
    cases.use(b"no case file")
    check("softmax_t")
    assert "check('softmax_t') could not run: SafetensorError" in capsys.readouterr().out


def test_a_report_without_results_is_no_pass_and_not_green():
    """Without an answer there is nothing to pass: 0 of 5 points stood beside a green bar."""
    report = report_of(graded=True, reason=english("not attempted yet"))
    assert str(report) == "double: 0 of 1 points; not attempted yet."
    assert not report.passed and "#1a7f37" not in report._repr_html_()


def test_a_check_counts_the_cases_that_run_at_grading():
    use_cases("softmax_t")
    hidden = sum(cases.in_use().exercises["softmax_t"]["hidden"].values())
    assert str(report("softmax_t", right)).startswith(
        f"softmax_t: 9 of 9 cases here are right; {hidden} more are checked at grading."
    )


def test_a_forbidden_way_is_told_with_its_line_and_the_advice():
    def softmax_t(x, temperature=1.0, dim=-1):
        return torch.softmax(x / temperature, dim)

    use_cases("softmax_t")
    said = str(report("softmax_t", softmax_t))
    assert said.startswith(
        "softmax_t: this exercise does not allow all that your code uses.\n  not allowed  uses torch.softmax\n"
    )
    assert "in the line `return torch.softmax(x / temperature, dim)`" in said and "from exp, max and sum" in said


def test_a_forbidden_way_without_a_line_of_the_student_s_is_told_by_name():
    use_cases("softmax_t")
    said = str(report("softmax_t", torch.nn.Softmax(-1)))
    assert "uses torch.nn.Softmax\n" in said and "in the line" not in said and "from exp, max and sum" in said


def test_who_ends_the_watching_is_told_so():
    def softmax_t(x, temperature=1.0, dim=-1):
        sys.setprofile(None)
        return torch.softmax(x / temperature, dim)

    use_cases("softmax_t")
    said = str(report("softmax_t", softmax_t))
    assert "uses sys.setprofile" in said and "in the line `sys.setprofile(None)`" in said
    assert "A check sees what your function calls: leave that on." in said and "from exp" not in said


def in_a_loop(x, temperature=1.0, dim=-1):
    while True:
        pass


WAITS = "This cell waits for "
BROKEN = {
    "a stub": (not_there_yet, lambda f: f(1), "softmax_t: write it above, then run this cell again."),
    "an error": (divides_by_0, lambda f: f(1), "a green check of softmax_t; for now: ZeroDivisionError: "),
    "an end": (exits, lambda f: f(1), "a green check of softmax_t; for now: SystemExit: 3."),
    "None": (lambda *_, **__: None, lambda f: f(1).sum(), "a green check of softmax_t; for now: AttributeError: "),
    "a list": (lambda *_, **__: [1.0], lambda f: f(1).sum(), "a green check of softmax_t; for now: AttributeError: "),
    "numpy": (lambda *_, **__: np.ones(3), lambda f: f(1).amax(), "a green check of softmax_t; for now: Attrib"),
    "two values": (
        lambda *_, **__: (1, 2),
        lambda f: dict(zip("abc", f(1), strict=True)),
        "a green check of softmax_t",
    ),
    "a dict": (lambda *_, **__: {}, lambda f: f(1)["probs"], "a green check of softmax_t; for now: KeyError: 'probs'."),
    "a word": (lambda *_, **__: "1", lambda f: print(f"{f(1):.2f}"), "a green check of softmax_t; for now: ValueError"),
}


@pytest.mark.parametrize(("answer", "use", "said"), BROKEN.values(), ids=BROKEN)
def test_needs_waits_for_an_answer_that_is_not_right(answer, use, said, cells, capsys):
    use_cases("softmax_t")
    cells["softmax_t"] = answer
    with needs("softmax_t"):
        use(answer)
    out = capsys.readouterr().out
    assert out.startswith(WAITS + said) and out.count("\n") == 1


def test_needs_waits_for_a_cell_that_was_not_run(cells, capsys):
    use_cases("decay_ratios")
    cells["softmax_t"] = right
    with needs("softmax_t", "decay_ratios"):
        decay_ratios()  # noqa: F821
    assert capsys.readouterr().out == f"{WAITS}decay_ratios: run its cell above, then this one again.\n"


def test_needs_reads_the_notebook_once_and_only_where_it_has_to(cells, monkeypatch):
    read = []
    monkeypatch.setattr(notebook, "read_notebook", lambda: read.append(1) or notebook.Notebook())
    use_cases("softmax_t")
    cells.update(softmax_t=right, decay_ratios=not_there_yet, contraction_rate=not_there_yet)
    with needs("softmax_t", "decay_ratios", "contraction_rate"):
        not_there_yet(1)
    assert len(read) == 1
    check("softmax_t")
    with needs("softmax_t"):
        pass
    assert len(read) == 2, "once more by the check"


def test_a_sentence_that_stands_for_itself_may_break_between_words():
    assert repr(Line("a <b>")) == "a <b>" and Line("a <b>")._repr_html_() == "<div>a &lt;b&gt;</div>"


def test_needs_names_only_what_is_not_right(cells, capsys):
    use_cases("softmax_t")
    cells.update(softmax_t=right, decay_ratios=not_there_yet, contraction_rate=not_there_yet)
    with needs("softmax_t", "decay_ratios", "contraction_rate"):
        not_there_yet(1)
    assert "waits for decay_ratios and contraction_rate: write them above" in capsys.readouterr().out
    cells["softmax_t"] = not_there_yet
    with needs("softmax_t", "decay_ratios", "contraction_rate"):
        not_there_yet(1)
    assert "waits for softmax_t, decay_ratios and contraction_rate: write them" in capsys.readouterr().out


def wrong(x, temperature=1.0, dim=-1):
    return right(2 * x, temperature, dim)


GREEN_FIRST = f"{WAITS}a green check of softmax_t.\n"


@pytest.fixture
def nothing_kept(cells, monkeypatch):
    """Numbers and predictions as at first, and afterwards as before; a prediction is one of the cells'."""
    monkeypatch.setattr(predictions, "namespace", lambda: cells)
    for module, name in ((decisions, "_numbers"), (decisions, "_first"), (predictions, "_revealed")):
        monkeypatch.setattr(module, name, {})


SINKS = {
    "a prediction": lambda: reveal("prediction_2", 2.0),
    "a number": lambda: measured("claim_c1", 2.0),
}


@pytest.mark.parametrize("sink", SINKS.values(), ids=SINKS)
def test_a_wrong_answer_makes_no_result(sink, cells, capsys, nothing_kept):
    """It raises nothing: its result, number and verdict were told as if they were the article's."""
    use_cases("softmax_t")
    cells.update(softmax_t=wrong, prediction_2=11.0)
    with needs("softmax_t"):
        print("its own lines")
        sink()
        print("what follows")
    assert capsys.readouterr().out == f"its own lines\n{GREEN_FIRST}"
    assert decisions._numbers == predictions._revealed == {}
    cells["softmax_t"] = right
    with needs("softmax_t"):
        sink()
        print("what follows")
    told, follows = capsys.readouterr().out.splitlines()
    assert "2" in told and follows == "what follows" and len(decisions._numbers | predictions._revealed) == 1


def test_a_block_that_shows_what_a_wrong_answer_gives_says_so_below_it(cells, capsys):
    use_cases("softmax_t")
    cells["softmax_t"] = wrong
    with needs("softmax_t") as all_right:
        print("a picture")
    assert capsys.readouterr().out == f"a picture\n{GREEN_FIRST}" and not all_right
    cells["softmax_t"] = right
    with needs("softmax_t") as all_right:
        print("a picture")
    assert capsys.readouterr().out == "a picture\n" and all_right


def test_without_a_prediction_nothing_below_gives_its_result_away(cells, capsys, nothing_kept):
    use_cases("softmax_t")
    cells["softmax_t"] = right
    for value, said in ((None, "first predict, then run this cell again."), ("11", "this is the text '11'")):
        cells["prediction_2"] = value
        for waits_for in ("softmax_t", "prediction_2"):
            with needs(waits_for):
                reveal("prediction_2", 11.09)
                print("11.09")
            out = capsys.readouterr().out
            assert out.startswith(f"prediction_2: {said}") and out.count("\n") == 1 and "11.09" not in out
    reveal("prediction_2", 11.09)
    print("outside, what follows runs")
    assert capsys.readouterr().out.count("\n") == 2 and decisions._first == {}


def test_a_block_ends_as_a_whole_and_the_next_one_is_not_touched(cells, capsys, nothing_kept):
    """Whatever ends a block, a result outside of one is told."""
    use_cases("softmax_t")
    cells["softmax_t"] = wrong
    with pytest.raises(KeyboardInterrupt), needs("softmax_t"):
        raise KeyboardInterrupt
    with needs("softmax_t"):
        not_there_yet(1)
    capsys.readouterr()
    measured("claim_c1", 2.0)
    assert capsys.readouterr().out.startswith("Your number for C1") and decisions._numbers == {"claim_c1": 2.0}


def test_what_is_green_is_not_judged_again_by_needs(cells, capsys):
    calls = []

    def counted(x, temperature=1.0, dim=-1):
        calls.append(1)
        return right(x, temperature, dim)

    use_cases("softmax_t")
    cells["softmax_t"] = counted
    check("softmax_t")
    made = len(calls)
    with needs("softmax_t"):
        pass
    assert made and len(calls) == made


@pytest.mark.parametrize("error", [ValueError, KeyError, NameError, NotImplementedError, KeyboardInterrupt])
def test_an_error_that_is_not_the_answers_passes_through_needs(error, cells):
    use_cases("softmax_t")
    cells["softmax_t"] = right
    with pytest.raises(error), needs("softmax_t"):
        raise error


def test_what_an_answer_prints_is_not_printed_again_by_needs(cells, capsys):
    def prints(*_, **__):
        print("shape (3,)")

    use_cases("softmax_t")
    cells["softmax_t"] = prints
    with needs("softmax_t"):
        prints().sum()
    assert capsys.readouterr().out.startswith("shape (3,)\nThis cell waits") and "shape" not in capsys.readouterr().out


def test_a_block_that_does_not_end_waits_too(cells, capsys, monkeypatch):
    monkeypatch.setattr(checks, "LARGE_CALL", 0.3)
    monkeypatch.setattr(checks, "CALL", 0.3)
    use_cases("softmax_t")
    cells["softmax_t"] = in_a_loop
    with needs("softmax_t"):
        in_a_loop(1)
    assert capsys.readouterr().out == f"{WAITS}a green check of softmax_t; for now: it was stopped after 0 s.\n"


# What does not return


def sleeps(x, temperature=1.0, dim=-1):
    time.sleep(30)


def sets_an_alarm(x, temperature=1.0, dim=-1):
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    return right(x, temperature, dim)


STOPPED = "stopped after 0 s, in the case “"


@pytest.mark.parametrize("answer", [in_a_loop, sleeps])
def test_a_call_that_does_not_return_is_stopped(answer, monkeypatch):
    monkeypatch.setattr(checks, "CALL", 0.3)
    use_cases("softmax_t")
    assert (
        str(report("softmax_t", answer)).startswith(f"softmax_t: {STOPPED}") and not report("softmax_t", sleeps).passed
    )


def test_a_call_that_does_not_return_is_stopped_without_alarms_too(monkeypatch, without_alarms):
    monkeypatch.setattr(checks, "CALL", 0.3)
    use_cases("softmax_t")
    assert STOPPED in str(report("softmax_t", in_a_loop)) and report("softmax_t", right).passed


def test_of_a_call_that_cannot_be_stopped_it_is_said_how_long_it_took(monkeypatch):
    def counts(x, temperature=1.0, dim=-1):
        sum(range(3 * 10**8))

    monkeypatch.setattr(checks, "CALL", 0.1)
    use_cases("softmax_t")
    said = str(report("softmax_t", counts))
    assert "it could not be stopped after 0.1 s, for what it calls does not listen" in said


def test_of_a_loop_that_catches_its_stop_it_is_said_what_to_do(monkeypatch, capsys):
    end = time.monotonic() + 3

    def catches_everything(x, temperature=1.0, dim=-1):
        while time.monotonic() < end:
            with suppress(BaseException):
                time.sleep(0.001)

    monkeypatch.setattr(checks, "CALL", 0.1)
    use_cases("softmax_t")
    report("softmax_t", catches_everything)
    assert "It does not stop: interrupt the kernel, and restart it if that does not help.\n" in capsys.readouterr().out


def test_a_large_case_has_more_time(monkeypatch):
    monkeypatch.setattr(checks, "CALL", 0.1)
    monkeypatch.setattr(checks, "LARGE", 0)
    use_cases("softmax_t")
    slow = time.monotonic() + 0.3

    def waits(x, temperature=1.0, dim=-1):
        time.sleep(max(0, slow - time.monotonic()))
        return right(x, temperature, dim)

    assert report("softmax_t", waits).passed


@pytest.mark.parametrize("answer", [right, sets_an_alarm, in_a_loop], ids=["right", "with an alarm", "without end"])
def test_an_alarm_that_was_set_before_a_check_still_rings(answer, monkeypatch):
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        monkeypatch.setattr(checks, "CALL", 0.3)
        use_cases("softmax_t")
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        report("softmax_t", answer)
        time.sleep(0.6)
        assert rung == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


def stopped_by_hand(x, temperature=1.0, dim=-1):
    signal.default_int_handler(signal.SIGINT, None)


def test_a_students_own_stop_is_told_apart():
    use_cases("softmax_t")
    with pytest.raises(KeyboardInterrupt) as caught:
        report("softmax_t", stopped_by_hand)
    assert caught.type is KeyboardInterrupt


def test_a_students_own_stop_is_told_apart_without_alarms(without_alarms):
    test_a_students_own_stop_is_told_apart()


def test_in_a_thread_nothing_is_stopped_and_the_check_is_made(monkeypatch):
    monkeypatch.setattr(checks, "CALL", 0.1)
    use_cases("softmax_t")
    found = []
    thread = threading.Thread(target=lambda: found.append(report("softmax_t", right)))
    thread.start()
    thread.join()
    assert found[0].passed


# What is green


def test_green_is_what_passed_and_is_still_there(cells, capsys):
    use_cases("softmax_t")
    cells["softmax_t"] = right
    check("softmax_t")
    total = sum(sum(each["aspects"].values()) for each in cases.in_use().exercises.values())
    worth = sum(cases.in_use().exercises["softmax_t"]["aspects"].values())
    assert checks.is_green("softmax_t") and checks.points_so_far() == (worth, total)
    cells["softmax_t"] = hostile
    assert not checks.is_green("softmax_t") and checks.points_so_far() == (0, total)
