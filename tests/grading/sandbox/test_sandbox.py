"""What the sandbox keeps student code from and what it lets through, tried from inside; and grading without it."""

import json
import os
import platform
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grading.course import REPOSITORY
from grading.engine import runner as running
from grading.engine.judge import Judge
from grading.sandbox import isolation
from grading.sandbox import kernels as sandbox
from grading.sandbox.watchdog import SOCKET
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


REACHED = """import re, socket, stat
def result():
    writable, names = [], re.findall(r"(?m) ([@/]\\S+)$", open("/proc/net/unix").read())
    for folder, folders, files in os.walk("/"):
        folders[:] = [f for f in folders if f not in ("fd", "map_files") or not folder.startswith("/proc")]
        try:
            os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY))
            writable.append(folder)
            folders.clear()
        except OSError: pass
        for path in (f"{folder}/{name}" for name in files):
            try: kind = os.lstat(path).st_mode
            except OSError: continue
            if stat.S_ISSOCK(kind): names.append(path)
            elif not stat.S_ISLNK(kind):
                try:
                    os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY))
                    writable.append(path)
                except OSError: pass
    outside, pipes = set(), {}
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        try: place = os.readlink(f"/proc/self/fd/{descriptor}")
        except OSError: continue
        access = int(open(f"/proc/self/fdinfo/{descriptor}").read().split("flags:")[1].split()[0], 8) & os.O_ACCMODE
        if place.startswith("socket:"):
            with socket.socket(fileno=os.dup(descriptor)) as each:
                if each.family != socket.AF_UNIX: continue
                names.append(each.getsockname())
                if not int.from_bytes(each.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 4), "little"):
                    outside.add(os.path.basename(each.getsockname()).rpartition("-")[0])
        elif place.startswith("pipe:"): pipes.setdefault(place, set()).add(access)
        elif access and place[0] == "/" and not place.startswith((*writable, "/dev/")): outside.add(place)
    outside |= {pipe for pipe, ends in pipes.items() if len(ends) == 1}
    connected, families = [], set()
    for name in filter(None, names):
        name = name.decode() if isinstance(name, bytes) else name
        with socket.socket(socket.AF_UNIX) as each:
            try: each.connect(name.replace("@", chr(0)).encode())
            except OSError: continue
            connected.append(name.replace(chr(0), "@"))
    for family in range(64):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            try: socket.socket(family, kind).close()
            except OSError: continue
            families.add(family)
    return [sorted({*writable, *connected, *outside}), sorted(families)]"""


@in_bubblewrap
def test_both_sides_can_write_and_connect_to_what_the_document_lists():
    """All that is there is tried: every folder, file and device, every name of a socket, and every descriptor."""
    reached, families = tried(REACHED)
    table = (REPOSITORY / "docs/security.md").read_text().partition("| from inside |")[2].partition("\n\n")[0]
    listed = {name for row in table.splitlines()[2:] for name in re.findall(r"`(\S+?)`", row.split("|")[1])}
    assert {*reached} | {"/tmp"} == listed
    assert "/tmp" in reached or isolation.scratch() == ["/scratch"]
    assert families == [socket.AF_UNIX]


@in_bubblewrap
def test_the_folder_of_the_sockets_is_the_graders_alone():
    assert run("print(1)")[0] == "1\n"
    folder = sandbox.current().folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert tried(f"def result(): return os.path.exists({str(folder)!r})") is False


SETUID = """import ctypes, stat
libc, names = ctypes.CDLL(None), ctypes.CDLL("libseccomp.so.2")
def result():
    os.umask(0)
    number = lambda name: {"fchmodat2": 452}.get(name) or names.seccomp_syscall_resolve_name(name.encode())
    how = (ctypes.c_uint64 * 3)(os.O_CREAT | os.O_WRONLY, 0o6777, 0)
    found = []
    for folder in FOLDERS:
        os.chdir(folder)
        flags = os.statvfs(".").f_flag
        found += [] if flags & os.ST_NOSUID and flags & os.ST_NODEV else [folder]
        open("old", "w").close()
        for bits in (0o4000, 0o2000, 0o6000):
            for call in (("open", b"made", 0o101, bits | 0o777), ("openat", -100, b"made", 0o101, bits | 0o777),
                         ("creat", b"made", bits | 0o777), ("openat2", -100, b"made", how, 24),
                         ("mkdir", b"made", bits | 0o777), ("mkdirat", -100, b"made", bits | 0o777),
                         ("mknod", b"made", bits | 0o100777, 0), ("mknodat", -100, b"made", bits | 0o100777, 0),
                         ("chmod", b"old", bits | 0o777), ("fchmodat", -100, b"old", bits | 0o777),
                         ("fchmodat2", -100, b"old", bits | 0o777, 0)):
                descriptor = libc.syscall(number(call[0]), *call[1:])
                libc.fchmod(descriptor, bits | 0o777)
                modes = [os.stat(name).st_mode for name in ("made", "old") if os.path.exists(name)]
                if any(mode & 0o6000 for mode in modes): found.append([folder, call[0], oct(bits)])
                if os.path.exists("made"): os.rmdir("made") if os.path.isdir("made") else os.unlink("made")
                if os.stat("old").st_mode & 0o6000:
                    os.unlink("old")
                    open("old", "w").close()
    return found"""


@in_bubblewrap
def test_no_file_takes_on_the_identity_of_its_owner():
    """As a setuid program does, which another user of the machine could run."""
    assert tried(SETUID.replace("FOLDERS", str([*isolation.scratch(), "/dev/shm"]))) == []


