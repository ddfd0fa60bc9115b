"""nbgrader's configuration: `nbgrader generate_assignment`, `autograde`, `generate_feedback` and `export` read it."""

import sys
from pathlib import Path

try:
    here = str(Path(__file__).resolve().parent)
    if here not in sys.path:  # formgrader reads this file at every request
        sys.path.insert(0, here)  # `grading` is used from the checkout
    from grading.settings import configure

    c = get_config()  # noqa: F821  nbgrader provides it
    configure(c)
    c.CourseDirectory.course_id = "softmax-lab"

    # The language of what generate_assignment writes; a submission of any edition is graded alike.
    # c.Edition.language = "vi"

    # Settings of your own go here. The gradebook is gradebook.db in this folder; for another one, any URL that
    # SQLAlchemy knows: c.CourseDirectory.db_url = "postgresql+psycopg://user@host/gradebook", see docs/scaling.md
    # A tenth of the score off for each day that has begun since the due date (off unless set; see docs/lms.md):
    # c.AssignLatePenalties.plugin_class = "grading.plugins.late.PerDay"

except Exception as error:  # nbgrader would log it and go on without the judge and its sandbox
    raise SystemExit(f"nbgrader_config.py: {type(error).__name__}: {error}") from error
