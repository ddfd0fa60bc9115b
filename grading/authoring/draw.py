"""Draw the cases of an assignment's exercises, and run the wrong answers on them: two case files.

Public cases are fixed; hidden ones are drawn from a seed. The same seed gives the same bytes on every machine. The
format of a case file is that of `helpers.checks.cases`. One with hidden cases keeps its seed, and a digest of the files
that each exercise was drawn from: so it is known when an exercise has changed since (`older_than`).
"""

import ast
import hashlib
import json
import random
import tokenize
import warnings
from collections.abc import Collection
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from grading.authoring.exercise import RECOGNISED, Book, Exercise, ExerciseError, load_exercises
from grading.course import Course
from helpers.checks.cases import CaseFile
from helpers.checks.collect import collect
from helpers.checks.compare import compare_case
from helpers.checks.kinds import kind_of, value_of
from helpers.checks.recognise import ABOUT_NUMBERS, distance, dtypes, flat, sample_of

COMMITTED_SEED = "softmax-lab"
ROUNDING = 1e-5  # of numbers that may come in float32 or in float64
LAST_DIGITS = 8  # units of a bfloat16's last place
DRAWN = "drawn"  # of a case file's metadata: from which seed, and from what


def public_bytes(course: Course, assignment: str, names: Collection[str] = ()) -> bytes:
    """Return the public case file of an assignment, or of some of its exercises only."""
    exercises, book, aside = chosen_exercises(course, assignment, names), Book(), Book()
    sets = {name: exercise.public(book) for name, exercise in exercises.items()}
    hidden = hidden_cases(exercises, COMMITTED_SEED, aside, sets)
    for name, exercise in exercises.items():
        check_shown(exercise, sets[name], book)
        check_properties(exercise, (sets[name], book), (hidden[name], aside))
    return serialise(exercises, book, sets, {name: aspects_of(cases) for name, cases in hidden.items()})


def hidden_bytes(
    course: Course, assignment: str, seed: str | int = COMMITTED_SEED, names: Collection[str] = ()
) -> bytes:
    """Return the hidden case file that a seed gives an assignment, or some of its exercises only."""
    exercises, book, aside = chosen_exercises(course, assignment, names), Book(), Book()
    public = {name: exercise.public(aside) for name, exercise in exercises.items()}
    cases = hidden_cases(exercises, seed, book, public)
    for name, exercise in exercises.items():
        check_properties(exercise, (public[name], aside), (cases[name], book))
    drawn = {"seed": str(seed), "from": digests(course, assignment)}
    return serialise(exercises, book, cases, {name: {} for name in exercises}, {DRAWN: json.dumps(drawn)})


def chosen_exercises(course, assignment, names):
    """Return the exercises of an assignment that have one of the names; all of them where no name is given."""
    known = load_exercises(course.folder, assignment)
    return {name: known[name] for name in known if not names or name in names}


def committed(course: Course, assignment: str) -> dict[str, bytes]:
    """Return the case files of an assignment that are committed, by kind; none where it has no exercise files.

    A stored file stays while it says the same (`same_cases`).
    """
    if not load_exercises(course.folder, assignment):
        return {}
    fresh = {"public": public_bytes(course, assignment), "hidden": hidden_bytes(course, assignment)}
    for kind, content in fresh.items():
        path = course.case_file(assignment, kind)
        if path.exists() and same_cases(path.read_bytes(), content):
            fresh[kind] = save(load(path.read_bytes()), metadata_of(content))
    return fresh


def digests(course: Course, assignment: str) -> dict[str, str]:
    """Return a digest of what each exercise is drawn from: its file, and those of the course that it imports.

    A comment or a blank line changes none.
    """
    found = {}
    for path in sorted((course.source("exercises") / assignment).glob("[!_]*.py")):
        total = hashlib.sha256()
        for file in sorted(files_behind(path)):
            total.update(file.relative_to(course.source(".")).as_posix().encode() + uncommented(file).encode())
        found[path.stem] = total.hexdigest()[:16]
    return found


def files_behind(path: Path) -> set[Path]:
    """Return a file and those that it imports relatively, and they in turn."""
    found, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file in found or not file.is_file():
            continue
        found.add(file)
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = file.parents[node.level - 1].joinpath(*(node.module or "").split("."))
                waiting += [base.with_name(f"{base.name}.py"), *(base / f"{alias.name}.py" for alias in node.names)]
    return found


def uncommented(path: Path) -> str:
    """Return a file's code without comments and blank lines."""
    text = path.read_text("utf-8")
    lines = text.split("\n")
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(line.rstrip() for line in lines if line.strip())


