"""Accidents that happen to students, in the first exercise of a solved notebook: no other exercise may lose a point."""

from dataclasses import dataclass

from tests.support.course import FIRST, solutions

EXERCISE = "softmax_t"
RIGHT = solutions(FIRST)[EXERCISE]


@dataclass(frozen=True)
class Accident:
    """What happens, as source.

    It stands ``above`` or ``below`` the answer in its cell, happens in it ``when_called``, or in an ``own`` cell above
    the check. ``keeps`` says whether the answer itself keeps its points.
    """

    above: str = ""
    below: str = ""
    when_called: str = ""
    own: str = ""
    keeps: bool = True

    @property
    def answer(self) -> str:
        """Return the source of the answer's cell."""
        body = f"def softmax_t(x, temperature=1.0, dim=-1):\n    {self.when_called}\n    return x"
        return "\n".join(part for part in (self.above, body if self.when_called else RIGHT, self.below) if part)


STUBBORN = "\nwhile True:\n    try: [None for _ in range(1000)]\n    except BaseException: pass"
DEEP = "import sys\nsys.setrecursionlimit(10**8)\ndef deep(n): return deep(n + 1)\n"
REPR = "class Odd:\n    def __repr__(self): return repr([self])\n"
LATER = (
    "import threading, os, time\nthreading.Thread(target=lambda: (time.sleep({}), os._exit(1)), daemon=True).start()"
)
TRAINS = "import time\nend = time.monotonic() + {}\nwhile time.monotonic() < end: pass"

ACCIDENTS = {
    # Python is ended
    "exit()": Accident(below="exit()"),
    "exit() above": Accident(above="exit()"),
    "quit() in an own cell": Accident(own="quit()"),
    "exit without a call": Accident(own="exit"),
    "%exit": Accident(own="%exit"),
    "ask_exit": Accident(own="get_ipython().ask_exit()"),
    "sys.exit": Accident(own="import sys\nsys.exit(3)"),
    "raise SystemExit": Accident(below="raise SystemExit"),
    "os._exit below": Accident(below="import os\nos._exit(0)"),
    "os._exit in an own cell": Accident(own="import os; os._exit(1)"),
    "os._exit when called": Accident(when_called="__import__('os')._exit(0)", keeps=False),
    "kill -9": Accident(own="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    "kill -15": Accident(own="import os, signal\nos.kill(os.getpid(), signal.SIGTERM)"),
    "!kill": Accident(own="import os\npid = os.getpid()\n!kill -9 $pid"),
    "abort": Accident(own="import os\nos.abort()"),
    "alarm": Accident(own="import signal\nsignal.alarm(1)"),
    "alarm when called": Accident(
        when_called="__import__('signal').alarm(1); __import__('time').sleep(5)", keeps=False
    ),
    "do_shutdown": Accident(own="get_ipython().kernel.do_shutdown(False)"),
    "the loop is stopped": Accident(own="import asyncio\nasyncio.get_event_loop().stop()"),
    "SIGSEGV": Accident(own="import ctypes\nctypes.string_at(0)"),
    "SIGSEGV when called": Accident(when_called="__import__('ctypes').string_at(0)", keeps=False),
    "recursion": Accident(own="def deep(n): return deep(n + 1)\ndeep(0)"),
    "recursion without limit": Accident(own=f"{DEEP}deep(0)"),
    "recursion without limit when called": Accident(above=DEEP, when_called="deep(0)", keeps=False),
    "a repr that calls itself": Accident(own=f"{REPR}Odd()"),
    "a repr without limit": Accident(own=f"import sys\nsys.setrecursionlimit(10**8)\n{REPR}Odd()"),
    "a thread ends Python at once": Accident(own=LATER.format(0.05)),
    "a thread ends Python later": Accident(own=LATER.format(0.15)),
    "a thread ends Python much later": Accident(own=LATER.format(0.3)),
    # It does not go on
    "an endless loop": Accident(own="while True: pass"),
    "an endless loop when called": Accident(when_called="while True: pass", keeps=False),
    "a loop that swallows interrupts": Accident(own=STUBBORN),
    "the same when called": Accident(when_called=STUBBORN.replace("\n", "\n    "), keeps=False),
    "a native loop": Accident(own="sum(range(10**12))"),
    "a native loop when called": Accident(when_called="sum(range(10**12))", keeps=False),
    "a native loop in a thread": Accident(
        own="import threading\nthreading.Thread(target=sum, args=(range(10**12),)).start()"
    ),
    "SIGSTOP": Accident(own="import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    "input": Accident(own="name = input('Your name? ')"),
    "breakpoint": Accident(own="breakpoint()"),
    "sleep": Accident(own="import time\ntime.sleep(1000)"),
    "a lock that is held": Accident(own="import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"),
    "a slow own cell": Accident(own=TRAINS.format(1.5)),
    # It takes too much
    "memory": Accident(own="kept = []\nwhile True: kept.append(bytearray(b'x' * (1 << 26)))"),
    "memory when called": Accident(
        when_called="kept = []\n    while True: kept.append(bytearray(b'x' * (1 << 26)))", keeps=False
    ),
    "50 MB of output": Accident(own="print('x' * (50 << 20))"),
    "50 MB of output, line by line": Accident(own="for _ in range(5000): print('x' * 10_000)"),
    "a deep traceback": Accident(own="def deep(n): return 1 / n if n == 0 else deep(n - 1)\ndeep(900)"),
    "a long traceback": Accident(own="raise ValueError('x' * (20 << 20))"),
    "processes": Accident(own="import multiprocessing\npool = multiprocessing.get_context('fork').Pool(24)"),
    "threads": Accident(
        own="import threading, time\nfor _ in range(5000): threading.Thread(target=time.sleep, args=(60,)).start()"
    ),
    "a thread that prints": Accident(
        own="import threading\ndef shout():\n    while True: print('x' * 1000)\n"
        "threading.Thread(target=shout, daemon=True).start()"
    ),
    # Names and settings are gone
    "%reset": Accident(own="%reset -f"),
    "run_line_magic('reset')": Accident(own="get_ipython().run_line_magic('reset', '-f')"),
    "exec is a variable": Accident(own="exec, globals, print, locals = 1, dict(a=1), 'text', None"),
    "builtins are variables": Accident(own="list = dict = str = len = range = isinstance = __import__ = type = 0"),
    "torch is a variable": Accident(own="torch = np = helpers = check = 3"),
    "torch is deleted": Accident(own="del torch"),
    "%reset_selective": Accident(own="%reset_selective -f ."),
    "%matplotlib widget": Accident(own="%matplotlib widget"),
    "another folder": Accident(own="import os\nos.chdir('/')"),
    "the output is closed": Accident(own="import sys\nsys.stdout.close()"),
    "the output is replaced": Accident(own="import sys\nsys.stdout = sys.stderr = None"),
    "a module is shadowed": Accident(own="open('torch.py', 'w').write('raise ImportError')\nimport torch"),
    "a bad default": Accident(own="import torch\ntorch.set_default_dtype(torch.float32)"),
}
