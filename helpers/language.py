"""The language in which helpers speaks: English, or one that has a catalogue in ``locale/``.

A text is looked up by its English, as it stands in the code; what no catalogue has stays English. `_` and `counted`
translate at once; `english` marks a text that is data, and translated by whoever shows it. ``source/translation.py``
collects all three, and writes the catalogues.
"""

import gettext
from pathlib import Path

FOLDER = Path(__file__).parent / "locale"


class Language:
    """Texts in one language, from gettext catalogues: the first that has a text gives its translation.

    >>> Language().text("{n} of {total}", n=1, total=2)
    '1 of 2'
    """

    def __init__(self, *catalogues):
        self.catalogue = gettext.NullTranslations()
        for catalogue in reversed(catalogues):
            catalogue.add_fallback(self.catalogue)
            self.catalogue = catalogue

    def text(self, message, /, **values):
        """Return a text in this language, with its ``{named}`` places filled."""
        found = self.catalogue.gettext(message) if message else message
        return found.format(**values) if values else found

    def counted(self, one, many, count, /, **values):
        """Return the form of a text that a count asks for, the count in ``{count}``, and its other places filled."""
        return self.catalogue.ngettext(one, many, count).format(count=count, **values)


_spoken = Language()


def use_language(code):
    """Let helpers speak a language from here on: "en", or one that has a catalogue, such as "vi".

    An unknown one is said in a sentence, and English stays.

    >>> use_language("en")
    """
    global _spoken
    path = FOLDER / f"{code}.mo"
    if code != "en" and path not in FOLDER.glob("*.mo"):
        known = ", ".join(["en", *sorted(path.stem for path in FOLDER.glob("*.mo"))])
        print(f"LANGUAGE is {code!r}, and helpers speaks {known}: it goes on in English.")
        code = "en"
    if code == "en":
        _spoken = Language()
        return
    with path.open("rb") as file:
        _spoken = Language(gettext.GNUTranslations(file))


def text(message, /, **values):
    """Return a text in the notebook's language, with its ``{named}`` places filled.

    >>> text("{share:.0%} of the mass", share=0.9)
    '90% of the mass'
    """
    return _spoken.text(message, **values)


_ = text


def counted(one, many, count, /, **values):
    """Return the form of a text that a count asks for, in the notebook's language.

    >>> counted("{count} point", "{count} points", 2)
    '2 points'
    """
    return _spoken.counted(one, many, count, **values)


def english(message, /, **values):
    """Return a text in English, with its places filled: it is data, and is translated where it is shown."""
    return message.format(**values) if values else message


def english_counted(one, many, count, /, **values):
    """Return the form of a text that a count asks for, in English: it is data, and is translated where it is shown."""
    return Language().counted(one, many, count, **values)


def say(message, /, **values):
    """Print a text in the notebook's language, with its ``{named}`` places filled.

    >>> say("ratio {ratio:.2f}", ratio=0.05)
    ratio 0.05
    """
    print(text(message, **values))
