"""nbgrader's configuration: `nbgrader generate_assignment`, `autograde`, `generate_feedback` and `export` read it."""

import sys
from pathlib import Path

try:
    sys.path.insert(0, str(Path(__file__).resolve().parent))  # `grading` is used from the checkout
    from grading.settings import configure

    c = get_config()  # noqa: F821  nbgrader provides it
    configure(c)

    # The language of what generate_assignment writes; a submission of any edition is graded alike.
    # c.Edition.language = "vi"

    # Settings of your own go here. The gradebook is gradebook.db in this folder; for another one, any URL that
    # SQLAlchemy knows: c.CourseDirectory.db_url = "postgresql://user@host/gradebook"

except Exception as error:  # nbgrader would log it and go on without the judge and its walls
    raise SystemExit(f"nbgrader_config.py: {type(error).__name__}: {error}") from error
