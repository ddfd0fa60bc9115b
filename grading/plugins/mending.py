"""The doctor's place in `nbgrader autograde`: the exporter of ``Autograde.exporter_class`` (nbgrader_config.py).

nbgrader converts a submission twice: it sanitizes what was handed in, then grades the result. This exporter sees the
bytes of the first conversion before nbgrader reads them, and hands on the mended notebook.
"""

from pathlib import Path

from nbconvert.exporters import NotebookExporter

from grading.course import OfCourse, files_beside
from grading.engine.record import Store, refused, released, released_tests
from grading.plugins.saving import NotJudged, SaveVerdicts
from grading.repair.doctor import mend
from grading.repair.intake import NotGradable

WITHOUT_SAVING = (
    "grading.plugins.saving.SaveVerdicts is not among Autograde.autograde_preprocessors, and nbgrader's own step gives "
    "full marks for nothing: see grading/settings.py"
)


class MendingExporter(OfCourse, NotebookExporter):
    """Mend what a student handed in; leave everything else as it is."""

    def from_file(self, file_stream, resources=None, **kw):
        """Convert a notebook; a submission is mended first.

        Raises NotGradable where it cannot be, and NotJudged where nothing sees to verdicts: nbgrader then names this
        student in its errors, grades the others and ends with exit code 1.
        """
        if not getattr(self.parent, "_sanitizing", False):
            if not any(isinstance(step, SaveVerdicts) for step in self._preprocessors):
                raise NotJudged(WITHOUT_SAVING)
            resources["released"] = released_tests(self.released(resources["nbgrader"]))
            resources["private"] = (self.parent.coursedir.root,)
            resources["files"] = files_beside(self.folder(resources["nbgrader"]))
            return super().from_file(file_stream, resources=resources, **kw)
        notebook = self.mended(file_stream, resources)
        return self.from_notebook_node(notebook, resources=resources, **kw)

    def mended(self, file_stream, resources):
        """Return the mended notebook, its repairs in its first cell."""
        ids, content = resources["nbgrader"], file_stream.buffer.read()
        release = self.released(ids)
        try:
            mended = mend(content, release, self.course.editions(release))
        except NotGradable as refusal:  # kept, for whoever asks why there is no mark
            store = Store(Path(self.parent.coursedir.root), ids["assignment"], ids["notebook"])
            store.save(ids["student"], refused(content, refusal.reason))
            raise
        for sentence in mended.repairs:
            self.log.warning("Repaired: %s", sentence)
        return mended.noted()

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
