"""Say what was repaired in a submission, in sentences for student and instructor.

The sentences quote nothing of the submission but names that it shares with the release, Python identifiers and the name
of a kernel.
"""

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nbformat import NotebookNode

from grading.repair.intake import Piece
from grading.repair.match import Match, grade_id
from helpers.support.language import Message, english, english_counted

MOST_MOVED, LONGEST_NAME = 20, 60  # sentences about moved cells, and letters of a name in one
MARKS = ("grade", "solution", "locked", "task", "points", "schema_version")


def kernel_repairs(kernel: str | None, release: NotebookNode) -> list[Message]:
    """Return what is to say about the kernel that a submission names."""
    ours = release.metadata.get("kernelspec", {})
    if kernel is None or kernel == ours.get("name"):
        return []
    shown = f" ({kernel})" if re.fullmatch(r"[\w .-]{1,40}", kernel) else ""
    return [
        english(
            "The notebook named another kernel{shown}; it is run with {ours}.",
            shown=shown,
            ours=ours.get("display_name"),
        )
    ]


def cell_repairs(match: Match) -> list[Message]:
    """Return a sentence for each kind of repair to the cells, with the names of the exercises."""
    found: defaultdict[str, list[Any]] = defaultdict(list)  # by kind: names of exercises, or cells to be counted
    present: defaultdict[int, list[Piece]] = defaultdict(list)
    for piece in match.pieces:
        if piece in match.places:
            present[match.places[piece]].append(piece)
    extras = set(match.extras)
    moved = out_of_order([match.place_of(piece) for piece in match.pieces if piece not in extras])
    shared = Counter(match.answers.values())
    for i, cell in enumerate(match.cells):
        pieces, name = present[i], grade_id(cell)
        if name is None:
            found["lost prose" if not pieces else "changed prose"] += [i] * (not any(map(match.is_copy, pieces)))
            found["copies"] += pieces[1:] if all(map(match.is_copy, pieces)) else []
            found["retyped prose"] += [p for p in pieces if p.kind != cell.cell_type and match.is_copy(p)]
            continue
        if i in match.names:
            for kind in answer_repairs(match, i, pieces, shared):
                found[kind].append(name)
        else:
            found["lost check"] += [name] * (not pieces)
            found["changed check"] += [name] * any(p.kind != cell.cell_type or not match.is_copy(p) for p in pieces)
            found["repeated check"] += [name] * (len(pieces) > 1)
        found["moved"] += [name] * (i in moved)
        found["marks"] += [name] * any(changed_marks(piece, cell) for piece in pieces)
    return [SENTENCES[kind](found[kind]) for kind in SENTENCES if found[kind]]


def moved_up(names: Sequence[str]) -> list[Message]:
    """Return a sentence for each cell that was moved above a check, by the name that it defines, and one for many."""
    shown = [name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}..." for name in names[:MOST_MOVED]]
    found = [
        english("Moved above the check that needs it: the cell that defines `{name}`.", name=name) for name in shown
    ]
    if more := len(names) - len(shown):
        found.append(
            english_counted(
                "Moved above the checks that need it: {count} cell more.",
                "Moved above the checks that need them: {count} cells more.",
                more,
            )
        )
    return found


def answer_repairs(match: Match, i: int, pieces: Sequence[Piece], shared: Mapping[Piece, int]) -> Iterator[str]:
    """Yield the kinds of repair to one solution.

    Arguments
        match: the submission beside its release.
        i: the index of the solution.
        pieces: the cells found at its place.
        shared: how many solutions each answer answers.
    """
    answer, cell = match.answers.get(i), match.cells[i]
    if answer is None and not pieces:
        yield "lost answer"
        return
    if i in match.parts:
        yield "split"
    if any(piece.kind != cell.cell_type for piece in ([answer] if answer else pieces)):
        yield "retyped"
    if answer is None:
        return
    others = [piece for piece in match.definitions(i) if piece is not answer]
    overridden = [piece for piece in others if match.is_overridden(i, piece)]
    if any(match.order[piece] < match.order[answer] for piece in overridden):
        yield "several"
    if any(match.order[piece] > match.order[answer] for piece in overridden):
        yield "unreadable"
    if len(others) > len(overridden):
        yield "later"
    if sum(piece.key == answer.key for piece in match.pieces) > 1:
        yield "repeated"
    if shared[answer] > 1 or (answer in match.places and match.places[answer] not in match.names):
        yield "shared"
    elif answer.grade_id != grade_id(cell):
        yield "elsewhere" if any(piece is not answer for piece in pieces) else "unmarked"


