"""Take packed helpers out of what was handed in: a student's own are never run, only those that grading has."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbformat import NotebookNode

from grading.repair.cell_code import module_of, python_in
from grading.repair.intake import Piece, comparable
from helpers.support.language import Message, english

CALL = "bring_helpers"  # the function of source/setup_cell.py
PACKED = re.compile(rf'^{CALL}\(.*, packed="""([^"]*)"""\)', re.MULTILINE)
OTHER_SETUP = english(
    "The setup cell is of another release, or was changed: its checks may have said something else than grading does."
)
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
    ours = setups(release, editions)
    keys = {comparable(source) for source in ours}
    freed = [
        replace(piece, source=stripped(piece.source, ours)) if CALL in piece.source and piece.key not in keys else piece
        for piece in pieces
    ]
    return [piece for piece in freed if piece.source.strip()]


def setups(release: NotebookNode, editions: Iterable[Sequence[str]]) -> list[str]:
    """Return the setup cells of a release and of its editions."""
    known = [[cell.source for cell in release.cells], *editions]
    return list(dict.fromkeys(source for sources in known for source in sources if CALL in source))


def setup_repairs(
    pieces: Iterable[Piece], release: NotebookNode, editions: Iterable[Sequence[str]] = ()
) -> list[Message]:
    """Return what is to say where a submission unpacks other helpers and cases than those that were released.

    Arguments
        pieces: its cells, as they were handed in.
        release, editions: as for `without_packed`.
    """
    ours = setups(release, editions)
    packed = {packed_text(source) for source in ours}
    others = [text for piece in pieces if (text := packed_text(piece.source)) and text not in packed]
    return [OTHER_SETUP] if ours and others else []


def packed_text(source: str) -> str:
    """Return the packed text in a setup cell; empty where a source unpacks nothing."""
    found = PACKED.search(source)
    return found[1] if found else ""


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
