"""What formgrader shows: assignments that are some, and a student's text that does no harm in the instructor's browser.

A folder of source/ without a notebook, such as locale, is no assignment (`list_assignments_only`). formgrader puts
Markdown cells into its page of a submission as they are, HTML included, where scripts would act as the instructor.
`markdown_shown` stands in for nbconvert's filter of Markdown, and `as_it_is` for the one that follows it (`settings`).
"""

import time
from pathlib import Path

from jinja2 import pass_context
from nbgrader.apps.api import NbGraderAPI

from grading.bounded import TooDear, bounded
from grading.reports.markdown import as_source, rendered

LONGEST = 5  # seconds that the Markdown of a page may take before the rest is shown as it is written
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


def as_it_is(text):
    """Return what is harmless already."""
    return text
