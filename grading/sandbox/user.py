"""Make room for student code as a user of its own, where the grader is root and may not make namespaces: in containers.

`Room` takes a number that no user has, and a folder; `confine` has the walls around what runs in there. `tried` finds
out whether they stand.
"""

import contextlib
import functools
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import helpers
from grading.sandbox import confine
from grading.sandbox.confine import DEVICES, LOWEST, SHARED, Walls

PLACE, PREFIX = Path("/var/tmp"), "student-"
FIRST, COUNT = 0x70000000, 1 << 22  # numbers that systemd leaves alone
HARMLESS = (*DEVICES, "/dev/pts/ptmx", "/dev/tty")
WRITABLE = [*"-prune -o ! -type l ! -type s -writable -printf".split(), r"%y %m %p\0"]  # of find: kind, mode and path
PROGRAM = Path(confine.__file__)
PATIENCE = 60  # seconds that it may take to try the walls


class Room:
    """A user's number and a folder, which hold until `end`.

    Attributes
        uid: the number of the user and of its group.
        folder: root's.
        home: a folder in it, the user's own.
        packages: a folder in it with a copy of `helpers` and of `confine`: so the checkout can be closed to the user.
    """

    def __init__(self) -> None:
        self.uid = free_number()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-{self.uid}-", dir=PLACE))
        self.folder.chmod(0o711)
        self.home, self.packages = self.folder / "home", self.folder / "packages"
        self.home.mkdir(0o700)
        os.chown(self.home, self.uid, self.uid)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(Path(helpers.__file__).parent, self.packages / "helpers", ignore=ignored)
        (self.packages / "grading/sandbox").mkdir(parents=True)
        for folder in ("grading", "grading/sandbox"):
            (self.packages / folder / "__init__.py").touch()
        shutil.copy(PROGRAM, self.packages / "grading/sandbox")
        for each, _, files in os.walk(self.packages):
            os.chmod(each, 0o755)
            for name in files:
                os.chmod(f"{each}/{name}", 0o644)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def walls(self, rules: bytes, readable: Iterable[str], hidden: Sequence[str] = ()) -> Walls:
        """Return what `confine` needs to know.

        Arguments
            rules: the filter of system calls.
            readable: the system and Python; `helpers` comes with the room.
            hidden: the folders that the user must not see.
        """
        references = [str(path) for folder in hidden for path in Path(folder).glob("source/cases/*/*.safetensors")]
        return Walls(
            uid=self.uid,
            rules=rules.hex(),
            landlock=confine.landlock(),
            readable=[*readable, str(self.packages)],
            home=str(self.home),
            hidden=list(hidden),
            references=references,
            python=sys.executable,
        )

    def end(self, places: Sequence[str] = (SHARED,)) -> None:
        """Kill every process of the user and remove all of its files, in these places and here."""
        end_user(self.uid)
        for entry in left_by(self.uid, places):
            remove_whole(entry.path)
        remove_whole(self.folder)


def tried(rules: bytes, readable: Iterable[str], hidden: Sequence[str]) -> tuple[list[str], list[str]]:
    """Try the walls out in a room of their own, with what `Room.walls` takes.

    Returns what stands against them, in sentences, and the folders for all where the user can leave something.
    """
    with Room() as room:
        walls = room.walls(rules, readable, hidden)
        done = subprocess.run(
            [sys.executable, "-IS", PROGRAM, "try"],
            input=json.dumps(walls),
            cwd=room.home,
            env={"LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    if done.returncode:
        return [done.stderr.strip().rpartition("\n")[2] or "it ended"], []
    against: list[str] = json.loads(done.stdout)
    if walls["landlock"]:
        return against, [SHARED]
    places, others = open_to_all()
    return [*against, *others], list(places)


@functools.cache
def open_to_all() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the folders that any user of this machine can write to, and a sentence for each thing that must not be.

    That is what is no folder and no device that keeps nothing, and folders in which one removes what is another's.
    """
    with Room() as room:
        skipped = f"-path /proc -o -path /sys -o -path {room.folder}".split()
        done = subprocess.run(
            ["find", "/", "(", *skipped, ")", *WRITABLE],
            user=room.uid,
            group=room.uid,
            extra_groups=[],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        )
    found = [line.decode(errors="replace").split(" ", 2) for line in done.stdout.split(b"\0")[:-1]]
    places = [path for kind, _, path in found if kind == "d"]
    against = [
        f"it could change {path}: run chmod o-w {path}"
        for kind, mode, path in found
        if (not int(mode, 8) & stat.S_ISVTX if kind == "d" else path not in HARMLESS)
    ]
    return tuple(places), tuple(against)


def free_number() -> int:
    """Return a number of no user, that no process has and that no other grader on this machine takes.

    Raises OSError where there is none.
    """
    maps = [Path(f"/proc/self/{kind}_map").read_text().split() for kind in ("uid", "gid")]
    own = os.getpid() % COUNT
    smaller = [int(parts[0]) + int(parts[2]) - 1 - random.randrange(4096) for parts in maps[:1] for _ in range(64)]
    for number in (FIRST + own, *smaller):
        if number >= LOWEST and all(is_mapped(number, parts) for parts in maps) and not is_taken(number):
            return number
    raise OSError("there is no number left for a user")


def is_mapped(number: int, parts: Sequence[str]) -> bool:
    """Tell whether a number is one in this user namespace, as /proc/self/uid_map says it."""
    starts, counts = map(int, parts[::3]), map(int, parts[2::3])
    return any(start <= number < start + count for start, count in zip(starts, counts, strict=True))


def is_taken(number: int) -> bool:
    """Tell whether there is a user, a group, a process or a room of this number."""
    import grp
    import pwd

    for known in (pwd.getpwuid, grp.getgrgid):
        with contextlib.suppress(KeyError):
            known(number)
            return True
    return bool(confine.alive(number) or list(PLACE.glob(f"{PREFIX}*-{number}-*")))


def end_user(uid: int) -> None:
    """Kill every process of a room's user."""
    subprocess.run([sys.executable, "-IS", PROGRAM, "kill", str(uid)], check=True, stderr=subprocess.DEVNULL)


def left_by(uid: int, places: Iterable[str | Path]) -> Iterator[os.DirEntry[str]]:
    """Yield what belongs to a user in folders that all may write to; what is below such an entry is not looked at."""
    for place in places:
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.stat(follow_symlinks=False).st_uid == uid:
                        yield entry


def remove_whole(path: str | Path) -> None:
    """Remove what a user has made, however deep; `rm` follows no link."""
    subprocess.run(["rm", "-rf", "--", str(path)], check=True, stderr=subprocess.DEVNULL)


def sweep_rooms() -> None:
    """End the rooms of graders that were killed."""
    for folder in PLACE.glob(f"{PREFIX}*-*-*"):
        process, uid, *_ = folder.name.removeprefix(PREFIX).split("-")
        with contextlib.suppress(OSError):
            ours = folder.lstat().st_uid == os.getuid() == 0 and process.isdigit() and uid.isdigit()
            if ours and int(uid) >= LOWEST and not Path("/proc", process).exists():
                end_user(int(uid))
                for entry in left_by(int(uid), (SHARED, "/tmp", PLACE)):
                    remove_whole(entry.path)
                remove_whole(folder)
