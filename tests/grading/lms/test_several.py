"""Collecting for an assignment of several notebooks: which of them a file is, and what becomes of each."""

import os

import nbformat
import pytest

from grading.__main__ import main
from grading.lms.layouts import notebooks_named
from grading.lms.which import which_notebook
from grading.repair.intake import NotGradable
from tests.support.assert_cells import SOLVED as ANSWERS
from tests.support.assert_cells import notebook
from tests.support.handed_in import tree, zipped

CELLS = {"part 1": ("double", "data"), "part 2": ("share", "halve")}
SYSTEMS = {
    "plain": ("ada_part 1.ipynb", "ada_part 2_v2.ipynb", "ada"),
    "plain folders": ("Ada One/part 1 (1).ipynb", "Ada One/deep/Part_2-final.ipynb", "ada-one"),
    "Canvas": ("oneada_1001_9001_part 1-1.ipynb", "oneada_LATE_1001_9002_part+2.ipynb", "oneada-1001"),
    "Moodle": (
        "Ada One_2001_assignsubmission_file/part 1.ipynb",
        "Ada One_2001_assignsubmission_file/part 2.ipynb",
        "ada-one-2001",
    ),
}


def work(part, answers=ANSWERS, names=None, marked=True):
    """Return the bytes of a part with answers; where it is not ``marked``, without nbgrader's marks."""
    found = notebook(names=names or CELLS[part])
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
        if not marked:
            cell.metadata = {}
    return nbformat.writes(found).encode()


ONE, TWO = work("part 1"), work("part 2")


def collect(tmp_path, files, cells=CELLS, begun=1_700_000_000, more=()):
    """Collect files, each a minute younger than the one before, for an assignment of these cells; return the code."""
    release, source = tmp_path / "course" / "release" / "two", tmp_path / "in"
    release.mkdir(parents=True, exist_ok=True)
    for name, names in cells.items():
        nbformat.write(notebook(names=names), release / f"{name}.ipynb")
    for minute, (name, content) in enumerate(files.items()):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
        os.utime(source / name, (begun + 60 * minute,) * 2)
    return main(["collect", str(source), "--assignment", "two", "--course", str(tmp_path / "course"), *more])


def taken(tmp_path):
    """Return {student/notebook: bytes}."""
    files = tree(tmp_path / "course" / "submitted").items()
    return {name.replace("/two/", "/"): content for name, content in files if name.endswith(".ipynb")}


@pytest.mark.parametrize("system", SYSTEMS)
def test_both_notebooks_of_a_student_are_taken_by_their_names(tmp_path, capsys, system):
    one, two, student = SYSTEMS[system]
    assert collect(tmp_path, {one: ONE, two: TWO}) == 0
    assert taken(tmp_path) == {f"{student}/part 1.ipynb": ONE, f"{student}/part 2.ipynb": TWO}
    out = capsys.readouterr().out
    assert f"Names as in: {system.split()[0]}." in out
    assert f"{student}: took {one} as part 1.ipynb; to be repaired" in out
    assert "1 submissions, 1 of them to be repaired; 0 files not gradable" in out


def test_a_students_zip_with_both_is_read(tmp_path):
    assert collect(tmp_path, {"ada_all.zip": zipped({"x/part 2.ipynb": TWO, "x/part 1.ipynb": ONE})}) == 0
    assert taken(tmp_path) == {"ada/part 1.ipynb": ONE, "ada/part 2.ipynb": TWO}


@pytest.mark.parametrize("marked", [True, False], ids=["its cells", "its answers"])
def test_where_a_name_says_nothing_a_notebook_is_known_by(tmp_path, marked):
    one, two = work("part 1", marked=marked), work("part 2", marked=marked)
    assert collect(tmp_path, {"ada/Untitled.ipynb": two, "ada/Untitled1.ipynb": one, "bob/b.ipynb": one}) == 0
    assert taken(tmp_path) == {"ada/part 1.ipynb": one, "ada/part 2.ipynb": two, "bob/part 1.ipynb": one}


def test_what_cannot_be_told_is_kept_and_listed_and_the_rest_goes_on(tmp_path, capsys):
    whole = work("", names=(*CELLS["part 1"], *CELLS["part 2"]))
    assert collect(tmp_path, {"ada/part 1.ipynb": TWO, "ada/a.ipynb": ONE, "bob/whole.ipynb": whole}) == 1
    assert taken(tmp_path) == {"ada/part 1.ipynb": ONE}
    assert sorted(tree(tmp_path / "course" / "not_gradable").values()) == sorted([TWO, whole])
    out = capsys.readouterr().out
    assert "ada/part 1.ipynb: by its name it is part 1, and by its cells part 2; give it the name of the one" in out
    assert "bob/whole.ipynb: it cannot be told which of part 1, part 2 it is; give it the name of one" in out


def test_a_name_that_may_mean_two_does_not_stand_for_a_third():
    first, other = notebook(names=CELLS["part 1"]), notebook(names=CELLS["part 2"])
    releases = {"ps": (first, ()), "ps-1": (first, ()), "x": (other, ())}
    with pytest.raises(NotGradable, match="by its name it is ps, ps-1, and by its cells x; give it"):
        which_notebook("doe_1001_9001_ps-1.ipynb", TWO, releases)


