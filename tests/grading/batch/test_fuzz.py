"""Whole classes of odd submissions: nobody else's mark changes, everyone has a mark or a reason, and the batch ends.

FUZZ_SEED=7 make test-slow    draws another class
"""

import os
import re
import subprocess
import sys
import time

import pytest

from grading.course import REPOSITORY
from grading.gradebook.database import directory_of, gradebook_of
from grading.gradebook.status import status_rows
from grading.sandbox.isolation import isolation
from tests.support.commands import adopt_orphans, left_running
from tests.support.course import FIRST, Trial
from tests.support.fuzz import Fuzz

SEED, COUNT = os.environ.get("FUZZ_SEED", "1"), 300
LIMITS = ("timeout=2", "wall_limit=15", "iopub_timeout=2", "memory_limit=2500000000", "require_isolation=True")
MOST_SECONDS = 900


@pytest.mark.slow
@pytest.mark.skipif(isolation() != "bubblewrap", reason="odd submissions run in bubblewrap only")
def test_a_class_of_odd_submissions_harms_nobody_and_ends(tmp_path, sandboxes):
    print(f"FUZZ_SEED={SEED}")
    fuzz, course = Fuzz(SEED, COUNT), Trial(tmp_path / "course")
    course.root.mkdir()
    course.generate(FIRST)
    (tmp_path / "class.zip").write_bytes(fuzz.archive())
    settings = (REPOSITORY / "nbgrader_config.py").read_text() + "".join(f"\nc.Judge.{limit}" for limit in LIMITS)
    (course.root / "nbgrader_config.py").write_text(settings)
    command = [sys.executable, "-m", "grading", "grade", tmp_path / "class.zip", "--course", course.root]
    with sandboxes:
        adopt_orphans()
        begun = time.monotonic()
        done = subprocess.run(
            [*command, "--assignment", FIRST, "--workers=2"],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
        )
        print(f"{time.monotonic() - begun:.0f} s", done.stderr[-3000:])
    assert done.returncode == 1 and "Traceback" not in done.stderr, "some have no mark, and that is all"
    assert "report.html" in done.stdout and "NO CLASS REPORT" not in done.stdout
    with gradebook_of(course.root) as gradebook:
        [entry] = gradebook.assignments
        rows = {row["student_id"]: row for row in status_rows(gradebook, entry, directory_of(course.root))}
    graded = {student.rpartition("-")[2]: row for student, row in rows.items()}
    told = {number for line in done.stdout.splitlines() for number in re.findall(r"(?<!\d)5\d{3}(?!\d)", line)}
    assert {str(number + 5000) for number in range(COUNT)} - graded.keys() - told == set(), "everybody is told of"
    marks = course.marks(FIRST)
    assert {number: marks[graded[str(number + 5000)]["student_id"]] for number in fuzz.honest} == fuzz.honest
    assert [row for row in rows.values() if row["score"] == "" and not row["reason"]] == []
    assert sum(row["score"] != "" for row in rows.values()) > COUNT / 2
    assert left_running() == []
    shown = done.stdout + done.stderr + (course.root / "grading.log").read_text()
    assert not any(sign in shown for sign in "\x1b\u202e\x00")
