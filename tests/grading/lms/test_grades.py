"""Marks on their way out: each table is read back by the rules of the system that imports it."""

import csv
import html
import io
import re

import pytest
from nbgrader.api import Comment, SolutionCell

from grading.__main__ import main
from grading.gradebook.status import REASON
from grading.lms import roster
from grading.lms.grade_files import OUR_CLASS, write_grades
from tests.support.course import FIRST
from tests.support.handed_in import graded, place
from tests.support.systems import CANVAS_EXPORT, MOODLE_EXPORT, WORKSHEET, written

EVIL = '''\
id,last_name,first_name,email
s1,"=HYPERLINK(""http://example.edu"")",Student,one@example.edu
s2,"Nguyễn, ""An""",@Văn,an@example.edu
'''

# nbgrader's own way with SQLAlchemy.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")


def tables(course, people=None, **options):
    """Write the tables and return each as text by its name."""
    paths, _ = write_grades(course.root, FIRST, course.gradebook, people, course.root / "grades", **options)
    assert [path.name for path in paths] == ["grades.csv", "canvas.csv", "moodle.csv"]
    return {path.stem: path.read_text(encoding="utf-8") for path in paths}


def rows(text):
    return list(csv.DictReader(text.splitlines()))


def parted(comment):
    """Return (what the instructor wrote, what we did) of a cell with comments, as words."""
    theirs, sign, ours = comment.partition('<section class="from-grading">')
    assert ours.endswith("</section>") == bool(sign) and OUR_CLASS not in theirs + ours
    return theirs.rstrip(" ") if sign else comment, html.unescape(re.sub("<[^>]+>", " ", ours)).strip()


def comments(worksheet):
    """Return the comments of Moodle's worksheet, by participant, each parted."""
    lines = csv.DictReader(io.StringIO(worksheet, newline=""))
    return {line["Identifier"].removeprefix("Participant "): parted(line["Feedback comments"]) for line in lines}


def canvas_import(text):
    """Read as Canvas's GradebookImporter does: ({(ID, SIS login): grade}, assignment's id or name, points possible)."""
    header, *lines = csv.reader(text.splitlines())
    assert "Student" in header[0] and "ID" in header[1]
    assert header[2:4] == ["SIS User ID", "SIS Login ID"] and header[4] == "Section"
    [column] = header[5:]
    found = re.fullmatch(r"(.*) \((\d+)\)", column)
    grades, points = {}, None
    for line in lines:
        if "Points Possible" in line[0]:
            points = line[5]
        elif any(line):
            grades[line[1] or line[2], line[3]] = line[5]
    return grades, found[2] if found else column, points


def moodle_worksheet_import(text, maximum):
    """Read as Moodle's offline grading worksheet: {participant: grade} of the grades that it would set."""
    lines = rows(text)
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(lines[0])
    grades = {line["Identifier"].removeprefix("Participant "): line["Grade"] for line in lines}
    assert all(number.isdigit() for number in grades)
    return {number: float(grade) for number, grade in grades.items() if grade and 0 <= float(grade) <= maximum}


def moodle_gradebook_import(text, identity):
    """Read as Moodle's import into the gradebook, mapped from a column: an empty grade is no grade, and stays so."""
    lines = rows(text)
    assert all(line[identity] for line in lines), "Moodle would take such a line for the student before"
    return {line[identity]: float(line[FIRST]) if line[FIRST] not in ("", "-") else None for line in lines}


def test_canvas_gets_its_own_columns_back_with_the_assignment_it_knows(course, tmp_path):
    graded(course, "u1", 7.25)
    graded(course, "u2", 0)
    people = written(tmp_path, CANVAS_EXPORT)
    grades, assignment, points = canvas_import(tables(course, people)["canvas"])
    assert (assignment, points) == ("7001", "10")
    assert grades == {("1001", "one"): "7.25", ("1002", "an"): "0", ("1003", "three"): ""}
    assert "Group A, Group B" in tables(course, people)["canvas"]


def test_canvas_can_be_given_another_column_and_another_roster(course, tmp_path):
    graded(course, "m1", 10)
    people = written(tmp_path, MOODLE_EXPORT)
    grades, assignment, _ = canvas_import(tables(course, people, canvas_column="Week 3 (42)")["canvas"])
    assert assignment == "42"
    assert grades == {("m1", ""): "10", ("m2", ""): "", ("m3", ""): ""}


