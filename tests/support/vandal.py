"""Vandalise notebooks at random, and keep book of which answers are still whole.

A `Wreck` is the list of a notebook's cells, as JSON. Each cell has a book entry, which is left out of the file: whose
solution cell it was, which answers it holds, and which part of a split cell it is. From the book follows what a doctor
must find.
"""

import copy
import json
from collections import namedtuple
from itertools import count

from hypothesis import strategies as st

from tests.support.course import ASSIGNMENTS, released, solutions

Part = namedtuple("Part", "answer number of")
RELEASES = {name: released(name) for name in ASSIGNMENTS}
TEXTS = {name: json.dumps(notebook) for name, notebook in RELEASES.items()}
SOLVED = {name: solutions(name) for name in ASSIGNMENTS}
SETUP_CELLS = {name: next(cell.source for cell in RELEASES[name].cells if cell.id == "setup") for name in ASSIGNMENTS}
ADDED = (
    ("code", "def helper_{0}(x):\n    return x + {0}"),
    ("code", "import math as helper_{0}"),
    ("code", "%time helper_{0} = 1\n!ls\nhelper_{0}?"),
    ("code", "def (helper_{0}"),
    ("code", "    helper_{0} = 1"),
    ("code", "%%bash\necho helper_{0}"),
    ("code", '"""helper_{0}'),
    ("markdown", "A note on helper_{0}, with `code` in it."),
    ("raw", "def helper_{0}(): pass"),
)
GARBAGE = (
    {"output_type": "stream"},
    {"output_type": "nonsense", "text": 5},
    "output",
    None,
    {"output_type": "execute_result", "data": {"text/plain": ["1e9"]}, "metadata": {}, "execution_count": None},
)


def book(about=(), answers=(), part=None, merged=False, checks=()):
    """Return a cell's entry: the exercises it is about, those that it answers or checks, and what became of it."""
    return {"about": list(about), "answers": list(answers), "part": part, "merged": merged, "checks": list(checks)}


