"""Isolate student code: bubblewrap's arguments, the system calls that are refused, the resource limits.

`isolation` finds out by trying how far that is possible here. In bubblewrap there is no network, and nothing to see but
the system's programs, Python and `helpers`, all of it read-only; a scratch folder in memory is all that can be written
to. Where the system forbids that and the grader is root, student code has a user of its own (`user`).
"""

import contextlib
import ctypes
import errno
import functools
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import helpers
from grading.course import REPOSITORY
from grading.sandbox import user

ISOLATED = ("bubblewrap", "user")  # what counts as isolation; with less, student code runs as the grader
GIBIBYTE, MEBIBYTE = 1 << 30, 1 << 20
LIMITS = {"RLIMIT_AS": 6 * GIBIBYTE, "RLIMIT_FSIZE": 64 * MEBIBYTE, "RLIMIT_CORE": 0}
# Of a user's descriptors so many may be under way in sockets, and that counts against the grader's own limit: so fewer.
LIMITS["RLIMIT_NOFILE"] = 512
MOST_TASKS = 256  # processes and their threads, of one submission
SCRATCH_SIZE = 256 * MEBIBYTE
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ZYGOTE = Path(__file__).with_name("zygote.py")

# The system calls that are refused: those that leave something behind for the next submission or hold memory that
# belongs to no process (System V and POSIX queues and memory, keyrings, memfd), that look into other processes, make
# namespaces, or are seldom used and often attacked.
REFUSED = "shmget semget msgget mq_open add_key request_key keyctl memfd_create memfd_secret ptrace process_vm_readv "
REFUSED += "process_vm_writev pidfd_getfd unshare setns syslog perf_event_open bpf userfaultfd io_uring_setup"
# Modes, owners and attributes: where the instructor is root, the devices in a sandbox would be the student's to change.
# These calls then do nothing and report success, since Python's own libraries make them.
IDLE_FOR_ROOT = "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr lsetxattr fsetxattr setxattrat"
# What a libseccomp that is older than the system does not know by name; these have one number on every machine.
RECENT = {"memfd_secret": 447, "fchmodat2": 452, "setxattrat": 463}
# Where a mode stands among the arguments of the calls that give a file one; openat2's can't be read.
WITH_MODE = {1: "chmod fchmod creat mknod", 2: "fchmodat fchmodat2 open mknodat", 3: "openat"}
CLONE_NEWUSER = 0x10000000
# Of libseccomp's header: three actions, the last with an error's number in it, a setting and a way to compare.
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000
ACTION_FOR_OTHER_MACHINES, NOT_EQUAL, MASKED_EQUAL, INTEGER = 2, 1, 7, 0xFFFFFFFF


def isolation(folders: tuple[str, ...] = ()) -> str:
    """Return the isolation in force: "bubblewrap", "user", "limits" or "none".

    Arguments
        folders: those that student code must not see besides this checkout and the instructor's home.
    """
    return found(folders).name


