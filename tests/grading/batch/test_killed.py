"""Grading a class while processes are killed at random points: nothing is lost, half written or graded twice."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from grading.batch.executors import Workers
from grading.course import REPOSITORY
from grading.sandbox.isolation import isolation
from tests.support.course import Trial
from tests.support.small_course import ASSIGNMENT, FULL, SOLVED, filled, generate, query

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("alone")]

CLASS = {f"student{i:02}": dict(list(SOLVED.items())[: 4 * (i % 3)]) for i in range(12)}
KILLS = 10  # more in one long run: KILLS=200 pytest -m slow tests/grading/batch/test_killed.py
EXPECTED = {
    student: {name: points if name in answers else 0.0 for name, points in FULL.items()}
    for student, answers in CLASS.items()
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory):
    root = tmp_path_factory.mktemp("class")
    generate(root)
    for student, answers in CLASS.items():
        Trial(root).submit(student, ASSIGNMENT, filled(root, answers))
    return root


@pytest.fixture
def root(handed_in, tmp_path):
    shutil.copytree(handed_in, tmp_path, dirs_exist_ok=True)
    return tmp_path


def start(root, *options, **how):
    """Start grading in a process group of its own, where Ctrl-C works: a shell's background jobs ignore it."""
    command = [sys.executable, "-m", "grading", "grade", "--course", root, "--assignment", ASSIGNMENT, *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True} | how
    return subprocess.Popen(
        [*command, "--no-report", "--workers=2"],
        cwd=REPOSITORY,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **pipes,
    )


def family(process):
    """Return the process and everything that it started."""
    root = psutil.Process(process.pid)
    return [root, *root.children(recursive=True)]


def state(root):
    """Check that all that is there is whole, and return the verdicts' contents."""
    if (root / "gradebook.db").exists():
        assert query(root, "pragma integrity_check") == [("ok",)]
        for student, marks in Trial(root).marks(ASSIGNMENT).items():
            assert marks in ({}, EXPECTED[student]), student
    for path in root.glob(f"autograded/*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"):
        graded = [c for c in nbformat.read(path, 4).cells if c.metadata.get("nbgrader", {}).get("grade")]
        assert len(graded) == len(FULL) and all(len(cell.outputs) == 2 for cell in graded), path
    for path in root.glob(f"feedback/*/{ASSIGNMENT}/{ASSIGNMENT}.html"):
        assert path.read_text().rstrip().endswith("</html>")
    verdicts = {path.stem: path.read_bytes() for path in root.glob(f"verdicts/{ASSIGNMENT}/student*.json")}
    assert all(json.loads(content)["points"] for content in verdicts.values())
    return verdicts


def finish(root, *options):
    """Run to the end, and check that all are graded as they should be, with nothing left over."""
    process = start(root, *options)
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    assert Trial(root).marks(ASSIGNMENT) == EXPECTED
    assert len(list(root.glob(f"feedback/*/{ASSIGNMENT}/{ASSIGNMENT}.html"))) == len(CLASS)
    assert [path for path in root.rglob("*") if path.suffix == ".partial" or path.name == ".staging"] == []
    state(root)