def metadata_of(content: bytes) -> dict[str, str] | None:
    """Return what a case file says of itself beside its tensors, or None."""
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])  # safetensors reads it from files only
    found: dict[str, str] | None = header.get("__metadata__")
    return found


def drawn_as(path: Path) -> dict:
    """Return from which seed a case file was drawn, and from what; empty where it says nothing, or is not there."""
    try:
        return json.loads((metadata_of(path.read_bytes()) or {}).get(DRAWN, "{}"))
    except (OSError, ValueError):
        return {}


def older_than(course: Course, assignment: str) -> list[str]:
    """Return the exercises that have changed, come or gone since the hidden cases in force were drawn.

    None where nothing can be told: where the folder has no exercise files, or the case file does not say.
    """
    then, now = drawn_as(course.hidden_file(assignment)).get("from", {}), digests(course, assignment)
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name)) if then and now else []


def older_in_words(course: Course, assignment: str) -> str:
    """Return a sentence on hidden cases that are older than their exercises, with what to do; else nothing."""
    changed, path = older_than(course, assignment), course.hidden_file(assignment)
    if not changed:
        return ""
    remedy = "make hidden (its seed is kept)" if path.stem == "private" else "make course"
    return (
        f"{path.relative_to(course.folder).as_posix()} is older than {', '.join(changed)}: draw its cases anew with "
        f"{remedy}"
    )


def questions_bytes(course: Course, assignment: str) -> bytes:
    """Return what the exercise files say for reports, as `Course.questions` reads it."""
    exercises = load_exercises(course.folder, assignment)
    found = {name: exercise.question for name, exercise in exercises.items() if exercise.question}
    return (json.dumps(found, indent=1) + "\n").encode()


def same_cases(stored: bytes, fresh: bytes) -> bool:
    """Tell whether two case files say the same, but for the last digits of what wrong answers gave.

    These are the numbers of PyTorch on one processor, which another one rounds in its own way; references are exact.
    """
    try:
        old, new = load(stored), load(fresh)
    except Exception:  # no case file at all
        return False
    return old.keys() == new.keys() and all(
        old[name].dtype == array.dtype
        and old[name].shape == array.shape
        and (
            np.abs(old[name].astype(int) - array.astype(int)).max(initial=0) <= LAST_DIGITS
            if array.dtype == np.uint16
            else np.array_equal(old[name], array, equal_nan=array.dtype.kind == "f")
        )
        for name, array in new.items()
    )


def hidden_cases(exercises: dict[str, Exercise], seed, book: Book, public: dict[str, list]) -> dict[str, list[dict]]:
    """Return the hidden cases of a seed by exercise; each exercise has a stream of random numbers of its own.

    Raises ExerciseError where an aspect with points has no hidden case, unless the exercise asks for a value, and where
    a case, also one of the ``public`` ones, tests what is no aspect.
    """
    found = {}
    for name, exercise in exercises.items():
        found[name] = exercise.hidden(book, random.Random(f"{seed} {name}"))
        bare = [a for a, points in exercise.aspects.items() if points and a not in aspects_of(found[name])]
        if bare and not any(case.get("value") for case in public[name]):
            raise ExerciseError(f"{name}: no hidden case tests {', '.join(bare)}; write one in hidden(book, rng)")
        unknown = sorted(aspects_of(public[name] + found[name]).keys() - exercise.aspects.keys())
        if unknown:
            raise ExerciseError(f"{name}: a case tests {unknown[0]!r}, which is not in ASPECTS")
    return found


def aspects_of(cases: list[dict]) -> dict[str, int]:
    """Return how many cases each aspect has."""
    names = [case["aspect"] for case in cases]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def serialise(exercises, book, sets, hidden, metadata=None) -> bytes:
    """Return a case file's bytes."""
    contents = {}
    for name, exercise in exercises.items():
        known = [answer for answer in exercise.answers.values() if answer.sentence.startswith(RECOGNISED)]
        contents[name] = {
            "aspects": exercise.aspects,
            "forbidden": exercise.forbidden,
            "advice": exercise.advice,
            "hidden": hidden[name],
            "mistakes": [answer.sentence for answer in known],
            "cases": with_mistakes(known, sets[name], book),
        }
        if exercise.claim and sets[name]:  # where its case is: the hidden file has none
            contents[name]["claim"] = exercise.claim
        if exercise.function != name:
            contents[name]["function"] = exercise.function
        if exercise.shown:
            contents[name]["shown"] = list(exercise.shown)
    text = json.dumps(contents, separators=(",", ":")).encode()
    return save({**book.tensors, "exercises": np.frombuffer(text, np.uint8)}, metadata)


