"""``python -m grading show``: all about one student's exercise, for a regrade request."""

from grading.commands.options import add_course_option
from grading.shown import print_shown


def add_command(commands):
    """Add ``show`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "show",
        help="print what a student handed in for an exercise, what failed and why, and what the mark has been",
        description="Print what a student handed in for an exercise, which cases failed and why, the hidden ones with "
        "inputs and expected values, the points of its aspects and the history of the mark. It is for instructors: "
        "students get their feedback page.",
    )
    parser.add_argument("student", metavar="STUDENT", help="the student's id")
    parser.add_argument("exercise", metavar="EXERCISE", help="softmax_t, for example")
    parser.add_argument("--assignment", metavar="NAME", help="default: the one that has this exercise")
    add_course_option(parser)
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Print it, and return the exit code."""
    from grading.course import course_of
    from grading.engine.record import JUDGED
    from grading.gradebook import status
    from grading.gradebook.database import directory_of, gradebook_of
    from grading.gradebook.history import history
    from grading.gradebook.points import in_force
    from grading.reports.showing import answer_lines, history_lines, verdict_lines
    from helpers.checks.cases import read_cases

    course, exercise = arguments.course.resolve(), arguments.exercise
    with gradebook_of(course) as gradebook:
        entry = assignment_with(gradebook, exercise, arguments.assignment)
        student = status.find_student(gradebook, course, entry.name, arguments.student)
        row = status.status_row(gradebook, entry, student, [], directory_of(course))
        past = history(gradebook, course, entry.name, student, exercise)
        with_it = next(each for each in entry.notebooks if exercise in exercises_in(each))
        record = status.places(directory_of(course), student, entry)[1](with_it)
    print_shown(f"{student}: {exercise} of {entry.name}")
    total = f", {row['score']:g} of {row['max_score']:g} points in all" if row["score"] != "" else ""
    late = f", {row['late_submission_penalty']:g} taken off for being late" if row["late_submission_penalty"] else ""
    print_shown(f"Status: {row['status']}{total}{late}", *([f"Note: {row['reason']}"] if row["reason"] else []))
    print_shown(f"Handed in: {row['timestamp'] or 'at an unknown time'}{' UTC' if row['timestamp'] else ''}")
    version = ""
    if record and record.status == JUDGED:
        files = tuple(map(read_cases, course_of(course).cases(entry.name)))
        print_shown("", *answer_lines(record, exercise), "")
        print_shown(*verdict_lines(record, exercise, in_force(course, entry.name), files))
        print_shown(*(f"Mended: {repair}" for repair in record.repairs), "")
        version = record.key.partition("-")[2]
    else:
        print_shown("", "There is no verdict in verdicts/.", "")
    print_shown("The mark, as it was and is:", *(history_lines(past, version) if past else ["    none"]))
    return 0


def exercises_in(notebook):
    """Return the names of the exercises of one of the gradebook's notebooks."""
    return [cell.name.removeprefix("test_") for cell in notebook.grade_cells]


def assignment_with(gradebook, exercise, name):
    """Return the gradebook's entry of the assignment that has an exercise; raises ValueError with what there is."""
    known = {
        entry.name: [name for notebook in entry.notebooks for name in exercises_in(notebook)]
        for entry in gradebook.assignments
    }
    if name and name not in known:
        raise ValueError(f"{name} is not in the gradebook; there are: {', '.join(known) or 'none'}")
    found = [each for each in ([name] if name else known) if exercise in known[each]]
    if not found:
        there = [f"{each}: {', '.join(known[each])}" for each in ([name] if name else known)]
        raise ValueError(f"there is no exercise {exercise!r}; there are {'; '.join(there) or 'none'}")
    if len(found) > 1:
        raise ValueError(f"{', '.join(found)} have an exercise {exercise}: say which with --assignment")
    return gradebook.find_assignment(found[0])
