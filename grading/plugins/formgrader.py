"""What formgrader shows: assignments that are some, and a student's text that does no harm in the instructor's browser.

A folder of source/ without a notebook, such as locale, is no assignment (`list_assignments_only`). formgrader puts
Markdown cells into its page of a submission as they are, HTML included, where scripts would act as the instructor.
`markdown_shown` stands in for nbconvert's filter of Markdown, and `as_it_is` for the one that follows it (`settings`).
What colours code and outputs can take minutes for an odd text, and formgrader serves nobody else meanwhile: a page is
made within limits (`PageWithinLimits`).
"""

from pathlib import Path

import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbgrader.apps.api import NbGraderAPI
from nbgrader.server_extensions.formgrader import formgrader

from grading.bounded import TooDear, bounded
from grading.reports.feedback import cut
from grading.reports.markdown import as_source, rendered

DEAR = ("highlight_code", "markdown2html", "ansi2html")  # filters that can take minutes for a text
LARGEST_PLAIN, MOST_OUTPUTS = 500_000, 10  # characters of a page without them; outputs of each of its cells
LISTED = NbGraderAPI.get_source_assignments  # nbgrader's own: every folder of source/


class PageWithinLimits(HTMLExporter):
    """Make formgrader's page of a submission in a child process; a plain one where that takes too much."""

    def from_filename(self, filename, resources=None, **kw):
        """Return the page and the resources."""
        try:
            return bounded(lambda: super(PageWithinLimits, self).from_filename(filename, resources)[0]), resources
        except TooDear:
            self.log.warning("%s is shown in part: it takes too much time or memory to read", filename)
            return bounded(self.plain_page, filename, resources), resources

    def plain_page(self, filename, resources):
        """Return a page of nbgrader's cells alone and what they begin with, without colours and Markdown."""
        notebook = nbformat.read(filename, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
        for cell in notebook.cells:
            if cell.cell_type == "code":
                del cell.outputs[MOST_OUTPUTS:]
        self.filters = self.filters | dict.fromkeys(DEAR, Plain())
        for name in DEAR:
            self.register_filter(name, self.filters[name])
        return self.from_notebook_node(notebook, resources)[0]


class Plain:
    """A filter that shows a page's texts as they are written, as far as there is room."""

    def __init__(self):
        self.room = LARGEST_PLAIN

    def __call__(self, text, metadata=None):
        """Return the HTML of a text, or of its beginning."""
        shown = as_source(cut(text, self.room))
        self.room = max(0, self.room - len(text))
        return shown


def make_pages_within_limits():
    """Let formgrader make its pages within limits."""
    formgrader.HTMLExporter = PageWithinLimits


def list_assignments_only():
    """Let nbgrader list a folder of source/ as an assignment only where a notebook lies in it."""
    NbGraderAPI.get_source_assignments = with_notebooks


def with_notebooks(api):
    """Return the names of the folders of source/ that hold a notebook."""
    course = api.coursedir

    def folder(name):
        return Path(course.format_path(course.source_directory, ".", name))

    return {name for name in LISTED(api) if any(folder(name).glob("*.ipynb"))}


@pass_context
def markdown_shown(context, source):
    """Return a Markdown cell as HTML that does no harm."""
    return rendered(source, context.get("cell", {}).get("attachments", {}))


def as_it_is(text):
    """Return what is harmless already."""
    return text
