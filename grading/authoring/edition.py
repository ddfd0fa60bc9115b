"""The editions of a notebook: which language `nbgrader generate_assignment` writes, and which others there are."""

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from grading.authoring.texts import translated
from grading.course import OfCourse, notebook_at
from grading.repair.packed import CALL
from grading.reports.catalogues import languages, load, usable_translations


class Edition(OfCourse, NbGraderPreprocessor):
    """Translate a notebook's prose, docstrings and comments before anything else is made of it."""

    language = Unicode("en", help="The language of what is released: en, or a folder of source/locale.").tag(
        config=True
    )

    def preprocess(self, nb, resources):
        """Return the notebook in ``language``; raises ValueError, naming the languages, where there is no such one."""
        if self.language == "en":
            return nb, resources
        if self.language not in languages(self.course.folder):
            known = ", ".join(["en", *languages(self.course.folder)])
            raise ValueError(f"Edition.language is {self.language!r}, and there is {known}")
        name = resources["nbgrader"]["notebook"]
        nb = translated(nb, self.language, usable_translations(load(self.course.folder, self.language, [name])[name]))
        for cell in nb.cells:
            if CALL in cell.source:  # the packed helpers, with this language's catalogue
                cell.source = self.setup(name, cell.id)
        return nb, resources

    def setup(self, name, cell_id):
        """Return the source of this language's setup cell; raises ValueError where notebooks/ has none."""
        path = self.course.notebook(name, self.language)
        cells = notebook_at(path).cells if path.exists() else []
        for cell in cells:
            if cell.id == cell_id:
                return cell.source
        raise ValueError(f"{path} is missing, or has no setup cell: run make course")
