"""What joins controls, a model and a figure: a thin shell of core widgets, for ipywidgets 7.7 and 8.

No Output, interact or jslink: Google Colab has ipywidgets 7, and they write the notebook's outputs again and again.
"""

import html
import math
import zlib
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ipywidgets as widgets
from IPython import get_ipython
from IPython.display import display

from ..plots.drawing import image_tag
from ..support.language import _
from .figures import LiveFigure

Numbers = TypeVar("Numbers")  # what a model computes

WIDGET = "application/vnd.jupyter.widget-view+json"
# The longest label's width, so that the fields stand in a column; on a phone the fields shrink.
LOOK = {"style": {"description_width": "190px"}, "layout": {"max_width": "calc(100% - 4px)"}}
LINE = "margin: 0; line-height: 1.4; text-wrap: pretty"  # no last line of a single word
# An explorer is shown twice, as a picture that can be stored and as widgets. Rules of style, for no script runs
# everywhere, hide the widgets where their kernel is gone, and the picture where it is not. Their class is the cell's.
ALIVE = """<style>
body:has(.{0}-live:not(.jupyter-widgets-disconnected)) .{0},
.jp-OutputArea-child:has(+ * .{0}-live:not(.jupyter-widgets-disconnected)),
.{0}-live.jupyter-widgets-disconnected {{ display: none }}
</style>"""
MISSING = """<style>
.jp-OutputArea-child:has(.{0}) + .jp-OutputArea-child:not(:has(.{0}-live)) {{ display: none }}
</style>"""


class NumberControl:
    """A number's two controls: a labelled field, for the keyboard and any value, and a slider beside it.

    Arguments
        label: the words before the field.
        value: where it starts; an int makes it a whole number.
        low, high: its limits, both included.
        step: from one place of the slider to the next.

    Attributes
        value: the number, as it was typed or moved to.
    """

    def __init__(self, label: str, value: float, low: float, high: float, step: float) -> None:
        self.value = value
        self._low, self._high, self._step = low, high, step
        # No bounded field: it would bound what is typed without a word.
        self.field = widgets.FloatText(description=label, value=value, step=step, **LOOK)
        self.slider = widgets.FloatSlider(value=value, min=low, max=high, step=step, readout=False)
        self.view = widgets.HBox([self.field, self.slider], layout=widgets.Layout(flex_flow="row wrap"))

    def follow(self, changed: Callable[[str], None]) -> None:
        """Call a function after every change of the value; it gets a word on what was typed and can't be, or none."""
        self._changed = changed
        self.field.observe(self._typed, "value")
        self.slider.observe(self._moved, "value")

    def _typed(self, change: object) -> None:
        typed = self.field.value
        value = self.value if math.isnan(typed) else min(max(typed, self._low), self._high)
        kind = {"label": self.field.description, "low": self._low, "high": self._high}
        words = _("{label} goes from {low:g} to {high:g}, not to {typed:.12g}.", typed=typed, **kind)
        if isinstance(self.value, int) and value != round(value):
            words = _("{label} is a whole number, not {typed:.12g}.", typed=typed, **kind)
        if isinstance(self.value, int):
            value = round(value)
        self.value = value
        self._show()
        self._changed("" if value == typed else words)

    def _moved(self, change: object) -> None:
        # The slider has few places: it shows the nearest one to what was typed, and says so, which is no move.
        if self._place(self.slider.value) != self._place(self.value):
            self.value = type(self.value)(self._place(self.slider.value))
            self._show()
            self._changed("")

    def _show(self) -> None:
        """Put field and slider where the value is."""
        self.field.unobserve(self._typed, "value")
        self.field.value = self.value
        self.field.observe(self._typed, "value")
        self.slider.value = self._place(self.value)

    def _place(self, value: float) -> float:
        """Return the slider's nearest place, without the digits that binary fractions bring: 1.2, not 1.2000000002."""
        return round(self._low + round((value - self._low) / self._step) * self._step, 9)


