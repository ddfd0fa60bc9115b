"""Take packed helpers out of what was handed in: a student's own are never run, only those that grading has."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbformat import NotebookNode

from grading.repair.cell_code import module_of, python_in
from grading.repair.intake import Piece, comparable

CALL = "bring_helpers"  # the function of source/setup_cell.py
LINE = re.compile(rf"^[ \t]*{CALL}\(", re.MULTILINE)


def without_packed(
    pieces: Iterable[Piece], release: NotebookNode, editions: Iterable[Sequence[str]] = ()
) -> list[Piece]:
    """Take packed helpers out of a submission.

    Arguments
        pieces: its cells.
        release: the released notebook.
        editions: the sources of the cells of each of its editions.

    Returns the pieces that are left; what else stood in a cell with packed helpers, an import say, stays. A setup cell
    that is the release's, word for word, or that of one of its editions, is left as it is.
    """
    known = [[cell.source for cell in release.cells], *editions]
    ours = list(dict.fromkeys(source for sources in known for source in sources if CALL in source))
    keys = {comparable(source) for source in ours}
    freed = [
        replace(piece, source=stripped(piece.source, ours)) if CALL in piece.source and piece.key not in keys else piece
        for piece in pieces
    ]
    return [piece for piece in freed if piece.source.strip()]


def unpacks(source: str) -> bool:
    """Tell whether a line of a source unpacks helpers: of a mended notebook's cells, the release's setup cell alone."""
    return bool(LINE.search(source))


def stripped(source: str, ours: Iterable[str]) -> str:
    """Return a source without the release's setup cells and without any call that unpacks."""
    for setup in ours:
        source = source.replace(setup, "")
    lines = source.split("\n")
    tree = module_of(python_in(source))
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and CALL in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
            rows = slice(node.lineno - 1, node.end_lineno)
            lines[rows] = [""] * len(lines[rows])
    return "\n".join("" if LINE.match(line) else line for line in lines)
