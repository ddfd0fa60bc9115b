"""The gradebook on a PostgreSQL server: a real one of Debian's, in a temporary folder, and stopped in mid-run."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from grading.__main__ import main
from grading.batch.writer import RecordedAutograde, Writer
from grading.course import REPOSITORY
from grading.gradebook.database import gradebook_of
from tests.support.course import Trial
from tests.support.small_course import ASSIGNMENT, generate, hand_in, mixed_class

MARKS = mixed_class(4)
BINARIES = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("CI" in os.environ, reason="no database server is wanted in CI"),
    pytest.mark.skipif(not BINARIES, reason="there is no PostgreSQL here: apt install postgresql"),
]


class Server:
    """A PostgreSQL server that listens on a socket in its folder only. As root it runs as another user: it must."""

    def __init__(self, folder):
        self.folder, self.user = folder, "nobody" if os.getuid() == 0 else None
        if self.user:
            os.chown(folder, pwd.getpwnam(self.user).pw_uid, -1)
        self.do("initdb", "--auth=trust", "--username=grader", "--encoding=UTF8", "--no-sync")

    def do(self, command, *options):
        subprocess.run(
            [BINARIES[-1] / command, "--pgdata", self.folder / "data", *options],
            cwd=self.folder,
            user=self.user,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    def start(self):
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self.do("pg_ctl", "start", "--wait", f"--log={self.folder / 'log'}", f"--options={options}")

    def stop(self, mode="immediate"):
        self.do("pg_ctl", "stop", "--wait", f"--mode={mode}")

    def run(self, statement):
        import psycopg

        with psycopg.connect(f"dbname=postgres user=grader host={self.folder}", autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("psycopg", reason='psycopg is missing: pip install -c constraints.txt -e ".[postgres]"')
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # pytest's own are closed to other users, and their paths long
    server = Server(folder)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def ungraded(server, tmp_path_factory):
    """A class of four that has handed in; the configuration names the server, where there is nothing yet."""
    root = tmp_path_factory.mktemp("class")
    generate(root)
    (root / "gradebook.db").unlink()
    hand_in(root, MARKS)
    return root


@pytest.fixture
def course(server, ungraded, tmp_path):
    """A copy of the class, with an empty database."""
    server.run("create database course")
    shutil.copytree(ungraded, tmp_path, dirs_exist_ok=True)
    settings = (REPOSITORY / "nbgrader_config.py").read_text()
    settings = settings.replace("Path(__file__).resolve().parent", f"Path({str(REPOSITORY)!r})")
    ours = f'c.CourseDirectory.db_url = "postgresql+psycopg://grader@/course?host={server.folder}"\n'
    ours += 'c.CourseDirectory.course_id = "on-a-server"\n'
    (tmp_path / "nbgrader_config.py").write_text(f"{settings}\n{ours}")
    yield Trial(tmp_path, config=tmp_path)
    server.run("drop database course with (force)")


def grade(course, *options):
    where = ["--course", str(course.root), "--assignment", ASSIGNMENT]
    return main(["grade", *where, "--workers=0", "--no-report", *options])


def during_a_write(number, monkeypatch, act):
    """Call ``act`` within the given write's transaction; return the list of all that have been written."""
    written, begun, write, run = [], [], Writer.write, RecordedAutograde.run

    def counted(self, student, record):
        moved = write(self, student, record)
        written.append(student)
        return moved

    def interrupted(self):
        begun.append(1)
        if len(begun) == number:
            act()
        run(self)

    monkeypatch.setattr(Writer, "write", counted)
    monkeypatch.setattr(RecordedAutograde, "run", interrupted)
    return written


def test_a_class_is_graded_while_others_read(course, monkeypatch, tmp_path, capsys):
    seen = []

    def read():
        with gradebook_of(course.root) as gradebook:
            seen.extend(student.id for student in gradebook.students)

    during_a_write(3, monkeypatch, read)
    roster = tmp_path / "roster.csv"
    roster.write_text("id,first_name,last_name\n" + "".join(f"{student},Student,{student}\n" for student in MARKS))
    assert grade(course, "--roster", str(roster), "--due=2026-09-01T12:00") == 0
    assert seen == sorted(MARKS), "a page of formgrader's waits for nothing"
    assert course.marks(ASSIGNMENT) == MARKS
    assert not (course.root / "gradebook.db").exists()
    capsys.readouterr()
    assert grade(course) == 0
    assert "0 to grade, 0 judged before, to be written to the gradebook, 4 done already" in capsys.readouterr().out

    where = ["--assignment", ASSIGNMENT, "--course", str(course.root)]
    assert main(["grades", *where, "--to", str(tmp_path / "grades")]) == 0
    assert (tmp_path / "grades" / "grades.csv").read_bytes() == (
        course.root / "grades" / ASSIGNMENT / "grades.csv"
    ).read_bytes()
    assert main(["report", *where, "--to", str(tmp_path / "report")]) == 0
    done = course.nbgrader("generate_feedback", ASSIGNMENT, "--force")
    assert done.returncode == 0, done.stderr


def test_a_server_that_stops_is_said_in_a_sentence_and_the_next_run_goes_on(course, server, monkeypatch, capsys):
    written = during_a_write(3, monkeypatch, server.stop)
    assert grade(course, "--no-feedback") == 2
    message = capsys.readouterr().err
    assert "the gradebook could not be written: " in message and "what is graded is kept" in message
    assert "Traceback" not in message
    assert grade(course, "--no-feedback") == 2
    assert "the gradebook's server cannot be used: " in capsys.readouterr().err
    server.start()
    assert grade(course, "--no-feedback") == 0
    assert "1 to grade, 1 judged before, to be written to the gradebook, 2 done already" in capsys.readouterr().out
    assert sorted(written) == sorted(MARKS), "each is written once, in one run or the other"
    assert course.marks(ASSIGNMENT) == MARKS


def test_a_connection_that_was_cut_between_two_writes_is_renewed(course, server, monkeypatch):
    move = Writer.move

    def cut(*arguments):
        server.run("select pg_terminate_backend(pid) from pg_stat_activity where datname = 'course'")
        return move(*arguments)

    monkeypatch.setattr(Writer, "move", cut)
    assert grade(course, "--no-feedback") == 0
    assert course.marks(ASSIGNMENT) == MARKS


def test_a_program_that_holds_a_table_is_waited_for_and_then_named(course, server, monkeypatch, capsys):
    import psycopg

    assert grade(course, "--no-feedback", "--student=student00") == 0
    monkeypatch.setattr("grading.gradebook.database.PATIENCE", 1)
    with psycopg.connect(f"dbname=course user=grader host={server.folder}") as other:
        other.execute("lock table grade in exclusive mode")
        assert grade(course, "--no-feedback", "--student=student01") == 2
        assert "lock timeout" in capsys.readouterr().err
    assert grade(course, "--no-feedback", "--student=student01") == 0


def test_a_missing_driver_is_named(course, capsys):
    path = course.root / "nbgrader_config.py"
    path.write_text(path.read_text() + '\nc.CourseDirectory.db_url = "postgresql+asyncpg://nobody@localhost/none"\n')
    assert grade(course) == 2
    message = capsys.readouterr().err
    assert "a gradebook on a server needs asyncpg, which is not installed: pip install" in message
