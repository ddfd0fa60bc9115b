"""One submission's verdict as Gradescope reads it, ``results.json``, and the same as text: `python -m grading one`.

A test is an aspect with its points, and what its public cases say; students always see it. What the cases at grading
say, by name and without values as on a feedback page, is a test without points, seen once marks are published. All is
plain text.
"""

from collections.abc import Iterator
from functools import partial

from grading.course import Course
from grading.engine.judge import exercise_of, is_judged
from grading.engine.record import Record
from grading.gradebook.points import IN_WORDS, Points, weigh
from grading.repair.editions import language_of
from grading.reports.feedback import ISOLATION, example, status
from grading.reports.findings import INSIDE, Finding, capital, findings, grouped_by_reason
from grading.reports.language import PageLanguage, page_language
from grading.shown import shown_text
from helpers.checks.cases import read_cases
from helpers.checks.compare import Result
from helpers.checks.report import short
from helpers.support.language import Message

VISIBLE, PUBLISHED = "visible", "after_published"
FORMATS = {"output_format": "text", "test_output_format": "text", "test_name_format": "text"}  # no HTML of anybody's
INDENT = "  "


def judged_results(record: Record, assignment: str, points: Points, course: Course, file: str) -> dict:
    """Return the ``results.json`` of a submission that was judged.

    Arguments
        record: what came out.
        assignment: its name.
        points: what the exercises are worth in the class; where it has none, a verdict's own count.
        course: has the public cases and the translations.
        file: the name of what was judged, with what there is to say of the choice.
    """
    notebook = record.notebook
    for cell in filter(is_judged, notebook.cells):
        weigh(cell, points.get(exercise_of(cell)))
    language = page_language(language_of(notebook.cells), course)
    found = [finding for finding in findings(notebook) if finding.maximum or finding.counts]
    shown = partial(example, read_cases(course.public(assignment)))
    for finding in found:
        finding.score = finding.points
    tests = [test for finding in found for test in exercise_tests(language, finding, assignment, shown)]
    isolation = sorted({finding.isolation for finding in found} - {""})
    output = "\n".join(submission_lines(language, record, found, file, isolation))
    score = sum(finding.score or 0.0 for finding in found)
    data = {"isolation": "; ".join(isolation), "verdict": record.key}
    return as_results(output, tests) | {"score": score, "extra_data": data}


def refused_results(reason: Message) -> dict:
    """Return the ``results.json`` of what can't be graded: the reason, and no score."""
    test = {"name": "Your file can't be graded", "status": "failed", "output": "The reason stands above."}
    return as_results(f"{reason}. So there is no mark yet, which is not a 0.", [test])


def as_results(output: str, tests: list[dict]) -> dict:
    """Return what every ``results.json`` has, with nothing in it that steers a terminal."""
    tests = [{"visibility": VISIBLE} | test | {"output": shown_text(test["output"])} for test in tests]
    return {"output": shown_text(output), "stdout_visibility": "hidden"} | FORMATS | {"tests": tests}


def submission_lines(language: PageLanguage, record: Record, found: list[Finding], file: str, isolation: list[str]):
    """Yield what is to say of the submission as a whole."""
    _ = language.text
    yield _("This file was graded: {file}", file=file)
    if record.repairs:
        yield f"\n{_('Your file was mended before grading')}:"
        yield from (f"- {capital(language.render(repair))}" for repair in record.repairs)
    if pending := [finding.exercise for finding in found if finding.score is None]:
        yield "\n" + _("This is not final: a person still has to mark {names}.", names=", ".join(pending))
    yield "\n" + _("Points are given for what was asked where all its cases pass, also those that run at grading only.")
    yield from (_("Your code ran {isolation}.", isolation=language.render(ISOLATION[each])) for each in isolation)


