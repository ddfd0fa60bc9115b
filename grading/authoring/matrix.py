"""The kill matrix: every answer of the exercise files judged on every case, on the engine, without a kernel.

`python -m grading check-exercise` prints its counts, and what `faults_of` finds.
"""

import contextlib
import copy
import inspect
import io
import json
import warnings
from dataclasses import dataclass

from grading.authoring.exercise import Answer, Exercise
from grading.engine.verdict import verdict
from helpers.checks.cases import CaseFile
from helpers.checks.collect import collect, decode, encode
from helpers.checks.report import Report
from helpers.checks.watch import CallWatch


@dataclass(frozen=True)
class Row:
    """How one answer of an exercise does: its points, and a result for every case."""

    exercise: str
    answer: Answer
    report: Report

    @property
    def full(self) -> bool:
        return self.report.points == self.report.maximum and self.report.passed

    def caught(self, hidden):
        """Tell whether the public cases alone, or the hidden ones, catch this answer."""
        results = [result for result in self.report.results if result.hidden == hidden]
        return bool(self.report.violations) or not all(result.passed for result in results)


def rows_of(exercise: Exercise, files: tuple[CaseFile, CaseFile]) -> list[Row]:
    """Return a `Row` for each answer in an exercise's file; ``files`` are the public and the hidden case file."""
    return [judge(exercise.name, answer, files) for answer in exercise.answers.values()]


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


def faults_of(rows: list[Row]) -> list[str]:
    """Return a sentence for each answer that gets what it should not, or whose author is not told what is wrong."""
    found = [(name, "is misjudged") for name in misjudged(rows)]
    found += [(name, "is not told its sentence") for name in untold(rows)]
    return [f"{rows[0].exercise}: {name} {sentence}" for name, sentence in found]


def undeserved_points(rows: list[Row], files: tuple[CaseFile, CaseFile]) -> list[str]:
    """Return a sentence for each answer that computes nothing and earns something; see `undeserved`."""
    right = [row for row in rows if row.full]
    found = undeserved(right[0].exercise, right[0].answer.function, files) if right else {}
    return [f"{right[0].exercise}: {name}, which computes nothing, earns {points:g}" for name, points in found.items()]


def misjudged(rows):
    """Return the wrong answers with full marks and the right ones without."""
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
