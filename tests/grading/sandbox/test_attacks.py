"""The red team: no attack gains a point, harms another submission or the machine.

A sample goes through `nbgrader autograde`, all of it through `python -m grading grade` with two workers side by side.
"""

import functools
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading.course import REPOSITORY
from grading.engine.verdict import verdict
from grading.sandbox.confine import landlock
from grading.sandbox.isolation import isolation
from grading.sandbox.user import FIRST
from helpers.checks.collect import collect
from tests.support.attacks import bank
from tests.support.commands import adopt_orphans, left_running
from tests.support.container import attacks_may_run
from tests.support.course import Trial, case_files, graded_cell, solutions, use_cases
from tests.support.leaks import hidden_numbers, leaks
from tests.support.small_course import ASSIGNMENT, FULL, filled, generate

pytestmark = pytest.mark.skipif(
    not attacks_may_run(), reason="attacks run in bubblewrap, or in a container of tests/support/container.py"
)

BANK = bank()
LIMITS = ("timeout=3", "wall_limit=20", "iopub_timeout=2", "memory_limit=2500000000", "require_isolation=True")
HONEST = ("0_before", "z_after")
MARKER = "left-by-an-attack"

# Where modes alone keep a user of its own out, these find what every user may use, and give up: /etc/passwd, /var/tmp.
CONTENT = {"read_all", "write_all"} if isolation() == "user" and not landlock() else set()

QUICK = """setup_forged torch_patched ast_transformer showtraceback from_a_thread forged_reply test_edited
way_alias kill_parent os_exit read_all write_all carry_out returns_evil_object message_kind message_script""".split()


class Batch:
    """Attacks graded by one command, with an honest solved submission before and after them."""

    def __init__(self, root, generated, names, autograde):
        self.course, self.names = Trial(root), names
        shutil.copytree(generated, root, dirs_exist_ok=True)
        self.before = set(Path("/var/tmp").iterdir())
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.hand_in(server.getsockname()[1])
            adopt_orphans()
            start = time.monotonic()
            self.done = autograde(self.course)
            self.seconds = time.monotonic() - start
            server.setblocking(False)
            self.connected = self.accepted(server)
        self.marks = self.course.marks(ASSIGNMENT)
        new = set(Path("/var/tmp").glob("*-*")) - self.before
        new = {folder for folder in new if folder.name.startswith(("kernel-", "student-"))}
        self.left = [folder.name for folder in new if not Path("/proc", folder.name.split("-")[1]).exists()]
        self.left += [str(path) for place in ("/tmp", "/dev/shm") for path in of_students(place)]

    def hand_in(self, port):
        places = {
            "REPOSITORY": REPOSITORY,
            "COURSE": self.course.root,
            "HOME": Path.home(),
            "MARKER": MARKER,
            "PORT": port,
        }
        for student in HONEST:
            self.course.submit(student, ASSIGNMENT, filled(self.course.root, solutions(ASSIGNMENT)))
        for name in self.names:
            attack = BANK[name]
            notebook = filled(self.course.root, attack.cells(places))
            self.course.submit(name, ASSIGNMENT, attack.change(notebook) if attack.change else notebook)
            for file, text in attack.files.items():
                path = self.course.root / "submitted" / name / ASSIGNMENT / file
                path.parent.mkdir(exist_ok=True)
                path.write_text(text)

    @staticmethod
    def accepted(server):
        try:
            return server.accept()
        except BlockingIOError:
            return None

    def text(self, name, folder="autograded"):
        """Return everything that grading kept of a submission, as text."""
        return "".join(path.read_text() for path in (self.course.root / folder / name).rglob("*.*") if path.is_file())


def of_students(folder):
    """Return what users of sandboxes own in a folder."""
    return [path for path in Path(folder).iterdir() if path.lstat().st_uid >= FIRST]


def one_by_one(course):
    return course.nbgrader("autograde", ASSIGNMENT, *(f"--Judge.{limit}" for limit in LIMITS))


def by_workers(course):
    settings = (REPOSITORY / "nbgrader_config.py").read_text() + "".join(f"\nc.Judge.{limit}" for limit in LIMITS)
    (course.root / "nbgrader_config.py").write_text(settings)
    command = [sys.executable, "-m", "grading", "grade", "--course", course.root, "--assignment", ASSIGNMENT]
    done = subprocess.run([*command, "--workers=2", "--no-feedback"], cwd=REPOSITORY, capture_output=True, text=True)
    done.stdout += (course.root / "grading.log").read_text()
    return done


@pytest.fixture(scope="module")
def batch(tmp_path_factory, sandboxes):
    @functools.cache
    def generated():
        root = tmp_path_factory.mktemp("generated")
        generate(root)
        return root

    @functools.cache
    def graded(quick):
        names, autograde = (QUICK, one_by_one) if quick else (list(BANK), by_workers)
        with sandboxes:
            return Batch(tmp_path_factory.mktemp("attacks"), generated(), names, autograde)

    return graded


