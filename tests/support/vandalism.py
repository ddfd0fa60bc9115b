"""Vandalism by name: what happens to notebooks on their way, what the doctor says of it, and what is no notebook.

`tests.support.vandal` does it at random.
"""

import codecs
import copy
import io
import json
import tarfile
import zipfile

import nbformat

from grading.repair.intake import LARGEST_FILE, MOST_CELLS
from tests.support.course import ASSIGNMENTS, FIRST, filled
from tests.support.handed_in import zipped
from tests.support.vandal import SOLVED

ANSWERS = SOLVED[FIRST]
SAME_ID = "Some cells had the same id; each has its own now."
FOUND = "Found by the function it defines, for nbgrader's mark was lost, as after Colab or VS Code"
PASTED = f"data:image/png;base64,{'iVBORw0KGgo+/' * 150_000}=="
READ_AS_LATIN_1 = "The file was not in UTF-8; it was read as Latin-1."
HALF = ("softmax_t", "decay_ratios")


def handed_in(**answers):
    """Return the notebook, as JSON, of a student who answered two exercises."""
    notebook = filled(FIRST, {name: ANSWERS[name] for name in HALF} | answers)
    return json.loads(json.dumps(notebook))


def index(document, grade_id):
    found = [cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in document["cells"]]
    return found.index(grade_id)


def cell_of(document, grade_id):
    return document["cells"][index(document, grade_id)]


def added(source, kind="code"):
    new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[kind]
    return json.loads(json.dumps(new(source)))


def sent(document, **options):
    return json.dumps(document, **options).encode()


# Each changes the document and returns what must be said, with other bytes where the file is another.


def a_deleted_solution(document):
    del document["cells"][index(document, "trusted_steps")]
    return "No cell found (deleted, or of an older release); it counts as not attempted: `trusted_steps`."


def a_deleted_check(document):
    del document["cells"][index(document, "test_softmax_t")]
    return "Check missing (deleted, or of an older release); put back: `softmax_t`."


def a_duplicated_solution(document):
    place = index(document, "softmax_t")
    document["cells"].insert(place, copy.deepcopy(document["cells"][place]))
    return SAME_ID, "There more than once, word for word; one copy kept: `softmax_t`."


def a_duplicated_check(document):
    place = index(document, "test_softmax_t")
    document["cells"].insert(place, copy.deepcopy(document["cells"][place]))
    return SAME_ID, "Check there more than once; one copy kept: `softmax_t`."


def a_solution_split_in_three(document):
    place = index(document, "softmax_t")
    cell, lines = document["cells"][place], document["cells"][place]["source"].splitlines()
    parts = lines[:5], lines[5:-2], lines[-2:]
    document["cells"][place : place + 1] = [cell | {"source": "\n".join(part)} for part in parts]
    return SAME_ID, "Split into several cells, joined again: `softmax_t`."


def a_solution_split_after_its_indent(document):
    """As JupyterLab does with the cursor before the first letter of a line."""
    place = index(document, "decay_ratios")
    cell = document["cells"][place]
    head, word, tail = cell["source"].rpartition("return [")
    document["cells"][place : place + 1] = [cell | {"source": head}, added(word + tail)]
    return "Split into several cells, joined again: `decay_ratios`."


def a_moved_solution(document):
    document["cells"].append(document["cells"].pop(index(document, "softmax_t")))
    return "Moved, now back in its place: `softmax_t`."


def a_moved_check(document):
    document["cells"].insert(0, document["cells"].pop(index(document, "test_softmax_t")))
    return "Moved, now back in its place: `softmax_t`."


def a_solution_turned_into_markdown(document):
    cell = cell_of(document, "softmax_t")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]
    return "Turned into another kind of cell, made what it was: `softmax_t`."


def a_solution_turned_into_raw_text_without_its_mark(document):
    a_solution_turned_into_markdown(document)
    cell_of(document, "softmax_t").update(cell_type="raw", metadata={})
    return f"{FOUND}: `softmax_t`.", "Turned into another kind of cell, made what it was: `softmax_t`."


def a_check_turned_into_markdown(document):
    cell_of(document, "test_softmax_t")["cell_type"] = "markdown"
    return "Check changed; the released one counts: `softmax_t`."


