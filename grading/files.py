"""Write files whole or not at all, and read what others may swap while it is read."""

import errno
import io
import os
import stat
import tempfile
import zipfile
from collections.abc import Container, Iterable
from pathlib import Path

LARGEST = 64 << 20  # bytes of a file that is read; the doctor refuses from half of it on
NO_FILE = "it is a link or something else that is no file"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the time of each file in a zip
UNIX = 3  # the system of which a zip says that it was made there
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)  # what the system says where a disk, or a user's share of it, is full


def write(path: Path, content: bytes, modified: float | None = None) -> bool:
    """Write a file in one step, with its folders.

    Arguments
        path: where to.
        content: the bytes of it.
        modified: the file's time, in seconds since the epoch; now, if it is None.

    Returns False, and writes nothing, where the file holds these bytes already.
    """
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(partial, 0o644)
        if modified is not None:
            os.utime(partial, (modified, modified))
        os.replace(partial, path)
    except BaseException:
        os.unlink(partial)
        raise
    return True


def zipped(files: Iterable[tuple[str, bytes | str]], programs: Container[str] = ()) -> bytes:
    """Return the bytes of a zip, the same for the same files.

    Arguments
        files: (name, content) of each.
        programs: the names of those that can be run.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, UNIX
            entry.external_attr = (0o755 if name in programs else 0o644) << 16
            archive.writestr(entry, content)
    return buffer.getvalue()


def open_as_it_is(name: str | Path, folder: int | None = None) -> int:
    """Return a descriptor of a file or folder, for reading; a link is not followed, and a pipe is not waited for.

    Arguments
        name: its name, or its path.
        folder: a descriptor of the folder that a name is in.
    """
    flags = (getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
    try:
        return os.open(name, os.O_RDONLY | sum(flags), dir_fd=folder)
    except OSError as error:
        raise OSError(errno.ELOOP, NO_FILE) if error.errno == errno.ELOOP else error from None


def read(path: Path) -> bytes:
    """Return the bytes of a file; raises OSError for a link, for what is no ordinary file, and for one too large."""
    return content_of(open_as_it_is(path))


def content_of(descriptor: int, most: int = LARGEST) -> bytes:
    """Return the bytes of an open file, and close it.

    Raises OSError for what is no ordinary file, and for one that has more than `most` bytes.
    """
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, NO_FILE)
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most >> 20} MiB")
    return content


def remove_unfinished(folder: Path) -> None:
    """Remove what `write` had begun below a folder when its process was killed."""
    for partial in folder.rglob(".*.partial"):
        partial.unlink()
