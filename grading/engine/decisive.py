"""What of a course decides which cases a submission passes: all but what they are worth, and what is only read.

Points may change after the release without a submission being run again (`gradebook.points`); so may prose, the text of
a test cell, which is never run, and what the setup cell packs, which grading has itself.
"""

import hashlib
import json
from collections.abc import Iterable
from itertools import compress

import nbformat
from nbformat import NotebookNode
from safetensors import SafetensorError

from grading.course import REPOSITORY, Edition
from grading.repair.packed import unpacks
from helpers.checks.cases import read_cases

WORTH = {"points", "checksum"}  # of nbgrader's marks on a cell; the second depends on the first


def helpers_digest() -> str:
    """Return a digest of the helpers that student code imports at grading."""
    digest = hashlib.sha256()
    for path in sorted((REPOSITORY / "helpers").rglob("*.py")):
        digest.update(path.relative_to(REPOSITORY).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


HELPERS = helpers_digest()  # of what this process has imported, even if a file changes later


def decides(cell: NotebookNode) -> bool:
    """Tell whether the text of a released cell can change an answer: that of code which students have."""
    marks = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and not unpacks(cell.source) and (not marks.get("grade") or marks["solution"])


def of_release(content: bytes, editions: Iterable[Edition]) -> str:
    """Return what decides of a released notebook and its editions, to be compared.

    Bytes that are no notebook stand for themselves.
    """
    try:
        notebook: NotebookNode = nbformat.reads(content.decode(), as_version=4)
    except (ValueError, AttributeError):
        return repr((content, editions))
    chosen = [decides(cell) for cell in notebook.cells]
    cells = []
    for cell, counts in zip(notebook.cells, chosen, strict=True):
        if "nbgrader" in cell.metadata or cell.cell_type == "code":
            marks = {key: value for key, value in cell.metadata.get("nbgrader", {}).items() if key not in WORTH}
            cells.append([cell.get("id"), cell.cell_type, {**cell.metadata, "nbgrader": marks}, cell.source * counts])
    own = [cell.source for cell in compress(notebook.cells, chosen)]
    said = [[language, list(compress(sources, chosen))] for language, sources in editions]
    others = [edition for edition in said if edition[1] != own]  # an edition that differs in prose alone is none
    return json.dumps([cells, notebook.metadata, others], sort_keys=True)


def of_cases(content: bytes) -> str:
    """Return what decides of a case file, to be compared; bytes that are none stand for themselves."""
    try:
        file = read_cases(content)
    except (SafetensorError, ValueError, KeyError):
        return repr(content)
    exercises = {name: {**said, "aspects": list(said["aspects"])} for name, said in file.exercises.items()}
    tensors = {
        name: [str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).hexdigest()]
        for name, array in file.tensors.items()
    }
    return json.dumps([exercises, tensors], sort_keys=True)
