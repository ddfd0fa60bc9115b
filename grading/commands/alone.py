"""What writes marks works alone on a course, and ends with a sentence whatever happens."""

import sys
from collections.abc import Callable
from pathlib import Path

from grading.files import NO_ROOM

INTERRUPTED = 130  # the exit code of a program that Ctrl-C ended
KEEPS = "what is graded is kept"


def alone(folder: Path, work: Callable[[Path], int]) -> int:
    """Return what ``work`` returns of a course folder, with no other run at work there.

    Raises ValueError, with what to do, for a folder that is none, one where another run is at work, a full disk and a
    gradebook that cannot be written.
    """
    from filelock import FileLock, Timeout

    course = folder.resolve()
    if not course.is_dir():
        raise ValueError(f"--course {course} is no folder")
    try:
        with FileLock(course / ".grading.lock", blocking=False):
            return work(course)
    except Timeout:
        raise ValueError(f"another grading run is at work in {course}: wait for it, or stop it") from None
    except KeyboardInterrupt:
        print(f"\nStopped: {KEEPS}. The same command goes on from here.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno in NO_ROOM:
            raise ValueError(
                f"no space is left in {course}: make room, then run the same command again; {KEEPS}"
            ) from None
        if error.filename is None:
            raise
        raise ValueError(
            f"{error.filename}: {error.strerror}; see to it, then run the same command again; {KEEPS}"
        ) from None
    except Exception as error:
        from grading.gradebook.database import DATABASE_ERRORS, cause_of

        if not isinstance(error, DATABASE_ERRORS):
            raise
        raise ValueError(
            f"the gradebook could not be written: {cause_of(error)}; see to it, then run the same command again; "
            f"{KEEPS}"
        ) from None
