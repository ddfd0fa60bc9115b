"""What is read in a child process: its answer comes back, and no limit is exceeded."""

import gc
import os
import re
import signal
import sys
import threading
import time

import psutil
import pytest

from grading import bounded as limits
from grading.bounded import Child, TooDear, bounded, bounded_once

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")


def ends():
    os.kill(os.getpid(), signal.SIGKILL)


def raises():
    raise KeyError("what")


def test_what_a_function_returns_or_raises_comes_back():
    assert bounded(sorted, [3, 1], reverse=True) == [3, 1]
    with pytest.raises(KeyError, match="what") as found:
        bounded(raises)
    assert "in raises" in found.value.__notes__[0], "where it was raised is lost otherwise"


@pytest.mark.parametrize(
    "function, args",
    [
        (re.fullmatch, ("(a*)*b", "a" * 64)),  # it runs no other thread meanwhile
        (bytearray, (8 << 30,)),
        (bytes, (300 << 20,)),
        (ends, ()),
    ],
    ids=["time", "memory", "length", "end"],
)
def test_what_takes_too_much_is_ended(monkeypatch, function, args):
    monkeypatch.setattr(limits, "SECONDS", 1)
    begun = time.monotonic()
    with pytest.raises(TooDear):
        bounded(function, *args)
    assert time.monotonic() - begun < 10
    assert [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE] == []


def work(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    return os.getpid()


def test_each_call_of_a_child_has_the_limits_for_itself(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 2)
    others = psutil.Process().children()
    with Child(work) as child:
        first = child(1.5)
        assert first == child(1.5) != os.getpid(), "the same process, which has worked longer than one call may"
        with pytest.raises(TooDear):
            child(60)
        with pytest.raises(TypeError, match="unsupported operand"):
            child("x")
        assert child(0) != first
    assert psutil.Process().children() == others


def kill_first(place):
    if not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_child_that_somebody_kills_is_no_fault_of_the_text(tmp_path):
    with Child(kill_first) as child:
        assert child(tmp_path / "at work") == "done"
        os.kill(child.process, signal.SIGKILL)
        os.waitid(os.P_PID, child.process, os.WEXITED | os.WNOWAIT)
        assert child(tmp_path / "at work") == "done", "it was idle"


def in_another_thread(signum):
    """Raise a signal as the system does where it picks another thread than the main one."""
    thread = threading.Thread(target=signal.raise_signal, args=[signum])
    thread.start()
    thread.join()


@pytest.mark.parametrize("raised", [signal.raise_signal, in_another_thread])
def test_ctrl_c_is_not_lost_while_a_child_is_forked(monkeypatch, raised):
    """Where it came then, Python said that it ignored it, and a batch went on."""
    fork, forked, others = os.fork, [], psutil.Process().children()

    def interrupted():
        raised(signal.SIGINT)
        forked.append(fork())
        return forked[-1]

    monkeypatch.setattr(os, "fork", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is run in the background ignores it
    try:
        with pytest.raises(KeyboardInterrupt), Child(work) as child:
            child(0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert forked, "it waited until that was done"
    assert psutil.Process().children() == others


def larger_child():
    """Call a child from a process that has taken on some memory."""
    taken = bytearray(64 << 20)
    return bounded(sorted, [3, 1]) if taken else None


def test_a_child_can_have_a_child(monkeypatch):
    """A comment was shown as it is written: the limit of a child's child was above its own."""
    assert bounded(larger_child) == [1, 3]
    monkeypatch.setattr(limits, "SECONDS", 1)
    with pytest.raises(TooDear):
        bounded(bounded, re.fullmatch, "(a*)*b", "a" * 64)


def who_does_it():
    return os.getpid(), bounded_once(os.getpid)


def test_a_child_does_itself_what_needs_the_limits_once():
    child, same = bounded(who_does_it)
    assert child == same != os.getpid() != bounded_once(os.getpid)


def test_a_child_ends_with_the_last_who_could_call_it():
    others = psutil.Process().children()
    child = Child(work)
    assert child(0) not in [other.pid for other in others]
    del child
    gc.collect()
    assert psutil.Process().children() == others


def test_what_cannot_be_sent_back_is_an_error():
    with pytest.raises(TypeError, match="cannot pickle"):
        bounded(threading.Lock)


class Picky(Exception):
    """An error that cannot be made again from its text, as some of nbformat's."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


@pytest.mark.parametrize("error", [Picky("a", "b"), SystemExit("a and b"), KeyboardInterrupt("a and b")])
def test_an_error_that_cannot_be_sent_or_would_end_the_caller_says_the_same(error):
    def fail():
        raise error

    with pytest.raises(RuntimeError, match="a and b"):
        bounded(fail)
