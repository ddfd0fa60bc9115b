"""Feedback on its way out: each file is read back by the rules of the system that imports it."""

import csv
import io
import json
import os
import re
import unicodedata
import zipfile
from types import SimpleNamespace

import nbformat
import pytest

from grading.__main__ import main
from grading.files import write
from grading.gradebook.status import REASON
from grading.lms.collect import collect_submissions
from grading.lms.giving_back import Recipient, file_name, give_back, given_back_lines, write_pages, write_zips
from grading.reports.feedback import fill_template
from tests.support.course import FIRST
from tests.support.handed_in import BROKEN, SOLVED, graded, place, zipped
from tests.support.systems import CANVAS, MOODLE, written

# nbgrader's own way with SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")

RIGHT_TO_LEFT = "سارة القحطاني"
LONG = "Wolfeschlegelsteinhausenbergerdorff " * 8
PEOPLE = {
    "2001": "Student One",
    "2002": "Nguyễn Văn An",
    "2003": "Siobhán O'Neil, Jr.",
    "2004": "王小明",
    "2005": RIGHT_TO_LEFT,
    "2006": "Student One",
    "2007": LONG.strip(),
    "2008": 'A<b>:"c/d\\e|f?g*',
    "2009": "Under_Score_12_assignsubmission",
}


def worksheet(people, separator=","):
    """Return Moodle's grading worksheet for {participant: name}."""
    columns = ["Identifier", "Full name", "Grade", "Last modified (grade)", "Feedback comments"]
    text = io.StringIO(newline="")
    table = csv.writer(text, delimiter=separator)
    table.writerow(columns)
    table.writerows([f"Participant {number}", name, "", "-", ""] for number, name in people.items())
    return text.getvalue()


def with_pages(course, students, points=7.0, notebooks=(FIRST,)):
    """Leave what grading leaves of some students: marks, and pages as the template makes them."""
    for student in students:
        graded(course, student, points)
        for notebook in notebooks:
            page = fill_template("too_dear.html.j2", student=student, assignment=notebook, score=(points, 10))
            write(course.root / "feedback" / student / FIRST / f"{notebook}.html", page.encode())


def called(course, names, layout):
    """Leave what `collect` leaves of {student: the file's name}."""
    known = {student: {"layout": layout, "name": name} for student, name in names.items()}
    write(course.root / "grades" / FIRST / "handed_in.json", json.dumps(known).encode())


