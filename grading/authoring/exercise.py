"""The words in which an exercise is written, and the loader of a course's exercise files.

An exercise is one file, ``source/exercises/ASSIGNMENT/NAME.py``; its name is that of the function, or of the value,
that students write. The file has

    ASPECTS             {what is asked for, in words: its points}: whole or half, the test's points in all
    public(book)        the cases that every student sees: a list of `case`s
    hidden(book, rng)   those that run at grading only, drawn from ``rng``; each aspect with points has one
    FORBIDDEN, ADVICE   the ways that it forbids, patterns of `helpers.checks.watch`, and what to use instead (optional)
    FUNCTION            the function that students write, where several exercises test it, each with points of its own:
                        `lu_shape.py` and `lu_values.py` both say FUNCTION = "lu" (optional)
    SHOWN, SHOWN_FROM   what a right answer has shown, said under a green check (optional); {number} in it is the
                        student's: of the answer to the public case of this name, the number at this index
    right_BY_A_WAY      answers as students write them, any number of functions: they get full marks
    wrong_BY_A_MISTAKE  and answers that do not; the docstring is the sentence that its author must be told; both may be
                        imported from a file beside this one, `from ._lu import right_by_elimination`

A prediction asks for a value that is any of its kind: its cases are a `value_case` of `guess` or `one_of`. Its file may
have RESULT, the number or the word that comes out.

What a report counts beside the mistakes, in any exercise's file, a claim's too (optional): students get none of it.

    MISCONCEPTIONS      {the misconception in words: the rule by which an answer shows it}; a rule is of conditions on
                        the value of a prediction or a decision, {"above": 0.5, "below": 1}, also "is" and "at least",
                        or the wrong answers that are it, {"wrong": ("wrong_doubles",)}

A claim, on which students decide before they are told, has no points and no cases of its own. Its file has

    CLAIM               the claim, in its author's own words
    VERDICT             "holds", "fails" or "sometimes"
    BECAUSE             one to three sentences that decide it; {number} stands for the student's own number (optional)
    NUMBER              what that number is; left out where students measure none
    NEEDS               the exercises without which they cannot (optional)

Of a wrong value that no mistake explains, the hint of the part that is wrong is said (`hinted`), or else its case's
diagnosis; of several cases the first public one's. So the plainest case comes first.

Where several answers are right, a case expects the properties that they have (`Book.properties`). Right answers are
then run when cases are drawn, and a property that no wrong answer lacks is refused.

A docstring that begins with "Your numbers match" is said wherever an answer has these numbers: `draw` runs the wrong
answer on every case and keeps them. Another one is a part of what the check says anyhow. A wrong answer with `variants`
stands for several, one for each value of its keyword-only argument. Names that begin with an underscore, files too, are
the author's own. References come from an oracle, never from the code under test.
"""

import ast
import inspect
import math
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import numpy as np

from grading.course import CONDITIONS
from helpers.checks.decisions import VERDICTS
from helpers.checks.formulas import read_formula

RECOGNISED = "Your numbers match "  # begins the sentence on a mistake that is known by its numbers
DECISION = "a decision"  # the one aspect of a claim
ANSWERS = "right_", "wrong_"  # begin the names of answers
LONGEST_TEXT = 299  # characters of an answer: of more, only the first 300 come back

# Arguments and expected values, as data. The encodings are those of `helpers.checks`: collect and kinds.


