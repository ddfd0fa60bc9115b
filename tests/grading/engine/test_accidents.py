"""One exercise's accident is its own: whatever happens in one, all others have their marks, the same each time."""

import ast
import time

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from grading.engine import accident
from grading.engine.judge import Judge
from grading.engine.record import LIMITS, Terms, judged
from grading.repair.cell_code import code
from grading.sandbox.isolation import isolation
from tests.support.accidents import ACCIDENTS, EXERCISE, RIGHT, Accident
from tests.support.course import ASSIGNMENTS, COURSE, FIRST, filled, points, released, solutions

in_bubblewrap = pytest.mark.skipif(isolation() != "bubblewrap", reason="accidents happen in bubblewrap only")

SMALL = {"timeout": 3, "iopub_timeout": 3, "wall_limit": 40, "memory_limit": 2_500_000_000}
QUICK = ("exit()", "os._exit when called", "a native loop", "%reset", "builtins are variables")
BY_CHANCE = ("ask_exit", "do_shutdown", "a thread ends Python at once", "a thread ends Python later")


def outcome(assignment, answers, own=(), exercise=EXERCISE, **limits):
    """Judge a solved notebook with other answers and own cells above the check of an exercise; return the record."""
    notebook = filled(assignment, solutions(assignment) | answers)
    marks = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
    place = marks.index(f"test_{exercise}")
    notebook.cells[place:place] = map(new_code_cell, own)
    settings = tuple((name, (SMALL | limits).get(name, getattr(Judge(), name))) for name in LIMITS)
    release = nbformat.writes(released(assignment)).encode()
    terms = Terms(assignment, release, *COURSE.cases(assignment), limits=settings, private=(str(COURSE.folder),))
    return judged(nbformat.writes(notebook).encode(), terms, terms.version)


def full(assignment, *lost):
    """Return the marks of an assignment but for those of some exercises, which are 0."""
    worth = points(assignment)
    return {f"test_{name}": 0.0 if name in lost else worth[name] for name in worth}


def happened(name):
    """Let an accident happen; return the marks, those that are due, and what is said."""
    found: Accident = ACCIDENTS[name]
    record = outcome(FIRST, {EXERCISE: found.answer}, [found.own])
    return record.points, full(FIRST, *([] if found.keeps else [EXERCISE])), list(map(str, record.repairs))


@in_bubblewrap
@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in ACCIDENTS])
def test_an_accident_costs_no_other_exercise(name):
    marks, due, _ = happened(name)
    assert marks == due


@in_bubblewrap
@pytest.mark.slow
@pytest.mark.parametrize("name", BY_CHANCE)
def test_the_same_bytes_have_the_same_marks_ten_times_over(name):
    for _ in range(10):
        marks, due, _ = happened(name)
        assert marks == due


@in_bubblewrap
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("exit()", "the cell of `softmax_t` defines was run, because line {line} ends Python: `exit()`."),
        ("os._exit in an own cell", "cell {cell} defines was run, because line 1 ends Python: `_exit()`."),
        ("an endless loop", "cell {cell} defines was run, because it did not end in the time that a cell has."),
    ],
)
def test_what_happened_is_said_with_the_line(name, sentence):
    marks = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in released(FIRST).cells]
    places = {"line": RIGHT.count("\n") + 2, "cell": marks.index(f"test_{EXERCISE}") + 1}
    assert happened(name)[2] == [f"Only what {sentence.format(**places)}"]


@in_bubblewrap
def test_an_endless_answer_is_not_called_again_by_the_cells_below():
    second, name = ASSIGNMENTS[1], "temperature_range_experiment"
    answer = f"def {name}(*_, **__):\n    while True: pass"
    record = outcome(second, {name: answer}, ["%matplotlib inline"], exercise=name, wall_limit=20)
    assert record.points == full(second, name)


@in_bubblewrap
@pytest.mark.slow
def test_an_answer_below_an_endless_loop_in_its_cell_is_still_judged():
    answer = solutions(FIRST)["decay_ratios"]
    assert outcome(FIRST, {"decay_ratios": f"while True: pass\n{answer}"}).points == full(FIRST)


@in_bubblewrap
def test_own_cells_that_take_all_the_time_cost_nothing():
    slow = "import time\nend = time.monotonic() + 2.5\nwhile time.monotonic() < end: pass"
    record = outcome(FIRST, {}, [slow] * 4, wall_limit=8)
    assert record.points == full(FIRST)
    assert str(record.repairs[0]).endswith(" defines was run, because the notebook ran longer than 8 s.")


@in_bubblewrap
def test_an_answer_may_need_what_a_cell_defines_that_ends_python():
    own = f"import os\nSHIFT = 0\n{RIGHT.replace('softmax_t', 'mine')}\nos._exit(1)"
    answer = "def softmax_t(x, temperature=1.0, dim=-1):\n    return mine(x, temperature, dim) + SHIFT"
    assert outcome(FIRST, {EXERCISE: answer}, [own]).points == full(FIRST)


