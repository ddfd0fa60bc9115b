"""The language in which helpers speaks: English, or one that has a catalogue in ``locale/``.

A text is looked up by its English, as it stands in the code; what no catalogue has stays English. `_` and `counted`
translate at once; `english` makes a `Message`, a text that is data and that is put into words by whoever shows it.
`grading.authoring.translation` collects all three, and writes the catalogues.
"""

import html
import json
import pkgutil
import re
import string
from collections.abc import Callable
from dataclasses import dataclass, field
from gettext import c2py
from typing import Any, Self, TypedDict, TypeVar, overload

T = TypeVar("T")
NO_BREAK_SPACE = "\u00a0"


class Catalogue(TypedDict):
    """What a catalogue's JSON holds: an expression of n in C, and each text's translation, or its plural forms."""

    plural: str
    texts: dict[str, str | list[str]]


class Template(string.Formatter):
    """A text's places filled as `str.format` does, but thousands are parted by a no-break space: {n:,}."""

    def format_field(self, value: object, format_spec: str) -> str:
        words = format(value, format_spec)
        return words.replace(",", NO_BREAK_SPACE) if "," in format_spec else words


fill = Template().format


def number_text(value: float) -> str:
    """Return a number as people write it.

    Arguments
        value: any float. A whole number below 10 million keeps its digits, another one has 4 that count.

    Returns the text, with a no-break space between thousands, and with an exponent only below 0.0001 and from 10
    million on.

    >>> [number_text(value) for value in (0.051534, -24.78, 2.4e-9)]
    ['0.05153', '-24.78', '2.4e-9']
    """
    large = 1e7
    rounded = value if abs(value) < large and value == int(value) else float(f"{value:.4g}")
    if rounded == 0 or 1e-4 <= abs(rounded) < large:
        return fill("{value:,}", value=rounded + 0.0).removesuffix(".0")
    return re.sub(r"e\+?(-?)0*", r"e\1", f"{rounded:.4g}")


class Language:
    """Texts in one language, from catalogues: the first that has a text gives its translation.

    Arguments
        catalogues: what the files of ``locale/`` hold; none for English.

    Attributes
        texts: the translations, by the English text.
        form: which plural form a count asks for; None for English.

    >>> Language().text("{n} of {total}", n=1, total=2)
    '1 of 2'
    """

    def __init__(self, *catalogues: Catalogue) -> None:
        self.texts: dict[str, str | list[str]] = {}
        for catalogue in reversed(catalogues):
            self.texts |= catalogue["texts"]
        self.form: Callable[[int], int] | None = c2py(catalogues[0]["plural"]) if catalogues else None

    def text(self, message: str, /, **values: object) -> str:
        """Return a text in this language, with its ``{named}`` places filled.

        Arguments
            message: the text in English, a template.
            values: what its places are filled with; without any, braces stay as they are.
        """
        found = self.texts.get(message)
        words = found if isinstance(found, str) else message
        return fill(words, **values) if values else words

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        """Return the form of a text that a count asks for, with its places filled.

        Arguments
            one, many: the text in English, for a count of 1 and for any other.
            count: what chooses the form, and fills ``{count}``.
            values: what its other places are filled with.
        """
        forms = self.texts.get(one)
        found = forms[self.form(count)] if forms and self.form else one if count == 1 else many
        return fill(found, count=count, **values)

    @overload
    def render(self, message: "Message") -> str: ...

    @overload
    def render(self, message: T) -> T: ...

    def render(self, message: object) -> object:
        """Return a `Message` in this language; what is none, such as a number, is returned as it is."""
        if not isinstance(message, Message):
            return message
        values = {name: self.render(value) for name, value in message.values.items()}
        if message.plural_id:
            return self.counted(message.id, message.plural_id, values.pop("count"), **values)
        return self.text(message.id, **values)


_spoken = Language()


