"""Show the instructor's main job on real input: ``python -m grading.commands.demo``, or ``make demo``.

In a temporary course folder seven students hand in the first notebook: solved, blank, half right, wrong in three ways,
and one file that is broken. nbgrader grades them with this repository's configuration, and a table gives every mark
with its reasons. No real gradebook is touched.
"""

import tempfile
import textwrap
from pathlib import Path

from grading.commands.trial import Trial
from grading.course import filled, released, solutions
from grading.repair.doctor import mend
from grading.repair.intake import NotGradable

ASSIGNMENT = "iterated_softmax"

NO_SHIFT = """def softmax_t(x, temperature=1.0, dim=-1):
    weights = torch.exp(x / temperature)
    return weights / weights.sum(dim=dim, keepdim=True)"""

FORBIDDEN = """def softmax_t(x, temperature=1.0, dim=-1):
    return torch.nn.functional.softmax(x / temperature, dim)"""

FORGOT_RETURN = """def softmax_t(x, temperature=1.0, dim=-1):
    scaled = x / temperature
    weights = torch.exp(scaled - scaled.amax(dim=dim, keepdim=True))
    probabilities = weights / weights.sum(dim=dim, keepdim=True)"""


def submissions():
    """Return what each student hands in: a notebook, or bytes."""
    solved = solutions(ASSIGNMENT)
    half = {name: solved[name] for name in ("softmax_t", "decay_ratios")}
    return {
        "solved": filled(ASSIGNMENT, solved),
        "blank": filled(ASSIGNMENT, {}),
        "half_right": filled(ASSIGNMENT, half),
        "wrong_no_shift": filled(ASSIGNMENT, solved | {"softmax_t": NO_SHIFT}),
        "wrong_forbidden": filled(ASSIGNMENT, solved | {"softmax_t": FORBIDDEN}),
        "wrong_no_return": filled(ASSIGNMENT, solved | {"softmax_t": FORGOT_RETURN}),
        "broken_file": b'{"cells": [{"cell_type": "co',
    }


def table(course, handed_in):
    """Yield the lines of the table of marks, one student after the other, with the reasons for lost points."""
    yield f"{'student':16} {'points':>6}  why"
    marks = course.marks(ASSIGNMENT)
    for student, content in handed_in.items():
        points = marks.get(student)
        if not points:
            yield f"{student:16} {'-':>6}  not graded, the file is kept as it came: {why_not(content)}"
            continue
        findings = list(reasons(course.graded(student, ASSIGNMENT)))
        yield f"{student:16} {sum(points.values()):6g}  {'full marks' if not findings else ''}".rstrip()
        yield from (textwrap.indent(finding, " " * 25) for finding in findings)


def reasons(notebook):
    """Yield the verdict's headline and first finding for every exercise that lost points."""
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            headline, *lines = cell.outputs[0].data["text/plain"].splitlines()
            points = cell.outputs[1].data["text/plain"]
            if float(points) < cell.metadata.nbgrader.points:
                lost = next((i for i, line in enumerate(lines) if not line.startswith("  passed")), len(lines))
                finding = " ".join(line.strip() for line in lines[lost : lost + 2])
                yield textwrap.fill(f"{headline} {finding}", 95, subsequent_indent="  ")


def why_not(content):
    """Return the doctor's reason why bytes are no notebook that can be graded."""
    try:
        mend(content, released(ASSIGNMENT))
    except NotGradable as reason:
        return reason
    return "nbgrader stopped with an error; run it on this file to see which"


def main():
    with tempfile.TemporaryDirectory() as folder:
        course = Trial(Path(folder))
        print("Generating the assignment ...", flush=True)
        course.generate(ASSIGNMENT)
        handed_in = submissions()
        for student, content in handed_in.items():
            course.submit(student, ASSIGNMENT, content)
        print(f"Grading {len(handed_in)} submissions with `nbgrader autograde` ...\n", flush=True)
        course.nbgrader("autograde", ASSIGNMENT)
        print("\n".join(table(course, handed_in)))


if __name__ == "__main__":
    main()
