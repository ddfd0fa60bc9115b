"""The notebook around a check."""

import sys
from typing import Any


def namespace() -> dict[str, Any]:
    """Return the names that the notebook's cells have defined."""
    from IPython import get_ipython

    shell = get_ipython()
    return shell.user_ns if shell else vars(sys.modules["__main__"])
