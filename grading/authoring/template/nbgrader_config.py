"""nbgrader's configuration of this course: every nbgrader command reads it."""

import sys
from pathlib import Path

try:
    here = Path(__file__).resolve().parent
    grader = str((here / "@GRADER@").resolve())
    if grader not in sys.path:
        sys.path.insert(0, grader)  # the grader is used from its checkout
    from grading.settings import configure

    c = get_config()  # noqa: F821  nbgrader provides it
    c.CourseDirectory.course_id = "@COURSE@"
    configure(c, here)
except Exception as error:  # nbgrader would log it and go on without the judge and its isolation
    raise SystemExit(f"nbgrader_config.py: {type(error).__name__}: {error}") from error
