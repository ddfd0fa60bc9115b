"""What students read can be read by everyone: the derived notebooks, every output in them, the checks' reports.

Each rule is a function that returns what breaks it: nothing in the course, and something in a notebook or a page spoilt
for it. The figures' own rules are in tests/support/figure_rules.py; axe-core over rendered
pages is in tests/course/test_browser.py.
"""

import re
from itertools import pairwise

import nbformat
import numpy as np
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat import v4

import helpers
from grading.course import REPOSITORY
from helpers.checks.compare import Result
from helpers.checks.report import Report
from helpers.plots import drawing
from helpers.support.language import plain
from tests.support.figure_rules import RULES as FIGURE_RULES
from tests.support.figure_rules import contrast

NOTEBOOKS = sorted(path for folder in ("notebooks", "solutions") for path in (REPOSITORY / folder).rglob("*.ipynb"))
# Words that say nothing where a screen reader lists a page's links.
EMPTY_LINKS = {"", "here", "click here", "this", "this link", "link", "more", "read more", "see", "page"}


def fences_removed(cell):
    return re.sub(r"^```.*?^```", "", cell.source, flags=re.DOTALL | re.MULTILINE)


def prose(nb):
    return [fences_removed(cell) for cell in nb.cells if cell.cell_type == "markdown"]


def outputs(nb):
    return [output for cell in nb.cells for output in cell.get("outputs", []) if "data" in output]


def pictures_without_words(nb):
    """Return the pictures that lack alternative text, in the metadata, as text and in HTML; a class name is none."""
    found = []
    for output in outputs(nb):
        data = output.data
        if any(kind.startswith("image/") for kind in data):
            words = data.get("text/plain", "")
            alt = output.metadata.get("image/png", {}).get("alt")
            tags = BeautifulSoup(data.get("text/html", ""), "html.parser").find_all("img")
            if words != alt or len(words) < 40 or words.startswith("<") or [tag.get("alt") for tag in tags] != [words]:
                found.append(f"a picture with the text {words[:60]!r}")
        else:
            tags = BeautifulSoup(data.get("text/html", ""), "html.parser").find_all("img")
            found += [str(tag)[:60] for tag in tags if not tag.get("alt")]
    markdown = [text for source in prose(nb) for text in re.findall(r"!\[([^\]]*)\]", source)]
    return found + ["an image in prose without words" for text in markdown if not text.strip()]


def headings(nb):
    return [
        (len(marks), text) for source in prose(nb) for marks, text in re.findall(r"^(#+) (.+)$", source, re.MULTILINE)
    ]


def wrong_headings(nb):
    """Return what keeps the headings from being an outline: one first level, at the top, and no level skipped."""
    levels = headings(nb)
    found = [] if [level for level, _ in levels].count(1) == 1 else ["there is not exactly one heading of level 1"]
    found += ["the first heading is not of level 1"] if not levels or levels[0][0] != 1 else []
    skips = [after for (upper, _), (lower, after) in pairwise(levels) if lower > upper + 1]
    return found + [f"{text!r} skips a level" for text in skips]


def empty_links(nb):
    """Return the links whose words say nothing by themselves, and addresses left bare."""
    found = []
    for source in prose(nb):
        texts = re.findall(r"(?<!!)\[([^\]]*)\]\([^)]*\)", source) + re.findall(
            r"<a\b[^>]*\bhref\b[^>]*>(.*?)</a>", source, re.DOTALL
        )
        found += [text for text in texts if text.strip(" .*_`").lower() in EMPTY_LINKS]
        found += re.findall(r"(?<![(\"'])https?://\S+", source)
    return found


def no_language(nb, **options):
    """Return the rendered page's opening tag where it names no language."""
    html, _ = HTMLExporter(**options).from_notebook_node(nb)
    tag = BeautifulSoup(html, "html.parser").html
    return [] if tag.get("lang") == "en" else [f"{tag.name} {tag.attrs}"]


