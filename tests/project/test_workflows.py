"""What runs elsewhere can be read and names what there is: workflows and hooks."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from grading.course import REPOSITORY

MAKEFILE = (REPOSITORY / "Makefile").read_text("utf-8")
HOOKS = ".pre-commit-config.yaml"
FILES = {
    path.relative_to(REPOSITORY).as_posix(): path.read_text("utf-8")
    for path in [*REPOSITORY.glob(".github/**/*.yml"), REPOSITORY / HOOKS]
}


def commands(node):
    """Return what a file of workflows or hooks runs, anywhere in it."""
    if isinstance(node, dict):
        own = [node[key] for key in ("run", "entry", "uses") if isinstance(node.get(key), str)]
        return own + [command for value in node.values() for command in commands(value)]
    return [command for item in node for command in commands(item)] if isinstance(node, list) else []


def faults(files):
    """Return what cannot be read, and which targets, modules, files and repositories of hooks are not here."""
    found = []
    for name, text in files.items():
        try:
            read = yaml.safe_load(text)
        except yaml.YAMLError as error:
            found.append(f"{name}: {error}")
            continue
        for command in commands(read):
            for target in re.findall(r"\bmake ([\w./-]+)", command):
                if not re.search(rf"^({re.escape(target)}:|READY := {re.escape(target)}$)", MAKEFILE, re.MULTILINE):
                    found.append(f"{name}: there is no make {target}")
            for module in re.findall(r"python -m ((?:grading|helpers|source|tests)[\w.]*)", command):
                if not find_spec(module):
                    found.append(f"{name}: there is no module {module}")
            for place in re.findall(r"(?<![\w/])(?:\./)?((?:\.ci|\.github|source|tests)/[\w./-]+)", command):
                if not (REPOSITORY / place).exists():
                    found.append(f"{name}: there is no {place}")
        if name == HOOKS:
            found += [f"{name}: {r['repo']} is not local" for r in read["repos"] if r["repo"] != "local"]
    return found


def test_workflows_and_hooks_name_what_there_is():
    assert {"ci.yml", "colab.yml", "release.yml"} <= {Path(name).name for name in FILES}
    assert sum(len(commands(yaml.safe_load(text))) for text in FILES.values()) > 20
    assert faults(FILES) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("on: push\njobs: {a: {steps: [{run: make tests}]}}", "there is no make tests"),
        ("jobs: {a: {steps: [{run: .ci/walk}]}}", "there is no .ci/walk"),
        ("jobs: {a: {uses: ./.github/workflows/other.yml}}", "there is no .github/workflows/other.yml"),
        ("jobs: {a: {steps: [{run: python -m tests.support.colob x}]}}", "there is no module tests.support.colob"),
        ("jobs: {a: {steps: [{run: pytest tests/test_platforms.py}]}}", "there is no tests/test_platforms.py"),
        ("jobs: [", "while parsing a flow node"),
    ],
)
def test_what_is_wrong_in_a_workflow_is_named(text, fault):
    assert fault in "\n".join(faults({"x.yml": text}))


def test_a_hook_from_elsewhere_is_named():
    assert faults({HOOKS: "repos: [{repo: elsewhere, hooks: []}]"}) == [f"{HOOKS}: elsewhere is not local"]


PLANTED = {
    "style": "import os",
    "format": "x = [1,2]",
    "imports": "import grading.course",
    "types": "def f(x): return x",
}


def test_every_hook_has_a_red_fixture():
    """The drift check's are in tests/grading/authoring: it builds all of the course."""
    hooks = [hook["id"] for repository in yaml.safe_load(FILES[HOOKS])["repos"] for hook in repository["hooks"]]
    assert hooks == [*PLANTED, "drift"]


@pytest.mark.parametrize("hook", PLANTED)
def test_a_hook_stops_a_commit(tmp_path, hook):
    """Run as git would run it, on a file that is fine and on one that is not."""
    for name in ("grading", "helpers", "source"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", HOOKS):
        shutil.copy(REPOSITORY / name, tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    codes = []
    for text in ("x = 1\n", f"{PLANTED[hook]}\n"):
        (tmp_path / "helpers" / "planted.py").write_text(text)
        subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
        environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(tmp_path)}
        command = [sys.executable, "-m", "pre_commit", "run", hook]
        codes.append(subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True).returncode)
    assert codes == [0, 1]


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(5))
def test_slow_tests_of_a_file_are_one_workers(turn, testrun_uid):
    """Two workers that made Colab's environment at once took each other's files away."""
    mark = Path(tempfile.gettempdir(), f"slow-{testrun_uid}")
    mark.touch() if not turn else None
    assert mark.exists(), "another worker runs the first of these tests"
    kept, worker = mark.read_text(), os.environ.get("PYTEST_XDIST_WORKER", "none")
    mark.write_text(worker) if turn < 4 else mark.unlink()
    assert kept in ("", worker)
