"""Tokens by inverse transform sampling: uniform random numbers looked up in the cumulative sum."""

import bisect
import itertools

import numpy as np
import torch

from grading.authoring.exercise import case, variants, within

from ... import oracle

ASPECTS = {"a token for each number": 0.5, "boundaries, zeros and the end": 0.5}
TOKENS, EDGES = ASPECTS

LOOK_UP = "Add up p from the left, in float64; the token of u is the first whose cumulative sum lies above u."
BOUNDARY = "Where u is a cumulative sum, the next token with a probability above 0 is drawn: the sum must lie above u."
END = "Rounding can leave the whole sum below u: then it is the last token with a probability above 0."

SHOWN = (
    "The random number 0.9 fell into the piece of token {number:.0f}. A token with a longer piece catches more of "
    "them: so a model's probabilities become a text."
)
SHOWN_FROM = ("four tokens", 0)


def _case(book, name, aspect, diagnosis, p, uniform, tile=None, margin=1e-5):
    p, uniform = np.asarray(p), np.asarray(uniform, np.float64)
    tokens = oracle.sample_tokens(p.tolist(), uniform.tolist(), tile or 1, margin)
    expected = book.array(np.array(tokens), dict.fromkeys(("int64", "int32"), within()), "tokens")
    return case(name, aspect, expected, diagnosis, book.tensor(p, tile), book.tensor(uniform))


def public(book):
    short = np.array([0.25, 0.375, 0.375 - 2.0**-20, 0.0], np.float32)
    return [
        _case(book, "four tokens", TOKENS, LOOK_UP, [0.2, 0.5, 0.05, 0.25], [0.9, 0.1, 0.3, 0.72, 0.69]),
        _case(book, "numbers on a boundary", EDGES, BOUNDARY, [0.0, 0.5, 0.0, 0.25, 0.25], [0.0, 0.5, 0.2, 0.75]),
        _case(book, "a sum just below 1", EDGES, END, short, [0.3, 1 - 2.0**-30], margin=1e-7),
    ]


def hidden(book, rng):
    def drawn(make):
        while True:  # a number near a boundary is drawn again
            try:
                return make()
            except ValueError:
                continue

    def vocabulary():
        """Draw numbers that lie a hair above or below a boundary: float32 takes them for the token beside it."""
        p = np.array([rng.uniform(0.2, 1.8) for _ in range(501)])
        p /= p.sum() * 256
        sums = np.cumsum(np.tile(p, 256))
        near = [sums[rng.randrange(2000, 126_000)] + rng.choice((-1e-9, 1e-9)) for _ in range(24)]
        return _case(book, "a vocabulary of 128 256", TOKENS, LOOK_UP, p, near, tile=256, margin=1e-10)

    def boundaries():
        cuts = [0, *sorted(rng.sample(range(4, 60), 6)), 64]
        parts = np.diff(cuts) / 64
        p = np.array([0.0, *parts[:3], 0.0, 0.0, *parts[3:], 0.0], np.float32)
        uniform = [cut / 64 for cut in cuts[:-1]]
        rng.shuffle(uniform)
        return _case(book, "masked tokens, every number on a boundary", EDGES, BOUNDARY, p, uniform)

    def end():
        p = np.array([rng.uniform(0.5, 1.5) for _ in range(9)])
        p = np.float32([*(p / p.sum() * (1 - 3e-7)), 0.0, 0.0])
        uniform = [rng.random() for _ in range(4)] + [1 - rng.uniform(1e-10, 1e-9)]
        rng.shuffle(uniform)
        return _case(book, "numbers close to 1, the last tokens masked", EDGES, END, p, uniform, margin=1e-7)

    return [drawn(vocabulary), drawn(boundaries), drawn(end)]


def right_by_searchsorted(p, uniform):
    last = p.nonzero()[-1]
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=last)


def right_by_scaling(p, uniform):
    cumulative = torch.cumsum(p, dim=0, dtype=torch.float64)
    return torch.searchsorted(cumulative, uniform * cumulative[-1], side="right")


def right_by_numpy(p, uniform):
    cumulative = np.cumsum(p.numpy(), dtype=np.float64)
    last = np.flatnonzero(p.numpy())[-1]
    return torch.from_numpy(np.minimum(np.searchsorted(cumulative, uniform.numpy(), side="right"), last))


def right_by_a_loop(p, uniform):
    sums = list(itertools.accumulate(p.tolist()))
    last = max(k for k, value in enumerate(p.tolist()) if value > 0)
    return torch.tensor([min(bisect.bisect_right(sums, u), last) for u in uniform.tolist()])


