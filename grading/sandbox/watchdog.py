"""Watch a kernel from outside, and end it when it takes too much: time, memory, processes, or our own memory."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from grading.sandbox.isolation import GIBIBYTE, MOST_TASKS
from helpers.support.language import Message, english

LARGEST_INTAKE = GIBIBYTE  # by which this process may grow from what a kernel sends it
PERIOD = 0.2  # seconds from one look to the next


class Watch(threading.Thread):
    """What ends a kernel that exceeds a limit.

    Arguments
        pid: the process at the root of all that is watched.
        kill: what ends them all.
        seconds: how long they may run, from now on.
        memory: bytes that they may hold.

    Attributes
        deadline: when time is up, on the clock of time.monotonic.
        reason: the limit that was exceeded, in words that follow "because"; None if none was.
        failure: the error that ended the watch itself, and with it the kernel; None if nothing did.
    """

    def __init__(self, pid: int, kill: Callable[[], object], seconds: float, memory: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.kill = pid, kill
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

    def exceeded_limit(self) -> Message | None:
        """Return the limit that is exceeded now, in words, or None."""
        if time.monotonic() > self.deadline:
            return too_long(self.seconds)
        tasks, memory = usage(self.pid)
        if tasks > MOST_TASKS:
            return english("the notebook started more than {count} processes and threads", count=MOST_TASKS)
        if memory > self.memory:
            return english("the notebook used more than {size:.3g} GiB of memory", size=self.memory / GIBIBYTE)
        if own_memory() - self.before > LARGEST_INTAKE:
            return english("the notebook sent more than can be taken in")
        return None


def too_long(seconds: float) -> Message:
    """Return the reason for the end of a notebook that took more than its time."""
    return english("the notebook ran longer than {seconds} s", seconds=seconds)


def usage(pid: int) -> tuple[int, int]:
    """Return how many tasks a process and its descendants are now, counted to just above the limit, and their memory.

    Memory is in bytes; pages that processes share count for each of them. Where there is no /proc both are 0.
    """
    tasks, memory, waiting = 0, 0, [pid]
    while waiting and tasks <= MOST_TASKS:
        process = Path("/proc", str(waiting.pop()))
        with contextlib.suppress(OSError):  # it ended meanwhile
            memory += resident(process)
            for task in (process / "task").iterdir():
                tasks += 1
                waiting += [int(child) for child in (task / "children").read_text().split()]
    return tasks, memory


def resident(process: Path) -> int:
    """Return the bytes of memory that a process of /proc holds."""
    return int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def own_memory() -> int:
    """Return the bytes of memory that this process holds; 0 where there is no /proc."""
    return resident(Path("/proc/self")) if sys.platform == "linux" else 0
