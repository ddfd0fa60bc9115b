"""The process inside the sandbox that is forked once for every submission.

It is process 1 of a bubblewrap sandbox, or root's where student code has a user of its own, and speaks with `sandbox`
over one inherited socket. It imports torch, numpy and matplotlib once, with one thread, since a parent that has used
two makes a forked child hang. `start` forks a child that becomes an IPython kernel; `wipe` kills and empties whatever a
submission left. The parent itself runs no student code: it can't be traced or read by its children, and in bubblewrap
it holds no capability. Where it can't clean up it ends, and everything in the sandbox with it.
"""

import contextlib
import ctypes
import gc
import json
import logging
import os
import random
import resource
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

# Nobody debugs here, and every kernel would import it anew.
sys.modules["debugpy"] = None  # type: ignore[assignment]  # typeshed knows of modules only

# What every kernel needs, or may need, is imported here once, for all of them.
import ipykernel.debugger
import ipykernel.ipkernel
import ipykernel.kernelapp
import IPython.core.completerlib
import IPython.core.debugger
import IPython.core.logger
import IPython.core.oinspect
import IPython.extensions.storemagic
import matplotlib.pyplot
import numpy.random
import torch
import torch.utils._device
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from traitlets.config import Config
from zmq.eventloop.zmqstream import ZMQStream

import helpers

if TYPE_CHECKING:
    from grading.sandbox.confine import Walls

PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36
MOST_DESCRIPTORS = 8  # that come with a request


class Outputs(IOPubThread):
    """What sends the outputs; those of processes that a kernel forks come over a Unix socket."""

    forked = "ipc://@forked"  # no file, but a name within the sandbox

    def _setup_pipe_in(self) -> None:
        self._pipe_uuid = os.urandom(16)
        pipe = self.socket.context.socket(zmq.PULL)
        pipe.bind(self.forked)
        self._pipe_in: Any = ZMQStream(pipe, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self) -> tuple[zmq.Context[Any], zmq.Socket[Any]]:
        context = zmq.Context()
        pipe = context.socket(zmq.PUSH)
        pipe.linger = 3000
        pipe.connect(self.forked)
        return context, pipe


class Stream(OutStream):
    """What a cell prints to; it is flushed four times at every request, and most of these have printed nothing."""

    written = False  # since it was flushed

    def write(self, string: str) -> int:
        count = super().write(string) or 0
        self.written = True  # not before: another thread may flush meanwhile
        return count

    def flush(self) -> None:
        if self.written:
            self.written = False
            super().flush()  # type: ignore[no-untyped-call]


class NoThread:
    """What stands for the thread that ipykernel would have between requests and cells: the main one takes them."""

    parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


class Kernel(ipykernel.kernelapp.IPKernelApp):
    """An IPython kernel on sockets that listen already and that have no name in here.

    What stands for a port is a descriptor.
    """

    def parse_command_line(self, argv: object = None) -> None:
        """Read nothing: there is no command line."""

    def init_connection_file(self) -> None:
        """Read nothing: the grading process says all that is to be known."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write nothing."""

    def init_heartbeat(self) -> None:
        """Begin no heartbeat: the grading process looks at the process itself."""

    def init_control(self, context: zmq.Context[Any]) -> None:
        """Do without the debugger, which would connect by name, and without a thread between requests and cells."""
        super().init_control(context)  # type: ignore[no-untyped-call]  # ipykernel has no types here
        self.debug_shell_socket.close()
        self.shell_channel_thread = NoThread()

    def _bind_socket(self, s: zmq.Socket[Any], port: int) -> int:
        s.use_fd = port
        s.bind("ipc://socket")
        return port


