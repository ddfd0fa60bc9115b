"""The temperature at which two ranges have equal perplexity."""

import math

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, number, variants, within
from helpers.explorers import models

from ... import oracle

ASPECTS = {"the ranges": 1, "n_points and outlier": 1}
RANGES, SETTINGS = ASPECTS
SHOWN = (
    "Ranges 0.5 and 4 change places at T = {number:.3f}: who says which of the two is the more balanced has to say at"
    " which temperature."
)
SHOWN_FROM = ("ranges 0.5 and 4, 20 points", 0)
FORBIDDEN = ("helpers.explorers.models.weigh_outlier",)
ADVICE = "Build the logits and take their softmax: that is the exercise."

CROSSING = "Search for the T where perplexity(wide) - perplexity(narrow) changes its sign, to 1e-3 or better."


def _case(name, aspect, narrow, wide, **settings):
    root = oracle.crossing_temperature(narrow, wide, settings.get("n_points", 100), settings.get("outlier", 6.0))
    return case(name, aspect, number(root, within(rtol=1e-3)), CROSSING, narrow, wide, **settings)


def public(book):
    return [
        _case("ranges 0.5 and 4, 20 points", RANGES, 0.5, 4, n_points=20),
        _case("ranges 0.4 and 3, 50 points, outlier 5", SETTINGS, 0.4, 3, n_points=50, outlier=5.0),
    ]


def hidden(book, rng):
    def draw(name, aspect, narrow, wide, accept=lambda root: True, **settings):
        """Draw settings, each from its range, that have one crossing, which is accepted."""
        while True:
            drawn = {key: round(rng.uniform(*bounds), 3) for key, bounds in settings.items()}
            if "n_points" in drawn:
                drawn["n_points"] = int(drawn["n_points"])
            try:
                found = _case(name, aspect, round(rng.uniform(*narrow), 3), round(rng.uniform(*wide), 2), **drawn)
            except ValueError:
                continue
            if accept(found["expected"]["number"]):
                return found

    def is_low(root):
        """Tell whether a root is low, and steps of 0.001 or ten halvings of [0.2, 10] miss it."""
        width = 9.8 / 2**10
        near = [round(root, 3), 0.2 + width * (math.floor((root - 0.2) / width) + 0.5)]
        return root < 0.3 and min(abs(each - root) for each in near) > 1.2e-3 * root

    points = (25, 50)
    return [
        draw("ranges close together, default settings", RANGES, (0.2, 0.8), (2.5, 3.5)),
        draw("a low crossing", RANGES, (0.04, 0.08), (0.4, 0.5), is_low, n_points=points, outlier=(0.75, 0.95)),
        draw(
            "a high crossing", SETTINGS, (5, 10), (29, 30), lambda root: root > 7, n_points=points, outlier=(30.5, 31)
        ),
    ]


def right_by_halving(narrow, wide, n_points=100, outlier=6.0):
    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if gap(low) * gap(middle) > 0 else (low, middle)
    return low


def right_by_numpy(narrow, wide, n_points=100, outlier=6.0):
    def entropy(r, t):
        x = np.append(np.linspace(-r, r, n_points), outlier) / t
        p = np.exp(x - x.max())
        p /= p.sum()
        return -(p * np.log(p)).sum()

    low, high = np.log(0.2), np.log(10.0)
    for _ in range(30):
        middle = (low + high) / 2
        if entropy(wide, np.exp(middle)) > entropy(narrow, np.exp(middle)):
            low = middle
        else:
            high = middle
    return np.exp(middle)


def right_by_a_fine_grid(narrow, wide, n_points=100, outlier=6.0):
    t = torch.logspace(math.log10(0.2), 1, 2001, dtype=torch.float64)

    def entropy(r):
        x = torch.cat([torch.linspace(-r, r, n_points, dtype=torch.float64), torch.tensor([outlier])])
        p = torch.softmax(x / t[:, None], dim=1)
        return torch.special.entr(p).sum(1)

    gap = entropy(wide) - entropy(narrow)
    k = int((gap[:-1] * gap[1:] <= 0).nonzero()[0])
    return t[k] + (t[k + 1] - t[k]) * gap[k] / (gap[k] - gap[k + 1])


def right_by_regula_falsi(narrow, wide, n_points=100, outlier=6.0):
    def gap(t):
        h = []
        for r in (narrow, wide):
            x = torch.cat([torch.linspace(-r, r, n_points, dtype=torch.float64), torch.tensor([outlier])])
            h.append(torch.distributions.Categorical(logits=x / t).entropy().item())
        return h[1] - h[0]

    a, b = 0.2, 10.0
    fa, fb = gap(a), gap(b)
    for _ in range(200):
        c = b - fb * (b - a) / (fb - fa)
        fc = gap(c)
        if abs(fc) < 1e-9:
            break
        if fa * fc < 0:
            b, fb, fa = c, fc, fa / 2
        else:
            a, fa, fb = c, fc, fb / 2
    return c


def right_in_float32(narrow, wide, n_points=100, outlier=6.0):
    def value(r, t):
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        return helpers.perplexity(torch.softmax(x / t, 0))

    low, high = 0.2, 10.0
    for _ in range(30):
        middle = (low + high) / 2
        if value(wide, middle) > value(narrow, middle):
            low = middle
        else:
            high = middle
    return middle


