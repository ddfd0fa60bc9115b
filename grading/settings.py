"""What grading sets in nbgrader's configuration; a course's nbgrader_config.py calls it."""

from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

from grading.authoring.edition import Edition
from grading.authoring.stubs import ClearAnswers

# A module that is missing or broken must show here, not at grading.
from grading.course import REPOSITORY, Course
from grading.engine import judge  # noqa: F401
from grading.plugins.exchange import CollectFiles
from grading.plugins.export import StatusExport
from grading.plugins.formgrader import as_it_is, list_assignments_only, make_pages_within_limits, markdown_shown


def configure(c, folder=REPOSITORY):
    """Set everything that grading relies on in the traitlets configuration ``c``; ``folder`` is the course's."""
    # In a course that is built, generating what is released writes the same bytes, and fills the gradebook. Elsewhere
    # nbgrader asks before it overwrites.
    here = Path(folder).resolve()
    if Path.cwd() == here and Course(here).is_built:
        c.GenerateAssignment.force = True
    c.OfCourse.course_folder = str(here)
    steps = GenerateAssignment.preprocessors.default()
    c.GenerateAssignment.preprocessors = [
        Edition,  # first: it knows the source's texts
        *(ClearAnswers if step is ClearSolutions else step for step in steps),
    ]

    c.ExchangeFactory.collect = CollectFiles

    # The doctor mends what was handed in before nbgrader reads it.
    c.Autograde.exporter_class = "grading.plugins.mending.MendingExporter"

    # The judge in place of nbgrader's Execute: it alone decides the points of a test cell.
    c.Autograde.autograde_preprocessors = [
        "grading.engine.judge.Judge",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "grading.plugins.saving.SaveVerdicts",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ]

    # The page that students get: from verdicts, scores and comments, never from the source of a test cell.
    c.GenerateFeedback.exporter_class = "grading.plugins.feedback.FeedbackExporter"

    # nbgrader's table with a status and a reason: a mark that is missing is empty there, never 0.
    c.ExportApp.plugin_class = StatusExport

    # formgrader's list of assignments: the course's other folders in source/ are none.
    list_assignments_only()

    # formgrader's page of a submission: a student's text holds up nothing, and can't run scripts in the instructor's
    # browser.
    make_pages_within_limits()
    c.HTMLExporter.filters = {"markdown2html": markdown_shown, "strip_files_prefix": as_it_is}
