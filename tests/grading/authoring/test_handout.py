"""Students get the notebooks, the helpers and a way to install them, and nothing else."""

import shutil
import zipfile

import nbformat
import pytest
import yaml
from nbformat import v4

from grading.authoring import handout
from grading.authoring.handout import handout_files, student_environment, write_zip
from grading.course import REPOSITORY

WHEEL = "softmax_lab-0.1.0-py3-none-any.whl"


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a notebook, an answer and hidden cases, and a wheel."""
    for name in (
        "environment.yml",
        "constraints.txt",
        "LICENSE",
        "LICENSE-TEXT",
        "grading/authoring/student_readme.md",
        "grading/authoring/student_readme.vi.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, tmp_path / name)
    inside, outside = ("notebooks/one.ipynb", "notebooks/vi/one.ipynb"), ("solutions/one.ipynb", "source/one.py")
    for name in (*outside, "solutions/vi/one.ipynb", "grading/hidden.safetensors"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    for name in inside:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        cells = [v4.new_code_cell("# setup"), v4.new_markdown_cell(f"# Title of {name}\n\n## A part")]
        nbformat.write(v4.new_notebook(cells=cells), tmp_path / name)
    (tmp_path / WHEEL).write_text("wheel")
    return tmp_path


def test_the_handout_holds_exactly_what_students_get(checkout):
    files = handout_files(checkout, checkout / WHEEL)
    expected = {
        "README.md",
        "README.vi.md",
        "environment.yml",
        "constraints.txt",
        "LICENSE",
        "LICENSE-TEXT",
        "one.ipynb",
        "vi/one.ipynb",
        WHEEL,
    }
    assert set(files) == expected
    for name in ("one.ipynb", "vi/one.ipynb"):
        assert files[name] == (checkout / "notebooks" / name).read_bytes()
    for name in ("README.md", "README.vi.md"):
        assert WHEEL in files[name].decode()
        assert "{" not in files[name].decode()


def test_the_readmes_list_the_notebooks_that_there_are_each_with_its_title(checkout):
    nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("No heading.")]), checkout / "notebooks" / "three.ipynb")
    files = handout_files(checkout, checkout / WHEEL)
    english, vietnamese = (files[name].decode() for name in ("README.md", "README.vi.md"))
    assert "1. `one.ipynb`: Title of notebooks/one.ipynb\n2. `three.ipynb`: three\n\n" in english
    assert "1. `vi/one.ipynb`: Title of notebooks/vi/one.ipynb\n\n" in vietnamese


def test_students_install_the_wheel_instead_of_the_checkout(checkout):
    files = handout_files(checkout, checkout / WHEEL)
    *_, by_pip = yaml.safe_load(files["environment.yml"])["dependencies"]
    assert by_pip == {"pip": ["-c constraints.txt", "jupyterlab", f"./{WHEEL}"]}


def test_the_same_checkout_gives_the_same_zip(checkout):
    for name in ("first", "second"):
        write_zip(checkout / name / "handout.zip", handout_files(checkout, checkout / WHEEL))
    first, second = (checkout / name / "handout.zip" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    files = handout_files(checkout, checkout / WHEEL)
    assert sorted(zipfile.ZipFile(first).namelist()) == sorted(f"handout/{name}" for name in files)


def test_a_handout_without_notebooks_says_how_to_build_them(checkout):
    shutil.rmtree(checkout / "notebooks")
    with pytest.raises(FileNotFoundError, match="make course"):
        handout_files(checkout, checkout / WHEEL)


def test_an_environment_without_the_checkout_is_refused():
    with pytest.raises(ValueError, match="the line"):
        student_environment("dependencies: [python]", WHEEL)


@pytest.mark.parametrize("problem", ["a file in its way", "no wheel"])
def test_what_keeps_the_handout_from_being_written_is_a_sentence(tmp_path, checkout, monkeypatch, capsys, problem):
    """As in a folder that cannot be written to, which root never meets."""
    monkeypatch.setattr(handout, "REPOSITORY", checkout)
    monkeypatch.setattr(handout, "build_wheel", lambda root, into: checkout / WHEEL)
    (checkout / "dist").touch() if problem == "a file in its way" else (checkout / WHEEL).unlink()
    assert handout.main() == 1
    said = capsys.readouterr().err
    assert said.startswith("handout: ") and said.count("\n") == 1 and str(tmp_path) in said
