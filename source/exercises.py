"""Every exercise's cases: the public ones, fixed, and the hidden ones, drawn from a seed.

``EXERCISES`` maps a name to an `Exercise`. A family of hidden cases keeps its number and its purpose whatever the seed;
the seed chooses the numbers. References come from `oracle`, never from `helpers`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from grading.authoring.casebook import UNIT_ROUNDOFF, case, dtype, integer, mapping, number, within
from source import oracle

INF = float("inf")
ARTICLE = {"ranges": [0.4, 1, 5], "temperatures": [0.5, 1, 3]}


@dataclass(frozen=True)
class Exercise:
    """How an exercise is judged: its cases, the ways it forbids (patterns of `helpers.checks.rules`) and the advice."""

    public: Callable
    hidden: Callable
    forbidden: tuple[str, ...] = ()
    advice: str = ""


# softmax_t


def softmax_case(book, name, x, diagnosis, temperature=None, dim=None, kind="float64"):
    """Return a case of softmax_t; arguments left out of the call take their defaults."""
    x = np.asarray(x, kind)
    t, d = 1.0 if temperature is None else temperature, -1 if dim is None else dim
    reference = oracle.softmax_array(x.astype(np.float64), t, d)
    bound = {"softmax": {"x": book.store(x), "temperature": t, "dim": d}}
    options = {"temperature": temperature, "dim": dim}
    given = {key: value for key, value in options.items() if value is not None}
    return case(name, book.array(reference, bound, [kind]), diagnosis, book.tensor(x), **given)


BY_VALUE = "Compare exp(x / T) / sum(exp(x / T)) on a small example by hand."
TEMPERATURE = "Does the temperature divide the logits, before exp?"
ROWS = "Each slice along dim is a distribution of its own: maximum and sum belong along dim, with keepdim=True."
SHIFT = (
    "Subtract the maximum before exp: exp overflows at large logits, and all of it underflows at very negative ones."
)
ROW_SHIFT = "Subtract each row's own maximum, not that of the whole batch."
EXACT = "Nothing may be added to the denominator, clipped or rounded: after the shift it is never below 1."
PRECISION = "Keep the dtype of x all the way through."


def softmax_public(book):
    small = [0.5, -1.0, 2.0, 0.0]
    batch = [[0.0, 1.0, -2.0, 3.0, 0.5], [2.0, 2.0, -1.0, 0.0, 1.0], [-3.0, 4.0, 0.0, 1.0, -0.5]]
    cube = np.array([2, -1, 0, 3, 1, -2, 4, 0, -3, 1, 2, 0.5, -1, 3, 0, 1, -2, 2.5, 0, 1, 3, -1, 0.5, 2]).reshape(
        2, 3, 4
    )
    return [
        softmax_case(book, "four logits, temperature 1", small, BY_VALUE),
        softmax_case(book, "the same logits at temperature 2", small, TEMPERATURE, temperature=2.0),
        softmax_case(book, "a batch of three rows, each at temperature 0.5", batch, ROWS, temperature=0.5),
        softmax_case(book, "a 3-D tensor along dim=1", cube, ROWS, dim=1),
        softmax_case(
            book, "float32 logits near 1000, temperature 0.5", [1000.0, 1001.0, 998.5], SHIFT, 0.5, kind="float32"
        ),
        softmax_case(
            book, "rows far apart, float32", [[0.0, 1.0], [400.0, 401.5], [-900.0, -902.0]], ROW_SHIFT, kind="float32"
        ),
        softmax_case(book, "one entry of -inf, temperature 0.3", [0.2, -INF, 0.5], EXACT, temperature=0.3),
        softmax_case(book, "very small probabilities", [0.0, -60.0, 3.0, -25.0], EXACT),
    ]


def softmax_hidden(book, rng):
    def logits(*shape, spread=3.0, offset=0.0):
        values = [offset + rng.uniform(-spread, spread) for _ in range(int(np.prod(shape)))]
        return np.array(values).reshape(shape)

    low, high = rng.uniform(0.2, 0.7), rng.uniform(1.6, 4.0)
    masked = logits(3, 4, spread=1.0)
    masked[0, 1] = masked[2, 3] = -INF
    far = logits(3, 5, spread=2.0) + np.array([[0.0], [rng.uniform(380, 450)], [-rng.uniform(850, 950)]])
    lone = np.array([*logits(7, spread=0.001), rng.uniform(2500, 4000)])
    falling = np.array([0.0, -15.0, -30.0, -45.0, -70.0]) + logits(5, spread=2.0)
    return [
        softmax_case(book, "temperature and dim together", logits(4, 3), TEMPERATURE, temperature=high, dim=0),
        softmax_case(book, "a square batch", logits(4, 4, spread=5), ROWS),
        softmax_case(book, "a 3-D tensor along the last dimension", logits(2, 3, 4), ROWS),
        softmax_case(book, "a 3-D tensor along dim=-2", logits(2, 4, 3), ROWS, dim=-2),
        softmax_case(book, "very large logits", logits(5, spread=4, offset=5000), SHIFT, temperature=high),
        softmax_case(book, "one logit far above the others", lone, SHIFT),
        softmax_case(book, "rows far apart", far, ROW_SHIFT, kind="float32"),
        softmax_case(book, "masked entries in a batch", masked, EXACT, temperature=low),
        softmax_case(book, "a single entry, float32", logits(1, spread=0.2), EXACT, kind="float32"),
        softmax_case(book, "probabilities over many orders", falling, EXACT),
    ]


FROM_SCRATCH = (
    "*.softmax",
    "*.log_softmax",
    "*.softmax_t",
    "*.log_softmax_t",
    "*.logsumexp",
    "*.logaddexp",
    "*.logcumsumexp",
    "*.softmin",
    "*.gumbel_softmax",
    "*._softmax",
    "*._log_softmax",
    "*.Softmax",
    "*.Softmax2d",
    "*.LogSoftmax",
    "*.Softmin",
    "*.sigmoid",
    "*.scaled_dot_product_attention",
    "*.MultiheadAttention",
    "*.Categorical",
)

# iterative_softmax_experiment


def iteration_case(book, name, diagnosis, **settings):
    """Return a case of the first experiment; settings left out of the call take the signature's defaults."""
    full = {"n_points": 20, "n_iters": 8, "min_val": 0.0, "max_val": 1.0, "temperature": 1.0, "dtype": "float64"}
    full |= settings
    kind, u = full["dtype"], UNIT_ROUNDOFF[full["dtype"]]
    probs, stds, x = oracle.iterate(
        full["n_points"], full["n_iters"], full["min_val"], full["max_val"], full["temperature"]
    )
    single = kind == "float32"
    largest = max(float(p) for row in probs for p in row)
    size = max(abs(full["min_val"]), abs(full["max_val"]))
    expected = {
        "tuple": [
            book.arrays(
                [oracle.floats(row) for row in probs],
                within(rtol=2e-5 if single else 1e-9, atol=1e-9 if single else 1e-18),
                [kind],
                label="probs",
            ),
            book.numbers(
                oracle.floats(stds), within(rtol=2e-5 if single else 1e-6, atol=4 * u * largest), label="stds"
            ),
            book.array(oracle.floats(x), within(atol=4 * u * size), [kind], label="x"),
        ]
    }
    given = {key: dtype(value) if key == "dtype" else value for key, value in settings.items()}
    return case(name, expected, diagnosis, **given)


