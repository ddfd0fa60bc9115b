"""Pack the helpers and a notebook's public cases into its first code cell, so that a notebook alone is enough.

Pure functions of files:

    files of helpers/, cases --only_shown, only_said, slim--> --pack--> text --the cell (setup_cell.py)--> `import helpers`

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
from pathlib import Path

from grading.authoring.bringing import digest_of
from grading.authoring.setup_cell import unpacked
from helpers.checks.cases import read_cases
from helpers.support.language import Language, english

CELL, BRINGING = (Path(__file__).with_name(name) for name in ("setup_cell.py", "bringing.py"))
CASES = "public.safetensors"  # the name under which the cell holds them
CALL = re.compile(r'^bring_helpers\(.*, packed="""([^"]*)"""\)$', re.MULTILINE)
# Text packs a little smaller without "pb": in it, a byte's place in a word of four says nothing.
SMALLEST = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0, "nice_len": 64}]
# Of these files a notebook brings only what it shows.
DRAWING = re.compile(r"helpers/(plots/|explorers/|pipeline\.py)")
# What folds the cell: JupyterLab and Notebook 7, Kaggle, Colab (with the title in the first line). VS Code folds
# nothing by metadata; there the packed text is one long line.
FOLDED = {"jupyter": {"source_hidden": True}, "_kg_hide-input": True, "cellView": "form"}


def pack(files: dict[str, bytes]) -> str:
    """Return the files as a text of printable ASCII without quotes and backslashes; `unpack` reads it back."""
    # A catalogue after the code that it repeats, numbers, which repeat nothing, at the end.
    names = sorted(files, key=lambda name: (name == CASES, name.endswith(".json"), name))
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
    """Return a file without what no notebook shows: comments, and docstrings but those of ``public`` functions.

    What is left out leaves empty lines, so that a traceback names the same line as in the repository. Lines are
    indented by one blank, not by four.
    """
    if not name.endswith(".py"):
        return content
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


def only_shown(files: dict[str, bytes], code: str) -> dict[str, bytes]:
    """Return the files without the figures and explorers to which a notebook's code does not lead.

    A function or class of theirs stays where what stays has its name. What goes leaves empty lines, its import and its
    place in the table of `helpers` go with it: to the notebook it is a name that does not exist.
    """
    trees = {name: ast.parse(content) for name, content in files.items() if name.endswith(".py")}
    waiting, drawing = [ast.parse(code)], {}
    for name, tree in trees.items():
        for node in tree.body:
            droppable = DRAWING.match(name) and isinstance(node, ast.ClassDef | ast.FunctionDef)
            drawing.setdefault(node.name, []).append(node) if droppable else waiting.append(node)
    found = set()
    while waiting:
        inside = {getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(waiting.pop())}
        waiting += [node for name in inside - found for node in drawing.get(name, ())]
        found |= inside
    gone = drawing.keys() - found
    return files | {name: _without(gone, files[name], tree) for name, tree in trees.items()}


def _without(names: set[str], content: bytes, tree: ast.Module) -> bytes:
    """Return a module without these functions and classes, their imports and their keys in a table."""
    lines = content.decode().split("\n")
    for node in ast.walk(tree):
        left = ""
        if isinstance(node, ast.ImportFrom) and names & {alias.name for alias in node.names}:
            node.names = [alias for alias in node.names if alias.name not in names]
            left = ast.unparse(node) if node.names else ""
        elif isinstance(node, ast.Dict):
            for key in node.keys:
                if getattr(key, "value", "") in names:
                    lines[key.lineno - 1] = ""
            continue
        elif not (isinstance(node, ast.ClassDef | ast.FunctionDef) and node in tree.body and node.name in names):
            continue
        first = min(each.lineno for each in (node, *getattr(node, "decorator_list", ())))
        lines[first - 1 : node.end_lineno] = [left] + [""] * (node.end_lineno - first)
    return "\n".join(lines).encode()


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


def setup_source(files: dict[str, bytes], project: dict, stored: list[str], code: list[str]) -> str:
    """Return the source of the setup cell.

    files    the helpers as they are installed, by path from the folder that holds `helpers`, and `CASES`; with a
             language's catalogue the cell speaks that language
    project  pyproject.toml's table ``project``
    stored   setup cells that were built before; the text of one that still holds these files is used again
    code     the notebook's code cells
    """
    files = {name: data.replace(b"\r\n", b"\n") if name.endswith(".py") else data for name, data in files.items()}
    # Of another language's edition the English docstrings are left out: its catalogue needs the room.
    public = set() if any(name.endswith(".json") for name in files) else public_names(files)
    brought = {BRINGING.name: BRINGING.read_text("utf-8").encode()} | only_shown(files, "\n".join(code))
    slimmed = {name: slim(name, content, public) for name, content in brought.items()}
    for name in [name for name in files if name.endswith(".json")]:
        sources = code + [content.decode() for other, content in slimmed.items() if other.endswith(".py")]
        slimmed[name] = only_said(files[name], sources, files.get(CASES))
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
