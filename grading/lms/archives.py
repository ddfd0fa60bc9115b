"""Read what was handed in, file by file, from a folder or a zip, without ever unpacking one: collect's lowest layer.

Nothing is written here, and no name in an archive becomes a path on this machine. Each file is read by itself, up to
`LARGEST` bytes; one that cannot be read says why and the others go on.
"""

import io
import lzma
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath

from grading.bounded import TooDear, bounded
from grading.files import LARGEST, read
from helpers.support.language import Message, english

NAMELESS = re.compile(r"\.i?pynb_?", re.IGNORECASE)  # a notebook whose name is nothing but the ending
STUDENT = re.compile(r"_\d+(_|$)")  # what a system writes behind a person's name, which may begin with a dot
LARGEST_NESTED = 2 * LARGEST  # bytes of all files in a student's own zip
MOST_FILES = 100_000  # of an archive
LONGEST_NAME = 400  # letters, folders included: of what is longer the patterns below meet the end alone
LONGEST_COMPOSED = 4 * LONGEST_NAME  # each letter with its marks
PASSED_OVER = {"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "timestamp.txt"}  # the last is nbgrader's
# What a name says: a notebook, also where a browser, a mistyping or a system has put something behind; nothing at all.
NOTEBOOK = re.compile(r"\.i?pynb(?![^\W_])(?!.*\.(pdf|html?|docx?|py|zip)$)", re.IGNORECASE)
UNKNOWN = re.compile(r"\.(json|txt)$|^(?!.*\.\w{1,8}$)", re.IGNORECASE)
UTF8_NAME = 0x800
UNICODE_PATH = 0x7075  # the extra field that holds the name in UTF-8, and a checksum of the other one
ENCRYPTED = 0x1
TIMES = 0x5455  # the extra field that holds Unix times
DAMAGED = english("it is damaged in the archive; download the archive again")


class Unreadable(Exception):
    """A file whose bytes cannot be had, and stays where it is; ``reason`` is a message for the instructor."""

    def __init__(self, reason: Message):
        super().__init__(reason)
        self.reason = reason


class TooMany(Unreadable, ValueError):
    """An archive with more files than are read."""


@dataclass(frozen=True)
class FoundFile:
    """A file as it lies in the folder or archive: its name there, its time, how to read it, what is odd about it."""

    name: PurePosixPath
    modified: float | None  # seconds since the epoch
    fetch: Callable[[], bytes]
    size: int = 0
    odd: Message | None = None  # why it is not to be graded though it can be read

    def read(self):
        """Return the bytes; raises `Unreadable`."""
        if self.size > LARGEST:
            raise Unreadable(english("it is too large: {size} MiB; left there", size=self.size >> 20))
        return self.fetch()


@contextmanager
def opened(source: Path, zone=None):
    """Give the list of `Entry` in a folder or zip, to be read inside the ``with``.

    ``zone`` is the time zone of the local times that a zip holds, the machine's if None. Hidden files and those that
    systems leave behind are passed over. Raises ValueError where the source is neither, or no whole zip.
    """
    if source.is_dir():
        yield unwrapped([entry for entry in in_folder(source) if wanted(entry)], source.name)
        return
    if not source.is_file():
        raise ValueError(f"{source} is neither a folder nor a zip")
    if NOTEBOOK.search(source.name) or source.suffix.lower() in (".json", ".txt"):
        raise ValueError(f"{source} is a single file: put it into a folder, as STUDENT_{source.name}, and give that")
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise ValueError(
            f"{source} is no whole zip ({error}): download it again, or unpack it and give the folder"
        ) from None
    with archive:
        try:
            entries = [entry for entry in in_zip(archive, zone) if wanted(entry)]
        except TooMany as error:
            raise ValueError(f"{source}: {error}") from None
        yield unwrapped(entries, source.stem)


def nested(entry, content, zone=None):
    """Return the files of a zip that a student handed in, read as far as they may be notebooks.

    Raises `Unreadable` for one that cannot be opened safely, or takes too much.
    """
    try:
        return bounded(read_nested, entry.name, content, zone)
    except TooDear:
        raise Unreadable(english("the zip takes too much time or memory to read")) from None


def read_nested(name, content, zone):
    """Do as `nested`, without a limit; ``name`` is the zip's own."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        inside = [inner for inner in in_zip(archive, zone) if wanted(inner)]
    except TooMany as error:
        raise Unreadable(error.reason) from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error):
        raise Unreadable(english("the zip is damaged or incomplete")) from None
    if sum(inner.size for inner in inside) > LARGEST_NESTED:
        raise Unreadable(english("the zip would unpack to more than {limit} MiB", limit=LARGEST_NESTED >> 20))
    if not any(may_be_notebook(inner.name.name) for inner in inside):
        raise Unreadable(english("the zip holds no notebook"))
    return [replace(inner, name=name / inner.name, fetch=read_now(inner)) for inner in inside]


def read_now(entry):
    """Return what gives a file's bytes, or the reason why they cannot be had, when its archive is closed."""
    try:
        return partial(bytes, entry.read() if may_be_notebook(entry.name.name) else b"")
    except Unreadable as error:
        return partial(refuse, error.reason)


def in_folder(folder):
    """Yield the files below a folder, and the folders that cannot be looked into; a link is never followed."""
    closed = []
    walk = os.walk(folder, onerror=closed.append)
    below = [Path(place) / name for place, folders, files in walk for name in folders + files]
    closed = {Path(error.filename): error.strerror for error in closed}
    for path in sorted(below):
        if path.is_dir() and not path.is_symlink() and path not in closed:
            continue
        name = PurePosixPath(readable(os.fsencode(path.relative_to(folder).as_posix()).decode("utf-8", "replace")))
        odd = None
        if len(str(name)) > LONGEST_NAME:
            name, odd = PurePosixPath(name.name), long_name(str(name))
        if path in closed:
            yield FoundFile(
                name, None, partial(refuse, english("the folder cannot be read: {error}", error=closed[path]))
            )
        elif path.is_symlink() or not path.is_file():
            yield FoundFile(name, None, partial(refuse, english("it is a link or something else that is no file")))
        else:
            state = path.stat()
            yield FoundFile(name, state.st_mtime, partial(from_disk, path), state.st_size, odd)


def end_of(name):
    """Return as much of a name's end as a pattern may meet, not as one of a hidden file."""
    return name if len(name) <= LONGEST_NAME else name[-LONGEST_NAME:].lstrip(".")


def long_name(name):
    """Return what is odd about a name that is longer than a pattern should meet."""
    return english("its name in the archive has {count} letters", count=len(name))


def from_disk(path):
    """Return a file's bytes."""
    try:
        return read(path)
    except OSError as error:
        raise Unreadable(english("it cannot be read: {error}", error=error.strerror)) from None


def refuse(reason):
    """Raise `Unreadable` with the reason."""
    raise Unreadable(reason)


def in_zip(archive, zone):
    """Yield the files of an open archive."""
    files = archive.infolist()
    if len(files) > MOST_FILES:
        raise TooMany(
            english("the zip lists {count} files, where {limit} are allowed", count=len(files), limit=MOST_FILES)
        )
    for info in files:
        name = name_in_zip(info)
        if name.endswith("/"):
            continue
        parts = name.split("/")
        odd = None
        if name.startswith("/") or name[1:2] == ":" or ".." in parts:
            shown = repr(name[:LONGEST_NAME])
            odd = english("its name in the archive, {name}, leads out of the folder", name=shown)
            parts = [end_of(parts[-1])]
        elif len(name) > LONGEST_NAME:
            parts, odd = [end_of(parts[-1])], long_name(name)
        parts = [part for part in parts if part not in ("", ".", "..")] or ["unnamed"]
        fetch = partial(from_zip, archive, info)
        if stat.S_ISLNK(info.external_attr >> 16):
            fetch = partial(refuse, english("it is a link, not a file"))
        yield FoundFile(PurePosixPath(*parts), time_of(info, zone), fetch, info.file_size, odd)


def from_zip(archive, info):
    """Return the bytes of one file in an archive."""
    if info.flag_bits & ENCRYPTED:
        raise Unreadable(english("it is encrypted; unpack it with its password, then collect the folder"))
    try:
        with archive.open(info) as file:
            content = file.read(LARGEST + 1)
    except NotImplementedError:
        raise Unreadable(
            english("it is packed in a way that cannot be read here; unpack it, then collect the folder")
        ) from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError):
        raise Unreadable(DAMAGED) from None
    if len(content) != info.file_size:
        raise Unreadable(DAMAGED)
    return content


