"""Read the bytes that a student handed in as cells, whatever wrote them; the doctor goes on from there.

Only what grading needs is kept of a cell: its kind, its source, its attachments and the marks by which it is found
again. Outputs are not read: grading makes its own.
"""

import codecs
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias, TypeGuard

from grading.repair.cell_code import Code, code
from grading.repair.editions import SETTING
from helpers.support.language import Message, english, english_counted

LARGEST_FILE = 32 << 20  # bytes
LARGEST_SOURCE = 4 << 20  # characters, of all cells together, the pictures in texts not counted
PICTURE = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,[A-Za-z0-9+/=]*")  # as Colab pastes them
MOST_CELLS = 5_000
MOST_ATTACHED = 1_000  # pictures, of all cells together
MIME = re.compile(r"[\w.+-]+/[\w.+-]+")
ARCHIVE = english("a zip archive")
BEGINNINGS = (  # of what is handed in in place of a notebook, with what it is
    (b"PK", ARCHIVE),
    (b"%PDF", english("a PDF")),
    (b"\x1f\x8b", english("a gzip archive")),
    (b"Rar!\x1a\x07", english("a RAR archive")),
    (b"7z\xbc\xaf\x27\x1c", english("a 7z archive")),
    (b"\xd0\xcf\x11\xe0", english("an old Office document")),
    (b"{\\rtf", english("a text document")),
    (b"\x89PNG", english("a picture")),
    (b"\xff\xd8\xff", english("a picture")),
)
OFFICE = (  # folders in the zip archive that such a document is
    (b"word/", english("a Word document")),
    (b"xl/", english("an Excel workbook")),
    (b"ppt/", english("a PowerPoint presentation")),
)
LFS = b"version https://git-lfs.github.com/spec/"
CONFLICTING = english(
    "the file holds two versions between marks of Git's (<<<<<<< and >>>>>>>), from a merge that was not finished; "
    "choose one, see that the notebook opens, and hand that in"
)
CONFLICT = re.compile("^(<{7}|>{7}) ", re.MULTILINE)
KINDS = ("code", "markdown", "raw")
OUTPUT_KEYS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "stream": {"name": str, "text": (str, list)},
    "display_data": {"data": dict, "metadata": dict},
    "execute_result": {"data": dict, "metadata": dict},
    "error": {"ename": str, "evalue": str, "traceback": list},
}

Json: TypeAlias = dict[str, Any]  # an object in a file that anybody may have written
Format: TypeAlias = tuple[int | None, int | None]  # major, minor


class NotGradable(Exception):
    """The bytes are no notebook of this assignment; `reason` is a message for student and instructor."""

    def __init__(self, reason: Message) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Piece:
    """A cell as it was handed in; two of them are never the same.

    Attributes
        kind: "code", "markdown" or "raw".
        source: its text, with plain line feeds.
        id: the cell's id; empty where it has none.
        nbgrader: what its metadata has for nbgrader, whatever that is.
        attachments: the pictures pasted into it, as (name, data by MIME type).
    """

    kind: str
    source: str
    id: str = ""
    nbgrader: Json = field(default_factory=dict)
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def code(self) -> Code:
        """Return what the source is as code, whatever kind of cell it stands in."""
        return code(self.counted)

    @property
    def counted(self) -> str:
        """Return the source without the pictures pasted into a text."""
        return PICTURE.sub("", self.source) if self.kind != "code" and "base64" in self.source else self.source

    @cached_property
    def key(self) -> str:
        """Return the source without what editors change by themselves."""
        return comparable(self.source)

    @cached_property
    def grade_id(self) -> str:
        """Return nbgrader's name of the cell, or the empty text."""
        grade_id = self.nbgrader.get("grade_id")
        return grade_id if isinstance(grade_id, str) else ""


@dataclass(frozen=True)
class Handed:
    """A notebook as it was handed in: its cells that are not empty, its kernel, and what was odd about the file."""

    pieces: tuple[Piece, ...]
    kernel: str | None
    repairs: tuple[Message, ...]


