"""Temperature-scaled softmax and its logarithm: stable, on the input's device, differentiable.

The exercise of the same name asks for it from exp, max and sum; experiments may use this one.
"""

from collections.abc import Callable

import numpy.typing as npt
import torch

from .support.language import _


def softmax_t(x: torch.Tensor | npt.ArrayLike, temperature: float | torch.Tensor = 1.0, dim: int = -1) -> torch.Tensor:
    """Turn logits into probabilities, exp(x_i / T) / sum_j exp(x_j / T).

    Arguments
        x: logits, a tensor of any shape and device, or what torch.as_tensor accepts. float16 and bfloat16 are
            computed in float32 and rounded once; integers and bools become the default float dtype.
        temperature: T > 0, a number or a 0-d tensor, which may require grad. Infinity gives the uniform
            distribution.
        dim: the axis that is normalised.

    Returns a new tensor of x's shape, dtype and device, entries in [0, 1] that sum to 1 along `dim`, unchanged
    when a constant is added to x, up to the rounding of that sum. A logit of -inf gets probability 0 and
    gradient 0; the temperature's gradient stays finite beside it. A row that holds NaN or +inf, or nothing but
    -inf, is NaN.

    Raises ValueError when T is not above 0 in the dtype of the computation or is not 0-d, TypeError for
    complex x, IndexError when x has no axis `dim`.

    The maximum is subtracted before dividing by T: x / T rounds each logit, a large offset then costs
    hundreds to thousands of units in the last place (Blanchard, Higham and Higham, "Accurately computing the
    log-sum-exp and softmax functions", IMA J. Numer. Anal. 41(4), 2021, analyse the shift). That is one pass
    more than torch.softmax(x / T) takes. Without a gradient all of it happens in a single buffer: faster where
    a second one must be fetched from the system, up to 1.4 times as long where both are at hand and fit the
    caches; and neither forward-mode differentiation nor vmap can follow it. At T = 1 this is torch.softmax.

    >>> softmax_t([1000.0, 1001.0], temperature=0.5)
    tensor([0.1192, 0.8808])
    """
    return _normalise(torch.softmax, x, temperature, dim)


def log_softmax_t(
    x: torch.Tensor | npt.ArrayLike, temperature: float | torch.Tensor = 1.0, dim: int = -1
) -> torch.Tensor:
    """Take the logarithm of softmax_t without forming it, x_i / T - log sum_j exp(x_j / T).

    Arguments
        x, temperature, dim: those of softmax_t, with its conventions.

    Returns a new tensor of x's shape, dtype and device, entries <= 0; a logit of -inf gets -inf. Value and
    gradient stay finite where those of log(softmax_t(x)) do not: in float32 the gradient of the log is lost
    from 88.73 T below the largest logit, its value from 103.98 T.

    Raises what softmax_t raises.

    >>> log_softmax_t([0.0, 1000.0])
    tensor([-1000.,     0.])
    """
    return _normalise(torch.log_softmax, x, temperature, dim)


def _normalise(
    function: Callable[..., torch.Tensor],
    x: torch.Tensor | npt.ArrayLike,
    temperature: float | torch.Tensor,
    dim: int,
) -> torch.Tensor:
    """Apply torch's softmax or log_softmax to x / T, whatever the dtype."""
    x = x if torch.is_tensor(x) else torch.as_tensor(x)  # as_tensor would move it to torch's default device
    if x.is_complex():
        raise TypeError(_("x is {dtype}, softmax needs real logits: pass x.real or x.abs()", dtype=x.dtype))
    if not x.is_floating_point():
        x = x.to(torch.get_default_dtype())
    dtype = torch.promote_types(x.dtype, torch.float32)
    learned = temperature if torch.is_tensor(temperature) and temperature.requires_grad else None
    value = _temperature_value(temperature if learned is None else learned.detach(), dtype)
    if x.numel() == 0 or (value == 1.0 and learned is None):
        # dtype=, because torch sums a float16 log_softmax in float16: 131,072 equal logits overflow.
        return function(x, dim, dtype=dtype).to(x.dtype)
    scaled = _shift_and_divide(x, value if learned is None else learned.to(dtype), value, dim, dtype)
    if scaled.requires_grad:
        return function(scaled, dim).to(x.dtype)
    return function(scaled, dim, out=scaled).to(x.dtype)


def _temperature_value(temperature: float | torch.Tensor, dtype: torch.dtype) -> float:
    """Return T as a float, inf where `dtype` would overflow."""
    if shape := tuple(getattr(temperature, "shape", ())):
        raise ValueError(
            _(
                "temperature has shape {shape}, expected one number or a 0-d tensor: "
                "divide the logits yourself to use one temperature per row",
                shape=shape,
            )
        )
    value = float(temperature)
    limits = torch.finfo(dtype)
    # Half the smallest subnormal and all below round to 0. NaN fails the comparison too.
    if not value > limits.tiny * limits.eps / 2:
        got = {"value": value, "dtype": dtype}
        raise ValueError(_("temperature is {value!r}, expected a number above 0 in {dtype} (near 0 is argmax)", **got))
    return value if value <= limits.max else float("inf")


def _shift_and_divide(
    x: torch.Tensor, temperature: float | torch.Tensor, value: float, dim: int, dtype: torch.dtype
) -> torch.Tensor:
    """Return (x - max) / T as a new tensor of `dtype`; the shift cancels, so that it carries no gradient."""
    gap = x - x.detach().amax(dim, keepdim=True).to(dtype)
    tiny = torch.finfo(dtype).tiny
    if value < tiny:  # 1 / T would overflow on a device that divides by multiplying
        gap, temperature = gap / tiny, temperature / tiny
    if value < float("inf") and not torch.is_tensor(temperature):
        return gap.div_(temperature)
    # -inf / inf is NaN, and so is the gradient of T through -inf / T: keep masked logits out of the division.
    masked = gap == -float("inf")
    return (gap.masked_fill(masked, 0.0) / temperature).masked_fill(masked, -float("inf"))
