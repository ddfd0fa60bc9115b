"""``python -m grading gradescope``, or ``make gradescope``: the zip for Gradescope's programming assignments."""

from grading.authoring.draw import older_in_words
from grading.authoring.gradescope import SCRIPTS, gradescope_files
from grading.batch.folder import terms_of
from grading.commands.options import add_assignment_option, add_course_option
from grading.course import OfCourse, configuration, sources_in
from grading.files import write, zipped
from grading.gradebook.points import path_of
from grading.lms.collect import released_path
from grading.shown import print_shown


def add_command(commands):
    """Add ``gradescope`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "gradescope",
        help="write the autograder's zip for a programming assignment on Gradescope",
        description="Write dist/gradescope-NAME.zip into the course folder: what Gradescope needs to judge what is "
        "handed in there, as make grade does here. It holds the hidden cases and tests: give it to nobody. See "
        "docs/autograders.md.",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Write the zip, say what is in it, and return the exit code."""
    folder, name = arguments.course.resolve(), arguments.assignment
    config = configuration(folder)
    course = OfCourse(config=config).course
    released = released_path(name, folder, course)
    terms = terms_of(config, name, released, folder, sources_in(course.source(name) / released.name))
    points = path_of(folder, name)
    files = gradescope_files(course, released.stem, terms, points.read_bytes() if points.exists() else None)
    path = folder / "dist" / f"gradescope-{name}.zip"
    write(path, zipped(files.items(), SCRIPTS))
    if older := older_in_words(course, name):
        print_shown(f"{older}, then repeat this command.")
    held = [f"the {course.hidden_file(name).stem} cases"] if course.has_cases(name) else []
    held += ["the hidden tests"] if terms.tests else []
    print_shown(
        f"Wrote {path.relative_to(folder)}: {path.stat().st_size:,} bytes, {len(files)} files",
        f"It holds {' and '.join(held)}: it is for Gradescope's Configure Autograder, and for no student.",
    )
    if terms.tests:
        print_shown(f"Student code can forge the marks of {', '.join(dict(terms.tests))}: docs/nbgrader-courses.md.")
    return 0
