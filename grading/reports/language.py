"""The language of a page: what its template says, and the messages that a graded notebook stores."""

from functools import cache

from grading.reports.catalogues import SHARED, catalogue_of, languages, load
from helpers.support.language import Language


class PageLanguage(Language):
    """A language with a course's catalogues of helpers and grading; one that has none is English."""

    def __init__(self, code="en", course=None):
        known = course and code in languages(course.folder)
        entries = load(course.folder, code, SHARED) if known else {}
        self.code = code if known else "en"
        super().__init__(*(catalogue_of(entries[name], entries[name].metadata["Plural-Forms"]) for name in entries))


page_language = cache(PageLanguage)
