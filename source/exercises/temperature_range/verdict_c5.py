"""Claim C5: a higher temperature is softer."""

from itertools import pairwise

import numpy as np
import torch

import helpers
from grading.authoring.exercise import variants

from ._results import draw_settings, perplexities
from ._verdicts import CLAIM, drawn, verdict_case

ASPECTS = CLAIM

C5 = (
    "value is the smallest step of perplexity from one temperature to the next higher one, over all ranges; "
    "holds is value > 0."
)


def _smallest_step(probs):
    ordered = [[by_t[t] for t in sorted(by_t)] for by_t in perplexities(probs).values()]
    return min(b - a for values in ordered for a, b in pairwise(values))


def _case(book, name, *settings, swap=False):
    return verdict_case(book, (name, *settings), _smallest_step, 0.0, 1e-3, C5, swap=swap)


def public(book):
    return [
        _case(book, "two ranges, temperatures in no order", [0.5, 2], [3, 0.5, 1], 5, 6.0),
        _case(book, "results in which two temperatures changed places", [2, 1], [0.5, 1], 4, 3.5, swap=True),
    ]


def hidden(book, rng):
    """Draw temperatures of which two, or all, are so near each other that the smallest step is small."""

    def draw(name, *factors, swap=False):
        ranges, temperatures, n_points, outlier = draw_settings(rng)
        near = [max(temperatures) / 2 * factor for factor in factors]
        found = _case(book, name, ranges, near, n_points, outlier, swap=swap)
        if not abs(dict(found["expected"]["dict"])["value"]["number"]) < 0.1:
            raise ValueError(f"{name}: the smallest step is not small")
        return found

    return [
        drawn(lambda: draw("a claim that holds", 1, 0.5, 1.01)),
        drawn(lambda: draw("a claim that fails", 1, 1.01, 1.004, swap=True)),
    ]


def right_by_a_loop(results):
    value = float("inf")
    for by_t in results.values():
        ordered = sorted(by_t)
        for cool, warm in zip(ordered[:-1], ordered[1:], strict=True):
            step = helpers.perplexity(by_t[warm]["probs"]) - helpers.perplexity(by_t[cool]["probs"])
            value = min(value, step.item())
    return {"holds": value > 0, "value": value}


def right_by_diff(results):
    smallest = []
    for by_t in results.values():
        p = torch.stack([by_t[t]["probs"] for t in sorted(by_t)])
        smallest.append(torch.diff(torch.exp(torch.special.entr(p).sum(-1))).min())
    value = torch.stack(smallest).min()
    return {"holds": value > 0, "value": value}


def right_by_numpy(results):
    steps = []
    for by_t in results.values():
        values = []
        for _, entry in sorted(by_t.items(), key=lambda item: item[0]):
            p = entry["probs"].numpy()
            values.append(np.exp(-(p[p > 0] * np.log(p[p > 0])).sum()))
        steps.extend(np.diff(values))
    return {"holds": np.min(steps) > 0, "value": np.min(steps)}


def right_from_the_warm_end(results):
    steps = []
    for by_t in results.values():
        warm_first = sorted(by_t, reverse=True)
        values = [helpers.perplexity(by_t[t]["probs"]) for t in warm_first]
        steps += [float(values[k] - values[k + 1]) for k in range(len(values) - 1)]
    return {"value": min(steps), "holds": all(step > 0 for step in steps)}


def wrong_does_not_sort(results):
    """Your numbers match a value that takes the temperatures as they come: sort them."""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(entry["probs"]).item() for entry in by_t.values()]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_sorts_downwards(results):
    """Your numbers match a value in which the sign is turned round."""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t, reverse=True)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": max(steps) < 0, "value": max(steps)}


def wrong_sorts_the_perplexities(results):
    """Your numbers match a value that is never negative: a step down counts with its sign."""
    steps = []
    for by_t in results.values():
        values = sorted(helpers.perplexity(entry["probs"]).item() for entry in by_t.values())
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_largest_step(results):
    """Your numbers match the largest step."""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": max(steps) > 0, "value": max(steps)}


def wrong_first_step(results):
    """the smallest step"""
    steps = []
    for by_t in results.values():
        low, high, *_ = (helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t))
        steps.append(high - low)
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_last_step(results):
    """the smallest step"""
    steps = []
    for by_t in results.values():
        *_, low, high = (helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t))
        steps.append(high - low)
    return {"holds": min(steps) > 0, "value": min(steps)}


@variants(least=[-0.1, 0.1])
def wrong_other_threshold(results, *, least):
    """holds is value > 0"""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > least, "value": min(steps)}


def wrong_from_end_to_end(results):
    """Your numbers match the step from the lowest temperature to the highest at once."""
    value = min(
        (helpers.perplexity(by_t[max(by_t)]["probs"]) - helpers.perplexity(by_t[min(by_t)]["probs"])).item()
        for by_t in results.values()
    )
    return {"holds": value > 0, "value": value}


def wrong_first_range(results):
    """Your numbers match the first range only."""
    by_t = next(iter(results.values()))
    values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
    value = min(b - a for a, b in zip(values, values[1:]))
    return {"holds": value > 0, "value": value}


def wrong_last_range(results):
    """Your numbers match the last range only."""
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        value = min(b - a for a, b in zip(values, values[1:]))
    return {"holds": value > 0, "value": value}


def wrong_entropies(results):
    """Your numbers match entropies instead of perplexities."""
    steps = []
    for by_t in results.values():
        values = [helpers.entropy(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_magnitudes(results):
    """Your numbers match a value that is never negative: a step down counts with its sign."""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [abs(b - a) for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_always_holds(results):
    """['holds']: False"""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": True, "value": min(steps)}


def wrong_the_articles_temperatures(results):
    """your function raised KeyError"""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in (0.5, 1, 3)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_softmax_anew(results):
    """Your numbers match a value that is never negative: a step down counts with its sign."""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(helpers.softmax_t(by_t[t]["logits"], t)).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}


def wrong_list_of_steps(results):
    """wrong type"""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": steps}


def wrong_only_holds(results):
    """wrong type"""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return min(steps) > 0


def wrong_never_holds(results):
    """['holds']: True"""
    steps = []
    for by_t in results.values():
        values = [helpers.perplexity(by_t[t]["probs"]).item() for t in sorted(by_t)]
        steps += [b - a for a, b in zip(values, values[1:])]
    return {"holds": False, "value": min(steps)}
