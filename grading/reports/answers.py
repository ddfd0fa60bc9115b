"""What a class has answered: predictions and decisions, and the misconceptions that answers show.

Pure functions of a class as it was read: of its ``members`` who were judged (``is_judged``), of their ``findings``, a
`Finding` for each exercise by name, and of its exercises' ``points``, in the notebook's order. The course says what is
asked, what came out and which answers show a misconception: its public cases and `Course.questions`.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import quote

import numpy as np
from matplotlib.ticker import MaxNLocator
from nbgrader import utils

from grading.course import CONDITIONS
from grading.engine.verdict import NO_ANSWER
from grading.reports.findings import headings, whole_headings
from helpers.checks.decisions import in_words
from helpers.checks.kinds import Guess, OneOf, kind_of
from helpers.predictions import CLOSE

MOST_BARS = 8  # of a distribution of numbers
WIDE = 30  # how many times the smallest number the largest is where bins are by powers of ten
IN_LINKS = "?/:@!$&'()*+,;="  # what the end of a link may have as it is
QUARTERS = (0, 0.25, 0.5, 0.75, 1)


@dataclass(frozen=True)
class Place:
    """Where in the notebook an exercise stands: its section's heading, and the end of a link to it."""

    section: str = ""
    anchor: str = ""


@dataclass(frozen=True)
class Misconception:
    """A misconception, and the members of the class who show it.

    ``sentence`` has code between backticks. ``section`` and ``anchor`` are those of the notebook that helps.
    """

    exercise: str
    section: str
    anchor: str
    sentence: str
    members: tuple


@dataclass(frozen=True)
class Given:
    """One answer to a question, or one range of numbers, and the members who gave it.

    ``is_result`` tells whether it is, or holds, what came out.
    """

    label: str
    members: tuple
    is_result: bool = False


@dataclass(frozen=True)
class Question:
    """What a class has answered to a prediction or a claim.

    Attributes
        exercise: its name.
        section, anchor: those of its `Place`.
        kind: "prediction" or "decision".
        asked: the question in words.
        result: what came out, or the course's verdict; None where the course says none.
        answers: in their natural order; numbers by ranges where they are many.
        values: (number, members) in order; empty where the answer is one of a few.
        quantiles: the smallest number, the quartiles and the largest (linear between neighbours); empty without any.
        logarithmic: whether the ranges are by powers of ten.
        right: those whose choice is the result, or whose number is within a tenth of it.
        blank, unreadable: those who left it empty, and those whose answer is not of the kind that is asked for.
        computed: those whose number is counted and not known, since their cell does not write it.
        lost: those of whom nothing came out of the kernel.
        misconceptions: those that answers to this question show.
    """

    exercise: str
    section: str
    anchor: str
    kind: str
    asked: str
    result: float | str | None
    answers: tuple[Given, ...] = ()
    values: tuple[tuple[float, tuple], ...] = ()
    quantiles: tuple[float, ...] = ()
    logarithmic: bool = False
    right: tuple = ()
    blank: tuple = ()
    unreadable: tuple = ()
    computed: tuple = ()
    lost: tuple = ()
    misconceptions: tuple[Misconception, ...] = field(default=())


def sections_in(release):
    """Return {exercise: `Place`} of a released notebook, from the headings of the second level above its cells."""
    found, place = {}, Place()
    for cell in release.cells:
        if cell.cell_type == "markdown" and (titles := headings(cell.source)):
            place = Place(titles[-1], anchor_of(whole_headings(cell.source)[-1]))
        if utils.is_solution(cell) or utils.is_grade(cell):
            found.setdefault(cell.metadata.nbgrader.grade_id.removeprefix("test_"), place)
    return found


def anchor_of(heading):
    """Return the end of a link to a heading, as JupyterLab and nbconvert name it."""
    return "#" + quote(heading.translate(dict.fromkeys(map(ord, "`*"))).replace(" ", "-"), safe=IN_LINKS)


def judged_findings(data, exercise):
    """Return (member, finding) of all whose answer to an exercise was judged."""
    members = [member for member in data.members if member.is_judged]
    found = [(member, member.findings.get(exercise)) for member in members]
    return [(member, finding) for member, finding in found if finding and finding.report]


# Misconceptions


def listed_misconceptions(data, said, sections):
    """Return the misconceptions that the course lists, in the notebook's order, those that nobody shows among them.

    ``said`` is `Course.questions` of the assignment.
    """
    return [
        misconception_of(exercise, sentence, members_who_show(data, exercise, rule), sections)
        for exercise in data.points
        for sentence, rule in said.get(exercise, {}).get("misconceptions", {}).items()
    ]


def misconception_of(exercise, sentence, members, sections):
    place = sections.get(exercise, Place())
    return Misconception(exercise, place.section, place.anchor, sentence, tuple(members))


