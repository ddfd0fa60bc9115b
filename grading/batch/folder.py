"""The instructor's course folder, made ready: nbgrader's configuration, the assignment, the released cells."""

import contextlib
import logging
import os
import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from nbgrader.apps.autogradeapp import AutogradeApp

from grading.course import OfCourse, files_beside, home_of, notebooks_in
from grading.engine.judge import Judge
from grading.engine.record import LIMITS, Terms, by_exercise, part_of, released, released_tests, worth_in
from grading.files import write
from grading.gradebook.points import JUDGED, Points, changed_points, course_points, keep, same_aspects, states
from grading.plugins.run import nbgrader, path_with_programs
from helpers.checks.cases import read_cases


def open_app(course: Path) -> AutogradeApp:
    """Return nbgrader's application with the configuration of a course folder, or else of this repository.

    Its log goes to grading.log there.
    """
    os.environ["PATH"] = path_with_programs()
    AutogradeApp.clear_instance()
    app = AutogradeApp.instance()
    app.load_cwd_config = False
    app.config_file = str(home_of(course) / "nbgrader_config")
    app.initialize([f"--CourseDirectory.root={course}", f"--NbGrader.logfile={course / 'grading.log'}"])
    console, *files = app.log.handlers
    console.setLevel("CRITICAL")
    database = logging.getLogger("tornado.application")  # to which nbgrader's gradebook tells its errors
    database.handlers, database.propagate = files, False
    logging.raiseExceptions = False  # on a full disk the log has no room either, and the command says so itself
    return app


def generated(app, assignment: str) -> list[str]:
    """Make sure that the gradebook and the release have the assignment, and return the names of its notebooks.

    From a fresh clone `nbgrader generate_assignment` runs. Raises ValueError where the assignment is unknown, and where
    nbgrader does not overwrite what is released.
    """
    course, data = Path(app.coursedir.root), OfCourse(config=app.config).course
    place = course / "release" / assignment
    source = course / "source" / assignment
    if not source.is_dir():
        if assignment not in data.assignments:
            raise ValueError(f"there is no assignment {assignment!r}; there are {', '.join(data.assignments)}")
        shutil.copytree(data.source(assignment), source)
    if not any(place.glob("*.ipynb")) or not known_notebooks(app, assignment).issuperset(
        notebooks_in(place, assignment)
    ):
        done = nbgrader(course, "generate_assignment", assignment)
        if done.returncode:
            raise ValueError(f"nbgrader could not generate {assignment}:\n{done.stderr}")
    names = notebooks_in(place, assignment)
    if not known_notebooks(app, assignment).issuperset(names):
        raise ValueError(
            f"the gradebook does not know what is in {place}. nbgrader generate_assignment {assignment} --force writes "
            "both anew, from source/"
        )
    return names


def known_notebooks(app, assignment: str) -> set[str]:
    """Return the names of an assignment's notebooks in the gradebook."""
    with contextlib.closing(Gradebook(app.coursedir.db_url, app.coursedir.course_id)) as gradebook:
        entries = [entry for entry in gradebook.assignments if entry.name == assignment]
        return {notebook.name for entry in entries for notebook in entry.notebooks}


def prepare(app, assignment: str) -> dict[str, Terms]:
    """Do as `generated`, and return the terms of grading each of the assignment's notebooks, by name."""
    return {name: terms_in_class(app, assignment, name) for name in generated(app, assignment)}


def terms_in_class(app, assignment: str, notebook: str) -> Terms:
    """Return the terms of grading one of an assignment's notebooks.

    Raises ValueError where cells have changed since the first submission was graded.
    """
    course = Path(app.coursedir.root)
    path = course / "release" / assignment / f"{notebook}.ipynb"
    release = path.read_bytes()
    refuse_names_alike(release)
    refuse_changed_cells(course, part_of(assignment, notebook), release)
    with contextlib.closing(Gradebook(app.coursedir.db_url, app.coursedir.course_id)) as gradebook:
        sources = {cell.name: cell.source for cell in gradebook.find_notebook(notebook, assignment).source_cells}
    return terms_of(app.config, assignment, path, course, sources)