def a_changed_check(document):
    cell_of(document, "test_softmax_t")["source"] = "print('ok')"
    return "Check changed; the released one counts: `softmax_t`."


def more_points(document):
    cell_of(document, "test_softmax_t")["metadata"]["nbgrader"]["points"] = 1000
    return "nbgrader metadata changed; the released one counts: `softmax_t`."


def metadata_from_the_future(document):
    cell_of(document, "softmax_t")["metadata"]["nbgrader"]["schema_version"] = 99
    return "nbgrader metadata changed; the released one counts: `softmax_t`."


def metadata_of_the_wrong_kind(document):
    cell_of(document, "softmax_t")["metadata"]["nbgrader"].update(grade_id=["softmax_t"], grade=None)
    return f"{FOUND}: `softmax_t`.", "nbgrader metadata changed; the released one counts: `softmax_t`."


def all_metadata_lost(document):
    for cell in document["cells"]:
        cell["metadata"] = {}
    names = ", ".join(f"`{name}`" for name in HALF)
    return f"{FOUND}: {names}."


def a_file_from_colab(document):
    document["metadata"].update(colab={"provenance": []}, widgets={"application/vnd.jupyter.widget-state+json": {}})
    document["nbformat_minor"] = 0
    for cell in document["cells"]:
        cell["metadata"]["id"] = cell.pop("id")
    return (
        "The file was in notebook format 4.0; it is in format 4.5 now.",
        "The notebook's widgets had no state, as Colab leaves them; they were taken out.",
    )


def an_answer_written_below_the_check(document):
    place = index(document, "trusted_steps")
    document["cells"].insert(place + 2, added(ANSWERS["trusted_steps"]))
    return "Found in another cell and put in its place: `trusted_steps`."


def an_answer_written_in_the_check(document):
    cell_of(document, "test_trusted_steps")["source"] = ANSWERS["trusted_steps"]
    return (
        "Found in one cell with another exercise or a check; that cell is run in its place: `trusted_steps`.",
        "Check changed; the released one counts: `trusted_steps`.",
    )


def a_second_definition(document):
    place = index(document, "softmax_t")
    document["cells"].insert(place, added("def softmax_t(x, temperature=1.0, dim=-1):\n    return x"))
    return "Defined more than once; the last definition counts: `softmax_t`."


def an_older_release(document):
    document["cells"] = [
        cell
        for cell in document["cells"]
        if "trusted_steps" not in cell["metadata"].get("nbgrader", {}).get("grade_id", "")
    ]
    document["cells"][0]["source"] = "# An older title"
    document["cells"][0]["id"] = "older"
    return (
        "No cell found (deleted, or of an older release); it counts as not attempted: `trusted_steps`.",
        "Check missing (deleted, or of an older release); put back: `trusted_steps`.",
        "1 cell of the released notebook missing (deleted, or of an older release); put back.",
    )


def a_changed_demonstration(document):
    cell = next(cell for cell in document["cells"] if cell["source"].startswith("def naive_softmax"))
    cell["source"] += "\nprint('my own line')"
    return "1 cell of the released notebook changed; as released again, with the changed one below."


def duplicated_prose(document):
    document["cells"].insert(2, copy.deepcopy(document["cells"][0]))
    return SAME_ID, "1 cell of the released notebook there more than once; one copy kept."


def cells_without_ids(document):
    for cell in document["cells"][:2]:
        del cell["id"]
    return "2 cells had no id, or an invalid one; each has one now."


def malformed_outputs(document):
    cell_of(document, "softmax_t")["outputs"] = [{"output_type": "stream"}, "text"]
    return "2 outputs had a wrong form; grading makes its own outputs."


def malformed_cells(document):
    document["cells"] += [7, {"cell_type": "nonsense", "source": [1, "x"]}]
    return (
        "1 cell had no id, or an invalid one; each has one now.",
        "3 cells had a wrong form; what could be read was kept.",
    )


