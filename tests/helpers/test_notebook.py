"""What a check says where the kernel does not hold what the notebook says, and that it reads cells as grading does."""

import random

import pytest
from nbformat.v4 import new_code_cell

from grading.repair.cell_code import code
from grading.repair.intake import Piece
from grading.repair.match import Match
from helpers.checks.notebook import CodeCell, Notebook, Run, doubt, names_at_top, taken
from tests.support.accidents import ACCIDENTS
from tests.support.course import ASSIGNMENTS, FIRST, filled, released, solutions

RIGHT = "def f(x):\n    return 2 * x"
OLD = "def f(x):\n    return x"
STUB = "def f(x):\n    raise NotImplementedError()"
OPEN = "def f(x):\n    return (2 * x"
OTHER = "def g(x):\n    return 2 * x"
CHECK = 'check("f")'


def said(*cells, ran, held=True, saved=10.0, is_value=False):
    """Return what is said of `f`: cells are (text, id) or texts, what ran is (text, id, time)."""
    marks = {"solution": "f", "test": "test_f"}
    seen = [CodeCell(text, name, marks.get(name, "")) for text, name in cells]
    names = {"f": object()} if held else {}
    place = "one.ipynb" if cells else ""
    found = doubt("f", names, is_value, Notebook(seen, saved if cells else 0.0, place), [Run(*run) for run in ran])
    return str(found) if found else None


HERE, BELOW = ("solution", 1.0), ("below", 2.0)
NOTHING_IS_SAID = {
    "it ran as it stands": ([(RIGHT, "solution"), (CHECK, "test")], [(RIGHT, "solution", 1)]),
    "the same without ids": ([(RIGHT, "solution"), (CHECK, "test")], [(RIGHT, None, 1)]),
    "blanks at the ends of lines": ([(RIGHT + "\n", "solution")], [(RIGHT.replace(":\n", ":  \n"), None, 1)]),
    "it ran since it was saved": ([(OLD, "solution")], [(OLD, "solution", 1), (RIGHT, "solution", 11)]),
    "the file is older, and without ids": ([(OLD, "solution")], [(OLD, None, 1), (RIGHT, None, 11)]),
    "the file is older, after a restart": ([(OLD, "solution")], [(RIGHT, None, 11)]),
    "VS Code's own ids": ([(OLD, "solution")], [(OLD, "vscode#1", 1), (RIGHT, "vscode#1", 11)]),
    "a new cell that is not saved yet": ([(STUB, "solution"), (CHECK, "test")], [(RIGHT, "new", 11)]),
    "a stub": ([(STUB, "solution"), (CHECK, "test")], [(STUB, "solution", 1)]),
    "nothing but what ran": ([], [(RIGHT, None, 1)]),
    "a magic above it": ([("%%time\n" + RIGHT, "solution")], [("%%time\n" + RIGHT, None, 1)]),
    "it came by a way that is not read": ([("exec(text)", "x")], [("exec(text)", "x", 1)]),
    "in another cell, above": ([(STUB, "solution"), (RIGHT, "x"), (CHECK, "test")], [(STUB, "", 1), (RIGHT, "x", 2)]),
    "mended since it was no Python": ([(RIGHT, "solution")], [(OPEN, "solution", 1), (RIGHT, "solution", 2)]),
    "a draft elsewhere that is no Python": (
        [(RIGHT, "solution"), (CHECK, "test"), (OPEN, "x")],
        [(RIGHT, "solution", 1), (OPEN, "x", 2)],
    ),
}


@pytest.mark.parametrize(("cells", "ran"), NOTHING_IS_SAID.values(), ids=NOTHING_IS_SAID)
def test_nothing_is_said_where_nothing_speaks_against_it(cells, ran):
    assert said(*cells, ran=ran) is None


