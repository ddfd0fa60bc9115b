"""The tools that `exercises` writes cases with: arguments and expected values as data, tensors stored once.

The encodings are those of `helpers.checks.collect` (arguments) and `helpers.checks.compare` (expected values).
"""

import numpy as np

UNIT_ROUNDOFF = {"float32": 2.0**-24, "float64": 2.0**-53}


class Casebook:
    """The tensors of one case file, each content stored once."""

    def __init__(self):
        self.tensors = {}
        self._names = {}

    def store(self, array):
        """Keep an array and return its name."""
        array = np.array(array, order="C")
        content = (str(array.dtype), array.shape, array.tobytes())
        if content not in self._names:
            self._names[content] = f"t{len(self._names)}"
            self.tensors[self._names[content]] = array
        return self._names[content]

    def tensor(self, array, tile=None):
        """Return the argument that arrives as this tensor, repeated ``tile`` times if given."""
        name = self.store(array)
        return {"tensor": name} if tile is None else {"tensor": name, "tile": tile}

    def array(self, reference, tolerance, dtypes=("float32", "float64"), **label):
        return {"array": self.store(np.asarray(reference, np.float64)), "dtypes": list(dtypes), **tolerance, **label}

    def arrays(self, references, tolerance, dtypes, **label):
        return {"arrays": self.store(np.asarray(references, np.float64)), "dtypes": list(dtypes), **tolerance, **label}

    def numbers(self, references, tolerance, **label):
        return {"numbers": self.store(np.asarray(references, np.float64)), **tolerance, **label}


def case(name, expected, diagnosis, *args, **kwargs):
    """Return a case: ``diagnosis`` says what a wrong value here usually means."""
    return {"name": name, "args": list(args), "kwargs": kwargs, "expected": expected, "diagnosis": diagnosis}


def within(rtol=0.0, atol=0.0):
    """Return a tolerance |answer - reference| <= atol + rtol |reference|."""
    return {"rtol": rtol, "atol": atol}


def number(value, tolerance, **label):
    return {"number": float(value), **tolerance, **label}


def integer(value):
    return {"integer": int(value)}


def mapping(pairs, **label):
    """Return the expected value that is a dict with these (key, value) pairs."""
    return {"dict": [list(pair) for pair in pairs], **label}


def dtype(name):
    return {"dtype": name}
