"""The site, built once for all its tests: whole, light, without answers, for the keyboard and for the ear."""

import json
import os
import re
import shutil

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from filelock import FileLock

from docs.site.build import build, faults, start_sphinx
from docs.site.sources import LANGUAGES, LOGITS, by_headings, guide, in_colab, lesson, linked, pages
from grading.authoring.exercise import load_exercises
from grading.course import REPOSITORY
from helpers.explorers.figures import draw_chain, tell_chain
from helpers.explorers.models import chain_softmax
from helpers.support.language import use_language
from tests.support.browser import in_chromium, screenshot, violations
from tests.support.course import ASSIGNMENTS, CASES, solutions
from tests.support.leaks import hidden_numbers, leaks

MOST = 500_000  # bytes of a page before its pictures
LOOKED_AT = [
    "index.html",
    "lessons/iterated_softmax.html",
    "docs/security.html",
    "reference.html",
    "search.html?q=nucleus",
    "vi/index.html",
    "vi/docs/instructors.html",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built by the first process that asks for it."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(base / "site.lock"):
        if not (base / "site.json").exists():
            (base / "site.json").write_text(json.dumps(build(base / "site", base / "site-sources")))
    assert json.loads((base / "site.json").read_text()) == []
    return base / "site"


@pytest.fixture(autouse=True)
def english_again():
    """Let helpers speak English after a test that makes a page in another language."""
    yield
    use_language("en")


def read(path):
    return BeautifulSoup(path.read_bytes(), "html.parser")


def place(site, language, page):
    return site / ("" if language == "en" else language) / f"{page}.html"


def weight(path):
    """Return the bytes of a page with what it loads, but for pictures."""
    loaded = [tag.get("src") or tag["href"] for tag in read(path).select("script[src], link[rel=stylesheet]")]
    return path.stat().st_size + sum((path.parent / name.partition("?")[0]).stat().st_size for name in loaded)


def answers():
    """Return what no page may say, as text without blanks: the code of answers, and the verdicts on claims."""
    found = []
    for assignment in ASSIGNMENTS:
        cells = solutions(assignment).values()
        found += [part for cell in cells for part in re.findall(r"BEGIN SOLUTION\n(.*?)### END", cell, re.DOTALL)]
        banks = [exercise.answers.values() for exercise in load_exercises(REPOSITORY, assignment).values()]
        found += [answer.source.partition("\n")[2] for bank in banks for answer in bank]
        claims = [each["claim"] for each in CASES[assignment][0].exercises.values() if "claim" in each]
        found += [max(claim["because"].split("{number}"), key=len) for claim in claims]
    texts = {text for text in ("".join(each.split()) for each in found) if len(text) >= 14}  # not "return 5"
    assert len(texts) > 300
    return texts


def outcomes():
    """Return what comes out of the predictions whose result has digits that tell it, as texts."""
    exercises = [each for name in ASSIGNMENTS for each in load_exercises(REPOSITORY, name).values()]
    results = [getattr(each.module, "RESULT", None) for each in exercises]
    found = [str(result) for result in results if isinstance(result, float) and len(str(result)) >= 5]
    assert len(found) > 5
    return found


def told(text, secrets):
    """Return the secrets that a text says, however its lines are broken."""
    text = "".join(text.split())
    return [secret for secret in secrets if secret in text]


@pytest.mark.slow
def test_every_page_is_there_in_its_languages_light_and_with_a_switch(site):
    for language in LANGUAGES:
        assert len(pages(language)) >= 4
        for page in [*pages(language), "search"]:
            path = place(site, language, page)
            soup = read(path)
            assert soup.html["lang"] == language and weight(path) < MOST, path
            switch = {tag["hreflang"]: (path.parent / tag["href"]).resolve() for tag in soup.select(".announcement a")}
            assert switch == {
                code: place(site, code, page if page in pages(code) or page == "search" else "index").resolve()
                for code in LANGUAGES
            }
            if page.startswith("lessons/"):
                name = path.with_suffix(".ipynb")
                assert name.read_bytes() == pages(language)[page].read_bytes()
                offered = {name.name, in_colab(REPOSITORY, language, name.stem)} - {""}
                assert {tag["href"] for tag in soup.select(".buttons a")} == offered


@pytest.mark.slow
def test_no_answer_and_no_hidden_case_is_in_it(site):
    """Of the notebooks beside the pages, which are what students get, tests/grading/engine reads every byte."""
    secrets, numbers, results = answers(), hidden_numbers(), outcomes()
    for path in site.rglob("*.html"):
        soup = read(path)
        texts = soup.find_all(string=True)
        everything = "\n".join([*texts, *map(str, soup.find_all("img"))])
        unfolded = "".join(text for text in texts if not text.find_parent("details"))
        found = told(everything, secrets), told(unfolded, results), leaks(everything.encode(), numbers)
        assert (path.name, *found) == (path.name, [], [], set())
    for path in site.rglob("*.js"):
        assert (path.name, leaks(path.read_bytes(), numbers)) == (path.name, set())


def test_an_answer_on_a_page_is_seen():
    """The red fixture: the solutions' notebooks hold them, and the guide's table, which is kept off the site."""
    secrets = answers()
    for name in ASSIGNMENTS:
        solved = nbformat.read(REPOSITORY / "solutions" / f"{name}.ipynb", nbformat.NO_CONVERT)
        told_there = told("".join(cell.source for cell in solved.cells), secrets)
        assert len(told_there) > 10 and told(f"<pre>{told_there[0]}</pre>", secrets)
    assert told("It is 0.05145.", outcomes()) == ["0.05145"]
    original = (REPOSITORY / "docs/instructors.md").read_text("utf-8")
    assert "prediction 1 of the first notebook is 2" in original and "is 2 |" not in guide(original)


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("<a href='#no'>x</a>", "nothing is named #no"),
        ("<a href='b.html#no'>x</a>", "nothing is named b.html#no"),
        ("<a href='c.html'>x</a>", "there is no c.html"),
        ("<img src='c.png' alt='x'>", "there is no c.png"),
        ("<img src='b.html'>", "has no words"),
        ("<script src='https://example.org/x.js'></script>", "would be loaded from elsewhere"),
        ("<a href='site:b.html'>x</a>", "what is site:b.html?"),
    ],
)
def test_what_is_wrong_on_a_page_is_named(tmp_path, planted, fault):
    (tmp_path / "b.html").write_text("<p id='there'>x</p>")
    (tmp_path / "a.html").write_text("<a href='b.html#there'>x</a><a href='https://example.org'>x</a>")
    assert faults(tmp_path) == []
    (tmp_path / "a.html").write_text(planted)
    [found] = faults(tmp_path)
    assert found.startswith("a.html: ") and fault in found


