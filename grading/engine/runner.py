"""Run a notebook's cells in a sandboxed kernel, and in a fresh one where a cell or a question has ended the last.

A fresh kernel has run the cells above again; of a cell that ended its kernel, blocked it or took all its time, only the
definitions (`accident`). So one cell's accident costs no other exercise.
"""

import asyncio
import contextlib
import time
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from queue import Empty
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

import zmq
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async, run_sync
from nbformat import NotebookNode, from_dict
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from grading.course import OfCourse
from grading.engine import accident, outputs
from grading.engine.relevance import modules_in, released_cells
from grading.repair.cell_code import code
from grading.sandbox import kernels as sandbox
from grading.sandbox.isolation import GIBIBYTE, ISOLATED, isolation
from grading.sandbox.watchdog import Watch, too_long
from helpers.support.language import Message, english

LARGEST_MESSAGE = 1 << 25  # bytes of one part of a message; a larger one cuts the connection
MOST_WAITING = 100_000  # messages; the watch sees to their size
NEVER = 10**8  # ms to the next try to connect; ZeroMQ's own -1 may end a process that is reading a message then
LONGEST = 3  # times the wall limit may a notebook take whose kernels are lost
MOST_LOST = 4  # kernels to cells that do more than define; then all cells are run for their definitions only
MOST_KERNELS = 40
SLOW = 24  # a cell that took more than this part of the wall limit has its share in that it ran out
BROKEN = english("the notebook's process ended or broke its protocol")
ENDLESS = english("it did not end in the time that a cell has")

# Run in each kernel before any cell. What a cell does to what all exercises stand on is undone when it has run: a name
# of Python's or a module that holds a plain value, the streams that it prints to. `%reset` would empty the namespace.
PREPARE = """
def prepare(shell, modules):
    import builtins, importlib, sys
    streams = sys.stdout, sys.stderr

    def restore(*_):
        sys.stdout, sys.stderr = streams
        for name, value in list(shell.user_ns.items()):
            if not name.startswith("_") and callable(getattr(builtins, name, None)) and not callable(value):
                del shell.user_ns[name]
        for name, module in modules.items():
            if type(shell.user_ns.get(name)) is not type(sys):
                shell.user_ns[name] = importlib.import_module(module)

    shell.events.register("post_run_cell", restore)
    for name in ("reset", "reset_selective", "xdel"):
        shell.register_magic_function(lambda line: None, "line", name)
"""

AS_IN_NBGRADER = "__import__('os').environ['NBGRADER_EXECUTION'] = 'autograde'"  # its tests may ask for that
# An expression: what lays a file beside the notebook, before any cell.
LAY = """lambda path, content: (
    __import__("pathlib").Path(path).parent.mkdir(parents=True, exist_ok=True),
    __import__("pathlib").Path(path).write_bytes(__import__("base64").b64decode(content)),
)"""

Resources: TypeAlias = dict[str, Any]  # what nbconvert hands from one preprocessor to the next
Reply: TypeAlias = Mapping[str, Any]  # a message of Jupyter's protocol, from a kernel that may be hostile