class Book:
    """The tensors of one case file, each content stored once.

    What a method returns stands for the array; a part of it is named by the indices behind it: ``[*stored, 0, 1]``.
    """

    def __init__(self):
        self.tensors = {}
        self._names = {}

    def store(self, array) -> list:
        """Keep an array and return its place."""
        array = np.array(array, order="C")
        content = (str(array.dtype), array.shape, array.tobytes())
        if content not in self._names:
            self._names[content] = f"t{len(self._names)}"
            self.tensors[self._names[content]] = array
        return [self._names[content]]

    def tensor(self, array, tile: int | None = None) -> dict:
        """Return the argument that arrives as a torch tensor, repeated ``tile`` times if given."""
        place = self.store(array)
        return {"tensor": place} if tile is None else {"tensor": place, "tile": tile}

    def ndarray(self, array) -> dict:
        """Return the argument that arrives as a numpy array."""
        return {"ndarray": self.store(array)}

    def array(self, reference, bounds: Mapping[str, object], label: str = "", library: str = "torch") -> dict:
        """Return the expected array: ``bounds`` maps each dtype it may have to `within`, or to an array of bounds.

        ``library`` is what a student is asked for: torch's tensor, or numpy's array, for which a tensor is taken too.
        """
        stored = {kind: b if isinstance(b, dict) else self.store(np.float32(b)) for kind, b in bounds.items()}
        expected = {"array": self.store(np.asarray(reference, np.float64)), "dtypes": stored}
        return labelled(expected | ({"numpy": True} if library == "numpy" else {}), label)

    def properties(
        self, like: dict, holds: Mapping[str, str], bound: Mapping[str, float] | None = None, **given
    ) -> dict:
        """Return the expected answer that is any with these properties, where a right one is not the only one.

        ``like`` is an expected value of the same form, whose parts have labels: the names that formulas know them by.
        Its numbers count for nothing; with the tolerance `ANY` nothing is said of them. ``holds`` maps a formula, see
        `helpers.checks.formulas`, to the sentence that the author of an answer is told for which it is not true: the
        first such one counts. ``given`` are other names that formulas have, such as the arguments, with their arrays.
        Numbers agree within ``bound``, relative to what is given; if left out, `within` rtol=1e-9, and whole numbers
        exactly.

        Raises ExerciseError for what is no formula, a part that is no number, array or list of numbers, and where a
        bound is missing for float32 and shorter numbers.
        """
        parts = like.get("tuple", [like])
        names = [part.get("label", "") for part in parts]
        for part in (inner for outer in parts for inner in outer.get("list", [outer])):
            if not {"array", "number", "integer"} & part.keys():
                raise ExerciseError(f"formulas are of numbers and arrays, and {next(iter(part))} is none of them")
            if not bound and {"float16", "bfloat16", "float32"} & part.get("dtypes", {}).keys():
                raise ExerciseError("an answer of properties may be of float32 or shorter numbers: give a bound for it")
        if odd := [name for name in names if not name.isidentifier() or name in given or names.count(name) > 1]:
            raise ExerciseError(f"formulas can't know a part of an answer by the label {odd[0]!r}: give it another")
        for formula in holds:
            try:
                read_formula(formula, {*names, *given})
            except ValueError as error:
                raise ExerciseError(str(error)) from None
        places = {name: self.store(array)[0] for name, array in given.items()}
        expected = {"properties": [list(pair) for pair in holds.items()], "like": like, "names": names, "given": places}
        exact = all("integer" in part for part in parts)
        return expected | (bound or within(rtol=0.0 if exact else 1e-9))


def case(name: str, aspect: str, expected: dict, diagnosis: str, *args, **kwargs) -> dict:
    """Return a case: a call, the aspect it tests, and what a wrong value here usually means."""
    return {
        "name": name,
        "aspect": aspect,
        "args": list(args),
        "kwargs": kwargs,
        "expected": expected,
        "diagnosis": diagnosis,
    }


def value_case(name: str, aspect: str, expected: dict) -> dict:
    """Return a case of an exercise whose answer is a value, not a function: nothing is called."""
    return case(name, aspect, expected, "") | {"value": True}


def labelled(expected: dict, label: str) -> dict:
    """Give an expected value the name that the student knows it by."""
    return expected | {"label": label} if label else expected


def hinted(expected: dict, hint: str) -> dict:
    """Give an expected value what a wrong one usually means there: it is said in place of the case's diagnosis."""
    return expected | {"hint": hint}


def within(rtol: float = 0.0, atol: float = 0.0) -> dict:
    """Return a tolerance |answer - reference| <= atol + rtol |reference|."""
    return {"rtol": rtol, "atol": atol}


