"""The draw refuses exercises that could not be marked, and knows a case file that says something else."""

import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from grading.authoring import build
from grading.authoring.draw import add_numbers, hidden_bytes, public_bytes, questions_bytes, same_cases
from grading.authoring.exercise import Book, ExerciseError, within
from tests.support.course import COURSE
from tests.support.small_exercise import HALVE, small_exercise


@pytest.mark.parametrize("draw", [public_bytes, hidden_bytes])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("def hidden(", "def not_hidden(", "halve: no hidden case tests the half"),
        ('"the half": 1}', '"the half": 1, "the rest": 0.5}', "halve: no hidden case tests the rest"),
        ('"five", "the half"', '"five", "the haft"', "halve: no hidden case tests the half"),
        ('"three", "the half"', '"three", "the haft"', "halve: a case tests 'the haft', which is not in ASPECTS"),
    ],
)
def test_an_exercise_that_could_not_be_marked_is_refused(tmp_path, draw, old, new, said):
    """The red fixtures."""
    assert old in HALVE
    course = small_exercise(tmp_path, HALVE.replace(old, new))
    with pytest.raises(ExerciseError, match=said):
        draw(course, "one")


SHOWN = 'SHOWN = "Half of 3 is {number:g}."\nSHOWN_FROM = ("three", 0)\n\n\ndef public('


def test_what_a_right_answer_shows_is_in_the_case_file(tmp_path):
    course = small_exercise(tmp_path, HALVE.replace("def public(", SHOWN))
    exercises = json.loads(load(public_bytes(course, "one"))["exercises"].tobytes())
    assert exercises["halve"]["shown"] == ["Half of 3 is {number:g}.", "three", 0]


@pytest.mark.parametrize(
    ("old", "new"), [('("three", 0)', '("five", 0)'), ('("three", 0)', '("three", 1)'), ("SHOWN_FROM", "FROM")]
)
def test_a_number_that_no_public_case_has_is_refused(tmp_path, old, new):
    """The red fixtures."""
    course = small_exercise(tmp_path, HALVE.replace("def public(", SHOWN.replace(old, new)))
    with pytest.raises(ExerciseError, match="halve: SHOWN_FROM names no number of a public case"):
        public_bytes(course, "one")


@pytest.mark.parametrize(("dtypes", "kept"), [(["float64"], True), (["float32", "float64"], False)])
def test_numbers_that_only_the_choice_of_a_dtype_tells_from_the_right_ones_are_no_mistakes(dtypes, kept):
    book, group = Book(), {}
    case = {"expected": book.array([1.0, 2.0], dict.fromkeys(dtypes, within(rtol=1e-9)))}
    add_numbers(group, 0, case, book.tensors, np.array([1.0, 2.0 + 1e-7]))
    assert bool(group) == kept


def test_a_case_file_is_another_where_anything_but_a_mistakes_last_digits_differs():
    stored = COURSE.public("iterated_softmax")
    tensors = load(stored)
    mistakes = next(name for name, array in tensors.items() if array.dtype == np.uint16)
    reference = next(name for name, each in tensors.items() if each.dtype == np.float64 and np.isfinite(each).all())

    def with_more(name, much):
        return save(tensors | {name: tensors[name] + np.array(much, tensors[name].dtype)})

    assert same_cases(stored, stored) and same_cases(stored, with_more(mistakes, 1))
    assert not same_cases(stored, with_more(mistakes, 100))
    assert not same_cases(stored, save(tensors | {reference: np.nextafter(tensors[reference], np.inf)}))
    text = json.loads(tensors["exercises"].tobytes())
    text["softmax_t"]["cases"][0]["name"] = "another"
    named = np.frombuffer(json.dumps(text, separators=(",", ":")).encode(), np.uint8)
    assert not same_cases(stored, save(tensors | {"exercises": named})) and not same_cases(b"no case file", stored)


def test_the_drift_check_names_a_case_file_that_is_missing_or_was_changed(tmp_path):
    """The red fixture."""
    course = small_exercise(tmp_path)
    course.source("one.py").write_text("# %%\n1\n")
    public, hidden = (course.case_file("one", kind) for kind in ("public", "hidden"))
    public.parent.mkdir(parents=True)
    public.write_bytes(public_bytes(course, "one"))
    hidden.write_bytes(hidden_bytes(course, "one"))
    course.questions_file("one").write_bytes(questions_bytes(course, "one"))
    assert build.drift(tmp_path, {}) == []
    public.write_bytes(public.read_bytes() + b" ")
    hidden.unlink()
    course.questions_file("one").write_text('{"halve": {}}\n')
    assert [line.partition(":")[0] for line in build.drift(tmp_path, {})] == [
        "source/cases/one/public.safetensors is missing or stale",
        "source/cases/one/hidden.safetensors is missing or stale",
        "source/cases/one/questions.json is missing or stale",
    ]
