"""``python -m grading one``: judge one submission, for Gradescope, GitHub Classroom and any CI; no gradebook is there.

SUBMISSION --collect's rule--> its bytes --doctor, judge--> record --points--> results.json, or the same as text
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from grading.batch.executors import Workers
from grading.batch.folder import terms_of
from grading.batch.plan import error_message
from grading.commands.grade import warning_of_isolation
from grading.commands.options import add_course_option
from grading.course import OfCourse, configuration, sources_in
from grading.engine.record import FAILED, NOT_GRADABLE, Record, Terms, judged
from grading.gradebook.points import in_force
from grading.lms.collect import NothingHandedIn, collect_submissions, released_path
from grading.repair.doctor import OUR_FAILURE
from grading.repair.intake import NotGradable
from grading.reports.results import judged_results, refused_results, result_lines
from grading.shown import print_shown
from helpers.support.language import plain

STUDENT = "student"  # a submission says nothing of whose it is
TRIES = 2  # the second one counts where the first is in doubt, as in a batch


def add_command(commands):
    """Add ``one`` to the subcommands of ``python -m grading``."""
    parser = commands.add_parser(
        "one",
        help="judge one notebook and print what its student is told, for Gradescope and CI",
        description="Judge one submission as make grade does, without a gradebook. SUBMISSION is a notebook, a zip, or "
        "a folder with what a student handed in: the newest notebook with an answer counts. Exit code 0: it is judged. "
        "1: it can't be graded, and the output says why. 2: grading itself failed, and nothing is written to stdout.",
    )
    parser.add_argument("submission", type=Path, metavar="SUBMISSION", help="what a student handed in")
    parser.add_argument("--assignment", metavar="NAME", help="default: the one whose exercises are in there")
    add_course_option(parser)
    parser.add_argument("--json", action="store_true", help="print Gradescope's results.json")
    parser.set_defaults(run=run)


def run(arguments) -> int:
    """Judge it, print the results, and return the exit code."""
    folder = arguments.course.resolve()
    config = configuration(folder)
    course = OfCourse(config=config).course
    try:
        name, file, content = chosen_notebook(arguments.submission, arguments.assignment, course)
        path = released_path(name, folder, course)
        terms = terms_of(config, name, path, folder, sources_in(course.source(name) / path.name))
        print(warning_of_isolation(terms.private), end="", file=sys.stderr)
        record = judged_alone(content, terms)
        if record.status == NOT_GRADABLE:
            raise NotGradable(plain(f"{file}: {record.reason}"))
        if record.status == FAILED:
            raise ValueError(f"{file} could not be judged, which is no student's mistake: {record.reason}")
        found, code = judged_results(record, name, in_force(folder, name), course, file), 0
    except NotGradable as refusal:
        found, code = refused_results(refusal.reason), 1
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        print_shown(*result_lines(found))
    return code


def chosen_notebook(submission: Path, assignment: str | None, course) -> tuple[str, str, bytes]:
    """Return the assignment, the name and the bytes of the notebook that counts, by the rule of `collect`.

    Raises `NotGradable` where there is none, and ValueError where the assignment is not known, or we fail to read it.
    """
    released = sorted({path.parent.name for path in course.folder.glob("release/*/*.ipynb")})
    taken, refused = [], []
    with tempfile.TemporaryDirectory() as scratch:
        source = submission
        if submission.is_file():
            source = Path(scratch, "in")
            source.mkdir()
            shutil.copy2(submission, source)
        for name in [assignment] if assignment else released:
            into = Path(scratch, "out", name)
            try:
                found = collect_submissions(source, name, into, course=course, student=STUDENT)
            except NothingHandedIn:
                raise NotGradable(plain("No file was handed in: hand in the notebook, the .ipynb file")) from None
            refused += [f"{file}: {reason}" for _, file, reason in found.refused]
            if any(reason.id == OUR_FAILURE.id for *_, reason in found.refused):
                raise ValueError("; ".join(refused))
            place = into / "submitted" / STUDENT / name / released_path(name, into, course).name
            doubts = "".join(f"; {sentence}" for _, sentence in found.unsure)
            taken += [(name, f"{file}{doubts}", place.read_bytes()) for _, file, *_ in found.taken]
    if len(taken) > 1:
        raise ValueError(f"{submission} holds exercises of {', '.join(name for name, *_ in taken)}: give --assignment")
    if not taken:
        raise NotGradable(plain("; ".join(dict.fromkeys(refused))))
    return taken[0]


def judged_alone(content: bytes, terms: Terms) -> Record:
    """Return the record of a submission, of a second try where the first is in doubt; our own failure is a record."""
    with Workers(0) as workers:
        for _ in range(TRIES):
            future = workers.executor.submit(judged, content, terms, terms.version)
            error = future.exception()
            record = Record("", FAILED, error_message(error), doubtful=True) if error else future.result()
            if not record.doubtful:
                break
    return record