def members_who_show(data, exercise, rule):
    return [member for member, finding in judged_findings(data, exercise) if is_shown(finding, rule)]


def is_shown(finding, rule):
    """Tell whether an answer shows a misconception: by what its check says, or by its value."""
    if "says" in rule:
        return any(result.diagnosis and result.diagnosis.id in rule["says"] for result in finding.failed)
    answer = value_of_answer(finding)
    return answer is not None and all(CONDITIONS[word](answer, bound) for word, bound in rule.items())


def value_of_answer(finding):
    """Return the number or the word that a prediction or a decision is, None where it is none or is not known."""
    return finding.number if finding.choice is None else finding.choice


# Predictions and decisions


def questions(data, public, said, sections):
    """Return the `Question`s of an assignment, in the notebook's order.

    Arguments
        data: the class.
        public: the public case file.
        said: `Course.questions` of the assignment.
        sections: what `sections_in` returns.
    """
    shown = defaultdict(list)
    for each in listed_misconceptions(data, said, sections):
        shown[each.exercise].append(each)
    found = []
    for exercise in data.points:
        stored = public.exercises.get(exercise)
        kind = stored and kind_of(stored["cases"][0]["expected"], public.tensors)
        if isinstance(kind, OneOf | Guess):
            about = said.get(exercise, {})
            claim = stored.get("claim", {})
            place = sections.get(exercise, Place())
            found.append(
                Question(
                    exercise,
                    place.section,
                    place.anchor,
                    "decision" if claim else "prediction",
                    claim.get("claim") or about.get("asked", ""),
                    result := claim.get("verdict", about.get("result")),
                    misconceptions=tuple(shown[exercise]),
                    **by_answer(judged_findings(data, exercise), kind, result),
                )
            )
    return found


def by_answer(pairs, kind, result):
    """Return who gave which answer, as the fields of a `Question`; ``pairs`` are of members and findings."""
    values, others = defaultdict(list), defaultdict(list)
    for member, finding in pairs:
        answer = value_of_answer(finding)
        if answer is None:
            others[why_none(finding)].append(member)
        else:
            values[answer].append(member)
    fields = {name: tuple(members) for name, members in others.items()}
    fields["right"] = tuple(m for answer, members in values.items() if is_near(answer, result) for m in members)
    if isinstance(kind, OneOf):
        return fields | {"answers": tuple(Given(in_words(v), tuple(values[v]), v == result) for v in kind.value)}
    ordered = sorted((number, tuple(members)) for number, members in values.items())
    return fields | {"values": tuple(ordered)} | distribution(ordered, result)


def why_none(finding):
    """Return in which field of a `Question` a member stands whose answer has no value."""
    if finding.results:
        return "unreadable" if finding.failed else "computed"
    return "blank" if finding.reason in NO_ANSWER.values() else "lost"


def is_near(answer, result):
    """Tell whether an answer is the result, or a number within a tenth of it."""
    if isinstance(answer, str) or isinstance(result, str) or result is None:
        return answer == result
    return abs(answer - result) <= CLOSE * abs(result)


def distribution(ordered, result):
    """Return quantiles of the numbers and bars, one for each number or, where they are many, for each range."""
    if not ordered:
        return {}
    everyone = [number for number, members in ordered for _ in members]
    found = {"quantiles": tuple(float(each) for each in np.quantile(everyone, QUARTERS))}
    if len(ordered) <= MOST_BARS:
        return found | {"answers": tuple(Given(in_words(n), members, n == result) for n, members in ordered)}
    numbers = [number for number, _ in ordered] + [result] * isinstance(result, int | float)
    edges, logarithmic = edges_of(min(numbers), max(numbers))
    return found | {
        "logarithmic": logarithmic,
        "answers": tuple(range_of(ordered, result, low, high, high == edges[-1]) for low, high in pairwise(edges)),
    }


def range_of(ordered, result, low, high, last):
    """Return the `Given` of a range: from ``low`` up to ``high``, which belongs to the last one only."""

    def holds(number):
        return low <= number < high or (last and number == high)

    members = tuple(member for number, each in ordered if holds(number) for member in each)
    label = f"{in_words(low)} to {in_words(high)}"
    return Given(label, members, isinstance(result, int | float) and holds(result))


def edges_of(low, high):
    """Return round numbers that part a range, and whether they are by powers of ten."""
    if low > 0 and high > WIDE * low:
        decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
        parts = (1,) if len(decades) > MOST_BARS / 2 else (1, 2, 5)
        edges = [part * 10.0**decade if decade >= 0 else part / 10.0**-decade for decade in decades for part in parts]
        first = max(i for i, edge in enumerate(edges) if edge <= low)
        last = min(i for i, edge in enumerate(edges) if edge >= high)
        return edges[first : last + 1], True
    return [float(edge) for edge in MaxNLocator(nbins=MOST_BARS).tick_values(low, high)], False
