"""The factor by which every further softmax shrinks the deviations."""

import math

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, number, variants, within

ASPECTS = {"the number of points": 1, "the temperature": 1}
POINTS, TEMPERATURE = ASPECTS
SHOWN = (
    "The rate is 1/(nT): for 4 points at T = 0.65 you found {number:.4g}. More points or a higher temperature flatten"
    " faster."
)
SHOWN_FROM = ("4 points, temperature 0.65", 0)

RATE = "The derivative of softmax at the uniform distribution shrinks every deviation by the same factor. Which?"
RATE_T = (
    "How does the temperature enter the derivative of exp(p / T)? Who measures has to go on until the later deviation "
    "is near 1e-10."
)


def _case(name, aspect, diagnosis, n_points, temperature=None):
    rate = 1 / (n_points * (temperature or 1.0))
    given = {} if temperature is None else {"temperature": temperature}
    return case(name, aspect, number(rate, within(rtol=0.0105)), diagnosis, n_points, **given)


def public(book):
    return [
        _case("6 points", POINTS, RATE, 6),
        _case("4 points, temperature 0.65", TEMPERATURE, RATE_T, 4, 0.65),
    ]


def hidden(book, rng):
    """Draw rates that no rounding to 3 decimals gives, and one that only a late ratio comes near."""

    def draw(name, aspect, diagnosis, few, many, low=None, high=None):
        while True:
            n_points, temperature = rng.randint(few, many), low and rng.uniform(low, high)
            rate = 1 / (n_points * (temperature or 1))
            if abs(round(rate, 3) / rate - 1) > 0.015:
                return _case(name, aspect, diagnosis, n_points, temperature)

    return [
        draw("many points", POINTS, RATE, 70, 98),
        draw("a high temperature", TEMPERATURE, RATE_T, 5, 9, 10, 15),
        _case("4 points at a low temperature", TEMPERATURE, RATE_T, 4, rng.uniform(0.55, 0.585)),
    ]


def right_by_theory(n_points, temperature=1.0):
    return 1 / n_points / temperature


def right_by_measuring(n_points, temperature=1.0):
    p = torch.softmax(torch.linspace(0, 1, n_points, dtype=torch.float64) / temperature, 0)
    stds = [p.std().item()]
    while stds[-1] > 1e-10:
        p = torch.softmax(p / temperature, 0)
        stds.append(p.std().item())
    return stds[-2] / stds[-3]


def right_by_numpy(n_points, temperature=1.0):
    p, rates = np.linspace(0, 1, n_points), []
    for _ in range(6):
        weights = np.exp(p / temperature)
        p = weights / weights.sum()
        rates.append(p.std())
    return rates[-1] / rates[-2]


def right_by_the_jacobian(n_points, temperature=1.0):
    uniform = torch.full((n_points,), 1 / n_points, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda p: torch.softmax(p / temperature, 0), uniform)
    return torch.linalg.eigvalsh(jacobian).max()


def right_by_a_small_step(n_points, temperature=1.0):
    p = torch.full((n_points,), 1 / n_points, dtype=torch.float64)
    step = torch.zeros(n_points, dtype=torch.float64)
    step[0], step[1] = 1e-5, -1e-5
    moved = helpers.softmax_t(p + step, temperature)
    return ((moved[0] - moved[1]) / 2e-5).item()


def wrong_the_articles_rate(n_points, temperature=1.0):
    """Your numbers match the rate of 20 points."""
    return 0.05


def wrong_ignores_the_temperature(n_points, temperature=1.0):
    """Your numbers match a rate that ignores the temperature."""
    return 1 / n_points


def wrong_multiplies_by_T(n_points, temperature=1.0):
    """Your numbers match a rate that multiplies by T."""
    return temperature / n_points


def wrong_T_squared(n_points, temperature=1.0):
    """Your numbers match a rate that divides by T twice."""
    return 1 / (n_points * temperature**2)


def wrong_exponential(n_points, temperature=1.0):
    """How does the temperature enter"""
    return math.exp(1 / temperature - 1) / n_points


def wrong_temperature_in_the_exponent(n_points, temperature=1.0):
    """How does the temperature enter"""
    return n_points ** (-1 / temperature)


