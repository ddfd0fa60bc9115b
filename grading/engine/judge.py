"""Run a submission and write each test cell's points: the part of `nbgrader autograde` that decides.

`Judge` takes the place of nbgrader's Execute in `Autograde.autograde_preprocessors` (nbgrader_config.py). Student
code runs in the kernel as always. At a graded cell the judge does not run the visible source: it sends the inputs of
the exercise's cases to the live kernel, at that place, before later cells can redefine names, and takes back plain
arrays. The comparison, the references and the points stay in this process. Outputs are written only when the whole
notebook has run and the kernel is dead, since a live kernel can change a displayed output later.

Whatever a kernel sends or does ends in a verdict, at worst in 0 with the reason. What goes wrong before student code
runs, or in the grader itself, is raised: nbgrader then reports that submission as not graded.
"""

import asyncio
import contextlib
import copy
import inspect
import json
import time
from collections.abc import Iterator, Mapping
from queue import Empty
from typing import Any, NoReturn, TypeAlias

import zmq
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async, run_sync
from nbformat import NotebookNode
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from grading.course import OfCourse
from grading.engine import outputs
from grading.engine.relevance import skippable
from grading.engine.verdict import Verdict, no_answer, verdict
from grading.repair.packed import unpacks
from grading.sandbox import kernels as sandbox
from grading.sandbox.isolation import GIBIBYTE, isolation
from grading.sandbox.watchdog import Watch, too_long
from helpers.checks import collect as collector
from helpers.checks import watch as watching
from helpers.checks.cases import CaseFile, read_cases
from helpers.checks.report import Report
from helpers.support.language import Message, english

COLLECT = "\n".join(map(inspect.getsource, (watching, collector)))
LARGEST_MESSAGE = 1 << 25  # bytes of one part of a message; a larger one cuts the connection
MOST_WAITING = 100_000  # messages; the watch sees to their size
LONGEST_LIST = 2 * collector.MAX_ITEMS
WATCHED = 2  # times as long as other answers may those take whose calls are watched: it makes loops of torch's slower
BROKEN = english("the notebook's process ended or broke its protocol")

Resources: TypeAlias = dict[str, Any]  # what nbconvert hands from one preprocessor to the next
Reply: TypeAlias = Mapping[str, Any]  # a message of Jupyter's protocol, from a kernel that may be hostile


