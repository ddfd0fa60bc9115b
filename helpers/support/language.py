"""The language in which helpers speaks: English, or one that has a catalogue in ``locale/``.

A text is looked up by its English, as it stands in the code; what no catalogue has stays English. `_` and `counted`
translate at once; `english` makes a `Message`, a text that is data and that is put into words by whoever shows it.
`grading.authoring.translation` collects all three, and writes the catalogues.
"""

import json
import pkgutil
import re
from dataclasses import dataclass, field
from gettext import c2py


class Language:
    """Texts in one language, from catalogues: the first that has a text gives its translation.

    A catalogue is ``{"plural": C expression of n, "texts": {text: translation, or the list of its plural forms}}``.

    >>> Language().text("{n} of {total}", n=1, total=2)
    '1 of 2'
    """

    def __init__(self, *catalogues):
        self.texts = {}
        for catalogue in reversed(catalogues):
            self.texts |= catalogue["texts"]
        self.form = c2py(catalogues[0]["plural"]) if catalogues else None

    def text(self, message, /, **values):
        """Return a text in this language, with its ``{named}`` places filled."""
        found = self.texts.get(message, message)
        return found.format(**values) if values else found

    def counted(self, one, many, count, /, **values):
        """Return the form of a text that a count asks for, the count in ``{count}``, and its other places filled."""
        forms = self.texts.get(one)
        found = forms[self.form(count)] if forms else one if count == 1 else many
        return found.format(count=count, **values)

    def render(self, message):
        """Return a `Message` in this language; what is none, such as a number, is returned as it is."""
        if not isinstance(message, Message):
            return message
        values = {name: self.render(value) for name, value in message.values.items()}
        if message.plural_id:
            return self.counted(message.id, message.plural_id, values.pop("count"), **values)
        return self.text(message.id, **values)


_spoken = Language()


def use_language(code):
    """Let helpers speak a language from here on: "en", or one that has a catalogue, such as "vi".

    code: a text. For any other value, and a language without a catalogue, a sentence is printed and English is spoken;
    nothing is raised.

    >>> use_language("en")
    """
    global _spoken
    content = None if code == "en" else catalogue(code)
    if code != "en" and not content:
        print(f"LANGUAGE is {code!r}, for which these helpers have no catalogue: they go on in English.")
    _spoken = Language(json.loads(content)) if content else Language()


def catalogue(code):
    """Return the bytes of a language's catalogue, or None; it may be in memory, with packed helpers."""
    if not re.fullmatch(r"\w+", str(code)):
        return None
    try:
        return pkgutil.get_data("helpers", f"locale/{code}.json")
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


@dataclass(frozen=True)
class Message:
    """A text that is data: the English template, by which catalogues know it, and the values of its places.

    A value may be a message itself. With ``plural_id``, the template for more than one, the value ``count`` chooses.
    """

    id: str
    values: dict = field(default_factory=dict)
    plural_id: str = ""

    def __str__(self):
        return Language().render(self)

    def to_json(self):
        """Return the message as JSON."""
        values = {name: v.to_json() if isinstance(v, Message) else v for name, v in self.values.items()}
        return {"id": self.id, "values": values} | ({"plural_id": self.plural_id} if self.plural_id else {})

    @classmethod
    def from_json(cls, data):
        """Return the message that `to_json` wrote; raises ValueError for anything else."""
        if not isinstance(data, dict) or not isinstance(data.get("values"), dict):
            raise ValueError(f"{data!r} is no stored message")
        values = {name: cls.from_json(v) if isinstance(v, dict) else v for name, v in data["values"].items()}
        return cls(data["id"], values, data.get("plural_id", ""))


def english(message, /, **values):
    """Return a text as a `Message`: it is data, and is put into words where it is shown."""
    return Message(message, values)


def english_counted(one, many, count, /, **values):
    """Return a text that a count chooses the form of as a `Message`."""
    return Message(one, {"count": count, **values}, many)


def plain(text):
    """Return what needs no translation, such as a number, as a `Message`."""
    return Message("{value}", {"value": text})


def render(message):
    """Return a message in the notebook's language.

    >>> render(english("shape {shape}", shape="(3,)"))
    'shape (3,)'
    """
    return _spoken.render(message)


def say(message, /, **values):
    """Print a text in the notebook's language, with its ``{named}`` places filled.

    >>> say("ratio {ratio:.2f}", ratio=0.05)
    ratio 0.05
    """
    print(text(message, **values))
