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

from IPython.core.inputtransformer2 import TransformerManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async, run_sync
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute
from traitlets import Integer

from helpers.checks import collect as collector
from helpers.checks.cases import load
from helpers.checks.rules import violations

from .draw import hidden_path
from .verdict import no_answer, verdict

COLLECT = Path(collector.__file__).read_text()
LARGEST_REPLY = 1 << 24  # bytes of JSON; the largest honest reply is far below


class Judge(Execute):
    """Execute a notebook and judge its graded cells from outside the kernel."""

    wall_limit = Integer(300, help="Seconds that one notebook may take; its later cells are then not run.").tag(
        config=True
    )

    def preprocess(self, nb, resources, km=None):
        """Run ``nb`` and give every graded cell two outputs: the verdict in HTML and the points as a plain float."""
        self.store_widget_state = False  # widget states come from the kernel and would stay in the file
        self.verdicts, self.before_hidden = {}, None
        self.public, self.hidden = load(), load(hidden_path())
        self.deadline, reason = time.monotonic() + self.wall_limit, "it was not reached"
        try:
            nb, resources = super().preprocess(nb, resources, km)
        except DeadKernelError:
            reason = "the notebook's process ended before this cell"
        except CellTimeoutError:
            reason = "the notebook's time was over before this cell"
        self.hide_outputs(nb)
        for cell in nb.cells:
            if is_judged(cell):
                name, points = exercise_of(cell), float(cell.metadata.nbgrader["points"])
                write(cell, self.verdicts.get(cell.metadata.nbgrader["grade_id"]) or no_answer(name, points, reason))
        return nb, resources

    def preprocess_cell(self, cell, resources, index):
        """Run a cell, or judge it if it is graded."""
        if time.monotonic() > self.deadline:
            raise CellTimeoutError("the notebook's time is over")
        if is_judged(cell):
            self.judge(cell, index)
            return cell, resources
        return super().preprocess_cell(cell, resources, index)

    def judge(self, cell, index):
        """Ask the kernel for the answers of a graded cell and keep the verdict for later."""
        name, points = exercise_of(cell), float(cell.metadata.nbgrader["points"])
        if self.before_hidden is None:
            self.before_hidden = copy.deepcopy([earlier.get("outputs") for earlier in self.nb.cells[:index]])
        try:
            answers = self.ask(name)
        except CellTimeoutError:
            found = no_answer(name, points, "your function did not return within the time limit")
        else:
            source = [python_of(earlier.source) for earlier in self.nb.cells[:index] if earlier.cell_type == "code"]
            forbidden = violations(source, name, self.public.exercises[name]["forbidden"])
            found = verdict(name, points, self.public, self.hidden, answers, forbidden)
        self.verdicts[cell.metadata.nbgrader["grade_id"]] = found

    async def async_ask(self, name):
        """Return what the kernel answers to the cases of ``name``; anything unexpected comes back as None.

        Raises CellTimeoutError when it does not answer in time, DeadKernelError when it is gone.
        """
        groups = json.dumps([inputs_of(file, name) for file in (self.public, self.hidden)])
        call = f"scope['answers_of'](names, {name!r}, __import__('json').loads({groups!r}))"
        expression = f"(lambda scope, names: (exec({COLLECT!r}, scope), {call})[1])({{}}, globals())"
        message = self.kc.execute("", silent=True, store_history=False, user_expressions={"answers": expression})
        end = time.monotonic() + self.timeout
        while True:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=1))
            except Empty:
                if not await ensure_async(self.km.is_alive()):
                    raise DeadKernelError("Kernel died") from None
                if time.monotonic() > end:
                    await ensure_async(self.km.interrupt_kernel())
                    raise CellTimeoutError("no answer in time") from None
                continue
            if reply["parent_header"].get("msg_id") == message:
                return answers_in(reply)

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
    answers = data.get(collector.Answers.MIME) if isinstance(data, dict) else None
    try:
        return answers if len(json.dumps(answers)) <= LARGEST_REPLY else None
    except RecursionError:
        return None


def python_of(source):
    """Return a cell's source as Python, with IPython's magics turned into calls."""
    return TransformerManager().transform_cell(source)


def write(cell, found):
    """Give a test cell its outputs: the verdict, and the points in the one form that nbgrader reads safely."""
    cell.execution_count = None
    cell.outputs = [
        new_output("display_data", found.as_output()),
        new_output("execute_result", {"text/plain": repr(float(found.points))}),
    ]
