"""What is a text in a notebook's cell, a program or a case file, what is derived in it, what a translation must keep.

Pure functions of sources; `translation` makes catalogues of what they find.
"""

import ast
import io
import json
import re
import tokenize
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from nbformat import NotebookNode, from_dict
from safetensors.numpy import load_file

from grading.repair.editions import SETTING
from helpers.checks.decisions import short_name
from helpers.checks.recognise import parts_of

MARKS = {"_", "text", "say", "english"}  # their first argument is a text
COUNTED = {"counted", "english_counted"}  # their first two are a text and its plural
PARAGRAPH = re.compile(r"[^\n]*\S[^\n]*(?:\n[^\n]*\S[^\n]*)*")
FORMULA, CODE, TAG = r"\$\$[^$]+\$\$|\$[^$]+\$", r"`[^`]+`", r"</?\w[^>]*>"
SUM = r"\{(?:points|claims|read|do|minutes|hurry)\}"  # a place in prose that `summed` fills
KEPT = {  # what a translation keeps of its text
    "formula": FORMULA,
    "code": CODE,
    "tag": TAG,
    "heading": r"^#+ ",
    "list item": r"^ *(?:-|\d+\.) ",
    "table row": r"^\|",
    "bold": r"\*\*",
    "claim": r"\bC\d+\b",
    "place": SUM,
}
PLACE = r"\{[^{}]*\}"  # in a message, to be filled
KEPT_OF_MESSAGES = {"code": CODE, "tag": TAG, "place": PLACE, "formula": FORMULA, "claim": KEPT["claim"]}
NUMBER = r"\d+(?:[.,]\d+)*"
HEADING = re.compile(r"(#+) (.*?)(?: \(([^()]*)\))?")  # its title, and what is said of it in brackets
SUMS = re.compile(rf"{FORMULA}|{CODE}|({SUM})")


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


# What is derived in prose


@dataclass
class Section:
    """What a notebook holds from a heading to the next one of its level or above.

    ``said`` stands in brackets behind the title: "read 4 · do 20 · 5 points". Claims are the tests without points.
    """

    level: int
    title: str = ""
    said: str = ""
    claims: list[str] = field(default_factory=list)
    points: float = 0

    @property
    def minutes(self) -> list[int]:
        """Return the minutes of reading and of doing, in any language; empty where the heading gives none."""
        found = re.fullmatch(r"[^\d·]+ (\d+) · [^\d·]+ (\d+)(?: · .*)?", self.said)
        return [int(number) for number in found.groups()] if found else []

    @property
    def sums(self) -> dict[str, str]:
        """Return what fills the places in its heading, and in its row of the map."""
        minutes = dict(zip(("read", "do"), map(str, self.minutes), strict=False))
        return {"points": f"{self.points:g}", "claims": ", ".join(self.claims)} | minutes

    @property
    def contradiction(self) -> str:
        """Say what the heading says against its tests, if anything."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?) points?", self.said.rpartition(" · ")[2])
        if not found or float(found[1]) == self.points:
            return ""
        return f"the heading {self.title!r} says {found[0]}, its tests make {self.points:g}: write {{points}} there"


def sections(notebook: NotebookNode) -> list[Section]:
    """Return the whole notebook as a section, then one for each heading, in order."""
    found = opened = [Section(0)]
    for cell in notebook.cells:
        marks = cell.metadata.get("nbgrader", {})
        for match in map(HEADING.fullmatch, cell.source.split("\n") if is_prose(cell) else ()):
            if match:
                section = Section(len(match[1]), match[2], match[3] or "")
                opened = [*(above for above in opened if above.level < section.level), section]
                found = [*found, section]
        for section in opened if marks.get("grade") else ():
            section.points += marks["points"]
            section.claims += [] if marks["points"] else [short_name(marks["grade_id"].removeprefix("test_"))]
    return found


def is_prose(cell: NotebookNode) -> bool:
    return bool(cell.cell_type == "markdown")


def row_of(line: str) -> list[str]:
    """Return the cells of a table's row; one empty cell for another line."""
    return [part.strip() for part in line.split("|")[1:-1]] or [""]


def summed(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook with its points, claims and minutes filled in where the prose has a place for them.

    In a heading ``{points}`` are those of the tests below it. The row of a table that begins with a heading's title, a
    row of the map, takes ``{claims}``, ``{points}``, and that heading's minutes, ``{read}`` and ``{do}``. Elsewhere
    they are the whole notebook's, and so are ``{minutes}``, and ``{hurry}``, the sum of the map's last column.

    Raises ValueError with a sentence for each heading that gives other points than its tests make, for each row of the
    map without a heading, and for each heading with minutes that has no row.
    """
    notebook = from_dict(notebook)  # a copy
    whole, *headings = sections(notebook)
    titled = {section.title: section for section in reversed(headings)}
    lines = [line for cell in notebook.cells if is_prose(cell) for line in cell.source.split("\n")]
    rows = [row_of(line) for line in lines if line.startswith("|") and re.search(SUM, line)]
    titles, timed = [row[0] for row in rows], [section for section in headings if section.minutes]
    wrong = [section.contradiction for section in headings if section.contradiction]
    wrong += [f"the map has a row {title!r}, which is no heading" for title in titles if title not in titled]
    wrong += [f"the map has no row {each.title!r}" for each in timed if rows and each.title not in titles]
    if wrong:
        raise ValueError("\n".join(wrong))
    read, do = (sum(section.minutes[place] for section in timed) for place in (0, 1))
    hurry = sum(int(row[-1]) for row in rows if row[-1].isdigit())
    total = whole.sums | {"read": f"{read}", "do": f"{do}", "minutes": f"{read + do}", "hurry": f"{hurry}"}
    in_order = iter(headings)

    def with_sums(line: str) -> str:
        """Return a line of prose, the next one in order, with its places filled."""
        row = titled.get(row_of(line)[0])
        sums = row.sums if row else next(in_order).sums if HEADING.fullmatch(line) else total
        filled = SUMS.sub(lambda match: sums.get((match[1] or "")[1:-1], match[0]), line)
        if row and filled != line:
            return re.sub(r"\| *0? *(?=\|)", "| ", filled)  # nothing there is shown as nothing
        return line if filled == line else re.sub(r"\b(1 point)s\b", r"\1", filled)

    for cell in filter(is_prose, notebook.cells):
        cell.source = "\n".join(map(with_sums, cell.source.split("\n")))
    return notebook


def other_headings(notebook: NotebookNode, translated: NotebookNode) -> list[str]:
    """Return a sentence for each heading of a translated notebook with other numbers behind its title."""
    pairs = zip(sections(notebook), sections(translated), strict=False)
    numbers = re.compile(NUMBER).findall
    return [
        f"the heading {its.title!r} says {its.said!r}, in English {own.said!r}"
        for own, its in pairs
        if numbers(own.said) != numbers(its.said)
    ]


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
    """Return the hints in an expected value, its own, those of its parts, and what is said of its properties."""
    own = [expected["hint"]] if "hint" in expected else []
    own += [sentence for _, sentence in expected.get("properties", ())]
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
