"""What joins controls, a model and a figure: a thin shell of core widgets, for ipywidgets 7.7 and 8.

No Output, interact or jslink: Google Colab has ipywidgets 7, and they write the notebook's outputs again and again.
"""

import html
import math
import textwrap
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import ipywidgets as widgets
from IPython.display import display

from ..plots.drawing import image_tag
from .figures import LiveFigure

Numbers = TypeVar("Numbers")  # what a model computes

WIDGET = "application/vnd.jupyter.widget-view+json"
LABEL = {"description_width": "190px"}  # the longest label's, so that the fields stand in a column


class Number:
    """A number's two controls: a labelled field, for the keyboard and any value, and a slider beside it.

    Arguments
        label: the words before the field.
        value: where it starts; an int makes it a whole number.
        low, high: its limits, both included.
        step: from one place of the slider to the next.
    """

    def __init__(self, label: str, value: float, low: float, high: float, step: float) -> None:
        whole = isinstance(value, int)
        digits = 0 if whole else max(0, -math.floor(math.log10(step) + 1e-9))
        limits = {"value": value, "min": low, "max": high, "step": step}
        field = widgets.BoundedIntText if whole else widgets.BoundedFloatText
        slider = widgets.IntSlider if whole else widgets.FloatSlider
        self.field = field(description=label, style=LABEL, **limits)
        self.slider = slider(readout=False, **limits)
        # A slider sends 1.2000000000000002 for 1.2. What is typed is kept as it is.
        tidy = int if whole else lambda value: round(value, digits)
        widgets.link((self.slider, "value"), (self.field, "value"), transform=(tidy, lambda value: value))
        self.view = widgets.HBox([self.field, self.slider], layout=widgets.Layout(flex_flow="row wrap"))


class Choice:
    """The control of a choice: a labelled drop-down list.

    Arguments
        label: the words before the list.
        options: what can be chosen, the first at the start.
    """

    def __init__(self, label: str, options: Sequence[str]) -> None:
        self.field = self.view = widgets.Dropdown(description=label, options=options, value=options[0], style=LABEL)


class Explorer(Generic[Numbers]):
    """A model's figure and words, redrawn as its controls are turned.

    In a notebook it shows itself; without a front end for widgets the picture of that moment remains, with its words.

    Arguments
        model: function of the controls' values that returns numbers.
        draw: function of these numbers and a figure to redraw, or None.
        tell: function of the numbers that returns words.
        controls: name of the model's argument -> Number or Choice.

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
        **controls: Number | Choice,
    ) -> None:
        self.controls = controls
        self.figure: LiveFigure | None = None
        self.model, self.draw, self.tell = model, draw, tell
        self._picture, self._line = widgets.HTML(), widgets.HTML()
        for control in controls.values():
            control.field.observe(self._update, names="value")
        self._update()
        self.view = widgets.VBox([*(control.view for control in controls.values()), self._picture, self._line])

    def _update(self, change: object = None) -> None:
        self.numbers = self.model(**{name: control.field.value for name, control in self.controls.items()})
        self.figure, self.words = self.draw(self.numbers, self.figure), self.tell(self.numbers)
        size = self.figure.canvas.get_width_height()
        self._picture.value = image_tag(self.figure.frame(), self.figure.alt, *size)
        self._line.value = f'<p role="status" aria-live="polite" style="margin: 0">{html.escape(self.words)}</p>'

    def _ipython_display_(self) -> None:
        figure = self.draw(self.numbers, None)
        figure.set_layout_engine("constrained")
        figure.suptitle(textwrap.fill(self.words, 110), fontsize=9)
        figure.alt = f"{self.words} {figure.alt}"
        data, metadata = figure._repr_mimebundle_()
        data[WIDGET] = {"version_major": 2, "version_minor": 0, "model_id": self.view.model_id}
        display(data, metadata=metadata, raw=True)
