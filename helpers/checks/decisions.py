"""What students commit to before they are told: predictions, and decisions on claims.

They are read as a check and grading read them, by the kind in the case file; the first of each is remembered. What is
told of a claim waits until its student has decided and measured a number.
"""

import html
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..support.language import _, english, number_text, render
from .cases import CaseFile, Claim, StoredExercise
from .collect import encode
from .compare import compare_case
from .kinds import describe, kind_of, number_of
from .report import AMBER, GREEN, framed, sentences

VERDICTS = {"holds": english("holds"), "fails": english("fails"), "sometimes": english("sometimes")}

_first: dict[str, float | str] = {}
_numbers: dict[str, float] = {}  # that students have measured, by the name of the claim


def commit(name: str, exercise: StoredExercise, value: object) -> tuple[float | str | None, str]:
    """Read what a student commits to, and remember the first that can be read.

    Arguments
        name: the exercise's.
        exercise: what the case file says of it.
        value: what the student has written.

    Returns the number or the word, or else None and how to write one.
    """
    case, answer = exercise["cases"][0], encode(value)
    result = compare_case(case, {}, answer)
    read = kind_of(case["expected"], {}).chosen(answer) if result.passed else None
    if read is None:
        return None, sentences(result)[-1]
    _first.setdefault(name, read)
    return read, ""


def first(name: str) -> float | str | None:
    """Return what a student committed to first, if anything."""
    return _first.get(name)


def remember_number(name: str, number: float) -> None:
    """Remember what a student has measured for a claim."""
    _numbers[name] = number


def one_number(name: str, value: object) -> float:
    """Return the number that a cell hands over as an argument, a tensor of one included.

    Raises ValueError, naming the argument, for what is not one finite number.
    """
    answer = encode(value)
    number = number_of(answer)
    if number is None or not math.isfinite(number):
        raise ValueError(_("{name} is {value}, expected one number", name=name, value=render(describe(answer))))
    return number


def in_words(value: float | str) -> str:
    """Return a number as people write it, or a word in the notebook's language."""
    return number_text(value) if not isinstance(value, str) else render(VERDICTS[value]) if value in VERDICTS else value


def claims(file: CaseFile) -> dict[str, Claim]:
    """Return the claims of a case file by name, in the order of their numbers."""
    found = {name: exercise["claim"] for name, exercise in file.exercises.items() if "claim" in exercise}
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in re.findall(r"\d+", item[0])] + [item[0]]))


def short_name(name: str) -> str:
    """Return what a claim is called: C13a for claim_c13a."""
    short = name.removeprefix("claim_")
    return short[:1].upper() + short[1:]


@dataclass(frozen=True, repr=False)
class Card:
    """What a student reads of one claim.

    Attributes
        name: the claim's variable.
        claim: what the case file says of it.
        decision: the student's, None as long as there is none that can be read.
        missing: what has to be done before the verdict is told; empty for nothing.
        todo: the same in a word or two, for a table.
    """

    name: str
    claim: Claim
    decision: str | None
    missing: str = ""
    todo: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether the verdict is told."""
        return not self.missing

    @property
    def title(self) -> str:
        """Return the claim, by its short name."""
        return f"{short_name(self.name)}: {_(self.claim['claim'])}"

    @property
    def number(self) -> str:
        """Return the student's number in words; empty where there is none."""
        return number_text(_numbers[self.name]) if self.name in _numbers else ""

    @property
    def verdict(self) -> str:
        """Return the course's verdict in a word."""
        return in_words(self.claim["verdict"])

    def decided(self) -> str:
        """Return the student's decision, and the first one where that was another."""
        if self.decision is None:
            return ""
        now, before = in_words(self.decision), in_words(_first[self.name])
        return now if now == before else _("first {first}, now {now}", first=before, now=now)

    def lines(self) -> list[str]:
        """Return what stands below the title."""
        if self.missing:
            return [self.missing]
        said = [_("You decided: {decision}.", decision=self.decided())]
        same = self.decision == self.claim["verdict"]
        said.append(
            _("The course says so too: {verdict}." if same else "The course says: {verdict}.", verdict=self.verdict)
        )
        return [*said, _(self.claim["because"], number=self.number)]

    def __str__(self) -> str:
        return "\n  ".join([self.title, *self.lines()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        lines = "".join(f"<br>{html.escape(line)}" for line in self.lines())
        return framed(html.escape(self.title), lines, GREEN if self.passed else AMBER, ";max-width:46em")


def card(name: str, exercise: StoredExercise, value: object, is_right: Callable[[str], bool]) -> Card:
    """Return what a student reads of a claim.

    Arguments
        name: the claim's variable.
        exercise: what the case file says of it.
        value: what the student has written; None where there is nothing.
        is_right: tells whether the answer to another exercise is right by now.
    """
    claim = exercise["claim"]
    read, how = commit(name, exercise, value)
    if read is None:
        asked = render(kind_of(exercise["cases"][0]["expected"], {}).asked())
        how = _("decide first: {how} in place of None", how=asked) if value is None else how
        return Card(name, claim, None, how, _("decide above"))
    if todo := next((need for need in claim["needs"] if not is_right(need)), ""):
        return Card(name, claim, str(read), not_yet(todo), todo)
    if claim["number"] and name not in _numbers:
        return Card(name, claim, str(read), _("run the cell above: your number is not there yet"), _("your number"))
    return Card(name, claim, str(read))


def not_yet(name: str) -> str:
    """Say what is missing."""
    return _("not yet: {name}", name=name)