def right_by_counting(p, uniform):
    cumulative = p.to(torch.float64).cumsum(0)
    cumulative[cumulative >= cumulative[-1]] = float("inf")
    return torch.stack([(cumulative <= u).sum() for u in uniform])


def right_by_the_first_above(p, uniform):
    above = p.double().cumsum(0) > uniform[:, None]
    above[:, p.nonzero()[-1]] = True
    return above.int().argmax(dim=1)


def wrong_boundary_to_the_token_below(p, uniform):
    """Your numbers match a search for the first sum that reaches u: it must lie above u."""
    return torch.searchsorted(p.double().cumsum(0), uniform).clamp(max=p.nonzero()[-1])


def wrong_boundary_by_scaling(p, uniform):
    """Your numbers match a search for the first sum that reaches u: it must lie above u."""
    cumulative = p.double().cumsum(0)
    return torch.searchsorted(cumulative, uniform * cumulative[-1])


def wrong_past_the_end(p, uniform):
    """Your numbers match a search that runs past the last token where all of p sums to less than u."""
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True)


def wrong_last_entry(p, uniform):
    """Your numbers match a search that ends at the last entry, though its probability is 0."""
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=len(p) - 1)


def wrong_first_token_at_the_end(p, uniform):
    """Your numbers match token 0 where no cumulative sum lies above u."""
    return (p.double().cumsum(0) > uniform[:, None]).int().argmax(dim=1)


def wrong_no_cumulative_sum(p, uniform):
    """Your numbers match a search in p itself: search in its cumulative sum."""
    return torch.searchsorted(p.double(), uniform, right=True).clamp(max=p.nonzero()[-1])


def wrong_one_too_few(p, uniform):
    """Your numbers match a token too early."""
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1]) - 1


def wrong_one_too_many(p, uniform):
    """Your numbers match a token too late: tokens count from 0."""
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1]) + 1


def wrong_always_the_likeliest(p, uniform):
    """Your numbers match the likeliest token every time: that is greedy decoding, not sampling."""
    return p.argmax().expand(len(uniform))


def wrong_sorts_p(p, uniform):
    """Your numbers match a search in p sorted from the largest: the order of the tokens is lost."""
    cumulative = p.double().sort(descending=True).values.cumsum(0)
    return torch.searchsorted(cumulative, uniform * cumulative[-1], right=True)


def wrong_sorts_uniform(p, uniform):
    """Your numbers match the tokens sorted: keep them in the order of uniform."""
    last = p.nonzero()[-1]
    return torch.searchsorted(p.double().cumsum(0), uniform.sort().values, right=True).clamp(max=last)


def wrong_from_the_right(p, uniform):
    """Your numbers match a cumulative sum from the right."""
    cumulative = p.double().cumsum(0)
    return torch.searchsorted(cumulative, (1 - uniform) * cumulative[-1], right=True).clamp(max=p.nonzero()[-1])


def wrong_share_of_the_vocabulary(p, uniform):
    """Your numbers match u times the number of tokens: as if all were equally likely."""
    return (uniform * len(p)).long()


def wrong_nearest_sum(p, uniform):
    """Your numbers match a search for the sum that is nearest to u."""
    return (p.double().cumsum(0) - uniform[:, None]).abs().argmin(dim=1)


def wrong_ignores_uniform(p, uniform):
    """Add up p from the left"""
    return torch.multinomial(p, len(uniform), replacement=True, generator=torch.Generator().manual_seed(0))


def wrong_in_float32(p, uniform):
    """Add up p from the left, in float64"""
    cumulative = p.float().cumsum(0)
    return torch.searchsorted(cumulative, uniform.float() * cumulative[-1], right=True).clamp(max=p.nonzero()[-1])


@variants(small=[3e-6])
def wrong_drops_small_probabilities(p, uniform, *, small):
    """Add up p from the left"""
    kept = torch.where(p > small, p, 0.0).double()
    return torch.searchsorted(kept.cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1])


def wrong_different_tokens_only(p, uniform):
    """wrong shape"""
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1]).unique()


def wrong_one_token(p, uniform):
    """wrong shape"""
    return torch.searchsorted(p.double().cumsum(0), uniform[0], right=True).clamp(max=p.nonzero()[-1][0])


def wrong_probabilities(p, uniform):
    """wrong dtype"""
    return p[torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1])]


def wrong_list(p, uniform):
    """This is a list, and a tensor is asked for"""
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1]).tolist()


def wrong_writes_into_p(p, uniform):
    """your function wrote into its argument"""
    last = p.nonzero()[-1]
    return torch.searchsorted(p.cumsum_(0).double(), uniform, right=True).clamp(max=last)


def wrong_returns_none(p, uniform):
    """your function returned None"""
    print(torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=p.nonzero()[-1]))
