"""Where submissions are judged: in this process, in a pool of processes, or on other machines.

Each way is a `concurrent.futures.Executor`, so the batch knows only ``submit``.
"""

import asyncio
import contextlib
import gc
import importlib
import itertools
import logging
import math
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import forkserver

from grading.bounded import TooDear, die_with_parent
from grading.sandbox import kernels as sandbox
from grading.sandbox.isolation import ISOLATED, isolation

PATIENCE = 10  # seconds for a dask scheduler to answer
PERIOD = 1.0  # seconds from one look at what is late to the next


class InProcess(Executor):
    """Runs each call at once, in this process: for a look with a debugger, and as the simplest of the three."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class OnDask(Executor):
    """Runs calls on the workers of a dask scheduler, each in a process of the worker's own, by `Timed`.

    A call that workers ended under again and again, and one that was lost with the scheduler, ends in
    `BrokenExecutor`, as with a pool of processes, and one that took too long in `TooDear`.
    """

    def __init__(self, client, limit):
        self.client, self.limit = client.get_executor(pure=False), limit

    def submit(self, function, /, *args):
        from distributed.client import ClosedClientError

        future = Future()
        try:
            on_dask = self.client.submit(in_own_process, self.limit(), function, *args)
            on_dask.add_done_callback(partial(hand_on, future))
        except ClosedClientError:
            raise BrokenExecutor("the scheduler has gone") from None
        return future


class Timed(Executor):
    """Runs calls in a pool of processes; one in which a call takes longer than its time is killed.

    A process tells when it begins a call: the time that one waits does not count. The call that took too long ends in
    `TooDear`, and those that its end has cost, as with any pool, in `BrokenExecutor`.

    Arguments
        count: the number of processes.
        limit: what returns the seconds that a call may take.
    """

    def __init__(self, count, limit):
        # Forked from a clean process where there is such a thing: this one may have threads by now.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        self.told, self.tell = context.Pipe(duplex=False)
        self.pool = ProcessPoolExecutor(count, context, start_worker, (self.tell,))
        for _ in range(count):
            self.pool.submit(get_ready)
        self.limit, self.numbers = limit, itertools.count()
        self.lock, self.open = threading.Lock(), {}  # [future, process, when it began] by the number of a call
        threading.Thread(target=self.watch, daemon=True).start()

    def submit(self, function, /, *args):
        future, number = Future(), next(self.numbers)
        with self.lock:
            self.open[number] = [future, None, math.inf]
        self.pool.submit(told_call, number, function, *args).add_done_callback(partial(self.hand_on, number))
        return future

    def hand_on(self, number, ended):
        """Give a call's future what has become of it, unless it was late."""
        with self.lock:
            future, *_ = self.open.pop(number, [None])
        if future is None:
            return
        if ended.cancelled():
            future.cancel()
        elif error := ended.exception():
            future.set_exception(error)
        else:
            future.set_result(ended.result())

    def watch(self):
        """Note when a call begins, and end the process of one that is late, until all processes have ended."""
        with self.told, contextlib.suppress(EOFError, OSError):
            while True:
                number, process = self.told.recv() if self.told.poll(PERIOD) else (None, None)
                with self.lock:
                    now = time.monotonic()
                    if number in self.open:
                        self.open[number][1:] = process, now
                    for number, (future, process, begun) in [*self.open.items()]:
                        if now - begun > self.limit():
                            del self.open[number]
                            future.set_exception(TooDear())  # first: with its process all other calls break
                            os.kill(process, signal.SIGKILL)

    def shutdown(self, wait=True, *, cancel_futures=False):
        self.pool.shutdown(wait, cancel_futures=cancel_futures)
        self.tell.close()


def hand_on(future, ended):
    """Give a future what one of dask's has come to."""
    from distributed.scheduler import KilledWorker, NoValidWorkerError

    error = BrokenExecutor("the scheduler has gone") if ended.cancelled() else ended.exception()
    if isinstance(error, KilledWorker | NoValidWorkerError):
        error = BrokenExecutor(str(error))
    if error:
        future.set_exception(error)
    else:
        future.set_result(ended.result())


