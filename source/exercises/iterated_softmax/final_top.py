"""Where repeated softmax ends: the largest probability."""

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, number, variants, within

from ...oracle import softmax

ASPECTS = {"the largest probability": 0}  # a bonus, without points
(TOP,) = ASPECTS
SHOWN = (
    "Three steps at T = 1 bring the top of a hill of six values to {number:.4f}, and 1/6 is where it is all flat. "
    "Whether your loop flattens at every temperature, the next cells show."
)
SHOWN_FROM = ("three steps at temperature 1", 0)

LOOP = (
    "Each distribution is the softmax of the one before it, and the temperature acts in every softmax, the first too."
)
NO_STEP = "After no step the largest probability is that of the start."


def _case(book, name, diagnosis, start, temperature, **steps):
    p = start
    for _ in range(steps.get("n_steps", 300)):
        p = softmax(p, temperature)
    expected = number(max(p), within(rtol=1e-9))
    return case(name, TOP, expected, diagnosis, book.tensor(np.array(start)), temperature, **steps)


def public(book):
    """Return the cases; just above 0.2605 a one-hot start falls to uniform, so here 300 steps are not yet enough."""
    one_hot, hill = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0], [0.1, 0.15, 0.2, 0.25, 0.2, 0.1]
    return [
        _case(book, "three steps at temperature 1", LOOP, hill, 1.0, n_steps=3),
        _case(book, "one-hot at temperature 0.2605", LOOP, one_hot, 0.2605),
        _case(book, "no step", NO_STEP, hill, 0.5, n_steps=0),
    ]


def right_by_torch(start, temperature, n_steps=300):
    p = start.clone()
    for _ in range(n_steps):
        p = torch.softmax(p / temperature, dim=0)
    return float(torch.max(p))


def right_by_the_helpers(start, temperature, n_steps=300):
    rows = [start]
    while len(rows) <= n_steps:
        rows.append(helpers.softmax_t(rows[-1], temperature))
    return rows[n_steps].max()


def right_by_numpy(start, temperature, n_steps=300):
    p = start.numpy()
    for _ in range(n_steps):
        weights = np.exp((p - p.max()) / temperature)
        p = weights / weights.sum()
    return np.max(p)


def right_by_recursion(start, temperature, n_steps=300):
    def top(p, left):
        return top(torch.softmax(p / temperature, 0), left - 1) if left else p.max()

    return top(start, n_steps)


def wrong_ignores_the_temperature(start, temperature, n_steps=300):
    """the temperature acts in every softmax"""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(p, 0)
    return p.max().item()


def wrong_multiplies_by_T(start, temperature, n_steps=300):
    """the temperature acts in every softmax"""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(p * temperature, 0)
    return p.max().item()


def wrong_one_step_too_many(start, temperature, n_steps=300):
    """Your numbers match one step more than n_steps."""
    p = torch.softmax(start / temperature, 0)
    for _ in range(n_steps):
        p = torch.softmax(p / temperature, 0)
    return p.max().item()


def wrong_at_least_one_step(start, temperature, n_steps=300):
    """After no step"""
    p = torch.softmax(start / temperature, 0)
    for _ in range(1, n_steps):
        p = torch.softmax(p / temperature, 0)
    return p.max().item()


def wrong_always_300_steps(start, temperature, n_steps=300):
    """Your numbers match 300 steps, whatever n_steps is."""
    p = start
    for _ in range(300):
        p = torch.softmax(p / temperature, 0)
    return p.max().item()


def wrong_never_repeats(start, temperature, n_steps=300):
    """Your numbers match the softmax of the start at every step: each step takes what the last one gave."""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(start / temperature, 0)
    return p.max().item()


def wrong_assigns_nothing(start, temperature, n_steps=300):
    """Your numbers match the start: keep what each step gives, p = ..."""
    p = start
    for _ in range(n_steps):
        torch.softmax(p / temperature, 0)
    return p.max().item()


def wrong_first_softmax_every_time(start, temperature, n_steps=300):
    """Your numbers match one softmax of the start: keep what each step gives, p = ..."""
    p = torch.softmax(start / temperature, 0)
    for _ in range(n_steps):
        torch.softmax(p / temperature, 0)
    return p.max().item()


@variants(steps=[30, 100, 299, 301, 1000])
def wrong_other_default(start, temperature, n_steps=None, *, steps):
    """Each distribution is the softmax of the one before it"""
    p = start
    for _ in range(steps if n_steps is None else n_steps):
        p = torch.softmax(p / temperature, 0)
    return p.max().item()


def wrong_temperature_at_most(start, temperature, n_steps=300):
    """the temperature acts in every softmax"""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(p / min(temperature, 0.5), 0)
    return p.max().item()


def wrong_smallest(start, temperature, n_steps=300):
    """Each distribution is the softmax of the one before it"""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(p / temperature, 0)
    return p.min().item()


def wrong_where_instead_of_how_much(start, temperature, n_steps=300):
    """Each distribution is the softmax of the one before it"""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(p / temperature, 0)
    return p.argmax().item()


def wrong_uniform(start, temperature, n_steps=300):
    """Each distribution is the softmax of the one before it"""
    return 1 / len(start) if n_steps else start.max().item()


def wrong_returns_the_distribution(start, temperature, n_steps=300):
    """One number is asked for: which of these?"""
    p = start
    for _ in range(n_steps):
        p = torch.softmax(p / temperature, 0)
    return p


def wrong_writes_into_its_input(start, temperature, n_steps=300):
    """your function wrote into its argument"""
    for _ in range(n_steps):
        start.copy_(torch.softmax(start / temperature, 0))
    return start.max().item()


@variants(change=[1e-5, 1e-6, 1e-7])
def wrong_stops_when_it_nearly_stands_still(start, temperature, n_steps=300, *, change):
    """Your numbers match a loop that stops when it nearly stands still: take all n_steps, for it still moves."""
    p = start
    for _ in range(n_steps):
        before, p = p, torch.softmax(p / temperature, 0)
        if (p - before).abs().max() < change:
            break
    return p.max().item()


def wrong_runs_until_it_settles(start, temperature, n_steps=300):
    """Each distribution is the softmax of the one before it"""
    p, before = start, torch.zeros_like(start)
    while n_steps and (p - before).abs().max() > 1e-14:
        p, before = torch.softmax(p / temperature, 0), p
    return p.max().item()
