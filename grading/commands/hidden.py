"""``python -m grading hidden``: draw a private set of hidden cases."""

from grading.authoring.draw import hidden_bytes
from grading.authoring.exercise import load_exercises
from grading.commands.options import add_course_option
from grading.course import Course, course_of
from grading.files import write


def add_command(commands):
    """Add ``hidden`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "hidden",
        help="draw a private set of hidden cases from a seed of your own",
        description="Draw hidden cases from a seed into source/cases/ASSIGNMENT/private.safetensors, which git ignores "
        "and which is used instead of the committed ones as long as it is there.",
    )
    parser.add_argument("--seed", required=True, help="any text; keep it to yourself")
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Draw the private set of every assignment."""
    course: Course = course_of(arguments.course.resolve())
    for assignment in course.assignments:
        if load_exercises(course.folder, assignment):
            path = course.case_file(assignment, "private")
            write(path, hidden_bytes(course, assignment, arguments.seed))
            print(f"Wrote {path.relative_to(course.folder)}: {path.stat().st_size} bytes")
    return 0
