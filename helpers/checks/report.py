"""Say in words what a check found: plain text and HTML, for the notebook and for the feedback page."""

import html
from dataclasses import dataclass

from ..support.language import _, english
from .compare import Result
from .rules import Violation

MESSAGES = {
    "unattempted": english("not attempted yet: replace `raise NotImplementedError()` by your code"),
    "empty": english("no prediction yet: write a number in place of `None`"),
    "undefined": english("there is no function of this name: run the cell that defines it, or undo its renaming"),
    "raised": english("your function raised an error"),
    "nothing": english("your function returned None: does it end with `return`?"),
    "changed_input": english("the answer is right, but your function wrote into its argument: work on a new tensor"),
    "type": english("this is another kind of object than asked for"),
    "keys": english("the dict has other keys than asked for"),
    "shape": english("the shape or length differs"),
    "dtype": english("the dtype differs"),
    "value": english("the value differs"),
    "lost": english("no readable answer came back"),
    "no_float64": english('Apple\'s GPUs (mps) have no float64: make this tensor with device="cpu", or in float32'),
}

MISSING = {"unattempted", "empty", "undefined"}  # outcomes that leave nothing to say of single cases


@dataclass(frozen=True, repr=False)
class Report:
    """The results of an exercise's cases.

    ``hidden`` is the number of cases that run at grading only, ``violations`` are forbidden ways that the source uses,
    ``advice`` says what to use instead. ``headline`` stands in for the summary, as in a graded cell.
    """

    exercise: str
    results: tuple[Result, ...]
    hidden: int = 0
    violations: tuple[Violation, ...] = ()
    advice: str = ""
    headline: str = ""

    @property
    def passed(self):
        return bool(self.results) and not self.violations and all(result.passed for result in self.results)

    def summary(self):
        """Return the one line that matters most."""
        if self.headline:
            return self.headline
        good, total = sum(result.passed for result in self.results), len(self.results)
        outcomes = {result.outcome for result in self.results}
        if outcomes and outcomes <= MISSING:
            return f"{self.exercise}: {_(MESSAGES[outcomes.pop()])}."
        if self.violations:
            return _("{exercise}: this exercise does not allow all that your code uses.", exercise=self.exercise)
        more = "; " + _("{hidden} more run at grading", hidden=self.hidden) if self.hidden else ""
        return _(
            "{exercise}: public checks passed ({good} of {total}){more}."
            if self.passed
            else "{exercise}: {good} of {total} public checks passed{more}.",
            exercise=self.exercise,
            good=good,
            total=total,
            more=more,
        )

    def lines(self):
        """Return ``(mark, text, details)`` for every violation and case, details being a list of sentences."""
        rows = [
            (
                _("not allowed"),
                _("uses {name}", name=violation.name),
                [_("in the line `{line}`", line=violation.line), _(self.advice)],
            )
            for violation in self.violations
        ]
        outcomes = {result.outcome for result in self.results}
        if outcomes <= MISSING and not self.headline:
            return rows
        return rows + [(_("passed") if r.passed else _("FAILED"), _(r.name), details(r)) for r in self.results]

    def __str__(self):
        text, lines = [self.summary()], self.lines()
        width = max((len(mark) for mark, *_ in lines), default=0)
        for mark, name, sentences in lines:
            text += [f"  {mark:{width}}  {name}", *(f"{'':{width + 4}}{sentence}" for sentence in sentences)]
        return "\n".join(text)

    __repr__ = __str__

    def _repr_html_(self):
        rows = "".join(
            f"<li style='margin:.2em 0'><b>{mark}</b> {html.escape(name)}"
            + "".join(f"<br><span style='margin-left:1.5em'>{html.escape(s)}</span>" for s in sentences)
            + "</li>"
            for mark, name, sentences in self.lines()
        )
        colour = "#1a7f37" if self.passed else "#b35900"
        style = f"border-left:4px solid {colour};padding:.2em .8em;margin:.3em 0"
        listed = f"<ul style='list-style:none;padding:0;margin:.3em 0'>{rows}</ul>" if rows else ""
        return f"<div style='{style}'><b>{html.escape(self.summary())}</b>{listed}</div>"


def details(result):
    """Return the sentences under one case: nothing where it passed."""
    if result.passed:
        return []
    if result.outcome == "raised":
        hint = "float64" in result.came and "MPS" in result.came
        return [_("your function raised {error}", error=result.came), *([_(MESSAGES["no_float64"])] if hint else [])]
    sentences = [_("expected {expected}", expected=result.expected)] if result.expected else []
    sentences += [_("came     {came}", came=result.came)] if result.came else []
    return [*sentences, result.diagnosis or _(MESSAGES[result.outcome])]
