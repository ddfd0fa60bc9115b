"""Collecting what an LMS hands out: whose file it is, when it was handed in, and what a zip may do to us."""

import io
import os
import re
import subprocess
import sys
import time
import zipfile
import zlib
from datetime import UTC, datetime
from pathlib import PurePosixPath

import nbformat
import pytest
from nbgrader.utils import parse_utc

from grading import bounded
from grading.__main__ import main
from grading.course import REPOSITORY
from grading.gradebook.status import REASON
from grading.lms import archives as archive
from grading.lms import layouts as lms
from grading.lms.collect import collect_submissions, lines, stamp
from tests.support.course import FIRST, filled, solutions
from tests.support.handed_in import BLANK, BROKEN, MADE, SOLVED, taken, tree, zipped
from tests.support.systems import CANVAS, CLASSROOM, GRADESCOPE, LISTING, MOODLE


class Nameless(zipfile.ZipInfo):
    """An entry whose name is UTF-8 though the archive does not say so, as older macOS writes it."""

    def _encodeFilenameFlags(self):
        return self.filename.encode(), self.flag_bits


def in_words(refused):
    """Return what was refused, the reasons in words."""
    return [(student, name, str(reason)) for student, name, reason in refused]


def gathered(tmp_path, content, name="submissions.zip", **options):
    """Collect a zip of these bytes, or of a dict of files, into tmp_path/course."""
    source = tmp_path / name
    source.write_bytes(content if isinstance(content, bytes) else zipped(content))
    return collect_submissions(source, FIRST, tmp_path / "course", timezone="UTC", **options)


def submitted_at(tmp_path, student):
    """Return the time that nbgrader reads for a submission, in UTC, or None."""
    path = tmp_path / "course" / "submitted" / student / FIRST / "timestamp.txt"
    return parse_utc(path.read_text().strip()) if path.exists() else None


# What the systems hand out.

MOODLE_FLAT = {
    "Student One_2001_assignsubmission_file_iterated_softmax.ipynb": SOLVED,
    "Nguyễn Văn An_2002_assignsubmission_file_bài_làm.ipynb": SOLVED,
}


def test_canvas_is_read_as_it_comes(tmp_path):
    found = gathered(tmp_path, CANVAS)
    assert found.layout == "Canvas"
    assert taken(tmp_path) == dict.fromkeys(("studentone-1001", "nguyễnvănan-1002", "anon_x7Qp2"), SOLVED)
    assert found.older == [("studentone-1001", "studentone_1001_9001_iterated_softmax.ipynb")]
    assert [student for student, _ in found.late] == ["anon_x7Qp2", "nguyễnvănan-1002"]
    assert {student: str(reason).partition(",")[0] for student, _, reason in found.refused} == {
        "studentfour-1004": "the file is a PDF",
        "studentfive-1005": "the file is a web page",
    }


def test_canvas_puts_its_own_time_into_the_zip_so_no_time_of_submission_is_made_up(tmp_path):
    """Every file in it has the time of the download, which would make the whole class late."""
    found = gathered(tmp_path, CANVAS)
    assert submitted_at(tmp_path, "studentone-1001") is None
    assert found.times == "Canvas gives no times, only the mark LATE."


def test_of_two_canvas_zips_the_later_download_counts(tmp_path):
    name = "studentone_1001_9001_a.ipynb"
    later = zipped({name: SOLVED}, {name: (2026, 10, 2, 8, 0, 0)})
    gathered(tmp_path, later)
    gathered(tmp_path, {name: BLANK})
    assert taken(tmp_path) == {"studentone-1001": SOLVED}
    assert list(tree(tmp_path / "course" / "superseded").values()) == [BLANK]


@pytest.mark.parametrize("files", [MOODLE, MOODLE_FLAT], ids=["folders", "flat"])
def test_moodle_is_read_with_folders_and_without(tmp_path, files):
    found = gathered(tmp_path, files)
    assert found.layout == "Moodle"
    assert taken(tmp_path) == {"student-one-2001": SOLVED, "nguyễn-văn-an-2002": SOLVED}
    assert submitted_at(tmp_path, "student-one-2001") is None
    assert [student for student, *_ in found.refused] == (["student-three-o-neil-2003"] if files is MOODLE else [])


def test_gradescope_gives_names_and_times_and_a_pair_is_two_students(tmp_path):
    found = gathered(tmp_path, GRADESCOPE)
    assert found.layout == "Gradescope" and found.refused == []
    assert taken(tmp_path) == dict.fromkeys(("301", "303", "an@example.edu"), SOLVED)
    assert submitted_at(tmp_path, "301") == datetime(2026, 9, 30, 20, 15, 30, 123456)
    assert submitted_at(tmp_path, "303") == datetime(2026, 10, 1, 2, 0, 0)


def test_students_of_one_name_stay_two_where_an_address_tells_them_apart(tmp_path):
    two = LISTING.replace(":sid: '303'", ":sid:").replace("Student Three", "Nguyễn Văn An")
    gathered(tmp_path, GRADESCOPE | {"assignment_77_export/submission_metadata.yml": two.encode()})
    assert set(taken(tmp_path)) == {"301", "an@example.edu", "three@example.edu"}


def test_what_may_be_two_students_is_to_be_looked_at(tmp_path):
    assert gathered(tmp_path, CLASSROOM, name="Iterated softmax.zip").unsure == [
        ("student-one", "several notebooks; two students of this name could not be told apart")
    ]
    found = gathered(tmp_path, {"An B/a.ipynb": SOLVED, "an-b/a.ipynb": BLANK, "c/a.ipynb": SOLVED})
    assert ("an-b", "files of people who have this id in common; a roster tells them apart") in found.unsure
    assert found.incomplete