COUNT = "probs has n_iters + 1 distributions and stds as many numbers: probs[0] is softmax(x / T), before any repeat."
LOOP = (
    "Each distribution is the softmax of the one before it, and the temperature acts in every softmax, the first too."
)
SAMPLE = "stds are sample deviations (divide by n - 1), stds[k] that of probs[k]."
RANGE = "x runs from min_val to max_val, both included, in n_points equal steps."


def iteration_public(book):
    return [
        iteration_case(book, "the article's settings", SAMPLE),
        iteration_case(book, "5 points in [-2, 3], 3 repeats", RANGE, n_points=5, n_iters=3, min_val=-2.0, max_val=3.0),
        iteration_case(book, "temperature 0.5", LOOP, n_points=6, n_iters=3, temperature=0.5),
        iteration_case(book, "float32", PRECISION, n_points=5, n_iters=2, dtype="float32"),
    ]


def iteration_hidden(book, rng):
    low, high = rng.uniform(-4, -1), rng.uniform(1, 4)
    return [
        iteration_case(book, "no repeat at all", COUNT, n_points=rng.randint(4, 9), n_iters=0),
        iteration_case(
            book,
            "large values at a high temperature",
            LOOP,
            n_points=rng.randint(5, 12),
            n_iters=3,
            min_val=3000.0,
            max_val=3000.0 + rng.randint(2, 6),
            temperature=rng.uniform(1.5, 3),
        ),
        iteration_case(
            book,
            "float32, another range",
            PRECISION,
            n_points=rng.randint(7, 14),
            n_iters=2,
            min_val=low,
            max_val=high,
            dtype="float32",
        ),
    ]


