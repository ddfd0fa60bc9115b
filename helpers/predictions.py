"""Show a student's predictions beside the results, and sum them up at the end of a notebook."""

import html
import math
from dataclasses import dataclass
from typing import SupportsFloat

from .checks import cases, end_block, end_if_waiting
from .checks.decisions import commit, first, in_words, one_number
from .checks.notebook import namespace
from .support.language import _, number_text, tell

CLOSE = 0.1  # a prediction within this share of the result is close
LARGE = 1e300  # beyond it, or below its inverse, a line has no ends
DASHES, PIXELS = 40, 240  # of the line on which a prediction and its result are marked, as text and as picture


@dataclass(frozen=True)
class Revealed:
    """A prediction and what came out.

    Attributes
        name: the prediction's variable.
        first, now: what the student predicted at first, which counts, and at last.
        result: what came out.
        choice: whether the prediction was one of a few given values: it is then the same one or another.
    """

    name: str
    first: float | str
    now: float | str
    result: float | str
    choice: bool

    @property
    def numbers(self) -> tuple[float, float] | None:
        """Return the first prediction and the result, where they can be near each other."""
        if self.choice or isinstance(self.first, str) or isinstance(self.result, str):
            return None
        return self.first, self.result

    @property
    def surprise(self) -> float:
        """Return how far apart the first prediction and the result are: 0 for equal ones, at most 1."""
        if self.first == self.result or not self.numbers:
            return float(self.first != self.result)
        first, result = self.numbers
        return min(1.0, abs(first - result) / (abs(first) + abs(result)))

    def __str__(self) -> str:
        values = {"name": self.name, "now": in_words(self.now), "result": in_words(self.result)}
        if self.first != self.now:
            return _("{name}: first {first}, now {now}; it is {result}", first=in_words(self.first), **values)
        return _(
            "{name}: you chose {now}, it is {result}" if self.choice else "{name}: you said {now}, it is {result}",
            **values,
        )

    def told(self) -> str:
        """Return a sentence of both, and of how far they are apart."""
        return "; ".join(filter(None, [str(self), self.distance()])) + "."

    def distance(self) -> str:
        """Return in words how far a prediction that stayed was from the result; empty for another choice."""
        if self.first == self.now == self.result:
            return _("as you said")
        if self.first != self.now or not self.numbers:
            return ""
        now, result = self.numbers
        if abs(now - result) <= CLOSE * abs(result):
            return _("close")
        factor = max(now / result, result / now) if now * result > 0 else 0.0
        if factor < 2:
            return _("off by {distance}", distance=number_text(abs(now - result)))
        return _("off by a factor of {factor}", factor=number_text(float(f"{factor:.2g}")))

    def axis(self) -> tuple[float, float, bool] | None:
        """Return the ends of a line that holds the prediction and the result, and whether it is logarithmic."""
        if not self.numbers or max(map(abs, self.numbers)) > LARGE:
            return None
        least, most = sorted(self.numbers)
        if least > 1 / LARGE and most > 10 * least:
            return 10.0 ** math.floor(math.log10(least)), 10.0 ** math.ceil(math.log10(most)), True
        least, most = min(0.0, least), max(0.0, most)
        step = 10.0 ** math.floor(math.log10(max(-least, most) or 1))
        return step * math.floor(least / step), step * math.ceil(most / step) or step, False

    def line(self, length: int) -> tuple[str, str, list[int]] | None:
        """Return the ends of the line in words, and where on its so many parts the prediction and the result lie."""
        found = self.axis()
        if not found or not self.numbers:
            return None
        low, high, logarithmic = found
        scale = math.log if logarithmic else float
        places = [round(length * (scale(v) - scale(low)) / (scale(high) - scale(low))) for v in self.numbers]
        end = number_text(high)
        return number_text(low), _("{end} (logarithmic)", end=end) if logarithmic else end, places


_revealed: dict[str, Revealed] = {}


