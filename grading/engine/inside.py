"""Ordinary test cells of nbgrader's: asserts, or a number of points, which run in the student's own kernel.

An exercise with cases is judged outside its kernel. A test cell without them is code that the kernel runs, as nbgrader
does, so that a student's code can make it say anything: such a mark can be forged, and its verdict says so. What this
process has received of the cell is read by nbgrader's own rule; but a warning costs nothing, and a cell that has not
run to its end gets no points.

A kernel that has been sent a hidden test could carry it out: from then on nothing that came from it is repeated but the
type of a built-in error, and the number of a line that the student has, too.
"""

import builtins
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbgrader.utils import determine_grade

from grading.engine.accident import IN_CELL, LONGEST_TRACEBACK
from grading.engine.outputs import made
from grading.engine.verdict import NO_ANSWER
from grading.repair.cell_code import module_of, python_in
from helpers.support.language import Message, english, plain

COLOUR = re.compile(r"\x1b\[[\d;]*m")
LONGEST_TEXT, LONGEST_LINE = 200, 120  # characters that are repeated of an error and of a test
CHECK = re.compile(r"""^[ \t]*check\(["'](\w+)["']""", re.MULTILINE)  # in a test cell whose cases lie outside


@dataclass
class Came:
    """What a kernel has sent of a test cell.

    Attributes
        ended: the status of its reply, "ok" or "error"; empty where none came.
        results: the texts of its results, of which the first may be points.
        error: the output of its error, whatever is in there.
    """

    ended: str = ""
    results: list[str] = field(default_factory=list)
    error: NotebookNode | None = None


def needs_cases(name: str, source: str) -> bool:
    """Tell whether a test cell asks a check that has cases, so that it must not be run without them."""
    return name in CHECK.findall(source)


def tests_nothing(source: str) -> bool:
    """Tell whether a test cell has no line that does anything: everybody would pass it."""
    tree = module_of(python_in(source))
    return tree is not None and not tree.body


def points_given(cell: NotebookNode, came: Came) -> float:
    """Return the points of a test cell that has run.

    Raises ValueError, as nbgrader does, where it gives itself more than it is worth, and RuntimeError where it was not
    run: there is no mark then.
    """
    name = cell.metadata.nbgrader["grade_id"]
    if not came.ended:
        raise RuntimeError(f"the test cell {name} was not run: is it empty, or marked to be skipped?")
    if came.error or came.ended != "ok":
        return 0.0
    ran = NotebookNode(cell | {"outputs": [made("execute_result", data={"text/plain": text}) for text in came.results]})
    try:
        return float(determine_grade(ran)[0])
    except ValueError:
        most = float(cell.metadata.nbgrader["points"])
        raise ValueError(f"the test cell {name} gives itself {came.results[0][:40]} points, of {most:g}") from None


def failure(source: str, came: Came, released: Collection[str] | None) -> Message:
    """Return why a test cell gave no points.

    Arguments
        source: the cell's, as it was run.
        came: what the kernel has sent.
        released: the lines of the cell that students have, where the kernel has seen a hidden test; None where it has
            seen none, so that its words may be repeated.
    """
    error = came.error or NotebookNode(ename="", evalue="", traceback=[])
    if error.ename == NotImplementedError.__name__:  # what nbgrader puts in the place of an answer
        return NO_ANSWER["unattempted"]
    is_builtin = isinstance(getattr(builtins, error.ename, None), type)
    whole = f"{error.ename}: {error.evalue}" if error.evalue else error.ename
    said = plain(whole.split("\n")[0][:LONGEST_TEXT] if released is None else error.ename)
    if not error.ename or not (released is None or is_builtin):
        said = english("an error")
    lines = [line.strip() for line in source.split("\n")]
    numbers = [int(each) for each in IN_CELL.findall(bare(error.traceback))]
    line = lines[numbers[0] - 1] if numbers and 1 <= numbers[0] <= len(lines) else ""
    if line and released is not None and line not in released:
        return english("a test that is not in your notebook stopped: {error}", error=said)
    if line:
        return english("its test stopped in the line `{line}`: {error}", line=line[:LONGEST_LINE], error=said)
    return english("its test stopped: {error}", error=said)


def bare(traceback: object) -> str:
    """Return the text of a traceback without its colours, or as much of it as may be kept."""
    lines = [line for line in traceback if isinstance(line, str)] if isinstance(traceback, list) else []
    return COLOUR.sub("", "\n".join(lines)[:LONGEST_TRACEBACK])
