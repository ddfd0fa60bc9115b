"""The doctor's place in `nbgrader autograde`: the exporter of ``Autograde.exporter_class`` (nbgrader_config.py).

nbgrader converts a submission twice: it sanitizes what was handed in, then grades the result. This exporter sees the
bytes of the first conversion before nbgrader reads them, and hands on the mended notebook. All that reads a student's
text runs in a child process, within limits, but for the judge, who watches a kernel.
"""

from pathlib import Path

import nbformat
from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import Exporter
from nbgrader.preprocessors import Execute

from grading.bounded import Child, TooDear
from grading.course import OfCourse, files_beside
from grading.engine.record import Store, refused, released, released_tests
from grading.plugins.saving import NotJudged, SaveVerdicts
from grading.repair.doctor import TOO_DEAR, mend
from grading.repair.intake import NotGradable

WITHOUT_SAVING = (
    "grading.plugins.saving.SaveVerdicts is not among Autograde.autograde_preprocessors, and nbgrader's own step gives "
    "full marks for nothing: see grading/settings.py"
)


class MendingExporter(OfCourse, NotebookExporter):
    """Mend what a student handed in; leave everything else as it is.

    Attributes
        content: the bytes that were handed in last.
        child: does what reads a student's text.
    """

    def __init__(self, **settings):
        super().__init__(**settings)
        self.child = Child(lambda part, *args: getattr(self, part)(*args))

    def from_file(self, file_stream, resources=None, **kw):
        """Convert a notebook; a submission is mended first.

        Raises NotGradable where it cannot be, or takes too much to read, and NotJudged where nothing sees to verdicts:
        nbgrader then names this student in its errors, grades the others and ends with exit code 1.
        """
        try:
            if getattr(self.parent, "_sanitizing", False):
                self.content = file_stream.buffer.read()
                *found, repairs = self.child("sanitized", self.content, resources)
                for sentence in repairs:
                    self.log.warning("Repaired: %s", sentence)
                return tuple(found)
            return self.graded(file_stream, resources)
        except (NotGradable, TooDear) as error:  # kept, for whoever asks why there is no mark
            refusal = error if isinstance(error, NotGradable) else NotGradable(TOO_DEAR)
            ids = resources["nbgrader"]
            store = Store(Path(self.parent.coursedir.root), ids["assignment"], ids["notebook"])
            store.save(ids["student"], refused(self.content, refusal.reason))
            raise refusal from None

    def graded(self, file_stream, resources):
        """Return the sanitized notebook with its verdicts as it is written, and the resources."""
        steps = self._preprocessors
        if not any(isinstance(step, SaveVerdicts) for step in steps):
            raise NotJudged(WITHOUT_SAVING)
        resources["released"] = released_tests(self.released(resources["nbgrader"]))
        resources["private"] = (self.parent.coursedir.root,)
        resources["files"] = files_beside(self.folder(resources["nbgrader"]))
        judge = next((i for i, step in enumerate(steps) if isinstance(step, Execute)), None)
        notebook, resources = self.child("read", file_stream.read(), resources, judge)
        if judge is not None:
            notebook, resources = steps[judge](notebook, resources)
        return self.child("written", notebook, resources, judge)

    def released(self, ids):
        """Return the released notebook of a submission; raises FileNotFoundError with the way out."""
        path = self.folder(ids) / f"{ids['notebook']}.ipynb"
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing: run nbgrader generate_assignment {ids['assignment']}")
        return released(path.read_bytes())

    def folder(self, ids):
        """Return the folder of the released assignment."""
        course = self.parent.coursedir
        return Path(course.format_path(course.release_directory, ".", ids["assignment"]))

    def register_preprocessor(self, preprocessor, enabled=False):
        """Register a preprocessor; one that fails to start leaves nbgrader ready for the next student.

        nbgrader would go on in the second of its conversions, and not find the next student's folder.
        """
        try:
            return super().register_preprocessor(preprocessor, enabled)
        except Exception:
            if hasattr(self.parent, "_sanitizing"):
                self.parent._sanitizing = True
            raise

    # In the child

    def sanitized(self, content, resources):
        """Return a submission mended and sanitized, as it is written, the resources and what was repaired."""
        self.start_steps(sanitizing=True)
        release = self.released(resources["nbgrader"])
        mended = mend(content, release, self.course.editions(release))
        return *self.from_notebook_node(mended.noted(), resources), mended.repairs

    def read(self, text, resources, judge):
        """Return a sanitized notebook after the steps before the judge, and the resources."""
        self.start_steps(sanitizing=False)
        self._preprocessors = self._preprocessors[:judge]
        return Exporter.from_notebook_node(self, nbformat.reads(text, as_version=4), resources)

    def written(self, notebook, resources, judge):
        """Return a judged notebook as it is written, after the steps that follow the judge, and the resources."""
        self.start_steps(sanitizing=False)
        self._preprocessors = [] if judge is None else self._preprocessors[judge + 1 :]
        return self.from_notebook_node(notebook, resources)

    def start_steps(self, sanitizing):
        """Start nbgrader's steps of one of its two conversions."""
        self.parent._sanitizing = sanitizing
        self.parent._init_preprocessors()
