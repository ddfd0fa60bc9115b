"""The language that a notebook sets for itself."""

import re
from collections.abc import Iterable
from typing import Protocol

SETTING = re.compile(r"""^LANGUAGE = ["'](\w+)["']""", re.MULTILINE)  # in the setup cell of a notebook


class HasSource(Protocol):
    """A cell, of whatever make."""

    @property
    def source(self) -> str: ...


def language_of(cells: Iterable[HasSource]) -> str:
    """Return the language that a notebook's cells set, as their sources say; "en" where none does."""
    found = (SETTING.search(cell.source) for cell in cells)
    return next((match[1] for match in found if match), "en")
