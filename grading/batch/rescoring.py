"""Give what is graded already other points: what would come of it, and the writing; nothing is judged.

    points.json, verdicts/ --> totals before and after --> points.json, then gradebook and autograded/ by the writer

The points are written first, in one step: from then on they are in force, and a run that was killed, or ``grade``,
writes down what is left.
"""

import contextlib
from collections.abc import Sequence

from nbgrader.api import Gradebook

from grading.batch.plan import Batch, Outcome, error_message
from grading.batch.writer import total_of
from grading.engine.record import JUDGED, Record, same_bytes
from grading.gradebook import points as worths
from grading.gradebook.database import transaction
from grading.gradebook.points import Points, Worth

HANDED_IN = "handed in anew and not graded yet: run grade, which takes the points in force"
NO_FILE = "has a mark, and submitted/ has no notebook any more: put it back, then repeat"
NO_VERDICT = "has a mark, and no verdict in verdicts/: run grade, which takes the points in force"
OTHER_COURSE = "the verdicts on {names} are of another course: run grade, which makes them anew"


class Rescoring:
    """The graded submissions of an assignment, and other points for them.

    Arguments
        batches: the class's, one for each of the assignment's notebooks; their writers have the points in force.

    Attributes
        records: the verdicts that can be given other points, by student, each with the batch of its notebook.
        left: why a student's mark cannot, or not all of it.
        kept: the points in force, behind those that were before them.
        unfinished: the students whose marks are not yet those of the points in force.
    """

    def __init__(self, batches: Sequence[Batch]):
        self.batches, self.assignment = batches, batches[0].terms.assignment
        self.writer = batches[0].writer  # for what concerns the whole assignment
        self.kept = worths.states(self.writer.root, self.assignment)
        self.records: dict[str, list[tuple[Batch, Record]]] = {}
        self.left: dict[str, str] = {}
        with transaction(self.writer.engine) as gradebook:
            for entry in gradebook.assignment_submissions(self.assignment):
                for batch in batches:
                    self.sort(batch, entry)
            self.unfinished = [
                student
                for student, parts in self.records.items()
                if not all(self.holds(gradebook, student, *part) for part in parts)
            ]

    def sort(self, batch, entry):
        """Put what the gradebook has of a student's notebook among the records, or among what is left."""
        student, name = entry.student.id, batch.writer.notebook
        rows = [grade for notebook in entry.notebooks if notebook.name == name for grade in notebook.grades]
        never = batch.writer.others and not batch.writer.graded(student).exists()  # nbgrader gives what is missing 0
        if all(grade.auto_score is None for grade in rows) or (never and student not in batch.submitted):
            return
        record = batch.store.load(student)
        if student not in batch.submitted:
            self.leave(batch, student, NO_FILE)
        elif record is None or record.status != JUDGED:
            if batch.writer.graded(student).exists():
                self.leave(batch, student, NO_VERDICT)
        elif not same_bytes(record.key, batch.key(student)):
            self.leave(batch, student, HANDED_IN)
        else:
            self.records.setdefault(student, []).append((batch, record))
            if others := worths.unlike(record, self.kept[-1]):
                self.leave(batch, student, OTHER_COURSE.format(names=", ".join(others)))

    def leave(self, batch, student, reason):
        """Say why a student's mark is left, and of several notebooks, that of which."""
        own = reason if len(self.batches) == 1 else f"{batch.writer.notebook}: {reason}"
        self.left[student] = f"{self.left[student]}; {own}" if student in self.left else own

    def holds(self, gradebook, student, batch, record) -> bool:
        """Tell whether a notebook's mark is that of the points in force."""
        name = worths.digest(self.kept[-1])
        written = batch.writer.stamped(student).get("points") == name
        return written and batch.writer.scores_hold(gradebook, student, record)

    def wanted(self, counts: dict[str, str]) -> list[Points]:
        """Return the states with the course's points, and with what is to be dropped, credited or judged, by exercise.

        Raises ValueError for an exercise that is none.
        """
        now, course = self.kept[-1], worths.course_points(batch.terms for batch in self.batches)
        if unknown := sorted(counts.keys() - now.keys()):
            raise ValueError(f"there is no exercise {unknown[0]!r} in {self.assignment}; there are {', '.join(now)}")
        new = {
            name: Worth(
                course[name].aspects if worths.same_aspects(worth, course.get(name)) else worth.aspects,
                counts.get(name, worth.counts),
            )
            for name, worth in now.items()
        }
        return self.kept if new == now else [*self.kept, new]

    def before(self) -> list[Points]:
        """Return the states without the last one; raises ValueError where there is none to go back to."""
        if len(self.kept) < 2:
            raise ValueError(f"{self.assignment} has not been rescored: there is nothing to undo")
        *earlier, last, now = self.kept
        same = {
            name: last[name] if worths.same_aspects(last.get(name), worth) else worth for name, worth in now.items()
        }
        return [*earlier, same]

    def totals(self, points: Points) -> dict[str, tuple[float | None, float]]:
        """Return each student's total as it is in the gradebook and as it would be; who can't be written is left."""
        found = {}
        with transaction(self.writer.engine) as gradebook:
            for student, parts in list(self.records.items()):
                try:
                    new = total_of({batch.writer: record for batch, record in parts}, gradebook, student, points)
                except Exception as error:  # no time in timestamp.txt; a late policy may be anybody's code
                    self.left[student] = str(error_message(error))
                    del self.records[student]
                else:
                    found[student] = self.writer.total_now(gradebook, student), new
        return found

    def by_hand(self, points: Points) -> list[tuple[str, str, float, float]]:
        """Return (student, exercise, points, maximum) of what a person gave where other points are to be."""
        changed, found = [name for name, worth in points.items() if worth != self.kept[-1].get(name)], []
        with transaction(self.writer.engine) as gradebook:
            for student, batch in [(student, batch) for student, parts in self.records.items() for batch, _ in parts]:
                marks = batch.writer.marks(gradebook, student)
                given = [(name, marks[name][1]) for name in changed if name in marks and marks[name][1] is not None]
                found += [(student, name, score, points[name].maximum) for name, score in given]
        return found

    def write(self, states: list[Points]) -> Outcome:
        """Put points into force, and write them down for each student; who cannot be written is in the outcome."""
        worths.keep(self.writer.root, self.assignment, states)
        outcome = Outcome()
        for batch in self.batches:
            batch.writer.points = states[-1]
        url, course = self.writer.app.coursedir.db_url, self.writer.app.coursedir.course_id
        with contextlib.closing(Gradebook(url, course)) as gradebook:
            worths.set_maxima(gradebook, self.assignment, states[-1])
        parts = [(student, *part) for student, parts in self.records.items() for part in parts]
        with transaction(self.writer.engine) as gradebook:
            todo = [part for part in parts if not part[1].writer.is_written(gradebook, part[0], part[2])]
        for student, batch, record in todo:
            batch.settle(student, record, outcome, is_new=False)
        return outcome