def html_problems(html):
    """Return what is hard to see in a piece of HTML: text under 4.5:1 or marks under 3:1 on white, by their style."""
    found = []
    for tag in BeautifulSoup(html, "html.parser").find_all(style=True):
        styles = dict(re.findall(r"([\w-]+)\s*:\s*([^;]+)", tag["style"]))
        for name, value in styles.items():
            if colour := re.search(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b", value):
                needed = 4.5 if name == "color" else 3
                if not name.startswith("background") and contrast(colour[0]) < needed:
                    found.append(f"{name}: {value}")
            elif name in ("color", "border", "border-left") and not re.search(r"inherit|none", value):
                found.append(f"{name}: {value} is not a colour whose contrast is known")
    return found


def outputs_hard_to_see(nb):
    return [problem for output in outputs(nb) for problem in html_problems(output.data.get("text/html", ""))]


RULES = (pictures_without_words, wrong_headings, empty_links, no_language, outputs_hard_to_see)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
@pytest.mark.parametrize("problems", RULES, ids=lambda rule: rule.__name__)
def test_every_notebook_keeps_every_rule(path, problems):
    assert problems(nbformat.read(path, as_version=nbformat.NO_CONVERT)) == []


def test_there_are_notebooks_and_pictures_to_judge():
    assert len(NOTEBOOKS) >= 4
    notebooks = [nbformat.read(path, as_version=nbformat.NO_CONVERT) for path in NOTEBOOKS]
    assert sum("image/png" in output.data for nb in notebooks for output in outputs(nb)) >= 8
    assert min(len(headings(nb)) for nb in notebooks) >= 5


def shown(metadata=None, **data):
    data = {kind.replace("_", "/"): value for kind, value in data.items()}
    return v4.new_code_cell("f()", outputs=[v4.new_output("display_data", data, metadata=metadata or {})])


WORDS = "Standard deviation on a log axis, from 0.5 at k = 0 to 0.1."
GOOD = {"image_png": "AA", "text_plain": WORDS, "text_html": f'<img alt="{WORDS}" src="data:,">'}
ALT = {"image/png": {"alt": WORDS}}


def notebook(*cells):
    start = v4.new_markdown_cell(
        "# Title\n\n```\n# a comment\n```\n[the article](a.html)\n\n## Part\n\n### Exercise\n\n## Next"
    )
    return v4.new_notebook(cells=[start, *(v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells)])


SPOILT = {
    "no alt in HTML": (pictures_without_words, shown(ALT, **GOOD | {"text_html": '<img src="data:,">'})),
    "no HTML": (pictures_without_words, shown(ALT, image_png="AA", text_plain=WORDS)),
    "no metadata": (pictures_without_words, shown(**GOOD)),
    "class name": (pictures_without_words, shown(ALT, **GOOD | {"text_plain": "<Figure size 640x480 with 1 Axes>"})),
    "HTML alone": (pictures_without_words, shown(text_html='<img src="data:,">', text_plain="<HTML object>")),
    "image in prose": (pictures_without_words, "![](figure.png)"),
    "second title": (wrong_headings, "# Title again"),
    "skipped level": (wrong_headings, "#### Deep"),
    "here": (empty_links, "Read it [here](https://example.org)."),
    "HTML link": (empty_links, "Read it <a href='https://example.org'>here</a>."),
    "bare address": (empty_links, "See https://example.org for more."),
    "pale text": (outputs_hard_to_see, shown(text_html="<p style='color:#999999'>pale</p>", text_plain="pale")),
    "pale border": (outputs_hard_to_see, shown(text_html="<p style='border-left:4px solid #ffd'>x</p>")),
    "named colour": (outputs_hard_to_see, shown(text_html="<p style='color: yellow'>x</p>")),
}


def test_every_rule_has_a_red_fixture():
    assert {rule for rule, _ in SPOILT.values()} | {no_language} == set(RULES)


@pytest.mark.parametrize(("problems", "cell"), SPOILT.values(), ids=SPOILT.keys())
def test_every_rule_sees_the_notebook_that_was_spoilt_for_it(problems, cell):
    assert [rule.__name__ for rule in RULES if rule is not no_language and rule(notebook())] == []
    assert problems(notebook(shown(ALT, **GOOD))) == []
    assert problems(notebook(cell))


def test_a_page_without_a_language_is_seen():
    assert no_language(notebook()) == []
    assert no_language(notebook(), language_code="vi")


def test_a_title_that_comes_late_is_seen():
    late = notebook()
    late.cells.insert(0, v4.new_markdown_cell("## Before the title"))
    assert wrong_headings(late) == ["the first heading is not of level 1"]


@pytest.mark.parametrize("outcome", ["passed", "value", "unattempted"])
def test_a_report_is_easy_to_see_and_says_its_outcome_in_words(outcome):
    drawn = (
        {"call": "softmax_t(x)", "bars": ([0.5, 0.5], [0.25, 0.75])} if outcome == "value" else {"call": "softmax_t(x)"}
    )
    result = Result("a case", "the values", False, outcome, plain("1"), plain("2"), **drawn)
    shown = Report("softmax_t", (result,), {"the values": 1.0})._repr_html_()
    assert html_problems(shown) == []
    assert html_problems(re.sub("#[0-9a-f]{6}", "#ffee88", shown)) != []
    words = {"passed": "right", "value": "not yet", "unattempted": "not attempted"}
    assert words[outcome] in BeautifulSoup(shown, "html.parser").get_text()


P = np.array([0.2, 0.3, 0.5])
ENTRY = {"logits": np.array([-1.0, 0.0, 6.0]), "probs": P}
PUBLIC = {
    "plot_iterations": lambda: helpers.plot_iterations([P, P[::-1]], [0, 1, 2]),
    "plot_log_std": lambda: helpers.plot_log_std([0.5, 0.1, 0.0], n_points=4),
    "plot_full": lambda: helpers.plot_full({1: {0.5: ENTRY, 1: ENTRY}}),
    "plot_zoomed": lambda: helpers.plot_zoomed({1: {0.5: ENTRY, 1: ENTRY}}),
    "plot_final_tops": lambda: helpers.plot_final_tops(
        [1, 2], {"a": P[:2], "b": P[1:]}, marks={"1/n": 1.2, "2/n": 1.5}
    ),
    "explore_softmax": lambda: helpers.explore_softmax().figure,
    "explore_repeated_softmax": lambda: helpers.explore_repeated_softmax().figure,
    "explore_temperature_range": lambda: helpers.explore_temperature_range().figure,
    "explore_vocabulary": lambda: helpers.explore_vocabulary().figure,
}


def no_table(figure):
    """Return what keeps a figure's data from being a table: columns with names, numbers and one length."""
    lengths = {len(column) for column in figure.data.values()}
    numbers = all(isinstance(value, float) for column in figure.data.values() for value in column)
    return [] if len(figure.data) >= 2 and len(lengths) == 1 and lengths != {0} and numbers else [list(figure.data)]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_figure_has_its_words_and_its_table_and_keeps_the_figures_rules(name):
    figure = PUBLIC[name]()
    figure.draw_without_rendering()
    assert [rule.__name__ for rule in FIGURE_RULES if rule(figure)] == []
    assert no_table(figure) == [] and len(figure.alt) >= 40


@pytest.mark.parametrize(
    "data",
    [{}, {"x": [1.0]}, {"x": [], "y": []}, {"x": [1.0, 2.0], "y": [1.0]}, {"x": [1.0], "y": ["1"]}],
    ids=["none", "one column", "empty", "of two lengths", "texts"],
)
def test_a_figure_without_a_table_is_seen(data):
    """The red fixture."""
    assert no_table(drawing.DescribedFigure(3, alt="", data=data)) == [list(data)]


def test_no_public_figure_is_left_out():
    assert {name for name in helpers.__all__ if name.startswith(("plot_", "explore_"))} == set(PUBLIC)
