"""Claim C6: with r = 0.4 the outlier is absolutely dominant."""

import numpy as np
import torch

from grading.authoring.exercise import variants

from ._results import draw_settings
from ._verdicts import CLAIM, outlier_with, verdict_case

ASPECTS = CLAIM

C6 = (
    "value is the smallest share of the outlier over the temperatures, for the narrow range only; holds is value > 0.5."
)


def _case(book, name, narrow, *settings):
    options = {} if narrow is None else {"narrow": narrow}
    r = 0.4 if narrow is None else narrow

    def smallest_share(probs):
        return min(p[-1] for p in probs[r].values())

    return verdict_case(book, (name, *settings), smallest_share, 0.5, 5e-4, C6, **options)


def public(book):
    return [
        _case(book, "an outlier inside the range 0.4", None, [0.4, 2], [0.5, 3, 0.25], 5, -0.2),
        _case(book, "narrow range 0.5, low temperatures only", 0.5, [2, 0.5], [0.5, 1], 5, 3.0),
    ]


def hidden(book, rng):
    def draw(name, share):
        ranges, temperatures, n_points, _ = draw_settings(rng)
        _, narrow, _ = ranges = sorted(ranges, reverse=True)  # neither the first nor the narrowest
        outlier = outlier_with(share, [narrow], temperatures, n_points)
        return _case(book, name, narrow, ranges, temperatures, n_points, outlier)

    return [
        draw("a claim that holds", 0.5 + rng.uniform(0.001, 0.004)),
        draw("a claim that fails", 0.5 - rng.uniform(0.001, 0.004)),
    ]


def right_by_min(results, narrow=0.4):
    value = min(float(entry["probs"][-1]) for entry in results[narrow].values())
    return {"holds": bool(value > 0.5), "value": value}


def right_with_tensors(results, narrow=0.4):
    value = torch.stack([e["probs"] for e in results[narrow].values()])[:, -1].min()
    return {"holds": (value > 0.5), "value": value}


def right_with_numpy(results, narrow=0.4):
    shares = [results[narrow][t]["probs"].numpy()[-1] for t in results[narrow]]
    return {"holds": np.min(shares) > 0.5, "value": np.min(shares)}


def right_by_sorting(results, narrow=0.4):
    shares = sorted(results[narrow][t]["probs"].tolist()[-1] for t in sorted(results[narrow]))
    return dict(value=shares[0], holds=not shares[0] <= 0.5)


def wrong_largest_share(results, narrow=0.4):
    """Your numbers match the largest over the temperatures."""
    value = max(entry["probs"][-1].item() for entry in results[narrow].values())
    return {"holds": value > 0.5, "value": value}


def wrong_mean_share(results, narrow=0.4):
    """Your numbers match the mean over the temperatures."""
    value = sum(entry["probs"][-1].item() for entry in results[narrow].values()) / len(results[narrow])
    return {"holds": value > 0.5, "value": value}


def wrong_all_ranges(results, narrow=0.4):
    """Your numbers match the smallest over all ranges."""
    value = min(entry["probs"][-1].item() for by_t in results.values() for entry in by_t.values())
    return {"holds": value > 0.5, "value": value}


def wrong_first_range(results, narrow=0.4):
    """Your numbers match the first range, whatever narrow is."""
    value = min(entry["probs"][-1].item() for entry in next(iter(results.values())).values())
    return {"holds": value > 0.5, "value": value}


def wrong_always_0_4(results, narrow=0.4):
    """your function raised KeyError"""
    value = min(entry["probs"][-1].item() for entry in results[0.4].values())
    return {"holds": value > 0.5, "value": value}


def wrong_lowest_temperature(results, narrow=0.4):
    """Your numbers match the share at the lowest temperature only."""
    value = results[narrow][min(results[narrow])]["probs"][-1].item()
    return {"holds": value > 0.5, "value": value}


def wrong_at_temperature_1(results, narrow=0.4):
    """your function raised KeyError"""
    value = results[narrow][1]["probs"][-1].item()
    return {"holds": value > 0.5, "value": value}


def wrong_largest_probability(results, narrow=0.4):
    """Your numbers match the largest probability, not the outlier's."""
    value = min(entry["probs"].max().item() for entry in results[narrow].values())
    return {"holds": value > 0.5, "value": value}


def wrong_highest_temperature(results, narrow=0.4):
    """the smallest share of the outlier over the temperatures"""
    value = results[narrow][max(results[narrow])]["probs"][-1].item()
    return {"holds": value > 0.5, "value": value}


def wrong_narrowest_range(results, narrow=0.4):
    """for the narrow range only"""
    value = min(entry["probs"][-1].item() for entry in results[min(results)].values())
    return {"holds": value > 0.5, "value": value}


def wrong_other_way_round(results, narrow=0.4):
    """['holds']: True"""
    value = min(entry["probs"][-1].item() for entry in results[narrow].values())
    return {"holds": value < 0.5, "value": value}


@variants(least=[0.4, 0.6, 0.9])
def wrong_other_threshold(results, narrow=0.4, *, least):
    """holds is value > 0.5"""
    value = min(entry["probs"][-1].item() for entry in results[narrow].values())
    return {"holds": value > least, "value": value}


def wrong_the_logit_6(results, narrow=0.4):
    """the smallest share of the outlier"""
    value = min(entry["probs"][entry["logits"] == 6].sum().item() for entry in results[narrow].values())
    return {"holds": value > 0.5, "value": value}


def wrong_never_holds(results, narrow=0.4):
    """['holds']: True"""
    value = min(entry["probs"][-1].item() for entry in results[narrow].values())
    return {"holds": False, "value": value}


def wrong_the_articles_numbers(results, narrow=0.4):
    """the smallest share of the outlier over the temperatures"""
    return {"holds": False, "value": 0.068613107}


def wrong_value_missing(results, narrow=0.4):
    """the keys 'holds', 'value'"""
    return {"holds": min(entry["probs"][-1].item() for entry in results[narrow].values()) > 0.5}


def wrong_returns_none(results, narrow=0.4):
    """your function returned None"""
    value = min(entry["probs"][-1].item() for entry in results[narrow].values())
    print({"holds": value > 0.5, "value": value})


def wrong_always_holds(results, narrow=0.4):
    """['holds']: False"""
    return {"holds": True, "value": min(entry["probs"][-1].item() for entry in results[narrow].values())}
