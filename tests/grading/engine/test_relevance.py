"""Which released cells run at grading: those that an answer or a cell of the student's needs, and no other."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from grading.engine.judge import Judge, exercise_of, is_judged
from grading.engine.relevance import changed, skippable
from grading.repair.doctor import mend
from tests.support.course import ASSIGNMENTS, COURSE, filled, released, solutions


def mended(assignment, *added):
    """Return a solved submission with code cells of the student's at its end, as the doctor leaves it."""
    notebook = filled(assignment, solutions(assignment))
    notebook.cells += [new_code_cell(source) for source in added]
    return mend(nbformat.writes(notebook).encode(), released(assignment)).notebook


def left_out(notebook):
    """Return the sources of the released cells that are not run."""
    judged = {exercise_of(cell) for cell in notebook.cells if is_judged(cell)}
    return [notebook.cells[index].source for index in sorted(skippable(notebook, judged))]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_figures_and_explorers_are_left_out_and_what_answers_need_is_not(assignment):
    notebook = mended(assignment)
    skipped = left_out(notebook)
    assert any("helpers.explore_" in source for source in skipped)
    assert len(skipped) > 15
    imports = next(cell.source for cell in notebook.cells if "import torch" in cell.source)
    assert imports not in skipped


def test_a_cell_that_a_student_uses_is_run():
    naive = "def naive_softmax(x):"
    assert any(source.startswith(naive) for source in left_out(mended(ASSIGNMENTS[0])))
    used = left_out(mended(ASSIGNMENTS[0], "print(naive_softmax(torch.zeros(3)))"))
    assert used and not any(source.startswith(naive) for source in used)


def test_what_a_needed_cell_needs_is_run_too():
    skipped = left_out(mended(ASSIGNMENTS[0], "print(survives(80.0))"))
    assert skipped and not any("def survives" in source or "def naive_softmax" in source for source in skipped)


@pytest.mark.parametrize(
    "source",
    [
        "globals()['naive_softmax']",
        "eval('naive_' + 'softmax')",
        "import __main__\n__main__.naive_softmax",
        "import sys\nsys.modules['__main__']",
        "get_ipython().user_ns",
        "print(_3)",
        "%who",
        "def broken(:",
        pytest.param("x = 1\n" * 15_001, id="a long one"),
    ],
)
def test_where_names_may_be_found_unwritten_everything_is_run(source):
    assert left_out(mended(ASSIGNMENTS[0], source)) == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 1", {"x"}),
        ("import math", {"math"}),
        ("kept['a'] = 1", {"kept"}),
        ("net.layer[0].weight = 1", {"net"}),
        ("kept.append(1)", {"kept"}),
        ("torch.manual_seed(0)", {"torch"}),
        ("helpers.explore_vocabulary()", set()),
        ("print(x.sum())", set()),
        ("with needs('softmax_t'):\n    y = softmax_t(x)", {"y"}),
        ("def f():\n    global seen\n    seen = 1", {"f", "seen"}),
    ],
)
def test_what_a_cell_binds_or_changes_is_read_from_its_source(source, names):
    assert changed(source) == names


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_verdicts_are_those_of_a_full_run(assignment):
    found = []
    for everything in (False, True):
        judge = Judge(run_everything=everything)
        judge.cases = COURSE.cases(assignment)
        judge.preprocess(mended(assignment), {"metadata": {}})
        found.append({name: verdict.as_output("bubblewrap") for name, verdict in judge.verdicts.items()})
    assert found[0] == found[1]
    points = {f"test_{name}": worth for name, worth in COURSE.points(assignment).items()}
    assert {name: data["application/json"]["points"] for name, data in found[0].items()} == points
