"""Say in words what a check found: plain text and HTML, for the notebook and for the graded copy of it."""

import html
from dataclasses import dataclass, field
from typing import TypeAlias

from ..support.language import Message, _, counted, english, render
from .compare import Result, Violation
from .watch import SWITCHES

MESSAGES = {
    "unattempted": english("not attempted yet: replace `raise NotImplementedError()` by your code"),
    "empty": english("no answer yet: write one in place of `None`"),
    "undefined": english("there is no function of this name: run the cell that defines it, or undo its renaming"),
    "raised": english("your function raised an error"),
    "nothing": english("your function returned None: does it end with `return`?"),
    "changed_input": english("the answer is right, but your function wrote into its argument: work on a copy"),
    "type": english("wrong type"),
    "keys": english("wrong keys"),
    "shape": english("wrong shape"),
    "length": english("wrong length"),
    "dtype": english("wrong dtype"),
    "value": english("wrong value"),
    "prediction": english("this cannot be read"),
    "lost": english("no readable answer came back"),
    "no_float64": english('Apple\'s GPUs (mps) have no float64: make this tensor with device="cpu", or in float32'),
}

MISSING = {"unattempted", "empty", "undefined"}  # outcomes that leave nothing to say of single cases
UNREAD = MISSING | {"prediction"}  # and one that the summary says

Row: TypeAlias = tuple[str, str, list[str]]  # mark, text, and the sentences of its details


@dataclass(frozen=True, repr=False)
class Report:
    """The results of an exercise's cases, by aspect.

    Attributes
        exercise: its name.
        results: those of its cases, in order.
        aspects: the points of each.
        hidden: how many cases of each aspect run at grading only.
        violations: the forbidden ways that the answers used.
        advice: what to use instead of them.
        graded: whether this is the verdict, not a check in a notebook.
        reason: why no answer came out at all, at grading.
    """

    exercise: str
    results: tuple[Result, ...]
    aspects: dict[str, float] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    advice: str = ""
    graded: bool = False
    reason: Message | None = None

    @property
    def passed(self) -> bool:
        """Tell whether every case passed, without a forbidden way."""
        return bool(self.results) and not self.violations and all(result.passed for result in self.results)

    @property
    def maximum(self) -> float:
        """Return the points of all aspects."""
        return sum(self.aspects.values())

    @property
    def points(self) -> float:
        """Return the points that are earned."""
        return sum(self.earned(aspect) for aspect in self.aspects)

    def of(self, aspect: str) -> list[Result]:
        """Return the results of an aspect's cases."""
        return [result for result in self.results if result.aspect == aspect]

    def earned(self, aspect: str) -> float:
        """Return the points of an aspect: all of them where every case of it passed, else none."""
        results = self.of(aspect)
        good = bool(results) and not self.violations and all(result.passed for result in results)
        return self.aspects[aspect] if good else 0.0

    def summary(self) -> str:
        """Return the one line that matters most."""
        good, total = sum(result.passed for result in self.results), len(self.results)
        if self.graded:
            values = {"exercise": self.exercise, "earned": f"{self.points:g}", "maximum": f"{self.maximum:g}"}
            line = _("{exercise}: {earned} of {maximum} points", **values)
            return f"{line}; {render(self.reason)}." if self.reason else f"{line}."
        outcomes = {result.outcome for result in self.results}
        if outcomes and outcomes <= UNREAD:
            return f"{self.exercise}: {sentences(self.results[0])[-1]}."
        if self.violations:
            return _("{exercise}: this exercise does not allow all that your code uses.", exercise=self.exercise)
        hidden = sum(self.hidden.values())
        more = "; " + _("{hidden} more run at grading", hidden=hidden) if hidden else ""
        return _(
            "{exercise}: public checks passed ({good} of {total}){more}."
            if self.passed
            else "{exercise}: {good} of {total} public checks passed{more}.",
            exercise=self.exercise,
            good=good,
            total=total,
            more=more,
        )

    def lines(self) -> list[Row]:
        """Return a row for every violation and aspect."""
        rows = [self.violation_line(violation) for violation in self.violations]
        if {result.outcome for result in self.results} <= (MISSING if self.graded else UNREAD):
            return rows
        return rows + [self.line(aspect) for aspect in self.aspects]

    def violation_line(self, violation: Violation) -> Row:
        """Return the row of a forbidden way: its name, the line that uses it, and what to do instead."""
        instead = _("A check sees what your function calls: leave that on.")
        said = [_("in the line `{line}`", line=violation.line)] if violation.line else []
        said += [instead if violation.name in SWITCHES else _(self.advice)]
        return _("not allowed"), _("uses {name}", name=violation.name), said

    def line(self, aspect: str) -> Row:
        """Return the row of one aspect: what of it failed, and why."""
        results = self.of(aspect)
        failed = [result for result in results if not result.passed]
        title = f"{_(aspect)} ({points_in_words(self.aspects[aspect])})" if self.aspects[aspect] else _(aspect)
        if not results:
            return _("later"), f"{title}: " + _("checked at grading"), []
        details = [sentence for result in failed for sentence in (case_name(result), *sentences(result))]
        return _("FAILED") if failed else _("passed"), title, details

    def __str__(self) -> str:
        text, lines = [self.summary()], self.lines()
        width = max((len(mark) for mark, *_ in lines), default=0)
        for mark, name, details in lines:
            text += [f"  {mark:{width}}  {name}", *(f"{'':{width + 4}}{sentence}" for sentence in details)]
        return "\n".join(text)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<li style='margin:.2em 0'><b>{mark}</b> {html.escape(name)}"
            + "".join(f"<br><span style='margin-left:1.5em'>{html.escape(s)}</span>" for s in details)
            + "</li>"
            for mark, name, details in self.lines()
        )
        colour = "#1a7f37" if self.passed else "#b35900"
        style = f"border-left:4px solid {colour};padding:.2em .8em;margin:.3em 0"
        listed = f"<ul style='list-style:none;padding:0;margin:.3em 0'>{rows}</ul>" if rows else ""
        return f"<div style='{style}'><b>{html.escape(self.summary())}</b>{listed}</div>"


def points_in_words(points: float) -> str:
    """Return points in words, halves too."""
    return counted("{points} point", "{points} points", 1 if points == 1 else 2, points=f"{points:g}")


def case_name(result: Result) -> str:
    """Return a case's name, and where it runs."""
    name = _(result.name)
    return _("at grading: {name}", name=name) if result.hidden else name


def sentences(result: Result) -> list[str]:
    """Return the sentences under one case that failed."""
    if result.outcome == "raised" and result.got:
        error = render(result.got)
        hint = "float64" in error and "MPS" in error
        return [_("your function raised {error}", error=error), *([render(MESSAGES["no_float64"])] if hint else [])]
    if result.outcome == "prediction" and result.expected:
        expected = render(result.expected)  # grading has no `got`: it repeats nothing from a kernel
        return [_("this is {got}; {expected}", got=render(result.got), expected=expected) if result.got else expected]
    found = [_("expected {expected}", expected=render(result.expected))] if result.expected else []
    found += [_("got      {got}", got=render(result.got))] if result.got else []
    return [*found, render(result.diagnosis or MESSAGES[result.outcome])]
