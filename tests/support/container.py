"""A container as hosts of graders give it: root with few capabilities, no bubblewrap in it, no new namespaces.

It is made by bubblewrap, without a user namespace: so its root is root, which may become any user. Its processes, its
/tmp, /var/tmp and /dev/shm are its own, so that what goes wrong in it stays there; the rest of the disk is read-only.
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
NO_LANDLOCK = "444 445 446"
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


def in_container(*command, writable=(), landlock=True, **options):
    """Run a command there and return what subprocess.run does.

    ``writable`` are folders that are there to be written to; without ``landlock`` its calls fail, as before Linux 5.13.
    """
    base = Path(sys.base_prefix)
    wrapped = [
        "bwrap",
        "--cap-drop",
        "ALL",
        "--unshare-pid",
        "--unshare-ipc",
        "--die-with-parent",
        "--ro-bind",
        "/",
        "/",
    ]
    for name in CAPABILITIES.split():
        wrapped += ["--cap-add", f"CAP_{name}"]
    for folder in ("/tmp", "/var/tmp", "/dev/shm"):
        wrapped += ["--perms", "1777", "--tmpfs", folder]
    wrapped += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/home", "--perms", "0700", "--dir", HOME]
    if base.is_relative_to("/root"):  # where another user can't run it
        wrapped += ["--tmpfs", "/root"]
        for parent in reversed(base.parents[:-2]):
            wrapped += ["--perms", "0755", "--dir", parent]
        wrapped += ["--ro-bind", base, base]
    wrapped += ["--ro-bind", "/etc/hostname", shutil.which("bwrap")]
    for folder in writable:
        wrapped += ["--bind", folder, folder]
    wrapped += ["--setenv", "HOME", HOME, "--chdir", REPOSITORY]
    with refusing(*([] if landlock else [444, 445, 446])) as rules:
        wrapped += ["--seccomp", str(rules)]
        return subprocess.run([*map(str, [*wrapped, "--", *command])], pass_fds=[rules], **options)
