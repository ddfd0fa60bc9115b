"""The language of a feedback page: what the page says, and the English sentences that a graded notebook stores.

Verdicts and repairs are data, in English, whatever the student's language: they are translated when a page is written.
"""

import re
from functools import cache

from grading.authoring.translation import SHARED, catalogue_of, languages, load
from grading.course import Course
from helpers.support.language import Language

PLACE = re.compile(r"\{(\w+)[^{}]*\}")


class PageLanguage(Language):
    """A language with the catalogues of helpers and grading; one that has none is English."""

    def __init__(self, code="en", course=None):
        root = (course or Course()).folder
        self.code = code if code in languages(root) else "en"
        entries = load(root, self.code, SHARED) if self.code != "en" else {}
        super().__init__(*(catalogue_of(entries[name], entries[name].metadata["Plural-Forms"]) for name in entries))
        found = [entry for catalogue in entries.values() for entry in catalogue if is_telling(entry.msgid)]
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
        spellings = dict.fromkeys((sentence, sentence[0].lower() + sentence[1:]))
        known = [self.text(text) if self.text(text) != text else None for text in spellings]
        known += [self.refilled(spellings)]
        translation = next(filter(None, known), None)
        if translation and sentence[0].isupper():
            return translation[0].upper() + translation[1:]
        return translation or sentence

    def refilled(self, spellings):
        """Return the translation of the template that a sentence was made from; None where there is none."""
        matches = ((pattern.fullmatch(text), entry) for pattern, entry in self.templates for text in spellings)
        match, entry = next(((match, entry) for match, entry in matches if match), (None, None))
        if not match:
            return None
        places = {name: self.stored(value) for name, value in match.groupdict().items()}
        form = self.text(entry.msgid)
        if entry.msgid_plural:
            form = self.texts[entry.msgid][self.form(int(places["count"]))]
        return PLACE.sub(lambda place: places[place[1]], form)


def is_telling(template):
    """Tell whether a sentence can be known for this template's: "{score} of {maximum}" would fit far too many."""
    return bool(PLACE.search(template)) and len(re.findall(r"[^\W\d_]{2,}", PLACE.sub("", template))) > 1


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
