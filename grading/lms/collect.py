"""Collect what students handed in, as an LMS gives it out: ``python -m grading collect SOURCE --assignment NAME``.

    SOURCE, a folder or zip,         the course folder
    never changed
      STUDENT_anything.ipynb   ->      submitted/STUDENT/NAME/NAME.ipynb     the newest with answers, byte for byte
                                       submitted/STUDENT/NAME/NOTEBOOK.ipynb    of an assignment with several, each
      STUDENT/anything.ipynb           submitted/STUDENT/NAME/timestamp.txt  when it was handed in, if that is known
      what Canvas, Moodle,             superseded/STUDENT/NAME/...           older ones, and blank ones
      Gradescope, Classroom give       not_gradable/STUDENT/NAME/...         what is no notebook

What each file was called is kept in ``grades/NAME/handed_in.json``, to give feedback back under that name.

`archives` reads the files, `layouts` says whose they are, `which` what they are, `roster` knows the students. The
doctor reads every notebook here, to say what it will repair; it mends when nbgrader grades, so that ``submitted`` holds
what was handed in.
"""

import hashlib
import json
import shutil
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path, PurePosixPath

import nbformat
from nbgrader.utils import parse_utc

from grading.course import Course, notebook_in
from grading.files import write
from grading.gradebook.due_dates import zone
from grading.gradebook.status import keep_reason
from grading.lms import roster as rosters
from grading.lms.archives import NOTEBOOK, FoundFile, Unreadable, may_be_notebook, nested, opened
from grading.lms.layouts import COPY, Layout, Owner, recognised
from grading.lms.which import Releases, which_notebook
from grading.repair.doctor import mended_or_refused
from grading.repair.intake import NotGradable
from helpers.support.language import Message, english

NOBODY = "unknown"
MOST_ALIKE = 5  # files of a student that are listed each, where they are not gradable for one reason
UNLISTED = "unlisted-"  # begins the id of a student who is not in the roster


class NothingHandedIn(ValueError):
    """A source holds no file at all that a student could have handed in."""


@dataclass(frozen=True)
class File:
    """A file that was handed in: its name in the source, its bytes and times in seconds since the epoch."""

    name: str
    content: bytes
    modified: float | None
    submitted: float | None = None
    upload: int = 0
    odd: Message | None = None
    inner: float | None = None  # its time in a student's own zip
    entry: str = ""  # the name in the source: that zip's
    there: str = ""  # of which notebook it is what lies in submitted/ already

    @property
    def age(self):
        """Return what orders a student's files, the newest last; two that are equal in it have only their names."""
        copies = COPY.findall(self.name)
        return self.submitted or self.modified or 0, self.upload, self.inner or 0, int(copies[-1]) if copies else 0

    @property
    def kept_as(self):
        """Return a name under which no other content is kept."""
        return kept_as(self.content, self.name)


def kept_as(content, name):
    """Return a file's name for some content, with the end of the name that it had; a path has 255 bytes at most."""
    end = Path(name).name.encode()[-150:].decode(errors="ignore")
    return f"{hashlib.sha256(content).hexdigest()[:8]}-{end}"


@dataclass
class Collected:
    """What `collect` found: (student, file, ...) for each file, in order."""

    layout: str = ""  # what the names look like: Canvas, Moodle, Gradescope, Google Classroom, plain, your pattern
    times: str = ""  # a sentence on where the times of submission are from
    taken: list = field(default_factory=list)  # (student, file, repairs, whether it is new)
    older: list = field(default_factory=list)  # (student, file)
    blank: list = field(default_factory=list)  # (student, file): newer, but without an answer
    refused: list = field(default_factory=list)  # (student, file, reason)
    left_out: list = field(default_factory=list)  # (student, file)
    late: list = field(default_factory=list)  # (student, file): marked so by the LMS
    unsure: list = field(default_factory=list)  # (student, sentence): what a person has to look at
    missing: list = field(default_factory=list)  # students of the roster who handed in nothing, here or before
    unmatched: list = field(default_factory=list)  # (student, file, reason): not found in the roster
    adopted: set = field(default_factory=set)  # ids under which an earlier run took what is a student's of the roster
    called: dict = field(default_factory=dict)  # {student: the name in the source of what counts, or is the newest}

    @property
    def incomplete(self):
        """Tell whether something is left for a person to do."""
        return bool(self.refused or self.unmatched or self.unsure)


