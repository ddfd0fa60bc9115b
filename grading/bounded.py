"""Read a text that somebody else wrote where a limit acts: in a child process that the system ends when it takes more.

A pattern, a parser or a converter that is slow for one odd text holds up its whole process, threads and all. Here it
holds up its child, and the caller is told. On another system than Linux it runs in the caller, without a limit.
"""

import ctypes
import multiprocessing
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 6  # of a processor's time
PATIENCE = 60  # seconds on the clock, where others keep the processors busy
MEMORY = 2 << 30  # bytes that it may take on
LARGEST = 256 << 20  # bytes of what it returns
PR_SET_PDEATHSIG = 1


class TooDear(Exception):
    """It took more time or memory than it may, or ended its process."""


def bounded(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function returns, or raise what it raises; both have to be picklable.

    Raises `TooDear` where it takes too long or too much.
    """
    if sys.platform != "linux":
        return function(*args, **kwargs)
    ours, theirs = multiprocessing.Pipe(duplex=False)
    with ours, theirs, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: they hold nothing that is needed there
        child = os.fork()
        if not child:
            answer(theirs, lambda: function(*args, **kwargs))
        theirs.close()
        try:
            done, found = received(ours)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if not done:
        raise cast(BaseException, found)
    return cast(T, found)


def received(connection: Connection) -> tuple[bool, object]:
    """Return whether a child's function returned, and what it returned or raised."""
    try:
        if connection.poll(PATIENCE):
            done, found = pickle.loads(connection.recv_bytes(LARGEST))
            return bool(done), found
    except (EOFError, OSError):
        pass
    raise TooDear


def answer(connection: Connection, call: Callable[[], object]) -> NoReturn:
    """In the child: take on the limits, call, send what came of it, and end."""
    import resource

    try:
        die_with_parent()
        size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        for kind, most in (("CORE", 0), ("CPU", SECONDS), ("AS", size + MEMORY)):
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (most, most))
        try:
            found = True, call()
        except MemoryError:
            raise
        except Exception as error:
            found = False, error
        connection.send_bytes(pickle.dumps(found))
    finally:
        os._exit(0)


def die_with_parent() -> None:
    """Have the system kill this process when the one that made it ends, whatever this one does then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
