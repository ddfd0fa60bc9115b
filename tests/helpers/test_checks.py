"""The check engine: what a student reads for each outcome, and that no answer, however odd, breaks it."""

import base64
import json
import math
import sys

import numpy as np
import pytest
import torch

from helpers import check, needs
from helpers.checks import cases, report
from helpers.checks.cases import CaseFile
from helpers.checks.collect import MAX_DEPTH, MAX_ITEMS, collect
from helpers.checks.compare import compare
from helpers.checks.report import MESSAGES, Report
from helpers.support.language import english
from tests.support.course import use_cases

NAN = float("nan")
TENSORS = {
    "x": np.array([0.0, 1.0, 2.0]),
    "double": np.array([0.0, 2.0, 4.0]),
    "ratios": np.array([0.5, NAN]),
    "rows": np.array([[1.0, 2.0], [3.0, 4.0]]),
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


def report_of(*results, **fields):
    return Report("double", results, {ASPECT: 1.0}, **fields)


def lines(result):
    """What the student reads under the aspect, beside a second case that passed."""
    other = outcome(lambda x: 2 * x)
    return [line.strip() for line in str(report_of(result, other)).splitlines()[1:]]


def said(result):
    """Return what was expected and what it got, in words."""
    return str(result.expected), str(result.got)


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


OUTCOMES = {
    "raised": (divides_by_0, ["your function raised ZeroDivisionError: integer division or modulo by zero"]),
    "raised, to leave": (exits, ["your function raised SystemExit: 3"]),
    "nothing": (lambda x: None, [str(MESSAGES["nothing"])]),
    "changed_input": (writes, [str(MESSAGES["changed_input"])]),
    "changed_input, to nan": (writes_nan, [str(MESSAGES["changed_input"])]),
    "type": (
        lambda x: "0, 2, 4",
        ["expected a tensor of shape (3,)", "got      the text '0, 2, 4'", str(MESSAGES["type"])],
    ),
    "type, a list": (
        lambda x: [0.0, 2.0, 4.0],
        ["expected a tensor of shape (3,)", "got      a list of 3 items", str(MESSAGES["type"])],
    ),
    "shape": (lambda x: x[:, None], ["expected shape (3,)", "got      shape (3, 1)", str(MESSAGES["shape"])]),
    "dtype": (lambda x: 2 * x.float(), ["expected float64", "got      float32", str(MESSAGES["dtype"])]),
    "value": (lambda x: x, ["expected [1]: 2", "got      1 (2 of 3 entries differ)", "Double it."]),
    "value, nan": (lambda x: x * NAN, ["expected [0]: 0", "got      nan (3 of 3 entries differ)", "Double it."]),
}


@pytest.mark.parametrize("kind, function, sentences", [(k, *v) for k, v in OUTCOMES.items()], ids=OUTCOMES.keys())
def test_an_outcome_is_told_from_the_others_and_said_in_words(kind, function, sentences):
    result = outcome(function)
    assert result.outcome == kind.partition(",")[0]
    assert lines(result) == ["FAILED  doubling (1 point)", "a case", *sentences]


def test_a_lost_answer_is_said_in_words():
    [result] = compared(case_of(DOUBLE), None)
    assert lines(result) == ["FAILED  doubling (1 point)", "a case", str(MESSAGES["lost"])]


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
    "a huge int": ("integer", lambda x: 10**5000, "a whole number", "an object of type int"),
    "a text for a truth value": ("boolean", lambda x: "yes", "holds: True or False", "the text 'yes'"),
    "the other truth value": ("boolean", lambda x: x.sum() < 0, "holds: True", "False"),
    "too few values": ("tuple", lambda x: (5,), "2 values", "1 value"),
    "no tuple": ("tuple", lambda x: 5, "a tuple (n, value)", "the whole number 5"),
    "a wrong value": ("tuple", lambda x: (6, 2 * x), "n: 5", "6"),
    "no dict": ("dict", lambda x: [5, 6], "masses: a dict with the keys 0.5, 3", "a list of 2 items"),
    "text keys": ("dict", lambda x: {"0.5": 5, "3": 6}, "masses: the keys 0.5, 3", "the keys '0.5', '3'"),
    "no keys": ("dict", lambda x: {}, "masses: the keys 0.5, 3", "the keys ()"),
    "odd keys": ("dict", lambda x: {NAN: 5, (1, 2): 6}, "masses: the keys 0.5, 3", "the keys 'float', '(1, 2)'"),
    "a wrong entry": ("dict", lambda x: {0.5: 5, 3: 7}, "masses[3]: 6", "7"),
    "a huge array": ("array", lambda x: torch.zeros(10**6, dtype=torch.float64), "a tensor of shape (3,)",
                     "an object of type tensor of 8000000 bytes"),
    "complex numbers": ("array", lambda x: x + 1j, "a tensor of shape (3,)", "an object of type tensor of complex128"),
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
        shown = report_of(outcome(function))._repr_html_().replace("&#x27;", "'").replace("&quot;", '"')
        assert all(sentence in shown for sentence in sentences)


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
    with pytest.raises(ValueError, match="the kind 'set', expected tensor, ndarray, dtype, list or dict"):
        collect(len, [case], {})


def test_a_students_own_stop_is_not_swallowed():
    def stop(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(stop)


@pytest.mark.parametrize("answer", [hostile, exits, None, 5, lambda: 1, lambda *args, **kwargs: itself_again()])
def test_check_never_raises_and_returns_nothing(answer, capsys):
    use_cases("softmax_t")
    assert check("softmax_t", answer) is None
    assert "0 of 9 public checks passed" in capsys.readouterr().out


def itself_again():
    return itself_again()


def test_what_does_not_pass_under_nbgrader_validate_is_said_on_stderr(capsys, monkeypatch):
    """nbgrader takes a cell for failed by that; without it an empty notebook would be a success."""

    def stub(x, temperature=1.0, dim=-1):
        raise NotImplementedError

    use_cases("softmax_t")
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    for name, answer, words in (
        ("softmax_t", stub, "softmax_t: not attempted yet"),
        ("softmax_t", hostile, "0 of 9 public checks passed"),
        ("sofmax_t", hostile, "no exercise is called 'sofmax_t'"),
    ):
        check(name, answer)
        out, err = capsys.readouterr()
        assert (out, words in err) == ("", True)
    check("softmax_t", right)
    out, err = capsys.readouterr()
    assert ("public checks passed (9 of 9)" in out, err) == (True, "")


def test_check_says_which_exercises_there_are(capsys):
    use_cases("softmax_t")
    assert check("sofmax_t", hostile) is None
    said = capsys.readouterr().out
    assert "no exercise is called 'sofmax_t'; there are contraction_rate, decay_ratios, final_top" in said
    assert "perplexity" not in said, "it is another notebook's"


def test_without_a_notebooks_cases_check_says_so_in_one_sentence(capsys):
    assert check("softmax_t", hostile) is None
    sentence = "There are no cases to check with: run this notebook's first code cell, then this one again.\n"
    assert capsys.readouterr().out == sentence


def test_nothing_of_the_cases_is_read_before_the_first_check(capsys):
    cases.use(b"no case file")
    check("softmax_t", hostile)
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
        f"softmax_t: public checks passed (9 of 9); {hidden} more run at grading."
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


def test_needs_waits_for_an_exercise_that_is_missing(capsys):
    with needs("softmax_t", "perplexity"):
        raise NotImplementedError
    assert capsys.readouterr().out == (
        "This cell waits for softmax_t and perplexity: write it above, then run this cell again.\n"
    )


@pytest.mark.parametrize("error", [ValueError, KeyError, NameError, KeyboardInterrupt])
def test_needs_lets_every_other_error_through(error):
    with pytest.raises(error), needs("softmax_t"):
        raise error
