"""What is read in a child process: its answer comes back, and no limit is exceeded."""

import os
import re
import signal
import sys
import time

import psutil
import pytest

from grading import bounded as limits
from grading.bounded import TooDear, bounded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")


def ends():
    os.kill(os.getpid(), signal.SIGKILL)


def raises():
    raise KeyError("what")


def test_what_a_function_returns_or_raises_comes_back():
    assert bounded(sorted, [3, 1], reverse=True) == [3, 1]
    with pytest.raises(KeyError, match="what"):
        bounded(raises)


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
