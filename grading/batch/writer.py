"""Write verdicts to the gradebook, to autograded/ and to feedback/: by nbgrader's own steps, one submission at a time.

`Autograde` and `GenerateFeedback` run as `nbgrader` runs them, with two differences. In the judge's place stands
`Recorded`, which takes the verdict from a `Record`. And they write to a staging folder, from which whole files move
into place when the gradebook has the rows: no page is ever half written.
"""

import copy
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbgrader.apps.baseapp import NbGrader
from nbgrader.converters import Autograde, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties, NbGraderPreprocessor
from nbgrader.utils import parse_utc, setenv

from grading.bounded import Child, TooDear
from grading.course import notebook_in, notebooks_in
from grading.engine.record import Record, by_exercise
from grading.files import write
from grading.gradebook import database as ledger
from grading.gradebook.database import submission_of
from grading.gradebook.due_dates import time_in
from grading.gradebook.points import Points, digest, in_force, scores_of
from grading.repair.doctor import SECTION
from grading.reports.feedback import plain_page

STAGING = ".staging"
# What these nbgrader steps see to, the doctor has done: the cells and the metadata are the release's, without outputs.
DONE_BY_THE_DOCTOR = {"ClearOutput", "DeduplicateIds", "OverwriteKernelspec", "CheckCellMetadata"}
STAMP = "graded"  # in the metadata of an autograded notebook: what it was made from


class Recorded(NbGraderPreprocessor):
    """Give the cells the outputs they have in the record, and say in the metadata what the notebook was made from."""

    def preprocess(self, nb, resources):
        autograde = self.parent.parent
        outputs = {cell["id"]: cell.get("outputs") for cell in autograde.record.notebook["cells"]}
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = nbformat.from_dict(outputs[cell.id])
                cell.execution_count = None
        nb.metadata[STAMP] = autograde.stamp
        if autograde.record.kept:
            nb.metadata.setdefault(SECTION, {})["kept"] = autograde.record.kept.reason.to_json()
        resources["verdicts"] = autograde.record.points
        return nb, resources


class Remembering:
    """A converter that remembers what went wrong: nbgrader logs it and raises an error without it."""

    failure = None

    def init_assignment(self, *args):
        self.remembering(super().init_assignment, *args)

    def convert_single_notebook(self, *args):
        self.remembering(super().convert_single_notebook, *args)

    def remembering(self, step, *args):
        try:
            step(*args)
        except Exception as error:
            self.failure = error
            raise

    def run(self):
        try:
            self.start()
        except NbGraderException:
            raise (self.failure or RuntimeError("nbgrader stopped; grading.log says why")) from None


class RecordedAutograde(Remembering, Autograde):
    """Do nbgrader's two conversions in one: all of their steps on the record's notebook, which is written once.

    Between the steps nbconvert would copy, validate, write and read the notebook, and give it back as it was.
    """

    record: Record = None
    stamp: dict = None

    def convert_single_notebook(self, notebook_filename):
        self.remembering(self.convert_record, notebook_filename)

    def convert_record(self, notebook_filename):
        resources = self.exporter._init_resources(self.init_single_notebook_resources(notebook_filename))
        notebook = nbformat.from_dict(self.record.notebook)
        with setenv(NBGRADER_EXECUTION="autograde"):
            for self._sanitizing in (True, False):
                self._init_preprocessors()
                for step in self.exporter._preprocessors:
                    notebook, resources = step(notebook, resources)
        nbformat.validate(notebook, relax_add_props=True)
        self.write_single_notebook(nbformat.v4.writes(notebook) + "\n", resources)


class Feedback(Remembering, GenerateFeedback):
    pass


def recorded(config):
    """Return nbgrader's configuration with verdicts from a record, and without steps that then have nothing to do."""
    config = copy.deepcopy(config)
    autograde = Autograde(config=config)
    for part in ("sanitize_preprocessors", "autograde_preprocessors"):
        steps = [step for step in getattr(autograde, part) if name_of(step) not in DONE_BY_THE_DOCTOR]
        config.Autograde[part] = [Recorded if name_of(step) == "Judge" else step for step in steps]
    if Recorded not in config.Autograde.autograde_preprocessors:
        raise ValueError("nbgrader_config.py sets no judge: see grading/settings.py")
    return config


