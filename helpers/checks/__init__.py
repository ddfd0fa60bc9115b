"""Instant checks: `check` judges an answer on the public cases, `needs` lets a cell wait for one.

Grading uses the same modules on public and hidden cases alike, so that the verdict there is the verdict here.

    collect calls the function and makes plain answers; watch sees whether it uses what is forbidden; compare sets the
    answers beside the cases (`cases`), each value by its kind (`kinds`); recognise finds the mistake, and errors what
    an error means; report says it all in words, with the call of a case (`calls`) and a picture; decisions reads
    predictions and decisions, and tells the verdict on a claim
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..support.language import _
from . import cases as case_files
from . import collect
from .compare import compare, shown_by, violations
from .decisions import Card, card, commit
from .notebook import namespace
from .report import Report
from .watch import CallWatch


def check(name: str, answer: object) -> None:
    """Show how an answer does on the public cases of an exercise.

    Arguments
        name: the exercise's.
        answer: the function that you wrote; where a value is asked for, that value.

    Returns nothing and never raises.

    Under `nbgrader validate` and its button, what did not pass is said on stderr: nbgrader then counts the cell as
    failed.

    >>> check("softmax_t", softmax_t)  # doctest: +SKIP
    """
    from IPython.display import display

    try:
        shown: Report | Card | str = told(name, answer)
    except case_files.NoCases as error:
        shown = str(error)
    except Exception as error:  # whatever goes wrong, the notebook goes on and the student can say what it was
        shown = _("check({name!r}) could not run: {error}", name=name, error=f"{type(error).__name__}: {error}")
    if "NBGRADER_VALIDATING" in os.environ and not (isinstance(shown, Report | Card) and shown.passed):
        print(shown, file=sys.stderr)
    elif isinstance(shown, Report | Card):
        display(shown)
    else:
        print(shown)


def told(name: str, answer: object) -> Report | Card:
    """Return what is shown of an answer: a report, and of a claim its card."""
    exercise = case_files.in_use().exercises.get(name)
    return card(name, exercise, answer, lacking) if exercise and "claim" in exercise else report(name, answer)


def report(name: str, answer: object) -> Report:
    """Judge an answer on the public cases of an exercise.

    Arguments
        name: the exercise's.
        answer: a function, or the value that is asked for.

    Raises KeyError, naming the exercises there are, for an unknown name, and `cases.NoCases` where no notebook has
    brought its cases.
    """
    file = case_files.in_use()
    if name not in file.exercises:
        known = ", ".join(sorted(file.exercises))
        raise KeyError(_("no exercise is called {name!r}; there are {known}", name=name, known=known))
    exercise = file.exercises[name]
    if exercise["cases"][0].get("value"):
        commit(name, exercise, answer)
    watch = CallWatch(exercise["forbidden"]) if exercise["forbidden"] else None
    answers = collect.collect(answer, exercise["cases"], file.inputs(exercise["cases"]), watch)
    results, found = compare(name, [file], answers), violations(answers, exercise["forbidden"])
    shown = shown_by(exercise, answers) if all(result.passed for result in results) else None
    of = exercise["aspects"], exercise["hidden"]
    return Report(name, tuple(results), *of, tuple(found), exercise["advice"], shown=shown)


def lacking(name: str) -> bool:
    """Tell whether an exercise is still to be done: its check does not pass."""
    answer = namespace().get(name)
    return answer is None or not report(name, answer).passed


@contextmanager
def needs(*names: str) -> Iterator[None]:
    """Let a cell wait for exercises: what they lack is said in one line instead of an error.

    Arguments
        names: what the line calls them.

    A stub's bare NotImplementedError inside the block ends the block, and the line is printed. Everything else passes
    through.

    >>> with needs("softmax_t"):
    ...     raise NotImplementedError()
    This cell waits for softmax_t: write it above, then run this cell again.
    """
    try:
        yield
    except NotImplementedError as error:
        if str(error):  # not a stub's: torch raises these too
            raise
        waited = _(" and ").join(names)
        print(_("This cell waits for {names}: write it above, then run this cell again.", names=waited))
