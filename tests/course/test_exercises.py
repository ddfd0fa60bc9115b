"""The kill matrix: what every answer of the exercise files gets, on the engine that grades.

``python -m grading check-exercise --assignment ASSIGNMENT`` prints its counts.
"""

import inspect
import os
import random
import subprocess
import sys

import pytest

from grading.__main__ import main
from grading.authoring.draw import COMMITTED_SEED
from grading.authoring.exercise import Answer
from helpers import measures, pipeline, softmax
from helpers.checks import report
from helpers.explorers import models
from tests.support.course import ASSIGNMENTS, Trial, filled, points, solutions, use_cases
from tests.support.matrix import (
    BANKED,
    EXERCISES,
    SETTLED,
    answers_to,
    files,
    judge,
    matrix_of,
    misjudged,
    undeserved,
    untold,
    useless,
)
from tests.support.small_exercise import HALVE, small_exercise

# Cases that kill nothing alone, and why they stay.
PLAINEST = "the plainest example of its exercise: what a student can compute by hand comes first"
ASPECT = "the hidden case that its aspect needs"
TWO = "of two cases that expect the same a constant would be right"
STAYS = {
    ("softmax_t", "four logits, temperature 1"): PLAINEST,
    ("softmax_t", "a batch of three rows, each at temperature 0.5"): "rows are what a batch means to most students",
    ("softmax_t", "a square batch"): "a missing keepdim raises elsewhere; here it is silently wrong",
    ("softmax_t", "very large logits"): "the plainest example of what its aspect is about, in float64",
    ("decay_ratios", "four deviations"): PLAINEST,
    ("perplexity", "one distribution"): PLAINEST,
    ("perplexity", "float32"): "a wrong dtype says nothing about zeros: its aspect is the values",
    ("iterative_softmax_experiment", "another range"): ASPECT,
    ("trusted_steps", "float32, 20 points"): PLAINEST,
    ("outlier_mass", "three ranges, three temperatures"): ASPECT,
    ("temperature_range_experiment", "a very low temperature"): TWO,
    ("sample_tokens", "four tokens"): PLAINEST,
    ("tokens_for_mass", "a vocabulary of 128\u00a0256"): TWO,
}
SEEDS = [f"seed {k}" for k in range(20)]
SUBMISSIONS = 4  # of each assignment, each with one drawn answer to every exercise
exercises = pytest.mark.parametrize("exercise", BANKED)


def first_right(exercise):
    return next(answer.function for answer in answers_to(exercise).values() if answer.right)


def wrong(rows):
    return [row for row in rows if not row.answer.right]


@exercises
def test_every_wrong_answer_loses_points_and_every_right_one_gets_all(exercise):
    assert misjudged(matrix_of(exercise)) == []


@exercises
@pytest.mark.parametrize("seed", [COMMITTED_SEED, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS[:4])])
def test_a_table_of_the_public_cases_and_a_constant_earn_nothing(exercise, seed):
    assert undeserved(exercise, first_right(exercise), files(EXERCISES[exercise], seed)) == {}


def test_a_softmax_without_a_shift_earns_its_values_temperature_and_dims_only():
    known = {row.answer.name: row.report for row in matrix_of("softmax_t")}
    earned = {aspect for aspect in known["wrong_no_shift"].aspects if known["wrong_no_shift"].earned(aspect)}
    assert earned == {"the values", "the temperature", "along dim"}


HELPERS = {
    f"{module.__name__}.{name}": thing
    for module in (measures, pipeline, softmax, models)
    for name, thing in vars(module).items()
    if inspect.isfunction(thing) and thing.__module__ == module.__name__
}


@exercises
def test_no_function_of_helpers_is_an_answer(exercise):
    rows = {
        name: judge(exercise, Answer(name, each, "", ""), files(EXERCISES[exercise])) for name, each in HELPERS.items()
    }
    assert {name: row.report.points for name, row in rows.items() if row.report.points} == {}


def test_a_function_of_helpers_that_were_an_answer_would_be_seen(monkeypatch):
    """The red fixture."""
    monkeypatch.setattr("grading.authoring.matrix.CallWatch", lambda forbidden: None)
    assert "helpers.softmax.softmax_t" in HELPERS
    row = judge("softmax_t", Answer("helper", HELPERS["helpers.softmax.softmax_t"], "", ""), files("iterated_softmax"))
    assert row.report.points > 0