OLDER = "what was run is older than its cell's text: run that cell, then this check"
NO_PYTHON = "its cell is not Python yet: line 2, `return (2 * x`: SyntaxError: '(' was never closed"
STILL = "an older one is still there, "
ANOTHER = "another cell's was run last, and grading takes the last one above this check: run that cell, or delete it"
IT_IS_OLD = {
    "edited since": ([(RIGHT, "solution")], [(OLD, "solution", 1)], OLDER),
    "edited since, without ids": ([(RIGHT, "solution")], [(OLD, None, 1)], OLDER),
    "no Python now": ([(OLD, "solution")], [(OLD, "solution", 1), (OPEN, "solution", 11)], NO_PYTHON),
    "no Python now, saved": ([(OPEN, "solution")], [(OLD, "solution", 1), (OPEN, "solution", 2)], NO_PYTHON),
    "no Python now, without ids": ([(OLD, "solution")], [(OLD, None, 1), (OPEN, None, 11)], NO_PYTHON),
    "no Python now, no file": ([], [(OLD, None, 1), (OPEN, None, 2)], NO_PYTHON),
    "no Python in the file": ([(OPEN, "solution")], [(OLD, "solution", 1)], NO_PYTHON),
    "renamed": ([(OLD, "solution")], [(OLD, "solution", 1), (OTHER, "solution", 11)],
                f"{STILL}but its cell now defines g"),
    "renamed, in the file": ([(OTHER, "solution")], [(OLD, None, 1)], f"{STILL}but its cell now defines g"),
    "renamed, no file": ([], [(OLD, "a", 1), (OTHER, "a", 2), (CHECK, "b", 3)],
                         f"{STILL}but no cell of the notebook defines it any more"),
    "its cell is deleted": ([(CHECK, "test")], [(OLD, "solution", 1)],
                            f"{STILL}but no cell of the notebook defines it any more"),
    "its cell is a stub again": ([(STUB, "solution")], [(OLD, "solution", 1)],
                                 f"{STILL}but no cell of the notebook defines it any more"),
    "defined again below": ([(OLD, "solution"), (CHECK, "test"), (RIGHT, "x")],
                            [(OLD, "solution", 1), (RIGHT, "x", 2)], ANOTHER),
    "the first of two ran last": ([(OLD, "x"), (RIGHT, "solution"), (CHECK, "test")],
                                  [(RIGHT, "solution", 1), (OLD, "x", 2)], ANOTHER),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "ran", "sentence"), IT_IS_OLD.values(), ids=IT_IS_OLD)
def test_what_is_older_than_the_notebook_is_said(cells, ran, sentence):
    assert said(*cells, ran=ran) == sentence


RUN_IT = "there is no f yet: run its cell, then this check"
IT_IS_NOT_THERE = {
    "not run": ([(RIGHT, "solution")], [], RUN_IT),
    "nothing is known": ([], [], RUN_IT),
    "a stub that was not run": ([(STUB, "solution")], [], RUN_IT),
    "no Python": ([(OPEN, "solution")], [(OPEN, "solution", 1)], NO_PYTHON),
    "no Python, no file": ([], [(OPEN, None, 1)], NO_PYTHON),
    "renamed": ([(OTHER, "solution")], [(OTHER, "solution", 1)], "its cell defines g instead"),
    "no cell": ([(CHECK, "test")], [], "no cell of the notebook defines it"),
    "not run, no file seen": ([], [("x = 1", "setup", 1), (CHECK, "test", 2)], RUN_IT),
    "deleted after it was mended": ([], [(OPEN, None, 1), (RIGHT, None, 2)],
                                    "its cell ran, but there is no f: run that cell again and read what it says"),
    "it stopped before, or was deleted": ([("1 / 0\n" + RIGHT, "solution")], [("1 / 0\n" + RIGHT, "solution", 1)],
                             "its cell ran, but there is no f: run that cell again and read what it says"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "ran", "sentence"), IT_IS_NOT_THERE.values(), ids=IT_IS_NOT_THERE)
def test_what_is_not_there_is_said(cells, ran, sentence):
    assert said(*cells, ran=ran, held=False) == sentence


def test_a_value_is_read_as_a_function_is():
    assert said(("f = 2", "solution"), ran=[("f = 2", "solution", 1)], is_value=True) is None
    assert said(("f = None", "solution"), ran=[("f = None", "solution", 1)], is_value=True) is None
    assert said(("f = 3", "solution"), ran=[("f = 2", "solution", 1)], is_value=True) == OLDER
    assert said(("f = 3", "solution"), ran=[], held=False, is_value=True) == RUN_IT


