"""The roster: read as Canvas, Moodle or a person writes it; it never guesses and drops nobody."""

from datetime import UTC, datetime

import pytest
from nbgrader.utils import parse_utc

from grading.__main__ import main
from grading.lms import roster
from grading.lms.collect import collect_submissions
from grading.lms.layouts import Owner
from tests.support.course import FIRST
from tests.support.handed_in import BLANK, SOLVED, taken, tree, zipped
from tests.support.systems import (
    CANVAS,
    CANVAS_EXPORT,
    CLASSROOM,
    GRADESCOPE,
    MOODLE,
    MOODLE_EXPORT,
    WORKSHEET,
    written,
)

PLAIN = """\
id,last_name,first_name,email
s1,One,Student,one@example.edu
s2,Nguyễn,Văn An,an@example.edu
s3,"O'Neil, Jr",Student-Three,three@example.edu
s4,Four,Student,
"""


TWO_NAMES = "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section\nOne,Student,1001,u1,one,A\n"


def gathered(tmp_path, files, people, times=None):
    """Collect a zip of these files with the roster."""
    (tmp_path / "in.zip").write_bytes(zipped(files, times))
    return collect_submissions(tmp_path / "in.zip", FIRST, tmp_path / "course", people, timezone="UTC")


@pytest.mark.parametrize(
    "text, ids",
    [
        (PLAIN, ["s1", "s2", "s3", "s4"]),
        (CANVAS_EXPORT, ["u1", "u2", "u3"]),
        (CANVAS_EXPORT.replace("u3,three", ",three"), ["one", "an", "three"]),
        ("LastName,FirstName,ID,SIS Login ID,Section\nOne,Student,1001,one,A\n", ["one"]),
        (MOODLE_EXPORT, ["m1", "m2", "m3"]),
        (WORKSHEET, ["one@example.edu", "an@example.edu", "three@example.edu"]),
        ("Identifier,Status,Grade,Last modified (grade)\nParticipant 2001,,-,-\n", ["participant-2001"]),
        ("Student ID;Name\r\nB21/7;Nguyễn Văn An\r\n", ["b21-7"]),
        ('"Full name; as in passport",id\nA;B,s1\n', ["s1"]),
        (f'id,name,comment\ns1,One,"<img src=""data:{"x" * 200_000}"">"\ns2,Two,\n', ["s1", "s2"]),
        (TWO_NAMES + "Student,Test,9999,,deadbeef,A\n", ["u1"]),
        (TWO_NAMES + "Test,Student,9999,,deadbeef,A\nTest,Student,1002,u2,test,A\n", ["u1", "u2"]),
        ("Student,ID,SIS User ID,Section\nOne,1,u1,A\nTest Student,9999,,A\n", ["u1"]),
        ('id,name\ns1,"Student, Test"\n', ["s1"]),
        ("sep=;\r\nid;name\r\ns1;One\r\n", ["s1"]),
        ("id\nnguye\u0302\u0303n\n", ["nguyễn"]),
    ],
    ids=[
        "plain",
        "Canvas",
        "Canvas without an id",
        "Canvas in two names",
        "Moodle's export",
        "Moodle's worksheet",
        "blind",
        "semicolons",
        "a semicolon in a heading",
        "a picture in a comment",
        "Canvas's test student in two names",
        "a student of that name",
        "Canvas's test student in one name",
        "nobody of Canvas's",
        "Excel's line before",
        "decomposed",
    ],
)
def test_every_kind_is_read_as_it_is(tmp_path, text, ids):
    assert [person.id for person in written(tmp_path, text).people] == ids


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_every_common_encoding_is_read(tmp_path, encoding):
    text = "id,last_name,first_name\ns2,Lê,Thu\n"
    [person] = written(tmp_path, text, encoding).people
    assert (person.last_name, person.first_name) == ("Lê", "Thu")


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "has no columns that tell who the students are: the first line is empty; expected in it id, last_name"),
        ("name,mark\nStudent One,3\n", "has no columns that tell who the students are: the first line is name, mark"),
        ("id,last_name\n", "has no students in it"),
        ("PK\x03\x04", "is a spreadsheet or an archive; save it as CSV"),
        ("id,name\rs1,One\r", "is no CSV: new-line character seen"),
        (f'id,name\ns1,"{"x" * roster.LARGEST}"\n', "is too large to be a roster"),
        (PLAIN.replace("s3,", ","), "line 4: no 'id'; every student needs one"),
        (PLAIN.replace("s4", "S1"), "lines 2 and 5: the same 'id'"),
        ("id\nB21/001\nB21-001\n", "lines 2 and 3: the same 'id', or the same but for signs"),
        (PLAIN.replace("s3,", "//,"), "line 4: '//' has no letter or digit that could make an id"),
    ],
)
def test_a_mistake_in_the_roster_is_told_with_its_line(tmp_path, text, words, capsys):
    path = tmp_path / "roster.csv"
    path.write_text(text)
    (tmp_path / "in").mkdir()
    arguments = ["collect", str(tmp_path / "in"), "--assignment", FIRST, "--course", str(tmp_path / "course")]
    assert main([*arguments, "--roster", str(path)]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "owner, student",
    [
        (Owner(student="S1"), "s1"),
        (Owner(student="AN@example.edu"), "s2"),
        (Owner(student="Student One"), "s1"),
        (Owner(email="an@example.edu"), "s2"),
        (Owner(name="NGUYỄN Văn An"), "s2"),
        (Owner(name="Văn An Nguyễn"), "s2"),
        (Owner(name="Nguyễn Văn An".encode().decode()), "s2"),
        (Owner(name="nguye\u0302\u0303nva\u0306nan"), "s2"),
        (Owner(name="oneiljrstudentthree"), "s3"),
        (Owner(name="Nguyen Van An"), None),
        (Owner(name="Student"), None),
        (Owner(name=""), None),
    ],
)
def test_ids_addresses_and_names_are_matched_whatever_their_case_and_form(tmp_path, owner, student):
    person, reason = written(tmp_path, PLAIN).find(owner)
    assert (person and person.id) == student
    assert reason == ("" if student else "not in the roster")


