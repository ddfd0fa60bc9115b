"""`make hidden`: a private set from a seed, drawn anew from the seed that it keeps."""

import pytest

from grading.__main__ import main
from grading.authoring.draw import drawn_as, hidden_bytes
from grading.course import COMMITTED
from tests.support.small_exercise import small_exercise

CONFIG = "c = get_config()\nc.OfCourse.course_folder = {!r}\n"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of one exercise with a private set of hidden cases in force."""
    monkeypatch.delenv(COMMITTED)
    course = small_exercise(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(str(tmp_path)))
    course.source("one").mkdir()
    (course.source("one") / "one.ipynb").write_text("{}")
    return course


def hidden(course, *options):
    return main(["hidden", "--course", str(course.folder), *options])


def test_a_set_is_drawn_anew_from_the_seed_that_it_keeps(course):
    private = course.case_file("one", "private")
    assert hidden(course, "--seed", "my own") == 0
    assert private.read_bytes() == hidden_bytes(course, "one", "my own") and drawn_as(private)["seed"] == "my own"
    path = course.source("exercises/one/halve.py")
    path.write_text(path.read_text("utf-8") + "\nMORE = 1\n", "utf-8")
    assert hidden(course) == 0
    assert private.read_bytes() == hidden_bytes(course, "one", "my own")


def test_without_a_set_or_without_its_seed_one_is_asked_for(course, capsys):
    assert hidden(course) == 2
    assert "there is no private set yet: give a seed of your own" in capsys.readouterr().err
    hidden(course, "--seed", "my own")
    course.case_file("one", "private").write_bytes(course.hidden("one"))
    assert hidden(course) == 2
    assert "the private set of one keeps no seed: give a seed of your own" in capsys.readouterr().err


@pytest.mark.parametrize("way", ["exercise", "folder"])
def test_what_keeps_it_from_being_drawn_is_a_sentence_and_the_set_stays(course, capsys, way):
    hidden(course, "--seed", "my own")
    before = course.case_file("one", "private").read_bytes()
    if way == "exercise":
        other = course.source("exercises/two/broken.py")
        other.parent.mkdir()
        other.write_text("ASPECTS = {}\n")
        course.source("two").mkdir()
        (course.source("two") / "two.ipynb").write_text("{}")
    else:  # as where it cannot be written to, which root never meets
        course.source("cases").rename(course.folder / "kept")
        course.source("cases").touch()
    assert hidden(course, "--seed", "another") == 2
    said = capsys.readouterr().err
    assert said.startswith("python -m grading: ") and said.count("\n") == 1
    place = course.case_file("one", "private") if way == "exercise" else course.folder / "kept/one/private.safetensors"
    assert place.read_bytes() == before
