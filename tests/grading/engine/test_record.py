"""A verdict is a function of bytes: its version names all that decides, and no file of the course is read."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from safetensors.numpy import load, save

from grading.course import REPOSITORY, Course, fill, notebook_at
from grading.engine import record as records
from grading.engine.record import DECIDING, JUDGED, OtherCourse, Terms, code_digest, judged, unpack_terms
from tests.support.course import ASSIGNMENTS, COURSE, FORBIDDEN, NO_SHIFT, released, solutions

ASSIGNMENT = ASSIGNMENTS[0]
RELEASE = nbformat.writes(released(ASSIGNMENT)).encode()
TERMS = Terms(ASSIGNMENT, RELEASE, *COURSE.cases(ASSIGNMENT), COURSE.editions(released(ASSIGNMENT)))
DECIDE = [path for folder in DECIDING for path in sorted((REPOSITORY / folder).rglob("*.py"))]

# What judging imports of this repository besides, and why no verdict depends on it.
DECIDES_NOTHING = {
    "grading": "a docstring",
    "grading.bounded": "where reading a file ends; what a person writes comes near to none of its limits",
    "grading.course": "where a course's files lie; what is in them is in the terms",
    "grading.files": "writes what was judged, whole or not at all",
    "helpers": "hands out names; of what a notebook computes with there is a digest in the terms",
    "helpers.support": "a docstring",
    "helpers.support.language": "words; a verdict keeps a template's name and its values",
}
JUDGING = """import json, sys
from grading.engine.record import judged, unpack_terms
folder, root = sys.argv[1:]
terms = unpack_terms(open(f"{folder}/terms", "rb").read())
for name in ("solved", "wrong", "forbidden", "mended", "torn"):
    print(judged(open(f"{folder}/{name}", "rb").read(), terms, terms.version).status, file=sys.stderr)
files = {name: getattr(module, "__file__", None) or "" for name, module in sys.modules.items()}
print(json.dumps({name: file.removeprefix(root) for name, file in files.items() if name.split(".")[0] in
                  ("grading", "helpers", "source", "tests")}))"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """What a fresh process has imported of this repository once it has judged: {module: its file}."""
    folder, solved = tmp_path_factory.mktemp("judged"), solutions(ASSIGNMENT)
    given = {"solved": solved, "wrong": solved | {"softmax_t": NO_SHIFT}, "forbidden": {"softmax_t": FORBIDDEN}}
    files = {name: nbformat.writes(fill(released(ASSIGNMENT), answers)) for name, answers in given.items()}
    files |= {"mended": files["wrong"].replace('"test_softmax_t"', '"lost"'), "torn": files["solved"][:3000]}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "terms").write_bytes(TERMS.packed)
    command = [sys.executable, "-c", JUDGING, str(folder), f"{REPOSITORY}/"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.stderr.split("\n")[:-1] == [*["judged"] * 4, "not gradable"], done.stderr
    return json.loads(done.stdout)


def undecided(imported, deciding=DECIDING):
    """Return the modules that are in no deciding folder."""
    return {name for name, file in imported.items() if not file.startswith(tuple(f"{each}/" for each in deciding))}


def test_every_module_that_judging_imports_is_among_those_that_decide_or_is_known_to_decide_nothing(imported):
    assert undecided(imported) == set(DECIDES_NOTHING)


@pytest.mark.parametrize("folder", DECIDING)
def test_a_folder_that_is_left_out_of_those_that_decide_is_noticed(imported, folder):
    """The red fixture."""
    assert undecided(imported, [each for each in DECIDING if each != folder]) > set(DECIDES_NOTHING)


def test_the_architecture_names_the_folders_that_decide_and_no_other():
    said = (REPOSITORY / "ARCHITECTURE.md").read_text("utf-8").partition("**version**: a digest of ")[2]
    assert re.findall(r"`([\w/]+)/`", said.partition(", the course's data")[0]) == list(DECIDING)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("copy")
    for folder in DECIDING:
        shutil.copytree(REPOSITORY / folder, root / folder)
    return root


@pytest.mark.parametrize("path", DECIDE, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_one_changed_byte_in_any_file_that_decides_is_another_version(path, copy):
    file = copy / path.relative_to(REPOSITORY)
    whole = file.read_bytes()
    assert code_digest(copy) == records.CODE
    file.write_bytes(whole[:-1] + b" ")
    assert code_digest(copy) != records.CODE
    file.write_bytes(whole)


def test_a_file_more_or_less_among_those_that_decide_is_another_version(copy):
    for folder in DECIDING:
        more = copy / folder / "more.py"
        more.touch()
        assert code_digest(copy) != records.CODE
        more.unlink()
    assert code_digest(copy) == records.CODE


OTHERS = {
    "assignment": "another",
    "release": RELEASE.replace(b"def softmax_t(x", b"def softmax_t(y"),
    "public": TERMS.public + b"\0",
    "hidden": TERMS.hidden + b"\0",
    "editions": (("vi", ("an older edition",)),),
    "limits": (("timeout", 1),),
}


@pytest.mark.parametrize("part", OTHERS)
def test_terms_that_differ_in_one_part_are_another_version(part):
    assert replace(TERMS, **{part: OTHERS[part]}).version != TERMS.version


def changed_cells(change):
    """Return the release's bytes after a change of every cell."""
    notebook = released(ASSIGNMENT)
    for cell in notebook.cells:
        change(cell, cell.metadata.get("nbgrader", {}))
    return nbformat.writes(notebook).encode()