@cases.saying_so
def reveal(name: str, result: SupportsFloat | str) -> None:
    """Print a student's prediction beside the result, and remember both for `sum_up_predictions`.

    Arguments
        name: the prediction's variable, such as "prediction_1", and its exercise.
        result: the number that came out, or the word.

    Without a prediction that can be read, what is missing is printed, and not the result. The first prediction is
    kept where a later one replaces it. Inside `needs` the block ends where the prediction is missing, so that nothing
    below gives the result away, and where an exercise is not right yet.

    Raises ValueError where result is not one finite number, and for a name that is no exercise of the notebook.

    >>> reveal("prediction_1", 2)  # doctest: +SKIP
    prediction_1: you said 3, it is 2; off by 1.
    """
    exercise = cases.stored_exercise(name)
    came_out = result if isinstance(result, str) else one_number("result", result)
    value = namespace().get(name)
    now, how = commit(name, exercise, value)
    before = first(name)
    if now is None or before is None:
        _revealed.pop(name, None)
        how = _("first predict, then run this cell again") if value is None else how
        return end_block(f"{name}: {how}.")
    end_if_waiting()
    choice = "one_of" in exercise["cases"][0]["expected"]
    shown = _revealed[name] = Revealed(name, before, now, came_out, choice)
    tell(shown.told())


@dataclass(frozen=True, repr=False)
class Summary:
    """The predictions of a notebook, the biggest surprise first.

    Attributes
        revealed: those whose results are known.
        waiting: the names of the others.
    """

    revealed: list[Revealed]
    waiting: list[str]

    def missing(self) -> list[str]:
        """Return a line that names the predictions without a result."""
        return [_("Not yet: {names}.", names=", ".join(self.waiting))] if self.waiting else []

    def __str__(self) -> str:
        intro = _("Your predictions, the biggest surprise first; o is yours, * what came out:")
        said = [intro] if self.revealed else []
        for each in self.revealed:
            said.append(f"  {each.told()}")
            if line := each.line(DASHES):
                low, high, (now, result) = line
                marks = ["-"] * (DASHES + 1)
                marks[now] = "o"
                marks[result] = "*"
                said.append(f"    {low} |{''.join(marks)}| {high}")
        return "\n".join(said + self.missing())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        intro = _("Your predictions, the biggest surprise first; ○ is yours, ● what came out:")
        said = [f"<p style='margin:.3em 0'>{intro}</p>"] if self.revealed else []
        for each in self.revealed:
            shown = "<br>".join(filter(None, [html.escape(each.told()), drawn(each)]))
            said.append(f"<p style='margin:.6em 0'>{shown}</p>")
        return "".join(said + [f"<p>{line}</p>" for line in self.missing()])


def drawn(revealed: Revealed) -> str:
    """Return the line of a prediction as HTML, its ends in words; empty where it has none."""
    line = revealed.line(PIXELS)
    if not line:
        return ""
    low, high, (now, result) = line
    return (
        f"<small>{low}</small> <svg width='{PIXELS + 16}' height='16' style='max-width:60%;vertical-align:middle'"
        f" viewBox='-8 -8 {PIXELS + 16} 16' role='img' aria-label='{html.escape(str(revealed))}'>"
        f"<path d='M0 0H{PIXELS}' stroke='#808080'/><circle r='5' cx='{result}' fill='#b35900'/>"
        f"<circle r='6' cx='{now}' fill='none' stroke='#2f6db5' stroke-width='2'/></svg> <small>{high}</small>"
    )


@cases.saying_so
def sum_up_predictions() -> None:
    """Show the predictions whose results are known, the biggest surprise first, and name the others.

    Prints why there is nothing to show, where that is so.

    >>> sum_up_predictions()  # doctest: +SKIP
    Your predictions, the biggest surprise first; o is yours, * what came out:
      prediction_1: you said 3, it is 2; off by 1.
        0 |---------------------------*------------o| 3
    """
    from IPython.display import display

    asked = [
        name
        for name, exercise in cases.in_use().exercises.items()
        if "claim" not in exercise and {"guess", "one_of"} & exercise["cases"][0]["expected"].keys()
    ]
    ordered = sorted(_revealed.values(), key=lambda each: (-each.surprise, each.name))
    display(Summary(ordered, [name for name in asked if name not in _revealed]))
