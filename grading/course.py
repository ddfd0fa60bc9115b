"""A course as its grader reads it: a folder of data, which nbgrader's configuration names.

    source/X/X.ipynb  source/cases/X/  source/locale/     what instructors read, hidden cases, translations
    release/X/X.ipynb  notebooks/[LANGUAGE/]X.ipynb       what students get

A class folder, with submissions and marks, is another thing, although it may be the same folder.
"""

import json
import operator
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypedDict

import nbformat
import numpy as np
from nbformat import NotebookNode
from safetensors.numpy import load, save
from traitlets import Unicode
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

REPOSITORY = Path(__file__).resolve().parent.parent

LARGEST_FILES = 64 << 20  # bytes that may lie beside a released notebook
NO_CASES = save({"exercises": np.frombuffer(b"{}", np.uint8)})

COMMITTED = "SOFTMAX_LAB_COMMITTED_CASES"  # where this variable is set, as in tests, a private set counts for nothing

Edition: TypeAlias = tuple[str, tuple[str, ...]]  # of a released notebook: its language, the source of every cell
# What a rule asks of the value of an answer: `AboutAnswers`.
CONDITIONS = {"is": operator.eq, "above": operator.gt, "below": operator.lt, "at least": operator.ge}


class AboutAnswers(TypedDict):
    """What a course says of the answers to an exercise, for reports alone."""

    asked: str  # the exercise in a sentence
    result: float | str | None  # of a prediction: what comes out
    misconceptions: dict[str, dict[str, Any]]  # each with its rule: of `CONDITIONS`, or what a check "says", its texts


@dataclass(frozen=True)
class Course:
    """The course in a folder; what is asked of it is read from there at each call."""

    folder: Path = REPOSITORY

    @property
    def assignments(self) -> tuple[str, ...]:
        """Return the names of the assignments, sorted."""
        return tuple(sorted({path.parent.name for path in self.folder.glob("source/*/*.ipynb")}))

    @property
    def is_built(self) -> bool:
        """Tell whether every assignment has cases: then what is released is derived, and can be derived again."""
        return bool(self.assignments) and all(map(self.has_cases, self.assignments))

    def has_cases(self, assignment: str) -> bool:
        """Tell whether some of an assignment's exercises are judged by cases."""
        return (self.source("cases") / assignment).is_dir()

    def source(self, assignment: str) -> Path:
        """Return the folder that nbgrader makes the released assignment from."""
        return self.folder / "source" / assignment

    def notebook(self, name: str, language: str = "en") -> Path:
        """Return the path of the notebook that students open."""
        return self.folder / "notebooks" / ("" if language == "en" else language) / f"{name}.ipynb"

    def release(self, assignment: str) -> NotebookNode:
        """Return the notebook that students get; of several, the first with the cells of all."""
        folder = self.folder / "release" / assignment
        first, *others = [notebook_at(folder / f"{name}.ipynb") for name in notebooks_in(folder, assignment)]
        first.cells += [cell for other in others for cell in other.cells]
        return first

    def points(self, assignment: str) -> dict[str, float]:
        """Return what every exercise of the released notebook is worth."""
        marks = [cell.metadata.get("nbgrader", {}) for cell in self.release(assignment).cells]
        return {mark.grade_id.removeprefix("test_"): float(mark.points) for mark in marks if mark.get("grade")}

    def solutions(self, assignment: str) -> dict[str, str]:
        """Return the instructor's answers: the source of every solution cell by exercise."""
        cells = notebook_at(self.source(assignment) / f"{assignment}.ipynb").cells
        solved = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("solution")]
        return {cell.metadata.nbgrader.grade_id: cell.source for cell in solved}

    def case_file(self, assignment: str, kind: str) -> Path:
        """Return the path of a case file.

        Arguments
            assignment: its name.
            kind: public, hidden or private (drawn instead of the hidden one).
        """
        return self.source("cases") / assignment / f"{kind}.safetensors"

    def public(self, assignment: str) -> bytes:
        """Return the bytes of the public cases; of an assignment that has none, of a file without exercises.

        Raises FileNotFoundError, with the way out, where they should be and are not.
        """
        return content(self.case_file(assignment, "public")) if self.has_cases(assignment) else NO_CASES

    def hidden_file(self, assignment: str) -> Path:
        """Return the path of the hidden cases in force: the private ones where there are any."""
        private = self.case_file(assignment, "private")
        return private if private.exists() and not os.environ.get(COMMITTED) else self.case_file(assignment, "hidden")

    def hidden(self, assignment: str) -> bytes:
        """Return the bytes of the hidden cases in force, without what the file says of its drawing.

        So no verdict depends on that, and no other machine gets a seed.
        """
        return save(load(content(self.hidden_file(assignment))))

    def cases(self, assignment: str) -> tuple[bytes, bytes]:
        """Return the bytes of the public cases and of the hidden ones in force."""
        return self.public(assignment), self.hidden(assignment) if self.has_cases(assignment) else NO_CASES

    def questions(self, assignment: str) -> dict[str, AboutAnswers]:
        """Return what the course says of the answers to some exercises, by name; it decides no mark."""
        path = self.questions_file(assignment)
        return json.loads(path.read_bytes()) if path.exists() else {}

    def questions_file(self, assignment: str) -> Path:
        """Return the path of what the course says of answers."""
        return self.source("cases") / assignment / "questions.json"

    def editions(self, release: NotebookNode) -> tuple[Edition, ...]:
        """Return each edition of a released notebook that says something else.

        They are found by the ids of the cells. A cell that an edition lacks, as after a change of the course, has the
        release's own source there.
        """
        ids, own = [cell.get("id") for cell in release.cells], tuple(cell.source for cell in release.cells)
        found = []
        for path in sorted(self.folder.glob("notebooks/**/*.ipynb")):
            cells = json.loads(path.read_bytes()).get("cells", [])
            sources = {cell.get("id"): "".join(cell["source"]) for cell in cells}
            edition = tuple(sources.get(name, source) for name, source in zip(ids, own, strict=True))
            if len(sources.keys() & set(ids)) > len(ids) / 2 and edition != own:
                language = "en" if path.parent.name == "notebooks" else path.parent.name
                found.append((language, edition))
        return tuple(found)


