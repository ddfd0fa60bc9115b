"""Render Markdown that somebody else wrote as HTML that does no harm: an instructor's comment, a student's text.

What may stay are nh3's tags; no script, style, form or frame is among them, and no picture from elsewhere.
"""

import html
import re

import nh3
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from grading.bounded import TooDear, bounded

# No class and no id, not even a heading's own: formgrader finds its fields by them.
ATTRIBUTES = {"*": {"title"}, "a": {"href"}, "img": {"src", "alt", "width", "height"}}
SCHEMES = {"http", "https", "mailto", "data"}  # data: the pictures attached to a cell
# nh3 would drop the other tags; a student's `<script>` or `x<y` is better read than gone.
OTHER = re.compile(rf"<(?!/?({'|'.join(sorted(nh3.ALLOWED_TAGS))})[\s/>]|!--)", re.IGNORECASE)
# The page fetches no picture from elsewhere: that would tell its owner who reads what, and when.
PICTURE = re.compile(r"<(?=img\s([^<>]*))", re.IGNORECASE)
SOURCE = re.compile(r"\bsrc\s*=\s*[\"']?([^\s\"'<>]*)", re.IGNORECASE)
OWN = re.compile(r"data:image/.*|\w[\w. -]*(?:/\w[\w. -]*)*", re.DOTALL)  # within the text, or a file beside it
ACTIVE_TEX = re.compile(r"\\(?=(?:href|style|class|cssId|require)(?![a-zA-Z]))")  # with which MathJax links, or loads
HEADING = re.compile(r"<(/?)h[1-6]\b")


class Renderer(IPythonRenderer):
    """Write Markdown as nbconvert does, code without colours, words in the place of an attachment that is not there."""

    def block_code(self, code, info=None):
        """Return the HTML of code: what would colour it are classes, which do not stay."""
        return f"<pre><code>{html.escape(code, quote=False)}</code></pre>\n"

    def image(self, text, url, title=None):
        """Return the HTML of a picture; its words where it is missing."""
        is_there = not url.startswith("attachment:") or self.attachments.get(url.removeprefix("attachment:"))
        return super().image(text, url, title) if is_there else html.escape(f"{text} ({url})")


def comment_shown(text):
    """Return an instructor's comment as HTML, without pictures, its headings below those of the page.

    It is returned as it is written where it takes too much time or memory to read.
    """
    try:
        return HEADING.sub(r"<\g<1>h4", bounded(rendered, text, {}, pictures=False))
    except TooDear:
        return as_source(text)


def as_source(text):
    """Return the HTML of a text as it is written."""
    return f"<pre>{html.escape(text)}</pre>"


def rendered(source, attachments, pictures=True):
    """Return Markdown as harmless HTML."""
    renderer = Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)  # which would lead nowhere
    return harmless(MarkdownWithMath(renderer=renderer).render(source), pictures)


def harmless(text, pictures=True):
    """Return HTML without scripts, styles, forms, frames and pictures from elsewhere.

    A tag that is not allowed stays to be read as text; so does any picture where ``pictures`` is false.
    """
    text = PICTURE.sub(
        lambda tag: "<" if pictures and all(map(OWN.fullmatch, SOURCE.findall(tag[1]))) else "&lt;", text
    )
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
