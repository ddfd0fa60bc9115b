"""Claim C7: a wider range is flatter."""

import numpy as np
import torch

import helpers
from grading.authoring.exercise import variants

from ...oracle import crossing_temperature
from ._results import draw_settings, perplexities
from ._verdicts import CLAIM, FAILS, HOLDS, drawn, verdict_case

ASPECTS = CLAIM

C7 = "value is the smallest of perplexity(wide) - perplexity(narrow) over the temperatures; holds is value > 0."


def _case(book, name, narrow, wide, *settings):
    given = {"narrow": narrow, "wide": wide}
    n, w = narrow or 0.4, wide or 5

    def smallest_gap(probs):
        values = perplexities(probs)
        return min(values[w][t] - values[n][t] for t in values[w])

    options = {key: value for key, value in given.items() if value is not None}
    return verdict_case(book, (name, *settings), smallest_gap, 0.0, 1e-3, C7, **options)


def public(book):
    return [
        _case(book, "ranges 0.4 and 5", None, None, [0.4, 5], [0.5, 4], 6, 6.0),
        _case(book, "ranges 0.5 and 4, low temperatures only", 0.5, 4, [4, 0.5], [0.5, 0.8], 5, 6.0),
    ]


def hidden(book, rng):
    def draw(name, factor):
        """Draw temperatures of which the highest lies just below or above the crossing."""
        ranges, _, n_points, outlier = draw_settings(rng)
        small, middle, large = sorted(ranges)
        narrow, wide = (small, middle) if factor < 1 else (middle, large)
        root = float(crossing_temperature(narrow, wide, n_points, outlier))
        temperatures = [0.7 * root, factor * root, 0.8 * root]
        return _case(book, name, narrow, wide, [middle, large, small], temperatures, n_points, outlier)

    return [
        drawn(lambda: draw("a claim that holds", 0.99), HOLDS),
        drawn(lambda: draw("a claim that fails", 1.01), FAILS),
    ]


def right_by_a_loop(results, narrow=0.4, wide=5):
    differences = []
    for t in results[wide]:
        a, b = (helpers.perplexity(results[r][t]["probs"]).item() for r in (narrow, wide))
        differences.append(b - a)
    return {"holds": min(differences) > 0, "value": min(differences)}


def right_with_tensors(results, narrow=0.4, wide=5):
    wider = torch.stack([results[wide][t]["probs"] for t in results[wide]])
    narrower = torch.stack([results[narrow][t]["probs"] for t in results[wide]])
    value = (helpers.perplexity(wider) - helpers.perplexity(narrower)).min()
    return {"holds": value > 0, "value": value}


def right_by_numpy(results, narrow=0.4, wide=5):
    def perplexity(entry):
        p = entry["probs"].numpy()
        p = p[p > 0]
        return np.exp(-np.sum(p * np.log(p)))

    value = min(perplexity(results[wide][t]) - perplexity(results[narrow][t]) for t in results[narrow])
    return {"holds": value > 0, "value": value}


def right_by_entropies(results, narrow=0.4, wide=5):
    values = {}
    for r in (narrow, wide):
        values[r] = {t: helpers.entropy(e["probs"]).exp().item() for t, e in results[r].items()}
    value = -max(values[narrow][t] - values[wide][t] for t in values[narrow])
    return {"value": value, "holds": value > 0.0}


def wrong_other_way_round(results, narrow=0.4, wide=5):
    """Your numbers match perplexity(narrow) - perplexity(wide)."""
    value = min(
        (helpers.perplexity(results[narrow][t]["probs"]) - helpers.perplexity(results[wide][t]["probs"])).item()
        for t in results[narrow]
    )
    return {"holds": value > 0, "value": value}


def wrong_largest_difference(results, narrow=0.4, wide=5):
    """Your numbers match the largest over the temperatures."""
    value = max(
        (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    )
    return {"holds": value > 0, "value": value}


def wrong_magnitude(results, narrow=0.4, wide=5):
    """Your numbers match a difference without its sign."""
    value = min(
        abs((helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item())
        for t in results[narrow]
    )
    return {"holds": value > 0, "value": value}


def wrong_first_temperature(results, narrow=0.4, wide=5):
    """Your numbers match the difference at the first temperature only."""
    t = next(iter(results[narrow]))
    value = (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
    return {"holds": value > 0, "value": value}


def wrong_highest_temperature(results, narrow=0.4, wide=5):
    """the smallest of perplexity(wide) - perplexity(narrow)"""
    t = max(results[narrow])
    value = (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
    return {"holds": value > 0, "value": value}


def wrong_narrowest_and_widest_range(results, narrow=0.4, wide=5):
    """perplexity(wide) - perplexity(narrow)"""
    narrowest, widest = results[min(results)], results[max(results)]
    value = min(
        (helpers.perplexity(widest[t]["probs"]) - helpers.perplexity(narrowest[t]["probs"])).item() for t in widest
    )
    return {"holds": value > 0, "value": value}


@variants(least=[-0.5, 0.5])
def wrong_other_threshold(results, narrow=0.4, wide=5, *, least):
    """holds is value > 0"""
    value = min(
        (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    )
    return {"holds": value > least, "value": value}


def wrong_mean_difference(results, narrow=0.4, wide=5):
    """Your numbers match the mean over the temperatures."""
    values = [
        (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    ]
    value = sum(values) / len(values)
    return {"holds": value > 0, "value": value}


def wrong_entropies(results, narrow=0.4, wide=5):
    """Your numbers match entropies instead of perplexities."""
    value = min(
        (helpers.entropy(results[wide][t]["probs"]) - helpers.entropy(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    )
    return {"holds": value > 0, "value": value}


def wrong_ratio(results, narrow=0.4, wide=5):
    """Your numbers match a ratio instead of a difference."""
    value = min(
        (helpers.perplexity(results[wide][t]["probs"]) / helpers.perplexity(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    )
    return {"holds": value > 1, "value": value}


def wrong_outliers_share(results, narrow=0.4, wide=5):
    """Your numbers match shares of the outlier instead of perplexities."""
    value = min((results[narrow][t]["probs"][-1] - results[wide][t]["probs"][-1]).item() for t in results[narrow])
    return {"holds": value > 0, "value": value}


def wrong_the_articles_ranges(results, narrow=0.4, wide=5):
    """your function raised KeyError"""
    value = min(
        (helpers.perplexity(results[5][t]["probs"]) - helpers.perplexity(results[0.4][t]["probs"])).item()
        for t in results[0.4]
    )
    return {"holds": value > 0, "value": value}


def wrong_first_and_last_range(results, narrow=0.4, wide=5):
    """Your numbers match the first and the last range, whatever narrow and wide are."""
    first, *_, last = results.values()
    value = min((helpers.perplexity(last[t]["probs"]) - helpers.perplexity(first[t]["probs"])).item() for t in first)
    return {"holds": value > 0, "value": value}


def wrong_never_holds(results, narrow=0.4, wide=5):
    """['holds']: True"""
    value = min(
        (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    )
    return {"holds": False, "value": value}


def wrong_holds_on_average(results, narrow=0.4, wide=5):
    """['holds']: False"""
    values = [
        (helpers.perplexity(results[wide][t]["probs"]) - helpers.perplexity(results[narrow][t]["probs"])).item()
        for t in results[narrow]
    ]
    return {"holds": max(values) > 0, "value": min(values)}


def wrong_returns_text(results, narrow=0.4, wide=5):
    """wrong type"""
    return "false at T = 3"
