"""`nbgrader generate_feedback`'s last step: the page that a student reads, from `grading.reports.feedback`."""

import nbformat
from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook
from traitlets import default

from grading.bounded import Child, TooDear
from grading.course import OfCourse
from grading.repair.doctor import TOO_DEAR
from grading.reports.feedback import page, plain_page
from grading.reports.findings import scores


class FeedbackExporter(OfCourse, Exporter):
    """Export an autograded notebook as one HTML page, without script and without a request to anywhere."""

    export_from_notebook = "Feedback"

    @default("file_extension")
    def _file_extension_default(self):
        return ".html"

    def __init__(self, **settings):
        super().__init__(**settings)
        self.child = Child(self.read)

    def from_file(self, file_stream, resources=None, **kw):
        """Return the page of a notebook, which is read within limits, and the resources; of one too dear the score."""
        read = self.read if Child.inside else self.child
        try:
            return read(file_stream.read(), resources)
        except TooDear:
            ids = resources["nbgrader"]
            self.log.warning("The page of %s shows the score alone: %s", ids["student"], TOO_DEAR)
            with Gradebook(ids["db_url"]) as gradebook:
                return plain_page(gradebook, ids["assignment"], ids["student"]), self._init_resources(resources)

    def read(self, text, resources):
        """Return the page of a notebook's text, without a limit, and the resources."""
        return self.from_notebook_node(nbformat.reads(text, as_version=4), resources)

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """Run the preprocessors, nbgrader's GetGrades among them, and return the page and the resources."""
        resources = self._init_resources(resources)
        for step in self._preprocessors:  # on the notebook itself: it was read for this page
            nb, resources = step(nb, resources)
        grades = resources["nbgrader"]
        with Gradebook(grades["db_url"]) as gradebook:
            found = scores(gradebook, grades["notebook"], grades["assignment"], grades["student"])
        return page(nb, grades, found, self.course), resources