def test_canvas_export_in_two_name_columns_keeps_its_numbers(course, tmp_path):
    graded(course, "one", 10)
    people = written(tmp_path, "LastName,FirstName,ID,SIS Login ID,Section\nOne,Student,1001,one,A\n")
    text = tables(course, people)["canvas"]
    assert canvas_import(text)[0] == {("1001", "one"): "10"}
    assert text.splitlines()[-1] == '"One, Student",1001,,one,A,10'


def test_without_canvas_export_the_column_is_the_assignments_name(course):
    graded(course, "ada", 3)
    assert canvas_import(tables(course)["canvas"]) == ({("ada", ""): "3"}, FIRST, "10")


def test_moodles_worksheet_comes_back_filled_in(course, tmp_path):
    graded(course, "one@example.edu", 7.25)
    graded(course, "an@example.edu", 0)
    people = written(tmp_path, WORKSHEET)
    text = tables(course, people)["moodle"]
    assert moodle_worksheet_import(text, 20) == {"2001": 7.25, "2002": 0}
    before, after = rows(WORKSHEET), rows(text)
    kept = set(before[0]) - {"Grade", "Feedback comments"}
    assert [{name: line[name] for name in kept} for line in after] == [
        {name: line[name] for name in kept} for line in before
    ]
    assert comments(text)["2003"] == ("well begun", "not submitted: nothing was handed in")


@pytest.mark.parametrize(
    "theirs", ["+1 for the plot", "=SUM(1)", "-", "@An: see me", "Doctor note received", '<p>a, "b"</p>\nc']
)
def test_an_instructors_comment_comes_back_as_it_was_with_ours_behind_it(course, tmp_path, theirs):
    graded(course, "one@example.edu", 7.25)
    graded(course, "an@example.edu", 8, penalty=0.4)
    cell = '"' + theirs.replace('"', '""') + '"'
    worksheet = WORKSHEET.replace("well begun", "").replace(",-,\n", f",-,{cell}\n")
    assert written(tmp_path, worksheet).people[0].row["Feedback comments"] == theirs
    files = []
    for _ in range(3):
        worksheet = tables(course, written(tmp_path, worksheet))["moodle"]
        files.append(worksheet)
        found = comments(worksheet)
        assert [found[number][0] for number in ("2001", "2002", "2003")] == [theirs] * 3
        assert found["2001"][1].startswith("softmax_t: 3.625 of 5. ")
        assert found["2002"][1].startswith("8 points for the exercises, less 0.8 for handing in late.")
        assert found["2003"][1] == "not submitted: nothing was handed in"
    assert len(set(files)) == 1
    graded(course, "three@example.edu", 10)
    found = comments(tables(course, written(tmp_path, worksheet))["moodle"])["2003"]
    assert found == (theirs, "Full marks: softmax_t Full marks: softmax_t"), "what we said before is not true any more"


def test_what_is_written_behind_our_words_in_moodle_stays(course, tmp_path):
    graded(course, "one@example.edu", 7.25)
    worksheet = tables(course, written(tmp_path, WORKSHEET.replace(",-,\n", ",-,before\n", 1)))["moodle"]
    edited = worksheet.replace("</section>", "</section> and after", 1).replace("class=", "dir=ltr class=", 1)
    graded(course, "one@example.edu", 10)
    found = comments(tables(course, written(tmp_path, edited))["moodle"])["2001"]
    assert found == ("before and after", "Full marks: softmax_t Full marks: softmax_t")


