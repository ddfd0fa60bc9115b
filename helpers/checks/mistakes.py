"""Recognise a wrong answer by its numbers: known mistakes, made on purpose.

A generator an exercise takes the reference and then the case's arguments, as numpy arrays, lists and dicts, and yields
``(phrase, numbers)`` for one mistake after the other; the catalogues take their phrases from these yields. Nothing
here computes a right answer: what is near to one is derived from the reference.
"""

import math

import numpy as np

from ..support.language import _, counted

FLOAT32_UNDERFLOW = 1e-36
# A difference of equal probabilities is 0 on one processor and 1e-16 on another.
FLOORS = {"verdict_c8": 1e-11}


def recognise(exercise, reference, args, kwargs, answer):
    """Return the sentence that names the mistake with the numbers of ``answer``, or an empty text.

    ``reference`` and ``answer`` are numbers, arrays, or lists and dicts of them; truth values are passed over. The
    numbers must agree to 1e-4, and a hundred times better than the reference does.
    """
    came, right = flat(answer), flat(reference)
    with np.errstate(all="ignore"):
        floor = FLOORS.get(exercise, FLOAT32_UNDERFLOW)
        near_right = distance(came, right)
        for phrase, numbers in known(exercise, reference, args, kwargs):
            wrong = flat(numbers)
            near = distance(came, wrong, floor)
            if near <= 1e-4 and distance(right, wrong, floor) > max(100 * near, 1e-14):
                return _("These are the numbers of {phrase}.", phrase=_(phrase))
    if asks_float64(exercise, args, kwargs) and 1e-10 < near_right < 3e-5:
        return _("These numbers are nearly right, as if computed in float32: keep float64 all the way through.")
    return ""


def known(exercise, reference, args, kwargs):
    yield from MISTAKES[exercise](reference, *args, **kwargs) if exercise in MISTAKES else ()
    right = flat(reference)
    for digits in range(1, 7):
        phrase = counted(
            "an answer that is rounded to {count} decimal: return it as it is",
            "an answer that is rounded to {count} decimals: return it as it is",
            digits,
        )
        yield phrase, right.round(digits)


def asks_float64(exercise, args, kwargs):
    """Tell whether a case wants float64 to its last digits."""
    if exercise == "softmax_t":
        return args[0].dtype == np.float64
    return exercise == "iterative_softmax_experiment" and kwargs.get("dtype", "float64") == "float64"


