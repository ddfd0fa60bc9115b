"""Find the ways that an exercise forbids in a notebook's source.

Rules about *how* are data beside the cases: patterns such as `*.softmax` (that name, of whatever module or tensor) or
`helpers.perplexity`. The source is read, never run: the exercise's function and all that it reaches by name among the
notebook's own definitions. Imports and their aliases, assigned names, star imports, `getattr` and its kin with
constant texts, `importlib` and `eval` of a constant are followed. No such list is complete: code can build a name
at run time. The cases still judge every answer by its values.
"""

import ast
import builtins
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias, TypeGuard

BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
UNREADABLE = "code nested too deeply to be read"
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

Names: TypeAlias = dict[str, str | None]  # what a name stands for, as a dotted name; None for a value of its own
Scope: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda


@dataclass(frozen=True)
class Violation:
    """A forbidden way: its name, and the line of code that uses it."""

    name: str
    line: str


def violations(cells: Iterable[str], function: str, forbidden: Sequence[str]) -> list[Violation]:
    """Find the forbidden ways that a function uses.

    Arguments
        cells: the sources of the notebook's code cells in order, as Python (no magics); one that does not parse is
            passed over, since it defines nothing.
        function: the name of the exercise's function.
        forbidden: patterns of dotted names.

    Returns each way once, in order of appearance. Of several definitions of a name the last counts, and with it those
    inside an `if` or another block, which may or may not run, and those that the last one reads.
    """
    if not forbidden:
        return []
    book = Notebook(cells)
    found, seen, waiting = [Violation(UNREADABLE, line) for line in book.unreadable], {function}, [function]
    while waiting:
        for statement, lines in book.defined.get(waiting.pop(0), []):
            try:
                references = list(book.references(statement, book.names))
            except (RecursionError, MemoryError):  # no person writes such code: refuse what cannot be read
                references = [(UNREADABLE, statement.lineno, True)]
            for dotted, lineno, certain in references:
                if certain or any(fnmatchcase(dotted, pattern) for pattern in forbidden):
                    found.append(Violation(dotted.lstrip("?."), lines[lineno - 1].strip()))
                elif dotted in book.defined and dotted not in seen:
                    seen.add(dotted)
                    waiting.append(dotted)
                elif "." not in dotted and dotted not in book.defined and dotted not in dir(builtins):
                    starred = (f"{module}.{dotted}" for module in book.stars)
                    if any(fnmatchcase(name, pattern) for name in starred for pattern in forbidden):
                        found.append(Violation(dotted, lines[lineno - 1].strip()))
    return list(dict.fromkeys(found))


class Notebook:
    """What a notebook's cells define.

    Attributes
        defined: a name's statements, each with the lines of its cell.
        names: what a name stands for.
        stars: the modules of star imports.
        unreadable: the first lines of cells that are nested too deeply.
    """

    def __init__(self, cells: Iterable[str]) -> None:
        self.defined: dict[str, list[tuple[ast.stmt, list[str]]]] = {}
        self.names: Names = {}
        self.stars: list[str] = []
        self.unreadable: list[str] = []
        for cell in cells:
            lines = re.split("\r\n|\r|\n", cell)  # as Python counts them
            try:
                statements = statements_of(cell)
            except (RecursionError, MemoryError):
                self.unreadable.append(lines[0].strip())
                continue
            for statement in statements:
                self.add(statement, lines)

    def add(self, statement: ast.stmt, lines: list[str]) -> None:
        """Record what a top-level statement binds."""
        try:
            bound = bindings(statement, self.names)
        except RecursionError:
            bound = {node.id: None for node in ast.walk(statement) if is_name(node, ast.Store)}
        read = {node.id for node in ast.walk(statement) if is_name(node, ast.Load)}
        for name, meaning in bound.items():
            if not isinstance(statement, BLOCKS) and not (name in read and not isinstance(statement, SCOPES)):
                self.defined.pop(name, None)
            self.defined.setdefault(name, []).append((statement, lines))
            self.names.pop(name, None)
            if meaning:
                self.names[name] = meaning
                if isinstance(statement, (ast.Import, ast.ImportFrom)):
                    self.defined.pop(name)
        for node in ast.walk(statement):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                self.stars.append(node.module or "")

    def references(self, node: ast.AST, names: Names) -> Iterator[tuple[str, int, bool]]:
        """Yield (dotted name, line number, whether it is forbidden for certain) for all that a node refers to."""
        if isinstance(node, SCOPES):
            for outer in outside(node):
                yield from self.references(outer, names)
            body = node.body if isinstance(node.body, list) else [node.body]
            inner: Names = {}
            for part in body:
                inner |= bindings(part, names | inner)
            names = names | dict.fromkeys(parameters(node)) | inner
            for part in body:
                yield from self.references(part, names)
            return
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            names = names | dict.fromkeys(n.id for n in ast.walk(node) if is_name(n, ast.Store))
        if isinstance(node, ast.expr):
            for dotted in self.dotted_names(node, names):
                if not self.is_own(dotted):
                    yield dotted, node.lineno, False
        if isinstance(node, ast.Call) and resolve(node.func, names) in ("eval", "exec") and node.args:
            for statement in statements_of(text_of(node.args[0]) or ""):
                yield from ((dotted, node.lineno, sure) for dotted, _, sure in self.references(statement, names))
        for child in ast.iter_child_nodes(node):
            yield from self.references(child, names)

    def dotted_names(self, node: ast.expr, names: Names) -> Iterator[str]:
        """Yield what one expression, by itself, refers to."""
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            dotted = resolve(node, names)
            if dotted:
                yield dotted
        elif isinstance(node, ast.Subscript) and is_namespace(node.value, names):
            yield f"?.{text_of(node.slice)}"
        elif isinstance(node, ast.Call):
            texts = [text for text in map(text_of, node.args) if text]
            called = resolve(node.func, names) or ""
            if called in ("getattr", "builtins.getattr") and texts:
                yield f"{resolve(node.args[0], names) or '?'}.{texts[0]}"
            elif called == "operator.attrgetter" or is_lookup(node.func, names):
                yield from (f"?.{text}" for text in texts)
            elif called == "operator.methodcaller" and texts:
                yield f"?.{texts[0]}"

    def is_own(self, dotted: str) -> bool:
        """Tell whether a dotted name is a method of a class that the notebook defines."""
        owner, _, method = dotted.rpartition(".")
        classes = [statement for statement, _ in self.defined.get(owner, []) if isinstance(statement, ast.ClassDef)]
        if owner in ("self", "cls"):
            classes = [s for found in self.defined.values() for s, _ in found if isinstance(s, ast.ClassDef)]
        return any(method in bindings(part, {}) for statement in classes for part in statement.body)


