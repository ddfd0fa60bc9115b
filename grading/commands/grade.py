"""Grade a class with one command: ``python -m grading grade SOURCE --assignment NAME``, or ``make grade``.

    SOURCE --collect--> submitted/ --batch--> verdicts/, gradebook, autograded/, feedback/ --> grades/

Interrupted at any point, the same command goes on where it was.
"""

import contextlib
import gc
import sys
from pathlib import Path

from grading.batch.executors import Workers, cores
from grading.commands.options import add_assignment_option, add_course_option, add_source_options
from grading.course import OfCourse
from grading.files import NO_ROOM, remove_unfinished
from grading.shown import print_shown

INTERRUPTED = 130  # the exit code of a program that Ctrl-C ended
KEEPS = "what is graded is kept"
KEPT = "superseded"  # the folder for what is replaced


def grade(arguments, workers) -> int:
    """Do what the command line asks, and return the exit code: 1 where a submission or a student has no mark."""
    # Imported here, since the workers import the same meanwhile.
    from nbgrader.api import Gradebook

    from grading.batch.folder import open_app, prepare
    from grading.batch.plan import Batch
    from grading.batch.writer import Writer
    from grading.gradebook import database as ledger
    from grading.gradebook.due_dates import due_in_words, set_due, to_utc
    from grading.lms import collect
    from grading.lms import roster as rosters
    from grading.lms.grade_files import roster_of, write_grades

    gc.collect()
    gc.freeze()  # as in the workers
    course = arguments.course.resolve()
    app = open_app(course)
    assignment, url = arguments.assignment, app.coursedir.db_url
    due = to_utc(arguments.due, arguments.timezone) if arguments.due else None
    for folder in ("submitted", "not_gradable", KEPT, "verdicts", "grades"):
        remove_unfinished(course / folder)
    ledger.check_gradebook(url, course / KEPT)
    terms = prepare(app, assignment)
    roster = roster_of(course, assignment, arguments.roster)
    incomplete = False
    if arguments.source:
        how = roster, arguments.pattern, arguments.timezone, OfCourse(config=app.config).course
        found = collect.collect_submissions(arguments.source, assignment, course, *how)
        print_shown(*collect.lines(found))
        incomplete = found.incomplete
    with contextlib.closing(Gradebook(url, app.coursedir.course_id)) as gradebook:
        if roster:
            rosters.enrol(gradebook, roster)
        if due:
            set_due(gradebook, assignment, due)
            print(due_in_words(due, arguments.timezone))
    writer = Writer(app, assignment)
    try:
        batch = Batch(writer, terms, arguments.student, arguments.exercise, arguments.again)
        plan = batch.plan()
        announce(plan, terms)
        if plan.judge or plan.write:
            ledger.keep_copy(url, course / KEPT)
        outcome = follow(batch.run(plan, workers), len(plan.judge) + len(plan.write))
        print_outcome(outcome)
        if arguments.timing:
            print(f"timing: {outcome.timing()}")
        with contextlib.closing(Gradebook(url, app.coursedir.course_id)) as gradebook:
            column = arguments.canvas_column
            written, marks = write_grades(course, assignment, gradebook, roster, course / "grades" / assignment, column)
        print("\n".join(f"Wrote {path.relative_to(course)}" for path in written))
        failed = write_feedback(writer, batch) if arguments.feedback else {}
        if arguments.report:
            report_on_class(course, assignment, roster)
        wanted = arguments.student or {row["student_id"] for row in marks}
        unmarked = {row["student_id"]: row["reason"] for row in marks if row["status"] == "not graded"}
        unmarked = {student: reason for student, reason in unmarked.items() if student in wanted} | outcome.unmarked
        for student, reason in sorted(unmarked.items()):
            print_shown(f"{student}: NO MARK: {reason}")
        return int(incomplete or bool(unmarked or failed))
    finally:
        writer.close()


def announce(plan, terms):
    """Say what there is to do."""
    print(
        f"{terms.assignment}: {len(plan.judge)} to grade, {len(plan.write)} graded but not yet in the gradebook, "
        f"{len(plan.done)} done already"
    )
    if plan.changed:
        print(f"The course has changed since {len(plan.changed)} of them were graded: they are graded again.")


def follow(run, total):
    """Draw the progress of a run and return its outcome."""
    from tqdm import tqdm

    from grading.engine.record import JUDGED

    failures = 0
    with tqdm(total=total, unit="submission", disable=not total) as bar:
        while True:
            try:
                _, record = next(run)
            except StopIteration as end:
                return end.value
            failures += record.status != JUDGED
            bar.set_postfix(failed=failures, refresh=False)
            bar.update()


