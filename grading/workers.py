"""Where submissions are judged: in this process, in a pool of processes, or on other machines.

Each way is a `concurrent.futures.Executor`, so the batch knows only ``submit``.
"""

import gc
import importlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor

from . import sandbox
from .walls import isolation


class InProcess(Executor):
    """Runs each call at once, in this process: for a look with a debugger, and as the simplest of the three."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that judge: a `concurrent.futures.Executor` that is started early and can be renewed.

    ``count`` is the number of processes, 0 for this one. ``scheduler`` is the address of a `dask.distributed`
    scheduler, whose workers are then used. ``width`` says how many calls run at once.
    """

    def __init__(self, count: int, scheduler: str | None = None):
        if count < 0:
            raise ValueError(f"--workers is {count}, expected 0 or more")
        self.count, self.scheduler, self.width = count, scheduler, count

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if self.scheduler:
            self.client = dask_client(self.scheduler)
            self.width = sum(self.client.nthreads().values())
            self.executor = self.client.get_executor(pure=False)
        elif self.count:
            # Forked from a clean process where there is such a thing: this one may have threads by now.
            method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
            context = multiprocessing.get_context(method)
            self.executor = ProcessPoolExecutor(self.count, context, start_worker)
            for _ in range(self.count):
                self.executor.submit(get_ready)
        else:
            self.executor = InProcess()

    def stop(self):
        """End the processes at once, whatever they do; a worker's sandbox ends with it."""
        if self.scheduler:
            self.client.close()
            return
        for process in multiprocessing.active_children():
            process.kill()
        self.executor.shutdown(cancel_futures=True)

    def renew(self):
        """Start anew, where a process has ended by itself."""
        self.stop()
        self.start()


def dask_client(address):
    """Return a client of a `dask.distributed` scheduler; raises ValueError where none answers, or dask is missing."""
    try:
        from distributed import Client
    except ImportError:
        raise ValueError('--scheduler needs dask: pip install -c constraints.txt -e ".[dask]"') from None
    try:
        return Client(address, timeout=10)
    except OSError as error:
        raise ValueError(f"no dask scheduler answers at {address}: {error}") from None


def start_worker():
    """Prepare a process of the pool: it ends with its parent and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()


def get_ready():
    """Start this process's sandbox, and import the judge while the sandbox imports torch."""
    if isolation() == "bubblewrap":
        sandbox.current()
    importlib.import_module("grading.record")
    gc.collect()
    gc.freeze()  # what is loaded by now stays: looking it over again and again costs a tenth of the time


def end_with_parent():
    """Wait for the end of the process that grades, however it ends, and end this one."""
    multiprocessing.parent_process().join()
    os._exit(1)
