"""Take out of the packed files what a notebook does not need: every byte of them stands in its first cell.

    annotations --> figures and explorers that it does not show --> comments, docstrings, line breaks inside statements
                --> texts that nobody says

What goes leaves empty lines, so that a traceback names the same line as in the repository, of a statement the first.
"""

import ast
import functools
import io
import json
import re
import tokenize
from collections.abc import Iterator

from helpers.checks.cases import read_cases

# Of these files a notebook brings only what it shows; of `collect` it leaves out what grading alone asks for.
DRAWING = re.compile(r"helpers/(plots/|explorers/|pipeline\.py|checks/collect\.py)")
FOR_TYPES = ("TYPE_CHECKING", "typing.TYPE_CHECKING")  # conditions that only type-checkers take for true


@functools.cache  # every notebook of a course packs the same files
def without_annotations(name: str, content: bytes) -> bytes:
    """Return code without annotations of arguments, returns and variables, and without what only type-checkers read.

    Those in a class become `int`, for dataclasses live on them, but for a ClassVar; of `helpers` nothing reads the
    others at run time. What is left out leaves its lines, joined by backslashes where a statement goes on behind it.
    """
    if not name.endswith(".py"):
        return content
    source = content.decode()
    tree, lines = ast.parse(source), source.split("\n")
    signs = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.OP]

    def place(row: int, column: int) -> tuple[int, int]:
        return row, len(lines[row - 1].encode()[:column].decode())  # syntax trees count bytes, tokens characters

    def end(node: ast.expr | ast.stmt) -> tuple[int, int]:
        return place(node.end_lineno, node.end_col_offset)

    def sign(text: str, after: tuple[int, int]) -> tuple[int, int]:
        return next(token.start for token in signs if token.string == text and token.start >= after)

    cuts = []  # (from, to, what stands there instead, what ends its lines)
    for node in _annotated(tree):
        if isinstance(node, ast.expr):
            cuts.append((place(node.lineno, node.col_offset), end(node), "int", "\\"))
        elif isinstance(node, ast.arg):
            cuts.append((sign(":", place(node.lineno, node.col_offset)), end(node), "", "\\"))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            before = [token for token in signs if token.start < place(node.returns.lineno, node.returns.col_offset)]
            arrow = max(index for index, token in enumerate(before) if token.string == "->")
            cuts.append((before[arrow - 1].end, sign(":", end(node.returns)), "", "\\"))
        elif isinstance(node, ast.AnnAssign) and node.value:
            cuts.append((sign(":", end(node.target)), sign("=", end(node.annotation)), " ", "\\"))
        else:
            cuts.append((place(node.lineno, node.col_offset), end(node), "pass", ""))
    for (top, left), (bottom, right), instead, joint in sorted(cuts, reverse=True):
        parts = [lines[top - 1][:left] + instead, *[""] * (bottom - top)]
        parts[-1] += lines[bottom - 1][right:]
        lines[top - 1 : bottom] = [*(part + joint for part in parts[:-1]), parts[-1]]
    return "\n".join(lines).encode()


def _annotated(node: ast.AST, in_class: bool = False) -> Iterator[ast.AST]:
    """Yield what is annotated, an argument, a function or a variable, and the blocks that only type-checkers read.

    Of a variable of a class it yields the annotation.
    """
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in FOR_TYPES and not child.orelse:
            yield child
            continue
        if _is_alias(child):
            continue
        annotated = getattr(child, "annotation", None) or getattr(child, "returns", None)
        if annotated and not (in_class and isinstance(child, ast.AnnAssign)):
            yield child
        elif annotated and "ClassVar" not in ast.unparse(annotated):
            yield annotated
        inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _annotated(child, isinstance(child, ast.ClassDef) or (in_class and not inner))


def only_shown(files: dict[str, bytes], code: list[str]) -> dict[str, bytes]:
    """Return the files without the figures and explorers to which a notebook's code does not lead.

    A function or class of theirs stays where what stays has its name. What goes leaves empty lines; its imports and its
    key in the table of `helpers` go with it, so that to the notebook it is a name that does not exist.
    """
    trees = {name: ast.parse(content) for name, content in files.items() if name.endswith(".py")}
    found, waiting, drawing = names_in(code), [], {}
    for name, tree in trees.items():
        for node in tree.body:
            droppable = DRAWING.match(name) and isinstance(node, ast.ClassDef | ast.FunctionDef)
            drawing.setdefault(node.name, []).append(node) if droppable else waiting.append(node)
    waiting += [node for name in found for node in drawing.get(name, ())]
    while waiting:
        new = _names(waiting.pop()) - found
        waiting += [node for name in new for node in drawing.get(name, ())]
        found |= new
    gone = drawing.keys() - found
    return files | {name: _without(gone, files[name], tree) for name, tree in trees.items()}


