"""Mend a submission before it is graded: rebuild it from the released notebook and the student's answers.

Tests and prose come from the release, so that the student's copies of them never matter. An answer is found by
nbgrader's grade_id or by the function it defines. What the student added stays where it stood. Every repair is a
sentence (`repairs`).

A submission in another language than the release's is rebuilt from that edition of it; nothing else differs.

    bytes --intake--> pieces --match--> answers and extras --here--> the mended notebook, repairs
"""

import builtins
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nbformat import NotebookNode, from_dict, v4
from nbgrader import utils

from grading.bounded import TooDear, bounded_once
from grading.course import Edition, identified
from grading.repair.cell_code import Code, code
from grading.repair.editions import language_of
from grading.repair.intake import LARGEST_FILE, LARGEST_SOURCE, NotGradable, Piece, read_submission
from grading.repair.match import Match, released_code
from grading.repair.packed import setup_repairs, without_packed
from grading.repair.sentences import cell_repairs, kernel_repairs, moved_up
from helpers.support.language import Message, english

SECTION = "grading"  # of the mended notebook's metadata: the ids of its released read-only cells, its repairs
LARGEST_MENDED = LARGEST_FILE + LARGEST_SOURCE  # characters of all cells of a mended notebook
TOO_DEAR = english("it takes too much time or memory to read: its text is not one that a person would write")
OUR_FAILURE = english("the grader itself failed at this file: {error}")
LONGEST_ERROR = 300  # characters of our own error that are repeated
NOTE_ID = "what-was-repaired"
NOTE_TITLE = "**What was repaired before grading**"


@dataclass(frozen=True)
class Mended:
    """A submission that can be graded, a sentence for each repair, and how many answers it holds."""

    notebook: NotebookNode
    repairs: tuple[Message, ...]
    answers: int = 0

    def noted(self) -> NotebookNode:
        """Return the notebook with its repairs, if any: as data in its metadata, and in a first cell for people."""
        notebook = copied(self.notebook)
        if self.repairs:
            notebook.metadata.setdefault(SECTION, {})["repairs"] = [sentence.to_json() for sentence in self.repairs]
            source = "\n".join([NOTE_TITLE, "", *(f"- {sentence}" for sentence in self.repairs)])
            notebook.cells.insert(0, v4.new_markdown_cell(source, id=NOTE_ID))
        return notebook


def mend(content: bytes, release: NotebookNode, editions: Iterable[Edition] = ()) -> Mended:
    """Rebuild a submission from the released notebook and the answers in it.

    Nothing is run or written.

    Arguments
        content: the bytes handed in.
        release: the released notebook.
        editions: those of the release in other languages, as `Course.editions` returns them.

    Returns a notebook with every cell of the release in its order, the student's answers in the solution cells and the
    cells the student added beside them; no outputs.

    Raises `NotGradable` where the bytes are no notebook, show no trace of the release's exercises or take too much to
    read, and ValueError for a release that holds answers.
    """
    if any("BEGIN SOLUTION" in cell.source for cell in release.cells):
        raise ValueError("the release holds answers: give the notebook that students get")
    for cell in release.cells:
        released_code(cell)  # it is remembered, and each child knows it
    try:
        return bounded_once(mend_here, content, release, tuple(editions))
    except TooDear:
        raise NotGradable(TOO_DEAR) from None


def mend_here(content: bytes, release: NotebookNode, editions: Iterable[Edition]) -> Mended:
    """Do as `mend`, without a limit."""
    handed = read_submission(content)
    if not handed.pieces and any(cell.source.strip() for cell in release.cells):
        raise NotGradable(english("the notebook is empty: no cell has any content"))
    known = dict(editions)
    release = in_language(release, known.get(language_of(handed.pieces)))
    pieces = without_packed(handed.pieces, release, known.values())
    match = Match(release, pieces, known.values())
    entries, needed = in_running_order(arranged(match), match)
    repairs = [*handed.repairs, *kernel_repairs(handed.kernel, release), *cell_repairs(match), *moved_up(needed)]
    repairs += setup_repairs(handed.pieces, release, known.values())
    answers = sum(piece.kind != "code" or not piece.code.only_stubs for piece in match.answers.values())
    return Mended(rebuilt(release, entries), tuple(repairs), answers)


def mended_or_refused(content: bytes, release: NotebookNode, editions: Iterable[Edition] = ()) -> Mended:
    """Do as `mend`, but let a failure of our own be a reason too: one odd file must stop nobody else's."""
    try:
        return mend(content, release, editions)
    except NotGradable:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
        raise NotGradable(replace(OUR_FAILURE, values={"error": said})) from error


def copied(notebook: NotebookNode) -> NotebookNode:
    """Return a copy of a notebook that shares nothing with it."""
    copy: NotebookNode = from_dict(notebook)
    return copy


def in_language(release: NotebookNode, sources: Sequence[str] | None) -> NotebookNode:
    """Return a copy of the released notebook with the sources of one of its editions, if there are any."""
    release = identified(copied(release))
    for cell, source in zip(release.cells, sources or [cell.source for cell in release.cells], strict=True):
        cell.source = source
    return release


def repairs_in(notebook: NotebookNode) -> list[Message]:
    """Return the repairs that the metadata of a notebook of autograded/ lists; none where there are none."""
    return [Message.from_json(data) for data in notebook.metadata.get(SECTION, {}).get("repairs", ())]


def kept_in(notebook: NotebookNode) -> Message | None:
    """Return why the mark of a notebook of autograded/ is an earlier one (`engine.record.Kept`), or None."""
    data = notebook.metadata.get(SECTION, {}).get("kept")
    return Message.from_json(data) if data else None


