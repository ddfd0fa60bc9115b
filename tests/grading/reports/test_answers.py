"""What a class answered, counted: compared with plain loops over the same answers, and with the guide's table."""

import json
import random
import re
import statistics
from collections import Counter
from dataclasses import replace

import pytest
from nbconvert.filters import markdown2html

from grading.authoring import packing
from grading.authoring.draw import questions_bytes
from grading.authoring.exercise import ExerciseError
from grading.course import REPOSITORY
from grading.engine.verdict import NO_ANSWER
from grading.reports.answers import (
    Place,
    distribution,
    edges_of,
    listed_misconceptions,
    questions,
    sections_in,
)
from grading.reports.class_statistics import items
from grading.reports.findings import Finding
from helpers.support.language import NO_BREAK_SPACE, english, number_text
from tests.support.course import ASSIGNMENTS, CASES, COURSE, FIRST, assignment_of, case_files
from tests.support.made_answers import MadeClass, MadeMember, programmed, valued
from tests.support.matrix import answers_to
from tests.support.small_exercise import HALVE, small_exercise

SECOND = ASSIGNMENTS[1]
SAID = {name: json.loads(questions_bytes(COURSE, name)) for name in ASSIGNMENTS}
SECTIONS = {name: sections_in(COURSE.release(name)) for name in ASSIGNMENTS}


def class_of(exercise, answers):
    """Return a class in which each member has answered one exercise: a value, (value, source) or a finding."""
    files, members = case_files(exercise), []
    for number, answer in enumerate(answers):
        given = answer if isinstance(answer, tuple) else (answer,)
        found = answer if isinstance(answer, Finding) else valued(exercise, files, *given)
        members.append(MadeMember(number, {exercise: found}))
    return MadeClass(members, {exercise: 1.0})


def question_of(exercise, answers):
    """Return the one question of such a class."""
    name = assignment_of(exercise)
    [found] = questions(class_of(exercise, answers), case_files(exercise)[0], SAID[name], SECTIONS[name])
    return found


def ids(members):
    return [member.id for member in members]


def lost(exercise):
    """Return the finding of an answer that never came out of its kernel."""
    found = valued(exercise, case_files(exercise), None)
    return replace(found, reason=english("no answer came out, because {reason}", reason="the kernel ended"))


# Predictions and decisions


def test_two_hundred_predictions_are_counted_as_a_loop_counts_them():
    draw = random.Random("a class")
    kinds = [lambda: round(draw.uniform(0.01, 0.2), 3)] * 6 + [lambda: 0.05, lambda: None, lambda: "6%", lambda: 6]
    answers = [draw.choice(kinds)() for _ in range(196)]
    answers += [(0.07, "prediction_3 = 7 * 0.01"), lost("prediction_3"), lost("prediction_3"), 0.0788]
    found = question_of("prediction_3", answers)
    numbers = {k: v[0] if isinstance(v, tuple) else v for k, v in enumerate(answers) if isinstance(v, float)}
    assert {k: number for number, members in found.values for k in ids(members)} == numbers
    assert ids(found.blank) == [k for k, v in enumerate(answers) if v is None]
    assert ids(found.unreadable) == [k for k, v in enumerate(answers) if v in ("6%", 6)]
    assert (ids(found.computed), ids(found.lost)) == ([196], [197, 198])
    assert sorted(ids(found.right)) == [k for k, v in numbers.items() if abs(v - 0.05145) <= 0.005145]
    values = list(numbers.values())
    quarters = statistics.quantiles(values, n=4, method="inclusive")
    assert found.quantiles == pytest.approx((min(values), *quarters, max(values)), rel=1e-15)
    assert sorted(k for bar in found.answers for k in ids(bar.members)) == sorted(numbers), "each in one bar"
    for bar in found.answers:
        low, high = map(float, bar.label.split(" to "))
        assert all(low <= numbers[k] <= high for k in ids(bar.members)) and bar.is_result == (low <= 0.05145 < high)
    assert (found.kind, found.result, found.asked) == (
        "prediction",
        0.05145,
        "Predict the largest probability after one more softmax.",
    )
    [sharpens] = found.misconceptions
    assert ids(sharpens.members) == [k for k, v in numbers.items() if v > 0.0788] and sharpens.members
    assert sharpens.sentence == "repeating softmax sharpens" and found.section.startswith("5.")


