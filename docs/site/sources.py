"""Write what Sphinx reads to make the site: a folder for each language.

The lessons are made from what students open, with the pictures that the course's own functions have drawn, the guides
from docs/, the reference from docstrings; the first page is here, and its explorer's states are computed by helpers.
"""

import base64
import html
import json
import posixpath
import re
import shutil
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import polib
from jinja2 import Environment
from nbformat import NotebookNode

import helpers
from grading.authoring.build import BADGES_ID, SETUP_ID, badges
from grading.authoring.handout import title_of
from grading.course import REPOSITORY, Course, notebook_at
from grading.reports.catalogues import languages
from helpers.checks.cases import CaseFile, read_cases
from helpers.checks.report import points_in_words
from helpers.explorers.figures import NAMES, draw_chain, tell_chain
from helpers.explorers.models import chain_softmax
from helpers.support import language as spoken

HERE = Path(__file__).resolve().parent
COURSE = Course()
LANGUAGES = ("en", *languages(REPOSITORY))
IN_ENGLISH = ("CONTRIBUTING", "ARCHITECTURE", "CHANGELOG")
ENDINGS = {"reference": ".rst"}  # of Sphinx's sources, where they are not Markdown
# The explorer of the first page: what it is set to, and all that it can show.
LOGITS = (1.0, 3.0, -1.0, 2.0, 0.0)
TEMPERATURES = (*(k / 10 for k in range(1, 11)), 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
MOST_TIMES = 8
AS_OPENED = (
    "This page is the notebook as you open it, without its folded first cell, which brings the course's tools along. "
    "What cells print, and whether you are right, you see where you run it."
)


def write_sources(language: str, into: Path) -> None:
    """Write what Sphinx reads for a language.

    Arguments
        language: "en", or a folder of source/locale.
        into: a folder that is not there yet; its folder files/ goes on the site as it is.
    """
    spoken.use_language(language)
    (into / "files/lessons").mkdir(parents=True)
    write_words(language, into / "locale" / language / "LC_MESSAGES")
    for page, path in pages(language).items():
        if page.startswith("lessons/"):
            text = lesson(path.stem, language, into / "files/lessons", in_colab(REPOSITORY, language, path.stem))
            shutil.copy(path, into / "files/lessons")
        elif page == "reference":
            text = reference()
        else:
            text = linked(guide(path.read_text("utf-8")), page, language)
        if page == "index":
            rows = [f"1. [{title_of(path)}]({each}.md)" for each, path in pages(language).items() if "lessons/" in each]
            text = text.replace("<!-- play -->", play()).replace("<!-- lessons -->", "\n".join(rows))
        target = into / f"{page}{ENDINGS.get(page, '.md')}"
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, "utf-8")


@cache
def pages(language: str) -> dict[str, Path]:
    """Return {page: the file that it is made from} of a language."""
    suffix = "" if language == "en" else f".{language}"
    found = {"index": HERE / f"index{suffix}.md"}
    found |= {f"lessons/{name}": COURSE.notebook(name, language) for name in COURSE.assignments}
    guides = [path for path in sorted((REPOSITORY / "docs").glob("*.md")) if edition_of(path.name) == language]
    found |= {f"docs/{path.name.partition('.')[0]}": path for path in guides}
    if language == "en":
        found |= {name: REPOSITORY / f"{name}.md" for name in IN_ENGLISH}
        found["reference"] = Path(helpers.__file__)
    return found


def edition_of(name: str) -> str:
    """Return the language of a document by its name: instructors.vi.md is Vietnamese."""
    return next((code for code in LANGUAGES if name.endswith(f".{code}.md")), "en")


def address(page: str, language: str, seen_from: str) -> str:
    """Return the relative address of a page in a language, as one page of any language names it.

    Arguments
        page, language: where it leads.
        seen_from: the page that links, with its language's folder before it: "vi/index".
    """
    place = page if language == "en" else f"{language}/{page}"
    return posixpath.relpath(f"{place}.html", posixpath.dirname(seen_from) or ".")


