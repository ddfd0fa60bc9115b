"""A verdict is a function of bytes: its version names all that decides, and no file of the course is read."""

import shutil
from dataclasses import replace

import nbformat
import pytest

from grading.course import REPOSITORY, Course, fill, notebook_at
from grading.engine import record as records
from grading.engine.record import DECIDING, JUDGED, OtherCourse, Terms, code_digest, judged, unpack_terms
from tests.support.course import ASSIGNMENTS, COURSE, released, solutions

ASSIGNMENT = ASSIGNMENTS[0]
RELEASE = nbformat.writes(released(ASSIGNMENT)).encode()
TERMS = Terms(ASSIGNMENT, RELEASE, *COURSE.cases(ASSIGNMENT), COURSE.editions(released(ASSIGNMENT)))
DECIDE = [path for folder in DECIDING for path in sorted((REPOSITORY / folder).rglob("*.py"))]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    for folder in DECIDING:
        shutil.copytree(REPOSITORY / folder, root / folder)
    return root


@pytest.mark.parametrize("path", DECIDE, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_one_changed_byte_in_any_file_that_decides_is_another_version(path, copy):
    file = copy / path.relative_to(REPOSITORY)
    whole = file.read_bytes()
    assert code_digest(copy) == records.CODE
    file.write_bytes(whole[:-1] + b" ")
    assert code_digest(copy) != records.CODE
    file.write_bytes(whole)


def test_a_file_more_or_less_among_those_that_decide_is_another_version(copy):
    for folder in DECIDING:
        more = copy / folder / "more.py"
        more.touch()
        assert code_digest(copy) != records.CODE
        more.unlink()
    assert code_digest(copy) == records.CODE


OTHERS = {
    "assignment": "another",
    "release": RELEASE + b" ",
    "public": TERMS.public + b"\0",
    "hidden": TERMS.hidden + b"\0",
    "editions": (("vi", ("an older edition",)),),
    "limits": (("timeout", 1),),
}


@pytest.mark.parametrize("part", OTHERS)
def test_the_version_is_another_one_with_other(part):
    assert replace(TERMS, **{part: OTHERS[part]}).version != TERMS.version


def test_where_the_course_lies_makes_no_other_version():
    assert replace(TERMS, private=("/elsewhere",)).version == TERMS.version


def test_terms_come_out_as_they_were_packed_and_once():
    assert unpack_terms(TERMS.packed) == TERMS and unpack_terms(TERMS.packed).version == TERMS.version
    assert unpack_terms(bytes(bytearray(TERMS.packed))) is unpack_terms(TERMS.packed), "what is in there is read once"
    assert len(TERMS.packed) < 2 * len(RELEASE), "they go to a worker with each submission"


def test_other_code_is_another_version_and_its_worker_refuses(monkeypatch):
    here = TERMS.version
    monkeypatch.setattr(records, "CODE", "of other files")
    assert TERMS.version != here
    with pytest.raises(OtherCourse, match="have changed since the workers were started"):
        judged(b"{}", TERMS, here)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_submission_is_judged_from_its_bytes_and_the_terms_alone(language, monkeypatch):
    notebook = fill(notebook_at(COURSE.notebook(ASSIGNMENT, language)), solutions(ASSIGNMENT))
    content, worth = nbformat.writes(notebook).encode(), COURSE.points(ASSIGNMENT)
    for name in ("release", "public", "hidden", "editions"):
        monkeypatch.setattr(Course, name, lambda *_: pytest.fail("the course was read"))
    found = judged(content, unpack_terms(TERMS.packed), TERMS.version)
    assert (found.status, found.repairs) == (JUDGED, ())
    assert found.points == {f"test_{name}": points for name, points in worth.items()}