ERROR = "NameError", "name 'log' is not defined"
STOPPED = (
    "its cell stopped, and gave no f: NameError: name 'log' is not defined. "
    "`log` is written torch.log for tensors, and math.log for numbers."
)
MADE, FAILS = "f = 20", "f = log(65504)"
FAILS_BELOW, FAILS_ABOVE = "f = 20\nlog(65504)", "log(65504)\nf = 20"
HOW_IT_STOPS = {
    "edited": (FAILS, 1, STOPPED),
    "the line above": (FAILS_ABOVE, 1, STOPPED),
    "the second line of a call": ("f = min(\n    log(65504),\n)", 2, STOPPED),
    "inside a loop": ("for f in (log(3), 2):\n    pass", 1, STOPPED),
    "the line below": (FAILS_BELOW, 2, None),
    "below, after comments": ("# mine\n\nf = (\n    20\n)\nlog(65504)", 6, None),
    "a magic that runs its cell": ("%%time\nf = 20\nlog(65504)", 1, None),
    "not at all": ("f = 16", 0, None),
}


@pytest.mark.parametrize(("text", "line", "sentence"), HOW_IT_STOPS.values(), ids=HOW_IT_STOPS)
@pytest.mark.parametrize("ids", [True, False], ids=["ids", "no ids"])
@pytest.mark.parametrize("file", ["saved", "unsaved", "unseen"])
def test_a_value_is_that_of_the_run_that_came_as_far(text, line, sentence, ids, file):
    """The check said "noted" of the older value, and grading gave 0."""
    ran = [(MADE, "solution" if ids else None, 1.0), (text, "solution" if ids else None, 12.0, line, ERROR)]
    cells = {"saved": [(text, "solution")], "unsaved": [(MADE, "solution")], "unseen": []}[file]
    assert said(*cells, ran=ran, saved=15.0 if file == "saved" else 10.0, is_value=True) == sentence
    mended = [*ran, ("f = 7", *ran[1][1:2], 13.0)]
    now = {"saved": [("f = 7", "solution")]}.get(file, cells)
    assert said(*now, ran=mended, saved=15.0 if file == "saved" else 10.0, is_value=True) is None


@pytest.mark.parametrize("held", [True, False], ids=["an older one", "none"])
@pytest.mark.parametrize("file", ["saved", "unsaved", "unseen"])
def test_a_cell_that_stopped_is_said_to_have_stopped_and_why(file, held):
    """`log` and a word without quotation marks: "its cell ran", or that grading, which has no claims, would miss it."""
    old = [("f = 20", "solution", 1.0)] if held else []
    for text, error, sentence in (
        (FAILS, ERROR, STOPPED),
        ("f = holds", ("NameError", "name 'holds' is not defined"),
         'its cell stopped at `holds`: write the word in quotation marks, f = "holds"'),
        ("f = other", ("NameError", "name 'other' is not defined"),
         "its cell stopped, and gave no f: NameError: name 'other' is not defined. `other` is not defined: look at its "
         "spelling, and whether the cell that defines it has run."),
        ("f = g(1)", ("ValueError", "no\nmore"), "its cell stopped, and gave no f: ValueError: no"),
    ):  # fmt: skip
        runs = [Run(*run) for run in [*old, (text, "solution", 12.0, 1, error)]]
        cells = {"saved": [(text, "solution")], "unsaved": [("f = None", "solution")], "unseen": []}[file]
        seen = Notebook(
            [CodeCell(*each, "f") for each in cells], 15.0 if file == "saved" else 10.0, "one" * bool(cells)
        )
        found = doubt("f", {"f": 20} if held else {}, True, seen, runs, ["holds", "fails"])
        assert str(found) == sentence, text


@pytest.mark.parametrize("ids", [True, False], ids=["ids", "no ids"])
def test_a_function_is_that_of_the_run_with_its_source(ids, monkeypatch):
    """One above which its cell stopped is there no more; one below which it did is."""
    for text, line, older, sentence in (
        ("log(3)\n" + RIGHT, 1, True, STOPPED),
        (RIGHT + "\nlog(3)", 3, False, None),
    ):
        name = "solution" if ids else None
        source = OLD if older else text
        monkeypatch.setattr("linecache.getlines", lambda *_, source=source: source.splitlines(keepends=True))
        seen = Notebook([CodeCell(text, "solution", "f")], 15.0, "one.ipynb")
        found = doubt("f", {"f": said}, False, seen, [Run(OLD, name, 1.0), Run(text, name, 12.0, line, ERROR)])
        assert (str(found) if found else None) == sentence


