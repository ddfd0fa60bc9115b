"""Start kernels for student code, as well isolated as this machine allows.

On Linux with a working bubblewrap a `Sandbox` runs `zygote` without network, without sight of anything but Python and
`helpers`, and with a scratch folder of its own; it forks one kernel for each submission, in a tenth of a second. A
watch in this process ends a sandbox that takes too much time, memory, disk or too many processes. Elsewhere a kernel
is an ordinary process with resource limits and an empty home folder. `isolation` says which, found out by trying.
"""

import atexit
import contextlib
import functools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from jupyter_client.provisioning import LocalProvisioner

import helpers

GIBIBYTE, MEBIBYTE = 1 << 30, 1 << 20
LIMITS = {"RLIMIT_AS": 6 * GIBIBYTE, "RLIMIT_FSIZE": 64 * MEBIBYTE, "RLIMIT_NPROC": 128, "RLIMIT_CORE": 0}
LARGEST_MEMORY = 6 * GIBIBYTE  # of all the processes of a sandbox together
MOST_PROCESSES = 128
LARGEST_SHARE = 16 * MEBIBYTE  # of the folder with the kernel's sockets
SCRATCH_SIZE = 256 * MEBIBYTE
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@functools.cache
def isolation():
    """Return the isolation in force: "bubblewrap", "limits" or "none"."""
    if shutil.which("bwrap") and hasattr(os, "pidfd_open"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            tried = subprocess.run([*walls(None), "--", "/usr/bin/env", "true"], capture_output=True, timeout=20)
            if tried.returncode == 0:
                return "bubblewrap"
    return "limits" if os.name == "posix" else "none"


def needed():
    """Return the paths that student code must be able to read: the system, Python and `helpers`."""
    package, zygote = Path(helpers.__file__).parent, Path(__file__).with_name("zygote.py")
    return list(dict.fromkeys([*SYSTEM, sys.base_prefix, sys.prefix, str(package), str(zygote)]))


def scratch():
    """Return the folders that student code may write to; /tmp only where nothing that it needs lies in there."""
    return ["/scratch"] if any(path.startswith("/tmp/") for path in needed()) else ["/scratch", "/tmp"]


def walls(share):
    """Return the bubblewrap command that a sandbox runs in; ``share`` is the one folder both sides write to."""
    command = ["bwrap", "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000", "--as-pid-1"]
    command += ["--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL", "--disable-userns"]
    for path in needed():
        if os.path.islink(path):
            command += ["--symlink", os.readlink(path), path]
        elif os.path.exists(path):
            command += ["--ro-bind", path, path]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for folder in scratch():
        command += ["--size", str(SCRATCH_SIZE), "--tmpfs", folder]
    if share:
        command += ["--bind", share, share]
    settings = {"HOME": "/scratch", "TMPDIR": "/scratch", "PATH": f"{sys.prefix}/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
    settings |= {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONDONTWRITEBYTECODE": "1"}
    settings["PYTHONPATH"] = str(Path(helpers.__file__).parent.parent)  # a checkout, of which only helpers is there
    for name, value in (settings | dict.fromkeys(THREADS, "1")).items():
        command += ["--setenv", name, value]
    return [*command, "--remount-ro", "/", "--chdir", "/scratch"]


class Sandbox:
    """One bubblewrap sandbox with its zygote; one submission's kernel at a time."""

    def __init__(self):
        self.share = Path(tempfile.mkdtemp(prefix="kernel-", dir="/var/tmp"))  # /tmp is scratch inside
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        zygote = [sys.executable, "-P", str(Path(__file__).with_name("zygote.py")), str(inside.fileno())]
        command = [*walls(str(self.share)), "--", *zygote, json.dumps([LIMITS, [*scratch(), "/dev/shm"]])]
        self.process = subprocess.Popen(
            command,
            pass_fds=[inside.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        inside.close()
        self.control.settimeout(60)
        if self.control.recv(64) != b"ready":
            words = self.process.stderr.read().decode(errors="replace")
            self.close()
            raise RuntimeError(f"the sandbox did not start: {words.strip() or 'no message'}")

    @property
    def alive(self):
        return self.process.poll() is None

    def start(self, connection):
        """Fork a kernel that listens where the connection file says; return a `KernelProcess`."""
        self.control.send(json.dumps({"do": "start", "connection": connection}).encode())
        message, descriptors, *_ = socket.recv_fds(self.control, 64, 1)
        if message != b"started":
            raise RuntimeError("the sandbox ended before the kernel started")
        return KernelProcess(descriptors[0])

    def wipe(self):
        """Kill what the submission left and empty all that it could write to; return whether the sandbox lives on."""
        try:
            self.control.send(json.dumps({"do": "wipe"}).encode())
            wiped = self.control.recv(64) == b"wiped"
        except OSError:
            wiped = False
        for path in self.share.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return wiped

    def close(self):
        """End every process of the sandbox."""
        self.control.close()
        self.process.kill()  # --die-with-parent takes the rest along
        self.process.wait()
        self.process.stderr.close()
        shutil.rmtree(self.share, ignore_errors=True)

    def usage(self):
        """Return what the sandbox holds now: number of processes, bytes of memory, bytes in the shared folder."""
        count, memory = 0, 0
        waiting = [self.process.pid]
        while waiting and count <= MOST_PROCESSES:
            process = Path("/proc", str(waiting.pop()))
            with contextlib.suppress(OSError):  # it ended meanwhile
                memory += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
                for task in (process / "task").iterdir():
                    waiting += [int(child) for child in (task / "children").read_text().split()]
                count += 1
        share = 0
        for folder, _, files in os.walk(self.share):
            for file in files:
                with contextlib.suppress(OSError):
                    share += os.lstat(os.path.join(folder, file)).st_size
        return count, memory, share


class KernelProcess:
    """A kernel that is the sandbox's child, not ours, held by a file descriptor of the process."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.stdin = self.stdout = self.stderr = None

    def poll(self):
        """Return None while the process runs, else 0."""
        return 0 if self.descriptor is None or select.select([self.descriptor], [], [], 0)[0] else None

    def send_signal(self, signum):
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signum)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self):
        if self.descriptor is not None:
            select.select([self.descriptor], [], [])
            os.close(self.descriptor)
            self.descriptor = None
        return 0


class Watch(threading.Thread):
    """Ends a sandbox that oversteps a limit; ``reason`` then says which."""

    def __init__(self, sandbox, seconds):
        super().__init__(daemon=True)
        self.sandbox, self.deadline, self.reason = sandbox, time.monotonic() + seconds, ""
        self.seconds, self.over = seconds, threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            count, memory, share = self.sandbox.usage()
            if time.monotonic() > self.deadline:
                self.reason = f"the notebook ran longer than {self.seconds} s"
            elif count > MOST_PROCESSES:
                self.reason = f"the notebook started more than {MOST_PROCESSES} processes"
            elif memory > LARGEST_MEMORY:
                self.reason = f"the notebook used more than {LARGEST_MEMORY // GIBIBYTE} GiB of memory"
            elif share > LARGEST_SHARE:
                self.reason = "the notebook wrote where only its kernel may"
            else:
                continue
            self.sandbox.process.kill()
            return


_current = None


def current():
    """Return this process's sandbox, started on first use and again after it was ended."""
    global _current
    if _current is None or not _current.alive:
        close()
        _current = Sandbox()
    return _current


def close():
    """End this process's sandbox, if there is one."""
    global _current
    if _current is not None:
        _current.close()
        _current = None


atexit.register(close)


class SandboxProvisioner(LocalProvisioner):
    """Lets jupyter_client's kernel manager use a kernel of this process's sandbox."""

    async def pre_launch(self, **kwargs):
        manager = self.parent
        folder = tempfile.mkdtemp(dir=current().share)
        manager.transport, manager.ip = "ipc", f"{folder}/socket"
        manager.connection_file, manager.cache_ports = f"{folder}/connection.json", False
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        self.process = current().start(self.parent.connection_file)
        return self.connection_info


class LimitedProvisioner(LocalProvisioner):
    """An ordinary kernel process with an empty home folder and, where the platform has them, resource limits."""

    async def pre_launch(self, **kwargs):
        self.home = tempfile.mkdtemp(prefix="student-")
        kwargs["cwd"] = self.home
        kwargs["env"] = kwargs.get("env", os.environ) | {"HOME": self.home} | dict.fromkeys(THREADS, "1")
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd, **kwargs):
        if os.name == "posix":
            kwargs["preexec_fn"] = limit
        return await super().launch_kernel(cmd, **kwargs)

    async def cleanup(self, restart=False):
        await super().cleanup(restart)
        shutil.rmtree(self.home, ignore_errors=True)


def limit():
    """Set the limits of this process; a platform that knows one of them not goes without it."""
    import resource

    for name, value in LIMITS.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))