def flat(value):
    """Return all numbers in a value, in order, in one float64 array; dicts by their keys, truth values left out."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=lambda key: (isinstance(key, str), key))]
    if isinstance(value, (list, tuple)):
        return np.concatenate([np.zeros(0), *map(flat, value)])
    array = np.asarray(value)
    return np.zeros(0) if array.dtype.kind not in "iuf" else array.astype(np.float64).ravel()


def distance(a, b, floor=FLOAT32_UNDERFLOW):
    """Return the largest relative difference of two flat arrays, infinity where they are of different make.

    What lies below ``floor`` is compared as if it were that large.
    """
    if a.shape != b.shape:
        return math.inf
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if not (same | (np.isfinite(a) & np.isfinite(b))).all():
        return math.inf
    return np.where(same, 0.0, np.abs(a - b) / np.maximum(np.abs(b), floor)).max(initial=0.0)


def normalised(weights, axis=-1):
    return weights / weights.sum(axis=axis, keepdims=True)


def softmax(z, axis=-1):
    return normalised(np.exp(z - z.max(axis=axis, keepdims=True)), axis)


def softmax_t(reference, x, temperature=1.0, dim=-1):
    own, x = x, x.astype(np.float64)
    scaled, z = (
        own / own.dtype.type(temperature),
        x / temperature,
    )  # own: in x's dtype, to overflow where the answer did
    gap = z - z.max(axis=dim, keepdims=True)
    yield "a softmax that multiplies by T instead of dividing", softmax(x * temperature, dim)
    yield "a softmax that ignores the temperature", softmax(x, dim)
    yield "a softmax that divides by T twice", softmax(z / temperature, dim)
    yield "a softmax that divides the probabilities, not the logits, by T", softmax(x, dim) / temperature
    numerator, denominator = np.exp(gap), np.exp(temperature * gap).sum(axis=dim, keepdims=True)
    yield "a softmax that has the temperature in the numerator only", numerator / denominator
    yield "a softmax that has the temperature in the numerator only", numerator / denominator ** (1 / temperature)
    yield "a softmax that normalises along the last dimension, whatever dim is", softmax(z)
    yield "a softmax that normalises along the first dimension", softmax(z, 0)
    if x.ndim > 1:
        yield "a softmax that normalises along the second dimension", softmax(z, 1)
    yield "a softmax that normalises the whole tensor at once", softmax(z, None)
    weights = np.exp(scaled - scaled.max())
    yield "a softmax that subtracts the maximum of the whole tensor, not of each row", normalised(weights, dim)
    if x.ndim > 1 and len(set(x.shape)) == 1:
        divided = np.exp(gap) / np.exp(gap).sum(dim)
        yield "a softmax that divides by the sums of other slices: keepdim=True is missing", divided
        shifted = normalised(np.exp(z - z.max(axis=dim)), dim)
        yield "a softmax that subtracts the maxima of other slices: keepdim=True is missing", shifted
    yield "a softmax that takes powers of 2 instead of e", softmax(z * math.log(2), dim)
    yield "a softmax that is applied twice", softmax(reference / temperature, dim)
    yield "a softmax that takes exp(-x)", softmax(-z, dim)
    naive = normalised(np.exp(scaled), dim)
    for weights in (naive, np.nan_to_num(naive, nan=0.0)):
        yield "a softmax that overflows or underflows: subtract the maximum before exp", weights
    weights = np.exp(scaled - own.max(axis=dim, keepdims=True))
    yield "a softmax that subtracts max(x) from x / T: divide the maximum as well", normalised(weights, dim)
    for shift in (scaled.mean(axis=dim, keepdims=True), scaled.min(axis=dim, keepdims=True)):
        yield (
            "a softmax that subtracts the mean or the minimum: only the maximum is safe",
            normalised(np.exp(scaled - shift), dim),
        )
    magnitude = np.where(np.isfinite(scaled), np.abs(scaled), 0).max(axis=dim, keepdims=True)
    yield (
        "a softmax that subtracts max(|x|): negative logits then underflow",
        normalised(np.exp(scaled - magnitude), dim),
    )
    ratio = z / z.max(axis=dim, keepdims=True)
    yield "a softmax that divides by the maximum instead of subtracting it", softmax(ratio, dim)
    total = np.exp(gap).sum(axis=dim, keepdims=True)
    for power in range(3, 17):
        small = 10.0**-power
        yield "a softmax that adds a small number to the denominator", reference * total / (total + small)
        yield "a softmax that clips its probabilities", reference.clip(small)
    yield "a softmax that adds 1 to the denominator", reference * total / (total + 1)
    for bound in (10, 20, 30, 50, 60, 80, 88, 100, 700):
        yield "a softmax that clips its logits", softmax(z.clip(-bound, bound), dim)
        yield "a softmax that clips its logits", normalised(np.exp(gap.clip(-bound)), dim)
    yield "a softmax that does not divide by the sum", np.exp(gap)
    yield "a softmax that does not divide by the sum", np.exp(scaled)
    yield "the logarithms of the probabilities", np.log(reference)
    yield "an answer that divides the logits by their sum, without exp", normalised(z, dim)
    yield "1 at the maximum and 0 elsewhere: argmax, not softmax", (gap == 0).astype(np.float64)
    yield "a softmax that leaves out the logits that are 0", normalised(np.exp(gap) * (x != 0), dim)


def iterative_softmax_experiment(
    reference, n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype="float64"
):
    probs, stds, x = reference

    def measured(rows, inputs=x):
        return rows, [np.std(row, ddof=1) for row in rows], inputs

    def repeated(start, first, rest, step=softmax):
        rows = [step(start / first)]
        while len(rows) <= n_iters:
            rows.append(step(rows[-1] / rest))
        return measured(rows, start)

    yield "one distribution too few: there are n_iters repeats after the first", (probs[:-1], stds[:-1], x)
    yield (
        "a run that leaves out the softmax of x / T itself",
        measured([*probs[1:], softmax(probs[-1] / temperature)]),
    )
    yield "a run that begins with the inputs, not with their softmax", measured([x, *probs[:-1]])
    yield "a run that takes the softmax of x every time", measured([probs[0]] * len(probs))
    yield "the last distribution in every place: each needs a tensor of its own", ([probs[-1]] * len(probs), stds, x)
    yield "a run that has the temperature in the first softmax only", repeated(x, temperature, 1)
    yield "a run that has the temperature in the repeats only", repeated(x, 1, temperature)
    yield "a run that ignores the temperature", repeated(x, 1, 1)
    yield "a run that multiplies by T instead of dividing", repeated(x, 1 / temperature, 1 / temperature)
    own = x.astype(dtype)
    naive = repeated(own, own.dtype.type(temperature), own.dtype.type(temperature), lambda z: normalised(np.exp(z)))
    yield "a run whose softmax overflows", naive
    shrink = math.sqrt((n_points - 1) / n_points)
    yield "a deviation that divides by n instead of n - 1", (probs, [s * shrink for s in stds], x)
    yield "variances: their roots are asked for", (probs, [s * s for s in stds], x)
    for small in (0.0, 1e-12):
        yield "the logarithms of the deviations", (probs, [np.log(s + small) for s in stds], x)
    yield (
        "deviations that are one place late: stds[0] is that of the inputs",
        (probs, [np.std(x, ddof=1), *stds[:-1]], x),
    )
    unit = repeated(np.linspace(0, 1, n_points), temperature, temperature)
    yield "a run that takes x from 0 to 1, whatever min_val and max_val are", unit
    inside = min_val + (max_val - min_val) * np.arange(n_points) / n_points
    yield "a run that leaves out max_val", repeated(inside, temperature, temperature)


def decay_ratios(reference, stds):
    earlier, later = np.array(stds[:-1]), np.array(stds[1:])
    yield "the earlier one divided by the later one", np.where(later == 0, np.nan, earlier / later)
    yield "every deviation divided by the first one", later / stds[0]
    yield "differences instead of ratios", later - earlier
    yield "the logarithms of the ratios", np.where(later == 0, np.nan, np.log(reference))
    yield "ratios with a 0 where nan belongs", np.nan_to_num(reference, nan=0.0)
    ended = np.cumsum(later == 0) - (later == 0) > 0
    yield "ratios with a nan at every place after the first zero", np.where(ended, np.nan, reference)
    yield "the ratios in backward order", reference[::-1]


def contraction_rate(reference, n_points, temperature=1.0):
    yield "the rate of 20 points", 0.05
    yield "the rate of 20 points", 0.05 / temperature
    yield "a rate that ignores the temperature", 1 / n_points
    yield "a rate that multiplies by T", temperature / n_points
    yield "a rate that divides by T twice", reference / temperature
    yield "a rate with n - 1 instead of n", reference * n_points / (n_points - 1)
    yield "a rate with n + 1 instead of n", reference * n_points / (n_points + 1)
    yield "the slope of figure 1b: not the rate but its logarithm", math.log(reference)
    yield "the ratio of the variances, not of the deviations", reference**2
    yield "the rate upside down", 1 / reference
    first = softmax(np.linspace(0, 1, n_points) / temperature)
    yield "the very first ratio: it has not settled yet", np.std(softmax(first / temperature)) / np.std(first)


def trusted_steps(reference, dtype, n_points=20, rtol=0.015):
    yield from off_by_one(reference)


def off_by_one(reference):
    yield "a count that is one too few", reference - 1
    yield "a count that is one too many", reference + 1


def temperature_range_experiment(reference, ranges, temperatures, n_points=100, outlier=6.0):
    def table(inputs, probs=lambda x, t: softmax(x / t)):
        logits = {r: inputs(r, np.linspace(-r, r, n_points)) for r in ranges}
        return {r: {t: {"logits": logits[r], "probs": probs(logits[r], t)} for t in temperatures} for r in ranges}

    def given(r, x):
        return np.append(x, outlier)

    yield (
        "results[T][r]: r comes first, then T",
        {t: {r: reference[r][t] for r in ranges} for t in temperatures},
    )
    divided = {
        r: {t: {"logits": e["logits"] / t, "probs": e["probs"]} for t, e in by_t.items()}
        for r, by_t in reference.items()
    }
    yield "logits that are divided by T already: store them as they are", divided
    yield (
        "a softmax that leaves the outlier undivided",
        table(given, lambda x, t: softmax(np.append(x[:-1] / t, x[-1]))),
    )
    yield "an experiment that puts the outlier first", table(lambda r, x: np.append(outlier, x))
    yield "an experiment that takes 6 for the outlier, whatever it is", table(lambda r, x: np.append(x, 6.0))
    yield (
        "an experiment that takes the logits from 0 to r",
        table(lambda r, x: np.append(np.linspace(0, r, n_points), outlier)),
    )
    yield "an experiment that multiplies by T instead of dividing", table(given, lambda x, t: softmax(x * t))
    yield "an experiment that ignores the temperature", table(given, lambda x, t: softmax(x))
    yield "an experiment that applies softmax twice", table(given, lambda x, t: softmax(softmax(x / t)))
    yield (
        "a softmax that overflows: subtract the maximum before exp",
        table(given, lambda x, t: normalised(np.exp(x / t))),
    )
    last = temperatures[-1]
    yield (
        "an experiment that takes the last temperature everywhere",
        {r: dict.fromkeys(temperatures, reference[r][last]) for r in ranges},
    )


def outlier_mass(reference, results):
    def each(value):
        return {r: {t: value(t, e["logits"], e["probs"]) for t, e in by_t.items()} for r, by_t in results.items()}

    yield "the largest probability, not the last one", each(lambda t, x, p: p.max())
    yield "the first entry", each(lambda t, x, p: p[0])
    yield "the last entry but one", each(lambda t, x, p: p[-2])
    yield "all the others together", each(lambda t, x, p: p[:-1].sum())
    yield "the outlier itself, not its probability", each(lambda t, x, p: x[-1])
    yield "shares in per cent", each(lambda t, x, p: 100 * p[-1])
    yield "a share that ignores the temperature", each(lambda t, x, p: softmax(x)[-1])


def entropy(p):
    return -(p * np.log(np.where(p > 0, p, 1.0))).sum(axis=-1)


def perplexity(reference, p, dim=-1):
    p = p.astype(np.float64)
    rows, n = np.moveaxis(p, dim, -1), p.shape[dim]
    yield "-sum(p ln p) with nan where a probability is 0", np.exp(-(rows * np.log(rows)).sum(axis=-1))
    yield "log2 inside and exp outside: the bases must agree", reference ** (1 / math.log(2))
    yield "ln inside and a power of 2 outside: the bases must agree", 2 ** np.log(reference)
    yield "the entropy, without exp", np.log(reference)
    yield "an entropy without the minus sign", 1 / reference
    yield "an entropy with a mean instead of the sum", reference ** (1 / n)
    yield "1 / sum(p^2), another measure", 1 / (rows**2).sum(axis=-1)
    yield "1 / max(p), another measure", 1 / rows.max(axis=-1)
    yield "the number of entries above 0", (rows > 0).sum(axis=-1)
    yield "-ln p without the factor p", np.exp(-np.log(rows).mean(axis=-1))
    yield "a perplexity that sums along the last dimension, whatever dim is", np.exp(entropy(p))
    yield "a perplexity that sums along the first dimension", np.exp(entropy(np.moveaxis(p, 0, -1)))
    yield "a perplexity that sums over the whole tensor", np.exp(entropy(p.ravel()))
    for power in range(3, 13):
        for q in (rows + 10.0**-power, rows.clip(10.0**-power)):
            yield "a perplexity that adds a small number to p", np.exp(-(q * np.log(q)).sum(axis=-1))


def tokens_for_mass(reference, p, mass=0.9):
    def counted(values, share):
        return (np.cumsum(values) < share).sum() + 1

    largest_first = -np.sort(-p)
    yield "a count that takes the entries as they come, not the largest first", counted(p, mass)
    yield "a count that takes the smallest entries first", counted(np.sort(p), mass)
    yield "a count that takes 0.9, whatever mass is", counted(largest_first, 0.9)
    yield "a count for 1 - mass", counted(largest_first, 1 - mass)
    yield "the entries that are left over", len(p) - reference + 1
    yield "a share of the entries, not of the mass", math.ceil(mass * len(p))
    yield "the entries that are above 1 - mass, each by itself", (p > 1 - mass).sum()
    yield "a count that counts equal entries once", counted(-np.unique(-p), mass)
    yield from off_by_one(reference)


def crossing_temperature(reference, narrow, wide, n_points=100, outlier=6.0):
    yield "the article's own crossing, for r = 0.4 and r = 5", 1.49641
    for end in (0.2, 10.0):
        yield "the end of the interval: keep the half in which the sign changes", end
    yield "a softmax that multiplies by T instead of dividing", 1 / reference


def shares(results):
    return {r: {t: e["probs"][-1] for t, e in by_t.items()} for r, by_t in results.items()}


def verdict_c4(reference, results, temperature=0.5):
    at_t = [by_t[temperature] for by_t in shares(results).values()]
    everywhere = [share for by_t in shares(results).values() for share in by_t.values()]
    yield "the largest over the ranges", max(at_t)
    yield "the mean over the ranges", np.mean(at_t)
    yield "the first range only", at_t[0]
    yield "the last range only", at_t[-1]
    yield "the smallest over all temperatures, not at the one that is given", min(everywhere)
    lowest = [by_t[min(by_t)] for by_t in shares(results).values()]
    yield "the smallest at the lowest temperature, which is T = 0.5 in the article", min(lowest)
    yield (
        "the largest probability, not the outlier's",
        min(by_t[temperature]["probs"].max() for by_t in results.values()),
    )


def verdict_c5(reference, results):
    def steps(measure=lambda p: np.exp(entropy(p)), order=sorted):
        ordered = [np.array([measure(by_t[t]["probs"]) for t in order(by_t)]) for by_t in results.values()]
        return [np.diff(values) for values in ordered]

    right = steps()
    yield "a value that takes the temperatures as they come: sort them", np.concatenate(steps(order=list)).min()
    yield "a value in which the sign is turned round", -reference["value"]
    magnitudes = [np.diff(np.sort(np.append(0, step.cumsum()))) for step in right]
    yield "a value that sorts the perplexities, not the temperatures", np.concatenate(magnitudes).min()
    yield "the largest step", np.concatenate(right).max()
    yield "the step from the lowest temperature to the highest at once", min(step.sum() for step in right)
    yield "the first range only", right[0].min()
    yield "the last range only", right[-1].min()
    yield "entropies instead of perplexities", np.concatenate(steps(entropy)).min()


def verdict_c6(reference, results, narrow=0.4):
    mine = list(shares(results)[narrow].values())
    yield "the largest over the temperatures", max(mine)
    yield "the mean over the temperatures", np.mean(mine)
    yield "the smallest over all ranges", min(min(by_t.values()) for by_t in shares(results).values())
    yield "the first range, whatever narrow is", min(next(iter(shares(results).values())).values())
    lowest = min(results[narrow])
    yield "the share at the lowest temperature only", shares(results)[narrow][lowest]
    yield "the largest probability, not the outlier's", min(e["probs"].max() for e in results[narrow].values())


def verdict_c7(reference, results, narrow=0.4, wide=5):
    def gaps(low, high, measure=lambda p: np.exp(entropy(p))):
        pairs = [(results[high][t]["probs"], results[low][t]["probs"]) for t in results[low]]
        return np.array([measure(b) - measure(a) for b, a in pairs])

    right = gaps(narrow, wide)
    yield "perplexity(narrow) - perplexity(wide)", -right.max()
    yield "the largest over the temperatures", right.max()
    yield "a difference without its sign", np.abs(right).min()
    yield "the difference at the first temperature only", right[0]
    yield "the mean over the temperatures", right.mean()
    yield "entropies instead of perplexities", gaps(narrow, wide, entropy).min()
    yield "a ratio instead of a difference", np.exp(gaps(narrow, wide, entropy).min())
    yield "shares of the outlier instead of perplexities", gaps(wide, narrow, lambda p: p[-1]).min()
    first, *_, last = results
    yield "the first and the last range, whatever narrow and wide are", gaps(first, last).min()


def verdict_c8(reference, x, other, temperature=1.0):
    x, other = x.astype(np.float64), other.astype(np.float64)

    def gap(scale):
        return softmax(x * scale) - softmax(other * scale)

    right = gap(1 / temperature)
    yield "a verdict that compares the logits, not their softmaxes", np.abs(x - other).max()
    yield "the sum of the differences", np.abs(right).sum()
    yield "the mean of the differences", np.abs(right).mean()
    yield "their Euclidean distance", np.sqrt((right**2).sum())
    yield "the largest difference with its sign", right.max()
    largest = [softmax(v / temperature).max() for v in (x, other)]
    yield "the difference of the two largest probabilities", abs(largest[0] - largest[1])
    yield "a verdict that ignores the temperature", np.abs(gap(1.0)).max()
    yield "a verdict that multiplies by T instead of dividing", np.abs(gap(temperature)).max()
    in_order = [np.sort(softmax(v / temperature)) for v in (x, other)]
    yield "a verdict that sorts the probabilities first", np.abs(in_order[0] - in_order[1]).max()


MISTAKES = {
    function.__name__: function
    for function in (
        softmax_t,
        iterative_softmax_experiment,
        decay_ratios,
        contraction_rate,
        trusted_steps,
        temperature_range_experiment,
        outlier_mass,
        perplexity,
        tokens_for_mass,
        crossing_temperature,
        verdict_c4,
        verdict_c5,
        verdict_c6,
        verdict_c7,
        verdict_c8,
    )
}