def another_kernel(document):
    document["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    return "The notebook named another kernel (ir); it is run with Python 3."


def a_byte_order_mark(document):
    return "The file began with a byte order mark; it was taken off.", codecs.BOM_UTF8 + sent(document)


def the_encoding_of_windows(document):
    return "The file was in UTF-16; it is UTF-8 now.", json.dumps(document).encode("utf-16")


def latin_1(document, beyond="backslashreplace"):
    document["cells"].append(added("# Grüße", "markdown"))
    return READ_AS_LATIN_1, json.dumps(document, ensure_ascii=False).encode("latin-1", beyond)


def letters_that_latin_1_lacks(document):
    lost = sum(max(cell["source"]) > "\xff" for cell in document["cells"])
    said, content = latin_1(document, "replace")
    changed = f"{lost} cells of the released notebook changed; as released again, with the changed one below."
    return (said, changed), content


def carriage_returns(document):
    cell = cell_of(document, "softmax_t")
    cell["source"] = cell["source"].replace("\n", "\r\n")
    return "Lines ended as Windows or old Macs write them (CR); they end in LF now."


def notebook_format_3(document):
    cells = [{**cell, "input": cell["source"], "language": "python"} for cell in document["cells"]]
    for cell in cells:
        del cell["source" if cell["cell_type"] == "code" else "input"], cell["id"]
    old = {"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}
    return "The file was in notebook format 3.0; it is in format 4.5 now.", sent(old)


def no_format_number(document):
    del document["nbformat"]
    return "The file was without a format number; it is in format 4.5 now."


VANDALISM = [
    a_deleted_solution,
    a_deleted_check,
    a_duplicated_solution,
    a_duplicated_check,
    a_solution_split_in_three,
    a_solution_split_after_its_indent,
    a_moved_solution,
    a_moved_check,
    a_solution_turned_into_markdown,
    a_solution_turned_into_raw_text_without_its_mark,
    a_check_turned_into_markdown,
    a_changed_check,
    more_points,
    metadata_from_the_future,
    metadata_of_the_wrong_kind,
    all_metadata_lost,
    a_file_from_colab,
    an_answer_written_below_the_check,
    an_answer_written_in_the_check,
    a_second_definition,
    an_older_release,
    a_changed_demonstration,
    duplicated_prose,
    cells_without_ids,
    malformed_outputs,
    malformed_cells,
    another_kernel,
    a_byte_order_mark,
    the_encoding_of_windows,
    latin_1,
    letters_that_latin_1_lacks,
    carriage_returns,
    notebook_format_3,
    no_format_number,
]
BELOW = {an_answer_written_below_the_check, an_answer_written_in_the_check}


def vandalised(vandalism):
    """Return the bytes after an act of vandalism, and the sentences that must be said."""
    document = handed_in()
    said = vandalism(document)
    said, content = said if isinstance(said[-1], bytes) else (said, sent(document))
    return content, [said] if isinstance(said, str) else list(said)


# What is no notebook


def other_assignment():
    return nbformat.writes(filled(ASSIGNMENTS[1], SOLVED[ASSIGNMENTS[1]])).encode()


def tarred(files):
    """Return a tar archive's bytes with {name: bytes}."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def in_conflict(document, line):
    """Return a notebook's bytes with Git's marks around two of its lines, from the given one on."""
    lines = sent(document, indent=1).decode().split("\n")
    lines[line : line + 2] = ["<<<<<<< HEAD", lines[line], "=======", lines[line + 1], ">>>>>>> 1a2b3c (work)"]
    return "\n".join(lines).encode()


CONFLICTING = (
    "the file holds two versions between marks of Git's (<<<<<<< and >>>>>>>), from a merge that was not finished; "
    "choose one, see that the notebook opens, and hand that in"
)
NO_NOTEBOOKS = {
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\n", "the file is empty"),
    "cut off": (sent(handed_in())[:5000], "the file ends in the middle, as after a broken upload"),
    "cut off early": (b'{"cells": [{"cell_type": "co', "the file ends in the middle, as after a broken upload"),
    "a zip": (zipped({"a.ipynb": b"{}"}), "the file is a zip archive, not a notebook; hand in the .ipynb file itself"),
    "a PDF": (b"%PDF-1.7 ...", "the file is a PDF, not a notebook; hand in the .ipynb file itself"),
    "gzip": (b"\x1f\x8b\x08", "the file is a gzip archive, not a notebook; hand in the .ipynb file itself"),
    "RAR": (b"Rar!\x1a\x07\x01\x00", "the file is a RAR archive, not a notebook; hand in the .ipynb file itself"),
    "7z": (b"7z\xbc\xaf\x27\x1c", "the file is a 7z archive, not a notebook; hand in the .ipynb file itself"),
    "tar": (tarred({"a.ipynb": b"{}"}), "the file is a tar archive, not a notebook; hand in the .ipynb file itself"),
    "Word": (
        zipped({"[Content_Types].xml": b"<?xml?>", "word/document.xml": b"<?xml?>"}),
        "the file is a Word document, not a notebook; hand in the .ipynb file itself",
    ),
    "Excel": (
        zipped({"[Content_Types].xml": b"<?xml?>", "xl/workbook.xml": b"<?xml?>"}),
        "the file is an Excel workbook, not a notebook; hand in the .ipynb file itself",
    ),
    "OpenDocument": (
        zipped({"mimetype": b"application/vnd.oasis.opendocument.text"}, method=zipfile.ZIP_STORED),
        "the file is an OpenDocument document, not a notebook; hand in the .ipynb file itself",
    ),
    "old Word": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "the file is an old Office document, not a notebook; hand in the .ipynb file itself",
    ),
    "RTF": (b"{\\rtf1 x}", "the file is a text document, not a notebook; hand in the .ipynb file itself"),
    "a picture": (b"\x89PNG\r\n", "the file is a picture, not a notebook; hand in the .ipynb file itself"),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 81\n",
        "the file is a pointer of Git LFS: the notebook itself is not in it; run git lfs pull, then hand in "
        "the .ipynb file",
    ),
    "a merge": (in_conflict(handed_in(), 20), CONFLICTING),
    "a merge from the first line": (in_conflict(handed_in(), 0), CONFLICTING),
    "a page": (b"<!DOCTYPE html><p>", "the file is a web page, not a notebook; hand in the .ipynb file itself"),
    "Python": (b"def softmax_t(x):\n    pass", "the file is not a notebook: no valid JSON at line 1"),
    "a list": (b"[]", "the file is not a notebook: JSON without cells"),
    "another JSON": (b'{"a": 1}', "the file is not a notebook: JSON without cells"),
    "no cells": (b'{"cells": 5}', "the file is not a notebook: JSON without cells"),
    "nothing in it": (b'{"cells": [], "nbformat": 4}', "the notebook is empty: no cell has any content"),
    "deep JSON": (b'{"cells": ' + b"[" * 100_000, "the file is not a notebook: no JSON that can be read"),
    "long number": (b'{"cells": ' + b"9" * 10_000 + b"}", "the file is not a notebook: no JSON that can be read"),
    "noise": (bytes(range(256)), "the file is not a notebook: it is no text"),
    "half of UTF-16": (
        codecs.BOM_UTF16_LE + b"\x00\xd8{",
        "the file is not a notebook: it is no text",
    ),
    "too large": (b"[" * (LARGEST_FILE + 1), "the file is too large: 32 MiB, where 32 are allowed"),
    "too many cells": (
        sent({"cells": [{}] * (MOST_CELLS + 1), "nbformat": 4}),
        "the notebook has 5001 cells, where 5000 are allowed",
    ),
    "too much source": (
        sent({"cells": [added("x" * 3_000_000)] * 2, "nbformat": 4}),
        "the notebook's cells hold more than 4194304 characters",
    ),
    "too much source between pictures": (
        sent({"cells": [added(f"{PASTED} {'x' * 3_000_000}", "markdown")] * 2, "nbformat": 4}),
        "the notebook's cells hold more than 4194304 characters",
    ),
    "a picture in code": (
        sent({"cells": [added(f"x = '{PASTED * 3}'")], "nbformat": 4}),
        "the notebook's cells hold more than 4194304 characters",
    ),
    "another assignment": (
        other_assignment(),
        "it holds none of this assignment's exercises; it may be another assignment's notebook",
    ),
}
