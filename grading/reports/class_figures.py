"""The figures of the class report, drawn as the course draws its own: from numbers to a Figure with words."""

import io
import math
import re
from collections.abc import Sequence
from itertools import accumulate

import matplotlib
from markupsafe import Markup
from matplotlib.lines import Line2D

from grading.reports.class_statistics import FEW, Item, Spread
from helpers.plots.drawing import GREY, OKABE_ITO, DescribedFigure, colours, dress, marks

STEPS = (0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)  # points of a bin
MOST_BINS = 20
LINE = 0.28  # inches of an exercise in the figure of all
LONGEST = 28  # characters of a name beside it


def bins(found: Sequence[float], maximum: float) -> tuple[list[float], list[int]]:
    """Return the edges of at most `MOST_BINS` equal bins from 0 to all points, and how many marks lie in each.

    A mark on an edge belongs to the bin that begins there, full marks to the last one.
    """
    most = max(maximum, *found)
    step = next((step for step in STEPS if most / step <= MOST_BINS), most / MOST_BINS)
    number = max(1, math.ceil(most / step))
    counts = [0] * number
    for mark in found:
        counts[min(int(mark / step), number - 1)] += 1
    return list(accumulate([0.0] + [step] * number)), counts


def histogram(found: Sequence[float], about: Spread, maximum: float, anonymous: bool) -> DescribedFigure:
    """Draw how many have which mark, with mean, median and quartiles.

    Arguments
        found: the marks, in points.
        about: how they are distributed.
        maximum: all points.
        anonymous: whether bars of fewer than `FEW` are all drawn alike.
    """
    edges, counts = bins(found, maximum)
    few = [anonymous and 0 < count < FEW for count in counts]
    heights = [FEW - 1 if hidden else count for count, hidden in zip(counts, few, strict=True)]
    said = (
        f"Histogram of {about.count} marks from 0 to {edges[-1]:g} points, in bins of {edges[1]:g}. "
        f"Half of them lie between {about.lower:.3g} and {about.upper:.3g}, the median is {about.median:.3g}, "
        f"the mean {about.mean:.3g}; most marks are in the bin from {edges[counts.index(max(counts))]:g}."
    )
    figure = DescribedFigure(2.6, said, {"from": edges[:-1], "students": list(map(float, heights))})
    axes = figure.subplots()
    for low, height, hidden in filter(lambda bar: bar[1], zip(edges, heights, few, strict=False)):
        face = "none" if hidden else OKABE_ITO[0]
        axes.bar(low, height, edges[1], align="edge", facecolor=face, edgecolor=OKABE_ITO[0] if hidden else "white")
    top = max(heights)
    axes.set_ylim(0, 1.3 * top)
    axes.set_xlim(0, edges[-1])
    axes.add_line(Line2D([about.lower, about.upper], [1.1 * top] * 2, color=GREY, linewidth=3))
    axes.add_line(marks([about.median], [1.1 * top], "black", "|", 14, markeredgewidth=2.5))
    axes.add_line(marks([about.mean], [1.1 * top], OKABE_ITO[1], "D", 7, markeredgewidth=2))
    title = "Line: the middle half; bar on it: the median; diamond: the mean"
    dress(axes, title + (f"; open: under {FEW}" if any(few) else ""), "points", "students")
    axes.yaxis.get_major_locator().set_params(integer=True)
    return figure


def facilities(found: Sequence[Item]) -> DescribedFigure | None:
    """Draw the facility of every exercise, in the notebook's order, and those of its aspects.

    Arguments
        found: the exercises; those without a facility are left out.

    Returns None where none has one.
    """
    drawn = [item for item in found if item.facility is not None]
    if not drawn:
        return None
    easiest, hardest = (end(drawn, key=lambda item: item.facility) for end in (max, min))
    said = (
        f"Facility of {len(drawn)} exercises, the mean of their points as a share of all. The lowest has "
        f"{hardest.name} with {hardest.facility:.2f}, the highest {easiest.name} with {easiest.facility:.2f}."
    )
    places = list(range(len(drawn)))[::-1]
    figure = DescribedFigure(0.9 + LINE * len(drawn), said, {"facility": [item.facility for item in drawn]})
    axes = figure.subplots()
    bar, dot = colours(2)
    axes.barh(places, [item.facility for item in drawn], 0.62, color=bar, alpha=0.35)
    points = [(part.facility, place) for place, item in zip(places, drawn, strict=True) for part in item.parts]
    points = points or [(item.facility, place) for place, item in zip(places, drawn, strict=True)]
    axes.add_line(marks([x for x, _ in points], [y for _, y in points], dot, "o", 6))
    axes.set_ylim(-0.5, len(drawn) - 0.5)
    axes.set_xlim(-0.03, 1.03)
    dress(axes, "Bars: the exercise; circles: its aspects", "facility", "")
    axes.set_yticks(places, [shorter(item.name) for item in drawn])
    return figure


def shorter(name: str) -> str:
    """Return the beginning of a long name."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def as_svg(figure: DescribedFigure | None, name: str) -> Markup:
    """Return a figure as an SVG element for a page that loads nothing: with its words, and ids that begin with a name.

    Nothing is clipped: a clip is a reference, which looks like an address. Without a figure there is no element.
    """
    if figure is None:
        return Markup()
    for artist in figure.findobj():
        artist.set_clip_on(False)
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    element = re.sub(r'(\bid="|href="#)', rf"\g<1>{name}-", drawn.getvalue().partition("<svg")[2])
    return Markup('<svg role="img" aria-label="{}"{}').format(figure.alt, Markup(element))
