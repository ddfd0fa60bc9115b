"""Run nbgrader's own commands, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from grading.course import home_of


def nbgrader(folder, *arguments, config=None, **environment):
    """Run an nbgrader command on a class folder and return the finished process, with its output as text.

    ``config`` is the folder whose nbgrader_config.py is read; if None, the class folder's own or else this
    repository's. ``environment`` adds variables.
    """
    command = [sys.executable, "-m", "nbgrader", *arguments, f"--CourseDirectory.root={folder}"]
    variables = os.environ | {"PATH": path_with_programs()} | environment
    return subprocess.run(command, cwd=config or home_of(folder), env=variables, capture_output=True, text=True)


def path_with_programs():
    """Return PATH with this environment's programs first: nbgrader calls alembic by name."""
    programs, path = str(Path(sys.executable).parent), os.environ.get("PATH", "")
    return path if programs in path.split(os.pathsep) else os.pathsep.join([programs, path])
