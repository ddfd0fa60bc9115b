"""Colab's versions of what the notebooks meet: read the snapshot, or renew it from the list that Colab publishes.

Run as `python -m tests.support.colab pip-freeze.txt`.
"""

import re
import sys
from pathlib import Path

from packaging.utils import canonicalize_name

SNAPSHOT = Path(__file__).with_name("colab_constraints.txt")
PIN = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


def pins(text):
    """Return {name: version} of the exact versions in a list of requirements."""
    return {canonicalize_name(name): version for name, version in PIN.findall(text)}


def renewed(snapshot, published):
    """Return the snapshot with the published versions, but for PyTorch, whose version is the course's own.

    Raises LookupError for a package that Colab has no more.
    """
    current = pins(published)
    if gone := sorted(pins(snapshot).keys() - current.keys() - {"torch"}):
        raise LookupError(f"Colab's list has no {', '.join(gone)} any more")
    current.pop("torch", None)
    return PIN.sub(lambda pin: f"{pin[1]}=={current.get(canonicalize_name(pin[1]), pin[2])}", snapshot)


if __name__ == "__main__":
    SNAPSHOT.write_text(renewed(SNAPSHOT.read_text("utf-8"), Path(sys.argv[1]).read_text("utf-8")), "utf-8")