def test_a_plain_name_may_end_with_a_notebooks_and_is_no_student_without_more(tmp_path, capsys):
    files = {"ada_limits.ipynb": ONE, "ada_series.ipynb": TWO, "limits.ipynb": ONE}
    assert collect(tmp_path, files, dict(zip(("limits", "series"), CELLS.values(), strict=True))) == 1
    assert taken(tmp_path) == {"ada/limits.ipynb": ONE, "ada/series.ipynb": TWO}
    assert "unknown: NOT GRADABLE: limits.ipynb: no student's name" in capsys.readouterr().out


def test_both_move_to_their_student_once_the_roster_has_the_name(tmp_path):
    roster, files = tmp_path / "roster.csv", {"s1_part 1.ipynb": ONE, "s1_part 2.ipynb": TWO}
    for ids, student in ((["s2"], "unlisted-s1"), (["s1", "s2"], "s1")):
        roster.write_text("id,name\n" + "".join(f"{each},Student {each}\n" for each in ids))
        collect(tmp_path, files, more=("--roster", str(roster)))
        assert taken(tmp_path) == {f"{student}/part 1.ipynb": ONE, f"{student}/part 2.ipynb": TWO}
    assert sorted(tree(tmp_path / "course" / "superseded" / "s1").values()) == sorted([ONE, TWO])


def test_of_notebooks_with_the_same_cells_the_name_alone_tells(tmp_path, capsys):
    files = {"ada/a.ipynb": ONE, "ada/b_2.ipynb": ONE + b"\n", "bob/mine.ipynb": ONE}
    assert collect(tmp_path, files, dict.fromkeys("ab", CELLS["part 1"])) == 1
    assert taken(tmp_path) == {"ada/a.ipynb": ONE, "ada/b.ipynb": ONE + b"\n"}
    assert "bob/mine.ipynb: it cannot be told which of a, b it is" in capsys.readouterr().out


def test_the_newest_of_each_counts_and_a_second_run_changes_nothing(tmp_path, capsys):
    old, blank = work("part 1", {"double": "def double(x):\n    return x + x"}), work("part 2", {})
    files = {
        "ada/part 1.ipynb": old,
        "ada/part 2.ipynb": TWO,
        "ada/part 1 (1).ipynb": ONE,
        "ada/part 2 v2.ipynb": blank,
    }
    assert collect(tmp_path, files) == 0
    assert taken(tmp_path) == {"ada/part 1.ipynb": ONE, "ada/part 2.ipynb": TWO}
    kept = {name[-16:]: content for name, content in tree(tmp_path / "course" / "superseded").items()}
    assert set(kept.values()) == {old, blank}
    out = capsys.readouterr().out
    assert "ada: older, kept in superseded/: ada/part 1.ipynb" in out
    assert "ada: without an answer, kept in superseded/: ada/part 2 v2.ipynb" in out
    before = tree(tmp_path / "course")
    assert collect(tmp_path, files) == 0
    assert tree(tmp_path / "course") == before


def test_the_time_of_a_submission_is_that_of_its_last_notebook(tmp_path):
    stamp = tmp_path / "course" / "submitted" / "ada" / "two" / "timestamp.txt"
    assert collect(tmp_path, {"ada/part 2.ipynb": TWO, "ada/part 1.ipynb": ONE}) == 0
    assert stamp.read_text() == "2023-11-14 22:14:20.000000 UTC\n"  # 1,700,000,060
    for path in (tmp_path / "in" / "ada").iterdir():
        path.unlink()
    newer = work("part 2", ANSWERS | {"share": "def share(x):\n    return 2 * x"})
    assert collect(tmp_path, {"ada/part 2.ipynb": newer}, begun=1_700_000_030) == 0
    assert taken(tmp_path) == {"ada/part 1.ipynb": ONE, "ada/part 2.ipynb": newer}
    assert stamp.read_text() == "2023-11-14 22:14:20.000000 UTC\n"


def test_one_of_two_is_kept_for_its_student(tmp_path):
    assert collect(tmp_path, {"ada/part 2.ipynb": TWO}) == 0
    assert taken(tmp_path) == {"ada/part 2.ipynb": TWO}


@pytest.mark.parametrize(
    "name, named",
    [
        ("ps.ipynb", ["ps"]),
        ("ps-1.ipynb", ["ps-1"]),  # called just like it
        ("doe_1001_9001_ps-1.ipynb", ["ps", "ps-1"]),  # or the second attempt at ps
        ("doe_1001_9001_ps_late.ipynb", ["ps"]),
        ("ps of doe.ipynb", []),
        ("oops.ipynb", []),
        ("work-2.ipynb", []),
        ("2.ipynb", ["2"]),
    ],
)
def test_which_notebooks_a_name_may_mean(name, named):
    assert notebooks_named(name, ("2", "ps", "ps-1")) == named


def test_an_older_file_takes_no_newer_ones_place_where_that_is_refused_the_second_time(tmp_path):
    """A file with the cells of both notebooks is told by its name alone."""
    both = work("part 1", names=[*CELLS["part 1"], *CELLS["part 2"]])
    stamp = tmp_path / "course" / "submitted" / "ada" / "two" / "timestamp.txt"
    assert collect(tmp_path, {"ada_part 1.ipynb": both}, begun=1_700_002_000) == 0
    before = stamp.read_text()
    (tmp_path / "in" / "ada_part 1.ipynb").unlink()
    collect(tmp_path, {"ada_part 1_old.ipynb": ONE, "ada_work.ipynb": both})
    assert taken(tmp_path) == {"ada/part 1.ipynb": both}
    assert stamp.read_text() == before
