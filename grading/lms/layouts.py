"""Whose file it is, and when it was handed in, from the names that learning management systems give: see docs/lms.md.

`recognised` looks at all names of a source at once and returns the `Layout` that most of them fit. A layout turns one
name into its `Owner`s; the roster turns an owner into a student.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import accumulate, takewhile
from pathlib import PurePosixPath

import yaml

from grading.lms.archives import NOTEBOOK, Unreadable, may_be_notebook
from helpers.support.language import Message, english

ENDING = re.compile(r"(\.(i?pynb_?|json|txt|html?|pdf|docx?|zip|rar|7z|tar|t?gz|py))+$", re.IGNORECASE)
COPY = re.compile(r"\s*\((\d+)\)")  # what browsers and file managers add to a second copy
COPIED = re.compile(r"^((copy of|bản sao của) )+|( - copy| - bản sao| copy( \d+)?)+$", re.IGNORECASE)  # and systems
STUDENT = re.compile(r"[\w@+-][\w.@+-]*")
LONGEST_ID = 120  # bytes: a folder's name may have 255, and ours put something before or behind it
# What Canvas puts behind the student: an upload's number and name, or a page with what was typed into Canvas itself.
CANVAS_FILE = r"(?:(?P<upload>\d+)_.+|(?:text|link)\.html)"
CANVAS = re.compile(rf"(?P<name>.+?)(?P<late>_LATE)?_(?P<user>\d+)_{CANVAS_FILE}")
CANVAS_ANONYMOUS = re.compile(rf"(?P<late>LATE_)?(?P<user>anon_[^_]+)_{CANVAS_FILE}")
DATE = re.compile(r"20\d\d_\d\d_\d\d(?!\d)")  # no numbers of Canvas's
# Moodle makes a blank of every "_" in a name, so that the first number is its own. The default group has none.
MOODLE = re.compile(r"(?P<name>[^_]+)(?:_(?P<number>\d+))?_assignsubmission_[a-z]+(_.*)?")
CLASSROOM = re.compile(r"(?P<name>.+?) - (?P<title>.+)")
# What tells one student's files apart; anything else behind a plain name's first "_" may be more of the student's name.
VERSION = re.compile(
    r"(v|ver|version|draft|final|copy|new|old|last|fixed|part|try|attempt|work|my work|homework|hw|lab|assignment|"
    r"submission|notebook|solutions?|answers?|report|data|notes|readme|requirements)?[ .-]*"
    r"(\d{0,2}|20\d\d[-_]\d\d[-_]\d\d)(_.*)?",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W_]+")
# A word of what students and systems put behind a notebook's name: a_LATE, a-2, a final v3.
BEHIND = re.compile(r"(late|v|ver|version|draft|final|copy|new|old|last|fixed|try|attempt|solutions?|answers?)?\d{0,2}")
METADATA = "submission_metadata.yml"
SUBMISSION = re.compile(r"submission_\d+")
PLACEHOLDER = re.compile(r"\{(\w*)\}")
PLACEHOLDERS = {"student", "name", "first", "last", "email", "canvas_id", "moodle_id", "filename"}


@dataclass(frozen=True)
class Owner:
    """What a file's name, or the LMS's own list, says about who handed it in; empty where it says nothing."""

    student: str = ""  # an id that the instructor knows
    name: str = ""
    email: str = ""
    canvas_id: str = ""
    moodle_id: str = ""
    late: bool = False
    submitted: float | None = None  # seconds since the epoch
    upload: int = 0  # grows with every upload
    longer: tuple[str, ...] = ()  # what else in the name may be the student, if the roster knows it
    doubt: Message | None = None  # why without a roster it cannot be said who the student is

    @property
    def id(self):
        """Return a safe id made of what is known; empty if nothing is."""
        numbers = [number for number in (self.canvas_id, self.moodle_id) if number]
        numbered = "-".join(filter(None, (self.name, *numbers))) if numbers else ""
        return self.student if is_id(self.student) else slug(numbered or self.email or self.name)

    @property
    def who(self):
        """Return all that is said of the person."""
        return self.student, self.name, self.email, self.canvas_id, self.moodle_id


@dataclass(frozen=True)
class Layout:
    """How a source names its files."""

    title: str
    owners: Callable[[PurePosixPath], list[Owner]]
    dated: bool = True  # whether a file's own time says when it was handed in
    times: str = "Times of submission are the files' own."
    listing: PurePosixPath | None = None  # the LMS's own list among the files, handed in by nobody
    namesakes: bool = False  # whether students of one name cannot be told apart


def is_id(text):
    """Tell whether a text can be a student's id as it is: a part of a path, of nothing that tools take for more."""
    return bool(STUDENT.fullmatch(text)) and len(text.encode()) <= LONGEST_ID


