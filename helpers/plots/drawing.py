"""What the course's figures share: a Figure that says what it shows, colours, marks, limits.

Nothing here touches pyplot: there is no current figure, and nothing to close.
"""

import base64
import html
import io
import re
import textwrap
from collections.abc import Sequence
from typing import Any, SupportsFloat

import matplotlib
import numpy as np
import numpy.typing as npt
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogFormatterSciNotation, StrMethodFormatter

from ..device import to_numpy
from ..support.language import _

Values = torch.Tensor | npt.ArrayLike  # what to_numpy takes
Floats = npt.NDArray[np.float64]

DPI = 100
WIDTH = 6.0  # inches of every figure
TEXT = 10  # points of its smallest text, which can be read on a phone that shows the figure 400 pixels wide
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#000000", "#CC79A7")  # those with a contrast of 3:1 on white
GREY = "#595959"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
FORMULA = re.compile(r"\$\\mathdefault\{(.*\\times)?10\^\{(-?\d+)\}\}\$")  # of matplotlib's labels
SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*", "<", "p", ">", "h")


class DescribedFigure(Figure):
    """A matplotlib Figure that knows its words and its numbers.

    `print(figure)` gives the words; a notebook shows the picture, with the words as its text.

    Arguments
        height: inches, at 100 dots each; it is WIDTH wide.
        alt: what the figure shows, in words.
        data: what it shows, as a dict from column name to list of numbers, all of one length.

    >>> print(DescribedFigure(3, alt="Nothing yet.", data={}))
    Nothing yet.
    """

    def __init__(self, height: float, alt: str, data: dict[str, list[float]]) -> None:
        super().__init__(figsize=(WIDTH, height), dpi=DPI, layout="constrained", facecolor="white")
        self.alt = alt
        self.data = data

    def __str__(self) -> str:
        return self.alt

    __repr__ = __str__

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, object], dict[str, object]]:
        png = io.BytesIO()
        self.savefig(png, format="png", dpi=DPI)
        width, height = (round(inches * DPI) for inches in self.get_size_inches())
        return mimebundle(png.getvalue(), self.alt, width, height)

    def _ipython_display_(self) -> None:
        # Once pyplot is imported, IPython has a formatter for every Figure. It goes before _repr_mimebundle_
        # and knows nothing of the words (and draws SVG, if so configured). Nothing goes before this method.
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)


def mimebundle(png: bytes, alt: str, width: int, height: int) -> tuple[dict[str, object], dict[str, object]]:
    """Return a picture with its words as what a notebook displays: data by type, and their metadata.

    Arguments
        png, alt, width, height: those of image_tag.
    """
    data: dict[str, object] = {
        "image/png": base64.b64encode(png).decode(),
        "text/html": image_tag(png, alt, width, height),
        "text/plain": alt,
    }
    return data, {"image/png": {"alt": alt, "width": width}}


def image_tag(png: bytes, alt: str, width: int, height: int) -> str:
    """Return an HTML image with its words: JupyterLab and nbconvert leave out those in a PNG's metadata.

    Arguments
        png: the bytes of a PNG.
        alt: what it shows, in words, as plain text.
        width, height: its place, in CSS pixels.

    >>> image_tag(b"", "a < b", 2, 1)[:31]
    '<img alt="a &lt; b" width="2" h'
    """
    # Decoded before it is shown, and in a place of fixed size: one picture follows another without a flicker.
    return (
        f'<img alt="{html.escape(alt)}" width="{width}" height="{height}" decoding="sync" '
        f'style="max-width: 100%; height: auto" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
    )


def colours(count: int) -> list[str]:
    """Return `count` colours, each with a contrast of at least 3:1 on white.

    Up to five are Okabe and Ito's, which colour-blind readers tell apart; more than that go from light to
    dark, so that their order shows without hue.

    >>> colours(2)
    ['#0072B2', '#D55E00']
    """
    if count <= len(OKABE_ITO):
        return list(OKABE_ITO[:count])
    return [to_hex(rgba) for rgba in matplotlib.colormaps["plasma"](np.linspace(0.6, 0, count))]


def markers(count: int) -> list[str]:
    """Return `count` different markers: shapes while there are any, then the index itself as a numeral.

    >>> markers(14)[-3:]
    ['h', '$12$', '$13$']
    """
    return [SHAPES[k] if k < len(SHAPES) else f"${k}$" for k in range(count)]