def statements_of(source: str) -> list[ast.stmt]:
    """Return the statements of a cell, or none where it is not Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd escapes in a student's texts
            return ast.parse(source).body
    except (SyntaxError, ValueError):
        return []


def bindings(statement: ast.AST, names: Names) -> Names:
    """Return what a statement binds in its own scope: a name to the dotted name it stands for, or to None."""
    bound: Names = {}
    inner: Sequence[ast.AST] = ()
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name: None}
    if isinstance(statement, ast.Import):
        for name in statement.names:
            bound[name.asname or name.name.partition(".")[0]] = (
                name.name if name.asname else name.name.partition(".")[0]
            )
    elif isinstance(statement, ast.ImportFrom):
        bound = {n.asname or n.name: f"{statement.module or ''}.{n.name}" for n in statement.names if n.name != "*"}
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None:
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        meaning = resolve(statement.value, names)
        bound = {target.id: meaning for target in targets if isinstance(target, ast.Name)}
        inner = targets
    else:
        inner = [child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.Lambda)]
    for child in inner:
        if is_name(child, ast.Store):
            bound.setdefault(child.id, None)
        else:
            bound = bindings(child, names) | bound
    return bound


def parameters(scope: Scope) -> list[str]:
    """Return the names of a function's parameters; none for a class."""
    if isinstance(scope, ast.ClassDef):
        return []
    return [node.arg for node in ast.walk(scope.args) if isinstance(node, ast.arg)]


def outside(scope: Scope) -> list[ast.expr]:
    """Return the parts of a definition that are evaluated around it: decorators, bases and defaults."""
    if isinstance(scope, ast.ClassDef):
        return [*scope.decorator_list, *scope.bases, *(keyword.value for keyword in scope.keywords)]
    defaults = [default for default in (*scope.args.defaults, *scope.args.kw_defaults) if default]
    return [*getattr(scope, "decorator_list", []), *defaults]


def resolve(node: ast.AST, names: Names) -> str | None:
    """Return what an expression stands for as `module.name`; `?.name` for an attribute of a computed value."""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{resolve(node.value, names) or local_name(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        called = resolve(node.func, names)
        if called in ("importlib.import_module", "__import__", "builtins.__import__") and node.args:
            return text_of(node.args[0])
        if isinstance(node.func, ast.Name):
            return called  # an object of a class, for its methods; a function's value has no name
    return None


def local_name(node: ast.AST) -> str:
    """Return the name of a local variable, for its methods to be recognised by, or `?`."""
    return node.id if isinstance(node, ast.Name) else "?"


def is_namespace(node: ast.AST, names: Names) -> bool:
    """Tell whether an expression is a module's or object's dict: `torch.__dict__` or `vars(torch)`."""
    if isinstance(node, ast.Call):
        return resolve(node.func, names) in ("vars", "builtins.vars")
    return isinstance(node, ast.Attribute) and node.attr == "__dict__"


def is_lookup(node: ast.AST, names: Names) -> bool:
    """Tell whether an expression looks names up in a module or an object."""
    if not isinstance(node, ast.Attribute):
        return False
    return node.attr in ("__getattribute__", "__getattr__") or (
        node.attr in ("get", "__getitem__") and is_namespace(node.value, names)
    )


def text_of(node: ast.AST) -> str | None:
    """Return a constant text, also one that is put together from constants, or None."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        parts = [text_of(node.left), text_of(node.right)]
    elif isinstance(node, ast.JoinedStr):
        parts = [text_of(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values]
    else:
        return None
    return None if None in parts else "".join(filter(None, parts))


def is_name(node: ast.AST, context: type[ast.expr_context]) -> TypeGuard[ast.Name]:
    """Tell whether a node is a name that is read, or one that is bound."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, context)
