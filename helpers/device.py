"""Where tensors live and what seeds them: pick a device, bring results back, repeat a run."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .support.arguments import COMPUTED, whole_number
from .support.language import _

IN_NUMPY = COMPUTED - {torch.bfloat16} | {torch.complex64, torch.complex128}


def pick_device(prefer: str | torch.device | None = None) -> torch.device:
    """Pick the device to compute on: `prefer` where it is given, else CUDA, then MPS, then the CPU.

    Arguments
        prefer: "cuda", "cuda:1", "mps", "cpu" or a torch.device; None for the best there is.

    Returns a torch.device that this machine has.

    Raises ValueError when `prefer` is not one of these, RuntimeError when this machine lacks it.

    >>> pick_device("cpu")
    device(type='cpu')
    """
    counts = {
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": int(torch.backends.mps.is_available()),
        "cpu": 1,
    }
    present = [kind for kind, count in counts.items() if count]
    if prefer is None:
        return torch.device(present[0])
    try:
        device: torch.device | None = torch.device(prefer)
    except (RuntimeError, TypeError):
        device = None
    if device is None or device.type not in counts:
        known = ", ".join(counts)
        raise ValueError(_("prefer is {prefer!r}, expected one of {known} or None", prefer=prefer, known=known))
    if (device.index or 0) >= counts[device.type]:
        raise RuntimeError(
            _(
                "prefer is {prefer!r}, but torch sees no such device here: use {present}, or None for the best "
                "there is",
                prefer=str(prefer),
                present=_(" or ").join(present),
            )
        )
    return device


def widest_float(device: str | torch.device) -> torch.dtype:
    """Look up the widest floating dtype of a device.

    Arguments
        device: a torch.device or its name.

    Returns torch.float64, but torch.float32 on MPS, Apple's GPUs, which lack it.

    Raises RuntimeError when torch knows no device of that name.

    >>> widest_float("mps")
    torch.float32
    """
    return torch.float32 if torch.device(device).type == "mps" else torch.float64


def computed_in(x: torch.Tensor) -> tuple[torch.dtype, torch.dtype]:
    """Return the dtypes in which a result is computed and returned, for real numbers of any.

    float16 and bfloat16 are computed in float32 and rounded once. Integers and bools are computed in the widest float,
    since float32 tells apart those up to 2**24 only, and become the default float dtype.
    """
    if x.is_floating_point():
        return torch.promote_types(x.dtype, torch.float32), x.dtype
    return widest_float(x.device), torch.get_default_dtype()


def to_numpy(t: torch.Tensor | npt.ArrayLike) -> npt.NDArray[Any]:
    """Bring a tensor to the CPU as a NumPy array, whatever its device, dtype or history.

    Arguments
        t: a tensor, on any device, with or without grad; or anything numpy.asarray accepts.

    Returns an array of t's shape and dtype; where NumPy lacks that, float32 for bfloat16, float8 and quantized
    tensors, complex64 for complex32. A tensor on the CPU shares its memory with the array where no conversion
    is needed, as torch.Tensor.numpy does.

    Raises TypeError for the dtypes that torch cannot convert: bits, and numbers of fewer than 8 bits.

    >>> to_numpy(torch.ones(2, dtype=torch.bfloat16, requires_grad=True))
    array([1., 1.], dtype=float32)
    """
    if not torch.is_tensor(t):
        return np.asarray(t)
    if t.dtype not in IN_NUMPY:
        try:
            t = t.dequantize() if t.is_quantized else t.to(torch.complex64 if t.is_complex() else torch.float32)
        except NotImplementedError as error:
            raise TypeError(
                _("t is {dtype}, which NumPy lacks and torch does not convert: pass t.view(torch.uint8)", dtype=t.dtype)
            ) from error
    return t.numpy(force=True)


def seed_everything(seed: int = 0) -> torch.Generator:
    """Seed torch (every device) and NumPy's global generator, so that a run can be repeated.

    Arguments
        seed: int in [0, 2**32), NumPy's range.

    Returns a torch.Generator on the CPU, seeded alike, for code that takes a generator of its own.

    Raises ValueError for a seed out of range and for what is no integer, such as 3.0 or True.

    >>> torch.equal(torch.rand(2, generator=seed_everything(7)), torch.rand(2, generator=seed_everything(7)))
    True
    """
    number = whole_number(seed)  # torch takes no integer of NumPy's
    if number is None or not 0 <= number < 2**32:
        raise ValueError(_("seed is {seed!r}, expected an integer from 0 to 2**32 - 1", seed=seed))
    np.random.seed(number)
    torch.manual_seed(number)
    return torch.Generator().manual_seed(number)
