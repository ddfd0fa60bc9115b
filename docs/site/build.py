"""Build the site: ``make site``, or ``python docs/site/build.py``. Its first page is build/site/index.html.

What readers see is written elsewhere, and made into Sphinx's sources, in build/site-sources: the lessons from what
students open, with the pictures that the course's own functions have drawn, the guides from docs/, the reference from
docstrings. Each language is a site of its own, English at the top. Sphinx's warnings are errors, and so is a link, an
anchor or a picture that is missing, and whatever a page would load from elsewhere.
"""

import base64
import html
import json
import posixpath
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import polib
from bs4 import BeautifulSoup
from jinja2 import Environment
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))  # run as a file

import helpers  # noqa: E402
from grading.authoring.build import BADGES_ID, SETUP_ID, badges  # noqa: E402
from grading.authoring.handout import title_of  # noqa: E402
from grading.course import REPOSITORY, Course, notebook_at  # noqa: E402
from grading.reports.catalogues import languages  # noqa: E402
from helpers.checks.cases import CaseFile, read_cases  # noqa: E402
from helpers.checks.report import points_in_words  # noqa: E402
from helpers.explorers.figures import NAMES, draw_chain, tell_chain  # noqa: E402
from helpers.explorers.models import chain_softmax  # noqa: E402
from helpers.support import language as spoken  # noqa: E402

COURSE = Course()
LANGUAGES = ("en", *languages(REPOSITORY))
ENGLISH_ALONE = ("CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md")
ENDINGS = {"reference": ".rst"}  # of Sphinx's sources, where they are not Markdown
# The explorer of the first page: what it is set to, and all that it can show.
LOGITS = (1.0, 3.0, -1.0, 2.0, 0.0)
TEMPERATURES = (*(k / 10 for k in range(1, 11)), 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0)
MOST_TIMES = 8
# What a lesson says that is not in its notebook.
DOWNLOAD = "Download this notebook"
IN_COLAB = "Open in Colab"
AS_OPENED = (
    "This page is the notebook as you open it, without its folded first cell, which brings the course's tools along. "
    "What cells print, and whether you are right, you see where you run it."
)
FOLDED = "The picture that comes out. Predict first."
LOOKED_AT = "What this check looks at"


@cache
def words(language: str) -> dict[str, Any]:
    """Return the site's own words and the theme's in a language, by the English ones."""
    path = HERE / f"words.{language}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