def wrong_one_less(n_points, temperature=1.0):
    """Your numbers match a rate with n - 1 instead of n."""
    return 1 / ((n_points - 1) * temperature)


def wrong_one_more(n_points, temperature=1.0):
    """Your numbers match a rate with n + 1 instead of n."""
    return 1 / ((n_points + 1) * temperature)


def wrong_slope(n_points, temperature=1.0):
    """Your numbers match the slope of figure 1b: not the rate but its logarithm."""
    return -math.log(n_points * temperature)


def wrong_variance(n_points, temperature=1.0):
    """Your numbers match the ratio of the variances, not of the deviations."""
    return 1 / (n_points * temperature) ** 2


def wrong_inverse(n_points, temperature=1.0):
    """Your numbers match the rate upside down."""
    return n_points * temperature


def wrong_first_ratio(n_points, temperature=1.0):
    """Your numbers match the very first ratio: it has not settled yet."""
    p = torch.softmax(torch.linspace(0, 1, n_points, dtype=torch.float64) / temperature, 0)
    return (torch.softmax(p / temperature, 0).std() / p.std()).item()


@variants(k=[2, 3])
def wrong_an_early_ratio(n_points, temperature=1.0, *, k):
    """go on until the later deviation"""
    p = torch.softmax(torch.linspace(0, 1, n_points, dtype=torch.float64) / temperature, 0)
    for _ in range(int(k)):
        before, p = p, torch.softmax(p / temperature, 0)
    return (p.std() / before.std()).item()


def wrong_temperature_at_least_1(n_points, temperature=1.0):
    """Your numbers match a rate that ignores the temperature."""
    return 1 / (n_points * max(temperature, 1.0))


def wrong_temperature_at_most_5(n_points, temperature=1.0):
    """How does the temperature enter"""
    return 1 / (n_points * min(temperature, 5.0))


def wrong_other_default_temperature(n_points, temperature=2.0):
    """shrinks every deviation by the same factor"""
    return 1 / (n_points * temperature)


def wrong_measures_too_long(n_points, temperature=1.0):
    """shrinks every deviation by the same factor"""
    p = torch.softmax(torch.linspace(0, 1, n_points, dtype=torch.float64) / temperature, 0)
    for _ in range(20):
        before, p = p, torch.softmax(p / temperature, 0)
    return (p.std() / before.std()).item()


def wrong_measures_in_float32(n_points, temperature=1.0):
    """shrinks every deviation by the same factor"""
    p = torch.softmax(torch.linspace(0, 1, n_points) / temperature, 0)
    for _ in range(8):
        before, p = p, torch.softmax(p / temperature, 0)
    return (p.std() / before.std()).item()


def wrong_measures_20_points(n_points, temperature=1.0):
    """Your numbers match the rate of 20 points."""
    p = torch.softmax(torch.linspace(0, 1, 20, dtype=torch.float64) / temperature, 0)
    for _ in range(4):
        before, p = p, torch.softmax(p / temperature, 0)
    return (p.std() / before.std()).item()


def wrong_temperature_outside_the_loop(n_points, temperature=1.0):
    """Your numbers match a rate that ignores the temperature."""
    p = torch.softmax(torch.linspace(0, 1, n_points, dtype=torch.float64) / temperature, 0)
    for _ in range(4):
        before, p = p, torch.softmax(p, 0)
    return (p.std() / before.std()).item()


def wrong_rounds(n_points, temperature=1.0):
    """rounded to 2 decimals"""
    return round(1 / (n_points * temperature), 2)


def wrong_rounds_to_3_decimals(n_points, temperature=1.0):
    """rounded to 3 decimals"""
    return round(1 / (n_points * temperature), 3)


def wrong_returns_text(n_points, temperature=1.0):
    """wrong type"""
    return f"{1 / (n_points * temperature):.4f}"


def wrong_returns_none(n_points, temperature=1.0):
    """your function returned None"""
    print(1 / (n_points * temperature))


def wrong_measures_the_eighth_step(n_points, temperature=1.0):
    """shrinks every deviation by the same factor"""
    p = torch.softmax(torch.linspace(0, 1, n_points, dtype=torch.float64) / temperature, 0)
    for _ in range(8):
        before, p = p, torch.softmax(p / temperature, 0)
    return (p.std() / before.std()).item()
