"""When an assignment is due and what being late costs, for nbgrader's own step AssignLatePenalties; off unless set."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser as dates
from nbgrader.api import MissingEntry
from nbgrader.utils import parse_utc

SPAN = re.compile(r"(?:(?P<weeks>\d+)w)?(?:(?P<days>\d+)d)?(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?")

LONGEST_TIME = 100  # bytes


def zone(name: str | None) -> tzinfo | None:
    """Return the time zone of a name such as Asia/Ho_Chi_Minh; None, which stands for the machine's, for None."""
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one like Asia/Ho_Chi_Minh, Europe/Paris or UTC") from None


def to_utc(when: str | datetime, timezone: str | None = None) -> datetime:
    """Return a time in UTC, one without a zone being in that of the name ``timezone``, or raise ValueError."""
    if isinstance(when, str):
        if re.fullmatch(r"[\d-]+", when.strip()):
            raise ValueError(f"{when!r} has no time of day; write it like 2026-09-30T23:59")
        try:
            when = dates.isoparse(when.strip())
        except ValueError:
            raise ValueError(f"{when!r} is no time; write it like 2026-09-30T23:59 or 2026-09-30T23:59+07:00") from None
    return (when if when.tzinfo else when.replace(tzinfo=zone(timezone))).astimezone(UTC)


def due_in_words(due: datetime, timezone: str | None = None) -> str:
    """Return a due date in words, in the zone of that name, the machine's if None, and in UTC."""
    return f"Due {due.astimezone(zone(timezone)):%Y-%m-%d %H:%M (UTC%z)}, that is {due:%Y-%m-%d %H:%M} UTC."


def set_due(gradebook, assignment: str, when: str | datetime, timezone: str | None = None) -> datetime:
    """Set an assignment's due date in an open nbgrader gradebook and return it, in UTC.

    ``timezone`` names the zone of a time that has none, the machine's if None. Raises ValueError for what is no time,
    or an assignment that is not in the gradebook.
    """
    due = to_utc(when, timezone)
    try:
        gradebook.find_assignment(assignment)
    except MissingEntry:
        raise ValueError(
            f"{assignment} is not in the gradebook: run nbgrader generate_assignment {assignment}"
        ) from None
    gradebook.update_or_create_assignment(assignment, duedate=due)
    return due


def due_date(gradebook, assignment: str) -> datetime:
    """Return when an assignment is due, in UTC; raises ValueError where it is not in the gradebook, or never due."""
    try:
        due = gradebook.find_assignment(assignment).duedate
    except MissingEntry:
        known = ", ".join(each.name for each in gradebook.assignments) or "none"
        raise ValueError(f"{assignment} is not in the gradebook; there are: {known}") from None
    if due is None:
        raise ValueError(
            f"{assignment} has no due date to extend: set one, grade --assignment {assignment} --due 2026-09-30T23:59"
        )
    return due.replace(tzinfo=UTC)


def later(due: datetime, until: str, timezone: str | None = None) -> datetime:
    """Return a later time than an assignment is due, in UTC.

    Arguments
        due: with its zone.
        until: how much later, such as 3d, 12h or 1w2d, or when, as `to_utc` reads it.
        timezone: of a time without one, the machine's if None.

    Raises ValueError for what is neither, and for a time that is not later.
    """
    span = SPAN.fullmatch(until.strip().lower()) if until.strip() else None
    try:
        new = (
            due + timedelta(**{unit: int(n) for unit, n in span.groupdict("0").items()})
            if span
            else to_utc(until, timezone)
        )
    except ValueError as error:
        raise ValueError(f"{error}; or how much longer: 3d, 12h") from None
    except OverflowError:
        raise ValueError(f"{until!r} is too long") from None
    if new <= due:
        raise ValueError(f"{until!r} gives no more time. {due_in_words(due, timezone)}")
    return new


def set_extension(gradebook, assignment: str, student: str, until: datetime) -> datetime:
    """Let a student's work be due at another time, and return when it was due before, in UTC.

    Arguments
        gradebook: open.
        assignment, student: their names; the student is enrolled, where that isn't so.
        until: the new time, with its zone; the assignment's own takes an extension back.
    """
    due = due_date(gradebook, assignment)
    gradebook.update_or_create_student(student)
    entry = gradebook.update_or_create_submission(assignment, student)
    before, entry.extension = entry.duedate.replace(tzinfo=UTC), (until - due) or None
    gradebook.db.commit()
    return before


def extensions(gradebook, assignment: str) -> list[tuple[str, datetime]]:
    """Return (student, when the work is due, in UTC) of all who have more time, by id."""
    entries = [entry for entry in gradebook.assignment_submissions(assignment) if entry.extension]
    return sorted((entry.student.id, entry.duedate.replace(tzinfo=UTC)) for entry in entries)


def time_in(content: bytes) -> str:
    """Return the time that the bytes of a timestamp.txt hold, as it is written; empty for none.

    Raises ValueError for what is no time: a student's nbgrader may have written it, and a long one takes long to read.
    """
    text = content[: LONGEST_TIME + 1].decode(errors="replace").strip()
    try:
        if len(text) <= LONGEST_TIME:
            parse_utc(text or None)
            return text
    except (ValueError, OverflowError, TypeError):
        pass
    raise ValueError(f"timestamp.txt holds {text[:60]!r}, expected a time like 2026-09-30 23:59:00 UTC")
