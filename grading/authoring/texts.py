"""What is a text in a notebook's cell, a program or a case file, and what a translation must keep of it.

Pure functions of sources; `translation` makes catalogues of what they find.
"""

import ast
import io
import json
import re
import tokenize
from collections import Counter
from pathlib import Path

from nbformat import NotebookNode, from_dict
from safetensors.numpy import load_file

from grading.repair.editions import SETTING
from helpers.checks.recognise import parts_of

MARKS = {"_", "text", "say", "english"}  # their first argument is a text
COUNTED = {"counted", "english_counted"}  # their first two are a text and its plural
PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
FORMULA, CODE, TAG = r"\$\$[^$]+\$\$|\$[^$]+\$", r"`[^`]+`", r"</?\w[^>]*>"
KEPT = {  # what a translation keeps of its text
    "formula": FORMULA,
    "code": CODE,
    "tag": TAG,
    "heading": r"^#+ ",
    "list item": r"^ *(?:-|\d+\.) ",
    "table row": r"^\|",
    "bold": r"\*\*",
    "claim": r"\bC\d+\b",
}
PLACE = r"\{[^{}]*\}"  # in a message, to be filled
KEPT_OF_MESSAGES = {"code": CODE, "tag": TAG, "place": PLACE, "formula": FORMULA, "claim": KEPT["claim"]}
NUMBER = r"\d+(?:[.,]\d+)*"


def spans(cell_type: str, source: str) -> list[tuple[int, int, str, str]]:
    """Return (start, end, kind, indentation of the lines but the first) of every text in a cell, in order."""
    if cell_type == "markdown":
        return [(*match.span(), "prose", "") for match in PARAGRAPH.finditer(source) if has_words(match[0])]
    lines = source.split("\n")
    starts = [0, *(sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines)))]  # counted from 1
    found = [(start, end, "docstring", indent) for start, end, indent in docstrings(source, starts)]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("###") and has_words(token.string):
            place = starts[token.start[0]] + token.start[1]
            found.append((place + len("# "), place + len(token.string), "comment", ""))
    return sorted(found)


def is_read(cell: NotebookNode) -> bool:
    """Tell whether a cell is there to be read: badges, and what is folded away, are not."""
    return cell.get("id") != "badges" and not cell.metadata.get("jupyter", {}).get("source_hidden")


def docstrings(source, starts):
    """Yield (start, end, indentation) of every paragraph of a docstring that is no example."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node, clean=False):
            quoted = node.body[0].value
            begin, end = (
                starts[quoted.lineno] + quoted.col_offset + 3,
                starts[quoted.end_lineno] + quoted.end_col_offset,
            )
            for match in PARAGRAPH.finditer(source, begin, end - 3):
                indented = len(match[0]) - len(match[0].lstrip())
                if has_words(match[0]) and not match[0].lstrip().startswith(">>>"):
                    yield match.start() + indented, match.start() + len(match[0].rstrip()), " " * quoted.col_offset


def has_words(text):
    """Tell whether a text has a word outside of formulas, code and tags."""
    return bool(re.search(r"[^\W\d_]{2}", re.sub(f"{FORMULA}|{CODE}|{TAG}", "", text)))


def texts(cell_type: str, source: str) -> list[tuple[str, str]]:
    """Return (kind, text) of what is to be translated in a cell, as the catalogue has it."""
    return [
        (kind, source[start:end].replace(f"\n{indent}", "\n")) for start, end, kind, indent in spans(cell_type, source)
    ]


def translated(notebook: NotebookNode, language: str, catalogue: dict[str, str]) -> NotebookNode:
    """Return a notebook with its texts and its setup cell in another language; ids, metadata and code are the same."""
    notebook = from_dict(notebook)  # a copy
    for cell in filter(is_read, notebook.cells):
        source, rest = cell.source, []
        for start, end, _, indent in reversed(spans(cell.cell_type, source)):
            text = source[start:end].replace(f"\n{indent}", "\n")
            rest[:0] = [catalogue.get(text, text).replace("\n", f"\n{indent}"), source[end:]]
            source = source[:start]
        cell.source = source + "".join(rest)
        if cell.cell_type == "code":
            cell.source = SETTING.sub(f'LANGUAGE = "{language}"', cell.source)
    return notebook


# What is to be translated in a program


def marked(source: str) -> list[tuple[str, str | None]]:
    """Return (text, plural or None) of what Python code marks as a text, in order.

    Raises ValueError for a call that computes its text; one that passes on a variable marks nothing.
    """
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            several = node.args[:2] if name in COUNTED else node.args[:1] if name in MARKS else []
            if any(isinstance(part, ast.JoinedStr) for arg in several for part in ast.walk(arg)):
                raise ValueError(
                    f"line {node.lineno}: {name}() fills the {{named}} places of a text, an f-string has none"
                )
            choices = [
                part for arg in several for part in ([arg.body, arg.orelse] if isinstance(arg, ast.IfExp) else [arg])
            ]
            texts = [choice.value for choice in choices if is_string(choice)]
            place = (node.lineno, node.col_offset)
            found += [(place, *texts)] if name in COUNTED and texts else [(place, text, None) for text in texts]
    return [(text, plural) for _, text, plural in sorted(found, key=lambda item: item[0])]


def is_string(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def case_texts(path: Path) -> list[str]:
    """Return the texts beside the cases of a file: advice, names, diagnoses, hints, and what shown and claims say."""
    exercises = json.loads(load_file(path)["exercises"].tobytes())
    found = []
    for exercise in exercises.values():
        found += [*exercise["aspects"], *dict.fromkeys(exercise["mistakes"]), *filter(None, [exercise["advice"]])]
        found += [case[key] for case in exercise["cases"] for key in ("name", "diagnosis") if case[key]]
        found += [hint for case in exercise["cases"] for hint in hints(case["expected"])]
        found += exercise.get("shown", [])[:1]
        found += [case["expected"]["how"] for case in exercise["cases"] if "how" in case["expected"]]
        claim = exercise.get("claim", {})
        found += [claim[key] for key in ("claim", "number", "because") if claim.get(key)]
    return found


def hints(expected):
    """Return the hints in an expected value, its own and those of its parts."""
    own = [expected["hint"]] if "hint" in expected else []
    return own + [hint for part in parts_of(expected) for hint in hints(part)]


# What a translation keeps


def losses(source: str, translation: str, kind: str) -> list[str]:
    """Return what a translation loses of its text, or adds to it, each as the end of a sentence."""
    found = []
    kept = KEPT if kind in ("prose", "docstring", "comment") else KEPT_OF_MESSAGES
    for what, pattern in kept.items():
        had, has = (
            Counter(" ".join(part.split()) for part in re.findall(pattern, text, re.MULTILINE))
            for text in (source, translation)
        )
        found += [f"loses the {what} {part!r}" for part in had - has]
        found += [f"adds the {what} {part!r}" for part in has - had]
    had, has = (Counter(re.findall(NUMBER, text)) for text in (source, translation))
    found += [f"loses the number {number}" for number in had - has]
    if re.search(r"\n\s*\n", translation):
        found.append("has an empty line, which its text has not")
    if [text[: len(text) - len(text.lstrip())] for text in (source, source[::-1])] != [
        text[: len(text) - len(text.lstrip())] for text in (translation, translation[::-1])
    ]:
        found.append("begins or ends with other blanks")
    if kind == "docstring" and re.search(r'"""|\\', translation):
        found.append("has what ends or escapes a docstring")
    if kind == "comment" and "\n" in translation:
        found.append("has a second line, which a comment has not")
    return found
