"""Instant checks: `check` judges an answer on the public cases, `needs` lets a cell wait for one.

Grading uses the same modules on public and hidden cases alike, so that the verdict there is the verdict here.

    notebook finds the answer, and says where it is not what the notebook says; collect calls the function, within a
    limit, and makes plain answers; watch sees whether it uses what is forbidden; compare sets the answers beside the
    cases (`cases`), each value by its kind (`kinds`), one of many right ones by `formulas`; recognise finds the
    mistake, and errors what an error means; report says it all in words, with the call of a case (`calls`) and a
    picture; decisions reads predictions and decisions, and tells the verdict on a claim
"""

import io
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import replace
from functools import cache

from ..support.language import Line, Message, _, counted, english, tell
from . import cases as case_files
from . import collect, notebook
from .cases import stored_exercise
from .compare import compare, shown_by, violations
from .decisions import Card, card, commit
from .limit import CALL, LARGE_CALL, Stopped, limited
from .notebook import Notebook
from .report import Report
from .watch import CallWatch

LARGE = 100_000  # bytes of a case's tensors, as they are stored: that of a vocabulary is far above, others far below

_latest: dict[str, tuple[Report, object]] = {}  # what the last check of each exercise has found, and of what
_blocks: list[list[str]] = []  # for each block of `needs` that runs, the exercises that it waits for


def check(name: str) -> None:
    """Show how an answer does on the public cases of an exercise.

    Arguments
        name: the exercise's, which is also that of the function that you wrote, or of the value that is asked for.

    Returns nothing and never raises.

    Under `nbgrader validate` and its button, what did not pass is said on stderr: nbgrader then counts the cell as
    failed.

    >>> check("softmax_t")  # doctest: +SKIP
    """
    from IPython.display import display

    try:
        shown: Report | Card | Line = told(name)
    except case_files.NoCases as error:
        shown = Line(error)
    except Exception as error:  # whatever goes wrong, the notebook goes on and the student can say what it was
        shown = Line(_("check({name!r}) could not run: {error}", name=name, error=f"{type(error).__name__}: {error}"))
    if "NBGRADER_VALIDATING" in os.environ and not getattr(shown, "passed", False):
        print(shown, file=sys.stderr)
    else:
        display(shown)


def told(name: str) -> Report | Card:
    """Return what is shown of an exercise, and keep it: a report, and of a claim its card."""
    exercise, answer = stored_exercise(name), held(name)
    found = report_of(name, notebook.read_notebook())
    _latest[name] = found, answer
    if "claim" in exercise and not found.reason:
        return card(name, exercise, answer, judging())
    return replace(found, done=points_so_far())


def report_of(name: str, seen: Notebook) -> Report:
    """Judge what the notebook holds under an exercise's name; raises as `report` does."""
    why = why_not(name, seen)
    return unanswered(name, why) if why else report(name, held(name))


def why_not(name: str, seen: Notebook) -> Message | None:
    """Return why what the notebook holds under an exercise's name is not its answer; raises as `report` does."""
    case = stored_exercise(name)["cases"][0]
    words, is_value = case["expected"].get("one_of", ()), bool(case.get("value"))
    return notebook.doubt(
        case_files.in_use().function(name), notebook.namespace(), is_value, seen, notebook.runs(), words
    )


def report(name: str, answer: object) -> Report:
    """Judge an answer on the public cases of an exercise.

    Arguments
        name: the exercise's.
        answer: a function, or the value that is asked for.

    Raises as `cases.stored_exercise` does.
    """
    exercise, file = stored_exercise(name), case_files.in_use()
    if exercise["cases"][0].get("value"):
        commit(name, exercise, answer)
    watch = CallWatch(exercise["forbidden"]) if exercise["forbidden"] else None
    answers: list[collect.Answer] = []
    for case in exercise["cases"]:
        inputs = file.inputs([case])
        size = sum(len(tensor["data"]) for tensor in inputs.values())
        seconds = LARGE_CALL if size > LARGE or "'tile'" in str(case["args"]) else CALL
        try:
            with limited(seconds):
                answers += collect.collect(answer, [case], inputs, watch)
        except Stopped as stopped:
            return unanswered(name, how_stopped(case["name"], seconds, stopped.args[0]))
    results, found = compare(name, [file], answers), violations(answers, exercise["forbidden"])
    shown = shown_by(exercise, answers) if all(result.passed for result in results) else None
    of = exercise["aspects"], exercise["hidden"]
    return Report(name, tuple(results), *of, tuple(found), exercise["advice"], shown=shown)


