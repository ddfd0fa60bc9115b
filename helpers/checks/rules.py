"""Find the ways that an exercise forbids in a notebook's source.

Rules about *how* are data beside the cases: patterns such as ``*.softmax`` (that name, of whatever module or tensor) or
``helpers.perplexity``. The source is read, never run: the exercise's function and all that it reaches by name among the
notebook's own definitions. Aliases, star imports, ``getattr`` with constant strings and ``importlib`` are followed.
No such list is complete: code can build a name at run time. The cases still judge every answer by its values.
"""

import ast
import builtins
from dataclasses import dataclass
from fnmatch import fnmatchcase

BLOCKS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


@dataclass(frozen=True)
class Violation:
    """A forbidden way: its name, and the line of code that uses it."""

    name: str
    line: str


def violations(cells, function, forbidden):
    """Return the forbidden ways that ``function`` uses, in order of appearance.

    ``cells`` are the sources of the notebook's code cells in order, as Python (no magics); a cell that does not parse
    is passed over, since it defines nothing. Of several definitions of a name the last counts, and with it those
    inside an ``if`` or another block, which may or may not run.
    """
    if not forbidden:
        return []
    defined, aliases, stars = {}, {}, []
    for cell in cells:
        for statement in parse(cell):
            for name in bound_names(statement):
                if not isinstance(statement, BLOCKS):
                    defined.pop(name, None)
                    aliases.pop(name, None)
                defined.setdefault(name, []).append((statement, cell))
            scan_imports(statement, aliases, stars)
    found, seen, waiting = [], {function}, [function]
    while waiting:
        for statement, cell in defined.get(waiting.pop(0), []):
            for node in ast.walk(statement):
                dotted = dotted_name(node, aliases)
                if dotted and forbidden_by(dotted, node, forbidden, defined, stars):
                    line = cell.splitlines()[node.lineno - 1].strip()
                    found.append(Violation(dotted.lstrip("?."), line))
                if isinstance(node, ast.Name) and node.id in defined and node.id not in seen:
                    seen.add(node.id)
                    waiting.append(node.id)
    return list(dict.fromkeys(found))


def parse(cell):
    """Return the statements of a cell, or none where it is not Python."""
    try:
        return ast.parse(cell).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def scan_imports(statement, aliases, stars):
    """Record what a statement's imports call what."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Import):
            for name in node.names:
                aliases[name.asname or name.name.partition(".")[0]] = (
                    name.name if name.asname else name.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                if name.name == "*":
                    stars.append(node.module or "")
                else:
                    aliases[name.asname or name.name] = f"{node.module or ''}.{name.name}"


def bound_names(statement):
    """Yield the names that a top-level statement binds, those inside its blocks included."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def dotted_name(node, aliases):
    """Return what an expression refers to as ``module.name``; ``?.name`` for an attribute of a computed value."""
    if isinstance(node, ast.Name):
        return aliases.get(node.id, node.id)
    if isinstance(node, ast.Attribute):
        return f"{dotted_name(node.value, aliases) or '?'}.{node.attr}"
    if isinstance(node, ast.Call):
        called = dotted_name(node.func, aliases) or ""
        texts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if called in ("getattr", "builtins.getattr", "operator.attrgetter", "operator.methodcaller") and texts:
            owner = dotted_name(node.args[0], aliases) if called.endswith("getattr") else None
            return f"{owner or '?'}.{texts[-1] if called.startswith('operator') else texts[0]}"
        if called in ("importlib.import_module", "__import__") and texts:
            return texts[0]
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        owner = dotted_name(node.value, aliases) or ""
        if owner.endswith("__dict__") or isinstance(node.value, ast.Call):  # torch.__dict__[...], vars(torch)[...]
            return f"?.{node.slice.value}"
    return None


def forbidden_by(dotted, node, forbidden, defined, stars):
    """Tell whether a name is forbidden: the student's own function of that name is not."""
    if isinstance(node, ast.Name) and dotted == node.id:  # a bare name, of no import
        if node.id in defined or node.id in dir(builtins) or not stars:
            return False
        return any(fnmatchcase(f"{module}.{node.id}", pattern) for module in stars for pattern in forbidden)
    return any(fnmatchcase(dotted, pattern) for pattern in forbidden)