def name_in_zip(info):
    """Return a file's name in a zip: UTF-8 where it is, even if the archive does not say so; else code page 437."""
    name = info.orig_filename.partition("\0")[0]
    encoded = name.encode("utf-8" if info.flag_bits & UTF8_NAME else "cp437", "replace")
    for kind, content in extras(info):
        if kind == UNICODE_PATH and content[1:5] == zlib.crc32(encoded).to_bytes(4, "little"):
            return readable(content[5:].decode("utf-8", "replace").replace("\\", "/"))
    if not info.flag_bits & UTF8_NAME:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return readable(name.replace("\\", "/"))


def readable(name):
    """Return a file's name composed, as macOS does not write it, and without what would steer a terminal.

    One that is too long in any case is not composed: many marks over a letter take their square of time.
    """
    composed = unicodedata.normalize("NFC", name) if len(name) <= LONGEST_COMPOSED else name
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(sign) == "Cc" else sign for sign in composed)


def extras(info):
    """Yield the extra fields of a file in a zip, each with its kind."""
    extra, place = info.extra, 0
    while place + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, place)
        yield kind, extra[place + 4 : place + 4 + length]
        place += 4 + length


def time_of(info, zone):
    """Return a file's time in a zip: the exact one where the archive has it, else its local time in ``zone``."""
    for kind, content in extras(info):
        if kind == TIMES and len(content) >= 5 and content[0] & 1:
            return float(struct.unpack("<i", content[1:5])[0])
    try:
        local = datetime(*info.date_time)
    except ValueError:
        return None
    if local.year <= 1980:  # where a zip's calendar begins: no time at all
        return None
    return (local.replace(tzinfo=zone) if zone else local).astimezone(UTC).timestamp()


def wanted(entry):
    """Tell whether an entry is more than what systems leave behind."""
    *folders, last = entry.name.parts
    hidden = any(part.startswith(".") and not STUDENT.search(part) for part in folders)
    hidden |= last.startswith(".") and not NAMELESS.fullmatch(last)
    return not hidden and not any(part in PASSED_OVER for part in entry.name.parts)


def may_be_notebook(name):
    """Tell whether a file's name does not say that it is something else than a notebook."""
    return bool(NOTEBOOK.search(name) or UNKNOWN.search(name))


def unwrapped(entries, stem):
    """Return the entries without the one folder around them that has the source's own name, as zip tools make it."""
    tops = {entry.name.parts[0] for entry in entries if len(entry.name.parts) > 1}
    if len(tops) != 1 or any(len(entry.name.parts) == 1 for entry in entries):
        return entries
    (top,) = tops
    if stem != top and not stem.startswith((f"{top}-", f"{top}_", f"{top} ")):
        return entries
    return [
        FoundFile(PurePosixPath(*entry.name.parts[1:]), entry.modified, entry.fetch, entry.size, entry.odd)
        for entry in entries
    ]