class Choice:
    """The control of a choice: a labelled drop-down list.

    Arguments
        label: the words before the list.
        options: what can be chosen, the first at the start.

    Attributes
        value: what is chosen.
    """

    def __init__(self, label: str, options: Sequence[str]) -> None:
        self.field = self.view = widgets.Dropdown(description=label, options=options, value=options[0], **LOOK)

    @property
    def value(self) -> str:
        return str(self.field.value)

    def follow(self, changed: Callable[[str], None]) -> None:
        """Call a function with an empty text after every change of the value."""
        self.field.observe(lambda change: changed(""), "value")


class Repeat:
    """The control of a repetition: a button that does it once more, and one that starts again.

    Arguments
        more, afresh: the words on the buttons.

    Attributes
        value: how often it was done, 1 at the start.
    """

    def __init__(self, more: str, afresh: str) -> None:
        self.value = 1
        width = widgets.Layout(width="auto")
        self.more = widgets.Button(description=more, layout=width, style={"font_weight": "bold"})
        self.afresh = widgets.Button(description=afresh, layout=width)
        self.view = widgets.HBox([self.more, self.afresh], layout=widgets.Layout(flex_flow="row wrap"))

    def follow(self, changed: Callable[[str], None]) -> None:
        """Call a function with an empty text after every press."""

        def press(button: widgets.Button) -> None:
            self.value = self.value + 1 if button is self.more else 1
            changed("")

        self.more.on_click(press)
        self.afresh.on_click(press)


class Explorer(Generic[Numbers]):
    """A model's figure and words, redrawn as its controls are turned.

    In a notebook it shows itself; without a front end for widgets the picture of that moment remains, with its words.

    Arguments
        model: function of the controls' values that returns numbers.
        draw: function of these numbers and a figure to redraw, or None.
        tell: function of the numbers that returns words.
        controls: name of the model's argument -> its control.

    Attributes
        figure: the figure, with its table in `data`.
        words: the words.
        numbers: the model's numbers.
    """

    def __init__(
        self,
        model: Callable[..., Numbers],
        draw: Callable[[Numbers, LiveFigure | None], LiveFigure],
        tell: Callable[[Numbers], str],
        **controls: NumberControl | Choice | Repeat,
    ) -> None:
        self.controls = controls
        self.figure: LiveFigure | None = None
        self.model, self.draw, self.tell = model, draw, tell
        self._picture, self._line, self._rules = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._update()
        for control in controls.values():
            control.follow(self._update)
        rows = [control.view for control in controls.values()]
        self.view = widgets.VBox([*rows, self._picture, self._line, self._rules])

    def _update(self, note: str = "") -> None:
        self.numbers = self.model(**{name: control.value for name, control in self.controls.items()})
        self.figure = self.draw(self.numbers, self.figure)
        self.words = f"{note} {self.tell(self.numbers)}".lstrip()
        size = self.figure.canvas.get_width_height()
        self._picture.value = image_tag(self.figure.frame(), self.figure.alt, *size)
        self._line.value = f'<p role="status" aria-live="polite" style="{LINE}">{html.escape(self.words)}</p>'

    def _ipython_display_(self) -> None:
        """Show the picture of this moment, and then the controls, which hide it as long as they are alive."""
        self.figure = self.draw(self.numbers, self.figure)
        data, metadata = self.figure.still(self.words)
        name = f"explorer-{zlib.crc32(_cell_id().encode()):08x}"
        again = _("To move this picture, run this cell again; after a restart, the first two code cells before it.")
        still = f'<div class="{name}">{data["text/html"]}<p style="{LINE}">{html.escape(again)}</p></div>'
        data["text/html"] = still + MISSING.format(name)
        display(data, metadata=metadata, raw=True)
        self.view.add_class(f"{name}-live")
        self._rules.value += ALIVE.format(name)
        view = {"version_major": 2, "version_minor": 0, "model_id": self.view.model_id}
        display({WIDGET: view, "text/plain": ""}, raw=True)  # nbconvert warns of an output that it can't show


def _cell_id() -> str:
    """Return the running cell's id, where the front end says it: it tells one cell's picture from another's."""
    shell = get_ipython()
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return str(parent.get("metadata", {}).get("cellId", ""))