def test_two_students_of_one_name_are_not_guessed_but_their_numbers_decide(tmp_path):
    people = written(tmp_path, "id,last_name,first_name,moodle_id\na,An,Lê,11\nb,Lê,An,12\n")
    assert people.find(Owner(name="Lê An")) == (None, "the name 'Lê An' fits 2 students of the roster: a, b")
    assert people.find(Owner(name="Lê An", moodle_id="12"))[0].id == "b"
    assert people.find(Owner(name="Lê An", moodle_id="13")) == (None, "not in the roster")


def test_canvas_files_find_their_students_in_canvas_export(tmp_path):
    people = written(tmp_path, CANVAS_EXPORT)
    found = gathered(tmp_path, CANVAS, people)
    assert taken(tmp_path) == dict.fromkeys(("u1", "u2", "unlisted-anon_x7Qp2"), SOLVED)
    assert found.missing == ["u3"]
    assert ("unlisted-anon_x7Qp2", "LATE_anon_x7Qp2_9004_mine.ipynb", "not in the roster") in found.unmatched


@pytest.mark.parametrize(
    "files, text, students",
    [
        (MOODLE, WORKSHEET, {"one@example.edu", "an@example.edu"}),
        (MOODLE, MOODLE_EXPORT, {"m1", "m2"}),
        (GRADESCOPE, PLAIN.replace("s1", "301"), {"301", "s2", "s3"}),
        (CLASSROOM, PLAIN, {"s1", "s2"}),
    ],
    ids=["Moodle's worksheet", "Moodle's export", "Gradescope", "Google Classroom"],
)
def test_other_files_find_theirs_by_number_address_or_name(tmp_path, files, text, students):
    files = {name.replace("Iterated softmax/", ""): content for name, content in files.items()}
    found = gathered(tmp_path, files, written(tmp_path, text))
    assert set(taken(tmp_path)) == students
    assert found.unmatched == []


def test_moodles_worksheet_gives_the_times_that_its_zip_lacks(tmp_path):
    gathered(tmp_path, MOODLE, written(tmp_path, WORKSHEET))
    stamp = tmp_path / "course" / "submitted" / "one@example.edu" / FIRST / "timestamp.txt"
    assert parse_utc(stamp.read_text().strip()) == datetime(2026, 9, 30, 23, 59)


@pytest.mark.parametrize(
    "text, known",
    [("Wednesday, September 30, 2026, 11:59 PM", True), ("30 September 2026, 23:59", True), ("30/09/26, 23:59", False)],
)
def test_a_time_is_taken_from_the_worksheet_only_where_it_has_one_meaning(tmp_path, text, known):
    rows = f'Identifier,Last modified (submission)\nParticipant 7,"{text}"\n'
    [person] = written(tmp_path, rows).people
    expected = datetime(2026, 9, 30, 23, 59, tzinfo=UTC).timestamp() if known else None
    assert roster.submitted(person, UTC) == expected


