"""What formgrader lists, and what Markdown may show there and in feedback: text and pictures, nothing that acts."""

import sys
import time

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import v4
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.server_extensions.formgrader import formgrader as nbgraders
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from grading.bounded import TooDear
from grading.plugins import formgrader
from grading.plugins.formgrader import markdown_shown
from grading.reports.markdown import comment_shown, harmless
from grading.settings import configure


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<script>taken = 1</script>", "&lt;script&gt;taken = 1&lt;/script&gt;"),
        ("<form action=/x><p>mine</p></form>", "&lt;form action=/x&gt;<p>mine</p>&lt;/form&gt;"),
        ("<img src=nowhere onerror=taken()>", '<img src="nowhere">'),
        ("<img src=data:image/png;base64,iVBO alt=plot>", '<img src="data:image/png;base64,iVBO" alt="plot">'),
        ("<a href=javascript:taken() title=t>x</a>", '<a title="t">x</a>'),
        ("<p id=test_softmax_t class=hidden style=position:fixed>x</p>", "<p>x</p>"),
        ("<table><tr><td>1</td></tr></table>", "<table><tbody><tr><td>1</td></tr></tbody></table>"),
        ("if x<y and $a < b$", "if x&lt;y and $a &lt; b$"),
        ("<!-- a note -->x", "x"),
        ("<img src=plots/a.png alt=p>", '<img src="plots/a.png" alt="p">'),
        ("<img src=https://x.org/a.png>", "&lt;img src=https://x.org/a.png&gt;"),
        ("<img alt=a src='//x.org/a'>", "&lt;img alt=a src='//x.org/a'&gt;"),
        ("<img src=/hub/logout>", "&lt;img src=/hub/logout&gt;"),
        ("<img alt='>' src=https://x.org/a>", '<img alt="&gt;">'),
        (r"$\href{javascript:taken()}{x} \style{background:url(//x.org)}{y}$ \hrefs", None),
    ],
)
def test_text_stays_and_what_acts_does_not(html, shown):
    if shown is None:  # MathJax would link and load
        shown = html.replace(r"\href{", r"\ href{").replace(r"\style", r"\ style")
    assert harmless(html) == shown


def test_deep_nesting_is_cleaned_in_time():
    start = time.process_time()
    assert harmless("<div>" * 16_000).count("<div>") == 16_000
    assert time.process_time() - start < 4  # it takes half a second; bleach took seven


@pytest.mark.parametrize(
    "text, said",
    [
        ("![a plot](attachment:gone.png), then", "<p>a plot (attachment:gone.png), then</p>"),
        ("![a plot](https://x.org/a.png)", '<p>&lt;img src="https://x.org/a.png" alt="a plot" /&gt;</p>'),
        ("![a plot](attachment:there.png)", '<p><img src="data:image/png;base64,iVBO" alt="a plot"></p>'),
    ],
)
def test_a_picture_that_is_not_here_is_words(text, said):
    cell = {"attachments": {"there.png": {"image/png": "iVBO"}, "gone.png": {}}}
    assert markdown_shown({"cell": cell}, text).strip() == said


COMMENT = """\
# Well begun

Clear **and** short, see [the docs](https://example.edu/a?b=1&c=2) and `softmax`:
- $x_i^2 < 1$
- <script>taken()</script><img src=data:image/png;base64,iVBO>![p](plot.png)

```python
x = 1 < 2
```
[no](javascript:taken())"""


def test_a_comment_is_markdown_that_acts_nowhere_and_holds_no_picture():
    shown = comment_shown(COMMENT)
    for part in (
        "<h4>Well begun</h4>",
        "Clear <strong>and</strong> short",
        '<a href="https://example.edu/a?b=1&amp;c=2">the docs</a>',
        "<code>softmax</code>",
        "<li>$x_i^2 &lt; 1$</li>",
        "&lt;script&gt;taken()&lt;/script&gt;",
        "<pre>",
        "<a>no</a>",
    ):
        assert part in shown, part
    assert "<img" not in shown and "iVBO" in shown


def test_a_comment_that_takes_too_long_is_shown_as_it_is_written(monkeypatch):
    def too_dear(*_, **__):
        raise TooDear

    monkeypatch.setattr("grading.reports.markdown.bounded", too_dear)
    assert comment_shown("*a* <b>") == "<pre>*a* &lt;b&gt;</pre>"


def formgraders_page(path, cell):
    """Return formgrader's page of a notebook of one cell, and what nbconvert makes of it by itself."""
    nbformat.write(v4.new_notebook(cells=[cell, v4.new_markdown_cell("*a*")]), path)
    config = Config()
    configure(config)
    config.HTMLExporter.template_name, config.HTMLExporter.extra_template_basedirs = "formgrade", [template_path]
    return lambda exporter: exporter(config=config).from_filename(path, {"base_url": "", "index": 0, "total": 1})[0]


MARKED = {"nbgrader": {"grade": True, "solution": True, "points": 2, "grade_id": "exercise"}}
COLOURS = v4.new_output("stream", text="\x1b[31mred")


def test_a_page_is_what_nbconvert_makes(tmp_path):
    shown = formgraders_page(tmp_path / "a.ipynb", v4.new_code_cell("x = 1", metadata=MARKED, outputs=[COLOURS]))
    page = shown(nbgraders.HTMLExporter)
    assert page == shown(HTMLExporter) and 'id="exercise"' in page
    assert '<span class="ansi-red-fg">red' in page and '<span class="n">x</span>' in page and "<em>a</em>" in page


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
@pytest.mark.parametrize("dear", ["code", "colours", "outputs"])
def test_a_page_that_takes_too_long_is_plain_and_a_person_can_mark_it(tmp_path, monkeypatch, dear):
    """4 MiB of a terminal's colours took two minutes, in which formgrader served nobody."""
    monkeypatch.setattr("grading.bounded.SECONDS", 2)
    cell = v4.new_code_cell("x = '<b>'", metadata=MARKED)
    if dear == "code":
        cell.source += "\nx=1" * 300_000
    else:
        shown = ["\x1b[m" * 400_000] if dear == "colours" else ["a"] * 10_000
        cell.outputs = [v4.new_output("display_data", {"text/plain": text}) for text in shown]
    shown, begun = formgraders_page(tmp_path / "a.ipynb", cell), time.process_time()
    page = shown(nbgraders.HTMLExporter)
    assert time.process_time() - begun < 1, "it was made here"
    assert 'id="exercise"' in page and "<pre>x = '&lt;b&gt;'" in page.replace("&#x27;", "'")
    assert len(page) < 1_500_000


def test_a_folder_of_source_without_a_notebook_is_no_assignment(tmp_path, monkeypatch):
    """The red fixture first: nbgrader alone lists them all."""
    for path in (
        "one/one.ipynb",
        "two/part.ipynb",
        "locale/vi/one.po",
        "cases/one/public.safetensors",
        "empty/notes.md",
    ):
        (tmp_path / "source" / path).parent.mkdir(parents=True)
        (tmp_path / "source" / path).touch()
    api = NbGraderAPI(CourseDirectory(root=str(tmp_path)))
    monkeypatch.setattr(NbGraderAPI, "get_source_assignments", formgrader.LISTED)
    assert api.get_source_assignments() == {"one", "two", "locale", "cases", "empty"}
    configure(Config())
    assert api.get_source_assignments() == {"one", "two"}
    configure(Config())  # formgrader reads the configuration at every request
    assert api.get_source_assignments() == {"one", "two"}
