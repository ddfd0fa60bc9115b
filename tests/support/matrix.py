"""The kill matrix: every answer of the exercise files judged on every case, on the engine, without a kernel.

    python -m tests.support.matrix ASSIGNMENT [EXERCISE ...] [--seed SEED ...] [--course DIR]

prints its counts and what is wrong; exit code 1 where something is.
"""

import argparse
import contextlib
import copy
import functools
import inspect
import io
import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

from grading.authoring.draw import COMMITTED_SEED, hidden_bytes, public_bytes
from grading.authoring.exercise import Answer, load_exercises
from grading.course import REPOSITORY, Course
from grading.engine.verdict import verdict
from helpers.checks.cases import read_cases
from helpers.checks.collect import collect, decode, encode
from helpers.checks.watch import CallWatch


@dataclass(frozen=True)
class Row:
    """How one answer of an exercise does: its points, and a result for every case."""

    exercise: str
    answer: object
    report: object

    @property
    def full(self):
        return self.report.points == self.report.maximum and self.report.passed

    def caught(self, hidden):
        """Tell whether the public cases alone, or the hidden ones, catch this answer."""
        results = [result for result in self.report.results if result.hidden == hidden]
        return bool(self.report.violations) or not all(result.passed for result in results)


@functools.cache
def public_file(assignment, course=REPOSITORY):
    """Return the public case file, which is the same for every seed."""
    return read_cases(public_bytes(Course(course), assignment))


@functools.cache
def files(assignment, seed=COMMITTED_SEED, course=REPOSITORY):
    """Return the public and the hidden case file that a seed gives."""
    return public_file(assignment, course), read_cases(hidden_bytes(Course(course), assignment, seed))


@functools.cache
def answers(assignment, exercise, course=REPOSITORY):
    """Return the answers to an exercise by name."""
    return load_exercises(course, assignment)[exercise].answers


EXERCISES = {name: assignment for assignment in Course().assignments for name in load_exercises(REPOSITORY, assignment)}
BANKED = [name for name, assignment in EXERCISES.items() if load_exercises(REPOSITORY, assignment)[name].answers]


def answers_to(exercise):
    """Return the answers to an exercise of this repository's course by name."""
    return answers(EXERCISES[exercise], exercise)


def matrix_of(exercise, seed=COMMITTED_SEED):
    """Return a `Row` for each answer to an exercise of this repository's course."""
    return matrix(EXERCISES[exercise], exercise, seed)


@functools.cache
def matrix(assignment, exercise, seed=COMMITTED_SEED, course=REPOSITORY):
    """Return a `Row` for each answer to an exercise."""
    found = answers(assignment, exercise, course).values()
    return [judge(exercise, answer, files(assignment, seed, course)) for answer in found]


def judge(exercise, answer, files):
    """Return the `Row` of one answer; ``files`` are the public and the hidden case file."""
    collected, forbidden = [], files[0].exercises[exercise]["forbidden"]
    watch = CallWatch(forbidden) if forbidden else None
    for file in files:
        cases = file.exercises[exercise]["cases"]
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # a warning costs nothing, nor does a print
            collected += collect(answer.function, cases, file.inputs(cases), watch)
    sent = json.loads(json.dumps(collected, allow_nan=False))  # as a kernel sends them
    maximum = sum(files[0].exercises[exercise]["aspects"].values())
    return Row(exercise, answer, verdict(exercise, maximum, files, sent, [answer.source]).report)


def misjudged(rows):
    return [row.answer.name for row in rows if row.full != row.answer.right]


def untold(rows):
    """Return the wrong answers whose author is not told the sentence."""
    return [row.answer.name for row in rows if not row.answer.right and row.answer.sentence not in str(row.report)]


def useless(rows):
    """Return the names of the cases without which the same answers would fail their file, the other file left out."""
    found = []
    for hidden in (False, True):
        results = [[result for result in row.report.results if result.hidden == hidden] for row in rows]
        failed = [{k for k, result in enumerate(row) if not result.passed} for row in results]
        names = [result.name for result in results[0]]
        found += [name for k, name in enumerate(names) if {k} not in failed]
    return found


def undeserved(exercise, right, files):
    """Return what answers that compute nothing earn, where they earn points, by their names.

    They are tables of the public cases, which give anything else the first or the last of their answers, and every
    value that a case expects as a constant. ``right`` is an answer that is right; ``files`` are the two case files.
    """
    public, hidden = ([(key, right(*args, **kwargs)) for key, args, kwargs in calls(exercise, right, f)] for f in files)
    tables = {f"a table, else {k}": Table(right, dict(public), public[k][1]) for k in (0, -1)}
    values = {repr(encode(value)): value for _, value in public + hidden}
    constants = {f"always {text[:80]}": Table(right, {}, value) for text, value in values.items()}
    rows = {name: judge(exercise, Answer(name, each, "", ""), files) for name, each in (tables | constants).items()}
    return {name: row.report.points for name, row in rows.items() if row.report.points}


def calls(exercise, function, file):
    """Yield a case's arguments, as a key of a table and as they are passed on, for every case of an exercise."""
    cases = file.exercises[exercise]["cases"]
    inputs = file.inputs(cases)
    for case in cases:
        args = [decode(value, inputs) for value in case["args"]]
        kwargs = {name: decode(value, inputs) for name, value in case["kwargs"].items()}
        yield key(function, args, kwargs), args, kwargs


def key(function, args, kwargs):
    """Return the arguments of a call as a text, the same with defaults given or left out."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    told = [
        (encode(value), str(value) if str(value).startswith("torch.") else "") for value in bound.arguments.values()
    ]
    return repr(told)


@dataclass(frozen=True)
class Table:
    """An answer that looks its answers up; ``function`` has its parameters."""

    function: object
    answers: dict
    otherwise: object

    def __call__(self, *args, **kwargs):
        return copy.deepcopy(self.answers.get(key(self.function, args, kwargs), self.otherwise))


def main(arguments):
    parser = argparse.ArgumentParser(prog="python -m tests.support.matrix")
    parser.add_argument("assignment")
    parser.add_argument("exercises", nargs="*", metavar="EXERCISE")
    parser.add_argument("--seed", action="append", default=[])
    parser.add_argument("--course", type=Path, default=REPOSITORY)
    chosen = parser.parse_args(arguments)
    known = load_exercises(chosen.course, chosen.assignment)
    faults = []
    for seed in [COMMITTED_SEED, *chosen.seed]:
        print(f"seed {seed}\n{'exercise':30} {'wrong':>6} {'public':>7} {'hidden':>7} {'right':>6}")
        for name in chosen.exercises or [name for name, exercise in known.items() if exercise.answers]:
            rows = matrix(chosen.assignment, name, seed, chosen.course)
            wrong = [row for row in rows if not row.answer.right]
            counts = [len(wrong), *(sum(row.caught(hidden) for row in wrong) for hidden in (False, True))]
            print(f"{name:30} {counts[0]:6} {counts[1]:7} {counts[2]:7} {len(rows) - len(wrong):6}")
            faults += [f"{name}: {answer} is misjudged" for answer in misjudged(rows)]
            faults += [f"{name}: {answer} is not told its sentence" for answer in untold(rows)]
            if seed == COMMITTED_SEED:
                print(f"{'':30} kills nothing alone: {', '.join(useless(wrong)) or 'no case'}")
    print("\n".join(faults))
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
