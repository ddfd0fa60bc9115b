"""What a process takes upon itself before it runs student code as a user of its own: there is no way back.

The zygote's children call `confine`. As a program it tries out what then holds, or kills a user's processes: it needs
the standard library alone.

    python confine.py try           read walls, and print what stands against them: sentences in JSON
    python confine.py kill UID      end every process of a user
"""

import contextlib
import ctypes
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
SECCOMP_MODE_FILTER = 2
CAPABILITY_VERSION = 0x20080522
LAST_CAPABILITY = "/proc/sys/kernel/cap_last_cap"
PATIENCE = 20  # seconds to kill a user's processes
LOWEST = 60_000  # no user of a sandbox has a lower number

# Landlock, by the numbers of linux/landlock.h: system calls, rights on files and those that only folders have.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
PATH_BENEATH, VERSION = 1, 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_FILE, MAKE_REG, TRUNCATE, IOCTL_DEV = (
    1 << bit for bit in (0, 1, 2, 3, 5, 8, 14, 15)
)
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}  # by version; all below from 5 on
EVERY_RIGHT = (1 << 16) - 1
NETWORK, SCOPES = 3, 3  # bind and connect; names of abstract sockets and signals
READ = EXECUTE | READ_FILE | READ_DIR
TO_USE = READ_FILE | WRITE_FILE | IOCTL_DEV | READ_DIR  # of a device
TO_SHARE = READ_FILE | WRITE_FILE | TRUNCATE | MAKE_REG | REMOVE_FILE | READ_DIR  # memory
TO_OWN = EVERY_RIGHT & ~(MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV)
SHARED = "/dev/shm"
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/ptmx", "/dev/pts")
OF_PROC = ("cpuinfo", "meminfo", "stat", "filesystems", "sys/kernel", "sys/vm", "self")  # "self": as it is then


class Walls(TypedDict):
    """What `confine` needs to know.

    ``uid`` is the number of the user and of its group; ``rules`` the filter of system calls, in hexadecimal;
    ``landlock`` the version of it here, 0 where there is none; ``readable`` what may be read; ``home`` the user's own
    folder; ``hidden`` what must not be seen, and ``references`` files in there; ``python`` a program that must run.
    """

    uid: int
    rules: str
    landlock: int
    readable: list[str]
    home: str
    hidden: list[str]
    references: list[str]
    python: str


class Filter(ctypes.Structure):
    """A program of the packet filter, Linux's `sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("program", ctypes.c_char_p))


class Beneath(ctypes.Structure):
    """What is allowed below a folder, Linux's `landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def confine(walls: Walls) -> None:
    """Become the user, without groups, capabilities and new privileges, and take on Landlock's rules and the filter.

    Raises OSError where the system refuses any of it: nothing of a student's may run then.
    """
    allowed = ruleset(walls) if walls["landlock"] else None
    for capability in range(int(Path(LAST_CAPABILITY).read_text()) + 1):
        prctl(PR_CAPBSET_DROP, capability)
    become(walls["uid"])
    drop_capabilities()
    prctl(PR_SET_DUMPABLE, 1)  # else its own folder of /proc is root's
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if allowed is not None:
        system_call(RESTRICT_SELF, allowed, 0)
        os.close(allowed)
    rules = bytes.fromhex(walls["rules"])
    program = Filter(len(rules) // 8, rules)
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(program))


def drop_capabilities() -> None:
    """Have no capability, nor one to be inherited."""
    assert libc, "this is Linux"
    if libc.capset((ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0), (ctypes.c_uint32 * 6)()):
        raise OSError(ctypes.get_errno(), "capset")


def prctl(option: int, value: int, more: int = 0) -> None:
    """Change something of this process."""
    assert libc, "this is Linux"
    if libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(more), 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}: {os.strerror(ctypes.get_errno())}")


def system_call(number: int, *arguments: object) -> int:
    """Make a system call that has no name in the C library."""
    assert libc, "this is Linux"
    result: int = libc.syscall(number, *arguments, 0)
    if result < 0:
        raise OSError(ctypes.get_errno(), f"system call {number}: {os.strerror(ctypes.get_errno())}")
    return result


