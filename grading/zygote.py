"""The process inside the sandbox that is forked once for every submission.

It is process 1 of a bubblewrap sandbox and speaks with `sandbox` over one inherited socket. It imports torch, numpy
and matplotlib once, with one thread, since a parent that has used two makes a forked child hang. Each request kills
and wipes whatever the last submission left, and ``start`` then forks a child that becomes an IPython kernel. The
parent itself runs no student code: it can't be traced or read by its children, and holds no capability.
"""

import ctypes
import gc
import json
import os
import random
import resource
import shutil
import signal
import socket
import sys

import ipykernel.ipkernel
import ipykernel.kernelapp
import matplotlib.pyplot  # noqa: F401  imported here once, for all the kernels
import numpy
import torch

import helpers

PR_SET_DUMPABLE = 4


def serve(control, limits, scratch):
    """Answer requests until the grading process closes the socket.

    ``limits`` are the resource limits of a kernel, ``scratch`` the folders that a submission can write to.
    """
    torch.set_num_threads(1)
    for name in helpers.__all__:
        getattr(helpers, name)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while message := control.recv(1 << 16):
        wipe(scratch)
        request = json.loads(message)
        if request["do"] == "wipe":
            control.send(b"wiped")
        elif child := os.fork():
            process = os.pidfd_open(child)
            socket.send_fds(control, [b"started"], [process])
            os.close(process)
        else:
            libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
            control.close()
            become_kernel(request["connection"], limits, scratch[0])


def wipe(scratch):
    """Kill every other process of the sandbox and empty what a submission can write to."""
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        pass  # nothing is left of it
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    for folder in scratch:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)


def become_kernel(connection, limits, folder):
    """Turn this forked child into the kernel of one submission; never returns."""
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # when memory runs out, this process goes first
        for name, value in limits.items():
            resource.setrlimit(getattr(resource, name), (value, value))
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        random.seed()
        numpy.random.seed()
        os.chdir(folder)
        sys.argv = ["kernel"]
        kernel = ipykernel.kernelapp.IPKernelApp.instance(connection_file=connection)
        quiet = ["--HistoryManager.enabled=False", "--quiet", "--IPKernelApp.capture_fd_output=False"]
        kernel.initialize(quiet)
        kernel.start()
    finally:
        os._exit(1)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), *json.loads(sys.argv[2]))