class Wreck:
    """A notebook on its way down."""

    def __init__(self, assignment, answered):
        self.assignment = assignment
        names = [name for name, yes in zip(SOLVED[assignment], answered, strict=True) if yes]
        document = json.loads(TEXTS[assignment])
        self.cells, self.metadata = document["cells"], document["metadata"]
        for cell in self.cells:
            grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
            cell["source"] = self.version(grade_id) if grade_id in names else cell["source"]
            about = [grade_id] if grade_id in SOLVED[assignment] else []
            checks = [name for name in SOLVED[assignment] if grade_id == f"test_{name}"]
            cell["book"] = book(about, [name for name in about if name in names], checks=checks)
        self.numbers, self.form, self.encoding, self.done = count(1), "4.5", "utf-8", []

    def __repr__(self):
        return f"<{self.assignment} in {self.form}, {self.encoding}, after {', '.join(self.done)}>"

    def version(self, name, number=0):
        """Return the instructor's answer as a student would write it, told from others by a number."""
        if name.startswith(("prediction", "claim")):
            return f"{name} = {number + 0.5}"
        answer = SOLVED[self.assignment][name].replace("### BEGIN SOLUTION", f"version = {number}")
        return answer.partition("### END SOLUTION")[0].rstrip()

    # What can be done to it; every operation takes two numbers that choose where

    def delete(self, i, j):
        del self.cells[i]

    def duplicate(self, i, j):
        self.cells.insert(j, copy.deepcopy(self.cells[i]))

    def move(self, i, j):
        self.cells.insert(j, self.cells.pop(i))

    def retype(self, i, j):
        cell = self.cells[i]
        kinds = [kind for kind in ("code", "markdown", "raw") if kind != cell["cell_type"]]
        self.cells[i] = self.of_kind(kinds[j % 2], cell)

    def of_kind(self, kind, cell):
        kept = {key: value for key, value in cell.items() if key not in ("outputs", "execution_count")}
        return kept | {"cell_type": kind} | ({"outputs": [], "execution_count": None} if kind == "code" else {})

    def strip(self, i, j):
        for cell in self.cells if j % 3 == 0 else self.cells[i : i + 1]:
            cell["metadata"] = {}

    def split(self, i, j):
        cell, lines = self.cells[i], self.cells[i]["source"].split("\n")
        if cell["book"]["part"] or cell["book"]["merged"] or len(lines) < 3:
            return
        cuts = sorted({1 + (i + j) % (len(lines) - 1), 1 + (i * j) % (len(lines) - 1)})
        texts = ["\n".join(lines[a:b]) for a, b in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
        number = next(self.numbers)
        parts = [copy.deepcopy(cell) | {"source": text} for text in texts]
        for k, part in enumerate(parts):
            part["book"]["part"] = Part(number, k, len(parts))
        self.cells[i : i + 1] = parts

    def merge(self, i, j):
        pair = self.cells[i : i + 2]
        if len(pair) == 2 and all(c["cell_type"] == "code" and not c["book"]["part"] for c in pair):
            if not any("helper_" in c["source"] for c in pair):
                entry = {key: [*pair[0]["book"][key], *pair[1]["book"][key]] for key in ("about", "answers", "checks")}
                source = "\n\n".join(cell["source"] for cell in pair)
                self.cells[i : i + 2] = [pair[0] | {"source": source, "book": book(**entry, merged=True)}]

    def insert(self, i, j):
        kind, source = ADDED[j % len(ADDED)]
        self.insert_cell(i, kind, source.format(next(self.numbers)), [])

    def rewrite(self, i, j):
        names = list(SOLVED[self.assignment])
        name = names[j % len(names)]
        self.insert_cell(i, "code", self.version(name, next(self.numbers)), [name])

    def insert_cell(self, i, kind, source, answers):
        cell = {"metadata": {}, "source": source, "book": book(answers, answers), "id": f"n{next(self.numbers)}"}
        self.cells.insert(i, self.of_kind(kind, cell))

    def litter(self, i, j):
        self.cells[i]["outputs"] = [GARBAGE[j % len(GARBAGE)], GARBAGE[i % len(GARBAGE)]]

    def mark(self, i, j):
        marks = self.cells[i]["metadata"].get("nbgrader")
        changes = {"points": 1000}, {"schema_version": 99}, {"grade": "yes", "locked": None}, {"grade_id": ["x"]}
        if marks:
            marks.update(changes[j % len(changes)])

    def forget_id(self, i, j):
        self.cells[i]["id"] = (self.cells[j % len(self.cells)].get("id"), 7, "", "a b" * 40)[j % 4]

    OPERATIONS = (
        delete,
        duplicate,
        move,
        retype,
        strip,
        split,
        split,
        merge,
        insert,
        insert,
        rewrite,
        litter,
        mark,
        forget_id,
    )

    # The book

    def whole(self):
        """Return (cell kind, source, book) for each whole cell, in order, and the exercises with fragments about."""
        found, fragments = [], set()
        k = 0
        while k < len(self.cells):
            cell, part = self.cells[k], self.cells[k]["book"]["part"]
            row = self.cells[k : k + part.of] if part else [cell]
            rising = part and [c["book"]["part"] for c in row] == [
                Part(part.answer, n, part.of) for n in range(part.of)
            ]
            if not part or (rising and len({c["cell_type"] for c in row} | {"code"}) == 1):
                source = "\n".join(c["source"] for c in row)
                found.append((cell["cell_type"], source, cell["book"]))
                k += len(row)
            else:
                fragments.update(cell["book"]["about"])
                k += 1
        return found, fragments

    def expected(self):
        """Return {exercise: source} for the answers that a doctor must find; None where it must find none.

        The setup cell's text is no part of an answer that it was merged with: grading never unpacks what was handed in.
        An exercise of which fragments lie about is left out, and one merged and then turned into text, or merged as an
        unanswered stub: there either is right. So it is where a check was merged. What stands below the last check of
        its exercise counts only where nothing stands above it.
        """
        found, fragments = self.whole()
        expected = {}
        for name in SOLVED[self.assignment]:
            merged = [(kind, entry) for kind, _, entry in found if entry["merged"] and name in entry["about"]]
            if name in fragments or any(kind != "code" or name not in entry["answers"] for kind, entry in merged):
                continue
            checks = [(place, entry["merged"]) for place, (_, _, entry) in enumerate(found) if name in entry["checks"]]
            if any(merged for _, merged in checks):
                continue
            check = checks[-1][0] if checks else len(found)
            holding = [
                (kind, source.replace(SETUP_CELLS[self.assignment], ""), place < check)
                for place, (kind, source, entry) in enumerate(found)
                if name in entry["answers"]
            ]
            code = [(source, above) for kind, source, above in holding if kind == "code"]
            counts = [source for source, above in code if above] or [source for source, _ in code]
            expected[name] = (counts or [source for _, source, _ in holding] or [None])[-1]
        return expected

    def additions(self):
        """Return the sources of the cells that the student added."""
        return [cell["source"] for cell in self.cells if "helper_" in cell["source"]]

    # The file

    def content(self):
        """Return the file's bytes, in its notebook format and encoding."""
        form, encoding = self.form, self.encoding
        cells = [{key: value for key, value in cell.items() if key != "book"} for cell in self.cells]
        major, minor = (int(number) for number in form.split("."))
        document = {"metadata": self.metadata, "nbformat": major, "nbformat_minor": minor}
        if major == 4:
            lost = () if minor == 5 else ("id",)
            document["cells"] = [{key: value for key, value in cell.items() if key not in lost} for cell in cells]
        else:
            document["worksheets"] = [{"cells": [self.old(cell) for cell in cells], "metadata": {}}]
        text = json.dumps(document, ensure_ascii=encoding == "latin-1", indent=1)
        if encoding == "crlf":
            return text.replace("\\n", "\\r\\n").replace("\n", "\r\n").encode()
        if encoding == "utf-16-be":  # without a byte order mark
            return text.encode("utf-16-be")
        return text.encode(encoding)

    def old(self, cell):
        """Return a cell in format 3."""
        if cell["cell_type"] != "code":
            return {key: cell[key] for key in ("cell_type", "metadata", "source")}
        source = {"input": cell["source"], "language": "python", "collapsed": False, "outputs": []}
        return {"cell_type": "code", "metadata": cell["metadata"]} | source


FORMS = ("4.5", "4.5", "4.4", "4.0", "4.9", "3.0")
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "latin-1", "crlf")


@st.composite
def wrecks(draw):
    """Draw a `Wreck` after up to eight operations."""
    assignment = draw(st.sampled_from(ASSIGNMENTS))
    exercises = len(SOLVED[assignment])
    wreck = Wreck(assignment, draw(st.lists(st.booleans(), min_size=exercises, max_size=exercises)))
    wreck.form, wreck.encoding = draw(st.sampled_from(FORMS)), draw(st.sampled_from(ENCODINGS))
    for operation in draw(st.lists(st.sampled_from(Wreck.OPERATIONS), max_size=8)):
        if wreck.cells:
            i, j = (draw(st.integers(0, len(wreck.cells) - 1)) for _ in range(2))
            operation(wreck, i, j)
            wreck.done.append(f"{operation.__name__} {i} {j}")
    return wreck