def as_id(text):
    """Return a text as a student's id: as it is where it can be one, else its slug."""
    return text if is_id(text) else slug(text)


def slug(text):
    """Return a text as an id: letters and digits of any script, lower case, joined by hyphens."""
    found = re.sub(r"[^\w.@+]+", "-", text.casefold()).strip("-._")
    if len(found.encode()) <= LONGEST_ID:
        return found
    end = hashlib.sha256(found.encode()).hexdigest()[:8]  # keeps apart what begins alike
    return f"{found.encode()[: LONGEST_ID - 9].decode(errors='ignore')}-{end}"


def recognised(entries, assignment, pattern=None, notebooks=()):
    """Return the layout of a source; ``pattern`` is one of the instructor's own, see `by_pattern`.

    ``notebooks`` are the names of the assignment's notebooks where it has several.
    Raises ValueError for a pattern that is none, and for a Gradescope export whose list cannot be read.
    """
    if pattern:
        return Layout("your pattern", by_pattern(pattern))
    names = [entry.name for entry in entries]
    depth = shared(names)
    layouts = [
        gradescope(entries, depth),
        Layout("Moodle", partial(moodle, depth=depth), False, "Times are the grading worksheet's, if given as roster."),
        Layout("Canvas", partial(canvas, depth=depth), False, "Canvas gives no times, only the mark LATE."),
        Layout(
            "Google Classroom",
            partial(classroom, depth=depth, one_title=of_one_title(names, depth)),
            times="Times are those of the last change in Drive, not of turning in.",
            namesakes=True,
        ),
    ]
    fitting = (layout for layout in layouts if layout and fits(layout, names))
    found = next(fitting, None)
    if found is None:
        refuse_wrapped(names, depth, assignment, notebooks)
    known = {"assignment": assignment, "notebooks": notebooks, "doubts": doubts(names, assignment, notebooks)}
    return found or Layout("plain", partial(prefixed, **known))


def fits(layout, names):
    """Tell whether a layout reads most of the names."""
    names = [name for name in names if name != layout.listing]
    return 2 * sum(bool(layout.owners(name)) for name in names) > len(names)


def shared(names):
    """Return the number of folders that all names lie in."""
    folders = zip(*(name.parts[:-1] for name in names), strict=False)
    return sum(1 for _ in takewhile(lambda level: len(set(level)) == 1, folders))


def canvas(name, depth):
    """``lastfirst_[LATE_]USERID_UPLOADID_filename``, or without names ``[LATE_]anon_CODE_UPLOADID_filename``."""
    if len(name.parts) != depth + 1:
        return []
    if found := CANVAS_ANONYMOUS.fullmatch(name.name):
        return [Owner(student=found["user"], late=bool(found["late"]), upload=int(found["upload"] or 0))]
    if (found := CANVAS.fullmatch(name.name)) and not DATE.match(name.name, found.start("user")):
        known = {"name": found["name"], "canvas_id": found["user"]}
        return [Owner(late=bool(found["late"]), upload=int(found["upload"] or 0), **known)]
    return []


def moodle(name, depth):
    """``Full Name_PARTICIPANT_assignsubmission_file/filename``, or with a ``_`` and no folder; a team's has its own."""
    matches = (MOODLE.fullmatch(part) for part in name.parts[: depth + 1])
    return [Owner(name=found["name"], moodle_id=found["number"] or "") for found in matches if found][:1]


