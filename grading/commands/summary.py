"""``python -m grading summary``: a CSV, a JSON and a page of misconceptions of an assignment."""

from pathlib import Path

from grading.commands.options import add_assignment_option, add_course_option
from grading.reports.summary import submissions, write_tables
from grading.shown import print_shown


def add_command(commands):
    """Add ``summary`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser("summary", help="write a CSV, a JSON and a page of misconceptions of an assignment")
    add_assignment_option(parser)
    add_course_option(parser)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="default: summary/NAME in the course folder")
    parser.set_defaults(run=run)


def run(arguments):
    """Write the summary, say what is missing in it, and return the exit code: 1 where a submission has no mark."""
    found = submissions(arguments.course, arguments.assignment)
    to = arguments.to or arguments.course / "summary" / arguments.assignment
    for path in write_tables(found, arguments.assignment, to):
        print(f"wrote {path}")
    ungraded = [submission for submission in found if submission.status == "not graded"]
    for submission in ungraded:
        print_shown(f"not graded: {submission.student}: {submission.reason}")
    return int(bool(ungraded))
