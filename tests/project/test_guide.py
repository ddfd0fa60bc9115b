"""The instructors' guide is true: its ten minutes, followed to the letter in a copy, add an exercise in English."""

import re
import shlex
import shutil
import subprocess
import time

import nbformat
import pytest

from grading.course import REPOSITORY
from tests.support.commands import run

GUIDE = (REPOSITORY / "docs" / "instructors.md").read_text("utf-8").partition("## Change an exercise")[2]
CUT = re.compile(r"^# %%$", re.MULTILINE)  # of the copy's notebook its opening is enough


def blocks(text, language):
    """Return the blocks of a document that are in a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def commands(text):
    """Return the commands of a document, each as a list of words."""
    return [shlex.split(line) for block in blocks(text, "bash") for line in block.splitlines()]


def test_the_guide_says_what_the_ten_minutes_are():
    assert [words[:2] for words in commands(GUIDE)] == [
        ["make", target] for target in ("exercise", "check-exercise", "course", "test")
    ]
    (wrong,) = blocks(GUIDE, "python")
    assert wrong.startswith("def wrong_")


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the repository whose course is the opening of the first notebook, in both editions."""
    copy = tmp_path_factory.mktemp("guide") / "copy"
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    others = re.compile(
        r"(source/(exercises|cases|\w+)|release|notebooks|solutions)/|source/temperature_range\.py|.*temperature_range\.po"
    )
    for name in names:
        if (REPOSITORY / name).is_file() and (name.startswith("source/locale") or not others.match(name)):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, copy / name)
    (copy / "source/locale/vi/temperature_range.po").unlink()
    (copy / ".venv").symlink_to(REPOSITORY / ".venv")
    text = copy / "source" / "iterated_softmax.py"
    text.write_text(text.read_text("utf-8")[: CUT.search(text.read_text("utf-8")).start()], "utf-8")
    return copy


def follow(copy, words):
    """Run a target of make in the copy, where the environment is there already."""
    return run("make", "-o", ".venv/.ready", *words[1:], cwd=copy, PYTHONPATH=str(copy))


@pytest.mark.slow
def test_following_the_guide_adds_an_exercise_in_english_in_minutes(copy):
    begin, check, build, _ = commands(GUIDE)
    start = time.monotonic()
    follow(copy, begin)
    exercise = copy / "source/exercises/iterated_softmax/spread_of.py"
    exercise.write_text(f"{exercise.read_text('utf-8')}\n\n{blocks(GUIDE, 'python')[0]}", "utf-8")
    said = follow(copy, check)
    assert "Right answers get full marks; wrong ones don't, and are told why." in said
    assert re.search(r"^spread_of +2 +2 +2 +2$", said, re.MULTILINE)
    said = follow(copy, build)
    assert re.search(r"source/locale/vi: \d+ texts are not translated, and English in that edition", said)
    assert time.monotonic() - start < 300, "the other five of the ten minutes are for writing"
    for edition in ("", "vi/"):
        solution = nbformat.read(copy / f"solutions/{edition}iterated_softmax.ipynb", nbformat.NO_CONVERT)
        cell = next(cell for cell in solution.cells if cell.source == 'check("spread_of")')
        assert cell.outputs[0].data["text/plain"].startswith("spread_of" if edition else "spread_of: 2 of 2 cases here")
        students = (copy / f"notebooks/{edition}iterated_softmax.ipynb").read_text("utf-8")
        assert "def spread_of" in students and "return max(numbers)" not in students
    run("ruff", "format", "--check", "source", cwd=copy)
    run("ruff", "check", "source", cwd=copy)
