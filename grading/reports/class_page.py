"""Write the class report: one page that loads nothing, and tables with a row for every number's students.

report.html     what the class has done; anonymous.html: the same without names, to be shown to it
students.csv    a row for each student
exercises.csv   a row for each student and exercise
items.csv       a row for each exercise, aspect and case
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from grading.files import write
from grading.reports.class_data import Class, Listed, Member, load_class, reason_in_words
from grading.reports.class_figures import as_svg, facilities, histogram
from grading.reports.class_statistics import (
    FEW,
    FEWEST,
    RULES,
    Common,
    Item,
    Members,
    attempts,
    items,
    marks_of,
    moves,
    needs,
    sections,
    spread,
    unmarked,
)
from grading.reports.feedback import fill_template
from grading.reports.findings import capital
from grading.shown import csv_table

MOST_REASONS = 12  # of one item on the page; the tables have all of them
STUDENTS = (
    "student",
    "name",
    "section",
    "status",
    "reason",
    "points",
    "maximum",
    "late_penalty",
    "needs_help",
    "repairs",
)
EXERCISES = (
    "student",
    "exercise",
    "points",
    "maximum",
    "status",
    "reason",
    "attempted",
    "before",
    "before_until",
    "aspects",
    "cases",
    "cases_failed",
    "mistakes",
    "choice",
)
ITEMS = (
    "exercise",
    "aspect",
    "case",
    "at_grading_only",
    "maximum",
    "students",
    "reached",
    "attempted",
    "passed",
    "facility",
    "discrimination",
    "no_discrimination",
    "common",
)


def write_report(
    course: Path, assignment: str, listed: Iterable[Listed] = (), to: Path | None = None, anonymous: bool = False
) -> list[Path]:
    """Write the report of an assignment and return the paths; of an anonymous one only the page.

    Arguments
        course: the class folder.
        assignment: its name.
        listed: the students of a roster.
        to: the folder; report/NAME in the class folder, if it is None.
        anonymous: whether the page has no names, and counts no group of fewer than `FEW`.

    Raises ValueError as `load_class` does.
    """
    data = load_class(course, assignment, listed)
    found = items(data)
    if anonymous:
        files = {"anonymous.html": report_page(data, found, True).encode()}
    else:
        files = {"report.html": report_page(data, found, False).encode(), **tables(data, found)}
    folder = to or Path(course) / "report" / assignment
    for name, content in files.items():
        write(folder / name, content)
    return [folder / name for name in files]


# The page


def report_page(data: Class, found: list[Item], anonymous: bool) -> str:
    """Return the page; ``found`` has the exercises that give points."""
    marks = marks_of(data.members)
    about = spread(marks)
    needing, moved = needs(data), moves(data)
    parted = [(title, members, spread(marks_of(members))) for title, members in sections(data)]
    hidden = anonymous and any(not each or each.count < FEW for _, _, each in parted)
    judged = tuple(member for member in data.members if member.is_judged)
    contents = [("marks", "Marks"), ("help", "Who needs help"), ("exercises", "Exercises")]
    return fill_template(
        "class_report.html.j2",
        anonymous=anonymous,
        assignment=data.assignment,
        made=f"{datetime.now():%Y-%m-%d %H:%M}",
        few=FEW,
        fewest=FEWEST,
        count=partial(number_shown, anonymous),
        facility=partial(facility_shown, anonymous),
        discrimination=discrimination_shown,
        told_of=partial(told_of, anonymous),
        students=len(data.members),
        everybody=data.members,
        statuses=grouped(data.members),
        contents=[each for each in contents if not (anonymous and each[0] == "help")],
        spread=about,
        maximum=data.maximum,
        histogram=about and as_svg(histogram(marks, about, data.maximum, anonymous), "marks"),
        sections=[] if hidden else parted,
        sections_hidden=hidden,
        ranking=[] if anonymous else sorted((m for m in data.members if m.mark is not None), key=lambda m: -m.mark),
        unmarked=[] if anonymous else unmarked(data),
        moves=moved,
        movers={move.member for move in moved},
        needs=needing,
        rules=RULES,
        by_rule=[tuple(n.member for n in needing if rule in n.rules) for rule in range(len(RULES))],
        judged=judged,
        unread=tuple(m for m in data.members if m.status in ("graded", "to be marked") and not m.is_judged),
        exercises=found,
        facilities=judged and as_svg(facilities(found), "facilities"),
    )


def number_shown(anonymous: bool, members: Members, of: int | None = None) -> str:
    """Return how many they are; of an anonymous page's small group, and of one that leaves out few, no more than that.

    Arguments
        anonymous: whether the page is.
        members: the group.
        of: how many it could be.
    """
    number = len(members)
    if anonymous and 0 < number < FEW:
        return f"under {FEW}"
    if anonymous and of is not None and 0 < of - number < FEW:
        return f"all but under {FEW}"
    return str(number)


def facility_shown(anonymous: bool, item: Item) -> str:
    """Return an item's facility, if an anonymous page may say how many passed."""
    said = number_shown(anonymous, item.passed, len(item.judged))
    return f"{item.facility:.2f}" if item.facility is not None and said.isdecimal() else "–"


