"""What students commit to: one reading of it everywhere, nothing told before, and afterwards in people's numbers."""

import json
import math
import random
import re
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

import helpers
from grading.authoring.draw import hidden_bytes, public_bytes
from grading.authoring.exercise import Book, ExerciseError, load_exercises
from grading.course import REPOSITORY
from grading.engine.verdict import verdict
from helpers import checks, measured, predictions, reveal, sum_up_predictions, what_you_found
from helpers.checks import cases, decisions
from helpers.checks.collect import collect
from helpers.checks.kinds import kind_of
from helpers.support.language import NO_BREAK_SPACE, number_text, text
from tests.support.course import ASSIGNMENTS
from tests.support.deciding import CLAIM, deciding_course

HOW = "a share lies between 0 and 1: write 0.06 for 6%"
VALUE = {"args": [], "kwargs": {}, "value": True}
NOT_FOR_STUDENTS = ("FAILED", "public checks", "float")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return deciding_course(tmp_path_factory.mktemp("deciding"))


@pytest.fixture
def notebook(course, monkeypatch):
    """Return what writes a value into the notebook; nothing is remembered of other tests."""
    for module, name in ((predictions, "_revealed"), (decisions, "_first"), (decisions, "_numbers")):
        monkeypatch.setattr(module, name, {})
    cases.use(public_bytes(course, "one"))
    return lambda name, value: monkeypatch.setattr(sys.modules["__main__"], name, value, raising=False)


@pytest.fixture(scope="module")
def files(course):
    return cases.read_cases(public_bytes(course, "one")), cases.read_cases(hidden_bytes(course, "one"))


def graded(name, value, files):
    """Return the verdict on a value, sent as a kernel sends it."""
    given = collect(value, files[0].exercises[name]["cases"], {})
    points = sum(files[0].exercises[name]["aspects"].values())
    return verdict(name, points, files, json.loads(json.dumps(given, allow_nan=False)))


UNREAD = [
    ("prediction_1", "0.06", f"this is the text '0.06'; {HOW}, without quotation marks"),
    ("prediction_1", "6%", f"this is the text '6%'; {HOW}, without quotation marks"),
    (
        "prediction_1",
        (1, 2),
        f"this is a tuple of 2 items; {HOW}, as one number without a comma, like 0.5 or 10000",
    ),
    ("prediction_1", True, f"this is the truth value True; {HOW}"),
    ("prediction_1", np.True_, f"this is the truth value True; {HOW}"),
    ("prediction_1", np.float64(6.5), f"this is the number 6.5; {HOW}"),
    ("prediction_1", math.nan, f"this is the number nan; {HOW}"),
    ("prediction_1", math.inf, f"this is the number inf; {HOW}"),
    ("prediction_1", 6, f"this is the whole number 6; {HOW}"),
    ("prediction_1", -1e-9, f"this is the number -1e-09; {HOW}"),
    ("prediction_1", 1j, f"this is an object of type complex; {HOW}"),
    ("prediction_1", Decimal("0.5"), f"this is an object of type Decimal; {HOW}"),
    (
        "prediction_1",
        (0.5,),
        f"this is a tuple of 1 item; {HOW}, as a number alone: leave out the comma or the brackets",
    ),
    ("prediction_1", 10**400, f"this is a whole number of more than 15 digits; {HOW}"),
    ("prediction_1", torch.tensor(0.5), f"this is a tensor of shape (); {HOW} (a tensor's number is its .item())"),
    ("prediction_2", torch.tensor(1), "this is a tensor of shape (); write 1 or 2 (a tensor's number is its .item())"),
    ("prediction_1", math.log, f"this is an object of type builtin_function_or_method; {HOW}"),
    ("prediction_2", 1001, "this is the whole number 1001; write 1 or 2"),
    ("prediction_2", "1", "this is the text '1'; write 1 or 2, without quotation marks"),
    ("prediction_2", True, "this is the truth value True; write 1 or 2"),
    ("claim_c2", "maybe", 'this is the text \'maybe\'; write "holds", "fails" or "sometimes"'),
    ("claim_c2", False, 'this is the truth value False; write "holds", "fails" or "sometimes"'),
]