def test_gradescopes_list_may_be_broken(tmp_path, capsys):
    source = tmp_path / "export.zip"
    source.write_bytes(zipped(GRADESCOPE | {"assignment_77_export/submission_metadata.yml": b"a: ["}))
    assert main(["collect", str(source), "--assignment", FIRST, "--course", str(tmp_path / "course")]) == 2
    assert "submission_metadata.yml is not Gradescope's list of submissions" in capsys.readouterr().err


def test_google_classroom_is_read_with_drives_copies(tmp_path):
    found = gathered(tmp_path, CLASSROOM, name="Iterated softmax-20261001T100000Z-001.zip")
    assert found.layout == "Google Classroom"
    assert taken(tmp_path) == {"student-one": SOLVED, "nguyễn-văn-an": SOLVED}
    assert submitted_at(tmp_path, "student-one") == datetime(*MADE)


def test_of_notebooks_of_one_time_the_assignments_own_is_taken_and_a_person_told(tmp_path):
    folder = "Student One_2001_assignsubmission_file"
    found = gathered(tmp_path, {f"{folder}/{FIRST} final.ipynb": SOLVED, f"{folder}/old_draft.ipynb": BLANK})
    assert list(taken(tmp_path).values()) == [SOLVED]
    [(_, sentence)] = found.unsure
    assert sentence == f"several notebooks of the same time; {folder}/{FIRST} final.ipynb was chosen by its name alone"


def test_times_in_a_students_own_zip_tell_its_notebooks_apart(tmp_path):
    inner = zipped({"final.ipynb": SOLVED, "old.ipynb": BLANK}, {"old.ipynb": (2026, 9, 1, 8, 0, 0)})
    found = gathered(tmp_path, {"Student One_2001_assignsubmission_file/all.zip": inner})
    assert list(taken(tmp_path).values()) == [SOLVED] and found.unsure == []


def test_a_text_in_the_only_students_folder_is_no_other_student(tmp_path):
    gathered(tmp_path, {"ada/work.ipynb": SOLVED, "ada/README.txt": b"x", "ada/LICENSE": b"x"})
    assert taken(tmp_path) == {"ada": SOLVED}
    with pytest.raises(ValueError, match=r"all files lie in the folder 'lab1'"):
        gathered(tmp_path, {"lab1/s1_work": SOLVED, "lab1/s2_work": BLANK})


def test_a_folder_around_the_class_is_not_taken_for_a_student(tmp_path):
    files = {"lab1/s1_work.ipynb": SOLVED, "lab1/s2_work.ipynb": BLANK}
    with pytest.raises(ValueError, match=r"all files lie in the folder 'lab1'.*\(s1, s2 \.\.\.\)"):
        gathered(tmp_path, files)
    assert gathered(tmp_path, files, pattern="lab1/{student}_{filename}").incomplete is False
    assert taken(tmp_path) == {"s1": SOLVED, "s2": BLANK}


@pytest.mark.parametrize("files", [CANVAS, MOODLE, GRADESCOPE], ids=["Canvas", "Moodle", "Gradescope"])
def test_an_unpacked_zip_gives_the_same(tmp_path, files):
    packed = gathered(tmp_path, files)
    with zipfile.ZipFile(tmp_path / "submissions.zip") as whole:
        whole.extractall(tmp_path / "in" / "unpacked")
    unpacked = collect_submissions(tmp_path / "in", FIRST, tmp_path / "again")
    assert unpacked.layout == packed.layout
    assert [student for student, *_ in unpacked.taken] == [student for student, *_ in packed.taken]


def test_a_student_cannot_change_how_the_others_files_are_read(tmp_path):
    """By handing in an LMS's list, or many files that look like another LMS's."""
    lists = {"eve/submission_metadata.yml": b"a: [", "eve/submission_1/a.txt": b"", "submission_2/a.ipynb": BLANK}
    lures = {f"eve/x{n}_{n}_{n}_a - b.ipynb": BLANK for n in range(7)}
    found = gathered(tmp_path, {"ada/a.ipynb": SOLVED} | lists | lures)
    assert found.layout == "plain"
    assert taken(tmp_path)["ada"] == SOLVED


DOCUMENTED = (REPOSITORY / "docs" / "lms.md").read_text(encoding="utf-8")


EXAMPLES = [
    (system, example)
    for system, examples in re.findall(r"^\| (\w[^|]*) \| .* \| `(.+)` \|$", DOCUMENTED, re.MULTILINE)
    for example in examples.split("`, `")
]


def test_every_system_that_is_recognised_is_documented_with_an_example():
    moodle = ["Moodle", "Moodle, teams", "Moodle, without folders"]
    systems = ["Canvas", "Canvas, groups", *moodle, "Gradescope", "Google Classroom", "plain", "plain"]
    assert [system for system, _ in EXAMPLES] == systems


@pytest.mark.parametrize("system, example", EXAMPLES)
def test_every_documented_name_is_recognised(system, example):
    names = [example, "assignment_77_export/submission_metadata.yml"] if system == "Gradescope" else [example]
    entries = [archive.FoundFile(PurePosixPath(name), None, LISTING.encode) for name in names]
    layout = lms.recognised(entries, FIRST)
    assert layout.title == system.partition(",")[0]
    [owner] = layout.owners(PurePosixPath(example))
    assert "one" in owner.name.lower() or owner.student == "s1"


