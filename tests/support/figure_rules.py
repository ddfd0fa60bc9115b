"""The rules that every figure of the course keeps: each returns what breaks it in a figure, drawn before.

tests/helpers/test_figures.py shows each of them failing on a figure spoilt for it.
"""

from itertools import pairwise

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text


def luminance(colour):
    """Return the relative luminance of a colour (WCAG 2.1)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other="white"):
    """Return the contrast of two colours (WCAG 2.1), from 1 to 21."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def drawn(axes):
    """Return all points of the axes' marks, and where its bars end, as rows (x, y)."""
    lines = [line.get_xydata() for line in axes.lines if line.get_marker() not in ("None", None, "")]
    bars = [(bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height()) for bar in axes.patches]
    return np.concatenate([*lines, np.reshape(bars, (-1, 2))])


def points_outside(figure):
    outside = 0
    for axes in figure.axes:
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        x, y = drawn(axes).T
        outside += np.sum((x <= left) | (x >= right) | (y <= bottom) | (y >= top))
    return outside


def legends_on_data(figure):
    legends = [*figure.legends, *filter(None, (axes.get_legend() for axes in figure.axes))]
    return [box for box in legends for axes in figure.axes if box.get_window_extent().overlaps(axes.bbox)]


def clipped(figure):
    """Return the sides on which something drawn reaches over the figure's edge, by more than a pixel."""
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    over = {"left": -box.x0, "bottom": -box.y0, "right": box.x1 - width, "top": box.y1 - height}
    return [side for side, inches in over.items() if inches > 0.01]


def unlabelled_log_axes(figure):
    pairs = [(axis.get_scale(), axis.get_label_text()) for a in figure.axes for axis in (a.xaxis, a.yaxis)]
    return [label for scale, label in pairs if scale == "log" and "(log scale)" not in label]


def repeated_styles(figure):
    """Return the looks without colour that stand for two entries of the legend, and the colours of two markers."""
    handles = [h for legend in figure.legends for h in legend.legend_handles if isinstance(h, Line2D)]
    looks = [(h.get_marker(), h.get_markerfacecolor() == "none", h.get_linestyle()) for h in handles]
    hues = [h.get_color() for h in handles if h.get_marker() != "None"]
    return [x for seen in (looks, hues) for x in set(seen) if seen.count(x) > 1]


def low_contrast(figure):
    return [line.get_color() for a in figure.axes for line in a.lines if contrast(line.get_color()) < 3]


def pale_text(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and contrast(text.get_color()) < 4.5]


def small_text(figure):
    """Return the texts that are under 9 pixels where the figure is shown 400 pixels wide."""
    scale = 400 / 72 / figure.get_size_inches()[0]  # pixels of a point
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and scale * text.get_fontsize() < 9]


def orphans(figure):
    """Return the titles of several lines whose last line is a single word."""
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    return [title for title in titles if "\n" in title and len(title.split("\n")[-1].split()) < 2]


def crowded_ticks(figure):
    """Return the labels along an axis that reach into the next one."""
    boxes = []
    for axes in figure.axes:
        for axis, low, high in ((axes.xaxis, "x0", "x1"), (axes.yaxis, "y0", "y1")):
            shown = [tick for tick in axis.get_ticklabels() if tick.get_text() and tick.get_visible()]
            inside = sorted((t.get_window_extent() for t in shown), key=lambda box: getattr(box, low))
            boxes += [one for one, next_ in pairwise(inside) if getattr(one, high) > getattr(next_, low)]
    return boxes


RULES = (
    points_outside,
    legends_on_data,
    clipped,
    unlabelled_log_axes,
    repeated_styles,
    low_contrast,
    pale_text,
    small_text,
    orphans,
    crowded_ticks,
)
