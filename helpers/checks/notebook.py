"""Say whether a kernel holds what its notebook says: which cells ran, what they say now, and which of them counts.

    events --> runs;  file or front end --> cells --with_runs--> cells as they are now --taken--> the one that counts
                                          what the kernel holds, beside that --doubt--> a sentence, or nothing

The cell that counts is the one that grading takes. All but the last functions are pure.
"""

import ast
import linecache
import os
import re
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..support.language import Message, english
from .errors import explained

# As in grading: of a magic that runs its cell, the cell; of what is no Python, what its lines say.
RUNS_ITS_CELL = re.compile(r"\A\s*%%(?:time|capture|prun)\b.*")
DEFINITION = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
ASSIGNMENT = re.compile(r"^(\w+)[ \t]*=(?!=)", re.MULTILINE)
DEFINED = ast.FunctionDef, ast.AsyncFunctionDef
ASSIGNED = ast.Assign, ast.AnnAssign
INNER = *DEFINED, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp


class Run(NamedTuple):
    """A cell that ran: its text, the front end's name for it if any, and when it began; where and why it stopped."""

    text: str
    cell: str | None
    at: float
    stopped: int = 0
    error: tuple[str, str] = ("", "")  # the name of its type, and its text


class CodeCell(NamedTuple):
    """A code cell of a notebook: its text, its id, and its name in nbgrader's metadata, which may be empty."""

    text: str
    id: str | None = None
    mark: str = ""


class Notebook(NamedTuple):
    """A notebook as it was last saved: its code cells, when that was, and where; without a place nothing was seen."""

    cells: Sequence[CodeCell] = ()
    saved: float = 0.0
    place: str = ""


class Names(NamedTuple):
    """What a cell gives names to: functions, anything at all, and answers still to come; and why it is no Python."""

    defines: frozenset[str]
    binds: frozenset[str]
    stubs: frozenset[str] = frozenset()
    error: SyntaxError | None = None


@lru_cache(maxsize=256)
def names_at_top(text: str, stopped: int = 0) -> Names:
    """Read the names that a cell gives at the level of the notebook, or gave until an error stopped it in a line."""
    text = RUNS_ITS_CELL.sub("", text, count=1)
    found: SyntaxError | None = None
    for turned in (str, as_python):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a student's invalid escapes
                tree = ast.parse(turned(text))
            begun = [statement for statement in tree.body if statement.lineno <= stopped]
            tree.body = begun[:-1] if begun else tree.body
            return given_by(tree)
        except SyntaxError as error:
            found = found or error
        except (ValueError, RecursionError, MemoryError):
            found = found or SyntaxError()
    defines = frozenset(DEFINITION.findall(text))
    return Names(defines, defines.union(ASSIGNMENT.findall(text)), error=found)


def as_python(text: str) -> str:
    """Return the Python that IPython runs of a cell."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(text)


def given_by(tree: ast.Module) -> Names:
    """Return the names that a module gives, those inside functions and classes left out."""
    defines: set[str] = set()
    binds: set[str] = set()
    stubs: set[str] = set()
    waiting: list[Any] = tree.body[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (*DEFINED, *ASSIGNED)):
            targets = getattr(node, "targets", [getattr(node, "target", node)])
            given = {getattr(target, "name", getattr(target, "id", "")) for target in targets} - {""}
            stubs = stubs | given if does_nothing(node) else stubs - given
            if isinstance(node, DEFINED) or isinstance(node.value, ast.Lambda):
                defines |= given
        if isinstance(node, ast.ClassDef):
            binds.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            binds.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            binds.add(node.id)
        if not isinstance(node, INNER):
            waiting += list(ast.iter_child_nodes(node))[::-1]
    return Names(frozenset(defines), frozenset(binds | defines), frozenset(stubs))


def does_nothing(node: Any) -> bool:
    """Tell whether a function or an assignment stands for an answer to come."""
    if isinstance(node, ASSIGNED):
        return isinstance(node.value, ast.Constant) and node.value.value in (None, ...)
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    raised = [getattr(s.exc, "func", s.exc) for s in body if isinstance(s, ast.Raise)]
    known = all(getattr(name, "id", "NotImplementedError") == "NotImplementedError" for name in raised)
    return known and all(isinstance(s, (ast.Pass, ast.Raise)) for s in body)


def same(text: str, other: str) -> bool:
    """Tell whether two cells say the same, whatever blanks front ends leave at the ends of lines."""
    first, second = ([line.rstrip() for line in each.strip().splitlines()] for each in (text, other))
    return first == second


def keys(cell: CodeCell, runs: Sequence[Run]) -> set[str]:
    """Return the front end's names for a cell: its id, or the name under which its very text ran."""
    ran = {run.cell for run in runs if run.cell and same(run.text, cell.text)}
    return ran | ({cell.id} if cell.id else set())


