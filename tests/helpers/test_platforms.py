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
import sysconfig
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import v4
from packaging.requirements import Requirement

from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS, Trial, filled, solutions

CONSTRAINTS = REPOSITORY / "tests/support/colab_constraints.txt"
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
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        ours, theirs = (sysconfig.get_path("purelib", vars={"base": str(base)}) for base in (sys.prefix, folder))
        for part in parts_of("torch"):  # the largest by far, and of the course's own version
            Path(theirs, part).symlink_to(Path(ours, part))
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin/python", "--disable-pip-version-check"]
        pip += ["install", "-qq"]
        subprocess.run([*pip, "-r", CONSTRAINTS], check=True)
        subprocess.run([*pip, "--no-deps", "--target", folder / "widgets-8", *WIDGETS_8], check=True)
        (folder / "google/colab").mkdir(parents=True)  # what code asks for to know that it is in Colab
        (folder / "google/colab/__init__.py").touch()
        (folder / "ready").touch()
    return folder


def parts_of(name):
    """Return the names in site-packages of a package that is installed here and of all that it requires."""
    found, waiting = {}, [name]
    while waiting:
        package = metadata.distribution(waiting.pop())
        if package.name not in found:
            found[package.name] = {file.parts[0] for file in package.files} - {"..", "__pycache__"}
            required = map(Requirement, package.requires or [])
            waiting += [each.name for each in required if not each.marker or each.marker.evaluate({"extra": ""})]
    return set().union(*found.values())


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


# Files as front ends save them. The same answers in each: some right, some wrong, some missing.

WRONG = {
    "softmax_t": "def softmax_t(x, temperature=1.0, dim=-1):\n    return torch.exp(x / temperature)",
    "perplexity": "def perplexity(p, dim=-1):\n    return (p * p.log()).sum(dim)",
}


def answered(assignment):
    """Return the notebook of a student with a wrong answer and a missing one, as JSON without outputs."""
    answers = {name: source for name, source in solutions(assignment).items() if name != "decay_ratios"}
    return json.loads(nbformat.writes(filled(assignment, answers | {k: v for k, v in WRONG.items() if k in answers})))


def from_jupyterlab(document):
    """As JupyterLab saves it after a run: counts, outputs, times."""
    document["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    document["metadata"]["language_info"] = {"name": "python", "version": "3.12.3", "file_extension": ".py"}
    for number, cell in enumerate(document["cells"]):
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": ["shown\n"]}]
            cell["metadata"]["execution"] = {"iopub.status.busy": "2026-09-01T10:00:00.000000Z"}
    return document


def from_colab(document):
    """As Colab saves it: format 4.0, ids in the metadata, a badge's cell, widgets without state, outputs left out."""
    document["nbformat_minor"] = 0
    badge = {"id": "view-in-github", "colab_type": "text"}
    document["cells"].insert(0, {"cell_type": "markdown", "metadata": badge, "source": ['<a href="#">badge</a>']})
    widget = {"model_module": "@jupyter-widgets/controls", "model_name": "HBoxModel", "model_module_version": "1.5.0"}
    document["metadata"] = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
        "colab": {"provenance": [], "private_outputs": True, "toc_visible": True},
        "widgets": {"application/vnd.jupyter.widget-state+json": {"0a1b": widget}},
    }
    for number, cell in enumerate(document["cells"][1:]):
        cell.pop("id", None)
        cell["metadata"]["id"] = f"Xy{number:08}"
        if cell["cell_type"] == "code":
            cell["metadata"]["outputId"] = f"0a1b2c3d-{number:04}"
            cell.update(execution_count=None, outputs=[])
    added = {"cell_type": "code", "metadata": {"id": "Zz"}, "source": ["x = 1"], "execution_count": 1, "outputs": []}
    document["cells"].append(added)
    return document


def from_vs_code(document):
    """As VS Code saves it: the kernel's own name, other cell ids, the language in each cell, outputs left out."""
    document["metadata"]["kernelspec"]["display_name"] = ".venv (3.12.3)"
    document["metadata"]["language_info"] = {"name": "python", "version": "3.12.3", "pygments_lexer": "ipython3"}
    for number, cell in enumerate(document["cells"]):
        cell["id"] = f"{number:08x}"
        if cell["cell_type"] == "code":
            cell["metadata"]["vscode"] = {"languageId": "python"}
            cell.update(execution_count=None if number % 2 else number, outputs=[])
    return document


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_files_from_colab_and_vs_code_grade_as_jupyterlabs_do(tmp_path, assignment):
    course = Trial(tmp_path)
    course.generate(assignment)
    for saved in (from_jupyterlab, from_colab, from_vs_code):
        course.submit(saved.__name__, assignment, json.dumps(saved(answered(assignment))).encode())
    done = course.nbgrader("autograde", assignment)
    assert done.returncode == 0, done.stderr
    marks = course.marks(assignment)
    assert marks["from_colab"] == marks["from_vs_code"] == marks["from_jupyterlab"]
    points = list(marks["from_jupyterlab"].values())
    assert 0.0 in points and max(points) > 0.0
    for student in marks:
        sources = [cell.source for cell in course.graded(student, assignment).cells]
        assert sum("bring_helpers(" in source for source in sources) == 1
