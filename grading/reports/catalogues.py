"""Read gettext catalogues: a course's translations, in ``source/locale/LANGUAGE/``."""

import re
from pathlib import Path

import polib

LOCALE = Path("source/locale")
SHARED = ("helpers", "grading")  # the domains that are no notebook
WIDTH = 110  # of a line in a catalogue


class TranslationError(Exception):
    """A catalogue that cannot be read, told in one message."""


def read_catalogue(path: Path) -> polib.POFile:
    """Read a catalogue; raises TranslationError where it is none."""
    try:
        return polib.pofile(str(path), wrapwidth=WIDTH, check_for_duplicates=True)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise TranslationError(f"{path.parent.name}/{path.name} cannot be read: {error}") from None


def languages(root: Path) -> list[str]:
    """Return the languages that have a folder of catalogues."""
    return sorted(path.name for path in (root / LOCALE).glob("*") if path.is_dir())


def usable_translations(catalogue: polib.POFile) -> dict[str, str]:
    """Return {text: translation} of a catalogue, without what is empty or fuzzy."""
    return {entry.msgid: entry.msgstr for entry in catalogue if entry.msgstr and not entry.fuzzy and not entry.obsolete}


def catalogue_of(entries: list[polib.POEntry], plural_forms: str) -> dict:
    """Return a catalogue as `helpers.support.language.Language` takes it, without what is empty or fuzzy."""
    plural = re.search(r"plural=\s*([^;]+)", plural_forms)[1].strip()
    done = [entry for entry in entries if entry.translated() and not entry.obsolete]
    texts = {
        entry.msgid: [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
        if entry.msgid_plural
        else entry.msgstr
        for entry in done
    }
    return {"plural": plural, "texts": texts}


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


def load(root: Path, language: str, domains) -> dict[str, polib.POFile]:
    """Return a language's catalogues by domain: an empty one where nothing of it is translated yet.

    Raises TranslationError for one that cannot be read.
    """
    paths = {domain: root / LOCALE / language / f"{domain}.po" for domain in domains}
    return {domain: read_catalogue(path) if path.exists() else begun(language) for domain, path in paths.items()}
