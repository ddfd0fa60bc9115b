"""The gradebook in the hands of the batch: checked before use, copied before it changes, one transaction a submission.

nbgrader opens it anew in nearly every step, and each of them commits. Within `transaction` all of nbgrader's own code
shares one connection, so a submission's rows are there as a whole or not at all, and opening costs nothing.
"""

import contextlib
import csv
import io
import os
import sqlite3
import warnings
from datetime import datetime
from pathlib import Path

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    InvalidEntry,
    MissingEntry,
    Notebook,
    SourceCell,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, SAWarning, SQLAlchemyError
from sqlalchemy.orm import scoped_session, sessionmaker
from sqlalchemy.pool import NullPool

from grading.course import configuration
from grading.files import write
from grading.shown import as_cell

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, InvalidEntry)  # the last is what nbgrader makes of the first
PATIENCE = 30  # seconds to wait for another program's write
FOUND_AT_ONCE = {
    "find_source_cell": SourceCell,
    "find_graded_cell": GradeCell,
    "find_grade": Grade,
    "find_comment": Comment,
}
OVERWRITTEN = (
    "time",
    "assignment",
    "student",
    "exercise",
    "auto_score",
    "manual_score",
    "extra_credit",
    "comment",
    "verdict",
)


def sqlite_file(url: str) -> Path | None:
    """Return the gradebook's file; None where it is on a database server."""
    parts = make_url(url)
    return Path(parts.database) if parts.get_backend_name() == "sqlite" and parts.database else None


def check_gradebook(url: str, kept: Path) -> None:
    """Raise ValueError, with the way out, for a gradebook that is damaged, locked or on a server that does not answer.

    A file that is not there is fine. ``kept`` is the folder with the copies that `keep_copy` made.
    """
    path = sqlite_file(url)
    if path is None:
        return check_server(url)
    if not path.exists():
        return
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as connection:
            found = connection.execute("PRAGMA quick_check").fetchone()[0]
            connection.execute("BEGIN IMMEDIATE")
            connection.rollback()
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise ValueError(f"{path} cannot be opened: {error}") from None
        raise ValueError(
            f"{path} is locked by another program: close formgrader or whatever writes to it, then run this again"
        ) from None
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        copies = sorted(kept.glob("gradebook-*.db"))
        way = f"copy {copies[-1]} to {path}" if copies else "run this again for a new one"
        raise ValueError(
            f"{path} is damaged ({found}) and was left as it is. Move it away, {way}, then run this again: the "
            "verdicts in verdicts/ are kept, so nothing is graded twice"
        )


def check_server(url: str) -> None:
    """Raise ValueError for a database server that cannot be reached."""
    try:
        engine = connect(url)
        with contextlib.closing(engine.connect()):
            pass
        engine.dispose()
    except ModuleNotFoundError as error:
        raise ValueError(
            f"a gradebook on a server needs {error.name}, which is not installed: "
            'pip install -c constraints.txt -e ".[postgres]"'
        ) from None
    except SQLAlchemyError as error:
        raise ValueError(f"the gradebook's server cannot be used: {cause_of(error)}") from None


def cause_of(error: Exception) -> str:
    """Return what a database had to say, on one line."""
    return " ".join(str(getattr(error, "orig", error)).split())


def keep_copy(url: str, kept: Path) -> Path | None:
    """Copy the gradebook, whole, before it changes, and return the copy's path; a server's is not copied."""
    path = sqlite_file(url)
    if path is None or not path.exists():
        return None
    kept.mkdir(parents=True, exist_ok=True)
    copy = kept / f"gradebook-{datetime.now():%Y%m%d-%H%M%S-%f}.db"
    partial = copy.with_name(f".{copy.name}.partial")
    with (
        contextlib.closing(sqlite3.connect(path, timeout=PATIENCE)) as source,
        contextlib.closing(sqlite3.connect(partial)) as target,
    ):
        source.backup(target)
    partial.replace(copy)
    return copy


def connect(url: str):
    """Return an engine for the gradebook; with SQLite a transaction is one from its first statement on.

    It keeps no connection: a process that is forked must not share one.
    """
    if sqlite_file(url) is None:
        options = {"options": f"-c lock_timeout={PATIENCE}s"} if url.startswith("postgresql") else {}
        # Minutes may pass between two writes, and a server, or what is on the way to it, may have hung up.
        return create_engine(url, connect_args=options, poolclass=NullPool)
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection, _):
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


@contextlib.contextmanager
def transaction(engine):
    """Give a `Gradebook`, and let all that nbgrader opens meanwhile be the same one; commit at the end, or nothing.

    Only for this thread, and never one within another.
    """
    with engine.begin() as connection:
        session = scoped_session(
            sessionmaker(bind=connection, expire_on_commit=False, join_transaction_mode="rollback_only")
        )

        def join(self, db_url, course_id="default_course", authenticator=None):
            self.engine, self.db, self.course_id, self.authenticator = engine, session, course_id, authenticator
            self.check_course(course_id=course_id)

        replaced = {"__init__": join, "close": lambda self: None}
        replaced |= {find: at_once(getattr(Gradebook, find), kind) for find, kind in FOUND_AT_ONCE.items()}
        stock = {name: getattr(Gradebook, name) for name in replaced}
        for name, method in replaced.items():
            setattr(Gradebook, name, method)
        try:
            with warnings.catch_warnings():
                # nbgrader makes rows before it adds them; the same in its own commands.
                warnings.filterwarnings("ignore", "Object of type <Submitted", SAWarning)
                yield Gradebook(str(engine.url))
                session.flush()
        finally:
            for name, method in stock.items():
                setattr(Gradebook, name, method)
            session.remove()


