"""Made-up members of a class, as reports get them, and their answers, as verdicts would have them."""

from dataclasses import dataclass, field

from grading.reports.findings import Finding


@dataclass(frozen=True, eq=False)
class MadeMember:
    """A student with an id, findings by exercise, and the sources of cells of their own."""

    id: str
    findings: dict
    is_judged: bool = True
    extras: tuple = ()


@dataclass(frozen=True)
class MadeClass:
    """Members, and the points of the exercises."""

    members: list
    points: dict = field(default_factory=dict)


def written(answers, name="", **more):
    """Return a member who wrote these sources, by exercise."""
    return MadeMember(
        name, {exercise: Finding(exercise, source=source) for exercise, source in answers.items()}, **more
    )
