"""Headings and the map at the top leave every sum to the build, which fills it in; every link leads somewhere."""

import re

import pytest

from grading.authoring.build import instructor_notebook, parse
from grading.authoring.texts import is_prose, sections, translated
from grading.course import REPOSITORY
from grading.reports.catalogues import languages, load, usable_translations
from tests.support.course import ASSIGNMENTS

UNTIMED = ["The map", "Glossary", "Before you hand in"]
PROMISE = (
    "It takes about {minutes} minutes, {read} to read and {do} to do, and is worth {points} points.",
    "all {points} points in about {hurry} minutes",
)
ROW = re.compile(r"^\| ([^|]+) \| \{claims\} \| \{points\} \| \{read\} \+ \{do\} \| \d* ?\|$", re.MULTILINE)


def written(assignment):
    text = (REPOSITORY / "source" / f"{assignment}.py").read_text("utf-8")
    return instructor_notebook(parse(text, assignment))


def prose_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if is_prose(cell))


def dead_links(prose):
    """Return the links within a notebook without an anchor; a heading is none, for JupyterLab loses accents."""
    anchors = re.findall(r'^<a id="([a-z-]+)"></a>$', prose, re.MULTILINE)
    return [target for target in re.findall(r"\]\(#([^)]*)\)", prose) if target not in anchors]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_sum_is_written_by_hand(assignment):
    notebook = written(assignment)
    headings = [section for section in sections(notebook) if section.level > 1]
    assert [each.title for each in headings if each.level == 2 and not each.minutes] == UNTIMED
    assert [each.title for each in headings if ("{points} points" in each.said) != bool(each.points)] == []
    prose = prose_of(notebook)
    assert ROW.findall(prose) == [each.title for each in headings if each.minutes]
    assert [words for words in PROMISE if words not in " ".join(prose.split())] == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_link_within_a_notebook_leads_somewhere_in_every_edition(assignment):
    notebook = written(assignment)
    editions = [usable_translations(load(REPOSITORY, each, [assignment])[assignment]) for each in languages(REPOSITORY)]
    for prose in (prose_of(notebook), *(prose_of(translated(notebook, "", edition)) for edition in editions)):
        assert "](#glossary)" in prose
        assert dead_links(prose) == []


def test_a_link_to_a_heading_or_to_nothing_is_dead():
    """The red fixture."""
    prose = '[a](#Thuật-ngữ), [b](#lost), [c](#there)\n\n<a id="there"></a>\n\n## Thuật ngữ'
    assert dead_links(prose) == ["Thuật-ngữ", "lost"]
