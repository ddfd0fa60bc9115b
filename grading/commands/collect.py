"""``python -m grading collect``: sort what students handed in into submitted/."""

from pathlib import Path

from grading.commands.options import add_assignment_option, add_course_option, add_source_options
from grading.course import course_of
from grading.gradebook.database import gradebook_of, gradebook_url, sqlite_file
from grading.gradebook.due_dates import due_in_words, set_due, to_utc
from grading.lms import roster as rosters
from grading.lms.collect import collect_submissions, lines
from grading.shown import print_shown


def add_command(commands):
    """Add ``collect`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "collect",
        help="sort what students handed in into submitted/",
        description="Sort what students handed in into submitted/STUDENT/NAME/, whatever they named it. "
        "SOURCE is the zip or folder that Canvas, Moodle, Gradescope or Google Classroom gives; else a FOLDER holds "
        "files named STUDENT_anything.ipynb, or a folder for each student. It is not changed. "
        "Of several files of one notebook the newest with an answer is taken, and the others are kept in superseded/. "
        "What is no notebook is kept in not_gradable/. The exit code is 1 where a person has to look at something. A "
        "second run changes nothing. See docs/lms.md.",
    )
    parser.add_argument("source", type=Path, metavar="SOURCE", help="what was handed in: a zip, or a folder")
    add_assignment_option(parser)
    add_course_option(parser)
    add_source_options(parser)
    parser.set_defaults(run=run)


def run(arguments):
    """Collect, say what was found, and return the exit code: 1 where something is left for a person to do."""
    roster = rosters.read_roster(arguments.roster) if arguments.roster else None
    due = to_utc(arguments.due, arguments.timezone) if arguments.due else None
    found = collect_submissions(
        arguments.source,
        arguments.assignment,
        arguments.course,
        roster,
        arguments.pattern,
        arguments.timezone,
        course_of(arguments.course),
    )
    print_shown(*lines(found))
    file = sqlite_file(gradebook_url(arguments.course)) if roster else None
    if file and not file.exists() and not due:
        print("There is no gradebook.db yet to enrol the roster in: run nbgrader generate_assignment, then repeat.")
    elif roster or due:
        with gradebook_of(arguments.course) as gradebook:
            if roster:
                rosters.enrol(gradebook, roster)
            if due:
                set_due(gradebook, arguments.assignment, due)
                print(due_in_words(due, arguments.timezone))
    return int(found.incomplete)
