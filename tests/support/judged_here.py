"""Judge without a kernel: for tests of what is done with verdicts, not of how they come about."""

import torch

import helpers
from grading.engine.judge import NO_ANSWER, exercise_of, is_judged, write_outputs
from grading.engine.record import JUDGED, NOT_GRADABLE, Record, key_of, released, unpack_terms
from grading.engine.verdict import no_answer, verdict
from grading.repair.doctor import mend
from grading.repair.intake import NotGradable
from helpers.checks.cases import read_cases
from helpers.checks.collect import collect
from helpers.checks.report import Report


def judged_here(content, packed, expected):
    """Do as `grading.engine.record.judged_elsewhere`, in this process; the answers are this repository's own."""
    terms = unpack_terms(packed)
    key = key_of(content, terms)
    try:
        mended = mend(content, released(terms.release), terms.editions)
    except NotGradable as refusal:
        return Record(key, NOT_GRADABLE, refusal.reason)
    notebook, points, names = mended.noted(), {}, {"torch": torch, "helpers": helpers, "softmax_t": helpers.softmax_t}
    files = [read_cases(part) for part in (terms.public, terms.hidden)]
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            exec(cell.source, names)
        if is_judged(cell):
            found = verdict_on(exercise_of(cell), cell.metadata.nbgrader.points, files, names)
            points[cell.metadata.nbgrader.grade_id] = found.points
            write_outputs(cell, found, "none")
    return Record(key, JUDGED, points=points, notebook=notebook)


def verdict_on(name, maximum, files, names):
    """Return the verdict on what a namespace has under a name."""
    answers = []
    for file in files:
        cases = file.exercises[name]["cases"]
        answers += collect(names[name], cases, file.inputs(cases))
    if answers[0]["kind"] in NO_ANSWER:
        report = Report(name, (), files[0].exercises[name]["aspects"], graded=True)
        return no_answer(report, maximum, NO_ANSWER[answers[0]["kind"]])
    return verdict(name, maximum, files, answers)