ANY = within(atol=math.inf)  # where properties decide


def number(value: float, bound: dict, label: str = "") -> dict:
    return labelled({"number": float(value), **bound}, label)


def integer(value: int, label: str = "") -> dict:
    return labelled({"integer": int(value)}, label)


def boolean(value: bool, label: str = "") -> dict:
    return labelled({"boolean": bool(value)}, label)


def word(value: str, label: str = "") -> dict:
    return labelled({"word": checked_text(value)}, label)


def string(value: str, label: str = "") -> dict:
    """Return the expected text, where any may come out; a `word` is one of a few, and a student is told which."""
    return labelled({"text": checked_text(value)}, label)


def checked_text(value: str) -> str:
    """Return a text that an answer can be; raises ExerciseError for a longer one."""
    if len(value) > LONGEST_TEXT:
        raise ExerciseError(f"{value[:40]!r}... has {len(value)} characters, and an answer at most {LONGEST_TEXT}")
    return value


def guess(low: float, high: float, how: str, whole: bool = False) -> dict:
    """Return the expected value that is any plain number from low to high, or any ``whole`` one.

    ``how`` says so in words, and how to write one: "a share lies between 0 and 1: write 0.06 for 6%".
    """
    return {"guess": [float(low), float(high)], "how": how} | ({"whole": True} if whole else {})


def one_of(*choices: float | str) -> dict:
    """Return the expected value that is one of a few numbers or words."""
    return {"one_of": list(choices)}


def row(items: Iterable[dict], label: str = "") -> dict:
    """Return the expected list of so many values of one kind."""
    return labelled({"list": list(items)}, label)


def together(*items: dict, label: str = "", order: Iterable[int] = ()) -> dict:
    """Return the expected tuple of values, each with a label of its own.

    ``order`` says in which order they come about, where that is another one: the first that is wrong is told.
    """
    expected = {"tuple": list(items)} | ({"order": list(order)} if order else {})
    return labelled(expected, label)


def mapping(pairs: Iterable[tuple[object, dict]], label: str = "") -> dict:
    """Return the expected dict with these keys and values."""
    return labelled({"dict": [list(pair) for pair in pairs]}, label)


def dtype(name: str) -> dict:
    """Return the argument that arrives as a dtype of torch."""
    return {"dtype": name}


def math_function(name: str) -> dict:
    """Return the argument that arrives as a function of Python's math."""
    return {"function": name}


def list_of(values: Iterable) -> dict:
    """Return the argument that arrives as a list."""
    return {"list": list(values)}


def dict_of(pairs: Iterable[tuple[object, object]]) -> dict:
    """Return the argument that arrives as a dict."""
    return {"dict": [list(pair) for pair in pairs]}


def variants(**values: Iterable) -> Callable:
    """Let a wrong answer stand for several: one for each value of its keyword-only argument."""
    ((name, each),) = values.items()

    def mark(function):
        function.variants = [(name, value) for value in each]
        return function

    return mark


# What an exercise file holds


class ExerciseError(Exception):
    """A mistake in an exercise file, told in one message."""


@dataclass(frozen=True)
class Answer:
    """An answer to an exercise, as a student would write it.

    ``source`` is a solution cell: the imports that it needs and the function as students name it. ``sentence`` is what
    the author of a wrong one must be told.
    """

    name: str
    function: Callable
    source: str
    sentence: str

    @property
    def right(self) -> bool:
        return self.name.startswith("right_")


