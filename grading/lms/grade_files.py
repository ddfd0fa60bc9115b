"""Write the marks for those who read them: ``python -m grading grades --assignment NAME --to FOLDER``.

    grades.csv    every student, with a status and a reason (`export`)
    canvas.csv    what Canvas's gradebook imports
    moodle.csv    what Moodle imports: its grading worksheet filled in, or a table for its gradebook

A mark that is missing is an empty cell in all of them, never 0. See docs/lms.md.
"""

import re
from functools import partial
from pathlib import Path

from markupsafe import Markup, escape
from nbgrader.api import Gradebook, MissingEntry

from grading.bounded import Child, TooDear
from grading.course import course_of
from grading.files import write
from grading.gradebook.database import directory_of
from grading.gradebook.status import STOPPED, folder, status_rows, status_table
from grading.lms import roster as rosters
from grading.lms.collect import NOBODY, UNLISTED
from grading.reports.feedback import read_brief, remarks
from grading.reports.findings import comments, scores
from grading.reports.language import page_language
from grading.shown import Verbatim, as_cell, csv_table, mark_text
from helpers.support.language import english

CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
POINTS_POSSIBLE = "    Points Possible"  # Canvas finds the row by this
WORKSHEET = {"Identifier", "Grade", "Last modified (grade)"}  # without which Moodle refuses one
COMMENTS = "Feedback comments"
OUR_CLASS = "from-grading"  # of what we write into a comment, by which it is found again
# No comment of a person's holds one: nh3 leaves no class. A system may write its attributes in its own way.
OPENING, CLOSING = re.compile(rf"<section [^<>]{{0,200}}\b{OUR_CLASS}\b[^<>]{{0,200}}>"), "</section>"
EXCUSED = "EX"  # in place of a grade in Canvas
NUMBERED = re.compile(r"(?P<title>.*) \(\d+\)")  # Canvas's column of an assignment


def write_grades(
    course: Path,
    assignment: str,
    gradebook: Gradebook,
    roster: rosters.Roster | None,
    to: Path,
    canvas_column: str | None = None,
) -> tuple[list[Path], list[dict]]:
    """Write grades.csv, canvas.csv and moodle.csv into the folder ``to``; return their paths and the rows of the first.

    ``course`` is the course folder, ``gradebook`` its open gradebook. The files for the LMS hold the students of the
    roster, or without one those of the gradebook. ``canvas_column`` is the assignment's heading in Canvas, by default
    the one in Canvas's own export, if the roster is that. Raises ValueError for an assignment that is not there.
    """
    try:
        entry = gradebook.find_assignment(assignment)
    except MissingEntry:
        raise ValueError(f"{assignment} is not in the gradebook; there are: {names(gradebook)}") from None
    people = roster.people if roster else []
    marks = status_rows(gradebook, entry, directory_of(course), people)
    if roster:
        for row in marks:
            if row["student_id"] not in roster.ids:
                row["reason"] = not_in_roster(row["reason"])
    by_student = {row["student_id"]: row for row in marks}
    people = people or [someone(row) for row in marks if not row["student_id"].startswith((NOBODY, UNLISTED))]
    column = canvas_column or canvas_heading(roster, assignment)
    said = comments_on(by_student, people, course, gradebook, entry)
    files = {
        "grades.csv": status_table(marks),
        "canvas.csv": canvas_csv(people, by_student, column, entry.max_score),
        "moodle.csv": moodle_csv(people, by_student, said, roster, assignment),
    }
    for name, content in files.items():
        write(to / name, content)
    return [to / name for name in files], marks


def roster_of(course: Path, assignment: str, given: Path | None) -> rosters.Roster | None:
    """Return the roster that is given, and keep its file for the next time; else the one that was given last, or None.

    Without it the files for an LMS would lose its columns, the next time that one student is graded.
    """
    kept = course / "grades" / assignment / "roster.csv"
    if given:
        roster = rosters.read_roster(given)
        write(kept, given.read_bytes())
        return roster
    if not kept.exists():
        return None
    print(f"The roster is {kept.relative_to(course)}, as it was given before; --roster FILE takes another.")
    return rosters.read_roster(kept)


def names(gradebook):
    """Return the names of a gradebook's assignments, for a sentence."""
    return ", ".join(assignment.name for assignment in gradebook.assignments) or "none"


def someone(row):
    """Return the person of a row, where no roster says more."""
    return rosters.Person(row["student_id"], row["last_name"], row["first_name"], email=row["email"])


def canvas_heading(roster, assignment):
    """Return the heading that Canvas's export has for an assignment, "NAME (12345)"; the bare name if it has none."""
    found = [
        column
        for column in (roster.columns if roster else ())
        if (match := NUMBERED.fullmatch(column)) and rosters.name_key(match["title"]) == rosters.name_key(assignment)
    ]
    return found[0] if len(found) == 1 else assignment


