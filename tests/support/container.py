"""A container as hosts of graders give it: root with few capabilities, no bubblewrap in it, no new namespaces.

It is made by bubblewrap, without a user namespace: so its root is root, which may become any user. Its processes, its
/tmp, /var/tmp and /dev/shm are its own, so that what goes wrong in it stays there; the rest is what is needed, to read.

    python -m tests.support.container [--no-landlock] -m slow tests/grading/sandbox/test_attacks.py

runs tests there, with the arguments of pytest.
"""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grading.course import REPOSITORY
from grading.sandbox import isolation

CAPABILITIES = "CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETPCAP KILL"  # of those that Docker's containers have
HOME = "/home/grader"
NAME = "CONTAINER"  # of the variable that is set there, and nowhere else
NO_LANDLOCK = (444, 445, 446)  # its system calls
can_be_made = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or isolation.isolation() != "bubblewrap",
    reason="a container is made by root, with bubblewrap",
)


@contextlib.contextmanager
def refusing(*numbers):
    """Give a descriptor of a filter that refuses system calls by number, and those that make namespaces."""
    with pytest.MonkeyPatch.context() as patch:
        names = ["unshare", "setns", "mount", *(f"number_{number}" for number in numbers)]
        patch.setattr(isolation, "RECENT", {f"number_{number}": number for number in numbers})
        new_user = isolation.Comparison(0, isolation.MASKED_EQUAL, isolation.CLONE_NEWUSER, isolation.CLONE_NEWUSER)
        refused = isolation.FAIL | 1
        rules = [(refused, " ".join(names)), (refused, "clone", new_user), (isolation.FAIL | 38, "clone3")]
        patch.setattr(isolation, "filter_rules", lambda idle: rules)
        with isolation.system_call_filter() as descriptor:
            yield descriptor


def in_container(*command, writable=(), landlock=True, bound=None, network=True, **options):
    """Run a command there and return what subprocess.run does.

    ``writable`` are folders that are there to be written to, or {folder: its place there}; ``bound`` are such to read
    instead of the checkout and this environment. Without ``landlock`` its calls fail, as before Linux 5.13; then the
    checkout lies in root's home, which is closed, with Python outside.
    """
    wrapped = "bwrap --unshare-pid --unshare-ipc --die-with-parent --cap-drop ALL --dev /dev --proc /proc".split()
    for name in CAPABILITIES.split():
        wrapped += ["--cap-add", f"CAP_{name}"]
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        wrapped += ["--perms", "1777", "--tmpfs", folder]
    wrapped += ["--perms", "0700", "--dir", HOME]
    place = REPOSITORY if landlock else f"{HOME}/checkout"
    ours = {REPOSITORY: place, sys.prefix: sys.prefix} if bound is None else bound
    below = [sys.base_prefix, *(ours if bound is None else ours.values())]
    for parent in sorted({up for each in below for up in Path(each).parents} - {Path("/")}):
        wrapped += ["--perms", "0755", "--dir", parent]  # also where it is below /root, where no other user may look
    for source, target in ({each: each for each in ("/etc", sys.base_prefix, *isolation.SYSTEM[:5])} | ours).items():
        wrapped += (
            ["--symlink", os.readlink(source), target] if os.path.islink(source) else ["--ro-bind", source, target]
        )
    wrapped += ["--ro-bind", "/etc/hostname", os.path.realpath(shutil.which("bwrap"))]
    for folder, target in (writable if isinstance(writable, dict) else {each: each for each in writable}).items():
        wrapped += ["--bind", folder, target]
    wrapped += [] if network else ["--unshare-net"]
    wrapped += ["--setenv", NAME, "1", "--setenv", "HOME", HOME, "--chdir", place if bound is None else "/"]
    wrapped += ["--setenv", "PYTHONPATH", place] if bound is None else []
    with refusing(*([] if landlock else NO_LANDLOCK)) as rules:
        wrapped += ["--seccomp", str(rules)]
        return subprocess.run([*map(str, [*wrapped, "--", *command])], pass_fds=[rules], **options)


def attacks_may_run():
    """Tell whether attacks run in bubblewrap here, or as a user of their own where that can hurt nothing."""
    return isolation.isolation() == ("user" if NAME in os.environ else "bubblewrap")


if __name__ == "__main__":
    without = sys.argv[1] == "--no-landlock"
    tests = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1 + without :]]
    sys.exit(in_container(*tests, landlock=not without).returncode)
