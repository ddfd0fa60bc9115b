"""Where submissions are judged: in this process, in a pool of processes, or on other machines.

Each way is a `concurrent.futures.Executor`, so the batch knows only ``submit``.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import forkserver

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


def context():
    """Return how processes are started: forked from a clean one that has imported the grader once, where that exists.

    Called early, it lets that one import while this process does something else.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload(["grading.record"])
    forkserver.ensure_running()
    return forked


@contextlib.contextmanager
def open_executor(workers: int, scheduler: str | None = None):
    """Give an executor and how many calls it runs at once, and end it afterwards, waiting for none of them.

    ``workers`` is the number of processes, 0 for this one. ``scheduler`` is the address of a `dask.distributed`
    scheduler, whose workers are then used.
    """
    if scheduler:
        with dask_executor(scheduler) as executor:
            yield executor
    elif not workers:
        yield InProcess(), 0
    else:
        pool = ProcessPoolExecutor(workers, context(), start_worker)
        try:
            yield pool, workers
        finally:
            for process in multiprocessing.active_children():
                process.kill()  # its sandbox goes with it
            pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def dask_executor(address):
    """Give the executor of a `dask.distributed` scheduler and the number of its threads.

    Raises ValueError where no scheduler answers, or dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError('--scheduler needs dask: pip install -c constraints.txt -e ".[dask]"') from None
    try:
        client = Client(address, timeout=10)
    except OSError as error:
        raise ValueError(f"no dask scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False), sum(client.nthreads().values())


def start_worker():
    """Prepare a process of the pool: it ends with its parent, leaves Ctrl-C to it, and has a sandbox ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    if isolation() == "bubblewrap":
        with contextlib.suppress(RuntimeError):  # the first submission then says what is wrong
            sandbox.current()


def end_with_parent():
    """Wait for the end of the process that grades, however it ends, and end this one."""
    multiprocessing.parent_process().join()
    os._exit(1)