@dataclass(frozen=True)
class Exercise:
    """An exercise, as its file says."""

    name: str
    module: types.ModuleType = field(repr=False)

    @property
    def claim(self) -> dict | None:
        """Return the claim as the case file has it, or None."""
        if not isinstance(getattr(self.module, "CLAIM", None), str):
            return None
        said = {key: getattr(self.module, key.upper(), "") for key in ("claim", "verdict", "because", "number")}
        return said | {"needs": list(getattr(self.module, "NEEDS", ()))}

    @property
    def aspects(self) -> dict[str, float]:
        return {DECISION: 0} if self.claim else self.module.ASPECTS

    @property
    def points(self) -> float:
        return sum(self.aspects.values())

    @property
    def function(self) -> str:
        """Return the name of what students write: the exercise's, but where several test one function."""
        return getattr(self.module, "FUNCTION", self.name)

    @property
    def forbidden(self) -> list[str]:
        return list(getattr(self.module, "FORBIDDEN", ()))

    @property
    def advice(self) -> str:
        return getattr(self.module, "ADVICE", "")

    @property
    def shown(self) -> tuple[str, str, int] | None:
        return (
            (self.module.SHOWN, *getattr(self.module, "SHOWN_FROM", ("", 0))) if hasattr(self.module, "SHOWN") else None
        )

    @property
    def question(self) -> dict:
        """Return what a report needs to know beside the cases; empty where the file says nothing of that."""
        rules = getattr(self.module, "MISCONCEPTIONS", {})
        known = {sentence: self.rule(sentence, rule) for sentence, rule in rules.items()}
        result = getattr(self.module, "RESULT", None)
        asked = (self.module.__doc__ or "").partition("\n")[0]
        return {"asked": asked, "result": result, "misconceptions": known} if known or result is not None else {}

    def rule(self, sentence: str, rule: dict) -> dict:
        """Return a misconception's rule with the sentences of its wrong answers; raises ExerciseError for no rule."""
        if rule.keys() != {"wrong"}:
            if rule and rule.keys() <= CONDITIONS.keys():
                return rule
            raise ExerciseError(f"{self.name}: the rule of {sentence!r} has {', '.join(CONDITIONS)}, or wrong alone")
        said = {name.partition("[")[0]: answer.sentence for name, answer in self.answers.items() if not answer.right}
        if unknown := [name for name in rule["wrong"] if not said.get(name, "").startswith(RECOGNISED)]:
            raise ExerciseError(
                f"{self.name}: {unknown[0]!r} is no wrong answer whose sentence begins with {RECOGNISED!r}"
            )
        return {"says": sorted({said[name] for name in rule["wrong"]})}

    def public(self, book: Book) -> list[dict]:
        if self.claim:
            return [value_case(DECISION, DECISION, one_of(*VERDICTS))]
        return self.module.public(book)

    def hidden(self, book: Book, rng) -> list[dict]:
        return self.module.hidden(book, rng) if hasattr(self.module, "hidden") else []

    @cached_property
    def answers(self) -> dict[str, Answer]:
        """Return the right and the wrong answers by name, in the order of the file."""
        found = {}
        for statement, imports in answers_in(self.module):
            function = getattr(self.module, statement.name)
            for suffix, fixed in each_variant(function):
                name = statement.name + suffix
                source = cell_source(self.function, statement, imports, fixed)
                sentence = " ".join((function.__doc__ or "").split())
                found[name] = Answer(name, partial(function, **fixed) if fixed else function, source, sentence)
        return found


def answers_in(module):
    """Yield (definition, imports that it may need) for each answer of a file, those that it imports relatively too."""
    tree = ast.parse(inspect.getsource(module)).body
    imports = [statement for statement in tree if is_students(statement)]
    for statement in tree:
        if isinstance(statement, ast.FunctionDef) and statement.name.startswith(ANSWERS):
            yield statement, imports
        elif isinstance(statement, ast.ImportFrom) and statement.level:
            for name in [alias.name for alias in statement.names if alias.name.startswith(ANSWERS)]:
                if not hasattr(module, name):
                    raise ExerciseError(f"{module.__name__}: import {name} by its own name, which is the answer's")
                other = sys.modules[getattr(module, name).__module__]
                yield from (answer for answer in answers_in(other) if answer[0].name == name)


def is_students(statement):
    """Tell whether a statement imports what a student has as well: not the words of this file, nor the author's own."""
    if isinstance(statement, ast.ImportFrom):
        return not statement.level and not statement.module.startswith("grading")
    return isinstance(statement, ast.Import)


