"""``python -m grading report``, or ``make report``: what a class has done, as a page and tables."""

from pathlib import Path

from grading.commands.options import add_assignment_option, add_course_option, add_roster_option
from grading.lms.grade_files import roster_of
from grading.lms.roster import Roster
from grading.reports.class_data import Listed


def add_command(commands):
    """Add ``report`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "report",
        help="write what a class has done: a page, and tables",
        description="Write report.html, and tables, of an assignment that is graded: marks, exercises with aspects and "
        "cases, who needs help. See docs/class-report.md.",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    add_roster_option(parser)
    parser.add_argument(
        "--anonymous", action="store_true", help="write anonymous.html instead, without names, to show it to the class"
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="default: report/NAME in the course folder")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Write the report and return the exit code."""
    from grading.reports.class_page import write_report  # it draws: half of its time is an import

    course, assignment = arguments.course, arguments.assignment
    listed = students_in(roster_of(course, assignment, arguments.roster))
    for path in write_report(course, assignment, listed, arguments.to, arguments.anonymous):
        print(f"Wrote {path}")
    return 0


def students_in(roster: Roster | None) -> list[Listed]:
    """Return the students of a roster for a report; a team's name is taken for a section where there is no other."""
    people = roster.people if roster else []
    names = [person.name or ", ".join(filter(None, (person.last_name, person.first_name))) for person in people]
    return [Listed(each.id, name, each.section or each.group) for each, name in zip(people, names, strict=True)]
