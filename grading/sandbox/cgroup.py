"""Let the system count what a sandbox holds, as a control group, where it has handed the grader a part of their tree.

Counted so are files in memory, sockets, pipes and what the system's own lists take, beside the memory of processes.
The grader's own processes move to a group beside those of the sandboxes, for a group that has others below has none.
It is for groups of version 2 that say of themselves that they are delegated, and for those of a container.
"""

import contextlib
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
GRADER, PREFIX = "grader", "sandbox-"  # the groups that are made
CONTROLLERS = ("memory", "pids")
DELEGATED = ("user.delegate", "trusted.delegate")  # what systemd writes on a group
PATIENCE = 5  # seconds that the end of a group's processes may take


class Group:
    """A control group of one sandbox.

    Attributes
        folder: where it is in the tree.
    """

    def __init__(self, folder: Path, tasks: int) -> None:
        self.folder = folder
        folder.mkdir()
        self.set("pids.max", tasks)
        self.set("memory.oom.group", 1)
        if (folder / "memory.swap.max").exists():
            self.set("memory.swap.max", 0)

    def set(self, name: str, value: int) -> None:
        """Set something of the group."""
        (self.folder / name).write_text(str(value))

    def join(self) -> None:
        """Move this process, and what it starts from now on, into the group."""
        self.set("cgroup.procs", 0)

    def was_over(self) -> bool:
        """Tell whether the system has ended processes because there was no memory left for the group."""
        with contextlib.suppress(FileNotFoundError):
            events = dict(line.split() for line in (self.folder / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0)) > 0
        return False

    def end(self) -> None:
        """End every process of the group and remove it."""
        end = time.monotonic() + PATIENCE
        while self.folder.exists() and time.monotonic() < end:
            with contextlib.suppress(OSError):
                self.set("cgroup.kill", 1)  # there is none before Linux 5.14
            with contextlib.suppress(OSError):  # its processes are about to end
                self.folder.rmdir()
                return
            time.sleep(0.01)


def new_group(tasks: int) -> Group | None:
    """Return a new group for so many tasks at most, or None where the grader may make none."""
    try:
        tree = own_tree()
        if not tree:
            return None
        sweep_groups(tree)
        numbers = [int(path.name.rpartition("-")[2]) for path in tree.glob(f"{PREFIX}{os.getpid()}-*")]
        return Group(tree / f"{PREFIX}{os.getpid()}-{max(numbers, default=0) + 1}", tasks)
    except OSError:
        return None


def own_tree(root: Path = ROOT, own: Path = Path("/proc/self/cgroup")) -> Path | None:
    """Return the group below which groups can be made, with this process in the grader's own; None where there is none.

    Raises OSError where the system refuses what it seemed to allow.
    """
    if not (root / "cgroup.controllers").exists():
        return None  # version 1, or another system
    name = own.read_text().strip().rpartition("0::/")[2]
    here = root / name
    if here.name == GRADER:
        return here.parent
    if not is_delegated(here, name) or not os.access(here / "cgroup.subtree_control", os.W_OK):
        return None
    if not set(CONTROLLERS) <= set((here / "cgroup.controllers").read_text().split()):
        return None
    (here / GRADER).mkdir(exist_ok=True)
    for process in (here / "cgroup.procs").read_text().split():
        with contextlib.suppress(OSError):  # it has ended, or is the system's own
            (here / GRADER / "cgroup.procs").write_text(process)
    (here / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in CONTROLLERS))
    return here


def is_delegated(folder: Path, name: str) -> bool:
    """Tell whether a group is its owner's to divide: systemd says so, or it is the whole tree of a container."""
    if not name:
        return True
    for attribute in DELEGATED:
        with contextlib.suppress(OSError):
            if os.getxattr(folder, attribute) == b"1":
                return True
    return False


def sweep_groups(tree: Path) -> None:
    """End the groups of graders that were killed."""
    for folder in tree.glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdigit() and not Path("/proc", process).exists():
            group = Group.__new__(Group)
            group.folder = folder
            group.end()
