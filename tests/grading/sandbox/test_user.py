"""Student code as a user of its own, where bubblewrap is forbidden: tried from inside, in a container.

`report` runs there, in one process for all questions; the tests look at what it printed.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from grading.commands import grade
from grading.course import REPOSITORY
from grading.sandbox import confine, isolation, user
from grading.sandbox import kernels as sandbox
from tests.grading.sandbox.test_sandbox import CALLED, CALLS, EXCEEDED, LEAVE, REACHED, SETUID, run, tried
from tests.support.container import HOME, can_be_made, in_container

REFERENCE = "source/cases/iterated_softmax/hidden.safetensors"
SEEN = """def result():
    seen = []
    for path in PATHS:
        try: seen.append([path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(9).hex()])
        except OSError: pass
    return seen"""
OWN = """import ctypes, signal
def result():
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    signalled = []
    for pid in PIDS:
        try: signalled.append(os.kill(pid, signal.SIGCONT))
        except PermissionError: pass
    traced = [pid for pid in PIDS if ctypes.CDLL(None).ptrace(16, pid, 0, 0) == 0]
    return [status[name].split() for name in ("Uid", "Groups", "CapBnd", "CapPrm", "NoNewPrivs", "Seccomp")] + [
        signalled, traced, ctypes.CDLL(None).unshare(0x20000), dict(os.environ)]"""
PEER = 'not int.from_bytes(each.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4), "little")'
OF_ROOT = "each.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[4:8] == bytes(4)"


def open_places(home):
    """Return [folder, folders, files] of all that others may write to, of what lies at the top, and of devices."""
    command = "find / ( -path /proc -o -path /sys ) -prune -o ( -perm -o+w -o -type s ) ! -type l -print".split()
    found = subprocess.run(command, capture_output=True, text=True).stdout.split("\n")[:-1]
    tops = [str(path) for path in Path("/").glob("*/") if path.name not in ("proc", "sys")]
    folders = {home, "/", *tops, *(path for path in found if os.path.isdir(path))}
    files = [path for path in found if not os.path.isdir(path)]
    places = [[folder, [], []] for folder in sorted(folders)]
    return places + [[os.path.dirname(path), [], [os.path.basename(path)]] for path in files]


def report():
    """Print as JSON what student code can do here."""
    found = {"isolation": isolation.isolation(), "printed": run("print(6 * 7)", require_isolation=True)[0]}
    sandboxed = sandbox.current()
    room, pids = sandboxed.room, [os.getpid(), sandboxed.process.pid, 1]
    paths = [str(REPOSITORY), str(REPOSITORY / REFERENCE), HOME, "/root", "/etc/shadow", str(sandboxed.folder)]
    found["seen"] = tried(SEEN.replace("PATHS", str(paths)))
    found["own"] = tried(OWN.replace("PIDS", str(pids)))
    found["settings"] = isolation.environment(str(room.home), str(room.packages))
    reached = REACHED.replace('os.walk("/")', str(open_places(str(room.home)))).replace(PEER, OF_ROOT)
    assert OF_ROOT in reached
    found["reached"], found["families"] = tried(reached)
    found["reached"] = [place.replace(str(room.home), "home") for place in found["reached"]]
    made = tried(SETUID.replace("FOLDERS", "[os.getcwd(), '/dev/shm']"))
    found["setuid"] = [each for each in made if isinstance(each, list)]  # the others are folders of that kind of disk
    found["calls"] = tried(CALLS)
    left = run(LEAVE)
    found["leaves"] = [left[0].split(), str(left[1])]
    found["left"] = [str(path) for path in user.left_by(room.uid, ("/dev/shm", "/tmp", "/var/tmp"))]
    found["left"] += [*os.listdir(room.home), *confine.alive(room.uid)]
    found["kept"] = sandbox.current() is sandboxed
    sandbox.close_sandbox()
    found["ended"] = [str(path) for path in Path("/var/tmp").iterdir()]
    print(json.dumps(found))


def report_limits():
    """Print as JSON how what takes too much ends, and what is then left."""
    disk = "kept = []\nfor i in range(1000): open(f'{i}', 'wb').write(bytes(1 << 22))"
    deep = "import os\nfor _ in range(2000):\n    os.mkdir('d')\n    os.chdir('d')"
    found = {}
    for name, source in {"processes": EXCEEDED["processes"][0], "disk": disk, "deep": deep}.items():
        printed, ended = run(source, "print(2)", wall_limit=20)
        room = sandbox.current().room
        found[name] = [printed, str(ended), os.listdir(room.home), confine.alive(room.uid)]
    os.kill(sandbox.current().process.pid, 9)
    found["again"] = run("print(3)")[0]
    print(json.dumps(found))


def reported(function, landlock=True):
    """Return what a function of this file reports in a container."""
    code = f"from tests.grading.sandbox.test_user import {function.__name__} as report; report()"
    done = in_container(sys.executable, "-c", code, landlock=landlock, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["landlock", "modes"])
def inside(request):
    return reported(report, request.param) | {"landlock": request.param}


@can_be_made
def test_student_code_runs_as_a_user_of_its_own(inside):
    assert (inside["isolation"], inside["printed"]) == ("user", "42\n")
    numbers, *rest, settings = inside["own"]
    assert len(set(numbers)) == 1 and int(numbers[0]) >= user.FIRST
    assert rest == [[], ["0" * 16], ["0" * 16], ["1"], ["2"], [], [], -1]
    assert {name: settings[name] for name in inside["settings"]} == inside["settings"]
    assert not settings.keys() & {"CONTAINER", "USER", "LOGNAME"}, "of the grader's own environment nothing is there"


@can_be_made
def test_it_sees_neither_references_nor_the_home_nor_the_checkout(inside):
    seen = dict(inside["seen"])
    assert seen.keys() <= (set() if inside["landlock"] else {"/root"}), "with modes, a folder on the way to Python"


@can_be_made
def test_both_sides_can_write_and_connect_to_what_the_document_lists(inside):
    table = (REPOSITORY / "docs/security.md").read_text().partition("| as a user of its own |")[2].partition("\n\n")[0]
    listed = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\S+?)`", row.split("|")[1])}
    if inside["landlock"]:
        listed -= {"/tmp", "/var/tmp"}
    assert {*inside["reached"]} == listed
    assert inside["families"] == [1]


@can_be_made
def test_no_file_takes_on_the_identity_of_its_owner(inside):
    assert inside["setuid"] == []


@can_be_made
def test_every_refused_system_call_fails(inside):
    refused, clones, _ = inside["calls"]
    assert dict(zip(CALLED.split(), refused, strict=True)) == dict.fromkeys(CALLED.split(), "EPERM")
    assert clones == ["ENOSYS", "EPERM"]


@can_be_made
def test_nothing_is_left_for_the_next_submission_or_behind(inside):
    printed, ended = inside["leaves"]
    assert len(printed) == 4 and ended == "None", "it did what it was to do"
    assert (inside["left"], inside["kept"], inside["ended"]) == ([], True, [])


@pytest.mark.slow
@can_be_made
def test_what_takes_too_much_is_ended_and_removed():
    found = reported(report_limits)
    assert "processes and threads" in found["processes"][1] or "no more of them" in found["processes"][0]
    assert "GiB of files" in found["disk"][1]
    assert [name for name in ("processes", "disk", "deep") if found[name][2:] != [[], []]] == []
    assert found["again"] == "3\n"


@can_be_made
def test_where_a_reference_can_be_read_it_is_not_called_isolation():
    """The red fixture: a course within what must be readable."""
    code = "import json, sys; from grading.sandbox import isolation as i; print(json.dumps(i.obstacles((sys.prefix,))))"
    done = in_container(sys.executable, "-c", code, capture_output=True, text=True)
    assert any(f"it could read {sys.prefix}" in reason for reason in json.loads(done.stdout)), done.stdout + done.stderr


def test_numbers_of_users_are_taken_from_those_that_are_mapped_and_free():
    assert user.is_mapped(65_000, ["0", "100000", "65536"]) and not user.is_mapped(user.FIRST, ["0", "100000", "65536"])
    assert user.is_mapped(user.FIRST, ["0", "0", "4294967295"])
    if sys.platform == "linux":
        assert user.is_taken(0) and user.is_taken(os.getuid())


def test_no_process_of_a_real_user_can_be_killed():
    for call in (lambda: confine.become(1000), confine.kill_all):
        with pytest.raises(PermissionError, match="none of a sandbox"):
            call()


@pytest.mark.parametrize(("name", "said"), [("limits", True), ("none", True), ("user", False), ("bubblewrap", False)])
def test_grading_without_isolation_says_what_is_not_protected_and_why(monkeypatch, name, said):
    monkeypatch.setattr(grade, "isolation", lambda folders: name)
    monkeypatch.setattr(grade, "obstacles", lambda folders: ("bubblewrap is\x1b missing",))
    warning = grade.warning_of_isolation(("/course",))
    assert warning.startswith("WARNING: STUDENT CODE IS NOT ISOLATED") is said is bool(warning)
    assert ("- bubblewrap is\\u001b missing" in warning) is said