def with_runs(notebook: Notebook, runs: Sequence[Run], name: str = "") -> list[CodeCell]:
    """Return the cells as they are now: with what ran since they were saved, new ones above an exercise's check."""
    cells, known = [], set[str]()
    since = [run for run in runs if run.cell and run.at > notebook.saved]
    for cell in notebook.cells:
        own = keys(cell, runs)
        known |= own
        text = next((run.text for run in reversed(since) if run.cell in own), cell.text)
        cells.append(cell._replace(text=text))
    new = {run.cell: CodeCell(run.text, run.cell) for run in since if run.cell not in known}
    place = check_of(cells, name)
    return [*cells[:place], *new.values(), *cells[place:]]


def check_of(cells: Sequence[CodeCell], name: str) -> int:
    """Return the index of an exercise's check, the last where there are several; the end where there is none."""
    places = [i for i, cell in enumerate(cells) if cell.mark == f"test_{name}" or f'check("{name}")' in cell.text]
    return places[-1] if places else len(cells)


def taken(cells: Sequence[CodeCell], name: str, is_value: bool) -> CodeCell | None:
    """Return the cell that grading takes for the answer to an exercise, or None.

    That is the last one above the check that defines the function, or gives the variable, and does something; else the
    last such cell that is no Python, else the last one anywhere, else one that gives the name in another way.
    """

    def gives(cell: CodeCell, any_way: bool) -> bool:
        found = names_at_top(cell.text)
        return name in (found.binds if any_way or cell.mark == name else found.defines) - found.stubs

    written = [cell for cell in cells if gives(cell, is_value)]
    above = [cell for cell in cells[: check_of(cells, name)] if cell in written]
    orders = [cell for cell in above if not names_at_top(cell.text).error], above, written
    last_way = [cell for cell in cells if gives(cell, True)]
    return next((each[-1] for each in (*orders, last_way) if each), None)


def gave(run: Run, name: str) -> bool:
    """Tell whether a run gave a name: it is Python, and did not stop before."""
    found = names_at_top(run.text, run.stopped)
    return name in found.binds and not found.error


def origin(name: str, value: object, runs: Sequence[Run]) -> Run | None:
    """Return the run that a value comes from, or None: of a function the one with its source, else the last giver."""
    code = getattr(value, "__code__", None)
    source = "".join(linecache.getlines(code.co_filename)) if code else ""
    written = [run for run in runs if name in names_at_top(run.text).binds and same(run.text, source)]
    found = written or [run for run in runs if gave(run, name)]
    return found[-1] if found else None


def doubt(
    name: str,
    namespace: dict[str, Any],
    is_value: bool,
    notebook: Notebook,
    runs: Sequence[Run],
    words: Sequence[object] = (),
) -> Message | None:
    """Say why what a kernel holds under a name is not what its notebook says; None where nothing speaks against it.

    Arguments
        name: the exercise's.
        namespace: what the kernel holds.
        is_value: whether a value is asked for, not a function.
        notebook: as it was last saved, if that is known.
        runs: the cells that ran, in order.
        words: what can be chosen, where that is asked for.
    """
    cells = with_runs(notebook, runs, name)
    cell = taken(cells, name, is_value)
    latest = {run.cell: run for run in runs if run.cell}  # of each cell
    givers = [r for r in runs if latest.get(r.cell or "", r) is r and name in names_at_top(r.text).binds]
    last = givers[-1] if givers and not gave(givers[-1], name) else None
    broken = last if last and names_at_top(last.text).error else None
    unplaced = last and last.at > notebook.saved and not any(same(last.text, each.text) for each in cells)
    marked = next((each for each in cells if each.mark == name), None)
    renamed = sorted(names_at_top(marked.text).defines - {name}) if marked else []
    if name not in namespace:
        if cell and names_at_top(cell.text).error:
            return no_python(cell.text)
        if broken and (unplaced or not cell):
            return no_python(broken.text)
        if last and last.stopped and unplaced:
            return stopped_before(name, last, words)
        if renamed and not cell:
            return english("its cell defines {found} instead", found=", ".join(renamed))
        if notebook.place and not cell and not marked:
            return english("no cell of the notebook defines it")
        ran = [run for run in runs if same(run.text, cell.text)] if cell else [] if cells else givers
        if ran:
            return stopped_before(name, ran[-1], words)
        return english("there is no {name} yet: run its cell, then this check", name=name)
    come = origin(name, namespace[name], runs)
    if come is None:
        return None
    if last and unplaced and last is not come:
        return no_python(last.text) if broken else stopped_before(name, last, words)
    stands = any(same(each.text, come.text) for each in cells)
    placed = come.at < notebook.saved or stands or any(come.cell in keys(each, runs) for each in cells)
    if not cells or not placed or (same(cell.text, come.text) if cell else stands):
        return None
    if cell is None and renamed:
        return english("an older one is still there, but its cell now defines {found}", found=", ".join(renamed))
    if cell is None:
        return english("an older one is still there, but no cell of the notebook defines it any more")
    if names_at_top(cell.text).error:
        return no_python(cell.text)
    if later := [run for run in runs if run.at > come.at and same(run.text, cell.text)]:
        return stopped_before(name, later[-1], words)
    if not stands:
        return english("what was run is older than its cell's text: run that cell, then this check")
    return english(
        "another cell's was run last, and grading takes the last one above this check: run that cell, or delete it"
    )


