"""Say what the code of a cell defines and what it needs, from its source alone: nothing is run here."""

import ast
import re
import symtable
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from helpers.checks.notebook import does_nothing

LONG = 90_000  # characters; the setup cell is shorter
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Assignment: TypeAlias = ast.Assign | ast.AnnAssign
# IPython's own lines, which are not Python, and the magics that run Python in the notebook. Each pattern is linear.
CELL_MAGIC = re.compile(r"%%(\w+)(?:[ \t]+(\w+))?")
RUNS_ITS_CELL = {"time", "capture", "prun"}
RUNS_ITS_LINE = re.compile(r"%(?:time|prun)[ \t]+(?!-)")
ESCAPED, VALUE = re.compile(r"[%!?,;/]|[\w.]+\?{1,2}[ \t]*$"), re.compile(r"[\w, \t]+=[ \t]*[%!]")
PYTHON_PROMPT = re.compile(r"[ \t]*>>>"), re.compile(r"[ \t]*(?:>>>|\.\.\.)[ \t]?")  # the first, all
IPYTHON_PROMPT = re.compile(r"In \[\d+\]: |[ \t]*\.{3,}: ?")
DEFINITION = re.compile(r"^(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(", re.MULTILINE)
ASSIGNMENT = re.compile(r"^(\w+)[ \t]*=(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class Code:
    """What a cell's source is as code.

    Attributes
        parses: whether it is Python.
        is_open: whether an indented line could follow: its last statement is a function that ends without return.
        returns: whether it has a `return` outside every function: the end of a function that was cut.
        only_stubs: whether there is nothing in it but stubs.
        defines: the names that a `def` or a `lambda` gets at the level of the notebook.
        stubs: the names that stand for an answer to come: a function that does nothing yet, a variable that is None.
        binds: all names it binds at that level, those of `defines` among them.
        needs: the names it looks up outside itself, when it runs or later, when its functions do.
        needs_at_once: those of them that it needs when it runs.
    """

    parses: bool = False
    is_open: bool = False
    returns: bool = False
    only_stubs: bool = False
    defines: frozenset[str] = frozenset()
    stubs: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    needs_at_once: frozenset[str] = frozenset()


def code(source: str) -> Code:
    """Return the `Code` of a cell's source; one that does not parse still gives what its lines say."""
    return read_again(source) if len(source) <= LONG else read_cell(source)


def read_cell(source: str) -> Code:
    """Read a source; `code` remembers what this finds in short ones."""
    plain = python_in(source)
    tree = module_of(plain)
    if tree is None:
        found = frozenset(DEFINITION.findall(plain))
        return Code(defines=found, binds=found.union(ASSIGNMENT.findall(plain)))
    defined: set[str] = set()
    stubs: set[str] = set()
    bound: set[str] = set()
    returns = False
    for node in at_module_level(tree):
        if isinstance(node, Function | Assignment):
            names = names_given(node)
            stubs = stubs | names if does_nothing(node) else stubs - names
            defined |= names if isinstance(node, Function) or isinstance(node.value, ast.Lambda) else set()
        if isinstance(node, ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        returns |= isinstance(node, ast.Return)
    bound |= defined
    later, at_once = looked_up(plain)
    last = tree.body[-1] if tree.body else None
    return Code(
        parses=True,
        is_open=isinstance(last, Function) and not isinstance(last.body[-1], ast.Return | ast.Raise),
        returns=returns,
        only_stubs=all(isinstance(s, Function | Assignment) and names_given(s) <= stubs for s in tree.body),
        defines=frozenset(defined),
        stubs=frozenset(stubs),
        binds=frozenset(bound),
        needs=frozenset((later | at_once) - bound),
        needs_at_once=frozenset(at_once - bound),
    )


read_again = lru_cache(maxsize=512)(read_cell)  # most cells of a submission are those of every other


def module_of(source: str) -> ast.Module | None:
    """Return the module of a source, or None where it is not Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a student's invalid escapes
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            return None


def python_in(source: str) -> str:
    """Return the Python that IPython runs of a cell, each line in its place; a line of magic that runs none is empty.

    It takes time in proportion to the source, as IPython's own transformation does not. Empty for a cell whose magic
    runs something else.
    """
    if module_of(source):
        return source
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
    lines = [line.removeprefix(indent) for line in lines]
    if any(map(PYTHON_PROMPT[0].match, lines)):
        lines = [without_prompt(line, PYTHON_PROMPT[1]) for line in lines]
    if any(map(IPYTHON_PROMPT.match, lines[first : first + 2])):
        lines = [without_prompt(line, IPYTHON_PROMPT) for line in lines]
    if magic := CELL_MAGIC.match(lines[first]):
        if magic[1] not in RUNS_ITS_CELL:
            return ""
        lines[first] = f"{magic[2]} = None" if magic[1] == "capture" and magic[2] else ""
        return python_in("\n".join(lines))
    plain, goes_on = [], False
    for line in lines:
        code, is_magic = ("", True) if goes_on else without_magic(line)
        goes_on = is_magic and line.endswith("\\")
        plain.append(code)
    return "\n".join(plain)


def without_prompt(line: str, prompt: re.Pattern[str]) -> str:
    """Return a line without the prompt that it begins with, if it does."""
    found = prompt.match(line)
    return line[found.end() :] if found else line


def without_magic(line: str) -> tuple[str, bool]:
    """Return a line as Python, and whether it was one of IPython's own."""
    text = line.lstrip(" \t")
    indent = line[: len(line) - len(text)]
    if runs := RUNS_ITS_LINE.match(text):
        return indent + text[runs.end() :], True
    if ESCAPED.match(text):
        return f"{indent}pass", True
    if value := VALUE.match(text):
        return f"{indent}{value[0][:-1]}None", True
    return line, False


def at_module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the nodes of a module that bind names of the notebook: not those inside functions and classes."""
    waiting: list[ast.AST] = list(reversed(tree.body))
    while waiting:
        node = waiting.pop()
        yield node
        inner = ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
        if not isinstance(node, Function | ast.ClassDef | inner):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))


def names_given(statement: Function | Assignment) -> set[str]:
    """Return the names that a function definition or an assignment gives, those in tuples left out."""
    if isinstance(statement, Function):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def looked_up(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a source looks up in the notebook: those of its functions, and those at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tables = [symtable.symtable(source, "cell", "exec")]
        except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError):
            return set(), set()
    later: set[str] = set()
    at_once = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_referenced()}
    while tables:
        table = tables.pop()
        tables += table.get_children()
        later |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced() and symbol.is_global()}
    return later, at_once
