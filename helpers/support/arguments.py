"""What an argument is: a tensor of real numbers, one real number, a whole number, an axis."""

import math
import operator
from decimal import Decimal
from numbers import Real
from reprlib import repr as shortened
from typing import Any

import numpy as np
import torch

from .language import _

# What torch computes in; the other dtypes are complex, or only stored.
COMPUTED = {torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool}
COMPUTED |= {torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64}


def real_tensor(name: str, values: Any) -> torch.Tensor:
    """Return an argument as a tensor of real numbers, a tensor itself unchanged.

    Arguments
        name: what the function calls it.
        values: a tensor, or what torch.as_tensor accepts.

    Raises TypeError for anything else, and for dtypes that are complex or that torch only stores.
    """
    if not torch.is_tensor(values):  # as_tensor would move a tensor to torch's default device
        try:
            values = torch.as_tensor(values)
        except (TypeError, ValueError, RuntimeError) as error:
            raise TypeError(
                _(
                    "{name} is {values}, expected a tensor, a NumPy array, or lists of numbers of equal lengths",
                    name=name,
                    values=shortened(values),
                )
            ) from error
    tensor: torch.Tensor = values
    if tensor.dtype in COMPUTED:
        return tensor
    got = {"name": name, "dtype": tensor.dtype}
    if tensor.is_complex():
        raise TypeError(_("{name} is {dtype}, expected real numbers: pass {name}.real or {name}.abs()", **got))
    raise TypeError(_("{name} is {dtype}, which torch stores and does not compute in: pass {name}.float()", **got))


def real_number(value: Any) -> float | None:
    """Return a real number as a float, or None for what is none: text, a bool, a complex number.

    Arguments
        value: a number, or a 0-d tensor or array; what is too large for a float becomes an infinity.
    """
    if isinstance(value, float):
        return float(value)  # NumPy's, too
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        value = value.item() if value.ndim == 0 else None
    if isinstance(value, bool) or not isinstance(value, (Real, Decimal)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]


def whole_number(value: Any) -> int | None:
    """Return an integer of Python's, NumPy's or torch's as an int, or None for what is none, a bool among them."""
    if isinstance(value, bool) or (isinstance(value, torch.Tensor) and value.dtype == torch.bool):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def axis(dim: Any) -> int:
    """Return the number of an axis.

    Raises TypeError for what is no integer.
    """
    number = whole_number(dim)
    if number is None:
        raise TypeError(_("dim is {dim!r}, expected the number of one axis, such as -1, the last", dim=dim))
    return number
