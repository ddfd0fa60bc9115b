"""`nbgrader generate_feedback`'s last step: the page that a student reads, from `grading.reports.feedback`."""

from nbconvert.exporters import Exporter
from nbgrader.api import Gradebook
from traitlets import default

from grading.course import OfCourse
from grading.reports.feedback import page
from grading.reports.findings import scores


class FeedbackExporter(OfCourse, Exporter):
    """Export an autograded notebook as one HTML page, without script and without a request to anywhere."""

    export_from_notebook = "Feedback"

    @default("file_extension")
    def _file_extension_default(self):
        return ".html"

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """Run the preprocessors, nbgrader's GetGrades among them, and return the page and the resources."""
        resources = self._init_resources(resources)
        for step in self._preprocessors:  # on the notebook itself: it was read for this page
            nb, resources = step(nb, resources)
        grades = resources["nbgrader"]
        with Gradebook(grades["db_url"]) as gradebook:
            found = scores(gradebook, grades["notebook"], grades["assignment"], grades["student"])
        return page(nb, grades, found, self.course), resources
