"""`make demo`, and nbgrader's plain commands in a fresh clone: slow, since every command starts nbgrader anew."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS, filled, points, solutions

pytestmark = pytest.mark.slow


def run(folder, *command):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_demo_prints_a_mark_and_a_reason_for_each_submission():
    lines = run(REPOSITORY, sys.executable, "-m", "grading", "demo").splitlines()
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


def test_nbgraders_plain_commands_work_in_a_fresh_clone(tmp_path):
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", str(REPOSITORY), str(clone))
    for assignment, total in (("iterated_softmax", 20.0), ("temperature_range", 23.0)):
        run(clone, "nbgrader", "generate_assignment", assignment)
        assert run(clone, "git", "status", "--porcelain") == ""
        for student, answers in (("ana", solutions(assignment)), ("ben", {})):
            folder = clone / "submitted" / student / assignment
            folder.mkdir(parents=True)
            nbformat.write(filled(assignment, answers), folder / f"{assignment}.ipynb")
        run(clone, "nbgrader", "autograde", assignment)
        run(clone, "nbgrader", "generate_feedback", assignment)
        assert (clone / "feedback" / "ana" / assignment / f"{assignment}.html").exists()
        run(clone, "nbgrader", "export")
        rows = [line.split(",") for line in (clone / "grades.csv").read_text().splitlines()]
        scores = {row[3]: row[9] for row in rows if row[0] == assignment}
        assert scores == {"ana": str(total), "ben": "0.0"}
    assert run(clone, "git", "status", "--porcelain") == ""