def terms_of(config, assignment: str, path: Path, folder: Path, sources: Mapping[str, str]) -> Terms:
    """Return the terms of grading an assignment.

    Arguments
        config: nbgrader's configuration, which names the course and has the judge's limits.
        assignment: its name.
        path: the released notebook's.
        folder: the class folder, which student code must not see.
        sources: the whole sources of test cells, with hidden tests, by grade_id; those of others do no harm.
    """
    data, judge = OfCourse(config=config).course, Judge(config=config)
    limits = tuple((name, getattr(judge, name)) for name in LIMITS)
    private = str(data.folder), str(folder)
    content = path.read_bytes()
    release, (public, hidden) = released(content), data.cases(assignment)
    known = read_cases(public).exercises
    names = [name for name in sorted(released_tests(release)) if name.removeprefix("test_") not in known]
    tests = tuple((name, sources[name]) for name in names if name in sources)
    files = tuple(files_beside(path.parent).items())
    return Terms(assignment, content, public, hidden, data.editions(release), tests, files, limits, private)


def refuse_names_alike(release: bytes):
    """Raise ValueError where two graded cells of a released notebook have one exercise's name."""
    names = Counter(name.removeprefix("test_") for name in worth_in(release))
    if alike := sorted(name for name, count in names.items() if count > 1):
        raise ValueError(
            f"the cells {alike[0]} and test_{alike[0]} are both graded, and would be one exercise: give one "
            "of them another grade_id in source/, or grade with nbgrader autograde"
        )


def refuse_changed_cells(course: Path, name: str, release: bytes):
    """Raise ValueError where students have answered other cells of what has this name than the release now has."""
    kept = course / "verdicts" / f"{name}.released.ipynb"
    if not kept.exists():
        write(kept, release)
        return
    old, new = (answered_cells(content) for content in (kept.read_bytes(), release))
    changed = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    if changed:
        raise ValueError(
            f"the released cells of {name} have changed since submissions were graded: {', '.join(changed)}. "
            "Students have answered the old ones. To go on with those, put back the text of that release in source/ "
            f"and run make course; the release is kept in {kept.relative_to(course)}. To grade the new ones, use a "
            "course folder of their own: --course DIR"
        )
    write(kept, release)


def answered_cells(content: bytes) -> dict[str, tuple]:
    """Return {grade_id: what a student has answered} of a released notebook: of a test cell, that it is there."""
    cells = nbformat.reads(content.decode(), as_version=4).cells
    marked = [(cell, cell.metadata.nbgrader) for cell in cells if "nbgrader" in cell.metadata]
    return {
        marks.grade_id: (cell.cell_type, None if marks.grade and not marks.solution else cell.source)
        for cell, marks in marked
    }


def take_points(course: Path, parts: Collection[Terms]) -> tuple[Points, list[str]]:
    """Return the points in force in a class, and what the course says otherwise, a sentence for each exercise.

    ``parts`` are the terms of all notebooks of an assignment.

    Before anything is graded, and where an exercise has other aspects now, so that it is judged anew anyhow, they are
    the course's. Raises ValueError where the release gives a test cell other points than its aspects make.
    """
    wanted, assignment = course_points(parts), next(iter(parts)).assignment
    kept = states(course, assignment)
    for name, points in (pair for terms in parts for pair in released_points(terms.release).items()):
        before = [sum(state[name].aspects.values()) for state in kept if name in state]
        aspects = sum(wanted[name].aspects.values()) if name in wanted else points
        if points not in (aspects, *before):
            raise ValueError(
                f"the released notebook gives {name} {points:g} points, and its aspects make {aspects:g}: points are "
                f"changed in ASPECTS of source/exercises/{assignment}/{name}.py and in its test header; then run "
                "make course"
            )
    now = kept[-1] if kept else wanted
    wanted = {
        name: replace(worth, counts=now[name].counts if name in now else JUDGED) for name, worth in wanted.items()
    }
    graded = any((course / "verdicts" / assignment).rglob("*.json"))
    taken = {
        name: now[name] if graded and same_aspects(now.get(name), worth) else worth for name, worth in wanted.items()
    }
    if kept[-1:] != [taken]:
        keep(course, assignment, [*kept[:-1], taken])
    return taken, changed_points(taken, wanted)


def released_points(content: bytes) -> dict[str, float]:
    """Return what each test cell of a released notebook is worth, by exercise."""
    return by_exercise(worth_in(content))