def discrimination_shown(item: Item) -> str:
    """Return an item's discrimination, or a dash where there is none."""
    return "–" if item.discrimination is None else f"{item.discrimination:.2f}"


def told_of(anonymous: bool, common: Common) -> Common:
    """Return what a page tells of those who fail: the most frequent, and of an anonymous page no small group's."""
    return tuple(each for each in common if not anonymous or len(each[1]) >= FEW)[:MOST_REASONS]


def grouped(members: Members) -> list[tuple[str, Members]]:
    """Return (status, members), most frequent first."""
    names = dict.fromkeys(member.status for member in members)
    found = [(name, tuple(member for member in members if member.status == name)) for name in names]
    return sorted(found, key=lambda each: -len(each[1]))


# The tables


def tables(data: Class, found: list[Item]) -> dict[str, bytes]:
    """Return the tables by name."""
    return {
        "students.csv": csv_table(STUDENTS, student_rows(data)),
        "exercises.csv": csv_table(EXERCISES, (row for member in data.members for row in exercise_rows(member))),
        "items.csv": csv_table(ITEMS, item_rows(found)),
    }


def student_rows(data: Class) -> Iterator[dict]:
    """Yield a row for each student."""
    signs = {need.member: need.rules for need in needs(data)}
    for member in data.members:
        yield {
            "student": member.id,
            "name": member.name,
            "section": member.section,
            "status": member.status,
            "reason": reason_in_words(member.reason),
            "points": member.mark,
            "maximum": data.maximum,
            "late_penalty": member.late_penalty,
            "needs_help": "; ".join(RULES[number] for number in signs.get(member, ())),
            "repairs": "; ".join(map(str, member.repairs)),
        }


def exercise_rows(member: Member) -> Iterator[dict]:
    """Yield a row for each exercise of a student, with what they were told."""
    for name, finding in member.findings.items():
        missing = finding.score is None
        before = member.moved.get(name)
        yield {
            "student": member.id,
            "exercise": name,
            "points": finding.score,
            "maximum": finding.maximum,
            "status": member.status if missing else "graded",
            "reason": reason_in_words(member.reason) if missing else "",
            "attempted": yes_or_no(attempts(finding)) if finding.report else "",
            "before": before and before.points,
            "before_until": before and before.time,
            "aspects": "; ".join(f"{aspect} {earned:g}" for aspect, earned, _ in finding.aspects),
            "cases": len(finding.results),
            "cases_failed": "; ".join(result.name for result in finding.failed),
            "mistakes": "; ".join(capital(str(mistake)) for mistake in finding.mistakes()),
            "choice": finding.choice,
        }


def item_rows(found: list[Item]) -> Iterator[dict]:
    """Yield a row for each exercise, each of its aspects, and each of their cases."""
    for exercise in found:
        yield item_row(exercise, exercise.name)
        for aspect in exercise.parts:
            yield item_row(aspect, exercise.name, aspect.name)
            for case in aspect.parts:
                yield item_row(case, exercise.name, aspect.name, case.name)


def item_row(item: Item, exercise: str, aspect: str = "", case: str = "") -> dict:
    """Return the row of an item."""
    return {
        "exercise": exercise,
        "aspect": aspect,
        "case": case,
        "at_grading_only": yes_or_no(item.hidden) if case else "",
        "maximum": "" if case else item.maximum,
        "students": len(item.judged),
        "reached": len(item.reached),
        "attempted": len(item.attempted),
        "passed": len(item.passed),
        "facility": item.facility,
        "discrimination": item.discrimination,
        "no_discrimination": item.doubt,
        "common": "; ".join(f"{sentence} ({len(members)})" for sentence, members in item.common),
    }


def yes_or_no(value: bool) -> str:
    """Return a truth for a table."""
    return "yes" if value else "no"
