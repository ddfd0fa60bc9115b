"""Who is in the course: a CSV of one's own, Canvas's gradebook export, or Moodle's grader export or grading worksheet.

`read` takes any of them as they are; `Roster.find` turns what an LMS says about a file into a student and never
guesses; `enrol` puts the students into nbgrader's gradebook.
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dateutil import parser as dates

from grading.lms.layouts import as_id

# What a column may be called, in lower case. Canvas's "ID" is a number of Canvas's own, and read apart.
HEADERS = {
    "id": ("id", "student_id", "student id", "id number", "sis user id", "sid"),
    "login": ("login", "username", "sis login id"),
    "email": ("email", "email address", "e-mail"),
    "last_name": ("last_name", "last name", "surname", "lastname", "family name"),
    "first_name": ("first_name", "first name", "firstname", "given name"),
    "name": ("name", "full name", "student"),
    "canvas_id": ("canvas_id",),
    "moodle_id": ("moodle_id", "identifier"),
    "group": ("group", "group name", "team"),
    "section": ("section", "sections", "groups"),
    "submitted": ("last modified (submission)",),
}
IDS = ("id", "login", "email", "canvas_id", "moodle_id")
NUMBERS = IDS[-2:]
BLIND = "participant"  # what Moodle writes for every name where marking is blind
MONTH = re.compile(r"[^\W\d_]{3}")
PARTICIPANT = re.compile(r"(?:\D*\s)?(\d+)")
LARGEST = 32 << 20  # bytes


@dataclass(frozen=True)
class Person:
    """A student of the course; what the file does not say is empty, and ``row`` is their line in it, by column."""

    id: str
    last_name: str = ""
    first_name: str = ""
    name: str = ""
    login: str = ""
    email: str = ""
    canvas_id: str = ""
    moodle_id: str = ""
    group: str = ""
    section: str = ""
    submitted: str = ""
    row: dict = field(default_factory=dict, compare=False)
    ids: frozenset = frozenset()  # what the id could be, by the columns of the file

    @property
    def names(self):
        """Return the keys of the ways in which the name may be written."""
        written = {f"{self.last_name}{self.first_name}", f"{self.first_name}{self.last_name}", self.name}
        return {name_key(text) for text in written if name_key(text)}


@dataclass(frozen=True)
class Roster:
    """The students, in the file's order, and the file's columns."""

    people: list[Person]
    columns: list[str]

    @property
    def ids(self):
        """Return the students' ids."""
        return {person.id for person in self.people}

    @cached_property
    def known(self):
        """Return the people by (what it is, its value), for names and all kinds of ids."""
        known = defaultdict(list)
        for person in self.people:
            values = {("student", getattr(person, kind).casefold()) for kind in ("id", "login", "email")}
            values |= {(kind, getattr(person, kind).casefold()) for kind in IDS}
            for value in values | {("name", name) for name in person.names}:
                known[value].append(person)
        return known

    @cached_property
    def groups(self):
        """Return the people by the key of their group's name."""
        groups = defaultdict(list)
        for person in self.people:
            groups[name_key(person.group)].append(person)
        groups.pop("", None)
        return groups

    def members(self, owner):
        """Return (people, reason): whose file it is, a group's members or one person; else none, and why.

        A group's file has the number of the group or of who handed it in. The number of anybody else is a collision.
        """
        name = owner.name or owner.student
        team = self.groups.get(name_key(name))
        if not team:
            person, reason = self.find(owner)
            return [person] if person else [], reason
        team = [person for person in team if person.group.casefold() == name.casefold()] or team
        if len(known := {person.group.casefold(): person.group for person in team}) > 1:
            return [], f"the name {name!r} fits {len(known)} groups of the roster: {', '.join(known.values())}"
        named = self.fitting("student", name) + self.known.get(("name", name_key(name)), [])
        numbered = [person for kind in NUMBERS for person in self.fitting(kind, getattr(owner, kind))]
        others = [person.id for person in named + numbered if person not in team]
        if others or (named and len(team) > 1):
            whose = ", ".join(others or [person.id for person in named])
            it = "it or the number beside it"
            return [], f"the name {name!r} is a group's in the roster, but {it} is that of {whose}"
        return team, ""

    def fitting(self, kind, value):
        """Return the people with an id of a kind."""
        return self.known.get((kind, value.casefold()), []) if value else []

    def begun(self, owner):
        """Return the people with whose id or name a plain file's name may begin: ``nguyen_an_x`` with two or three."""
        found = self.fitting("student", owner.student) if owner.longer else []
        for text in owner.longer:
            found = found + self.fitting("student", text) + self.known.get(("name", name_key(text)), [])
        return list({person.id: person for person in found}.values())

    def find(self, owner):
        """Return (person, reason): whose file it is, or None and why that cannot be said.

        An id or an address decides, a number if the name beside it can be the same person's; else the name does, if
        one student has it and no id speaks against it.
        """
        if begun := self.begun(owner):
            return chosen(begun, "name", owner.longer[-1])
        for kind in ("student", "email", *NUMBERS):
            value = getattr(owner, kind)
            if found := self.fitting(kind, value):
                person, reason = chosen(found, kind.replace("_", " "), value)
                if person and kind in NUMBERS and not can_be(owner.name, person):
                    return None, self.contradiction(owner.name, kind, person)
                return person, reason
        name = owner.name or ("" if owner.doubt else owner.student)
        found = self.known.get(("name", name_key(name)), [])
        found = [person for person in found if not contradicts(owner, person)]
        return chosen(found, "name", name) if found else (None, "not in the roster")

    def contradiction(self, name, kind, person):
        """Return the reason where a file has a number of one person and a name that is not theirs."""
        namesakes = ", ".join(other.id for other in self.known.get(("name", name_key(name)), []))
        whose = f"of {namesakes}" if namesakes else "of nobody in it; if it is a group's, add a column 'group'"
        number = f"the {kind.replace('_', ' ')} {getattr(person, kind)!r}"
        return f"{number} is in the roster that of {person.id}, but the name beside it, {name!r}, that {whose}"


