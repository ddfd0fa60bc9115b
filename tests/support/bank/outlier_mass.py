"""Answers to outlier_mass."""

import numpy as np


def right_by_a_loop(results):
    masses = {}
    for r in results:
        masses[r] = {}
        for t in results[r]:
            masses[r][t] = float(results[r][t]["probs"][-1])
    return masses


def right_with_tensors(results):
    return {r: {t: entry["probs"][-1] for t, entry in by_t.items()} for r, by_t in results.items()}


def right_with_numpy_scalars(results):
    return {r: {t: np.asarray(entry["probs"])[-1] for t, entry in by_t.items()} for r, by_t in results.items()}


def right_from_the_rest(results):
    return {r: {t: (1 - e["probs"][:-1].sum()).item() for t, e in by_t.items()} for r, by_t in results.items()}


def right_by_lists(results):
    return dict(
        (r, dict((t, e["probs"].tolist()[-1]) for t, e in reversed(by_t.items()))) for r, by_t in results.items()
    )


def wrong_largest(results):
    """the largest probability"""
    return {r: {t: e["probs"].max().item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_at_the_largest_logit(results):
    """the largest probability"""
    return {r: {t: e["probs"][e["logits"].argmax()].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_first(results):
    """the first entry"""
    return {r: {t: e["probs"][0].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_last_but_one(results):
    """the last entry but one"""
    return {r: {t: e["probs"][-2].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_the_others(results):
    """all the others together"""
    return {r: {t: e["probs"][:-1].sum().item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_logits(results):
    """the outlier itself, not its probability"""
    return {r: {t: e["logits"][-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_percent(results):
    """per cent"""
    return {r: {t: 100 * e["probs"][-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_softmax_without_temperature(results):
    """ignores the temperature"""
    return {r: {t: e["logits"].softmax(0)[-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_takes_the_entry_near_6(results):
    """the largest probability, not the last one"""
    return {
        r: {t: e["probs"][(e["logits"] - 6).abs().argmin()].item() for t, e in by_t.items()}
        for r, by_t in results.items()
    }


def wrong_rounds(results):
    """rounded"""
    return {r: {t: round(e["probs"][-1].item(), 4) for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_temperature_first(results):
    """the keys"""
    temperatures = list(next(iter(results.values())))
    return {t: {r: by_t[t]["probs"][-1].item() for r, by_t in results.items()} for t in temperatures}


def wrong_flat_keys(results):
    """the keys"""
    return {(r, t): e["probs"][-1].item() for r, by_t in results.items() for t, e in by_t.items()}


def wrong_returns_inside_the_loop(results):
    """the keys"""
    for r, by_t in results.items():
        return {r: {t: e["probs"][-1].item() for t, e in by_t.items()}}


def wrong_lists(results):
    """another kind of object"""
    return {r: [e["probs"][-1].item() for e in by_t.values()] for r, by_t in results.items()}


def wrong_returns_none(results):
    """your function returned None"""
    for r, by_t in results.items():
        print(r, {t: e["probs"][-1].item() for t, e in by_t.items()})


def wrong_writes_into_its_input(results):
    """your function wrote into its argument"""
    for by_t in results.values():
        for t, e in by_t.items():
            by_t[t] = e["probs"][-1].item()
    return results