def no_python(text: str) -> Message:
    """Say in which line a cell is no Python."""
    error = names_at_top(text).error or SyntaxError()
    lines = text.splitlines()
    number = min(error.lineno or 1, len(lines))
    line = lines[number - 1].strip()[:80]
    said = explained("SyntaxError", str(error.msg), line) or f"SyntaxError: {error.msg}"
    return english("its cell is not Python yet: line {number}, `{line}`: {error}", number=number, line=line, error=said)


def stopped_before(name: str, run: Run, words: Sequence[object]) -> Message:
    """Say which error has stopped a run before it gave a name, and what that means."""
    (kind, text), lines = run.error, run.text.splitlines()
    if not kind:
        return english("its cell ran, but there is no {name}: run that cell again and read what it says", name=name)
    error, advice = f"{kind}: {text.strip().split(chr(10))[0][:200]}", explained(kind, text, lines[run.stopped - 1])
    word = advice.values.get("name") if advice else None
    if kind == "NameError" and word in words:
        at = {"name": name, "word": word}
        return english('its cell stopped at `{word}`: write the word in quotation marks, {name} = "{word}"', **at)
    said = Message("{error}. {advice}", {"error": error, "advice": advice}) if advice else error
    return english("its cell stopped, and gave no {name}: {error}", name=name, error=said)


# What a kernel and its front end know


_runs: list[Run] = []


def shell() -> Any:
    """Return IPython's shell, or None where Python runs alone."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def namespace() -> dict[str, Any]:
    """Return what the notebook's cells have given names to."""
    found = shell()
    return found.user_ns if found else vars(sys.modules["__main__"])


def runs() -> Sequence[Run]:
    """Return the cells that ran since `listen` was called, and those before it."""
    return _runs


def listen() -> None:
    """Note from here on which cells run; those that ran before are taken from IPython's history."""
    found = shell()
    if found and not _runs:
        _runs.extend(Run(text, None, time.time()) for text in found.history_manager.input_hist_raw[1:])
        found.events.register("pre_run_cell", note)
        found.events.register("post_run_cell", note_end)


def note(info: Any) -> None:
    """Note a cell that is about to run; older versions of IPython give no id."""
    _runs.append(Run(info.raw_cell, getattr(info, "cell_id", None), time.time()))


def note_end(result: Any) -> None:
    """Note where and why the cell that ran last has stopped, if it did."""
    error = getattr(result, "error_in_exec", None)
    trace = getattr(error, "__traceback__", None)
    while trace and trace.tb_frame.f_globals is not namespace():
        trace = trace.tb_next
    if trace and _runs and _runs[-1].text == result.info.raw_cell:
        _runs[-1] = _runs[-1]._replace(stopped=trace.tb_lineno, error=(type(error).__name__, str(error)))


def front_end() -> str:
    """Return where the notebook is open: Colab, VS Code, JupyterLab; empty where that is not known."""
    if "google.colab" in sys.modules:
        return "Colab"
    if "__vsc_ipynb_file__" in namespace():
        return "VS Code"
    return "JupyterLab" if "JPY_SESSION_NAME" in os.environ else ""


def read_notebook() -> Notebook:
    """Return the notebook as its front end has it, or its file; an empty one where neither can be had."""
    with suppress(Exception):  # whatever a front end lacks, or a file holds
        if front_end() == "Colab":
            message = sys.modules["google.colab"]._message
            document, saved = message.blocking_request("get_ipynb", timeout_sec=5)["ipynb"], time.time()
            place = document["metadata"].get("colab", {}).get("name") or "Colab"
        else:
            import json

            path = Path(namespace().get("__vsc_ipynb_file__") or os.environ["JPY_SESSION_NAME"])
            document, saved, place = json.loads(path.read_bytes()), path.stat().st_mtime, str(path)
        return Notebook([code_cell(cell) for cell in document["cells"] if cell["cell_type"] == "code"], saved, place)
    return Notebook()


def code_cell(cell: dict[str, Any]) -> CodeCell:
    """Return a cell of a notebook's file."""
    return CodeCell("".join(cell["source"]), cell.get("id"), cell["metadata"].get("nbgrader", {}).get("grade_id", ""))