def classroom(name, depth=0, one_title=False):
    """``Student Name - Title``, in no folder; where all have one title, also in the folder that Drive packs around it.

    Then there may be a ``_`` in the name as well: it cannot be a plain name's, nor the folder one student's.
    """
    found = CLASSROOM.fullmatch(COPIED.sub("", name.name)) if len(name.parts) == depth + 1 else None
    plain = not depth and found and "_" not in found["name"]
    return [Owner(name=found["name"])] if found and (one_title or plain) else []


def of_one_title(names, depth=0):
    """Tell whether several names end in one title, as Classroom gives it to all."""
    found = [CLASSROOM.fullmatch(stem_of(name)) for name in names if len(name.parts) == depth + 1]
    titles = [match["title"].rpartition(" - ")[2].casefold() for match in found if match]
    return len(titles) > 1 and len(set(titles)) == 1


def stem_of(name):
    """Return a file's name without its endings, and without what tells copies apart."""
    return COPIED.sub("", COPY.sub("", ENDING.sub("", name.name)).strip())


def notebooks_named(name, notebooks):
    """Return those notebooks of several whose name a file's may end with, and what stands for nothing behind it.

    A file called just like one is that; a notebook's name that may itself be of what stands behind says no more.
    """
    words = words_of(stem_of(PurePosixPath(name)))
    known = {each: words_of(each) for each in notebooks}
    if exact := [each for each, own in known.items() if own == words]:
        return exact
    return [
        each
        for each, own in known.items()
        if not all(map(BEHIND.fullmatch, own))
        and any(
            words[i : i + len(own)] == own and all(map(BEHIND.fullmatch, words[i + len(own) :]))
            for i in range(len(words))
        )
    ]


def words_of(text):
    """Return the words of a name, in lower case."""
    return WORD.findall(text.casefold())


def prefixed(name, assignment, notebooks=(), doubts=None):
    """``STUDENT_anything``, or a folder for each student; ``doubts`` are those of `doubts`."""
    if len(name.parts) > 1:
        folder = name.parts[0]
        return [Owner(student=folder) if is_id(folder) else Owner(name=folder)]
    stem = stem_of(name)
    if stem.startswith(assignment) or stem in notebooks or not stem.partition("_")[0]:
        return []
    student, *more = accumulate(stem.split("_"), "{}_{}".format)
    return [Owner(student=student, longer=tuple(more), doubt=(doubts or {}).get(student))]


def doubts(names, assignment, notebooks=()):
    """Return {beginning: why it may be several students'} for plain names: ``nguyen_an_x`` and ``nguyen_binh_x``."""
    behind = defaultdict(set)
    for name in names:
        start, _, rest = stem_of(name).partition("_")
        if len(name.parts) == 1 and (may_be_notebook(name.name) or name.suffix.lower() == ".zip"):
            version = rest.startswith(assignment) or VERSION.fullmatch(rest) or notebooks_named(rest, notebooks)
            behind[start].add("" if version else rest.partition("_")[0].casefold())
    return {
        start: english(
            "other names begin with {start} as well, so it cannot be told where the student's ends: add --pattern "
            "'{one}' if {start} is the student, or one such as --pattern '{other}'",
            start=start,
            one="{student}_{filename}",
            other=f"{start}_{{student}}" if len(behind) == 1 else "{last}_{first}_{filename}",
        )
        for start, rests in behind.items()
        if len(rests) > 1
    }


def refuse_wrapped(names, depth, assignment, notebooks):
    """Raise ValueError where one folder lies around all plain files: it may be the class's, or one student's."""
    perhaps = [name for name in names if depth and may_be_notebook(name.name)]
    perhaps = [name for name in perhaps if NOTEBOOK.search(name.name)] or perhaps
    inside = [PurePosixPath(*name.parts[depth:]) for name in perhaps]
    around = PurePosixPath(*names[0].parts[:depth])
    titled = [found["name"] for name in inside if (found := CLASSROOM.fullmatch(stem_of(name)))]
    below = {owner.student or owner.name for name in inside for owner in prefixed(name, assignment, notebooks)}
    pattern = f"{around}/{{student}}_{{filename}}"
    if 2 * len(titled) > len(inside):  # as of Classroom, but with titles of the students' own
        below, pattern = set(titled), "{name} - {filename}"
    if len(below) > 1:
        some = ", ".join(sorted(below)[:3])
        raise ValueError(
            f"all files lie in the folder {str(around)!r}, so it cannot be told whose they are. If it holds the class "
            f"({some} ...), give that folder itself, unpacked, or add --pattern '{pattern}'; if it is one student's, "
            "add --pattern '{student}/{filename}'"
        )


