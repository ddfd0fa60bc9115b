"""Sphinx's configuration for the site that build.py builds, in the language that it passes."""

import re
import textwrap

from babel import Locale
from docutils.nodes import SkipNode
from docutils.utils.math.latex2mathml import tex2mathml
from markupsafe import Markup
from sphinx.locale import get_translation

from docs.site.sources import LANGUAGES, address, pages

project = html_title = "softmax-lab"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
templates_path = ["templates"]
exclude_patterns = ["files"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
myst_url_schemes = {"http": None, "https": None, "site": "{{path}}#{{fragment}}"}
highlight_language = "none"
autodoc_typehints = "none"  # what arguments may be is said in words
default_role = "literal"  # in docstrings `x` is code

html_theme = "furo"
html_favicon = "static/favicon.svg"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_math_renderer = "mathml"
html_theme_options = {"announcement": "the switch of languages"}
html_copy_source = html_show_copyright = html_domain_indices = False

_ = get_translation("sphinx")
ENGLISH_ALONE = (
    "Skip to content",
    "Toggle site navigation sidebar",
    "Toggle table of contents sidebar",
    "Toggle Light / Dark / Auto color theme",
)
BLOCK = re.compile(r"^(Arguments|Attributes)\n((?: .*\n?)+)", re.MULTILINE)


def as_described(app, what, name, obj, options, lines):
    """Write a docstring's blocks, ``Arguments`` and ``Attributes``, as the lists that reStructuredText knows."""

    def described(block):
        items = re.sub(r"^(\S.*?): ", r"``\1``\n    ", textwrap.dedent(block[2]), flags=re.MULTILINE)
        return f".. rubric:: {block[1]}\n\n{items}\n"

    lines[:] = BLOCK.sub(described, "\n".join(lines)).split("\n")


def same_page(app, pagename, templatename, context, doctree):
    """Tell the template of every page where its other languages are: the same page, or else the first one."""
    own = app.config.language
    seen_from = pagename if own == "en" else f"{own}/{pagename}"
    context["mended"] = mended
    context["names"] = {code: Locale.parse(code).get_display_name() for code in LANGUAGES}
    there = {code: code == own or pagename == "search" or pagename in pages(code) for code in LANGUAGES}
    context["editions"] = {code: address(pagename if there[code] else "index", code, seen_from) for code in LANGUAGES}


def mended(body):
    """Return the theme's part of a page with the names that it lacks, and those that it has in English alone."""
    body = body.replace('role="heading"', 'role="heading" aria-level="2"')
    for place, name in (("announcement-content", _("Languages")), ("sidebar-drawer", _("Contents"))):
        body = body.replace(f'"{place}"', f'"{place}" aria-label="{name}"')
    for text in ENGLISH_ALONE:
        body = body.replace(text, _(text))
    return Markup(body)


def formula(as_block):
    """Return what writes a formula as MathML, which browsers show by themselves."""

    def visit(self, node):
        self.body.append(tex2mathml(node.astext(), as_block=as_block))
        raise SkipNode

    return visit, None


def setup(app):
    """Join these to Sphinx."""
    app.add_html_math_renderer("mathml", formula(False), formula(True))
    app.connect("autodoc-process-docstring", as_described)
    app.connect("html-page-context", same_page)