# decay_ratios, contraction_rate, trusted_steps


def ratios_case(book, name, diagnosis, stds):
    ratios = [b / a if a else float("nan") for a, b in pairwise(stds)]
    return case(name, book.numbers(ratios, within(rtol=1e-6)), diagnosis, {"list": stds})


ORDER = "Each deviation divided by the one before it: len(stds) - 1 ratios, in order."
ZERO = "After a deviation of 0 there is no ratio: put float('nan') there, as a plain division would fail."


def ratios_public(book):
    return [
        ratios_case(book, "four deviations", ORDER, [0.5, 0.1, 0.08, 0.02]),
        ratios_case(book, "a deviation of 0 on the way", ZERO, [0.25, 0.05, 0.0, 0.1, 2e-12, 1e-12]),
    ]


def ratios_hidden(book, rng):
    back = [rng.uniform(0.1, 1.0), 0.0, rng.uniform(0.1, 1.0), rng.uniform(0.1, 1.0)]
    tiny = [rng.uniform(1, 9) * 10.0 ** (-3 * k) for k in range(1, 6)]
    return [
        ratios_case(book, "one deviation", ORDER, [rng.uniform(0.1, 1.0)]),
        ratios_case(book, "a zero in between", ZERO, back),
        ratios_case(book, "very small deviations", ORDER, tiny),
    ]


def rate_case(name, diagnosis, n_points, temperature=None):
    rate = 1 / (n_points * (temperature or 1.0))
    given = {} if temperature is None else {"temperature": temperature}
    return case(name, number(rate, within(rtol=0.0105)), diagnosis, n_points, **given)


RATE = "The derivative of softmax at the uniform distribution shrinks every deviation by the same factor. Which?"
RATE_T = "How does the temperature enter the derivative of exp(p / T)?"


def rate_public(book):
    return [
        rate_case("4 points", RATE, 4),
        rate_case("10 points, temperature 2", RATE_T, 10, 2.0),
    ]


def rate_hidden(book, rng):
    return [
        rate_case("many points", RATE, rng.randint(80, 95)),
        rate_case("a low temperature", RATE_T, rng.randint(6, 30), rng.uniform(0.55, 0.8)),
    ]


def steps_case(name, diagnosis, kind, **settings):
    n_points, rtol = settings.get("n_points", 20), settings.get("rtol", 0.015)
    count = 9 if kind == "float64" else oracle.trusted_steps(n_points, rtol)
    return case(name, integer(count), diagnosis, dtype(kind), **settings)


STEPS = "Compare with float64's deviations, relative to them, and stop at the first that disagrees by more than rtol."


def steps_public(book):
    return [
        steps_case("float32, 20 points", STEPS, "float32"),
        steps_case("float64, 20 points", STEPS, "float64"),
        steps_case("float32, 4 points, rtol 0.05", STEPS, "float32", n_points=4, rtol=0.05),
    ]


def steps_hidden(book, rng):
    """Draw from settings in which all honest ways agree, with room on both sides.

    With many points, a power of two, the last deviations are 0 in both dtypes: they agree again, but do not count.
    """
    pools = [
        ("a loose bound", [(16, 0.25), (30, 0.2), (32, 0.2), (25, 0.1)]),
        ("many points", [(256, 0.01), (256, 0.02), (512, 0.05), (512, 0.1)]),
    ]
    drawn = [(name, *rng.choice(pool)) for name, pool in pools]
    return [steps_case(f"float32, {name}", STEPS, "float32", n_points=n, rtol=rtol) for name, n, rtol in drawn] + [
        steps_case("float64, another number of points", STEPS, "float64", n_points=rng.randint(8, 40), rtol=0.02)
    ]


