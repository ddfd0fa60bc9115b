"""Run a submission and write each test cell's points: the part of `nbgrader autograde` that decides.

`Judge` takes the place of nbgrader's Execute in ``Autograde.autograde_preprocessors`` (nbgrader_config.py). Student
code runs in the kernel as always. At a graded cell the judge does not run the visible source: it sends the inputs of
the exercise's cases to the live kernel, at that place, before later cells can redefine names, and takes back plain
arrays.
The comparison, the references and the points stay in this process. Outputs are written only when the whole notebook
has run and the kernel is dead, since a live kernel can change a displayed output later.
"""

import copy
import json
import time
from pathlib import Path
from queue import Empty

import zmq
from IPython.core.inputtransformer2 import TransformerManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async, run_sync
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from helpers.checks import collect as collector
from helpers.checks.cases import load
from helpers.checks.rules import violations

from . import sandbox
from .draw import hidden_path
from .verdict import no_answer, verdict

COLLECT = Path(collector.__file__).read_text()
LARGEST_MESSAGE = 1 << 25  # bytes of one message from a kernel; a larger one cuts the connection
OUTPUTS = ("stream", "display_data", "update_display_data", "execute_result", "error")


class Judge(Execute):
    """Execute a notebook in a sandbox and judge its graded cells from outside the kernel."""

    wall_limit = Integer(120, help="Seconds that one notebook may take; then it is ended.").tag(config=True)
    output_limit = Integer(1 << 20, help="Bytes of output that are kept of one cell.").tag(config=True)
    require_isolation = Bool(False, help="Refuse to grade unless student code runs in bubblewrap.").tag(config=True)

    def preprocess(self, nb, resources, km=None):
        """Run ``nb`` and give every graded cell two outputs: the verdict and the points as a plain float.

        Raises RuntimeError where isolation is required and this machine has none, and whatever goes wrong before
        student code runs: such a notebook is not graded. What goes wrong later is the notebook's own doing.
        """
        if self.require_isolation and sandbox.isolation() != "bubblewrap":
            raise RuntimeError("isolation is required, and bubblewrap does not work here: install it, or allow it")
        self.public, self.hidden = load(), load(hidden_path())
        self.verdicts, self.before_hidden, self.ended, self.watch = {}, None, "", None
        self.store_widget_state = False  # widget states come from the kernel and would stay in the file
        self.deadline = time.monotonic() + self.wall_limit
        try:
            nb, resources = super().preprocess(nb, resources, km)
        finally:
            if self.watch:
                self.watch.over.set()
                sandbox.current().wipe()
        self.hide_outputs(nb)
        for cell in nb.cells:
            if is_judged(cell):
                write(cell, self.verdicts[cell.metadata.nbgrader["grade_id"]], sandbox.isolation())
        return nb, resources

    def create_kernel_manager(self):
        """Return a manager whose kernel runs in the sandbox, whatever kernel the submission names."""
        self.kernel_name = "python3"
        manager = super().create_kernel_manager()
        walled = sandbox.isolation() == "bubblewrap"
        provisioner = sandbox.SandboxProvisioner if walled else sandbox.LimitedProvisioner
        manager.provisioner = provisioner(kernel_id="submission", kernel_spec=manager.kernel_spec, parent=manager)
        manager.context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
        if walled:
            self.watch = sandbox.Watch(sandbox.current(), self.wall_limit)
            self.watch.start()
        return manager

    def preprocess_cell(self, cell, resources, index):
        """Run a cell, or judge it if it is graded; once the kernel is gone, neither."""
        if not self.ended and time.monotonic() > self.deadline:
            self.ended = f"the notebook ran longer than {self.wall_limit} s"
        self.kept = 0
        try:
            if is_judged(cell):
                self.judge(cell, index)
            elif not self.ended:
                return super().preprocess_cell(cell, resources, index)
        except Exception as error:  # whatever a hostile kernel sends must cost its own notebook only
            self.log.warning("The notebook's kernel failed in cell %d: %r", index, error)
            self.ended = (self.watch and self.watch.reason) or "the notebook's process ended or broke its protocol"
            if is_judged(cell):
                self.judge(cell, index)
        return cell, resources

    def judge(self, cell, index):
        """Ask the kernel for the answers of a graded cell and keep the verdict for later."""
        name, points = exercise_of(cell), float(cell.metadata.nbgrader["points"])
        if self.before_hidden is None:
            self.before_hidden = copy.deepcopy([earlier.get("outputs") for earlier in self.nb.cells[:index]])
        if self.ended:
            found = no_answer(name, points, f"it was not reached, because {self.ended}")
        else:
            try:
                answers = self.ask(name)
            except CellTimeoutError:
                found = no_answer(name, points, f"your function did not return within {self.timeout} s")
            else:
                source = [python_of(earlier.source) for earlier in self.nb.cells[:index] if earlier.cell_type == "code"]
                forbidden = violations(source, name, self.public.exercises[name]["forbidden"])
                found = verdict(name, points, self.public, self.hidden, answers, forbidden)
        self.verdicts[cell.metadata.nbgrader["grade_id"]] = found

    def process_message(self, msg, cell, cell_index):
        """Take an output message unless the cell has had its share of output."""
        content = msg["content"]
        if msg["msg_type"] in OUTPUTS:
            self.kept += 100 + len(content.get("text", "")) + sum(len(str(v)) for v in content.get("data", {}).values())
            self.kept += sum(len(line) for line in content.get("traceback", []))
            if self.kept > self.output_limit:
                return None
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs, msg, cell_index):
        """Ignore widgets: nobody is there to move them, and their states would pile up here."""

    async def async_ask(self, name):
        """Return what the kernel answers to the cases of ``name``; anything unexpected comes back as None.

        Raises CellTimeoutError when it does not answer in time, DeadKernelError when it is gone.
        """
        groups = json.dumps([inputs_of(file, name) for file in (self.public, self.hidden)])
        call = f"scope['answers_of'](names, {name!r}, __import__('json').loads({groups!r}))"
        expression = f"(lambda scope, names: (exec({COLLECT!r}, scope), {call})[1])({{}}, globals())"
        message = self.kc.execute("", silent=True, store_history=False, user_expressions={"answers": expression})
        end = time.monotonic() + self.timeout
        while time.monotonic() < end:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=0.5))
            except Empty:
                if not await ensure_async(self.km.is_alive()):
                    raise DeadKernelError("Kernel died") from None
                continue
            if reply["parent_header"].get("msg_id") == message:
                return answers_in(reply)
        await ensure_async(self.km.interrupt_kernel())
        raise CellTimeoutError("no answer in time")

    ask = run_sync(async_ask)

    def hide_outputs(self, nb):
        """Drop every output that the kernel produced after it had seen a hidden input."""
        if self.before_hidden is None:
            return
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.outputs = self.before_hidden[index] if index < len(self.before_hidden) else []


