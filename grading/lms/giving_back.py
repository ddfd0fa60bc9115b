"""Give the feedback pages back: ``python -m grading give-back --assignment NAME``, and the end of ``make grade``.

    pages/             a page a student, named by the roster's name: for Classroom, or a mail
    moodle.zip         what Moodle takes as feedback files
    canvas.zip         what Canvas takes as submissions that are uploaded again
    given_back.csv     who gets what, and why somebody gets nothing

An LMS knows its student by a part of a name: Moodle by the participant's number, which the worksheet or the name of
what was handed in says, Canvas by that whole name, which `collect` has kept. Where it is not known nothing is given.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path, PurePosixPath

import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.api import Gradebook, MissingEntry

from grading.files import write, zipped
from grading.gradebook.database import directory_of
from grading.gradebook.status import folder, status_rows
from grading.lms import layouts
from grading.lms import roster as rosters
from grading.lms.collect import names_handed_in
from grading.reports.feedback import main_part, without_student
from grading.shown import ESCAPES, csv_table

COLUMNS = ("student_id", "name", "email", "status", "page", "moodle", "canvas", "reason")
MARKED = ("graded", "to be marked")  # the statuses with a page
LARGEST = 50  # MiB of a zip; how much a system takes is set there
FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # in a file's name, on Windows
RESERVED = re.compile(r"(con|prn|aux|nul|(com|lpt)\d) *(\.|$)", re.IGNORECASE)  # there as well
LONGEST_NAME = 80  # bytes: an id and the notebook's name follow, and a file's name has 255


@dataclass
class Recipient:
    """A student: the row of the table, the pages, and by what an LMS knows them, which is empty if it is not known."""

    row: dict
    pages: list[Path]
    number: str = ""  # Moodle's, of the participant
    handed_in: str = ""  # Canvas's name of the file
    reasons: list[str] = field(default_factory=list)

    def contents(self):
        """Return the pages' texts by their files' names."""
        return {path.name: path.read_text("utf-8") for path in self.pages}


def give_back(
    course: Path,
    assignment: str,
    gradebook: Gradebook,
    roster: rosters.Roster | None,
    to: Path,
    largest: float = LARGEST,
) -> tuple[list[Path], list[dict]]:
    """Write what is given back into the folder ``to``, in place of what lay there; return its paths, the table's rows.

    ``course`` is the course folder, ``gradebook`` its open gradebook; no zip has more than ``largest`` MiB. Raises
    ValueError for an assignment that is not there.
    """
    people = {person.id: person for person in (roster.people if roster else ())}
    found = recipients(course, assignment, gradebook, people)
    with_page = [each for each in found if each.pages]
    files = names_handed_in(course, assignment)
    if roster:
        for each in with_page:
            if each.row["student_id"] not in people:
                each.reasons.append("not in the roster, so in no zip")
    known = [each for each in with_page if not each.reasons]
    find_numbers(known, files, people)
    find_names(known, files)
    most = largest * 2**20
    paths = write_pages(with_page, to / "pages")
    paths += write_zips(to, "moodle", moodle_files(known), most) + write_zips(to, "canvas", canvas_files(known), most)
    rows = [
        each.row | {"moodle": each.number, "canvas": each.handed_in, "reason": "; ".join(each.reasons)}
        for each in found
    ]
    write(to / "given_back.csv", csv_table(COLUMNS, rows))
    for path in {*to.glob("pages/*.html"), *to.glob("*.zip")} - set(paths):
        path.unlink()  # of an earlier call: a name may be another's by now
    return [*paths, to / "given_back.csv"], rows


def recipients(course, assignment, gradebook, people):
    """Return a `Recipient` for each student in the gradebook, the roster's ``people`` and the folders, by id."""
    try:
        entry = gradebook.find_assignment(assignment)
    except MissingEntry:
        raise ValueError(f"{assignment} is not in the gradebook") from None
    folders, found = directory_of(course), []
    for row in status_rows(gradebook, entry, folders, people.values()):
        student, marked = row["student_id"], row["status"] in MARKED
        pages = sorted(folder(folders, "feedback", student, assignment).glob("*.html")) if marked else []
        known = people.get(student) or rosters.Person("", row["last_name"], row["first_name"])
        each = Recipient(
            {column: row.get(column, "") for column in COLUMNS} | {"name": written_name(known) or student}, pages
        )
        if not pages:
            each.reasons.append(
                "there is no feedback page: repeat make grade" if marked else f"{row['status']}: {row['reason']}"
            )
        found.append(each)
    return found


def written_name(person):
    """Return a name as it is written on a page: Moodle's "Jr." behind a comma is no first name."""
    return person.row.get("Full name") or " ".join(filter(None, (person.first_name, person.last_name))) or person.name


# By what an LMS knows a student


def find_numbers(known, files, people):
    """Set the participants' numbers, by the roster or else by the names of the files, or say why there is none."""
    numbers = {student: person.moodle_id for student, person in people.items() if person.moodle_id}
    teams = set()
    if not numbers:
        owners = {student: moodle_owner(file) for student, file in files.items() if file["layout"] == "Moodle"}
        numbers = {student: owner.moodle_id for student, owner in owners.items() if owner.moodle_id}
        groups = {person.id: rosters.name_key(person.group) for person in people.values() if person.group}
        teams = {student for student, owner in owners.items() if rosters.name_key(owner.name) == groups.get(student)}
    students_with = Counter(numbers.values())
    for each in known if numbers else ():
        student = each.row["student_id"]
        number = numbers.get(student)
        if not number:
            each.reasons.append("not for Moodle: no participant's number is known; give its worksheet as roster")
        elif students_with[number] > 1 or student in teams:
            each.reasons.append(f"not for Moodle: {number} is the number of several; give its worksheet as roster")
        else:
            each.number = number