def changed_marks(piece: Piece, cell: NotebookNode) -> bool:
    """Tell whether a piece carries nbgrader metadata that is not the release's."""
    theirs, ours = piece.nbgrader, cell.metadata.nbgrader
    return bool(theirs) and any(theirs.get(name) != ours.get(name) for name in MARKS)


def out_of_order(places: Iterable[int | None]) -> set[int]:
    """Return the places that must move for the others to be in order, as few as possible."""
    known = [place for place in dict.fromkeys(places) if place is not None]
    tails: list[int] = []  # the longest rising row, by patience
    previous: dict[int, int | None] = {}
    for place in known:
        k = bisect_left(tails, place)
        previous[place] = tails[k - 1] if k else None
        tails[k:] = [place, *tails[k + 1 :]] if k < len(tails) else [place]
    stay, end = set(), tails[-1] if tails else None
    while end is not None:
        stay.add(end)
        end = previous[end]
    return set(known) - stay


def naming_exercises(sentence: Message) -> Callable[[Iterable[str]], Message]:
    """Return a function from the grade_ids of exercises to the sentence about them."""

    def filled(grade_ids: Iterable[str]) -> Message:
        names = dict.fromkeys(grade_id.removeprefix("test_") for grade_id in grade_ids)
        return replace(sentence, values={"names": ", ".join(f"`{name}`" for name in names)})

    return filled


SENTENCES: dict[str, Callable[[list[Any]], Message]] = {
    "unmarked": naming_exercises(
        english("Found by the function it defines, for nbgrader's mark was lost, as after Colab or VS Code: {names}.")
    ),
    "elsewhere": naming_exercises(english("Found in another cell and put in its place: {names}.")),
    "shared": naming_exercises(
        english("Found in one cell with another exercise or a check; that cell is run in its place: {names}.")
    ),
    "split": naming_exercises(english("Split into several cells, joined again: {names}.")),
    "retyped": naming_exercises(english("Turned into another kind of cell, made what it was: {names}.")),
    "several": naming_exercises(english("Defined more than once; the last definition counts: {names}.")),
    "unreadable": naming_exercises(
        english("Defined again in a cell that is no Python; the definition above it counts: {names}.")
    ),
    "later": naming_exercises(
        english("Defined again below its check; the definition that the check has seen counts: {names}.")
    ),
    "repeated": naming_exercises(english("There more than once, word for word; one copy kept: {names}.")),
    "moved": naming_exercises(english("Moved, now back in its place: {names}.")),
    "lost answer": naming_exercises(
        english("No cell found (deleted, or of an older release); it counts as not attempted: {names}.")
    ),
    "lost check": naming_exercises(english("Check missing (deleted, or of an older release); put back: {names}.")),
    "changed check": naming_exercises(english("Check changed; the released one counts: {names}.")),
    "repeated check": naming_exercises(english("Check there more than once; one copy kept: {names}.")),
    "marks": naming_exercises(english("nbgrader metadata changed; the released one counts: {names}.")),
    "lost prose": lambda cells: english_counted(
        "{count} cell of the released notebook missing (deleted, or of an older release); put back.",
        "{count} cells of the released notebook missing (deleted, or of an older release); put back.",
        len(cells),
    ),
    "changed prose": lambda cells: english_counted(
        "{count} cell of the released notebook changed; as released again, with the changed one below.",
        "{count} cells of the released notebook changed; as released again, with the changed one below.",
        len(cells),
    ),
    "retyped prose": lambda cells: english_counted(
        "{count} cell of the released notebook turned into another kind of cell; made what it was.",
        "{count} cells of the released notebook turned into another kind of cell; made what it was.",
        len(cells),
    ),
    "copies": lambda cells: english_counted(
        "{count} cell of the released notebook there more than once; one copy kept.",
        "{count} cells of the released notebook there more than once; one copy kept.",
        len(cells),
    ),
}