def is_judged(cell):
    """Tell whether the judge, and not a person, gives this cell its points."""
    return cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell)


def exercise_of(cell):
    """Return the exercise that a test cell belongs to."""
    return cell.metadata.nbgrader["grade_id"].removeprefix("test_")


def inputs_of(file, name):
    """Return the calls of an exercise's cases and the input tensors that they name: no reference among them."""
    cases = file.exercises[name]["cases"]
    return [{"args": case["args"], "kwargs": case["kwargs"]} for case in cases], file.inputs(cases)


def answers_in(reply):
    """Return the JSON that an execute reply carries as answers, or None."""
    expressions = reply["content"].get("user_expressions")
    shown = expressions.get("answers") if isinstance(expressions, dict) else None
    data = shown.get("data") if isinstance(shown, dict) else None
    return data.get(collector.Answers.MIME) if isinstance(data, dict) else None


def python_of(source):
    """Return a cell's source as Python, with IPython's magics turned into calls."""
    return TransformerManager().transform_cell(source)


def write(cell, found, isolation):
    """Give a test cell its outputs: the verdict, and the points in the one form that nbgrader reads safely."""
    shown = found.as_output()
    shown["application/json"]["isolation"] = isolation
    cell.execution_count = None
    cell.outputs = [
        new_output("display_data", shown),
        new_output("execute_result", {"text/plain": repr(float(found.points))}),
    ]