@dataclass(frozen=True)
class Work:
    """What stays the same while one source is collected."""

    assignment: str
    into: Path
    releases: Releases
    zone: tzinfo | None
    dated: bool
    namesakes: bool
    found: Collected

    def folder(self, step, student):
        """Return a student's folder for the assignment."""
        return self.into / step / student / self.assignment

    def place(self, student, notebook):
        """Return where the file that counts of a notebook lies."""
        return self.folder("submitted", student) / f"{notebook}.ipynb"


def collect_submissions(
    source: Path,
    assignment: str,
    into: Path,
    roster: rosters.Roster | None = None,
    pattern: str | None = None,
    timezone: str | None = None,
    course: Course | None = None,
    student: str = "",
) -> Collected:
    """Sort the files of ``source``, a folder or zip, into the course folder ``into``, and say what became of each.

    ``pattern`` is one of the instructor's own (`lms.by_pattern`); without it the layout is recognised. ``timezone``
    names the zone of local times, the machine's if None. ``course`` is this repository's if None. All files are those
    of ``student`` where one is named. A second run on the same files changes nothing. Raises ValueError for a source or
    an assignment that is not there, or where the two folders lie in each other, and `NothingHandedIn`.
    """
    course = course or Course()
    releases = released_notebooks(assignment, into, course)
    several = tuple(releases) if len(releases) > 1 else ()
    check_source(source, into)
    local = zone(timezone)
    if roster:
        rosters.refuse_other_ids(roster, {path.name for path in (into / "submitted").glob("*")})
    with opened(source, local) as entries:
        if not entries:
            raise NothingHandedIn(f"{source} holds no file that a student could have handed in")
        of_one = Layout("one student", lambda name: [Owner(student)])
        layout = of_one if student else recognised(entries, assignment, pattern, several)
        found = Collected(layout.title, layout.times)
        namesakes = layout.namesakes and roster is None
        work = Work(assignment, into, releases, local, layout.dated, namesakes, found)
        by_student = defaultdict(list)
        for entry in (entry for entry in entries if entry.name != layout.listing):
            for student, owner in students_of(entry, layout, roster, work):
                by_student[student].append((entry, owner))
        # A zip whose files all have the time of its making can still be told from an older one.
        made = max((entry.modified or 0 for entry in entries), default=0)
        for student, handed in sorted(by_student.items()):
            if roster is None and student != NOBODY and len({owner.who for _, owner in handed}) > 1:
                found.unsure.append((student, "files of people who have this id in common; a roster tells them apart"))
            collect_one(student, [file for pair in handed for file in files_of(student, *pair, made, work)], work)
    keep_names(work)
    steps = ("submitted", "not_gradable")
    for person in roster.people if roster else ():
        if not any(work.folder(step, person.id).is_dir() for step in steps):
            found.missing.append(person.id)
    return found


def names_handed_in(course: Path, assignment: str) -> dict[str, dict[str, str]]:
    """Return {student: {"layout": its title, "name": the file's in the source}} of what was collected last."""
    path = course / "grades" / assignment / "handed_in.json"
    return json.loads(path.read_bytes()) if path.exists() else {}


def keep_names(work):
    """Keep what the files were called that were collected now, beside those of before; none for who has another id."""
    before = names_handed_in(work.into, work.assignment)
    now = {student: {"layout": work.found.layout, "name": name} for student, name in work.found.called.items()}
    kept = {student: called for student, called in (before | now).items() if student not in work.found.adopted}
    content = json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True)
    write(work.into / "grades" / work.assignment / "handed_in.json", content.encode())


