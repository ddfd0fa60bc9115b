"""Write the class report: one page that loads nothing, and tables with a row for every number's students.

report.html     what the class has done; anonymous.html: the same without names, to be shown to it
students.csv    a row for each student
exercises.csv   a row for each student and exercise
items.csv       a row for each exercise, aspect and case
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from traitlets import Bool
from traitlets.config import Configurable

from grading.course import Course, configuration, course_of
from grading.files import write
from grading.reports.alike import Alike, alike_code
from grading.reports.answers import Misconception, Place, Question, listed_misconceptions, questions, sections_in
from grading.reports.class_data import Class, Listed, Member, load_class, reason_in_words
from grading.reports.class_figures import as_svg, facilities, histogram
from grading.reports.class_statistics import (
    BLANK,
    FEW,
    FEWEST,
    RULES,
    Common,
    Item,
    Members,
    attempts,
    by_section,
    in_need,
    items,
    marks_of,
    moves,
    spread,
    unmarked,
)
from grading.reports.feedback import fill_template
from grading.reports.findings import capital
from grading.shown import csv_table
from helpers.checks.cases import read_cases
from helpers.checks.decisions import in_words

MOST_MISTAKES = 20  # of the class on the page
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
    "reached",
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

ANSWERS = ("exercise", "kind", "asked", "result", "answer", "students", "who")
ALIKE = ("who", "names", "where", "score")


class ClassReport(Configurable):
    """What a course's nbgrader_config.py may say of the report."""

    alike = Bool(True, help="Whether the report names students whose code is alike.").tag(config=True)


@dataclass(frozen=True)
class Findings:
    """What the report says of a class besides its marks.

    Attributes
        items: the exercises that give points.
        sections: where in the notebook each exercise stands.
        listed: the misconceptions that the guide lists.
        questions: the predictions and decisions.
        alike: whose code is alike; None where the course does not ask.
    """

    items: list[Item]
    sections: dict[str, Place] = field(default_factory=dict)
    listed: list[Misconception] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    alike: list[Alike] | None = None


