"""Translate the course: gettext catalogues in ``source/locale/LANGUAGE/``, keyed by the English text.

    source/X.py              X.po         prose, docstrings, comments, what a cell prints
    helpers/ and its cases   helpers.po   what checks, figures and explorers say
    grading/ and its cases   grading.po   what a feedback page says

    python -m source.translation        bring every catalogue up to date with its source (make messages)
    python -m source.translation fr     begin a language

A text that is new has an empty translation, one that was changed a fuzzy one, one that is gone is dropped. `faults`
says what is wrong with a catalogue, for ``build.py --check``; `translated` and `compiled` are what build.py derives.
"""

import argparse
import ast
import bz2
import difflib
import io
import json
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

import polib
from jinja2.ext import babel_extract
from nbformat import NotebookNode, from_dict
from safetensors.numpy import load_file

REPOSITORY = Path(__file__).resolve().parent.parent
LOCALE = Path("source/locale")
SHARED = ("helpers", "grading")  # the domains that are no notebook
MARKS = {"_", "text", "say", "english"}  # their first argument is a text
COUNTED = {"counted", "english_counted"}  # their first two are a text and its plural
PHRASES = "helpers/checks/mistakes.py"  # its generators yield (text, numbers)
SETTING = re.compile(r"""^LANGUAGE = ["'](\w+)["']""", re.MULTILINE)  # in the setup cell of a notebook
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
NUMBER = r"\d+(?:[.,]\d+)*"
WIDTH = 110  # of a line in a catalogue


class TranslationError(Exception):
    """A catalogue that cannot be read, told in one message."""


# What is to be translated in a cell


def spans(cell_type: str, source: str) -> list[tuple[int, int, str, str]]:
    """Return (start, end, kind, indentation of the lines but the first) of every text in a cell, in order."""
    if cell_type == "markdown":
        return [(*match.span(), "prose", "") for match in PARAGRAPH.finditer(source) if is_text(match[0])]
    lines = source.split("\n")
    starts = [0, *(sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines)))]  # counted from 1
    found = [(start, end, "docstring", indent) for start, end, indent in docstrings(source, starts)]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not token.string.startswith("###") and is_text(token.string):
            place = starts[token.start[0]] + token.start[1]
            found.append((place + len("# "), place + len(token.string), "comment", ""))
    return sorted(found)


def is_read(cell: NotebookNode) -> bool:
    """Tell whether a cell is there to be read: one that is folded away is not."""
    return not cell.metadata.get("jupyter", {}).get("source_hidden")


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
                if is_text(match[0]) and not match[0].lstrip().startswith(">>>"):
                    yield match.start() + indented, match.start() + len(match[0].rstrip()), " " * quoted.col_offset


def is_text(text):
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


def marked(source: str, phrases: bool = False) -> list[tuple[str, str | None]]:
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
        elif phrases and isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            if is_string(node.value.elts[0]):
                found.append(((node.lineno, node.col_offset), node.value.elts[0].value, None))
    return [(text, plural) for _, text, plural in sorted(found, key=lambda item: item[0])]


