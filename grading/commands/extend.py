"""``python -m grading extend``: give a student more time, in nbgrader's gradebook."""

from pathlib import Path

from grading.commands.alone import alone
from grading.commands.options import add_assignment_option, add_course_option
from grading.shown import print_shown


def add_command(commands):
    """Add ``extend`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "extend",
        help="give a student more time, or take it back",
        description="Give a student an extension: nbgrader's own, counted from the assignment's due date, in place of "
        "one that is there. Late penalties follow when the class is graded the next time; nothing is judged anew.",
    )
    parser.add_argument("student", nargs="?", metavar="STUDENT", help="the student's id")
    parser.add_argument(
        "until",
        nargs="?",
        metavar="TIME",
        help="3d, 12h or 1d12h after the due date, or a new one, such as 2026-10-03T23:59+07:00",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    parser.add_argument("--timezone", metavar="ZONE", help="of a time without one, and of what is printed")
    parser.add_argument("--take-back", action="store_true", help="take the student's extension back")
    parser.add_argument("--list", action="store_true", help="list the extensions that are there")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Do so, alone on this course, and return the exit code."""
    return alone(arguments.course, lambda course: extend(arguments, course))


def extend(arguments, course: Path) -> int:
    """Set, take back or list extensions, and say when the work is due then."""
    from grading.gradebook import due_dates
    from grading.gradebook.database import gradebook_of
    from grading.gradebook.status import find_student

    if [bool(arguments.until), arguments.take_back, arguments.list].count(True) != 1:
        raise ValueError("say how long (3d), --take-back or --list")
    if bool(arguments.student) == arguments.list:
        raise ValueError("--list goes without a student, and the rest is for one: name the student's id")
    assignment, zone = arguments.assignment, arguments.timezone
    with gradebook_of(course) as gradebook:
        due = due_dates.due_date(gradebook, assignment)
        if arguments.list:
            found = due_dates.extensions(gradebook, assignment)
            lines = [f"{student}: {due_dates.due_in_words(when, zone)}" for student, when in found]
            print_shown(*lines, f"{len(found)} extended. Everybody else: {due_dates.due_in_words(due, zone)}")
            return 0
        student = find_student(gradebook, course, assignment, arguments.student)
        new = due if arguments.take_back else due_dates.later(due, arguments.until, zone)
        old = due_dates.set_extension(gradebook, assignment, student, new)
    if old > due:
        print_shown(f"Until now for {student}: {due_dates.due_in_words(old, zone)}")
    print_shown(f"{student}: {due_dates.due_in_words(new, zone)}")
    print("Late penalties follow when the class is graded the next time: nothing is judged anew for that.")
    return 0
