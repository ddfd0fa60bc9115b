"""The article's four figures: functions of numbers that return a Figure.

They stand at the end of the flow: they compute no softmax, they show what they are given. Each figure
carries its numbers (`data`) and says in words what it shows (`alt`), so that nobody needs to see it to use
it.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ..device import to_numpy
from ..support.language import _
from .drawing import (
    GREY,
    OKABE_ITO,
    TEXT,
    DescribedFigure,
    Floats,
    Values,
    array,
    colours,
    dress,
    finite_values,
    limits,
    markers,
    marks,
    power,
    table,
    wrapped,
)

Results = Mapping[float, Mapping[float, Mapping[str, Values]]]  # results[r][T] = {"logits", "probs"}
Rows = Mapping[float, Mapping[float, tuple[Floats, Floats]]]  # the same as pairs of arrays


def plot_iterations(probs: Iterable[Values], x: Values) -> DescribedFigure:
    """Plot each iteration's probabilities against x (the article's figure 1a).

    Arguments
        probs: distributions for k = 0, 1, ..., each of x's length: tensors on any device, arrays or lists.
        x: the inputs, 1-D, of the same kinds.

    Returns a DescribedFigure with data columns "iteration", "x", "probability"; every point lies inside the
    limits; what is not finite is counted in the words instead of drawn.

    Raises ValueError when probs is empty or lengths differ.

    >>> plot_iterations([[0.4, 0.6], [0.45, 0.55]], x=[0, 1]).data["probability"]
    [0.4, 0.6, 0.45, 0.55]
    """
    inputs, distributions = array(x), [array(p) for p in probs]
    _require(distributions, _("probs is empty: expected at least one distribution"))
    for k, p in enumerate(distributions):
        _require(
            inputs.ndim == 1 and p.shape == inputs.shape,
            _("probs[{k}] has shape {p}, x has {x}: expected one length, 1-D", k=k, p=p.shape, x=inputs.shape),
        )
    last, uniform = len(distributions) - 1, 1 / inputs.size
    low, high = limits(*distributions)
    same = _first_coinciding(distributions, tolerance=0.01 * (high - low))
    title = _largest(distributions, same, last)
    if same < last:
        within = np.concatenate([abs(p - uniform) for p in distributions[same:]]).max()
        title += " " + _(
            "From k = {same} on all points lie within {within} of {uniform:.3g}.",
            same=same,
            within=_short(within),
            uniform=uniform,
        )
    alt = _(
        "Two scatters against x, {size} points for each iteration, k = 0 to {last}: the probability, and how far it is "
        "from 1/n on a log axis. {title}",
        size=inputs.size,
        last=last,
        title=title,
    )
    points = [(k, *point) for k, p in enumerate(distributions) for point in zip(inputs, p, strict=True)]
    alt += _not_drawn(points)

    figure = DescribedFigure(4.6, alt, table(("iteration", "x", "probability"), points))
    figure.suptitle(wrapped(_("Figure 1a. {title}", title=title), 75), fontsize=TEXT)
    left, right = figure.subplots(1, 2)
    dress(left, "", "x", _("probability"))
    distances = [abs(p - uniform) for p in distributions]
    zero = _distance_axis(right, finite_values(*distances))
    styles = zip(distributions, distances, colours(last + 1), markers(last + 1), strict=True)
    for k, (p, distance, colour, marker) in enumerate(styles):
        left.add_line(marks(inputs, p, colour, marker, 5, label=f"k = {k}"))
        right.add_line(marks(inputs, np.maximum(distance, zero), colour, marker, 5))
    left.set(xlim=limits(inputs), ylim=(low, high))
    right.set(xlim=limits(inputs))
    figure.legend(handles=left.lines[:: math.ceil((last + 1) / 12)], loc="outside lower center", ncols=5, fontsize=TEXT)
    return figure


def plot_log_std(stds: Iterable[Values], n_points: float | None = None) -> DescribedFigure:
    """Plot the standard deviation on a log axis against the iteration (the article's figure 1b).

    Arguments
        stds: one number per iteration k = 0, 1, ...
        n_points: where given, a dashed line starts at the first deviation above 0 and is divided by n_points
            at each step.

    Returns a DescribedFigure with data columns "iteration", "standard deviation". A deviation of 0, for which
    a log axis has no place, is marked below it as exactly 0; nothing is added to it. What is negative or not
    finite is counted in the words instead of drawn.

    Raises ValueError when stds is empty or n_points is not above 0.

    >>> print(plot_log_std([0.5, 0.05, 0.0]))
    Standard deviation on a log axis, from 0.5 at k = 0 to 0.05 at k = 1. Exactly 0 at k = 2.
    """
    stds = np.array([float(to_numpy(s)) for s in stds])
    _require(stds.size, _("stds is empty: expected one number per iteration"))
    positive = n_points is None or n_points > 0
    _require(positive, _("n_points is {n_points}: expected a number above 0, or None", n_points=n_points))
    steps = np.arange(stds.size)
    drawn = steps[np.isfinite(stds) & (stds > 0)]
    zeros = steps[stds == 0]
    lost = stds.size - drawn.size - zeros.size
    words = _("no value above 0")
    if drawn.size:
        (first, last), (start, end) = drawn[[0, -1]], stds[drawn[[0, -1]]]
        words = _(
            "from {start:.3g} at k = {first} to {end:.3g} at k = {last}", start=start, first=first, end=end, last=last
        )
    alt = [_("Standard deviation on a log axis, {words}.", words=words)]
    title = _("Figure 1b. Standard deviation: {words}", words=words)
    if zeros.size:
        alt.append(_("Exactly 0 at k = {steps}.", steps=_runs(zeros)))
    if n_points and drawn.size:
        alt.append(_("A dashed line is divided by {n_points:g} at each step.", n_points=n_points))
    if lost:
        alt.append(_("Not drawn, because negative or not finite: {lost} of {total}.", lost=lost, total=stds.size))
    data = table(("iteration", "standard deviation"), list(zip(steps, stds, strict=True)))

    figure = DescribedFigure(3.8, " ".join(alt), data)
    if zeros.size:  # on an axis of their own, below
        axes, strip = figure.subplots(2, sharex=True, height_ratios=(12, 1))
        strip.plot(zeros, np.zeros(zeros.size), "X", color=OKABE_ITO[1], markersize=8)
        dress(strip, "", _("iteration k"), "")
        strip.set_yticks([0], [_("exactly 0")])
    else:
        axes = figure.add_subplot()
    axes.set_yscale("log")
    curve = np.full(stds.size, np.nan)  # a gap where there is nothing to draw
    curve[drawn] = stds[drawn]
    axes.plot(steps, curve, "o-", color=OKABE_ITO[0], markersize=7, label=_("standard deviation"))
    low, high = (stds[drawn].min(), stds[drawn].max()) if drawn.size else (0.1, 1.0)
    if n_points and drawn.size:
        divided = stds[drawn[0]] * float(n_points) ** -(steps[drawn[0] :] - drawn[0])
        divided = divided[(divided >= low / n_points) & (divided <= high)]  # as far as the data, and a step more
        after = drawn[0] + np.arange(divided.size)
        label = _("divided by {n_points:g} at each step", n_points=n_points)
        axes.plot(after, divided, "--", color=OKABE_ITO[1], label=label)
        low = min(low, divided.min())
        figure.legend(loc="outside lower center", ncols=2, fontsize=TEXT)
    dress(
        axes,
        title,
        "" if zeros.size else _("iteration k"),
        _("standard deviation (log scale)"),
    )
    room = 10 ** (0.06 * max(math.log10(high) - math.log10(low), 0.5))
    axes.set(xlim=(-0.4, stds.size - 0.6), ylim=(low / room, high * room))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12, min_n_ticks=1))
    return figure


def plot_final_tops(
    temperatures: Values, tops: Mapping[str, Values], marks: Mapping[str, float] | None = None
) -> DescribedFigure:
    """Plot the largest probability that a loop ends with against its temperature, one curve for each start.

    Arguments
        temperatures: T of the loop, above 0.
        tops: {name of the start: one probability for each temperature}.
        marks: {name: temperature} of vertical lines, if any.

    Returns a DescribedFigure with data columns "temperature" and one for each start.

    Raises ValueError when temperatures or tops is empty or lengths differ.

    >>> print(plot_final_tops([0.1, 0.2], {"one-hot": [1.0, 0.05]}))
    Largest probability in the end against temperature. From one-hot: 1 at T = 0.1, 0.05 at T = 0.2.
    """
    ts, curves, marks = array(temperatures), {name: array(values) for name, values in tops.items()}, marks or {}
    _require(ts.size, _("temperatures is empty: expected at least one T"))
    _require(curves, _("tops is empty: expected the probabilities of at least one start"))
    for name, values in curves.items():
        shapes = {"values": values.shape, "temperatures": ts.shape}
        _require(
            ts.ndim == 1 and values.shape == ts.shape,
            _(
                "tops[{name!r}] has shape {values}, temperatures has {temperatures}: expected one length, 1-D",
                name=name,
                **shapes,
            ),
        )
    ends = {"first": ts[0], "last": ts[-1]}
    words = [
        _(
            "From {name}: {start:.3g} at T = {first:.3g}, {end:.3g} at T = {last:.3g}.",
            name=n,
            start=v[0],
            end=v[-1],
            **ends,
        )
        for n, v in curves.items()
    ]
    alt = " ".join([_("Largest probability in the end against temperature."), *words])
    data = {"temperature": ts.tolist()} | {name: values.tolist() for name, values in curves.items()}
    figure = DescribedFigure(3.8, alt, data)
    axes = figure.add_subplot()
    for (name, values), colour, marker in zip(curves.items(), colours(len(curves)), markers(len(curves)), strict=True):
        axes.plot(ts, values, "-", marker=marker, color=colour, markersize=5, label=_("start: {name}", name=name))
    for (name, place), style in zip(marks.items(), ("--", ":", "-.") * len(marks), strict=False):
        axes.axvline(place, color=GREY, linestyle=style, label=f"T = {name}")
    figure.legend(loc="outside lower center", ncols=2, fontsize=TEXT)
    dress(axes, _("Where the loop comes to rest"), _("temperature T in the loop"), _("largest probability in the end"))
    axes.set(xlim=limits(ts), ylim=(-0.05, 1.05))
    return figure


def plot_full(results: Results) -> DescribedFigure:
    """Plot each range's probabilities against its logits, on one scale up to 1.

    Arguments
        results: results[r][T] = {"logits", "probs"}, both 1-D, any number of ranges and temperatures; a panel
            for each r, a colour and a marker for each T.

    Returns a DescribedFigure with data columns "range", "temperature", "logit", "probability"; every point
    lies inside the limits; what is not finite is counted in the words instead of drawn.

    Raises ValueError when results is empty or lengths differ.

    >>> print(plot_full({1: {0.5: {"logits": [0, 6], "probs": [0.25, 0.75]}}}))
    Probability against logit, up to 1. Logits in [-1, 1]: the largest is 0.75 (T = 0.5).
    """
    title = _("Probability of every logit, on one scale up to 1")
    figure = _panels(_arrays(results), _("Probability against logit, up to 1."), title)
    lows, highs = zip(*(axes.get_ylim() for axes in figure.axes), strict=True)
    for axes in figure.axes:
        axes.set_ylim(min(-0.05, *lows), max(1.05, *highs))
    return figure


def plot_zoomed(results: Results, limit: float | None = None) -> DescribedFigure:
    """Plot each range's small probabilities: those of all logits but the last, which is the outlier.

    Arguments
        results: that of plot_full.
        limit: where given, a probability at which every panel ends: what lies above is marked at the edge,
            counted and weighed in words. Without it each panel's limits follow its data.

    Returns a DescribedFigure with plot_full's data columns.

    Raises ValueError when results is empty, lengths differ or limit is not above 0.

    >>> print(plot_zoomed({1: {0.5: {"logits": [0, 6], "probs": [0.25, 0.75]}}}, limit=0.2))
    Probability against logit without the last. Logits in [-1, 1]: the largest is 0.25 (T = 0.5); \
points above 0.2 and their share of the mass: T = 0.5: 1 (25%).
    """
    limit = math.inf if limit is None else limit
    _require(limit > 0, _("limit is {limit}: expected a probability above 0, or None", limit=limit))
    rows = {r: {t: (x[:-1], p[:-1]) for t, (x, p) in row.items()} for r, row in _arrays(results).items()}
    if limit < math.inf:
        title = _(
            "Probability of every logit but the last, up to {limit:g} (above: points and their share of the mass)",
            limit=limit,
        )
    else:
        title = _("Probability of every logit but the last, each panel on its own scale")
    return _panels(rows, _("Probability against logit without the last."), title, limit)


def _panels(results: Rows, what: str, title: str, limit: float = math.inf) -> DescribedFigure:
    """Draw one panel per range, three in a row at most, with one legend below them."""
    temperatures = sorted({t for row in results.values() for t in row})
    styles = list(zip(temperatures, colours(len(temperatures)), markers(len(temperatures)), strict=True))
    points = [
        (r, t, *point) for r, row in results.items() for t, (x, p) in row.items() for point in zip(x, p, strict=True)
    ]
    alt = [what]
    alt += [
        _("Logits in [{low:g}, {r:g}]: {words}.", low=-r, r=r, words=_in_words(row, limit))
        for r, row in results.items()
    ]
    data = table(("range", "temperature", "logit", "probability"), points)
    lines = math.ceil(len(results) / 3)
    columns = math.ceil(len(results) / lines)
    headings = {r: _heading(r, row, limit) for r, row in results.items()}
    extra = max(heading.count("\n") for heading in headings.values())

    words = " ".join(alt) + _not_drawn(points)
    figure = DescribedFigure(0.8 + lines * (2.7 + 0.2 * extra), words, data)
    title = wrapped(title, 75)
    if limit == math.inf:
        order = ", ".join(f"{t:g}" for t in temperatures)
        title += "\n" + wrapped(_("Above each panel: the largest at T = {temperatures}", temperatures=order), 75)
    figure.suptitle(title, fontsize=TEXT)
    for index, (r, row) in enumerate(results.items()):
        axes = figure.add_subplot(lines, columns, index + 1)
        for level, (t, colour, marker) in enumerate(styles):
            if t in row:
                x, p = row[t]
                above = p > limit
                axes.add_line(marks(x[~above], p[~above], colour, marker, 4))
                if above.any():  # a row of their own above the edge, so that no temperature hides another
                    height = np.full(above.sum(), limit * (1.05 + 0.05 * level))
                    axes.add_line(marks(x[above], height, colour, marker, 5, markerfacecolor=colour))
        low, high = limits(*(np.minimum(p, limit) for _, p in row.values()))
        if limit < math.inf:
            high = limit * (1.05 + 0.05 * len(styles))
            axes.axhline(limit, color=GREY, linestyle="--", linewidth=1)
        dress(axes, headings[r], _("logit"), "" if index % columns else _("probability"))
        _ticks_at_the_ends(axes, finite_values(*(x for x, _ in row.values())))
        axes.set(xlim=limits(*(x for x, _ in row.values())), ylim=(low, high))
        if limit < math.inf:  # no scale beyond the limit; the factor is for ticks like 0.03, off by a rounding
            axes.set_yticks([tick for tick in axes.get_yticks() if low <= tick <= limit * (1 + 1e-9)])
    handles = [marks([], [], colour, marker, 6, label=f"T = {t:g}") for t, colour, marker in styles]
    if limit < math.inf:
        label = _("filled, beyond the line: above it")
        handles.append(marks([], [], GREY, "o", 6, markerfacecolor=GREY, label=label))
    figure.legend(handles=handles, loc="outside lower center", ncols=4 if limit == math.inf else 3, fontsize=TEXT)
    return figure


def _ticks_at_the_ends(axes: Axes, x: Floats) -> None:
    """Give the x axis ticks at the least and the largest value, and at 0 where that is far from both."""
    ticks = [x.min(), x.max()] if x.size else []
    if x.size and 0.2 * np.ptp(x) < -x.min() < 0.8 * np.ptp(x):
        ticks.insert(1, 0.0)
    axes.set_xticks(ticks, [f"{tick:.3g}" for tick in ticks])


def _heading(r: float, row: Mapping[float, tuple[Floats, Floats]], limit: float) -> str:
    """Return a panel's title: its range and, for each temperature, the largest probability or what the limit cuts."""
    lines = [_("logits in [{low:g}, {r:g}]", low=-r, r=r)]
    if limit < math.inf:
        lines += _cuts(row, limit) or [_("nothing above")]
    else:
        values = [finite_values(row[t][1]) for t in sorted(row)]
        tops = [f"{p.max():.3g}" if p.size else "–" for p in values]
        lines.append(wrapped(_("largest {tops}", tops=", ".join(tops)), 26))
    return "\n".join(lines)


def _arrays(results: Results) -> Rows:
    """Return results[r][T] as pairs of float64 arrays (logits, probabilities)."""
    entries = [entry for row in results.values() for entry in row.values()]
    dicts = all(isinstance(entry, Mapping) for entry in entries)
    _require(dicts, _('results[r][T] is expected to be a dict with the keys "logits" and "probs"'))
    arrays = {
        r: {t: (array(entry["logits"]), array(entry["probs"])) for t, entry in row.items()}
        for r, row in results.items()
    }
    _require(arrays and all(arrays.values()), _("results is empty: expected results[r][T] for one r and T at least"))
    for r, row in arrays.items():
        for t, (x, p) in row.items():
            _require(
                x.ndim == 1 and x.shape == p.shape,
                _(
                    "results[{r}][{t}]: logits have shape {x}, probs {p}: expected one length, 1-D",
                    r=r,
                    t=t,
                    x=x.shape,
                    p=p.shape,
                ),
            )
    return arrays


def _require(condition: object, message: str) -> None:
    """Raise ValueError with the message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def _first_coinciding(probs: Sequence[Floats], tolerance: float) -> int:
    """Return the first k from which on every distribution is within tolerance of the last one."""
    with np.errstate(invalid="ignore"):  # inf - inf is nan, which is apart from everything
        apart = [k for k, p in enumerate(probs) if not np.all(np.abs(p - probs[-1]) <= tolerance)]
    return min(max(apart, default=-1) + 1, len(probs) - 1)


def _largest(distributions: Sequence[Floats], same: int, last: int) -> str:
    """Say how large the probabilities are up to the iteration `same`, three at most, and in the end."""
    tops = []
    for k in sorted({*range(min(same, 2) + 1), last}):
        p = finite_values(distributions[k])
        words = _("{top:.3g} at k = {k}", top=p.max(), k=k) if p.size else _("no finite one at k = {k}", k=k)
        tops.append(words)
    return _("Largest probability: {tops}.", tops=", ".join(tops))


def _short(number: float) -> str:
    """Return a positive number to one digit, rounded up, as people write it where it is not too small.

    >>> _short(7.5e-05), _short(1e-12)
    ('0.00008', '1e-12')
    """
    if not number:
        return "0"
    digit = 10.0 ** math.floor(math.log10(number))
    number = float(f"{math.ceil(number / digit - 1e-9) * digit:.0e}")
    return np.format_float_positional(number, trim="-") if number > 1e-6 else f"{number:.0e}"


def _distance_axis(axes: Axes, distances: Floats) -> float:
    """Give axes a log scale for distances, and one of 0 a place below all others; return this place."""
    axes.set_yscale("log")
    dress(axes, "", "x", _("distance from 1/n (log scale)"))
    smallest = distances[distances > 0].min(initial=1.0)
    zero: float = 10.0 ** (math.floor(math.log10(smallest)) - 2)
    high = 5 * distances.max(initial=zero)
    axes.set_ylim(20 * zero, high)
    if (distances == 0).any():
        axes.set_ylim(zero / 10, high)
        ticks = [tick for tick in axes.get_yticks() if 10 * zero < tick < high]
        axes.set_yticks([zero, *ticks], [_("exactly 0"), *(power(round(math.log10(tick))) for tick in ticks)])
    return zero


def _runs(steps: npt.NDArray[np.int_]) -> str:
    """Return [13, 14, 15] as '13 to 15', [3, 5] as '3, 5'."""
    runs = np.split(steps, np.flatnonzero(np.diff(steps) > 1) + 1)
    spans = (_("{first} to {last}", first=run[0], last=run[-1]) if len(run) > 1 else f"{run[0]}" for run in runs)
    return ", ".join(spans)


def _not_drawn(points: Sequence[Sequence[float]]) -> str:
    """Count in words the points that are not finite."""
    lost = sum(not all(map(math.isfinite, point)) for point in points)
    if not lost:
        return ""
    return " " + _("Not drawn, because not finite: {lost} of {total} points.", lost=lost, total=len(points))


def _in_words(row: Mapping[float, tuple[Floats, Floats]], limit: float) -> str:
    """Say how large one range's probabilities get at each temperature, and what the limit cuts."""
    values = {t: finite_values(p) for t, (_, p) in row.items()}
    tops = ", ".join(
        f"{p.max():.3g} (T = {t:g})" if p.size else _("not finite (T = {t:g})", t=t) for t, p in values.items()
    )
    words = _("the largest is {tops}", tops=tops)
    if cuts := _cuts(row, limit):
        words += _("; points above {limit:g} and their share of the mass: {cuts}", limit=limit, cuts=", ".join(cuts))
    return words


def _cuts(row: Mapping[float, tuple[Floats, Floats]], limit: float) -> list[str]:
    """Count and weigh each temperature's points above the limit, in words."""
    above = {t: p[p > limit] for t, (_, p) in row.items()}
    return [
        _("T = {t:g}: {count} ({share:.3g}%)", t=t, count=p.size, share=100 * p.sum())
        for t, p in above.items()
        if p.size
    ]
