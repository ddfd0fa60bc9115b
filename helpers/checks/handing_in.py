"""Say before a notebook is handed in what is green in it, what has not run, and which file to hand in."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import localtime, strftime

from ..support.language import _, counted
from . import _latest, is_green, notebook, why_not, worth
from .cases import in_use, saying_so
from .notebook import CodeCell, Notebook, Run
from .report import GREY, decided_later, framed, points_in_words

MOST = 6  # cells that are named
# What browsers, file managers and front ends make of a name when a file is there already.
COPY = re.compile(r"^Copy of |(?: \(\d+\)|-Copy\d*)+(?=\.ipynb$)")


@dataclass(frozen=True, repr=False)
class HandIn:
    """Exercises by how they stand, and the sentences below that."""

    title: str
    rows: Sequence[tuple[str, str]]
    sentences: Sequence[str]

    def __str__(self) -> str:
        width = max((len(state) for state, _ in self.rows), default=0)
        return "\n".join([self.title, *(f"  {state:{width}}  {name}" for state, name in self.rows), *self.sentences])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<li style='margin:.2em 0'><b>{html.escape(state)}</b> {html.escape(name)}</li>"
            for state, name in self.rows
        )
        said = "".join(f"<p style='margin:.4em 0'>{html.escape(each)}</p>" for each in self.sentences)
        listed = f"<ul style='list-style:none;padding:0;margin:.3em 0'>{rows}</ul>"
        return framed(html.escape(self.title), listed + said, GREY)


@saying_so
def before_you_hand_in() -> None:
    """Show which exercises are green, which cells have not run as they stand, and which file to hand in.

    Nothing is run: it says what the checks said last. Returns nothing, and raises nothing.

    >>> before_you_hand_in()
    There are no cases to check with: run this notebook's first code cell, then this one again.
    """
    from IPython.display import display

    display(what_stands())


def what_stands() -> HandIn:
    """Return what `before_you_hand_in` shows; raises `cases.NoCases` where no notebook has brought its cases."""
    points, seen = worth(), notebook.read_notebook()
    order = [cell.mark.removeprefix("test_") for cell in seen.cells] or [*_latest]
    names = sorted(filter(points.get, points), key=lambda name: order.index(name) if name in order else len(order))
    states: dict[str, list[str]] = {_("green"): []}
    for name in names:
        states.setdefault(state_of(name, seen), []).append(name)
    found = [_latest[name][0] for name in states[_("green")]]
    title = _(
        "{green:g} of {total} are green{later}.",
        green=sum(each.points for each in found),
        total=points_in_words(sum(points.values())),
        later=decided_later(sum(each.later for each in found)),
    )
    rows = [(state, ", ".join(each)) for state, each in states.items() if each]
    hidden = sum(sum(each["hidden"].values()) for each in in_use().exercises.values())
    more = _("At grading {hidden} more cases run, with inputs that are not shown here.", hidden=hidden)
    return HandIn(title, rows, [more, *cells_in_words(seen, notebook.runs()), *file_in_words(seen.place)])


def state_of(name: str, seen: Notebook) -> str:
    """Say how an exercise stands."""
    if name not in _latest:
        return _("not checked")
    if not _latest[name][0].passed:
        return _("open")
    return _("green") if is_green(name) and not why_not(name, seen) else _("changed since its check")


def not_run(seen: Notebook, runs: Sequence[Run]) -> list[tuple[int, CodeCell]]:
    """Return the code cells, with their numbers among them, that have not run as they stand in the file."""
    found = []
    for number, cell in enumerate(seen.cells, 1):
        own = notebook.keys(cell, runs)
        last = [run for run in runs if run.cell in own][-1:] or runs
        newer = any(run.cell in own and run.at > seen.saved for run in last)  # the file is the older one
        ran = newer or any(notebook.same(run.text, cell.text) for run in last)
        if cell.text.strip() and not ran and not cell.mark.startswith("test_"):
            found.append((number, cell))
    return found


def not_saved(seen: Notebook, runs: Sequence[Run]) -> bool:
    """Tell whether a cell has run since the file was saved and stands there otherwise, or not at all."""
    latest = {run.cell: run for run in runs if run.cell and run.at > seen.saved}.values()
    return not all(any(notebook.same(run.text, cell.text) for cell in seen.cells) for run in latest)


def cells_in_words(seen: Notebook, runs: Sequence[Run]) -> list[str]:
    """Say which cells have not run as they stand, or that this could not be seen, and what is not saved."""
    if not seen.place:
        return [_("The notebook's file could not be read from here: run all cells once more, then save it.")]
    waiting = not_run(seen, runs)
    saved = strftime("%H:%M", localtime(seen.saved))
    lost = _(
        "The file was last saved at {time}, and what ran since then is not in it. Save it (Ctrl+S), then hand it in.",
        time=saved,
    )
    unsaved = [lost] if not_saved(seen, runs) else []
    saved = "" if notebook.front_end() == "Colab" else _(" in the file, last saved at {time}", time=saved)
    if not waiting:
        return unsaved or [_("Every cell has run as it stands{saved}.", saved=saved)]
    named = [cell.mark or f"“{cell.text.strip().splitlines()[0][:40]}”" for _, cell in waiting[:MOST]]
    more = ["…"] if len(waiting) > MOST else []
    return [
        counted(
            "A cell has not run as it stands{saved}: {cells}. Run it, or all cells.",
            "{count} cells have not run as they stand{saved}: {cells}. Run all cells.",
            len(waiting),
            saved=saved,
            cells=", ".join(named + more),
        ),
        *unsaved,
    ]


def file_in_words(place: str) -> list[str]:
    """Say which file to hand in, where the notebook is open, and under which name."""
    file = Path(place).name if place.endswith(".ipynb") else _("the file that ends in .ipynb")
    front_end = notebook.front_end()
    if front_end == "Colab":
        said = [_("In Colab, choose File > Download > Download .ipynb, and hand in that file: {file}.", file=file)]
    elif front_end:
        said = [_("Save with Ctrl+S (Cmd+S on a Mac), and hand in this file: {file}.", file=file)]
    else:
        said = [_("Save the notebook, and hand in its file: {file}.", file=file)]
    if front_end == "JupyterLab":
        said += [_("Where it is on another machine, File > Download brings it to yours.")]
    if COPY.search(file):
        said += [_("Name it {name}, as you got it.", name=COPY.sub("", file))]
    if front_end == "JupyterLab" and find_spec("nbgrader"):
        said += [_("The Validate button above the notebook runs all of it afresh, and says what fails.")]
    return said
