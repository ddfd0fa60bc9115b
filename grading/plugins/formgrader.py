"""What formgrader shows: assignments that are some, and a student's text that does no harm in the instructor's browser.

A folder of source/ without a notebook, such as locale, is no assignment (`list_assignments_only`). formgrader puts
Markdown cells into its page of a submission as they are, HTML included, where scripts would act as the instructor.
`markdown_shown` stands in for nbconvert's filter of Markdown, and `as_it_is` for the one that follows it (`settings`).
"""

import html
import re
import time
from pathlib import Path

import nh3
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbgrader.apps.api import NbGraderAPI

from grading.bounded import TooDear, bounded

# No class and no id, not even a heading's own: formgrader finds its fields by them.
ATTRIBUTES = {"*": {"title"}, "a": {"href"}, "img": {"src", "alt", "width", "height"}}
LONGEST = 5  # seconds that the Markdown of a page may take before the rest is shown as it is written
SCHEMES = {"http", "https", "mailto", "data"}  # data: the pictures attached to a cell
# nh3 would drop the other tags; a student's `<script>` or `x<y` is better read than gone.
OTHER = re.compile(rf"<(?!/?({'|'.join(sorted(nh3.ALLOWED_TAGS))})[\s/>]|!--)", re.IGNORECASE)
# The page fetches no picture from elsewhere: that would tell its owner who reads what, and when.
PICTURE = re.compile(r"<(?=img\s([^<>]*))", re.IGNORECASE)
SOURCE = re.compile(r"\bsrc\s*=\s*[\"']?([^\s\"'<>]*)", re.IGNORECASE)
OWN = re.compile(r"data:image/.*|\w[\w. -]*(?:/\w[\w. -]*)*", re.DOTALL)  # within the text, or a file beside it
ACTIVE_TEX = re.compile(r"\\(?=(?:href|style|class|cssId|require)(?![a-zA-Z]))")  # with which MathJax links, or loads


LISTED = NbGraderAPI.get_source_assignments  # nbgrader's own: every folder of source/


def list_assignments_only():
    """Let nbgrader list a folder of source/ as an assignment only where a notebook lies in it."""
    NbGraderAPI.get_source_assignments = with_notebooks


def with_notebooks(api):
    """Return the names of the folders of source/ that hold a notebook."""
    course = api.coursedir

    def folder(name):
        return Path(course.format_path(course.source_directory, ".", name))

    return {name for name in LISTED(api) if any(folder(name).glob("*.ipynb"))}


class Renderer(IPythonRenderer):
    """Write Markdown as nbconvert does, with words in the place of an attachment that is not there."""

    def image(self, text, url, title=None):
        """Return the HTML of a picture; its words where it is missing."""
        is_there = not url.startswith("attachment:") or self.attachments.get(url.removeprefix("attachment:"))
        return super().image(text, url, title) if is_there else html.escape(f"{text} ({url})")


@pass_context
def markdown_shown(context, source):
    """Return a Markdown cell as HTML that does no harm; its source as it is where that, or the page, takes too long."""
    spent = context.get("resources", {}).setdefault("seconds of Markdown", [])
    begun, attachments = time.monotonic(), context.get("cell", {}).get("attachments", {})
    try:
        return bounded(rendered, source, attachments) if sum(spent) < LONGEST else as_source(source)
    except TooDear:
        return as_source(source)
    finally:
        spent.append(time.monotonic() - begun)


def as_source(text):
    """Return the HTML of a text as it is written."""
    return f"<pre>{html.escape(text)}</pre>"


def rendered(source, attachments):
    """Return Markdown as harmless HTML."""
    return harmless(MarkdownWithMath(renderer=Renderer(escape=False, attachments=attachments)).render(source))


def harmless(text):
    """Return HTML without scripts, styles, forms, frames and pictures from elsewhere.

    A tag that is not allowed stays to be read as text.
    """
    text = PICTURE.sub(lambda tag: "<" if all(map(OWN.fullmatch, SOURCE.findall(tag[1]))) else "&lt;", text)
    clean = nh3.clean(
        OTHER.sub("&lt;", text),
        attributes=ATTRIBUTES,
        attribute_filter=own_pictures,
        url_schemes=SCHEMES,
        link_rel=None,
    )
    return ACTIVE_TEX.sub(r"\\ ", clean)


def own_pictures(tag, attribute, value):
    """Return an attribute's value, or None for a picture from elsewhere."""
    return None if (tag, attribute) == ("img", "src") and not OWN.fullmatch(value) else value


def as_it_is(text):
    """Return what is harmless already."""
    return text