def students_of(entry, layout, roster, work):
    """Yield (student, owner) for those whose file it is; `NOBODY` where its name does not say."""
    for owner in layout.owners(entry.name) or [Owner()]:
        if roster is None or owner == Owner():
            yield NOBODY if owner.doubt else owner.id or NOBODY, owner
            continue
        people, reason = roster.members(owner)
        unlisted = f"{UNLISTED}{owner.id}" if owner.id else NOBODY
        if not people and owner.doubt:
            yield NOBODY, owner
            continue
        if not people:
            work.found.unmatched.append((unlisted, str(entry.name), reason))
            yield unlisted, owner
            continue
        for person in people:
            submitted = owner.submitted or rosters.submitted(person, work.zone)
            yield person.id, Owner(late=owner.late, submitted=submitted, upload=owner.upload)
        before = {unlisted, owner.id} - roster.ids - {"", NOBODY}
        if owner.longer and roster.find(Owner(owner.student))[0] not in people:
            before = set()  # what begins like nguyen_an_x may have been another's
        for earlier in before:
            adopt(earlier, [person.id for person in people], work)


def adopt(earlier, students, work):
    """Keep in superseded/ what an earlier run, without these students in its roster, took under an id of its own."""
    work.found.adopted.add(earlier)
    paths = [path for notebook in work.releases if (path := work.place(earlier, notebook)).exists()]
    if not paths:
        return
    for student in students:
        for path in paths:
            file = File(f"{earlier}.ipynb", path.read_bytes(), path.stat().st_mtime)
            write(work.folder("superseded", student) / file.kept_as, file.content, file.modified)
            work.found.older.append((student, str(path.relative_to(work.into))))
        if work.folder("autograded", earlier).is_dir():
            sentence = (
                f"was graded as {earlier}; what a person gave there, points and comments, stays in the gradebook under "
                f"that id. Enter it for {student}, then: nbgrader db student remove {earlier} --force"
            )
            work.found.unsure.append((student, sentence))
    shutil.rmtree(paths[0].parent)


def files_of(student, entry: FoundFile, owner, made, work):
    """Yield the files of an entry, more than one if it is a student's zip; what cannot be read goes to ``refused``."""
    try:
        content = entry.read()
    except Unreadable as error:
        unread(student, entry, error.reason, work)
        return
    entry = replace(entry, odd=entry.odd or owner.doubt)
    inside = [entry]
    if entry.name.suffix.lower() == ".zip" and not entry.odd:
        try:
            inside = nested(entry, content, work.zone)
        except Unreadable as error:
            inside = [replace(entry, odd=error.reason)]
    for one in inside:
        notebook = may_be_notebook(one.name.name)
        try:
            if one.name != entry.name:
                content = one.read()
        except Unreadable as error:
            unread(student, one, error.reason, work)
            continue
        if owner.late and notebook:
            work.found.late.append((student, str(one.name)))
        modified = one.modified if work.dated else made
        submitted = owner.submitted or (entry.modified if work.dated else None)
        inner = None if one is entry else one.modified
        yield File(str(one.name), content, modified, submitted, owner.upload, one.odd, inner, str(entry.name))


def unread(student, entry, reason, work):
    """List a file whose bytes cannot be had, and leave a note in its place, so that nobody seems to be missing."""
    work.found.refused.append((student, str(entry.name), reason))
    keep_reason(work.folder("not_gradable", student) / kept_as(str(reason).encode(), "unread"), reason)


def age_and_name(file, work):
    """Return what orders all files of a student, the newest last."""
    return *file.age, not file.there, Path(file.name).name.startswith(tuple(work.releases)), file.name


