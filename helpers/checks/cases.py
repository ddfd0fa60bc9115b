"""Read the cases of the exercises: data, written by the instructor's oracle, never by the code under test.

A notebook brings the public cases of its own exercises along: its setup cell hands them to `use`. One safetensors file
holds inputs and references of an assignment's exercises. Its tensor `exercises` is JSON that maps a name to a
`StoredExercise`; it is not compressed, for what packs the file compresses it better. `collect.decode` says how
arguments are encoded, `kinds` how an expected value is, `recognise` what mistakes are.
"""

import base64
import functools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, ParamSpec, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from ..support.language import _, tell
from . import notebook
from .collect import EncodedArray

Tensors: TypeAlias = Mapping[str, npt.NDArray[Any]]
Place: TypeAlias = Sequence[Any]  # the name of a tensor, and the indices of a part of it
Expected: TypeAlias = Mapping[str, Any]  # told apart by its key: `kinds`
P = ParamSpec("P")

_content: bytes | None = None  # of the case file in use


class Case(TypedDict):
    """One call of the student's function, and what must come out of it."""

    name: str
    aspect: str
    args: list[Any]
    kwargs: dict[str, Any]
    expected: Expected
    diagnosis: str  # what to say of a wrong value; empty for nothing
    mistakes: NotRequired[list[tuple[list[int], int, Place, bool]]]
    value: NotRequired[bool]  # true: the answer is a value and nothing is called


class Claim(TypedDict):
    """A claim that students decide on, and what they are told once they have."""

    claim: str
    verdict: str  # one of `decisions.VERDICTS`
    because: str  # may have a place {number}, for the student's own
    number: str  # what the student's number is called; empty where none is measured
    needs: list[str]  # the exercises without which it cannot be


class StoredExercise(TypedDict):
    """What a case file says of an exercise."""

    aspects: dict[str, float]  # the points of each
    hidden: dict[str, int]  # how many cases of each aspect run at grading only
    forbidden: list[str]  # patterns of `watch`
    advice: str  # what to use instead
    mistakes: list[str]  # a sentence for each
    cases: list[Case]
    function: NotRequired[str]  # what students write, where several exercises test it and this is not its name
    shown: NotRequired[tuple[str, str, int]]  # what right answers show; a public case, and a number of the answer to it
    claim: NotRequired[Claim]


@dataclass(frozen=True)
class CaseFile:
    """The exercises of one file, and its tensors as numpy arrays by name."""

    exercises: Mapping[str, StoredExercise]
    tensors: Tensors

    def function(self, name: str) -> str:
        """Return the name of what students write for an exercise: its own, but where several test one function."""
        return self.exercises[name].get("function", name)

    def inputs(self, cases: Iterable[Case]) -> dict[str, EncodedArray]:
        """Return the tensors that the arguments of some cases name, encoded for `collect`: no reference among them."""
        return {name: encode_tensor(self.tensors[name]) for name in sorted(tensor_names(cases))}


def encode_tensor(array: npt.NDArray[Any]) -> EncodedArray:
    """Turn an array into dtype, shape and base64 bytes."""
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
    return {"dtype": str(array.dtype), "shape": list(array.shape), "data": data}


def tensor_names(cases: Iterable[Case]) -> set[str]:
    """Return the names of the tensors among the arguments of some cases."""
    names: set[str] = set()
    waiting = [value for case in cases for value in (*case["args"], *case["kwargs"].values())]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            ((kind, content), *_) = value.items()
            if kind in ("tensor", "ndarray"):
                names.add(content[0])
            elif kind in ("list", "dict"):
                waiting += [item[1] for item in content] if kind == "dict" else content
    return names


class NoCases(LookupError):
    """No notebook has brought its cases; the message says what to do."""


def saying_so(function: Callable[P, None]) -> Callable[P, None]:
    """Let a function show why there are no cases, where that is so, instead of raising `NoCases`."""

    @functools.wraps(function)
    def says_so(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            function(*args, **kwargs)
        except NoCases as error:
            tell(str(error))

    return says_so


def use(content: bytes | None) -> None:
    """Let checks use the cases of a file from here on: its bytes, which the first check reads; None for no cases.

    From here on, too, it is noted which cells of the notebook run.
    """
    global _content
    notebook.listen()
    _content = content


def in_use() -> CaseFile:
    """Return the case file in use.

    Raises `NoCases` where there is none.
    """
    if _content is None:
        raise NoCases(_("There are no cases to check with: run this notebook's first code cell, then this one again."))
    return read_cases(_content)


def stored_exercise(name: str) -> StoredExercise:
    """Return an exercise of the cases in use.

    Raises ValueError, naming the exercises there are, for an unknown name, and `NoCases` where there are none.
    """
    exercises = in_use().exercises
    if name not in exercises:
        known = ", ".join(sorted(exercises))
        raise ValueError(_("no exercise is called {name!r}; there are {known}", name=name, known=known))
    return exercises[name]


@functools.lru_cache(maxsize=8)
def read_cases(content: bytes) -> CaseFile:
    """Read a case file from its bytes."""
    from safetensors.numpy import load

    tensors = load(content)
    exercises = json.loads(tensors.pop("exercises").tobytes())
    return CaseFile(exercises, tensors)
