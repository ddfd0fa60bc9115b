"""The language in which helpers speaks: English, or one that has a catalogue in ``locale/``.

A text is looked up by its English, as it stands in the code; what no catalogue has stays English. `_` and `counted`
translate at once; `english` marks a text that is data, and translated by whoever shows it. ``source/translation.py``
collects all three, and writes the catalogues.
"""

import gettext
import io
import pkgutil
import re


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

    One without is said in a sentence, and English is spoken.

    >>> use_language("en")
    """
    global _spoken
    content = None if code == "en" else catalogue(code)
    if code != "en" and not content:
        print(f"LANGUAGE is {code!r}, for which these helpers have no catalogue: they go on in English.")
    _spoken = Language(gettext.GNUTranslations(io.BytesIO(content))) if content else Language()


def catalogue(code):
    """Return the bytes of a language's catalogue, or None; it may be in memory, with packed helpers."""
    if not re.fullmatch(r"\w+", str(code)):
        return None
    try:
        return pkgutil.get_data(__package__, f"locale/{code}.mo")
    except (OSError, KeyError):
        return None


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
