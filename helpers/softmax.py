"""Temperature-scaled softmax and its logarithm: stable, on the input's device, differentiable.

The exercise of the same name asks for it from exp, max and sum; experiments may use this one.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch.autograd import forward_ad

from .device import computed_in
from .support.arguments import axis, real_number, real_tensor
from .support.language import _

BEYOND = 2.0**-60  # brings a T above the largest float into its range


def softmax_t(x: torch.Tensor | npt.ArrayLike, temperature: float | torch.Tensor = 1.0, dim: int = -1) -> torch.Tensor:
    """Turn logits into probabilities, exp(x_i / T) / sum_j exp(x_j / T).

    Arguments
        x: logits, a tensor of any shape and device, or what torch.as_tensor accepts. float16 and bfloat16 are
            computed in float32 and rounded once; integers and bools are computed in float64, where the device
            has it, and become the default float dtype.
        temperature: T > 0, a number or a 0-d tensor, which may require grad. Infinity gives the uniform
            distribution.
        dim: the axis that is normalised.

    Returns a new tensor of x's shape, dtype and device, entries in [0, 1] that sum to 1 along `dim`, unchanged
    when a constant is added to x, up to the rounding of that sum. A logit of -inf gets probability 0 and
    gradient 0; the temperature's gradient stays finite beside it. A row that holds NaN or +inf, or nothing but
    -inf, is NaN.

    Raises ValueError when T is no number above 0 in the dtype of the computation or is not 0-d, TypeError for x
    that is complex or float8 and for `dim` that is no integer, IndexError when x has no axis `dim`. A T that
    cannot be read, a tensor inside vmap or torch.compile, gives NaN where it is not above 0.

    The maximum is subtracted before dividing by T: x / T rounds each logit, a large offset then costs
    hundreds to thousands of units in the last place (Blanchard, Higham and Higham, "Accurately computing the
    log-sum-exp and softmax functions", IMA J. Numer. Anal. 41(4), 2021, analyse the shift). That is one pass
    more than torch.softmax(x / T) takes. Where nothing follows the computation, no gradient, torch.func or
    compiler, all of it happens in a single buffer: faster where a second one must be fetched from the system,
    up to 1.4 times as long where both are at hand and fit the caches. At T = 1 this is torch.softmax, and for
    nested tensors torch.softmax(x / T).

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
    gradient stay finite where those of log(softmax_t(x)) do not: in float32, with k logits at the largest value,
    the gradient of the log is lost from (88.73 - ln k) T below it, its value from (103.98 - ln k) T.

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
    x, dim = real_tensor("x", x), axis(dim)
    dtype, returned = computed_in(x)
    x = x if x.is_floating_point() else x.to(dtype)
    divisor = _temperature_value(temperature, dtype)
    if x.numel() == 0 or (isinstance(divisor, float) and divisor == 1.0):
        # dtype=, because torch sums a float16 log_softmax in float16: 131,072 equal logits overflow.
        return function(x, dim, dtype=dtype).to(returned)
    if x.is_nested:
        return function(x.to(dtype) / divisor, dim).to(returned)
    if isinstance(divisor, torch.Tensor):
        scaled = _shift_and_divide_by_tensor(x.to(dtype), divisor, dim)
    else:
        scaled = _shift_and_divide(x, divisor, dim, dtype)
    if _is_followed(scaled):
        return function(scaled, dim).to(returned)
    return function(scaled, dim, out=scaled).to(returned)


def _temperature_value(temperature: float | torch.Tensor, dtype: torch.dtype) -> float | torch.Tensor:
    """Return T as a float; as the tensor that it is where it is followed, or cannot be read."""
    if isinstance(temperature, (torch.Tensor, np.ndarray)) and temperature.ndim:
        raise ValueError(
            _(
                "temperature has shape {shape}, expected one number or a 0-d tensor: "
                "divide the logits yourself to use one temperature per row",
                shape=tuple(temperature.shape),
            )
        )
    if isinstance(temperature, (torch.SymFloat, torch.SymInt)):  # from a size that torch.export leaves open
        return torch.scalar_tensor(temperature, dtype=dtype)
    followed = isinstance(temperature, torch.Tensor) and _is_followed(temperature)
    if followed and torch.compiler.is_compiling():
        return temperature
    try:
        value = real_number(temperature)
    except RuntimeError:  # inside vmap
        return temperature
    limits = torch.finfo(dtype)
    # Half the smallest subnormal and all below round to 0. NaN fails the comparison too.
    if value is None or not value > limits.tiny * limits.eps / 2:
        got = {"value": temperature if value is None else value, "dtype": dtype}
        raise ValueError(_("temperature is {value!r}, expected a number above 0 in {dtype} (near 0 is argmax)", **got))
    return temperature if followed else value


def _is_followed(tensor: torch.Tensor) -> bool:
    """Tell whether autograd, forward-mode differentiation, torch.func or a compiler follows what is computed."""
    return (
        torch.compiler.is_compiling()
        or torch._C._functorch.peek_interpreter_stack() is not None
        or (tensor.requires_grad and torch.is_grad_enabled())
        or forward_ad.unpack_dual(tensor).tangent is not None  # type: ignore[no-untyped-call]
    )


# Both shift before they divide; the shift cancels, so that it carries no gradient. Above T = 1 it stops at `_furthest`:
# a gap between logits may be twice the largest float, and what T leaves of it none too large.


def _shift_and_divide(x: torch.Tensor, temperature: float, dim: int, dtype: torch.dtype) -> torch.Tensor:
    """Return (x - max) / T as a new tensor of `dtype`."""
    limits, largest = torch.finfo(dtype), x.detach().amax(dim, keepdim=True).to(dtype)
    gap = x - (largest if temperature <= 1 else largest.clamp_(max=_furthest(dtype)))
    if temperature < limits.tiny:  # 1 / T would overflow on a device that divides by multiplying
        gap, temperature = gap / limits.tiny, temperature / limits.tiny
    elif temperature > limits.max:
        gap, temperature = gap * BEYOND, min(temperature * BEYOND, limits.max)
    return gap.div_(temperature)


def _shift_and_divide_by_tensor(x: torch.Tensor, temperature: torch.Tensor, dim: int) -> torch.Tensor:
    """Return the same for a T whose value may be unknown and whose derivative may be asked for; NaN unless T > 0."""
    temperature = temperature.to(torch.promote_types(temperature.dtype, x.dtype))
    largest = x.detach().amax(dim, keepdim=True)
    gap = x - largest.where((temperature <= 1).to(x.device), largest.clamp(max=_furthest(x.dtype)))
    if temperature.dtype != x.dtype:  # wider
        shrink = torch.where(temperature > torch.finfo(x.dtype).max, BEYOND, 1.0)
        gap, temperature = gap * shrink.to(x.device, x.dtype), temperature * shrink
    temperature = temperature.to(x.device, x.dtype)
    temperature = temperature.where(temperature > 0, float("nan"))
    # -inf / T has no finite derivative by T, and is NaN at T = inf: keep masked logits out of the division.
    masked = gap == -float("inf")
    return (gap.masked_fill(masked, 0.0) / temperature).masked_fill(masked, -float("inf"))


def _furthest(dtype: torch.dtype) -> float:
    """Return the largest shift, a power of 2, that takes no float of `dtype` beyond the last one."""
    limits = torch.finfo(dtype)
    return limits.eps / limits.tiny / 2  # a quarter of the last one's unit in the last place
