"""What the sandbox keeps student code from and what it lets through, tried from inside; and grading without it."""

import json
import os
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grading.course import REPOSITORY
from grading.engine import judge as judging
from grading.engine.judge import Judge
from grading.sandbox import isolation
from grading.sandbox import kernels as sandbox

from tests.support.course import ASSIGNMENTS, COURSE

in_bubblewrap = pytest.mark.skipif(
    isolation.isolation() != "bubblewrap", reason="bubblewrap is not here, or this system forbids it to this user"
)


def run(*sources, **limits):
    """Run code cells as a submission; return what they printed, and the sentence about a cell that ended its kernel."""
    grader = Judge(timeout=limits.pop("timeout", 20), **limits)
    notebook, _ = grader.preprocess(new_notebook(cells=[new_code_cell(source) for source in sources]), {})
    texts = [out.get("text") or out.get("evalue", "") for cell in notebook.cells for out in cell.outputs]
    return "".join(texts), next(iter(grader.accidents.values()), None)


def tried(source):
    """Run a function ``result`` of a submission and return its result, which goes through JSON."""
    printed, ended = run(f"import json, os\n{source}\nprint(json.dumps(result()))")
    assert not ended, ended
    return json.loads(printed)


@in_bubblewrap
def test_student_code_sees_python_and_helpers_and_no_more():
    places = ["/root", "/home", "/etc/passwd", "/etc/shadow", "/var/log", "/sys", "/run", str(Path.home())]
    places += [str(REPOSITORY / name) for name in ("source", "source/cases", "grading/engine", "tests", ".git")]
    visible = tried(
        f"""def result():
    return {{place: os.path.isdir(place) and os.listdir(place) or os.path.isfile(place) for place in {places!r}}}"""
    )
    python = {str(parent) for root in (sys.prefix, sys.base_prefix) for parent in Path(root).parents}
    assert {place: seen for place, seen in visible.items() if seen and place not in python} == {}
    assert tried(
        f"def result(): return [f for _, _, files in os.walk({str(REPOSITORY / 'grading')!r}) for f in files]"
    ) == ["zygote.py"]


@in_bubblewrap
def test_a_course_among_what_can_be_seen_is_covered():
    folder = Path(tempfile.mkdtemp(prefix="course-", dir=sys.prefix))
    try:
        (folder / "hidden.safetensors").touch()
        look = f"import os\nprint(os.listdir({str(folder)!r}))"
        assert run(look) == ("['hidden.safetensors']\n", None), (
            "the red fixture: Python's own folder is there to be read"
        )
        assert run(look, course_folder=str(folder)) == ("[]\n", None)
    finally:
        shutil.rmtree(folder)


@in_bubblewrap
def test_nothing_but_scratch_can_be_written_to():
    writable = tried(
        """def result():
    found = []
    for line in open("/proc/self/mounts"):
        place = line.split()[1]
        try:
            with open(place + "/x" if os.path.isdir(place) else place, "w"): found.append(place)
        except OSError: pass
    return found"""
    )
    devices = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"}
    own = {place for place in writable if place.startswith("/var/tmp/kernel-")}
    assert set(writable) - devices - own == {*isolation.scratch(), "/dev/shm"}


@in_bubblewrap
def test_the_systems_settings_stay_as_they_are():
    """Root's sandbox owns /proc/sys and the devices: they could be written to, before the sandbox covered them."""
    found = tried(
        """import contextlib
def result():
    with contextlib.suppress(OSError), open("/proc/sys/kernel/core_pattern", "w") as file:
        return "written"
    with contextlib.suppress(OSError):
        os.chmod("/dev/null", 0o664)
    mode = os.stat("/dev/null").st_mode & 0o777
    if mode != 0o666:
        os.chmod("/dev/null", 0o666)
    return oct(mode)"""
    )
    assert found == "0o666"


@in_bubblewrap
def test_there_is_no_network_no_capability_and_no_new_namespace():
    found = tried(
        """import ctypes, socket
def result():
    libc = ctypes.CDLL(None, use_errno=True)
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    names = [name for name in os.listdir("/sys/class/net")] if os.path.exists("/sys/class/net") else []
    return {"capabilities": {int(status[k], 16) for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0},
            "no new privileges": status["NoNewPrivs"].strip(), "interfaces": [n for _, n in socket.if_nameindex()],
            "unshare": libc.unshare(0x10000000), "names": names}"""
    )
    expected = {"capabilities": True, "no new privileges": "1", "interfaces": ["lo"], "unshare": -1, "names": []}
    assert found == expected