@pytest.mark.parametrize(
    ("source", "left"),
    [
        ("import os\nx = 3\nos._exit(0)\n\ndef f():\n    return g()", "import os\nx = 3\n\n\ndef f():\n    return g()"),
        ("a = 1; exit()", "a = 1;"),
        ("exit(); a = 1", "a = 1"),
        ("x = train()\ny = [i for i in range(9)]\nz: int = 10**10\nw = (1, -2.5)", "\n\n\nw = (1, -2.5)"),
        ("f = lambda x: train(x)\n@cached\nclass C: pass", "f = lambda x: train(x)\n@cached\nclass C: pass"),
        ("%time train()\n!kill -9 1\nx = None", "\n\nx = None"),
        ("for i in range(3):\n    x = i\nwith open('ế') as file: pass\ny = 'ế'; exit()", "\n\n\ny = 'ế';"),
        ("def f(:", ""),
    ],
)
def test_definitions_are_kept_where_they_stand(source, left):
    found = accident.definitions_in(source)
    assert "\n".join(line.rstrip() for line in found.split("\n")).rstrip() == left
    assert not code(found).needs_at_once - {"cached"}


def test_without_the_definitions_and_a_fresh_kernel_the_marks_are_lost(monkeypatch):
    """The red fixture: what a grader gives that ends with the first kernel."""
    monkeypatch.setattr("grading.engine.runner.MOST_KERNELS", 1)
    marks, _, _ = happened("exit()")
    assert sum(marks.values()) < 5


# A cell that stops before it defines what it is for

STOPS = {
    "no Python": ("{answer}\nprint(", "its cell stopped in line {last}, `print(`: SyntaxError: '(' was never closed"),
    "a newer Python": ("type Row[T] = \\\n{answer}", "its cell stopped in line"),
    "a missing module": (
        "import torch\nimport no_such_module\n{answer}",
        "its cell stopped in line 2, `import no_such_module`: ModuleNotFoundError",
    ),
    "input": ("name = input('Name? ')\n{answer}", "its cell stopped in line 1, `name = input('Name? ')`: an error"),
    "another name": ("SCALE = 2 * sacle\n{answer}", "its cell stopped in line 1, `SCALE = 2 * sacle`: NameError"),
    "in a function": (
        "def scale():\n    return 1 / 0\nscale()\n{answer}",
        "its cell stopped in line 3, `scale()`: ZeroDivisionError",
    ),
}


def test_a_decimal_comma_is_said_in_the_reader_s_words_not_in_pythons():
    said = "its cell stopped in line 2, `p = 11,09`: a decimal number has a point, no comma: write 11.09"
    assert str(accident.stop("# mine\np = 11,09", None, False)) == said


@in_bubblewrap
@pytest.mark.parametrize(
    "name", [n if n == "a missing module" else pytest.param(n, marks=pytest.mark.slow) for n in STOPS]
)
def test_a_cell_that_stops_before_its_answer_is_reported_as_that(name):
    source, sentence = STOPS[name]
    answer = solutions(FIRST)["decay_ratios"]
    source = source.format(answer=answer)
    record = outcome(FIRST, {"decay_ratios": source})
    shown = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in record.notebook["cells"]}
    said = shown["test_decay_ratios"]["outputs"][0]["data"]["text/plain"]
    expected = sentence.replace("{last}", str(source.count("\n") + 1))
    assert record.points == full(FIRST, "decay_ratios")
    assert f"no answer came out, because {expected}" in said


def test_the_text_of_an_error_is_repeated_only_where_no_hidden_input_was_seen():
    def error(kind, text, number):
        return NotebookNode(ename=kind, evalue=text, traceback=[f"Cell \x1b[32mIn[3], line {number}\x1b[0m\nodd"])

    source = "x = 1\ny = odd()"
    said = [
        str(accident.stop(source, error(kind, "S3CRET", number), quotable))
        for kind, number, quotable in (
            ("ValueError", 2, True),
            ("ValueError", 2, False),
            ("S3CRET", 1, False),
            ("ValueError", 77, False),
        )
    ]
    assert said == [
        "its cell stopped in line 2, `y = odd()`: ValueError: S3CRET",
        "its cell stopped in line 2, `y = odd()`: ValueError",
        "its cell stopped in line 1, `x = 1`: an error",
        "its cell stopped: ValueError",
    ]
    assert accident.stop(source, None, True) is None


def test_a_statement_is_blanked_at_no_cost_that_grows_with_its_line():
    nodes = ast.parse("x();" * 2_000).body
    lines = [bytearray(b"x();" * 2_000 + b"#" * 20_000_000)]
    begun = time.process_time()
    for node in nodes:
        accident.blank(lines, node)
    assert time.process_time() - begun < 2
    assert lines[0].startswith(b"   ;" * 2_000 + b"#")
