"""`nbgrader export` without invented marks: nbgrader's columns and two more, status and reason."""

from pathlib import Path

from nbgrader.plugins import ExportPlugin

from grading.files import write
from grading.gradebook.status import status_rows, status_table


class StatusExport(ExportPlugin):
    """Write nbgrader's columns and two more, status and reason."""

    def export(self, gradebook):
        """Write the table to ``--to``, or grades.csv."""
        students, assignments = ({str(item) for item in wanted} for wanted in (self.student, self.assignment))
        found = [
            row
            for assignment in gradebook.assignments
            if not assignments or assignment.name in assignments
            for row in status_rows(gradebook, assignment, self.parent.coursedir)
            if not students or row["student_id"] in students
        ]
        write(Path(self.to or "grades.csv"), status_table(found))
        missing = sum(row["score"] == "" for row in found)
        self.log.info("Exported %d rows to %s", len(found), self.to or "grades.csv")
        if missing:
            self.log.warning("%d of %d marks are missing: see the columns status and reason", missing, len(found))
