"""Write the page that a student reads from a graded notebook, its verdicts, scores and comments.

Of a test cell it shows neither source nor other outputs, so hidden cases have only their names here. Expected values
come from the public case file and never from a submission. Everything stored is data; the words are found here.
"""

import re
from functools import cache, partial
from pathlib import Path

import jinja2
from markupsafe import Markup, escape
from nbformat import v4

from grading.gradebook.points import DROPPED, IN_WORDS
from grading.repair.doctor import kept_in, repairs_in
from grading.repair.editions import language_of
from grading.reports.expected import expected_parts
from grading.reports.findings import INSIDE, Finding, capital, findings
from grading.reports.language import page_language
from grading.reports.markdown import comment_shown
from grading.shown import shown_text
from helpers.checks.calls import call
from helpers.checks.cases import read_cases
from helpers.checks.decisions import VERDICTS
from helpers.checks.kinds import kind_of
from helpers.support.language import english

ISOLATION = {
    "bubblewrap": english("with bubblewrap, without network and without sight of other files than its own"),
    "user": english("as a user of its own, without network and without sight of other files than its own"),
    "limits": english("as an ordinary process with limits and an empty home folder"),
    "none": english("without isolation"),
}
LONGEST_SENTENCE, LONGEST_COMMENT = 200, 2000  # characters of one in a summary
MAIN = re.compile("<main>(.*)</main>", re.DOTALL)
WHOSE = re.compile('<title>.*?</title>|<p class="quiet" id="student">.*?</p>', re.DOTALL)
# The outcomes that an expected value helps to understand.
ABOUT_ANSWERS = ("raised", "nothing", "type", "keys", "shape", "length", "dtype", "value", "property")


def page(notebook, grades, scores, course):
    """Return the feedback page, in the language of the notebook.

    ``grades`` is what GetGrades found: student, assignment, notebook, score, max_score and late_penalty; ``scores``
    maps an exercise to its points, or to None; ``course`` has the public cases and the translations.
    """
    language = page_language(language_of(notebook.cells), course)
    found = findings(notebook)
    exercises = [finding for finding in found if finding.maximum or finding.comment or finding.counts]
    above = ""
    for finding in found:  # several checks may test what one cell defines
        above = finding.source or above
        finding.source = above if finding.report else finding.source
    for finding in exercises:
        finding.score = scores.get(finding.exercise)
    isolation = {finding.isolation for finding in exercises} - {""}
    return fill_template(
        "feedback.html.j2",
        language,
        **{key: grades[key] for key in ("student", "assignment", "notebook", "score", "max_score", "late_penalty")},
        exercises=exercises,
        decisions=[finding for finding in found if finding.graded and not finding.maximum and not finding.counts],
        kept=kept_in(notebook),
        example=partial(example, read_cases(course.public(grades["assignment"]))),
        inside=INSIDE,
        pending=[finding.exercise for finding in exercises if finding.graded and finding.score is None],
        repairs=repairs_in(notebook),
        python=notebook.metadata.get("language_info", {}).get("version"),
        isolation="; ".join(language.render(ISOLATION[name]) for name in sorted(isolation)),
    )


def plain_page(gradebook, assignment, student):
    """Return the page of a student whose notebook takes too much to read: it shows the score alone."""
    entry = gradebook.find_submission(assignment, student)
    score = max(0.0, entry.score - entry.late_submission_penalty), entry.max_score
    return fill_template("too_dear.html.j2", student=student, assignment=assignment, score=score)


def main_part(page):
    """Return what a feedback page shows, as HTML without the page around it."""
    return MAIN.search(page)[1].strip()


def without_student(page):
    """Return a feedback page that does not say whose it is, as the members of a group have it in common."""
    return WHOSE.sub("", page)


def fill_template(template, language=None, **values):
    """Fill a template of ``templates/``, in English where no language is given; every value is escaped."""
    return shown_text(templates(language or page_language()).get_template(template).render(values))


@cache
def templates(language):
    """Return the templates in a language, each translated and compiled once."""
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {filter.__name__: filter for filter in (breakable, score_text, escape_prose, comment)}
    worded = (decision, points, sentence, sides, status)
    environment.filters |= {filter.__name__: partial(filter, language) for filter in worded}
    environment.filters["text"] = language.text
    environment.globals.update(_=language.text, lang=language.code)
    return environment


def escape_prose(text):
    """Escape words and set what stands between backticks as code."""
    words, *rest = text.split("`")
    code = [Markup("<code>{}</code>").format(part) if i % 2 == 0 else escape(part) for i, part in enumerate(rest)]
    return escape(words) + Markup("").join(code)


def comment(text):
    """Return an instructor's comment, which is Markdown, as HTML that does no harm."""
    return Markup(comment_shown(text))


