"""Docstrings have one form and tell the truth: they name each argument, and their examples run."""

import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re

import pytest

import grading
import helpers
from helpers import predictions

RUN = {"helpers.__main__", "grading.__main__", "grading.sandbox.zygote"}  # programs: to import one is to run it


def modules(package):
    """Return the names of a package and of its modules."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return sorted({package.__name__, *(module.name for module in found)} - RUN)


HELPERS = modules(helpers)


def described(docstring, title="Arguments"):
    """Return the names that a block of a docstring describes, or None where there is no such block."""
    block = re.search(rf"^{title}\n((?: .*\n?)+)", inspect.cleandoc(docstring), re.MULTILINE)
    return block and [name for names in re.findall(r"^ {4}(\S.*?): ", block[1], re.M) for name in names.split(", ")]


def really(thing, title):
    """Return the names that such a block should describe."""
    if title == "Arguments":
        return [name for name in inspect.signature(thing).parameters if name != "self"]
    return [field.name for field in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else None


def form_faults(thing):
    """What is wrong with the form of a docstring; a block that it does not have may be left out."""
    docstring = thing.__doc__ or ""
    first, _, rest = inspect.cleandoc(docstring).partition("\n")
    found = []
    if not re.fullmatch(r"[A-Z`].*\.", first) or ". " in first or rest.split("\n")[0]:
        found.append(f"its first line is not one sentence: {first!r}")
    for title in ("Arguments", "Attributes"):
        told = described(docstring, title)
        names = told and really(thing, title)
        if names and told != names:
            found.append(f"{title} are {', '.join(told)}, but really {', '.join(names)}")
    return found


def faults(function):
    """What the docstring and the annotations of a function that notebooks use lack."""
    signature, docstring = inspect.signature(function), function.__doc__ or ""
    kinds = {name: each.annotation for name, each in signature.parameters.items()}
    kinds["the result"] = signature.return_annotation
    found = [f"{name} has no annotation" for name, kind in kinds.items() if kind is inspect.Signature.empty]
    found += form_faults(function)
    if signature.parameters and not described(docstring):
        found.append("nothing describes its arguments")
    if not re.search(r"^Returns |Returns nothing|\b[Pp]rint", inspect.cleandoc(docstring), re.MULTILINE):
        found.append("it does not say what it returns or prints")
    return found if ">>> " in docstring else [*found, "it has no example"]


def public_parts(module):
    """Return the public functions, classes and methods of a module that have a docstring, by name."""
    own = {name: thing for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__}
    for name, owner in [item for item in own.items() if inspect.isclass(item[1])]:
        own |= {f"{name}.{part}": thing for part, thing in vars(owner).items()}
    return {
        name: thing
        for name, thing in own.items()
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and thing.__doc__ and not re.search(r"\b_", name)
    }


@pytest.mark.parametrize("name", helpers.__all__)
def test_what_notebooks_use_is_annotated_and_described(name):
    assert faults(getattr(helpers, name)) == []


@pytest.mark.parametrize("name", HELPERS + modules(grading))
def test_every_docstring_has_the_same_form(name):
    parts = public_parts(importlib.import_module(name))
    assert {key: form_faults(thing) for key, thing in parts.items() if form_faults(thing)} == {}


@pytest.mark.parametrize("name", HELPERS)
def test_every_example_runs(name, monkeypatch):
    monkeypatch.setattr(predictions, "_revealed", {})
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_module_with_examples_was_found():
    found = {name: doctest.DocTestFinder().find(importlib.import_module(name)) for name in HELPERS}
    assert {"helpers.softmax", "helpers.plots.figures", "helpers.explorers.models"} <= {
        name for name, tests in found.items() if any(test.examples for test in tests)
    }


# The red fixtures: each function lacks one thing.


def right(x: int, y: int = 0, *more: int) -> int:
    """Add numbers.

    Arguments
        x, y: two numbers,
            in any order: it does not matter.
        more: further ones.

    Returns the sum.

    >>> right(1, 2)
    3
    """
    return x + y + sum(more)


def without(old, new="", **changed):
    """Return a copy of `right` with another docstring or other annotations."""

    def copy(x, y=0, *more):
        return right(x, y, *more)

    copy.__annotations__ = {name: kind for name, kind in right.__annotations__.items() if changed.get(name, kind)}
    assert old in right.__doc__
    copy.__doc__ = right.__doc__.replace(old, new)
    return copy


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        (without("", x=""), "x has no annotation"),
        (without("", more=""), "more has no annotation"),
        (without("", **{"return": ""}), "the result has no annotation"),
        (without("Add numbers.", "Add numbers. Or not."), "its first line is not one sentence: 'Add numbers. Or not.'"),
        (without("Add numbers.", "Add"), "its first line is not one sentence: 'Add'"),
        (without("Add numbers.", "Add numbers.\n    Or not."), "its first line is not one sentence: 'Add numbers.'"),
        (without("Arguments", "What it takes"), "nothing describes its arguments"),
        (without("more: further", "most: further"), "Arguments are x, y, most, but really x, y, more"),
        (without("        more: further ones.\n"), "Arguments are x, y, but really x, y, more"),
        (without("x, y:", "y, x:"), "Arguments are y, x, more, but really x, y, more"),
        (without("Returns the sum.", "The sum."), "it does not say what it returns or prints"),
        (without(">>> right", "right"), "it has no example"),
    ],
)
def test_what_is_lacking_is_named(function, fault):
    assert faults(right) == faults(without("")) == []
    assert faults(function) == [fault]


def test_a_field_that_is_not_there_is_named():
    @dataclasses.dataclass
    class Pair:
        """Two numbers.

        Attributes
            one: the first.
            other: the second.
        """

        one: int
        two: int

    assert form_faults(Pair) == ["Attributes are one, other, but really one, two"]


def test_an_example_that_is_wrong_is_noticed():
    [example] = doctest.DocTestFinder().find(without("    3\n", "    4\n"), "wrong", globs={"right": right})
    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda text: None).failed == 1