@pytest.mark.parametrize(("name", "value", "said"), UNREAD, ids=[f"{name} {value!r}" for name, value, _ in UNREAD])
def test_what_cannot_be_read_is_told_how_to_write_it_and_no_result(notebook, files, capsys, name, value, said):
    notebook(name, value)
    assert str(checks.report(name, value)) == f"{name}: {said}."
    if name.startswith("prediction"):
        reveal(name, 0.0512)
        assert capsys.readouterr().out == f"{name}: {said}.\n"
    assert decisions.card("claim_c2", cases.in_use().exercises["claim_c2"], value, bool).passed is False
    found = graded(name, value, files)
    assert found.points == 0 and found.choice is None and "choice" not in found.as_data()
    assert said.partition("; ")[2] in str(found.report), "grading repeats nothing from a kernel but says how"
    assert not any(word in str(checks.report(name, value)) for word in NOT_FOR_STUDENTS)


@pytest.mark.parametrize(
    "value", [0, 1, 0.0512, math.log(2), np.float64(0.5), np.float32(0.5), np.int8(1), Fraction(1, 3)]
)
def test_any_plain_number_of_the_range_is_a_prediction(notebook, files, capsys, value):
    notebook("prediction_1", value)
    assert checks.report("prediction_1", value).passed and graded("prediction_1", value, files).points == 1
    reveal("prediction_1", 0.0512)
    assert "it is 0.0512; " in capsys.readouterr().out


def test_a_count_is_a_whole_number():
    """1.5 of nine deviations were noted, and earned the point."""
    asked = {"guess": [0, 9], "how": "a count is a whole number from 0 to 9: write 3", "whole": True}
    for value in (3, 3.0, np.float32(9)):
        assert kind_of(asked, {}).mismatch(collect(value, [VALUE], {})[0]) is None
    for value in (1.5, 8.999, 10, -1):
        found = kind_of(asked, {}).mismatch(collect(value, [VALUE], {})[0])
        assert found.outcome == "prediction" and str(found.expected) == asked["how"]
    counts = {(each, name) for each in ASSIGNMENTS for name, how in guesses(each).items() if how.get("whole")}
    first, second = ASSIGNMENTS
    assert counts == {(first, "prediction_5"), (second, "prediction_4"), (second, "prediction_5")}


def guesses(assignment):
    """Return what each prediction of a number asks for."""
    exercises = {name: each.public(Book()) for name, each in load_exercises(REPOSITORY, assignment).items()}
    found = {name: case[0]["expected"] for name, case in exercises.items()}
    return {name: expected for name, expected in found.items() if "guess" in expected}


def test_a_logarithm_of_the_largest_half_is_one(notebook, capsys):
    notebook("prediction_3", math.log(65504))
    reveal("prediction_3", 11.0899)
    assert capsys.readouterr().out == "prediction_3: you said 11.09, it is 11.09; close.\n"


@pytest.mark.parametrize("value", [1, 1.0, np.int64(1)])
def test_a_choice_is_kept_in_the_verdict_as_the_case_has_it(notebook, files, value):
    assert graded("prediction_2", value, files).as_data()["choice"] == 1
    assert graded("claim_c2", "fails", files).as_data()["choice"] == "fails"
    assert "choice" not in graded("prediction_1", 0.5, files).as_data()


@pytest.mark.parametrize("value", ["Sometimes", " sometimes", "SOMETIMES\n"])
def test_a_word_is_read_however_it_is_capitalised_and_kept_as_the_case_has_it(notebook, files, value):
    """A decision "Sometimes" was refused, by a sentence that asked for "sometimes"."""
    assert checks.report("claim_c2", value).passed and decisions.first("claim_c2") == "sometimes"
    found = decisions.card("claim_c2", cases.in_use().exercises["claim_c2"], value, lambda name: False)
    assert found.decision == "sometimes" and found.decided() == "sometimes"
    verdict_on_it = graded("claim_c2", value, files)
    assert verdict_on_it.as_data()["choice"] == "sometimes" and verdict_on_it.report.passed
    assert not checks.report("claim_c2", "some times").passed


def test_a_choice_of_numbers_and_words_takes_both(notebook):
    kind = kind_of({"one_of": [0.4, "Flat"]}, {})
    sent = [collect(value, [{"args": [], "kwargs": {}, "value": True}], {})[0] for value in (0.4, "flat ", "0.4", None)]
    assert [kind.chosen(each) for each in sent] == [0.4, "Flat", None, None]


def test_what_a_kernel_makes_up_is_no_choice(files):
    for sent in (None, [], [None], [3], [{"kind": "integer", "value": []}], [{"kind": "word"}]):
        assert verdict("prediction_2", 1, files, sent).as_data().get("choice") is None
        assert verdict("claim_c2", 0, files, sent).points == 0


# Revealing


