"""The kill matrix: every answer of the bank judged on every case, on the engine, without a kernel."""

import contextlib
import io
import json
import warnings
from dataclasses import dataclass

from grading.engine.verdict import verdict
from helpers.checks.collect import collect
from helpers.checks.rules import violations

POINTS = 10


@dataclass(frozen=True)
class Row:
    """How one answer of an exercise does: its points, a result for every public and then every hidden case."""

    exercise: str
    answer: object
    points: float
    public: tuple
    hidden: tuple
    report: object

    @property
    def full(self):
        return self.points == POINTS

    @property
    def caught_in_public(self):
        return bool(self.report.violations) or not all(result.passed for result in self.public)

    @property
    def caught_in_hidden(self):
        return bool(self.report.violations) or not all(result.passed for result in self.hidden)


def judge(exercise, answer, public, hidden):
    """Return the `Row` of an answer; ``public`` and ``hidden`` are case files."""
    collected = []
    for file in (public, hidden):
        cases = file.exercises[exercise]["cases"]
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # a warning costs nothing, nor does a print
            collected += collect(answer.function, cases, file.inputs(cases))
    sent = json.loads(json.dumps(collected, allow_nan=False))  # as a kernel sends them
    found = violations([answer.source], exercise, public.exercises[exercise]["forbidden"])
    judged = verdict(exercise, POINTS, public, hidden, sent, found)
    split = len(public.exercises[exercise]["cases"])
    results = judged.report.results
    return Row(exercise, answer, judged.points, results[:split], results[split:], judged.report)
