"""``python -m grading exercise NAME``: begin an exercise with an example that passes, to be changed."""

from grading.authoring.build import BuildError, text_notebooks
from grading.authoring.new_exercise import begun_exercise
from grading.commands.options import add_course_option
from grading.course import course_of
from grading.files import write


def add_command(commands):
    """Add ``exercise`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "exercise",
        help="begin an exercise, with an example to be changed",
        description="Write the cells of an exercise into a text notebook and its file beside the others: two aspects, "
        "two right answers and a wrong one, all of which pass as they are. See docs/instructors.md.",
    )
    parser.add_argument("name", metavar="NAME", help="what students write: the name of a function")
    parser.add_argument("--assignment", metavar="NAME", help="the notebook that it goes to, if there are several")
    parser.add_argument("--after", metavar="NAME", help="the exercise that it follows; default: the last one")
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Write both files and say how to go on; nothing is written where one of them can't be."""
    course = course_of(arguments.course.resolve())
    try:
        there = [arguments.assignment] if arguments.assignment else list(text_notebooks(course.folder))
        if len(there) != 1:
            raise ValueError(f"several notebooks could be meant: add --assignment; there are {', '.join(there)}")
        files, after = begun_exercise(course.folder, there[0], arguments.name, arguments.after or "")
    except BuildError as error:
        raise ValueError(str(error)) from None
    for path, content in files.items():
        write(path, content)
        print(f"Wrote {path.relative_to(course.folder)}{f', below {after}' if after and path.stem in there else ''}")
    print(f"Change both, then: make check-exercise NAME={arguments.name}, make course, make test.")
    return 0
