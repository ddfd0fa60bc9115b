"""The language of a feedback page: what the page says, and the English sentences that a graded notebook stores.

Verdicts and repairs are data, in English, whatever the student's language: they are translated when a page is written.
"""

import re
from functools import cache

from helpers.language import Language
from source.texts import SETTING
from source.translation import REPOSITORY, SHARED, catalogue_of, languages, load

PLACE = re.compile(r"\{(\w+)[^{}]*\}")


class PageLanguage(Language):
    """A language with the catalogues of helpers and grading; one that has none is English."""

    def __init__(self, code="en"):
        self.code = code if code in languages(REPOSITORY) else "en"
        entries = load(REPOSITORY, self.code, SHARED) if self.code != "en" else {}
        super().__init__(*(catalogue_of(entries[name], entries[name].metadata["Plural-Forms"]) for name in entries))
        found = [entry for catalogue in entries.values() for entry in catalogue if PLACE.search(entry.msgid)]
        found.sort(key=lambda entry: -len(PLACE.sub("", entry.msgid)))  # the one that says most fits best
        self.templates = [
            (filled(form), entry) for entry in found for form in (entry.msgid, entry.msgid_plural) if form
        ]

    def stored(self, sentence):
        """Return the translation of an English sentence that was filled in before, with its values as they are.

        A value that is a text itself is translated too.
        """
        if not sentence or self.code == "en":
            return sentence
        for text in dict.fromkeys((sentence, sentence[0].lower() + sentence[1:])):
            known = self.text(text)
            if known == text:
                known = self.refilled(text)
            if known != text:
                return known[0].upper() + known[1:] if text != sentence else known
        return sentence

    def refilled(self, sentence):
        """Return the translation of the template that a sentence was made from; the sentence where there is none."""
        found = ((pattern.fullmatch(sentence), entry) for pattern, entry in self.templates)
        match, entry = next(((match, entry) for match, entry in found if match), (None, None))
        if not match:
            return sentence
        places = {name: self.stored(value) for name, value in match.groupdict().items()}
        form = self.text(entry.msgid)
        if entry.msgid_plural:
            form = self.texts[entry.msgid][self.form(int(places["count"]))]
        return PLACE.sub(lambda place: places[place[1]], form)


def filled(template):
    """Return the pattern of what a template becomes when its places are filled."""
    parts, seen = [], set()
    end = 0
    for place in PLACE.finditer(template):
        name = place[1]
        parts += [re.escape(template[end : place.start()]), f"(?P={name})" if name in seen else f"(?P<{name}>.*)"]
        seen.add(name)
        end = place.end()
    return re.compile("".join([*parts, re.escape(template[end:])]), re.DOTALL)


page_language = cache(PageLanguage)


def language_of(cells):
    """Return the language that a notebook's cells set, as their sources say; "en" where none does."""
    found = (SETTING.search(cell.source) for cell in cells)
    return next((match[1] for match in found if match), "en")