def landlock() -> int:
    """Return the version of Landlock that this system has and allows; 0 where there is none."""
    try:
        return system_call(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    except OSError:
        return 0


def ruleset(walls: Walls) -> int:
    """Return a descriptor of Landlock's rules: what is readable, the folder of its own, shared memory and devices.

    Some of /proc, too: there the folder of this process and of no other.
    """
    version = walls["landlock"]
    handled = RIGHTS.get(version, EVERY_RIGHT)
    attributes = (ctypes.c_uint64 * 3)(handled, NETWORK if version >= 4 else 0, SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    made = system_call(CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
    allowed = dict.fromkeys(walls["readable"], READ) | {f"/proc/{name}": READ for name in OF_PROC}
    allowed |= {walls["home"]: TO_OWN, SHARED: TO_SHARE} | dict.fromkeys(DEVICES, TO_USE)
    for path, rights in allowed.items():
        with contextlib.suppress(FileNotFoundError):
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rights &= handled if stat.S_ISDIR(os.fstat(parent).st_mode) else handled & OF_FILES
            system_call(ADD_RULE, made, PATH_BENEATH, ctypes.byref(Beneath(rights, parent)), 0)
            os.close(parent)
    return made


# Trying it out


def standing_against(walls: Walls) -> Iterator[str]:
    """Yield, after `confine`, a sentence for each thing that does not hold."""
    lines = Path("/proc/self/status").read_text().splitlines()
    status = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    uid = [str(walls["uid"])] * 4
    plain = {"Uid": uid, "Gid": uid, "Groups": [], "NoNewPrivs": ["1"], "Seccomp": ["2"]}
    plain |= {f"Cap{kind}": ["0" * 16] for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")}
    for name, value in plain.items():
        if status.get(name) != value:
            yield f"{name} of its processes is {' '.join(status.get(name, []))}"
    try:
        subprocess.run([walls["python"], "-ISc", ""], check=True, capture_output=True, cwd=walls["home"])
    except (OSError, subprocess.CalledProcessError):
        yield f"another user can't run {walls['python']}: install Python where everybody may read it, not below /root"
    with contextlib.suppress(PermissionError):
        os.kill(os.getppid(), 0)
        yield "it can send signals to other processes"
    for folder in walls["hidden"]:
        if can_see(folder, walls):
            yield f"it could read {folder}: run chmod 700 {folder}, and have Python outside of it"
    for path in walls["references"]:
        with contextlib.suppress(OSError), open(path, "rb"):
            yield f"it could read {path}"
    if not walls["landlock"]:
        with contextlib.suppress(OSError):
            os.link(walls["python"], f"{walls['home']}/link")
            yield "it could link to files of others: set fs.protected_hardlinks to 1"


def can_see(folder: str, walls: Walls) -> bool:
    """Tell whether a folder can be listed or, where its mode alone keeps others out, entered."""
    try:
        if walls["landlock"] and not any(Path(folder).is_relative_to(path) for path in walls["readable"]):
            os.listdir(folder)
        else:
            os.stat(f"{folder}/.")
    except OSError:
        return False
    return True


# The end of it


def become(uid: int) -> None:
    """Become a sandbox's user, and nobody else.

    Raises OSError where that can't be.
    """
    if uid < LOWEST:
        raise PermissionError(f"user {uid} is none of a sandbox")
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def kill_all() -> None:
    """Kill every process of the user that this one has become but itself."""
    if os.getuid() < LOWEST:
        raise PermissionError(f"user {os.getuid()} is none of a sandbox")
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)


def alive(uid: int) -> list[int]:
    """Return the processes of a user that have not ended, but for this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (process / "status").read_text(errors="replace")
            if f"\nUid:\t{uid}\t" in status and "\nState:\tZ" not in status and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


def main(action: str, uid: str = "") -> None:
    """Do what the command line asks."""
    if action == "kill":
        become(int(uid))
        end = time.monotonic() + PATIENCE
        while alive(os.getuid()) and time.monotonic() < end:
            kill_all()
            time.sleep(0.001)
        return
    walls: Walls = json.load(sys.stdin)
    confine(walls)
    print(json.dumps(list(standing_against(walls))))


if __name__ == "__main__":
    main(*sys.argv[1:])