def linked(text: str, page: str, language: str) -> str:
    """Return a page's text with its links to other files leading to pages; those of another edition by address."""

    def lead(found: re.Match[str]) -> str:
        path, hash_, anchor = found[1].partition("#")
        name, *_ = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)).partition(".")
        edition = language if name.startswith("lessons/") else edition_of(path)
        if name not in pages(edition):
            return found[0]  # Sphinx says so
        if edition != language:
            seen_from = page if language == "en" else f"{language}/{page}"
            return f"](site:{address(name, edition, seen_from)}{hash_}{anchor})"
        own = posixpath.relpath(name, posixpath.dirname(page) or ".")
        return f"]({own}{ENDINGS.get(name, '.md')}{hash_}{anchor})"

    return re.sub(r"\]\((?!https?:|#)([^)\s]+)\)", lead, text)


def guide(text: str) -> str:
    """Return a document as the site has it: without the line that chooses its language, and what tells answers."""
    text = re.sub(r"^(\*\*English\*\* · |\[English\]\().*\n\n", "", text, flags=re.MULTILINE)
    return re.sub(r"<!-- On the site: (.*?) -->\n.*?<!-- From here on again. -->", r"\1", text, flags=re.DOTALL)


def lesson(name: str, language: str, into: Path, colab: str = "") -> str:
    """Return a notebook as a page: what students open, without its packed cell.

    Below a check stands what it looks at, below a cell that draws its picture, which is
    folded where something was to be answered.

    Arguments
        name, language: of the notebook.
        into: a folder for the pictures.
        colab: the address that opens it in Colab, if there is one.
    """
    say = partial(said, language)
    public = read_cases(COURSE.public(name))
    solved = notebook_at(REPOSITORY / "solutions" / ("" if language == "en" else language) / f"{name}.ipynb")
    drawn = {cell.id: picture(cell) for cell in solved.cells if cell.cell_type == "code"}
    parts, asked_before = [], False
    for number, cell in enumerate(notebook_at(COURSE.notebook(name, language)).cells):
        if cell.cell_type == "markdown" and cell.id != BADGES_ID:
            parts.append(cell.source)
        elif cell.cell_type == "code" and cell.id != SETUP_ID:
            to_answer = bool(cell.metadata.get("nbgrader", {}).get("solution"))
            asked_before |= to_answer
            parts.append(f"```{{code-block}} python\n:class: {'stub' if to_answer else 'cell'}\n\n{cell.source}\n```")
            if check := re.fullmatch(r'check\("(\w+)"\)', cell.source):
                parts.append(looked_at(check[1], public, say))
            if found := drawn[cell.id]:
                image = image_in(into / f"{name}-{number}.png", *found)
                title = say("The picture that comes out. Predict first.")
                parts.append(f"<details><summary>{title}</summary>\n{image}\n</details>" if asked_before else image)
    heading, *rest = by_headings("\n\n".join(parts)).split("\n", 1)
    opening = f' <a href="{colab}">{say("Open in Colab")}</a>' if colab else ""
    buttons = f'<p class="buttons"><a href="{name}.ipynb" download>{say("Download this notebook")}</a>{opening}</p>'
    return "\n\n".join([heading, buttons, f"*{say(AS_OPENED)}*", *rest])


def by_headings(text: str) -> str:
    """Return a page whose links within it lead to headings, each in place of the anchor above it."""
    for anchor, name, title in re.findall(r'(<a id="(.*?)"></a>\n\n)#+ (.*)', text):
        text = text.replace(anchor, "").replace(f"](#{name})", f"](#{title.lower().replace(' ', '-')})")
    return text


def picture(cell: NotebookNode) -> tuple[bytes, str] | None:
    """Return the picture that a cell has drawn, as a PNG and in words; None where it has drawn none."""
    found = [output.data for output in cell.outputs if "image/png" in output.get("data", {})]
    return (base64.b64decode(found[0]["image/png"]), found[0]["text/plain"]) if found else None