def chosen(found, kind, value):
    """Return (person, "") for one person, else (None, why)."""
    if len(found) == 1:
        return found[0], ""
    ids = ", ".join(person.id for person in found)
    return None, f"the {kind} {value!r} fits {len(found)} students of the roster: {ids}"


def contradicts(owner, person):
    """Tell whether the two have different numbers in the same LMS."""
    pairs = [(getattr(owner, kind), getattr(person, kind)) for kind in NUMBERS]
    return any(theirs and ours and theirs != ours for theirs, ours in pairs)


def can_be(name, person):
    """Tell whether a name can be a person's: all words of the one among the other's, or, run together, its two ends.

    Accents do not matter here, for the number speaks for the person too. Where one has no name, nothing contradicts.
    """
    said, known = words(name), words(f"{person.last_name} {person.first_name} {person.name}")
    if not said or not known or said == {BLIND} or name_key(name) in person.names:
        return True
    together = len(said) == 1 and min(said).startswith(tuple(known)) and min(said).endswith(tuple(known))
    return together or said <= known or known <= said


def words(name):
    """Return the words of a name, in lower case, without accents."""
    plain = unicodedata.normalize("NFKD", name.casefold()).replace("đ", "d")
    return set(re.findall(r"[^\W_]+", re.sub(r"['’\u0300-\u036f]", "", plain)))


def name_key(name):
    """Return a name to compare by: its letters and digits, composed, in lower case, with their accents."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name).casefold())


def read_roster(path: Path) -> Roster:
    """Read a roster.

    Raises ValueError, naming column and line, for a file without a header that can be understood, a student without an
    id, or two with the same.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"{path} is too large to be a roster")
        content = path.read_bytes()
    except OSError as error:
        raise ValueError(f"the roster {path} cannot be read: {error.strerror}") from None
    if content.startswith(b"PK"):
        raise ValueError(f"{path} is a spreadsheet or an archive; save it as CSV")
    limit = csv.field_size_limit(LARGEST)  # a comment in Moodle's worksheet may hold a picture
    try:
        lines = csv_cells(content)
    except csv.Error as error:
        raise ValueError(f"{path} is no CSV: {error}") from None
    finally:
        csv.field_size_limit(limit)
    columns = [column.strip() for column in lines[0]] if lines else []
    where = column_places(columns)
    if not where.keys() & set(IDS):
        raise ValueError(
            f"{path} has no columns that tell who the students are: the first line is {', '.join(columns) or 'empty'}; "
            "expected in it id, last_name, first_name and email, or a gradebook export of Canvas or Moodle as it is"
        )
    rows = []
    for number, line in enumerate(lines[1:], 2):
        line = [text.strip() for text in line] + [""] * (len(columns) - len(line))
        said = {kind: line[place] for kind, place in where.items()}
        if any(line) and not beside(said):
            rows.append((number, said, dict(zip(columns, line, strict=False))))
    return Roster(people(path, columns, where, rows), columns)


def csv_cells(content):
    """Return the cells of a CSV: of any common encoding, separated by comma, semicolon or tab."""
    for encoding in ("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252", "latin-1"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    text = unicodedata.normalize("NFC", text)
    first = text.partition("\n")[0].strip()
    if re.fullmatch("sep=.", first, re.IGNORECASE):  # a line of Excel's own
        return list(csv.reader(io.StringIO(text.partition("\n")[2], newline=""), delimiter=first[-1]))

    def understood(separator):
        columns = [column.strip() for column in next(csv.reader([first], delimiter=separator), [])]
        return len(column_places(columns)), len(columns)

    return list(csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=understood)))