def names_in(code: list[str]) -> set[str]:
    """Return the names that a notebook's code has, also behind a point or in an import."""
    trees = [ast.parse(source) for source in code]
    imports = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return set().union(*map(_names, trees), (alias.name for node in imports for alias in node.names))


def _names(tree: ast.AST) -> set[str]:
    return {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(tree)}


def _without(names: set[str], content: bytes, tree: ast.Module) -> bytes:
    """Return a module without these functions, classes and keys of a table, and without imports and types not used."""
    lines = content.decode().split("\n")
    types = {node.target.id if _is_alias(node) else node.name: node for node in tree.body if _is_type(node)}
    gone = [node for node in tree.body if getattr(node, "name", "") in names] + [*types.values()]
    kept = [node for statement in tree.body if statement not in gone for node in ast.walk(statement)]
    used = {node.id for node in kept if isinstance(node, ast.Name)}
    while found := types.keys() & used:
        for node in map(types.pop, found):
            gone.remove(node)
            used |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)} - {*found}
    for node in gone:
        first = min(each.lineno for each in (node, *getattr(node, "decorator_list", ())))
        lines[first - 1 : node.end_lineno] = [""] * (node.end_lineno - first + 1)
    for node in kept:
        if isinstance(node, ast.Dict):
            for key in node.keys:
                if getattr(key, "value", "") in names:
                    lines[key.lineno - 1] = ""
        elif isinstance(node, ast.Import | ast.ImportFrom):
            needed = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in used]
            if len(needed) < len(node.names):
                node.names = needed
                left = lines[node.lineno - 1][: node.col_offset] + (ast.unparse(node) if needed else "pass")
                lines[node.lineno - 1 : node.end_lineno] = [left] + [""] * (node.end_lineno - node.lineno)
    return "\n".join(lines).encode()


def _is_type(node: ast.AST) -> bool:
    return _is_alias(node) or (isinstance(node, ast.ClassDef) and "TypedDict" in map(ast.unparse, node.bases))


def _is_alias(node: ast.AST) -> bool:
    return isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias"


def slim(name: str, content: bytes, documented: set[str]) -> bytes:
    """Return a file without comments, and docstrings but those of some functions, each statement on its first line.

    It is indented by single blanks, and has none beside operators and brackets.
    """
    if not name.endswith(".py"):
        return content
    lines = content.decode().split("\n")
    for node in ast.walk(ast.parse(content)):
        described = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        if described and len(node.body) > 1 and getattr(node, "name", "") not in documented:
            text = node.body[0]
            lines[text.lineno - 1 : text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    within_strings = set()
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
        within_strings.update(range(token.start[0], token.end[0]))
    lines = _without_blanks(_on_first_lines("\n".join(lines)))
    for row, line in enumerate(lines):
        if row not in within_strings:  # rows are counted from 0 here, so these are the lines after a string's first
            blanks = len(line) - len(line.lstrip(" "))
            lines[row] = " " * (blanks // 4) + line[blanks:]
    return "\n".join(lines).encode()


def _on_first_lines(source: str) -> list[str]:
    """Return the lines of code, each statement on its first one; what has a string of several lines stays."""
    lines, first, is_whole = source.split("\n"), 0, True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row = token.start[0]
        if token.type == tokenize.NEWLINE:
            if is_whole:
                lines[first - 1 : row] = [_joined(lines[first - 1 : row]), *[""] * (row - first)]
            first, is_whole = 0, True
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            first, is_whole = first or row, is_whole and row == token.end[0]
    return lines


def _joined(lines: list[str]) -> str:
    """Return the lines of a statement as one."""
    found, *others = (line.removesuffix("\\").rstrip() for line in lines)
    for line in filter(None, map(str.strip, others)):
        found += ("" if found[-1] in "([{" or line[0] in ")]}" else " ") + line
    return found


def _without_blanks(lines: list[str]) -> list[str]:
    """Return lines of code without blanks beside operators and brackets; f-strings stay as they are."""
    lines, cuts, last, inside = lines[:], [], None, 0
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        kind = tokenize.tok_name[token.type]  # from Python 3.12 on f-strings are several tokens
        if last and not inside and last.end[0] == token.start[0] and tokenize.OP in (last.type, token.type):
            cuts.append((token.start[0] - 1, last.end[1], token.start[1]))
        inside += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        last = token
    for row, left, right in reversed(cuts):
        lines[row] = lines[row][:left] + lines[row][right:]
    return lines


def only_said(catalogue: bytes, code: list[str], cases: bytes | None) -> bytes:
    """Return a language's catalogue without the texts that are neither in the code nor in the cases."""
    nodes = (node for source in code for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    said = {node.value for node in nodes} | (strings(read_cases(cases).exercises) if cases else set())
    content = json.loads(catalogue)
    content["texts"] = {text: translated for text, translated in content["texts"].items() if text in said}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def strings(value) -> set[str]:
    """Return the texts in a value of JSON."""
    parts = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    return {value} if isinstance(value, str) else set().union(*map(strings, parts))
