"""Tell an instructor all about one student's exercise, in lines of plain text: hidden cases, too."""

import numpy as np

from grading.engine.record import Record, verdict_cells
from grading.engine.verdict import report_from
from grading.gradebook.history import PastMark
from grading.gradebook.points import IN_WORDS, Points, verdict_of, weighed
from grading.repair.doctor import SECTION
from grading.reports.findings import reason
from helpers.checks.calls import call
from helpers.checks.cases import CaseFile
from helpers.checks.kinds import Array, Dict, Guess, Kind, List, kind_of

FEW = 64  # numbers of an array that are written out


def answer_lines(record: Record, exercise: str):
    """Yield the student's cells of an exercise: the answer, and what stands with it above its check."""
    released = {*record.notebook["metadata"].get(SECTION, {}).get("released", ())}
    own: list[str] = []
    is_above_a_check = False  # of what several checks test, the later ones have nothing of their own
    for cell in record.notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade"):
            if marks["grade_id"].removeprefix("test_") == exercise:
                break
            is_above_a_check = True
        elif cell["cell_type"] == "code" and cell["id"] not in released:
            own = [*([] if is_above_a_check else own), cell["source"]]
            is_above_a_check = False
    for number, source in enumerate(own, 1):
        yield f"What was handed in, cell {number} of {len(own)}:"
        yield from (f"    {line}" for line in source.split("\n"))


def verdict_lines(record: Record, exercise: str, points: Points, files: tuple[CaseFile, CaseFile]):
    """Yield what the verdict says: the points of the aspects, and each case that failed, with its inputs."""
    cells = {name.removeprefix("test_"): cell for name, cell in verdict_cells(record.notebook).items()}
    cell = cells.get(exercise, {})
    data = weighed(verdict_of(cell), points.get(exercise))
    report = report_from(data)
    yield f"The verdict: {data['points']:g} of {data['maximum']:g} points"
    if words := IN_WORDS.get(data.get("counts", "")):
        yield f"    {words}"
    if report.reason:
        yield f"    {report.reason}"
    yield from (f"    uses {each.name}, in the line: {each.line or 'unknown'}" for each in report.violations)
    if report.results:
        yield from (f"    {name}: {report.earned(name):g} of {worth:g}" for name, worth in report.aspects.items())
    failed = [result for result in report.results if not result.passed]
    if report.results:
        yield f"{len(failed)} of {len(report.results)} cases failed" + (":" if failed else ".")
    for result in failed:
        yield f"    {result.name} ({'hidden' if result.hidden else 'public'}; {result.aspect}): {reason(result)}"
        if result.outcome == "raised" and result.diagnosis:
            yield f"        {result.diagnosis}"
        yield from (f"        {line}" for line in case_lines(exercise, result, files[result.hidden]))
        if result.got:
            yield f"        got: {result.got}"


def case_lines(exercise, result, file):
    """Yield the call of a case, and what it should give."""
    cases = file.exercises.get(exercise, {}).get("cases", ())
    found = [case for case in cases if (case["name"], case["aspect"]) == (result.name, result.aspect)]
    if not found:
        yield "the course has no such case any more"
        return
    if asked := call(file.function(exercise), found[0], file.tensors):
        yield f"call: {asked}"
    yield f"expected: {written_out(kind_of(found[0]['expected'], file.tensors))}"


def written_out(kind: Kind) -> str:
    """Return an expected value on one line, the middle of long arrays left out; of a prediction what it may be."""
    if isinstance(kind, Guess):
        return str(kind.asked())
    if isinstance(kind, Dict):
        return "{" + ", ".join(f"{key!r}: {written_out(item)}" for key, item in kind.items) + "}"
    if isinstance(kind, List):
        return "[" + ", ".join(map(written_out, kind.items)) + "]"
    if isinstance(kind, Array):
        return " ".join(np.array2string(kind.reference, threshold=FEW, precision=6, separator=", ").split())
    return kind.text()


def history_lines(past: list[PastMark], version: str):
    """Yield the history of the mark, a line for each change; ``version`` is the present verdict's."""
    for mark in past:
        auto, manual, extra, comment = mark.marks
        said = ["no verdict" if auto is None else f"verdict {auto:g}"]
        said += [] if manual is None else [f"a person gave {manual:g}"]
        said += [f"extra credit {extra:g}"] if extra else []
        said += [f'comment "{comment}"'] if comment else []
        of = version if not mark.when else mark.verdict.partition("-")[2]
        yield f"    {mark.when or 'now':19}  {', '.join(said)}" + (f"  (version {of})" if of else "")
