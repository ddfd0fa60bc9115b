"""Run the course's notebooks in every way that others run them, and compare what they show.

Run as `python -m tests.support.runners`, by `make runners` in environments with the oldest, the pinned and the newest
versions. What the solutions store is what each runner must show. The students' notebooks store nothing: the first
runner's outputs are what the others must show. nbval has a comparison of its own.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbval.plugin import get_sanitize_patterns

from grading.course import REPOSITORY

SANITIZE = get_sanitize_patterns((REPOSITORY / "nbval_sanitize.cfg").read_text("utf-8"))
PYTHON = [sys.executable, "-m"]
# Each runs a notebook in its folder and writes what came out into the same file.
RUNNERS = {
    "jupyter execute": [*PYTHON, "jupyter", "execute", "--inplace"],
    "nbconvert": [*PYTHON, "nbconvert", "--to", "notebook", "--execute", "--inplace"],
    "nbmake": [*PYTHON, "pytest", "-q", "-c", os.devnull, "--rootdir=.", "--nbmake", "--overwrite"],
    "papermill": [*PYTHON, "papermill", "--no-progress-bar", "--log-level=ERROR"],
}


def shown(notebook):
    """Return what each code cell shows as text, which is what nbval compares."""
    return ["".join(map(as_text, cell.outputs)) for cell in notebook.cells if cell.cell_type == "code" and cell.source]


def as_text(output):
    """Return an output as text: a stream, an error, or the words and the HTML of what was displayed."""
    kind = output.output_type
    if kind == "stream":
        parts = [output.text] if output.name == "stdout" else [f"{output.name}: {output.text}"]
    elif kind == "error":
        parts = [f"{output.ename}: {output.evalue}\n"]
    else:
        parts = [output.data[name] for name in ("text/plain", "text/html") if name in output.data]
    text = "".join(parts)
    for pattern, put in SANITIZE:
        text = re.sub(pattern, put, text)
    return text


def differences(expected, found):
    """Say in which cells two lists of what is shown differ."""
    if len(expected) != len(found):
        return [f"{len(found)} code cells instead of {len(expected)}"]
    return [
        f"code cell {number} shows {after!r:.300} instead of {before!r:.300}"
        for number, (before, after) in enumerate(zip(expected, found, strict=True), start=1)
        if before != after
    ]


def executed(runner, notebook):
    """Run a copy of a notebook in a folder of its own; return what it shows, or raise RuntimeError with last words."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(notebook, folder))
        command = [*RUNNERS[runner], copy.name, *([copy.name] if runner == "papermill" else [])]
        environment = os.environ | {"PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("\n".join((done.stdout + done.stderr).splitlines()[-15:]))
        return shown(nbformat.read(copy, nbformat.NO_CONVERT))


def faults(notebooks, runners=tuple(RUNNERS)):
    """Run each notebook by each runner; print a line for each run, and yield what differs."""
    for notebook in notebooks:
        stored = nbformat.read(notebook, nbformat.NO_CONVERT)
        expected = shown(stored) if any(cell.get("outputs") for cell in stored.cells) else None
        for runner in runners:
            name = notebook.relative_to(notebook.parents[1])
            try:
                found = executed(runner, notebook)
            except RuntimeError as error:
                differ = [f"ended with an error:\n{error}"]
            else:
                expected = expected or found
                differ = differences(expected, found)
            print(f"{name}, {runner}: {len(differ) or 'no'} differences", flush=True)
            yield from (f"{name}, {runner}: {fault}" for fault in differ)


def main():
    """Run all, print what differs, and return whether anything does; nbval, the fifth runner, goes last."""
    notebooks = [*sorted(REPOSITORY.glob("solutions/*.ipynb")), *sorted(REPOSITORY.glob("notebooks/*.ipynb"))]
    found = list(faults(notebooks))
    print(*found, sep="\n")
    nbval = subprocess.run([*PYTHON, "pytest", "-q", "--nbval", "solutions"], cwd=REPOSITORY)
    return bool(found or nbval.returncode)


if __name__ == "__main__":
    sys.exit(main())
