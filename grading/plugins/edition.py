"""The editions of a notebook: which language `nbgrader generate_assignment` writes, and which others there are."""

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from grading.authoring.texts import translated
from grading.authoring.translation import LOCALE, languages, prose, read
from grading.course import REPOSITORY
from grading.repair.editions import notebooks
from grading.repair.packed import CALL


class Edition(NbGraderPreprocessor):
    """Translate a notebook's prose, docstrings and comments before anything else is made of it."""

    language = Unicode("en", help="The language of what is released: en, or a folder of source/locale.").tag(
        config=True
    )

    def preprocess(self, nb, resources):
        """Return the notebook in ``language``; raises ValueError, naming the languages, where there is no such one."""
        if self.language == "en":
            return nb, resources
        if self.language not in languages(REPOSITORY):
            known = ", ".join(["en", *languages(REPOSITORY)])
            raise ValueError(f"Edition.language is {self.language!r}, and there is {known}")
        path = REPOSITORY / LOCALE / self.language / f"{resources['nbgrader']['notebook']}.po"
        nb = translated(nb, self.language, prose(read(path)))
        for cell in nb.cells:
            if CALL in cell.source:  # the packed helpers, with this language's catalogue
                cell.source = self.setup(cell.id)
        return nb, resources

    def setup(self, cell_id):
        """Return the source of this language's setup cell; raises ValueError where notebooks/ has none."""
        for language, sources in notebooks():
            if language == self.language and cell_id in sources:
                return sources[cell_id]
        raise ValueError(f"notebooks/{self.language} has no notebook with a setup cell: run make course")