class Runner(OfCourse, Execute):  # type: ignore[misc]  # nbgrader has no types
    """Execute a notebook in a sandbox.

    Attributes
        private: the folders that student code must not see, besides the course.
        files: what lies beside the released notebook, and beside the kernel when it starts: its bytes by its path.
        skipped: the indices of the cells that are not run; those in it before `preprocess` are left out from the start.
        accidents: a sentence for each cell of which only the definitions were run, by its index.
        errors: the error that each cell ended with, by its index.
        tests: the indices of the test cells that are run as they are; those of other test cells are never run.
        doubtful: whether a time limit or the unexplained end of a process had a part in what came out: a busy machine
            can do that to anybody.
        lost: why there is no kernel now, in words that follow "because"; None while there is one.
        ended: why none is started any more.
    """

    private: tuple[str, ...] = ()
    files: Mapping[str, bytes] = MappingProxyType({})
    skipped: set[int]
    tests: Collection[int] = ()

    wall_limit = Integer(
        120, help="Seconds that one notebook may take, three times as long after accidents; then it is ended."
    ).tag(config=True)
    memory_limit = Integer(6 * GIBIBYTE, help="Bytes of memory that one notebook's processes may hold.").tag(
        config=True
    )
    output_limit = Integer(1 << 22, help="Bytes of output that are kept of one notebook.").tag(config=True)
    require_isolation = Bool(
        False, help="Refuse to grade unless student code runs in bubblewrap or as its own user."
    ).tag(config=True)
    iopub_timeout = Integer(30, help="Seconds to wait for a cell's last output.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources, km: object = None) -> tuple[NotebookNode, Resources]:
        """Run a notebook; raises whatever goes wrong before student code runs."""
        self.released = released_cells(nb)
        self.modules = modules_in(nb.cells[index].source for index in self.released)
        self.accidents: dict[int, Message] = {}
        self.errors: dict[int, NotebookNode] = {}
        self.spent: dict[int, float] = {}  # seconds, by cell
        self.kernels = 0
        self.doubtful = self.late = False
        self.careful: Message | None = None  # why of all cells only the definitions are run
        self.lost: Message | None = None
        self.ended: Message | None = None
        self.watch: Watch | None = None
        self.kept = 0  # bytes of output
        self.last_moment = time.monotonic() + LONGEST * self.wall_limit
        # Widget states, times and a polite end all depend on a kernel that may be hostile.
        self.store_widget_state, self.record_timing, self.shutdown_kernel = False, False, "immediate"
        try:
            nb, resources = super().preprocess(nb, resources, km)
        finally:
            self.put_away_kernel()
        if self.careful:
            self.accidents[len(nb.cells)] = accident.all_left_out(self.careful)
        return nb, resources

    @property
    def unseen(self) -> tuple[str, ...]:
        """Return the folders that student code must not see."""
        return (self.course_folder, *self.private)

    @property
    def isolation(self) -> str:
        """Return the isolation that is in force for these folders."""
        return isolation(self.unseen)

    # The kernel

    def create_kernel_manager(self) -> Any:
        """Return a manager whose kernel runs in the sandbox, whatever kernel the submission names."""
        self.kernel_name = "python3"
        manager = super().create_kernel_manager()
        isolated = self.isolation in ISOLATED
        provisioner = sandbox.SandboxProvisioner if isolated else sandbox.LimitedProvisioner
        manager.provisioner = provisioner(kernel_id="submission", kernel_spec=manager.kernel_spec, parent=manager)
        manager.provisioner.private, manager.provisioner.memory = self.unseen, self.memory_limit
        manager.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        manager.context.setsockopt(zmq.RCVHWM, MOST_WAITING)
        if isolated:  # it listens already; a connection that was cut for what came over it stays cut
            manager.context.setsockopt(zmq.RECONNECT_IVL, NEVER)
        return manager

    async def async_start_new_kernel_client(self) -> Any:
        """Connect to the kernel, which has run no student code yet, and begin to watch it."""
        pid, kill, held = self.km.provisioner.watched()
        self.watch = Watch(pid, kill, self.wall_limit, self.memory_limit, held)
        self.watch.deadline = min(self.watch.deadline, self.last_moment)
        self.watch.start()
        self.kernels += 1
        self.kc = self.km.client(context=self.km.context)  # with the limits set there
        self.kc.start_channels(hb=False)
        self.kc.allow_stdin = False
        try:
            await asyncio.wait_for(self.greeting(), self.startup_timeout)
        except TimeoutError:
            await self._async_cleanup_kernel()
            raise RuntimeError(f"the kernel did not answer within {self.startup_timeout} s") from None
        prepare = f"(lambda scope: (exec({PREPARE!r}, scope), scope['prepare'](get_ipython(), {self.modules!r})))({{}})"
        self.kc.execute(prepare, silent=True, store_history=False)
        if self.tests:
            self.kc.execute(AS_IN_NBGRADER, silent=True, store_history=False)
        for path, content in self.files.items():
            self.kc.execute(f"({LAY})({path!r}, {b64encode(content).decode()!r})", silent=True, store_history=False)
        if self.kernels == 1:
            self.ready_at = time.monotonic()
        return self.kc

    start_new_kernel_client = run_sync(async_start_new_kernel_client)

    async def greeting(self) -> None:
        """Ask the kernel who it is until its outputs arrive here too: only then is nothing lost."""
        while True:
            message = self.kc.kernel_info()
            with contextlib.suppress(Empty):
                while True:
                    heard = await self.kc.iopub_channel.get_msg(timeout=0.3)
                    if (
                        heard["parent_header"].get("msg_id") == message
                        and heard["content"].get("execution_state") == "idle"
                    ):
                        return

    async def _async_cleanup_kernel(self) -> None:
        """End the kernel; what a hostile one does to prevent that costs nobody a mark, for the sandbox ends it."""
        try:
            if self.kc:
                self.kc.stop_channels()  # at once: a message to a dead kernel need not be waited for
            await super()._async_cleanup_kernel()
        except Exception as error:
            self.log.warning("The kernel could not be ended in order: %s", type(error).__name__)

    _cleanup_kernel = run_sync(_async_cleanup_kernel)

    def put_away_kernel(self) -> None:
        """End the kernel and all that it left; raises RuntimeError where the watch over it had failed."""
        if self.watch:
            self.watch.stop()
        if self.km:  # else it did not even start
            self._cleanup_kernel()
        sandbox.renew_sandbox()
        if self.watch and self.watch.failure:
            raise RuntimeError("the watch over the kernel failed") from self.watch.failure

    def has_kernel(self, index: int) -> bool:
        """Tell whether there is a kernel that has run the cells above one; where the last was lost, start another."""
        assert self.watch, "cells come after the kernel's start"
        if not self.lost and time.monotonic() > self.watch.deadline:
            self.lose(too_long(self.wall_limit))
            self.blame_slow_cells()
        while self.lost and not self.ended:
            if self.kernels >= MOST_KERNELS or time.monotonic() > self.last_moment:
                self.ended = self.lost
                break
            self.lost = None
            self.put_away_kernel()
            self.km = self.create_kernel_manager()
            self.start_new_kernel()
            self.start_new_kernel_client()
            for earlier in range(index):
                if not self.lost and earlier not in self.skipped and self.runs(earlier):
                    self.run_cell(earlier, again=True)
        return not self.ended

    def lose(self, reason: Message) -> None:
        """Do without the kernel; time may have run out because the machine was busy."""
        self.lost = reason
        self.doubtful |= reason in (too_long(self.wall_limit), ENDLESS)

    @contextlib.contextmanager
    def guarded(self, index: int) -> Iterator[None]:
        """Take an error for the kernel's doing: it is lost."""
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            self.log.warning("The notebook's kernel failed in cell %d: %s", index, type(error).__name__)
            assert self.watch, "what is guarded comes after the kernel's start"
            self.lose(self.watch.last_reason() or (ENDLESS if self.late else BROKEN))

    @contextlib.contextmanager
    def more_time(self, seconds: float) -> Iterator[None]:
        """Let the notebook take so many seconds more, if it needs them inside the block after its `timeout`."""
        assert self.watch, "what is asked comes after the kernel's start"
        begun = time.monotonic()
        self.watch.deadline += seconds
        try:
            yield
        finally:
            self.watch.deadline -= min(seconds, max(0.0, begun + self.timeout + seconds - time.monotonic()))

    # Its cells

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, index: int) -> tuple[NotebookNode, Resources]:
        """Run a cell, if it is one to be run and there is a kernel."""
        if index not in self.skipped and self.runs(index) and self.has_kernel(index):
            self.run_cell(index)
        return cell, resources

    def runs(self, index: int) -> bool:
        """Tell whether a cell is code that a kernel runs."""
        cell = self.nb.cells[index]
        return index in self.tests or (cell.cell_type == "code" and not is_judged(cell))

    def run_cell(self, index: int, again: bool = False) -> None:
        """Run a cell, of one that was blamed or where all are the definitions; see what it does to its kernel.

        Arguments
            index: the cell's.
            again: whether its outputs are known already.
        """
        cell = self.nb.cells[index]
        copy = from_dict(cell)
        if index in self.accidents or (self.careful and (again or index not in self.tests)):
            copy.source = accident.definitions_in(cell.source)
        begun, kept, self.late = time.monotonic(), self.kept, False
        with self.guarded(index):
            self.execute_cell(copy, index, store_history=True)
        self.nb.cells[index] = cell
        self.spent[index] = time.monotonic() - begun
        if again:
            self.kept = kept
        else:
            cell.outputs = copy.outputs
            self.errors.update((index, output) for output in copy.outputs if output.output_type == "error")
        if self.late and not self.lost:
            self.blame(index, ENDLESS)
            self.give_back(self.timeout)
            if index not in self.skipped:
                self.run_cell(index, again=True)
        elif self.lost == too_long(self.wall_limit):
            self.blame_slow_cells(index)
        elif self.lost:
            self.blame_for_end(index)

    def give_back(self, seconds: float) -> None:
        """Let the notebook take as long as it would have without the time that was lost."""
        assert self.watch, "time is lost after the kernel's start"
        self.watch.deadline = min(self.watch.deadline + seconds, self.last_moment)

    def blame(self, index: int, reason: Message) -> None:
        """Run of a cell from now on its definitions only, and nothing of one that was blamed for those."""
        if index in self.accidents or self.careful:
            self.skipped.add(index)
        self.accidents.setdefault(index, accident.left_out(self.nb.cells[index], index + 1, reason))
        if len(self.accidents) >= MOST_LOST:
            self.careful = self.careful or self.lost

    def blame_for_end(self, running: int | None = None) -> None:
        """Blame a cell for the end of the kernel: the last that is known to end Python, now or later.

        Else it is the one that was running, or, where none was, any of them.
        """
        found = {i: accident.cause(self.nb.cells[i].source) for i in self.spent if i not in self.accidents}
        known = {index: cause for index, cause in found.items() if cause}
        assert self.lost, "there is an end to be blamed for"
        if known:
            self.blame(max(known), known[max(known)])
            return
        self.doubtful |= self.lost == BROKEN
        if running is not None:
            self.blame(running, self.lost)
        else:
            self.careful = self.lost

    def blame_slow_cells(self, running: int | None = None) -> None:
        """Blame the cells that had their share in the notebook's time; where none had, the one that ran last."""
        slow = [index for index, seconds in self.spent.items() if seconds > self.wall_limit / SLOW]
        for index in slow or ([running] if running is not None else []):
            self.blame(index, too_long(self.wall_limit))

    def process_message(self, msg: Reply, cell: NotebookNode, cell_index: int) -> None:
        """Keep an output in its cell while the notebook has room for it; nothing else that a kernel says counts."""
        content = msg["content"] if isinstance(msg["content"], dict) else {}
        if msg["msg_type"] == "status" and content.get("execution_state") == "idle":
            raise CellExecutionComplete()
        output = outputs.kept(msg["msg_type"], content)
        if output:
            self.kept += outputs.size(output)
            if self.kept <= self.output_limit:
                cell.outputs.append(output)

    def on_cell_executed(self, cell: NotebookNode, cell_index: int, execute_reply: Reply) -> None:
        """Record in a cell the time limit that ended it; a kernel's own errors have come as outputs.

        Raises DeadKernelError where the kernel is about to end itself: it would, at some moment of the next cells.
        """
        content = execute_reply["content"]
        if content == {**self.error_on_timeout, "status": "error"}:
            self.doubtful = True
            cell.outputs.append(outputs.kept("error", self.error_on_timeout))
        payload = content.get("payload")
        if isinstance(payload, list) and any(isinstance(p, dict) and p.get("source") == "ask_exit" for p in payload):
            raise DeadKernelError("exit() was called")

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> Any:
        self.late = True
        return await super()._async_handle_timeout(timeout, cell)

    # Questions

    async def async_ask(self, question: str, mime: str, seconds: float) -> object:
        """Return what the kernel answers to an expression within so many seconds, as data of a MIME type.

        Anything unexpected comes back as None. Raises CellTimeoutError when it does not answer in time, DeadKernelError
        when it is gone.
        """
        message = self.kc.execute("", silent=True, store_history=False, user_expressions={"answers": question})
        unheard = asyncio.ensure_future(self.forget_outputs())
        try:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                try:
                    reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=0.5))
                except Empty:
                    if not await ensure_async(self.km.is_alive()):
                        raise DeadKernelError("Kernel died") from None
                    continue
                if reply["parent_header"].get("msg_id") == message:
                    return data_in(reply, mime)
                await asyncio.sleep(0)
        finally:
            unheard.cancel()
        await ensure_async(self.km.interrupt_kernel())
        raise CellTimeoutError("no answer in time")

    ask = run_sync(async_ask)

    async def async_hear_again(self, index: int) -> None:
        """See whether the kernel still listens after a question that took too long."""
        self.late = True
        with self.guarded(index):
            await asyncio.wait_for(self.greeting(), self.iopub_timeout)

    hear_again = run_sync(async_hear_again)

    async def forget_outputs(self) -> NoReturn:
        """Take outputs off their channel, so that those of the next cell find room there."""
        while True:
            with contextlib.suppress(Exception):  # whatever is in there
                await self.kc.iopub_channel.get_msg(timeout=1)
            await asyncio.sleep(0)

    def avoid(self, names: set[str], index: int) -> None:
        """Skip the released cells below one that need these names, or what such cells bind."""
        for later in sorted(self.released):
            found = code(self.nb.cells[later].source)
            if later > index and found.needs & names:
                self.skipped.add(later)
                names |= found.binds


def is_judged(cell: NotebookNode) -> bool:
    """Tell whether the judge, and not a person, gives this cell its points."""
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def data_in(reply: Reply, mime: str) -> object:
    """Return the JSON that an execute reply carries as answers, or None."""
    expressions = reply["content"].get("user_expressions")
    shown = expressions.get("answers") if isinstance(expressions, dict) else None
    data = shown.get("data") if isinstance(shown, dict) else None
    return data.get(mime) if isinstance(data, dict) else None
