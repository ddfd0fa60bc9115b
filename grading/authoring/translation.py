"""Translate the course: gettext catalogues in ``source/locale/LANGUAGE/``, keyed by the English text.

    source/X.py              X.po         prose, docstrings, comments, what a cell prints
    helpers/ and its cases   helpers.po   what checks, figures and explorers say
    grading/ and its cases   grading.po   what a feedback page says

`texts` says what is a text in them, and what a translation must keep.

`messages` is the command that brings them up to date. A text that is new has an empty translation, one that was changed
a fuzzy one, one that is gone is dropped. Until they are translated they stay in English, and the build says how many
do (`untranslated`): no exercise has to wait for its translation, a release has. What a translation spoils is a fault
(`faults`), for ``build.py --check``; `compiled` is what build.py derives.
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
from grading.course import REPOSITORY
from grading.reports.catalogues import (
    LOCALE,
    SHARED,
    WIDTH,
    begun,
    catalogue_of,
    languages,
    load,
    read_catalogue,
)

SETUP = (
    "grading/authoring/bringing.py",
    "grading/authoring/packing.py",
)  # of the cell that brings helpers, and speaks their language


def template(root: Path, notebooks: dict[str, NotebookNode]) -> dict[str, polib.POFile]:
    """Return every domain's empty catalogue; ``notebooks`` are the instructors', by name, of the course in ``root``.

    What helpers and pages say is this repository's, for every course.
    """
    domains = {name: polib.POFile() for name in (*notebooks, *SHARED)}
    for name, notebook in notebooks.items():
        for cell in filter(is_read, notebook.cells):
            for kind, text in texts(cell.cell_type, cell.source):
                add(domains[name], text, None, kind)
            for text, plural in marked(cell.source) if cell.cell_type == "code" else ():
                add(domains[name], text, plural, "printed")
    for domain in SHARED:
        for path in sorted((REPOSITORY / domain).rglob("*.py")):
            name = path.relative_to(REPOSITORY).as_posix()
            if name in SETUP:
                continue
            for text, plural in marked(path.read_text("utf-8")):
                add(domains[domain], text, plural, name)
    for name in SETUP:
        for text, plural in marked((REPOSITORY / name).read_text("utf-8")):
            add(domains["helpers"], text, plural, name)
    for path in sorted((REPOSITORY / "grading/reports/templates").glob("*.j2")):
        for _, _, found, _ in babel_extract(io.BytesIO(path.read_bytes()), [*MARKS, *COUNTED], [], {}):
            text, plural, *_ = (*found, None) if isinstance(found, tuple) else (found, None)
            if text is None:
                raise ValueError(f"{path.name}: a call whose text is computed; write one call for each text")
            add(domains["grading"], text, plural, path.relative_to(REPOSITORY).as_posix())
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


def untranslated(catalogue: polib.POFile, fresh: polib.POFile) -> list[str]:
    """Return a sentence for each entry that is missing, gone, empty or fuzzy: what the edition says in English."""
    known = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    found = [f"{abridged(entry.msgid)} is missing" for entry in fresh if entry.msgid not in known]
    found += [f"{abridged(text)} is gone from its source" for text in known if not fresh.find(text)]
    for entry in known.values():
        if not is_whole(entry, catalogue):
            found.append(f"{abridged(entry.msgid)} is not translated")
        elif entry.fuzzy:
            found.append(
                f"{abridged(entry.msgid)} is fuzzy: its source was changed; translate it again, take the flag off"
            )
    return found


def faults(catalogue: polib.POFile, fresh: polib.POFile) -> list[str]:
    """Return a sentence for each part of its text that a translation in use loses, and for what it adds."""
    found = []
    for entry in catalogue:
        if is_whole(entry, catalogue) and not entry.fuzzy and not entry.obsolete:
            kind = (fresh.find(entry.msgid) or entry).comment
            source = entry.msgid_plural or entry.msgid
            lost = [loss for text in translations_of(entry) for loss in losses(source, text, kind)]
            found += [f"{abridged(entry.msgid)} {loss}" for loss in lost]
    return found


def translations_of(entry):
    """Return the translation of an entry, or those of its plural forms."""
    return [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]


def is_whole(entry, catalogue):
    """Tell whether an entry has every translation that its language needs."""
    said = translations_of(entry)
    return all(said) and (not entry.msgid_plural or len(said) == forms(catalogue))


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
    """Bring the catalogues of a language up to date with their sources, and return a line for each.

    One that is begun takes over what this repository has translated already.
    """
    lines = []
    for domain, catalogue in fresh.items():
        path = root / LOCALE / language / f"{domain}.po"
        known = [place for place in (path, REPOSITORY / path.relative_to(root)) if place.exists()]
        old = read_catalogue(known[0]) if known else begun(language)
        new = merged(old, catalogue)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = str(new).rstrip("\n") + "\n"
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
        left = sum(entry.fuzzy or not entry.translated() for entry in new)
        lines.append(f"{path.relative_to(root).as_posix()}: {len(new)} texts, {left} to translate")
    return lines


def problems(root: Path, fresh: dict[str, polib.POFile]) -> list[str]:
    """Return a line for each fault of each catalogue, and for each file in a language's folder that is none.

    ``fresh`` are the course's texts, as `template` returns them.
    """
    found = []
    for language in languages(root):
        for name, catalogue, wanted in catalogues_of(root, language, fresh):
            found += [f"{name}: {fault}" for fault in faults(catalogue, wanted)]
        superfluous = {path.name for path in (root / LOCALE / language).iterdir()} - {
            f"{domain}.po" for domain in fresh
        }
        found += [
            f"{LOCALE.as_posix()}/{language}/{name} is no catalogue of this course" for name in sorted(superfluous)
        ]
    return found


def left_to_translate(root: Path, fresh: dict[str, polib.POFile]) -> list[str]:
    """Return a line for each text that an edition says in English; ``fresh`` are those that `template` returns."""
    return [
        f"{name}: {sentence}"
        for language in languages(root)
        for name, catalogue, wanted in catalogues_of(root, language, fresh)
        for sentence in untranslated(catalogue, wanted)
    ]


def catalogues_of(root, language, fresh):
    """Yield (its name, the catalogue, the texts that it should have) of every domain of a language."""
    for domain, catalogue in load(root, language, fresh).items():
        yield f"{LOCALE.as_posix()}/{language}/{domain}.po", catalogue, fresh[domain]