def at_once(find, kind):
    """Return one of nbgrader's finders of a row, by its cell's name, that asks once for all of the notebook's rows.

    nbgrader asks for each by itself, a hundred times a submission.
    """
    known: dict[tuple, dict] = {}

    def find_at_once(self, name, notebook, assignment, *student):
        where = assignment, *student
        if (notebook, where) not in known:
            known[notebook, where] = dict(rows(self.db, kind, *where).filter(Notebook.name == notebook))
        return known[notebook, where].get(name) or find(self, name, notebook, *where)

    return find_at_once


def rows(session, kind, assignment, student=None):
    """Return a query for (name of the cell, row) of an assignment: a student's grades or comments, or its own cells."""
    if student is None:
        query = session.query(kind.name, kind).join(Notebook, Notebook.id == kind.notebook_id)
    else:
        query = session.query(BaseCell.name, kind).join(BaseCell, BaseCell.id == kind.cell_id)
        query = query.join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        query = query.join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        query = query.join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        query = query.filter(SubmittedAssignment.student_id == student)
    return query.join(Assignment, Assignment.id == Notebook.assignment_id).filter(Assignment.name == assignment)


def student_marks(gradebook, assignment: str, student: str, notebook: str | None = None) -> dict[str, tuple]:
    """Return {exercise: (auto_score, manual_score, extra_credit, comment)} of a student; empty for none.

    Those of one notebook, where it is named; two notebooks may have cells of one name.
    """
    written, given = (rows(gradebook.db, kind, assignment, student) for kind in (Comment, Grade))
    if notebook:
        written, given = (query.filter(Notebook.name == notebook) for query in (written, given))
    comments = {name: comment.manual_comment for name, comment in written}
    found = {}
    for cell, grade in given:
        name = cell.removeprefix("test_")
        found[name] = (grade.auto_score, grade.manual_score, grade.extra_credit, comments.get(name))
    return found


def keep_overwritten(path: Path, assignment: str, student: str, old: dict[str, tuple], verdict: str = "") -> None:
    """Append marks that are about to be overwritten to a table, but for what a run that was killed appended already.

    Arguments
        path: the table's; one that a spreadsheet, or a version before, has saved in another way stays beside a new one.
        assignment, student: whose marks they are.
        old: what `student_marks` returns of them.
        verdict: the name of the verdict that they were given by.
    """
    moment = datetime.now().astimezone()
    text, latest = io.StringIO(newline=""), {}
    if path.exists():
        try:
            text.write(path.read_text(encoding="utf-8"))
            rows = list(csv.reader(io.StringIO(text.getvalue(), newline="")))
            latest = {tuple(row[1:4]): row[4:] for row in rows}
        except (UnicodeDecodeError, csv.Error):
            rows = []
        if rows[:1] != [list(OVERWRITTEN)]:
            os.replace(path, path.with_name(f"marks-{moment:%Y%m%d-%H%M%S-%f}.csv"))
            text, latest = io.StringIO(newline=""), {}
    now = f"{moment:%Y-%m-%d %H:%M:%S %z}"
    writer = csv.writer(text)
    if not latest:
        writer.writerow(OVERWRITTEN)
    for exercise, row in sorted(old.items()):
        cells = [
            as_cell("" if value is None else str(value)) for value in (assignment, student, exercise, *row, verdict)
        ]
        if latest.get(tuple(cells[:3])) != cells[3:]:
            writer.writerow([now, *cells])
    write(path, text.getvalue().encode())


def submission_of(gradebook, assignment, student):
    """Return the gradebook's entry for a submission, or None."""
    try:
        return gradebook.find_submission(assignment, student)
    except MissingEntry:
        return None


def directory_of(course: Path) -> CourseDirectory:
    """Return nbgrader's view of a course folder, by its nbgrader_config.py or else this repository's."""
    return CourseDirectory(config=configuration(course), root=str(course.resolve()))


def gradebook_url(course: Path) -> str:
    """Return the URL of a course folder's gradebook."""
    return directory_of(course).db_url


def gradebook_of(course: Path):
    """Open nbgrader's gradebook of a course folder, for a ``with``.

    Raises ValueError where there is none, or where it cannot be read.
    """
    url = gradebook_url(course)
    path = sqlite_file(url)
    if path is None:
        check_server(url)
    elif not path.exists():
        raise ValueError(f"there is no {path.name} in {course}: run nbgrader generate_assignment there first")
    try:
        return Gradebook(url)
    except DatabaseError as error:
        raise ValueError(f"{path or 'the gradebook'} cannot be read: {error.orig}; put back a copy of it") from None
