"""The article's first experiment: softmax, again and again."""

import math

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, dtype, hinted, number, row, together, variants, within

from ...oracle import floats, iterate

ASPECTS = {"repeats and deviations": 1, "the inputs": 1, "the temperature": 1, "float32": 1}
REPEATS, INPUTS, TEMPERATURE, FLOAT32 = ASPECTS
SHOWN = (
    "You have the article's experiment as code of your own: nine deviations, the first of them {number:.4f}. From "
    "here on you can change what it kept fixed: the number of points, the temperature, the number format."
)
SHOWN_FROM = ("the article's settings", 180)  # behind nine distributions of 20 points

LOOP = (
    "Each distribution is the softmax of the one before it, and the temperature acts in every softmax, the first too."
)
OF_X = "x is n_points evenly spaced values, min_val and max_val included."
FIRST = "probs[0] is softmax(x / T), and each later one is softmax(p / T) of the one before it."
OF_STDS = "stds are sample deviations of the probs (divide by n - 1), one for each."
PRECISION = "Keep the dtype of x all the way through."


def _case(book, name, aspect, diagnosis, **settings):
    """Return a case; settings left out of the call take the signature's defaults."""
    full = {"n_points": 20, "n_iters": 8, "min_val": 0.0, "max_val": 1.0, "temperature": 1.0, "dtype": "float64"}
    full |= settings
    kind, single = full["dtype"], full["dtype"] == "float32"
    u = 2.0**-24 if single else 2.0**-53
    probs, stds, x = iterate(full["n_points"], full["n_iters"], full["min_val"], full["max_val"], full["temperature"])
    largest = max(float(p) for each in probs for p in each)
    size = max(abs(full["min_val"]), abs(full["max_val"]))
    of_probs = {kind: within(rtol=2e-5 if single else 1e-9, atol=1e-9 if single else 1e-18)}
    of_stds = within(rtol=2e-5 if single else 1e-6, atol=4 * u * largest)
    expected = together(
        row((book.array(floats(each), of_probs) for each in probs), label="probs"),
        hinted(row((number(std, of_stds) for std in floats(stds)), label="stds"), OF_STDS),
        hinted(book.array(floats(x), {kind: within(atol=4 * u * size)}, label="x"), OF_X),
        order=[2, 0, 1],
    )
    given = {key: dtype(value) if key == "dtype" else value for key, value in settings.items()}
    return case(name, aspect, expected, diagnosis, **given)


def public(book):
    wide = {"n_points": 5, "n_iters": 3, "min_val": -2.0, "max_val": 3.0}
    return [
        _case(book, "the article's settings", REPEATS, FIRST),
        _case(book, "5 points in [-2, 3], 3 repeats", INPUTS, FIRST, **wide),
        _case(book, "temperature 0.5", TEMPERATURE, LOOP, n_points=6, n_iters=3, temperature=0.5),
        _case(book, "float32", FLOAT32, PRECISION, n_points=5, n_iters=2, dtype="float32"),
    ]


def hidden(book, rng):
    low, high = rng.uniform(-4, -1), rng.uniform(1, 4)
    none = {"n_points": rng.randint(4, 9), "n_iters": 0}
    many = {"n_points": rng.randint(20, 30), "n_iters": rng.randint(12, 15), "min_val": -1.0}
    cold = {
        "n_points": rng.randint(5, 9),
        "n_iters": 2,
        "min_val": 60.0,
        "max_val": 61.0,
        "temperature": rng.uniform(0.05, 0.07),
    }
    hot = {"n_points": rng.randint(5, 12), "n_iters": 3, "max_val": high * 10, "temperature": rng.uniform(15, 20)}
    single = {"n_points": rng.randint(7, 14), "n_iters": 2, "min_val": low, "max_val": high, "dtype": "float32"}
    double = {"n_points": rng.randint(7, 14), "n_iters": 2, "min_val": low / 2, "max_val": 2 * high}
    return [
        _case(book, "no repeat at all", REPEATS, FIRST, **none),
        _case(book, "more than eight repeats", REPEATS, LOOP, **many),
        _case(book, "large values at a low temperature", TEMPERATURE, LOOP, **cold),
        _case(book, "a high temperature", TEMPERATURE, LOOP, **hot),
        _case(book, "float32, another range", FLOAT32, PRECISION, **single),
        _case(book, "another range", INPUTS, FIRST, **double),
    ]