def test_few_numbers_have_a_bar_each_and_the_result_is_marked_where_it_was_said():
    found = question_of("prediction_5", [5, 8, 5.0, 9, 5, None])
    assert [(bar.label, ids(bar.members), bar.is_result) for bar in found.answers] == [
        ("5", [0, 2, 4], True),
        ("8", [1], False),
        ("9", [3], False),
    ]
    assert found.quantiles == (5, 5, 5, 8, 9) and ids(found.right) == [0, 2, 4]


def test_choices_and_decisions_are_counted_in_the_order_of_the_case():
    found = question_of("claim_c3", ["sometimes", "holds", "maybe", "holds", None, lost("claim_c3")])
    assert [(a.label, ids(a.members), a.is_result) for a in found.answers] == [
        ("holds", [1, 3], False),
        ("fails", [], False),
        ("sometimes", [0], True),
    ]
    assert (found.kind, found.result, ids(found.right)) == ("decision", "sometimes", [0])
    assert found.asked.startswith("the number of elements determines") and found.values == found.quantiles == ()
    assert (ids(found.unreadable), ids(found.blank), ids(found.lost)) == ([2], [4], [5])
    assert [ids(each.members) for each in found.misconceptions] == [[1, 3]]


def test_a_choice_among_numbers_is_one_of_the_few():
    found = question_of("prediction_1", [1, 2, 2.0, 3])
    assert [(a.label, ids(a.members), a.is_result) for a in found.answers] == [("1", [0], True), ("2", [1, 2], False)]


def test_nobody_is_counted_who_has_no_verdict_and_a_course_may_say_nothing():
    data = class_of("prediction_5", [5, 8, Finding("prediction_5")])
    data.members[1] = replace(data.members[1], is_judged=False)
    data.members.append(MadeMember("without", {}))
    [found] = questions(data, case_files("prediction_5")[0], {}, {})
    assert [ids(bar.members) for bar in found.answers] == [[0]]
    assert (found.result, found.asked, found.section, found.right) == (None, "", "", ())
    assert not found.blank + found.unreadable + found.computed + found.lost
    [none] = questions(MadeClass([], {"prediction_5": 1}), case_files("prediction_5")[0], {}, {})
    assert none.answers == none.quantiles == ()


@pytest.mark.parametrize("seed", range(40))
def test_every_number_and_the_result_lie_in_one_range(seed):
    draw = random.Random(seed)
    low, high = (10 ** draw.uniform(-4, 5) for _ in range(2))
    numbers = sorted({draw.uniform(low, high) if seed % 2 else 10 ** draw.uniform(-3, 5) for _ in range(30)})
    result = draw.choice([*numbers, draw.uniform(low, high)])
    bars = distribution([(number, (number,)) for number in numbers], result)["answers"]
    assert sorted(number for bar in bars for number in bar.members) == numbers
    assert sum(bar.is_result for bar in bars) == 1 and len(bars) <= 16
    edges, _ = edges_of(numbers[0], numbers[-1])
    assert edges == sorted(edges) and edges[0] <= numbers[0] and numbers[-1] <= edges[-1]


def test_wide_numbers_have_ranges_by_powers_of_ten():
    found = distribution([(1.0 * 10**k * m, (k,)) for k in range(5) for m in (1, 4)], 78_400)
    labels = [bar.label.replace(NO_BREAK_SPACE, "") for bar in found["answers"]]
    assert labels == [f"{10**k} to {10 ** (k + 1)}" for k in range(5)] and found["logarithmic"]
    assert [bar.is_result for bar in found["answers"]] == [False] * 4 + [True]
    assert edges_of(0, 6.9)[1] is False and edges_of(0.02, 0.9)[0] == [0.02, 0.05, 0.1, 0.2, 0.5, 1]