# temperature_range_experiment


def range_case(book, name, diagnosis, ranges, temperatures, **settings):
    expected = {
        "results": tables(book, ranges, temperatures, settings.get("n_points", 100), settings.get("outlier", 6.0))
    }
    return case(name, expected, diagnosis, {"list": list(ranges)}, {"list": list(temperatures)}, **settings)


def tables(book, ranges, temperatures, n_points, outlier):
    """Return the exact results of the second experiment: logits (R, n + 1) and probs (R, T, n + 1)."""
    exact = [oracle.logits_with_outlier(r, n_points, outlier) for r in ranges]
    probs = [[oracle.floats(oracle.softmax(logits, t)) for t in temperatures] for logits in exact]
    return {
        "ranges": list(ranges),
        "temperatures": list(temperatures),
        "logits": book.store(np.array([oracle.floats(logits) for logits in exact])),
        "probs": book.store(np.array(probs)),
        "label": "results",
    }


OUTLIER = "The logits are n_points values in [-r, r], both ends included, then the outlier; they are not divided by T."


def range_public(book):
    return [
        range_case(book, "two ranges, two temperatures, 5 points", OUTLIER, [0.5, 2], [0.5, 3], n_points=5),
        range_case(book, "another outlier", OUTLIER, [1], [1], n_points=4, outlier=3.5),
    ]


def range_hidden(book, rng):
    def draw(low, high, count):
        return sorted({round(rng.uniform(low, high), 2) for _ in range(count)}, key=lambda _: rng.random())

    return [
        range_case(book, "the article's ranges and temperatures", OUTLIER, **ARTICLE),
        range_case(
            book,
            "an outlier inside the ranges",
            OUTLIER,
            draw(3, 5, 2),
            draw(0.3, 3, 2),
            n_points=7,
            outlier=rng.uniform(-2, 2),
        ),
        range_case(book, "a very low temperature", SHIFT, [3], [0.004], n_points=6, outlier=rng.uniform(5, 9)),
    ]


# What is measured on results


def results_of(book, ranges, temperatures, n_points, outlier, swap=False):
    """Return (argument, probs): results as the experiment gives them, and probs[r][T] as lists of floats.

    With ``swap`` the distributions of the middle range's lowest and highest temperature change places: results that no
    softmax gives, on which a claim about softmax can fail.
    """
    found = tables(book, ranges, temperatures, n_points, outlier)
    probs = book.tensors[found["probs"]]
    if swap:
        middle, low, high = len(ranges) // 2, *(temperatures.index(edge(temperatures)) for edge in (min, max))
        probs = probs.copy()
        probs[middle, [low, high]] = probs[middle, [high, low]]
    argument = {"results": {**found, "probs": book.store(probs)}}
    by_range = zip(ranges, probs.tolist(), strict=True)
    return argument, {r: dict(zip(temperatures, rows, strict=True)) for r, rows in by_range}


def draw_settings(rng, outlier=None):
    """Draw ranges, temperatures in no order, a number of points and an outlier."""
    ranges = [round(rng.uniform(0.2, 0.9), 2), round(rng.uniform(1, 2.5), 2), round(rng.uniform(3.5, 5.5), 1)]
    temperatures = [round(rng.uniform(2.5, 5), 1), round(rng.uniform(0.3, 0.6), 2), round(rng.uniform(0.9, 1.4), 2)]
    rng.shuffle(ranges)
    return ranges, temperatures, rng.randint(9, 15), outlier or round(rng.uniform(4.5, 8), 1)


SHARE = "The share is the probability of the last entry, the outlier's, even where another entry is larger."


def mass_case(book, name, *settings):
    results, probs = results_of(book, *settings)
    shares = [
        (r, mapping([(t, number(p[-1], within(rtol=1e-5))) for t, p in by_t.items()])) for r, by_t in probs.items()
    ]
    return case(name, mapping(shares, label="masses"), SHARE, results)


