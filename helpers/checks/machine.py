"""Describe the machine a notebook runs on, for a student's question: versions, device, a self-test of softmax_t.

It stands beside the course, which never calls it: `python -m helpers`, or `helpers.report_machine()` in a notebook.
"""

import platform
import sys
from collections.abc import Sequence
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

PACKAGES = ("torch", "numpy", "matplotlib", "ipywidgets", "safetensors", "ipykernel", "IPython")
SELF_TEST = (  # logits and temperatures, every one exact in float32
    ((0.0, 1.0, 2.0), 1.0),
    ((1000.0, 1001.0, 1002.0), 1.0),
    ((-3.0, 0.0, 0.5, 4.0), 0.5),
    ((0.0, 1.0, 2.0), 1024.0),
)


def report_machine() -> bool:
    """Print versions, devices and a self-test of softmax_t, to be pasted into a question; no names, no paths.

    Returns True where all is well, False where a package is missing or does not start, or the self-test fails.

    >>> report_machine()  # doctest: +SKIP
    """
    from .. import __file__ as place
    from .. import __version__

    origin = "installed" if not place.startswith("packed:") else "packed in the notebook"
    front_end = "Colab" if "google.colab" in sys.modules else "Kaggle" if "kaggle_gcp" in sys.modules else ""
    print(f"helpers {__version__}, {origin}{f', in {front_end}' if front_end else ''}")
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()}, {platform.machine()}")
    found = {name: found_version(name) for name in PACKAGES}
    needed = [name for name in PACKAGES[:5] if not found[name]]
    tried: list[torch.device] = []
    failure = ""
    try:
        tried = [] if needed else devices()
    except Exception as error:
        failure = said(error)
    if tried:  # what it was built for, "+cu124", is not in a package's own version
        found["torch"] = sys.modules["torch"].__version__
    print(", ".join(f"{name} {found[name] or 'MISSING'}" for name in PACKAGES))
    if needed:
        print(f"self-test: not run; first install {' and '.join(needed)}: pip install {' '.join(needed)}")
        return False
    if failure:
        print(f"self-test: not run; PyTorch does not start: {failure}")
        return False
    return all([tested(device) for device in tried])


def tested(device: "torch.device") -> bool:
    """Print the outcome of the self-test on a device, whatever happens, and return whether all is well."""
    try:
        passed, total = self_test(device)
        print(f"{describe_device(device)}: softmax_t agrees with {passed} of {total} references")
    except Exception as error:
        print(f"{device.type}: the self-test failed: {said(error)}")
        return False
    return passed == total


def said(error: Exception) -> str:
    """Return an error's type and first line, without the name of this user's folder."""
    lines = str(error).replace(str(Path.home()), "~").splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def found_version(name: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def devices() -> "list[torch.device]":
    """Return the CPU and, where there is one, the device that the course would pick."""
    from ..device import pick_device

    return list(dict.fromkeys([pick_device("cpu"), pick_device()]))


def describe_device(device: "torch.device") -> str:
    """Return a device in words."""
    import torch

    if device.type == "cuda":
        found = torch.cuda.get_device_properties(device)
        return f"cuda ({found.name}, {found.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda})"
    return "mps (no float64)" if device.type == "mps" else f"cpu ({torch.get_num_threads()} threads)"


def self_test(device: "torch.device") -> tuple[int, int]:
    """Compare softmax_t, in the widest float that a device has, with decimal numbers; return (agreeing, all)."""
    import torch

    from ..device import widest_float
    from ..softmax import softmax_t

    dtype, agreeing = widest_float(device), 0
    for logits, temperature in SELF_TEST:
        x = torch.tensor(logits, dtype=dtype, device=device)
        reference = torch.tensor(exact_softmax(logits, temperature), dtype=torch.float64)
        error = (softmax_t(x, temperature).cpu().double() - reference).abs()
        largest = max(map(abs, logits)) / temperature  # rounding x / T moves a probability by this many unit roundoffs
        agreeing += bool((error <= torch.finfo(dtype).eps * (2 * largest + 8) * reference).all())
    return agreeing, len(SELF_TEST)


def exact_softmax(logits: Sequence[float], temperature: float) -> list[float]:
    """Return the softmax of logits / T by Python's decimal numbers, which have 28 digits and do not overflow here."""
    weights = [(Decimal(x) / Decimal(temperature)).exp() for x in logits]
    return [float(weight / sum(weights)) for weight in weights]
