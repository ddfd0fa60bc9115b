"""Grade all submissions of an assignment, and be able to stop anywhere and go on.

    submitted/ --plan--> what has no verdict yet --executor--> verdicts/ --writer--> gradebook, autograded/, feedback/

What is done is found out anew at each start, from the verdicts, the gradebook and autograded/ themselves; there is no
list of what is done that could disagree with them.
"""

import time
from collections import Counter, deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait
from dataclasses import dataclass, field, replace

from grading.batch.writer import Writer
from grading.bounded import TooDear
from grading.engine.record import (
    FAILED,
    JUDGED,
    NOT_GRADABLE,
    Kept,
    OtherCourse,
    Record,
    Store,
    Terms,
    exercises,
    judged_elsewhere,
    key_of,
    same_bytes,
    with_exercise,
)
from grading.files import NO_ROOM, read
from grading.gradebook.database import DATABASE_ERRORS, transaction
from grading.repair.doctor import TOO_DEAR
from helpers.support.language import Message, english, plain

ATTEMPTS = 3  # of a submission whose process ended under it
PATTERN = set("*?[")  # signs with a meaning where nbgrader looks for files
ROUNDING = 1e-9  # points by which totals may differ that are the same
AHEAD = 2  # submissions handed out for each worker: the one it judges and the next

# Why an earlier verdict stays: on the same file, and on the one before it.
REFUSED_ANEW = english("the mark is that of an earlier verdict: judged anew, the file cannot be graded: {reason}")
REFUSED_LATER = english("the mark is that of an earlier file: the one handed in last cannot be graded: {reason}")
LOWER_ANEW = english("the mark is that of an earlier verdict: {before:g} points, judged anew {after:g}")
LOWER_LATER = english("the mark is that of an earlier file: {before:g} points, the one handed in last {after:g}")


@dataclass
class Plan:
    """What a run has to do: students to judge, students whose verdict has yet to be written, and the finished ones."""

    judge: list[str] = field(default_factory=list)
    write: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)  # of those to judge: the course has changed since their verdict


@dataclass
class Outcome:
    """What a run did: marks that moved, by student; the students without a mark, and with an earlier one, and why."""

    graded: int = 0
    moved: dict[str, dict] = field(default_factory=dict)
    unmarked: dict[str, Message] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    tried_again: list[str] = field(default_factory=list)
    seconds: Counter = field(default_factory=Counter)  # by stage; those of the workers added up

    def timing(self) -> str:
        """Return where the time went, in words."""
        return ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in self.seconds.items())