def test_every_documented_pattern_reads_its_example():
    shown = re.findall(r'--pattern "(.+)" +(.+)$', DOCUMENTED, re.MULTILINE)
    read = [lms.by_pattern(pattern)(PurePosixPath(name)) for pattern, name in shown]
    assert read == [
        [lms.Owner("s1", "s1")],
        [lms.Owner(name="Student One", email="one@example.edu")],
        [lms.Owner(name="Student One")],
    ]


@pytest.mark.parametrize(
    "pattern, name, owner",
    [
        ("{student}_{}_{filename}", "b21-7_hw1_my_work.ipynb", lms.Owner("b21-7", "b21-7")),
        ("{first}.{last}-{filename}", "An.Nguyễn-x.ipynb", lms.Owner(name="An Nguyễn")),
        ("hw1 ({email})", "hw1 (an@example.edu)", lms.Owner(email="an@example.edu")),
        ("{}/{name}/{filename}", "group 1/Nguyễn Văn An/deep/x.ipynb", lms.Owner(name="Nguyễn Văn An")),
        ("{}_{student}", "hw_a1 (2).ipynb", lms.Owner("a1", "a1")),
        ("{student}.ipynb", "a1.ipynb", lms.Owner("a1", "a1")),
    ],
)
def test_a_pattern_of_ones_own_says_where_the_name_stands(pattern, name, owner):
    read = lms.by_pattern(pattern)
    assert read(PurePosixPath(name)) == [owner]
    assert read(PurePosixPath("other.txt")) == []


@pytest.mark.parametrize("pattern", ["{}_{filename}", "{studnet}_{filename}", "{student}_{student}", "plain"])
def test_a_pattern_that_says_nothing_is_refused(pattern):
    with pytest.raises(
        ValueError, match=r"the pattern .* cannot be used: .*write for example \{student\}_\{\}_\{filename\}"
    ):
        lms.by_pattern(pattern)


def test_what_does_not_fit_the_pattern_is_kept_and_listed(tmp_path):
    found = gathered(tmp_path, {"hw1-ada.ipynb": SOLVED, "bob.ipynb": SOLVED}, pattern="hw1-{student}")
    assert taken(tmp_path) == {"ada": SOLVED}
    assert in_words(found.refused) == [("unknown", "bob.ipynb", "no student's name can be read from the file's")]
    assert list(tree(tmp_path / "course" / "not_gradable").values()) == [SOLVED]


# Times.


def test_the_time_in_a_zip_is_local_and_the_zone_an_option(tmp_path):
    source = tmp_path / "in.zip"
    source.write_bytes(zipped({"ada.ipynb": SOLVED}))
    arguments = ["collect", str(source), "--assignment", FIRST, "--course", str(tmp_path / "course")]
    assert main([*arguments, "--timezone", "Asia/Ho_Chi_Minh"]) == 0
    assert submitted_at(tmp_path, "ada") == datetime(2026, 9, 30, 13, 0, 0)
    text = (tmp_path / "course" / "submitted" / "ada" / FIRST / "timestamp.txt").read_text()
    assert text == "2026-09-30 13:00:00.000000 UTC\n"
    assert main([*arguments, "--timezone", "Hanoi"]) == 2