def write_feedback(writer, batch):
    """Write the feedback pages of all who have a mark, say how many are new or changed, and return what failed."""
    from tqdm import tqdm

    from grading.batch.plan import concerns_all, error_message

    students = [s for s in batch.submitted if writer.place("autograded", s).is_dir()]
    changed, failed = 0, {}
    for student in tqdm(students, unit="page", desc="feedback"):
        try:
            changed += writer.write_feedback(student)
        except Exception as error:
            if concerns_all(error):
                raise
            failed[student] = error_message(error)
    print(f"Feedback: {changed} pages new or changed, {len(students) - changed - len(failed)} as they were.")
    for student, reason in failed.items():
        print_shown(f"{student}: NO FEEDBACK PAGE: {reason}")
    return failed


def report_on_class(course, assignment, roster):
    """Write the class report, or say why there is none: it costs no mark."""
    from grading.batch.plan import error_message

    try:
        from grading.commands.report import students_in
        from grading.reports.class_page import write_report

        written = write_report(course, assignment, students_in(roster))
    except Exception as error:
        print_shown(f"NO CLASS REPORT: {error_message(error)}; python -m grading report tries again")
    else:
        print(f"Wrote {written[0].relative_to(course)}")


def print_outcome(outcome):
    """Print how a run ended: what was graded, and whose marks moved, failed or need a look."""
    print(f"Graded {outcome.graded}.")
    for student in outcome.tried_again:
        print_shown(
            f"{student}: a time limit was reached or a process ended; tried once more, alone: the second try counts"
        )
    for student, moved in sorted(outcome.moved.items()):
        marks = ", ".join(f"{name} {before:g} -> {after:g}" for name, (before, after) in sorted(moved.items()))
        print_shown(f"{student}: marks moved: {marks} (the old ones are kept in {KEPT}/marks.csv)")


def add_command(commands):
    """Add ``grade`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "grade",
        help="collect, grade and write marks and feedback: all in one",
        description="Grade a class: collect SOURCE, judge every submission, write the gradebook, autograded/, "
        "feedback/ and grades/. Stopped at any point, the same command goes on where it was. Exit code 1: something "
        "has no mark, see the list.",
    )
    parser.add_argument(
        "source",
        nargs="?",
        type=Path,
        metavar="SOURCE",
        help="what was handed in, a folder or a zip; default: what submitted/ holds",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    parser.add_argument(
        "--workers",
        type=int,
        default=cores(),
        metavar="N",
        help="processes; default: one a processor, here %(default)s; 0: none but this",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="judge on the workers of this dask scheduler instead, see docs/scaling.md",
    )
    add_source_options(parser)
    parser.add_argument("--canvas-column", metavar="TEXT", help='the heading in Canvas: "iterated_softmax (12345)"')
    parser.add_argument("--student", action="append", metavar="ID", help="only this student; can be repeated")
    parser.add_argument("--exercise", metavar="NAME", help="write only this exercise's verdict")
    parser.add_argument("--again", action="store_true", help="judge anew what has a verdict already")
    parser.add_argument("--no-feedback", dest="feedback", action="store_false", help="write no feedback pages")
    parser.add_argument("--no-report", dest="report", action="store_false", help="write no report on the class")
    parser.add_argument("--timing", action="store_true", help="say at the end where the time went")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Grade, alone on this course, and end with a sentence whatever happens."""
    from filelock import FileLock, Timeout

    course = arguments.course.resolve()
    if not course.is_dir():
        raise ValueError(f"--course {course} is no folder")
    try:
        with (
            FileLock(course / ".grading.lock", blocking=False),
            Workers(arguments.workers, arguments.scheduler) as workers,
        ):
            return grade(arguments, workers)
    except Timeout:
        raise ValueError(f"another grading run is at work in {course}: wait for it, or stop it") from None
    except KeyboardInterrupt:
        print(f"\nStopped: {KEEPS}. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno in NO_ROOM:
            raise ValueError(
                f"no space is left in {course}: make room, then run the same command again; {KEEPS}"
            ) from None
        if error.filename is None:
            raise
        raise ValueError(
            f"{error.filename}: {error.strerror}; see to it, then run the same command again; {KEEPS}"
        ) from None
    except Exception as error:
        from grading.gradebook.database import DATABASE_ERRORS, cause_of

        if not isinstance(error, DATABASE_ERRORS):
            raise
        raise ValueError(
            f"the gradebook could not be written: {cause_of(error)}; see to it, then run the same command again; "
            f"{KEEPS}"
        ) from None
