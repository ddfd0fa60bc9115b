"""How spread out a distribution is: entropy, perplexity, and how many entries hold most of the mass."""

import numpy.typing as npt
import torch

from .device import computed_in
from .support.arguments import axis, real_number, real_tensor
from .support.language import _


def entropy(p: torch.Tensor | npt.ArrayLike, dim: int = -1) -> torch.Tensor:
    """Take the Shannon entropy in nats, -sum_i p_i ln p_i.

    Arguments
        p: probabilities, a tensor of any shape and device, or what torch.as_tensor accepts. float16 and bfloat16
            are computed in float32 and rounded once.
        dim: the axis that holds one distribution.

    Returns a tensor of p's dtype and device with `dim` removed, between 0 (one-hot) and ln n (uniform), up to
    rounding. A zero probability adds nothing; a negative one gives -inf and NaN gives NaN.

    Differentiable as often as you like, backward and forward. The slope -ln p - 1 is infinite at p = 0: an entry
    of exactly 0 counts as absent, and its derivatives are given as 0. Through softmax_t, which multiplies the
    slope by p, they are the right ones.

    Raises TypeError when p is complex or float8, or dim no integer; IndexError when p has no axis `dim`.

    >>> entropy([0.5, 0.5, 0.0])
    tensor(0.6931)
    """
    p, dim = real_tensor("p", p), axis(dim)
    dtype, returned = computed_in(p)
    p = p.to(dtype)
    terms: torch.Tensor = torch.special.entr(p.where(p != 0, 1.0))  # 1 adds nothing either, and has a finite slope
    return terms.sum(dim).to(returned)


def perplexity(p: torch.Tensor | npt.ArrayLike, dim: int = -1) -> torch.Tensor:
    """Count the entries of a uniform distribution as spread out as p, exp of its entropy.

    Arguments
        p, dim: those of entropy.

    Returns a tensor of p's dtype and device with `dim` removed, between 1 (one-hot) and n (uniform), up to
    rounding: float16 ends at 65,504 and gives inf above, bfloat16 has two or three digits.

    Raises what entropy raises.

    >>> perplexity([0.25, 0.25, 0.25, 0.25])
    tensor(4.)
    """
    p = real_tensor("p", p)
    dtype, returned = computed_in(p)
    return entropy(p.to(dtype), dim).exp().to(returned)


def tokens_for_mass(p: torch.Tensor | npt.ArrayLike, mass: float = 0.9) -> int:
    """Count the fewest entries of p that sum to at least `mass`: the size of the nucleus in top-p sampling.

    Arguments
        p: probabilities of one distribution, shape (n,), on any device, or what torch.as_tensor accepts.
        mass: share of the whole, in (0, 1].

    Returns an int between 1 and n, the same for any order of p. Sums are taken in float64, where rounding
    decides ties: entries that sum to just below 1 in their own dtype give n at mass = 1.

    Raises ValueError when p is not 1-D, is empty, or holds NaN, inf or a negative entry, or when mass is not in
    (0, 1]; TypeError when p is complex or float8.

    Source: Holtzman et al., "The curious case of neural text degeneration", ICLR 2020.

    >>> tokens_for_mass([0.1, 0.6, 0.3], mass=0.75)
    2
    """
    p = real_tensor("p", p).detach().cpu().double()  # (n,); first to the CPU, since not every device has float64
    if p.ndim != 1 or p.numel() == 0:
        raise ValueError(
            _("p has shape {shape}, expected one distribution of shape (n,): pass one row", shape=tuple(p.shape))
        )
    if not ((p >= 0) & p.isfinite()).all():
        raise ValueError(_("p holds NaN, inf or a negative entry, expected probabilities: pass softmax_t(logits)"))
    share = real_number(mass)
    if share is None or not 0 < share <= 1:
        raise ValueError(_("mass is {mass!r}, expected a share above 0 and at most 1, such as 0.9", mass=mass))
    running = p.sort(descending=True).values.cumsum(0)
    return min(int((running < share).sum()) + 1, p.numel())
