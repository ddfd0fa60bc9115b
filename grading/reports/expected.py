"""What a case expects, in the form in which pages and tables show it."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from helpers.checks.kinds import Array, Dict, Guess, Kind, List, Number

Part: TypeAlias = tuple[str, str, Sequence[Sequence[float]]]  # label, text, rows of numbers: either of these two

LARGEST_SHOWN = 16  # numbers of a value; longer ones tell a reader nothing


def expected_parts(kind: Kind) -> list[Part]:
    """Return what a reader is shown of an expected value; empty where that is long, and of what is any value."""
    if isinstance(kind, Array):
        array = kind.reference
        return [] if array.size > LARGEST_SHOWN or array.ndim > 2 else [(kind.label, "", np.atleast_2d(array).tolist())]
    if isinstance(kind, List):
        if all(isinstance(item, Number) for item in kind.items) and len(kind.value) <= LARGEST_SHOWN:
            return [(kind.label, "", [[item.value for item in kind.items]])]
        return [part for item in kind.items for part in expected_parts(item)] if len(kind.value) < LARGEST_SHOWN else []
    if isinstance(kind, Guess) or (isinstance(kind, Dict) and any(isinstance(i, Array | List) for _, i in kind.items)):
        return []
    return [(kind.label, expected_text(kind), [])]


def expected_text(kind: Kind) -> str:
    """Return an expected value on one line, as Python."""
    if isinstance(kind, Dict):
        return "{" + ", ".join(f"{key!r}: {expected_text(item)}" for key, item in kind.items) + "}"
    return f"{kind.value:.5g}" if isinstance(kind, Number) else kind.text()