@in_bubblewrap
def test_process_1_cannot_be_ended_stopped_traced_or_read():
    found = tried(
        """import ctypes, signal, time
def result():
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV): os.kill(1, number)
    time.sleep(0.1)
    state = open("/proc/1/stat").read().split()[2]
    opened = []
    for name in ("mem", "environ", "maps", "auxv"):
        try:
            with open(f"/proc/1/{name}", "rb") as file: opened.append(name) if file.read(1) else None
        except OSError: pass
    return [state in "SR", opened, ctypes.CDLL(None).ptrace(16, 1, 0, 0)]"""
    )
    assert found == [True, [], -1]


# What docs/security.md says: what leaves something behind, holds memory of nobody's, looks into other processes, makes
# namespaces, or is seldom used and often attacked.
CALLED = """shmget semget msgget mq_open add_key request_key keyctl memfd_create memfd_secret ptrace process_vm_readv
process_vm_writev pidfd_getfd unshare setns syslog perf_event_open bpf userfaultfd io_uring_setup"""

CALLS = f"""import ctypes, errno, signal
def result():
    libc, names = ctypes.CDLL(None, use_errno=True), ctypes.CDLL("libseccomp.so.2")
    number = lambda name: {isolation.RECENT!r}.get(name) or names.seccomp_syscall_resolve_name(name.encode())
    def refusal(name):
        ctypes.set_errno(0)
        return libc.syscall(number(name), *[-1] * 6) and errno.errorcode[ctypes.get_errno()]
    foreign = os.fork()
    if not foreign:
        libc.syscall(0x40000000 | number("getpid"))  # by x86's second set of numbers
        os._exit(0)
    status = os.waitpid(foreign, 0)[1]
    ended = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS
    return [[refusal(name) for name in names.split()] for names in ({CALLED!r}, "clone3 clone")] + [ended]"""


@in_bubblewrap
def test_every_refused_system_call_fails():
    """clone is given all flags, the new user namespace among them."""
    refused, clones, ended = tried(CALLS)
    names = CALLED.split()
    assert dict(zip(names, refused, strict=True)) == dict.fromkeys(names, "EPERM")
    assert clones == ["ENOSYS", "EPERM"]
    assert ended or platform.machine() != "x86_64"


@in_bubblewrap
@pytest.mark.parametrize("broken", [{"RECENT": {"memfd_secret": -1}}, {"REFUSED": "shmget no_such_call"}])
def test_without_all_of_the_filter_there_is_no_bubblewrap(monkeypatch, broken):
    for name, value in broken.items():
        monkeypatch.setattr(isolation, name, value)
    assert isolation.isolation.__wrapped__() == "limits"


def test_without_libseccomp_there_is_no_bubblewrap(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(isolation.ctypes, "CDLL", missing)
    assert isolation.isolation.__wrapped__() == "limits"


LEAVE = """import ctypes, os, socket, subprocess
libc = ctypes.CDLL(None)
for folder in ("/scratch", "/tmp", "/dev/shm", "/", "/dev", "/var/tmp", *__import__("glob").glob("/var/tmp/*")):
    try:
        open(folder + "/left", "w").close(); os.makedirs(folder + "/folder/left")
    except OSError: pass
libc.shmget(4711, 4096, 0o1666); libc.msgget(4711, 0o1666); libc.semget(4711, 1, 0o1666)
libc.syscall(248, b"user", b"left", b"x", 1, -4)
subprocess.Popen(["sleep", "100"], start_new_session=True)
import random, numpy, torch
print(random.random(), numpy.random.rand(), torch.rand(1).item(), ctypes.CDLL(None).getpid())"""

FIND = """import ctypes, glob, os
libc = ctypes.CDLL(None)
found = [path for folder in ("/", "/dev", "/scratch", "/tmp", "/dev/shm", "/var/tmp", "/var/tmp/*")
         for name in ("left", "folder") for path in glob.glob(f"{folder}/{name}")]
found += [open(f"/proc/{pid}/cmdline").read() for pid in os.listdir("/proc") if pid.isdigit() and pid not in
          ("1", str(os.getpid()))]
found += [kind for kind in ("shm", "msg", "sem") if len(open(f"/proc/sysvipc/{kind}").readlines()) > 1]
found += [line for line in open("/proc/keys") if "left" in line] if os.path.exists("/proc/keys") else []
print(found)"""


@in_bubblewrap
def test_nothing_is_left_for_the_next_submission():
    first, _ = run(LEAVE)
    kept = sandbox.current()
    assert len(first.split()) == 4
    assert run(FIND)[0].strip() == "[]"
    assert sandbox.current() is kept
    again, _ = run(LEAVE)
    assert not set(first.split()[:3]) & set(again.split()[:3])


@in_bubblewrap
def test_a_python_that_is_reached_through_links_runs_in_the_sandbox(tmp_path):
    """As uv makes them, and as where `.venv` itself is a link: to the folder, and to the one that Python is in."""
    (tmp_path / "python").symlink_to(sys.base_prefix)
    subprocess.run([tmp_path / "python/bin/python3", "-m", "venv", "--without-pip", tmp_path / "real"], check=True)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    code = "import sys; from grading.sandbox.isolation import isolation; print(sys.prefix, isolation())"
    paths = os.pathsep.join([str(REPOSITORY), str(Path(pytest.__file__).parents[1])])
    for name in ("real", "link"):
        command = [tmp_path / name / "bin/python3", "-c", code]
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True)
        assert done.stdout.split() == [str(tmp_path / name), "bubblewrap"], done.stderr


