"""Time grading a class, ours against nbgrader's own: ``make bench-grading``.

In one run, on the same submissions: from the submitted files to the rows in the gradebook, no feedback on either side.
Stock `nbgrader autograde` runs in a folder without our configuration. It takes the same time for each submission, so a
few tell what a class would take; all of them with ``--stock 120``.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS, Trial, filled, solutions


def hand_in(course, students):
    """Hand in both assignments for each student: all solved, most solved, or half solved, in turn."""
    for assignment in ASSIGNMENTS:
        solved = solutions(assignment)
        for i in range(students):
            left_out = list(solved)[i % 3 :: 4] if i % 3 else []
            answers = {name: source for name, source in solved.items() if name not in left_out}
            course.submit(f"student{i:03}", assignment, filled(assignment, answers))


class Memory(threading.Thread):
    """Follows the memory of a process and its descendants: the proportional share, so that pages count once."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peak = psutil.Process(process.pid), 0
        self.start()

    def run(self):
        while self.process.is_running():
            total = 0
            for process in [self.process, *self.descendants()]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)
            time.sleep(0.5)

    def descendants(self):
        try:
            return self.process.children(recursive=True)
        except psutil.Error:
            return []


def timed(command, cwd, environment=None):
    """Run a command; return its seconds, its peak memory in bytes, and what it printed."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    memory = Memory(process)
    output = process.communicate()[0]
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output[-3000:]}")
    return time.monotonic() - begun, memory.peak, output


def ours(root, workers):
    """Grade both assignments with `python -m grading grade`; return seconds, peak memory and the stages' shares."""
    seconds, peak, outputs = 0.0, 0, ""
    for assignment in ASSIGNMENTS:
        command = [sys.executable, "-m", "grading", "grade", "--course", root, "--assignment", assignment]
        command += ["--no-feedback", "--no-report", "--workers", str(workers), "--timing"]
        took, memory, output = timed(command, REPOSITORY)
        seconds, peak, outputs = seconds + took, max(peak, memory), outputs + output
    return seconds, peak, [line for line in outputs.splitlines() if line.startswith("timing:")]


def stock(root):
    """Grade both assignments with nbgrader as it comes; return seconds and peak memory."""
    seconds, peak = 0.0, 0
    for assignment in ASSIGNMENTS:
        command = [sys.executable, "-m", "nbgrader", "autograde", assignment, f"--CourseDirectory.root={root}"]
        took, memory, _ = timed(command, root)
        seconds, peak = seconds + took, max(peak, memory)
    return seconds, peak


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[24, 120], help="submissions of each assignment")
    parser.add_argument(
        "--stock", type=int, default=6, help="submissions of each assignment that stock nbgrader grades"
    )
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rates = []
        for name, size in [("stock", arguments.stock), *(("ours", size) for size in arguments.sizes)]:
            root = Path(folder) / f"{name}{size}"
            root.mkdir()
            course = Trial(root, config=root if name == "stock" else REPOSITORY)
            course.generate()
            hand_in(course, size)
            seconds, peak, *stages = stock(root) if name == "stock" else ours(root, arguments.workers)
            rates.append(60 * 2 * size / seconds)
            print(
                f"{name:5} {size:4} submissions of each assignment: {seconds:6.1f} s, {rates[-1]:6.1f} a minute, "
                f"{rates[-1] / rates[0]:4.1f} times stock, peak {peak / 2**20:,.0f} MiB",
                flush=True,
            )
            for lines in stages:
                print("\n".join(f"      {line}" for line in lines), flush=True)
            shutil.rmtree(root)


if __name__ == "__main__":
    main()
