"""When an assignment is due and what being late costs, for nbgrader's own step AssignLatePenalties; off unless set."""

import re
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil import parser as dates
from nbgrader.api import MissingEntry


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