def mass_public(book):
    return [
        mass_case(book, "two ranges, two temperatures", [0.5, 2], [0.5, 3], 5, 6.0),
        mass_case(book, "an outlier that is not the largest", [2], [1], 4, -1.0),
    ]


def mass_hidden(book, rng):
    return [
        mass_case(book, "an outlier in the middle of the range", *draw_settings(rng, outlier=rng.uniform(0.1, 0.6))),
    ]


def perplexity_case(book, name, diagnosis, p, dim=None, kind="float64"):
    p = np.asarray(p, kind)
    reference = np.apply_along_axis(lambda row: float(oracle.perplexity(row.tolist())), -1 if dim is None else dim, p)
    bound = within(rtol=1e-4 if kind == "float32" else 1e-6)
    given = {} if dim is None else {"dim": dim}
    return case(name, book.array(reference, bound, [kind]), diagnosis, book.tensor(p), **given)


ENTROPY = "perplexity = exp(-sum(p ln p)), with the natural logarithm."
ZERO_SAFE = "A zero probability adds nothing to the entropy, but 0 * log(0) is nan: treat it apart, do not shift p."
ALONG = "The sum runs along dim, which disappears from the shape."


def perplexity_public(book):
    rows = [[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4], [0.97, 0.01, 0.01, 0.01]]
    return [
        perplexity_case(book, "one distribution", ENTROPY, [0.5, 0.3, 0.2]),
        perplexity_case(book, "a distribution with zeros", ZERO_SAFE, [0.0, 0.75, 0.25, 0.0]),
        perplexity_case(book, "three rows", ALONG, rows),
        perplexity_case(book, "the columns, dim=0", ALONG, np.array([[0.5, 0.1], [0.3, 0.8], [0.2, 0.1]]), dim=0),
    ]


def perplexity_hidden(book, rng):
    def distributions(*shape):
        weights = np.array([rng.expovariate(1.0) for _ in range(int(np.prod(shape)))]).reshape(shape)
        return weights / weights.sum(-1, keepdims=True)

    rows = distributions(3, 4)
    rows[1] = [0.0, rows[1, 0] + rows[1, 1], 0.0, rows[1, 2] + rows[1, 3]]
    spread = 0.5 ** np.arange(1, 60.0)
    return [
        perplexity_case(book, "rows, one with zeros", ZERO_SAFE, rows),
        perplexity_case(book, "very different probabilities", ZERO_SAFE, spread / spread.sum()),
        perplexity_case(book, "a 3-D tensor, dim=1", ALONG, distributions(2, 4, 3).transpose(0, 2, 1).copy(), dim=1),
        perplexity_case(book, "float32", PRECISION, distributions(2, 6), kind="float32"),
    ]


def tokens_case(book, name, diagnosis, p, mass=None, tile=None):
    p = np.asarray(p)
    count = oracle.tokens_for_mass(p.tolist() * (tile or 1), 0.9 if mass is None else mass)
    given = {} if mass is None else {"mass": mass}
    return case(name, integer(count), diagnosis, book.tensor(p, tile), **given)


LARGEST = "Take the largest entries first, whatever their order in p, and stop as soon as they sum to at least mass."
BIG = "On a vocabulary a Python loop is slow and a float32 sum drifts: sort once, then cumulate in float64."


def tokens_public(book):
    return [
        tokens_case(book, "five entries in any order", LARGEST, [0.1, 0.4, 0.02, 0.35, 0.13]),
        tokens_case(book, "half of the mass", LARGEST, [0.1, 0.3, 0.22, 0.27, 0.11], mass=0.5),
        tokens_case(book, "one entry is enough", LARGEST, [0.02, 0.95, 0.03]),
    ]