def test_nothing_is_told_before_the_student_has_committed(notebook, capsys):
    reveal("prediction_1", 0.0512)
    notebook("prediction_1", None)
    reveal("prediction_1", 0.0512)
    assert capsys.readouterr().out == "prediction_1: first predict, then run this cell again.\n" * 2
    sum_up_predictions()
    assert capsys.readouterr().out == "Not yet: prediction_1, prediction_2, prediction_3.\n"


def test_the_first_prediction_is_kept_when_a_later_one_replaces_it(notebook, capsys):
    checks.report("prediction_1", "10%")  # cannot be read: no prediction yet
    checks.report("prediction_1", 0.1)
    notebook("prediction_1", 0.05151)
    reveal("prediction_1", 0.0501)
    reveal("prediction_1", 0.0501)
    assert capsys.readouterr().out == "prediction_1: first 0.1, now 0.05151; it is 0.0501.\n" * 2
    notebook("prediction_1", None)
    reveal("prediction_1", 0.0501)
    sum_up_predictions()
    assert "0.0501" not in capsys.readouterr().out


def test_a_prediction_that_is_changed_after_the_result_is_not_as_you_said(notebook, capsys):
    """It was, and the surprise was none."""
    for value in (2, 1):
        notebook("prediction_2", value)
        reveal("prediction_2", 1)
    assert capsys.readouterr().out.endswith("prediction_2: first 2, now 1; it is 1.\n")
    assert predictions._revealed["prediction_2"].surprise == 1
    changed = predictions.Revealed("prediction_1", 0.5, 0.0501, 0.0501, False)
    assert changed.distance() == "" and changed.surprise > 0.8 and changed.line(10)[2] == [10, 1]


SUMMARY = f"""\
Your predictions, the biggest surprise first; o is yours, * what came out:
  prediction_2: you chose 2, it is 1.
  prediction_3: you said 500, it is 78{NO_BREAK_SPACE}346; off by a factor of 160.
    100 |---------o-----------------------------*-| 100{NO_BREAK_SPACE}000 (logarithmic)
  prediction_1: you said 0.05, it is 0.0512; close.
    0 |---------------------------------o*------| 0.06
"""


def test_the_biggest_surprise_comes_first_in_numbers_as_people_write_them(notebook, capsys):
    for name, prediction, result in [
        ("prediction_1", 0.05, torch.tensor(0.0512)),
        ("prediction_2", 2, 1),
        ("prediction_3", 500, np.int64(78346)),
    ]:
        notebook(name, prediction)
        reveal(name, result)
    capsys.readouterr()
    sum_up_predictions()
    assert capsys.readouterr().out == SUMMARY


@pytest.mark.parametrize(
    ("now", "result", "said"),
    [
        (2.0, 2.0, "as you said"),
        (2.1, 2.0, "close"),
        (0.5, 0.0501, "off by a factor of 10"),
        (0.0501, 0.5, "off by a factor of 10"),
        (-3.0, -2.0, "off by 1"),
        (-6.0, -2.0, "off by a factor of 3"),
        (8.0, 5.0, "off by 3"),
        (0.0, 1.4612, "off by 1.461"),
        (-1.0, 2.0, "off by 3"),
        (0.0, 0.0, "as you said"),
        ("flatter", "sharper", ""),
        ("flatter", "flatter", "as you said"),
    ],
)
def test_the_distance_is_said_without_scolding(now, result, said):
    revealed = predictions.Revealed("prediction_1", now, now, result, isinstance(now, str))
    assert revealed.distance() == said
    assert 0 <= revealed.surprise <= 1 and (revealed.surprise == 0) == (now == result)


def test_the_line_of_a_prediction_holds_it_and_its_result():
    """In the picture and in the text: both lie on the line, and in their order."""
    draw = random.Random(5)
    for _ in range(500):
        sizes = [10 ** draw.uniform(-8, 8) if draw.random() > 0.1 else 1e-320 for _ in range(2)]
        pair = [draw.choice([-1, 0, 1, 1, 1]) * size for size in sizes]
        low, high, (now, result) = predictions.Revealed("p", pair[0], *pair, False).line(240)
        ends = [float(end.partition(" (")[0].replace(NO_BREAK_SPACE, "")) for end in (low, high)]
        room = 1e-9 * max(map(abs, pair))
        assert ends[0] <= min(pair) + room and max(pair) - room <= ends[1]
        assert 0 <= now <= 240 and 0 <= result <= 240
        assert now == result or (now < result) == (pair[0] < pair[1])


def test_a_number_too_large_for_a_line_has_none():
    assert predictions.Revealed("p", 1.7e308, 1.7e308, 1.0, False).line(240) is None
    assert (
        predictions.Revealed("p", 1.0, 1.0, -1.7e308, False).told() == "p: you said 1, it is -1.7e308; off by 1.7e308."
    )