class Batch:
    """One assignment's submissions, their verdicts, and the writer to the course folder.

    ``students`` limits it to some; ``exercise`` to one exercise's verdict; ``again`` judges anew what has a verdict;
    with ``never_lower`` a verdict that would lower a student's total is put aside, and the one before stays.
    """

    def __init__(self, writer: Writer, terms: Terms, students=None, exercise=None, again=False, never_lower=False):
        self.writer, self.terms, self.exercise, self.again = writer, terms, exercise, again
        self.never_lower = never_lower
        self.store = Store(writer.root, terms.assignment, writer.notebook)
        self.submitted = {
            path.parent.parent.name: path
            for path in sorted(writer.root.glob(f"submitted/*/{terms.assignment}/{writer.notebook}.ipynb"))
            if not students or path.parent.parent.name in students
        }
        missing = set(students or ()) - self.submitted.keys()
        if unknown := sorted(student for student in missing if not writer.others or not self.handed_in(student)):
            raise ValueError(
                f"submitted/ has no notebook of {', '.join(unknown)}. Ids count upper and lower case; what could not "
                "be graded is in not_gradable/"
            )
        if exercise and exercise not in (names := exercises(terms)):
            raise ValueError(f"there is no exercise {exercise!r} in {terms.assignment}; there are {', '.join(names)}")

    def handed_in(self, student) -> bool:
        """Tell whether a student has handed in any notebook of the assignment."""
        return any(self.writer.place("submitted", student).glob("*.ipynb"))

    def plan(self) -> Plan:
        """Say what is to be done, changing nothing."""
        plan = Plan()
        with transaction(self.writer.engine) as gradebook:
            for student in self.submitted:
                record, key = self.store.load(student), self.key(student)
                if record is None or record.key != key or self.again:
                    plan.judge.append(student)
                    if record and record.key != key and same_bytes(record.key, key):
                        plan.changed.append(student)
                elif record.status == JUDGED and not self.writer.is_written(gradebook, student, record):
                    plan.write.append(student)
                else:
                    plan.done.append(student)
        return plan

    def key(self, student) -> str:
        """Return the name that the verdict on a student's file has; empty where the file cannot be read."""
        try:
            return key_of(read(self.submitted[student]), self.terms)
        except OSError:
            return ""

    def run(self, plan: Plan, workers):
        """Judge and write what is planned; yield (student, record) after each one, and return the `Outcome`."""
        outcome = Outcome()
        for student in plan.write:
            yield student, self.settle(student, self.store.load(student), outcome, is_new=False)
        doubtful = []  # the machine may have been too busy, or somebody ended a process
        for student, record in self.judge_all(plan.judge, workers):
            if record.doubtful:
                doubtful.append(student)
            else:
                yield student, self.finish(student, record, outcome)
        for student, record in self.judge_all(doubtful, workers, width=1):
            outcome.tried_again.append(student)
            yield student, self.finish(student, replace(record, tried_again=True), outcome)
        for student in plan.done:
            record = self.store.load(student)
            if record.status == NOT_GRADABLE:
                outcome.unmarked[student] = record.reason
            elif record.kept:
                outcome.kept[student] = record.kept
        return outcome

    def finish(self, student, record, outcome):
        """Keep a new record, or the one before in its place, and write it; what cannot be marked is listed instead."""
        old = self.store.load(student)
        earlier = old if old and old.status == JUDGED else None
        if record.status == FAILED:
            self.withdraw_earlier(student)
            outcome.unmarked[student] = record.reason
            return record
        if self.exercise and record.status == JUDGED and earlier and not earlier.kept:
            record = with_exercise(earlier, record, self.exercise)
        return self.settle(student, self.better(student, earlier, record), outcome, earlier)

    def better(self, student, earlier: Record | None, new: Record) -> Record:
        """Return what counts of a student's earlier verdicts, if any, and the new ones: the new ones, if they can.

        Where the new file gets no mark, or may not lower the total and would, the earlier ones go on under its name.
        """
        if earlier is None or (new.status == JUDGED and not self.never_lower):
            return new
        same = same_bytes(earlier.key, new.key) and not earlier.kept
        if new.status == NOT_GRADABLE:
            reason = REFUSED_ANEW if same else REFUSED_LATER
            why = replace(reason, values={"reason": new.reason})
        else:
            with transaction(self.writer.engine) as gradebook:
                now = self.writer.total_now(gradebook, student)
                before = self.writer.total(gradebook, student, earlier) if now is None else now
                after = self.writer.total(gradebook, student, new)
            if after >= before - ROUNDING:
                return new
            why = replace(LOWER_ANEW if same else LOWER_LATER, values={"before": before, "after": after})
        submitted = earlier.kept.submitted if earlier.kept else self.writer.handed_in_before(student)
        return replace(earlier, key=new.key, kept=Kept(why, submitted, new.status == NOT_GRADABLE))

    def settle(self, student, record, outcome, earlier=None, is_new=True):
        """Keep a record and write it, or the ``earlier`` one where that counts; one that can't be marked is listed."""
        begun = time.monotonic()
        try:
            record = self.better(student, earlier, record)
            if record.status == NOT_GRADABLE:
                self.writer.withdraw(student)
                outcome.unmarked[student] = record.reason
            self.store.save(student, record)
            if record.status == NOT_GRADABLE:
                return record
            outcome.seconds.update(record.seconds)
            moved = self.writer.write(student, record, is_new)
        except TooDear:
            refused = Record(record.key, NOT_GRADABLE, TOO_DEAR)
            return self.settle(student, refused, outcome, None if record.kept else earlier)
        except Exception as error:
            if concerns_all(error):
                raise
            self.withdraw_earlier(student)
            outcome.unmarked[student] = english("its marks could not be written: {error}", error=error_message(error))
            return replace(record, status=FAILED, reason=outcome.unmarked[student])
        outcome.seconds["writing"] += time.monotonic() - begun
        outcome.graded += 1
        if record.kept:
            outcome.kept[student] = record.kept
        if moved:
            outcome.moved[student] = moved
        return record

    def withdraw_earlier(self, student):
        """Take back the autograded notebook and the pages where they are of an earlier file."""
        written, key = self.writer.stamped(student).get("verdict", ""), self.key(student)
        if written and key and not same_bytes(written, key):
            self.writer.withdraw(student)

    def content(self, student) -> bytes:
        """Return a submission's bytes, or raise ValueError where it cannot be graded as it lies there."""
        if PATTERN & set(student):
            raise ValueError("nbgrader would take the folder's name for a pattern: rename it, without *, ? and [")
        try:
            return read(self.submitted[student])
        except OSError as error:
            raise ValueError(f"the file cannot be read: {error.strerror}") from None

    def judge_all(self, students, workers, width=None):
        """Yield (student, record) in the order in which they come, at most ``width`` at once.

        Each is handed out once. Where a process ended, those it may have had are tried again, one at a time, so that
        one that ends its process each time takes no other along. One whose process is stuck is not gradable.
        """
        waiting, attempts, running = deque(students), dict.fromkeys(students, 0), {}
        width, workers.limit, keys = width or workers.width * AHEAD or 1, self.terms.patience, {}

        def suspects(*students):
            return any(attempts[student] for student in students)

        while waiting or running:
            broken = known = False
            try:
                while waiting and len(running) < (1 if suspects(waiting[0], *running.values()) else width):
                    try:
                        content = self.content(waiting[0])
                    except ValueError as error:
                        yield waiting.popleft(), Record("", FAILED, error_message(error))
                        continue
                    future = workers.executor.submit(judged_elsewhere, content, self.terms.packed, self.terms.version)
                    keys[waiting[0]] = key_of(content, self.terms)
                    running[future] = waiting.popleft()
            except BrokenExecutor:
                broken = True
                attempts[waiting[0]] += not running
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                error = future.exception()
                if isinstance(error, BrokenExecutor):
                    broken = True
                    continue
                if isinstance(error, OtherCourse):
                    raise error  # such a worker refuses at once, and would have all of the class
                if isinstance(error, TooDear):
                    broken = known = True
                    student = running.pop(future)
                    late = english("judging it took longer than {seconds} s, and was ended", seconds=workers.limit)
                    yield student, Record(keys[student], NOT_GRADABLE, late)
                    continue
                failed = Record("", FAILED, error_message(error), doubtful=True)
                yield running.pop(future), failed if error else future.result()
            if broken:
                for student in running.values():
                    attempts[student] += not known
                waiting.extendleft(running.values())
                running.clear()
                while waiting and attempts[waiting[0]] >= ATTEMPTS:
                    ended = english("the process that judged it ended {count} times", count=ATTEMPTS)
                    yield waiting.popleft(), Record("", FAILED, ended)
                workers.renew()


def concerns_all(error: Exception) -> bool:
    """Tell whether what went wrong with one submission would go wrong with the next: the gradebook, or the disk."""
    return isinstance(error, DATABASE_ERRORS) or (isinstance(error, OSError) and error.errno in NO_ROOM)


def error_message(error: Exception | None) -> Message:
    """Return what an error says: a ValueError's sentence, and the type of any other with it."""
    return plain(str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
