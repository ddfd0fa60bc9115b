"""Which of an assignment's notebooks a file is, for `collect`: by its name, its cells, or what it answers.

Nothing is guessed: where these say nothing, or different things, a person is asked to look.
"""

from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

from nbformat import NotebookNode

from grading.bounded import TooDear, bounded
from grading.course import Edition
from grading.lms.layouts import notebooks_named
from grading.repair.doctor import TOO_DEAR, mended_or_refused
from grading.repair.intake import NotGradable, read_submission
from grading.repair.match import grade_id
from helpers.support.language import english

Releases: TypeAlias = Mapping[str, tuple[NotebookNode, tuple[Edition, ...]]]  # by name, each with its editions


def which_notebook(name: str, content: bytes, releases: Releases) -> str:
    """Return the name of the released notebook that a file is.

    Arguments
        name: the file's, as it was handed in.
        content: its bytes.
        releases: all notebooks of the assignment.

    Raises `NotGradable` where that cannot be told, and where name and cells say different things.
    """
    if len(releases) == 1:
        return next(iter(releases))
    named, known = notebooks_named(name, releases), cells_of_one(content, releases)
    fitting = [each for each in named or releases if not known or each in known]
    if not fitting:
        raise NotGradable(
            english(
                "by its name it is {named}, and by its cells {cells}; give it the name of the one that it is",
                named=", ".join(named),
                cells=", ".join(known),
            )
        )
    if len(fitting) > 1 and not known:
        fitting = [each for each in fitting if is_of(content, *releases[each])]
    if len(fitting) != 1:
        names = ", ".join(releases)
        raise NotGradable(english("it cannot be told which of {names} it is; give it the name of one", names=names))
    return fitting[0]


def cells_of_one(content: bytes, releases: Releases) -> list[str]:
    """Return the names of the releases of which a submission has cells, by grade_id, that no other release has.

    Raises `NotGradable` where the bytes are no notebook, or take too much to read.
    """
    ids = {
        name: {each for cell in release.cells if (each := grade_id(cell))} for name, (release, _) in releases.items()
    }
    try:
        handed = bounded(grade_ids_in, content)
    except TooDear:
        raise NotGradable(TOO_DEAR) from None
    count = Counter(each for own in ids.values() for each in own)
    return [name for name, own in ids.items() if any(count[each] == 1 for each in own & handed)]


def grade_ids_in(content: bytes) -> set[str]:
    """Return nbgrader's names of the cells of a submission, without a limit."""
    return {piece.grade_id for piece in read_submission(content).pieces}


def is_of(content: bytes, release: NotebookNode, editions: tuple[Edition, ...]) -> bool:
    """Tell whether the doctor takes some bytes for a submission of a release."""
    try:
        mended_or_refused(content, release, editions)
    except NotGradable:
        return False
    return True
