"""A course folder to try things in: generate, submit, grade and read the marks with nbgrader's own commands.

Everything happens in a folder that is given, usually a temporary one: no real gradebook is touched.
"""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from grading.course import REPOSITORY, Course, notebook_at
from grading.gradebook.database import gradebook_of
from grading.plugins.run import nbgrader


@dataclass(frozen=True)
class Trial:
    """A class folder, ``root``, of a course; nbgrader's configuration lies in the folder ``config``."""

    root: Path
    config: Path = REPOSITORY
    course: Course = field(default_factory=Course)

    def nbgrader(self, *arguments):
        """Run an nbgrader command on this folder and return the finished process, with its output as text."""
        return nbgrader(self.root, *arguments, config=self.config)

    def generate(self, *assignments):
        """Copy the source notebooks here and run generate_assignment; raises RuntimeError with nbgrader's words."""
        for assignment in assignments or self.course.assignments:
            shutil.copytree(self.course.source(assignment), self.root / "source" / assignment)
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
        return notebook_at(self.root / "autograded" / student / assignment / f"{assignment}.ipynb")
