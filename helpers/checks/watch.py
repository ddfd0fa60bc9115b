"""Find out what a function uses while it is called: which functions it calls, and which operators torch runs for it.

It runs where the student's code runs and, like `collect`, arrives there as source text: it needs nothing of this
package, and torch only where the notebook has it. What an exercise forbids is a list of patterns of names, such as
`torch.softmax` or `helpers.*`. A pattern without wildcards is a function, or a class with all its methods, wherever in
that package it lies: `numpy.linalg.eigvals` is also `numpy.linalg._linalg.eigvals`. torch's operators count as
functions of torch, without underscores around their names: `aten::_softmax` is `torch.softmax`, whoever asks for it.
They are reported where a pattern may mean one, and where calls are no longer looked at.

What is merely written does not count, nor what ran before the call, nor a notebook's own functions. Not seen are calls
of numpy's ufuncs themselves, other processes, and threads that were there before the call.
"""

import linecache
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from types import FrameType
from typing import Any, TypeAlias

Hook: TypeAlias = Callable[[FrameType, str, Any], object]

MOST_CALLS = 2_000_000  # that are looked at, of all cases together: later only torch's operators are, at less cost
PROFILE, THREADS, DISPATCH = "sys.setprofile", "threading.setprofile", "torch.utils._python_dispatch"
SWITCHES = (PROFILE, THREADS, f"{DISPATCH}._disable_current_modes", f"{DISPATCH}._pop_mode*", DISPATCH)

taken: dict[Any, int] = {}  # how often a watch's profile function was taken away, but not by the watch


def audit(event: str, depth: tuple[Any, ...]) -> None:
    """Count what takes a profile function away; Python, which may have no depth left for ours, fails here as well."""
    if event == PROFILE:
        on = sys.getprofile()
        for each in [*taken]:  # not by its hash, nor a function of `builtins`: they may be the student's
            if each is on:
                if depth[50:]:
                    taken[on] += 1
                else:
                    audit(event, (*depth, 0))


def told_name(pattern: str) -> str:
    """Return what a reader is told of a pattern."""
    return pattern.removeprefix("*.")


