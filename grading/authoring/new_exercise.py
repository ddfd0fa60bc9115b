"""Begin an exercise: its cells in a text notebook and its file, a small example that passes, to be changed."""

import keyword
from pathlib import Path

from grading.authoring.build import parse, text_notebooks

CELLS = '''\
# %% [markdown]
# ### Exercise: `{name}` ({{points}} points)
#
# Write `{name}(numbers)`: the range of some numbers, the largest minus the smallest.


# %% solution="{name}"
def {name}(numbers: list[float]) -> float:
    """Return the largest of some numbers minus the smallest.

    >>> {name}([2.0, 5.0, 3.0])
    3.0
    """
    ### BEGIN SOLUTION
    return max(numbers) - min(numbers)
    ### END SOLUTION


# %% test="{name}" points=2
'''
EXERCISE = '''\
"""The range of some numbers: an example, to be changed."""

from grading.authoring.exercise import case, list_of, number, within

ASPECTS = {"the range": 1, "negative numbers": 1}
RANGE, NEGATIVE = ASPECTS


def _case(name, aspect, numbers):
    """Return a case; its reference comes about in another way than the answers below."""
    reference = max(one - other for one in numbers for other in numbers)
    return case(name, aspect, number(reference, within(rtol=1e-9)), "Subtract the smallest.", list_of(numbers))


def public(book):
    return [_case("three numbers", RANGE, [2.0, 5.0, 3.0]), _case("below zero", NEGATIVE, [-4.0, -2.5])]


def hidden(book, rng):
    above, below = ([round(rng.uniform(*ends), 2) for _ in range(4)] for ends in ((1, 9), (-9, -1)))
    return [_case("four numbers", RANGE, above), _case("four below zero", NEGATIVE, below)]


def right_by_max_and_min(numbers):
    return max(numbers) - min(numbers)


def right_by_sorting(numbers):
    numbers = sorted(numbers)
    return numbers[-1] - numbers[0]


def wrong_largest(numbers):
    """Your numbers match the largest one alone."""
    return max(numbers)
'''


def begun_exercise(root: Path, assignment: str, name: str, after: str = "") -> tuple[dict[Path, bytes], str]:
    """Return what files an exercise begins with, by path, and the exercise that it follows in the notebook.

    Arguments
        root: the course's folder.
        assignment: the name of a text notebook.
        name: that of the exercise, which is its function's.
        after: the exercise whose part it is to follow; if empty, the last one that gives points, or else all cells.

    Raises ValueError where that can't be, and BuildError for a text that is no notebook.
    """
    texts = text_notebooks(root)
    if assignment not in texts:
        raise ValueError(f"there is no source/{assignment}.py; the notebooks are {', '.join(texts)}")
    path = root / "source" / "exercises" / assignment / f"{name}.py"
    cells = parse(texts[assignment], f"source/{assignment}.py")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
        raise ValueError(f"{name!r} is no name of an exercise: write one of a function, such as spread_of")
    if path.exists() or name in {cell.name for cell in cells}:
        raise ValueError(f"{assignment} has an exercise {name} already: choose another name")
    graded = [cell.name for cell in cells if cell.kind == "test"]
    if after and after not in graded:
        raise ValueError(f"source/{assignment}.py has no test of {after}; there are those of {', '.join(graded)}")
    after = after or next((cell.name for cell in reversed(cells) if cell.points), "")
    lines = texts[assignment].rstrip("\n").split("\n")
    own = line_of(cells, after) if after else len(lines)
    end = next((line for line in heading_lines(cells) if line > own), len(lines))
    before, rest = ("\n".join(part).strip("\n") for part in (lines[:end], lines[end:]))
    cell = CELLS.format(name=name)
    notebook = "\n\n".join(filter(None, (before, cell.rstrip("\n"), rest))) + "\n"
    return {path: EXERCISE.encode(), root / "source" / f"{assignment}.py": notebook.encode()}, after


def heading_lines(cells):
    """Return the lines, counted from 0, of the headers of the cells that begin with a heading."""
    return [cell.line - 1 for cell in cells if cell.kind == "markdown" and cell.source.startswith("#")]


def line_of(cells, name):
    """Return the line, counted from 0, of the header of an exercise's test."""
    return next(cell.line - 1 for cell in cells if (cell.kind, cell.name) == ("test", name))
