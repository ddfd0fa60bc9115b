"""A course folder to try things in: generate, submit, grade and read the marks with nbgrader's own commands.

Everything happens in a folder that is given, usually a temporary one: no real gradebook is touched.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).resolve().parent.parent
ASSIGNMENTS = ("iterated_softmax", "temperature_range")


@dataclass(frozen=True)
class Course:
    """An nbgrader course in ``root``: the repository's source notebooks and, from ``config``, its configuration."""

    root: Path
    config: Path = REPOSITORY

    def nbgrader(self, *arguments):
        """Run an nbgrader command on this course and return the finished process, with its output as text."""
        command = [sys.executable, "-m", "nbgrader", *arguments, f"--CourseDirectory.root={self.root}"]
        # nbgrader calls alembic by name: the environment's programs must be on PATH.
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return subprocess.run(command, cwd=self.config, env=os.environ | {"PATH": path}, capture_output=True, text=True)

    def generate(self, *assignments):
        """Copy the source notebooks here and run generate_assignment; raises RuntimeError with nbgrader's words."""
        for assignment in assignments or ASSIGNMENTS:
            shutil.copytree(REPOSITORY / "source" / assignment, self.root / "source" / assignment)
            done = self.nbgrader("generate_assignment", assignment)
            if done.returncode:
                raise RuntimeError(f"nbgrader could not generate {assignment}:\n{done.stderr}")

    def submit(self, student, assignment, content):
        """Hand in ``content``, a notebook or bytes, as ``student``."""
        folder = self.root / "submitted" / student / assignment
        folder.mkdir(parents=True)
        data = content if isinstance(content, bytes) else nbformat.writes(content).encode()
        (folder / f"{assignment}.ipynb").write_bytes(data)

    def marks(self, assignment):
        """Return {student: {exercise: points}} from the gradebook; a student without a mark has an empty dict."""
        with gradebook_of(self.root) as gradebook:
            found = {}
            for submission in gradebook.assignment_submissions(assignment):
                grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
                found[submission.student.id] = {
                    grade.name.removeprefix("test_"): grade.score for grade in grades if grade.auto_score is not None
                }
            return found

    def graded(self, student, assignment):
        """Return the autograded notebook of a student."""
        path = self.root / "autograded" / student / assignment / f"{assignment}.ipynb"
        return nbformat.read(path, nbformat.NO_CONVERT)


def gradebook_url(course: Path) -> str:
    """Return the URL of a course folder's gradebook, by its nbgrader_config.py or else this repository's."""
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    home = course if (course / "nbgrader_config.py").exists() else REPOSITORY
    config = PyFileConfigLoader("nbgrader_config.py", path=str(home)).load_config()
    return CourseDirectory(config=config, root=str(course.resolve())).db_url


def gradebook_of(course: Path):
    """Open nbgrader's gradebook of a course folder, for a ``with``.

    Raises ValueError where there is none, or where it cannot be read.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import DatabaseError

    from .ledger import check_server, sqlite_file

    url = gradebook_url(course)
    path = sqlite_file(url)
    if path is None:
        check_server(url)
    elif not path.exists():
        raise ValueError(f"there is no {path.name} in {course}: run nbgrader generate_assignment there first")
    try:
        return Gradebook(url)
    except DatabaseError as error:
        raise ValueError(f"{path or 'the gradebook'} cannot be read: {error.orig}; put back a copy of it") from None


def released(assignment):
    """Return the notebook that students get."""
    return nbformat.read(REPOSITORY / "release" / assignment / f"{assignment}.ipynb", nbformat.NO_CONVERT)


def points(assignment):
    """Return what every exercise of the released notebook is worth."""
    marks = [cell.metadata.get("nbgrader", {}) for cell in released(assignment).cells]
    return {mark.grade_id.removeprefix("test_"): float(mark.points) for mark in marks if mark.get("grade")}


def filled(assignment, answers):
    """Return the released notebook with solution cells replaced: ``answers`` maps an exercise to a cell's source."""
    return fill(released(assignment), answers)


def fill(notebook, answers):
    """Replace a notebook's solution cells, and return it."""
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for name, source in answers.items():
        cells[name].source = source
    return notebook


def solutions(assignment):
    """Return the instructor's answers: the source of every solution cell by exercise."""
    path = REPOSITORY / "source" / assignment / f"{assignment}.ipynb"
    cells = nbformat.read(path, nbformat.NO_CONVERT).cells
    solved = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
    return {cell.metadata.nbgrader.grade_id: cell.source for cell in solved}