def tokens_hidden(book, rng):
    def until_clear(draw):
        while True:  # a draw within 1e-4 of a tie is drawn again
            p, mass, tile = draw()
            try:
                oracle.tokens_for_mass(p.tolist() * (tile or 1), mass)
            except ValueError:
                continue
            return {"p": p, "mass": mass, "tile": tile}

    def vocabulary():
        head = np.array([rng.uniform(0.8, 1.2) for _ in range(2)])
        p = np.concatenate([head * rng.uniform(0.4, 0.5) / 256, np.full(499, 1.0)])
        p[2:] *= (1 / 256 - p[:2].sum()) / 499
        order = list(range(501))
        rng.shuffle(order)
        return p[order], round(rng.uniform(0.55, 0.75), 2), 256

    return [
        tokens_case(book, "a vocabulary of 128,256", BIG, **until_clear(vocabulary)),
    ]


CROSSING = "Search for the T where perplexity(wide) - perplexity(narrow) changes its sign, to 1e-3 or better."


def crossing_case(name, narrow, wide, **settings):
    root = oracle.crossing_temperature(narrow, wide, settings.get("n_points", 100), settings.get("outlier", 6.0))
    return case(name, number(root, within(rtol=1e-3)), CROSSING, narrow, wide, **settings)


def crossing_public(book):
    return [
        crossing_case("ranges 0.5 and 4, 20 points", 0.5, 4, n_points=20),
        crossing_case("ranges 0.4 and 3, 50 points, outlier 5", 0.4, 3, n_points=50, outlier=5.0),
    ]


def crossing_hidden(book, rng):
    def draw(name, low, high, **fixed):
        while True:  # settings with no crossing, or several, are drawn again
            settings = {
                "n_points": rng.randint(25, 90),
                "outlier": round(rng.uniform(5, 8), 1),
            } | fixed
            settings = {key: value for key, value in settings.items() if value is not None}
            narrow = round(rng.uniform(0.2, 0.8), 2)
            try:
                return crossing_case(name, narrow, round(rng.uniform(low, high), 1), **settings)
            except ValueError:
                continue

    return [
        draw("ranges close together, default settings", 2.5, 3.5, n_points=None, outlier=None),
        draw("a small outlier", 2.5, 3.5, outlier=round(rng.uniform(4.2, 4.8), 1)),
    ]


# Verdicts


def verdict(value, holds):
    return mapping(
        [("holds", {"boolean": bool(holds)}), ("value", number(value, within(rtol=1e-5, atol=1e-9)))], label="verdict"
    )


def verdict_cases(book, settings, value_of, holds_at, far, diagnosis, **options):
    """Return a case of a verdict on results; refuses a value nearer than ``far`` to the threshold."""
    name, *rest = settings
    results, probs = results_of(book, *rest, **options.pop("results", {}))
    value, threshold = value_of(probs), holds_at
    if abs(value - threshold) < far:
        raise ValueError(f"{name}: {value} is too near the threshold {threshold}")
    return case(name, verdict(value, value > threshold), diagnosis, results, **options)


def drawn(make, holds=None):
    """Draw until ``make`` accepts; where ``holds`` is given, until it makes a case with that verdict."""
    while True:
        try:
            found = make()
        except ValueError:
            continue
        if holds is None or found["expected"]["dict"][0][1]["boolean"] == holds:
            return found


def perplexities(probs):
    return {r: {t: float(oracle.perplexity(p)) for t, p in by_t.items()} for r, by_t in probs.items()}


C4 = "value is the smallest share of the outlier over the ranges, at the one temperature given; holds is value >= 0.9."


def c4_case(book, name, *settings, temperature=None):
    t = 0.5 if temperature is None else temperature
    options = {} if temperature is None else {"temperature": temperature}
    return verdict_cases(
        book, (name, *settings), lambda probs: min(p[t][-1] for p in probs.values()), 0.9, 0.02, C4, **options
    )


def c4_public(book):
    return [
        c4_case(book, "two ranges at temperature 0.5", [0.5, 2], [0.5, 3], 5, 6.0),
        c4_case(book, "a range wider than the outlier", [1, 5], [0.5, 1], 6, 4.5),
        c4_case(book, "at temperature 3", [2, 0.5], [0.5, 3], 5, 6.0, temperature=3),
    ]


def c4_hidden(book, rng):
    def draw(name, **fixed):
        ranges, temperatures, n_points, outlier = draw_settings(rng, **fixed)
        return c4_case(book, name, ranges, temperatures, n_points, outlier, temperature=min(temperatures))

    return [
        drawn(lambda: draw("a claim that holds", outlier=14.0), True),
        drawn(lambda: draw("a claim that fails"), False),
    ]


