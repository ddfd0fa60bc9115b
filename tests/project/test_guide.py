"""The instructors' guides are true: followed to the letter, they add an exercise, and port one."""

import re
import shlex
import shutil
import subprocess
import time

import nbformat
import numpy as np
import pytest

from grading.authoring import build, exercise
from grading.authoring.exercise import load_exercises
from grading.authoring.matrix import faults_of, undeserved_points
from grading.course import REPOSITORY
from tests.support import ported
from tests.support.commands import run
from tests.support.matrix import files, matrix

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


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """A course with what the guide to porting writes."""
    course = tmp_path_factory.mktemp("port")
    (course / "source" / "exercises" / "one").mkdir(parents=True)
    (course / "source" / "one.py").write_text("# %%\nimport numpy as np\n", "utf-8")
    ported.port(course, "one")
    return course


def test_the_guide_ports_two_test_cells_of_one_function(port):
    cells = build.parse((port / "source" / "one.py").read_text("utf-8"), "source/one.py")
    build.guard_tests(port, "one", cells)
    assert [(cell.name, cell.points) for cell in cells if cell.kind == "test"] == [("lu_shape", 1), ("lu_values", 2)]
    for name in ("lu_shape", "lu_values"):
        rows = matrix("one", name, course=port)
        assert len(rows) == 4 and faults_of(rows) == undeserved_points(rows, files("one", course=port)) == []


@pytest.mark.parametrize(("name", "asserts"), [*zip(("lu_shape", "lu_values"), ported.ASSERTS, strict=True)])
def test_what_is_ported_is_as_strict_as_the_asserts_were(port, name, asserts):
    inputs = [np.array([[1e-20, 1.0], [1.0, 1.0]]), np.array([[0.0, 2.0, 1.0], [4.0, 1.0, 3.0], [2.0, 5.0, 1.0]])]
    for answer in load_exercises(port, "one")[name].answers.values():
        passed = []
        for given in inputs:
            try:
                exec(asserts, {"np": np, "A": given, "lu": answer.function})
                passed.append(True)
            except AssertionError:
                passed.append(False)
        assert all(passed) == answer.right, answer.name


def test_the_words_that_the_guide_to_porting_names_are_those_of_exercise_files():
    table = ported.GUIDE.partition("|---|---|")[2].partition("\n\n")[0]
    cells = re.findall(r"`([^`]*)`", "".join(line.split(" | ")[1] for line in table.strip().splitlines()))
    named = {word for cell in cells for word in re.findall(r"(?<![.\w])(?:book\.)?[a-z_]+(?=\()", cell)} - {"hidden"}
    assert len(named) > 10
    for word in named:
        assert hasattr(exercise.Book if "." in word else exercise, word.rpartition(".")[2]), word