class CallWatch:
    """Watch calls for what an exercise forbids, and for what would end the watching.

    Arguments
        forbidden: patterns of names.

    Attributes
        used: of the last call, the first forbidden thing, by its `told_name`, and the student's line that used it, or
            an empty text; None where nothing forbidden was used.
    """

    def __init__(self, forbidden: Sequence[str]) -> None:
        self.patterns = [*forbidden, *SWITCHES[:-1]]
        self.used: list[str] | None = None
        self.own: list[Any] = []  # the names of modules whose lines are the student's
        self.outside: FrameType | None = None  # the frame that made the call
        # Whether torch reports from the first call on: no operator of its has a name that begins so or has two dots.
        self.at_once = any(p.count(".") < 2 and not p.startswith(("helpers.", "numpy.", "scipy.")) for p in forbidden)
        self.known = lru_cache(None, True)(self.forbidden)  # by type as well: a name may be equal and read otherwise
        self.operators = 0  # that torch has run
        self.calls_left = MOST_CALLS  # to look at
        self.mode: Any = False  # of torch's, that reports to this
        if not taken:
            taken[None] = 0
            sys.addaudithook(audit)

    def run(self, function: object, call: Callable[[], Any]) -> Any:
        """Return what a call of a student's function returns, and note what it uses."""
        self.used, self.outside = None, sys._getframe()
        self.own = [None, "__main__", getattr(function, "__module__", None)]
        before, before_in_threads, top = sys.getprofile(), threading.getprofile(), self.top()
        mode = self.report() if self.at_once else None
        on, begin = self.hooks()
        threading.setprofile(begin)
        sys.setprofile(on)
        taken[on] = 0
        try:
            return call()
        finally:
            left, self.calls_left = self.calls_left, MOST_CALLS  # what follows is called here
            now, now_in_threads = sys.getprofile(), threading.getprofile()
            taken[on] -= now is on
            sys.setprofile(before if callable(before) else None)  # a profiler in C goes: it cannot be put back
            threading.setprofile(before_in_threads)
            is_on = now is on and self.calls_left < MOST_CALLS  # it has seen the calls of the line before
            is_over = now is None and left <= 0
            if taken.pop(on) or not (is_on or is_over):
                self.use(PROFILE, None)
            if now_in_threads is not begin:
                self.use(THREADS, None)
            if not self.left((self.mode if is_over else mode) or top):
                self.use(DISPATCH, None)
            self.calls_left, self.outside = left, None

    def hooks(self) -> tuple[Hook, Hook]:
        """Return a new profile function for this thread, and one that begins the watching in a thread that starts."""

        def on(frame: FrameType, event: str, function: Any) -> None:
            if event == "call":
                name = self.known(frame.f_globals.get("__name__"), frame.f_code.co_qualname)
            elif event == "c_call":
                name = self.of_builtin(function)
            else:
                return
            if name and frame is not self.outside:
                self.use(name, frame.f_back if event == "call" else frame)
            self.calls_left -= 1
            if self.calls_left <= 0 and (self.top() or self.report()) is self.mode:  # within a student's own: later
                taken[on] = taken.get(on, 0) - 1
                sys.setprofile(None)

        def begin(frame: FrameType, event: str, function: Any) -> None:
            self.report()  # it ends with its thread
            sys.setprofile(on)
            on(frame, event, function)

        return on, begin

    def report(self) -> Any:
        """Let torch report this thread's operators, and return the mode that does it; False where there is no torch."""
        if dispatch := sys.modules.get(DISPATCH):
            watch = self

            class Mode(dispatch.TorchDispatchMode):  # type: ignore[misc, name-defined]
                @classmethod
                def _should_skip_dynamo(cls) -> bool:
                    return "torch._dynamo" in sys.modules  # to import it takes seconds, and is for torch.compile only

                def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                    watch.operator(func)
                    return func(*args, **(kwargs or {}))

            self.mode = (self.mode or Mode()).__enter__()
        return self.mode

    def top(self) -> Any:
        """Return the mode that torch's operators of this thread come to first, or None."""
        dispatch = sys.modules.get(DISPATCH)
        return dispatch and dispatch._get_current_dispatch_mode()

    def left(self, expected: Any) -> bool:
        """End torch's reports, and tell whether its mode is the expected one, and ours has reported until here."""
        reported = self.operators
        if expected:
            sys.modules["torch"].empty(0)
        if self.top() is expected and (expected is not self.mode or self.operators > reported):
            if expected is self.mode:
                expected.__exit__(None, None, None)
            return True
        with suppress(Exception):  # what the call has left there goes, too
            while top := self.top():
                top.__exit__(None, None, None)
        return False

    def operator(self, operator: Any) -> None:
        """Note an operator that torch runs, and the forbidden function that asks for it."""
        self.operators += 1
        space, _, name = str(operator.name()).partition("::")
        name = self.known("torch" if space == "aten" else space, name.partition(".")[0].strip("_"))
        frame: FrameType | None = sys._getframe(1)
        found = [(name, frame)]
        while not sys.getprofile() and frame and frame is not self.outside:  # its caller was not seen
            name = self.known(frame.f_globals.get("__name__"), frame.f_code.co_qualname)
            frame = frame.f_back
            found.append((name, frame))
        for name, frame in reversed(found):
            if name:
                self.use(name, frame)

    def of_builtin(self, function: Any) -> str:
        """Return what is forbidden of a function that is not written in Python, or an empty text."""
        module, name = function.__module__, function.__qualname__
        if not module:
            owner: Any = getattr(function, "__self__", None)
            module = type(owner).__module__
            name = owner.__name__ if type(owner).__name__ == "ufunc" else name  # reduce and its kin, of any of them
        return self.known(module, name)

    def forbidden(self, module: Any, name: str) -> str:
        """Return what is forbidden of a function, or an empty text.

        Arguments
            module: the name of its module, None for one without a name.
            name: that of the function, with its class where it has one.
        """
        if module in (None, "__main__"):  # the notebook's own
            return ""
        packages, parts = str(module).split("."), name.replace(".<locals>", "").split(".")
        inside = [".".join(parts[: i + 1]) for i in range(len(parts))] + [parts[-1].strip("_")]
        names = [f"{'.'.join(packages[: i + 1])}.{each}" for i in range(len(packages)) for each in inside]
        return next((told_name(p) for p in self.patterns if any(fnmatchcase(each, p) for each in names)), "")

    def use(self, name: str, frame: FrameType | None) -> None:
        """Note a forbidden thing that is used from a frame, if it is the first; torch itself may switch its modes."""
        caller = frame
        while caller and caller.f_globals.get("__name__") == "contextlib":
            caller = caller.f_back
        if caller is None or not name.startswith(DISPATCH) or caller.f_globals.get("__name__") in self.own:
            self.used = self.used or [name, self.line(frame)]

    def line(self, frame: FrameType | None) -> str:
        """Return the line of the student's that a frame, or the nearest one around it, runs; empty where none is."""
        while frame and frame is not self.outside:
            if frame.f_globals.get("__name__") in self.own and frame.f_globals is not globals():
                text = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals).strip()
                if text:
                    return text[:300]
            frame = frame.f_back
        return ""