def use_language(code: str) -> None:
    """Let helpers speak a language from here on.

    Arguments
        code: "en", or a language that has a catalogue, such as "vi".

    Returns nothing and raises nothing: for any other value a sentence is printed, and English is spoken.

    >>> use_language("en")
    """
    global _spoken
    content = None if code == "en" else catalogue(code)
    if code != "en" and not content:
        print(f"LANGUAGE is {code!r}, for which these helpers have no catalogue: they go on in English.")
    _spoken = Language(json.loads(content)) if content else Language()


def catalogue(code: str) -> bytes | None:
    """Return the bytes of a language's catalogue, or None; it may be in memory, with packed helpers."""
    if not re.fullmatch(r"\w+", str(code)):
        return None
    try:
        return pkgutil.get_data("helpers", f"locale/{code}.json")
    except (OSError, KeyError):
        return None


def text(message: str, /, **values: object) -> str:
    """Return a text in the notebook's language, with its ``{named}`` places filled.

    Arguments
        message: the text in English, a template.
        values: what its places are filled with; without any, braces stay as they are.

    Returns the translation, or the English text where there is none.

    >>> text("{share:.0%} of the mass", share=0.9)
    '90% of the mass'
    """
    return _spoken.text(message, **values)


_ = text


def counted(one: str, many: str, count: int, /, **values: object) -> str:
    """Return the form of a text that a count asks for, in the notebook's language.

    Arguments
        one, many, count, values: those of Language.counted.

    >>> counted("{count} point", "{count} points", 2)
    '2 points'
    """
    return _spoken.counted(one, many, count, **values)


@dataclass(frozen=True)
class Message:
    """A text that is data.

    Attributes
        id: the English template, by which catalogues know it.
        values: those of its places; a value may be a message itself.
        plural_id: the template for more than one, if any: the value ``count`` chooses between them.
    """

    id: str
    values: dict[str, Any] = field(default_factory=dict)  # Any: what str.format takes
    plural_id: str = ""

    def __str__(self) -> str:
        return Language().render(self)

    def to_json(self) -> dict[str, Any]:
        """Return the message as JSON."""
        values = {name: v.to_json() if isinstance(v, Message) else v for name, v in self.values.items()}
        return {"id": self.id, "values": values} | ({"plural_id": self.plural_id} if self.plural_id else {})

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Return the message that `to_json` wrote.

        Raises ValueError for anything else.
        """
        if not isinstance(data, dict) or not isinstance(data.get("values"), dict):
            raise ValueError(f"{data!r} is no stored message")
        values = {name: cls.from_json(v) if isinstance(v, dict) else v for name, v in data["values"].items()}
        return cls(data["id"], values, data.get("plural_id", ""))


def english(message: str, /, **values: object) -> Message:
    """Return a text as a `Message`: it is data, and is put into words where it is shown.

    Arguments
        message, values: those of Language.text.
    """
    return Message(message, values)


def english_counted(one: str, many: str, count: int, /, **values: object) -> Message:
    """Return a text that a count chooses the form of as a `Message`.

    Arguments
        one, many, count, values: those of Language.counted.
    """
    return Message(one, {"count": count, **values}, many)


def plain(text: object) -> Message:
    """Return what needs no translation, such as a number, as a `Message`."""
    return Message("{value}", {"value": text})


def render(message: Message) -> str:
    """Return a message in the notebook's language.

    >>> render(english("shape {shape}", shape="(3,)"))
    'shape (3,)'
    """
    return _spoken.render(message)


def say(message: str, /, **values: object) -> None:
    """Print a text in the notebook's language, with its ``{named}`` places filled.

    Arguments
        message, values: those of text.

    >>> say("ratio {ratio:.2f}", ratio=0.05)
    ratio 0.05
    """
    print(text(message, **values))


class Line(str):
    """A sentence that is shown: a front end breaks it between words, where it would break a printed one anywhere."""

    __repr__ = str.__str__

    def _repr_html_(self) -> str:
        return f"<div>{html.escape(self)}</div>"


def tell(sentence: str) -> None:
    """Show a sentence that stands for itself; a row of a table is printed, by `say`."""
    from IPython.display import display

    display(Line(sentence))