C5 = (
    "value is the smallest step of perplexity from one temperature to the next higher one, over all ranges; "
    "holds is value > 0."
)


def smallest_step(probs):
    steps = []
    for by_t in perplexities(probs).values():
        ordered = [by_t[t] for t in sorted(by_t)]
        steps += [b - a for a, b in pairwise(ordered)]
    return min(steps)


def c5_case(book, name, *settings, swap=False):
    return verdict_cases(book, (name, *settings), smallest_step, 0.0, 1e-3, C5, results={"swap": swap})


def c5_public(book):
    return [
        c5_case(book, "two ranges, temperatures in no order", [0.5, 2], [3, 0.5, 1], 5, 6.0),
        c5_case(book, "results in which two temperatures changed places", [1, 2], [0.5, 1], 4, 3.5, swap=True),
    ]


def c5_hidden(book, rng):
    return [
        drawn(lambda: c5_case(book, "a claim that holds", *draw_settings(rng))),
        drawn(lambda: c5_case(book, "a claim that fails", *draw_settings(rng), swap=True)),
    ]


C6 = (
    "value is the smallest share of the outlier over the temperatures, for the narrow range only; holds is value > 0.5."
)


def c6_case(book, name, narrow, *settings):
    options = {} if narrow is None else {"narrow": narrow}
    r = 0.4 if narrow is None else narrow
    return verdict_cases(
        book, (name, *settings), lambda probs: min(p[-1] for p in probs[r].values()), 0.5, 0.02, C6, **options
    )


def c6_public(book):
    return [
        c6_case(book, "an outlier inside the range 0.4", None, [0.4, 2], [0.5, 3], 5, 0.2),
        c6_case(book, "narrow range 0.5, low temperatures only", 0.5, [2, 0.5], [0.5, 1], 5, 3.0),
    ]


def c6_hidden(book, rng):
    def draw(name, cool):
        ranges, temperatures, n_points, outlier = draw_settings(rng)
        temperatures = [t for t in temperatures if t < 2] if cool else temperatures
        return c6_case(book, name, min(ranges), ranges, temperatures, n_points, outlier)

    return [
        drawn(lambda: draw("a claim that holds", cool=True), True),
        drawn(lambda: draw("a claim that fails", cool=False), False),
    ]


C7 = "value is the smallest of perplexity(wide) - perplexity(narrow) over the temperatures; holds is value > 0."


def c7_case(book, name, narrow, wide, *settings):
    given = {"narrow": narrow, "wide": wide}
    n, w = narrow or 0.4, wide or 5

    def value_of(probs):
        values = perplexities(probs)
        return min(values[w][t] - values[n][t] for t in values[w])

    options = {key: value for key, value in given.items() if value is not None}
    return verdict_cases(book, (name, *settings), value_of, 0.0, 0.05, C7, **options)


def c7_public(book):
    return [
        c7_case(book, "ranges 0.4 and 5", None, None, [0.4, 5], [0.5, 4], 6, 6.0),
        c7_case(book, "ranges 0.5 and 4, low temperatures only", 0.5, 4, [4, 0.5], [0.5, 0.8], 5, 6.0),
    ]


def c7_hidden(book, rng):
    def draw(name, cool):
        ranges, temperatures, n_points, outlier = draw_settings(rng)
        temperatures = [t for t in temperatures if t < 2] if cool else temperatures
        return c7_case(book, name, min(ranges), max(ranges), ranges, temperatures, n_points, outlier)

    return [
        drawn(lambda: draw("a claim that holds", cool=True), True),
        drawn(lambda: draw("a claim that fails", cool=False), False),
    ]


C8 = (
    "value is the largest absolute difference between softmax(x / T) and softmax(other / T), both in float64; "
    "holds is value <= 1e-6."
)