def test_the_instructors_own_comment_goes_along_as_it_was_written(course, tmp_path):
    graded(course, "one@example.edu", 7.25)
    given = course.gradebook.find_submission_notebook(FIRST, FIRST, "one@example.edu")
    notebook = course.gradebook.find_notebook(FIRST, FIRST)
    course.gradebook.db.add(SolutionCell(name="softmax_t", notebook=notebook))
    course.gradebook.db.commit()
    cell = course.gradebook.find_solution_cell("softmax_t", FIRST, FIRST)
    course.gradebook.db.add(
        Comment(cell=cell, notebook=given, manual_comment="=1+1; **see me**, -2 <script>x</script>")
    )
    course.gradebook.db.commit()
    worksheet = WORKSHEET
    for _ in range(2):
        worksheet = tables(course, written(tmp_path, worksheet))["moodle"]
        assert "<strong>see me</strong>" in worksheet and "<script" not in worksheet
        ours = " ".join(comments(worksheet)["2001"][1].split())
        assert ours.endswith("Your instructor's comment, softmax_t: =1+1; see me , -2 <script>x</script>")


def test_moodles_own_grades_stay_where_there_is_no_mark(course, tmp_path):
    graded(course, "one@example.edu", 7.25)
    given = iter(("3.00", "12.50", "-"))
    worksheet = re.sub(r"(ubmitted|submission),,", lambda match: f"{match[1]},{next(given)},", WORKSHEET)
    text = tables(course, written(tmp_path, worksheet))["moodle"]
    assert [line["Grade"] for line in rows(text)] == ["7.25", "12.50", ""]


@pytest.mark.parametrize("excused", ["EX", "ex"])
def test_who_is_excused_in_canvas_stays_so_and_its_grades_stay_where_there_is_no_mark(course, tmp_path, excused):
    graded(course, "u1", 7.25)
    graded(course, "u2", 6)
    export = CANVAS_EXPORT.replace("u1,one,Group A,,", f"u1,one,Group A,{excused},").replace(
        "three,Group B,,", "three,Group B,4.5,"
    )
    export = export.replace('"Group A, Group B",,', '"Group A, Group B",3,')
    grades, _, _ = canvas_import(tables(course, written(tmp_path, export))["canvas"])
    assert list(grades.values()) == [excused, "6", "4.5"]


def test_moodles_gradebook_gets_a_table_that_names_students_without_a_gap(course, tmp_path):
    graded(course, "m2", 6.5)
    text = tables(course, written(tmp_path, MOODLE_EXPORT))["moodle"]
    assert moodle_gradebook_import(text, "ID number") == {"m1": None, "m2": 6.5, "m3": None}
    assert moodle_gradebook_import(text, "Email address")["an@example.edu"] == 6.5
    gap = tables(course, written(tmp_path, MOODLE_EXPORT.replace("an@example.edu", "")))["moodle"]
    assert "Email address" not in gap.splitlines()[0]


def test_a_missing_mark_is_empty_everywhere_and_says_why(course, tmp_path):
    graded(course, "u1", 0)
    place(
        course, "not_gradable", "u2", {f"0-a.ipynb{REASON}": b'{"id": "it is {how}", "values": {"how": "encrypted"}}'}
    )
    people = written(tmp_path, CANVAS_EXPORT)
    written_tables = tables(course, people)
    plain = {line["student_id"]: line for line in rows(written_tables["grades"])}
    assert [plain[student]["score"] for student in ("u1", "u2", "u3")] == ["0", "", ""]
    assert (plain["u2"]["status"], plain["u2"]["reason"]) == ("not graded", "it is encrypted")
    assert (plain["u3"]["status"], plain["u3"]["last_name"]) == ("not submitted", "Three")
    assert (plain["u1"]["last_name"], plain["u1"]["first_name"]) == ("One", "Student")
    assert list(canvas_import(written_tables["canvas"])[0].values()) == ["0", "", ""]
    assert list(moodle_gradebook_import(written_tables["moodle"], "ID number").values()) == [0, None, None]


def test_who_is_not_in_the_roster_is_in_the_plain_table_only(course, tmp_path):
    graded(course, "unlisted-eve", 5)
    graded(course, "u1", 6)
    written_tables = tables(course, written(tmp_path, CANVAS_EXPORT))
    plain = {line["student_id"]: line for line in rows(written_tables["grades"])}
    assert (plain["unlisted-eve"]["score"], plain["unlisted-eve"]["reason"]) == ("5", "not in the roster")
    assert plain["u1"]["reason"] == ""
    assert "eve" not in written_tables["canvas"] + written_tables["moodle"]