def unanswered(name: str, why: Message) -> Report:
    """Return the report of an exercise without an answer to judge."""
    exercise = stored_exercise(name)
    return Report(name, (), exercise["aspects"], exercise["hidden"], reason=why)


def how_stopped(case: str, limit: float, seconds: float) -> Message:
    """Say what was done about a call that did not return."""
    values = {"case": english(case), "seconds": f"{seconds:.0f}", "limit": f"{limit:g}"}
    if seconds < limit + 2:
        return english("stopped after {seconds} s, in the case “{case}”: look for a loop that does not end", **values)
    return english(
        "in the case “{case}” a call took {seconds} s: it could not be stopped after {limit} s, for what it calls does "
        "not listen; look for a loop that does not end",
        **values,
    )


def is_green(name: str) -> bool:
    """Tell whether an exercise's last check passed, of what the notebook still holds."""
    found, answer = _latest.get(name, (None, None))
    return found is not None and found.passed and held(name) is answer


def held(name: str) -> object:
    """Return what the notebook holds for an exercise, or None."""
    return notebook.namespace().get(case_files.in_use().function(name))


def points_so_far() -> tuple[float, float]:
    """Return the points that the public cases of green exercises show, and those of the notebook."""
    points = worth()
    return sum(_latest[name][0].points for name in points if is_green(name)), sum(points.values())


def worth() -> dict[str, float]:
    """Return the points of each exercise."""
    return {name: sum(each["aspects"].values()) for name, each in case_files.in_use().exercises.items()}


class Ended(Exception):
    """A block of `needs` ends here; its argument says why."""


@contextmanager
def needs(*names: str) -> Iterator[bool]:
    """Let a cell wait for exercises: what they lack is said in one line instead of an error.

    Arguments
        names: those of the exercises.

    Gives whether all of them are right as the block begins. Where one is not, the line is printed: after the block, or
    where an error, a result (`reveal`, `measured`) or too much time ends it. Where all are right an error is a real
    one, and passes through.

    >>> with needs("softmax_t"):
    ...     raise NotImplementedError()
    This cell waits for softmax_t: write it above, then run this cell again.
    """
    is_right = judging()
    waiting = [name for name in names if not is_right(name)]
    _blocks.append(waiting)
    try:
        with limited(LARGE_CALL) if waiting else nullcontext():
            yield not waiting
            end_if_waiting()
    except Ended as ended:
        tell(str(ended))
    except (Exception, SystemExit, Stopped) as error:
        if not waiting:
            raise
        tell(how_waiting(error, waiting))
    finally:
        _blocks.pop()


def end_if_waiting() -> None:
    """End the block of `needs` that runs, if any, where it waits for an exercise: what it has made is no result."""
    if _blocks and _blocks[-1]:
        raise Ended(_("This cell waits for a green check of {names}.", names=in_a_row(_blocks[-1])))


def end_block(why: str) -> None:
    """End the block of `needs` that runs, and say why; where none runs, just say it."""
    if _blocks:
        raise Ended(why)
    tell(why)


def judging() -> Callable[[str], bool]:
    """Return what tells of an exercise whether the notebook's answer passes: by its last check, or by one in silence.

    It reads the notebook once, where it has to, and judges each exercise once.
    """
    seen = cache(notebook.read_notebook)

    @cache
    def is_right(name: str) -> bool:
        if is_green(name):
            return True
        with redirect_stdout(io.StringIO()):
            try:
                return report_of(name, seen()).passed
            except Exception:  # without cases nothing is known
                return False

    return is_right


def how_waiting(error: BaseException, waiting: Sequence[str]) -> str:
    """Say which exercises a cell waits for, and what to do."""
    names = in_a_row(waiting)
    if isinstance(error, NotImplementedError) and not str(error):  # a stub's; torch's have a text
        return counted(
            "This cell waits for {names}: write it above, then run this cell again.",
            "This cell waits for {names}: write them above, then run this cell again.",
            len(waiting),
            names=names,
        )
    if isinstance(error, NameError) and error.name in waiting:
        return _("This cell waits for {names}: run its cell above, then this one again.", names=error.name)
    if isinstance(error, Stopped):
        said = _("it was stopped after {seconds:.0f} s", seconds=error.args[0])
    else:
        said = f"{type(error).__name__}: {str(error).strip().split(chr(10))[0][:120]}".removesuffix(": ")
    return _("This cell waits for a green check of {names}; for now: {error}.", names=names, error=said)


def in_a_row(names: Sequence[str]) -> str:
    """Return names as a sentence has them: A, B and C."""
    return _(" and ").join(filter(None, [", ".join(names[:-1]), names[-1]]))
