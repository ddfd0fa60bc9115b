"""A language that nobody speaks: every letter of every text in the catalogues gets an accent, and nothing else does.

What then still has plain letters was left out of the catalogues, or is code. A text that is filled into another one
shows as well.
"""

import re
import unicodedata
from functools import cache

from grading.authoring import build, translation
from grading.authoring.texts import CODE, FORMULA, PLACE, TAG
from grading.course import REPOSITORY
from grading.reports.catalogues import LOCALE

CODE_NAME = "xx"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ACCENTS = "áḃćďéḟǵĥíĵḱĺḿńóṕɋŕśťúṽẃẋýź"
ACCENTED = str.maketrans(LETTERS + LETTERS.upper(), ACCENTS + ACCENTS.upper())
# Code, wherever it stands: words in quotes that are answers, names with an underscore, calls, functions of a module,
# dtypes, and the few that stand alone.
NAMES = re.compile(
    r"""(["'])(?:holds|fails|sometimes|uniform|one-hot|fine)\1|\w*_\w+|\w+\d+\w*|\w+(?=\()|math\.\w+"""
    r"|True|False|None|nan|inf|dtype|stds|probs|logits|torch(?:\.\w+)*|one-hot"
)


def accented(text, kept=f"{FORMULA}|{CODE}|{TAG}|{PLACE}|C\\d+"):
    """Return a text as this language has it: what a translation keeps is kept."""
    parts = re.split(f"({kept})", text)
    return "".join(part if index % 2 else part.translate(ACCENTED) for index, part in enumerate(parts))


@cache
def catalogues():
    """Return the catalogues of this language by domain."""
    notebooks, _ = build.instructors(REPOSITORY)
    found = translation.template(REPOSITORY, notebooks)
    for catalogue in found.values():
        catalogue.metadata = translation.begun(CODE_NAME).metadata
        for entry in catalogue:
            if entry.msgid_plural:
                entry.msgstr_plural = {0: accented(entry.msgid), 1: accented(entry.msgid_plural)}
            else:
                entry.msgstr = accented(entry.msgid)
    return found


def write(root):
    """Write this language under ``root``: source/locale/xx/*.po and helpers/locale/xx.json."""
    folder = root / LOCALE / CODE_NAME
    folder.mkdir(parents=True)
    for domain, catalogue in catalogues().items():
        catalogue.save(str(folder / f"{domain}.po"))
    (root / "helpers/locale").mkdir(parents=True)
    (root / f"helpers/locale/{CODE_NAME}.json").write_text(translation.compiled(catalogues()), "utf-8")


def english_in(text, code=()):
    """Return the words of a text that are neither in this language nor code, in order."""
    plain = re.sub(f"{FORMULA}|{CODE}|{TAG}", " ", text)
    plain = NAMES.sub(" ", unicodedata.normalize("NFC", plain))
    return [word for word in re.findall(r"(?<![^\W\d])[A-Za-z]{2,}(?![^\W\d])", plain) if word not in code]
