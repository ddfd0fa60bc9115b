"""`make demo`, and nbgrader's plain commands in a fresh clone: most slow, since every command starts nbgrader anew."""

import nbformat
import pytest

from grading.commands.demo import what_stopped
from grading.course import REPOSITORY
from tests.support.commands import python, run
from tests.support.course import ASSIGNMENTS, filled, points, solutions

LOG = """\
[AutogradeApp | ERROR] There was an error processing assignment: /tmp/x
[AutogradeApp | ERROR] Traceback (most recent call last):
      File "/usr/lib/python3/judge.py", line 64, in preprocess
        raise RuntimeError("{0}")
    {1}

[AutogradeApp | WARNING] Removing failed assignment: /tmp/x
"""


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (LOG.format("no", "RuntimeError: the sandbox did not start: it ended without a word") * 3, 1),
        (LOG.format("a", "OSError: full") + LOG.format("b", "grading.repair.intake.NotGradable: it is torn"), 1),
        (LOG.format("a", "LookupError: there are no cases for 'halve'") + LOG.format("b", "sqlite3.Error: locked"), 2),
        ("nbgrader: command not found\n", 1),
    ],
)
def test_of_nbgraders_log_the_demo_says_each_reason_once(log, said):
    found = what_stopped(log)
    assert len(found) == said and all(line in log and "\n" not in line for line in found)
    assert not any(line.startswith(("File", "raise", "[", "grading.repair.intake.NotGradable")) for line in found)


@pytest.mark.slow
def test_the_demo_prints_a_mark_and_a_reason_for_each_submission():
    lines = python("-m", "grading", "demo").splitlines()
    marks = {line.split()[0]: line.split()[1] for line in lines if line and line[0] != " "}
    worth = points(ASSIGNMENTS[0])
    total, most = sum(worth.values()), max(worth.values())
    half = list(solutions(ASSIGNMENTS[0]))[1::2]
    assert (marks["solved"], marks["blank"], marks["broken_file"]) == (f"{total:g}", "0", "-")
    assert marks["half_right"] == f"{sum(worth.get(name, 0) for name in half):g}"
    assert marks["wrong_no_return"] == marks["wrong_not_allowed"] == f"{total - most:g}"
    assert total - most < float(marks["wrong_numbers"]) < total
    said = " ".join(" ".join(lines).split())
    assert "not graded: the file ends in the middle" in said and "does it end with `return`" in said
    assert "Uses torch.softmax, which this exercise does not allow" in said and "Your numbers match a softmax" in said


@pytest.mark.slow
def test_nbgraders_plain_commands_work_in_a_fresh_clone(tmp_path):
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", REPOSITORY, clone)
    for assignment in ASSIGNMENTS:
        total = sum(points(assignment).values())
        run("nbgrader", "generate_assignment", assignment, cwd=clone)
        assert run("git", "status", "--porcelain", cwd=clone) == ""
        for student, answers in (("ana", solutions(assignment)), ("ben", {})):
            folder = clone / "submitted" / student / assignment
            folder.mkdir(parents=True)
            nbformat.write(filled(assignment, answers), folder / f"{assignment}.ipynb")
        run("nbgrader", "autograde", assignment, cwd=clone)
        run("nbgrader", "generate_feedback", assignment, cwd=clone)
        assert (clone / "feedback" / "ana" / assignment / f"{assignment}.html").exists()
        run("nbgrader", "export", cwd=clone)
        rows = [line.split(",") for line in (clone / "grades.csv").read_text().splitlines()]
        scores = {row[3]: row[9] for row in rows if row[0] == assignment}
        assert scores == {"ana": f"{total:g}", "ben": "0"}
    assert run("git", "status", "--porcelain", cwd=clone) == ""