def in_own_process(limit, function, /, *args):
    """On one of dask's workers: do a call in a process that is killed where it takes more than so many seconds.

    So the worker itself is never stuck, and dask need not end it.
    """
    global _own
    with _one_at_a_time:
        if _own is None:
            multiprocessing.current_process().daemon = False  # dask's are, and such a process may start no other
            _own = Timed(1, None)
        _own.limit = lambda: limit
        try:
            return _own.submit(function, *args).result()
        except (BrokenExecutor, TooDear):
            _own.shutdown()
            _own = None
            raise


_own, _one_at_a_time = None, threading.Lock()  # in one of dask's workers: its process, and who may use it


def cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Processes that judge: a `concurrent.futures.Executor` that is started early and can be renewed.

    ``count`` is the number of processes, 0 for this one. ``scheduler`` is the address of a `dask.distributed`
    scheduler, whose workers are then used. ``width`` says how many calls run at once, ``limit`` how many seconds one
    may take in another process.
    """

    def __init__(self, count: int, scheduler: str | None = None):
        if count < 0:
            raise ValueError(f"--workers is {count}, expected 0 or more")
        self.count, self.scheduler, self.width, self.limit = count, scheduler, count, math.inf

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        if self.scheduler:
            self.client = dask_client(self.scheduler)
            self.width = sum(self.client.nthreads().values())
            self.executor = OnDask(self.client, lambda: self.limit)
        elif self.count:
            self.executor = Timed(self.count, lambda: self.limit)
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
        if isolation() in ISOLATED:
            sandbox.sweep()  # after the sandboxes that ended with them

    def renew(self):
        """Start anew, where a process has ended by itself."""
        self.stop()
        self.start()


def dask_client(address):
    """Return a client of a `dask.distributed` scheduler whose workers can judge.

    Raises ValueError where dask is missing, no scheduler answers, it has no workers, or they cannot import `grading`.
    """
    try:
        from distributed import Client
        from distributed.comm import connect
    except ImportError:
        raise ValueError('--scheduler needs dask: pip install -c constraints.txt -e ".[dask]"') from None
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what it has to say is said in one sentence

    async def knock():
        await (await connect(address, timeout=PATIENCE)).close()

    try:
        # Only a client that finds its scheduler: another's thread would go on, and could block the next client's.
        asyncio.run(knock())
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError):
        raise ValueError(
            f"no dask scheduler answers at {address}: see docs/scaling.md. What was graded before is kept"
        ) from None
    found = client.run(import_judge, on_error="return")
    unable = {worker: error for worker, error in found.items() if error}
    if found and not unable:
        return client
    client.close()
    if not found:
        raise ValueError(
            f"the dask scheduler at {address} has no workers: start some, see docs/scaling.md. What was "
            "graded before is kept"
        )
    worker, error = next(iter(unable.items()))
    raise ValueError(
        f"the dask worker {worker} cannot judge: {error}. Start it in a copy of this folder, as docs/scaling.md says"
    )


def import_judge():
    """Show that this process can judge: run on each of dask's workers before any submission goes there."""
    importlib.import_module("grading.engine.record")


def start_worker(tell):
    """Prepare a process of the pool: it ends with its parent, leaves Ctrl-C to it and tells it what it begins.

    A worker that is stuck in one call runs no thread of Python's. It ends with the server that forked it, and that with
    the process that grades, unless a worker holds the server's pipe open, too.
    """
    global _tell
    _tell = tell
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(TypeError, OSError):  # there is none where workers are not forked
        os.close(forkserver._forkserver._forkserver_alive_fd)
    die_with_parent()
    threading.Thread(target=end_with_parent, daemon=True).start()


_tell = None  # in a process of the pool: where it tells what it begins


def told_call(number, function, /, *args):
    """Do a call, and tell before that it begins."""
    _tell.send((number, os.getpid()))
    return function(*args)


def get_ready():
    """Start this process's sandbox, and import the judge while the sandbox imports torch."""
    if isolation() in ISOLATED:
        sandbox.current()
    importlib.import_module("grading.engine.record")
    gc.collect()
    gc.freeze()  # what is loaded by now stays: looking it over again and again costs a tenth of the time


def end_with_parent():
    """Wait for the end of the process that grades, however it ends, and end this one."""
    multiprocessing.parent_process().join()
    os._exit(1)
