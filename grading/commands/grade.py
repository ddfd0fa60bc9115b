"""Grade a class with one command: ``python -m grading grade SOURCE --assignment NAME``, or ``make grade``.

    SOURCE --collect--> submitted/ --batch--> verdicts/, gradebook, autograded/, feedback/ --> grades/

Interrupted at any point, the same command goes on where it was.
"""

import contextlib
import gc
import sys
from pathlib import Path

from grading.batch.executors import Workers, cores
from grading.commands.alone import alone
from grading.commands.options import add_assignment_option, add_course_option, add_source_options
from grading.course import OfCourse
from grading.files import remove_unfinished
from grading.sandbox.isolation import ISOLATED, isolation, obstacles
from grading.shown import print_shown, shown_text

NOT_ISOLATED = (
    "WARNING: STUDENT CODE IS NOT ISOLATED. It runs as you: it can read and change your files, the references, the "
    "gradebook and other submissions, and use the network. What stands against isolation here:"
)
KEPT = "superseded"  # the folder for what is replaced


def grade(arguments, workers) -> int:
    """Do what the command line asks, and return the exit code: 1 where a submission or a student has no mark."""
    # Imported here, since the workers import the same meanwhile.
    from nbgrader.api import Gradebook

    from grading.authoring.draw import older_in_words
    from grading.batch.folder import open_app, prepare, take_points
    from grading.batch.plan import Batch
    from grading.batch.writer import Writer
    from grading.engine.record import exercises
    from grading.gradebook import database as ledger
    from grading.gradebook.due_dates import due_in_words, set_due, to_utc
    from grading.gradebook.points import set_maxima
    from grading.lms import collect
    from grading.lms import roster as rosters
    from grading.lms.giving_back import give_back, given_back_lines
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
    parts = prepare(app, assignment)
    if arguments.exercise and len(parts) > 1:
        parts = {name: terms for name, terms in parts.items() if arguments.exercise in exercises(terms)} or parts
    private = next(iter(parts.values())).private
    warning = "" if workers.scheduler else warning_of_isolation(private)
    print(warning, end="", file=sys.stderr)
    points, other_points = take_points(course, parts.values())
    if older := older_in_words(OfCourse(config=app.config).course, assignment):
        print_shown(f"{older}, then repeat this command.")
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
        set_maxima(gradebook, assignment, points)
    with contextlib.ExitStack() as stack:
        writers = {name: Writer(app, assignment, name) for name in parts}
        for writer in writers.values():
            stack.callback(writer.close)
        chosen = arguments.student, arguments.exercise, arguments.again, arguments.never_lower
        batches = [Batch(writers[name], terms, *chosen) for name, terms in parts.items()]
        plans = [batch.plan() for batch in batches]
        for name, plan in zip(parts, plans, strict=True):
            announce(plan, assignment if len(parts) == 1 else f"{assignment}, {name}")
        if other_points:
            print_shown("The course gives other points than this class has:", *(f"    {line}" for line in other_points))
            print(
                f"They are left as they are; python -m grading rescore --assignment {assignment} shows what would move."
            )
        if any(plan.judge or plan.write for plan in plans):
            ledger.keep_copy(url, course / KEPT)
        outcomes = []
        for batch, plan in zip(batches, plans, strict=True):
            outcome = follow(batch.run(plan, workers), len(plan.judge) + len(plan.write))
            outcomes.append(outcome)
            print_outcome(outcome)
            if arguments.timing:
                print(f"timing: {outcome.timing()}")
        with contextlib.closing(Gradebook(url, app.coursedir.course_id)) as gradebook:
            column = arguments.canvas_column
            written, marks = write_grades(course, assignment, gradebook, roster, course / "grades" / assignment, column)
        print("\n".join(f"Wrote {path.relative_to(course)}" for path in written))
        failed = {}
        if arguments.feedback:
            for batch in batches:
                failed |= write_feedback(batch.writer, batch)
            with contextlib.closing(Gradebook(url, app.coursedir.course_id)) as gradebook:
                to = course / "grades" / assignment / "feedback"
                print_shown(*given_back_lines(*give_back(course, assignment, gradebook, roster, to)))
        if arguments.report:
            report_on_class(course, assignment, roster)
        wanted = arguments.student or {row["student_id"] for row in marks}
        unmarked = {row["student_id"]: row["reason"] for row in marks if row["status"] == "not graded"}
        unmarked = {student: reason for student, reason in unmarked.items() if student in wanted}
        for outcome in outcomes:
            unmarked |= outcome.unmarked
        for student, reason in sorted(unmarked.items()):
            print_shown(f"{student}: NO MARK: {reason}")
        if older:
            print_shown(f"{older}, then repeat this command: these marks come from the older ones.")
        print(warning, end="", file=sys.stderr)
        refused = any(kept.refused for outcome in outcomes for kept in outcome.kept.values())
        return int(incomplete or refused or bool(unmarked or failed))


def warning_of_isolation(folders: tuple[str, ...]) -> str:
    """Return what student code can do where nothing isolates it, and why that is so; empty where something does."""
    if isolation(folders) in ISOLATED:
        return ""
    why = "".join(f"\n  - {reason}" for reason in obstacles(folders))
    required = "See docs/security.md. To grade only where it is isolated: c.Judge.require_isolation = True"
    return shown_text(f"{NOT_ISOLATED}{why}\n{required}\n")


def announce(plan, name):
    """Say what there is to do for the assignment, or the notebook, of this name."""
    print(
        f"{name}: {len(plan.judge)} to grade, {len(plan.write)} judged before, to be written "
        f"to the gradebook, {len(plan.done)} done already"
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

    students = [s for s in batch.submitted if writer.graded(s).exists()]
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
    for student, kept in sorted(outcome.kept.items()):
        print_shown(f"{student}: MARK KEPT: {kept.reason}")
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
    parser.add_argument(
        "--never-lower",
        action="store_true",
        help="where a new verdict would lower a student's total, keep the one before",
    )
    parser.add_argument("--no-feedback", dest="feedback", action="store_false", help="write no feedback pages")
    parser.add_argument("--no-report", dest="report", action="store_false", help="write no report on the class")
    parser.add_argument("--timing", action="store_true", help="say at the end where the time went")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Grade, alone on this course, and end with a sentence whatever happens."""

    def work(course):
        with Workers(arguments.workers, arguments.scheduler) as workers:
            return grade(arguments, workers)

    return alone(arguments.course, work)
