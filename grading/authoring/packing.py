"""Pack the helpers and a notebook's public cases into its first code cell, so that a notebook alone is enough.

Pure functions of files:

    files of helpers/, cases --slim--> --pack--> text --the cell (setup_cell.py)--> `import helpers`

Compressors differ between machines. So a stored text is kept while it decodes to the same files (`differences`), and
what is compared is these files, never the text.
"""

import ast
import base64
import io
import json
import lzma
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from grading.authoring.bringing import digest_of
from grading.authoring.setup_cell import unpacked
from helpers.support.language import Language, english

CELL, BRINGING = (Path(__file__).with_name(name) for name in ("setup_cell.py", "bringing.py"))
FOR_TYPES = ("TYPE_CHECKING", "typing.TYPE_CHECKING")  # conditions that only type-checkers take for true
CASES = "public.safetensors"  # the name under which the cell holds them
CALL = re.compile(r'^bring_helpers\(.*, packed="""([^"]*)"""\)$', re.MULTILINE)
# Text packs a little smaller without "pb": in it, a byte's place in a word of four says nothing.
SMALLEST = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0}]
# What folds the cell: JupyterLab and Notebook 7, Kaggle, Colab (with the title in the first line). VS Code folds
# nothing by metadata; there the packed text is one long line.
FOLDED = {"jupyter": {"source_hidden": True}, "_kg_hide-input": True, "cellView": "form"}


def pack(files: dict[str, bytes]) -> str:
    """Return the files as a text of printable ASCII without quotes and backslashes; `unpack` reads it back."""
    names = sorted(files, key=lambda name: (name.endswith(".json"), name))  # a catalogue after the code it repeats
    sizes = json.dumps({name: len(files[name]) for name in names}, separators=(",", ":"))
    data = b"".join([sizes.encode(), b"\n", *(files[name] for name in names)])
    return base64.b85encode(lzma.compress(data, filters=SMALLEST)).decode()


def unpack(source: str) -> dict[str, bytes]:
    """Return the files in a setup cell's source; none where it holds no readable ones."""
    found = CALL.search(source)
    try:
        return unpacked(found[1]) if found else {}
    except ValueError:
        return {}


def differences(source: str, files: dict[str, bytes]) -> list[str]:
    """Return the names of the files that a setup cell holds in another form, lacks, or has too many."""
    held = unpack(source)
    return sorted(name for name in held.keys() | files.keys() if held.get(name) != files.get(name))


def slim(name: str, content: bytes, public: set[str]) -> bytes:
    """Return a file without comments, annotations, and docstrings but those of ``public`` functions.

    What is left out leaves empty lines, so that a traceback names the same line as in the repository. Lines are
    indented by one blank, not by four.
    """
    if not name.endswith(".py"):
        return content
    content = without_annotations(content.decode()).encode()
    lines = content.decode().split("\n")
    for node in ast.walk(ast.parse(content)):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        if documented and len(node.body) > 1 and getattr(node, "name", "") not in public:
            text = node.body[0]
            lines[text.lineno - 1 : text.end_lineno] = [""] * (text.end_lineno - text.lineno + 1)
    within_strings = set()
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
        within_strings.update(range(token.start[0], token.end[0]))
    for row, line in enumerate(lines):
        if row not in within_strings:  # rows are counted from 0 here, so these are the lines after a string's first
            blanks = len(line) - len(line.lstrip(" "))
            lines[row] = " " * (blanks // 4) + line[blanks:]
    return "\n".join(lines).encode()


def without_annotations(source: str) -> str:
    """Return code without annotations of arguments, returns and variables, and without what only type-checkers read.

    Annotations in a class stay, for dataclasses live on them; of `helpers` nothing reads the others at run time. What
    is left out leaves its lines, joined by backslashes where a statement goes on behind it.
    """
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
        if isinstance(node, ast.arg):
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
    return "\n".join(lines)


def _annotated(node: ast.AST, in_class: bool = False) -> Iterator[ast.AST]:
    """Yield what is annotated, an argument, a function or a variable, and the blocks that only type-checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in FOR_TYPES and not child.orelse:
            yield child
            continue
        annotated = getattr(child, "annotation", None) or getattr(child, "returns", None)
        if annotated and not (in_class and isinstance(child, ast.AnnAssign)):
            yield child
        inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _annotated(child, isinstance(child, ast.ClassDef) or (in_class and not inner))


def setup_source(files: dict[str, bytes], project: dict, stored: list[str]) -> str:
    """Return the source of the setup cell.

    files    the helpers as they are installed, by path from the folder that holds `helpers`, and `CASES`; with a
             language's catalogue the cell speaks that language
    project  pyproject.toml's table ``project``
    stored   setup cells that were built before; the text of one that still holds these files is used again
    """
    files = {name: data.replace(b"\r\n", b"\n") if name.endswith(".py") else data for name, data in files.items()}
    # Of another language's edition the English docstrings are left out: its catalogue needs the room.
    public = set() if any(name.endswith(".json") for name in files) else public_names(files)
    slimmed = {BRINGING.name: slim(BRINGING.name, BRINGING.read_text("utf-8").encode(), set())}
    slimmed |= {name: slim(name, content, public) for name, content in files.items()}
    texts = (CALL.search(source)[1] for source in stored if not differences(source, slimmed))
    packed = next(texts, None) or pack(slimmed)
    digest = digest_of(files)
    language = Language(*(json.loads(data) for name, data in files.items() if name.endswith(".json")))
    python = tuple(int(part) for part in re.match(r">=(\d+)\.(\d+)", project["requires-python"]).groups())
    needed = tuple(re.match(r"[\w-]+", requirement)[0] for requirement in project["dependencies"])
    title = english(
        "Setup: run this cell first. It brings helpers {version} along (sha256 {digest})",
        version=project["version"],
        digest=digest[:12],
    )
    return "\n".join(
        [
            f"# @title {language.render(title)}",
            CELL.read_text("utf-8").partition("\n\n\n")[2].strip(),
            "",
            "",
            f'bring_helpers("{digest}", {python}, {needed}, packed="""{packed}""")'.replace("'", '"'),
        ]
    )


def public_names(files: dict[str, bytes]) -> set[str]:
    """Return the names that `helpers` gives a notebook."""
    tree = ast.parse(files["helpers/__init__.py"])
    tables = (node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict))
    return {key.value for table in tables for key in table.keys}
