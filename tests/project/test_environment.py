"""pyproject.toml, constraints.txt, environment.yml and Colab describe environments that agree."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from grading.course import REPOSITORY
from tests.support import colab

PYPROJECT = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
CONSTRAINTS = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8")
ENVIRONMENT = (REPOSITORY / "environment.yml").read_text(encoding="utf-8")

# Colab's current Python and that of its older runtime, which can still be chosen. Its PyTorch is older than the
# course's own, which the snapshot names instead.
COLAB_PYTHONS = ("3.12", "3.13.15")
COLAB = colab.pins(colab.SNAPSHOT.read_text("utf-8")) | {"torch": "2.11.0"}


def project(pyproject):
    return tomllib.loads(pyproject)["project"]


def requirements(entries):
    return {canonicalize_name(r.name): r for r in map(Requirement, entries)}


def pin_faults(pyproject, constraints):
    """What keeps the constraints from pinning every direct dependency at a version that meets its floor."""
    faults, pins = [], {}
    for line in constraints.splitlines():
        if pin := re.fullmatch(r"([\w.-]+)==([\w.]+)", line):
            pins[canonicalize_name(pin[1])] = pin[2]
        elif line and not line.startswith("#"):
            faults.append(f"{line}: not one exact version")
    table = project(pyproject)
    extras = [entry for entries in table["optional-dependencies"].values() for entry in entries]
    for name, wanted in requirements(table["dependencies"] + extras).items():
        if name == table["name"]:
            continue  # an extra of this project's own
        if name not in pins:
            faults.append(f"{name}: not pinned")
        elif pins[name] not in wanted.specifier:
            faults.append(f"{name}: pinned at {pins[name]}, wanted {wanted.specifier}")
    return faults


def environment_faults(environment, pyproject):
    """What keeps environment.yml from giving Python and pip, and all else from the same pins."""
    *conda, by_pip = yaml.safe_load(environment)["dependencies"]
    faults = []
    if by_pip != {"pip": ["-c constraints.txt", "-e .[dev]"]}:
        faults.append(f"pip installs {by_pip}")
    if [entry.split("=")[0] for entry in conda] != ["python", "pip"]:
        faults.append(f"conda installs {conda}")
    python = conda[0].partition("=")[2]
    if python not in SpecifierSet(project(pyproject)["requires-python"]):
        faults.append(f"Python {python!r}")
    return faults


def colab_faults(pyproject):
    """Which of Colab's versions a dependency would replace, or its Python refuse."""
    table = project(pyproject)
    faults = [f"Python {v}" for v in COLAB_PYTHONS if v not in SpecifierSet(table["requires-python"])]
    for name, wanted in requirements(table["dependencies"]).items():
        if name not in COLAB or COLAB[name] not in wanted.specifier:
            faults.append(f"{name}: Colab has {COLAB.get(name)}, wanted {wanted.specifier}")
        if any(spec.operator != ">=" for spec in wanted.specifier):
            faults.append(f"{name}: {wanted.specifier} is more than a floor")
    return faults


def python_faults(requirements_on_python):
    """Which pinned packages refuse the first release of a Python that pyproject.toml allows."""
    return [
        f"{name}: refuses Python {version}, wanted {wanted}"
        for name, wanted in requirements_on_python.items()
        for version in ("3.11.0", "3.12.0", "3.13.0")
        if version not in SpecifierSet(wanted or "")
    ]


def test_constraints_pin_every_dependency_at_or_above_its_floor():
    assert pin_faults(PYPROJECT, CONSTRAINTS) == []


def test_pins_install_on_every_python_that_is_allowed():
    pinned = set(re.findall(r"^([\w.-]+)==", CONSTRAINTS, re.MULTILINE))
    installed = {d.name: d.metadata.get("Requires-Python") for d in distributions() if d.name in pinned}
    assert len(installed) > len(pinned) // 2
    assert python_faults(installed) == []


def test_torch_is_pinned_where_the_course_was_measured():
    assert "torch==2.13.0" in CONSTRAINTS.splitlines()


def test_conda_users_get_the_same_pins():
    assert environment_faults(ENVIRONMENT, PYPROJECT) == []


