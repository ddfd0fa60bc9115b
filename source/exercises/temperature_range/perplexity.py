"""How many equally likely outcomes would be just as uncertain."""

import math

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, variants, within

from ... import oracle

ASPECTS = {"the values": 1, "zeros": 1, "along dim": 1}
VALUES, ZEROS, DIM = ASPECTS
SHOWN = (
    "[0.5, 0.3, 0.2] is as uncertain as {number:.2f} equally likely outcomes: three entries, but not three full ones."
)
SHOWN_FROM = ("one distribution", 0)
FORBIDDEN = ("helpers.perplexity", "helpers.entropy", "torch.distributions.*")
ADVICE = "Write it from the probabilities: -sum(p ln p), then exp."

ENTROPY = "perplexity = exp(-sum(p ln p)), with the natural logarithm."
ZERO_SAFE = "A zero probability adds nothing to the entropy, but 0 * log(0) is nan: treat it apart, do not shift p."
ALONG = "The sum runs along dim, which disappears from the shape."
PRECISION = "Keep the dtype of p all the way through."


def _case(book, name, aspect, diagnosis, p, dim=None, kind="float64"):
    p = np.asarray(p, kind)
    along = -1 if dim is None else dim
    reference = np.apply_along_axis(lambda row: float(oracle.perplexity(row.tolist())), along, p)
    bound = within(rtol=1e-4 if kind == "float32" else 1e-12)  # 1e-12 added to p shows on three entries
    given = {} if dim is None else {"dim": dim}
    return case(name, aspect, book.array(reference, {kind: bound}), diagnosis, book.tensor(p), **given)


def public(book):
    rows = [[0.5, 0.25, 0.125, 0.125], [0.1, 0.2, 0.3, 0.4], [0.97, 0.01, 0.01, 0.01]]
    columns = np.array([[0.5, 0.1], [0.3, 0.8], [0.2, 0.1]])
    return [
        _case(book, "one distribution", VALUES, ENTROPY, [0.5, 0.3, 0.2]),
        _case(book, "a distribution with zeros", ZEROS, ZERO_SAFE, [0.0, 0.75, 0.25, 0.0]),
        _case(book, "three rows", DIM, ALONG, rows),
        _case(book, "the columns, dim=0", DIM, ALONG, columns, dim=0),
    ]


def hidden(book, rng):
    def distributions(*shape):
        weights = np.array([rng.expovariate(1.0) for _ in range(int(np.prod(shape)))]).reshape(shape)
        return weights / weights.sum(-1, keepdims=True)

    rows = distributions(3, 4)
    rows[1] = [0.0, rows[1, 0] + rows[1, 1], 0.0, rows[1, 2] + rows[1, 3]]
    spread = 0.5 ** np.arange(1, 60.0)
    cube = distributions(2, 4, 3).transpose(0, 2, 1).copy()
    return [
        _case(book, "rows in float32, one with zeros", ZEROS, ZERO_SAFE, rows, kind="float32"),
        _case(book, "very different probabilities", VALUES, ZERO_SAFE, spread / spread.sum()),
        _case(book, "a 3-D tensor, dim=-2", DIM, ALONG, cube, dim=-2),
        _case(book, "float32", VALUES, PRECISION, distributions(2, 6), kind="float32"),
    ]


def right_by_xlogy(p, dim=-1):
    return torch.exp(-torch.special.xlogy(p, p).sum(dim))


def right_by_where(p, dim=-1):
    terms = torch.where(p > 0, p * torch.log(p), 0.0)
    return torch.exp(-terms.sum(dim=dim))


def right_in_base_2(p, dim=-1):
    safe = p.masked_fill(p == 0, 1.0)
    return 2.0 ** -(p * torch.log2(safe)).sum(dim)


def right_by_a_product(p, dim=-1):
    return (p**-p).prod(dim)


def right_by_numpy(p, dim=-1):
    q = p.numpy().astype(np.float64)
    terms = np.zeros_like(q)
    np.log(q, out=terms, where=q > 0)
    return torch.as_tensor(np.exp(-(q * terms).sum(axis=dim))).to(p.dtype)


def right_by_loops(p, dim=-1):
    moved = p.movedim(dim, -1)
    rows = moved.reshape(-1, moved.shape[-1]).tolist()
    values = [math.exp(-math.fsum(v * math.log(v) for v in row if v > 0)) for row in rows]
    return torch.tensor(values, dtype=p.dtype).reshape(moved.shape[:-1])


def right_by_nan_to_num(p, dim=-1):
    return (-(p * p.log()).nan_to_num(0.0).sum(dim)).exp()


def right_adds_what_no_dtype_sees(p, dim=-1):
    return torch.exp(-(p * torch.log(p + 1e-30)).sum(dim))


def right_by_the_smallest_normal_number(p, dim=-1):
    return torch.exp(-(p * p.clamp(min=torch.finfo(p.dtype).tiny).log()).sum(dim))


def right_by_logarithms_of_the_terms(p, dim=-1):
    return torch.special.entr(p).double().sum(dim).exp().to(p.dtype)


def wrong_nan_at_zero(p, dim=-1):
    """Your numbers match -sum(p ln p) with nan where a probability is 0."""
    return torch.exp(-(p * torch.log(p)).sum(dim))