def is_string(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def case_texts(path: Path) -> list[str]:
    """Return the texts that lie beside the cases of a file: advice, names and diagnoses."""
    exercises = json.loads(bz2.decompress(load_file(path)["exercises"].tobytes()))
    found = []
    for exercise in exercises.values():
        found += [exercise["advice"]] if exercise.get("advice") else []
        found += [case[key] for case in exercise["cases"] for key in ("name", "diagnosis") if case[key]]
    return found


# Catalogues


def template(root: Path, notebooks: dict[str, NotebookNode]) -> dict[str, polib.POFile]:
    """Return every domain's empty catalogue; ``notebooks`` are the instructors', by name."""
    domains = {name: polib.POFile() for name in (*notebooks, *SHARED)}
    for name, notebook in notebooks.items():
        for cell in filter(is_read, notebook.cells):
            for kind, text in texts(cell.cell_type, cell.source):
                add(domains[name], text, None, kind)
            for text, plural in marked(cell.source) if cell.cell_type == "code" else ():
                add(domains[name], text, plural, "printed")
    for domain in SHARED:
        for path in sorted((root / domain).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            for text, plural in marked(path.read_text("utf-8"), phrases=name == PHRASES):
                add(domains[domain], text, plural, name)
    for path in sorted((root / "grading/templates").glob("*.j2")):
        for _, _, found, _ in babel_extract(io.BytesIO(path.read_bytes()), [*MARKS, *COUNTED], [], {}):
            text, plural, *_ = (*found, None) if isinstance(found, tuple) else (found, None)
            if text is None:
                raise ValueError(f"{path.name}: a call whose text is computed; write one call for each text")
            add(domains["grading"], text, plural, path.relative_to(root).as_posix())
    for domain, cases in (("helpers", "helpers/cases/public"), ("grading", "grading/cases/hidden")):
        path = root / f"{cases}.safetensors"
        for text in case_texts(path) if path.exists() else ():
            if not domains["helpers"].find(text):
                add(domains[domain], text, None, "a case")
    return domains


def add(catalogue, text, plural, kind):
    """Add a text to a catalogue, once."""
    if not catalogue.find(text):
        catalogue.append(polib.POEntry(msgid=text, msgid_plural=plural or "", comment=kind))


def read(path: Path) -> polib.POFile:
    """Read a catalogue; raises TranslationError where it is none."""
    try:
        return polib.pofile(str(path), wrapwidth=WIDTH, check_for_duplicates=True)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise TranslationError(f"{path.parent.name}/{path.name} cannot be read: {error}") from None


def merged(old: polib.POFile, fresh: polib.POFile) -> polib.POFile:
    """Return the fresh catalogue with the old one's translations: those of a text much like a new one as fuzzy."""
    new = polib.POFile(wrapwidth=WIDTH)
    new.metadata = old.metadata
    known = {entry.msgid: entry for entry in old if not entry.obsolete}
    gone = [text for text in known if not fresh.find(text)]
    for entry in fresh:
        source = known.get(entry.msgid)
        if not source and (near := difflib.get_close_matches(entry.msgid, gone, 1, 0.6)):
            gone.remove(near[0])
            source = known[near[0]]
            entry.flags, entry.previous_msgid = ["fuzzy"], near[0]
        elif source:
            entry.flags, entry.previous_msgid = source.flags, source.previous_msgid
        if source:
            entry.msgstr, entry.msgstr_plural, entry.tcomment = source.msgstr, source.msgstr_plural, source.tcomment
        if entry.msgid_plural and not any(entry.msgstr_plural.values()):
            entry.msgstr_plural = dict.fromkeys(range(forms(new)), "")
        new.append(entry)
    return new


def forms(catalogue):
    """Return how many plural forms a catalogue's language has."""
    return int(re.search(r"nplurals=(\d+)", catalogue.metadata.get("Plural-Forms", "nplurals=2"))[1])


def begun(language: str) -> polib.POFile:
    """Return an empty catalogue for a language; its plural forms are English's until somebody corrects them."""
    catalogue = polib.POFile(wrapwidth=WIDTH)
    catalogue.metadata = {
        "Project-Id-Version": "softmax-lab",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": "nplurals=2; plural=(n != 1);",
    }
    return catalogue


def languages(root: Path) -> list[str]:
    """Return the languages that have a folder of catalogues."""
    return sorted(path.name for path in (root / LOCALE).glob("*") if path.is_dir())


def faults(catalogue: polib.POFile, fresh: polib.POFile) -> list[str]:
    """Return a sentence for each entry that is missing, gone, empty, fuzzy, or loses a part of its text."""
    known = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    found = [f"{shown(entry.msgid)} is missing" for entry in fresh if entry.msgid not in known]
    found += [f"{shown(text)} is gone from its source" for text in known if not fresh.find(text)]
    for entry in known.values():
        translations = [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]
        if not all(translations) or (entry.msgid_plural and len(translations) != forms(catalogue)):
            found.append(f"{shown(entry.msgid)} is not translated")
        elif entry.fuzzy:
            found.append(
                f"{shown(entry.msgid)} is fuzzy: its source was changed; translate it again, take the flag off"
            )
        else:
            kind = (fresh.find(entry.msgid) or entry).comment
            source = entry.msgid_plural or entry.msgid
            found += [f"{shown(entry.msgid)} {loss}" for text in translations for loss in losses(source, text, kind)]
    return found


def losses(source: str, translation: str, kind: str) -> list[str]:
    """Return what a translation loses of its text, or adds to it, each as the end of a sentence."""
    found = []
    kept = KEPT if kind in ("prose", "docstring", "comment") else {"code": CODE, "tag": TAG, "place": PLACE}
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


def shown(text):
    return repr(text if len(text) <= 60 else text[:57] + "...")


def prose(catalogue: polib.POFile) -> dict[str, str]:
    """Return {text: translation} of a catalogue, without what is empty or fuzzy."""
    return {entry.msgid: entry.msgstr for entry in catalogue if entry.msgstr and not entry.fuzzy and not entry.obsolete}


def catalogue_of(entries: list[polib.POEntry], plural_forms: str) -> dict:
    """Return a catalogue as `helpers.language.Language` takes it, without what is empty or fuzzy."""
    plural = re.search(r"plural=\s*([^;]+)", plural_forms)[1].strip()
    done = [entry for entry in entries if entry.translated() and not entry.obsolete]
    texts = {
        entry.msgid: [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
        if entry.msgid_plural
        else entry.msgstr
        for entry in done
    }
    return {"plural": plural, "texts": texts}


def compiled(catalogues: dict[str, polib.POFile]) -> str:
    """Return the catalogue that helpers ships with, as JSON: its own texts, and those that the notebooks' cells print.

    They stand in the order of the source, not of the alphabet: so they compress best beside it.
    """
    entries = [
        entry
        for domain, catalogue in sorted(catalogues.items(), key=lambda item: item[0] != "helpers")
        for entry in (catalogue if domain != "grading" else ())
        if domain == "helpers" or entry.comment == "printed"
    ]
    spoken = catalogue_of(entries, catalogues["helpers"].metadata["Plural-Forms"])
    return json.dumps(spoken, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n"


def load(root: Path, language: str, domains) -> dict[str, polib.POFile]:
    """Return a language's catalogues by domain; raises TranslationError for one that is missing or cannot be read."""
    return {domain: read(root / LOCALE / language / f"{domain}.po") for domain in domains}


def update(root: Path, language: str, fresh: dict[str, polib.POFile]) -> list[str]:
    """Bring the catalogues of a language up to date with their sources, and return a line for each."""
    lines = []
    for domain, catalogue in fresh.items():
        path = root / LOCALE / language / f"{domain}.po"
        old = read(path) if path.exists() else begun(language)
        new = merged(old, catalogue)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = str(new).rstrip("\n") + "\n"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
        left = sum(entry.fuzzy or not entry.translated() for entry in new)
        lines.append(f"{path.relative_to(root).as_posix()}: {len(new)} texts, {left} to translate")
    return lines


def problems(root: Path, notebooks: dict[str, NotebookNode]) -> list[str]:
    """Return a line for each fault of each catalogue, and for each file in a language's folder that is none."""
    found, fresh = [], template(root, notebooks)
    for language in languages(root):
        folder = root / LOCALE / language
        for domain, catalogue in fresh.items():
            path = folder / f"{domain}.po"
            name = path.relative_to(root).as_posix()
            try:
                found += [f"{name}: {fault}" for fault in faults(read(path), catalogue)]
            except TranslationError as error:
                found.append(str(error))
        superfluous = {path.name for path in folder.iterdir()} - {f"{domain}.po" for domain in fresh}
        found += [
            f"{LOCALE.as_posix()}/{language}/{name} is no catalogue of this course" for name in sorted(superfluous)
        ]
    return found


def main(argv: list[str] | None = None) -> int:
    from source import build  # which derives from the catalogues what this brings up to date

    parser = argparse.ArgumentParser(description="Bring the catalogues of every language up to date.")
    parser.add_argument("begin", nargs="*", metavar="LANGUAGE", help="a language to begin, such as fr")
    parser.add_argument("--check", action="store_true", help="write nothing; list what is wrong, exit 1 if anything is")
    parser.add_argument("--root", type=Path, default=REPOSITORY)
    args = parser.parse_args(argv)
    try:
        notebooks = build.instructors(args.root)[0]
        if args.check:
            lines = problems(args.root, notebooks)
        else:
            fresh = template(args.root, notebooks)
            lines = [
                line
                for language in sorted({*languages(args.root), *args.begin})
                for line in update(args.root, language, fresh)
            ]
    except (TranslationError, build.BuildError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines))
    return int(args.check and bool(lines))


if __name__ == "__main__":
    sys.exit(main())