def check_shown(exercise, cases, book):
    """Raise ExerciseError where a right answer to the public cases has not the number that SHOWN speaks of."""
    text, name, index = exercise.shown or ("", "", 0)
    found = [flat(kind_of(case["expected"], book.tensors).numbers()) for case in cases if case["name"] == name]
    if "{number" in text and not (found and -found[0].size <= index < found[0].size):
        raise ExerciseError(f"{exercise.name}: SHOWN_FROM names no number of a public case: {name!r}, {index}")


def check_properties(exercise, *sets):
    """Raise ExerciseError where a right answer lacks a property of a case, and where no wrong answer lacks it.

    ``sets`` are pairs of cases and their book.
    """
    for case in (case for cases, _ in sets for case in cases):
        whole = "properties" in case["expected"] and not case.get("value")
        if json.dumps(case["expected"]).count('"properties": ') > whole:
            raise ExerciseError(f"{exercise.name}, {case['name']!r}: properties are of all that a function returns")
    asked = [([case for case in cases if "properties" in case["expected"]], book.tensors) for cases, book in sets]
    unseen = {formula for cases, _ in asked for case in cases for formula, _ in case["expected"]["properties"]}
    if unseen and not any(answer.right for answer in exercise.answers.values()):
        raise ExerciseError(f"{exercise.name}: no right_... answer shows that its properties can be had; write one")
    for answer in exercise.answers.values() if unseen else ():
        for cases, tensors in asked:
            for case, given in zip(cases, answers_to(answer, cases, CaseFile({}, tensors).inputs(cases)), strict=True):
                result = compare_case(case, tensors, given)
                if answer.right and not result.passed:
                    raise ExerciseError(
                        f"{exercise.name}: {answer.name} is no right answer to the case {case['name']!r}: expected "
                        f"{result.expected}, got {result.got or result.outcome}; mend one of them, or give a bound"
                    )
                if result.outcome == "property":
                    unseen -= {formula for formula, *_ in kind_of(case["expected"], tensors).lacking(given)}
    if unseen:
        raise ExerciseError(
            f"{exercise.name}: no wrong answer lacks {min(unseen)!r}: write one of the right form, or leave it out"
        )


def with_mistakes(known, cases, book):
    """Return the cases with the numbers that each known wrong answer gives there, where they are not the right ones."""
    inputs = CaseFile({}, book.tensors).inputs(cases)
    groups = [{} for _ in cases]
    for index, answer in enumerate(known):
        for case, group, given in zip(cases, groups, answers_to(answer, cases, inputs), strict=True):
            if compare_case(case, book.tensors, given).outcome in ABOUT_NUMBERS:
                add_numbers(group, index, case, book.tensors, value_of(given))
    return [
        {**case, "mistakes": stored(group, book)} if group else case for case, group in zip(cases, groups, strict=True)
    ]


def answers_to(answer, cases, inputs):
    """Return what a wrong answer gives on every case, as a kernel would send it."""
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        return collect(answer.function, cases, inputs)


def add_numbers(group, index, case, tensors, wrong):
    """Add a mistake's numbers: as they are, or as their difference from the reference where they are all near it.

    Left out are those that only the choice of a dtype tells from the right ones.
    """
    values = kind_of(case["expected"], tensors).numbers(), wrong
    (right, wrong), sizes = (sample_of(each, case["expected"]) for each in values), [flat(each).size for each in values]
    same = wrong.shape == right.shape and sizes[0] == sizes[1]
    if len(dtypes(case["expected"])) > 1 and distance(wrong, right) <= ROUNDING:
        return
    with np.errstate(all="ignore"):
        near = same and bool((np.abs(wrong - right) <= 0.5 * np.abs(right)).all())
        numbers = to_bfloat16(wrong - right if near else wrong)
    if sizes[1]:
        group.setdefault((sizes[1], numbers.size, near), []).append((index, numbers))


def to_bfloat16(numbers):
    """Return numbers as bfloat16, rounded to nearest: the upper halves of float32."""
    bits = numbers.astype(np.float32).view(np.uint32)
    return (np.where(np.isfinite(numbers), bits + 0x8000, bits) >> 16).astype(np.uint16)


def stored(group, book):
    """Return the groups of a case, their numbers stored."""
    return [
        [[index for index, _ in rows], size, book.store(np.array([numbers for _, numbers in rows])), near]
        for (size, _, near), rows in sorted(group.items())
    ]