def test_what_being_late_cost_is_taken_off_and_said(course, tmp_path):
    graded(course, "m1", 8, penalty=0.4)
    written_tables = tables(course, written(tmp_path, MOODLE_EXPORT))
    assert moodle_gradebook_import(written_tables["moodle"], "ID number")["m1"] == 7.2
    said = parted(rows(written_tables["moodle"])[0]["Feedback comments"])[1]
    assert said.startswith("8 points for the exercises, less 0.8 for handing in late.")


def test_marks_are_printed_as_people_write_them(course, tmp_path):
    graded(course, "u1", 19.1, penalty=0.52)
    graded(course, "u2", 20)
    graded(course, "u3", 1 / 3)
    assert 19.1 - 1.04 == 18.060000000000002, "what is to be avoided"
    written_tables = tables(course, written(tmp_path, CANVAS_EXPORT))
    plain = [list(line.values())[7:11] for line in rows(written_tables["grades"])]
    assert plain == [
        ["19.1", "1.04", "18.06", "10"],
        ["20", "0", "20", "10"],
        ["0.3333", "0", "0.3333", "10"],
    ]
    assert list(canvas_import(written_tables["canvas"])[0].values()) == ["18.06", "20", "0.3333"]
    assert [line[FIRST] for line in rows(written_tables["moodle"])] == ["18.06", "20", "0.3333"]


@pytest.mark.parametrize("separator, encoding", [(";", "utf-8-sig"), ("\t", "utf-16")])
def test_a_worksheet_that_excel_has_saved_is_given_back_as_moodle_wrote_it(course, tmp_path, separator, encoding):
    graded(course, "one@example.edu", 7.25)
    saved = io.StringIO(newline="")
    table = csv.writer(saved, delimiter=separator)
    table.writerows([*cells, "", ""] for cells in csv.reader(WORKSHEET.splitlines()))
    text = tables(course, written(tmp_path, saved.getvalue(), encoding))["moodle"]
    assert text == tables(course, written(tmp_path, WORKSHEET))["moodle"]
    assert moodle_worksheet_import(text, 20) == {"2001": 7.25}


def test_names_survive_and_no_spreadsheet_runs_them(course, tmp_path):
    people = written(tmp_path, EVIL)
    roster.enrol(course.gradebook, people)
    graded(course, "s1", 5)
    for name, text in tables(course, people).items():
        cells = [cell for line in csv.reader(text.splitlines()) for cell in line]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-", "\t"))], name
        assert any('"An"' in cell for cell in cells), name
    plain = {line["student_id"]: line for line in rows(tables(course, people)["grades"])}
    assert plain["s1"]["last_name"] == '\'=HYPERLINK("http://example.edu")'
    assert plain["s2"]["last_name"] == 'Nguyễn, "An"'


def test_the_command_writes_the_tables_for_the_roster_it_is_given(course, tmp_path, capsys):
    graded(course, "u1", 7)
    (tmp_path / "class.csv").write_text(CANVAS_EXPORT)
    arguments = ["grades", "--assignment", FIRST, "--course", str(course.root), "--to", str(tmp_path / "out")]
    assert main([*arguments, "--roster", str(tmp_path / "class.csv")]) == 0
    assert "canvas.csv" in capsys.readouterr().out
    assert canvas_import((tmp_path / "out" / "canvas.csv").read_text())[0]["1001", "one"] == "7"


def test_a_gradebook_that_is_none_is_said(tmp_path, capsys):
    (tmp_path / "gradebook.db").write_bytes(b"no database" * 100)
    assert main(["grades", "--assignment", FIRST, "--course", str(tmp_path)]) == 2
    assert "gradebook.db cannot be read: file is not a database" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--assignment", "nothing"], f"nothing is not in the gradebook; there are: {FIRST}"),
        (["--assignment", FIRST, "--course", "nowhere"], "there is no gradebook.db in nowhere"),
        (["--assignment", FIRST, "--roster", "none.csv"], "the roster none.csv cannot be read: No such file"),
    ],
)
def test_marks_that_cannot_be_written_are_refused_in_a_sentence(course, arguments, words, capsys, monkeypatch):
    monkeypatch.chdir(course.root)
    assert main(["grades", *arguments]) == 2
    assert words in capsys.readouterr().err
