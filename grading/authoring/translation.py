"""Translate the course: gettext catalogues in ``source/locale/LANGUAGE/``, keyed by the English text.

    source/X.py              X.po         prose, docstrings, comments, what a cell prints
    helpers/ and its cases   helpers.po   what checks, figures and explorers say
    grading/ and its cases   grading.po   what a feedback page says

`texts` says what is a text in them, and what a translation must keep.

`messages` is the command that brings them up to date. A text that is new has an empty translation, one that was changed
a fuzzy one, one that is gone is dropped. `faults` says what is wrong with a catalogue, for ``build.py --check``;
`compiled` is what build.py derives.
"""

import difflib
import io
import json
import re
from pathlib import Path

import polib
from jinja2.ext import babel_extract
from nbformat import NotebookNode

from grading.authoring.texts import COUNTED, MARKS, case_texts, is_read, losses, marked, texts
from grading.reports.catalogues import (
    LOCALE,
    SHARED,
    WIDTH,
    TranslationError,
    catalogue_of,
    languages,
    read_catalogue,
)

SETUP = (
    "grading/authoring/bringing.py",
    "grading/authoring/packing.py",
)  # of the cell that brings helpers, and speaks their language


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
            if name in SETUP:
                continue
            for text, plural in marked(path.read_text("utf-8")):
                add(domains[domain], text, plural, name)
    for path in filter(Path.exists, (root / file for file in SETUP)):
        for text, plural in marked(path.read_text("utf-8")):
            add(domains["helpers"], text, plural, path.relative_to(root).as_posix())
    for path in sorted((root / "grading/reports/templates").glob("*.j2")):
        for _, _, found, _ in babel_extract(io.BytesIO(path.read_bytes()), [*MARKS, *COUNTED], [], {}):
            text, plural, *_ = (*found, None) if isinstance(found, tuple) else (found, None)
            if text is None:
                raise ValueError(f"{path.name}: a call whose text is computed; write one call for each text")
            add(domains["grading"], text, plural, path.relative_to(root).as_posix())
    for domain, kind in (("helpers", "public"), ("grading", "hidden")):
        for path in sorted(root.glob(f"source/cases/*/{kind}.safetensors")):
            for text in case_texts(path):
                if not domains["helpers"].find(text):
                    add(domains[domain], text, None, "a case")
    return domains


def add(catalogue, text, plural, kind):
    """Add a text to a catalogue, once."""
    if not catalogue.find(text):
        catalogue.append(polib.POEntry(msgid=text, msgid_plural=plural or "", comment=kind))


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


def faults(catalogue: polib.POFile, fresh: polib.POFile) -> list[str]:
    """Return a sentence for each entry that is missing, gone, empty, fuzzy, or loses a part of its text."""
    known = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    found = [f"{abridged(entry.msgid)} is missing" for entry in fresh if entry.msgid not in known]
    found += [f"{abridged(text)} is gone from its source" for text in known if not fresh.find(text)]
    for entry in known.values():
        translations = [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]
        if not all(translations) or (entry.msgid_plural and len(translations) != forms(catalogue)):
            found.append(f"{abridged(entry.msgid)} is not translated")
        elif entry.fuzzy:
            found.append(
                f"{abridged(entry.msgid)} is fuzzy: its source was changed; translate it again, take the flag off"
            )
        else:
            kind = (fresh.find(entry.msgid) or entry).comment
            source = entry.msgid_plural or entry.msgid
            found += [f"{abridged(entry.msgid)} {loss}" for text in translations for loss in losses(source, text, kind)]
    return found


def abridged(text):
    return repr(text if len(text) <= 60 else text[:57] + "...")


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


def update(root: Path, language: str, fresh: dict[str, polib.POFile]) -> list[str]:
    """Bring the catalogues of a language up to date with their sources, and return a line for each."""
    lines = []
    for domain, catalogue in fresh.items():
        path = root / LOCALE / language / f"{domain}.po"
        old = read_catalogue(path) if path.exists() else begun(language)
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
                found += [f"{name}: {fault}" for fault in faults(read_catalogue(path), catalogue)]
            except TranslationError as error:
                found.append(str(error))
        superfluous = {path.name for path in folder.iterdir()} - {f"{domain}.po" for domain in fresh}
        found += [
            f"{LOCALE.as_posix()}/{language}/{name} is no catalogue of this course" for name in sorted(superfluous)
        ]
    return found