def collect_one(student, files, work):
    """Take the newest notebook with an answer of a student's files and what is there, and keep the others beside it.

    Of an assignment with several notebooks that is done for each.
    """
    found = work.found
    files = sorted(files, key=lambda file: age_and_name(file, work))
    if files and student != NOBODY:
        found.called[student] = files[-1].entry
    notebooks = [file for file in files if file.odd or is_notebook(file)]
    found.left_out += [(student, file.name) for file in files if notebooks and file not in notebooks]
    candidates, gradable = notebooks or files, defaultdict(list)
    for notebook in work.releases:
        place = work.place(student, notebook)
        if place.exists() and (len(work.releases) > 1 or all(f.content != place.read_bytes() for f in candidates)):
            name, modified = str(place.relative_to(work.into)), place.stat().st_mtime
            candidates = [*candidates, File(name, place.read_bytes(), modified, there=notebook)]
    for file in sorted(candidates, key=lambda file: age_and_name(file, work)):
        try:
            if file.odd:
                raise NotGradable(file.odd)
            if student == NOBODY:
                raise NotGradable(english("no student's name can be read from the file's"))
            notebook = file.there or which_notebook(file.name, file.content, work.releases)
            mended = mended_or_refused(file.content, *work.releases[notebook])
            gradable[notebook].append((file, mended))
        except NotGradable as error:
            place_kept = work.folder("not_gradable", student) / file.kept_as
            write(place_kept, file.content, file.modified)
            keep_reason(place_kept, error.reason)
            found.refused.append((student, file.name, error.reason))
    for notebook, pairs in gradable.items():  # of several, one may have been handed in again, or refused as another
        handed_in = {file.content for file, _ in pairs if not file.there}
        gradable[notebook] = [pair for pair in pairs if not (pair[0].there and pair[0].content in handed_in)]
    taken = [take_newest(student, notebook, pairs, work) for notebook, pairs in gradable.items()]
    if came := [(file, new) for file, new in taken if not file.there]:
        newest, _ = max(came, key=lambda pair: age_and_name(pair[0], work))
        found.called[student] = newest.entry
        path = work.folder("submitted", student) / "timestamp.txt"
        others = len(came) < sum(work.place(student, notebook).exists() for notebook in work.releases)
        if not (others and (newest.submitted is None or is_later(path, newest.submitted))):
            stamp(path, newest.submitted, any(new for _, new in came))


def take_newest(student, notebook, gradable, work):
    """Take the newest of a notebook's files that has an answer, and keep the others beside it.

    ``gradable`` are (file, what the doctor makes of it), the newest last. Returns the file, and whether it is new.
    """
    found = work.found
    newest, mended = next((pair for pair in reversed(gradable) if pair[1].answers), gradable[-1])
    order = age_and_name(newest, work)
    others = [file for file, _ in gradable if file.content != newest.content]
    blank = [file for file in others if age_and_name(file, work) > order]
    others = [file for file in others if age_and_name(file, work) <= order]
    for kept, listed in ((others, found.older), (blank, found.blank)):
        for file in kept:
            write(work.folder("superseded", student) / file.kept_as, file.content, file.submitted or file.modified)
            listed.append((student, file.name))
    if any(file.age == newest.age for file in others):
        found.unsure.append(
            (student, f"several notebooks of the same time; {newest.name} was chosen by its name alone")
        )
    if work.namesakes and any(not file.there for file in others):
        found.unsure.append((student, "several notebooks; two students of this name could not be told apart"))
    new = write(work.place(student, notebook), newest.content, newest.submitted or newest.modified)
    name = newest.name if newest.there or len(work.releases) == 1 else f"{newest.name} as {notebook}.ipynb"
    found.taken.append((student, name, mended.repairs, new))
    return newest, new


def is_notebook(file):
    """Tell whether a file is a notebook by its name, or where its name says nothing, by how it begins."""
    name = PurePosixPath(file.name).name
    if NOTEBOOK.search(name) or not may_be_notebook(name):
        return bool(NOTEBOOK.search(name))
    start = file.content.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith(b"{") and any(key in start for key in (b'"cells"', b'"worksheets"', b'"nbformat"'))


