"""Find the released cells that no answer needs: figures and explorers, which take most of a notebook's time.

The judge runs every cell of the student's, and of the released read-only cells those that one of them, or a graded
exercise, needs by name. What a skipped cell would have shown is not kept at grading anyway (`Judge.hide_outputs`).
Where a student's source could look names up in another way, nothing is skipped.
"""

import ast
import re
from collections.abc import Iterable
from functools import lru_cache

from nbformat import NotebookNode
from nbgrader import utils

from grading.repair.cell_code import LONG, code, module_of
from grading.repair.doctor import SECTION

SHOWS_ONLY = {"helpers"}  # what a cell calls of it for its effect shows something, and changes no answer

# What finds names that a source does not write: with one of these a cell may need any other.
REFLECTION = {"globals", "locals", "vars", "eval", "exec", "dir", "compile", "get_ipython", "In", "Out"}
REFLECTION |= {"__main__", "__globals__", "__dict__", "modules", "_getframe", "inspect", "user_ns", "import_module"}
EARLIER_OUTPUT = re.compile(r"_+\d*|_i+\d*|_[oid]h")  # IPython's names for earlier outputs and inputs


def skippable(notebook: NotebookNode, judged: Iterable[str]) -> frozenset[int]:
    """Find the released cells that nothing needs.

    Arguments
        notebook: a mended one.
        judged: the names that the judge asks for.

    Returns their indices; none where the doctor has not said which cells are released, or where a student's cell does
    not parse, finds names without writing them, or is so long that another look would take seconds.
    """
    optional = {i: notebook.cells[i].source for i in released_cells(notebook)}
    own = [cell for i, cell in enumerate(notebook.cells) if cell.cell_type == "code" and i not in optional]
    written = [cell.source for cell in own if not utils.is_grade(cell)]
    if not optional or any(len(source) > LONG or may_need_any(source) for source in written):
        return frozenset()
    given = {i: changed(source) for i, source in optional.items()}
    needed: set[str] = set()
    waiting = {name for source in written for name in code(source).needs} | set(judged)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        for i in [i for i, names in given.items() if name in names]:
            del given[i]
            waiting |= code(optional[i]).needs - needed
    return frozenset(given)


def released_cells(notebook: NotebookNode) -> list[int]:
    """Return the indices of a mended notebook's released read-only code cells, as the doctor has noted them."""
    ids = set(notebook.metadata.get(SECTION, {}).get("released", ()))
    cells = enumerate(notebook.cells)
    return [i for i, c in cells if c.cell_type == "code" and c.get("id") in ids and "nbgrader" not in c.metadata]


def modules_in(sources: Iterable[str]) -> dict[str, str]:
    """Return {name: module} of what sources import as a whole, such as {"np": "numpy"}."""
    return {name: module for source in sources for name, module in imported(source)}


@lru_cache(maxsize=512)
def imported(source: str) -> list[tuple[str, str]]:
    """Return (name, module) of each import of a whole module in a released cell."""
    tree = module_of(source) or ast.Module([], [])
    found = [alias for node in tree.body if isinstance(node, ast.Import) for alias in node.names]
    return [(alias.asname or alias.name, alias.name) for alias in found if alias.asname or "." not in alias.name]


def may_need_any(source: str) -> bool:
    """Tell whether a source may find names that it does not write, or is no Python."""
    tree = module_of(source)
    if tree is None or any(EARLIER_OUTPUT.fullmatch(name) for name in code(source).needs):
        return True
    written: set[str] = set()
    for node in ast.walk(tree):
        for kind, part in ((ast.Name, "id"), (ast.Attribute, "attr"), (ast.alias, "name"), (ast.Constant, "value")):
            if isinstance(node, kind) and isinstance(getattr(node, part), str):
                written.add(getattr(node, part))
    return not REFLECTION.isdisjoint(written)


@lru_cache(maxsize=512)  # the released cells are those of every submission
def changed(source: str) -> set[str]:
    """Return the names that a released cell binds, or whose values it may change in place."""
    names = set(code(source).binds)
    for node in ast.walk(module_of(source) or ast.Module([], [])):
        if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            names |= root_names(node)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):  # called for what it does
            names |= root_names(node.value.func) - SHOWS_ONLY
        elif isinstance(node, ast.Global):
            names |= set(node.names)
    return names


def root_names(node: ast.AST) -> set[str]:
    """Return the name at the root of `name.part[key].part` as a set; empty for another root."""
    if isinstance(node, ast.Name):
        return set()
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()
