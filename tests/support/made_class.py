"""A made class with verdicts on this course's first notebook: who is better at one exercise is so at others."""

import random
from pathlib import Path

from grading.engine.verdict import NO_ANSWER
from grading.reports.class_data import Class, Member, Moved
from grading.reports.findings import Finding
from helpers.checks.compare import Result, Violation
from helpers.checks.report import Report
from helpers.support.language import english
from tests.support.course import CASES, FIRST, points

OUTCOMES = ("value", "raised", "shape", "nothing", "unattempted")
MISTAKES = (
    english("your numbers match a softmax that overflows or underflows: subtract the maximum before exp."),
    english("your numbers match `x * T`: the temperature divides"),
    None,
)
STOPPED = english("no answer came out, because {reason}", reason="line 3 ends Python: `exit()`")
SECTIONS = ("A", "B", "C", "")
POINTS = points(FIRST)
# Somebody may be called so.
ODD = {7: "Nguyễn Thị Minh Khai", 8: "=HYPERLINK(1)", 9: "<img src=x onerror=alert(1)>", 10: "s\x1b10\u202e"}


def made_class(size=200, seed=0):
    """Return a class of students, of whom every tenth has no mark."""
    chance = random.Random(seed)
    return Class(FIRST, POINTS, tuple(made_member(number, chance) for number in range(size)))


def made_member(number, chance):
    """Return one student: ability decides how much is right, and how far they got."""
    name = ODD.get(number, f"Last{number:03}, First{number:03}")
    of = {"id": f"s{number:03}", "name": name, "section": SECTIONS[number % 4], "folder": Path("nowhere")}
    if number % 10 == 4:
        findings = {each: Finding(each, graded=True, maximum=most) for each, most in POINTS.items()}
        if number % 20 == 4:
            return Member(**of, findings=findings, reason=english("nothing was handed in"))
        return Member(**of, findings=findings, status="not graded", reason=english("the file is not a notebook"))
    ability, reach = chance.random(), chance.choice([1.0, 1.0, 1.0, 0.8, 0.4])
    findings = {}
    for place, (exercise, most) in enumerate(POINTS.items()):
        report = made_report(exercise, ability, place < reach * len(POINTS), chance)
        findings[exercise] = Finding(
            exercise, "A section", graded=True, maximum=most, points=min(report.points, most), report=report
        )
        findings[exercise].score, findings[exercise].reason = findings[exercise].points, report.reason
        expected = CASES[FIRST][0].exercises[exercise]["cases"][0]["expected"]
        if report.passed and "one_of" in expected:
            findings[exercise].choice = chance.choice(expected["one_of"])
        elif report.passed and "guess" in expected:
            findings[exercise].number = round(10 ** chance.uniform(-2, 0), 3)
    moved = {"softmax_t": Moved(0.25, "2026-09-30 12:00:00 +0000")} if number % 7 == 1 else {}
    return Member(**of, status="graded", findings=findings, moved=moved, late_penalty=0.5 * (number % 5 == 0))


def made_report(exercise, ability, reached, chance):
    """Return a verdict on an exercise with this course's aspects and cases."""
    public, hidden = (file.exercises[exercise] for file in CASES[FIRST])
    luck = chance.random()
    if not reached or luck < 0.05:
        return Report(exercise, (), public["aspects"], graded=True, reason=NO_ANSWER["unattempted"])
    if luck < 0.08:
        return Report(exercise, (), public["aspects"], graded=True, reason=NO_ANSWER["undefined"])
    if luck < 0.1:
        return Report(exercise, (), public["aspects"], graded=True, reason=STOPPED)
    wrong = {aspect: chance.random() > 0.3 + 0.7 * ability for aspect in public["aspects"]}
    results = []
    for file, is_hidden in ((public, False), (hidden, True)):
        for case in file["cases"]:
            fails = wrong[case["aspect"]] and chance.random() < 0.7
            outcome = chance.choice(OUTCOMES) if fails else "passed"
            diagnosis = chance.choice(MISTAKES) if outcome == "value" else None
            got = english("a KeyError") if outcome == "raised" else None
            results.append(Result(case["name"], case["aspect"], is_hidden, outcome, got=got, diagnosis=diagnosis))
    used = (Violation("torch.softmax", ""),) if exercise == "softmax_t" and luck > 0.95 else ()
    return Report(exercise, tuple(results), public["aspects"], violations=used, graded=True)