def test_a_heavy_page_is_seen(tmp_path):
    (tmp_path / "a.html").write_text("<script src='b.js?v=1'></script><img src='c.png'>")
    (tmp_path / "b.js").write_bytes(b" " * MOST)
    assert weight(tmp_path / "a.html") > MOST


@pytest.mark.slow
def test_a_warning_ends_the_build(tmp_path):
    (tmp_path / "sources/files").mkdir(parents=True)
    (tmp_path / "sources/index.md").write_text("# A link\n\n[x](nothing.md)")
    assert start_sphinx("en", tmp_path / "sources", tmp_path / "site").wait() == 1


def test_links_lead_to_pages_of_the_same_language_or_by_address_to_another():
    assert linked("[x](docs/README.md#a)", "index", "vi") == "[x](site:../docs/README.html#a)"
    assert linked("[x](instructors.vi.md)", "docs/README", "en") == "[x](site:../vi/docs/instructors.html)"
    assert linked("[x](docs/instructors.vi.md)", "index", "vi") == "[x](docs/instructors.md)"
    assert linked("[x](../CONTRIBUTING.md)", "docs/README", "en") == "[x](../CONTRIBUTING.md)"
    assert linked("[x](https://a.b) [y](#c) [z](LICENSE)", "index", "en") == "[x](https://a.b) [y](#c) [z](LICENSE)"


def test_a_link_within_a_lesson_leads_to_the_heading_below_its_anchor():
    page = '[a](#words), [b](#other)\n\n<a id="words"></a>\n\n## Thuật ngữ\n\n| từ |'
    assert by_headings(page) == "[a](#thuật-ngữ), [b](#other)\n\n## Thuật ngữ\n\n| từ |"


