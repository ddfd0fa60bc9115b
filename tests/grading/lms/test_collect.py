"""Collecting what was handed in, whatever it is called."""

import os
import subprocess
import sys
from pathlib import PurePosixPath

import pytest

from grading.__main__ import main
from grading.course import REPOSITORY
from grading.lms.collect import NOBODY
from grading.lms.layouts import prefixed
from tests.support.course import FIRST
from tests.support.handed_in import BLANK, BROKEN, SOLVED, taken, tree


def hand_in(folder, files):
    """Write {name: bytes}, each a minute younger than the one before."""
    for minute, (name, content) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000 + 60 * minute,) * 2)


def collect(tmp_path, files=None):
    """Collect the files into tmp_path/course; return the exit code."""
    hand_in(tmp_path / "in", files or {})
    return main(["collect", str(tmp_path / "in"), "--assignment", FIRST, "--course", str(tmp_path / "course")])


def test_files_are_taken_under_every_name(tmp_path, capsys):
    names = {
        "ada_homework.ipynb": "ada",
        "bob/My work.ipynb": "bob",
        "cy (1).ipynb": "cy",
        "dora_x.ipynb.json": "dora",
        "eve_notebook.txt": "eve",
        "fay/deep/er/Untitled.ipynb": "fay",
        "gus.lee@uni_final.IPYNB": "gus.lee@uni",
    }
    assert collect(tmp_path, dict.fromkeys(names, SOLVED)) == 0
    assert taken(tmp_path) == dict.fromkeys(names.values(), SOLVED)
    assert "7 submissions, 0 of them to be repaired; 0 files not gradable" in capsys.readouterr().out


def test_of_several_notebooks_the_newest_is_taken_and_the_others_are_kept(tmp_path, capsys):
    assert collect(tmp_path, {"ada_2.ipynb": BLANK, "ada_1.ipynb": SOLVED}) == 0
    assert taken(tmp_path) == {"ada": SOLVED}
    kept = tree(tmp_path / "course" / "superseded" / "ada")
    assert list(kept.values()) == [BLANK] and next(iter(kept)).endswith("-ada_2.ipynb")
    assert "ada: older, kept in superseded/: ada_2.ipynb" in capsys.readouterr().out


def test_what_is_to_be_repaired_is_said_and_the_bytes_stay(tmp_path, capsys):
    content = SOLVED.decode().encode("utf-16")
    assert collect(tmp_path, {"ada.ipynb": content}) == 0
    assert taken(tmp_path) == {"ada": content}
    out = capsys.readouterr().out
    assert "ada: took ada.ipynb; to be repaired:\n    The file was in UTF-16; it is UTF-8 now.\n" in out


def test_what_is_no_notebook_is_listed_and_kept(tmp_path, capsys):
    files = {"ada.ipynb": BROKEN, "bob/report.pdf": b"%PDF-1.7", f"{FIRST}.ipynb": SOLVED, "cy_a.ipynb": SOLVED}
    assert collect(tmp_path, files) == 1
    assert taken(tmp_path) == {"cy": SOLVED}
    kept = {
        PurePosixPath(name).parts[0]: content for name, content in tree(tmp_path / "course" / "not_gradable").items()
    }
    assert kept == {"ada": BROKEN, "bob": b"%PDF-1.7", NOBODY: SOLVED}
    out = capsys.readouterr().out
    assert "ada: NOT GRADABLE: ada.ipynb: the file ends in the middle, as after a broken upload" in out
    assert "bob: NOT GRADABLE: bob/report.pdf: the file is a PDF, not a notebook" in out
    assert f"{NOBODY}: NOT GRADABLE: {FIRST}.ipynb: no student's name can be read from the file's" in out
    assert "gets no mark, not a 0" in out


def test_a_broken_newer_file_leaves_the_older_notebook_to_be_graded(tmp_path):
    assert collect(tmp_path, {"ada_1.ipynb": SOLVED, "ada_2.ipynb": BROKEN}) == 1
    assert taken(tmp_path) == {"ada": SOLVED}
    assert list(tree(tmp_path / "course" / "not_gradable").values()) == [BROKEN]


