"""Headings and the map at the top leave every sum to the build, which fills it in; they say what they must."""

import re

import pytest

from grading.authoring.build import instructor_notebook, parse
from grading.authoring.texts import is_prose, sections
from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS

UNTIMED = ["The map", "Glossary", "Before you hand in"]
PROMISE = (
    "It takes about {minutes} minutes, {read} to read and {do} to do, and is worth {points} points.",
    "all {points} points in about {hurry} minutes",
)
ROW = re.compile(r"^\| ([^|]+) \| \{claims\} \| \{points\} \| \{read\} \+ \{do\} \| \d* ?\|$", re.MULTILINE)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_sum_is_written_by_hand(assignment):
    text = (REPOSITORY / "source" / f"{assignment}.py").read_text("utf-8")
    notebook = instructor_notebook(parse(text, assignment))
    headings = [section for section in sections(notebook) if section.level > 1]
    assert [each.title for each in headings if each.level == 2 and not each.minutes] == UNTIMED
    assert [each.title for each in headings if ("{points} points" in each.said) != bool(each.points)] == []
    prose = "\n".join(cell.source for cell in notebook.cells if is_prose(cell))
    assert ROW.findall(prose) == [each.title for each in headings if each.minutes]
    assert [words for words in PROMISE if words not in " ".join(prose.split())] == []
