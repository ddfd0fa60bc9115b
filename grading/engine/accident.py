"""Cells that end Python, do not end, or stop half way: what is left of them, and what is said about them."""

import ast
import builtins
import re

from nbformat import NotebookNode

from grading.repair.cell_code import Function, module_of, python_in
from grading.repair.match import grade_id
from helpers.checks.errors import explained
from helpers.support.language import Message, english, plain

DEFINING = Function | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Assign | ast.AnnAssign
# What may take long, or end Python, where a value is computed.
COMPUTES = ast.Call | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.Await | ast.Pow | ast.LShift
IN_CELL = re.compile(r"Cell In\[\d+\], line (\d{1,6})")  # IPython's name of a place in a traceback
LONGEST_TRACEBACK, LONGEST_TEXT = 100_000, 200  # characters that are read, and repeated
ENDERS = {"exit", "quit", "_exit", "abort", "ask_exit", "kill", "killpg", "raise_signal", "alarm", "do_shutdown"}


def definitions_in(source: str) -> str:
    """Return a cell's source without what it does: its imports, functions, classes and plain values, each in its line.

    Empty where the source is no Python.
    """
    plain_source = python_in(source)
    tree = module_of(plain_source)
    if tree is None:
        return ""
    kept = [node for node in tree.body if is_definition(node)]
    lines = [bytearray(line.encode()) for line in plain_source.split("\n")]
    for node in set(tree.body).difference(kept):
        blank(lines, node)
    left = b"\n".join(lines).decode()
    return left if module_of(left) else "\n".join(map(ast.unparse, kept))


def is_definition(node: ast.stmt) -> bool:
    """Tell whether a statement only gives names something, and computes nothing now."""
    if not isinstance(node, DEFINING):
        return False
    return not isinstance(node, ast.Assign | ast.AnnAssign) or not any(
        isinstance(part, COMPUTES) for part in outside_lambdas(node)
    )


def outside_lambdas(node: ast.AST) -> list[ast.AST]:
    """Return the parts of a node that are evaluated with it."""
    found, waiting = [], [node]
    while waiting:
        part = waiting.pop()
        found.append(part)
        waiting += [] if isinstance(part, ast.Lambda) else ast.iter_child_nodes(part)
    return found


def blank(lines: list[bytearray], node: ast.stmt) -> None:
    """Put blanks in the place of a statement, at a cost that grows with it and not with its lines."""
    assert node.end_lineno and node.end_col_offset is not None, "a parsed statement ends somewhere"
    for number in range(node.lineno, node.end_lineno + 1):
        line = lines[number - 1]
        start = node.col_offset if number == node.lineno else 0
        end = node.end_col_offset if number == node.end_lineno else len(line)
        line[start:end] = b" " * (end - start)


def cause(source: str) -> Message | None:
    """Return which line of a cell ends Python, in words that follow "because"; None where none is known to."""
    tree = module_of(python_in(source))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree else []
    for call in sorted(calls, key=lambda call: call.lineno):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in ENDERS:
            return english("line {line} ends Python: `{call}`", line=call.lineno, call=f"{name}()")
    return None


def stop(source: str, error: NotebookNode | None, quotable: bool) -> Message | None:
    """Return where and why a cell stopped, in words that follow "because"; None where it is not known to.

    Arguments
        source: the cell's.
        error: the output of the error that its kernel has shown, whatever is in there; None for none.
        quotable: whether the error's text may be repeated. Where the kernel has seen hidden inputs it may not: only the
            type of a built-in error is then, and a line of the cell.
    """
    lines = source.split("\n")
    try:
        ast.parse(python_in(source))
    except SyntaxError as found:
        line = lines[found.lineno - 1] if found.lineno and found.lineno <= len(lines) else ""
        said = explained("SyntaxError", found.msg, line.strip())
        return stopped(lines, found.lineno, said or plain(f"{type(found).__name__}: {found.msg}"))
    except (ValueError, RecursionError, MemoryError):
        pass
    if error is None:
        return None
    known = isinstance(getattr(builtins, error.ename, None), type)
    text = f"{error.ename}: {error.evalue}".split("\n")[0][:LONGEST_TEXT]
    said = plain(text) if quotable else plain(error.ename) if known else english("an error")
    numbers = IN_CELL.findall(re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error.traceback)[:LONGEST_TRACEBACK]))
    return stopped(lines, int(numbers[0]) if numbers else None, said)


def stopped(lines: list[str], number: int | None, error: Message) -> Message:
    """Return the sentence about a cell that an error has stopped."""
    if number is None or not 1 <= number <= len(lines):
        return english("its cell stopped: {error}", error=error)
    line = lines[number - 1].strip()
    return english("its cell stopped in line {number}, `{line}`: {error}", number=number, line=line[:80], error=error)


def left_out(cell: NotebookNode, number: int, reason: Message) -> Message:
    """Return the sentence about a cell of which only the definitions are run again.

    Arguments
        cell: a mended notebook's.
        number: its number there, from 1.
        reason: why, in words that follow "because".
    """
    name = grade_id(cell)
    if name:
        return english("Only what the cell of `{name}` defines was run, because {reason}.", reason=reason, name=name)
    return english("Only what cell {number} defines was run, because {reason}.", reason=reason, number=number)


def all_left_out(reason: Message) -> Message:
    """Return the sentence about a notebook of which only the definitions are run."""
    return english("Only what the cells define was run, because {reason}.", reason=reason)