def right_by_torch_softmax(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, p = [], x
    for _ in range(n_iters + 1):
        p = torch.softmax(p / temperature, dim=0)
        probs.append(p)
    return probs, [p.std().item() for p in probs], x


def right_by_the_helpers(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [helpers.softmax_t(x, temperature)]
    while len(probs) <= n_iters:
        probs += [helpers.softmax_t(probs[-1], temperature)]
    return probs, [float(torch.std(p)) for p in probs], x


def right_by_numpy(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    kind = np.float32 if dtype == torch.float32 else np.float64
    x = np.linspace(min_val, max_val, n_points).astype(kind)
    probs, p = [], x
    for _ in range(n_iters + 1):
        weights = np.exp((p - p.max()) / kind(temperature))
        p = weights / weights.sum()
        probs.append(p)
    return [torch.from_numpy(p) for p in probs], [np.std(p, ddof=1) for p in probs], torch.from_numpy(x)


def right_by_hand(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    step = (max_val - min_val) / (n_points - 1)
    x = torch.tensor([min_val + i * step for i in range(n_points)], dtype=dtype)

    def softmax(values):
        weights = torch.exp(values / temperature - (values / temperature).max())
        return weights / weights.sum()

    probs = [softmax(x)]
    for k in range(n_iters):
        probs.append(softmax(probs[k]))
    stds = [math.sqrt(((p - p.mean()) ** 2).sum().item() / (n_points - 1)) for p in probs]
    return probs, stds, x


def right_stacked(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = torch.empty(n_iters + 1, n_points, dtype=dtype)
    probs[0] = torch.softmax(x / temperature, 0)
    for k in range(1, n_iters + 1):
        probs[k] = torch.softmax(probs[k - 1] / temperature, 0)
    return [probs, probs.std(dim=1), x]


def right_with_deviations_as_tensors(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, stds = (), ()
    for _ in range(n_iters + 1):
        probs += (torch.softmax((probs[-1] if probs else x) / temperature, -1),)
        stds += (probs[-1].std(),)
    return probs, stds, x


def right_in_log_space(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    z = (x := torch.linspace(min_val, max_val, n_points, dtype=dtype)) / temperature
    probs = []
    for _ in range(n_iters + 1):
        probs.append(torch.exp(torch.log_softmax(z, 0)))
        z = probs[-1] / temperature
    return probs, torch.stack(probs).std(dim=1), x


def wrong_one_repeat_short(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match one distribution too few: there are n_iters repeats after the first."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters - 1):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_one_deviation_short(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong length"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, stds = [torch.softmax(x / temperature, 0)], []
    for _ in range(n_iters):
        stds.append(probs[-1].std().item())
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, stds, x


def wrong_leaves_out_the_first(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that leaves out the softmax of x / T itself."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, p = [], torch.softmax(x / temperature, 0)
    for _ in range(n_iters + 1):
        p = torch.softmax(p / temperature, 0)
        probs.append(p)
    return probs, [p.std().item() for p in probs], x


def wrong_counts_the_inputs(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that begins with the inputs, not with their softmax."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [x]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_never_repeats(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that takes the softmax of x every time."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0) for _ in range(n_iters + 1)]
    return probs, [p.std().item() for p in probs], x


def wrong_stores_one_tensor_again_and_again(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """Your numbers match the last distribution in every place: each needs a tensor of its own."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    p = torch.softmax(x / temperature, 0)
    probs, stds = [p], [p.std().item()]
    for _ in range(n_iters):
        p.copy_(torch.softmax(p / temperature, 0))
        probs.append(p)
        stds.append(p.std().item())
    return probs, stds, x


def wrong_temperature_in_the_first_only(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """Your numbers match a run that has the temperature in the first softmax only."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1], 0))
    return probs, [p.std().item() for p in probs], x


def wrong_temperature_in_the_repeats_only(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """Your numbers match a run that has the temperature in the repeats only."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_ignores_the_temperature(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """Your numbers match a run that ignores the temperature."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1], 0))
    return probs, [p.std().item() for p in probs], x


def wrong_multiplies_by_T(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that multiplies by T instead of dividing."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x * temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] * temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_no_shift(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run whose softmax overflows."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, p = [], x
    for _ in range(n_iters + 1):
        p = torch.exp(p / temperature) / torch.exp(p / temperature).sum()
        probs.append(p)
    return probs, [p.std().item() for p in probs], x


def wrong_population_deviation(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a deviation that divides by n instead of n - 1."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [np.std(p.numpy()) for p in probs], x


def wrong_variances(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match variances: their roots are asked for."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.var().item() for p in probs], x


def wrong_logarithms(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match the logarithms of the deviations."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [math.log(p.std().item() + 1e-12) for p in probs], x


def wrong_deviation_of_the_inputs_first(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """Your numbers match deviations that are one place late: stds[0] is that of the inputs."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, stds, p = [], [], x
    for _ in range(n_iters + 1):
        stds.append(p.std().item())
        p = torch.softmax(p / temperature, 0)
        probs.append(p)
    return probs, stds, x


def wrong_the_articles_numbers(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong shape"""
    x = torch.linspace(0, 1, 20, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(8):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_always_from_0_to_1(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that takes x from 0 to 1, whatever min_val and max_val are."""
    x = torch.linspace(0, 1, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_leaves_out_the_end(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that leaves out max_val."""
    x = min_val + (max_val - min_val) * torch.arange(n_points, dtype=dtype) / n_points
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_random_inputs(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """n_points evenly spaced values"""
    x = torch.rand(n_points, dtype=dtype).sort().values * (max_val - min_val) + min_val
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_ignores_dtype(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong dtype"""
    x = torch.linspace(min_val, max_val, n_points)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_always_float64(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong dtype"""
    x = torch.linspace(min_val, max_val, n_points, dtype=torch.float64)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_computes_in_float32(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """as if computed in float32"""
    x = torch.linspace(min_val, max_val, n_points)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return [p.to(dtype) for p in probs], [p.std().item() for p in probs], x.to(dtype)


def wrong_other_order(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """These are the right values in another order."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return x, probs, [p.std().item() for p in probs]


def wrong_without_the_inputs(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Return all 3: probs, stds, x."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs]


def wrong_shares_first(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """probs[0] is softmax(x / T)"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [x.abs() / x.abs().sum()]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_spreads(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """stds are sample deviations"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [(p.max() - p.min()).item() for p in probs], x


def wrong_the_first_distribution_only(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """wrong length"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs[0], [p.std().item() for p in probs], x


def wrong_the_deviations_only(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Return all 3: probs, stds, x."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return [p.std().item() for p in probs]


def wrong_assigns_nothing(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that takes the softmax of x every time."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    p = torch.softmax(x / temperature, 0)
    probs, stds = [p], [p.std().item()]
    for _ in range(n_iters):
        torch.softmax(p / temperature, 0)
        probs.append(p)
        stds.append(p.std().item())
    return probs, stds, x


def wrong_repeats_the_first(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """Your numbers match a run that takes the softmax of probs[0] every time, not of the latest one."""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[0] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


@variants(least=[0.1])
def wrong_temperature_at_least(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64, *, least
):
    """the temperature acts in every softmax"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, p = [], x
    for _ in range(n_iters + 1):
        p = torch.softmax(p / max(temperature, least), 0)
        probs.append(p)
    return probs, [p.std().item() for p in probs], x


@variants(most=[10.0])
def wrong_temperature_at_most(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64, *, most
):
    """the temperature acts in every softmax"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, p = [], x
    for _ in range(n_iters + 1):
        p = torch.softmax(p / min(temperature, most), 0)
        probs.append(p)
    return probs, [p.std().item() for p in probs], x


def wrong_at_most_eight_repeats(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong length"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(min(n_iters, 8)):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_stops_when_it_is_flat(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong length"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    while len(probs) <= n_iters and (dtype == torch.float32 or probs[-1].std() > 1e-15):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def wrong_temperature_in_float32(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """the temperature (1 point)"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs, p = [], x
    for _ in range(n_iters + 1):
        p = torch.softmax(p / torch.tensor(temperature), 0)
        probs.append(p)
    return probs, [p.std().item() for p in probs], x


def wrong_returns_none(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """your function returned None"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    print([p.std().item() for p in probs])


def wrong_fails_without_a_repeat(
    n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64
):
    """your function raised"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
        stds = [p.std().item() for p in probs]
    return probs, stds, x


def wrong_other_defaults(n_points=20, n_iters=10, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    """wrong length"""
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [torch.softmax(x / temperature, 0)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x