def test_blind_marking_goes_by_number(tmp_path):
    people = written(tmp_path, "Identifier,Grade,Last modified (grade)\nParticipant 2001,-,-\n")
    found = gathered(tmp_path, {"Participant_2001_assignsubmission_file/a.ipynb": SOLVED}, people)
    assert taken(tmp_path) == {"participant-2001": SOLVED} and found.unmatched == []


def test_who_is_missing_and_what_is_not_matched_is_listed_and_everything_kept(tmp_path, capsys):
    (tmp_path / "roster.csv").write_text(PLAIN)
    (tmp_path / "in.zip").write_bytes(zipped({"s1_a.ipynb": SOLVED, "s3_a.ipynb": SOLVED[:99], "eve_b.ipynb": SOLVED}))
    arguments = ["collect", str(tmp_path / "in.zip"), "--assignment", FIRST, "--course", str(tmp_path / "course")]
    assert main([*arguments, "--roster", str(tmp_path / "roster.csv")]) == 1
    out = capsys.readouterr().out
    assert "There is no gradebook.db yet to enrol the roster in" in out
    assert "unlisted-eve: NOT MATCHED: eve_b.ipynb: not in the roster" in out
    assert "s2: MISSING: handed in nothing\ns4: MISSING: handed in nothing\n" in out
    assert "2 students of the roster missing; 1 files not matched to one" in out
    assert taken(tmp_path) == {"s1": SOLVED, "unlisted-eve": SOLVED}


def test_with_a_completed_roster_a_submission_moves_to_its_student(tmp_path):
    files = {"s1_a.ipynb": SOLVED, "eve_b.ipynb": BLANK}
    gathered(tmp_path, files, written(tmp_path, PLAIN))
    assert taken(tmp_path) == {"s1": SOLVED, "unlisted-eve": BLANK}
    found = gathered(tmp_path, files, written(tmp_path, PLAIN + "eve,Five,Student,\n"))
    assert taken(tmp_path) == {"s1": SOLVED, "eve": BLANK} and found.unmatched == []
    assert list(tree(tmp_path / "course" / "superseded").values()) == [BLANK], "nothing is thrown away"


def test_who_was_graded_under_an_id_of_their_own_is_to_be_looked_at(tmp_path, capsys):
    """What a person gave under the old id is in the gradebook, and would be missing in the marks."""
    files = {"s1_a.ipynb": SOLVED, "eve_b.ipynb": BLANK}
    gathered(tmp_path, files, written(tmp_path, PLAIN))
    (tmp_path / "course" / "autograded" / "unlisted-eve" / FIRST).mkdir(parents=True)
    found = gathered(tmp_path, files, written(tmp_path, PLAIN + "eve,Five,Student,\n"))
    [(student, sentence)] = found.unsure
    assert student == "eve" and found.incomplete
    assert sentence.startswith("was graded as unlisted-eve; what a person gave there, points and comments, stays")
    assert gathered(tmp_path, files, written(tmp_path, PLAIN + "eve,Five,Student,\n")).unsure == []


def test_a_roster_with_other_ids_than_before_changes_nothing(tmp_path, course):
    people = written(tmp_path, CANVAS_EXPORT)
    files = {"one_1001_9001_a.ipynb": SOLVED}
    gathered(tmp_path, files, people)
    roster.enrol(course.gradebook, people)
    before = tree(tmp_path / "course")
    other = written(tmp_path, CANVAS_EXPORT.replace("u3,three", ",three"))
    with pytest.raises(ValueError, match="gives students other ids than before: one was u1"):
        gathered(tmp_path, files, other)
    with pytest.raises(ValueError, match=r"one was u1, an was u2\. .* fill in the column of before"):
        roster.enrol(course.gradebook, other)
    assert tree(tmp_path / "course") == before


def test_a_file_without_any_name_is_nobodys_with_a_roster_too(tmp_path):
    found = gathered(tmp_path, {f"{FIRST}.ipynb": SOLVED, "My homework_x.ipynb": SOLVED}, written(tmp_path, PLAIN))
    assert taken(tmp_path) == {}
    assert [(student, name) for student, name, _ in found.refused] == [
        ("unknown", "My homework_x.ipynb"),
        ("unknown", f"{FIRST}.ipynb"),
    ]


def test_students_are_enrolled_and_keep_what_the_gradebook_knows(tmp_path, course):
    course.gradebook.add_student("s4", first_name="Known", email="four@example.edu")
    people = written(tmp_path, PLAIN)
    assert roster.enrol(course.gradebook, people) == 3
    assert roster.enrol(course.gradebook, people) == 0
    known = {student.id: student for student in course.gradebook.students}
    assert set(known) == {"s1", "s2", "s3", "s4"}
    assert (known["s2"].last_name, known["s2"].first_name, known["s2"].email) == ("Nguyễn", "Văn An", "an@example.edu")
    assert (known["s4"].first_name, known["s4"].email) == ("Student", "four@example.edu")


