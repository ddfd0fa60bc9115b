"""``python -m grading rescore``: other points for what is graded already; nothing is judged anew."""

import contextlib
import sys
from statistics import mean

from grading.commands.alone import alone
from grading.commands.options import add_assignment_option, add_course_option
from grading.shown import print_shown

ROUNDING = 1e-9  # points by which totals may differ that are the same


def add_command(commands):
    """Add ``rescore`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "rescore",
        help="take over changed points, drop or credit an exercise, and judge nothing anew",
        description="Give what is graded already the points that the course now has, drop an exercise or credit it to "
        "all. Nothing is judged anew; marks, extra credit and comments given by a person stay. Old and new totals are "
        "shown first, and nothing is written until that is confirmed. Exit code 1: nothing was written, or there is "
        "something to look at. See docs/grading-a-class.md.",
    )
    add_assignment_option(parser)
    add_course_option(parser)
    for option, words in (
        ("--drop", "let this exercise count for nobody"),
        ("--credit", "give all whose work is graded full marks for this exercise"),
        ("--judge", "let this exercise's verdicts count again"),
    ):
        parser.add_argument(option, action="append", default=[], metavar="NAME", help=f"{words}; can be repeated")
    parser.add_argument("--undo", action="store_true", help="go back to the points before the last rescore")
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and write nothing")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Show, ask and write, alone on this course."""
    return alone(arguments.course, lambda course: rescore(arguments, course))


def rescore(arguments, course) -> int:
    """Do what the command line asks, and return the exit code."""
    from grading.batch.folder import open_app, prepare, take_points
    from grading.batch.plan import Batch
    from grading.batch.rescoring import Rescoring
    from grading.batch.writer import Writer
    from grading.commands.grade import KEPT
    from grading.gradebook.database import check_gradebook, keep_copy
    from grading.gradebook.points import CREDITED, DROPPED, JUDGED, changed_points

    app = open_app(course)
    check_gradebook(app.coursedir.db_url, course / KEPT)
    parts = prepare(app, arguments.assignment)
    take_points(course, parts.values())
    counts = [(n, DROPPED) for n in arguments.drop] + [(n, CREDITED) for n in arguments.credit]
    counts += [(n, JUDGED) for n in arguments.judge]
    if len(dict(counts)) < len(counts) or (counts and arguments.undo):
        raise ValueError("an exercise is dropped, credited or judged: name it once, and not with --undo")
    with contextlib.ExitStack() as stack:
        writers = {name: Writer(app, arguments.assignment, name) for name in parts}
        for writer in writers.values():
            stack.callback(writer.close)
        work = Rescoring([Batch(writers[name], terms) for name, terms in parts.items()])
        if arguments.undo and work.unfinished:
            print("The last rescore, or its undoing, was not finished: that is done first. Then repeat --undo.")
        undo = arguments.undo and not work.unfinished
        states = work.kept if arguments.undo and not undo else work.before() if undo else work.wanted(dict(counts))
        if states[-1] == work.kept[-1] and not work.unfinished:
            print(f"Nothing changes: {arguments.assignment} has the points of the course already.")
            return 0
        totals, given = work.totals(states[-1]), work.by_hand(states[-1])
        print_shown(
            *changed_points(work.kept[-1], states[-1]),
            *totals_table(totals, maximum(work.kept[-1]), maximum(states[-1])),
            *(
                f"{who}: {name}: {score:g} of {most:g}, given by a person, stays and counts"
                for who, name, score, most in given
            ),
            *(f"{student}: LEFT AS IT IS: {reason}" for student, reason in sorted(work.left.items())),
        )
        if not agreed(arguments):
            print("Nothing was written.")
            return int(not arguments.dry_run)
        copy = keep_copy(app.coursedir.db_url, course / KEPT)
        outcome = work.write(states)
        print(f"Rescored {outcome.graded}." + (f" The gradebook before: {copy.relative_to(course)}" if copy else ""))
        failed = written_for_readers(course, arguments.assignment, work)
        for student, reason in sorted(outcome.unmarked.items()):
            print_shown(f"{student}: NOT WRITTEN: {reason}")
        if not undo:
            print(f"To go back: python -m grading rescore --assignment {arguments.assignment} --undo")
        return int(bool(work.left or outcome.unmarked or failed))


def written_for_readers(course, assignment, work):
    """Write pages and tables, and return which pages failed."""
    from grading.commands.grade import write_feedback
    from grading.gradebook.database import gradebook_of
    from grading.lms.grade_files import roster_of, write_grades

    failed = {}
    for batch in work.batches:
        failed |= write_feedback(batch.writer, batch)
    with gradebook_of(course) as gradebook:
        roster = roster_of(course, assignment, None)
        written, _ = write_grades(course, assignment, gradebook, roster, course / "grades" / assignment)
    print("\n".join(f"Wrote {path.relative_to(course)}" for path in written))
    return failed


def maximum(points):
    """Return what all exercises are worth together."""
    return sum(worth.maximum for worth in points.values())


def totals_table(totals, most_before, most_after):
    """Yield the lines of old and new totals, and a summary."""
    if not totals:
        yield "Nobody has a mark that would change."
        return
    width = max(7, *map(len, totals))
    yield f"{'student':{width}}  {f'of {most_before:g}':>8}  {f'of {most_after:g}':>8}  change"
    for student, (before, after) in sorted(totals.items()):
        old, change = ("-", "") if before is None else (f"{before:g}", moved(after - before))
        yield f"{student:{width}}  {old:>8}  {after:>8g}  {change}".rstrip()
    pairs = [(before, after) for before, after in totals.values() if before is not None]
    if not pairs:
        return
    changes = [after - before for before, after in pairs]
    more, less = (sum(sign * change > ROUNDING for change in changes) for sign in (1, -1))
    means = [f"{mean(each):.4g}" for each in zip(*pairs, strict=True)]
    yield (
        f"{len(pairs)} with a mark: {more} get more, {less} less, {len(pairs) - more - less} the same; mean "
        f"{means[0]} -> {means[1]}; the changes lie between {moved(min(changes))} and {moved(max(changes))}."
    )


def moved(change):
    """Return a change of points in words."""
    return "0" if abs(change) < ROUNDING else f"{change:+g}"


def agreed(arguments) -> bool:
    """Tell whether what was shown is to be written; a person is asked, where there is one."""
    if arguments.dry_run or arguments.yes:
        return arguments.yes and not arguments.dry_run
    if not sys.stdin.isatty():
        print("There is nobody to ask here: repeat with --yes to write this.")
        return False
    return input("Write this? [y/N] ").strip().lower() in ("y", "yes")