@variants(value=[1.4964, 1.5])
def wrong_the_articles_crossing(narrow, wide, n_points=100, outlier=6.0, *, value):
    """Your numbers match the crossing of the article's ranges, r = 0.4 and r = 5."""
    return value


def wrong_by_the_collision_measure(narrow, wide, n_points=100, outlier=6.0):
    """changes its sign"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(1 / helpers.softmax_t(x, t).square().sum().item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


def wrong_no_outlier(narrow, wide, n_points=100, outlier=6.0):
    """Your numbers match the end of the interval, where the difference comes near 0, too: look for the change of its
    sign.
    """

    def gap(t):
        wider, narrower = (torch.linspace(-r, r, n_points, dtype=torch.float64) for r in (wide, narrow))
        return (helpers.entropy(helpers.softmax_t(wider, t)) - helpers.entropy(helpers.softmax_t(narrower, t))).item()

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


def wrong_always_6(narrow, wide, n_points=100, outlier=6.0):
    """changes its sign"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([6.0])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


def wrong_always_100_points(narrow, wide, n_points=100, outlier=6.0):
    """changes its sign"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, 100), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


def wrong_multiplies_by_T(narrow, wide, n_points=100, outlier=6.0):
    """Your numbers match a softmax that multiplies by T instead of dividing."""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(torch.softmax(x * t, 0)).item())
        return values[0] - values[1]

    low, high = 0.05, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) < 0 else (low, middle)
    return low


def wrong_coarse_grid(narrow, wide, n_points=100, outlier=6.0):
    """Your numbers match a search in steps of 0.1: refine it, to 1e-3 or better."""
    t = torch.arange(0.2, 10, 0.1, dtype=torch.float64)

    def entropy(r):
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
        return helpers.entropy(torch.softmax(x / t[:, None], dim=1))

    gap = entropy(wide) - entropy(narrow)
    return t[int((gap[:-1] * gap[1:] <= 0).nonzero()[0])].item()


def wrong_steps_of_a_thousandth(narrow, wide, n_points=100, outlier=6.0):
    """to 1e-3 or better"""
    t = torch.arange(0.2, 10, 0.001, dtype=torch.float64)

    def entropy(r):
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
        return helpers.entropy(torch.softmax(x / t[:, None], dim=1))

    gap = entropy(wide) - entropy(narrow)
    return t[int((gap[:-1] * gap[1:] <= 0).nonzero()[0])].item()


def wrong_smallest_gap(narrow, wide, n_points=100, outlier=6.0):
    """Your numbers match the end of the interval, where the difference comes near 0, too: look for the change of its
    sign.
    """
    t = torch.linspace(0.2, 10, 5001, dtype=torch.float64)

    def value(r):
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
        return helpers.perplexity(torch.softmax(x / t[:, None], dim=1))

    return t[(value(wide) - value(narrow)).abs().argmin()].item()


@variants(low=[1.0])
def wrong_low_above_0_2(narrow, wide, n_points=100, outlier=6.0, *, low):
    """Search for the T"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    high = 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


@variants(high=[2.0, 5.0])
def wrong_high_below_10(narrow, wide, n_points=100, outlier=6.0, *, high):
    """Search for the T"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low = 0.2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


@variants(count=[7, 10])
def wrong_few_halvings(narrow, wide, n_points=100, outlier=6.0, *, count):
    """to 1e-3 or better"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(count):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return (low + high) / 2


@variants(digits=[1, 2])
def wrong_rounds(narrow, wide, n_points=100, outlier=6.0, *, digits):
    """Your numbers are rounded to"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return round(low, digits)


def wrong_rounds_to_3_decimals(narrow, wide, n_points=100, outlier=6.0):
    """to 1e-3 or better"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return round(low, 3)


def wrong_leaves_out_the_end(narrow, wide, n_points=100, outlier=6.0):
    """Search for the T"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.arange(n_points, dtype=torch.float64) * (2 * r / n_points) - r
            x = torch.cat([x, torch.tensor([outlier])])
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


def wrong_keeps_the_other_half(narrow, wide, n_points=100, outlier=6.0):
    """Your numbers match the end of the interval: keep the half in which the sign changes."""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) < 0 else (low, middle)
    return low


def wrong_where_the_outlier_has_half(narrow, wide, n_points=100, outlier=6.0):
    """changes its sign"""

    def share(t):
        x = torch.cat([torch.linspace(-narrow, narrow, n_points), torch.tensor([outlier])]).double()
        return helpers.softmax_t(x, t)[-1].item()

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if share(middle) > 0.5 else (low, middle)
    return low


def wrong_returns_the_interval(narrow, wide, n_points=100, outlier=6.0):
    """One number is asked for: which of these?"""
    return 0.2, 10.0


def wrong_returns_none(narrow, wide, n_points=100, outlier=6.0):
    """your function returned None"""
    print(1.4964)


def wrong_other_defaults(narrow, wide, n_points=50, outlier=6.0):
    """Search for the T"""

    def gap(t):
        values = []
        for r in (wide, narrow):
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
            values.append(helpers.perplexity(helpers.softmax_t(x, t)).item())
        return values[0] - values[1]

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    return low


def wrong_by_the_explorer(narrow, wide, n_points=100, outlier=6.0):
    """uses helpers.explorers.models.weigh_outlier"""
    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        a, b = (models.weigh_outlier(r, middle, outlier, n_points).perplexity for r in (narrow, wide))
        low, high = (middle, high) if b > a else (low, middle)
    return low