def test_the_command_enrols_and_sets_the_due_date_in_the_gradebook(tmp_path, course):
    (tmp_path / "roster.csv").write_text(PLAIN)
    (tmp_path / "in.zip").write_bytes(zipped({f"s1_{FIRST}.ipynb": SOLVED}))
    arguments = ["collect", str(tmp_path / "in.zip"), "--assignment", FIRST, "--course", str(course.root)]
    options = ["--roster", str(tmp_path / "roster.csv"), "--due", "2026-09-30T18:00", "--timezone", "Asia/Ho_Chi_Minh"]
    assert main([*arguments, *options]) == 0
    course.gradebook.db.expire_all()
    assert {student.id for student in course.gradebook.students} == {"s1", "s2", "s3", "s4"}
    assert course.gradebook.find_assignment(FIRST).duedate == datetime(2026, 9, 30, 11, 0)


# Groups, and names and numbers that contradict each other.

TEAMS = """\
Identifier,Full name,Email address,Status,Group,Grade,Maximum Grade,Last modified (submission),Last modified (grade)
Participant 2001,Student One,one@example.edu,Submitted,Nhóm 1 - Đỏ,,20.00,"Wednesday, 30 September 2026, 11:59 PM",-
Participant 2002,Nguyễn Văn An,an@example.edu,Submitted,Nhóm 1 - Đỏ,,20.00,"Wednesday, 30 September 2026, 11:59 PM",-
Participant 2003,Student Three,three@example.edu,Submitted,Default group,,20.00,-,-
Participant 2004,Student Four,four@example.edu,No submission,-,,20.00,-,-
"""


@pytest.mark.parametrize("joint", ["_/deep/", "/", "_"], ids=["folders before", "folders", "flat"])
def test_moodles_team_is_all_its_members(tmp_path, joint):
    files = {
        f"Nhóm 1 - Đỏ_77_assignsubmission_file{joint}x_2004_assignsubmission_file_.ipynb": SOLVED,
        f"Default group_assignsubmission_file{joint}work.ipynb": SOLVED,
    }
    found = gathered(tmp_path, files, written(tmp_path, TEAMS))
    assert found.layout == "Moodle" and found.unmatched == []
    assert taken(tmp_path) == dict.fromkeys(("one@example.edu", "an@example.edu", "three@example.edu"), SOLVED)
    assert found.missing == ["four@example.edu"]
    stamp = tmp_path / "course" / "submitted" / "an@example.edu" / FIRST / "timestamp.txt"
    assert parse_utc(stamp.read_text().strip()) == datetime(2026, 9, 30, 23, 59)


def test_canvas_group_is_all_its_members_whoever_handed_it_in(tmp_path):
    text = PLAIN.replace("email", "email,canvas_id,group").replace("one@example.edu", "one@example.edu,1001,Team 12")
    text = text.replace("three@example.edu", "three@example.edu,1003,Team 12")
    found = gathered(tmp_path, {"team12_LATE_1003_9001_work.ipynb": SOLVED}, written(tmp_path, text))
    assert taken(tmp_path) == dict.fromkeys(("s1", "s3"), SOLVED)
    assert [student for student, _ in found.late] == ["s1", "s3"] and found.unmatched == []


def test_groups_whose_names_run_together_are_not_guessed_between(tmp_path):
    people = written(tmp_path, "id,name,group\na,Ann,Group 1.1\nb,Bob,Group 11\nc,Cy,group 11\n")
    found = gathered(
        tmp_path,
        {"Group 1.1_7_assignsubmission_file/a.ipynb": SOLVED, "Group 11_8_assignsubmission_file/a.ipynb": SOLVED},
        people,
    )
    assert set(taken(tmp_path)) == {"a", "b", "c"} and found.unmatched == []
    found = gathered(tmp_path, {"group11_5_6_a.ipynb": SOLVED}, people)
    assert [reason for *_, reason in found.unmatched] == [
        "the name 'group11' fits 2 groups of the roster: Group 1.1, group 11"
    ]