def obstacles(folders: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return in sentences why the isolation in force is none of `ISOLATED`; nothing where it is one."""
    return found(folders).obstacles


@dataclass(frozen=True)
class Isolation:
    """What was found out by trying: a name, what stood against a better one, and where a user can leave something."""

    name: str
    obstacles: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


@functools.cache
def found(folders: tuple[str, ...] = ()) -> Isolation:
    """Try each isolation in turn; `folders` as in `isolation`."""
    if os.name != "posix":
        return Isolation("none", ("this system has no limits",))
    against = list(against_bubblewrap())
    if not against:
        return Isolation("bubblewrap")
    if sys.platform != "linux" or os.geteuid() != 0:
        return Isolation("limits", (*against, "the grader is not root, who could give student code a user of its own"))
    ours = {each.resolve() for each in (REPOSITORY, Path.home(), *map(Path, folders))} - {Path("/")}
    try:
        with system_call_filter() as rules, open(rules, "rb", closefd=False) as file:
            standing, places = user.tried(file.read(), system_and_python(), sorted(map(str, ours)))
    except (OSError, subprocess.SubprocessError) as error:
        standing, places = [str(error)], []
    if not standing:
        return Isolation("user", places=tuple(places))
    return Isolation("limits", (*against, *(f"with a user of its own: {reason}" for reason in standing)))


def against_bubblewrap() -> Iterator[str]:
    """Yield a sentence where bubblewrap does not work here."""
    if not shutil.which("bwrap") or not hasattr(os, "pidfd_open"):
        yield "bubblewrap is not installed"
        return
    try:
        with system_call_filter(idle_calls()) as rules:
            command = [*bubblewrap_command(rules, private()), "--", sys.executable, "-I", "-S", "-c", ""]
            done = subprocess.run(command, pass_fds=[rules], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield f"bubblewrap does not work: {error}"
        return
    if done.returncode:
        yield f"bubblewrap does not work: {done.stderr.strip().rpartition(chr(10))[2]}"


def system_and_python() -> list[str]:
    """Return the paths of the system and of Python that student code must be able to read.

    What a path of Python's leads to through links comes before it.
    """
    return resolved([*SYSTEM], [str(Path(sys.executable).resolve().parents[1]), sys.base_prefix, sys.prefix])


def needed() -> list[str]:
    """Return the paths that student code must be able to read in bubblewrap: the system, Python and `helpers`."""
    return resolved(system_and_python(), [str(Path(helpers.__file__).parent), str(ZYGOTE)])


def resolved(paths: Iterable[str], more: Iterable[str]) -> list[str]:
    """Return paths and more of them, each of these after what it leads to through links."""
    return list(dict.fromkeys([*paths, *(each for path in more for each in (os.path.realpath(path), path))]))


def private(folders: Iterable[str | Path] = ()) -> list[str]:
    """Return the folders to cover that lie within what student code can see.

    They are this checkout, the one in which we work, the instructor's home and `folders`, as those of a course.
    """
    ours = {Path(f).resolve() for f in (REPOSITORY, Path.cwd(), Path.home(), *folders)}
    return [str(f) for f in sorted(ours) if f.is_dir() and any(is_within(f, path) for path in needed())]


def is_within(folder: Path, path: str) -> bool:
    """Tell whether a folder lies below a path."""
    return folder != Path(path) and folder.is_relative_to(path)


def scratch() -> list[str]:
    """Return the folders that student code may write to; /tmp only where nothing that it needs lies in there."""
    return ["/scratch"] if any(path.startswith("/tmp/") for path in needed()) else ["/scratch", "/tmp"]


def bubblewrap_command(rules: int, covered: Sequence[str]) -> list[str]:
    """Return the command that starts a sandbox, up to the program that runs in it.

    Arguments
        rules: the descriptor of `system_call_filter`.
        covered: the folders that cannot be seen inside, as `private` returns them.
    """
    command = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--as-pid-1"]
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL", "--disable-userns"]
    command += ["--seccomp", str(rules)]
    for path in needed():
        if os.path.islink(path):
            if not any(is_within(Path(path), other) for other in SYSTEM):  # else it is there with its folder
                command += ["--symlink", os.path.realpath(path), path]
        elif os.path.exists(path):
            command += ["--ro-bind", path, path]
        for folder in covered:
            if is_within(Path(folder), path):
                command += ["--tmpfs", folder]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder in (*scratch(), "/dev/shm"):
        command += ["--size", str(SCRATCH_SIZE), "--tmpfs", folder]
    for place in ("/dev", "/proc", *covered, "/"):
        command += ["--remount-ro", place]
    # A checkout, of which only helpers is there.
    for name, value in environment("/scratch", str(Path(helpers.__file__).parent.parent)).items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", "/scratch"]


def environment(home: str, packages: str) -> dict[str, str]:
    """Return all of the environment that student code gets: its home, and where `helpers` lies."""
    settings = {"HOME": home, "TMPDIR": home, "PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    settings |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONDONTWRITEBYTECODE": "1"}
    return settings | THREADS | {"PYTHONPATH": packages}


class Comparison(ctypes.Structure):
    """What one argument of a system call is compared with, libseccomp's `scmp_arg_cmp`.

    Where the comparison knows no mask, the value stands in its place.
    """

    _fields_ = (
        ("argument", ctypes.c_uint),
        ("how", ctypes.c_int),
        ("mask", ctypes.c_uint64),
        ("value", ctypes.c_uint64),
    )


Rule: TypeAlias = tuple[int, str, *tuple[Comparison, ...]]  # an action, names of system calls, what is compared


@contextlib.contextmanager
def system_call_filter(idle: str = "") -> Iterator[int]:
    """Give a descriptor to read the filter of system calls from, as a program of the kernel's packet filter (BPF).

    Calls by another machine's numbers end the process.

    Arguments
        idle: the names of the calls that do nothing.

    Raises OSError where libseccomp is missing or cannot make all of
    the filter: without the filter there is no sandbox.
    """
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(ALLOW)))
    reading, writing = os.pipe()
    try:
        with open(writing, "wb") as file:
            succeed(library.seccomp_attr_set(rules, ACTION_FOR_OTHER_MACHINES, ctypes.c_uint32(KILL)))
            for action, names, *comparisons in filter_rules(idle):
                array = (Comparison * len(comparisons))(*comparisons)
                for name in names.split():
                    number = RECENT.get(name) or library.seccomp_syscall_resolve_name(name.encode())
                    added = library.seccomp_rule_add_array(rules, ctypes.c_uint32(action), number, len(array), array)
                    succeed(added, name)
            succeed(library.seccomp_export_bpf(rules, file.fileno()))
        yield reading
    finally:
        os.close(reading)
        library.seccomp_release(rules)


def idle_calls() -> str:
    """Return the names of the system calls that do nothing in bubblewrap."""
    return IDLE_FOR_ROOT if os.geteuid() == 0 else ""


def filter_rules(idle: str) -> list[Rule]:
    """Return each kind of rule; a comparison is of the call's arguments."""
    new_user = Comparison(0, MASKED_EQUAL, CLONE_NEWUSER, CLONE_NEWUSER)
    rules: list[Rule] = [(FAIL | errno.EPERM, REFUSED), (FAIL | errno.EPERM, "clone", new_user)]
    rules += [(FAIL | errno.ENOSYS, "clone3 openat2")]  # their arguments can't be read; libraries then use older calls
    # Others hold much memory, and not all are the sandbox's own: by vsock a virtual machine speaks with its host.
    not_unix = Comparison(0, NOT_EQUAL, socket.AF_UNIX)
    rules += [(FAIL | errno.EAFNOSUPPORT, "socket socketpair", not_unix)]
    # As Linux does with one that is too large: so no socket holds more than the system's usual.
    of_socket = Comparison(1, MASKED_EQUAL, INTEGER, socket.SOL_SOCKET)
    buffer = Comparison(2, MASKED_EQUAL, INTEGER, socket.SO_SNDBUF)
    rules += [(FAIL, "setsockopt", of_socket, buffer)]
    for argument, names in WITH_MODE.items():
        for bit in (stat.S_ISUID, stat.S_ISGID):
            others = " ".join(name for name in names.split() if name not in idle.split())
            rules += [(FAIL | errno.EPERM, others, Comparison(argument, MASKED_EQUAL, bit, bit))]
    return [*rules, (FAIL, idle)]


def succeed(result: int, name: str = "the filter") -> None:
    """Raise OSError where libseccomp returned an error; it refuses names that it does not know."""
    if result < 0:
        raise OSError(-result, f"libseccomp cannot make the rule for {name}")
