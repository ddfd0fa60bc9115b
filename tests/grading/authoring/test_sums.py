"""Headings and maps: what the build fills in, and what it does not let pass."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from grading.authoring import build
from grading.authoring.texts import losses, other_headings, summed

MAP = """\
It takes {minutes} minutes, {read} + {do}, for {points} points; {hurry} in a hurry. `{points}` and $x_{do}$ are code.

| section | claims | points | minutes | in a hurry |
|---|---|---|---|---|
| 1. One | {claims} | {points} | {read} + {do} | 2 |
| Two | {claims} | {points} | {read} + {do} | |"""
ONE = "## 1. One (read 4 · do 20 · {points} points)\n\n### A part ({points} points)"
TWO = "## Two (read 1 · do 2)"
FILLED = """\
It takes 27 minutes, 5 + 22, for 2.5 points; 2 in a hurry. `{points}` and $x_{do}$ are code.

| section | claims | points | minutes | in a hurry |
|---|---|---|---|---|
| 1. One | C3 | 2.5 | 4 + 20 | 2 |
| Two | C13a, C14 | | 1 + 2 | |"""


def graded(name, points):
    marks = {"grade": True, "grade_id": f"test_{name}", "points": points}
    return new_code_cell(metadata={"nbgrader": marks})


def notebook(*cells):
    return new_notebook(cells=[new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in cells])


def prose(nb):
    return [cell.source for cell in nb.cells if cell.cell_type == "markdown"]


ONES = ("# Title", MAP, ONE, graded("f", 1), graded("claim_c3", 0), "### Next ({points} points)", graded("g", 1.5))
TWOS = (TWO, graded("claim_c13a", 0), graded("claim_c14", 0))


def test_sums_are_filled_in_where_the_prose_leaves_a_place():
    nb = notebook(*ONES, *TWOS)
    headings = "## 1. One (read 4 · do 20 · 2.5 points)\n\n### A part (1 point)"
    assert prose(summed(nb)) == ["# Title", FILLED, headings, "### Next (1.5 points)", TWO]
    assert prose(nb)[1] == MAP  # the one that was given stays


def test_a_course_without_sums_stays_as_it_is():
    plain = [
        "# A title (of 3 points)",
        "## Zeros (in 1 of 4 points)",
        "## One (5 minutes)",
        "| Zeros | 0 | {x} |",
        "## Zeros",
    ]
    assert prose(summed(notebook(*plain))) == plain


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (
            ["## One (read 4 · do 20 · 5 points)", graded("f", 2.5)],
            "the heading 'One' says 5 points, its tests make 2.5: write {points} there",
        ),
        (
            ["## One (1 point)", "## Two (1 point)", graded("f", 1)],
            "the heading 'One' says 1 point, its tests make 0: write {points} there",
        ),
        ([MAP.replace("Two", "To"), ONE, TWO], "the map has a row 'To', which is no heading\nthe map has no row 'Two'"),
        ([MAP, ONE, TWO, "## Three (read 1 · do 1)"], "the map has no row 'Three'"),
    ],
)
def test_what_contradicts_is_named_with_what_was_found_and_expected(cells, said):
    with pytest.raises(ValueError) as raised:
        summed(notebook(*cells))
    assert str(raised.value) == said


def test_a_translated_heading_with_another_number_is_named():
    nb = summed(notebook(*ONES, *TWOS))
    edition = notebook("# Tên", "## 1. Một (đọc 4 · làm 20 · 3 điểm)", "### Phần (1 điểm)", "### Sau (1.5 điểm)")
    assert other_headings(nb, edition) == [
        "the heading '1. Một' says 'đọc 4 · làm 20 · 3 điểm', in English 'read 4 · do 20 · 2.5 points'"
    ]
    assert other_headings(nb, nb) == []
    assert losses("in {hurry} minutes", "trong 40 phút", "prose") == ["loses the place '{hurry}'"]


TEXT = """\
# %% [markdown]
# ## Double it ({0})

# %% solution="double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=2
"""


@pytest.mark.parametrize("command", [[], ["--check"]])
def test_the_build_stops_at_a_heading_that_contradicts(tmp_path, capsys, command):
    (tmp_path / "source").mkdir()
    (tmp_path / "source/doubling.py").write_text(TEXT.format("3 points"), "utf-8")
    assert build.main(["--root", str(tmp_path), *command]) == 1
    said = "source/doubling.py: the heading 'Double it' says 3 points, its tests make 2: write {points} there\n"
    assert capsys.readouterr().err == said
    assert [path.name for path in tmp_path.rglob("*")] == ["source", "doubling.py"]