def read_submission(content: bytes) -> Handed:
    """Read the bytes of a notebook.

    Raises `NotGradable` for what is no notebook, or too large: 32 MiB, 5,000 cells, 1,000 attached pictures, 4 million
    characters of source, pictures in texts aside.
    """
    if len(content) > LARGEST_FILE:
        raise NotGradable(
            english(
                "the file is too large: {size} MiB, where {limit} are allowed",
                size=len(content) >> 20,
                limit=LARGEST_FILE >> 20,
            )
        )
    text, repairs = decode_notebook(content)
    document = parse_document(text)
    cells, version = cells_of(document)
    if len(cells) > MOST_CELLS:
        raise NotGradable(
            english("the notebook has {count} cells, where {limit} are allowed", count=len(cells), limit=MOST_CELLS)
        )
    readable = [cell for cell in cells if isinstance(cell, dict)]
    odd = Counter(malformed=len(cells) - len(readable))
    pieces = [piece_of(cell, odd) for cell in readable]
    if sum(len(piece.counted) for piece in pieces) > LARGEST_SOURCE:
        raise NotGradable(english("the notebook's cells hold more than {limit} characters", limit=LARGEST_SOURCE))
    attached = sum(1 + len(bundle) for piece in pieces for bundle in piece.attachments.values())
    if attached > 2 * MOST_ATTACHED:  # each with its name
        raise NotGradable(
            english("the notebook's cells have more than {limit} pictures attached to them", limit=MOST_ATTACHED)
        )
    metadata = document.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    repairs += format_repairs(version, readable) + odd_cell_repairs(odd)
    if "widgets" in metadata and not has_state(metadata["widgets"]):
        repairs.append(english("The notebook's widgets had no state, as Colab leaves them; they were taken out."))
    filled = tuple(piece for piece in pieces if piece.source.strip())
    kernel = metadata.get("kernelspec")
    kernel = kernel.get("name") if isinstance(kernel, dict) else None
    return Handed(filled, kernel if isinstance(kernel, str) else None, tuple(repairs))


def decode_notebook(content: bytes) -> tuple[str, list[Message]]:
    """Return the text of the bytes and what was odd about its encoding.

    Raises `NotGradable` for what is no text.
    """
    if not content.strip():
        raise NotGradable(english("the file is empty"))
    if kind := kind_of_file(content):
        raise NotGradable(english("the file is {kind}, not a notebook; hand in the .ipynb file itself", kind=kind))
    if content.startswith(LFS):
        raise NotGradable(
            english(
                "the file is a pointer of Git LFS: the notebook itself is not in it; run git lfs pull, then hand in "
                "the .ipynb file"
            )
        )
    encoding = json.detect_encoding(content)  # by its byte order mark, or by its first bytes
    repairs = []
    if content.startswith(codecs.BOM_UTF8):
        repairs.append(english("The file began with a byte order mark; it was taken off."))
    elif encoding != "utf-8":
        shown = encoding.partition("-sig")[0].upper()
        repairs.append(english("The file was in {encoding}; it is UTF-8 now.", encoding=shown))
    try:
        return content.decode(encoding), repairs
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise NotGradable(english("the file is not a notebook: it is no text")) from None
    repairs.append(english("The file was not in UTF-8; it was read as Latin-1."))
    try:
        return content.decode("cp1252"), repairs
    except UnicodeDecodeError:
        return content.decode("latin-1"), repairs


def kind_of_file(content: bytes) -> Message | None:
    """Return what a file is that is neither a notebook nor a text, as far as it is one of `BEGINNINGS`."""
    if content[257:262] == b"ustar" and b"\0" in content[:257]:
        return english("a tar archive")
    kind = next((kind for start, kind in BEGINNINGS if content.startswith(start)), None)
    if kind is ARCHIVE and b"[Content_Types].xml" in content:
        return next((document for folder, document in OFFICE if folder in content), kind)
    if kind is ARCHIVE and content[30:].startswith(b"mimetypeapplication/vnd.oasis.opendocument"):
        return english("an OpenDocument document")
    return kind


def parse_document(text: str) -> Json:
    """Return the JSON object that a text holds.

    Raises `NotGradable` where it holds none.
    """
    if CONFLICT.match(text):
        raise NotGradable(CONFLICTING)
    if text.lstrip().startswith("<"):
        raise NotGradable(english("the file is a web page, not a notebook; hand in the .ipynb file itself"))
    try:
        document = json.loads(text, strict=False)
    except json.JSONDecodeError as error:
        if CONFLICT.search(text):
            raise NotGradable(CONFLICTING) from None
        whole = text.strip()
        if whole.startswith("{") and (not whole.endswith("}") or error.pos >= len(text.rstrip())):
            raise NotGradable(english("the file ends in the middle, as after a broken upload")) from None
        raise NotGradable(
            english("the file is not a notebook: no valid JSON at line {line}", line=error.lineno)
        ) from None
    except (RecursionError, ValueError):
        raise NotGradable(english("the file is not a notebook: no JSON that can be read")) from None
    if not isinstance(document, dict):
        raise NotGradable(english("the file is not a notebook: JSON without cells"))
    return document


def cells_of(document: Json) -> tuple[list[Any], Format]:
    """Return what a document lists as its cells, and its format.

    Raises `NotGradable` where it lists none.
    """
    major, minor = (document.get(key) for key in ("nbformat", "nbformat_minor"))
    major, minor = (value if type(value) is int else None for value in (major, minor))
    cells = document.get("cells")
    if cells is None and isinstance(document.get("worksheets"), list):
        sheets = [sheet.get("cells") for sheet in document["worksheets"] if isinstance(sheet, dict)]
        cells, major = [cell for sheet in sheets if isinstance(sheet, list) for cell in sheet], major or 3
    if not isinstance(cells, list):
        raise NotGradable(english("the file is not a notebook: JSON without cells"))
    return cells, (major, minor)


