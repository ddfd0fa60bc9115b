"""Compute references with 50 digits, sharing no code with `helpers`.

Inputs are floats (or arrays of them) taken exactly as they are; results are floats rounded once at the end. Only
`trusted_steps`, a question about float32 itself, is answered by numpy instead of mpmath.
"""

import bisect
import itertools

import mpmath as mp
import numpy as np

mp.mp.dps = 50


def softmax(logits, temperature=1.0):
    """Return the softmax of a sequence of numbers as mpmath numbers; -inf gets probability 0."""
    scaled = [mp.mpf(x) / mp.mpf(temperature) for x in logits]
    largest = max(scaled)
    weights = [mp.exp(z - largest) for z in scaled]
    total = mp.fsum(weights)
    return [w / total for w in weights]


def softmax_array(x, temperature=1.0, dim=-1):
    """Return the softmax of an array along ``dim`` in float64, each entry correctly rounded."""
    return np.apply_along_axis(lambda row: floats(softmax(row.tolist(), temperature)), dim, x)


def linspace(low, high, n):
    """Return n evenly spaced numbers from ``low`` to ``high``, both included."""
    low, high = mp.mpf(low), mp.mpf(high)
    return [low + (high - low) * i / (n - 1) for i in range(n)]


def deviation(values):
    """Return the sample standard deviation (ddof = 1)."""
    mean = mp.fsum(values) / len(values)
    return mp.sqrt(mp.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def iterate(n_points, n_iters, low, high, temperature):
    """Return (distributions, deviations, inputs) of softmax applied n_iters + 1 times, as mpmath numbers."""
    x = linspace(low, high, n_points)
    probs = [softmax(x, temperature)]
    for _ in range(n_iters):
        probs.append(softmax(probs[-1], temperature))
    return probs, [deviation(p) for p in probs], x


def logits_with_outlier(r, n_points, outlier):
    """Return n_points logits in [-r, r] and the outlier."""
    return [*linspace(-mp.mpf(r), mp.mpf(r), n_points), mp.mpf(outlier)]


def perplexity(p):
    """Return exp of the entropy in nats; a zero probability adds nothing."""
    return mp.exp(-mp.fsum(mp.mpf(v) * mp.log(v) for v in p if v > 0))


def tokens_for_mass(p, mass, tile=1, margin=1e-4):
    """Return the fewest entries, ``tile`` of each, that sum to at least ``mass``; refuses a tie within ``margin``."""
    mass, total, count = mp.mpf(mass), mp.mpf(0), 0
    for value in sorted(map(mp.mpf, p), reverse=True):
        if total + tile * value >= mass:
            break
        total, count = total + tile * value, count + tile
    more = int(mp.ceil((mass - total) / value))
    last = total + more * value
    if min(last - mass, mass - (last - value)) < margin:
        raise ValueError(f"mass {mass} is within {margin} of a tie")
    return count + more


def sample_tokens(p, uniform, tile=1, margin=1e-7):
    """Return the token of each number u of ``uniform``: the first whose cumulative sum lies above u.

    Every entry stands ``tile`` times, one copy of p after the other. Where all of p sums to u or less, it is the last
    token that has a probability. Refuses a u within ``margin`` of a cumulative sum, unless it is that very number.
    """
    sums = list(itertools.accumulate(map(mp.mpf, list(p) * tile)))
    last = max(k for k, value in enumerate(sums) if not k or value > sums[k - 1])
    found = []
    for u in map(mp.mpf, uniform):
        token = bisect.bisect_right(sums, u)
        if any(0 < abs(each - u) < margin for each in sums[max(token - 1, 0) : token + 1]):
            raise ValueError(f"{float(u)} is within {margin} of a cumulative sum")
        found.append(min(token, last))
    return found


def crossing_temperature(narrow, wide, n_points, outlier):
    """Return the T in [0.2, 10] where the two ranges have equal perplexity; refuses none, several or a grazing one."""
    wide_logits, narrow_logits = (logits_with_outlier(r, n_points, outlier) for r in (wide, narrow))

    def gap(t):
        return mp.log(perplexity(softmax(wide_logits, t)) / perplexity(softmax(narrow_logits, t)))

    with mp.workdps(20):
        grid = [mp.mpf("0.2") * mp.mpf(50) ** (mp.mpf(i) / 40) for i in range(41)]
        signs = [mp.sign(gap(t)) for t in grid]
    places = [i for i in range(40) if signs[i] != signs[i + 1]]
    if len(places) != 1:
        raise ValueError(f"{len(places)} crossings in [0.2, 10], not one")
    with mp.workdps(30):
        root = mp.findroot(gap, (grid[places[0]], grid[places[0] + 1]), solver="anderson", tol=1e-25)
    if abs(mp.diff(gap, root, h=1e-8)) * root < 0.05:
        raise ValueError("the perplexities only graze each other")
    return root


def trusted_steps(n_points, rtol, kind="float32"):
    """Count the deviations in a number format that agree with the true ones, in every honest way of taking them.

    ``kind`` is float32, float16 or bfloat16; the halves take each softmax in float32 and round it once. Refuses a case
    where two ways disagree, or where one comes within a quarter of ``rtol``.
    """
    rounded = ROUNDED[kind]
    _, exact, inputs = iterate(n_points, 8, 0, 1, 1)
    exact = np.array(floats(exact))
    place, step = np.arange(n_points), float(rounded(1 / (n_points - 1)))
    by_steps = np.where(place < n_points // 2, place * step, 1 - (n_points - 1 - place) * step)
    grids = [rounded(grid) for grid in (floats(inputs), np.linspace(0, 1, n_points, dtype=np.float32), by_steps)]
    softmaxes = [
        lambda p: np.exp(p) / np.exp(p).sum(),
        lambda p: np.exp(p - p.max()) / np.exp(p - p.max()).sum(),
        lambda p: np.exp(p.astype(np.float64)) / np.exp(p.astype(np.float64)).sum(),
    ]
    rulers = [
        lambda p: np.std(p, ddof=1),
        lambda p: np.std(p.astype(np.float64), ddof=1),
        lambda p: rounded(np.std(p, ddof=1)),
    ]
    counts = set()
    for grid in grids:
        for softmax_of in softmaxes:
            probs = [rounded(softmax_of(grid))]
            for _ in range(8):
                probs.append(rounded(softmax_of(probs[-1])))
            for ruler in rulers:
                errors = [abs(float(ruler(p)) - s) / s for p, s in zip(probs, exact, strict=True)]
                for bound in (rtol / 1.25, rtol, rtol * 1.25):
                    counts.add(next((k for k, error in enumerate(errors) if not error <= bound), 9))
    if len(counts) != 1:
        raise ValueError(f"honest ways disagree at n = {n_points}, rtol = {rtol}, {kind}: {sorted(counts)}")
    return counts.pop()


def bfloat16(values):
    """Round numbers to bfloat16, the nearest one with the even last bit, as float32."""
    bits = np.float32(values).view(np.uint32)
    return np.uint32((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & 0xFFFF0000).view(
        np.float32
    )


ROUNDED = {"float32": np.float32, "float16": lambda values: np.float32(np.float16(values)), "bfloat16": bfloat16}


def floats(values):
    """Round mpmath numbers to float64."""
    return [float(v) for v in values]