def given(course, people=None, **options):
    """Give back, and return the zips' entries by name, the pages, and the rows of the table by student."""
    to = course.root / "out"
    paths, _ = give_back(course.root, FIRST, course.gradebook, people, to, **options)
    assert {path for path in to.rglob("*") if path.is_file()} == set(paths)
    zips = {}
    for path in sorted(to.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            assert archive.testzip() is None
            zips.setdefault(path.stem, {}).update({name: archive.read(name) for name in archive.namelist()})
    with (to / "given_back.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    return SimpleNamespace(
        rows=rows, pages={path.name: path.read_text("utf-8") for path in to.glob("pages/*")}, paths=paths, **zips
    )


def moodle_import(entries, participants):
    """Read a zip as Moodle does: {participant: {path: content}} of what it takes, the rest is passed over."""
    taken = {}
    for name, content in entries.items():
        parts = ["", "import", *name.split("/")]
        if parts[-1].startswith((".", "~")):
            continue
        while parts:
            part, *parts = parts
            info = part.split("_", 4)
            if len(info) < 4 or not info[1].isdigit() or info[1] not in participants:
                continue
            if (info[2], info[3]) not in (("assignsubmission", "file"), ("assignfeedback", "file")):
                continue
            taken.setdefault(info[1], {})["/".join([*info[4:], *parts])] = content
            break
    return taken


def canvas_import(entries, attachments, groups=()):
    """Read a zip as Canvas does: {user: {the name it shows: content}}, and the names that it ignores.

    ``attachments`` is {user: {id: the name of what was handed in}}, of everyone's last attempt.
    """
    taken, ignored = {}, []
    for name, content in entries.items():
        plain = name.rpartition("/")[2]
        group = next((group for group in groups if plain.startswith(f"{group}_")), None)
        parts = [part for part in plain.removeprefix(f"{group}_").split("_") if part != "LATE"]
        user, upload = parts[1:3] if parts[0] == "anon" else [*filter(str.isdigit, parts), None, None][:2]
        if parts[-1].startswith("link") or upload not in attachments.get(user, {}):
            ignored.append(name)
        else:
            taken.setdefault(user, {})[attachments[user][upload]] = content
    return taken, ignored


def whose(page):
    """Return whom a page is about."""
    return re.search('id="student">(.*?)</p>', page)[1]


def test_moodle_gives_each_participant_their_own_page_whatever_they_are_called(course, tmp_path):
    with_pages(course, [f"participant-{number}" for number in PEOPLE])
    found = given(course, written(tmp_path, worksheet(PEOPLE)))
    taken = moodle_import(found.moodle, {*PEOPLE, "12"})
    assert {number: {k: whose(v.decode()) for k, v in files.items()} for number, files in taken.items()} == {
        number: {f"{FIRST}.html": f"participant-{number}"} for number in PEOPLE
    }
    assert {row["moodle"] for row in found.rows.values()} == set(PEOPLE)
    assert all(len(name.encode()) < 200 and not set('<>:"\\|?*') & set(name) for name in found.moodle)


@pytest.mark.parametrize("separator, encoding", [(";", "utf-8-sig"), ("\t", "utf-16"), (";", "cp1252")])
def test_a_worksheet_that_excel_has_saved_and_blind_marking(course, tmp_path, separator, encoding):
    with_pages(course, ["participant-2001", "participant-2002"])
    text = worksheet({"2001": "", "2002": ""}, separator).replace("Full name", "Status")
    found = given(course, written(tmp_path, text, encoding))
    assert set(moodle_import(found.moodle, {"2001", "2002"})) == {"2001", "2002"}
    assert set(found.pages) == {f"participant-200{n} - {FIRST}.html" for n in (1, 2)}


def test_without_a_worksheet_the_number_is_that_of_the_file_and_a_teams_is_nobodys(course, tmp_path):
    source = tmp_path / "moodle.zip"
    source.write_bytes(zipped(MOODLE | {"Team one_77_assignsubmission_file/work.ipynb": SOLVED}))
    roster = "id,name,group\ns1,Student One,\ns2,Nguyễn Văn An,\ns4,王小明,Team one\ns5,Đỗ Bé,team ONE\n"
    people = written(tmp_path, roster)
    collect_submissions(source, FIRST, course.root, people)
    with_pages(course, ["s1", "s2", "s4", "s5"])
    found = given(course, people)
    assert set(moodle_import(found.moodle, {"2001", "2002", "2003", "77"})) == {"2001", "2002"}
    for student in ("s4", "s5"):
        assert "77 is the number of several; give its worksheet" in found.rows[student]["reason"]
    alone = written(tmp_path, roster.replace("s5,Đỗ Bé,team ONE\n", ""))
    called(course, {"s4": "Team one_77_assignsubmission_file/work.ipynb"}, "Moodle")
    assert not hasattr(given(course, alone), "moodle"), "a team of one is a team"


def test_canvas_finds_every_page_under_what_was_handed_in(course, tmp_path):
    handed = {name: content for name, content in CANVAS.items() if "studentf" not in name}
    handed["王小明_1006_9006_我的 作业_2024_1.zip"] = zipped({"deep/work.ipynb": SOLVED})
    (course.root / "release" / FIRST / "more.ipynb").unlink()  # both would be alike
    source = tmp_path / "submissions.zip"
    source.write_bytes(zipped(handed))
    found = collect_submissions(source, FIRST, course.root)
    students = [student for student, *_ in found.taken]
    with_pages(course, students)
    attachments = {
        "1001": {"9001": "iterated_softmax.ipynb", "9007": "iterated_softmax-1.ipynb"},
        "1002": {"9002": "bài làm (final).ipynb"},
        "x7Qp2": {"9004": "mine.ipynb"},
        "1006": {"9006": "我的 作业_2024_1.zip"},
    }
    taken, ignored = canvas_import(given(course).canvas, attachments)
    assert set(taken) == set(attachments) and not ignored
    for user, files in taken.items():
        [(name, content)] = files.items()
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                assert archive.namelist() == [f"{FIRST}.html"]
                text = archive.read(f"{FIRST}.html").decode()
        else:
            notebook = nbformat.reads(content.decode(), as_version=4)
            nbformat.validate(notebook)
            [text] = [output.data["text/html"] for cell in notebook.cells for output in cell.outputs]
            assert "<style" not in text and "<main" not in text
        assert "7 of 10 points" in text, user


def test_a_page_for_an_older_file_goes_back_to_the_last_attempt(course, tmp_path):
    """Canvas takes nothing for an attempt that has been replaced: here by a file that could not be graded."""
    (course.root / "release" / FIRST / "more.ipynb").unlink()  # both would be alike
    for number, content in (("9001", SOLVED), ("9009", BROKEN)):
        source = tmp_path / f"{number}.zip"
        source.write_bytes(zipped({f"studentone_1001_{number}_work.ipynb": content}))
        collect_submissions(source, FIRST, course.root)
    with_pages(course, ["studentone-1001"])
    taken, ignored = canvas_import(given(course).canvas, {"1001": {"9009": "work.ipynb"}})
    assert list(taken) == ["1001"] and not ignored


def test_a_groups_page_goes_to_canvas_once_and_names_nobody(course, tmp_path):
    people = written(tmp_path, "id,name,group\n1,Student One,Team_5\n2,Đỗ Bé,Team_5\n3,王小明,\n")
    names = {"1": "team_5_1001_9001_work.ipynb", "2": "team_5_1001_9001_work.ipynb", "3": "王小明_1003_text.html"}
    called(course, names, "Canvas")
    with_pages(course, ["1", "2", "3"], points=2.0)
    found = given(course, people)
    taken, ignored = canvas_import(found.canvas, {"1001": {"9001": "work.ipynb"}}, groups=["team_5"])
    assert list(taken) == ["1001"] and not ignored and len(found.canvas) == 1
    [content] = taken["1001"].values()
    assert b"2 of 10 points" in content and b"student" not in content
    assert "no file of theirs is known" in found.rows["3"]["reason"]
    with_pages(course, ["2"], points=1.0)  # a person has changed one member's mark
    found = given(course, people)
    assert not hasattr(found, "canvas")
    assert all("it would show one page to a group" in found.rows[member]["reason"] for member in "12")


def test_pages_have_the_names_of_the_roster_and_no_two_the_same_file(tmp_path):
    names = {
        "s1": "Student One",
        "s2": "student ONE",
        "s3": "Siobhán O'Neil, Jr.",
        "s4": "王 小明",
        "s5": "a/b:c?*.",
        "s6": "con.",
        "s7": "Student One (s1)",
        "s8": f"{RIGHT_TO_LEFT}\u202e\u200f",
        "s9": f"{LONG}a",
        "s10": f"{LONG}b",
        "s11": "..",
        "s12": "é",
        "s13": "e\u0301",
    } | {f"{LONG[:200]}{number}": LONG for number in range(60)}  # whose ids are cut as well
    found = []
    for student, name in names.items():
        pages = [tmp_path / student / f"{notebook}.html" for notebook in (FIRST, "more")]
        for page in pages:
            write(page, student.encode())
        found.append(Recipient({"student_id": student, "name": name}, pages))
    paths = write_pages(found, tmp_path / "pages")
    assert sorted(paths) == sorted((tmp_path / "pages").iterdir())
    assert len({unicodedata.normalize("NFC", path.name.casefold()) for path in paths}) == len(paths) == 2 * len(names)
    called = {}
    for each in found:
        student, first = each.row["student_id"], tmp_path / "pages" / each.row["page"]
        called[student] = each.row["page"].removesuffix(f" - {FIRST}.html")
        assert [path.read_text() for path in (first, first.with_name(f"{called[student]} - more.html"))] == [
            student
        ] * 2
        assert len(called[student].encode()) < 180 and not set('<>:"/\\|?*\u202e\u200f') & set(called[student])
        assert called[student].strip(" .") == called[student]
    assert called["s1"] == "Student One (s1)" and called["s2"] == "student ONE (s2)"
    assert called["s3"] == "Siobhán O'Neil, Jr" and called["s4"] == "王 小明" and called["s8"] == RIGHT_TO_LEFT
    assert (called["s5"], called["s6"], called["s11"], called["s12"]) == ("a b c", "(con)", "s11", "é (s12)")


@pytest.mark.parametrize("name", ["con", "AUX.", "nul.txt", "Lpt1", "com9 .x"])
def test_no_name_is_one_that_windows_keeps_for_itself(name):
    assert file_name(name) == f"({name.strip('.')})"


@pytest.mark.parametrize("name", ["console", "lpt", "auxiliary.b", "Com 1"])
def test_a_name_that_only_begins_so_stays(name):
    assert file_name(name) == name


def test_who_gets_nothing_is_listed_with_the_reason(course, tmp_path):
    people = written(tmp_path, worksheet(dict(list(PEOPLE.items())[:4])))
    with_pages(course, ["participant-2001", "unlisted-eve"])
    graded(course, "participant-2002", 5.0)
    place(course, "not_gradable", "participant-2003", {f"0-a.ipynb{REASON}": b'{"id": "it is a PDF", "values": {}}'})
    found = given(course, people)
    reasons = {student: row["reason"] for student, row in found.rows.items()}
    assert reasons == {
        "participant-2001": "",
        "participant-2002": "there is no feedback page: repeat make grade",
        "participant-2003": "not graded: it is a PDF",
        "participant-2004": "not submitted: nothing was handed in",
        "unlisted-eve": "not in the roster, so in no zip",
    }
    assert len(found.moodle) == 1 and len(found.pages) == 2
    said = list(given_back_lines(found.paths, found.rows.values()))
    assert said[0].endswith("2 pages, moodle.zip (0.0 MiB)")
    assert said[1:] == [
        "participant-2002: NOT GIVEN BACK: there is no feedback page: repeat make grade",
        "unlisted-eve: NOT GIVEN BACK: not in the roster, so in no zip",
        "2 without a mark have no page; given_back.csv says why",
    ]


def test_what_was_given_before_is_replaced_and_the_same_stays_as_it_is(course, tmp_path):
    people = written(tmp_path, worksheet(dict(list(PEOPLE.items())[:2])))
    with_pages(course, ["participant-2001", "participant-2002"])
    before = {path: path.stat().st_mtime_ns for path in given(course, people).paths}
    assert {path: path.stat().st_mtime_ns for path in given(course, people).paths} == before
    renamed = written(tmp_path, worksheet({"2001": "Student First", "2002": PEOPLE["2002"]}))
    assert set(given(course, renamed).pages) == {f"{name} - {FIRST}.html" for name in ("Student First", PEOPLE["2002"])}


def test_a_zip_that_would_be_too_large_is_parted(tmp_path):
    files = [(f"{number}_{number}_assignfeedback_file/page.html", bytes(100)) for number in range(9)]
    large = [("large.html", os.urandom(2000))]
    paths = write_zips(tmp_path, "moodle", [*files, *large, *files[:1]], 450)
    assert [path.name for path in paths] == [f"moodle{part}.zip" for part in ("", "-2", "-3", "-4", "-5")]
    assert [len(zipfile.ZipFile(path).namelist()) for path in paths] == [4, 4, 1, 1, 1]
    assert write_zips(tmp_path, "canvas", [], 450) == []


def test_the_command_says_what_it_wrote(course, capsys):
    with_pages(course, ["ada"])
    assert main(["give-back", "--assignment", FIRST, "--course", str(course.root)]) == 0
    assert "1 pages" in capsys.readouterr().out
    assert (course.root / "grades" / FIRST / "feedback" / "pages" / f"ada - {FIRST}.html").exists()
    assert main(["give-back", "--assignment", "nothing", "--course", str(course.root)]) == 2
    assert "nothing is not in the gradebook" in capsys.readouterr().err