# What cost points


def test_mistakes_are_counted_as_a_loop_counts_them_and_one_mistake_is_one_line():
    files, bank = case_files("softmax_t"), answers_to("softmax_t")
    names = [
        "wrong_multiplies_by_T",
        "right_shifts_first",
        "wrong_by_torch_softmax",
        "wrong_adds_a_small_number[1e-05]",
    ]
    findings = {name: programmed("softmax_t", files, bank[name]) for name in names}
    given = [names[k] for k in (0, 1, 0, 2, 3, 0, 2)]
    data = MadeClass([MadeMember(k, {"softmax_t": findings[name]}) for k, name in enumerate(given)], {"softmax_t": 5.0})
    [item] = items(data)
    found = item.common
    plain = Counter((str(mistake), k) for k, name in enumerate(given) for mistake in findings[name].mistakes())
    assert {(said.lower(), k) for said, members in found for k in ids(members)} == {(s.lower(), k) for s, k in plain}
    assert len(dict(found)) == len(found)
    assert [len(members) for _, members in found] == sorted((len(members) for _, members in found), reverse=True)
    assert found[0][0] == "Your numbers match a softmax that multiplies by T instead of dividing."
    assert ids(found[0][1]) == [0, 2, 5]
    listed = {each.sentence: ids(each.members) for each in listed_misconceptions(data, SAID[FIRST], SECTIONS[FIRST])}
    assert listed == {
        "the temperature multiplies": [0, 2, 5],
        "one maximum for the whole batch": [],
        "a small number in the denominator does no harm": [4],
    }


def test_a_mistake_with_other_values_is_another_one_and_other_exercises_stay_apart():
    files = case_files("prediction_5")
    blank = valued("prediction_5", files, None)
    other = replace(valued("prediction_3", case_files("prediction_3"), None), exercise="prediction_3")
    members = [MadeMember(k, {"prediction_5": blank, "prediction_3": other}) for k in range(2)]
    found = items(MadeClass(members, {"prediction_3": 1, "prediction_5": 1}))
    assert [(item.name, said, ids(members)) for item in found for said, members in item.common] == [
        ("prediction_3", "No answer yet", [0, 1]),
        ("prediction_5", "No answer yet", [0, 1]),
    ]
    assert blank.reason == NO_ANSWER["empty"]


# What the course says of answers, and the guide


def rule_in_words(name, exercise, rule):
    """Return how the guide says that an answer shows a misconception; None for what a check says."""
    if "says" in rule:
        return None
    [(word, value)] = rule.items()
    if isinstance(value, str):
        return f'`{exercise}` {word} "{value}"'
    notebook = ("first", "second")[ASSIGNMENTS.index(name)]
    return f"prediction {exercise.rpartition('_')[2]} of the {notebook} notebook {word} {number_text(value)}"


def rules():
    """Return {misconception: how it shows} of the course's data."""
    return {
        sentence: rule_in_words(name, exercise, rule)
        for name, said in SAID.items()
        for exercise, about in said.items()
        for sentence, rule in about["misconceptions"].items()
    }


def table(document):
    """Return {misconception: how it shows} of the table in the guide for instructors."""
    text = (REPOSITORY / "docs" / document).read_text("utf-8").split("\n## ")[3]
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("| ")]
    return {row[0]: row[1] for row in rows[1:]}


def test_the_guide_lists_the_misconceptions_that_are_counted_and_says_how_they_show():
    told, counted = table("instructors.md"), rules()
    assert told.keys() == counted.keys() and len(told) == 9
    said = {sentence: how for sentence, how in counted.items() if how}
    assert {sentence: told[sentence] for sentence in said} == said and len(said) == 6


