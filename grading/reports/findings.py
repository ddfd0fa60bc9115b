"""Read what a graded notebook says about each exercise: for the feedback page and for the instructor's tables.

Only cells that the grading process wrote are believed: the first output of a graded cell is the judge's verdict.
"""

import re
from dataclasses import dataclass, field

from nbgrader import utils

from grading.engine.judge import is_judged
from helpers.checks.report import MESSAGES
from helpers.support.language import english

HEADING = r"^## +(.+?) *(?:\(\d+ [^()]*\))? *$"  # without its minutes, in any language
VERDICT = "application/json"
NO_RESPONSE = "No response."  # nbgrader's own comment on an untouched cell, which the verdict says better
AT_GRADING = "at grading: "  # the judge names hidden cases so


@dataclass
class Finding:
    """What is known about one exercise of one submission.

    ``advice`` says what to use instead of a forbidden way. ``points`` are those of the verdict, ``score`` those of the
    gradebook, a person's correction included; None where there are none yet. ``result`` is the verdict in one sentence,
    ``section`` the notebook's heading above it.
    """

    exercise: str
    section: str = ""
    source: str = ""
    comment: str = ""
    graded: bool = False
    maximum: float = 0.0
    points: float | None = None
    score: float | None = None
    result: str = ""
    isolation: str = ""
    cases: list = field(default_factory=list)
    violations: list = field(default_factory=list)
    advice: str = ""

    @property
    def passed(self):
        return [case for case in self.cases if case["outcome"] == "passed"]

    @property
    def failed(self):
        return [case for case in self.cases if case["outcome"] != "passed"]

    def by_reason(self):
        """Return {why: [case, ...]} for the cases that failed, in their order: one cause often fails several."""
        reasons = {}
        for case in self.failed:
            reasons.setdefault(reason(case), []).append(case)
        return reasons

    def mistakes(self):
        """Return everything that cost points, each as one sentence, without repetition."""
        found = [f"Uses {violation['name']}, which this exercise does not allow" for violation in self.violations]
        found += self.by_reason()
        if not self.cases and self.points is not None and self.points < self.maximum:
            found.append(self.result)
        return list(dict.fromkeys(found))


def reason(case):
    """Return the sentence that says why a case failed."""
    if case["outcome"] == "raised" and case.get("came"):
        return english("Your function raised {error}", error=case["came"])
    return case.get("diagnosis") or capital(MESSAGES.get(case["outcome"], case["outcome"]))


def capital(text):
    return text[:1].upper() + text[1:]


def findings(notebook, public=None):
    """Return one `Finding` for each exercise of an autograded notebook, in the notebook's order.

    ``public`` is the public case file; without it no advice is given.
    Comments are there if nbgrader's GetGrades has put them into the cells' metadata; scores come from `scores`.
    """
    found, section = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = (re.findall(HEADING, cell.source, re.MULTILINE) or [section])[-1]
        if not (utils.is_grade(cell) or utils.is_solution(cell) or utils.is_task(cell)):
            continue
        marks = cell.metadata.nbgrader
        name = marks["grade_id"].removeprefix("test_")
        advice = public.exercises.get(name, {}).get("advice", "") if public else ""
        finding = found.setdefault(name, Finding(name, section, advice=advice))
        if utils.is_solution(cell):
            finding.source = cell.source
        if marks.get("comment") and marks["comment"] != NO_RESPONSE:
            finding.comment = marks["comment"]
        if utils.is_grade(cell) or utils.is_task(cell):
            finding.graded, finding.maximum = True, float(marks["points"])
        if is_judged(cell):
            read_verdict(finding, cell)
    return list(found.values())


def read_verdict(finding, cell):
    """Take the verdict out of a graded cell, if there is one."""
    data = (cell.outputs[0].get("data", {}) if cell.outputs else {}).get(VERDICT)
    if not data:
        finding.result = english("There is no verdict: was the judge in nbgrader's configuration?")
        return
    finding.points, finding.cases, finding.violations = data["points"], data["cases"], data["violations"]
    finding.isolation = data.get("isolation", "")
    finding.result = capital(data["headline"].partition(" points; ")[2].rstrip("."))


def scores(gradebook, notebook, assignment, student):
    """Return {exercise: score} from the gradebook.

    None is where neither the judge nor a person has given points: nbgrader's own score is 0 there.
    """
    grades = gradebook.find_submission_notebook(notebook, assignment, student).grades
    return {
        grade.name.removeprefix("test_"): grade.score if {grade.auto_score, grade.manual_score} != {None} else None
        for grade in grades
    }
