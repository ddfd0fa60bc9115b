"""The article's second experiment: one large number among many small ones."""

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, list_of, variants
from helpers.explorers import models

from ._results import ARTICLE, tables

ASPECTS = {"ranges and temperatures": 2, "the outlier": 1, "a very low temperature": 1}
TABLE, OUTLIER, LOW = ASPECTS
SHOWN = (
    "Against four logits from -1 to 1 an outlier of 3.5 gets {number:.1%} of the probability. The article sets 6 "
    "against a hundred, at three temperatures: now you can say who wins."
)
SHOWN_FROM = ("another outlier", -1)
FORBIDDEN = ("helpers.explorers.models.weigh_outlier",)
ADVICE = "Build the logits and take their softmax: that is the exercise."

PROBS = "The probabilities are the softmax of logits / T, of all its entries: nothing is added to the denominator."
SHIFT = (
    "Subtract the maximum before exp: exp overflows at large logits, and all of it underflows at very negative ones."
)


def _case(book, name, aspect, diagnosis, ranges, temperatures, **settings):
    found = tables(book, ranges, temperatures, settings.get("n_points", 100), settings.get("outlier", 6.0))
    return case(name, aspect, found.expected(), diagnosis, list_of(ranges), list_of(temperatures), **settings)


def public(book):
    return [
        _case(book, "two ranges, two temperatures, 5 points", TABLE, PROBS, [0.5, 2], [0.5, 3], n_points=5),
        _case(book, "another outlier", OUTLIER, PROBS, [1], [1], n_points=4, outlier=3.5),
    ]


def hidden(book, rng):
    def draw(low, high, count):
        return sorted({round(rng.uniform(low, high), 4) for _ in range(count)}, key=lambda _: rng.random())

    inside, within_8 = [draw(3, 5, 2), draw(0.3, 3, 2)], {"n_points": 5, "outlier": rng.uniform(-2, 2)}
    return [
        _case(book, "the article's ranges and temperatures", TABLE, PROBS, **ARTICLE),
        _case(book, "an outlier inside the ranges", OUTLIER, PROBS, *inside, n_points=7, outlier=rng.uniform(-2, 2)),
        _case(book, "a very low temperature", LOW, SHIFT, [3], [0.004], n_points=6, outlier=rng.uniform(5, 9)),
        _case(book, "a low temperature, an outlier inside", LOW, SHIFT, [8], draw(0.004, 0.007, 1), **within_8),
    ]


def right_by_torch_softmax(ranges, temperatures, n_points=100, outlier=6.0):
    results = {}
    for r in ranges:
        results[r] = {}
        for t in temperatures:
            logits = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
            results[r][t] = {"logits": logits, "probs": torch.softmax(logits / t, dim=0)}
    return results


def right_by_the_helpers(ranges, temperatures, n_points=100, outlier=6.0):
    def logits(r):
        x = torch.full((n_points + 1,), float(outlier), dtype=torch.float64)
        x[:-1] = torch.linspace(-r, r, n_points, dtype=torch.float64)
        return x

    return {
        r: {t: {"logits": logits(r), "probs": helpers.softmax_t(logits(r), t)} for t in temperatures} for r in ranges
    }


def right_in_float64_on_logits_of_float32(ranges, temperatures, n_points=100, outlier=6.0):
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).double()
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def right_by_numpy(ranges, temperatures, n_points=100, outlier=6.0):
    results = {}
    for r in ranges:
        x = np.append(np.linspace(-r, r, n_points), outlier)
        results[r] = {}
        for t in temperatures:
            weights = np.exp((x - x.max()) / t)
            probs = torch.from_numpy(weights / weights.sum())
            results[r][t] = dict(probs=probs, logits=torch.from_numpy(x))
    return results


def right_by_hand(ranges, temperatures, n_points=100, outlier=6.0):
    results = {}
    for t in temperatures:
        for r in ranges:
            values = [-r + 2 * r * i / (n_points - 1) for i in range(n_points)] + [outlier]
            x = torch.tensor(values, dtype=torch.float64)
            weights = torch.exp(x / t - (x / t).max())
            results.setdefault(r, {})[t] = {"logits": x, "probs": weights / weights.sum()}
    return results


def right_all_at_once(ranges, temperatures, n_points=100, outlier=6.0):
    unit = torch.linspace(-1, 1, n_points, dtype=torch.float64)
    x = torch.stack([torch.cat([r * unit, torch.tensor([outlier])]) for r in ranges])
    scaled = x[:, None] / torch.tensor(temperatures, dtype=torch.float64)[:, None]
    probs = scaled.softmax(-1)
    return {
        r: {t: {"logits": x[i], "probs": probs[i, j]} for j, t in enumerate(temperatures)} for i, r in enumerate(ranges)
    }


def wrong_text_keys(ranges, temperatures, n_points=100, outlier=6.0):
    """the keys 0.5, 2"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[f"{r}"] = {f"{t}": {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_temperature_first(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match results[T][r]: r comes first, then T."""
    results = {}
    for t in temperatures:
        results[t] = {}
        for r in ranges:
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
            results[t][r] = {"logits": x, "probs": torch.softmax(x / t, 0)}
    return results


def wrong_positions_as_keys(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong type"""
    results = []
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results.append([{"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures])
    return results


def wrong_other_names(ranges, temperatures, n_points=100, outlier=6.0):
    """the keys 'logits', 'probs'"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"x": x, "p": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_probabilities_only(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong type"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: torch.softmax(x / t, 0) for t in temperatures}
    return results


