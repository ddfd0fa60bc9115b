"""What never leaks: the hidden inputs and references, and where a file holds one of them.

tests/grading/engine/test_grading.py shows that each is found, however it is written.
"""

import base64
import re
from math import frexp

import numpy as np

from helpers.checks.cases import tensor_names
from helpers.checks.recognise import parts_of
from tests.support.course import CASES


def hidden_numbers():
    """Return the hidden inputs and references that are not public as well, as floats a text could hold."""
    public, hidden = (
        {float(v) for files in CASES.values() for array in said_in(files[kind]) for v in np.ravel(array)}
        for kind in (0, 1)
    )
    numbers = hidden - public
    digits = {number: f"{abs(number):.5e}".split("e")[0].replace(".", "").rstrip("0") for number in numbers}
    # Numbers of few digits, decimal or binary, stand in any text or file.
    found = {number for number in numbers if len(digits[number]) >= 5 and frexp(number)[0] * 2.0**20 % 1}
    assert len(found) > 500, "without them nothing could leak"
    return found


def said_in(file):
    """Return the inputs and references of a case file: what wrong answers give, and bounds, give nothing away."""
    cases = [case for exercise in file.exercises.values() for case in exercise["cases"]]
    names = tensor_names(cases) | {name for case in cases for name in references(case["expected"])}
    return [file.tensors[name] for name in names]


def references(expected):
    """Return the names of the tensors that hold an expected value."""
    own = {expected["array"][0]} if "array" in expected else set()
    return own.union(*map(references, parts_of(expected)))


def leaks(content, numbers):
    """Return the hidden numbers that a file's bytes hold: as text to 6 digits or more, as raw bytes, or in base64."""
    text = content.decode("utf-8", "replace")
    shown = {f"{float(word):.5e}" for word in re.findall(r"-?\d+\.\d+(?:e[-+]?\d+)?", text)}
    words = re.findall(r"[A-Za-z0-9+/]{16,}", text)
    blobs = [content, *(base64.b64decode(word[: len(word) // 4 * 4]) for word in words)]
    return {
        number
        for number in numbers
        if shown & printed(number) or any(raw in blob for raw in stored(number) for blob in blobs)
    }


def printed(number):
    """Return a number to 6 digits, as it comes from each longer way to print it: 2.5000049 may end as 2.50001."""
    return {f"{float(f'{number:.{digits}e}'):.5e}" for digits in range(5, 17)}


def stored(number):
    """Return a number's bytes: as float64, and as float32 where that holds it exactly."""
    return [kind(number).tobytes() for kind in (np.float64, np.float32) if float(kind(number)) == number]
