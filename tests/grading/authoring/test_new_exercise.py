"""`make exercise` begins an exercise that passes as it is, and `make check-exercise` says what is wrong with one."""

import re

import pytest

from grading.__main__ import main
from grading.authoring.build import parse
from grading.authoring.new_exercise import CELLS, EXERCISE, begun_exercise

OPENING = "# %% [markdown]\n# # One\n\n# %% setup\nx = 1\n"
PART = "\n# %% [markdown]\n# ## {0}\n\n" + CELLS.replace("{{points}}", "2").replace("{name}", "{1}")
PART += "\n# %%\n{1}([1.0])\n"
TEXT = OPENING + PART.format("First", "first") + PART.format("Second", "second") + "\n# %% [markdown]\n# ## The end\n"
CONFIG = "c = get_config()\nc.OfCourse.course_folder = {!r}\n"


@pytest.fixture
def root(tmp_path):
    """A course with two notebooks, one with two exercises and one with none."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one.py").write_text(TEXT, "utf-8")
    (tmp_path / "source" / "two.py").write_text(OPENING, "utf-8")
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(str(tmp_path)))
    return tmp_path


def order(text):
    """Return the names of the tests and the headings of parts, in order."""
    return re.findall(r'^# (?:## |%% test=")(\w+)', text, re.MULTILINE)


@pytest.mark.parametrize(
    ("assignment", "after", "expected"),
    [
        ("one", "", ["First", "first", "Second", "second", "spread", "The"]),
        ("one", "first", ["First", "first", "spread", "Second", "second", "The"]),
        ("two", "", ["spread"]),
    ],
)
def test_an_exercise_stands_at_the_end_of_a_part_and_nothing_else_changes(root, assignment, after, expected):
    files, _ = begun_exercise(root, assignment, "spread", after)
    text = files[root / "source" / f"{assignment}.py"].decode()
    assert order(text) == expected
    before = (root / "source" / f"{assignment}.py").read_text("utf-8")
    assert text.replace(CELLS.format(name="spread") + "\n", "", 1).strip() == before.strip() or text.startswith(before)
    assert [cell.name for cell in parse(text, "t") if cell.points].count("spread") == 1
    assert files[root / "source/exercises" / assignment / "spread.py"].decode() == EXERCISE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["spread"], "several notebooks could be meant: add --assignment; there are one, two"),
        (["spread", "--assignment", "three"], "there is no source/three.py; the notebooks are one, two"),
        (["first", "--assignment", "one"], "one has an exercise first already"),
        (["my answer", "--assignment", "one"], "'my answer' is no name of an exercise"),
        (["lambda", "--assignment", "one"], "'lambda' is no name of an exercise"),
        (["../spread", "--assignment", "one"], "'../spread' is no name of an exercise"),
        (
            ["spread", "--assignment", "one", "--after", "third"],
            "has no test of third; there are those of first, second",
        ),
    ],
)
def test_what_cannot_be_begun_is_a_sentence_and_writes_nothing(root, capsys, arguments, said):
    before = sorted(root.rglob("*"))
    assert main(["exercise", *arguments, "--course", str(root)]) == 2
    assert said in capsys.readouterr().err
    assert sorted(root.rglob("*")) == before and (root / "source" / "one.py").read_text("utf-8") == TEXT


SPOILT = {
    "as it is": ("", "", []),
    "a right one is refused": ("return numbers[-1] - numbers[0]", "return 0.0", ["right_by_sorting is misjudged"]),
    "a wrong one survives": (
        "return max(numbers)\n",
        "return max(numbers) - min(numbers)\n",
        ["wrong_largest is misjudged", "wrong_largest is not told its sentence"],
    ),
    "a sentence is not said": ("Your numbers match the", "You gave the", ["wrong_largest is not told its sentence"]),
    "a constant is right": (
        '    return [_case("four numbers',
        '    above, below = [2.0, 5.0, 3.0], [-4.0, -2.5]\n    return [_case("four numbers',
        ["a table, else 0, which computes nothing, earns 2", "a table, else -1, which computes nothing, earns 2"],
    ),
}


@pytest.mark.parametrize(("old", "new", "faults"), SPOILT.values(), ids=SPOILT)
def test_what_is_wrong_with_an_exercise_is_named(root, capsys, old, new, faults):
    """The red fixtures, and the example that passes."""
    main(["exercise", "spread", "--assignment", "two", "--course", str(root)])
    path = root / "source/exercises/two/spread.py"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    capsys.readouterr()
    assert main(["check-exercise", "spread", "--course", str(root)]) == bool(faults)
    said = capsys.readouterr().out
    found = [line.removeprefix("spread: ") for line in said.splitlines() if line.startswith("spread: ")]
    assert all(fault in found for fault in faults) and bool(found) == bool(faults)
    assert ("Right answers get full marks" in said) == (not faults)


def test_an_exercise_that_is_not_there_or_in_two_notebooks_is_asked_for(root, capsys):
    for assignment in ("one", "two"):
        main(["exercise", "spread", "--assignment", assignment, "--course", str(root)])
    capsys.readouterr()
    assert main(["check-exercise", "spread", "--course", str(root)]) == 2
    assert "can't be told which assignment has spread: add --assignment; there are one, two" in capsys.readouterr().err
    assert main(["check-exercise", "spraed", "--assignment", "two", "--course", str(root)]) == 2
    assert "two has no exercise 'spraed'; there are spread" in capsys.readouterr().err
