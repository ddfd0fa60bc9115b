"""Answers to perplexity."""

import math

import numpy as np
import torch

import helpers


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


def wrong_nan_at_zero(p, dim=-1):
    """nan where a probability is 0"""
    return torch.exp(-(p * torch.log(p)).sum(dim))


def wrong_base_2_logarithm(p, dim=-1):
    """log2 inside and exp outside"""
    return torch.exp(-(p * torch.log2(p.masked_fill(p == 0, 1.0))).sum(dim))


def wrong_power_of_2(p, dim=-1):
    """ln inside and a power of 2 outside"""
    return 2.0 ** torch.special.entr(p).sum(dim)


def wrong_entropy(p, dim=-1):
    """the entropy, without exp"""
    return torch.special.entr(p).sum(dim)


def wrong_sign(p, dim=-1):
    """the minus sign"""
    return torch.exp(-torch.special.entr(p).sum(dim))


def wrong_mean(p, dim=-1):
    """a mean instead of the sum"""
    return torch.exp(torch.special.entr(p).mean(dim))


def wrong_collision(p, dim=-1):
    """1 / sum(p^2)"""
    return 1 / (p * p).sum(dim)


def wrong_inverse_maximum(p, dim=-1):
    """1 / max(p)"""
    return 1 / p.amax(dim)


def wrong_counts(p, dim=-1):
    """the number of entries above 0"""
    return (p > 0).sum(dim).to(p.dtype)


def wrong_cross_entropy(p, dim=-1):
    """-ln p without the factor p"""
    return torch.exp(-torch.log(p.clamp(min=1e-30)).mean(dim))


def wrong_ignores_dim(p, dim=-1):
    """sums along the last dimension, whatever dim is"""
    return torch.special.entr(p).sum(-1).exp()


def wrong_takes_every_other_dim_for_0(p, dim=-1):
    """sums along the first dimension"""
    return torch.special.entr(p).sum(-1 if dim == -1 else 0).exp()


def wrong_sums_everything(p, dim=-1):
    """sums over the whole tensor"""
    return torch.special.entr(p).sum().exp()


def wrong_drops_the_zeros(p, dim=-1):
    """sums over the whole tensor"""
    q = p[p > 0]
    return torch.exp(-(q * q.log()).sum(-1))


def wrong_keeps_dim(p, dim=-1):
    """the shape or length differs"""
    return torch.special.entr(p).sum(dim, keepdim=True).exp()


def wrong_adds_1e_6(p, dim=-1):
    """adds a small number to p"""
    q = p + 1e-6
    return torch.exp(-(q * q.log()).sum(dim))


def wrong_floor_of_1e_4(p, dim=-1):
    """adds a small number to p"""
    q = p.clamp(min=1e-4)
    return torch.exp(-(q * q.log()).sum(dim))


def wrong_drops_small_probabilities(p, dim=-1):
    """A zero probability adds nothing"""
    return torch.special.entr(torch.where(p > 1e-3, p, 0.0)).sum(dim).exp()


def wrong_in_half_precision(p, dim=-1):
    """the natural logarithm"""
    return torch.special.entr(p.bfloat16()).sum(dim).exp().to(p.dtype)


def wrong_returns_float32(p, dim=-1):
    """the dtype differs"""
    return torch.special.entr(p.float()).sum(dim).exp()


def wrong_returns_float64(p, dim=-1):
    """the dtype differs"""
    return torch.special.entr(p.double()).sum(dim).exp()


def wrong_returns_a_list(p, dim=-1):
    """another kind of object"""
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
    """sums along the first dimension"""
    return torch.special.entr(p).sum(dim).exp()