def test_every_picture_has_words_and_whole_pixels(notebook):
    summary = predictions.Summary([predictions.Revealed("<b>", 0.1, 0.3, 0.0501, False)], [])
    page = summary._repr_html_()
    assert "aria-label='&lt;b&gt;: first 0.1, now 0.3; it is 0.0501'" in page and "<b>" not in page
    assert "cx='240'" in page and "cx='120'" in page


@pytest.mark.parametrize("result", [None, math.nan, math.inf, torch.ones(2), object()])
def test_a_result_that_is_no_number_is_named(notebook, result):
    with pytest.raises(ValueError, match=r"^result is .*, expected one number$"):
        reveal("prediction_1", result)


def test_a_name_that_is_no_exercise_is_named(notebook):
    with pytest.raises(ValueError, match="no exercise is called 'prediction_9'"):
        reveal("prediction_9", 1)
    with pytest.raises(ValueError, match="no claim is called 'halve'; there are claim_c2, claim_c10"):
        measured("halve", 1)


def test_without_cases_a_sentence_says_so(capsys):
    for call in (
        lambda: reveal("prediction_1", 1),
        lambda: measured("claim_c2", 1),
        sum_up_predictions,
        what_you_found,
    ):
        call()
        assert capsys.readouterr().out.startswith("There are no cases to check with")


# Claims


def halve(x):
    return x / 2


def card(value):
    return str(decisions.card("claim_c2", cases.in_use().exercises["claim_c2"], value, checks.judging()))


TITLE = "C2: half of a number is less than it"


def test_a_verdict_waits_for_the_decision_and_the_number(notebook, capsys):
    assert card(None) == f'{TITLE}\n  decide first: write "holds", "fails" or "sometimes" in place of None'
    assert card("holds") == f"{TITLE}\n  not yet: halve"
    notebook("halve", halve)
    assert card("holds") == f"{TITLE}\n  run the cell above: your number is not there yet"
    measured("claim_c2", torch.tensor(1.5))
    assert capsys.readouterr().out == "Your number for C2, half of 3: 1.5\n"
    assert "sometimes" not in card(None).partition("None")[2] and "-3" not in card(None)
    because = "It is for 3, where you found 1.5. Half of -3 is more than -3."
    told = "You decided: holds.", "The course says: sometimes.", because
    assert card("holds").splitlines() == [TITLE, *(f"  {sentence}" for sentence in told)]
    assert card("sometimes").splitlines()[1:3] == [
        "  You decided: first holds, now sometimes.",
        "  The course says so too: sometimes.",
    ]


def test_a_verdict_is_not_told_beside_a_number_whose_function_is_wrong_now(notebook, capsys):
    notebook("halve", halve)
    notebook("claim_c2", "holds")
    measured("claim_c2", 1.5)
    assert "The course says: sometimes." in card("holds")
    notebook("halve", lambda x: x)
    assert card("holds") == f"{TITLE}\n  not yet: halve"
    what_you_found()
    assert "sometimes" not in capsys.readouterr().out


def test_the_table_judges_each_exercise_once(notebook, monkeypatch):
    for name, value in (("halve", lambda x: x), ("claim_c2", "holds"), ("claim_c10", "holds")):
        notebook(name, value)
    judged, judge = [], checks.report_of
    monkeypatch.setattr(checks, "report_of", lambda name, seen: judged.append(name) or judge(name, seen))
    for claim in decisions.claims(cases.in_use()).values():
        monkeypatch.setitem(claim, "needs", ["halve"])
    what_you_found()
    assert judged == ["halve"]


def test_a_claim_without_a_number_waits_for_the_decision_only(notebook):
    found = decisions.card("claim_c10", cases.in_use().exercises["claim_c10"], "holds", checks.judging())
    assert str(found).splitlines()[1:] == [
        "  You decided: holds.",
        "  The course says so too: holds.",
        "  There are: {1, 2, 3}.",
    ]


@pytest.mark.parametrize("number", [None, "1.5", True, math.nan, torch.ones(2), [1.5], halve, 1j])
def test_what_is_no_number_is_not_measured(notebook, number):
    with pytest.raises(ValueError, match=r"^number is .*, expected one number$"):
        measured("claim_c2", number)
    assert decisions._numbers == {}


FOUND = f"""\
{TITLE}
    you decided: –; your number: –; the course says: not yet: decide above
C10: there are numbers
    you decided: fails; your number: –; the course says: holds
"""