def test_colab_keeps_its_own_packages():
    assert colab_faults(PYPROJECT) == []


def test_the_snapshot_of_colab_is_renewed_but_for_torch():
    snapshot = "# Colab's\njupyter_client==7.4.9\ntorch==2.13.0\n"
    published = "absl-py==1.4\njupyter-client==8.1.0\ntorch==2.12.0+cu130\n"
    assert colab.renewed(snapshot, published) == "# Colab's\njupyter_client==8.1.0\ntorch==2.13.0\n"
    with pytest.raises(LookupError, match="no jupyter-client any more"):
        colab.renewed(snapshot, "torch==2.12.0")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("numpy==", "# numpy==", "numpy: not pinned"),
        ("ipywidgets==8.", "ipywidgets==6.", "ipywidgets: pinned at 6."),
        ("torch==2.13.0", "torch==2.13.0+cpu", "torch==2.13.0+cpu: not one exact version"),
        ("nbgrader==", "nbgrader>=", "nbgrader: not pinned"),
        ("ruff==", "ruff @ file:///tmp/ruff==", "ruff: not pinned"),
    ],
)
def test_a_broken_pin_is_named(old, new, fault):
    assert old in CONSTRAINTS
    assert fault in "\n".join(pin_faults(PYPROJECT, CONSTRAINTS.replace(f"\n{old}", f"\n{new}")))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("python=3.12", "python=3.14", "Python '3.14'"),
        ("python=3.12", "python", "Python ''"),
        ("  - pip\n", "  - pip\n  - numpy\n", "conda installs"),
        ("      - -c constraints.txt\n", "", "pip installs"),
        ("-e .[dev]", "-e .", "pip installs"),
    ],
)
def test_an_environment_that_differs_is_named(old, new, fault):
    assert old in ENVIRONMENT
    assert fault in "\n".join(environment_faults(ENVIRONMENT.replace(old, new), PYPROJECT))


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("ipywidgets>=7.7", "ipywidgets>=8", "ipywidgets: Colab has 7.7.1"),
        ("torch>=2.6", "torch==2.11.0", "more than a floor"),
        ('"torch>=2.6"', '"torch>=2.6", "ipympl"', "ipympl: Colab has None"),
        ("<3.14", "<3.13", "Python 3.13"),
    ],
)
def test_a_dependency_that_colab_lacks_is_named(old, new, fault):
    assert old in PYPROJECT
    assert fault in "\n".join(colab_faults(PYPROJECT.replace(old, new)))


def test_a_pin_that_refuses_an_early_python_is_named():
    assert python_faults({"soupsieve": ">=3.11.5", "six": None}) == [
        "soupsieve: refuses Python 3.11.0, wanted >=3.11.5"
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="the gate is a shell script")
def test_the_gate_ends_where_a_package_that_tests_need_is_missing(tmp_path):
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    (tmp_path / "python3").symlink_to(shutil.which("true"))
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    gate = [shutil.which("bash"), str(REPOSITORY / ".ci/run")]
    done = subprocess.run(gate, env={"PATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.returncode == 1 and "make test" not in done.stdout
    assert "make bubblewrap chromium missing: install them" in done.stderr


@pytest.mark.parametrize(
    "program",
    [
        ["-m", "grading", "grade"],
        ["-m", "grading"],
        ["source/build.py"],
        ["-m", "docs.site.build"],
        ["-m", "grading.authoring.messages", "--check"],
    ],
    ids=" ".join,
)
def test_outside_its_environment_every_command_says_what_to_do(program):
    """Without site-packages, as another Python on the PATH."""
    done = subprocess.run([sys.executable, "-S", *program], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.count("\n") == 1
    assert sys.executable in done.stderr and ".venv/bin/python" in done.stderr


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (1, 0), (2, 2), (130, 2)])
def test_a_class_in_which_somebody_has_no_mark_is_no_error_of_makes(tmp_path, code, ends):
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\necho ada: NO MARK\nexit {code}\n")
    program.chmod(0o755)
    command = ["make", "-o", ".venv/.ready", f"BIN={tmp_path}", "grade", "ASSIGNMENT=one"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == ends and ("Error" in done.stderr) == bool(ends)
    assert ("who has no mark" in done.stdout) == (code == 1)
