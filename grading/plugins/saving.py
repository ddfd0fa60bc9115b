"""nbgrader's step that writes points into the gradebook, for verdicts alone (`settings`).

nbgrader reads the points off a test cell's outputs, and gives full marks to a cell without any: to a blank notebook
where nothing was run. Here a notebook that was not judged stops, with the reason. A verdict gets the points that are in
force in the class (`gradebook.points`).
"""

from pathlib import Path

from nbgrader.preprocessors import SaveAutoGrades

from grading.engine.judge import exercise_of, is_judged
from grading.gradebook.points import in_force, weigh


class NotJudged(RuntimeError):
    """Cells that should have a verdict have none; the message says what to look at."""


class SaveVerdicts(SaveAutoGrades):
    """Save the points of the verdicts that `Judge` leaves among nbconvert's resources; refuse a cell without one."""

    def preprocess(self, nb, resources):
        """Write a notebook's points; raises `NotJudged` where the judge did not run, and writes nothing then."""
        verdicts = resources.get("verdicts", {})
        unjudged = [cell for cell in filter(is_judged, nb.cells) if cell.metadata.nbgrader.grade_id not in verdicts]
        if unjudged:
            raise NotJudged(
                f"nobody judged {', '.join(map(exercise_of, unjudged))}: there are no points to write. The judge was "
                "switched off (--no-execute, Execute.enabled, Judge.enabled) or is not among "
                "Autograde.autograde_preprocessors: see grading/settings.py"
            )
        course = Path(self.parent.parent.coursedir.root)
        points = in_force(course, resources["nbgrader"]["assignment"])
        for cell in filter(is_judged, nb.cells):
            weigh(cell, points.get(exercise_of(cell)))
        return super().preprocess(nb, resources)
