"""Pack what judges an assignment on Gradescope into a zip: its two scripts, the grader, and the course's data.

Answers and the files of exercises stay here. The hidden cases go along, without the seed, and so do test cells with
their hidden tests: the zip is no student's.
"""

import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
from nbformat import v4

from grading.course import REPOSITORY, Course
from grading.engine.record import Terms
from grading.reports.catalogues import LOCALE, SHARED

SCRIPTS = {"setup.sh": "gradescope_setup.sh", "run_autograder": "gradescope_run.sh"}
PACKAGES, COPIED = ("grading", "helpers"), ("constraints.txt", "LICENSE")
CONFIG = '''"""The judge's limits as they were for `make gradescope`; without isolation nothing is judged."""

from grading.settings import configure

c = get_config()  # noqa: F821  nbgrader provides it
configure(c)
'''


def gradescope_files(course: Course, notebook: str, terms: Terms, points: bytes | None) -> dict[str, bytes]:
    """Return the files of the zip by their names in it.

    Arguments
        course: where the notebooks of students and the translations lie.
        notebook: the name of the assignment's notebook.
        terms: those of the assignment.
        points: the file of the points in force in the class; None where there is none.
    """
    name, cases = terms.assignment, f"source/cases/{terms.assignment}"
    values = {"@ASSIGNMENT@": shlex.quote(name), "@SECONDS@": str(2 * terms.patience)}  # one in doubt is judged twice
    files = {script: filled_script(file, values) for script, file in SCRIPTS.items()}
    files |= {each: (REPOSITORY / each).read_bytes() for each in COPIED}
    files["requirements.txt"] = grading_requirements((REPOSITORY / "pyproject.toml").read_text("utf-8")).encode()
    limits = dict(terms.limits) | {"require_isolation": True}
    settings = "".join(f"c.Judge.{setting} = {value!r}\n" for setting, value in limits.items())
    files["nbgrader_config.py"] = (CONFIG + settings).encode()
    for package in PACKAGES:
        paths = [path for path in (REPOSITORY / package).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        files |= {path.relative_to(REPOSITORY).as_posix(): path.read_bytes() for path in sorted(paths)}
    files |= {f"release/{name}/{path}": content for path, content in terms.files}
    files[f"release/{name}/{notebook}.ipynb"] = terms.release
    if course.has_cases(name):
        files |= {f"{cases}/public.safetensors": terms.public, f"{cases}/hidden.safetensors": terms.hidden}
    if terms.tests:
        files[f"source/{name}/{notebook}.ipynb"] = test_cells(terms.tests)
    if points is not None:
        files[f"grades/{name}/points.json"] = points
    read = [*course.folder.glob(f"notebooks/**/{name}.ipynb")]
    read += [path for domain in SHARED for path in (course.folder / LOCALE).glob(f"*/{domain}.po")]
    return files | {path.relative_to(course.folder).as_posix(): path.read_bytes() for path in sorted(read)}


def test_cells(tests: Iterable[tuple[str, str]]) -> bytes:
    """Return a notebook of test cells alone, as `grading.course.sources_in` reads it: (grade_id, whole source) each."""
    cells = [
        v4.new_code_cell(source, id=f"test-{number}", metadata={"nbgrader": {"grade_id": name}})
        for number, (name, source) in enumerate(tests)
    ]
    return nbformat.writes(v4.new_notebook(cells=cells)).encode()


def filled_script(file: str, values: Mapping[str, str]) -> bytes:
    """Return a script of this folder with its places filled."""
    text = (Path(__file__).parent / file).read_text("utf-8")
    for place, value in values.items():
        text = text.replace(place, value)
    return text.encode()


def grading_requirements(pyproject: str) -> str:
    """Return what pip has to install for grading, a line each, from the text of pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    return "".join(f"{each}\n" for each in [*project["dependencies"], *project["optional-dependencies"]["grade"]])
