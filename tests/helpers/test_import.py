"""Importing the package is cheap and hands out exactly the names it lists."""

import ast
import subprocess
import sys

import pytest

import helpers
from grading.course import REPOSITORY

HEAVY = ("matplotlib", "ipywidgets", "torch")


def loaded_by(code):
    report = f"{code}; import sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", report], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_helpers_loads_neither_matplotlib_nor_ipywidgets_nor_torch():
    assert loaded_by("import helpers") == "[]"


def test_softmax_loads_torch_alone():
    assert loaded_by("import helpers; helpers.softmax_t") == "['torch']"


def test_the_cheapness_test_sees_an_eager_import():
    assert "matplotlib" in loaded_by("import helpers, matplotlib")


@pytest.mark.parametrize("name", helpers.__all__)
def test_every_listed_name_exists(name):
    assert callable(getattr(helpers, name))
    assert name in dir(helpers)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'sofmax_t'"):
        helpers.sofmax_t


def shown_to_type_checkers(source):
    """Return {name: module} of what the block for type-checkers exports; a name in another form is left out."""
    blocks = [node for node in ast.parse(source).body if isinstance(node, ast.If)]
    imports = [node for block in blocks if ast.unparse(block.test) == "TYPE_CHECKING" for node in block.body]
    return {name.name: node.module for node in imports for name in node.names if name.name == name.asname}


def test_type_checkers_see_the_names_that_load_on_first_use():
    source = (REPOSITORY / "helpers/__init__.py").read_text("utf-8")
    assert shown_to_type_checkers(source) == helpers._MODULE_OF
    known = "from .device import to_numpy as to_numpy\n"
    for wrong in ("", "from .device import to_numpy\n", "from .softmax import to_numpy as to_numpy\n"):
        assert source.count(known) == 1
        red = source.replace(f"    {known}", f"    {wrong}" if wrong else "")
        assert shown_to_type_checkers(red) != helpers._MODULE_OF
