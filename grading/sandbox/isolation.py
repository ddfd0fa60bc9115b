"""The walls around student code: bubblewrap's arguments, the system calls that are refused, the resource limits.

`isolation` finds out by trying whether they can be built here. Inside there is no network, and nothing to see but the
system's programs, Python and `helpers`, all of it read-only; a scratch folder in memory is all that can be written to.
"""

import contextlib
import functools
import os
import platform
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import helpers
from grading.course import REPOSITORY

GIBIBYTE, MEBIBYTE = 1 << 30, 1 << 20
LIMITS = {"RLIMIT_AS": 6 * GIBIBYTE, "RLIMIT_FSIZE": 64 * MEBIBYTE, "RLIMIT_CORE": 0}
MOST_TASKS = 256  # processes and their threads, of one submission
SCRATCH_SIZE = 256 * MEBIBYTE
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
ZYGOTE = Path(__file__).with_name("zygote.py")

# Numbers of the system calls that are refused, by machine: those that leave something behind for the next submission
# or hold memory that belongs to no process (System V and POSIX queues and memory, keyrings, memfd), that look into
# other processes, make namespaces, or are seldom used and often attacked.
REFUSED = {
    "x86_64": (29, 64, 68, 101, 103, 240, 248, 249, 250, 272, 298, 308, 310, 311, 319, 321, 323, 425, 438, 447),
    "aarch64": (194, 190, 186, 117, 116, 180, 217, 218, 219, 97, 241, 268, 270, 271, 279, 280, 282, 425, 438, 447),
}
# Modes, owners and attributes: where the instructor is root, the devices in a sandbox would be the student's to change.
# These calls then do nothing and report success, since Python's own libraries make them.
IDLE_FOR_ROOT = {
    "x86_64": (90, 91, 92, 93, 94, 188, 189, 190, 260, 268, 452, 463),
    "aarch64": (5, 6, 7, 52, 53, 54, 55, 452, 463),
}
CLONES = {"x86_64": (56, 435), "aarch64": (220, 435)}  # clone and clone3
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # as the filter sees them
CLONE_NEWUSER = 0x10000000
EPERM, ENOSYS = 1, 38


@functools.cache
def isolation():
    """Return the isolation in force: "bubblewrap", "limits" or "none"."""
    if shutil.which("bwrap") and hasattr(os, "pidfd_open") and platform.machine() in MACHINES:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired), system_call_filter() as rules:
            command = [*walls(None, rules, private()), "--", "/usr/bin/env", "true"]
            if subprocess.run(command, pass_fds=[rules], capture_output=True, timeout=20).returncode == 0:
                return "bubblewrap"
    return "limits" if os.name == "posix" else "none"


def needed():
    """Return the paths that student code must be able to read: the system, Python and `helpers`."""
    package = Path(helpers.__file__).parent
    return list(dict.fromkeys([*SYSTEM, sys.base_prefix, sys.prefix, str(package), str(ZYGOTE)]))


def private(folders=()):
    """Return the folders to cover that lie within what student code can see.

    They are this checkout, the one in which we work, the instructor's home and ``folders``, as those of a course.
    """
    folders, seen = {REPOSITORY, Path.cwd(), Path.home(), *map(Path, folders)}, (*SYSTEM, sys.base_prefix, sys.prefix)
    return [str(f) for f in sorted(folders) if f.is_dir() and any(is_within(f, path) for path in seen)]


def is_within(folder, path):
    """Tell whether a folder lies below a path."""
    return folder != Path(path) and folder.is_relative_to(path)


def scratch():
    """Return the folders that student code may write to; /tmp only where nothing that it needs lies in there."""
    return ["/scratch"] if any(path.startswith("/tmp/") for path in needed()) else ["/scratch", "/tmp"]


def walls(share, rules, covered):
    """Return the bubblewrap command that a sandbox runs in.

    ``share`` is the one folder both sides write to, or None; ``rules`` the descriptor of `system_call_filter`;
    ``covered`` what `private` returns.
    """
    command = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--as-pid-1"]
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL", "--disable-userns"]
    command += ["--seccomp", str(rules)]
    for path in needed():
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            command += ["--ro-bind", path, path]
        for folder in covered:
            if is_within(Path(folder), path):
                command += ["--tmpfs", folder]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder in (*scratch(), "/dev/shm"):
        command += ["--size", str(SCRATCH_SIZE), "--tmpfs", folder]
    if share:
        command += ["--bind", share, share]
    for place in ("/dev", "/proc", *covered, "/"):
        command += ["--remount-ro", place]
    settings = {"HOME": "/scratch", "TMPDIR": "/scratch", "PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    settings |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONDONTWRITEBYTECODE": "1"}
    settings["PYTHONPATH"] = str(Path(helpers.__file__).parent.parent)  # a checkout, of which only helpers is there
    for name, value in (settings | THREADS).items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", "/scratch"]


@contextlib.contextmanager
def system_call_filter():
    """Give a descriptor to read the filter of system calls from, as a program of the kernel's packet filter (BPF)."""
    name = platform.machine()
    idle = IDLE_FOR_ROOT[name] if os.geteuid() == 0 else ()
    reading, writing = os.pipe()
    try:
        with open(writing, "wb") as file:
            file.write(filter_program(MACHINES[name], REFUSED[name], idle, CLONES[name]))
        yield reading
    finally:
        os.close(reading)


def filter_program(machine, refused, idle, clones):
    """Return the filter: another machine's calls end the process, refused ones fail, idle ones do nothing."""
    load, equal, above, bit, end = 0x20, 0x15, 0x35, 0x45, 0x06  # opcodes: BPF_LD_ABS, three jumps, BPF_RET
    fail, kill, allow = 0x00050000, 0x80000000, 0x7FFF0000
    steps = [(load, 0, 0, 4), (equal, 1, 0, machine), (end, 0, 0, kill), (load, 0, 0, 0)]
    steps += [(above, 0, 1, 0x40000000), (end, 0, 0, fail | EPERM)]  # x86's second set of numbers
    for call in (*refused, *idle):
        steps += [(equal, 0, 1, call), (end, 0, 0, fail | (EPERM if call in refused else 0))]
    clone, clone3 = clones
    steps += [(equal, 0, 1, clone3), (end, 0, 0, fail | ENOSYS)]  # its flags can't be read; libraries then use clone
    steps += [(equal, 0, 3, clone), (load, 0, 0, 16), (bit, 0, 1, CLONE_NEWUSER), (end, 0, 0, fail | EPERM)]
    steps += [(end, 0, 0, allow)]
    return b"".join(struct.pack("=HBBI", code, yes, no, value) for code, yes, no, value in steps)