def find(data: Class, course: Course, with_alike: bool) -> Findings:
    """Return what is to be said of a class of a course."""
    release, said = course.release(data.assignment), course.questions(data.assignment)
    places = sections_in(release)
    return Findings(
        items(data),
        places,
        listed_misconceptions(data, said, places),
        questions(data, read_cases(course.public(data.assignment)), said, places),
        alike_code(data, release) if with_alike else None,
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

    Raises ValueError as `load_class` does, and where so few have a mark that a page without names would tell theirs.
    """
    data = load_class(course, assignment, listed)
    wanted = ClassReport(config=configuration(Path(course))).alike and not anonymous
    found = find(data, course_of(Path(course)), wanted)
    if anonymous and min(len(marks_of(data.members)), sum(member.is_judged for member in data.members)) < FEW:
        raise ValueError(f"a page without names needs {FEW} students with a mark and a verdict: {assignment} has fewer")
    if anonymous:
        files = {"anonymous.html": report_page(data, found, True).encode()}
    else:
        files = {"report.html": report_page(data, found, False).encode(), **tables(data, found)}
    folder = to or Path(course) / "report" / assignment
    for name, content in files.items():
        write(folder / name, content)
    return [folder / name for name in files]


# The page


def report_page(data: Class, found: Findings, anonymous: bool) -> str:
    """Return the page."""
    marks = marks_of(data.members)
    about = spread(marks)
    needing, moved = in_need(data), moves(data)
    parted = [(title, members, spread(marks_of(members))) for title, members in by_section(data)]
    hidden = anonymous and any(not each or each.count < FEW for _, _, each in parted)
    judged = tuple(member for member in data.members if member.is_judged)
    asked = {kind: [each for each in found.questions if each.kind == kind] for kind in ("prediction", "decision")}
    told = by_count(found)
    contents = [
        ("marks", "Marks", True),
        ("help", "Who needs help", not anonymous),
        ("exercises", "Exercises", True),
        ("misconceptions", "Misconceptions", any(told)),
        ("predictions", "Predictions", asked["prediction"]),
        ("decisions", "Decisions", asked["decision"]),
        ("alike", "Code to look at", not anonymous and found.alike),
    ]
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
        contents=[(anchor, title) for anchor, title, there in contents if there],
        spread=about,
        maximum=data.maximum,
        histogram=as_svg(histogram(marks, about, data.maximum, anonymous) if about else None, "marks"),
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
        exercises=found.items,
        facilities=as_svg(facilities([drawable(anonymous, item) for item in found.items]), "facilities"),
        listed=told[0],
        mistakes=[each for each in told[1] if not anonymous or len(each[3]) >= FEW][:MOST_MISTAKES],
        predictions=asked["prediction"],
        decisions=asked["decision"],
        in_words=in_words,
        alike=not anonymous and found.alike,
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


def drawable(anonymous: bool, item: Item) -> Item:
    """Return an item for the figure: of an anonymous page, without the facilities that the page does not say."""
    parts = [drawable(anonymous, part) for part in item.parts]
    said = facility_shown(anonymous, item) != "–"
    return item._replace(
        facility=item.facility if said else None, parts=tuple(p for p in parts if p.facility is not None)
    )


def discrimination_shown(item: Item) -> str:
    """Return an item's discrimination, or a dash where there is none."""
    return "–" if item.discrimination is None else f"{item.discrimination:.2f}"


def told_of(anonymous: bool, common: Common) -> Common:
    """Return what a page tells of those who fail: the most frequent, and of an anonymous page no small group's."""
    return tuple(each for each in common if not anonymous or len(each[1]) >= FEW)[:MOST_REASONS]


def by_count(found: Findings) -> list[list[tuple[str, str, str, Members]]]:
    """Return the guide's misconceptions and the mistakes that cost points, most frequent first.

    Each is (exercise, section of the notebook, sentence, members).
    """
    guide = [(each.exercise, each.section, capital(each.sentence), each.members) for each in found.listed]
    missing = {capital(str(each)) for each in BLANK}
    mistakes = [
        (item.name, found.sections.get(item.name, Place()).section, sentence, members)
        for item in found.items
        for sentence, members in item.common
        if sentence not in missing
    ]
    return [sorted(each, key=lambda row: -len(row[3])) for each in (guide, mistakes)]


def grouped(members: Members) -> list[tuple[str, Members]]:
    """Return (status, members), most frequent first."""
    names = dict.fromkeys(member.status for member in members)
    found = [(name, tuple(member for member in members if member.status == name)) for name in names]
    return sorted(found, key=lambda each: -len(each[1]))


# The tables


def tables(data: Class, found: Findings) -> dict[str, bytes]:
    """Return the tables by name."""
    reached = {item.name: set(item.reached) for item in found.items}
    files = {
        "students.csv": csv_table(STUDENTS, student_rows(data)),
        "exercises.csv": csv_table(EXERCISES, (row for each in data.members for row in exercise_rows(each, reached))),
        "items.csv": csv_table(ITEMS, item_rows(found.items)),
        "answers.csv": csv_table(ANSWERS, answer_rows(found)),
    }
    if found.alike is not None:
        files["alike.csv"] = csv_table(ALIKE, alike_rows(found.alike))
    return files


def student_rows(data: Class) -> Iterator[dict]:
    """Yield a row for each student."""
    signs = {need.member: need.rules for need in in_need(data)}
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
            "isolation": " ".join(sorted({each.isolation for each in member.findings.values()} - {""})),
        }


def exercise_rows(member: Member, reached: dict[str, set[Member]]) -> Iterator[dict]:
    """Yield a row for each exercise of a student, with what they were told; ``reached`` has who reached which."""
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
            "reached": yes_or_no(member in reached[name]) if finding.report and name in reached else "",
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


def answer_rows(found: Findings) -> Iterator[dict]:
    """Yield a row for each answer to a question, and for each misconception of the guide."""
    for each in found.questions:
        about = {"exercise": each.exercise, "kind": each.kind, "asked": each.asked, "result": each.result}
        answers = each.values or [(answer.label, answer.members) for answer in each.answers]
        missing = [(name, getattr(each, name)) for name in ("blank", "unreadable", "computed", "lost")]
        for answer, members in (*answers, *(pair for pair in missing if pair[1])):
            yield about | {"answer": answer, "students": len(members), "who": ids_of(members)}
    for each in found.listed:
        about = {"exercise": each.exercise, "kind": "misconception", "asked": each.sentence, "result": ""}
        yield about | {"answer": "", "students": len(each.members), "who": ids_of(each.members)}


def alike_rows(found: list[Alike]) -> Iterator[dict]:
    """Yield a row for each group whose code is alike."""
    for group in found:
        where = "; ".join(f"{each.exercise or 'cells of their own'} {each.share:.2f}" for each in group.where)
        names = "; ".join(member.name for member in group.members)
        yield {"who": ids_of(group.members), "names": names, "where": where, "score": group.score}


def ids_of(members: Members) -> str:
    """Return the ids of members, for a table."""
    return "; ".join(member.id for member in members)
