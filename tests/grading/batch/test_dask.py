"""Grading on the workers of a dask scheduler: real processes, started as docs/scaling.md says, and ended in mid-run."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import pytest

from grading.__main__ import main
from grading.batch.executors import Workers
from grading.batch.writer import Writer
from grading.bounded import TooDear
from grading.course import REPOSITORY
from grading.engine.record import Store
from tests.support.course import Trial
from tests.support.small_course import ASSIGNMENT, generate, hand_in, mixed_class, query

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]

MARKS = mixed_class(12)


@pytest.fixture(scope="module")
def ungraded(tmp_path_factory):
    """A class of twelve that has handed in."""
    course = Trial(tmp_path_factory.mktemp("class"))
    generate(course.root)
    hand_in(course.root, MARKS)
    return course


@pytest.fixture
def course(ungraded, tmp_path):
    """A copy of the class, to grade."""
    shutil.copytree(ungraded.root, tmp_path / "course")
    return Trial(tmp_path / "course")


@contextmanager
def started(*command, cwd=REPOSITORY, **environment):
    """Run one of dask's commands; end it, and what it has started, at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *command], cwd=cwd, env=os.environ | environment, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def scheduler():
    """Start a scheduler; give its process and its address when it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with started("scheduler", "--host=127.0.0.1", f"--port={port}", "--no-dashboard") as process:
        until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None)
        yield process, f"tcp://127.0.0.1:{port}"


def worker(address, nworkers=1, nthreads=1, *options, **how):
    numbers = f"--nworkers={nworkers}", f"--nthreads={nthreads}"
    return started("worker", address, *numbers, "--no-dashboard", *options, **how)


def until(true, seconds=60):
    """Wait until something is true; an OSError counts as not yet."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"still not so after {seconds} s")


@contextmanager
def client_of(address, threads):
    """Give a client of a scheduler, once its workers have so many threads."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        until(lambda: sum(client.nthreads().values()) == threads)
        yield client


def grade(course, *options):
    where = ["--course", str(course.root), "--assignment", ASSIGNMENT]
    return main(["grade", *where, "--no-feedback", "--no-report", *options])


def after(writes, monkeypatch, act):
    """Call ``act`` once, when so many submissions are in the gradebook; return the list of all that are written."""
    written, write = [], Writer.write

    def counted(self, student, *arguments):
        moved = write(self, student, *arguments)
        written.append(student)
        if len(written) == writes:
            act()
        return moved

    monkeypatch.setattr(Writer, "write", counted)
    return written


def pools_marks(course):
    """Return the marks that the pool of processes gives the same class, in a folder beside."""
    other = Trial(course.root.with_name("pool"))
    shutil.copytree(course.root, other.root, ignore=shutil.ignore_patterns("verdicts", "autograded", "gradebook.db"))
    assert grade(other, "--workers=2") == 0
    return other.marks(ASSIGNMENT)


def verdicts(course):
    return {student: Store(course.root, ASSIGNMENT).load(student) for student in MARKS}


def test_a_killed_worker_loses_nothing_and_the_marks_are_those_of_the_pool(course, monkeypatch, capsys):
    with scheduler() as (_, address), worker(address, nworkers=2), worker(address, nthreads=2):
        with client_of(address, threads=4) as client:
            processes = client.run(os.getpid)
            victim = next(worker for worker, threads in client.nthreads().items() if threads == 1)
        written = after(3, monkeypatch, lambda: os.kill(processes[victim], signal.SIGKILL))
        assert grade(course, "--scheduler", address) == 0
        assert sorted(written) == sorted(MARKS), "each is written once"
        assert "Graded 12." in capsys.readouterr().out
        with client_of(address, threads=4) as client:
            assert processes[victim] not in client.run(os.getpid).values(), "dask has started another"
    assert course.marks(ASSIGNMENT) == MARKS == pools_marks(course)
    assert query(course.root, "select count(*) from submitted_assignment") == [(len(MARKS),)]


def test_with_the_scheduler_gone_a_sentence_says_so_and_the_pool_goes_on(course, monkeypatch, capsys):
    with scheduler() as (process, address), worker(address, nworkers=2):
        with client_of(address, threads=2):
            pass  # they are there
        written = after(3, monkeypatch, process.kill)
        assert grade(course, "--scheduler", address) == 2
        message = capsys.readouterr().err
    assert f"no dask scheduler answers at {address}" in message and "is kept" in message
    assert "Traceback" not in message
    before = {student: record for student, record in verdicts(course).items() if record}
    assert 3 <= len(before) < len(MARKS)
    assert grade(course, "--workers=2") == 0
    assert sorted(written) == sorted(MARKS), "each is written once, in one run or the other"
    assert before.items() <= verdicts(course).items(), "no verdict is made again"
    assert course.marks(ASSIGNMENT) == MARKS


@pytest.mark.parametrize("keeper", ["--nanny", "--no-nanny"])
def test_a_call_that_is_stuck_on_a_worker_is_too_dear_and_the_worker_goes_on(keeper):
    """A pattern that is never found held up the whole worker, and the run waited forever."""
    with scheduler() as (_, address), worker(address, 1, 1, keeper), client_of(address, threads=1):
        with Workers(0, address) as workers:
            workers.limit = 2
            with pytest.raises(TooDear):
                workers.executor.submit(re.fullmatch, "(a*)*b", "a" * 64).result(timeout=60)
            assert workers.executor.submit(sorted, [3, 1]).result(timeout=60) == [1, 3]


def copy_of_the_code(root):
    """Copy the grader and the helpers, and nothing of the course, to a folder."""
    for folder in ("grading", "helpers"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return root


def test_a_worker_needs_the_code_only_and_no_file_of_the_course(course, tmp_path):
    other = copy_of_the_code(tmp_path / "other")
    with scheduler() as (_, address), worker(address, cwd=other, PYTHONPATH=str(other)), client_of(address, threads=1):
        assert grade(course, "--scheduler", address) == 0
    assert course.marks(ASSIGNMENT) == MARKS


def test_a_worker_with_other_code_is_refused(course, tmp_path, capsys):
    other = copy_of_the_code(tmp_path / "other")
    file = other / "helpers" / "checks" / "compare.py"
    file.write_text(file.read_text() + "\n# Changed since.\n")
    with scheduler() as (_, address), worker(address, cwd=other, PYTHONPATH=str(other)), client_of(address, threads=1):
        assert grade(course, "--scheduler", address) == 2
    message = capsys.readouterr().err
    assert f"in {other}, is not the one that runs here" in message and "Traceback" not in message
    assert not any(verdicts(course).values())


def test_what_is_wrong_with_a_scheduler_is_said_before_anything_is_graded(course, tmp_path, monkeypatch, capsys):
    def refusal(address):
        assert grade(course, "--scheduler", address) == 2
        return capsys.readouterr().err

    monkeypatch.setattr("grading.batch.executors.PATIENCE", 1)
    assert "no dask scheduler answers at tcp://127.0.0.1:9: see docs" in refusal("tcp://127.0.0.1:9")
    assert "no dask scheduler answers at nowhere at all: see docs" in refusal("nowhere at all")
    assert "IO loop" not in {thread.name for thread in threading.enumerate()}, "a client that found none goes on"
    with scheduler() as (_, address):
        assert f"the dask scheduler at {address} has no workers: start some" in refusal(address)
        with worker(address, cwd=tmp_path), client_of(address, threads=1):
            message = refusal(address)
    assert (
        "cannot judge: " in message
        and "No module named 'grading'" in message
        and "Start it in a copy of this folder" in message
    )