def sentence(language, message):
    """Return a stored message in words, as a sentence begins."""
    return escape_prose(capital(language.render(message)))


def breakable(name):
    """Escape a name and let a narrow screen break it after an underscore."""
    return Markup("_<wbr>").join(map(escape, str(name).split("_")))


def score_text(value):
    return f"{value:g}"


def points(language, finding):
    """Return the score and the maximum of an exercise; a score that is not there is no 0."""
    score = "–" if finding.score is None else score_text(finding.score)
    return language.text("{score} of {maximum:g}", score=score, maximum=finding.maximum) if finding.graded else score


def decision(language, finding):
    """Return what a student decided on a claim, in words."""
    if finding.choice is None:
        return language.text("not decided")
    return language.render(VERDICTS.get(finding.choice, str(finding.choice)))


def status(language, finding):
    """Return (kind, words) for an exercise: kind is good, some or none, and the words say the same."""
    _ = language.text
    if finding.counts == DROPPED or (finding.counts and finding.score == finding.points):
        return "some" if finding.counts == DROPPED else "good", sentence(language, IN_WORDS[finding.counts])
    if finding.score is None:
        return "some", _("Not marked yet") if finding.graded else _("Without points")
    if finding.score >= finding.maximum:
        return "good", _("Full marks")
    if finding.violations:
        return "none", _("Uses what is not allowed")
    if finding.score > 0:
        return "some", _("Partly right")
    return "none", _("Wrong") if finding.results or not finding.reason else sentence(language, finding.reason)


# What goes into a cell of a table that an LMS reads


def read_brief(course, points, scores, path=None):
    """Return the language of an autograded notebook and its `brief`, or without a ``path`` that of the scores alone.

    ``points`` has what each exercise is worth, ``scores`` what it got, None where there is no mark.
    """
    graded = v4.reads(path.read_text("utf-8")) if path else v4.new_notebook()  # not validated: nbgrader has done that
    known = {finding.exercise: finding for finding in findings(graded)}
    exercises = [known.get(name) or Finding(name, graded=True, maximum=most) for name, most in points.items()]
    for finding in exercises:
        finding.score = scores.get(finding.exercise)
    language = page_language(language_of(graded.cells), course)
    return language.code, brief(language, exercises)


def brief(language, exercises):
    """Return HTML, on one line: which exercises have full marks; of each other its points, and what cost some first."""
    marked = [finding for finding in exercises if finding.maximum and finding.score is not None]
    full = [finding.exercise for finding in marked if finding.score >= finding.maximum]
    lines = [escape(f"{language.text('Full marks')}: {', '.join(full)}")] if full else []
    for finding in (finding for finding in marked if finding.exercise not in full):
        mistakes = filter(None, finding.mistakes())
        why = next((capital(language.render(mistake)) for mistake in mistakes), "") or status(language, finding)[1]
        lines.append(Markup("{}: {}. {}").format(finding.exercise, points(language, finding), escape_prose(cut(why))))
    return Markup("<br>").join(lines)


def remarks(language, comments):
    """Return the HTML of {exercise: an instructor's comment}; a long one is cut."""
    heading = language.text("Your instructor's comment")
    return Markup().join(
        Markup("<p>{}, {}:</p>{}").format(heading, exercise, comment(cut(text, LONGEST_COMMENT)))
        for exercise, text in comments.items()
    )


def cut(text, most=LONGEST_SENTENCE):
    """Return a text, or as much of it as may be, and a sign that there is more."""
    return text if len(text) <= most else f"{text[:most]} …"


# What a public case asks and expects


def sides(language, results):
    """Return the names of the public cases, and those of the hidden ones."""
    return [[language.text(result.name) for result in results if result.hidden == hidden] for hidden in (False, True)]


def example(file, exercise, results):
    """Return the first public case that failed by its answer, as ``{"name", "call", "expected"}``, or None.

    ``call`` is Python, or empty where nothing is called. ``expected`` is a list of (label, text, rows): either
    text, or rows of (number as text, share of 1 or None).
    """
    known = {case["name"]: case for case in file.exercises.get(exercise, {}).get("cases", ())}
    for result in results:
        if not result.hidden and result.name in known and result.outcome in ABOUT_ANSWERS:
            case = known[result.name]
            parts = expected_parts(kind_of(case["expected"], file.tensors))
            expected = [(label, text, [numbers(row) for row in rows]) for label, text, rows in parts]
            if not expected and result.expected:
                expected = [("", result.expected, [])]
            return {
                "name": case["name"],
                "call": call(file.function(exercise), case, file.tensors),
                "expected": expected,
            }
    return None


def numbers(row):
    """Return (text, share) for every number: the length of its bar where all are a distribution, else None."""
    shares = all(value >= 0 for value in row) and abs(sum(row) - 1) < 1e-6
    return [(f"{value:.3g}", float(value) if shares else None) for value in row]
