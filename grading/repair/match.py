"""Find out which cell of a submission is which of the release, and which of them answers an exercise."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbformat import NotebookNode
from nbgrader import utils

from grading.repair.cell_code import Code, code
from grading.repair.intake import NotGradable, Piece, comparable
from helpers.support.language import english

MOST_PARTS = 6  # into which a cell may have been split


class Match:
    """A submission's pieces beside the cells of its release.

    Arguments
        release: the released notebook.
        pieces: the cells handed in.
        editions: the sources of the release's cells in other languages.

    Attributes
        cells: those of the release; all that is an index below is the index of one of them.
        texts: what each says, in each language, to compare by.
        names: the names that each solution cell is to give; `all_names` are those of all of them.
        functions: those of them that are functions, of the cells that ask for one.
        pieces: the cells handed in, the parts of split answers joined.
        places: from a piece to the index of the released cell that it is, by grade_id, else by source, else by cell id.
        handed: the pieces that are no cell that the release gives.
        answers: from the index of a solution cell to the piece that answers it; one without an attempt is not there.
        extras: the pieces that the student added or changed, and that are kept.
        parts: from the index of a solution cell to the number of parts it had been split into.
        order: from a piece to its number among the pieces.
        checks: from the index of a solution cell to the number of its check, the last where there are several.

    Raises `NotGradable` where no piece has to do with the release's exercises.
    """

    def __init__(self, release: NotebookNode, pieces: Iterable[Piece], editions: Iterable[Sequence[str]] = ()) -> None:
        self.cells: list[NotebookNode] = release.cells
        released = [cell.source for cell in self.cells]
        self.texts = [{comparable(text) for text in texts} for texts in zip(released, *editions, strict=True)]
        asked = {i: released_code(cell) for i, cell in enumerate(self.cells) if utils.is_solution(cell)}
        self.functions = {i: found.defines for i, found in asked.items() if found.defines}
        self.names = {i: found.defines or found.binds for i, found in asked.items()}
        self.all_names: frozenset[str] = frozenset().union(*self.names.values())
        self.grade_ids = {name: i for i, cell in enumerate(self.cells) if (name := grade_id(cell))}
        self.keys: defaultdict[str, list[int]] = defaultdict(list)
        for i, texts in enumerate(self.texts):
            for text in texts:
                self.keys[text].append(i)
        self.parts: dict[int, int] = {}
        self.pieces = self.reunite(list(pieces))
        self.places = self.place()
        self.handed = [piece for piece in self.pieces if not self.is_given(piece)]
        self.order = {piece: number for number, piece in enumerate(self.pieces)}
        last_at = {place: self.order[piece] for piece, place in self.places.items()}
        checks = {i: self.grade_ids.get(f"test_{grade_id(self.cells[i])}") for i in self.names}
        self.checks = {i: last_at[check] for i, check in checks.items() if check in last_at}
        self.answers = {i: piece for i in self.names if (piece := self.answer(i))}
        if not self.is_of_this_assignment():
            raise NotGradable(
                english("it holds none of this assignment's exercises; it may be another assignment's notebook")
            )
        self.extras = [piece for piece in self.pieces if self.is_extra(piece)]

    def reunite(self, pieces: list[Piece]) -> list[Piece]:
        """Return the pieces with the parts of each split solution joined."""
        whole, rest = [], pieces[::-1]
        while rest:
            head = rest.pop()
            place = self.solution_of(head)
            while place is not None and (count := self.continued(head, place, rest[: -MOST_PARTS - 1 : -1])):
                for _ in range(count):
                    head = replace(head, source=joined(head.source, rest.pop().source))
                self.parts[place] = self.parts.get(place, 1) + count
            whole.append(head)
        return whole

    def solution_of(self, piece: Piece) -> int | None:
        """Return the index of the solution that a piece of code begins, or None."""
        if piece.kind != "code" or piece.key in self.keys:
            return None
        named = self.grade_ids.get(piece.grade_id)
        defined = (i for i, names in self.names.items() if names & piece.code.defines)
        return named if named in self.names else next(defined, None)

    def continued(self, head: Piece, place: int, following: Iterable[Piece]) -> int:
        """Return how many of the following pieces only make sense as the rest of `head`, and complete it.

        Arguments
            head: a piece that begins the solution at `place`.
            place: the index of that solution.
            following: the pieces below it, in order.
        """
        if head.code.parses and not head.code.is_open:
            return 0
        source = head.source
        for count, part in enumerate(following, 1):
            another = self.grade_ids.get(part.grade_id, place) != place
            gives = part.code.binds if part.code.parses else part.code.defines  # an answer of its own, such as a number
            if part.kind != "code" or another or part.key in self.keys or gives & self.all_names:
                return 0
            if head.code.parses and part.code.parses and not part.source[0].isspace() and not part.code.returns:
                return 0
            source = joined(source, part.source)
            if code(source).parses:
                return count
        return 0

    def place(self) -> dict[Piece, int]:
        """Return the index of the released cell that each piece is, where there is one."""
        unused = {source: list(places) for source, places in self.keys.items()}
        ids = {cell.get("id"): i for i, cell in enumerate(self.cells)}
        places = {}
        for piece in self.pieces:
            if piece.grade_id in self.grade_ids:
                places[piece] = self.grade_ids[piece.grade_id]
            elif same := unused.get(piece.key):
                places[piece] = same.pop(0) if len(same) > 1 else same[0]
            elif piece.id in ids:
                places[piece] = ids[piece.id]
        return places

    def is_of_this_assignment(self) -> bool:
        """Tell whether a function that the release asks for, or its cell, is there; variables prove nothing.

        Of a release that asks for nothing every notebook is.
        """
        if not self.grade_ids:
            return True
        if not self.functions:
            return any(grade_id(self.cells[place]) for place in self.places.values())
        functions = frozenset().union(*self.functions.values())
        return any(
            self.places.get(piece) in self.functions or functions & (piece.code.defines | piece.code.needs)
            for piece in self.pieces
        )

    def is_copy(self, piece: Piece) -> bool:
        """Tell whether a piece says just what its cell says in the release, in any language."""
        return piece in self.places and piece.key in self.texts[self.places[piece]]

    def is_given(self, piece: Piece) -> bool:
        """Tell whether a piece is a cell that the release gives, such as a test that binds an exercise's name."""
        return self.is_copy(piece) and self.places[piece] not in self.names

    def answer(self, i: int) -> Piece | None:
        """Return the piece that answers solution `i`, or None.

        That is the last code above its check that defines its function, or variable, and does something, for that is
        what the check has seen; else the last such code anywhere; else text that does, for a cell can be turned into
        text by accident; else what binds the name in another way; else what the student left in its cell.
        """
        names, name = self.names[i], grade_id(self.cells[i])
        marked = [piece for piece in self.pieces if piece.grade_id == name]
        changed = [piece for piece in marked if not self.is_copy(piece)]
        if self.cells[i].cell_type != "code" or not names:
            return last(changed)
        attempts = [
            piece
            for piece in self.handed
            if (names & piece.code.binds if piece in changed else self.given(i, piece)) - piece.code.stubs
        ]
        unclear = [piece for piece in changed if not piece.code.defines & (self.all_names - names)]
        written = [piece for piece in attempts if piece.kind == "code"]
        seen = [piece for piece in written if not self.is_below_check(i, piece)]
        return (
            last(piece for piece in seen if piece.code.parses)
            or last(seen)
            or last(written)
            or last(piece for piece in attempts if piece.code.parses or piece in marked)
            or last(p for p in self.handed if p.kind == "code" and names & p.code.binds - p.code.stubs)
            or last(unclear)
        )

    def is_below_check(self, i: int, piece: Piece) -> bool:
        """Tell whether a piece stands below the check of solution `i`."""
        return self.order[piece] > self.checks.get(i, len(self.order))

    def given(self, i: int, piece: Piece) -> frozenset[str]:
        """Return which names of solution `i` a piece gives: functions by definition, variables by assignment."""
        return self.names[i] & (piece.code.defines if i in self.functions else piece.code.binds)

    def is_overridden(self, i: int, piece: Piece) -> bool:
        """Tell whether a piece of code gives what the answer to solution `i` gives, and has to stand above that."""
        below = self.is_below_check(i, piece) and not self.is_below_check(i, self.answers[i])
        return piece.kind == "code" and bool(self.given(i, piece)) and not below

    def is_extra(self, piece: Piece) -> bool:
        """Tell whether a piece is kept beside the released cells and the answers."""
        if piece in self.answers.values() or self.is_copy(piece) or self.is_repeated(piece):
            return False
        if piece.kind == "code" and piece.code.only_stubs and piece.code.stubs & self.all_names:
            return False
        place = self.places.get(piece)
        return place is None or not utils.is_locked(self.cells[place]) or bool(piece.code.binds)

    def is_repeated(self, piece: Piece) -> bool:
        """Tell whether a piece is another copy of an answer."""
        return any(piece is not answer and piece.key == answer.key for answer in self.answers.values())

    def definitions(self, i: int) -> list[Piece]:
        """Return the pieces of code that answer solution `i`, those that are overridden too."""
        pieces = [*self.extras, self.answers[i]]
        return [piece for piece in pieces if piece.kind == "code" and self.given(i, piece) - piece.code.stubs]

    def place_of(self, piece: Piece) -> int | None:
        """Return where a piece goes in the release: the solution it answers, else the cell it is, else None."""
        return next((i for i, answer in self.answers.items() if answer is piece), self.places.get(piece))


def released_code(cell: NotebookNode) -> Code:
    """Return what a released cell is as code; prose is none."""
    return code(cell.source if cell.cell_type == "code" else "")


def grade_id(cell: NotebookNode) -> str | None:
    """Return nbgrader's name of a cell that a release marks, or None."""
    marked = utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell) or utils.is_task(cell)
    return cell.metadata.nbgrader.get("grade_id") if marked else None


def joined(head: str, part: str) -> str:
    """Return two parts of a split cell as one: by a new line, or where that makes no sense, as the cut left them."""
    lines, text = f"{head}\n{part}", head + part
    return text if head.rpartition("\n")[2].isspace() or (not code(lines).parses and code(text).parses) else lines


def last(pieces: Iterable[Piece]) -> Piece | None:
    """Return the last of some pieces, or None."""
    return next(reversed(list(pieces)), None)
