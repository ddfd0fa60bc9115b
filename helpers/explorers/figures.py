"""The explorers' figures: functions of a model's numbers that return a LiveFigure, and the same numbers in words.

A figure that is given back to its function is redrawn in place. Limits are fixed, or change in few steps: so a change
is seen as a movement, and what does not move is drawn only once.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..plots.drawing import (
    DPI,
    GREY,
    OKABE_ITO,
    TEXT,
    WIDTH,
    DescribedFigure,
    Floats,
    dress,
    mimebundle,
    power,
    table,
    wrapped,
)
from ..support.language import _, counted, english, render
from .models import DRAWS, VOCABULARY, Chain, Repeated, Shared, Weighed

STEP_LIMITS = (12, 40, 120)
ZERO = 1e-19  # where a deviation of 0 is drawn; below any other of float64's
FLOOR = 1e-9  # where the axes of probabilities end
STARTS = ((english("evenly spaced logits"), "o", OKABE_ITO[0]), (english("one-hot"), "s", OKABE_ITO[1]))


class LiveFigure(DescribedFigure):
    """A DescribedFigure that can be redrawn often: only what is animated is drawn each time.

    Attributes
        panels: its two axes.
        lines: the lines that `moving` has made.
        parts: whatever moves, these lines among it, in the order in which it is drawn.
    """

    canvas: FigureCanvasAgg

    def __init__(self) -> None:
        super().__init__(3.2, alt="", data={})
        FigureCanvasAgg(self)
        self.panels: Sequence[Axes] = self.subplots(1, 2)
        self.lines: list[Line2D] = []
        self.parts: list[Any] = []  # artists
        self._view: list[tuple[float, float, float, float]] = []  # the limits of the panels in the picture below
        self._still: object = None  # what does not move, in the canvas's own form

    def moving(self, panel: int, **style: Any) -> Line2D:
        """Add to a panel a line whose points will change, and return it.

        Arguments
            panel: 0 on the left, 1 on the right.
            style: properties of a Line2D.
        """
        # Animated: canvas.draw() leaves it out, savefig() does not.
        line = self.panels[panel].add_line(Line2D([], [], animated=True, **style))
        self.lines.append(line)
        self.parts.append(line)
        return line

    def frame(self) -> bytes:
        """Return the picture as the bytes of a PNG."""
        return png(self._pixels())

    def still(self, words: str) -> tuple[dict[str, object], dict[str, object]]:
        """Return the picture below words as what a notebook displays: data by type, and their metadata."""
        lines = wrapped(words, 75)
        above = Figure((WIDTH, 0.2 * (2 + lines.count("\n"))), dpi=DPI, facecolor="white")
        canvas = FigureCanvasAgg(above)
        above.text(0.5, 0.5, lines, ha="center", va="center", fontsize=TEXT)
        canvas.draw()
        pixels = np.vstack([np.asarray(canvas.buffer_rgba())[..., :3], self._pixels()])
        height, width, _ = pixels.shape
        return mimebundle(png(pixels, level=9), f"{words} {self.alt}", width, height)

    def _pixels(self) -> npt.NDArray[np.uint8]:
        """Return the picture as numbers, shape (height, width, 3)."""
        view = [axes.viewLim.bounds for axes in self.axes]
        if view != self._view:
            self.canvas.draw()
            self._still, self._view = self.canvas.copy_from_bbox(self.bbox), view
        self.canvas.restore_region(self._still)
        for part in self.parts:
            part.draw(self.canvas.get_renderer())
        return np.asarray(self.canvas.buffer_rgba())[..., :3]


def png(pixels: npt.NDArray[np.uint8], level: int = 1) -> bytes:
    """Return an image as PNG: three times as fast as Pillow, which filters rows.

    Arguments
        pixels: uint8, shape (height, width, 3).
        level: zlib's, from 1 for a quick one to 9 for a small one.

    Source: the PNG specification (ISO/IEC 15948), colour type 2.
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # each starts with its filter's number, 0 for none
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.data, level)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def draw_chain(numbers: Chain, figure: LiveFigure | None = None) -> LiveFigure:
    """Draw the logits as bars, and beside them the probabilities after the last softmax.

    Arguments
        numbers: those to draw.
        figure: one that this function returned for the same logits, to be redrawn.

    Returns a LiveFigure with data columns "softmax" (1 for the first one), "entry" (from 1), "logit", "probability".
    """
    figure = figure or _chain(numbers)
    times, n = numbers.path.shape
    *parts, heading = figure.parts
    for k, (first, p) in enumerate(zip(numbers.path[0], numbers.path[-1], strict=True)):
        bar, outline, words = parts[k::n]
        outline.set_height(first)
        bar.set_height(p)
        words.set_text(f"{p:.3f}")
    heading.set_text(_("softmax") if times == 1 else _("softmax, {times} times", times=times))
    rows = [(k + 1, i + 1, numbers.logits[i], numbers.path[k, i]) for k in range(times) for i in range(n)]
    figure.data = table(("softmax", "entry", "logit", "probability"), rows)
    figure.alt = counted(
        "Bars of {n} logits: {logits}. Beside them bars of their probabilities after {count} softmax: {probs}. "
        "A dashed line stands at {equal:.3g}, where all are equal.",
        "Bars of {n} logits: {logits}. Beside them bars of their probabilities after {count} softmaxes, with the "
        "first ones as outlines: {probs}. A dashed line stands at {equal:.3g}, where all are equal.",
        times,
        n=n,
        logits=", ".join(f"{name} {value:.3g}" for name, value in zip(NAMES, numbers.logits, strict=False)),
        probs=", ".join(f"{name} {p:.3g}" for name, p in zip(NAMES, numbers.path[-1], strict=False)),
        equal=1 / n,
    )
    return figure