def canvas_csv(people, marks, column, points):
    """Return canvas.csv: the columns of Canvas's gradebook export, the points possible, a row for each student.

    Who is excused stays so, and where there is no mark, Canvas's own is kept: an empty cell would take it away.
    """
    filled = [{name: "" for name in CANVAS} | {"Student": POINTS_POSSIBLE, column: f"{points:.15g}"}]
    for person in people:
        name = person.name or ", ".join(filter(None, (person.last_name, person.first_name)))
        known = {name: person.row.get(name, "") for name in CANVAS} | {"Student": name}
        if "Section" not in person.row:  # not Canvas's own line
            known = dict(zip(CANVAS, (name, person.canvas_id, person.id, person.login, ""), strict=True))
        there = Verbatim(person.row.get(column, ""))
        filled.append(
            known | {column: there if there.upper() == EXCUSED else mark_text(marks[person.id]["score"]) or there}
        )
    return csv_table([*CANVAS, column], filled)


def moodle_csv(people, marks, said, roster, assignment):
    """Return moodle.csv: the roster's own lines with grade and comment if it is a worksheet, else a table of our own.

    A column that identifies students is left out unless all have it: Moodle would take an empty cell for the student
    of the line before.
    """
    if roster and set(roster.columns) >= WORKSHEET:
        given = [column for column in roster.columns if column]
        filled = [
            person.row
            | {
                "Grade": mark_text(marks[person.id]["score"])
                or ("" if person.row["Grade"] == "-" else person.row["Grade"])
            }
            | {COMMENTS: with_ours(person.row.get(COMMENTS, ""), said[person.id])}
            for person in people
        ]
        return csv_table(given, filled)
    identity = {
        "ID number": [person.row.get("ID number", person.id) for person in people],
        "Username": [person.login for person in people],
        "Email address": [person.email for person in people],
    }
    identity = {column: values for column, values in identity.items() if all(values)}
    filled = [
        {column: values[place] for column, values in identity.items()}
        | {"First name": person.first_name, "Surname": person.last_name or person.name}
        | {assignment: mark_text(marks[person.id]["score"]), COMMENTS: with_ours("", said[person.id])}
        for place, person in enumerate(people)
    ]
    return csv_table([*identity, "First name", "Surname", assignment, COMMENTS], filled)


def with_ours(theirs, ours):
    """Return a comment of the instructor's, as it was, with ours behind it, in place of what we said there before."""
    kept, start = [], 0
    for opening in OPENING.finditer(theirs):
        end = theirs.find(CLOSING, opening.end())
        if start <= opening.start() and end >= 0:
            kept.append(theirs[start : opening.start()].rstrip())
            start = end + len(CLOSING)
    theirs = "".join([*kept, theirs[start:]])
    return Verbatim(f'{theirs} <section class="{OUR_CLASS}">{ours}</section>'.lstrip() if ours else theirs)


def not_in_roster(reason):
    """Return a reason that says so as well."""
    if reason:
        return english("not in the roster; {reason}", reason=reason)
    return english("not in the roster")


def comments_on(marks, people, course, gradebook, assignment):
    """Return {student: HTML}: why a mark is missing, or what it is made of and what the instructor wrote.

    ``course`` is the course folder, ``assignment`` the gradebook's entry.
    """
    folders, data, found = directory_of(course), course_of(course), {}
    with Child(partial(read_brief, data)) as read:
        for row in (marks[person.id] for person in people):
            if row["status"] == "graded":
                found[row["student_id"]] = comment_on(row, gradebook, assignment, folders, data, read)
            else:
                why = row["status"] if row["reason"] == STOPPED else f"{row['status']}: {row['reason']}"
                found[row["student_id"]] = as_cell(escape(why))
    return found


def comment_on(row, gradebook, assignment, folders, course, read):
    """Return the HTML of a comment on a mark: in ours a spreadsheet runs nothing, and a person's words are as written.

    ``folders`` is nbgrader's CourseDirectory, ``read`` is `read_brief` of the course in a child process.
    """
    student, lines, written = row["student_id"], [], Markup()
    for notebook in assignment.notebooks:
        given = gradebook, notebook.name, assignment.name, student
        worth = {
            cell.name.removeprefix("test_"): cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)
        }
        path = folder(folders, "autograded", student, assignment.name) / f"{notebook.name}.ipynb"
        marks = scores(*given)
        try:
            code, text = read(worth, marks, path if path.exists() else None)
        except TooDear:
            code, text = read_brief(course, worth, marks)
        language = page_language(code, course)
        lines.append(text)
        written += remarks(language, comments(*given))
    if penalty := row["late_submission_penalty"]:
        late = "{points:g} points for the exercises, less {penalty:g} for handing in late."
        lines.insert(0, escape(language.text(late, points=row["raw_score"], penalty=penalty)))
    return Markup(as_cell(Markup("<br>").join(filter(None, lines)))) + written