def exercise_tests(language: PageLanguage, finding: Finding, notebook: str, shown) -> Iterator[dict]:
    """Yield the tests of an exercise: its aspects, and what its cases at grading say.

    One whose points are not those of its aspects, or that a person marks, is one test.
    """
    name = finding.exercise
    if finding.counts or not finding.aspects:
        words = language.render(IN_WORDS[finding.counts]) if finding.counts else status(language, finding)[1]
        score = {} if finding.score is None else {"score": finding.score}
        yield {"name": name, "max_score": finding.maximum, "output": f"{capital(words)}."} | score
        return
    advised = False  # once is enough
    for aspect, earned, points in finding.aspects:
        lines = [*aspect_lines(language, finding, aspect, shown)]
        if earned == points:
            lines = [language.text("All its cases pass.")]
        elif not advised:
            lines = [*violation_lines(language, finding), *lines, section_advice(language, finding, notebook)]
            advised = True
        if finding.inside:
            lines.append(language.render(INSIDE))
        title = f"{name}: {language.text(aspect)}"
        yield {"name": title, "score": earned, "max_score": points, "output": "\n".join(lines).rstrip()}
    if failed := [result for result in finding.failed if result.hidden]:
        output = "\n".join(failure_lines(language, name, failed, shown))
        title = f"{name}: {language.text('what the cases at grading say')}"
        yield {"name": title, "status": "failed", "output": output, "visibility": PUBLISHED}


def section_advice(language: PageLanguage, finding: Finding, notebook: str) -> str:
    """Return what to read again, as the feedback page says it; empty where no heading stands above the exercise."""
    if not finding.section:
        return ""
    _, values = language.text, {"section": finding.section, "notebook": notebook}
    said = _("To read again: the section “{section}” of {notebook}.ipynb.", **values)
    if any(not result.hidden for result in finding.failed):
        said += " " + _(
            'There `check("{exercise}")` shows your values beside the expected ones.', exercise=finding.exercise
        )
    return f"\n{said}"


def aspect_lines(language: PageLanguage, finding: Finding, aspect: str, shown) -> Iterator[str]:
    """Yield what is to say of an aspect before marks are published."""
    failed = [result for result in finding.failed if result.aspect == aspect]
    public = [result for result in failed if not result.hidden]
    if finding.reason:
        yield f"{capital(language.render(finding.reason))}."
    if finding.violations:
        yield f"{language.text('Uses what is not allowed')}."
    yield from failure_lines(language, finding.exercise, public, shown)
    if failed and not public:  # and no more than that: each attempt would tell how many
        yield language.text(
            "No case in the notebook fails, but some at grading do: why stands below, once marks are published."
        )


def violation_lines(language: PageLanguage, finding: Finding) -> Iterator[str]:
    """Yield which forbidden ways an exercise uses, and what to do instead."""
    _ = language.text
    if finding.violations:
        yield f"{_('This exercise gives no points to code that uses one of these ways.')} {_(finding.report.advice)}"
    for each in finding.violations:
        yield f"{INDENT}- {each.name}" + (f", {_('in the line')} {each.line}" if each.line else "")


def failure_lines(language: PageLanguage, exercise: str, failed: list[Result], shown) -> Iterator[str]:
    """Yield why cases failed, their names, and of a public one what it asks and expects."""
    _ = language.text
    for reason, results in grouped_by_reason(failed):
        yield f"{capital(language.render(reason))}"
        if results[0].outcome == "raised" and results[0].diagnosis:
            yield f"{INDENT}{capital(language.render(results[0].diagnosis))}"
        yield from (f"{INDENT}- {_(result.name)}" for result in results)
        public = shown(exercise, results)
        if public and public["expected"]:
            yield f"{INDENT}{short(public['call']) or _(public['name'])} {_('should give')}"
            for label, text, rows in public["expected"]:
                numbers = [" ".join(text for text, _share in row) for row in rows]
                parts = [f"{label}:" if label else "", language.render(text), "; ".join(numbers)]
                yield f"{INDENT * 2}{' '.join(filter(None, parts))}"


def result_lines(results: dict) -> Iterator[str]:
    """Yield results as lines of text: a table of the points, with what is said where some are missing."""
    if "score" not in results:
        yield results["output"]
        return
    scores = [f"{test['score']:g} of {test['max_score']:g}" if "score" in test else "" for test in results["tests"]]
    width = max(map(len, scores), default=0)
    for score, test in zip(scores, results["tests"], strict=True):
        yield f"{score:>{width}}{INDENT}{test['name']}"
        if "score" not in test or test["score"] < test["max_score"]:
            yield from (f"{'':{width}}{INDENT * 2}{line}".rstrip() for line in test["output"].splitlines())
    maximum = sum(test.get("max_score", 0) for test in results["tests"])
    yield from ("", f"{results['score']:g} of {maximum:g} points", "", *results["output"].splitlines())
