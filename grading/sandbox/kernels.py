"""Start kernels for student code, as well isolated as this machine allows.

Where `isolation` is "bubblewrap", a `Sandbox` runs `zygote` inside bubblewrap; it forks one kernel for each
submission, in a tenth of a second. Where it is "user", a `UserSandbox` runs it as root, and its kernels become another
user. A sandbox that exceeds a limit, or that cannot be cleaned, is ended, and the next submission gets a new one.
Elsewhere a kernel is an ordinary process with resource limits, an empty home folder and
none of this process's environment.
"""

import asyncio
import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from grading.bounded import interrupts_later
from grading.sandbox.cgroup import new_group
from grading.sandbox.confine import Walls
from grading.sandbox.isolation import (
    LIMITS,
    MOST_TASKS,
    THREADS,
    ZYGOTE,
    bubblewrap_command,
    environment,
    found,
    idle_calls,
    isolation,
    private,
    scratch,
    system_and_python,
    system_call_filter,
)
from grading.sandbox.user import Room, end_user, sweep_rooms
from grading.sandbox.watchdog import Held, held_by, of_no_process

PLACE, PREFIX = Path("/var/tmp"), "kernel-"  # of the folders for sockets, whose names must be short
CHANNELS = ("shell", "iopub", "stdin", "control")  # of Jupyter's protocol; nobody listens to a heartbeat
MOST_DESCRIPTORS = 8  # that come with a message
BESIDE = 16  # tasks of a sandbox that are not a submission's
STARTING = 180  # seconds that the zygote may take to import everything, on a busy machine
PATIENCE = 60  # seconds that it may take to answer then

# What a `Watch` needs to know: the root process, how to end it, what is held besides.
Watched: TypeAlias = tuple[int, Callable[[], object], Callable[[], Held]]