def wrong_stores_scaled_logits(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match logits that are divided by T already: store them as they are."""
    results = {}
    for r in ranges:
        results[r] = {}
        for t in temperatures:
            x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]) / t
            results[r][t] = {"logits": x, "probs": torch.softmax(x, 0)}
    return results


def wrong_divides_the_outlier_not(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match a softmax that leaves the outlier undivided."""
    results = {}
    for r in ranges:
        results[r] = {}
        for t in temperatures:
            x = torch.linspace(-r, r, n_points)
            probs = torch.softmax(torch.cat([x / t, torch.tensor([outlier])]), 0)
            results[r][t] = {"logits": torch.cat([x, torch.tensor([outlier])]), "probs": probs}
    return results


def wrong_outlier_first(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that puts the outlier first."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.tensor([outlier]), torch.linspace(-r, r, n_points)])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_sorts_the_logits(ranges, temperatures, n_points=100, outlier=6.0):
    """then the outlier"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).sort().values
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_no_outlier(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong shape"""
    results = {}
    for r in ranges:
        x = torch.linspace(-r, r, n_points)
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_probabilities_without_the_outlier(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong shape"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)[:-1]} for t in temperatures}
    return results


def wrong_outlier_replaces_the_last_point(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong shape"""
    results = {}
    for r in ranges:
        x = torch.linspace(-r, r, n_points)
        x[-1] = outlier
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_always_6(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that takes 6 for the outlier, whatever it is."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([6.0])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_always_100_points(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong shape"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, 100), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_the_articles_ranges(ranges, temperatures, n_points=100, outlier=6.0):
    """the keys"""
    results = {}
    for r in [0.4, 1, 5]:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in [0.5, 1, 3]}
    return results


def wrong_from_0(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that takes the logits from 0 to r."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(0, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_leaves_out_the_end(ranges, temperatures, n_points=100, outlier=6.0):
    """both ends included"""
    results = {}
    for r in ranges:
        steps = torch.arange(n_points, dtype=torch.float64) / n_points
        x = torch.cat([-r + 2 * r * steps, torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_multiplies_by_T(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that multiplies by T instead of dividing."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x * t, 0)} for t in temperatures}
    return results


def wrong_ignores_the_temperature(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that ignores the temperature."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x, 0)} for t in temperatures}
    return results


def wrong_softmax_twice(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that applies softmax twice."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(torch.softmax(x / t, 0), 0)} for t in temperatures}
    return results


def wrong_no_shift(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match a softmax that overflows: subtract the maximum before exp."""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points, dtype=torch.float64), torch.tensor([outlier])])
        results[r] = {}
        for t in temperatures:
            weights = torch.exp(x / t)
            results[r][t] = {"logits": x, "probs": weights / weights.sum()}
    return results


def wrong_subtracts_the_outlier(ranges, temperatures, n_points=100, outlier=6.0):
    """Subtract the maximum before exp"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points, dtype=torch.float64), torch.tensor([outlier])])
        results[r] = {}
        for t in temperatures:
            weights = torch.exp((x - x[-1]) / t)
            results[r][t] = {"logits": x, "probs": weights / weights.sum()}
    return results


@variants(small=[1e-5, 1e-6])
def wrong_adds_a_small_number(ranges, temperatures, n_points=100, outlier=6.0, *, small):
    """nothing is added to the denominator"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points, dtype=torch.float64), torch.tensor([outlier])])
        results[r] = {}
        for t in temperatures:
            weights = torch.exp((x - x.max()) / t)
            results[r][t] = {"logits": x, "probs": weights / (weights.sum() + small)}
    return results


@variants(least=[0.1])
def wrong_temperature_at_least(ranges, temperatures, n_points=100, outlier=6.0, *, least):
    """Subtract the maximum before exp"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / max(t, least), 0)} for t in temperatures}
    return results


def wrong_last_temperature_everywhere(ranges, temperatures, n_points=100, outlier=6.0):
    """Your numbers match an experiment that takes the last temperature everywhere."""
    results, entry = {}, {}
    for r in ranges:
        entry = {}
        results[r] = {}
        for t in temperatures:
            entry["logits"] = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
            entry["probs"] = torch.softmax(entry["logits"] / t, 0)
            results[r][t] = entry
    return results


def wrong_returns_inside_the_loop(ranges, temperatures, n_points=100, outlier=6.0):
    """the keys 0.5, 2"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
        return results


def wrong_starts_over_at_every_range(ranges, temperatures, n_points=100, outlier=6.0):
    """the keys 0.5, 2"""
    for r in ranges:
        results = {}
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_half_precision(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong dtype"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])]).to(torch.bfloat16)
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_whole_numbers_as_keys(ranges, temperatures, n_points=100, outlier=6.0):
    """wrong keys"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[round(r, 1)] = {round(t, 1): {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_returns_none(ranges, temperatures, n_points=100, outlier=6.0):
    """your function returned None"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}


def wrong_other_defaults(ranges, temperatures, n_points=50, outlier=6.0):
    """wrong shape"""
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        results[r] = {t: {"logits": x, "probs": torch.softmax(x / t, 0)} for t in temperatures}
    return results


def wrong_by_the_explorer(ranges, temperatures, n_points=100, outlier=6.0):
    """uses helpers.explorers.models.weigh_outlier"""
    results = {}
    for r in ranges:
        weighed = {t: models.weigh_outlier(r, t, outlier, n_points) for t in temperatures}
        results[r] = {
            t: {"logits": torch.tensor(w.logits), "probs": torch.tensor(w.probabilities)} for t, w in weighed.items()
        }
    return results
