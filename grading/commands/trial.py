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

from grading.course import ASSIGNMENTS, REPOSITORY
from grading.gradebook.database import gradebook_of


@dataclass(frozen=True)
class Trial:
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