def gradescope(entries, depth):
    """``submission_ID/filename``, with the submitters of each ID in the export's own list; None without such a list.

    Raises ValueError for a list that cannot be read.
    """
    listing = next((entry for entry in entries if entry.name.parts[depth:] == (METADATA,)), None)
    if listing is None or not any(SUBMISSION.fullmatch(entry.name.parts[depth]) for entry in entries):
        return None
    try:
        known = yaml.load(listing.read(), Loader=RubyLoader)
        known = {
            str(folder): (submitters_of(found), gradescope_seconds(found.get(":created_at")))
            for folder, found in known.items()
        }
    except (Unreadable, yaml.YAMLError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"{listing.name} is not Gradescope's list of submissions: {error}") from None

    def owners(name):
        found, submitted = known.get(name.parts[depth], ([], None))
        return [Owner(person[":sid"], person[":name"], person[":email"], submitted=submitted) for person in found]

    return Layout("Gradescope", owners, False, "Times of submission are Gradescope's.", listing.name)


def submitters_of(found):
    """Return the submitters of one submission in Gradescope's list, each with three texts."""
    return [
        {key: str(person.get(key) or "").strip() for key in (":sid", ":name", ":email")}
        for person in found.get(":submitters") or []
    ]


class RubyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML as Gradescope writes it: a Ruby object is read as the plain mapping it holds, and nothing is made of it."""


def ruby(loader, tag, node):
    """Return a tagged node as plain data."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else loader.construct_scalar(node)


RubyLoader.add_multi_constructor("!ruby/", ruby)


def gradescope_seconds(value):
    """Return a time of Gradescope's list in seconds since the epoch, or None."""
    if isinstance(value, dict):
        value = value.get("utc")
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()


def by_pattern(pattern):
    """Return the function that reads owners by a pattern such as ``{student}_{}_{filename}``.

    ``{}`` stands for anything, ``{student}``, ``{name}``, ``{first}``, ``{last}``, ``{email}``, ``{canvas_id}`` and
    ``{moodle_id}`` for what is read, ``{filename}`` for the rest. With a ``/`` the pattern is of the whole path in the
    source, else of the file's name. Raises ValueError where nothing in it says who the student is.
    """
    texts = PLACEHOLDER.split(pattern)
    names = texts[1::2]
    unknown = {name for name in names if name} - PLACEHOLDERS
    twice = {name for name in names if name and names.count(name) > 1}
    if unknown or twice or not set(names) & (PLACEHOLDERS - {"filename"}):
        wrong = f"{{{min(unknown or twice)}}} is unknown or there twice" if unknown or twice else "no {student} in it"
        raise ValueError(
            f"the pattern {pattern!r} cannot be used: {wrong}; write for example {{student}}_{{}}_{{filename}}"
        )
    expression = "".join(
        (f"(?P<{text}>.+?)" if text else ".*?") if place % 2 else re.escape(text) for place, text in enumerate(texts)
    )
    compiled = re.compile(expression, re.DOTALL)

    def owners(name):
        whole = str(name) if "/" in pattern else name.name
        bare = re.sub(r"\s*\(\d+\)$", "", ENDING.sub("", whole))  # what a pattern that ends in no {filename} is about
        found = compiled.fullmatch(whole if names[-1] == "filename" else bare) or compiled.fullmatch(whole)
        if not found:
            return []
        read = {key: value.strip() for key, value in found.groupdict().items()}
        read.pop("filename", None)
        full = f"{read.pop('first', '')} {read.pop('last', '')}".strip() or read.get("student", "")
        return [Owner(**{"name": full} | read)]

    return owners
