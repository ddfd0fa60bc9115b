"""Draw the cases of an assignment's exercises, and run the wrong answers on them: two case files.

Public cases are fixed; hidden ones are drawn from a seed. The same seed gives the same bytes on every machine. The
format of a case file is that of `helpers.checks.cases`.
"""

import json
import random
import warnings
from contextlib import redirect_stdout
from io import StringIO

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


def public_bytes(course: Course, assignment: str) -> bytes:
    """Return the public case file of an assignment."""
    exercises, book = load_exercises(course.folder, assignment), Book()
    sets = {name: exercise.public(book) for name, exercise in exercises.items()}
    for name, exercise in exercises.items():
        check_shown(exercise, sets[name], book)
    hidden = hidden_cases(exercises, COMMITTED_SEED, Book(), sets)
    return serialise(exercises, book, sets, {name: aspects_of(cases) for name, cases in hidden.items()})


def hidden_bytes(course: Course, assignment: str, seed: str | int = COMMITTED_SEED) -> bytes:
    """Return the hidden case file that a seed gives an assignment."""
    exercises, book = load_exercises(course.folder, assignment), Book()
    public = {name: exercise.public(Book()) for name, exercise in exercises.items()}
    return serialise(exercises, book, hidden_cases(exercises, seed, book, public), {name: {} for name in exercises})


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
            fresh[kind] = path.read_bytes()
    return fresh


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


def serialise(exercises, book, sets, hidden) -> bytes:
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
        if exercise.shown:
            contents[name]["shown"] = list(exercise.shown)
    text = json.dumps(contents, separators=(",", ":")).encode()
    return save({**book.tensors, "exercises": np.frombuffer(text, np.uint8)})


def check_shown(exercise, cases, book):
    """Raise ExerciseError where a right answer to the public cases has not the number that SHOWN speaks of."""
    text, name, index = exercise.shown or ("", "", 0)
    found = [flat(kind_of(case["expected"], book.tensors).numbers()) for case in cases if case["name"] == name]
    if "{number" in text and not (found and -found[0].size <= index < found[0].size):
        raise ExerciseError(f"{exercise.name}: SHOWN_FROM names no number of a public case: {name!r}, {index}")


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
