"""Find out what a function uses while it is called: which functions it calls, and which operators torch runs for it.

It runs where the student's code runs and, like `collect`, arrives there as source text: it needs nothing of this
package, and torch only where the notebook has it. What an exercise forbids is a list of patterns of names, such as
`torch.softmax` or `helpers.*`. A pattern without wildcards is a function, or a class with all its methods, wherever in
that package it lies: `numpy.linalg.eigvals` is also `numpy.linalg._linalg.eigvals`. torch's operators count as
functions of torch, without underscores around their names: `aten::_softmax` is `torch.softmax`, whoever asks for it.

What is merely written does not count, nor what ran before the call, nor a notebook's own functions. Not seen are calls
of numpy's ufuncs themselves, other processes, and threads that were there before the call.
"""

import linecache
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from types import FrameType
from typing import Any, TypeAlias, cast

Hook: TypeAlias = Callable[[FrameType, str, Any], object]

MOST_CALLS = 2_000_000  # that are looked at, of all cases together: later only torch's operators are, at less cost
PROFILE, THREADS, DISPATCH = "sys.setprofile", "threading.setprofile", "torch.utils._python_dispatch"
SWITCHES = (PROFILE, THREADS, f"{DISPATCH}._disable_current_modes", f"{DISPATCH}._pop_mode*", DISPATCH)


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
        self.codes: dict[int, str] = {}  # what is forbidden of a code object, by its id, or an empty text
        self.others: dict[Any, str] = {}  # the same of operators and of built-in functions
        self.kept: list[Any] = []  # those code objects: an id is theirs while they live
        self.operators = 0  # that torch has run
        self.calls_left = MOST_CALLS  # to look at
        self.deepest = 0  # of calls inside calls: where Python allows no more, it takes the profile function away

    def run(self, function: object, call: Callable[[], Any]) -> Any:
        """Return what a call of a student's function returns, and note what it uses."""
        self.used, self.outside = None, sys._getframe()
        self.own = [None, "__main__", getattr(function, "__module__", None)]
        on, begin = self.hooks()
        before, before_in_threads = sys.getprofile(), threading.getprofile()
        mode = self.mode()
        threading.setprofile(begin)
        sys.setprofile(on)
        try:
            return call()
        finally:
            left, self.calls_left = self.calls_left, MOST_CALLS  # what follows is called here
            now, now_in_threads = sys.getprofile(), threading.getprofile()
            sys.setprofile(before if callable(before) else None)  # a profiler in C goes: it cannot be put back
            threading.setprofile(before_in_threads)
            is_on = now is on and self.calls_left < MOST_CALLS  # it has seen the calls of the line before
            is_over = now is None and (left <= 0 or self.deepest > sys.getrecursionlimit() / 3)
            if not is_on and not is_over:
                self.use(PROFILE, None)
            if now_in_threads is not begin:
                self.use(THREADS, None)
            if mode and not self.left(mode):
                self.use(DISPATCH, None)
            self.calls_left, self.outside = left, None

    def hooks(self) -> tuple[Hook, Hook]:
        """Return a new profile function for this thread, and one that begins the watching in a thread that starts."""
        self.deepest = 0
        codes, depth = self.codes, 0

        def on(frame: FrameType, event: str, function: Any) -> None:
            nonlocal depth
            if event == "call":
                name = codes.get(id(frame.f_code))
                name = self.of_code(frame) if name is None else name
            elif event == "c_call":
                name = self.of_builtin(function)
            else:
                depth -= 1
                return
            depth += 1
            if depth > self.deepest:
                self.deepest = depth
            if name and frame is not self.outside:
                self.use(name, frame.f_back if event == "call" else frame)
            self.calls_left -= 1
            if self.calls_left <= 0:
                sys.setprofile(None)

        def begin(frame: FrameType, event: str, function: Any) -> None:
            self.mode()  # it ends with its thread
            sys.setprofile(on)
            on(frame, event, function)

        return on, begin

    def mode(self) -> Any:
        """Let torch report this thread's operators, and return the mode that does it; None where there is no torch."""
        if "torch" not in sys.modules:
            return None
        from torch.utils._python_dispatch import TorchDispatchMode

        watch = self

        class Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
            @classmethod
            def _should_skip_dynamo(cls) -> bool:
                return "torch._dynamo" in sys.modules  # to import it takes seconds, and is for torch.compile only

            def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
                watch.operator(func)
                return func(*args, **(kwargs or {}))

        mode: Any = Mode()  # type: ignore[no-untyped-call]
        return mode.__enter__()

    def left(self, mode: Any) -> bool:
        """End torch's reports, and tell whether they had come until here."""
        import torch
        from torch.utils import _python_dispatch

        current = cast(Callable[[], Any], _python_dispatch._get_current_dispatch_mode)
        reported = self.operators
        torch.empty(0)
        if current() is mode and self.operators > reported:
            mode.__exit__(None, None, None)
            return True
        with suppress(Exception):  # what the call has left there goes, too
            while top := current():
                top.__exit__(None, None, None)
        return False

    def operator(self, operator: Any) -> None:
        """Note an operator that torch runs, and the forbidden function that asks for it."""
        self.operators += 1
        if operator not in self.others:
            space, _, name = str(operator.name()).partition("::")
            name = name.partition(".")[0].strip("_")
            self.others[operator] = self.forbidden("torch" if space == "aten" else space, name)
        frame: FrameType | None = sys._getframe(1)
        found = [(self.others[operator], frame)]
        while sys.getprofile() is None and frame and frame is not self.outside:  # its caller was not seen
            name, frame = self.of_code(frame), frame.f_back
            found.append((name, frame))
        for name, frame in reversed(found):
            if name:
                self.use(name, frame)

    def of_code(self, frame: FrameType) -> str:
        """Return what is forbidden of the function that a frame runs, or an empty text."""
        code = frame.f_code
        if id(code) not in self.codes:
            self.kept.append(code)
            self.codes[id(code)] = self.forbidden(frame.f_globals.get("__name__"), code.co_qualname)
        return self.codes[id(code)]

    def of_builtin(self, function: Any) -> str:
        """Return what is forbidden of a function that is not written in Python, or an empty text."""
        key = function.__module__, function.__qualname__
        name = self.others.get(key)
        if name is None:
            owner: Any = getattr(function, "__self__", None)
            module = key[0] or type(owner).__module__
            if type(owner).__name__ == "ufunc":  # reduce and its kin, of any of them
                return self.forbidden(module, owner.__name__)
            name = self.others[key] = self.forbidden(module, key[1])
        return name

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
