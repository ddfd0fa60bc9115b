"""Programs as a person runs them in the activated environment."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

from grading.course import REPOSITORY

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # nbgrader calls alembic by name
PR_SET_CHILD_SUBREAPER = 36


def run(*command, cwd=REPOSITORY, code=0, **environment):
    """Run a program that is to end with this code, and return what it said on both channels."""
    environment = os.environ | {"PATH": PATH} | environment
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def python(*arguments, **options):
    """Do so with this environment's Python, which finds the repository's packages from any folder."""
    return run(sys.executable, *arguments, **{"PYTHONPATH": str(REPOSITORY)} | options)


def adopt_orphans():
    """Become the parent of what outlives our children, for `left_running` to see."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def left_running():
    """Return the commands of sandboxes and attacks among this process's children; ended ones are taken off the list."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
    tasks = Path(f"/proc/{os.getpid()}/task").iterdir()
    children = [child for task in tasks for child in (task / "children").read_text().split()]
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    return [command for command in commands if any(name in command for name in (b"zygote", b"bwrap", b"sleep"))]