def each_variant(function):
    """Yield (suffix of the name, fixed arguments) for each answer that a function stands for."""
    for name, value in getattr(function, "variants", ()):
        yield f"[{value:g}]", {name: value}
    if not hasattr(function, "variants"):
        yield "", {}


def cell_source(name, statement, imports, fixed):
    """Return a solution cell: a function without docstring and decorators, under another name, below its imports."""
    statement = ast.parse(ast.unparse(statement)).body[0]
    statement.name, statement.decorator_list = name, []
    if ast.get_docstring(statement):
        statement.body = statement.body[1:]
    statement.args.kw_defaults = [
        ast.Constant(fixed[arg.arg]) if arg.arg in fixed else default
        for arg, default in zip(statement.args.kwonlyargs, statement.args.kw_defaults, strict=True)
    ]
    used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    needed = [part for part in imports if used & {(a.asname or a.name).partition(".")[0] for a in part.names}]
    return "\n".join(ast.unparse(part) for part in [*needed, statement])


def load_exercises(course: Path, assignment: str) -> dict[str, Exercise]:
    """Return the exercises of an assignment by name; ``course`` is the folder that holds ``source/``.

    Raises ExerciseError, naming the file, for one that does not say what `draw` needs.
    """
    source = course.resolve() / "source"
    package = f"course_{sha256(str(source).encode()).hexdigest()[:12]}"
    if package not in sys.modules:  # every course has a package of its own, for imports between its files
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = [str(source)]
    found = {}
    for path in sorted((source / "exercises" / assignment).glob("[!_]*.py")):
        exercise = Exercise(path.stem, import_module(f"{package}.exercises.{assignment}.{path.stem}"))
        found[path.stem] = checked(exercise, f"source/exercises/{assignment}/{path.name}")
    for name, exercise in found.items():
        if unknown := sorted({*exercise.claim["needs"]} - found.keys() if exercise.claim else ()):
            raise ExerciseError(
                f"source/exercises/{assignment}/{name}.py: NEEDS names {unknown[0]!r}, which is no exercise"
            )
    return found


def checked(exercise: Exercise, file: str) -> Exercise:
    """Return an exercise whose file is complete; raises ExerciseError with what is missing."""
    if exercise.claim:
        return checked_claim(exercise, file)
    if not all(hasattr(exercise.module, name) for name in ("ASPECTS", "public")):
        raise ExerciseError(f"{file}: it needs ASPECTS and public(book); see grading/authoring/exercise.py")
    odd = [name for name, points in exercise.aspects.items() if points < 0 or points * 2 % 1]
    if odd or not exercise.aspects:
        raise ExerciseError(f"{file}: ASPECTS gives whole or half points to at least one aspect, not {odd or 'none'}")
    for name, answer in exercise.answers.items():
        if not answer.right and not answer.sentence:
            raise ExerciseError(f"{file}: {name} needs a docstring: the sentence that its author must be told")
    return exercise


def checked_claim(exercise: Exercise, file: str) -> Exercise:
    """Return an exercise that is a claim, complete; raises ExerciseError with what is wrong."""
    claim = exercise.claim
    if claim["verdict"] not in VERDICTS:
        raise ExerciseError(f"{file}: VERDICT is {claim['verdict']!r}, expected one of {', '.join(VERDICTS)}")
    try:
        told = claim["because"].format(number="1")
    except (AttributeError, IndexError, KeyError, ValueError):
        told = ""
    if not told:
        raise ExerciseError(f"{file}: BECAUSE is text, with no place in braces but {{number}}")
    if "{number}" in claim["because"] and not claim["number"]:
        raise ExerciseError(f"{file}: BECAUSE tells the student's number, but NUMBER does not say what it is")
    if isinstance(getattr(exercise.module, "NEEDS", ()), str):
        raise ExerciseError(f'{file}: NEEDS is a tuple of names, such as ("perplexity",)')
    return exercise