def test_the_table_has_every_claim_in_the_order_of_their_numbers(notebook, capsys):
    notebook("claim_c10", "fails")
    what_you_found()
    assert capsys.readouterr().out == FOUND
    notebook("claim_c2", "sometimes")
    notebook("halve", lambda x: x)
    what_you_found()
    assert "you decided: sometimes; your number: –; the course says: not yet: halve\n" in capsys.readouterr().out
    notebook("halve", halve)
    measured("claim_c2", -24.784)
    capsys.readouterr()
    what_you_found()
    assert "your number: -24.78 (half of 3); the course says: sometimes\n" in capsys.readouterr().out


def test_a_claim_is_in_the_public_file_only_and_costs_no_points(files):
    public, hidden = files
    assert public.exercises["claim_c2"]["claim"]["verdict"] == "sometimes"
    assert "claim" not in hidden.exercises["claim_c2"] and hidden.exercises["claim_c2"]["cases"] == []
    assert public.exercises["claim_c2"]["aspects"] == {"a decision": 0}
    assert list(decisions.claims(public)) == ["claim_c2", "claim_c10"]
    assert decisions.short_name("claim_c13a") == "C13a"


def test_the_files_in_the_guide_are_a_prediction_and_a_claim(tmp_path):
    guide = (REPOSITORY / "docs" / "instructors.md").read_text("utf-8")
    section = guide.partition("## Add a prediction or a claim")[2].partition("\n## ")[0]
    share, claim = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    found = load_exercises(deciding_course(tmp_path, prediction_7=share, claim_c19=claim).folder, "one")
    assert found["prediction_7"].points == 1 and found["claim_c19"].claim["verdict"] == "sometimes"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"sometimes"', '"maybe"', "VERDICT is 'maybe', expected one of holds, fails, sometimes"),
        ("VERDICT", "VERDIKT", "VERDICT is '', expected one of"),
        ("BECAUSE", "BECAUZE", "BECAUSE is text, with no place in braces but {number}"),
        ("{number}", "{value}", "BECAUSE is text, with no place in braces but {number}"),
        ("{number}", "{number:.3f}", "BECAUSE is text, with no place in braces but {number}"),
        ("NUMBER", "NUMBERS", "NUMBER does not say what it is"),
        ('("halve",)', '"halve"', "NEEDS is a tuple of names"),
        ('("halve",)', '("double",)', "NEEDS names 'double', which is no exercise"),
    ],
)
def test_a_claim_that_says_too_little_is_named(tmp_path, old, new, said):
    """The red fixtures."""
    assert old in CLAIM
    course = deciding_course(tmp_path, claim_c2=CLAIM.replace(old, new))
    with pytest.raises(ExerciseError) as raised:
        load_exercises(course.folder, "one")
    assert f"claim_c2.py: {said}" in str(raised.value) or said in str(raised.value)


# Numbers


def test_a_number_keeps_four_digits_that_count_and_no_exponent_in_between():
    draw = random.Random(7)
    for _ in range(2000):
        value = draw.choice([-1, 1]) * 10 ** draw.uniform(-4, 7)
        shown = number_text(value)
        assert "e" not in shown or abs(value) > 9.99e6
        assert math.isclose(float(shown.replace(NO_BREAK_SPACE, "")), value, rel_tol=5.1e-4)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (78346, "78 346"), (128256.0, "128 256"), (1234567, "1 234 567"), (12345.6, "12 350"), (9999.96, "10 000"),
        (1.46115, "1.461"), (0.0515, "0.0515"), (0.5, "0.5"), (0, "0"), (-0.0, "0"), (-24.784, "-24.78"),
        (1e-4, "0.0001"), (2.4170976e-10, "2.417e-10"), (5e-9, "5e-9"), (3e7, "3e7"), (1e100, "1e100"),
        (math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(value, shown):
    assert number_text(value) == shown.replace(" ", NO_BREAK_SPACE)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_thousands_are_parted_by_a_space_and_percent_is_short_in_every_text(language):
    helpers.use_language(language)
    try:
        assert text("{n:,} of {n:9,}", n=128256) == "128 256 of   128 256".replace("8 2", f"8{NO_BREAK_SPACE}2")
        assert text("{x:,.1f}, not {pair}", x=1234.56, pair=(1, 2)) == f"1{NO_BREAK_SPACE}234.6, not (1, 2)"
        assert text("{share:.0%}", share=0.9) == "90%" and text("{word!r:>4}", word="a") == " 'a'"
    finally:
        helpers.use_language("en")