@exercises
def test_public_cases_alone_catch_four_of_five_wrong_answers(exercise):
    caught = [row.caught(hidden=False) for row in wrong(matrix_of(exercise))]
    assert caught.count(True) >= 0.8 * len(caught) > 0


@pytest.mark.parametrize("exercise", SETTLED)
def test_every_case_kills_what_no_other_of_its_file_kills_or_says_why_it_stays(exercise):
    assert useless(wrong(matrix_of(exercise))) == [name for of, name in STAYS if of == exercise]


@exercises
def test_every_wrong_answer_is_told_its_mistake(exercise):
    assert untold(matrix_of(exercise)) == []


@exercises
def test_the_notebook_and_the_grader_say_the_same(exercise):
    rows = wrong(matrix_of(exercise))
    use_cases(exercise)
    for row in [next(r for r in rows if r.caught(hidden=False)), *(r for r in rows if r.report.violations)]:
        shown = report(exercise, row.answer.function)
        public = [result for result in row.report.results if not result.hidden]
        assert [(r.name, r.aspect, r.outcome) for r in shown.results] == [(r.name, r.aspect, r.outcome) for r in public]
        assert [v.name for v in shown.violations] == [v.name for v in row.report.violations]


@pytest.mark.parametrize(
    ("exercise", "answer", "untrue"),
    [
        ("decay_ratios", "wrong_small_ratio_after_zero", "after the first zero"),
        ("iterative_softmax_experiment", "wrong_shares_first", "that begins with the inputs"),
        ("temperature_range_experiment", "wrong_text_keys", "r comes first"),
        ("temperature_range_experiment", "wrong_whole_numbers_as_keys", "Your numbers match"),
        ("trusted_steps", "wrong_always_float32", "20 points at rtol"),
        ("sample_tokens", "wrong_past_the_end", "a token too late"),
        ("smallest", "wrong_positions", "the right value, with the last r"),
    ],
)
def test_nobody_is_told_the_mistake_of_another(exercise, answer, untrue):
    said = {row.answer.name: str(row.report) for row in matrix_of(exercise)}[answer]
    assert "not yet" in said and untrue not in said


def test_there_are_enough_answers():
    sizes = dict.fromkeys(SETTLED, (6, 4)) | {"softmax_t": (25, 10)}
    sizes |= dict.fromkeys(("iterative_softmax_experiment", "temperature_range_experiment"), (12, 4))
    for exercise in BANKED:
        rights = [answer.right for answer in answers_to(exercise).values()]
        few, good = sizes.get(exercise, (1, 2))  # a new one may begin with as many as `make exercise` writes
        assert rights.count(False) >= few and rights.count(True) >= good, exercise


def test_the_source_of_an_answer_is_a_cell_that_answers_alike():
    names = ("wrong_multiplies_by_T", "wrong_adds_a_small_number[1e-06]")
    for answer in (answers_to("softmax_t")[name] for name in names):
        scope = {}
        exec(answer.source, scope)
        ours, theirs = (judge("softmax_t", a, files("iterated_softmax")).report for a in (answer, named(scope)))
        assert ours.results == theirs.results and '"""' not in answer.source and "variants" not in answer.source


@exercises
def test_no_answer_imports_what_no_student_has(exercise):
    """A parameter called dtype brought the author's function of this name into the cell, which then failed."""
    assert [answer.name for answer in answers_to(exercise).values() if "grading" in answer.source] == []


def named(scope, function="softmax_t", name="wrong_"):
    return Answer(name, scope[function], "", "")


def test_the_gate_sees_a_wrong_answer_that_survives_and_a_right_one_that_is_refused():
    """The red fixture."""
    known = answers_to("decay_ratios")
    planted = [
        Answer("wrong_that_is_right", known["right_by_a_loop"].function, "", "Your numbers match nothing."),
        Answer("right_that_is_wrong", known["wrong_upside_down"].function, "", ""),
    ]
    rows = [judge("decay_ratios", answer, files("iterated_softmax")) for answer in planted]
    assert misjudged(rows) == ["wrong_that_is_right", "right_that_is_wrong"]
    assert untold(rows) == ["wrong_that_is_right"]