@in_bubblewrap
def test_a_socket_holds_no_more_than_it_is_counted_for():
    held = tried("""import socket
def result():
    held = []
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        for size in (1000, 40_000, 200_000):
            ends = socket.socketpair(socket.AF_UNIX, kind)
            for option in (socket.SO_SNDBUF, socket.SO_RCVBUF): ends[0].setsockopt(socket.SOL_SOCKET, option, 1 << 22)
            ends[0].setblocking(False)
            sent = 0
            try:
                while True: sent += ends[0].send(bytes(size))
            except OSError: held.append(sent)
    return held""")
    assert 0 < max(held) <= SOCKET * int(Path("/proc/sys/net/core/wmem_default").read_text())


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
        """import ctypes
def result():
    libc = ctypes.CDLL(None, use_errno=True)
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    interfaces = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
    names = [name for name in os.listdir("/sys/class/net")] if os.path.exists("/sys/class/net") else []
    return {"capabilities": {int(status[k], 16) for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0},
            "no new privileges": status["NoNewPrivs"].strip(), "interfaces": interfaces,
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
    assert isolation.found.__wrapped__().name == "limits"


def test_without_libseccomp_there_is_no_bubblewrap(monkeypatch):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(isolation.ctypes, "CDLL", missing)
    assert isolation.found.__wrapped__().name == "limits"


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
    assert not dirty.folder.exists()
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


@pytest.mark.slow
@in_bubblewrap
def test_many_processes_and_figures_fit_in():
    printed, ended = run(
        """import multiprocessing, torch, matplotlib.pyplot as plt
def work(seed):
    print("at work", flush=True)
    torch.manual_seed(seed)
    return float(torch.nn.Linear(100, 100)(torch.ones(10, 100)).shape[1])
figure, axes = plt.subplots(4, 4)
for axis in axes.flat: axis.plot(torch.rand(1000))
plt.show()
with multiprocessing.Pool(24) as pool: print(sum(pool.map(work, range(96))))""",
        "loader = torch.utils.data.DataLoader(torch.arange(960.0), batch_size=4, num_workers=24)\n"
        "print(sum(float(batch.sum()) for batch in loader))",
    )
    assert not ended, ended
    assert printed.count("at work") == 96 and "9600.0\n" in printed and "460320.0\n" in printed


EXCEEDED = {
    "time": ("while True:\n    try: __import__('time').sleep(0.01)\n    except BaseException: pass", "longer than 3 s"),
    "memory": ("kept = []\nwhile True: kept.append(b'x' * (1 << 26))", "GiB of memory"),
    "processes": (
        "import subprocess, time\n"
        "try:\n    for _ in range(300): subprocess.Popen(['sleep', '30'])\n    time.sleep(30)\n"
        "except BlockingIOError: print('no more of them')",
        "processes and threads",
    ),
    "sockets": (
        "import subprocess, sys, time\ncode = 'import socket, time; k = [socket.socketpair() for _ in range(200)]'\n"
        "for _ in range(10): subprocess.Popen([sys.executable, '-ISc', code + '; time.sleep(20)'])\ntime.sleep(20)",
        "GiB of memory",
    ),
    "files": (
        "import os\nopen('/dev/shm/x', 'w').close()\nfor i in range(1_000_000): os.link('/dev/shm/x', f'/dev/shm/{i}')",
        "GiB of memory",
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


@pytest.mark.parametrize(
    ("source", "why"), [('check("nothing")', "no cases for 'nothing'"), ("# to come", "test_nothing tests nothing")]
)
def test_a_graded_cell_without_cases_or_tests_is_an_error(source, why):
    metadata = {"grade": True, "solution": False, "grade_id": "test_nothing", "points": 1, "schema_version": 3}
    cell = new_code_cell(source, metadata={"nbgrader": metadata | {"locked": True}})
    judge = Judge()
    judge.cases = COURSE.cases(ASSIGNMENTS[0])
    with pytest.raises(LookupError, match=why):
        judge.preprocess(new_notebook(cells=[cell]), {})


def test_isolation_can_be_required(monkeypatch):
    monkeypatch.setattr(running, "isolation", lambda folders: "limits")
    with pytest.raises(RuntimeError, match="isolation is required"):
        run("print(1)", require_isolation=True)


def test_without_bubblewrap_a_kernel_has_limits_an_empty_home_and_no_environment(monkeypatch):
    monkeypatch.setattr(running, "isolation", lambda folders: "limits")
    monkeypatch.setenv("SECRET_TOKEN", "of the instructor")
    printed, ended = run(
        "import os, resource\nprint(os.getcwd() == os.environ['HOME'] != '/scratch', 'SECRET_TOKEN' in os.environ)",
        "print(resource.getrlimit(resource.RLIMIT_FSIZE)[0])",
    )
    assert not ended
    assert printed == f"True False\n{isolation.LIMITS['RLIMIT_FSIZE']}\n"


# An ordinary user


@pytest.mark.slow
@in_bubblewrap
@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")
def test_an_ordinary_user_has_the_same_walls(tmp_path):
    """The tests of this file as the user `tester`, but for one that writes into Python's own folder.

    Python is mounted where that user can reach it.
    """
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
        test = f'{prefix}/bin/python -m pytest -q -p no:cacheprovider -k "not ordinary and not is_covered" {here}'
        command = ["unshare", "--mount", "sh", "-c", f"{mount} cd {checkout} && su tester -s /bin/sh -c '{test}'"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
        assert "skipped" not in done.stdout, done.stdout[-2000:]
    finally:
        shutil.rmtree(checkout, ignore_errors=True)
