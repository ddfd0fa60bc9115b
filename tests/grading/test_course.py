"""Which course a class folder is graded by: the one that its configuration names, for every part of nbgrader."""

import shutil

import pytest
from traitlets.config import Config

from grading.__main__ import main
from grading.authoring.edition import Edition
from grading.batch.folder import open_app, prepare
from grading.course import REPOSITORY, Course, OfCourse, course_of
from grading.engine.judge import Judge
from grading.plugins.feedback import FeedbackExporter
from grading.plugins.mending import MendingExporter
from grading.settings import configure
from tests.support.course import COURSE, FIRST

CONFIG = """from grading.settings import configure
c = get_config()
configure(c, {folder!r})
"""


@pytest.fixture
def other(tmp_path):
    """A course of one assignment, with another name than any in this repository."""
    course = Course(tmp_path / "other")
    for step in ("source", "release"):
        shutil.copytree(COURSE.folder / step / FIRST, course.folder / step / "renamed")
        (course.folder / step / "renamed" / f"{FIRST}.ipynb").rename(course.folder / step / "renamed" / "renamed.ipynb")
    shutil.copytree(COURSE.source("cases") / FIRST, course.source("cases") / "renamed")
    return course


@pytest.fixture
def class_folder(tmp_path, other):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(CONFIG.format(folder=str(other.folder)))
    return folder


def test_an_assignment_is_a_folder_of_source_with_a_notebook(other):
    assert other.assignments == ("renamed",)
    (other.source("notes")).mkdir()
    (other.source("notes") / "other.txt").write_text("{}")
    assert other.assignments == ("renamed",) and other.is_built
    (other.source("notes") / "other.ipynb").write_text("{}")
    assert other.assignments == ("notes", "renamed") and not other.is_built
    assert Course(other.folder / "nowhere").assignments == ()
    assert other.points("renamed") == COURSE.points(FIRST)


@pytest.mark.parametrize("part", [Judge, Edition, MendingExporter, FeedbackExporter])
def test_every_part_that_needs_the_course_gets_it_from_the_configuration(part, tmp_path):
    here, there = Config(), Config()
    configure(here)
    configure(there, tmp_path)
    assert part().course.folder == part(config=here).course.folder == REPOSITORY
    assert part(config=there).course.folder == tmp_path.resolve()
    assert part(config=there).course == OfCourse(config=there).course


def test_a_class_folder_has_the_course_of_its_own_configuration_or_else_this_one(tmp_path, class_folder, other):
    assert course_of(tmp_path) == COURSE
    assert course_of(class_folder) == other


def test_the_commands_know_the_assignments_of_the_course_that_is_named(class_folder, tmp_path, capsys):
    (tmp_path / "handed-in").mkdir()
    command = ["collect", str(tmp_path / "handed-in"), "--assignment", FIRST, "--course", str(class_folder)]
    assert main(command) == 2
    assert f"there is no released notebook of '{FIRST}'; known here: renamed" in capsys.readouterr().err


def test_the_terms_of_grading_are_that_courses_and_none_of_its_folders_can_be_seen(class_folder, other):
    app = open_app(class_folder)
    with pytest.raises(ValueError, match=f"there is no assignment '{FIRST}'; there are renamed"):
        prepare(app, FIRST)
    terms = prepare(app, "renamed")["renamed"]
    assert (terms.public, terms.hidden) == other.cases("renamed") and terms.editions == ()
    assert terms.private == (str(other.folder), str(class_folder))