@dataclass(frozen=True, eq=False)
class Entry:
    """A cell of the mended notebook: a place in the release, what the student wrote, or both."""

    place: int | None
    piece: Piece | None
    code: Code


def arranged(match: Match) -> list[Entry]:
    """Return the entries in the order of the release, with the extra pieces by what they stood by.

    A piece stays with the solution it stood by: after the one above it, else before the one below it. Elsewhere it
    stays before what followed it, and at the end where it stood by nothing. Another definition of an answer goes right
    before the one that counts, unless it stood below the check.
    """
    before: defaultdict[int, list[Piece]] = defaultdict(list)
    after: defaultdict[int, list[Piece]] = defaultdict(list)
    earlier: defaultdict[int, list[Piece]] = defaultdict(list)
    extras = set(match.extras)
    anchors = [None if piece in extras else match.place_of(piece) for piece in match.pieces]
    below: int | None = None
    followers: list[int | None] = []
    for anchor in reversed(anchors):
        followers.append(below)
        below = below if anchor is None else anchor
    above: int | None = None
    for piece, anchor, below in zip(match.pieces, anchors, reversed(followers), strict=True):
        above = above if anchor is None else anchor
        if piece not in extras:
            continue
        overridden = next((i for i in match.answers if match.is_overridden(i, piece)), None)
        own = match.places.get(piece)
        if overridden is not None:
            earlier[overridden].append(piece)
        elif own is not None:
            (before if own in match.names else after)[own].append(piece)
        elif above is not None and (above in match.names or below is None):
            after[above].append(piece)
        elif below is not None and (above is None or below > above or below in match.names):
            before[below].append(piece)
        else:
            after[len(match.cells) - 1 if above is None else above].append(piece)
    entries: list[Entry] = []
    for i, cell in enumerate(match.cells):
        answer = match.answers.get(i)
        entries += [Entry(None, piece, code_of(piece)) for piece in before[i] + earlier[i]]
        entries.append(Entry(i, answer, answer.code if answer else released_code(cell)))
        entries += [Entry(None, piece, code_of(piece)) for piece in after[i]]
    return entries


def code_of(piece: Piece) -> Code:
    """Return what a piece is as code; text is none."""
    return piece.code if piece.kind == "code" else code("")


def in_running_order(entries: Sequence[Entry], match: Match) -> tuple[list[Entry], list[str]]:
    """Move up what an answer needs and what stood below its check, as after cells that were run in another order.

    Returns the entries and, for each one moved, the name for which it was needed.
    """
    givers: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        for name in entry.code.binds - match.all_names if entry.place is None else ():
            givers[name].append(entry)
    ordered: list[Entry] = []
    known, seen = set(dir(builtins)), set[Entry]()
    needed: list[str] = []
    pending: frozenset[str] = frozenset()  # what the answers so far need, at their checks at the latest

    def helper_for(entry: Entry, pulled: bool) -> Entry | None:
        if entry.place is None:
            needs = entry.code.needs if pulled else frozenset()
        else:
            needs = pending if utils.is_grade(match.cells[entry.place]) else frozenset()
            needs |= entry.code.needs_at_once if entry.place in match.answers else frozenset()
        for name in sorted(needs - known):
            for giver in givers[name]:
                if giver not in seen:
                    needed.append(name)
                    return giver
        return None

    for entry in entries:
        stack = [entry] if entry not in seen else []
        seen.add(entry)
        while stack:
            if helper := helper_for(stack[-1], pulled=len(stack) > 1):
                seen.add(helper)
                stack.append(helper)
                continue
            ordered.append(stack.pop())
            known |= ordered[-1].code.binds
            if ordered[-1].place in match.answers:
                pending |= ordered[-1].code.needs
    return ordered, needed


def rebuilt(release: NotebookNode, entries: Sequence[Entry]) -> NotebookNode:
    """Make the notebook of the entries of this copy of the release, with its metadata and without outputs."""
    notebook = release
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    ids = {cell.get("id") for cell in release.cells} | {NOTE_ID}
    cells = []
    for entry in entries:
        if entry.place is not None:
            cell = notebook.cells[entry.place]
            cell.source = entry.piece.source if entry.piece else cell.source
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        else:
            piece = entry.piece
            assert piece, "an entry is a place, a piece or both"
            usable = re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", piece.id) and piece.id not in ids
            cell = from_dict({"cell_type": piece.kind, "metadata": {}, "source": piece.source})
            cell.id = piece.id if usable else fresh_id(ids)
            if piece.kind == "code":
                cell.update(outputs=[], execution_count=None)
            elif piece.attachments:
                cell.attachments = from_dict(piece.attachments)
            ids.add(cell.id)
        cells.append(cell)
    if sum(len(cell.source) for cell in cells) > LARGEST_MENDED:  # one cell that answers every exercise, say
        raise NotGradable(english("the notebook's cells hold more than {limit} characters", limit=LARGEST_SOURCE))
    notebook.cells = cells
    read_only = [notebook.cells[i].id for i, e in enumerate(entries) if e.place is not None and is_read_only(cells[i])]
    notebook.metadata[SECTION] = {"released": read_only}
    return notebook


def is_read_only(cell: NotebookNode) -> bool:
    """Tell whether a released cell is code that nobody is asked to change."""
    return cell.cell_type == "code" and "nbgrader" not in cell.metadata


def fresh_id(ids: set[str]) -> str:
    """Return an id that is not in use, the same for the same submission."""
    number = len(ids)
    while f"added-{number}" in ids:
        number += 1
    return f"added-{number}"
