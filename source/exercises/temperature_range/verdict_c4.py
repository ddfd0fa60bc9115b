"""Claim C4: at T = 0.5 the outlier takes almost all."""

import numpy as np
import torch

from grading.authoring.exercise import variants

from ._results import draw_settings
from ._verdicts import CLAIM, outlier_with, verdict_case

ASPECTS = CLAIM

C4 = "value is the smallest share of the outlier over the ranges, at the one temperature given; holds is value >= 0.9."


def _case(book, name, *settings, temperature=None):
    t = 0.5 if temperature is None else temperature
    options = {} if temperature is None else {"temperature": temperature}

    def smallest_share(probs):
        return min(by_t[t][-1] for by_t in probs.values())

    return verdict_case(book, (name, *settings), smallest_share, 0.9, 5e-4, C4, **options)


def public(book):
    return [
        _case(book, "two ranges at temperature 0.5", [0.5, 2], [0.5, 3], 5, 6.0),
        _case(book, "a range wider than the outlier", [1, 5], [0.5, 1], 6, 4.5),
        _case(book, "at temperature 3", [2, 0.5], [0.5, 3], 5, 6.0, temperature=3),
    ]


def hidden(book, rng):
    def draw(name, share):
        ranges, temperatures, n_points, _ = draw_settings(rng)
        t = sorted(temperatures)[1]
        outlier = outlier_with(share, ranges, [t], n_points)
        return _case(book, name, ranges, temperatures, n_points, outlier, temperature=t)

    return [
        draw("a claim that holds", 0.9 + rng.uniform(0.001, 0.004)),
        draw("a claim that fails", 0.9 - rng.uniform(0.001, 0.004)),
    ]


def right_by_min(results, temperature=0.5):
    value = min(float(by_t[temperature]["probs"][-1]) for by_t in results.values())
    return {"value": value, "holds": value >= 0.9}


def right_with_tensors(results, temperature=0.5):
    value = torch.stack([results[r][temperature]["probs"][-1] for r in results]).min()
    return {"holds": value >= 0.9, "value": value}


def right_with_numpy(results, temperature=0.5):
    shares = np.array([results[r][temperature]["probs"].numpy()[-1] for r in results])
    return dict(holds=np.all(shares >= 0.9), value=np.min(shares))


def right_by_a_loop(results, temperature=0.5):
    holds, smallest = True, 1.0
    for r in results:
        share = results[r][temperature]["probs"][-1].item()
        if share < 0.9:
            holds = False
        if share < smallest:
            smallest = share
    return {"holds": holds, "value": smallest}


def wrong_largest_share(results, temperature=0.5):
    """Your numbers match the largest over the ranges."""
    value = max(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_mean_share(results, temperature=0.5):
    """Your numbers match the mean over the ranges."""
    value = sum(by_t[temperature]["probs"][-1].item() for by_t in results.values()) / len(results)
    return {"holds": value >= 0.9, "value": value}


def wrong_first_range(results, temperature=0.5):
    """Your numbers match the first range only."""
    value = next(iter(results.values()))[temperature]["probs"][-1].item()
    return {"holds": value >= 0.9, "value": value}


def wrong_last_range(results, temperature=0.5):
    """Your numbers match the last range only."""
    for by_t in results.values():
        value = by_t[temperature]["probs"][-1].item()
    return {"holds": value >= 0.9, "value": value}


def wrong_all_temperatures(results, temperature=0.5):
    """Your numbers match the smallest over all temperatures, not at the one that is given."""
    value = min(entry["probs"][-1].item() for by_t in results.values() for entry in by_t.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_always_at_0_5(results, temperature=0.5):
    """Your numbers match the smallest at the lowest temperature, which is T = 0.5 in the article."""
    value = min(by_t[0.5]["probs"][-1].item() for by_t in results.values() if 0.5 in by_t)
    return {"holds": value >= 0.9, "value": value}


def wrong_lowest_temperature(results, temperature=0.5):
    """Your numbers match the smallest at the lowest temperature, which is T = 0.5 in the article."""
    value = min(by_t[min(by_t)]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_largest_probability(results, temperature=0.5):
    """Your numbers match the largest probability, not the outlier's."""
    value = min(by_t[temperature]["probs"].max().item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": value}


@variants(least=[0.5, 0.85, 0.95])
def wrong_other_threshold(results, temperature=0.5, *, least):
    """holds is value >= 0.9"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= least, "value": value}


def wrong_holds_once_rounded(results, temperature=0.5):
    """holds is value >= 0.9"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": round(value, 2) >= 0.9, "value": value}


def wrong_the_logit_6(results, temperature=0.5):
    """the smallest share of the outlier"""
    value = min(e["probs"][e["logits"] == 6].sum().item() for e in (by_t[temperature] for by_t in results.values()))
    return {"holds": value >= 0.9, "value": value}


def wrong_other_way_round(results, temperature=0.5):
    """['holds']: True"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value < 0.9, "value": value}


def wrong_the_articles_numbers(results, temperature=0.5):
    """the smallest share of the outlier over the ranges"""
    return {"holds": False, "value": 0.57476083}


def wrong_rounds(results, temperature=0.5):
    """rounded to 2 decimals"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": round(value, 2)}


def wrong_text(results, temperature=0.5):
    """wrong type"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": "yes" if value >= 0.9 else "no", "value": value}


def wrong_tuple(results, temperature=0.5):
    """wrong type"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return value >= 0.9, value


def wrong_returns_none(results, temperature=0.5):
    """your function returned None"""
    print(min(by_t[temperature]["probs"][-1].item() for by_t in results.values()) >= 0.9)


def wrong_never_holds(results, temperature=0.5):
    """['holds']: True"""
    return {"holds": False, "value": min(by_t[temperature]["probs"][-1].item() for by_t in results.values())}