@pytest.mark.slow
@in_bubblewrap
def test_a_sandbox_that_cannot_be_cleaned_is_not_used_again():
    run("print(1)")
    dirty = sandbox.current()
    run("import os\nfor _ in range(2000):\n    os.mkdir('d')\n    os.chdir('d')")
    assert sandbox.current() is not dirty
    assert not dirty.share.exists()
    assert run("print(2)") == ("2\n", None)


@pytest.mark.slow
@in_bubblewrap
def test_torch_works_inside():
    printed, ended = run(
        """import torch
a = torch.rand(64, 64, dtype=torch.float64, requires_grad=True)
u, s, v = torch.linalg.svd(a @ a.T)
(torch.nn.functional.conv2d(torch.rand(1, 3, 16, 16), torch.rand(4, 3, 3, 3)).sum() + s.sum()).backward()
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.arange(8.0)), batch_size=4, num_workers=2)
print(a.grad.shape, sum(float(batch.sum()) for batch, in loader))"""
    )
    assert (printed, ended) == ("torch.Size([64, 64]) 28.0\n", None)


EXCEEDED = {
    "time": ("while True:\n    try: __import__('time').sleep(0.01)\n    except BaseException: pass", "longer than 3 s"),
    "memory": ("kept = []\nwhile True: kept.append(b'x' * (1 << 26))", "GiB of memory"),
    "processes": (
        "import subprocess, time\n"
        "try:\n    for _ in range(300): subprocess.Popen(['sleep', '30'])\n    time.sleep(30)\n"
        "except BlockingIOError: print('no more of them')",
        "processes and threads",
    ),
    "room": (
        "import glob, time\nplace = glob.glob('/var/tmp/*')[0]\n"
        "for i in range(40):\n    open(f'{place}/{i}', 'wb').write(bytes(1 << 20))\ntime.sleep(30)",
        "only its kernel may",
    ),
}


@pytest.mark.slow
@in_bubblewrap
@pytest.mark.parametrize("limit", EXCEEDED)
def test_a_limit_ends_only_its_own_notebook(limit):
    source, reason = EXCEEDED[limit]
    seconds = 3 if limit == "time" else 20
    printed, ended = run("print(1)", source, "print(2)", timeout=30, wall_limit=seconds, memory_limit=1_500_000_000)
    # An ordinary user's processes may be refused by the system before the watch looks.
    assert reason in str(ended) or (limit == "processes" and "no more of them" in printed)
    assert printed.endswith("2\n")
    assert run("print(3)") == ("3\n", None)


def test_output_beyond_the_limit_is_dropped_and_the_notebook_goes_on():
    printed, ended = run("for _ in range(100): print('x' * 1000)", "print('on')", output_limit=5000)
    assert len(printed) < 5000
    assert not ended


def test_a_file_may_not_grow_without_end():
    size = isolation.LIMITS["RLIMIT_FSIZE"] + 1
    printed, ended = run(f"with open('big', 'wb') as file: file.write(bytes({size}))", "print('on')")
    assert "File too large" in printed and printed.endswith("on\n") and not ended


