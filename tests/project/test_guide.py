"""The instructors' guide is true: its ten-minute recipe, followed to the letter in a copy, adds an exercise."""

import functools
import re
import shutil
import subprocess

import nbformat
import polib
import pytest

from grading.course import REPOSITORY
from grading.reports.catalogues import LOCALE, languages
from tests.support.commands import python

GUIDE = (REPOSITORY / "docs" / "instructors.md").read_text("utf-8")


def blocks(text):
    """Return the Python blocks of the guide's last section."""
    return re.findall(r"```python\n(.*?)```", text[text.index("## Change an exercise") :], re.DOTALL)


def test_the_guide_has_a_cell_and_its_exercise():
    cell, exercise = blocks(GUIDE)
    assert cell.startswith('# %% solution="halve"') and cell.endswith('# %% test="halve" points=1\n')
    assert exercise.startswith('"""Half of a number."""') and "def wrong_doubles(x):" in exercise


@pytest.mark.slow
def test_following_the_guide_adds_an_exercise(tmp_path):
    copy = tmp_path / "course"
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for name in filter(lambda name: (REPOSITORY / name).exists(), tracked.splitlines()):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, copy / name)

    cell, exercise = blocks(GUIDE)
    text = copy / "source" / "iterated_softmax.py"
    before, heading, after = text.read_text("utf-8").partition("# %% [markdown]\n# ## What you found")
    assert heading
    text.write_text(f"{before}{cell}\n{heading}{after}", "utf-8")
    (copy / "source" / "exercises" / "iterated_softmax" / "halve.py").write_text(exercise, "utf-8")

    run = functools.partial(python, cwd=copy, PYTHONPATH=str(copy))
    run("source/build.py")
    run("-m", "grading.authoring.messages")
    translated = 0
    for file in (copy / LOCALE).rglob("*.po"):
        catalogue = polib.pofile(str(file))
        for entry in catalogue.untranslated_entries() + catalogue.fuzzy_entries():
            entry.msgstr, entry.flags = entry.msgid, []
            translated += 1
        catalogue.save()
    # a docstring, an aspect, a sentence, a diagnosis, and the names of two cases
    assert translated == 6 * len(languages(copy)) > 0
    run("source/build.py")
    run("source/build.py", "--check")
    solution = nbformat.read(copy / "solutions" / "iterated_softmax.ipynb", nbformat.NO_CONVERT)
    check = next(cell for cell in solution.cells if cell.source == 'check("halve")')
    said = check.outputs[0].data["text/plain"]
    assert said.startswith("halve: 1 of 1 case here is right; 1 more is checked at grading.")
    released = (copy / "release" / "iterated_softmax" / "iterated_softmax.ipynb").read_text("utf-8")
    assert "return x / 2" in cell and "def halve" in released and "return x / 2" not in released
    assert "halve" in run("-m", "tests.support.matrix", "iterated_softmax", "halve")
