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
        path = self.course.notebook(name, self.language)
        built = {cell.id: cell.source for cell in notebook_at(path).cells} if path.exists() else {}
        for cell in nb.cells:
            packed = CALL in cell.source
            if packed and cell.id not in built:
                raise ValueError(f"{path} is missing, or has no setup cell: run make course")
            if packed or cell.cell_type == "markdown":  # what the build fills in: packed helpers, and sums in prose
                cell.source = built.get(cell.id, cell.source)
        return nb, resources
