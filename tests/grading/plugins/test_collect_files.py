"""What is collected from an exchange in which a student has put something odd: whatever it is, the others are."""

import os
import shutil
import sys
import threading
from types import SimpleNamespace

import pytest
from nbgrader.coursedir import CourseDirectory

from grading.plugins import exchange
from grading.plugins.exchange import CollectFiles
from tests.support.course import FIRST

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nbgrader has no exchange on Windows")

TIME = "2026-09-30 12:00:00.000000 UTC"


@pytest.fixture
def hub(tmp_path, caplog, empty_gradebook):
    """An exchange with a submission of student-one, a course, and `collect`, which returns what was collected."""
    course, inbound = tmp_path / "course", tmp_path / "exchange" / "lab" / "inbound"
    inbound.mkdir(parents=True)
    course.mkdir()
    shutil.copy(empty_gradebook, course)
    (course / "solution.ipynb").write_text("the solution")

    def hand_in(name, content="mine"):
        (inbound / name).mkdir()
        (inbound / name / f"{FIRST}.ipynb").write_text(content)
        return inbound / name

    def collect(**options):
        coursedir = CourseDirectory(root=str(course), course_id="lab", assignment_id=FIRST)
        collector = CollectFiles(coursedir=coursedir, root=str(tmp_path / "exchange"), check_owner=False, **options)
        collector.log.propagate = True
        collector.start()
        found = {
            path.parent.parent.name: path.read_text() for path in course.glob(f"submitted/*/{FIRST}/{FIRST}.ipynb")
        }
        return found, caplog.text

    hand_in(f"student-one+{FIRST}+{TIME}+abc")
    return SimpleNamespace(course=course, inbound=inbound, hand_in=hand_in, collect=collect)


@pytest.mark.parametrize(
    "name",
    [
        f"student-two+{FIRST}+no time",
        f"student-one+{FIRST}+no time+x",
        f"student-two+{FIRST}+9999999999999999999+x",
        f"+{FIRST}+{TIME}+x",
        f"s\x1b[2J\ntwo+{FIRST}+{TIME}+x",
        f"student-two+another+{FIRST}+{TIME}",
    ],
)
def test_a_name_that_is_no_submissions_stops_nobody(hub, name):
    hub.hand_in(name, "theirs")
    found, said = hub.collect()
    assert found == {"student-one": "mine"}
    assert "Not collected, for its name" in said and "\x1b" not in said
    assert sorted(path.name for path in hub.course.iterdir()) == ["gradebook.db", "solution.ipynb", "submitted"]


def a_link(folder, hub):
    (folder / "a.ipynb").symlink_to(hub.course / "solution.ipynb")


def a_linked_folder(folder, hub):
    (folder / "more").symlink_to(hub.course)


def a_pipe(folder, hub):
    os.mkfifo(folder / "a.ipynb")


def a_sparse_file(folder, hub):
    with (folder / "a.ipynb").open("wb") as file:
        file.truncate(150 << 20)


def a_deep_folder(folder, hub):
    (folder / "/".join(["d"] * 40)).mkdir(parents=True)


def many_files(folder, hub):
    for number in range(1_100):
        (folder / str(number)).touch()


def no_time(folder, hub):
    (folder / "timestamp.txt").write_text("1" * 100_000)  # a million digits took half a minute to read, each time


@pytest.mark.parametrize("odd", [a_link, a_linked_folder, a_pipe, a_sparse_file, a_deep_folder, many_files, no_time])
def test_an_odd_file_leaves_what_was_collected_and_stops_nobody(hub, odd):
    hub.hand_in(f"a-student+{FIRST}+{TIME}+x", "before")
    assert hub.collect()[0] == {"student-one": "mine", "a-student": "before"}
    later = TIME.replace("12:", "13:")
    odd(hub.hand_in(f"a-student+{FIRST}+{later}+x", "after"), hub)
    hub.hand_in(f"student-one+{FIRST}+{later}+x", "after")
    found, said = hub.collect(update=True)
    assert found == {"student-one": "after", "a-student": "before"}
    assert f"Not collected: a-student+{FIRST}+{later}+x: " in said


def test_a_link_swapped_in_turn_is_never_followed(hub):
    """The file is a link to the solutions half of the time; before, the look came first and the copy later."""
    folder, over = hub.hand_in(f"a-student+{FIRST}+{TIME}+x"), threading.Event()
    path, link = folder / f"{FIRST}.ipynb", hub.inbound / "link"

    def swap():
        while not over.is_set():
            link.symlink_to(hub.course / "solution.ipynb")
            os.replace(link, path)
            (hub.inbound / "file").write_text("mine")
            os.replace(hub.inbound / "file", path)

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        for _ in range(200):
            assert hub.collect()[0].get("a-student", "mine") == "mine"
            shutil.rmtree(hub.course / "submitted", ignore_errors=True)
    finally:
        over.set()
        swapping.join()


def test_sizes_are_bounded_as_nbgrader_is_set(hub, monkeypatch):
    monkeypatch.setattr(exchange, "KIBIBYTE", 0)
    found, said = hub.collect()
    assert found == {} and "it has more than" in said
