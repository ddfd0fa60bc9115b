"""The outlier's share for every range and temperature."""

import numpy as np

from grading.authoring.exercise import case, mapping, number, within

from ._results import draw_settings, tables

ASPECTS = {"the share of the last entry": 0.5, "an outlier that is not the largest": 0.5}
LAST, INSIDE = ASPECTS
SHOWN = (
    "Against -0.5 and 0.5 the 6 holds {number:.1%} at T = 3. Whether that is dominant depends on where the line is "
    "drawn: at more than all the others together, or at nearly all."
)
SHOWN_FROM = ("two ranges, two temperatures", 1)

SHARE = "The share is the probability of the last entry, the outlier's, even where another entry is larger."


def _case(book, name, aspect, *settings):
    results = tables(book, *settings)
    shares = [
        (r, mapping((t, number(p[-1], within(rtol=1e-5))) for t, p in by_t.items()))
        for r, by_t in results.by_range().items()
    ]
    return case(name, aspect, mapping(shares, label="masses"), SHARE, results.argument())


def public(book):
    return [
        _case(book, "two ranges, two temperatures", LAST, [0.5, 2], [0.5, 3], 2, 6.0),
        _case(book, "an outlier that is not the largest", INSIDE, [2], [1], 3, -1.0),
    ]


def hidden(book, rng):
    ranges, temperatures, _, _ = draw_settings(rng)
    inside = ranges, temperatures, 9, ranges[0] / 2  # one of the nine points of that range
    return [
        _case(book, "an outlier in the middle of the range", INSIDE, *inside),
        _case(book, "three ranges, three temperatures", LAST, *draw_settings(rng)),
    ]


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


def right_at_the_outlier(results):
    return {r: {t: e["probs"][len(e["logits"]) - 1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_largest(results):
    """Your numbers match the largest probability, not the last one."""
    return {r: {t: e["probs"].max().item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_at_the_largest_logit(results):
    """Your numbers match the largest probability, not the last one."""
    return {r: {t: e["probs"][e["logits"].argmax()].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_first(results):
    """Your numbers match the first entry."""
    return {r: {t: e["probs"][0].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_last_but_one(results):
    """Your numbers match the last entry but one."""
    return {r: {t: e["probs"][-2].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_the_others(results):
    """Your numbers match all the others together."""
    return {r: {t: e["probs"][:-1].sum().item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_logits(results):
    """Your numbers match the outlier itself, not its probability."""
    return {r: {t: e["logits"][-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_percent(results):
    """Your numbers match shares in per cent."""
    return {r: {t: 100 * e["probs"][-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_softmax_without_temperature(results):
    """Your numbers match a share that ignores the temperature."""
    return {r: {t: e["logits"].softmax(0)[-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_takes_the_entry_near_6(results):
    """Your numbers match the largest probability, not the last one."""
    return {
        r: {t: e["probs"][(e["logits"] - 6).abs().argmin()].item() for t, e in by_t.items()}
        for r, by_t in results.items()
    }


def wrong_takes_the_entries_equal_to_6(results):
    """The share is the probability of the last entry"""
    return {r: {t: e["probs"][e["logits"] == 6].sum().item() for t, e in by_t.items()} for r, by_t in results.items()}


def wrong_takes_the_entries_equal_to_the_last(results):
    """The share is the probability of the last entry"""
    return {
        r: {t: e["probs"][e["logits"] == e["logits"][-1]].sum().item() for t, e in by_t.items()}
        for r, by_t in results.items()
    }


def wrong_rounds(results):
    """rounded to 4 decimals"""
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
    """wrong type"""
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