def _chain(numbers: Chain) -> LiveFigure:
    """Return draw_chain's figure with the logits, which stay, before its first probabilities."""
    figure, names = LiveFigure(), list(NAMES[: numbers.logits.size])
    left, right = figure.panels
    dress(left, "", "", "")
    dress(right, "", "", "")
    left.set_title(_("logits"), fontsize=12)
    left.bar(names, numbers.logits, color=GREY, width=0.7)
    left.set_xticks(range(len(names)), [f"{name}\n{x:.3g}" for name, x in zip(names, numbers.logits, strict=True)])
    left.axhline(0, color="#000000", linewidth=0.8)
    bars = right.bar(names, 0, width=0.7, color=OKABE_ITO[0], linewidth=1.5, edgecolor=OKABE_ITO[0], animated=True)
    outlines = right.bar(names, 0, width=0.7, fill=False, edgecolor=OKABE_ITO[1], linewidth=1.5, animated=True)
    outlines.set_label(_("the first softmax"))
    right.set_xticks(range(len(names)), [f"{name}\n " for name in names])
    below: dict[str, Any] = {
        "xytext": (0, -19),
        "textcoords": "offset points",
        "ha": "center",
        "va": "top",
        "fontsize": TEXT,
    }
    words = [right.annotate("", (place, 0), animated=True, **below) for place in range(len(names))]
    heading = right.set_title(" ", fontsize=12, animated=True)
    figure.parts = [*bars, *outlines, *words, heading]
    equal = 1 / len(names)
    level = right.axhline(equal, color=GREY, linestyle="--", label=_("all equal, {equal:.3g}", equal=equal))
    right.set_ylim(0, 1.05)
    _finish(figure, [outlines, level])
    return figure


