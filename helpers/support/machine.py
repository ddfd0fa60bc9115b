"""Describe the machine a notebook runs on, for a student's question: versions, device, a self-test of softmax_t.

It stands beside the course, which never calls it: `python -m helpers`, or `helpers.report_machine()` in a notebook.
"""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "numpy", "matplotlib", "ipywidgets", "safetensors", "ipykernel", "IPython")


def report_machine():
    """Print versions, devices and a self-test of softmax_t, to be pasted into a question; no names, no paths.

    Returns True where all is well, False where a package is missing or does not start, or the self-test fails.
    """
    from .. import __file__ as place
    from .. import __version__

    origin = "installed" if not place.startswith("packed:") else "packed in the notebook"
    front_end = "Colab" if "google.colab" in sys.modules else "Kaggle" if "kaggle_gcp" in sys.modules else ""
    print(f"helpers {__version__}, {origin}{f', in {front_end}' if front_end else ''}")
    print(f"Python {platform.python_version()}, {platform.system()} {platform.release()}, {platform.machine()}")
    found = {name: found_version(name) for name in PACKAGES}
    print(", ".join(f"{name} {found[name] or 'MISSING'}" for name in PACKAGES))
    needed = [name for name in PACKAGES[:5] if not found[name]]
    if needed:
        print(f"self-test: not run; first install {' and '.join(needed)}: pip install {' '.join(needed)}")
        return False
    try:
        found = devices()
    except Exception as error:
        print(f"self-test: not run; PyTorch does not start: {said(error)}")
        return False
    return all([tested(device) for device in found])


def tested(device):
    """Print the outcome of the self-test on a device, whatever happens, and return whether all is well."""
    try:
        passed, total = self_test(device)
        print(f"{describe(device)}: softmax_t agrees with {passed} of {total} references")
    except Exception as error:
        print(f"{device.type}: the self-test failed: {said(error)}")
        return False
    return passed == total


def said(error):
    """Return an error's type and first line, without the name of this user's folder."""
    lines = str(error).replace(str(Path.home()), "~").splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def found_version(name):
    """Return the version of an installed package, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def devices():
    """Return the CPU and, where there is one, the device that the course would pick."""
    from ..device import pick_device

    return list(dict.fromkeys([pick_device("cpu"), pick_device()]))


def describe(device):
    """Return a device in words."""
    import torch

    if device.type == "cuda":
        found = torch.cuda.get_device_properties(device)
        return f"cuda ({found.name}, {found.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda})"
    return "mps (no float64)" if device.type == "mps" else f"cpu ({torch.get_num_threads()} threads)"


def self_test(device):
    """Compare softmax_t on a device with the references in helpers/cases; return (agreeing, all).

    Where the device lacks float64, inputs are rounded to float32, and the CPU's float64 is the reference.
    """
    import numpy as np

    from ..checks import cases, collect, tolerance
    from ..device import widest_float
    from ..softmax import softmax_t

    file = cases.load()
    agreeing = total = 0
    for case in file.exercises["softmax_t"]["cases"]:
        inputs = file.inputs([case])
        x = collect.decode(case["args"][0], inputs)
        expected, how = case["expected"], case["expected"]["softmax"]
        reference = file.tensors[expected["array"]]
        if x.dtype.itemsize > widest_float(device).itemsize:
            x = x.float()
            reference = softmax_t(x.double(), how["temperature"], how["dim"]).numpy()
        came = softmax_t(x.to(device), how["temperature"], how["dim"]).cpu().double().numpy()
        dtype = str(x.dtype).removeprefix("torch.")
        bound = tolerance.softmax_tolerance(x.double().numpy(), reference, how["temperature"], how["dim"], dtype)
        agreeing += bool(np.all(np.abs(came - reference) <= bound))
        total += 1
    return agreeing, total
