"""Watch a kernel from outside, and end it when it takes too much: time, memory, processes, or our own memory."""

import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from grading.sandbox.isolation import GIBIBYTE, LIMITS, MOST_TASKS, SCRATCH_SIZE
from grading.sandbox.user import left_by
from helpers.support.language import Message, english

MOST_FILES = 3 * SCRATCH_SIZE  # bytes on a disk, where a sandbox has no folders in memory
MOST_UNDER_WAY = 2 * LIMITS["RLIMIT_NOFILE"]  # descriptors of one user in messages that nobody has read
LARGEST_INTAKE = GIBIBYTE  # by which this process may grow from what a kernel sends it
PERIOD = 0.2  # seconds from one look to the next

# Bytes of memory that belong to no process, each at most: measured, and rounded up.
FILE = 1536  # of a file in memory, without what is in it
DESCRIPTOR = 10 << 10  # of what a descriptor stands for: a pipe
SOCKET = 2  # of a socket, times its usual buffer; one message may go beyond it
HELD = re.compile(r"^Vm(?:RSS|Swap|PTE):[ \t]*(\d+) kB$", re.MULTILINE)


class Held(NamedTuple):
    """What student code holds besides the memory of its processes, in bytes: other memory, and files on a disk.

    ``over`` tells whether the system itself has found it to hold more memory than it may.
    """

    memory: int = 0
    files: int = 0
    over: bool = False


class Watch(threading.Thread):
    """What ends a kernel that exceeds a limit.

    Arguments
        pid: the process at the root of all that is watched.
        kill: what ends them all.
        seconds: how long they may run, from now on.
        memory: bytes that they may hold.
        held: what returns what is held besides the memory of processes.

    Attributes
        deadline: when time is up, on the clock of time.monotonic.
        reason: the limit that was exceeded, in words that follow "because"; None if none was.
        failure: the error that ended the watch itself, and with it the kernel; None if nothing did.
    """

    def __init__(
        self, pid: int, kill: Callable[[], object], seconds: float, memory: int, held: Callable[[], Held] = Held
    ) -> None:
        super().__init__(daemon=True)
        self.pid, self.kill, self.held = pid, kill, held
        self.seconds, self.deadline, self.memory = seconds, time.monotonic() + seconds, memory
        self.before = own_memory()
        self.reason: Message | None = None
        self.failure: Exception | None = None
        self.over = threading.Event()

    def run(self) -> None:
        """Look every `PERIOD` until the watch is stopped or a limit is exceeded."""
        try:
            while not self.over.wait(PERIOD) and not self.reason:
                self.reason = self.exceeded_limit()
        except Exception as error:
            self.failure = error
        if self.reason or self.failure:
            self.kill()

    def stop(self) -> None:
        """End the watch; after this it kills nothing any more."""
        self.over.set()
        self.join()

    def last_reason(self) -> Message | None:
        """Return the limit that was exceeded, also where the system has acted before the watch could look."""
        return self.reason or (too_large(self.memory) if self.held().over else None)

    def exceeded_limit(self) -> Message | None:
        """Return the limit that is exceeded now, in words, or None."""
        if time.monotonic() > self.deadline:
            return too_long(self.seconds)
        tasks, memory = usage(self.pid)
        if tasks > MOST_TASKS:
            return english("the notebook started more than {count} processes and threads", count=MOST_TASKS)
        held = self.held()
        if held.files > MOST_FILES:
            return english("the notebook wrote more than {size:.3g} GiB of files", size=MOST_FILES / GIBIBYTE)
        if memory + held.memory > self.memory or held.over:
            return too_large(self.memory)
        if own_memory() - self.before > LARGEST_INTAKE:
            return english("the notebook sent more than can be taken in")
        return None


def too_long(seconds: float) -> Message:
    """Return the reason for the end of a notebook that took more than its time."""
    return english("the notebook ran longer than {seconds} s", seconds=seconds)


def too_large(memory: int) -> Message:
    """Return the reason for the end of a notebook that took more than its memory."""
    return english("the notebook used more than {size:.3g} GiB of memory", size=memory / GIBIBYTE)


def usage(pid: int) -> tuple[int, int]:
    """Return how many tasks a process and its descendants are now, counted to just above the limit, and their memory.

    Memory is in bytes, with what descriptors may hold, which Linux counts since 6.2; what processes share counts for
    each of them. Where there is no /proc both are 0.
    """
    tasks, memory = 0, 0
    for process in descendants(pid):
        with contextlib.suppress(OSError):  # it ended meanwhile
            memory += resident(process) + os.stat(process / "fd").st_size * DESCRIPTOR
            tasks += len(os.listdir(process / "task"))
        if tasks > MOST_TASKS:
            break
    return tasks, memory


def descendants(pid: int) -> Iterator[Path]:
    """Yield the folder in /proc of a process and of each that it has started, itself or through others."""
    waiting = [pid]
    while waiting:
        process = Path("/proc", str(waiting.pop()))
        yield process
        with contextlib.suppress(OSError):
            for task in (process / "task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]


def descriptors(pid: int) -> int:
    """Return how many descriptors a process and its descendants have open, counted to what matters."""
    count = 0
    for process in descendants(pid):
        with contextlib.suppress(OSError):
            count += os.stat(process / "fd").st_size
    return count


def resident(process: Path) -> int:
    """Return the bytes of memory that a process of /proc holds, with what is swapped out and page tables."""
    return sum(int(size) << 10 for size in HELD.findall((process / "status").read_text(errors="replace")))


def of_no_process(gauges: Sequence[int]) -> int:
    """Return the bytes of memory that a sandbox's sockets and files hold at most.

    Arguments
        gauges: descriptors as `Sandbox` has them; where there are none it is 0.
    """
    if not gauges:
        return 0
    network, *folders = gauges
    size = sockets_of(network) * SOCKET * usual_buffer()
    for room in map(os.fstatvfs, folders):
        size += (room.f_blocks - room.f_bfree) * room.f_frsize + (room.f_files - room.f_ffree) * FILE
    return size


def held_by(uid: int, pid: int, network: int, places: Sequence[str]) -> Held:
    """Return what a user of its own holds besides the memory of its processes, at most.

    Sockets are counted for all users, and descriptors of any kind by process: it is the lesser of the two.

    Arguments
        uid: the user's number.
        pid: the process at the root of its own.
        network: the descriptor of the statistics of the network.
        places: the folders in which it may leave something, its own first.
    """
    sockets = min(sockets_of(network), descriptors(pid) + MOST_UNDER_WAY)
    memory, files, waiting = sockets * SOCKET * usual_buffer(), 0, list(left_by(uid, places))
    while waiting and files <= MOST_FILES:
        entry = waiting.pop()
        with contextlib.suppress(OSError):  # it is gone meanwhile
            files += entry.stat(follow_symlinks=False).st_blocks * 512 + FILE
            if entry.is_dir(follow_symlinks=False):
                with os.scandir(entry.path) as entries:
                    waiting += entries
    return Held(memory + files, files)


def sockets_of(network: int) -> int:
    """Return how many sockets the statistics of a network count, also those that are under way in another."""
    return int(os.pread(network, 64, 0).split()[2])  # "sockets: used 9"


def usual_buffer() -> int:
    """Return the bytes that a socket may hold, one way."""
    return int(Path("/proc/sys/net/core/wmem_default").read_text())


def own_memory() -> int:
    """Return the bytes of memory that this process holds; 0 where there is no /proc."""
    return resident(Path("/proc/self")) if sys.platform == "linux" else 0