@pytest.mark.parametrize(
    "name, roster_text, words",
    [
        ("Nhóm 1 - Đỏ_2003", TEAMS, "is a group's in the roster, but it or the number beside it is that of three@"),
        ("Team Alpha_2003", TEAMS, "the moodle id '2003' is in the roster that of three@example.edu, but the name"),
        ("Student Four_2003", TEAMS, "the name beside it, 'Student Four', that of four@example.edu"),
        (
            "Student Three_77",
            TEAMS.replace("Nhóm 1 - Đỏ", "Student Three"),
            "it or the number beside it is that of three",
        ),
    ],
    ids=["group with a stranger's number", "unknown group", "somebody else's name", "group named like a student"],
)
def test_a_name_and_a_number_that_contradict_each_other_are_listed(tmp_path, name, roster_text, words):
    files = {
        "Student Three_2003_assignsubmission_file_a.ipynb": SOLVED,
        "Student Four_2004_assignsubmission_file_a.ipynb": SOLVED,
    }
    people = written(tmp_path, roster_text)
    gathered(tmp_path, files, people)
    before = tree(tmp_path / "course")
    found = gathered(tmp_path, files | {f"{name}_assignsubmission_file_b.ipynb": BLANK}, people)
    [(student, reason)] = [(student, why) for student, file, why in found.unmatched if file.endswith("b.ipynb")]
    assert student.startswith("unlisted-") and words in reason and found.incomplete
    assert before.items() <= tree(tmp_path / "course").items(), "nobody loses a mark"


def test_a_file_whose_own_name_looks_like_moodles_is_of_who_handed_it_in(tmp_path):
    text = "Identifier,Full name,Grade,Last modified (grade)\nParticipant 111,Ada,,\nParticipant 222,Bob,,\n"
    files = {
        "Bob_222_assignsubmission_file_a.ipynb": SOLVED,
        "Ada_111_assignsubmission_file_x_222_assignsubmission_file_.ipynb": BLANK,
    }
    found = gathered(tmp_path, files, written(tmp_path, text))
    assert taken(tmp_path) == {"participant-111": BLANK, "participant-222": SOLVED} and found.unmatched == []
    assert gathered(tmp_path, {f"ada_111_7_x_222_8_b_{n}.ipynb": BLANK for n in range(3)}, None).layout == "Canvas"
    assert "ada-111" in taken(tmp_path) and not any("222_8" in student for student in taken(tmp_path))


@pytest.mark.parametrize(
    "name, fits",
    [
        ("Nguyen Van An", True),
        ("An Nguyễn", True),
        ("nguyenvanan", True),
        ("Group A-Nguyễn Văn An", True),
        ("Participant", True),
        ("", True),
        ("Nguyễn Văn Bình", False),
        ("Team An", False),
        ("nguyenvanbinh", False),
    ],
)
def test_a_number_decides_where_the_name_beside_it_can_be_the_same_persons(tmp_path, name, fits):
    people = written(tmp_path, PLAIN.replace("email", "email,moodle_id").replace("an@example.edu", "an@example.edu,7"))
    person, reason = people.find(Owner(name=name, moodle_id="7"))
    assert (person is not None) == fits and ("'7'" in reason) != fits


def test_a_roster_tells_plain_names_apart_that_begin_alike(tmp_path):
    people = "id,last_name,first_name\na,Nguyen,An\nb,Nguyen,Binh\ns_1,One,Student\ns2,Nguyen,\n"
    files = ["nguyen_an_x", "nguyen_binh_2", "s_1_2026_09_30_work", "s2_draft", "s2_other", "nguyen_chi_x"]
    found = gathered(tmp_path, {f"{name}.ipynb": SOLVED for name in files}, written(tmp_path, people))
    assert set(taken(tmp_path)) == {"a", "b", "s_1", "s2"} and found.unmatched == []
    [(student, name, reason)] = found.refused
    assert (student, name) == ("unknown", "nguyen_chi_x.ipynb") and "other names begin with nguyen" in str(reason)


def test_what_was_taken_by_the_beginning_of_a_name_is_not_moved_to_one_of_those_who_share_it(tmp_path):
    gathered(tmp_path, {"nguyen_binh_x.ipynb": BLANK}, written(tmp_path, "id,name\nz,Zed\n"))
    people = written(tmp_path, "id,name\na,Nguyen An\nz,Zed\n")
    gathered(tmp_path, {"nguyen_an_x.ipynb": SOLVED}, people)
    assert taken(tmp_path) == {"unlisted-nguyen": BLANK, "a": SOLVED}


def test_a_plain_name_that_begins_with_two_students_is_not_guessed(tmp_path):
    people = written(tmp_path, "id,name\nnguyen,Lê Chi\nx7,Nguyen An\n")
    found = gathered(tmp_path, {"nguyen_an_x.ipynb": SOLVED, "x7_a.ipynb": SOLVED}, people)
    assert set(taken(tmp_path)) == {"x7", "unlisted-nguyen"}
    [(_, _, reason)] = found.unmatched
    assert reason == "the name 'nguyen_an_x' fits 2 students of the roster: nguyen, x7"
