"""The editions of a notebook: which languages a course speaks, and which of them a notebook is in."""

import re
from functools import cache

import nbformat

from grading.course import REPOSITORY

SETTING = re.compile(r"""^LANGUAGE = ["'](\w+)["']""", re.MULTILINE)  # in the setup cell of a notebook


@cache
def notebooks():
    """Return (language, {cell id: source}) of every notebook that students open."""
    paths = sorted((REPOSITORY / "notebooks").glob("**/*.ipynb"))
    found = [(path, nbformat.read(path, as_version=4)) for path in paths]
    return [
        ("en" if path.parent.name == "notebooks" else path.parent.name, {cell.id: cell.source for cell in nb.cells})
        for path, nb in found
    ]


def editions(release):
    """Return {language: [source of every cell]} of the released notebook, by the ids of its cells.

    A cell that an edition lacks, as after a change of the course, has the release's own source there.
    """
    ids = [cell.get("id") for cell in release.cells]
    return {
        language: [sources.get(cell.get("id"), cell.source) for cell in release.cells]
        for language, sources in notebooks()
        if len(sources.keys() & set(ids)) > len(ids) / 2
    }


def language_of(cells):
    """Return the language that a notebook's cells set, as their sources say; "en" where none does."""
    found = (SETTING.search(cell.source) for cell in cells)
    return next((match[1] for match in found if match), "en")
