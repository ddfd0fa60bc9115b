"""``python -m grading grades``: write the marks for Canvas, Moodle and yourself."""

from pathlib import Path

from grading.commands.options import add_assignment_option, add_course_option, add_roster_option
from grading.gradebook.database import gradebook_of
from grading.lms.grade_files import roster_of, write_grades


def add_command(commands):
    """Add ``grades`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "grades",
        help="write the marks for Canvas, Moodle and yourself",
        description="Write grades.csv, with a status and a reason for each mark, and canvas.csv and moodle.csv for "
        "import. A mark that is missing is an empty cell, never 0. See docs/lms.md.",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="default: grades/NAME in the course folder")
    add_roster_option(parser)
    parser.add_argument("--canvas-column", metavar="TEXT", help='the heading in Canvas: "iterated_softmax (12345)"')
    parser.set_defaults(run=run)


def run(arguments):
    """Write the files and return the exit code."""
    course, assignment = arguments.course, arguments.assignment
    with gradebook_of(course) as gradebook:
        roster = roster_of(course, assignment, arguments.roster)
        folder = arguments.to or course / "grades" / assignment
        written, _ = write_grades(course, assignment, gradebook, roster, folder, arguments.canvas_column)
    print("\n".join(f"Wrote {path}" for path in written))
    return 0
