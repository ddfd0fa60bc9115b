"""Read what a graded notebook says about each exercise: for the feedback page and for the instructor's tables.

Only cells that the grading process wrote are believed: the first output of a graded cell is the judge's verdict.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nbgrader import utils

from grading.engine.judge import is_judged
from grading.engine.verdict import NO_ANSWER, report_from
from helpers.checks.compare import Result
from helpers.checks.report import MESSAGES, Report
from helpers.support.language import Message, english

# At the end of a heading, behind a bracket, in any language: "10 minutes)", "read 4 · do 20 · 5 points)".
MINUTES = re.compile(r"\d+ [^()]*\)|[^()·]* \d+ · [^()]*\)")
LONGEST_HEADING, LONGEST_SOURCE = 200, 20_000  # characters that are shown
VERDICT = "application/json"
NO_RESPONSE = "No response."  # nbgrader's own comment on an untouched cell, which the verdict says better
INSIDE = english(
    "These tests ran inside your code's own process: such points can be forged, so a person may look at the code."
)
NO_VERDICT = english("there is no verdict: was the judge in nbgrader's configuration?")


@dataclass
class Finding:
    """What is known about one exercise of one submission.

    ``report`` is the verdict, None where there is none; ``choice`` is which of a few values the answer is, ``number``
    that of a prediction, where the verdict has it; ``points`` are the verdict's, ``score`` the gradebook's, with a
    person's correction, None where there are none yet. ``section`` is the notebook's heading above the exercise.
    ``inside`` says that the points were given inside the student's kernel, ``traceback`` what Python said there.
    ``counts`` is "credited" or "dropped" where the points are not those that were earned.
    """

    exercise: str
    section: str = ""
    source: str = ""
    comment: str = ""
    graded: bool = False
    maximum: float = 0.0
    points: float | None = None
    score: float | None = None
    isolation: str = ""
    report: Report | None = None
    reason: Message | None = None
    choice: float | str | None = None
    number: float | None = None
    inside: bool = False
    traceback: str = ""
    counts: str = ""

    @property
    def results(self) -> tuple[Result, ...]:
        return self.report.results if self.report else ()

    @property
    def violations(self):
        return self.report.violations if self.report else ()

    @property
    def passed(self) -> list[Result]:
        return [result for result in self.results if result.passed]

    @property
    def failed(self) -> list[Result]:
        return [result for result in self.results if not result.passed]

    @property
    def aspects(self) -> list[tuple[str, float, float]]:
        """Return (name, earned points, points) of every aspect."""
        of = self.report.aspects if self.report else {}
        return [(name, self.report.earned(name), points) for name, points in of.items()]

    def by_reason(self) -> list[tuple[Message, list[Result]]]:
        """Return (why, results) of the cases that failed, in their order."""
        return grouped_by_reason(self.failed)

    def used(self) -> list[Message]:
        """Return which ways it used that the exercise does not allow."""
        return [english("Uses {name}, which this exercise does not allow", name=v.name) for v in self.violations]

    def mistakes(self) -> list[Message]:
        """Return everything that cost points, without repetition; a decision on a claim has none to cost."""
        if not self.maximum and not self.counts:
            return []
        found = self.used() + [why for why, _ in self.by_reason()]
        if self.reason and not self.results and self.points is not None and self.points < self.maximum:
            found.append(self.reason)
        return list({str(message): message for message in found}.values())


def reason(result: Result) -> Message:
    """Return why a case failed."""
    if result.outcome == "raised" and result.got:
        return english("your function raised {error}", error=result.got)
    return result.diagnosis or MESSAGES[result.outcome]


def grouped_by_reason(failed: Iterable[Result]) -> list[tuple[Message, list[Result]]]:
    """Return (why, results) of cases that failed, in their order: one cause often fails several."""
    reasons: dict[str, tuple[Message, list[Result]]] = {}
    for result in failed:
        why = reason(result)
        reasons.setdefault(f"{why} {result.diagnosis}", (why, []))[1].append(result)
    return list(reasons.values())


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def findings(notebook) -> list[Finding]:
    """Return one `Finding` for each exercise of an autograded notebook, in the notebook's order.

    Comments are there if nbgrader's GetGrades has put them into the cells' metadata; scores come from `scores`.
    """
    found, section = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = (headings(cell.source) or [section])[-1]
        if not (utils.is_grade(cell) or utils.is_solution(cell) or utils.is_task(cell)):
            continue
        marks = cell.metadata.nbgrader
        name = marks["grade_id"].removeprefix("test_")
        finding = found.setdefault(name, Finding(name, section))
        if utils.is_solution(cell):
            whole = len(cell.source) <= LONGEST_SOURCE
            finding.source = cell.source if whole else f"{cell.source[:LONGEST_SOURCE]}\n..."
        if marks.get("comment") and marks["comment"] != NO_RESPONSE:
            finding.comment = marks["comment"]
        if marks.get("comment") == NO_RESPONSE and utils.is_grade(cell):
            finding.reason = NO_ANSWER["unattempted"]
        if utils.is_grade(cell) or utils.is_task(cell):
            finding.graded, finding.maximum = True, float(marks["points"])
        if is_judged(cell):
            take_verdict(finding, cell)
    return list(found.values())


def whole_headings(text: str) -> list[str]:
    """Return the headings of the second level in a text."""
    titles = (line[2:].strip(" ") for line in text.split("\n") if line.startswith("## "))
    return [title for title in titles if title]


def headings(text: str) -> list[str]:
    """Return the headings of the second level in a text, without their minutes."""
    parted = [(title, *title.rpartition("(")) for title in whole_headings(text)]
    shown = (head.rstrip(" ") if head and MINUTES.fullmatch(end) else title for title, head, _, end in parted)
    return [title[:LONGEST_HEADING] for title in shown]


def take_verdict(finding, cell):
    """Take the verdict out of a graded cell, if there is one; raises ValueError for one of another version."""
    data = (cell.outputs[0].get("data", {}) if cell.outputs else {}).get(VERDICT)
    if not data:
        finding.reason = NO_VERDICT
        return
    finding.report = report_from(data)
    finding.points, finding.isolation, finding.reason = data["points"], data["isolation"], finding.report.reason
    finding.choice, finding.number, finding.counts = data.get("choice"), data.get("number"), data.get("counts", "")
    finding.inside, finding.traceback = data.get("inside", False), data.get("traceback", "")


def scores(gradebook, notebook, assignment, student):
    """Return {exercise: score} from the gradebook.

    None is where neither the judge nor a person has given points: nbgrader's own score is 0 there.
    """
    grades = gradebook.find_submission_notebook(notebook, assignment, student).grades
    return {
        grade.name.removeprefix("test_"): grade.score if {grade.auto_score, grade.manual_score} != {None} else None
        for grade in grades
    }


def comments(gradebook, notebook, assignment, student):
    """Return {exercise: what a person wrote about it} from the gradebook; nbgrader's own comments are left out."""
    given = gradebook.find_submission_notebook(notebook, assignment, student).comments
    return {
        each.name.removeprefix("test_"): each.comment for each in given if each.comment not in (None, "", NO_RESPONSE)
    }
