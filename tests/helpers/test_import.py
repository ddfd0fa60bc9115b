"""Importing the package is cheap and hands out exactly the names it lists."""

import re
import subprocess
import sys

import pytest

import grading
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


def test_every_module_of_grading_has_a_place_in_the_packages_map():
    modules = {path.stem for path in (REPOSITORY / "grading").glob("[a-z]*.py")}
    assert modules - set(re.findall(r"\w+", grading.__doc__)) == set()
