"""Print the kill matrix's counts (``python -m tests.support.bank [seed ...]``); exit code 1 for a wrong verdict."""

import sys

from grading.authoring.draw import hidden_bytes
from helpers.checks.cases import parsed
from tests.support.bank import BANKED, answers
from tests.support.bank.matrix import judge
from tests.support.course import ASSIGNMENTS, CASES, COURSE, assignment_of, case_files


def main(seeds):
    misjudged = []
    files = {"committed": {assignment: hidden for assignment, (_, hidden) in CASES.items()}}
    for seed in seeds:
        files[seed] = {assignment: parsed(hidden_bytes(COURSE, assignment, seed)) for assignment in ASSIGNMENTS}
    for seed, hidden in files.items():
        print(f"hidden cases: {seed}\n{'exercise':30} {'wrong':>6} {'public':>7} {'hidden':>7} {'right':>6}")
        for exercise in BANKED:
            cases = case_files(exercise)[0], hidden[assignment_of(exercise)]
            rows = [judge(exercise, answer, *cases) for answer in answers(exercise).values()]
            misjudged += [(seed, exercise, row.answer.name) for row in rows if row.full != row.answer.right]
            wrong = [row for row in rows if not row.answer.right]
            counts = len(wrong), sum(r.caught_in_public for r in wrong), sum(r.caught_in_hidden for r in wrong)
            print(f"{exercise:30} {counts[0]:6} {counts[1]:7} {counts[2]:7} {len(rows) - counts[0]:6}")
    for seed, exercise, name in misjudged:
        print(f"misjudged with {seed}: {exercise}.{name}")
    return 1 if misjudged else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