def test_other_files_beside_a_notebook_are_left_out(tmp_path, capsys):
    assert (
        collect(tmp_path, {"ada/a.ipynb": SOLVED, "ada/torch.py": b"x", "ada/.ipynb_checkpoints/a.ipynb": BLANK}) == 0
    )
    collected = [f"submitted/ada/{FIRST}/{name}" for name in (f"{FIRST}.ipynb", "timestamp.txt")]
    assert sorted(tree(tmp_path / "course")) == collected
    assert "ada: left out, no notebook by its name: ada/torch.py" in capsys.readouterr().out


def test_folders_with_full_names_are_students(tmp_path):
    assert collect(tmp_path, {"Nguyễn Văn An/work.ipynb": SOLVED, "Student One/work.ipynb": BLANK}) == 0
    assert taken(tmp_path) == {"nguyễn-văn-an": SOLVED, "student-one": BLANK}


def test_a_folder_that_cannot_be_read_is_listed(tmp_path, capsys, monkeypatch):
    walk = os.walk

    def barred(folder, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder / "ada")))
        return ((place, folders, files) for place, folders, files in walk(folder) if not place.endswith("ada"))

    monkeypatch.setattr(os, "walk", barred)
    assert collect(tmp_path, {"ada/a.ipynb": SOLVED, "bob/b.ipynb": SOLVED}) == 1
    assert taken(tmp_path) == {"bob": SOLVED}
    assert "ada: NOT GRADABLE: ada: the folder cannot be read: Permission denied" in capsys.readouterr().out


def test_a_source_without_files_is_refused(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    assert collect(tmp_path) == 2
    assert "in holds no file that a student could have handed in" in capsys.readouterr().err


def test_a_link_is_not_followed(tmp_path, capsys):
    hand_in(tmp_path / "in", {"bob.ipynb": SOLVED})
    (tmp_path / "in" / "ada.ipynb").symlink_to(tmp_path / "in" / "bob.ipynb")
    assert collect(tmp_path) == 1
    assert taken(tmp_path) == {"bob": SOLVED}
    assert "ada: NOT GRADABLE: ada.ipynb: it is a link" in capsys.readouterr().out


def test_collecting_twice_changes_nothing(tmp_path):
    files = {
        "ada_1.ipynb": BLANK,
        "ada_2.ipynb": SOLVED,
        "bob.ipynb": BROKEN,
        "cy/a (1).ipynb": SOLVED,
        "cy/b.pdf": b"x",
    }
    assert collect(tmp_path, files) == 1
    before = tree(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert collect(tmp_path) == 1
    assert tree(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_a_later_collection_takes_the_newer_notebook_and_keeps_the_one_before(tmp_path):
    collect(tmp_path, {"ada.ipynb": BLANK})
    (tmp_path / "in" / "ada.ipynb").write_bytes(SOLVED)
    assert collect(tmp_path) == 0
    assert taken(tmp_path) == {"ada": SOLVED}
    assert list(tree(tmp_path / "course" / "superseded").values()) == [BLANK]


def test_an_interrupted_write_leaves_nothing_half_written(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert collect(tmp_path, {"ada.ipynb": SOLVED}) == 2
    assert tree(tmp_path / "course") == {}
    assert "No space left on device" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["nowhere", "--assignment", FIRST], "nowhere is neither a folder nor a zip"),
        ([".", "--assignment", "nothing"], "there is no released notebook of 'nothing'; known here: iterated_softmax"),
        ([".", "--assignment", "../x"], "'../x' is no name of an assignment"),
        ([".", "--assignment", FIRST], ". holds the course's own files"),
    ],
)
def test_what_cannot_be_collected_is_refused_in_a_sentence(arguments, words, monkeypatch, capsys):
    monkeypatch.chdir(REPOSITORY)
    assert main(["collect", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_help_can_be_read():
    done = subprocess.run(
        [sys.executable, "-m", "grading", "collect", "--help"], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "FOLDER holds files named STUDENT_anything.ipynb" in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "name, student",
    [
        ("ada_x_y.ipynb", "ada"),
        ("ada (2).ipynb", "ada"),
        ("ada.ipynb", "ada"),
        ("..ipynb", ""),
        ("_x.ipynb", ""),
        ("a b_x.ipynb", ""),
        ("ada/x.ipynb", "ada"),
    ],
)
def test_the_student_is_read_from_the_name(name, student):
    assert "".join(owner.id for owner in prefixed(PurePosixPath(name), FIRST)) == student
