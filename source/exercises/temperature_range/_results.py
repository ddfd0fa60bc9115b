"""Results of the second experiment, exact: what it must return, and what is measured on them."""

from dataclasses import dataclass

import numpy as np

from grading.authoring.exercise import Book, dict_of, hinted, mapping, within

from ...oracle import floats, logits_with_outlier, softmax
from ...oracle import perplexity as exact_perplexity
from ...tolerance import softmax_tolerance

OF_LOGITS = (
    "The logits are n_points values in [-r, r], both ends included, then the outlier; they are not divided by T."
)
ARTICLE = {"ranges": [0.4, 1, 5], "temperatures": [0.5, 1, 3]}


@dataclass(frozen=True)
class Results:
    """The exact results of one setting: logits (R, n + 1) and probs (R, T, n + 1)."""

    book: Book
    ranges: list
    temperatures: list
    logits: np.ndarray
    probs: np.ndarray

    def expected(self):
        """Return them as an expected value, in float32 or float64 as the student likes.

        float64 probabilities may come from logits that were made in float32, each off by two units in its last place.
        """

        def bounds(kind, logit):
            rows = [
                [
                    softmax_tolerance(x, p, t, -1, kind) + np.expm1(4 * logit * np.abs(x).max() / t) * p
                    for t, p in zip(self.temperatures, rows, strict=True)
                ]
                for x, rows in zip(self.logits, self.probs, strict=True)
            ]
            return self.book.store(np.float32(np.maximum(rows, 2.0**-125)))  # bounds are stored in float32

        logits, probs = map(self.book.store, (self.logits, self.probs))
        single, double = bounds("float32", 0.0), bounds("float64", 2.0**-24)

        def entry(i, j):
            x = within(atol=2.0**-22 * np.abs(self.logits[i]).max())
            p = {"float32": [*single, i, j], "float64": [*double, i, j]}
            return mapping(
                [
                    ("logits", hinted({"array": [*logits, i], "dtypes": {"float32": x, "float64": x}}, OF_LOGITS)),
                    ("probs", {"array": [*probs, i, j], "dtypes": p}),
                ]
            )

        return self.nested(mapping, entry) | {"label": "results"}

    def argument(self):
        """Return them as an argument."""
        logits, probs = map(self.book.store, (self.logits, self.probs))
        return self.nested(
            dict_of,
            lambda i, j: dict_of([("logits", {"tensor": [*logits, i]}), ("probs", {"tensor": [*probs, i, j]})]),
        )

    def nested(self, make, entry):
        """Return {r: {T: entry}}, each dict made by ``make``."""
        return make(
            (r, make((t, entry(i, j)) for j, t in enumerate(self.temperatures))) for i, r in enumerate(self.ranges)
        )

    def by_range(self):
        """Return {r: {T: probabilities}}."""
        rows = zip(self.ranges, self.probs.tolist(), strict=True)
        return {r: dict(zip(self.temperatures, each, strict=True)) for r, each in rows}


def tables(book, ranges, temperatures, n_points, outlier, swap=False):
    """Return the exact `Results` of the second experiment.

    With ``swap`` the distributions of the middle range's lowest and highest temperature change places: results that no
    softmax gives, on which a claim about softmax can fail.
    """
    exact = [logits_with_outlier(r, n_points, outlier) for r in ranges]
    probs = np.array([[floats(softmax(logits, t)) for t in temperatures] for logits in exact])
    if swap:
        middle, low, high = len(ranges) // 2, *(temperatures.index(edge(temperatures)) for edge in (min, max))
        probs[middle, [low, high]] = probs[middle, [high, low]]
    return Results(book, list(ranges), list(temperatures), np.array([floats(logits) for logits in exact]), probs)


def draw_settings(rng, outlier=None):
    """Draw ranges, temperatures in no order, a number of points and an outlier."""
    ranges = [round(rng.uniform(0.2, 0.9), 2), round(rng.uniform(1, 2.5), 2), round(rng.uniform(3.5, 5.5), 1)]
    temperatures = [round(rng.uniform(2.5, 5), 1), round(rng.uniform(0.3, 0.6), 2), round(rng.uniform(0.9, 1.4), 2)]
    rng.shuffle(ranges)
    return ranges, temperatures, rng.randint(9, 15), outlier or round(rng.uniform(4.5, 8), 1)


def perplexities(probs):
    """Return {r: {T: perplexity}} of {r: {T: probabilities}}."""
    return {r: {t: float(exact_perplexity(p)) for t, p in by_t.items()} for r, by_t in probs.items()}
