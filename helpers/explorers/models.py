"""The explorers' numbers: what each one shows, computed for one setting of its controls, without a figure.

They join several of the course's quantities in one pass, so that a slider can follow the hand, and stay on the CPU,
whatever torch's default device is: there every number format exists.
"""

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ..measures import perplexity, tokens_for_mass
from ..softmax import softmax_t

VOCABULARY = 128_256
DRAWS = 1000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chain:
    """A few logits, and what softmax makes of them, applied again and again.

    Attributes
        logits: shape (n,).
        temperature: T.
        path: the distribution after each softmax, shape (times, n).
    """

    logits: Floats
    temperature: float
    path: Floats


def chain_softmax(logits: Floats, temperature: float = 1.0, times: int = 1) -> Chain:
    """Apply softmax to logits, then to its own output.

    Arguments
        logits: shape (n,).
        temperature: T > 0, of every softmax.
        times: how many of them, 1 or more.

    Returns Chain, in float64.

    >>> chain_softmax(np.array([1.0, 3.0]), times=2).path.round(3).tolist()
    [[0.119, 0.881], [0.318, 0.682]]
    """
    p = torch.tensor(logits, dtype=torch.float64, device="cpu")
    path = [p := softmax_t(p, temperature) for _ in range(times)]
    return Chain(logits, temperature, torch.stack(path).numpy())


@dataclass(frozen=True)
class Repeated:
    """What repeated softmax does from two starts, evenly spaced logits and one-hot, in this order.

    Attributes
        n_points, temperature, dtype: the arguments of repeat_from_two_starts.
        largest: each distribution's largest entry, shape (steps + 1, 2), step 0 being the start.
        deviation: of the same shape, the sample deviation (ddof = 1) of the dtype's own numbers, taken in float64.
    """

    n_points: int
    temperature: float
    dtype: str
    largest: Floats
    deviation: Floats


def repeat_from_two_starts(
    n_points: int = 20, steps: int = 8, temperature: float = 1.0, dtype: str = "float64"
) -> Repeated:
    """Repeat p <- softmax(p / T) from the softmax (T = 1) of evenly spaced values in [0, 1], and from a one-hot.

    Both starts are largest in their last entry: where each ends in one peak, it is the same.

    Arguments
        n_points: entries, 2 or more.
        steps: repetitions, 0 or more.
        temperature: T > 0.
        dtype: the name of a floating dtype of torch.

    Returns Repeated.

    Raises what softmax_t raises.

    >>> repeat_from_two_starts(temperature=0.1, steps=30).largest[-1].round(3).tolist()
    [0.05, 0.999]
    """
    torch_dtype = getattr(torch, dtype)
    path = torch.zeros((steps + 1, 2, n_points), dtype=torch_dtype, device="cpu")
    path[0, 0] = softmax_t(torch.linspace(0, 1, n_points, dtype=torch_dtype, device="cpu"))
    path[0, 1, -1] = 1
    for k in range(steps):
        for start in (0, 1):  # row by row: for two rows torch wakes its threads, which takes far longer
            path[k + 1, start] = softmax_t(path[k, start], temperature)
    path = path.double()
    deviation = (path - path[..., :1]).std(-1)  # the shift makes equal entries exactly 0
    return Repeated(n_points, temperature, dtype, path.amax(-1).numpy(), deviation.numpy())


@dataclass(frozen=True)
class Weighed:
    """What softmax gives to evenly spaced logits and one outlier, the last entry.

    Attributes
        temperature: T.
        logits, probabilities: shape (n + 1,).
        held: the mass of the k most likely entries, k = 1 to n + 1.
        share: the outlier's probability.
        perplexity: effective number of entries.
        nucleus: how many entries hold 90 %.
    """

    temperature: float
    logits: Floats
    probabilities: Floats
    held: Floats
    share: float
    perplexity: float
    nucleus: int


def weigh_outlier(
    half_range: float = 0.4, temperature: float = 1.0, outlier: float = 6.0, n_points: int = 100
) -> Weighed:
    """Weigh one outlier against evenly spaced logits.

    Arguments
        half_range: the logits lie in [-half_range, half_range].
        temperature: T > 0.
        outlier: one more logit.
        n_points: the number of logits beside it.

    Returns Weighed, in float64.

    >>> weigh_outlier(half_range=5).nucleus
    22
    """
    logits = torch.full((n_points + 1,), outlier, dtype=torch.float64, device="cpu")
    logits[:-1] = torch.linspace(-half_range, half_range, n_points, dtype=torch.float64, device="cpu")
    p = softmax_t(logits, temperature)
    held = p.sort(descending=True).values.cumsum(0)
    return Weighed(
        temperature,
        logits.numpy(),
        p.numpy(),
        held.numpy(),
        p[-1].item(),
        perplexity(p).item(),
        tokens_for_mass(p, 0.9),
    )


@dataclass(frozen=True)
class Shared:
    """How a vocabulary shares the mass.

    Attributes
        spread, temperature, mass: the arguments of share_vocabulary.
        probabilities: largest first, shape (VOCABULARY,).
        held: the mass of the k most likely tokens, of the same shape.
        nucleus: how many tokens hold `mass`.
        distinct: how many different tokens DRAWS draws show on average.
    """

    spread: float
    temperature: float
    mass: float
    probabilities: Floats
    held: Floats
    nucleus: int
    distinct: float


def share_vocabulary(spread: float = 3.0, temperature: float = 1.0, mass: float = 0.9) -> Shared:
    """Share the mass among a vocabulary whose logits are one fixed draw from N(0, spread^2).

    Arguments
        spread: the logits' standard deviation, 0 or more.
        temperature: T > 0.
        mass: the nucleus's share, in (0, 1).

    Returns Shared, in float64. The draw is made and sorted once.

    >>> share_vocabulary(spread=0).distinct.__round__()
    996
    """
    weights = np.exp(_gaps() * (spread / temperature))  # the largest is 1: nothing overflows
    p = weights / weights.sum()
    held = p.cumsum()
    nucleus = min(int(held.searchsorted(mass)) + 1, VOCABULARY)
    missed = np.exp(DRAWS * np.log1p(-np.minimum(p, 1 - 1e-16)))  # how likely a token is in none of the draws
    return Shared(spread, temperature, mass, p, held, nucleus, float((1 - missed).sum()))


@functools.cache
def _gaps() -> Floats:
    """Return the vocabulary's logits at spread 1, largest first, less the largest: sorting is what takes time."""
    # The seed gives a draw whose nuclei lie close to the median of many draws.
    logits = np.sort(np.random.default_rng(5).standard_normal(VOCABULARY))[::-1]
    gaps: Floats = logits - logits[0]
    return gaps
