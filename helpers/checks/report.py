"""Say in words what a check found: plain text and HTML, for the notebook and for the graded copy of it.

First what is right and what is not yet, by aspect; then what went wrong, once for all cases that failed alike, with the
call of one of them.
"""

import html
from dataclasses import dataclass, field
from typing import TypeAlias

from ..support.language import Message, _, counted, english, render
from .compare import Result, Violation
from .picture import picture
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
    "dtype": english("wrong dtype: make it in the one that is asked for, dtype=x.dtype or the argument dtype"),
    "value": english("wrong value"),
    "prediction": english("this cannot be read"),
    "lost": english("no readable answer came back"),
}

MISSING = {"unattempted", "empty", "undefined"}  # outcomes that leave nothing to say of single cases
UNREAD = MISSING | {"prediction"}  # and one that the summary says
SAY_LITTLE = {"type", "keys", "shape", "length", "value", "lost"}  # outcomes that without a diagnosis give no advice
LONGEST_CALL = 160  # characters of a call that is shown whole at once
MOST_NAMES = 3  # of cases that failed alike
GREEN, AMBER, GREY = "#1a7f37", "#b35900", "#57606a"  # of the bar beside what is right, not yet right, or neither

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
        reason: why there is no answer to judge.
        shown: what a right answer has shown, with the student's number.
        done: the notebook's points that are green so far, and all of them.
    """

    exercise: str
    results: tuple[Result, ...]
    aspects: dict[str, float] = field(default_factory=dict)
    hidden: dict[str, int] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    advice: str = ""
    graded: bool = False
    reason: Message | None = None
    shown: Message | None = None
    done: tuple[float, float] | None = None

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

    @property
    def later(self) -> float:
        """Return the points that only cases at grading decide."""
        return sum(points for aspect, points in self.aspects.items() if self.results and not self.of(aspect))

    def of(self, aspect: str) -> list[Result]:
        """Return the results of an aspect's cases."""
        return [result for result in self.results if result.aspect == aspect]

    def earned(self, aspect: str) -> float:
        """Return the points of an aspect: all of them where every case of it passed, else none."""
        results = self.of(aspect)
        good = bool(results) and not self.violations and all(result.passed for result in results)
        return self.aspects[aspect] if good else 0.0

    def alike(self) -> list[list[Result]]:
        """Return the results that did not pass, those that failed alike together; last those without advice."""
        found: dict[tuple[str, ...], list[Result]] = {}
        for result in self.results:
            error = result.got.values.get("type", result.got) if result.outcome == "raised" and result.got else ""
            key = (result.outcome, str(error), result.line, str(result.diagnosis))
            if not result.passed:
                found.setdefault(key, []).append(result)
        return sorted(found.values(), key=lambda results: says_little(results[0]))

    def known(self) -> str:
        """Return the sentence that explains every case that failed, where one does; else an empty text."""
        same = self.alike()
        found = same[0][0].diagnosis if len(same) == 1 and same[0][0].outcome != "raised" else None
        return render(found) if found else ""

    def summary(self) -> str:
        """Return the one line that matters most."""
        good, total = sum(result.passed for result in self.results), len(self.results)
        if self.graded:
            values = {"exercise": self.exercise, "earned": f"{self.points:g}", "maximum": f"{self.maximum:g}"}
            line = _("{exercise}: {earned} of {maximum} points", **values)
            return f"{line}; {render(self.reason)}." if self.reason else f"{line}."
        if self.reason:
            return f"{self.exercise}: {render(self.reason).removesuffix('.')}."
        outcomes = {result.outcome for result in self.results}
        if outcomes and outcomes <= UNREAD:
            return f"{self.exercise}: {sentences(self.results[0])[-1]}."
        if self.violations:
            return _("{exercise}: this exercise does not allow all that your code uses.", exercise=self.exercise)
        if not any(result.call for result in self.results):
            return _("{exercise}: noted." if self.passed else "{exercise}: not yet.", exercise=self.exercise)
        hidden = sum(self.hidden.values())
        more = counted("; {count} more is checked at grading", "; {count} more are checked at grading", hidden)
        return counted(
            "{exercise}: {good} of {count} case here is right{more}.",
            "{exercise}: {good} of {count} cases here are right{more}.",
            total,
            exercise=self.exercise,
            good=good,
            more=more if hidden else "",
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
        """Return the row of one aspect."""
        results = self.of(aspect)
        title = f"{_(aspect)} ({points_in_words(self.aspects[aspect])})" if self.aspects[aspect] else _(aspect)
        if not results:
            return _("later"), f"{title} – " + _("checked at grading"), []
        if not all(result.passed for result in results):
            return _("not yet"), title, []
        return _("right") if self.graded or any(result.call for result in results) else _("noted"), title, []

    def last(self) -> list[str]:
        """Return the sentences below it all: what was shown, and where the notebook stands."""
        said = [render(self.shown)] if self.shown and self.passed and not self.graded else []
        if self.done and not self.graded:
            points = map("{:g}".format, (self.points, self.maximum, *self.done))
            values = dict(zip(("here", "maximum", "done", "all"), points, strict=True))
            said.append(
                _(
                    "{here} of {maximum} points here{later}; {done} of {all} points are green so far."
                    if self.maximum
                    else "{done} of {all} points are green so far.",
                    later=decided_later(self.later),
                    **values,
                )
            )
        return said

    def __str__(self) -> str:
        lines, known = self.lines(), self.known()
        text = [self.summary(), *([f"  {known}"] if known else [])]
        width = max((len(mark) for mark, *_ in lines), default=0)
        for mark, name, details in lines:
            text += [f"  {mark:{width}}  {name}", *(f"{'':{width + 4}}{sentence}" for sentence in details)]
        for results in self.alike() if lines else ():
            text += ["  " + cases_named(results)]
            text += [f"    {said}" for said in sentences(example_of(results)) if said != known]
        return "\n".join([*text, *self.last()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<li style='margin:.2em 0'><b style='{MARK}'>{html.escape(mark)}</b> {html.escape(name)}"
            + "".join(f"<br><span style='margin-left:1.5em'>{prose(said)}</span>" for said in details)
            + "</li>"
            for mark, name, details in self.lines()
        )
        listed = f"<ul style='list-style:none;padding:0;margin:.3em 0'>{rows}</ul>" if rows else ""
        known = self.known()
        first = f"<div style='margin:.3em 0'><b>{prose(known)}</b></div>" if known else ""
        failed = "".join(failure_html(each, known) for each in self.alike()) if rows else ""
        last = "".join(f"<div style='margin:.3em 0'>{prose(said)}</div>" for said in self.last())
        return framed(prose(self.summary()), first + listed + failed + last, GREEN if self.passed else AMBER)


MARK = "display:inline-block;min-width:6.5em;padding-right:.6em"
CODE = "display:block;white-space:pre-wrap;padding:.1em 0"


def failure_html(results: list[Result], known: str) -> str:
    """Return cases that failed alike as HTML: their names, and what is to be said of one of them beside what is known.

    A long call is folded up.
    """
    result = example_of(results)
    *facts, advice = sentences(result)[bool(result.call) :]
    code = f"<code style='{CODE}'>{html.escape(result.call)}</code>" if result.call else ""
    if short(result.call) != result.call:
        code = f"<details><summary><code>{html.escape(short(result.call))}</code></summary>{code}</details>"
    lines = "".join(f"<div>{prose(each)}</div>" for each in facts)
    drawn = picture(*result.bars) if result.bars else ""
    style = "border-top:1px solid #8888;margin:.4em 0;padding-top:.3em"
    return (
        f"<div style='{style}'>{html.escape(cases_named(results))}{code}{lines}{drawn}"
        f"<div><b>{prose(advice) if advice != known else ''}</b></div></div>"
    )


def prose(text: str) -> str:
    """Return a sentence as HTML, what stands between backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(f"<code>{part}</code>" if k % 2 else part for k, part in enumerate(parts))


def points_in_words(points: float) -> str:
    """Return points in words, halves too."""
    return counted("{points} point", "{points} points", 1 if points == 1 else 2, points=f"{points:g}")


def decided_later(points: float) -> str:
    """Return what follows a number of points where others are not decided here."""
    return _(", {points:g} more decided at grading", points=points) if points else ""


def example_of(results: list[Result]) -> Result:
    """Return the result that stands for all: a public one, where there is one."""
    return next((result for result in results if not result.hidden), results[0])


def framed(title: str, body: str, colour: str, style: str = "") -> str:
    """Return HTML under its title, with a coloured bar on the left; ``style`` is added to its own."""
    frame = f"border-left:4px solid {colour};padding:.2em .8em;margin:.3em 0;overflow-wrap:anywhere{style}"
    return f"<div style='{frame}'><b>{title}</b>{body}</div>"


def says_little(result: Result) -> bool:
    """Tell whether nothing that is said of a result is advice."""
    return not result.diagnosis and result.outcome in SAY_LITTLE


def cases_named(results: list[Result]) -> str:
    """Return the names of cases that failed alike, the first few of many."""
    names = [case_name(result) for result in results[:MOST_NAMES]]
    left = len(results) - MOST_NAMES
    names += [counted("and {count} more", "and {count} more", left)] if left > 0 else []
    if len(results) == 1:
        return names[0]
    said = "; ".join(names)
    if not says_little(results[0]):
        return counted("{count} case: {names}", "{count} cases fail alike: {names}", len(results), names=said)
    return counted(
        "{count} case is not right yet: {names}", "{count} cases are not right yet: {names}", len(results), names=said
    )


def case_name(result: Result) -> str:
    """Return a case's name, and where it runs."""
    name = _(result.name)
    return _("at grading: {name}", name=name) if result.hidden else name


def short(call: str) -> str:
    """Return a call, or the beginning of a long one, which is no Python."""
    return call if len(call) <= LONGEST_CALL else f"{call[: LONGEST_CALL // 2]} …"


def sentences(result: Result) -> list[str]:
    """Return what is said of one case that failed: its call, what came out, and last what this means."""
    found = [short(result.call)] if result.call else []
    if result.outcome == "raised" and result.got:
        found += [_("your function raised {error}", error=render(result.got))]
        found += [_("in the line `{line}`", line=result.line)] if result.line else []
        return [*found, *([render(result.diagnosis)] if result.diagnosis else [])]
    if result.outcome == "prediction" and result.expected:
        expected = render(result.expected)  # grading has no `got`: it repeats nothing from a kernel
        return [_("this is {got}; {expected}", got=render(result.got), expected=expected) if result.got else expected]
    found += [_("expected {expected}", expected=render(result.expected))] if result.expected else []
    found += [_("got      {got}", got=render(result.got))] if result.got else []
    return [*found, render(result.diagnosis or MESSAGES[result.outcome])]