def test_a_folder_is_measured_without_being_followed(tmp_path):
    (tmp_path / "link").symlink_to("/usr")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert is_small(tmp_path)
    (tmp_path / "big").write_bytes(bytes(LARGEST_SHARE + 1))
    assert not is_small(tmp_path)
    (tmp_path / "big").unlink()
    for i in range(MOST_FILES):
        (tmp_path / str(i)).touch()
    assert not is_small(tmp_path)


# What is our own failure is never a 0


@pytest.mark.slow
@in_bubblewrap
def test_a_sandbox_that_cannot_start_is_an_error(monkeypatch):
    sandbox.close_sandbox()
    monkeypatch.setattr(sandbox, "ZYGOTE", Path("/nowhere/zygote.py"))
    with pytest.raises(RuntimeError, match=r"the sandbox did not start: .*nowhere"):
        run("print(1)")


@pytest.mark.slow
@in_bubblewrap
def test_a_sandbox_that_was_killed_is_replaced():
    run("print(1)")
    killed = sandbox.current().process
    killed.kill()
    killed.wait()
    assert run("print(2)") == ("2\n", None)


@in_bubblewrap
def test_a_signal_to_a_kernel_that_was_waited_for_does_nothing():
    child = subprocess.Popen(["true"])
    kernel = sandbox.KernelProcess(os.pidfd_open(child.pid))
    child.wait()
    kernel.wait()
    kernel.kill()
    assert kernel.poll() == 0


def test_a_graded_cell_without_cases_is_an_error():
    metadata = {"grade": True, "solution": False, "grade_id": "test_nothing", "points": 1, "schema_version": 3}
    cell = new_code_cell("", metadata={"nbgrader": metadata | {"locked": True}})
    judge = Judge()
    judge.cases = COURSE.cases(ASSIGNMENTS[0])
    with pytest.raises(LookupError, match="no cases for 'nothing'"):
        judge.preprocess(new_notebook(cells=[cell]), {})


def test_isolation_can_be_required(monkeypatch):
    monkeypatch.setattr(judging, "isolation", lambda: "limits")
    with pytest.raises(RuntimeError, match="isolation is required"):
        run("print(1)", require_isolation=True)


def test_without_bubblewrap_a_kernel_has_limits_an_empty_home_and_no_environment(monkeypatch):
    monkeypatch.setattr(judging, "isolation", lambda: "limits")
    monkeypatch.setenv("SECRET_TOKEN", "of the instructor")
    printed, ended = run(
        "import os, resource\nprint(os.getcwd() == os.environ['HOME'], 'SECRET_TOKEN' in os.environ)",
        "print(resource.getrlimit(resource.RLIMIT_FSIZE)[0])",
    )
    assert not ended
    assert printed == f"True False\n{isolation.LIMITS['RLIMIT_FSIZE']}\n"


# An ordinary user


@pytest.mark.slow
@in_bubblewrap
@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")
def test_an_ordinary_user_has_the_same_walls(tmp_path):
    """The tests of this file as the user `tester`; Python is mounted where that user can reach it."""
    try:
        user = pwd.getpwnam("tester")
    except KeyError:
        pytest.skip("there is no user `tester`")
    checkout = Path("/opt") / f"checkout-{os.getpid()}"
    base, prefix = Path(sys.base_prefix), Path(sys.prefix)
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", "work")
    try:
        shutil.copytree(REPOSITORY, checkout, ignore=ignored)
        subprocess.run(["chown", "-R", user.pw_name, str(checkout)], check=True)
        mount = ""
        if base.is_relative_to("/root"):
            mount = f"""mkdir -p {tmp_path}/base {base} && mount --bind {base} {tmp_path}/base &&
                mount -t tmpfs -o mode=755 none /root && mkdir -p {base} && mount --bind {tmp_path}/base {base} &&"""
        here = "tests/grading/sandbox/test_sandbox.py"
        test = f'{prefix}/bin/python -m pytest -q -p no:cacheprovider -k "not ordinary" {here}'
        command = ["unshare", "--mount", "sh", "-c", f"{mount} cd {checkout} && su tester -s /bin/sh -c '{test}'"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
        assert "skipped" not in done.stdout, done.stdout[-2000:]
    finally:
        shutil.rmtree(checkout, ignore_errors=True)