def test_without_an_option_the_machines_zone_counts(tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Ho_Chi_Minh")
    time.tzset()
    try:
        (tmp_path / "in.zip").write_bytes(zipped({"ada.ipynb": SOLVED}))
        collect_submissions(tmp_path / "in.zip", FIRST, tmp_path / "course")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert submitted_at(tmp_path, "ada") == datetime(2026, 9, 30, 13, 0, 0)


def test_an_exact_time_in_the_zip_needs_no_zone(tmp_path):
    exact = datetime(2026, 9, 30, 23, 58, 1, tzinfo=UTC)
    info = zipfile.ZipInfo("ada.ipynb", MADE)
    info.extra = b"UT\x05\x00\x01" + int(exact.timestamp()).to_bytes(4, "little")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(info, SOLVED)
    gathered(tmp_path, buffer.getvalue())
    assert submitted_at(tmp_path, "ada") == exact.replace(tzinfo=None)


def test_a_zip_without_times_has_no_time_of_submission(tmp_path):
    gathered(tmp_path, zipped({"ada.ipynb": SOLVED}, {"ada.ipynb": (1980, 1, 1, 0, 0, 0)}))
    assert taken(tmp_path) == {"ada": SOLVED} and submitted_at(tmp_path, "ada") is None


def test_the_time_is_that_of_the_notebook_that_is_taken(tmp_path):
    times = {"ada_1.ipynb": (2026, 9, 30, 10, 0, 0), "ada_2.ipynb": (2026, 9, 29, 10, 0, 0)}
    gathered(tmp_path, zipped({"ada_1.ipynb": SOLVED, "ada_2.ipynb": BLANK}, times))
    assert taken(tmp_path) == {"ada": SOLVED}
    assert submitted_at(tmp_path, "ada") == datetime(2026, 9, 30, 10, 0, 0)
    gathered(tmp_path, zipped({"ada_3.ipynb": BLANK}, {"ada_3.ipynb": (2026, 9, 28, 10, 0, 0)}))
    assert taken(tmp_path) == {"ada": SOLVED}
    assert submitted_at(tmp_path, "ada") == datetime(2026, 9, 30, 10, 0, 0)


def test_a_new_notebook_of_unknown_time_does_not_get_the_old_ones(tmp_path):
    gathered(tmp_path, {"zed.ipynb": BLANK})
    assert submitted_at(tmp_path, "zed") == datetime(*MADE)
    os.utime(tmp_path / "course" / "submitted" / "zed" / FIRST / f"{FIRST}.ipynb", (0, 0))
    gathered(tmp_path, zipped({"zed.ipynb": SOLVED}, {"zed.ipynb": (1980, 1, 1, 0, 0, 0)}))
    assert taken(tmp_path) == {"zed": SOLVED}
    assert submitted_at(tmp_path, "zed") is None


def test_a_time_beyond_all_calendars_is_no_time(tmp_path):
    stamp(tmp_path / "timestamp.txt", 1e18, True)
    assert not (tmp_path / "timestamp.txt").exists()


# What a zip may be.


@pytest.mark.parametrize("start", ["", "/", "a/", "../", "C:", "a/" * 150])
@pytest.mark.parametrize("letters", [" ", "x.ipynb", "_1", "\N{GRADUATION CAP}"])
def test_no_pattern_meets_a_long_name(start, letters):
    """Blanks in a name of 60,000 letters took a pattern seconds, for each of the names in a student's zip."""
    name = start + (letters * 60_000)[: 60_000 // len(letters.encode())] + ".ipynb"
    inner = zipped({name: SOLVED})
    found = [*archive.in_zip(zipfile.ZipFile(io.BytesIO(inner)), None)]
    found += archive.read_nested(PurePosixPath("x" * archive.LONGEST_NAME), inner, None)
    for file in found:
        assert file.odd and max(map(len, file.name.parts)) <= archive.LONGEST_NAME


def test_a_long_name_in_a_folder_is_odd_too(tmp_path):
    folder = tmp_path.joinpath(*["a" * 200] * 2)
    folder.mkdir(parents=True)
    (folder / "b.ipynb").write_bytes(SOLVED)
    [file] = archive.in_folder(tmp_path)
    assert (str(file.name), str(file.odd)) == ("b.ipynb", "its name in the archive has 409 letters")


def test_many_marks_over_a_letter_of_a_name_take_little_time():
    """29,000 took 1.8 s of the process that collects to put in order, in each name."""
    assert archive.readable("e\N{COMBINING ACUTE ACCENT}.ipynb") == "\N{LATIN SMALL LETTER E WITH ACUTE}.ipynb"
    name, begun = "a" + "\N{COMBINING DOT BELOW}\N{COMBINING ACUTE ACCENT}" * 14_500, time.process_time()
    assert len(archive.readable(name)) == len(name)
    assert time.process_time() - begun < 0.5


def test_many_extra_fields_of_a_zip_take_little_time():
    """They took time by the square of their number."""
    info = zipfile.ZipInfo("a")
    info.extra = b"ab\0\0" * 1_000_000
    begun = time.process_time()
    assert sum(1 for _ in archive.extras(info)) == 1_000_000
    assert time.process_time() - begun < 10  # half a second


@pytest.mark.parametrize("kind", [zipfile.ZipInfo, Nameless])
def test_names_are_read_in_utf8_whether_or_not_the_zip_says_so(tmp_path, kind):
    gathered(tmp_path, zipped({"đặng_bài làm.ipynb": SOLVED, "nguyên.ipynb": SOLVED}, kind=kind))
    assert taken(tmp_path) == {"đặng": SOLVED, "nguyên": SOLVED}


def test_other_names_are_read_as_zip_prescribes(tmp_path):
    content = zipped({"Jos#_a.ipynb": SOLVED}).replace(b"Jos#", "José".encode("cp437"))
    gathered(tmp_path, content)
    assert taken(tmp_path) == {"José": SOLVED}


@pytest.mark.parametrize("name", ["../../ada.ipynb", "/etc/ada.ipynb", "C:\\ada.ipynb", "x/../../ada.ipynb"])
def test_a_name_that_leads_out_goes_nowhere(tmp_path, name):
    before = set(tmp_path.parent.iterdir())
    found = gathered(tmp_path, {name: SOLVED, "bob.ipynb": SOLVED})
    assert taken(tmp_path) == {"bob": SOLVED}
    [(student, _, reason)] = found.refused
    assert student == "ada" and "leads out of the folder" in str(reason)
    assert list(tree(tmp_path / "course" / "not_gradable").values()) == [SOLVED]
    assert set(tmp_path.parent.iterdir()) == before


def encrypted(content, name):
    """Return a zip with one entry marked as encrypted, in both of its headers."""
    data = bytearray(content)
    local, central = data.index(name.encode()) - 30, data.rindex(name.encode()) - 46
    data[local + 6] |= 1
    data[central + 8] |= 1
    return bytes(data)


def damaged(content, name):
    """Return a zip with a flipped byte in one stored entry."""
    data = bytearray(content)
    data[data.index(name.encode()) + len(name) + 5] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize(
    "spoil, words",
    [(encrypted, "it is encrypted; unpack it with its password"), (damaged, "it is damaged in the archive")],
)
def test_an_entry_that_cannot_be_read_is_named_and_the_others_go_on(tmp_path, spoil, words):
    content = zipped({"ada.ipynb": SOLVED, "bob.ipynb": SOLVED}, method=zipfile.ZIP_STORED)
    found = gathered(tmp_path, spoil(content, "ada.ipynb"))
    assert taken(tmp_path) == {"bob": SOLVED}
    [(student, name, reason)] = found.refused
    assert (student, name) == ("ada", "ada.ipynb") and words in str(reason)
    [note] = (tmp_path / "course" / "not_gradable").rglob(f"*{REASON}")
    assert words in note.read_text("utf-8"), "so that the export does not say that nothing was handed in"


def test_a_link_in_a_zip_is_no_file(tmp_path):
    link = zipfile.ZipInfo("ada.ipynb", MADE)
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(link, "/etc/passwd")
    found = gathered(tmp_path, buffer.getvalue())
    assert taken(tmp_path) == {}
    assert in_words(found.refused) == [("ada", "ada.ipynb", "it is a link, not a file")]


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    bomb = zipped({"ada.ipynb": bytes(archive.LARGEST + 1), "bob.ipynb": SOLVED})
    assert len(bomb) < 1 << 20
    monkeypatch.setattr(archive, "from_zip", lambda packed, info: SOLVED if info.filename == "bob.ipynb" else 1 / 0)
    found = gathered(tmp_path, bomb)
    assert taken(tmp_path) == {"bob": SOLVED}
    assert in_words(found.refused) == [("ada", "ada.ipynb", "it is too large: 64 MiB; left there")]


def test_a_bomb_that_lies_about_its_size_is_read_no_further_than_it_says(tmp_path):
    size = 8 << 20
    honest = zipped({"ada.ipynb": bytes(size)})
    found = gathered(tmp_path, honest.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert taken(tmp_path) == {}
    assert in_words(found.refused) == [("ada", "ada.ipynb", str(archive.DAMAGED))]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"Rar!\x1a\x07", zipped({"a.ipynb": SOLVED})[:-40]])
def test_what_is_no_whole_zip_is_said(tmp_path, content):
    with pytest.raises(ValueError, match=r"submissions\.zip is no whole zip .* download it again"):
        gathered(tmp_path, content)
    assert not (tmp_path / "course").exists()


def test_a_students_own_zip_is_opened(tmp_path):
    inner = zipped({"work/a.ipynb": SOLVED, "work/data.csv": b"1", "__MACOSX/._a.ipynb": b"x", "b.zip": b"PK"})
    found = gathered(tmp_path, {"ada_work.zip": inner, "bob.ipynb": SOLVED})
    assert taken(tmp_path) == {"ada": SOLVED, "bob": SOLVED}
    assert found.left_out == [("ada", "ada_work.zip/b.zip"), ("ada", "ada_work.zip/work/data.csv")]


@pytest.mark.parametrize(
    "inner, words",
    [
        (zipped({"a.ipynb": SOLVED})[:-30], "the zip is damaged or incomplete"),
        (zipped({"report.pdf": b"%PDF"}), "the zip holds no notebook"),
        (zipped({"a.ipynb": b"", "b.zip": b""}), "the file is empty"),
    ],
    ids=["truncated", "without", "empty"],
)
def test_a_students_zip_that_is_of_no_use_is_kept(tmp_path, inner, words):
    found = gathered(tmp_path, {"ada_work.zip": inner, "bob.ipynb": SOLVED})
    assert taken(tmp_path) == {"bob": SOLVED}
    assert found.refused[0][0] == "ada" and str(found.refused[0][2]) == words
    assert len(tree(tmp_path / "course" / "not_gradable" / "ada")) == 1


def test_a_students_zip_is_bounded_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_NESTED", 3 * len(SOLVED))
    inner = zipped({f"{n}.ipynb": SOLVED for n in range(4)})
    found = gathered(tmp_path, {"ada_work.zip": inner})
    assert str(found.refused[0][2]).startswith("the zip would unpack to more than")
    assert list(tree(tmp_path / "course" / "not_gradable").values()) == [inner]


def test_too_many_files_are_counted_in_words(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 1)
    with pytest.raises(ValueError, match=r"submissions\.zip: the zip lists 2 files, where 1 are allowed"):
        gathered(tmp_path, {"ada.ipynb": SOLVED, "bob.ipynb": SOLVED})
    found = gathered(tmp_path, {"ada_work.zip": zipped({"a.ipynb": SOLVED, "b.ipynb": SOLVED})})
    assert in_words(found.refused) == [("ada", "ada_work.zip", "the zip lists 2 files, where 1 are allowed")]


def test_an_id_fits_into_a_files_name_and_stays_different_from_what_begins_alike(tmp_path):
    ids = [f"{'ễ' * 90}{end}" for end in "ab"]
    assert gathered(tmp_path, {f"{name}/a.ipynb": SOLVED for name in ids}).unsure == []
    assert len(taken(tmp_path)) == 2 and max(len(name.encode()) for name in taken(tmp_path)) <= lms.LONGEST_ID


def test_a_very_long_or_strange_name_is_kept_under_a_short_one(tmp_path):
    strange = f"ada_\x1b[31m{'ệ' * 300}.ipynb"
    found = gathered(tmp_path, {strange: BROKEN, "bob_" + "x" * 2000 + ".ipynb": SOLVED})
    assert [student for student, *_ in found.refused] == ["ada", "unknown"]
    assert "\x1b" not in str(found)
    assert sorted(tree(tmp_path / "course" / "not_gradable").values()) == sorted([BROKEN, SOLVED])


def test_collecting_a_zip_twice_changes_nothing(tmp_path):
    files = CANVAS | {"x_1_2_w.zip": zipped({"a.ipynb": SOLVED})}
    gathered(tmp_path, files)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "course").rglob("*")}
    gathered(tmp_path, files)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "course").rglob("*")} == before


