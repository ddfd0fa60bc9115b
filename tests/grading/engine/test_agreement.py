"""A check and grading never disagree: the same notebook, run from top to bottom in a real kernel, and graded."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from grading.engine.judge import Judge
from grading.engine.record import LIMITS, Terms, judged
from grading.sandbox.isolation import isolation
from tests.support.accidents import ACCIDENTS
from tests.support.course import COURSE, FIRST, FORBIDDEN, NO_SHIFT, fill, released, solutions
from tests.support.session import Session

EXERCISES = ("prediction_1", "softmax_t", "decay_ratios")
RIGHT = solutions(FIRST)["softmax_t"]
CHECK = "test-softmax_t"
pytestmark = pytest.mark.skipif(isolation() != "bubblewrap", reason="accidents happen in bubblewrap only")


def short_release():
    """Return the released notebook's setup and some of its exercises."""
    notebook = released(FIRST)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kept = [name for exercise in EXERCISES for name in (f"solution-{exercise}", f"test-{exercise}")]
    notebook.cells = code[:2] + [cell for cell in code if cell.id in kept]
    return notebook


def answered(own="", above=CHECK, **answers):
    """Return a student's notebook: other answers than the right ones, and an own cell above one, or at the end."""
    notebook = fill(short_release(), {name: solutions(FIRST)[name] for name in EXERCISES} | answers)
    places = [cell.id for cell in notebook.cells]
    if own:
        place = places.index(above) if above else len(places)
        notebook.cells.insert(place, new_code_cell(own, id="own"))
    return notebook


def without(name):
    notebook = answered()
    notebook.cells = [cell for cell in notebook.cells if cell.id != name]
    return notebook


def in_markdown():
    notebook = answered()
    index = next(i for i, cell in enumerate(notebook.cells) if cell.id == "solution-softmax_t")
    notebook.cells[index] = nbformat.v4.new_markdown_cell(
        RIGHT, id="solution-softmax_t", metadata=notebook.cells[index].metadata
    )
    return notebook


def accident(name):
    return answered(ACCIDENTS[name].own, softmax_t=ACCIDENTS[name].answer)


STUB = next(cell.source for cell in short_release().cells if cell.id == "solution-softmax_t")
ALIKE = {
    "solved": answered(),
    "empty": short_release(),
    "wrong": answered(softmax_t=NO_SHIFT, decay_ratios="def decay_ratios(stds):\n    return stds", prediction_1="1"),
    "a forbidden way": answered(softmax_t=FORBIDDEN),
    "no Python": answered(softmax_t=f"{RIGHT}\n)"),
    "no Python in its cell, and an answer in another": answered(RIGHT, softmax_t=f"{RIGHT}\n)"),
    "renamed": answered(softmax_t=RIGHT.replace("softmax_t", "mine")),
    "renamed, and named again": answered("softmax_t = mine", softmax_t=RIGHT.replace("softmax_t", "mine")),
    "deleted": answered("del softmax_t"),
    "its cell is deleted": without("solution-softmax_t"),
    "its check is deleted": without(CHECK),
    "wrong, and right in another cell": answered(RIGHT, softmax_t=NO_SHIFT),
    "right, and wrong in another cell": answered(NO_SHIFT),
    "a stub above its own cell": answered(RIGHT, softmax_t=STUB),
    "right, and wrong below the check": answered(NO_SHIFT, above=None),
    "wrong, and right below the check": answered(RIGHT, above=None, softmax_t=NO_SHIFT),
    "a lambda": answered(softmax_t="softmax_t = lambda x, temperature=1.0, dim=-1: x"),
    "it stops before its answer": answered(softmax_t=f"1 / 0\n{RIGHT}"),
    "it stops below its answer": answered(softmax_t=f"{RIGHT}\n1 / 0"),
    "a magic": answered(softmax_t=f"%%time\n{RIGHT}"),
    "a prediction of another kind": answered(prediction_1="prediction_1 = '2'"),
    "a prediction that stops": answered(prediction_1="prediction_1 = math.log(65504)"),
    "an endless loop": answered(softmax_t="def softmax_t(x, temperature=1.0, dim=-1):\n    while True: pass"),
    **{name: accident(name) for name in ("recursion", "a bad default", "another folder", "%matplotlib widget")},
}  # fmt: skip
# Grading mends these, and a check says what to do: it is never the other way round.
MENDED = {
    "only below the check": answered(RIGHT, above=None, softmax_t=STUB),
    "turned into Markdown": in_markdown(),
    "torch is deleted": accident("torch is deleted"),
}
GREEN = r": (noted\.|(\d+) of \2 cases? here (is|are) right[.;])"  # as the summary of a report says it
QUICK = ("no Python", "right, and wrong below the check")


def checked(notebook, folder):
    """Return which exercises' checks are green after one run from top to bottom in a kernel, and what is said."""
    with Session(notebook, folder) as session:
        session.execute("import helpers.checks\nhelpers.checks.CALL = 1.0")
        said = session.run_all()
    names = [name for name in EXERCISES if f"test-{name}" in said]
    return {name: bool(re.match(name + GREEN, said[f"test-{name}"])) for name in names}, said


def graded(notebook):
    """Return which exercises' public cases all pass at grading."""
    limits = {"timeout": 3, "iopub_timeout": 3, "wall_limit": 40}
    settings = tuple((name, limits.get(name, getattr(Judge(), name))) for name in LIMITS)
    release = nbformat.writes(short_release()).encode()
    terms = Terms(FIRST, release, *COURSE.cases(FIRST), limits=settings, private=(str(COURSE.folder),))
    record = judged(nbformat.writes(notebook).encode(), terms, terms.version)
    found = {}
    for cell in record.notebook["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if name.startswith("test_"):
            verdict = cell["outputs"][0]["data"]["application/json"]
            public = [case["outcome"] == "passed" for case in verdict["cases"] if not case["hidden"]]
            found[name.removeprefix("test_")] = bool(public) and all(public) and not verdict["violations"]
    return found


def kinds(table):
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in table]


@pytest.mark.parametrize("name", kinds(ALIKE))
def test_a_check_is_green_where_the_public_cases_pass_at_grading(name, tmp_path):
    notebook = ALIKE[name]
    green, said = checked(notebook, tmp_path)
    passed = graded(notebook)
    assert green == {name: passed[name] for name in green}, said


@pytest.mark.parametrize("name", kinds(MENDED))
def test_what_grading_mends_is_not_green_before(name, tmp_path):
    green, said = checked(MENDED[name], tmp_path)
    assert not green["softmax_t"] and graded(MENDED[name])["softmax_t"], said
