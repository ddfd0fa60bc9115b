"""Turn a graded notebook into the page that its student reads: `nbgrader generate_feedback`'s last step.

`FeedbackExporter` is set as ``GenerateFeedback.exporter_class`` (nbgrader_config.py). The page is written from the
verdicts, from the gradebook's scores and comments, and from the student's own solutions. Of a test cell it shows
neither source nor other outputs, so hidden cases have only their names here. Expected values come from the public case
file and never from a submission.
"""

from functools import partial
from pathlib import Path

import jinja2
import numpy as np
from markupsafe import Markup, escape

from grading.repair.doctor import repairs_in
from grading.repair.editions import language_of
from grading.reports.findings import AT_GRADING, findings
from grading.reports.language import PageLanguage, page_language
from helpers.checks.cases import CaseFile, parsed
from helpers.support.language import english

ISOLATION = {
    "bubblewrap": english("with bubblewrap, without network and without sight of other files than its own"),
    "limits": english("as an ordinary process with limits and an empty home folder"),
    "none": english("without isolation"),
}
ABOUT_ANSWERS = ("type", "shape", "dtype", "value")  # the outcomes that an expected value helps to understand
LARGEST_SHOWN = 16  # numbers of an argument or an expected value; longer ones tell a reader nothing


def page(notebook, grades, scores, course):
    """Return the feedback page, in the language of the notebook.

    ``grades`` is what GetGrades found: student, assignment, notebook, score, max_score and late_penalty; ``scores``
    maps an exercise to its points, or to None; ``course`` has the public cases and the translations.
    """
    language = page_language(language_of(notebook.cells), course)
    path = course.case_file(grades["assignment"], "public")  # an assignment of the instructor's own has none
    public = parsed(path.read_bytes()) if path.exists() else CaseFile({}, {})
    exercises = [finding for finding in findings(notebook, public) if finding.graded or finding.comment]
    for finding in exercises:
        finding.score = scores.get(finding.exercise)
    isolation = {finding.isolation for finding in exercises} - {""}
    return render(
        "feedback.html.j2",
        language,
        **{key: grades[key] for key in ("student", "assignment", "notebook", "score", "max_score", "late_penalty")},
        exercises=exercises,
        example=partial(example, public),
        pending=[finding.exercise for finding in exercises if finding.graded and finding.score is None],
        repairs=repairs_in(notebook),
        isolation="; ".join(language.stored(ISOLATION.get(word, word)) for word in sorted(isolation)),
    )


def render(template, language=None, **values):
    """Fill a template of ``grading/templates``, in English where no language is given; every value is escaped."""
    language = language or PageLanguage()
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    for filter in (breakable, number, points, prose, sides, status):
        environment.filters[filter.__name__] = partial(filter, language) if filter in (points, status) else filter
    environment.filters["stored"] = language.stored
    environment.globals.update(_=language.text, lang=language.code)
    return environment.get_template(template).render(values)


def prose(text):
    """Escape words and set what stands between backticks as code."""
    words, *rest = text.split("`")
    code = [Markup("<code>{}</code>").format(part) if i % 2 == 0 else escape(part) for i, part in enumerate(rest)]
    return escape(words) + Markup("").join(code)


def breakable(name):
    """Escape a name and let a narrow screen break it after an underscore."""
    return Markup("_<wbr>").join(map(escape, str(name).split("_")))


def number(value):
    return f"{value:g}"


def points(language, finding):
    """Return the score and the maximum of an exercise; a score that is not there is no 0."""
    score = "–" if finding.score is None else number(finding.score)
    return language.text("{score} of {maximum:g}", score=score, maximum=finding.maximum) if finding.graded else score


def status(language, finding):
    """Return (kind, words) for an exercise: kind is good, some or none, and the words say the same."""
    _ = language.text
    if finding.score is None:
        return "some", _("Not marked yet") if finding.graded else _("Without points")
    if finding.score >= finding.maximum:
        return "good", _("Full marks")
    if finding.violations:
        return "none", _("Uses what is not allowed")
    if finding.score > 0:
        return "some", _("Partly right")
    return "none", _("Wrong") if finding.cases else language.stored(finding.result)


# What a public case asks and expects


def sides(cases):
    """Return the names of the public cases, and those of the hidden ones without what marks them."""
    names = [case["name"] for case in cases]
    public = [name for name in names if not name.startswith(AT_GRADING)]
    return public, [name.removeprefix(AT_GRADING) for name in names if name.startswith(AT_GRADING)]


def example(file, exercise, cases):
    """Return a public case file's first case that failed by its answer: ``{"name", "call", "expected"}``, or None.

    ``call`` is Python, or empty where its arguments are long. ``expected`` is a list of ``{"label", "text", "rows"}``:
    either text, or rows of (number as text, share of 1 or None).
    """
    known = {case["name"]: case for case in file.exercises.get(exercise, {}).get("cases", ())}
    for case in cases:
        if case["name"] in known and case["outcome"] in ABOUT_ANSWERS:
            public = known[case["name"]]
            expected = shown(public["expected"], file.tensors)
            if not expected and case.get("expected"):
                expected = [{"label": "", "text": case["expected"], "rows": []}]
            return {"name": case["name"], "call": call(exercise, public, file.tensors), "expected": expected}
    return None


def call(exercise, case, tensors):
    """Return the call that a case makes, as Python that runs in the notebook; empty for none, or a long one."""
    if case.get("value"):
        return ""
    args = [python(value, tensors) for value in case["args"]]
    given = {key: python(value, tensors) for key, value in case["kwargs"].items()}
    if None in (*args, *given.values()):
        return ""
    return f"{exercise}({', '.join([*args, *(f'{key}={value}' for key, value in given.items())])})"


def python(value, tensors):
    """Return an encoded argument as Python source, or None where it is long."""
    if not isinstance(value, dict):
        return repr(value)
    (kind, content), *options = value.items()
    if kind == "dtype":
        return f"torch.{content}"
    if kind == "list":
        return repr(content)
    if kind != "tensor" or options or tensors[content].size > LARGEST_SHOWN:
        return None
    entries = str(tensors[content].tolist()).replace("inf", "torch.inf").replace("nan", "torch.nan")
    return f"torch.tensor({entries}, dtype=torch.{tensors[content].dtype})"


def shown(expected, tensors):
    """Return the parts of an expected value that are short enough to be read."""
    label = expected.get("label", "")
    if "tuple" in expected:
        return [part for item in expected["tuple"] for part in shown(item, tensors)]
    if "array" in expected or "numbers" in expected:
        array = tensors[expected.get("array") or expected["numbers"]]
        if array.size > LARGEST_SHOWN or array.ndim > 2:
            return []
        return [{"label": label, "text": "", "rows": [numbers(row) for row in np.atleast_2d(array)]}]
    if expected.keys() & {"dict", "number", "integer", "boolean"}:
        return [{"label": label, "text": plain(expected), "rows": []}]
    return []


def plain(expected):
    """Return an expected number, truth value or dict as Python."""
    if "dict" in expected:
        return "{" + ", ".join(f"{key!r}: {plain(item)}" for key, item in expected["dict"]) + "}"
    if "number" in expected:
        return f"{expected['number']:.5g}"
    return str(expected.get("integer", expected.get("boolean")))


def numbers(row):
    """Return (text, share) for every number: the length of its bar where all are a distribution, else None."""
    shares = bool((row >= 0).all() and abs(row.sum() - 1) < 1e-6)
    return [(f"{value:.3g}", float(value) if shares else None) for value in row]