@functools.cache
def deserved(source):
    """Return the points that an answer deserves by value, judged on the engine without a kernel."""
    import torch

    scope = {"torch": torch}
    use_cases("softmax_t")
    exec(source, scope)
    public, hidden = case_files("softmax_t")
    answers = []
    for file in (public, hidden):
        cases = file.exercises["softmax_t"]["cases"]
        answers += collect(scope["softmax_t"], cases, file.inputs(cases))
    return verdict("softmax_t", FULL["softmax_t"], (public, hidden), answers).points


EVERYWHERE = pytest.mark.parametrize("quick", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["quick", "all"])


@pytest.mark.parametrize(
    ("name", "quick"),
    [*((name, True) for name in QUICK), *(pytest.param(name, False, marks=pytest.mark.slow) for name in BANK)],
)
def test_an_attack_gets_what_its_answer_deserves(batch, name, quick):
    attack = BANK[name]
    answer = deserved(attack.deserves or attack.answer)
    assert answer < FULL["softmax_t"] or name.startswith("way_")
    scores = {attack.score * answer} | ({0.0} if attack.may_end_itself or name in CONTENT else set())
    marks = batch(quick).marks[name]
    assert marks["softmax_t"] in scores
    assert marks == dict.fromkeys(FULL, 0.0) | {"softmax_t": marks["softmax_t"]}


@EVERYWHERE
def test_no_attack_harms_another_submission(batch, quick):
    for student in HONEST:
        assert batch(quick).marks[student] == FULL


@EVERYWHERE
def test_the_batch_goes_on_and_ends_well(batch, quick):
    assert batch(quick).done.returncode == 0, batch(quick).done.stderr[-5000:]
    assert len(batch(quick).marks) == len(batch(quick).names) + len(HONEST)


@EVERYWHERE
def test_the_gradebook_stays_whole(batch, quick):
    with sqlite3.connect(batch(quick).course.root / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert book.execute("select count(*) from grade where manual_score is not null").fetchone() == (0,)


@EVERYWHERE
def test_no_process_outlives_the_batch(batch, quick):
    batch(quick)
    time.sleep(0.5)
    assert left_running() == []


def test_a_process_and_a_connection_that_an_attack_would_leave_are_seen():
    """The red fixture."""
    with subprocess.Popen(["sleep", "100"]) as process:
        end = time.monotonic() + 10
        while not left_running() and time.monotonic() < end:  # it has begun, but may still bear Python's name
            time.sleep(0.05)
        assert left_running() == [b"sleep\x00100\x00"]
        process.kill()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        assert Batch.accepted(server) is None
        with socket.create_connection(server.getsockname()):
            connection, _ = Batch.accepted(server)
            connection.close()


@EVERYWHERE
def test_no_file_is_left_outside_the_course(batch, quick):
    root = batch(quick).course.root
    places = [REPOSITORY, REPOSITORY / "helpers", REPOSITORY / "grading", root, Path.home(), Path(os.__file__).parent]
    places += [Path(place) for place in ("/", "/root", "/home", "/etc", "/usr", "/var/tmp", "/dev", "/tmp", "/dev/shm")]
    assert [str(place) for place in places if (place / MARKER).exists()] == []
    assert batch(quick).left == []


@EVERYWHERE
def test_no_attack_reaches_the_network(batch, quick):
    assert batch(quick).connected is None


@EVERYWHERE
def test_no_hidden_input_is_carried_out(batch, quick):
    numbers = hidden_numbers()
    for kept in (batch(quick).text("carry_out"), batch(quick).done.stdout + batch(quick).done.stderr):
        assert kept and leaks(kept.encode(), numbers) == set()


@EVERYWHERE
def test_the_log_and_the_files_hold_nothing_active(batch, quick):
    assert "\x1b]0;" not in batch(quick).done.stdout + batch(quick).done.stderr
    for name in batch(quick).names:
        outputs = [cell.get("outputs") for cell in batch(quick).course.graded(name, ASSIGNMENT).cells]
        assert "alert(" not in str(outputs), name


@pytest.mark.parametrize("way", [name for name in BANK if name.startswith("way_")])
@pytest.mark.slow
def test_a_forbidden_way_is_told_by_name_and_line(batch, way):
    graded = batch(False).course.graded(way, ASSIGNMENT)
    (violation,) = graded_cell(graded, "test_softmax_t").outputs[0].data["application/json"]["violations"]
    other = {"way_distribution": "torch.distributions.*", "way_logsumexp": "torch.logsumexp"}
    assert violation["name"] == other[way] if way in other else "softmax" in violation["name"]
    assert any(violation["line"] in cell.source for cell in graded.cells)


@pytest.mark.slow
def test_kept_outputs_stay_small(batch):
    graded = batch(False).course.root / "autograded"
    sizes = {path.parent.parent.name: path.stat().st_size for path in graded.rglob("*.ipynb")}
    assert sizes.keys() == {*BANK, *HONEST}
    assert {name: size for name, size in sizes.items() if size > 6 << 20} == {}