def identified(notebook: NotebookNode) -> NotebookNode:
    """Give each cell of a notebook in an older format an id, the same for the same notebook; return the notebook."""
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"released-{number}")
    return notebook


def notebooks_in(folder: Path, assignment: str) -> list[str]:
    """Return the names of the notebooks in an assignment's folder; where there is none, the assignment's own."""
    return sorted(path.stem for path in folder.glob("*.ipynb")) or [assignment]


def notebook_in(folder: Path, assignment: str) -> str:
    """Return the name of an assignment's only notebook.

    Raises ValueError where there are several.
    """
    names = notebooks_in(folder, assignment)
    if len(names) > 1:
        raise ValueError(
            f"{assignment} has {len(names)} notebooks ({', '.join(names)}), and this takes an assignment of one; "
            "python -m grading grade takes one of several"
        )
    return names[0]


def files_beside(folder: Path) -> dict[str, bytes]:
    """Return the files beside the notebooks of an assignment's folder, by their paths in it.

    Raises ValueError where they are too large to be laid beside every submission.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".ipynb"]
    size = sum(path.stat().st_size for path in paths)
    if size > LARGEST_FILES:
        raise ValueError(f"the files in {folder} have {size >> 20} MiB, and at most {LARGEST_FILES >> 20} are expected")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def notebook_at(path: Path) -> NotebookNode:
    """Read a notebook as it is."""
    notebook: NotebookNode = nbformat.read(path, nbformat.NO_CONVERT)
    return notebook


def content(path: Path) -> bytes:
    """Return the bytes of a case file.

    Raises FileNotFoundError, with the way out, where there is none.
    """
    if not path.exists():
        raise FileNotFoundError(
            f"there is no case file {path}: draw it with python -m grading.authoring.build, or make course"
        )
    return path.read_bytes()


def sources_in(path: Path) -> dict[str, str]:
    """Return the sources of the cells of an instructor's notebook, by grade_id; none where there is no such file."""
    cells = notebook_at(path).cells if path.exists() else []
    return {name: cell.source for cell in cells if (name := cell.metadata.get("nbgrader", {}).get("grade_id"))}


def fill(notebook: NotebookNode, answers: Mapping[str, str]) -> NotebookNode:
    """Replace solution cells of a notebook.

    Arguments
        notebook: it is changed in place.
        answers: the new sources by exercise.

    Returns the same notebook. Raises KeyError for an exercise without a cell.
    """
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for name, source in answers.items():
        cells[name].source = source
    return notebook


class OfCourse(Configurable):
    """What those of nbgrader's parts have in common that need the course: the setting that says where it lies."""

    course_folder = Unicode(str(REPOSITORY), help="The folder of the course: its source, release and notebooks.").tag(
        config=True
    )

    @property
    def course(self) -> Course:
        """Return the course."""
        return Course(Path(self.course_folder))


def home_of(folder: Path) -> Path:
    """Return where the nbgrader_config.py of a class folder lies: there, or else in this repository."""
    return folder if (folder / "nbgrader_config.py").exists() else REPOSITORY


def configuration(folder: Path) -> Config:
    """Return nbgrader's configuration of a class folder."""
    return PyFileConfigLoader("nbgrader_config.py", path=str(home_of(folder))).load_config()


def course_of(folder: Path) -> Course:
    """Return the course that a class folder's configuration names."""
    return OfCourse(config=configuration(folder)).course