def name_of(step) -> str:
    return step.rpartition(".")[2] if isinstance(step, str) else step.__name__


class Writer:
    """Writes the results of one assignment into a course folder.

    ``app`` is an initialized nbgrader application: it has the course's configuration and folders. ``notebook`` is the
    one whose results are written; it need not be named where the assignment has no other.
    """

    def __init__(self, app: NbGrader, assignment: str, notebook: str | None = None):
        self.app, self.assignment = app, assignment
        self.root = Path(app.coursedir.root)
        release = self.root / "release" / assignment
        self.notebook = notebook or notebook_in(release, assignment)
        self.others = {*notebooks_in(release, assignment)} - {self.notebook}
        self.staging = self.root / STAGING
        self.engine = ledger.connect(app.coursedir.db_url)
        self.config = recorded(app.config)
        self.points = in_force(self.root, assignment)
        # What nbgrader does with a student's text: here alone it could hold up the class.
        self.child = Child(lambda step, *args: getattr(self, step)(*args))
        self.clean()

    def clean(self):
        """Remove what an interrupted run left in the staging folder."""
        if self.staging.exists():
            shutil.rmtree(self.staging)

    def close(self):
        self.child.end()
        self.engine.dispose()
        self.clean()

    def coursedir(self, student, **staged):
        """Return the course's folders for one student, with the ``staged`` steps in the staging folder."""
        coursedir = CourseDirectory(parent=self.app, config=self.config)
        coursedir.root, coursedir.student_id, coursedir.assignment_id = str(self.root), student, self.assignment
        if self.others:
            coursedir.notebook_id = self.notebook
        for step in staged:
            setattr(coursedir, f"{step}_directory", f"{STAGING}/{step}")
        return coursedir

    def place(self, step, student) -> Path:
        return self.root / step / student / self.assignment

    def graded(self, student) -> Path:
        """Return where a student's graded notebook lies."""
        return self.place("autograded", student) / f"{self.notebook}.ipynb"

    def stamp(self, gradebook, student, record: Record) -> dict:
        """Return what an autograded notebook is made from: the verdict, its points, and what decides the late penalty.

        Raises ValueError where the time of submission is none.
        """
        due = self.due(gradebook, student)
        return {
            "verdict": record.key,
            "points": digest(self.points),
            "due": due and str(due),
            "submitted": record.kept.submitted if record.kept else self.submitted_at(student),
            "late_policy": self.late_policy(),
        }

    def due(self, gradebook, student):
        """Return when a student's work is due, with an extension, in UTC without a zone; None where nothing is set."""
        entry = submission_of(gradebook, self.assignment, student)
        return (entry or gradebook.find_assignment(self.assignment)).duedate

    def submitted_at(self, student) -> str | None:
        """Return what timestamp.txt says, if it is there; raise ValueError, naming it, where that is no time."""
        path = self.place("submitted", student) / "timestamp.txt"
        if not path.exists():
            return None
        try:
            return time_in(path.read_bytes())
        except ValueError as error:
            way = "correct it, or remove it where the time does not matter"
            raise ValueError(f"{path.parent.relative_to(self.root)}/{error}; {way}") from None

    def late_policy(self) -> str:
        """Return the plugin for late submissions and its settings."""
        section = self.config.AssignLatePenalties
        plugin = section.get("plugin_class", "")
        names = (name_of(plugin), "LateSubmissionPlugin")
        return repr([section, *(self.config[name] for name in names if name in self.config)])

    def is_written(self, gradebook, student, record: Record) -> bool:
        """Tell whether the gradebook and autograded/ have this record already, as a whole."""
        try:
            now, penalties_hold = self.stamp(gradebook, student, record), self.penalties_hold(gradebook, student)
        except Exception:  # `write` says so; a policy may be anybody's code
            return False
        return self.scores_hold(gradebook, student, record) and penalties_hold and self.stamped(student) == now

    def marks(self, gradebook, student) -> dict[str, tuple]:
        """Return a student's marks in the notebook, as the gradebook has them."""
        return ledger.student_marks(gradebook, self.assignment, student, self.notebook)

    def scores_hold(self, gradebook, student, record: Record) -> bool:
        """Tell whether the gradebook has a record's points, as they are in force."""
        marks = self.marks(gradebook, student)
        points = by_exercise(scores_of(record, self.points))
        return all(name in marks and marks[name][0] == given for name, given in points.items())

    def stamped(self, student) -> dict:
        """Return the stamp of the autograded notebook; empty where there is none."""
        try:
            return json.loads(self.graded(student).read_bytes())["metadata"].get(STAMP, {})
        except (OSError, ValueError, LookupError, TypeError, AttributeError):  # none, or none of ours
            return {}

    def penalties_hold(self, gradebook, student) -> bool:
        """Tell whether the late penalties are what the policy makes of the scores, which a person may have changed."""
        entry = submission_of(gradebook, self.assignment, student)
        if not entry or entry.total_seconds_late <= 0:
            return True
        return all(
            notebook.late_submission_penalty == self.penalty(student, notebook.score, entry.total_seconds_late)
            for notebook in entry.notebooks
            if notebook.name == self.notebook
        )

    def penalty(self, student, score: float, seconds: float) -> float | None:
        """Return what the policy takes off a score for being late, as nbgrader's own step bounds it."""
        step = AssignLatePenalties(config=self.config)
        step.init_plugin()
        found = step.plugin_inst.late_submission_penalty(student, score, seconds)
        return None if found is None else min(max(found, 0), score)

    def total(self, gradebook, student, record: Record) -> float:
        """Return the total that a student would have if a record were written now."""
        return total_of({self: record}, gradebook, student)

    def own_total(self, gradebook, student, record: Record, points: Points | None) -> float:
        """Return what this notebook would have of it; arguments as of `total_of`."""
        new = by_exercise(scores_of(record, self.points if points is None else points))
        marks = self.marks(gradebook, student) or dict.fromkeys(new, (None, None, None, None))
        score = 0.0
        for name, (auto, manual, extra, _) in marks.items():
            own = manual if manual is not None else new.get(name, auto)
            score += 0 if own is None else own + (extra or 0)
        due, submitted = self.due(gradebook, student), parse_utc(self.stamp(gradebook, student, record)["submitted"])
        seconds = (submitted - due).total_seconds() if submitted and due else 0
        return score - ((self.penalty(student, score, seconds) or 0) if seconds > 0 else 0)

    def total_now(self, gradebook, student) -> float | None:
        """Return the total that a student has in the gradebook; None for none."""
        entry = submission_of(gradebook, self.assignment, student)
        return entry and max(0.0, entry.score - entry.late_submission_penalty)

    def handed_in_before(self, student) -> str | None:
        """Return when the file was handed in that the mark in the gradebook is on; None where that isn't known."""
        if stamped := self.stamped(student):
            return stamped["submitted"]
        with ledger.transaction(self.engine) as gradebook:
            entry = submission_of(gradebook, self.assignment, student)
            return f"{entry.timestamp} UTC" if entry and entry.timestamp else None

    def write(self, student: str, record: Record, is_new: bool = True) -> dict[str, tuple[float, float]]:
        """Write a record: rows in one transaction, then the notebook.

        Marks that are overwritten are appended to superseded/marks.csv first. nbgrader then asks for a look at a mark
        that a person gave, but not where a verdict that it has already is written again, with other points or another
        due date: that is one for which ``is_new`` is false.

        Returns {exercise: (old, new)} of moved marks.

        Raises what went wrong, with nothing changed, and `TooDear` where the text takes too long.
        """
        moved = self.child("write_here", student, record, is_new)
        self.move("autograded", student)
        return moved

    def write_here(self, student, record, is_new):
        """Do as `write`, without a limit, up to the notebook's last step."""
        with ledger.transaction(self.engine) as gradebook:
            old, before = self.marks(gradebook, student), self.stamped(student)
            new = by_exercise(scores_of(record, self.points))
            moved = {
                name: (old[name][0], points)
                for name, points in new.items()
                if name in old and old[name][0] not in (None, points)
            }
            if moved:
                lost = {name: old[name] for name in moved}
                verdict = before.get("verdict", "")
                ledger.keep_overwritten(self.root / "superseded" / "marks.csv", self.assignment, student, lost, verdict)
            coursedir = self.coursedir(student, autograded=True)
            autograde = RecordedAutograde(coursedir=coursedir, parent=self.app, config=self.config)
            autograde.record, autograde.stamp = record, self.stamp(gradebook, student, record)
            submitted = parse_utc(autograde.stamp["submitted"])
            coursedir.get_existing_timestamp = lambda path: submitted  # nbgrader would read that of the last file
            entry, looked_at = submission_of(gradebook, self.assignment, student), {}
            if entry and submitted is None:  # nbgrader would keep the time of the file before
                entry.timestamp = None
            if entry and not is_new and before.get("verdict") == record.key:
                looked_at = {row: row.needs_manual_grade for notebook in entry.notebooks for row in notebook.grades}
            autograde.run()
            for row, needed in looked_at.items():
                row.needs_manual_grade = needed
        return moved

    def write_feedback(self, student: str) -> bool:
        """Write a student's feedback pages; return whether one is new or has changed.

        Where that takes too long the page says so, with the score alone.
        """
        try:
            self.child("write_feedback_here", student)
        except TooDear:
            with ledger.transaction(self.engine) as gradebook:
                page = plain_page(gradebook, self.assignment, student)
            shutil.rmtree(self.staging / "feedback" / student, ignore_errors=True)
            staged = self.staging / "feedback" / student / self.assignment / f"{self.notebook}.html"
            write(staged, page.encode())
        return self.move("feedback", student)

    def write_feedback_here(self, student):
        """Do so without a limit, into the staging folder."""
        with ledger.transaction(self.engine):
            Feedback(coursedir=self.coursedir(student, feedback=True), parent=self.app, config=self.config).run()

    def withdraw(self, student):
        """Remove the autograded notebook and the feedback pages of a file that another has taken the place of.

        The gradebook's rows stay, with what a person gave; no mark is exported without an autograded notebook.
        """
        for place in (self.place("autograded", student), self.place("feedback", student)):
            if self.others:
                for kind in ("ipynb", "html"):
                    (place / f"{self.notebook}.{kind}").unlink(missing_ok=True)
            elif place.exists():
                shutil.rmtree(place)

    def move(self, step, student) -> bool:
        """Move the staged files of a step into place, each in one step; return whether anything changed there."""
        source, target = self.staging / step / student / self.assignment, self.place(step, student)
        target.mkdir(parents=True, exist_ok=True)
        staged, there = (
            {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} for folder in (source, target)
        )
        changed = [f for f in staged if f not in there or (target / f).read_bytes() != (source / f).read_bytes()]
        for file in changed:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            os.replace(source / file, target / file)
        gone = {file for file in there - staged if file.stem not in self.others}
        for file in gone:
            (target / file).unlink()
        shutil.rmtree(source)
        return bool(changed or gone)


def total_of(records: Mapping[Writer, Record], gradebook, student: str, points: Points | None = None) -> float:
    """Return a student's total for the assignment, late penalties taken off, if these records were written now.

    Arguments
        records: judged ones, each of the notebook of its writer; the other notebooks count as in the gradebook.
        gradebook: open; what a person gave counts as there.
        student: the id.
        points: what the exercises are worth; None for the points in force.
    """
    entry = submission_of(gradebook, next(iter(records)).assignment, student)
    names = {writer.notebook for writer in records}
    others = [notebook for notebook in entry.notebooks if notebook.name not in names] if entry else []
    total = sum(notebook.score - (notebook.late_submission_penalty or 0) for notebook in others)
    own = sum(writer.own_total(gradebook, student, record, points) for writer, record in records.items())
    return max(0.0, total + own)
