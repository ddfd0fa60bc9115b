"""``python -m grading give-back``: feedback pages as files for Moodle, Canvas, Classroom and mails."""

from pathlib import Path

from grading.commands.options import add_assignment_option, add_course_option, add_roster_option
from grading.gradebook.database import gradebook_of
from grading.lms.giving_back import LARGEST, give_back, given_back_lines
from grading.lms.grade_files import roster_of
from grading.shown import print_shown


def add_command(commands):
    """Add ``give-back`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "give-back",
        help="write the feedback pages as files for Moodle, Canvas, Classroom and mails",
        description="Write the pages of feedback/ as zips that Moodle and Canvas import, and one by one under the "
        "students' names. make grade does this at its end. See docs/lms.md.",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="default: grades/NAME/feedback in the course folder")
    add_roster_option(parser)
    parser.add_argument(
        "--largest",
        type=float,
        default=LARGEST,
        metavar="MIB",
        help="of a zip; more are begun beyond; default: %(default)s",
    )
    parser.set_defaults(run=run)


def run(arguments):
    """Write the files, say who is given nothing, and return the exit code."""
    course, assignment = arguments.course, arguments.assignment
    with gradebook_of(course) as gradebook:
        roster = roster_of(course, assignment, arguments.roster)
        to = arguments.to or course / "grades" / assignment / "feedback"
        given = give_back(course, assignment, gradebook, roster, to, arguments.largest)
    print_shown(*given_back_lines(*given))
    return 0