@pytest.mark.parametrize(("asked", "answer", "earned"), [("5.0", "2.5", set()), ("3.0", "1.5", {"always", "a table"})])
def test_the_gate_sees_what_a_table_and_a_constant_earn(tmp_path, asked, answer, earned):
    """The red fixture, and what is fine beside it: where all cases expect the same, a constant is right."""
    small_exercise(tmp_path, HALVE.replace("number(2.5", f"number({answer}").replace("5.0)]", f"{asked})]"))
    found = undeserved("halve", lambda x: x / 2, files("one", course=tmp_path))
    assert {name.partition(" {")[0].partition(",")[0] for name in found} == earned


def test_the_gate_sees_a_case_that_kills_nothing_alone():
    """The red fixture."""
    rows = [row for row in matrix_of("decay_ratios") if row.answer.name == "wrong_fails_on_one_deviation"]
    assert "one deviation" not in useless(rows) and "a zero in between" in useless(rows)


def test_the_gate_sees_that_public_cases_alone_miss_a_table_of_their_answers():
    """The red fixture."""
    public, _ = files("iterated_softmax")
    known = answers_to("decay_ratios")["right_by_a_loop"].function
    asked = [case["args"][0]["list"] for case in public.exercises["decay_ratios"]["cases"]]
    cheat = Answer("wrong_table", lambda stds: known(stds) if stds in asked else [0.5], "", "")
    row = judge("decay_ratios", cheat, files("iterated_softmax"))
    assert (row.caught(hidden=False), row.caught(hidden=True)) == (False, True)


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("", "", []),
        ("return 2 * x", "return x / 2", ["wrong_doubles is misjudged", "wrong_doubles is not told its sentence"]),
        ("Your numbers match twice x.", "You doubled it.", ["wrong_doubles is not told its sentence"]),
        ("def right_by_division(x):\n    return x / 2", "def right_not(x):\n    return x", ["right_not is misjudged"]),
    ],
)
def test_the_command_names_answers_that_are_misjudged_or_not_told_and_fails(tmp_path, capsys, old, new, faults):
    """The red fixtures, and what is fine beside them."""
    assert old in HALVE
    small_exercise(tmp_path, HALVE.replace(old, new))
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.OfCourse.course_folder = {str(tmp_path)!r}\n")
    assert main(["check-exercise", "halve", "--course", str(tmp_path)]) == bool(faults)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith("halve: ")] == [f"halve: {fault}" for fault in faults]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_no_seed_of_hidden_cases_lets_a_wrong_answer_through(seed):
    assert {exercise: misjudged(matrix_of(exercise, seed)) for exercise in BANKED} == {
        exercise: [] for exercise in BANKED
    }


@pytest.mark.slow
@pytest.mark.parametrize("capability", ["default", "avx2"])
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_processor_changes_a_verdict(assignment, capability):
    command = [sys.executable, "-m", "grading", "check-exercise", "--assignment", assignment]
    done = subprocess.run(command, env=os.environ | {"ATEN_CPU_CAPABILITY": capability}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_drawn_sample_of_answers_gets_the_same_marks_through_nbgrader(tmp_path):
    seed = os.environ.get("SAMPLE_SEED") or str(random.randrange(10**6))
    print(f"Draw the same again with SAMPLE_SEED={seed}")  # pytest shows it where the test fails, wherever that is
    rng = random.Random(seed)
    trial, expected, drawn = Trial(tmp_path), {}, {}
    trial.generate()
    for assignment in ASSIGNMENTS:
        names = [
            n for n in points(assignment) if n in BANKED and EXERCISES[n] == assignment and n in solutions(assignment)
        ]
        for k in range(SUBMISSIONS):
            chosen = {name: rng.choice(matrix_of(name)) for name in names}
            student = f"student{k}"
            drawn[assignment, student] = {name: row.answer.name for name, row in chosen.items()}
            expected[assignment, student] = {name: row.report.points for name, row in chosen.items()}
            answers = {name: row.answer.source for name, row in chosen.items()}
            trial.submit(student, assignment, filled(assignment, answers))
        done = trial.nbgrader("autograde", assignment)
        assert done.returncode == 0, done.stderr
    for (assignment, student), marks in expected.items():
        found = trial.marks(assignment)[student]
        assert {name: found[name] for name in marks} == marks, drawn[assignment, student]


def test_the_committed_seed_is_the_default_of_every_tool():
    assert matrix_of("decay_ratios") is matrix_of("decay_ratios", COMMITTED_SEED)
