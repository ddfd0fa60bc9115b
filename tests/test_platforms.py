"""Where students work: Colab's versions with nothing of ours installed, and files as Colab and VS Code save them.

Colab's and VS Code's own front ends cannot be run here: docs/platforms.md lists what a person tries by hand.
"""

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4

from grading.course import ASSIGNMENTS, REPOSITORY

CONSTRAINTS = REPOSITORY / "tests/colab_constraints.txt"
WIDGETS_8 = ["ipywidgets==8.1.9", "widgetsnbextension==4.0.16", "jupyterlab_widgets==3.0.17", "comm==0.2.3"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def colab():
    """Return the folder of an environment with Colab's versions, and ipywidgets 8 beside it; kept in build/."""
    wanted = hashlib.sha256(CONSTRAINTS.read_bytes() + str(WIDGETS_8).encode()).hexdigest()[:12]
    folder = REPOSITORY / f"build/colab-{wanted}"
    if not (folder / "ready").exists():
        for old in (REPOSITORY / "build").glob("colab-*"):
            shutil.rmtree(old)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "-qqq", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", CONSTRAINTS], check=True)
        subprocess.run([*pip, "--no-deps", "--target", folder / "widgets-8", *WIDGETS_8], check=True)
        (folder / "google/colab").mkdir(parents=True)  # what code asks for to know that it is in Colab
        (folder / "google/colab/__init__.py").touch()
        (folder / "ready").touch()
    return folder


def executed(notebook, environment, folder, overlay=""):
    """Run a notebook in a kernel of an environment, in an empty folder, with nothing of ours on its path."""
    argv = [str(environment / "bin/python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "kernels/colab").mkdir(parents=True)
    spec = {"argv": argv, "display_name": "Colab", "language": "python"}
    (folder / "kernels/colab/kernel.json").write_text(json.dumps(spec))
    (folder / "content").mkdir()
    paths = [str(path) for path in ([environment / overlay] if overlay else []) + [environment]]
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        client = NotebookClient(
            notebook, kernel_name="colab", timeout=300, resources={"metadata": {"path": str(folder / "content")}}
        )
        client.execute(env=kept | {"HOME": str(folder), "PYTHONPATH": os.pathsep.join(paths)})
    return notebook


def one_after_the_other(*notebooks):
    """Return one notebook with the cells of several, in their order."""
    cells = [copy.deepcopy(cell) for notebook in notebooks for cell in notebook.cells]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
        cell.update({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})
    return v4.new_notebook(cells=cells)


def said(cells):
    """Return what code cells show as text; of a figure its words."""
    parts = [output.get("text") or output["data"]["text/plain"] for cell in cells for output in cell.get("outputs", [])]
    return "".join(parts)


@pytest.mark.parametrize("overlay", ["", "widgets-8"], ids=["ipywidgets 7.7", "ipywidgets 8"])
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_one_file_is_enough_in_colab(colab, tmp_path, assignment, overlay):
    """From top to bottom, again, and with the solutions filled in, which show what they show here."""
    student = nbformat.read(REPOSITORY / f"notebooks/{assignment}.ipynb", nbformat.NO_CONVERT)
    solved = nbformat.read(REPOSITORY / f"solutions/{assignment}.ipynb", nbformat.NO_CONVERT)
    probe = v4.new_code_cell("import ipywidgets, google.colab; print(ipywidgets.__version__, helpers.__file__)")
    run = executed(
        one_after_the_other(student, student, solved, v4.new_notebook(cells=[probe])), colab, tmp_path, overlay
    )
    *rest, shown = run.cells
    first, again, third = (
        rest[start : start + len(student.cells)] for start in range(0, len(rest), len(student.cells))
    )
    assert said([shown]).split() == [
        WIDGETS_8[0].partition("==")[2] if overlay else "7.7.1",
        "packed:helpers/__init__.py",
    ]
    assert said(first) == said(again) and "not attempted yet" in said(first)
    assert said(third) == said(solved.cells)
    assert [output for cell in rest for output in cell.get("outputs", []) if output.get("name") == "stderr"] == []
