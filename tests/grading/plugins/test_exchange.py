"""nbgrader's exchange from release to feedback, as on a JupyterHub: an instructor, two students, a shared folder.

Where root and bubblewrap allow it they are three users of the system, by made-up names. Elsewhere one user plays all
of them, and says with nbgrader's ``--student`` who is meant.
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbgrader.api import Gradebook

from grading.course import REPOSITORY
from grading.repair.doctor import mend, repairs_in
from tests.support.course import FIRST, NO_SHIFT, Trial, filled, points, released, solutions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="nbgrader has no exchange on Windows"),
]

ONE, TWO, INSTRUCTOR = NAMES = ("student-one", "student-two", "instructor")
USERS = {name: 64001 + number for number, name in enumerate(NAMES)}
SOLVED = solutions(FIRST)
POINTS = points(FIRST)
PARTLY = dict.fromkeys(POINTS, 0.0) | {"softmax_t": 3.0, "decay_ratios": 2.0}


class Person:
    """A user with a home of their own, who runs nbgrader's commands there."""

    def __init__(self, name, hub, view):
        self.name, self.view, self.home = name, view, hub / name
        (self.home / ".jupyter").mkdir(parents=True)
        settings = {"CourseDirectory.course_id": "softmax-lab", "Exchange.root": str(hub / "shared exchange")}
        lines = ["c = get_config()", *(f"c.{key} = {value!r}" for key, value in settings.items())]
        (self.home / ".jupyter" / "nbgrader_config.py").write_text("\n".join(lines))

    def run(self, *command, cwd=None):
        paths = [str(Path(sys.executable).parent), "/usr/local/bin", "/usr/bin", "/bin"]
        environment = {"HOME": str(self.home), "PATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        who = becoming(self.name, self.view) if self.view else []
        return subprocess.run(
            [*who, *command], cwd=cwd or self.home, env=environment, capture_output=True, text=True, umask=0o022
        )

    def nbgrader(self, *arguments, cwd=None):
        """Run a command that is to succeed, and return what it said."""
        if self.name != INSTRUCTOR and not self.view and arguments[0] in ("submit", "fetch_feedback"):
            arguments = (*arguments, f"--student={self.name}")
        done = self.run(sys.executable, "-m", "nbgrader", *arguments, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def hand_in(self, content):
        (self.home / FIRST / f"{FIRST}.ipynb").write_bytes(content)
        return self.nbgrader("submit", FIRST)

    def pages(self):
        """Return the feedback that was fetched, by the time of submission."""
        found = (self.home / FIRST / "feedback").glob(f"*/{FIRST}.html")
        return {path.parent.name: path.read_text() for path in found}


class Instructor(Person):
    """The one with the course, who runs nbgrader in this repository: its configuration is read there."""

    def nbgrader(self, *arguments, cwd=REPOSITORY):
        return super().nbgrader(*arguments, f"--CourseDirectory.root={self.home / 'course'}", cwd=cwd)


def becoming(name, users):
    """Return the command that runs another one as a user of the file ``users``, which stands in for /etc/passwd."""
    view = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(users), "/etc/passwd", "--cap-add", "ALL"]
    closed = {}  # folders that others may not enter, with what they need from inside
    for path in map(Path, (sys.base_prefix, sys.prefix, REPOSITORY)):
        for folder in reversed(path.parents):
            if not folder.stat().st_mode & 0o001:
                closed.setdefault(folder, []).append(str(path))
                break
    for folder, needed in closed.items():
        view += ["--perms", "0755", "--tmpfs", str(folder)]
        for path in needed:
            for parent in reversed([p for p in Path(path).parents if p.is_relative_to(folder) and p != folder]):
                view += ["--perms", "0755", "--dir", str(parent)]
            view += ["--ro-bind", path, path]
    user = str(USERS[name])
    return [*view, "--", "setpriv", "--reuid", user, "--regid", user, "--clear-groups", "env"]


@functools.cache
def users_can_be_made():
    """Tell whether this test may run commands as other users, who can read Python and this repository."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not (shutil.which("bwrap") and shutil.which("setpriv")):
        return False
    with tempfile.TemporaryDirectory() as folder:
        users = write_users(Path(folder))
        command = [*becoming(ONE, users), sys.executable, "-c", "import grading.settings, os; print(os.getuid())"]
        done = subprocess.run(command, cwd=REPOSITORY, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True)
    return done.stdout.strip() == str(USERS[ONE])


def write_users(folder):
    lines = ["root:x:0:0::/root:/bin/sh", *(f"{name}:x:{user}:{user}::/:/bin/sh" for name, user in USERS.items())]
    (folder / "passwd").write_text("\n".join(lines) + "\n")
    return folder / "passwd"


def partly_right():
    """Return the bytes of a notebook with a wrong answer and a right one, a check deleted, saved as UTF-16."""
    notebook = filled(FIRST, {"softmax_t": NO_SHIFT, "decay_ratios": SOLVED["decay_ratios"]})
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "test_softmax_t"]
    return nbformat.writes(notebook).encode("utf-16")


def solved():
    return nbformat.writes(filled(FIRST, SOLVED)).encode()


@pytest.fixture(scope="module")
def hub():
    """A folder with a shared exchange and three homes, its path with spaces; the people are its attributes."""
    root = Path(tempfile.mkdtemp(prefix="a hub ", dir="/var/tmp"))  # pytest's own folders are closed to other users
    root.chmod(0o755)
    try:
        users = write_users(root) if users_can_be_made() else None
        people = [Person(ONE, root, users), Person(TWO, root, users), Instructor(INSTRUCTOR, root, users)]
        shutil.copytree(REPOSITORY / "source" / FIRST, people[2].home / "course" / "source" / FIRST)
        (root / "shared exchange").mkdir()
        (root / "shared exchange").chmod(0o777)
        for person in people:
            person.home.chmod(0o700)
            for path in (person.home, *person.home.rglob("*")) if users else ():
                os.chown(path, USERS[person.name], USERS[person.name])
        one, two, instructor = people
        yield SimpleNamespace(
            one=one,
            two=two,
            instructor=instructor,
            users=users,
            exchange=root / "shared exchange" / "softmax-lab",
            course=Trial(instructor.home / "course"),
        )
    finally:
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def round_trip(hub):
    """Take the first assignment from its source to the students' feedback; return what there is to see of it."""
    hub.instructor.nbgrader("generate_assignment", FIRST)
    hub.instructor.nbgrader("release_assignment", FIRST)
    for student, content in ((hub.one, solved()), (hub.two, partly_right())):
        student.nbgrader("fetch_assignment", FIRST)
        student.hand_in(content)
    collected = hub.instructor.nbgrader("collect", FIRST)
    for command in ("autograde", "generate_feedback", "release_feedback"):
        hub.instructor.nbgrader(command, FIRST)
    for student in (hub.one, hub.two):
        student.nbgrader("fetch_feedback", FIRST)
    return SimpleNamespace(
        collected=collected,
        marks=hub.course.marks(FIRST),
        times=times(hub),
        graded={name: hub.course.graded(name, FIRST) for name in (ONE, TWO)},
        pages={student.name: student.pages() for student in (hub.one, hub.two)},
    )


def times(hub):
    """Return {student: time of submission} from the gradebook."""
    with Gradebook(f"sqlite:///{hub.course.root / 'gradebook.db'}") as gradebook:
        return {entry.student.id: entry.timestamp for entry in gradebook.assignment_submissions(FIRST)}


def handed_in(hub, name):
    """Return the times of a student's submissions that lie in the exchange, as their folders have them."""
    return sorted(path.name.split("+")[2] for path in (hub.exchange / "inbound").glob(f"{name}+{FIRST}+*"))


def test_both_students_get_their_marks(round_trip):
    assert round_trip.marks == {ONE: POINTS, TWO: PARTLY}


def test_what_was_collected_is_mended(round_trip):
    found = repairs_in(round_trip.graded[TWO])
    assert found == list(mend(partly_right(), released(FIRST)).repairs)
    assert any("put back: `softmax_t`" in str(repair) for repair in found) and any(
        "UTF-16" in str(repair) for repair in found
    )
    assert repairs_in(round_trip.graded[ONE]) == []


def test_the_time_of_submission_is_kept(hub, round_trip):
    for name in (ONE, TWO):
        said = handed_in(hub, name)[0]
        assert round_trip.times[name] == datetime.strptime(said, "%Y-%m-%d %H:%M:%S.%f %Z")
        assert list(round_trip.pages[name]) == [said]


def test_each_student_fetches_their_own_feedback(hub, round_trip):
    for name, other, total in ((ONE, TWO, "20 of 20"), (TWO, ONE, "5 of 20")):
        (page,) = round_trip.pages[name].values()
        assert name in page and total in page and other not in page
    released_pages = {path.read_text() for path in (hub.exchange / "feedback").iterdir()}
    assert released_pages == {page for pages in round_trip.pages.values() for page in pages.values()}


def test_a_student_cannot_fetch_the_feedback_of_another(hub, round_trip):
    said = hub.two.run(sys.executable, "-m", "nbgrader", "fetch_feedback", FIRST, f"--student={ONE}").stderr
    assert "Fetched feedback" in said, "their own, by the secret that nbgrader keeps in their home"
    assert hub.two.pages().keys() == round_trip.pages[TWO].keys()


def test_other_users_see_neither_submissions_nor_feedback(hub, round_trip):
    if not hub.users:
        pytest.skip("needs root, bubblewrap and setpriv: one user plays all of them here")
    assert "cheating" not in round_trip.collected
    for path in (hub.exchange / "inbound", hub.exchange / "feedback", hub.one.home, hub.course.root):
        assert hub.one.run("ls", str(path)).returncode == (0 if path == hub.one.home else 2)
        assert "Permission denied" in hub.two.run("ls", str(path)).stderr
    assert hub.two.run("ls", str(hub.exchange / "outbound" / FIRST)).stdout == f"{FIRST}.ipynb\n"


def test_a_later_submission_is_collected_with_update_and_counts_as_late(hub, round_trip):
    hub.instructor.nbgrader("db", "assignment", "add", FIRST, f"--duedate={handed_in(hub, TWO)[0]}")
    hub.two.hand_in(solved())
    assert "use --update" in hub.instructor.nbgrader("collect", FIRST)
    assert f"Updating submission: {TWO}" in hub.instructor.nbgrader("collect", FIRST, "--update")
    hub.instructor.nbgrader("autograde", FIRST, "--LateSubmissionPlugin.penalty_method=zero")
    assert hub.course.marks(FIRST) == {ONE: POINTS, TWO: POINTS}
    with Gradebook(f"sqlite:///{hub.course.root / 'gradebook.db'}") as gradebook:
        late = {entry.student.id: entry.late_submission_penalty for entry in gradebook.assignment_submissions(FIRST)}
    assert late == {ONE: 0.0, TWO: 20.0}
    assert times(hub)[TWO] > round_trip.times[TWO] and times(hub)[ONE] == round_trip.times[ONE]


def test_a_link_to_the_solutions_is_not_collected(hub, round_trip):
    """Stock nbgrader follows it as the instructor, and the solutions come back as a submission: the red fixture."""
    taken = hub.course.root / "submitted" / TWO / FIRST / f"{FIRST}.ipynb"
    before = taken.read_bytes()
    folder = hub.exchange / "inbound" / f"{TWO}+{FIRST}+2100-01-01 00:00:00.000000 UTC+x"
    wanted = hub.course.root / "source" / FIRST / f"{FIRST}.ipynb"
    for command in (["mkdir", str(folder)], ["ln", "-s", str(wanted), str(folder)]):
        assert hub.two.run(*command).returncode == 0
    try:
        assert "Not collected: " in hub.instructor.nbgrader("collect", FIRST, "--update")
        assert taken.read_bytes() == before
        stock = "--ExchangeFactory.collect=nbgrader.exchange.default.ExchangeCollect"
        hub.instructor.nbgrader("collect", FIRST, "--update", stock)
        assert taken.read_bytes() == wanted.read_bytes()
    finally:
        shutil.rmtree(folder)


def test_a_submission_under_another_name_is_reported_by_collect(hub, round_trip):
    if not hub.users:
        pytest.skip("needs root, bubblewrap and setpriv: one user plays all of them here")
    hub.two.nbgrader("submit", FIRST, f"--student={ONE}")
    said = hub.instructor.nbgrader("collect", FIRST, "--update")
    assert f"claims to be submitted by {ONE} but is owned by {TWO}; cheating attempt?" in said


def test_nbgrader_validate_fails_on_what_is_not_right_yet(hub):
    notebook = hub.two.home / "mine.ipynb"
    notebook.write_bytes(nbformat.writes(filled(FIRST, {"softmax_t": SOLVED["softmax_t"]})).encode())
    said = hub.two.nbgrader("validate", notebook.name)
    assert f"VALIDATION FAILED ON {len(POINTS) - 1} CELL(S)!" in said.replace("\n", " ")
    assert "decay_ratios: not attempted yet" in said and 'check("softmax_t"' not in said and "Traceback" not in said
