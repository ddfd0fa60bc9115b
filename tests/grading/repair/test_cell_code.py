"""What a cell's source binds, against IPython itself, which runs it; and that reading takes time in proportion."""

import time

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from grading.repair.cell_code import LONG, code, python_in
from grading.repair.packed import unpacks

DEF = "def answer(x):\n    return x"
CELLS = {
    "plain": DEF,
    "indented": "    def answer(x):\n        return x",
    "indented under blank lines": "\n\n  def answer(x):\n    return x\n",
    "prompts": ">>> def answer(x):\n...     return x\n...\n>>> other = 3",
    "prompts below a line": "answer = 3\n>>> def other(x):\n...     return x",
    "IPython's prompts from the second line": "def answer(x):\n   ...:     return x",
    "IPython's prompts": "In [1]: def answer(x):\n   ...:     return x\n   ...: \nIn [2]: other = 3",
    "magics between": f"%precision 3\n{DEF}\n%time 3\nother = 1",
    "a continued shell line": f"!echo a \\\n   def no(x):\n{DEF}",
    "a continued magic": f"%precision \\\n  3\n{DEF}",
    "a magic with a value": f"files = !ls\n{DEF}",
    "several names from a magic": "a, b = %time (1, 2)",
    "%%time": f"%%time\n{DEF}",
    "%%time and a magic": f"%%time\n!true\n{DEF}",
    "%%capture": f"%%capture out\n{DEF}",
    "%%capture, indented": f"%%capture\n    {DEF}".replace("\n    return", "\n        return"),
    "%%time in %%capture": f"%%capture\n%%time\n{DEF}",
    "%%bash": f"%%bash\n{DEF}",
    "%%writefile": f"%%writefile /dev/null\n{DEF}",
    "%%timeit": "%%timeit -n 1 -r 1\nanswer = 3",
    "%time": "%time answer = 3",
    "%time indented": "if True:\n    %time answer = 3",
    "help": f"len?\n{DEF}\nlen??",
    "% that continues": "answer = (7\n% 4)",
    "a text that looks like magic": 'answer = """\n%time other = 3\n!ls\n"""',
    "a quick call": f"/print 3\n,print a\n{DEF}",
    "two statements on a line": "answer = 1; other = 2; None",
    "no Python": "def answer(:",
}


def bound_by_ipython(source):
    """Return the names that IPython itself binds when it runs a cell."""
    shell = InteractiveShell(user_ns={})
    before = set(shell.user_ns)
    with capture_output():
        shell.run_cell(source)
    return {name for name in set(shell.user_ns) - before if not name.startswith("_")}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_binds_what_ipython_binds(name, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: "")
    found = code(CELLS[name])
    extra = {"answer"} if name == "no Python" else set()  # what a cell is about is told, too
    assert found.binds == bound_by_ipython(CELLS[name]) | extra
    assert found.parses != (name == "no Python")


@pytest.mark.parametrize("name", [name for name in CELLS if python_in(CELLS[name])])
def test_every_line_keeps_its_place(name):
    lines, plain = CELLS[name].split("\n"), python_in(CELLS[name]).split("\n")
    for line, read in zip(lines, plain, strict=True):
        assert read.strip() in line or read.strip() == "pass" or read.endswith("None")


@pytest.mark.parametrize(
    "source",
    ["%a" + " " * LONG + "y", "x = 3\n!\n" + "a, " * LONG, "%x\n" * LONG, "%x\ny = 1\n" * LONG, "!" + "\\\n" * LONG]
    + [
        part * LONG + "\n%x" for part in ("a ", ">>> ", "...", "In [1]: ", "w.", " \t", "=", "%", "bring_helpers ", "?")
    ],
    ids=lambda source: f"{source[:8]!r}",
)
def test_the_worst_source_is_read_in_seconds(source):
    begun = time.process_time()
    python_in(source), code(source), unpacks(source)
    assert time.process_time() - begun < 5
