"""nbgrader's configuration: `nbgrader generate_assignment`, `autograde`, `generate_feedback` and `export` read it."""

import sys
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions

sys.path.insert(0, str(Path(__file__).resolve().parent))  # `grading` is used from the checkout

from grading.stubs import ClearAnswers  # noqa: E402

c = get_config()  # noqa: F821  nbgrader provides it

c.CourseDirectory.course_id = "softmax-lab"
# The gradebook is gradebook.db in the course folder. For another one, any URL that SQLAlchemy knows:
# c.CourseDirectory.db_url = "postgresql://user@host/gradebook"

# The released files are derived and committed: generating them again writes the same bytes and fills the gradebook.
c.GenerateAssignment.force = True
c.GenerateAssignment.preprocessors = [
    ClearAnswers if step is ClearSolutions else step for step in GenerateAssignment.preprocessors.default()
]

# The doctor mends what was handed in before nbgrader reads it.
c.Autograde.exporter_class = "grading.exporter.MendingExporter"

# The judge in place of nbgrader's Execute: it alone writes the points of a test cell.
c.Autograde.autograde_preprocessors = [
    "grading.judge.Judge",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# The page that students get: from verdicts, scores and comments, never from the source of a test cell.
c.GenerateFeedback.exporter_class = "grading.feedback.FeedbackExporter"

# nbgrader's table with a status and a reason: a mark that is missing is empty there, never 0.
c.ExportApp.plugin_class = "grading.export.StatusExport"
