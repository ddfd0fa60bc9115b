"""What being late costs, for nbgrader's own step AssignLatePenalties; off unless set."""

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

DAY = 24 * 60 * 60  # seconds


class PerDay(LateSubmissionPlugin):
    """Take a share of the score for every day that has begun since the due date, all of it at most."""

    share = Float(0.1, min=0, max=1, help="The share of the score that each day costs.").tag(config=True)

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Return the points to be taken off."""
        return score * min(1.0, self.share * math.ceil(total_seconds_late / DAY))