def moodle_owner(file):
    """Return whose a file is by the name that Moodle has given it."""
    path = PurePosixPath(file["name"])
    return next(iter(layouts.moodle(path, len(path.parts))), layouts.Owner())


def find_names(known, files):
    """Set the names that Canvas gave the files, or say why there is none; a group's page goes to all its members."""
    names = {student: PurePosixPath(file["name"]) for student, file in files.items() if file["layout"] == "Canvas"}
    members = defaultdict(list)
    for each in known if names else ():
        path = names.get(each.row["student_id"], PurePosixPath("none"))
        if any(owner.upload for owner in layouts.canvas(path, len(path.parts) - 1)):
            members[path.name].append(each)
        else:
            each.reasons.append("not for Canvas: no file of theirs is known that came from there")
    handed_in_by = Counter(path.name for path in names.values())
    for name, group in members.items():
        first, *others = group
        same = len(group) == handed_in_by[name] and all(of_all(each) == of_all(first) for each in others)
        for each in group:
            if same:
                each.handed_in = name
            else:
                each.reasons.append("not for Canvas: it would show one page to a group whose members have several")


def of_all(recipient):
    """Return what a student's pages say to every member of a group."""
    return [without_student(page) for page in recipient.contents().values()]


# What they are given


def moodle_files(known):
    """Yield (name in the zip, content): Moodle reads of a folder's name the number, and whose part the files are."""
    for each in known:
        if each.number:
            place = f"{file_name(each.row['name']).replace('_', ' ')}_{each.number}_assignfeedback_file"
            yield from ((f"{place}/{name}", page.encode()) for name, page in each.contents().items())


def canvas_files(known):
    """Yield (name in the zip, content), once for a group."""
    for name, each in {each.handed_in: each for each in known if each.handed_in}.items():
        yield name, as_handed_in(name, dict(zip(each.contents(), of_all(each), strict=True)))


def as_handed_in(name, pages):
    """Return pages in a file of the kind that was handed in: Canvas gives it back under that one's name and ending.

    A zip holds them as they are, a notebook as the output of its only cell.
    """
    if name.lower().endswith(".zip"):
        return zipped((key, page.encode()) for key, page in pages.items())
    outputs = [new_output("display_data", {"text/html": main_part(page)}) for page in pages.values()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = new_notebook(cells=[new_code_cell(id="feedback", outputs=outputs)], metadata=kernel)
    return nbformat.writes(notebook).encode()


def write_zips(to, stem, files, most):
    """Write files into zips of ``most`` bytes at most, if a single one is not larger, and return the paths."""
    paths, part, size = [], [], 0

    def end():
        paths.append(to / f"{stem}{f'-{len(paths) + 1}' * bool(paths)}.zip")
        write(paths[-1], zipped(part))

    for name, content in files:
        if part and size + len(content) > most:
            end()
            part, size = [], 0
        part.append((name, content))
        size += len(content)
    if part:
        end()
    return paths


def write_pages(recipients, to):
    """Write each page under its student's name, say so in the row, and return the paths.

    Students whose names no file system tells apart have their ids behind them.
    """
    names = [file_name(each.row["name"]) or each.row["student_id"] for each in recipients]
    alike = Counter(map(file_key, names))
    taken, paths = set(), []
    for each, name in zip(recipients, names, strict=True):
        if alike[file_key(name)] > 1:
            name = f"{name} ({file_name(each.row['student_id'])})"
        candidates = chain([name], (f"{name} ({number})" for number in count(2)))
        unique = next(candidate for candidate in candidates if file_key(candidate) not in taken)
        taken.add(file_key(unique))
        each.row["page"] = f"{unique} - {each.pages[0].stem}.html"
        for page in each.pages:
            paths.append(to / f"{unique} - {page.stem}.html")
            write(paths[-1], page.read_bytes())
    return paths


def file_name(text):
    """Return a text as a part of a file's name that every system takes, and shows as it is."""
    plain = FORBIDDEN.sub(" ", unicodedata.normalize("NFC", text).translate(dict.fromkeys(ESCAPES)))
    short = " ".join(plain.split()).encode()[:LONGEST_NAME].decode(errors="ignore").strip(" .~")
    return f"({short})" if RESERVED.match(short) else short


def file_key(name):
    """Return what two names have in common that some file system takes for one."""
    return unicodedata.normalize("NFC", name.casefold())


def given_back_lines(paths, rows):
    """Yield what there is to say: what was written, zips with their sizes, and who has a mark and lacks something."""
    pages = sum(path.parent.name == "pages" for path in paths)
    sizes = [f"{path.name} ({path.stat().st_size / 2**20:.1f} MiB)" for path in paths if path.suffix == ".zip"]
    yield f"To give back, in {paths[-1].parent}: {', '.join([f'{pages} pages', *sizes])}"
    for row in rows:
        if row["reason"] and row["status"] in MARKED:
            yield f"{row['student_id']}: NOT GIVEN BACK: {row['reason']}"
    without = sum(row["status"] not in MARKED for row in rows)
    if without:
        yield f"{without} without a mark have no page; {paths[-1].name} says why"
