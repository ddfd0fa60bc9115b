"""Stop a call that does not come back, and leave the clock and its alarm as they were."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..support.language import _

CALL, LARGE_CALL = 10.0, 60.0  # seconds


class Stopped(KeyboardInterrupt):
    """The time of a call is over; its argument says how many seconds it took."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `Stopped` inside the block after so many seconds.

    It comes when Python runs again: a call of something that is not written in Python ends first. A person's own stop
    is a plain KeyboardInterrupt, as always. Outside the main thread nothing can be stopped, and the block takes its
    time.
    """
    begun = time.monotonic()
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        with by_alarm(seconds) if hasattr(signal, "setitimer") else by_thread(seconds):
            yield
    except Stopped:
        raise Stopped(time.monotonic() - begun) from None


@contextmanager
def by_alarm(seconds: float) -> Iterator[None]:
    """Do as `limited` where the system has alarms; one that a student has set goes on afterwards."""
    fired, over = 0, False

    def stop(*_signal: object) -> None:
        nonlocal fired
        fired += 1
        if fired == 3 and not over:  # the code catches all that is raised in it
            print(_("It does not stop: interrupt the kernel, and restart it if that does not help."))
        if not over:
            raise Stopped

    handler, begun = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - begun), 1e-3), interval)


@contextmanager
def by_thread(seconds: float) -> Iterator[None]:
    """Do as `limited` where the system has no alarms, by what the Stop button does."""
    import _thread

    fired = threading.Event()

    def stop() -> None:
        fired.set()
        _thread.interrupt_main()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        yield
        timer.cancel()
        if fired.is_set():
            time.sleep(1)  # the interrupt is on its way
    except KeyboardInterrupt:
        if fired.is_set():
            raise Stopped from None
        raise
    finally:
        timer.cancel()
