"""What `make lint` says where an import breaks a contract, nothing declares it or types are wrong: a red fixture each.

`make lint` itself sees that the repository keeps them all.
"""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from grading.course import REPOSITORY

BIN = Path(sys.executable).parent
CONTRACTS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

# {contract: [(the file a line is planted in, the line, what the report says)]}
PLANTED = {
    "rooms": [
        ("grading/engine/planted.py", "import grading.lms", "grading.engine is not allowed to import grading.lms"),
        ("grading/sandbox/planted.py", "def hidden():\n    import grading.repair", "grading.sandbox.planted"),
        ("grading/closet.py", "", "grading.closet"),
    ],
    "circles": [
        ("helpers/planted.py", "def hidden():\n    import helpers.buried", ".planted"),
        ("helpers/buried.py", "import helpers.planted", ".buried"),
    ],
    "grading": [("grading/planted.py", "def hidden():\n    import source.oracle", "grading.planted -> source.oracle")],
    "helpers": [
        ("helpers/planted.py", "import grading.course", "helpers.planted -> grading.course"),
        ("helpers/buried.py", "def hidden():\n    import source.oracle", "helpers.buried -> source.oracle"),
    ],
    "source": [("source/planted.py", "import grading.engine", "source.planted -> grading.engine")],
    "engine": [
        ("grading/engine/planted.py", "import nbgrader.api", "grading.engine.planted -> nbgrader.api"),
        ("grading/repair/planted.py", "import sqlalchemy.orm", "grading.repair.planted -> sqlalchemy"),
    ],
    "repair": [
        ("grading/repair/planted.py", "def hidden():\n    import subprocess", "grading.repair.planted -> subprocess"),
        ("grading/repair/buried.py", "import nbclient", "grading.repair.buried -> nbclient"),
    ],
}

# [(the file a function is planted in, the function, what mypy says)]
UNTYPED = [
    ("grading/engine/planted.py", "def told(n):\n    return n", "Function is missing a type annotation"),
    ("grading/repair/planted.py", "def told(n):\n    return n", "Function is missing a type annotation"),
    ("helpers/planted.py", "def told(n):\n    return n", "Function is missing a type annotation"),
    (
        "helpers/checks/planted.py",
        "from .cases import use\n\n\ndef told() -> None:\n    use('public')",
        'Argument 1 to "use" has incompatible type "str"; expected "bytes | None"',
    ),
]


@pytest.fixture
def checkout(tmp_path):
    """Return a copy of the packages and of what checks them."""
    for name in ("grading", "helpers", "source"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=lambda _, names: [n for n in names if "cache" in n])
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    return tmp_path


def plant(checkout, place, line):
    with open(checkout / place, "a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def check(checkout, *command):
    """Return the exit code and the words, in one line, of a program of the environment."""
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=checkout, capture_output=True, text=True)
    return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


def test_each_contract_has_a_red_fixture():
    assert {contract["id"] for contract in CONTRACTS} == set(PLANTED)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["id"])
def test_a_planted_import_breaks_its_contract(checkout, contract):
    for place, line, _ in PLANTED[contract["id"]]:
        plant(checkout, place, line)
    code, words = check(checkout, "lint-imports", "--no-logo", "--no-cache", "--contract", contract["id"])
    assert code == 1 and f"{contract['name']} BROKEN" in words
    for _, _, said in PLANTED[contract["id"]]:
        assert said in words


def test_a_function_without_types_or_with_wrong_ones_is_named(checkout):
    for place, function, _ in UNTYPED:
        plant(checkout, place, function)
    # The cache of `make lint`: what is the same here is not read again.
    code, words = check(checkout, "mypy", "--cache-dir", REPOSITORY / ".mypy_cache")
    assert code == 1 and f"Found {len(UNTYPED)} errors in {len(UNTYPED)} files" in words
    for place, _, said in UNTYPED:
        assert re.search(rf"{place}:\d+: error: {re.escape(said)}", words)


def test_an_import_that_nothing_declares_is_named(checkout):
    plant(checkout, "grading/planted.py", "import mistune")
    code, words = check(checkout, "deptry", ".", "--no-ansi")
    assert code == 1 and "'mistune' imported but it is a transitive dependency" in words


@pytest.mark.parametrize("package", ["helpers", "grading"])
def test_an_import_that_the_wheel_or_the_zip_for_gradescope_does_not_bring_is_named(checkout, package):
    plant(checkout, f"{package}/planted.py", "import scipy")
    lint = re.search(rf"deptry ({package} .*)", (REPOSITORY / "Makefile").read_text("utf-8"))[1]
    code, words = check(checkout, "deptry", *lint.split())
    assert code == 1 and "'scipy' imported but declared as a dev dependency" in words


def test_a_package_that_nobody_imports_is_named(checkout):
    project = checkout / "pyproject.toml"
    project.write_text(project.read_text("utf-8").replace('"tqdm>=', '"alembic>=1.7",\n    "tqdm>='), "utf-8")
    code, words = check(checkout, "deptry", ".", "--no-ansi")
    assert code == 1 and "'alembic' defined as a dependency but not used" in words


SHARED_NAMES = {"main", "add_command", "run"}  # what every program and every subcommand has


def defined_twice(folder):
    """Return {name: modules} of the functions and classes that more than one module of the two packages defines."""
    places = defaultdict(list)
    for path in sorted(path for package in ("grading", "helpers") for path in (folder / package).rglob("*.py")):
        if "template" not in path.parts:  # a course of its own
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef):
                    places[node.name].append(path.relative_to(folder).as_posix())
    return {name: found for name, found in places.items() if len(found) > 1 and name not in SHARED_NAMES}


def test_a_name_stands_for_one_thing(checkout):
    assert defined_twice(REPOSITORY) == {}
    plant(checkout, "grading/planted.py", "def softmax_t():\n    pass")
    assert defined_twice(checkout) == {"softmax_t": ["grading/planted.py", "helpers/softmax.py"]}