def test_colab_is_offered_where_a_repository_is_configured(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[tool.softmax-lab]\nrepository = "someone/softmax@v1"')
    there = "https://colab.research.google.com/github/someone/softmax/blob/v1/notebooks/vi/iterated_softmax.ipynb"
    assert in_colab(tmp_path, "vi", "iterated_softmax") == there
    (tmp_path / "pyproject.toml").write_text('[tool.softmax-lab]\nrepository = ""')
    assert in_colab(tmp_path, "vi", "iterated_softmax") == ""
    use_language("vi")
    text = lesson("iterated_softmax", "vi", tmp_path, there)
    assert f'<a href="{there}">Mở bằng Colab</a>' in text and "các giá trị** (1 điểm): bốn logit" in text
    assert "bring_helpers" not in text and "Open in" not in text


@pytest.mark.slow
@in_chromium
def test_axe_is_content_with_every_kind_of_page_and_nothing_leaves(site, page):
    for width in (1300, 390):
        page.set_viewport_size({"width": width, "height": 1000})
        for name in LOOKED_AT:
            page.goto(f"{site.as_uri()}/{name}")
            # The colours of code are the same in any width, and take long to look at.
            found = violations(page, exclude=[[".highlight"]] if width < 1300 else ())
            assert (name, width, found) == (name, width, [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
            screenshot(page, f"site_{width}_{re.sub(r'[/.?=]', '_', name)}")
    assert page.problems == []


def shown(page):
    return page.inner_text("#play-words"), page.get_attribute("#play-picture", "aria-label")


def computed(temperature, times):
    numbers = chain_softmax(np.array(LOGITS), temperature, times)
    return tell_chain(numbers), draw_chain(numbers).alt


def reach(page, selector):
    """Press Tab until something has the focus, where it can be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            page.wait_for_timeout(400)  # a drawer slides in
            box = page.locator(selector).first.bounding_box()
            return box["x"] >= 0 and box["x"] + box["width"] <= page.viewport_size["width"]
    raise AssertionError(f"Tab does not reach {selector}")


@pytest.mark.slow
@in_chromium
@pytest.mark.parametrize("width", [1300, 390])
def test_the_first_page_is_walked_and_played_with_the_keyboard_alone(site, page, width):
    page.set_viewport_size({"width": width, "height": 1000})
    page.goto(f"{site.as_uri()}/index.html")
    assert shown(page) == computed(1.0, 1)
    for selector in ("[hreflang=vi]", ".sidebar-search", ".sidebar-tree a", "#play-t"):
        assert reach(page, selector), selector
    page.keyboard.press("ArrowRight")
    assert shown(page) == computed(1.5, 1)
    page.keyboard.press("Home")
    assert shown(page) == computed(0.1, 1) and page.get_attribute("#play-t", "aria-valuetext") == "0.1"
    assert reach(page, "#play-more")
    for _ in range(9):
        page.keyboard.press("Enter")
    assert shown(page) == computed(0.1, 8) and page.get_attribute("#play-more", "aria-disabled") == "true"
    assert reach(page, "#play-afresh")
    page.keyboard.press("Space")
    assert shown(page) == computed(0.1, 1)
    page.reload()
    assert reach(page, ".sidebar-search")
    page.keyboard.type("bubblewrap")
    page.keyboard.press("Enter")
    assert (
        page.locator("#search-results li a", has_text="Security").get_attribute("href").startswith("docs/security.html")
    )
    assert page.problems == []


@pytest.mark.slow
@in_chromium
def test_without_scripts_the_first_page_shows_its_picture_and_no_dead_buttons(site, page, tmp_path):
    copy = tmp_path / "site"
    shutil.copytree(site, copy, ignore=shutil.ignore_patterns("*.js", "*.ipynb", "docs"))
    page.goto(f"{copy.as_uri()}/vi/index.html")
    assert page.locator("#play-picture svg").count() == 2 and page.locator("#play form").is_hidden()
    assert page.inner_text("#play-words").startswith("Sau 1 lần softmax")