def serve(control: socket.socket, scratch: Sequence[str], uid: int) -> None:
    """Answer requests until the grading process closes the socket.

    Arguments
        control: the socket.
        scratch: the folders to be emptied before each submission.
        uid: the user whose processes and files they are; 0 in bubblewrap, where it is all that is there.
    """
    torch.set_num_threads(1)
    ipykernel.kernelapp.IOPubThread = Outputs  # type: ignore[attr-defined]  # imported there
    ipykernel.iostream.OutStream = Stream  # type: ignore[misc]
    ipykernel.ipkernel.IPythonKernel._supports_kernel_subshells = False  # type: ignore[assignment]
    ipykernel.kernelapp.ioloop.IOLoop.configurable_default()  # type: ignore[attr-defined]  # imports what loops are
    for name in helpers.__all__:
        getattr(helpers, name)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) or libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    network = os.open("/proc/self/net/sockstat", os.O_RDONLY)
    gauges = [network, *(os.open(folder, os.O_PATH) for folder in scratch)]
    socket.send_fds(control, [b"ready"], gauges)
    for descriptor in gauges:
        os.close(descriptor)
    while True:
        message, descriptors, *_ = socket.recv_fds(control, 1 << 16, MOST_DESCRIPTORS)
        wipe(scratch, uid)
        if not message:
            return
        request = json.loads(message)
        if request["do"] == "wipe":
            control.send(b"wiped")
        elif not os.fork():
            libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            ports = dict(zip(request["channels"], descriptors, strict=True))
            become_kernel(control, request["key"], ports, request["limits"], scratch[0], request["walls"])
        for descriptor in descriptors:
            os.close(descriptor)


def wipe(scratch: Sequence[str], uid: int) -> None:
    """Kill every other process of the sandbox and empty what a submission can write to.

    Raises whatever stands against it: folders nested too deep or closed to everybody end this process.
    """
    while children_left():
        kill_students(uid)
        time.sleep(0.001)
    for folder in scratch:
        for entry in os.scandir(folder):
            if uid and folder != scratch[0] and entry.stat(follow_symlinks=False).st_uid != uid:
                continue  # it is in a folder of everybody's
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
    if uid:  # what its own folder itself bears of a submission, such as attributes, goes, too
        os.rmdir(scratch[0])
        os.mkdir(scratch[0], 0o700)
        os.chown(scratch[0], uid, uid)


def children_left() -> bool:
    """Take the ended children off the list of processes, and tell whether there are others.

    All that a submission starts comes to be this process's child when its parent ends.
    """
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def kill_students(uid: int) -> None:
    """Kill every process of the sandbox but this one: all but process 1, or all of a user, by a child that becomes it.

    Raises RuntimeError where this process is neither.
    """
    if not uid:
        if os.getpid() != 1:
            raise RuntimeError("this is no sandbox's first process")
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        return
    from grading.sandbox import confine  # which lies there, but not in bubblewrap

    killer = os.fork()
    if not killer:
        try:
            confine.become(uid)
            confine.kill_all()
        finally:
            os._exit(0)
    os.waitpid(killer, 0)


def become_kernel(
    control: socket.socket,
    key: str,
    ports: Mapping[str, int],
    limits: Mapping[str, int],
    folder: str,
    walls: "Walls | None",
) -> NoReturn:
    """Turn this forked child into the kernel of one submission; never returns.

    Arguments
        control: the socket to the grading process.
        key: what signs the kernel's messages.
        ports: the descriptors of the sockets that it listens on, by channel.
        limits: values by the names of `resource`.
        folder: where the kernel runs.
        walls: what it takes upon itself first; nothing in bubblewrap.

    It answers `started`, with a descriptor of itself, when it listens and before any student code can run; where it
    fails before that, the error.
    """
    try:
        os.setsid()
        if walls:
            from grading.sandbox.confine import confine

            confine(walls)
            Outputs.forked = f"ipc://{folder}/.forked"  # a name of the network's would be everybody's
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for name, value in limits.items():
            most = resource.getrlimit(getattr(resource, name))[1]
            value = value if most == resource.RLIM_INFINITY else min(value, most)
            resource.setrlimit(getattr(resource, name), (value, value))
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        random.seed()
        numpy.random.seed()
        torch.seed()
        os.chdir(folder)
        sys.argv = ["kernel"]
        named = {f"{channel}_port": descriptor for channel, descriptor in ports.items()}
        settings = Config({"HistoryManager": {"enabled": False}, "IPythonKernel": {"_execute_sleep": 0}})
        kernel: Any = Kernel.instance(
            transport="ipc", capture_fd_output=False, log_level=logging.CRITICAL, config=settings, **named
        )
        kernel.session.key = key.encode()
        kernel.initialize()
        process = os.pidfd_open(os.getpid())
        socket.send_fds(control, [b"started"], [process])
        os.close(process)
        control.close()
        kernel.start()
    except BaseException as error:
        with contextlib.suppress(OSError):  # a kernel that has started has no way to tell any more
            control.send(repr(error).encode()[:1000])
    finally:
        os._exit(1)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2]), int(sys.argv[3]))