def test_a_killed_run_goes_on_where_it_was(root):
    """Kill the whole group, the grading process, a worker, a sandbox, or press Ctrl-C, again and again."""
    dice, kept, tries, in_time = random.Random(6), {}, int(os.environ.get("KILLS", KILLS)), 0
    for kill in range(tries):
        process = start(root)
        time.sleep(dice.uniform(1, 5) if kill % 3 else dice.uniform(5, 14))
        members = family(process) if process.poll() is None else []
        way = ("group", "grader", "interrupt", "one of them", "one of them")[kill % 5]
        in_time += bool(members)
        if not members:
            pass  # a fast machine was done before
        elif way == "group":
            os.killpg(process.pid, signal.SIGKILL)
        elif way == "interrupt":
            os.killpg(process.pid, signal.SIGINT)
        else:
            (members[0] if way == "grader" else dice.choice(members)).send_signal(signal.SIGKILL)
        process.communicate(timeout=300)
        _, alive = psutil.wait_procs(members, timeout=15)
        assert alive == [], f"{way}: {[member.cmdline() for member in alive]}"
        now = state(root)
        assert {student: now.get(student) for student in kept} == kept, "a verdict is made once and stays"
        kept = now
        if kill % 5 == 4 or not members:  # students hand in anew, so that there is always something to do
            for student in dice.sample(sorted(kept), len(kept) // 2):
                del kept[student]
                (root / "verdicts" / ASSIGNMENT / f"{student}.json").unlink()
    assert in_time > tries / 2, "killed too late most times"
    finish(root)


def test_a_run_that_is_killed_while_it_collects_goes_on_where_it_was(root, tmp_path_factory):
    flat, dice = tmp_path_factory.mktemp("flat"), random.Random(7)
    for student in CLASS:
        shutil.copy(root / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", flat / f"{student}_work.ipynb")
    archive = shutil.make_archive(str(flat), "zip", flat)
    collected = []
    for _ in range(5):
        shutil.rmtree(root / "submitted", ignore_errors=True)
        process = start(root, archive)
        while process.poll() is None and not (root / "submitted").exists():
            time.sleep(0.001)
        time.sleep(dice.uniform(0, 0.05))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=300)
        collected.append(len(list(root.glob(f"submitted/*/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"))))
        state(root)
    assert min(collected) < len(CLASS), f"killed too late each time: {collected}"
    finish(root, archive)


def test_ctrl_c_says_that_nothing_is_lost(root):
    process = start(root)
    while not list(root.glob(f"verdicts/{ASSIGNMENT}/*.json")):
        time.sleep(0.05)
        assert process.poll() is None, process.communicate()[0]
    os.killpg(process.pid, signal.SIGINT)
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 130, output
    assert "Stopped: what is graded is kept. The same command goes on from here." in output
    assert "Traceback" not in output
    finish(root)


@pytest.mark.skipif(isolation() != "bubblewrap", reason="a sandbox is killed here; bubblewrap does not work")
def test_a_killed_worker_or_sandbox_costs_no_mark(root):
    process = start(root)
    killed = set()
    while process.poll() is None and len(killed) < 3:
        time.sleep(0.2)
        graded = len(list(root.glob(f"verdicts/{ASSIGNMENT}/*.json")))
        if graded >= 2 * (len(killed) + 1):
            victim = random.Random(len(killed)).choice([m for m in family(process)[1:] if m.pid not in killed])
            killed.add(victim.pid)
            victim.send_signal(signal.SIGKILL)
    output = process.communicate(timeout=300)[0]
    assert killed
    assert process.returncode == 0, output
    assert Trial(root).marks(ASSIGNMENT) == EXPECTED
    assert not list(Path("/var/tmp").glob(f"kernel-{process.pid}-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted here; only root can")
def test_a_full_disk_stops_the_run_and_more_room_ends_it(root, tmp_path_factory):
    disk = tmp_path_factory.mktemp("disk")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", disk], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"no file system can be mounted here: {mount.stderr.strip()}")
    try:
        shutil.copytree(root, disk, dirs_exist_ok=True)
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            free = shutil.disk_usage(disk).free
            file.write(b"\0" * (free - (500 << 10)))
        process = start(disk)
        output = process.communicate(timeout=300)[0]
        assert process.returncode == 2, output
        assert "space is left" in output or "disk is full" in output, output
        assert "Traceback" not in output
        state(disk)
        ballast.unlink()
        finish(disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def run_into_a_pattern():
    """Look for a pattern that is never found: no other thread of Python's runs meanwhile."""
    re.fullmatch("(a*)*b", "a" * 64)


def judge_forever():
    with Workers(1) as workers:
        workers.executor.submit(run_into_a_pattern).result()


@pytest.mark.skipif(sys.platform != "linux", reason="the system ends a stuck process elsewhere, or nothing does")
def test_a_killed_grader_leaves_no_stuck_worker_and_no_sandbox():
    command = [sys.executable, "-c", f"from {__name__} import judge_forever; judge_forever()"]
    paths = {"PYTHONPATH": str(Path(__file__).parent)}
    process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | paths, start_new_session=True)
    time.sleep(15)  # until the sandbox is ready, and the worker in the pattern
    assert process.poll() is None and len(family(process)) > 2
    members = family(process)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(members, timeout=5)
    assert alive == []