def image_in(path: Path, png: bytes, alt: str) -> str:
    """Write a picture to a file, and return the HTML that shows it, in a place of its size."""
    path.write_bytes(png)
    width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))  # where a PNG has them
    return f'<img src="{path.name}" alt="{html.escape(alt)}" width="{width}" height="{height}" loading="lazy">'


def looked_at(name: str, public: CaseFile, say: Callable[[str], str]) -> str:
    """Return what the check of a function looks at, in its words: aspects with their points, public cases."""
    if name.startswith(("prediction_", "claim_")):
        return ""
    exercise, rows = public.exercises[name], []
    for aspect, points in exercise["aspects"].items():
        cases = "; ".join(spoken.text(case["name"]) for case in exercise["cases"] if case["aspect"] == aspect)
        rows.append(f"- **{spoken.text(aspect)}** ({points_in_words(points)}): {cases}")
    return "\n".join([f"{say('What this check looks at')}:\n", *rows])


def in_colab(root: Path, language: str, name: str) -> str:
    """Return the address that opens a notebook in Colab, where the pyproject.toml of ``root`` names a repository."""
    both = badges(root, name if language == "en" else f"{language}/{name}")
    found = re.search(r"\]\((https://colab[^)]*)\)$", both, re.MULTILINE)
    return found[1] if found else ""


def play() -> str:
    """Return the first page's explorer as HTML, with all its states, which the course's own functions compute."""
    figure, states = None, []
    for temperature in TEMPERATURES:
        states.append([])
        for times in range(1, MOST_TIMES + 1):
            numbers = chain_softmax(np.array(LOGITS), temperature, times)
            figure = draw_chain(numbers, figure)
            p = numbers.path[-1].round(4).tolist()
            states[-1].append({"p": p, "words": tell_chain(numbers), "alt": figure.alt})
    template = Environment(autoescape=True).from_string((HERE / "play.html.j2").read_text("utf-8"))
    bars, start = list(zip(NAMES, LOGITS, strict=False)), TEMPERATURES.index(1.0)
    text = template.render(_=spoken.text, logits=bars, states=states, start=start, T=TEMPERATURES)
    return re.sub(r"\n\s*", "\n", text)  # Markdown ends HTML at an empty line


def reference() -> str:
    """Return the reference as reStructuredText: what notebooks import, by modules, each with its docstring."""
    title = "Reference of helpers"
    parts = [f"{title}\n{'=' * len(title)}\n\n.. automodule:: helpers\n\n.. currentmodule:: helpers"]
    homes = {name: getattr(helpers, name).__module__ for name in helpers.__all__}
    for home in dict.fromkeys(homes.values()):
        parts.append(f"{home}\n{'-' * len(home)}\n\n{sys.modules[home].__doc__.splitlines()[0]}")
        parts += [f".. autofunction:: {name}" for name, where in homes.items() if where == home]
    return "\n\n".join(parts) + "\n"


@cache
def words(language: str) -> dict[str, Any]:
    """Return the site's own words and the theme's in a language, by the English ones."""
    path = HERE / f"words.{language}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write_words(language: str, into: Path) -> None:
    """Write the words that the theme and the search have no translations of, as Sphinx reads them; none in English."""
    into.mkdir(parents=True)
    if theirs := words(language):
        catalogue = polib.POFile()
        catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
        catalogue.extend(
            polib.POEntry(msgid=text, msgstr=word) for text, word in theirs.items() if isinstance(word, str)
        )
        catalogue.save(str(into / "sphinx.po"))
        script = {"locale": language, "messages": theirs, "plural_expr": "0"}
        (into / "sphinx.js").write_text(f"Documentation.addTranslations({json.dumps(script)});\n", "utf-8")


def said(language: str, text: str) -> str:
    """Return a text of the site's own in a language, in English where it has no translation."""
    return words(language).get(text, text)