def test_a_terminal_without_a_names_letters_is_no_obstacle(tmp_path):
    (tmp_path / "in.zip").write_bytes(zipped({"đặng_bài làm.ipynb": SOLVED}))
    done = subprocess.run(
        [sys.executable, "-m", "grading", "collect", tmp_path / "in.zip", "--assignment", FIRST, "--course", tmp_path],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert rb"\u0111\u1eb7ng: took" in done.stdout


def test_a_folder_that_a_zip_tool_put_around_everything_is_nobodys(tmp_path):
    gathered(tmp_path, {"week 3/ada.ipynb": SOLVED, "week 3/bob/x.ipynb": SOLVED}, name="week 3.zip")
    assert taken(tmp_path) == {"ada": SOLVED, "bob": SOLVED}


# Names that begin alike, and names with signs that mean something elsewhere.


def test_google_classroom_has_names_with_underscores(tmp_path):
    files = {"an_b - Lab 1.ipynb": SOLVED, "an_c - Lab 1 (1).ipynb": BLANK, "Chi - Bản sao - Lab 1.ipynb": SOLVED}
    assert gathered(tmp_path, files).layout == "Google Classroom"
    assert set(taken(tmp_path)) == {"an_b", "an_c", "chi"}


@pytest.mark.parametrize(
    "files",
    [
        ("Homework 1/Ana Ruiz - Lab 1.ipynb", "Homework 1/Ben Oh - Lab 1.ipynb"),
        ("drive/week 3/Ana_Ruiz - Lab 1.ipynb", "drive/week 3/Ben Oh - Lab 1 (1).ipynb", "drive/week 3/note.txt"),
        ("Drive - lớp A/Bản sao của Ana Ruiz - Lab 1", "Drive - lớp A/Copy of Ben Oh - Lab 1"),
    ],
)
def test_google_classroom_is_known_in_the_folder_that_drive_packs_around_it(tmp_path, files):
    found = gathered(tmp_path, dict.fromkeys(files, SOLVED), name="drive-download-20261001T100000Z-001.zip")
    assert found.layout == "Google Classroom"
    assert {student.replace("_", "-").casefold() for student in taken(tmp_path)} == {"ana-ruiz", "ben-oh"}


def test_names_with_titles_of_the_students_own_lead_to_the_pattern_that_reads_them(tmp_path):
    files = {"Homework 1/Ana Ruiz - mine.ipynb": SOLVED, "Homework 1/Ben Oh - final try.ipynb": SOLVED}
    with pytest.raises(ValueError, match=r"\(Ana Ruiz, Ben Oh \.\.\.\).* add --pattern '\{name\} - \{filename\}'; if"):
        gathered(tmp_path, files)
    gathered(tmp_path, files, pattern="{name} - {filename}")
    assert set(taken(tmp_path)) == {"ana-ruiz", "ben-oh"}


def test_a_students_own_folder_of_titled_parts_is_still_asked_about(tmp_path):
    files = {"ada/part 1 - softmax.ipynb": SOLVED, "ada/part 2 - experiments.ipynb": BLANK}
    with pytest.raises(ValueError, match=r"if it is one student's, add --pattern '\{student\}/\{filename\}'"):
        gathered(tmp_path, files)


def test_a_date_in_a_plain_name_is_no_number_of_canvas(tmp_path):
    files = dict.fromkeys(("s1_2026_09_30_work.ipynb", "s2_2026_10_01_work.ipynb", "s2_2026_10_12_b.ipynb"), SOLVED)
    assert gathered(tmp_path, files).layout == "plain"
    assert set(taken(tmp_path)) == {"s1", "s2"}
    dated = "one_1001_9001_work_2026_09_30_10.ipynb"
    assert gathered(tmp_path, {dated: SOLVED}).layout == "Canvas"


@pytest.mark.parametrize(
    "copy", ["Copy of {}", "Bản sao của {}", "{} copy 2", "{} - Copy", "{} (2)", "Copy of Copy of {}"]
)
def test_a_copy_of_a_students_notebook_is_the_same_students(tmp_path, copy):
    files = {f"{name}.ipynb": SOLVED for name in ("s1", "s2_work", "s3")} | {f"{copy.format('s1')}.ipynb": BLANK}
    found = gathered(tmp_path, files)
    assert taken(tmp_path) == dict.fromkeys(("s1", "s2", "s3"), SOLVED) and found.refused == []
    classroom = {f"{name} - Lab 1.ipynb": SOLVED for name in ("Student One", "An B")}
    found = gathered(tmp_path, classroom | {f"{copy.format('Student One - Lab 1')}.ipynb": BLANK})
    assert {"student-one", "an-b"} == set(taken(tmp_path)) - {"s1", "s2", "s3"} and found.refused == []


def test_plain_names_with_a_dash_are_not_google_classrooms(tmp_path):
    assert gathered(tmp_path, {"s1_my - work.ipynb": SOLVED, "s2_lab - x.ipynb": SOLVED}).layout == "plain"
    assert set(taken(tmp_path)) == {"s1", "s2"}


ALIKE = ["nguyen_an_x.ipynb", "nguyen_binh_x.ipynb"]
HOMEWORK = ["HW1_an.ipynb", "HW1_binh.ipynb"]
NUMBERED = ["lab_20210001.ipynb", "lab_20210002.zip", "lab_20210003"]


@pytest.mark.parametrize(
    "names, patterns",
    [
        (ALIKE, ["{student}_{filename}", "nguyen_{student}"]),
        ([*ALIKE, "le_thu_x.ipynb"], ["{student}_{filename}", "{last}_{first}_{filename}"]),
        (HOMEWORK, ["{student}_{filename}", "HW1_{student}"]),
        (NUMBERED, ["{student}_{filename}", "lab_{student}"]),
        ([f"tran_{FIRST}.ipynb", f"tran_binh_{FIRST}.ipynb"], ["{student}_{filename}", "tran_{student}"]),
    ],
)
def test_plain_names_that_begin_alike_are_not_made_one_student(tmp_path, names, patterns):
    inner = zipped({"a.ipynb": SOLVED})
    files = {name: inner if name.endswith(".zip") else SOLVED for name in names}
    found = gathered(tmp_path, files)
    alike = [name for name in names if not name.startswith("le_")]
    assert set(taken(tmp_path)) == ({"le"} if len(alike) < len(names) else set())
    assert [(student, name) for student, name, _ in found.refused] == [("unknown", name) for name in sorted(alike)]
    assert {re.findall(r"--pattern '(.*?)'", str(reason)) == patterns for *_, reason in found.refused} == {True}
    assert sorted(tree(tmp_path / "course" / "not_gradable").values()) == sorted(files[name] for name in alike)
    gathered(tmp_path, files, pattern=patterns[1])
    assert len(set(taken(tmp_path)) - {"le"}) == len(names)


@pytest.mark.parametrize(
    "names",
    [
        ["s1_2026_09_30_work.ipynb", "s1_2026_10_01_work.ipynb", "s1_work.ipynb", "s2_x.ipynb"],
        ["s1_2026-09-30.ipynb", "s1_2026-10-01.ipynb", "s2_x.ipynb"],
        ["s1_work.ipynb", "s1_work (1).ipynb", "s2_x.ipynb"],
        ["s1_draft.ipynb", "s1_final 2.ipynb", f"s1_{FIRST}-1.ipynb", "s1_v3.ipynb", "s1.ipynb", "s2_x.ipynb"],
        ["s1_work.ipynb", "s1_report.pdf", "s2_x.ipynb"],
        ["s1_work.ipynb", "s1_data.json", "s1_solutions_x.ipynb", "s1_README.txt", "s1_requirements.txt", "s2_x.ipynb"],
    ],
)
def test_versions_of_one_students_work_are_no_students(tmp_path, names):
    assert gathered(tmp_path, dict.fromkeys(names, SOLVED)).refused == []
    assert set(taken(tmp_path)) == {"s1", "s2"}


# Of several notebooks the worked one; and what is called in an odd way.

OTHER = nbformat.writes(filled(FIRST, dict(list(solutions(FIRST).items())[:1]))).encode()
OLDER = BLANK.replace(b"raise NotImplementedError", b"# an older hint\\n    raise NotImplementedError")
HANDOUT = {"vi/iterated_softmax.ipynb": BLANK, "iterated_softmax.ipynb": SOLVED, "README.txt": b"Read me."}


@pytest.mark.parametrize("late", HANDOUT)
def test_a_zipped_handout_with_another_edition_is_the_notebook_with_answers(tmp_path, late):
    inner = zipped(HANDOUT, {late: (2026, 9, 30, 21, 0, 0)})
    found = gathered(tmp_path, {"ada_handout.zip": inner})
    assert taken(tmp_path) == {"ada": SOLVED} and found.refused == [] and not found.incomplete
    assert found.blank + found.older == [("ada", "ada_handout.zip/vi/iterated_softmax.ipynb")]
    assert list(tree(tmp_path / "course" / "superseded").values()) == [BLANK]


@pytest.mark.parametrize(
    "worked, blank",
    [
        ("one_1001_9001_work.ipynb", "one_1001_9009_work-1.ipynb"),
        ("one_1001_9001_work.ipynb", "one_1001_9009_Copy of work.ipynb"),
        ("one_1001_9001_work.ipynb", "one_1001_9001_work (1).ipynb"),
        ("one_1001_9001_work.ipynb", "one_1001_9009_vi.ipynb"),
    ],
)
@pytest.mark.parametrize("content", [BLANK, OLDER], ids=["blank", "changed, but without an answer"])
def test_a_blank_copy_never_beats_the_worked_notebook(tmp_path, worked, blank, content):
    found = gathered(tmp_path, {worked: SOLVED, blank: content})
    assert taken(tmp_path) == {"one-1001": SOLVED}
    assert found.blank == [("one-1001", blank)] and found.older == []
    assert f"one-1001: without an answer, kept in superseded/: {blank}" in "\n".join(lines(found))
    gathered(tmp_path, zipped({blank: content}, {blank: (2026, 10, 9, 8, 0, 0)}))
    assert taken(tmp_path) == {"one-1001": SOLVED}, "nor does one that is handed in by itself, later"


def test_of_two_notebooks_with_answers_the_later_counts_and_the_other_is_listed(tmp_path):
    found = gathered(tmp_path, {"one_1001_9001_work.ipynb": SOLVED, "one_1001_9009_work-1.ipynb": OTHER})
    assert taken(tmp_path) == {"one-1001": OTHER}
    assert found.older == [("one-1001", "one_1001_9001_work.ipynb")] and found.blank == []


def test_a_blank_notebook_alone_is_what_was_handed_in(tmp_path):
    assert gathered(tmp_path, {"ada.ipynb": BLANK}).blank == []
    assert taken(tmp_path) == {"ada": BLANK}


ODD_NAMES = [
    "work",
    "work.ipynb_",
    "work.pynb",
    "work.ipynb.txt",
    "work.ipynb.json",
    ".ipynb",
    "work.ipynb (1)",
    "work.ipynb.download",
    "work.json",
    "Bài làm v1.5 cuối cùng",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_notebook_is_found_under_every_ending_and_texts_beside_it_are_no_failure(tmp_path, name):
    beside = ["README.txt", "notes", "data.json", ".DS_Store", "__MACOSX/._work.ipynb", ".ipynb_checkpoints/a.ipynb"]
    files = {f"ada/{other}": b'{"a": 1}' for other in beside} | {f"ada/{name}": SOLVED, "bob/work.ipynb.pdf": b"%PDF"}
    found = gathered(tmp_path, files)
    assert taken(tmp_path) == {"ada": SOLVED}
    assert [student for student, *_ in found.refused] == ["bob"]
    assert [file for _, file in found.left_out] == ["ada/README.txt", "ada/data.json", "ada/notes"]
    found = gathered(tmp_path, {"cy.zip": zipped(files)})
    assert taken(tmp_path)["cy"] == SOLVED and found.refused == []


def test_a_person_whose_name_begins_with_a_dot_is_not_passed_over(tmp_path):
    names = ("...", ".An", "..")
    files = {f"{name}_{k + 2001}_assignsubmission_file_/a.ipynb": SOLVED for k, name in enumerate(names)}
    found = gathered(tmp_path, files | {"Bob_2009_assignsubmission_file_/.git/a.ipynb": BLANK})
    assert {student.rpartition("-")[2] for student in taken(tmp_path)} == {"2001", "2002", "2003"}
    assert found.refused == []


@pytest.mark.parametrize("name", [name for name in ODD_NAMES if not name.startswith("work.json")])
def test_an_odd_ending_is_no_part_of_a_plain_name(tmp_path, name):
    found = gathered(tmp_path, {f"ada_{name}": SOLVED, "bob_x.ipynb": SOLVED})
    assert set(taken(tmp_path)) == {"ada", "bob"} and found.refused == []


def test_a_text_of_utf16_that_is_a_notebook_is_one(tmp_path):
    gathered(
        tmp_path,
        {
            "ada/work.txt": SOLVED.decode().encode("utf-16"),
            "ada/README.txt": "{cells".encode("utf-16"),
            "bob/x": SOLVED,
        },
    )
    assert taken(tmp_path) == {"ada": SOLVED.decode().encode("utf-16"), "bob": SOLVED}


def unicode_path(name, legacy, checked=None):
    """Return a zip of one notebook whose name is in the extra field, as some tools write it, beside another one."""
    info = zipfile.ZipInfo(legacy, MADE)
    content = b"\x01" + zlib.crc32((checked or legacy).encode("cp437")).to_bytes(4, "little") + name.encode()
    info.extra = b"UT\x00\x00" + b"up" + len(content).to_bytes(2, "little") + content
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr(info, SOLVED)
    return buffer.getvalue()


def test_a_name_in_a_zips_unicode_field_counts_where_it_belongs_to_the_name(tmp_path):
    gathered(tmp_path, unicode_path("đặng_bài làm.ipynb", "dang_bai lam.ipynb"))
    assert set(taken(tmp_path)) == {"đặng"}
    gathered(tmp_path, unicode_path("eve_x.ipynb", "ada_x.ipynb", checked="bob_x.ipynb"))
    assert set(taken(tmp_path)) == {"đặng", "ada"}
    found = gathered(tmp_path, unicode_path("../../eve_x.ipynb", "eve_x.ipynb"))
    assert "leads out of the folder" in str(found.refused[0][2])


# What one file may do to the others


def test_many_files_that_cannot_be_read_for_one_reason_are_one_line(tmp_path):
    inner = zipped({f"{n}.ipynb": SOLVED for n in range(300)})
    inner = inner.replace(b"PK\x03\x04", b"PK\x03\x05")  # no local header is one
    found = gathered(tmp_path, {"ada_work.zip": inner, "bob.ipynb": SOLVED})
    said = [line for line in lines(found) if "NOT GRADABLE" in line]
    assert taken(tmp_path) == {"bob": SOLVED} and len(found.refused) == 300
    assert len(said) == 2 and said[1] == "ada: NOT GRADABLE: and 299 files more, for this reason"
    assert len(list((tmp_path / "course" / "not_gradable" / "ada").rglob(f"*{REASON}"))) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
def test_files_that_take_too_much_stop_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(bounded, "SECONDS", 1)
    dear = filled(FIRST, {"softmax_t": "def softmax_t(x, t):\n    return x\n" + "x=1\n" * 900_000})
    dear = nbformat.writes(dear).encode()
    many = zipped({f"{n}.txt": b"" for n in range(150_000)})
    monkeypatch.setattr(archive, "MOST_FILES", 1_000_000)
    found = gathered(tmp_path, {"ada.ipynb": dear, "bea.zip": many, "cyd.ipynb": SOLVED})
    assert taken(tmp_path) == {"cyd": SOLVED}
    assert {student: "too much time or memory" in str(why) for student, _, why in found.refused} == {
        "ada": True,
        "bea": True,
    }
    assert sorted(map(len, tree(tmp_path / "course" / "not_gradable").values()))[-2:] == sorted([len(dear), len(many)])


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_name_writes_no_line_and_steers_no_terminal(tmp_path, capsys):
    source = tmp_path / "handed in"
    source.mkdir()
    (source / "ada\x1b[2J\nbob: took all\u202e.ipynb").write_bytes(b"{")
    (source / "bob.ipynb").write_bytes(SOLVED)
    assert main(["collect", str(source), "--assignment", FIRST, "--course", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert not {"\x1b", "\u202e"} & set(said)
    assert not [line for line in said.splitlines() if line.startswith("bob: took all")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes in folders")
def test_a_pipe_and_a_link_that_take_a_files_place_are_not_read(tmp_path):
    path = tmp_path / "a.ipynb"
    for make in (os.mkfifo, lambda path: path.symlink_to("/etc/passwd")):
        make(path)
        with pytest.raises(archive.Unreadable, match="something else that is no file"):
            archive.from_disk(path)
        path.unlink()


def test_the_first_number_in_moodles_name_is_whose_it_is():
    """What a student calls a file may look like another's: it was Bob's then."""
    for place in ("_assignsubmission_file_", "_assignsubmission_file/"):
        path = PurePosixPath(f"Ada One_111{place}Bob Two_222_assignsubmission_file_.ipynb")
        assert [(owner.name, owner.moodle_id) for owner in lms.moodle(path, 0)] == [("Ada One", "111")]
