"""Run nbgrader's own tests of its commands with `configure(c)` in every course that they make: ``make test-nbgrader``.

The tests come with nbgrader. ``nbgrader_differs.toml`` lists those that fail because this grader means something else,
each with its reason; one of them that passes is a failure, too. As a plugin of pytest this module does both.
"""

import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from pwd import getpwuid

import nbgrader
import pytest

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
NBGRADER = Path(nbgrader.__file__).parent
LISTED = HERE / "nbgrader_differs.toml"
APPS = (
    "autograde collect export fetch_assignment fetchfeedback generate_assignment generate_feedback generate_solution "
    "list quickstart releaseassignment releasefeedback submit validate zip_collect"
).split()
PATIENCE = 3600  # seconds that one file of tests may take
CONFIGURED = "\nfrom grading.settings import configure\nconfigure(c, {folder!r})\n"


def differences(path=LISTED):
    """Return {name of a test: why it fails here}."""
    listed = tomllib.loads(path.read_text("utf-8"))["difference"]
    return {test: each["reason"] for each in listed for test in each["tests"]}


@pytest.fixture(autouse=True)
def configured(request):
    """Set in each course's nbgrader_config.py what a course with this grader sets."""
    if "temp_cwd" in request.fixturenames:
        request.getfixturevalue("temp_cwd")
        with open("nbgrader_config.py", "a") as file:
            file.write(CONFIGURED.format(folder=request.getfixturevalue("course_dir")))


def pytest_collection_modifyitems(items):
    """Expect the listed tests to fail."""
    known = differences()
    for item in items:
        name = f"{item.path.stem.removeprefix('test_nbgrader_')}::{item.name}"
        if name in known:
            item.add_marker(pytest.mark.xfail(reason=known[name], strict=True))


def main(apps):
    """Run the tests of some of nbgrader's commands, all where none is named; return how many files of them failed."""
    with tempfile.TemporaryDirectory() as home:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        found = os.pathsep.join(map(str, (REPOSITORY, HERE)))  # nbgrader has a package `tests`, too
        settings = os.environ | {"HOME": home, "PATH": path, "PYTHONPATH": found, "USER": getpwuid(os.getuid()).pw_name}
        command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(NBGRADER), "-q", "--tb=short"]
        command += ["-p", "nbgrader_apps", "-p", "no:cacheprovider", "-rfEX"]
        failed = 0
        for app in apps or APPS:
            file = f"tests/apps/test_nbgrader_{app}.py"
            failed += subprocess.run([*command, file], cwd=NBGRADER, env=settings, timeout=PATIENCE).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