SOURCES = [
    "", "x = 1\n", RIGHT, STUB, OPEN, OTHER,
    "f = lambda x: 2 * x", "f: int = 3", "f = g = None", "f, g = 1, 2",
    "for f in range(3): pass", "from math import exp as f", "import torch.nn as f", "import torch.nn", "class f: pass",
    "if True:\n    def f(x): return x", "def g():\n    def f(): pass", "[f for f in range(3)]",
    "async def f(x): return 1",
    "%%time\ndef f(x): return x", "%%writefile f.py\ndef f(x): return x", "%matplotlib inline\nf = 3",
    "!ls\ndef f(): ...",
    "def f(x): pass\nf = None", "f = None\ndef f(x): return x", "def f(x):\n    '''Docs.'''\n    ...",
    "def f(x):\n    raise NotImplementedError", "def f(x):\n    raise ValueError", "with open('a') as f: pass",
    "f += 1",
    ">>> f = 3", "In [3]: f = 3", "  f = 3", "f?", "def f(x):\n    return x +\nf = 3", "import f.g", "del f", "f.x = 3",
]  # fmt: skip
RELEASED = [cell.source for each in ASSIGNMENTS for cell in released(each).cells if cell.cell_type == "code"]
STUDENTS = [*solutions(FIRST).values(), *(each.answer for each in ACCIDENTS.values())]


@pytest.mark.parametrize("source", [*SOURCES, *RELEASED, *STUDENTS, *(each.own for each in ACCIDENTS.values())])
def test_a_cell_is_read_as_grading_reads_it(source):
    here, there = names_at_top(source), code(source)
    assert (here.defines, here.binds, here.stubs) == (there.defines, there.binds, there.stubs)
    assert (here.error is None) == there.parses


def pieces(notebook):
    """Return the cells of a notebook as grading has them, and as a check does."""
    marks = [dict(cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
    handed = [
        Piece(cell.cell_type, cell.source, cell.id, mark) for cell, mark in zip(notebook.cells, marks, strict=True)
    ]
    return handed, [CodeCell(each.source, each.id, each.grade_id) for each in handed if each.kind == "code"]


@pytest.mark.parametrize("seeds", [range(50), pytest.param(range(50, 200), marks=pytest.mark.slow)], ids=str)
def test_the_cell_that_counts_is_the_one_that_grading_takes(seeds):
    """Of notebooks with an exercise answered in its cell and in others, above and below, in ways right and wrong."""
    right, release = solutions(FIRST)["softmax_t"], released(FIRST)
    stub = next(cell.source for cell in release.cells if cell.id == "solution-softmax_t")
    ways = [right, stub, right.replace("softmax_t", "mine"), right + "\n)", "softmax_t = lambda x: x", "x = 1"]
    ways += [f"{way}\n# {n}" for n, way in enumerate(ways)]
    counted = set()
    for seed in seeds:
        draw = random.Random(seed)
        notebook = filled(FIRST, solutions(FIRST) | {"softmax_t": draw.choice(ways)})
        for _ in range(draw.randrange(4)):
            notebook.cells.insert(draw.randrange(10, len(notebook.cells)), new_code_cell(draw.choice(ways)))
        gone = draw.choice(["test-softmax_t", "solution-softmax_t", "", "", ""])
        notebook.cells = [cell for cell in notebook.cells if cell.id != gone]
        handed, cells = pieces(notebook)
        match = Match(release, handed)
        answer, found = match.answers.get(match.grade_ids["softmax_t"]), taken(cells, "softmax_t", False)
        given = answer is not None and "softmax_t" in answer.code.binds - answer.code.stubs
        assert (answer.source if given else None) == (found.text if found else None), seed
        counted.add(found.text if found else None)
    assert len(counted) > 5