def marks(x: npt.ArrayLike, y: npt.ArrayLike, colour: str, marker: str, size: float, **style: Any) -> Line2D:
    """Return a Line2D of marks without a line; open ones, so that what lies below them remains visible.

    Arguments
        x, y: the marks' places, in the data's units.
        colour, marker: as matplotlib names them.
        size: the marks' diameter in points.
        style: further properties of a Line2D.
    """
    style = {"markerfacecolor": "none", "markeredgewidth": 1.1, **style}
    return Line2D(x, y, linestyle="none", marker=marker, markersize=size, color=colour, **style)


def wrapped(words: str, length: int) -> str:
    """Return words in as few lines as hold them, all about as long: none is left with a single word.

    Arguments
        words: one paragraph.
        length: of a line, in characters; "k = 2" stays in one.

    >>> print(wrapped("one two three four five six", 23))
    one two three
    four five six
    """

    together = words.replace(" = ", "\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}")

    def lines(length: int) -> list[str]:
        return textwrap.wrap(together, length, break_long_words=False, break_on_hyphens=False)

    shortest = next(short for short in range(1, length + 1) if len(lines(short)) <= len(lines(length)))
    return "\n".join(lines(shortest))


def power(exponent: int) -> str:
    """Return a power of ten in plain characters.

    Matplotlib's own labels are formulas: to read the first one takes longer than to draw a figure.

    >>> power(-16)
    '10⁻¹⁶'
    """
    return "10" + str(exponent).translate(SUPERSCRIPTS)


class Powers(LogFormatterSciNotation):
    """Label what matplotlib labels on a log axis, by `power`."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return FORMULA.sub(
            lambda found: (found[1] or "").replace("\\times", "×") + power(int(found[2])), super().__call__(x, pos)
        )


def dress(axes: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """Give axes their words in readable sizes, a grid below the data, and labels without a hidden offset.

    Arguments
        axes: those to dress; a scale that is not linear must be set before.
        title, xlabel, ylabel: the words.
    """
    axes.set_title(title, fontsize=TEXT)
    axes.set_xlabel(xlabel, fontsize=TEXT)
    axes.set_ylabel(ylabel, fontsize=TEXT)
    axes.tick_params(which="both", labelsize=TEXT)
    axes.grid(color="#E6E6E6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if axes.get_yscale() == "linear":
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.3g}"))
    for axis in (axes.xaxis, axes.yaxis):
        if axis.get_scale() == "log":
            axis.set_major_formatter(Powers())
            axis.set_minor_formatter(Powers())


def array(values: Values) -> Floats:
    """Return a tensor, an array or a list as a float64 array."""
    return np.asarray(to_numpy(values), dtype=np.float64)


def finite_values(*arrays: Floats) -> Floats:
    """Return the finite values of all arrays, in one."""
    values = np.concatenate(arrays)
    return values[np.isfinite(values)]


def limits(*arrays: Floats) -> tuple[float, float]:
    """Return (low, high) that hold every finite value, with room for its mark, even where all are equal.

    >>> low, high = limits(np.array([0.25, 0.25]))
    >>> low < 0.25 < high
    True
    """
    values = finite_values(*arrays)
    if not values.size:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    room = 0.07 * max(high - low, 0.05 * max(abs(low), abs(high))) or 1.0
    return low - room, high + room


def span(values: Floats) -> str:
    """Say from where to where the finite values go, to 3 significant digits.

    >>> span(np.array([0.123456, 2.0]))
    'from 0.123 to 2'
    """
    values = finite_values(values)
    if not values.size:
        return _("without a finite value")
    return _("from {low:.3g} to {high:.3g}", low=values.min(), high=values.max())


def table(names: Sequence[str], points: Sequence[Sequence[SupportsFloat]]) -> dict[str, list[float]]:
    """Return points as a dict from column name to list of plain floats.

    Arguments
        names: the columns' names.
        points: rows, with a number for each name.

    >>> table(("x", "y"), [(0, 1), (2, 3)])
    {'x': [0.0, 2.0], 'y': [1.0, 3.0]}
    """
    return {name: [float(point[i]) for point in points] for i, name in enumerate(names)}