@pytest.mark.parametrize(
    ("exercise", "name", "shown", "not_shown"),
    [
        ("prediction_1", FIRST, [2], [1]),
        ("prediction_3", FIRST, [0.0789, 0.5], [0.0788, 0.05]),
        ("claim_c3", FIRST, ["holds"], ["fails", "sometimes"]),
        ("prediction_4", SECOND, [9_999, 1], [10_000, 78_400]),
        ("prediction_5", SECOND, [900, 1_000], [899, 320]),
        ("prediction_6", SECOND, [0, 0.0], [0.1, 5.909]),
    ],
)
def test_an_answer_shows_a_misconception_up_to_the_edge_of_its_rule(exercise, name, shown, not_shown):
    members = [MadeMember(v, {exercise: valued(exercise, CASES[name], v)}) for v in [*shown, *not_shown, None]]
    [found] = listed_misconceptions(MadeClass(members, {exercise: 1}), SAID[name], {})
    assert ids(found.members) == shown


def test_the_results_are_those_that_the_notebooks_reveal():
    for name in ASSIGNMENTS:
        text = (REPOSITORY / "solutions" / f"{name}.ipynb").read_text("utf-8")
        number = rf"[\d.{NO_BREAK_SPACE}]*\d"
        told = dict(re.findall(rf"  (prediction_\d): you (?:said|chose) {number}, it is ({number})", text))
        said = {each: number_text(about["result"]) for each, about in SAID[name].items() if about["result"] is not None}
        assert told == said


def test_students_get_nothing_of_it():
    sentences = [sentence.encode() for sentence in rules()]
    for name in ASSIGNMENTS:
        notebook = COURSE.notebook(name).read_bytes()
        setup = next(cell.source for cell in COURSE.release(name).cells if packing.unpack(cell.source))
        given = [notebook, *packing.unpack(setup).values()]
        assert len(given) > 10 and not [s for s in sentences for content in given if s in content]


def test_the_drawn_file_says_it_and_so_does_the_course(tmp_path):
    lines = 'RESULT = 1.5\nMISCONCEPTIONS = {"half is twice": {"wrong": ["wrong_doubles"]}}\n\n\ndef public('
    course = small_exercise(tmp_path, HALVE.replace("def public(", lines))
    assert course.questions("one") == {}
    path = course.questions_file("one")
    path.parent.mkdir(parents=True)
    path.write_bytes(questions_bytes(course, "one"))
    known = {"half is twice": {"says": ["Your numbers match twice x."]}}
    assert course.questions("one") == {"halve": {"asked": "Half of a number.", "result": 1.5, "misconceptions": known}}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{}", "has is, above, below, at least, or wrong alone"),
        ('{"over": 1}', "the rule of 'half is twice' has is, above"),
        ('{"wrong": ["wrong_doubles"], "is": 1}', "or wrong alone"),
        (
            '{"wrong": ["wrong_halves"]}',
            "'wrong_halves' is no wrong answer whose sentence begins with 'Your numbers match '",
        ),
        ('{"wrong": ["right_by_division"]}', "'right_by_division' is no wrong answer"),
    ],
)
def test_a_rule_that_could_never_be_met_is_refused(tmp_path, rule, said):
    """The red fixtures."""
    course = small_exercise(tmp_path, HALVE + f'\n\nMISCONCEPTIONS = {{"half is twice": {rule}}}\n')
    with pytest.raises(ExerciseError, match=re.escape(said)):
        questions_bytes(course, "one")


# Sections


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_links_lead_to_the_headings_above_the_exercises(name):
    release = COURSE.release(name)
    lines = [re.findall(r"^## .+", cell.source, re.MULTILINE) for cell in release.cells]
    anchors = re.findall(r'<h2 id="(.+?)">', markdown2html("\n\n".join(line for each in lines for line in each)))
    found, seen = sections_in(release), 0
    for cell, headings in zip(release.cells, lines, strict=True):
        seen += len(headings) if cell.cell_type == "markdown" else 0
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id in COURSE.points(name):
            assert found[grade_id].anchor == f"#{anchors[seen - 1]}".replace("&amp;", "&") and found[grade_id].section
    assert found.keys() >= COURSE.points(name).keys() and Place() not in found.values()
    assert not any("(" in place.section and "point" in place.section for place in found.values())
