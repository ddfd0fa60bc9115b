"""The instructor's course folder, made ready: nbgrader's configuration, the assignment, the released cells."""

import contextlib
import logging
import os
import shutil
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps.autogradeapp import AutogradeApp

from grading.course import OfCourse, home_of
from grading.engine.judge import Judge
from grading.engine.record import LIMITS, Terms, released
from grading.files import write
from grading.plugins.run import nbgrader, path_with_programs


def open_app(course: Path) -> AutogradeApp:
    """Return nbgrader's application with the configuration of a course folder, or else of this repository.

    Its log goes to grading.log there.
    """
    os.environ["PATH"] = path_with_programs()
    AutogradeApp.clear_instance()
    app = AutogradeApp.instance()
    app.load_cwd_config = False
    app.config_file = str(home_of(course) / "nbgrader_config")
    app.initialize([f"--CourseDirectory.root={course}", f"--NbGrader.logfile={course / 'grading.log'}"])
    console, *files = app.log.handlers
    console.setLevel("CRITICAL")
    database = logging.getLogger("tornado.application")  # to which nbgrader's gradebook tells its errors
    database.handlers, database.propagate = files, False
    logging.raiseExceptions = False  # on a full disk the log has no room either, and the command says so itself
    return app


def prepare(app, assignment: str) -> Terms:
    """Make sure that the gradebook and the release have the assignment, and return the terms of grading.

    From a fresh clone `nbgrader generate_assignment` runs. Raises ValueError where the assignment is unknown, or where
    cells have changed since the first submission was graded.
    """
    course, data = Path(app.coursedir.root), OfCourse(config=app.config).course
    place = course / "release" / assignment / f"{assignment}.ipynb"
    source = course / "source" / assignment
    if not source.is_dir():
        if assignment not in data.assignments:
            raise ValueError(f"there is no assignment {assignment!r}; there are {', '.join(data.assignments)}")
        shutil.copytree(data.source(assignment), source)
    with contextlib.closing(Gradebook(app.coursedir.db_url, app.coursedir.course_id)) as gradebook:
        known = assignment in {entry.name for entry in gradebook.assignments}
    if not known or not place.exists():
        done = nbgrader(course, "generate_assignment", assignment)
        if done.returncode:
            raise ValueError(f"nbgrader could not generate {assignment}:\n{done.stderr}")
    release = place.read_bytes()
    judge = Judge(config=app.config)
    refuse_changed_cells(course, assignment, release)
    limits = tuple((name, getattr(judge, name)) for name in LIMITS)
    private = str(data.folder), str(course)
    return Terms(assignment, release, *data.cases(assignment), data.editions(released(release)), limits, private)


def refuse_changed_cells(course: Path, assignment: str, release: bytes):
    """Raise ValueError where nbgrader's cells are others than those that submissions were graded with."""
    kept = course / "verdicts" / f"{assignment}.released.ipynb"
    if not kept.exists():
        write(kept, release)
        return
    old, new = (graded_cells(content) for content in (kept.read_bytes(), release))
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if changed:
        raise ValueError(
            f"the released cells of {assignment} have changed since submissions were graded: {', '.join(changed)}. "
            "Students have answered the old ones. To go on with those, put back the text of that release in source/ "
            f"and run make course; the release is kept in {kept.relative_to(course)}. To grade the new ones, use a "
            "course folder of their own: --course DIR"
        )
    write(kept, release)


def graded_cells(content: bytes) -> dict[str, tuple]:
    """Return {grade_id: what nbgrader relies on} of a released notebook."""
    cells = nbformat.reads(content.decode(), as_version=4).cells
    marked = [(cell, cell.metadata.nbgrader) for cell in cells if "nbgrader" in cell.metadata]
    return {marks.grade_id: (cell.cell_type, cell.source, marks.get("points")) for cell, marks in marked}
