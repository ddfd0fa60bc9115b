"""A gradebook to write into, which takes nbgrader seconds to make, and what no test leaves to the next."""

import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from filelock import FileLock
from xdist.scheduler import LoadScopeScheduling

from grading.sandbox import kernels
from helpers import checks
from helpers.checks import cases
from tests.support import browser
from tests.support.course import FILES, FIRST, released

# Files whose slow tests share nothing that is dear to make, but for the cases of a seed.
SPREAD = ("test_accidents.py", "test_agreement.py", "test_exercises.py", "test_notebook_live.py")
LOCKED = ("test_attacks.py", "test_dask.py", "test_fuzz.py", "test_killed.py")  # they wait for one another
SEED = re.compile(r"\[(seed \d+)")


class Together(LoadScopeScheduling):
    """What hands out the slow tests: a file's to one worker, where it is not one of `SPREAD`, the largest first."""

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0].rpartition("/")[2]
        if file in LOCKED:
            return "locked"
        seed = SEED.search(nodeid)
        return file if file not in SPREAD else seed[1] if seed else nodeid


def pytest_xdist_make_scheduler(config, log):
    """Hand out the tests of `make test-slow`: xdist's own groups are none in pytest 9.2."""
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.fixture(autouse=True)
def no_cases_stay():
    """Let checks have no cases again after a test that uses some, and nothing that is green."""
    yield
    cases.use(None)
    checks._latest.clear()


@pytest.fixture(scope="module", autouse=True)
def no_sandbox_stays():
    """End this process's sandbox, where tests of a file judged in it: what looks for left processes would find it."""
    yield
    kernels.close_sandbox()


@pytest.fixture(scope="session")
def empty_gradebook(tmp_path_factory):
    """A gradebook with two notebooks in one assignment, 5 points each, and nobody in it."""
    from nbgrader.api import Gradebook

    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader calls alembic by name.
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        with Gradebook(f"sqlite:///{path}") as gradebook:
            gradebook.add_assignment(FIRST)
            for name in FILES:
                notebook = name.removesuffix(".ipynb")
                gradebook.add_notebook(notebook, FIRST)
                gradebook.add_grade_cell("test_softmax_t", notebook, FIRST, max_score=5, cell_type="code")
    return path


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory):
    """A lock: tests that kill graders hold it, and those that look for what a sandbox has left behind."""
    base = tmp_path_factory.getbasetemp()
    return FileLock((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "sandboxes.lock")


@pytest.fixture(scope="module")
def alone(sandboxes):
    """Hold that lock for all tests of a file."""
    with sandboxes:
        yield


@pytest.fixture
def page(tmp_path):
    """A page of a fresh Chromium, which keeps a list of everything that went wrong in it."""
    with browser.chromium_page(tmp_path / "profile") as page:
        yield page


@pytest.fixture
def course(tmp_path, empty_gradebook):
    """A course folder with a copy of the gradebook, open."""
    from nbgrader.api import Gradebook

    release = tmp_path / "release" / FIRST
    release.mkdir(parents=True)
    for name in FILES:
        nbformat.write(released(FIRST), release / name)
    shutil.copy(empty_gradebook, tmp_path)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        yield SimpleNamespace(root=tmp_path, gradebook=gradebook)
