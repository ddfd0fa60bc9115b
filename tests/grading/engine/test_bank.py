"""The kill matrix: what every answer of the bank gets, on the engine that grades.

``python -m tests.support.bank`` prints its counts.
"""

import functools
import os
import subprocess
import sys

import pytest

from grading.authoring.draw import hidden_bytes
from helpers.checks import report
from helpers.checks.cases import parsed
from tests.support.bank import BANKED, Answer, answers
from tests.support.bank.matrix import judge
from tests.support.course import ASSIGNMENTS, CASES, COURSE, case_files, use_cases

# Cases that kill nothing alone, and why they stay.
PLAINEST = "the plainest example of its exercise: what a student can compute by hand comes first"
STAYS = {
    ("softmax_t", "four logits, temperature 1"): PLAINEST,
    ("softmax_t", "the same logits at temperature 2"): "only the temperature differs from the case before it",
    ("softmax_t", "a batch of three rows, each at temperature 0.5"): "rows are what a batch means to most students",
    ("softmax_t", "at grading: a square batch"): "a missing keepdim raises elsewhere; here it is silently wrong",
    ("decay_ratios", "four deviations"): PLAINEST,
    ("perplexity", "one distribution"): PLAINEST,
}
SEEDS = [f"seed {k}" for k in range(20)]
exercises = pytest.mark.parametrize("exercise", BANKED)


@functools.cache
def matrix(exercise):
    return [judge(exercise, answer, *case_files(exercise)) for answer in answers(exercise).values()]


def misjudged(rows):
    return [row.answer.name for row in rows if row.full != row.answer.right]


def useless(rows):
    """Return the names of the cases without which the same answers would fail their file, the other file left out."""
    found = []
    for results in ([row.public for row in rows], [row.hidden for row in rows]):
        failed = [{k for k, result in enumerate(row) if not result.passed} for row in results]
        names = [result.name for result in results[0]]
        found += [name for k, name in enumerate(names) if {k} not in failed]
    return found


@exercises
def test_every_wrong_answer_loses_points_and_every_right_one_gets_all(exercise):
    assert misjudged(matrix(exercise)) == []


@exercises
def test_a_right_answer_passes_every_case(exercise):
    for row in matrix(exercise):
        assert not row.answer.right or all(result.passed for result in row.public + row.hidden), row.answer.name


@exercises
def test_public_cases_alone_catch_four_of_five_wrong_answers(exercise):
    wrong = [row for row in matrix(exercise) if not row.answer.right]
    assert sum(row.caught_in_public for row in wrong) >= 0.8 * len(wrong)


@exercises
def test_every_case_kills_what_no_other_of_its_file_kills_or_says_why_it_stays(exercise):
    wrong = [row for row in matrix(exercise) if not row.answer.right]
    assert useless(wrong) == [name for of, name in STAYS if of == exercise]


@exercises
def test_every_wrong_answer_is_told_its_mistake(exercise):
    for row in matrix(exercise):
        assert row.answer.right or row.answer.told in str(row.report), f"{row.answer.name}:\n{row.report}"


@exercises
def test_the_notebook_and_the_grader_say_the_same(exercise):
    row = next(row for row in matrix(exercise) if not row.answer.right and row.caught_in_public)
    use_cases(exercise)
    shown = report(exercise, row.answer.function, [row.answer.source]).results
    assert [(r.name, r.outcome, r.diagnosis) for r in shown] == [(r.name, r.outcome, r.diagnosis) for r in row.public]


def test_the_bank_is_large_enough():
    sizes = {"softmax_t": (25, 10), "iterative_softmax_experiment": (12, 4), "temperature_range_experiment": (12, 4)}
    for exercise in BANKED:
        rights = [answer.right for answer in answers(exercise).values()]
        wrong, right = sizes.get(exercise, (6, 4))
        assert rights.count(False) >= wrong and rights.count(True) >= right, exercise


def test_the_source_of_an_answer_is_a_cell_that_answers_alike():
    answer = answers("softmax_t")["wrong_multiplies_by_T"]
    scope = {}
    exec(answer.source, scope)
    rows = [judge("softmax_t", each, *case_files("softmax_t")) for each in (answer, replaced(scope["softmax_t"]))]
    assert rows[0].public == rows[1].public and '"""' not in answer.source and "wrong" not in answer.source


def replaced(function, name="wrong_"):
    return Answer(name, function, "", "")


def test_the_gate_sees_a_wrong_answer_that_survives_and_a_right_one_that_is_refused():
    right, wrong = (answers("decay_ratios")[name] for name in ("right_by_a_loop", "wrong_upside_down"))
    rows = [
        judge("decay_ratios", replaced(function, name), *case_files("decay_ratios"))
        for function, name in ((right.function, "wrong_that_is_right"), (wrong.function, "right_that_is_wrong"))
    ]
    assert misjudged(rows) == ["wrong_that_is_right", "right_that_is_wrong"]


def test_the_gate_sees_a_case_that_kills_nothing_alone():
    rows = [row for row in matrix("decay_ratios") if row.answer.name == "wrong_fails_on_one_deviation"]
    assert "at grading: one deviation" not in useless(rows) and "at grading: a zero in between" in useless(rows)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_no_seed_of_hidden_cases_lets_a_wrong_answer_through(seed):
    for assignment in ASSIGNMENTS:
        public, hidden = CASES[assignment][0], parsed(hidden_bytes(COURSE, assignment, seed))
        for exercise in public.exercises.keys() & set(BANKED):
            rows = [judge(exercise, answer, public, hidden) for answer in answers(exercise).values()]
            assert misjudged(rows) == [], exercise


@pytest.mark.slow
@pytest.mark.parametrize("capability", ["default", "avx2"])
def test_no_processor_changes_a_verdict(capability):
    command = [sys.executable, "-m", "tests.support.bank", *SEEDS[:3]]
    done = subprocess.run(command, env=os.environ | {"ATEN_CPU_CAPABILITY": capability}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