def wrong_base_2_logarithm(p, dim=-1):
    """Your numbers match log2 inside and exp outside: the bases must agree."""
    return torch.exp(-(p * torch.log2(p.masked_fill(p == 0, 1.0))).sum(dim))


def wrong_power_of_2(p, dim=-1):
    """Your numbers match ln inside and a power of 2 outside: the bases must agree."""
    return 2.0 ** torch.special.entr(p).sum(dim)


def wrong_entropy(p, dim=-1):
    """Your numbers match the entropy, without exp."""
    return torch.special.entr(p).sum(dim)


def wrong_sign(p, dim=-1):
    """Your numbers match an entropy without the minus sign."""
    return torch.exp(-torch.special.entr(p).sum(dim))


def wrong_mean(p, dim=-1):
    """Your numbers match an entropy with a mean instead of the sum."""
    return torch.exp(torch.special.entr(p).mean(dim))


def wrong_collision(p, dim=-1):
    """Your numbers match 1 / sum(p^2), another measure."""
    return 1 / (p * p).sum(dim)


def wrong_inverse_maximum(p, dim=-1):
    """Your numbers match 1 / max(p), another measure."""
    return 1 / p.amax(dim)


def wrong_counts(p, dim=-1):
    """Your numbers match the number of entries above 0."""
    return (p > 0).sum(dim).to(p.dtype)


def wrong_cross_entropy(p, dim=-1):
    """Your numbers match -ln p without the factor p."""
    return torch.exp(-torch.log(p.clamp(min=1e-30)).mean(dim))


def wrong_ignores_dim(p, dim=-1):
    """Your numbers match a perplexity that sums along the last dimension."""
    return torch.special.entr(p).sum(-1).exp()


def wrong_takes_every_other_dim_for_0(p, dim=-1):
    """Your numbers match a perplexity that sums along the first dimension."""
    return torch.special.entr(p).sum(-1 if dim == -1 else 0).exp()


def wrong_sums_everything(p, dim=-1):
    """Your numbers match a perplexity that sums over the whole tensor."""
    return torch.special.entr(p).sum().exp()


def wrong_drops_the_zeros(p, dim=-1):
    """Your numbers match a perplexity that sums over the whole tensor."""
    q = p[p > 0]
    return torch.exp(-(q * q.log()).sum(-1))


def wrong_keeps_dim(p, dim=-1):
    """A dimension of size 1 is left over"""
    return torch.special.entr(p).sum(dim, keepdim=True).exp()


@variants(small=[1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12])
def wrong_adds_a_small_number(p, dim=-1, *, small):
    """Your numbers match a perplexity that adds a small number to p."""
    q = p + small
    return torch.exp(-(q * q.log()).sum(dim))


@variants(small=[1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12])
def wrong_adds_a_small_number_in_the_logarithm(p, dim=-1, *, small):
    """Your numbers match a perplexity that adds a small number to p."""
    return torch.exp(-(p * torch.log(p + small)).sum(dim))


@variants(small=[1e-3, 1e-4, 1e-5, 1e-8, 1e-12])
def wrong_floor(p, dim=-1, *, small):
    """Your numbers match a perplexity that puts a floor under p."""
    q = p.clamp(min=small)
    return torch.exp(-(q * q.log()).sum(dim))


@variants(least=[1e-3, 1e-8, 1e-12])
def wrong_drops_small_probabilities(p, dim=-1, *, least):
    """Your numbers match a perplexity that leaves out small probabilities."""
    return torch.special.entr(torch.where(p > least, p, 0.0)).sum(dim).exp()


def wrong_adds_what_float32_does_not_see(p, dim=-1):
    """Your numbers match -sum(p ln p) with nan where a probability is 0."""
    return torch.exp(-(p * torch.log(p + 1e-300)).sum(dim))


def wrong_in_float32(p, dim=-1):
    """as if computed in float32"""
    return torch.special.entr(p.float()).sum(dim).exp().to(p.dtype)


def wrong_takes_every_negative_dim_for_the_last(p, dim=-1):
    """along dim (1 point)"""
    return torch.special.entr(p).sum(max(dim, -1)).exp()


def wrong_in_half_precision(p, dim=-1):
    """the natural logarithm"""
    return torch.special.entr(p.bfloat16()).sum(dim).exp().to(p.dtype)


def wrong_returns_float32(p, dim=-1):
    """wrong dtype"""
    return torch.special.entr(p.float()).sum(dim).exp()


def wrong_returns_float64(p, dim=-1):
    """wrong dtype"""
    return torch.special.entr(p.double()).sum(dim).exp()


def wrong_returns_a_list(p, dim=-1):
    """wrong type"""
    return torch.special.entr(p).sum(dim).exp().tolist()


def wrong_writes_into_its_input(p, dim=-1):
    """your function wrote into its argument"""
    p[p == 0] = 1.0
    return torch.exp(-(p * p.log()).sum(dim))


def wrong_returns_none(p, dim=-1):
    """your function returned None"""
    torch.special.entr(p).sum(dim).exp()


def wrong_by_the_helpers(p, dim=-1):
    """uses helpers.perplexity"""
    return helpers.perplexity(p, dim)


def wrong_by_the_helpers_entropy(p, dim=-1):
    """uses helpers.entropy"""
    return helpers.entropy(p, dim).exp()


def wrong_other_default_dim(p, dim=0):
    """Your numbers match a perplexity that sums along the first dimension."""
    return torch.special.entr(p).sum(dim).exp()