class Sandbox:
    """One bubblewrap sandbox with its zygote; one submission's kernel at a time.

    It starts while this process goes on with something else; `start` waits for it.

    Arguments
        covered: the folders that cannot be seen inside, as `private` returns them.

    Attributes
        folder: where the sockets to its kernels lie, for this process alone; nothing of it can be seen inside.
        control: the socket to the zygote.
        process: bubblewrap.
        group: the control group that it is in; None where the grader may make none.
        walls: what a kernel takes upon itself first.
        gauges: descriptors that the zygote has sent when it was ready: one of the statistics of the sandbox's network,
            where its sockets are counted, and one of each folder in memory.
    """

    walls: Walls | None = None

    def __init__(self, covered: Sequence[str] = ()) -> None:
        sweep()
        self.covered = covered
        self.folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=PLACE))
        self.group = new_group(MOST_TASKS + BESIDE)
        self.control, inside = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with inside:
            self.process = self.launch(inside.fileno())
        self.gauges: list[int] = []

    def launch(self, inside: int) -> subprocess.Popen[bytes]:
        """Start the zygote, which has the other end of the control socket as this descriptor."""
        with system_call_filter(idle_calls()) as rules:
            command = [*bubblewrap_command(rules, self.covered), "--"]
            return self.launched(command, inside, (*scratch(), "/dev/shm"), pass_fds=[inside, rules])

    def launched(
        self, command: Sequence[str], inside: int, places: Sequence[str], uid: int = 0, **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start the zygote by a command; the rest is what the zygote is told and what Popen takes."""
        zygote = [sys.executable, "-P", str(ZYGOTE), str(inside), json.dumps(places), str(uid)]
        options |= {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with interrupts_later():
            return subprocess.Popen([*command, *zygote], preexec_fn=self.go_in, **options)

    def go_in(self) -> None:
        """Go into the group, and be the first to go when the machine runs out of memory."""
        be_killed_first()
        if self.group:
            self.group.join()

    def get_ready(self) -> None:
        """Wait until the zygote has imported everything.

        Raises RuntimeError where it did not start.
        """
        if self.gauges:
            return
        self.control.settimeout(STARTING)
        why = "it ended without a word"
        try:
            self.gauges = socket.recv_fds(self.control, 64, MOST_DESCRIPTORS)[1]
        except TimeoutError:
            why = f"it was not ready after {STARTING} s"
        except OSError as error:
            why = str(error)
        if not self.gauges:
            self.process.kill()
            words = self.process.communicate()[1].decode(errors="replace")
            self.close()
            raise RuntimeError(f"the sandbox did not start: {words.strip() or why}")
        self.control.settimeout(PATIENCE)

    @property
    def alive(self) -> bool:
        """Tell whether the sandbox runs."""
        return self.process.poll() is None

    def start(self, key: str, places: Sequence[str], limits: Mapping[str, int]) -> "KernelProcess":
        """Fork a kernel.

        The sockets that it listens on are made here, and it gets their descriptors: so there is no folder that both
        sides write to, and a name in ours leads to the kernel and to no other program.

        Arguments
            key: what signs its messages.
            places: the paths of its sockets, in the order of `CHANNELS`.
            limits: values by the names of `resource`.

        Returns its process. The kernel listens then, and no student code has run.

        Raises RuntimeError where it did not start.
        """
        self.get_ready()
        message = b""
        request: dict[str, object] = {"do": "start", "key": key, "channels": CHANNELS, "limits": limits}
        request["walls"] = self.walls
        with contextlib.suppress(OSError), contextlib.ExitStack() as ours:
            sockets = [ours.enter_context(listening(place)) for place in places]
            socket.send_fds(self.control, [json.dumps(request).encode()], [each.fileno() for each in sockets])
            message, descriptors, *_ = socket.recv_fds(self.control, 1 << 10, 1)
            if message == b"started":
                return KernelProcess(descriptors[0])
        raise RuntimeError(f"the sandbox did not start a kernel: {message.decode(errors='replace') or 'it ended'}")

    def wipe(self) -> bool:
        """Kill what the submission left and empty all that it could write to; return whether that is done for sure."""
        if not self.gauges:
            return True  # it has run nothing
        with contextlib.suppress(OSError):
            self.control.send(json.dumps({"do": "wipe"}).encode())
            return self.control.recv(64) == b"wiped"
        return False

    def most_tasks(self) -> int:
        """Return how many tasks the user of the kernels may have in all: the system's limit counts a user's."""
        return tasks_of_this_user() + MOST_TASKS

    def end(self) -> None:
        """End every process of the submission."""
        self.process.kill()  # --die-with-parent takes the rest along

    def held(self) -> Held:
        """Return what the sandbox holds besides the memory of its processes."""
        return Held(of_no_process(self.gauges), 0, self.was_over())

    def was_over(self) -> bool:
        """Tell whether the system has found the group over its limit."""
        return self.group is not None and self.group.was_over()

    def close(self) -> None:
        """End every process of the sandbox."""
        self.control.close()
        with self.process:  # waits for its end
            self.process.kill()
        if self.group:
            self.group.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        while self.gauges:
            os.close(self.gauges.pop())


class UserSandbox(Sandbox):
    """A zygote of root's whose kernels become a user of their own, where bubblewrap is forbidden.

    Attributes
        room: the user, and its folder.
        places: the folders in which that user may leave something, its own first.
    """

    def launch(self, inside: int) -> subprocess.Popen[bytes]:
        """Start the zygote in a new room."""
        self.room = Room()
        self.places = (str(self.room.home), *found(tuple(self.covered)).places)
        with system_call_filter() as rules, open(rules, "rb", closefd=False) as file:
            self.walls = self.room.walls(file.read(), system_and_python())
        settings = environment(str(self.room.home), str(self.room.packages))
        return self.launched([], inside, self.places, self.room.uid, pass_fds=[inside], env=settings, cwd="/")

    def most_tasks(self) -> int:
        """Return how many tasks the user of the kernels may have in all: it has no others."""
        return MOST_TASKS

    def end(self) -> None:
        """End every process of the submission: all of its user's."""
        end_user(self.room.uid)

    def held(self) -> Held:
        """Return what the sandbox holds besides the memory of its processes."""
        held = held_by(self.room.uid, self.process.pid, self.gauges[0], self.places)
        return held._replace(over=self.was_over())

    def close(self) -> None:
        """End every process of the sandbox, and remove what its user has left anywhere."""
        super().close()
        self.room.end(self.places)


def listening(place: str) -> socket.socket:
    """Return a Unix socket that listens at a path."""
    made = socket.socket(socket.AF_UNIX)
    made.setblocking(False)
    made.bind(place)
    made.listen()
    return made


def sweep() -> None:
    """Remove what sandboxes of this user's processes that were killed have left: folders for sockets, and rooms."""
    sweep_rooms()
    for folder in PLACE.glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid() and process.isdigit() and not Path("/proc", process).exists():
                shutil.rmtree(folder, ignore_errors=True)


def be_killed_first() -> None:
    """Make this process and its children the first to go when the machine runs out of memory."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


class KernelProcess:
    """A kernel that is the sandbox's child, not ours, held by a file descriptor of the process.

    It has what jupyter_client uses of a Popen.

    Arguments
        descriptor: that of the process, which is closed when the process was waited for.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor: int | None = descriptor
        self.stdin = self.stdout = self.stderr = None

    def poll(self) -> int | None:
        """Return None while the process runs, else 0."""
        return 0 if self.descriptor is None or select.select([self.descriptor], [], [], 0)[0] else None

    def send_signal(self, signum: int) -> None:
        """Send the process a signal; nothing happens where it has ended."""
        if self.descriptor is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.descriptor, signum)

    def kill(self) -> None:
        """Kill the process."""
        self.send_signal(signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the end of the process and return 0."""
        if self.descriptor is not None:
            select.select([self.descriptor], [], [])
            os.close(self.descriptor)
            self.descriptor = None
        return 0


_current: Sandbox | None = None


def current(folders: Iterable[str | Path] = ()) -> Sandbox:
    """Return this process's sandbox, started on first use and again after it was ended.

    Nothing in `folders` can be seen inside: where a sandbox that runs might show them, another takes its place.
    """
    global _current
    with_user = isolation(tuple(map(str, folders))) == "user"
    covered = tuple(map(str, folders)) if with_user else private(folders)
    if _current is None or not _current.alive or not set(covered) <= set(_current.covered):
        close_sandbox()
        _current = UserSandbox(covered) if with_user else Sandbox(covered)
    return _current


def renew_sandbox() -> None:
    """Make this process's sandbox ready for the next submission; end it where that cannot be done."""
    if _current is not None and not _current.wipe():
        close_sandbox()


def close_sandbox() -> None:
    """End this process's sandbox, if there is one."""
    global _current
    if _current is not None:
        ended, _current = _current, None
        ended.close()


atexit.register(close_sandbox)


class SandboxProvisioner(LocalProvisioner):
    """What lets jupyter_client's kernel manager use a kernel of this process's sandbox.

    Attributes
        private: the folders that student code must not see.
        memory: bytes that it may hold, where the system counts.
    """

    private: Sequence[str] = ()
    memory: int = LIMITS["RLIMIT_AS"]

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Let the manager speak with the kernel over sockets in a folder of this process."""
        self.sandbox = current(self.private)
        if self.sandbox.group:
            self.sandbox.group.set("memory.max", self.memory)
        manager: Any = self.parent
        folder = self.sandbox.folder
        manager.transport, manager.ip = "ipc", f"{folder}/socket"
        manager.connection_file, manager.cache_ports = f"{folder}/connection.json", False
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork the kernel, whatever the command."""
        limits = LIMITS | {"RLIMIT_NPROC": self.sandbox.most_tasks()}
        manager: Any = self.parent
        places = [f"{manager.ip}-{getattr(manager, f'{channel}_port')}" for channel in CHANNELS]
        process = self.sandbox.start(manager.session.key.decode(), places, limits)
        self.process = process  # type: ignore[assignment]  # it has what jupyter_client uses of a Popen
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and see it end: jupyter_client would wait a tenth of a second before it looks."""
        await super().kill(restart)
        while await self.poll() is None:
            await asyncio.sleep(0.002)

    def watched(self) -> Watched:
        """Return what is to be watched: the whole sandbox."""
        return self.sandbox.process.pid, self.sandbox.end, self.sandbox.held


class LimitedProvisioner(LocalProvisioner):
    """An ordinary kernel process with an empty home folder and, where the platform has them, resource limits."""

    home: str | None = None
    private: Sequence[str] = ()
    memory = 0

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Give the kernel an empty home and an environment that tells nothing."""
        self.home = tempfile.mkdtemp(prefix="student-")
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "SYSTEMROOT", "WINDIR") if name in os.environ}
        backend = {"MPLBACKEND": "module://matplotlib_inline.backend_inline", "PYTHONDONTWRITEBYTECODE": "1"}
        homes = dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TMP", "TEMP"), self.home)
        kwargs |= {"cwd": self.home, "env": kept | homes | backend | THREADS}
        return await super().pre_launch(**kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the process with limits."""
        if os.name == "posix":
            limits = LIMITS | {"RLIMIT_NPROC": tasks_of_this_user() + MOST_TASKS}
            kwargs["preexec_fn"] = lambda: limit(limits)
        return await super().launch_kernel(cmd, **kwargs)

    def watched(self) -> Watched:
        """Return what is to be watched: the process and its group."""
        process, group = self.process, self.pgid
        assert process, "the kernel was launched"

        def kill() -> None:
            with contextlib.suppress(OSError):
                os.killpg(group, signal.SIGKILL) if group else process.kill()

        return process.pid, kill, Held

    async def cleanup(self, restart: bool = False) -> None:
        """Remove the home, too."""
        await super().cleanup(restart)
        if self.home:
            remove(self.home)


def limit(limits: Mapping[str, int]) -> None:
    """Set limits of this process; a platform that knows one of them not goes without it."""
    import resource

    for name, value in limits.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (value, value))


def tasks_of_this_user() -> int:
    """Return how many tasks the user has now, where /proc tells: the system's limit counts them with a submission's."""
    count = 0
    for process in Path("/proc").glob("[0-9]*/task"):
        with contextlib.suppress(OSError):
            if process.stat().st_uid == os.getuid():
                count += len(os.listdir(process))
    return count if count else 1 << 16


def remove(folder: str | Path) -> None:
    """Remove a folder that student code wrote to, whatever is in there."""
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    if os.name == "posix":  # nested too deep for Python, or made unreadable; neither program follows a link
        subprocess.run(["chmod", "-R", "u+rwx", str(folder)], stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL)
