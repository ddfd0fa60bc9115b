"""A sample of the bank, drawn anew each run, through real grading: the marks are those of the engine."""

import random

import pytest

from tests.support.bank import BANKED, answers
from tests.support.bank.matrix import judge
from tests.support.course import ASSIGNMENTS, Trial, case_files, filled, released, solutions

SUBMISSIONS = 4  # of each assignment, each with one drawn answer to every exercise


def engine_points(exercise, answer, points):
    """Return what the engine gives an answer, out of ``points``."""
    row = judge(exercise, answer, *case_files(exercise))
    results = row.report.results
    if row.report.violations or not results:
        return 0.0
    good = sum(result.passed for result in results)
    return float(points) if good == len(results) else round(points * good / len(results), 2)


@pytest.mark.slow
def test_a_drawn_sample_of_answers_gets_the_same_marks_through_nbgrader(tmp_path):
    course, expected, drawn = Trial(tmp_path), {}, {}
    course.generate()
    for assignment in ASSIGNMENTS:
        tests = [cell.metadata.nbgrader for cell in released(assignment).cells if "nbgrader" in cell.metadata]
        points = {test.grade_id.removeprefix("test_"): test.points for test in tests if test.grade}
        names = [name for name in solutions(assignment) if name in BANKED and name in points]
        for k in range(SUBMISSIONS):
            chosen = {name: random.choice(list(answers(name).values())) for name in names}
            student = f"student{k}"
            drawn[assignment, student] = {name: answer.name for name, answer in chosen.items()}
            expected[assignment, student] = {n: engine_points(n, answer, points[n]) for n, answer in chosen.items()}
            course.submit(student, assignment, filled(assignment, {n: a.source for n, a in chosen.items()}))
        done = course.nbgrader("autograde", assignment)
        assert done.returncode == 0, done.stderr
    for (assignment, student), marks in expected.items():
        found = course.marks(assignment)[student]
        assert {name: found[name] for name in marks} == marks, drawn[assignment, student]