@cache
def pages(language: str) -> dict[str, Path]:
    """Return {page: the file that it is made from} of a language."""
    suffix = "" if language == "en" else f".{language}"
    found = {"index": HERE / f"index{suffix}.md"}
    found |= {f"lessons/{name}": COURSE.notebook(name, language) for name in COURSE.assignments}
    guides = [
        (path, path.name.removesuffix(".md").partition(".")) for path in sorted((REPOSITORY / "docs").glob("*.md"))
    ]
    found |= {f"docs/{stem}": path for path, (stem, _, code) in guides if (code or "en") == language}
    if language == "en":
        found |= {name.removesuffix(".md"): REPOSITORY / name for name in ENGLISH_ALONE}
        found["reference"] = Path(helpers.__file__)
    return found


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
        edition = language if name.startswith("lessons/") else next((c for c in LANGUAGES if f".{c}." in path), "en")
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

    Below a check stands what it looks at, below a cell that draws its picture, folded.

    Arguments
        name, language: of the notebook.
        into: a folder for the pictures.
        colab: the address that opens it in Colab, if there is one.
    """
    say = words(language)
    notebook, public = notebook_at(COURSE.notebook(name, language)), read_cases(COURSE.public(name))
    solved = notebook_at(REPOSITORY / "solutions" / ("" if language == "en" else language) / f"{name}.ipynb")
    drawn = {cell.id: picture(cell) for cell in solved.cells if cell.cell_type == "code"}
    parts = []
    for number, cell in enumerate(notebook.cells):
        if cell.id in (SETUP_ID, BADGES_ID):
            continue
        if cell.cell_type == "markdown":
            parts.append(re.sub(r"\]\(#(.*?)\)", lambda found: f"](#{found[1].lower()})", cell.source))
            continue
        stub = "stub" if cell.metadata.get("nbgrader", {}).get("solution") else "cell"
        parts.append(f"```{{code-block}} python\n:class: {stub}\n\n{cell.source}\n```")
        if check := re.fullmatch(r'check\("(\w+)"\)', cell.source):
            parts.append(asked(check[1], public, say))
        if found := drawn.get(cell.id):
            file, (png, alt) = f"{name}-{number}.png", found
            (into / file).write_bytes(png)
            first = not any("nbgrader" in before.metadata for before in notebook.cells[:number])
            width, height = (int.from_bytes(png[at : at + 4]) for at in (16, 20))  # where a PNG has them
            image = f'<img src="{file}" alt="{html.escape(alt)}" width="{width}" height="{height}" loading="lazy">'
            title = say.get(FOLDED, FOLDED)
            parts.append(image if first else f"<details><summary>{title}</summary>\n{image}\n</details>")
    heading, *rest = "\n\n".join(parts).split("\n", 1)
    buttons = f'<p class="buttons"><a href="{name}.ipynb" download>{say.get(DOWNLOAD, DOWNLOAD)}</a>'
    buttons += f' <a href="{colab}">{say.get(IN_COLAB, IN_COLAB)}</a></p>' if colab else "</p>"
    return "\n\n".join([heading, buttons, f"*{say.get(AS_OPENED, AS_OPENED)}*", *rest])


def picture(cell: NotebookNode) -> tuple[bytes, str] | None:
    """Return the picture that a cell has drawn, as a PNG and in words; None where it has drawn none."""
    found = [output.data for output in cell.outputs if "image/png" in output.get("data", {})]
    return (base64.b64decode(found[0]["image/png"]), found[0]["text/plain"]) if found else None


def asked(name: str, public: CaseFile, say: dict[str, Any]) -> str:
    """Return what the check of an exercise looks at, as it says it: its aspects with their points, and public cases."""
    exercise = public.exercises[name]
    if name.startswith(("prediction_", "claim_")):
        return ""
    rows = []
    for aspect, points in exercise["aspects"].items():
        cases = ", ".join(spoken.text(case["name"]) for case in exercise["cases"] if case["aspect"] == aspect)
        rows.append(f"- **{spoken.text(aspect)}** ({points_in_words(points)}): {cases}")
    return f"{say.get(LOOKED_AT, LOOKED_AT)}:\n\n" + "\n".join(rows)


def play() -> str:
    """Return the first page's explorer as HTML, with all its states, which the course's own functions compute."""
    values = np.array(LOGITS)
    figure, states = None, []
    for temperature in TEMPERATURES:
        chain = [chain_softmax(values, temperature, times) for times in range(1, MOST_TIMES + 1)]
        states.append([])
        for numbers in chain:
            figure = draw_chain(numbers, figure)
            p = [round(float(each), 4) for each in numbers.path[-1]]
            states[-1].append({"p": p, "words": tell_chain(numbers), "alt": figure.alt})
    template = Environment(autoescape=True).from_string((HERE / "play.html.j2").read_text("utf-8"))
    start = TEMPERATURES.index(1.0)
    text = template.render(
        _=spoken.text, logits=list(zip(NAMES, LOGITS, strict=False)), states=states, start=start, T=TEMPERATURES
    )
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
                lessons = [
                    f"1. [{title_of(pages(language)[each])}]({each}.md)"
                    for each in pages(language)
                    if "lessons/" in each
                ]
                text = text.replace("<!-- play -->", play()).replace("<!-- lessons -->", "\n".join(lessons))
        target = into / f"{page}{ENDINGS.get(page, '.md')}"
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, "utf-8")


def in_colab(root: Path, language: str, name: str) -> str:
    """Return the address that opens a notebook in Colab, where the pyproject.toml of ``root`` names a repository."""
    both = badges(root, name if language == "en" else f"{language}/{name}")
    found = re.search(r"\]\((https://colab[^)]*)\)$", both, re.MULTILINE)
    return found[1] if found else ""


def write_words(language: str, into: Path) -> None:
    """Write the words that the theme and the search have no translations of, as Sphinx reads them; none in English."""
    into.mkdir(parents=True)
    if said := words(language):
        catalogue = polib.POFile()
        catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
        catalogue.extend(
            polib.POEntry(msgid=text, msgstr=theirs) for text, theirs in said.items() if isinstance(theirs, str)
        )
        catalogue.save(str(into / "sphinx.po"))
        script = {"locale": language, "messages": said, "plural_expr": "0"}
        (into / "sphinx.js").write_text(f"Documentation.addTranslations({json.dumps(script)});\n", "utf-8")


def faults(site: Path) -> list[str]:
    """Return what is wrong in the pages of a folder: links, anchors and pictures without a file, a name or words."""
    read = {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(site.rglob("*.html"))}
    names = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in read.items()}
    found = []
    for path, page in read.items():
        where = path.relative_to(site).as_posix()
        found += [f"{where}: {str(tag)[:60]} has no words" for tag in page.find_all("img") if not tag.get("alt")]
        for tag in page.find_all(True):
            target = tag.get("src") or tag.get("href") or ""
            link = urlsplit(target)
            if link.scheme in ("http", "https") or link.netloc:
                found += [] if tag.name == "a" else [f"{where}: {target} would be loaded from elsewhere"]
                continue
            place = (path.parent / unquote(link.path)).resolve() if link.path else path
            if link.scheme not in ("", "data"):
                found.append(f"{where}: what is {target}?")
            elif not link.scheme and not place.is_file():
                found.append(f"{where}: there is no {target}")
            elif place in names and link.fragment and unquote(link.fragment) not in names[place]:
                found.append(f"{where}: nothing is named {target}")
    return found


def build(site: Path, sources: Path) -> list[str]:
    """Build every language's pages, and return what is wrong with them; what Sphinx has to say it prints.

    Arguments
        site, sources: folders, which are emptied first.
    """
    for folder in (site, sources):
        shutil.rmtree(folder, ignore_errors=True)
    running = []
    for language in LANGUAGES:
        own = sources / language
        write_sources(language, own)
        settings = {"language": language, "html_extra_path": own / "files", "locale_dirs": own / "locale"}
        options = [part for name, value in settings.items() for part in ("-D", f"{name}={value}")]
        places = [
            "-c",
            HERE,
            "-d",
            sources / f"doctrees-{language}",
            own,
            site if language == "en" else site / language,
        ]
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", *options, *places]
        running.append((language, subprocess.Popen(command, cwd=REPOSITORY)))
    failed = [f"Sphinx warns, in {language}: its lines stand above" for language, each in running if each.wait()]
    return failed or faults(site)


def main() -> int:
    """Build the site into build/site, say what is wrong with it, and return the exit code."""
    site = REPOSITORY / "build/site"
    wrong = build(site, REPOSITORY / "build/site-sources")
    print(
        *wrong or [f"{(site / 'index.html').relative_to(REPOSITORY)}: {len([*site.rglob('*.html')])} pages"], sep="\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