class Judge(OfCourse, Execute):  # type: ignore[misc]  # nbgrader has no types
    """Execute a notebook in a sandbox and judge its graded cells from outside the kernel.

    Attributes
        cases: the bytes of the public and the hidden case file; where it is None, they are read from the course.
        private: the folders that student code must not see, besides the course.
        verdicts: after `preprocess`, those of the test cells, by grade_id.
        doubtful: after `preprocess`, whether a time limit or the unexplained end of a process had a part in them: a
            busy machine can do that to anybody.
        ended: why the kernel is asked nothing any more, in words that follow "because"; None while it is.
    """

    cases: tuple[bytes, bytes] | None = None
    private: tuple[str, ...] = ()

    wall_limit = Integer(120, help="Seconds that one notebook may take; then it is ended.").tag(config=True)
    memory_limit = Integer(6 * GIBIBYTE, help="Bytes of memory that one notebook's processes may hold.").tag(
        config=True
    )
    output_limit = Integer(1 << 22, help="Bytes of output that are kept of one notebook.").tag(config=True)
    require_isolation = Bool(False, help="Refuse to grade unless student code runs in bubblewrap.").tag(config=True)
    run_everything = Bool(False, help="Run also the released cells that no answer needs.").tag(config=True)
    iopub_timeout = Integer(30, help="Seconds to wait for a cell's last output.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources, km: object = None) -> tuple[NotebookNode, Resources]:
        """Run a notebook and give every graded cell two outputs: the verdict and the points as a plain float.

        Raises RuntimeError where isolation is required and this machine has none, LookupError for a graded cell
        without cases, and whatever goes wrong before student code runs: such a notebook is not graded.
        """
        if self.require_isolation and isolation() != "bubblewrap":
            raise RuntimeError("isolation is required, and bubblewrap does not work here: install it, or allow it")
        judged = {exercise_of(cell) for cell in filter(is_judged, nb.cells)}
        if judged:
            given = self.cases or self.course.cases(resources["nbgrader"]["assignment"])
            self.public, self.hidden = (read_cases(content) for content in given)
            for name in sorted(judged - (self.public.exercises.keys() & self.hidden.exercises.keys())):
                raise LookupError(f"there are no cases for {name!r}: draw the hidden ones again")
        self.doubtful = False
        # The setup cell's helpers are there already, and its public references are nothing for a kernel that grades.
        self.skipped = {index for index, cell in enumerate(nb.cells) if unpacks(cell.source)}
        self.skipped |= set() if self.run_everything else skippable(nb, judged)
        self.verdicts: dict[str, Verdict] = {}
        self.before_hidden: list[Any] | None = None  # the outputs of the cells above, copied before a hidden input
        self.ended: Message | None = None
        self.watch: Watch | None = None
        self.kept = 0  # bytes of output
        # Widget states, times and a polite end all depend on a kernel that may be hostile.
        self.store_widget_state, self.record_timing, self.shutdown_kernel = False, False, "immediate"
        try:
            nb, resources = super().preprocess(nb, resources, km)
        finally:
            if self.watch:
                self.watch.stop()
            if self.km:  # it did not even start
                self._cleanup_kernel()
            sandbox.renew_sandbox()
        if self.watch and self.watch.failure:
            raise RuntimeError("the watch over the kernel failed") from self.watch.failure
        self.hide_outputs(nb)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.execution_count = None  # a kernel's number could carry something out
            if is_judged(cell):
                write_outputs(cell, self.verdicts[cell.metadata.nbgrader["grade_id"]])
        resources["verdicts"] = {name: found.points for name, found in self.verdicts.items()}
        return nb, resources

    def create_kernel_manager(self) -> Any:
        """Return a manager whose kernel runs in the sandbox, whatever kernel the submission names."""
        self.kernel_name = "python3"
        manager = super().create_kernel_manager()
        in_bubblewrap = isolation() == "bubblewrap"
        provisioner = sandbox.SandboxProvisioner if in_bubblewrap else sandbox.LimitedProvisioner
        manager.provisioner = provisioner(kernel_id="submission", kernel_spec=manager.kernel_spec, parent=manager)
        manager.provisioner.private = (self.course_folder, *self.private)
        manager.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        manager.context.setsockopt(zmq.RCVHWM, MOST_WAITING)
        if in_bubblewrap:  # it listens already; later its socket's name could lead to another program's socket
            manager.context.setsockopt(zmq.RECONNECT_IVL, -1)
        return manager

    async def async_start_new_kernel_client(self) -> Any:
        """Connect to the kernel, which has run no student code yet, and begin to watch it."""
        pid, kill, folder = self.km.provisioner.watched()
        self.watch = Watch(pid, kill, self.wall_limit, self.memory_limit, folder)
        self.watch.start()
        self.kc = self.km.client(context=self.km.context)  # with the limits set there
        self.kc.start_channels(hb=False)
        self.kc.allow_stdin = False
        try:
            await asyncio.wait_for(self.greeting(), self.startup_timeout)
        except TimeoutError:
            await self._async_cleanup_kernel()
            raise RuntimeError(f"the kernel did not answer within {self.startup_timeout} s") from None
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

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, index: int) -> tuple[NotebookNode, Resources]:
        """Run a cell, or judge it if it is graded; once the kernel is gone, neither."""
        assert self.watch, "cells come after the kernel's start"
        if time.monotonic() > self.watch.deadline:
            self.end(too_long(self.wall_limit))
        if is_judged(cell):
            self.judge(cell, index)
        elif not self.ended and index not in self.skipped:
            with self.guarded(index):
                super().preprocess_cell(cell, resources, index)
        return cell, resources

    @contextlib.contextmanager
    def guarded(self, index: int) -> Iterator[None]:
        """Take an error for the kernel's doing: it ends the notebook, and the cells that follow get no answer."""
        try:
            yield
        except (Exception, asyncio.CancelledError) as error:
            self.log.warning("The notebook's kernel failed in cell %d: %s", index, type(error).__name__)
            assert self.watch, "what is guarded comes after the kernel's start"
            self.end(self.watch.reason or BROKEN)

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

    def end(self, reason: Message) -> None:
        """Ask the kernel nothing any more; the first reason stays."""
        self.ended = self.ended or reason
        self.doubtful |= self.ended in (too_long(self.wall_limit), BROKEN)

    def judge(self, cell: NotebookNode, index: int) -> None:
        """Ask the kernel for the answers of a graded cell and keep the verdict for later."""
        name, points = exercise_of(cell), float(cell.metadata.nbgrader["points"])
        if self.before_hidden is None and self.hidden.exercises[name]["cases"]:
            self.before_hidden = copy.deepcopy([earlier.get("outputs") for earlier in self.nb.cells[:index]])
        question, answers, late = self.question(name), None, False
        seconds = self.timeout * (WATCHED if self.public.exercises[name]["forbidden"] else 1)
        if not self.ended:
            with self.guarded(index), self.more_time(seconds - self.timeout):
                try:
                    answers = self.ask(question, seconds)
                except CellTimeoutError:
                    late = True
        self.doubtful |= late
        if late:
            reason = english("your function did not return within {seconds} s", seconds=seconds)
            found = self.no_answer(name, points, reason)
        elif self.ended:
            reason = english("no answer came out, because {reason}", reason=self.ended)
            found = self.no_answer(name, points, reason)
        else:
            found = self.decide(name, points, index, answers)
        self.verdicts[cell.metadata.nbgrader["grade_id"]] = found

    def decide(self, name: str, points: float, index: int, answers: object) -> Verdict:
        """Return the verdict on what came out of the kernel.

        Arguments
            name: the exercise's.
            points: what the gradebook has for it.
            index: that of the graded cell.
            answers: what came out, whatever that is.
        """
        files = self.public, self.hidden
        cells = [cell.source for cell in self.nb.cells[:index] if cell.cell_type == "code"]
        answers = [answer if is_plain(answer) else None for answer in answers] if isinstance(answers, list) else None
        try:
            return verdict(name, points, files, answers, cells)
        except Exception as error:  # an answer that no honest kernel sends
            self.log.warning("The answers to %s could not be compared: %s", name, type(error).__name__)
            return verdict(name, points, files, None)

    def no_answer(self, name: str, points: float, reason: Message) -> Verdict:
        """Return the verdict of a graded cell without an answer."""
        return no_answer(Report(name, (), self.public.exercises[name]["aspects"], graded=True), points, reason)

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

    def on_cell_executed(self, cell: NotebookNode, execute_reply: Reply, **_: object) -> None:
        """Record in a cell the time limit that ended it; a kernel's own errors have come as outputs."""
        if execute_reply["content"] == {**self.error_on_timeout, "status": "error"}:
            self.doubtful = True
            cell.outputs.append(outputs.kept("error", self.error_on_timeout))

    def question(self, name: str) -> str:
        """Return the expression that makes the kernel answer the cases of an exercise."""
        groups = json.dumps([inputs_of(file, name) for file in (self.public, self.hidden)])
        forbidden = self.public.exercises[name]["forbidden"]
        watch = f"scope['CallWatch']({forbidden!r})" if forbidden else "None"
        call = f"scope['answers_of'](names, {name!r}, __import__('json').loads({groups!r}), {watch})"
        return f"(lambda scope, names: (exec({COLLECT!r}, scope), {call})[1])({{}}, globals())"

    async def async_ask(self, question: str, seconds: float) -> object:
        """Return what the kernel answers within so many seconds; anything unexpected comes back as None.

        Raises CellTimeoutError when it does not answer in time, DeadKernelError when it is gone.
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
                    return answers_in(reply)
                await asyncio.sleep(0)
        finally:
            unheard.cancel()
        await ensure_async(self.km.interrupt_kernel())
        raise CellTimeoutError("no answer in time")

    ask = run_sync(async_ask)

    async def forget_outputs(self) -> NoReturn:
        """Take outputs off their channel, so that those of the next cell find room there."""
        while True:
            with contextlib.suppress(Exception):  # whatever is in there
                await self.kc.iopub_channel.get_msg(timeout=1)
            await asyncio.sleep(0)

    def hide_outputs(self, nb: NotebookNode) -> None:
        """Drop every output that the kernel produced after it had seen a hidden input."""
        if self.before_hidden is None:
            return
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.outputs = self.before_hidden[index] if index < len(self.before_hidden) else []


def is_judged(cell: NotebookNode) -> bool:
    """Tell whether the judge, and not a person, gives this cell its points."""
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def exercise_of(cell: NotebookNode) -> str:
    """Return the exercise that a test cell belongs to."""
    grade_id: str = cell.metadata.nbgrader["grade_id"]
    return grade_id.removeprefix("test_")


def inputs_of(file: CaseFile, name: str) -> tuple[list[dict[str, object]], dict[str, collector.EncodedArray]]:
    """Return the calls of an exercise's cases and the input tensors that they name: no reference among them."""
    cases = file.exercises[name]["cases"]
    called = [{key: part for key, part in case.items() if key in ("args", "kwargs", "value")} for case in cases]
    return called, file.inputs(cases)


def answers_in(reply: Reply) -> object:
    """Return the JSON that an execute reply carries as answers, or None."""
    expressions = reply["content"].get("user_expressions")
    shown = expressions.get("answers") if isinstance(expressions, dict) else None
    data = shown.get("data") if isinstance(shown, dict) else None
    return data.get(collector.Answers.MIME) if isinstance(data, dict) else None


def is_plain(answer: object) -> bool:
    """Tell whether an answer is no longer or deeper than `collect` makes one: more could keep this process busy."""
    waiting = [(answer, 0)]
    while waiting:
        value, depth = waiting.pop()
        if isinstance(value, (list, dict)):
            if len(value) > LONGEST_LIST or depth > 4 * collector.MAX_DEPTH:
                return False
            waiting += [(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]
    return True


def write_outputs(cell: NotebookNode, found: Verdict) -> None:
    """Give a test cell its outputs: the verdict, and the points in the one form that nbgrader reads safely."""
    cell.outputs = [
        new_output("display_data", found.as_output(isolation())),
        new_output("execute_result", {"text/plain": repr(float(found.points))}),
    ]
