"""Answers to verdict_c4."""

import numpy as np
import torch


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
    """the largest over the ranges"""
    value = max(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_mean_share(results, temperature=0.5):
    """the mean over the ranges"""
    value = sum(by_t[temperature]["probs"][-1].item() for by_t in results.values()) / len(results)
    return {"holds": value >= 0.9, "value": value}


def wrong_first_range(results, temperature=0.5):
    """the first range only"""
    value = next(iter(results.values()))[temperature]["probs"][-1].item()
    return {"holds": value >= 0.9, "value": value}


def wrong_last_range(results, temperature=0.5):
    """the largest over the ranges"""
    for by_t in results.values():
        value = by_t[temperature]["probs"][-1].item()
    return {"holds": value >= 0.9, "value": value}


def wrong_all_temperatures(results, temperature=0.5):
    """over all temperatures"""
    value = min(entry["probs"][-1].item() for by_t in results.values() for entry in by_t.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_always_at_0_5(results, temperature=0.5):
    """at the lowest temperature"""
    value = min(by_t[0.5]["probs"][-1].item() for by_t in results.values() if 0.5 in by_t)
    return {"holds": value >= 0.9, "value": value}


def wrong_lowest_temperature(results, temperature=0.5):
    """at the lowest temperature"""
    value = min(by_t[min(by_t)]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_largest_probability(results, temperature=0.5):
    """the largest probability, not the outlier's"""
    value = min(by_t[temperature]["probs"].max().item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": value}


def wrong_half_is_enough(results, temperature=0.5):
    """the smallest share of the outlier"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value > 0.5, "value": value}


def wrong_other_way_round(results, temperature=0.5):
    """['holds']: True"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value < 0.9, "value": value}


def wrong_the_articles_numbers(results, temperature=0.5):
    """the smallest share of the outlier over the ranges"""
    return {"holds": False, "value": 0.57476083}


def wrong_rounds(results, temperature=0.5):
    """rounded"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": value >= 0.9, "value": round(value, 2)}


def wrong_text(results, temperature=0.5):
    """another kind of object"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return {"holds": "yes" if value >= 0.9 else "no", "value": value}


def wrong_tuple(results, temperature=0.5):
    """another kind of object"""
    value = min(by_t[temperature]["probs"][-1].item() for by_t in results.values())
    return value >= 0.9, value


def wrong_returns_none(results, temperature=0.5):
    """your function returned None"""
    print(min(by_t[temperature]["probs"][-1].item() for by_t in results.values()) >= 0.9)


def wrong_never_holds(results, temperature=0.5):
    """['holds']: True"""
    return {"holds": False, "value": min(by_t[temperature]["probs"][-1].item() for by_t in results.values())}
