"""The map at the top of each notebook says what its headings and cells say; all of it adds up to what is promised."""

import re
from typing import NamedTuple

import pytest

from grading.authoring.build import parse
from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS

HEADING = re.compile(r"^## ([^(\n]+)(?: \(read (\d+) · do (\d+)(?: · (\d+) points?)?\))?$", re.MULTILINE)
ROW = re.compile(r"^\| ([^|\n]+) \| ([^|\n]*)\| (\d*) ?\| (\d+) \+ (\d+) \| (\d*) ?\|$", re.MULTILINE)
PROMISE = re.compile(
    r"about (\d+) minutes, (\d+) to read and (\d+) to do, and is worth (\d+) points\b.*?in about (\d+) minutes",
    re.DOTALL,
)
UNTIMED = ["The map", "Glossary", "Before you hand in"]


class Section(NamedTuple):
    """A section with its claims, its points and its minutes."""

    title: str
    claims: str
    points: int
    read: int
    do: int


def mapped(prose):
    """Return the sections of the map, and their minutes in a hurry."""
    rows = ROW.findall(prose)
    sections = [Section(row[0], row[1].strip(), int(row[2] or 0), int(row[3]), int(row[4])) for row in rows]
    return sections, [int(row[5] or 0) for row in rows]


def told(cells):
    """Return the sections by their headings, with the claims and the points of the test cells below each."""
    sections = []
    for cell in cells:
        for title, read, do, _ in HEADING.findall(cell.source if cell.kind == "markdown" else ""):
            if read:
                sections.append(Section(title, "", 0, int(read), int(do)))
        if cell.kind == "test":
            section, claim = sections[-1], "" if cell.points else cell.name.removeprefix("claim_").capitalize()
            claims = ", ".join(filter(None, [section.claims, claim]))
            sections[-1] = section._replace(claims=claims, points=section.points + int(cell.points))
    return sections


def problems(cells):
    """Return a sentence for each disagreement."""
    prose = "\n".join(cell.source for cell in cells if cell.kind == "markdown")
    headings, sections, (rows, hurry) = HEADING.findall(prose), told(cells), mapped(prose)
    points = [int(points or 0) for _, read, _, points in headings if read]
    sums = [sum(section.read for section in rows), sum(section.do for section in rows)]
    sums = [sum(sums), *sums, sum(section.points for section in rows), sum(hurry)]
    promised = [int(number) for match in PROMISE.finditer(prose) for number in match.groups()]
    pairs = {
        "the cells": (sections, "the map", rows),
        "the cells' points": ([section.points for section in sections], "the headings", points),
        "the opening": (promised, "the map's sums", sums),
        "headings without times": ([title for title, read, *_ in headings if not read], "allowed", UNTIMED),
    }
    return [f"{one}: {these}; {other}: {those}" for one, (these, other, those) in pairs.items() if these != those]


def text_of(assignment):
    return (REPOSITORY / "source" / f"{assignment}.py").read_text("utf-8")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_map_headings_cells_and_opening_agree(assignment):
    assert problems(parse(text_of(assignment), assignment)) == []


@pytest.mark.parametrize(
    "pattern, other",
    [
        (r"\(read \d+ · do \d+", "(read 1 · do 99"),
        (r" · \d+ points\)\n", " · 77 points)\n"),
        (r"points=2\n", "points=1\n"),
        (r"points=0\n", "points=1\n"),
        (r"about \d+ minutes", "about 7 minutes"),
        (r"## The map", "## A map"),
        (r"\n# \| [^|]* \| [^|]*\| \d* ?\| \d+ \+ .*", ""),
    ],
)
def test_what_does_not_agree_is_noticed(pattern, other):
    """The red fixtures."""
    text, changed = re.subn(pattern, other, text_of(ASSIGNMENTS[0]), count=1)
    assert changed and problems(parse(text, "red"))
