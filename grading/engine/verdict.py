"""Turn the results of an exercise's cases into points and words.

A verdict is a pure function of the answers, the cases and the points: points times the share of all cases passed,
public and hidden alike, and 0 where the source uses a forbidden way. What a kernel sends after it has seen a hidden
input could carry that input out, so a verdict repeats nothing that came from it: neither the numbers of an answer nor
the text of an error.
"""

import builtins
from dataclasses import asdict, dataclass, replace

from helpers.checks.compare import judge
from helpers.checks.report import Report
from helpers.support.language import english

# The outcomes that leave nothing to say of single cases.
NO_ANSWER = {
    "unattempted": english("not attempted yet"),
    "empty": english("no prediction yet"),
    "undefined": english("there is no function of this name"),
}


@dataclass(frozen=True)
class Verdict:
    """The points of a test cell, with the report that says why."""

    points: float
    report: Report

    def as_output(self):
        """Return the verdict as a MIME bundle: for people, and as data for the feedback page and the tables."""
        cases = [asdict(result) for result in self.report.results]
        violations = [{"name": v.name, "line": v.line} for v in self.report.violations]
        data = {"exercise": self.report.exercise, "points": self.points, "headline": self.report.summary()}
        return {
            "text/html": self.report._repr_html_(),
            "text/plain": str(self.report),
            "application/json": data | {"cases": cases, "violations": violations},
        }


def verdict(name, points, public, hidden, answers, violations):
    """Judge the answers to the public and then the hidden cases of an exercise.

    ``public`` and ``hidden`` are `helpers.checks.cases.CaseFile`s; ``answers`` is what came out of the kernel, whatever
    that is; ``violations`` are those of `helpers.checks.rules`. Returns a `Verdict` with 0 <= points <= ``points``.
    """
    exercise, cases = public.exercises[name], hidden.exercises[name]["cases"]
    answers = answers if isinstance(answers, list) else []
    split = len(exercise["cases"])
    shown = [discreet(r) for r in judge(name, exercise["cases"], public.tensors, answers[:split])]
    unshown = [
        replace(discreet(r), name=f"at grading: {r.name}", expected="")
        for r in judge(name, cases, hidden.tensors, answers[split:])
    ]
    results = shown + unshown
    for outcome, reason in NO_ANSWER.items():
        if all(result.outcome == outcome for result in results):
            return no_answer(name, points, reason)
    good = 0 if violations else sum(result.passed for result in results)
    earned = float(points) if good == len(results) else round(points * good / len(results), 2)
    passed = english("{good} of {total} cases passed", good=good, total=len(results))
    headline = f"{name}: {earned:g} of {points:g} points; {passed}."
    return Verdict(earned, Report(name, tuple(results), 0, tuple(violations), exercise["advice"], headline))


def no_answer(name, points, reason):
    """Return the verdict of a cell whose answer did not come out."""
    return Verdict(0.0, Report(name, (), headline=f"{name}: 0 of {points:g} points; {reason}."))


def discreet(result):
    """Return the result without anything that came from the kernel, but for the name of a built-in error."""
    kind = result.came.partition(":")[0]
    known = result.outcome == "raised" and isinstance(getattr(builtins, kind, None), type)
    return replace(result, came=kind if known else english("an error") if result.outcome == "raised" else "")
