"""Write files whole or not at all."""

import errno
import os
import tempfile
from pathlib import Path

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


def remove_unfinished(folder: Path) -> None:
    """Remove what `write` had begun below a folder when its process was killed."""
    for partial in folder.rglob(".*.partial"):
        partial.unlink()