def stamp(path, submitted, new):
    """Write nbgrader's timestamp.txt; where the time of a new notebook is not known, that of the one before goes."""
    try:
        moment = None if submitted is None else datetime.fromtimestamp(submitted, UTC)
    except (OverflowError, OSError, ValueError):  # a file's time can be any number
        moment = None
    if moment is not None:
        write(path, f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC\n".encode(), submitted)
    elif new:
        path.unlink(missing_ok=True)


def is_later(path, submitted):
    """Tell whether a timestamp.txt holds a later time than this; not where either is none."""
    try:
        return parse_utc(path.read_text().strip()).replace(tzinfo=UTC).timestamp() > submitted
    except (OSError, ValueError, OverflowError, TypeError):
        return False


def released_notebooks(assignment, into, course):
    """Return what students got, each notebook and its editions, by name."""
    paths = sorted(released_folder(assignment, into, course).glob("*.ipynb"))
    releases = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    return {name: (release, course.editions(release)) for name, release in releases.items()}


def released_path(assignment, into, course):
    """Return where the released notebook lies of an assignment of one.

    Raises ValueError where it is not there, and where there are several.
    """
    folder = released_folder(assignment, into, course)
    return folder / f"{notebook_in(folder, assignment)}.ipynb"


def released_folder(assignment, into, course):
    """Return where the released notebooks lie: in the class folder, else in the course.

    Raises ValueError where there is none in either.
    """
    if assignment in ("", ".", "..") or "/" in assignment or "\\" in assignment:
        raise ValueError(f"{assignment!r} is no name of an assignment")
    for root in (into, course.folder):
        if any((folder := root / "release" / assignment).glob("*.ipynb")):
            return folder
    known = ", ".join(course.assignments)
    raise ValueError(f"there is no released notebook of {assignment!r}; known here: {known}")


def check_source(source, into):
    """Refuse a source that is not there, and one in which collecting would find what it wrote."""
    if not source.exists():
        raise ValueError(f"{source} is neither a folder nor a zip: there is nothing of that name")
    given, course = source.resolve(), into.resolve()
    written = [course / name for name in ("submitted", "superseded", "not_gradable")]
    if course.is_relative_to(given) or any(given.is_relative_to(path) for path in written):
        raise ValueError(f"{source} holds the course's own files; give a folder with nothing but what was handed in")


def refused_lines(found: Collected):
    """Yield a line for each file that is not gradable, and one for many that are so for one reason."""
    alike = defaultdict(list)
    for student, name, reason in found.refused:
        alike[student, str(reason)].append(name)
    for (student, reason), names in alike.items():
        first = len(names) if len(names) <= MOST_ALIKE else 1
        yield from (f"{student}: NOT GRADABLE: {name}: {reason}" for name in names[:first])
        if names[first:]:
            yield f"{student}: NOT GRADABLE: and {len(names) - first} files more, for this reason"


def lines(found: Collected):
    """Yield what there is to say to the instructor."""
    yield f"Names as in: {found.layout}. {found.times}"
    for student, name, repairs, new in found.taken:
        yield f"{student}: {'took' if new else 'has already'} {name}{'; to be repaired:' if repairs else ''}"
        yield from (f"    {sentence}" for sentence in repairs)
    yield from (f"{student}: older, kept in superseded/: {name}" for student, name in found.older)
    yield from (f"{student}: without an answer, kept in superseded/: {name}" for student, name in found.blank)
    yield from (f"{student}: left out, no notebook by its name: {name}" for student, name in found.left_out)
    yield from (f"{student}: marked LATE by the LMS: {name}" for student, name in found.late)
    yield from refused_lines(found)
    yield from (f"{student}: NOT MATCHED: {name}: {reason}" for student, name, reason in found.unmatched)
    yield from (f"{student}: TO BE LOOKED AT: {sentence}" for student, sentence in found.unsure)
    yield from (f"{student}: MISSING: handed in nothing" for student in found.missing)
    taken, mended = ({who for who, _, repairs, _ in found.taken if repairs or not only} for only in (False, True))
    yield f"{len(taken)} submissions, {len(mended)} of them to be repaired; {len(found.refused)} files not gradable"
    if found.unmatched or found.missing:
        yield f"{len(found.missing)} students of the roster missing; {len(found.unmatched)} files not matched to one"
    if found.refused:
        yield "What is not gradable is kept in not_gradable/ and gets no mark, not a 0."
    if any(student == NOBODY for student, *_ in found.refused):
        yield f"What is listed under {NOBODY} needs a name that begins with the student's, or --pattern: docs/lms.md."
    if found.unmatched:
        yield f"What is not matched is graded under an id that begins with {UNLISTED}: complete the roster and repeat."