def more_points(cell, marks):
    if marks.get("grade"):
        marks["points"] += 1


def more_prose(cell, marks):
    if cell.cell_type == "markdown":
        cell.source += " (6 points)"


def more_in_test_cells(cell, marks):
    if marks.get("grade"):
        cell.source += "  # green?"


def other_helpers_packed(cell, marks):
    cell.source = re.sub(r"^bring_helpers\(", "bring_helpers(None, ", cell.source, flags=re.MULTILINE)


@pytest.mark.parametrize("change", [more_points, more_prose, more_in_test_cells, other_helpers_packed])
def test_what_decides_no_case_makes_no_other_version(change):
    content = changed_cells(change)
    assert content != changed_cells(lambda *_: None)
    assert replace(TERMS, release=content).version == TERMS.version


def more_code(cell, marks):
    if cell.cell_type == "code" and not marks:
        cell.source += "\nx = 1"


def other_stubs(cell, marks):
    if marks.get("solution"):
        cell.source += "\n"


def other_names(cell, marks):
    if marks.get("grade"):
        marks["grade_id"] += "_2"


@pytest.mark.parametrize("change", [more_code, other_stubs, other_names])
def test_what_may_decide_a_case_is_another_version(change):
    assert replace(TERMS, release=changed_cells(change)).version != TERMS.version


def changed_cases(content, change):
    """Return a case file's bytes after a change of what it says of softmax_t."""
    tensors = load(content)
    exercises = json.loads(tensors["exercises"].tobytes())
    change(exercises["softmax_t"])
    return save(tensors | {"exercises": np.frombuffer(json.dumps(exercises).encode(), np.uint8)})


def test_other_points_of_aspects_make_no_other_version_and_other_cases_do():
    def weigh(said):
        said["aspects"] = {name: 2 * points for name, points in said["aspects"].items()}

    def rename(said):
        said["aspects"] = {f"{name}!": points for name, points in said["aspects"].items()}

    for kind in ("public", "hidden"):
        content = getattr(TERMS, kind)
        assert replace(TERMS, **{kind: changed_cases(content, weigh)}).version == TERMS.version
        for change in (rename, lambda said: said["cases"].pop(), lambda said: said.update(forbidden=[])):
            assert replace(TERMS, **{kind: changed_cases(content, change)}).version != TERMS.version


def test_where_the_course_lies_makes_no_other_version():
    assert replace(TERMS, private=("/elsewhere",)).version == TERMS.version


def test_terms_come_out_as_they_were_packed_and_once():
    assert unpack_terms(TERMS.packed) == TERMS and unpack_terms(TERMS.packed).version == TERMS.version
    assert unpack_terms(bytes(bytearray(TERMS.packed))) is unpack_terms(TERMS.packed), "what is in there is read once"
    assert len(TERMS.packed) < 2 * len(RELEASE), "they go to a worker with each submission"


def test_other_code_is_another_version_and_its_worker_refuses(monkeypatch):
    here = TERMS.version
    monkeypatch.setattr(records, "CODE", "of other files")
    assert TERMS.version != here
    with pytest.raises(OtherCourse, match="have changed since the workers were started"):
        judged(b"{}", TERMS, here)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_submission_is_judged_from_its_bytes_and_the_terms_alone(language, monkeypatch):
    notebook = fill(notebook_at(COURSE.notebook(ASSIGNMENT, language)), solutions(ASSIGNMENT))
    content, worth = nbformat.writes(notebook).encode(), COURSE.points(ASSIGNMENT)
    for name in ("release", "public", "hidden", "editions"):
        monkeypatch.setattr(Course, name, lambda *_: pytest.fail("the course was read"))
    found = judged(content, unpack_terms(TERMS.packed), TERMS.version)
    assert (found.status, found.repairs) == (JUDGED, ())
    assert found.points == {f"test_{name}": points for name, points in worth.items()}
