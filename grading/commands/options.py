"""Options that several commands share. Importing this costs nothing."""

from pathlib import Path


def add_source_options(parser):
    """Add the options that say how a source is to be read, and what the gradebook is told with it."""
    parser.add_argument("--roster", type=Path, metavar="FILE", help="a CSV of the students; see docs/lms.md")
    parser.add_argument(
        "--pattern", help="how the files are named, if in no known way: {student}_{}_{filename}, for example"
    )
    parser.add_argument(
        "--timezone", metavar="ZONE", help="of local times, such as Asia/Ho_Chi_Minh; default: this machine's"
    )
    parser.add_argument("--due", metavar="TIME", help="set the due date, such as 2026-09-30T23:59, in the gradebook")


def add_assignment_option(parser):
    """Add the option that names the assignment."""
    parser.add_argument("--assignment", required=True, metavar="NAME", help="iterated_softmax, for example")


def add_course_option(parser):
    """Add the option that names the course folder."""
    parser.add_argument("--course", type=Path, default=Path(), metavar="DIR", help="the course folder; default: here")


def add_roster_option(parser):
    """Add the option that names a roster for what is written about a class that is graded."""
    parser.add_argument(
        "--roster", type=Path, metavar="FILE", help="a CSV of the students, or Canvas's or Moodle's; default: the last"
    )
