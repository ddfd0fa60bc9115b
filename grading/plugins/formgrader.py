"""Make a student's text harmless in formgrader's page of a submission, where scripts would act as the instructor.

formgrader puts Markdown cells into the page as they are, HTML included. `markdown_shown` stands in for nbconvert's
filter of Markdown, and `as_it_is` for the one that follows it (`settings`).
"""

import time

from jinja2 import pass_context

from grading.bounded import TooDear, bounded
from grading.reports.markdown import as_source, rendered

LONGEST = 5  # seconds that the Markdown of a page may take before the rest is shown as it is written


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