def c8_case(book, name, x, other, temperature=None, kind="float64"):
    x, other = np.asarray(x, kind), np.asarray(other, kind)
    t = 1.0 if temperature is None else temperature
    ours, theirs = (oracle.softmax(v.tolist(), t) for v in (x, other))
    value = float(max(abs(a - b) for a, b in zip(ours, theirs, strict=True)))
    if 1e-8 < value < 1e-3:
        raise ValueError(f"{name}: {value} is too near the threshold")
    options = {} if temperature is None else {"temperature": temperature}
    return case(name, verdict(value, value <= 1e-6), C8, book.tensor(x), book.tensor(other), **options)


def c8_public(book):
    return [
        c8_case(book, "[1, 2] and [1001, 1002], temperature 0.7", [1.0, 2.0], [1001.0, 1002.0], 0.7, "float32"),
        c8_case(book, "[1, 2] and [10, 20]", [1.0, 2.0], [10.0, 20.0]),
        c8_case(book, "the same at temperature 5", [1.0, 2.0, 4.0], [10.0, 20.0, 40.0], temperature=5.0),
    ]


def c8_hidden(book, rng):
    x = np.array([rng.uniform(-3, 3) for _ in range(6)])
    eighths = np.round(x * 8) / 8  # exact in float32 too, also after the shift
    shift, factor, t = rng.randint(300, 900), rng.uniform(1.5, 3), rng.uniform(0.3, 0.8)
    return [
        c8_case(book, "shifted, float32", eighths, eighths - shift, temperature=t, kind="float32"),
        drawn(lambda: c8_case(book, "multiplied", x, factor * x, temperature=t)),
        drawn(lambda: c8_case(book, "the same values in another order", x, x[::-1].copy())),
    ]


# Predictions: a number, judged for being there and never for being right; and the bonus, which is not graded


def prediction_public(book):
    return [case("a finite number", {"finite": True}, "") | {"value": True}]


def top_case(book, name, start, temperature, n_steps, diagnosis):
    p = start
    for _ in range(n_steps):
        p = oracle.softmax(p, temperature)
    expected = number(max(p), within(rtol=1e-9))
    return case(name, expected, diagnosis, book.tensor(np.array(start)), temperature, n_steps=n_steps)


def top_public(book):
    one_hot, hill = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [0.1, 0.15, 0.2, 0.25, 0.2, 0.1]
    return [
        top_case(book, "three steps at temperature 1", hill, 1.0, 3, LOOP),
        top_case(book, "one-hot at temperature 0.2", one_hot, 0.2, 60, LOOP),
        top_case(book, "no step", hill, 0.5, 0, "After no step the largest probability is that of the start."),
    ]


def no_cases(book, rng):
    return []


EXERCISES = {
    "softmax_t": Exercise(
        softmax_public, softmax_hidden, FROM_SCRATCH, "Write it from exp, max and sum: that is the exercise."
    ),
    "iterative_softmax_experiment": Exercise(iteration_public, iteration_hidden),
    "decay_ratios": Exercise(ratios_public, ratios_hidden),
    "contraction_rate": Exercise(rate_public, rate_hidden),
    "trusted_steps": Exercise(steps_public, steps_hidden),
    "temperature_range_experiment": Exercise(range_public, range_hidden),
    "outlier_mass": Exercise(mass_public, mass_hidden),
    "perplexity": Exercise(
        perplexity_public,
        perplexity_hidden,
        ("helpers.*perplexity", "helpers.*entropy", "*.Categorical", "*.perplexity"),
        "Write it from the probabilities: -sum(p ln p), then exp.",
    ),
    "tokens_for_mass": Exercise(
        tokens_public, tokens_hidden, ("*.tokens_for_mass",), "Write it with a sort and a cumulative sum."
    ),
    "crossing_temperature": Exercise(crossing_public, crossing_hidden),
    "verdict_c4": Exercise(c4_public, c4_hidden),
    "verdict_c5": Exercise(c5_public, c5_hidden),
    "verdict_c6": Exercise(c6_public, c6_hidden),
    "verdict_c7": Exercise(c7_public, c7_hidden),
    "verdict_c8": Exercise(c8_public, c8_hidden),
    "final_top": Exercise(top_public, no_cases),
    **{f"prediction_{k}": Exercise(prediction_public, no_cases) for k in range(1, 7)},
}