def tell_chain(numbers: Chain) -> str:
    """Say how large the largest and the smallest probability are, and were one softmax before.

    >>> from helpers.explorers.models import chain_softmax
    >>> tell_chain(chain_softmax(np.array([1.0, 3.0]), times=2))
    'After 2 softmaxes at T = 1 the largest of 2 probabilities is 0.682, the smallest 0.318; all equal would be 0.5. \
One softmax before, they were 0.881 and 0.119.'
    """
    *before, now = numbers.path
    words = counted(
        "After {count} softmax at T = {t:.12g} the largest of {n} probabilities is {most:.3g}, the smallest "
        "{least:.3g}; all equal would be {equal:.3g}.",
        "After {count} softmaxes at T = {t:.12g} the largest of {n} probabilities is {most:.3g}, the smallest "
        "{least:.3g}; all equal would be {equal:.3g}.",
        len(numbers.path),
        t=numbers.temperature,
        n=now.size,
        most=now.max(),
        least=now.min(),
        equal=1 / now.size,
    )
    if before:
        most, least = before[-1].max(), before[-1].min()
        words += " " + _("One softmax before, they were {most:.3g} and {least:.3g}.", most=most, least=least)
    return words


def draw_repeated(numbers: Repeated, figure: LiveFigure | None = None) -> LiveFigure:
    """Draw largest probability and standard deviation against the step, for both starts.

    Arguments
        numbers: those to draw.
        figure: one that this function returned, to be redrawn.

    Returns a LiveFigure with data columns "start" (0 evenly spaced, 1 one-hot), "step", "largest probability",
    "standard deviation". A deviation of 0, for which a log axis has no place, is drawn at a tick that says "exactly 0".
    """
    figure = figure or _repeated()
    *curves, uniform = figure.lines
    steps = np.arange(len(numbers.largest))
    end = next(limit for limit in (*STEP_LIMITS, steps[-1]) if limit >= steps[-1])
    for panel in figure.panels:
        panel.set_xlim(-0.03 * end, 1.03 * end)
    heights = np.maximum(numbers.deviation, ZERO)
    for start in (0, 1):
        curves[start].set_data(steps, numbers.largest[:, start])
        curves[2 + start].set_data(steps, heights[:, start])
    for curve in curves:
        curve.set_markevery(1 + end // STEP_LIMITS[0] // 2)  # marks apart from each other
    uniform.set_data([0, end], [1 / numbers.n_points] * 2)
    figure.data = table(
        ("start", "step", "largest probability", "standard deviation"),
        [(s, k, numbers.largest[k, s], numbers.deviation[k, s]) for s in (0, 1) for k in steps],
    )
    paths = [
        _(
            "from {name} the largest goes from {first:.3g} to {last:.3g}, the deviation from {start:.2g} to {end}",
            name=render(name),
            first=large[0],
            last=large[-1],
            start=std[0],
            end=f"{std[-1]:.2g}" if std[-1] else _("exactly 0"),
        )
        for (name, _marker, _colour), large, std in zip(STARTS, numbers.largest.T, numbers.deviation.T, strict=True)
    ]
    figure.alt = _(
        "Two line charts against the step: the largest probability, with a dashed line at uniform, and the standard "
        "deviation on a log axis. Over {steps} steps, {paths}.",
        steps=steps[-1],
        paths="; ".join(paths),
    )
    return figure


def _repeated() -> LiveFigure:
    """Return draw_repeated's figure before its first numbers."""
    figure = LiveFigure()
    for panel in (0, 1):
        for name, marker, colour in STARTS:
            style = {"markerfacecolor": "none", "markersize": 8 if marker == "s" else 5}
            figure.moving(panel, marker=marker, color=colour, label=render(name), linewidth=1, **style)
    figure.moving(0, color=GREY, linestyle="--", label=_("uniform, 1/n"))
    left, right = figure.panels
    right.set_yscale("log")
    dress(left, "", _("step"), _("largest probability"))
    dress(right, "", _("step"), _("standard deviation (log scale)"))
    left.set_ylim(-0.04, 1.04)
    ticks = {ZERO: _("exactly 0"), **{10.0**e: power(e) for e in (-16, -12, -8, -4, 0)}}
    right.set_yticks(list(ticks), list(ticks.values()))
    right.set_ylim(ZERO / 10, 10)
    _finish(figure, [*figure.lines[:2], figure.lines[-1]])
    return figure


def tell_repeated(numbers: Repeated) -> str:
    """Say where both starts have come to, and whether the start decides.

    >>> from helpers.explorers.models import repeat_from_two_starts
    >>> tell_repeated(repeat_from_two_starts(temperature=0.1, steps=30))
    'After 30 steps at T = 0.1 the largest of 20 probabilities is 0.05 from evenly spaced logits and 0.999 from \
one-hot; uniform is 0.05. The start decides.'
    """
    steps, (even, one_hot) = len(numbers.largest) - 1, numbers.largest[-1]
    words = [
        counted(
            "After {count} step at T = {t:.12g} the largest of {n} probabilities is {even:.3g} from evenly spaced "
            "logits and {peak:.3g} from one-hot; uniform is {uniform:.3g}.",
            "After {count} steps at T = {t:.12g} the largest of {n} probabilities is {even:.3g} from evenly spaced "
            "logits and {peak:.3g} from one-hot; uniform is {uniform:.3g}.",
            steps,
            t=numbers.temperature,
            n=numbers.n_points,
            even=even,
            peak=one_hot,
            uniform=1 / numbers.n_points,
        )
    ]
    if not steps or np.any(np.abs(numbers.largest[-1] - numbers.largest[-2]) > 1e-3 * numbers.largest[-1]):
        words.append(_("They have not come to rest."))
    elif abs(even - one_hot) <= 0.01 * max(even, one_hot):
        words.append(_("Both starts end alike."))
    else:
        words.append(_("The start decides."))
    zeros = np.flatnonzero(numbers.deviation[:, 0] == 0)
    if zeros.size:
        equal = {"dtype": numbers.dtype, "step": zeros[0]}
        words.append(_("From evenly spaced logits, {dtype} has all entries equal from step {step} on.", **equal))
    return " ".join(words)


def draw_weighed(numbers: Weighed, figure: LiveFigure | None = None) -> LiveFigure:
    """Draw probability against logit, the outlier apart, and the mass that the k most likely entries hold.

    Arguments
        numbers: those to draw.
        figure: one that this function returned, to be redrawn.

    Returns a LiveFigure with data columns "logit", "probability", the outlier last, and "k", "mass of the k most
    likely". What lies below the left axis is counted by tell_weighed.
    """
    figure = figure or _weighed()
    others, outlier, held, nucleus = figure.lines
    p = _above_floor(numbers.probabilities)
    others.set_data(numbers.logits[:-1], p[:-1])
    outlier.set_data(numbers.logits[-1:], p[-1:])
    k = np.arange(1, numbers.held.size + 1)
    held.set_data(k, numbers.held)
    nucleus.set_data(*_corner(numbers.nucleus, 0.9))
    figure.data = table(
        ("logit", "probability", "k", "mass of the k most likely"),
        list(zip(numbers.logits, numbers.probabilities, k, numbers.held, strict=True)),
    )
    inner = numbers.probabilities[:-1]
    figure.alt = _(
        "Probability on a log axis against the logit: {size} evenly spaced logits from {low:.12g} to {high:.12g} get "
        "{least:.2g} to {most:.2g}, the outlier at {outlier:.12g} gets {share:.3g}. Beside it the mass that the k most "
        "likely hold: {top:.3g} for k = 1, 90% for k = {nucleus}.",
        size=inner.size,
        low=numbers.logits[0],
        high=numbers.logits[-2],
        least=inner[0],
        most=inner[-1],
        outlier=numbers.logits[-1],
        share=numbers.share,
        top=numbers.held[0],
        nucleus=numbers.nucleus,
    )
    return figure


def _weighed() -> LiveFigure:
    """Return draw_weighed's figure before its first numbers."""
    figure = LiveFigure()
    figure.moving(0, marker="o", color=OKABE_ITO[0], label=_("evenly spaced"), linestyle="none", markersize=4, **OPEN)
    figure.moving(0, marker="s", color=OKABE_ITO[1], label=_("outlier"), linestyle="none", markersize=9)
    figure.moving(
        1, marker="^", color=OKABE_ITO[2], label=_("the k most likely"), linestyle="none", markersize=5, **OPEN
    )
    figure.moving(1, color=GREY, linestyle="--", label="90%")
    left, right = figure.panels
    _probability_axis(left, _("logit"))
    left.set_xlim(-9, 13)
    _mass_axis(right, 101)
    _finish(figure, figure.lines)
    return figure


def tell_weighed(numbers: Weighed) -> str:
    """Say what the outlier holds, by three measures, and what is not drawn.

    >>> from helpers.explorers.models import weigh_outlier
    >>> tell_weighed(weigh_outlier())
    'At T = 1 the outlier holds 79.7%, more than half. Perplexity 4.19 of 101. 90% of the mass takes 42 entries.'
    """
    half = _("more than half") if numbers.share > 0.5 else _("not more than half")
    return counted(
        "At T = {t:.12g} the outlier holds {share:.3g}%, {half}. Perplexity {perplexity:.3g} of {n}. 90% of the mass "
        "takes {count} entry.",
        "At T = {t:.12g} the outlier holds {share:.3g}%, {half}. Perplexity {perplexity:.3g} of {n}. 90% of the mass "
        "takes {count} entries.",
        numbers.nucleus,
        t=numbers.temperature,
        share=100 * numbers.share,
        half=half,
        perplexity=numbers.perplexity,
        n=numbers.held.size,
    ) + _below(numbers.probabilities, numbers.share < FLOOR)


def draw_shared(numbers: Shared, figure: LiveFigure | None = None) -> LiveFigure:
    """Draw probability, and the mass that the k most likely tokens hold, against the rank.

    Arguments
        numbers: those to draw.
        figure: one that this function returned, to be redrawn.

    Returns a LiveFigure with data columns "rank", "probability", "mass of the ranks up to here", at ranks that are
    evenly spaced on a log axis. What lies below the left axis is counted by tell_shared.
    """
    figure = figure or _shared()
    probability, held, nucleus = figure.lines
    p, mass = numbers.probabilities[RANKS - 1], numbers.held[RANKS - 1]
    probability.set_data(RANKS, _above_floor(p))
    held.set_data(RANKS, mass)
    nucleus.set_data(*_corner(numbers.nucleus, numbers.mass))
    figure.data = table(("rank", "probability", "mass of the ranks up to here"), list(zip(RANKS, p, mass, strict=True)))
    figure.alt = _(
        "Probability against rank, both on log axes: {most:.2g} for the most likely of {n:,} tokens, {least:.2g} for "
        "the least. Beside it the mass that the k most likely hold, k on a log axis: {top:.2g} for k = 1, {mass:.12g}% "
        "for about {nucleus:,.0f}.",
        most=p[0],
        n=VOCABULARY,
        least=p[-1],
        top=mass[0],
        mass=100 * numbers.mass,
        nucleus=_about(numbers.nucleus),
    )
    return figure


def _shared() -> LiveFigure:
    """Return draw_shared's figure before its first numbers."""
    figure = LiveFigure()
    figure.moving(0, marker="o", color=OKABE_ITO[0], label=_("one token"), linestyle="none", markersize=4, **OPEN)
    figure.moving(
        1, marker="^", color=OKABE_ITO[2], label=_("the k most likely"), linestyle="none", markersize=5, **OPEN
    )
    figure.moving(1, color=GREY, linestyle="--", label=_("nucleus"))
    left, right = figure.panels
    _count_axis(left, VOCABULARY)
    _probability_axis(left, _("rank (log scale)"))
    _mass_axis(right, VOCABULARY)
    _finish(figure, figure.lines)
    return figure


def tell_shared(numbers: Shared) -> str:
    """Say how many tokens hold the mass, how many different ones are drawn, and what the figure leaves out.

    >>> from helpers.explorers.models import share_vocabulary
    >>> tell_shared(share_vocabulary(spread=0))
    'Spread 0, T = 1: 115\\xa0000 of 128\\xa0256 tokens hold 90%, the most likely one 0.00078%. 1\\xa0000 draws show \
about 996 different tokens.'
    """
    words = _(
        "Spread {spread:.12g}, T = {t:.12g}: {nucleus:,.0f} of {n:,} tokens hold {mass:.12g}%, the most likely one "
        "{top:.2g}%. {draws:,} draws show about {distinct:,.0f} different tokens.",
        spread=numbers.spread,
        t=numbers.temperature,
        nucleus=_about(numbers.nucleus),
        n=VOCABULARY,
        mass=100 * numbers.mass,
        top=100 * numbers.probabilities[0],
        draws=DRAWS,
        distinct=_about(numbers.distinct),
    )
    if numbers.spread > 3 * numbers.temperature:
        words += " " + _("Another draw of the logits would give other numbers.")
    return words + _below(numbers.probabilities)


NAMES = "ABCDEF"  # of a chain's entries
OPEN = {"markerfacecolor": "none"}
RANKS = np.unique(np.geomspace(1, VOCABULARY, 160).round().astype(int))


def _probability_axis(axes: Axes, xlabel: str) -> None:
    """Give axes a log scale of probabilities that ends at FLOOR."""
    axes.set_yscale("log")
    dress(axes, "", xlabel, _("probability (log scale)"))
    axes.set_ylim(FLOOR, 5)


def _mass_axis(axes: Axes, entries: int) -> None:
    """Give axes the mass that the k most likely hold, against k on a log scale up to the number of entries."""
    _count_axis(axes, entries)
    dress(axes, "", _("k (log scale)"), _("mass held by the k most likely"))
    axes.set_ylim(-0.04, 1.06)


def _count_axis(axes: Axes, most: int) -> None:
    """Give axes a log scale of counts, from 1 to the most."""
    axes.set_xscale("log")
    axes.set_xlim(0.6, 1.6 * most)
    axes.set_xticks([1, 10, 100] if most < 1000 else [1, 100, 10_000])


def _corner(count: float, mass: float) -> tuple[list[float], list[float]]:
    """Return the points of a line from the mass on the left over to count, and down."""
    return [1e-3, count, count], [mass, mass, -1]


def _above_floor(probabilities: Floats) -> Floats:
    """Return probabilities with NaN for those below FLOOR, which are not drawn."""
    return np.where(probabilities < FLOOR, np.nan, probabilities)


def _below(probabilities: Floats, outlier: bool = False) -> str:
    """Count in words the probabilities below FLOOR, and say whether the outlier's is among them."""
    sizes = {"floor": FLOOR, "count": int((probabilities < FLOOR).sum()), "total": probabilities.size}
    if outlier:
        return " " + _("Not drawn, because below {floor:g}: {count:,} of {total:,}, the outlier included.", **sizes)
    return " " + _("Not drawn, because below {floor:g}: {count:,} of {total:,}.", **sizes) if sizes["count"] else ""


def _about(count: float) -> float:
    """Return a count to 3 digits: 5670 for 5674."""
    return float(f"{count:.3g}")


def _finish(figure: LiveFigure, lines: Sequence[Any]) -> None:
    """Give a figure the legend of these lines, and fix where its panels are."""
    figure.legend(handles=lines, loc="outside lower center", ncols=4, fontsize=TEXT)
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # from here on the panels keep their places