def piece_of(cell: Json, odd: Counter[str]) -> Piece:
    """Return a cell of format 3 or 4 as a piece, counting in `odd` what was wrong with it."""
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        odd["malformed"] += len(lines) < len(source)
        source = "".join(lines)
    if not isinstance(source, str):
        odd["malformed"] += 1
        source = ""
    odd["returns"] += "\r" in source
    clean = source.encode("utf-8", "replace").decode().replace("\r\n", "\n").replace("\r", "\n")
    odd["malformed"] += clean.count("?") > source.count("?")  # half of a surrogate pair
    kind = cell.get("cell_type")
    if kind == "heading":
        level = cell.get("level")
        level = level if type(level) is int and 1 <= level <= 6 else 1
        kind, clean = "markdown", f"{'#' * level} {clean}"
    elif kind not in KINDS:
        odd["malformed"] += kind != "html"  # of format 3
        kind = "code" if "outputs" in cell or "input" in cell else "markdown"
    outputs = cell.get("outputs", [])
    outputs = outputs if isinstance(outputs, list) else [None]
    if cell.get("cell_type") == "code" and "source" in cell:  # format 3 had other outputs
        odd["outputs"] += sum(not well_formed(output) for output in outputs)
    metadata = cell.get("metadata")
    odd["malformed"] += "metadata" in cell and not isinstance(metadata, dict)
    metadata = metadata if isinstance(metadata, dict) else {}
    name = next((value for value in (cell.get("id"), metadata.get("id")) if isinstance(value, str)), "")
    nbgrader = metadata.get("nbgrader")
    return Piece(kind, clean, name, nbgrader if isinstance(nbgrader, dict) else {}, attachments_of(cell))


def well_formed(output: object) -> bool:
    """Tell whether an output has what the notebook format asks for."""
    if not isinstance(output, dict) or not isinstance(output.get("output_type"), str):
        return False
    keys = OUTPUT_KEYS.get(output["output_type"])
    return keys is not None and all(isinstance(output.get(key), types) for key, types in keys.items())


def attachments_of(cell: Json) -> dict[str, dict[str, str]]:
    """Return the pictures pasted into a cell, as far as they are well formed."""
    found = cell.get("attachments")
    found = found if isinstance(found, dict) else {}
    bundles = {name: bundle for name, bundle in found.items() if isinstance(bundle, dict)}
    return {
        name: bundle
        for name, bundle in bundles.items()
        if is_writable(name) and all(is_writable(data) and MIME.fullmatch(mime) for mime, data in bundle.items())
    }


def is_writable(value: object) -> TypeGuard[str]:
    """Tell whether a value is a text that can be written: JSON may hold half of a surrogate pair."""
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)


def format_repairs(version: Format, cells: Sequence[Json]) -> list[Message]:
    """Return what is to say about the notebook's format and its cells' ids."""
    major, minor = version
    if (major, minor) != (4, 5):
        known = major is not None and (major < 4 or minor is not None)
        shown = f"{major}" + (f".{minor}" if minor is not None else "")
        if not known:
            return [english("The file was without a format number; it is in format 4.5 now.")]
        return [english("The file was in notebook format {number}; it is in format 4.5 now.", number=shown)]
    ids = Counter(cell["id"] for cell in cells if isinstance(cell.get("id"), str))
    repairs, missing = [], len(cells) - ids.total()
    if missing:
        repairs.append(
            english_counted(
                "{count} cell had no id, or an invalid one; each has one now.",
                "{count} cells had no id, or an invalid one; each has one now.",
                missing,
            )
        )
    if len(ids) < ids.total():
        repairs.append(english("Some cells had the same id; each has its own now."))
    return repairs


def odd_cell_repairs(odd: Mapping[str, int]) -> list[Message]:
    """Return what is to say about odd cells."""
    repairs = []
    if odd["returns"]:
        repairs.append(english("Lines ended as Windows or old Macs write them (CR); they end in LF now."))
    if odd["outputs"]:
        repairs.append(
            english_counted(
                "{count} output had a wrong form; grading makes its own outputs.",
                "{count} outputs had a wrong form; grading makes its own outputs.",
                odd["outputs"],
            )
        )
    if odd["malformed"]:
        repairs.append(
            english_counted(
                "{count} cell had a wrong form; what could be read was kept.",
                "{count} cells had a wrong form; what could be read was kept.",
                odd["malformed"],
            )
        )
    return repairs


def has_state(widgets: object) -> bool:
    """Tell whether a notebook's widget metadata is complete."""
    bundles = widgets.values() if isinstance(widgets, dict) else [None]
    return all(isinstance(bundle, dict) and "state" in bundle for bundle in bundles)


def comparable(source: str) -> str:
    """Return a source without trailing blanks, outer empty lines and the language that it sets, to compare by."""
    text = "\n".join(line.rstrip() for line in source.strip().split("\n"))
    return SETTING.sub('LANGUAGE = "en"', text) if "LANGUAGE" in text else text