def column_places(columns):
    """Return {what it is: place} of the columns that are understood."""
    lower = [column.casefold() for column in columns]
    where = {}
    for kind, headers in HEADERS.items():
        found = [lower.index(header) for header in headers if header in lower]
        if found:
            where[kind] = found[0]
    if {"id", "section"} <= set(lower) and {"student", "lastname"} & set(lower):  # Canvas
        where["canvas_id"] = lower.index("id")
        where.pop("id")
        if "sis user id" in lower:
            where["id"] = lower.index("sis user id")
    return where


def beside(said):
    """Tell whether a line of Canvas's export is no student: the points possible, the posting policy, the test one.

    The test student has no SIS id. Somebody may really be called so.
    """
    name = said.get("name", said.get("last_name", "")).strip()
    nobody = not any(said.get(kind) for kind in IDS)
    parts = {said.get("last_name"), said.get("first_name")}
    test = name in ("Student, Test", "Test Student") or parts == {"Student", "Test"}
    unknown = "canvas_id" in said and not said.get("id")
    return (test and unknown) or (nobody and (not name or name.startswith("Points Possible")))


def people(path, columns, where, rows):
    """Return the people of a roster's lines; the id is the first kind of id that every one of them has."""
    if not rows:
        raise ValueError(f"{path} has no students in it")
    complete = [kind for kind in IDS if kind in where and all(said[kind] for _, said, _ in rows)]
    if not complete:
        kind = next(kind for kind in IDS if kind in where)
        number = next(number for number, said, _ in rows if not said[kind])
        raise ValueError(f"{path}, line {number}: no {columns[where[kind]]!r}; every student needs one")
    found, lines = [], defaultdict(list)
    for number, said, row in rows:
        raw = said[complete[0]]
        if "," in said.get("name", "") and not said.get("last_name"):
            said["last_name"], said["first_name"] = (part.strip() for part in said["name"].split(",", 1))
        ids = frozenset(as_id(said[kind]) for kind in IDS if said.get(kind))
        said["moodle_id"] = participant(said.get("moodle_id", ""))
        said["id"] = as_id(raw)
        if not said["id"]:
            raise ValueError(f"{path}, line {number}: {raw!r} has no letter or digit that could make an id")
        lines[said["id"].casefold()].append(number)
        found.append(Person(row=row, ids=ids, **said))
    twice = next((numbers for numbers in lines.values() if len(numbers) > 1), None)
    if twice:
        raise ValueError(
            f"{path}, lines {' and '.join(map(str, twice))}: the same {columns[where[complete[0]]]!r}, or the same but "
            "for signs that no folder's name can have"
        )
    return found


def participant(text):
    """Return the number of Moodle's "Participant 1234567"."""
    found = PARTICIPANT.fullmatch(text)
    return found[1] if found else ""


def submitted(person, zone=None):
    """Return the time in seconds since the epoch that Moodle's worksheet gives for a submission, or None.

    It is a local time, in ``zone``, the machine's if None. Without a month in letters it is left: 1/10 is two days.
    """
    if not MONTH.search(person.submitted):
        return None
    try:
        local = dates.parse(person.submitted)
    except (ValueError, OverflowError):
        return None
    return (local.replace(tzinfo=local.tzinfo or zone) if zone else local).timestamp()


def refuse_other_ids(roster: Roster, known: set[str]):
    """Raise ValueError where students are known by an id that the roster has for them in another column."""
    found = [(person, person.ids & known - roster.ids) for person in roster.people if person.id not in known]
    renamed = [f"{person.id} was {min(ids)}" for person, ids in found if ids]
    if renamed:
        raise ValueError(
            f"the roster gives students other ids than before: {', '.join(renamed[:3])}{' ...' * (len(renamed) > 3)}. "
            "The id is the first of SIS User ID or ID number, login, address and number that every student has: fill "
            "in the column of before for all, or begin a course folder of its own with --course"
        )


def enrol(gradebook, roster: Roster):
    """Add the students to an open nbgrader gradebook, or bring their names up to date; return how many are new."""
    before = {student.id for student in gradebook.students}
    refuse_other_ids(roster, before)
    for person in roster.people:
        names = {"last_name": person.last_name or person.name, "first_name": person.first_name, "email": person.email}
        gradebook.update_or_create_student(person.id, **{name: value for name, value in names.items() if value})
    return len(roster.ids - before)
