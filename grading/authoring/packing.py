"""Pack the helpers and a notebook's public cases into its first code cell, so that a notebook alone is enough.

Pure functions of files:

    files of helpers/, cases --slimming--> --pack--> text --the cell (setup_cell.py)--> `import helpers`

Compressors differ between machines. So a stored text is kept while it decodes to the same files (`differences`), and
what is compared is these files, never the text.
"""

import ast
import json
import lzma
import re
from pathlib import Path

from grading.authoring.bringing import digest_of
from grading.authoring.setup_cell import unpacked
from grading.authoring.slimming import names_in, only_said, only_shown, slim, without_annotations
from helpers.support.language import Language, english

CELL, BRINGING = (Path(__file__).with_name(name) for name in ("setup_cell.py", "bringing.py"))
CASES = "public.safetensors"  # the name under which the cell holds them
FORMULAS = "helpers/checks/formulas.py"  # which only cases with properties need
ALPHABET = "".join(chr(sign) for sign in range(ord("!"), ord("~") + 1) if chr(sign) not in '"\\')
BLOCK, DIGITS = 22, 27  # bytes, and what they are as digits
LEAST = 12  # zeros behind the packed bytes: with fewer the decompressor waits for another stream
CALL = re.compile(r'^bring_helpers\(.*, packed="""([^"]*)"""\)$', re.MULTILINE)
# Text packs a little smaller without "pb": in it, a byte's place in a word of four says nothing. The rest was tried.
SMALLEST = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "pb": 0, "nice_len": 200, "mf": lzma.MF_BT3}]
# What folds the cell: JupyterLab and Notebook 7, Kaggle, Colab (with the title in the first line). VS Code folds
# nothing by metadata; there the packed text is one long line.
FOLDED = {"jupyter": {"source_hidden": True}, "_kg_hide-input": True, "cellView": "form"}


def pack(files: dict[str, bytes]) -> str:
    """Return the files as a text of printable ASCII without double quotes and backslashes; `unpack` reads it back.

    22 bytes are a number of 27 digits to the base of 92: 2 % shorter than Python's base of 85. The last block is filled
    up with zeros, which the decompressor leaves out.
    """
    # A catalogue after the code that it repeats, numbers, which repeat nothing, at the end.
    names = sorted(files, key=lambda name: (name == CASES, name.endswith(".json"), name))
    sizes = json.dumps({name: len(files[name]) for name in names}, separators=(",", ":"))
    data = b"".join([sizes.encode(), b"\n", *(files[name] for name in names)])
    packed = lzma.compress(data, filters=SMALLEST)
    packed += bytes(LEAST + (-len(packed) - LEAST) % BLOCK)
    return "".join(digits(packed[start : start + BLOCK]) for start in range(0, len(packed), BLOCK))


def digits(block: bytes) -> str:
    """Return the digits of a block, the first one first."""
    number, found = int.from_bytes(block, "big"), ""
    for _ in range(DIGITS):
        number, last = divmod(number, len(ALPHABET))
        found = ALPHABET[last] + found
    return found


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


def setup_source(files: dict[str, bytes], project: dict, stored: list[str], code: list[str]) -> str:
    """Return the source of the setup cell.

    Arguments
        files: the helpers as they are installed, by path from the folder that holds `helpers`, and `CASES`; with a
            language's catalogue the cell speaks that language
        project: pyproject.toml's table ``project``
        stored: setup cells that were built before; the text of one that still holds these files is used again
        code: the notebook's code cells
    """
    files = {name: data.replace(b"\r\n", b"\n") if name.endswith(".py") else data for name, data in files.items()}
    # Of another language's edition the English docstrings are left out: its catalogue needs the room.
    documented = set() if any(name.endswith(".json") for name in files) else public_names(files) & names_in(code)
    left_out = "" if b'"properties":' in files.get(CASES, b"") else FORMULAS
    bare = {name: without_annotations(name, content) for name, content in files.items() if name != left_out}
    brought = {BRINGING.name: BRINGING.read_text("utf-8").encode()} | only_shown(bare, code)
    slimmed = {name: slim(name, content, documented) for name, content in brought.items()}
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
            f'bring_helpers("{digest}", {python}, {needed}, '.replace("'", '"') + f'packed="""{packed}""")',
        ]
    )


def public_names(files: dict[str, bytes]) -> set[str]:
    """Return the names that `helpers` gives a notebook."""
    tree = ast.parse(files["helpers/__init__.py"])
    tables = (node.value for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict))
    return {key.value for table in tables for key in table.keys}
