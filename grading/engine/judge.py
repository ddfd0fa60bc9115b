"""Run a submission and write each test cell's points: the part of `nbgrader autograde` that decides.

`Judge` takes the place of nbgrader's Execute in `Autograde.autograde_preprocessors` (nbgrader_config.py). Student
code runs in the kernel as always. At a graded cell the judge does not run the visible source: it sends the inputs of
the exercise's cases to the live kernel, at that place, before later cells can redefine names, and takes back plain
arrays. The comparison, the references and the points stay in this process. A test cell without cases is run as it is,
and gives its points itself (`inside`). Outputs are written only when the whole
notebook has run and the kernel is dead, since a live kernel can change a displayed output later.

Whatever a kernel sends or does ends in a verdict, at worst in 0 with the reason. What goes wrong before student code
runs, or in the grader itself, is raised: nbgrader then reports that submission as not graded.
"""

import copy
import inspect
import json
import marshal
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from nbclient.exceptions import CellTimeoutError
from nbformat import NotebookNode
from traitlets import Bool

from grading.engine import accident
from grading.engine.inside import Came, bare, failure, needs_cases, points_given, tests_nothing
from grading.engine.outputs import made
from grading.engine.relevance import skippable
from grading.engine.runner import Reply, Resources, Runner, is_judged
from grading.engine.verdict import NO_ANSWER, Verdict, given_inside, no_answer, verdict
from grading.repair.doctor import SECTION
from grading.repair.intake import comparable
from grading.repair.match import grade_id
from grading.repair.packed import unpacks
from grading.sandbox.isolation import ISOLATED, obstacles
from grading.sandbox.watchdog import too_long
from helpers.checks import collect as collector
from helpers.checks import watch as watching
from helpers.checks.cases import CaseFile, read_cases
from helpers.checks.report import Report
from helpers.support.language import Message, english


def sent(*modules: ModuleType) -> str:
    """Return modules as they go to a kernel: as code of this very Python, so that none has to compile them, in hex."""
    source = "\n".join(map(inspect.getsource, modules))
    return marshal.dumps(compile(source, "<collect>", "exec", optimize=2)).hex()


COLLECT, WATCH_AND_COLLECT = sent(collector), sent(watching, collector)  # what answers the cases
LONGEST_LIST = 2 * collector.MAX_ITEMS
LONGEST_RESULT, LONGEST_SHOWN = 1000, 5000  # characters of a test cell's result, and of its traceback
WATCHED = 2  # times as long as other answers may those take whose calls are watched: it makes loops of torch's slower


