"""Read a text that somebody else wrote where a limit acts: in a child process that the system ends when it takes more.

A pattern, a parser or a converter that is slow for one odd text holds up its whole process, threads and all. Here it
holds up its child, and the caller is told. On another system than Linux it runs in the caller, without a limit.
"""

import contextlib
import ctypes
import gc
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar, Generic, NoReturn, ParamSpec, Self, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = 6  # of a processor's time
PATIENCE = 60  # seconds on the clock, where others keep the processors busy
MEMORY = 2 << 30  # bytes that it may take on
LARGEST = 256 << 20  # bytes of what it returns
ATTEMPTS = 2  # of a call whose process was killed by somebody else
PR_SET_PDEATHSIG = 1


class TooDear(Exception):
    """It took more time or memory than it may, or ended its process."""


def bounded(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function returns, or raise what it raises; both have to be picklable.

    Raises `TooDear` where it takes too long or too much.
    """
    with Child(lambda: function(*args, **kwargs)) as child:
        return child()


def bounded_once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do as `bounded`, but call the function right here in a child that has the limits already.

    What such a child has open, as a transaction, is then still its own.
    """
    return function(*args, **kwargs) if Child.inside else bounded(function, *args, **kwargs)


class Child(Generic[P, T]):
    """A function that runs in a child process, call after call, each within the limits.

    The child is forked at the first call, and anew after one that it was ended for. It knows what this process knew
    then; nothing that a call changes is seen here. What a call takes and gives has to be picklable.

    Attributes
        inside: whether this process is such a child.
    """

    inside: ClassVar[bool] = False

    def __init__(self, function: Callable[P, T]) -> None:
        self.function, self.process, self.owner = function, 0, 0

    def __del__(self) -> None:
        """End the child with the last who could call it, if it is this process's."""
        if self.owner == os.getpid():
            self.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function returns, or raise what it raises.

        Raises `TooDear` where it takes too long or too much.
        """
        if sys.platform != "linux":
            return self.function(*args, **kwargs)
        for _ in range(ATTEMPTS):
            if not self.process:
                self.start()
            try:
                self.connection.send_bytes(pickle.dumps((args, kwargs)))
                if not self.connection.poll(PATIENCE):
                    raise TooDear
                done, found = pickle.loads(self.connection.recv_bytes(LARGEST))
            except (EOFError, ConnectionError):
                if self.ended() != signal.SIGKILL:  # no limit sends that: somebody else, or the system, short of memory
                    raise TooDear from None
            except OSError:  # it is too long
                self.end()
                raise TooDear from None
            except BaseException:
                self.end()  # its answer would be taken for the next one's
                raise
            else:
                break
        else:
            raise TooDear
        if not done:
            raise cast(BaseException, found)
        return cast(T, found)

    def start(self) -> None:
        """Fork the child, which leaves Ctrl-C to this process."""
        self.connection, theirs = multiprocessing.Pipe()
        self.owner = os.getpid()
        with theirs, interrupts_later(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of other threads: they hold nothing needed there
            self.process = os.fork()
            if not self.process:
                self.connection.close()
                answer(theirs, self.function)

    def end(self) -> None:
        """End the child, whatever it does."""
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            self.ended()

    def ended(self) -> int:
        """See the child end, and return the signal that has ended it; 0 where none has."""
        status = os.waitpid(self.process, 0)[1]
        self.connection.close()
        self.process = 0
        return os.WTERMSIG(status)


@contextlib.contextmanager
def interrupts_later() -> Iterator[None]:
    """Let a Ctrl-C wait until the block is over: what Python does about a fork would swallow it.

    To block the signal is not enough: another thread takes it then, and Python acts on it in the main one.
    """
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is None:
        yield
        return
    came: list[bool] = []
    handler = signal.signal(signal.SIGINT, lambda *_: came.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def answer(connection: Connection, function: Callable[..., object]) -> NoReturn:
    """In the child: take on the limits, and send what comes of each call, until one takes too much or no more come."""
    import resource

    try:
        Child.inside = True
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        gc.freeze()  # what was there is not looked over: that would copy all of it
        die_with_parent()
        size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        for kind, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, size + MEMORY)):
            outer = resource.getrlimit(kind)[1]  # of a child that this one is a child of
            most = most if outer == resource.RLIM_INFINITY else min(most, outer)
            resource.setrlimit(kind, (most, most))
        while True:
            args, kwargs = pickle.loads(connection.recv_bytes())
            end = round(time.process_time()) + SECONDS
            resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))
            try:
                found = pickle.dumps((True, function(*args, **kwargs)))
            except MemoryError:
                raise
            except BaseException as error:
                error.add_note(f"In a child process:\n{traceback.format_exc()}")  # what was raised there is lost
                found = pickled(error)
            connection.send_bytes(found)
    finally:
        os._exit(0)


def pickled(error: BaseException) -> bytes:
    """Return an error as it is sent; one that would not come back whole, or would end the caller, as a RuntimeError."""
    with contextlib.suppress(Exception):
        found = pickle.dumps((False, error))
        pickle.loads(found)
        if isinstance(error, Exception):
            return found
    return pickle.dumps((False, RuntimeError("".join(traceback.format_exception(error)))))


def die_with_parent() -> None:
    """Have the system kill this process when the one that made it ends, whatever this one does then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