class Judge(Runner):
    """Execute a notebook in a sandbox and judge its graded cells from outside the kernel.

    Attributes
        cases: the bytes of the public and the hidden case file; where it is None, they are read from the course.
        came: of each test cell that is run as it is, by its index, what the kernel has sent.
        verdicts: after `preprocess`, those of the test cells, by grade_id.
    """

    cases: tuple[bytes, bytes] | None = None

    run_everything = Bool(False, help="Run also the released cells that no answer needs.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources, km: object = None) -> tuple[NotebookNode, Resources]:
        """Run a notebook and give every graded cell two outputs: the verdict and the points as a plain float.

        Among the resources, ``released`` maps a test cell's grade_id to the source that students have; where it is not
        there, every test counts as hidden. ``tests`` are the grade_ids of the cells that hold all their tests: of every
        cell where it is not there. ``files`` are those beside the notebook, by path, and ``private`` are folders more
        that student code must not see.

        Raises RuntimeError where isolation is required and this machine has none, LookupError for a cell that has
        neither cases nor a test, and whatever goes wrong before student code runs: such a notebook is not graded.
        """
        self.private = (*self.private, *resources.get("private", ()))
        if self.require_isolation and self.isolation not in ISOLATED:
            raise RuntimeError(f"isolation is required, and none works here: {'; '.join(obstacles(self.unseen))}")
        graded = {index: exercise_of(cell) for index, cell in enumerate(nb.cells) if is_judged(cell)}
        if graded:
            given = self.cases or self.course.cases(resources["nbgrader"]["assignment"])
            self.public, self.hidden = (read_cases(content) for content in given)
        self.known_tests = resources.get("tests")
        self.tests = {index for index, name in graded.items() if self.is_test(nb.cells[index], name)}
        self.came: dict[int, Came] = {}
        self.released_tests: Mapping[str, str] = resources.get("released", {})
        self.files = resources.get("files", {})
        judged = {self.public.function(name) for index, name in graded.items() if index not in self.tests}
        # The setup cell's helpers are there already, and its public references are nothing for a kernel that grades.
        self.skipped = {index for index, cell in enumerate(nb.cells) if unpacks(cell.source)}
        self.skipped |= set() if self.run_everything or self.tests else skippable(nb, judged)
        self.verdicts: dict[str, Verdict] = {}
        self.before_hidden: list[Any] | None = None  # the outputs of the cells above, copied before a hidden input
        nb, resources = super().preprocess(nb, resources, km)
        self.hide_outputs(nb)
        if self.accidents:
            repairs = nb.metadata.setdefault(SECTION, {}).setdefault("repairs", [])
            repairs += [sentence.to_json() for _, sentence in sorted(self.accidents.items())]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.execution_count = None  # a kernel's number could carry something out
            if is_judged(cell):
                write_outputs(cell, self.verdicts[cell.metadata.nbgrader["grade_id"]], self.isolation)
        resources["verdicts"] = {name: found.points for name, found in self.verdicts.items()}
        return nb, resources

    def preprocess_cell(self, cell: NotebookNode, resources: Resources, index: int) -> tuple[NotebookNode, Resources]:
        """Judge a graded cell, and run any other."""
        if index in self.tests:
            self.run_test(cell, index)
            return cell, resources
        if is_judged(cell):
            self.judge(cell, index)
            return cell, resources
        return super().preprocess_cell(cell, resources, index)

    def judge(self, cell: NotebookNode, index: int) -> None:
        """Ask the kernel for the answers of a graded cell and keep the verdict for later."""
        name, points = exercise_of(cell), float(cell.metadata.nbgrader["points"])
        if self.hidden.exercises[name]["cases"]:
            self.keep_outputs(index)
        answers, reason = self.answers_to(name, index)
        found = self.no_answer(name, points, reason) if reason else self.decide(name, points, index, answers)
        self.verdicts[cell.metadata.nbgrader["grade_id"]] = found

    def keep_outputs(self, index: int) -> None:
        """Keep what the cells above one have shown, before the kernel sees the first hidden input or test."""
        if self.before_hidden is None:
            self.before_hidden = copy.deepcopy([earlier.get("outputs") for earlier in self.nb.cells[:index]])

    # A test cell without cases

    def is_test(self, cell: NotebookNode, name: str) -> bool:
        """Tell whether a graded cell has no cases and is run as it is; raises LookupError where it cannot be judged."""
        has_cases = [name in file.exercises for file in (self.public, self.hidden)]
        if all(has_cases):
            return False
        if any(has_cases) or needs_cases(name, cell.source):
            where = "" if self.cases else f" in {self.course.source('cases')}"
            raise LookupError(f"there are no cases for {name!r}{where}: draw the hidden ones again")
        grade_id = cell.metadata.nbgrader["grade_id"]
        if self.known_tests is not None and grade_id not in self.known_tests:
            raise LookupError(
                f"what the test cell {grade_id} tests is not known here: source/ and the gradebook lack it"
            )
        if tests_nothing(cell.source):
            raise LookupError(
                f"the test cell {grade_id} tests nothing: everybody would pass it. Its tests "
                "are in source/; run nbgrader generate_assignment where the gradebook does not have them"
            )
        return True

    def run_test(self, cell: NotebookNode, index: int) -> None:
        """Run a test cell, and keep the verdict for later.

        A cell above it may end its kernel, as by a thread: then it is tried once more in another.
        """
        name, points = exercise_of(cell), float(cell.metadata.nbgrader["points"])
        released = self.released_tests.get(cell.metadata.nbgrader["grade_id"])
        if released is None or comparable(released) != comparable(cell.source):
            self.keep_outputs(index)
        seen = None if self.before_hidden is None else {line.strip() for line in (released or "").split("\n")}
        reason, traceback, given = None, "", 0.0
        for _ in range(2):
            came = self.came[index] = Came()
            if not self.has_kernel(index):
                reason = because(self.ended)
                break
            self.run_cell(index)
            came.error = self.errors.pop(index, None)
            if index in self.accidents:
                reason = because(self.accidents[index].values["reason"])
                break
            if self.lost:
                reason = because(self.lost)
                continue
            given = points_given(cell, came)
            failed = bool(came.error) or came.ended != "ok"
            reason = failure(cell.source, came, seen) if failed else None
            if came.error and seen is None and reason != NO_ANSWER["unattempted"]:
                traceback = bare(came.error.traceback)[:LONGEST_SHOWN]
            break
        self.verdicts[cell.metadata.nbgrader["grade_id"]] = given_inside(name, points, given, reason, traceback)

    def process_message(self, msg: Reply, cell: NotebookNode, cell_index: int) -> None:
        """Keep a result of a test cell as such: it may be points."""
        came, content = self.came.get(cell_index), msg["content"]
        if came and not came.ended and msg["msg_type"] == "execute_result" and isinstance(content, dict):
            data = content.get("data")
            text = data.get("text/plain") if isinstance(data, dict) else None
            came.results += [text[:LONGEST_RESULT]] if isinstance(text, str) and not came.results else []
        super().process_message(msg, cell, cell_index)

    def on_cell_executed(self, cell: NotebookNode, cell_index: int, execute_reply: Reply) -> None:
        """Note how a test cell has ended."""
        came = self.came.get(cell_index)
        if came and not came.ended:
            came.ended = "ok" if execute_reply["content"].get("status") == "ok" else "error"
        super().on_cell_executed(cell, cell_index, execute_reply)

    # An exercise with cases

    def answers_to(self, name: str, index: int) -> tuple[object, Message | None]:
        """Return what the kernel answers to an exercise's cases, or else why nothing came out.

        An exercise whose answer ends the kernel is asked once more, where the cells above were run for their
        definitions only: it may have been the doing of another cell's thread. What comes below does without it.
        """
        question, careful, solution = self.question(name), self.careful, self.solution(name)
        seconds = self.timeout * (WATCHED if self.public.exercises[name]["forbidden"] else 1)
        for _ in range(2):
            if not self.has_kernel(index):
                return None, because(self.ended)
            with self.guarded(index), self.more_time(seconds - self.timeout):
                try:
                    return self.ask(question, collector.Answers.MIME, seconds), None
                except CellTimeoutError:
                    reason = english("your function took longer than {seconds} s for all its cases", seconds=seconds)
            if not self.lost:
                self.doubtful = True
                self.give_back(self.timeout)
                self.hear_again(index)
                break
            if self.lost == too_long(self.wall_limit):
                self.blame_slow_cells()
            else:
                self.blame_for_end()
            known = accident.cause(self.nb.cells[solution].source) if solution is not None else None
            reason = because(known or self.lost)
        self.careful = careful
        self.avoid({self.public.function(name)}, index)
        return None, reason

    def solution(self, name: str) -> int | None:
        """Return the index of an exercise's solution cell."""
        marks = list(map(grade_id, self.nb.cells))
        function = self.public.function(name)
        return marks.index(function) if function in marks else None

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
            found = verdict(name, points, files, answers, cells)
            why = self.missing(name) if found.report.reason == NO_ANSWER["undefined"] else None
            return self.no_answer(name, points, why) if why else found
        except Exception as error:  # an answer that no honest kernel sends
            self.log.warning("The answers to %s could not be compared: %s", name, type(error).__name__)
            return verdict(name, points, files, None)

    def missing(self, name: str) -> Message | None:
        """Return why there is no function of an exercise; None where nothing more can be said than that."""
        function = self.public.function(name)
        return self.stop(name) or (english("there is no function {name}", name=function) if function != name else None)

    def stop(self, name: str) -> Message | None:
        """Return why there is nothing of an exercise's name: its cell stopped before, as far as that is known."""
        index = self.solution(name)
        if index is None:
            return None
        if index in self.accidents:
            return because(self.accidents[index].values["reason"])
        seen = self.before_hidden is not None and index >= len(self.before_hidden)
        found = accident.stop(self.nb.cells[index].source, self.errors.get(index), not seen)
        return because(found) if found else None

    def no_answer(self, name: str, points: float, reason: Message) -> Verdict:
        """Return the verdict of a graded cell without an answer."""
        return no_answer(Report(name, (), self.public.exercises[name]["aspects"], graded=True), points, reason)

    def question(self, name: str) -> str:
        """Return the expression that makes the kernel answer the cases of an exercise."""
        groups = json.dumps([inputs_of(file, name) for file in (self.public, self.hidden)])
        forbidden = self.public.exercises[name]["forbidden"]
        watch = f"scope['CallWatch']({forbidden!r})" if forbidden else "None"
        function = self.public.function(name)
        call = f"scope['answers_of'](names, {function!r}, builtins['__import__']('json').loads({groups!r}), {watch})"
        answering = WATCH_AND_COLLECT if forbidden else COLLECT
        code = f"builtins['__import__']('marshal').loads(builtins['bytes'].fromhex('{answering}'))"
        # Without a name: the student's own `exec` or `globals` would be meant.
        own = "(lambda: 0).__builtins__, (lambda: 0).__globals__, {}"
        return f"(lambda builtins, names, scope: (builtins['exec']({code}, scope), {call})[1])({own})"

    def hide_outputs(self, nb: NotebookNode) -> None:
        """Drop every output that the kernel produced after it had seen a hidden input."""
        if self.before_hidden is None:
            return
        for index, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.outputs = self.before_hidden[index] if index < len(self.before_hidden) else []


def because(reason: Message | None) -> Message:
    """Return why a verdict has no answer."""
    return english("no answer came out, because {reason}", reason=reason)


def exercise_of(cell: NotebookNode) -> str:
    """Return the exercise that a test cell belongs to."""
    grade_id: str = cell.metadata.nbgrader["grade_id"]
    return grade_id.removeprefix("test_")


def inputs_of(file: CaseFile, name: str) -> tuple[list[dict[str, object]], dict[str, collector.EncodedArray]]:
    """Return the calls of an exercise's cases and the input tensors that they name: no reference among them."""
    cases = file.exercises[name]["cases"]
    called = [{key: part for key, part in case.items() if key in ("args", "kwargs", "value")} for case in cases]
    return called, file.inputs(cases)


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


def write_outputs(cell: NotebookNode, found: Verdict, isolation: str) -> None:
    """Give a test cell its outputs: the verdict, and the points in the one form that nbgrader reads safely."""
    cell.outputs = [
        made("display_data", metadata={}, data=found.as_output(isolation)),
        made("execute_result", metadata={}, data={"text/plain": repr(float(found.points))}, execution_count=None),
    ]
