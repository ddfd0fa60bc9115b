"""The draw refuses exercises that could not be marked, and knows a case file that says something else."""

import json
import shutil

import numpy as np
import pytest
from safetensors.numpy import load, save

from grading.authoring import build, messages
from grading.authoring.draw import (
    add_numbers,
    committed,
    hidden_bytes,
    older_in_words,
    older_than,
    public_bytes,
    questions_bytes,
    same_cases,
)
from grading.authoring.exercise import LONGEST_TEXT, Book, ExerciseError, case, load_exercises, string, within, word
from grading.authoring.texts import case_texts
from grading.course import COMMITTED
from grading.files import write
from helpers.checks.collect import collect
from tests.support.commands import python
from tests.support.course import COURSE
from tests.support.small_exercise import HALVE, ROOT, small_exercise


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


SHARED = "from ._shared import BOUND\nfrom ...exact import half\n"


@pytest.fixture
def drawn(tmp_path):
    """A course of two exercises, one with a shared file and an oracle behind it, and its case files."""
    course = small_exercise(tmp_path)
    folder = course.source("exercises") / "one"
    (folder / "third.py").write_text(SHARED + HALVE.replace("Half", "A third"), "utf-8")
    (folder / "_shared.py").write_text("BOUND = 1e-9\n", "utf-8")
    course.source("exact.py").write_text("def half(x):\n    return x / 2\n", "utf-8")
    for kind, seed in (("hidden", "softmax-lab"), ("private", "mine")):
        write(course.case_file("one", kind), hidden_bytes(course, "one", seed))
    return course


@pytest.mark.parametrize(
    ("file", "changed"),
    [
        ("exercises/one/halve.py", ["halve"]),
        ("exercises/one/third.py", ["third"]),
        ("exercises/one/_shared.py", ["third"]),
        ("exact.py", ["third"]),
        ("exercises/one/fourth.py", ["fourth"]),
        ("exercises/other/halve.py", []),
        ("unused.py", []),
    ],
)
@pytest.mark.parametrize("only", ["1", ""])
def test_hidden_cases_know_when_an_exercise_or_what_it_imports_has_changed(drawn, monkeypatch, only, file, changed):
    monkeypatch.setenv(COMMITTED, only)
    path = drawn.source(file)
    path.parent.mkdir(exist_ok=True)
    assert older_than(drawn, "one") == [] and older_in_words(drawn, "one") == ""
    text = path.read_text("utf-8") if path.exists() else ""
    path.write_text(f"# a comment\n\n{text}# another\n", "utf-8")
    assert older_than(drawn, "one") == (["fourth"] if changed == ["fourth"] else [])
    path.write_text(f"{text}\nMORE = 1\n", "utf-8")
    assert older_than(drawn, "one") == changed
    said, remedy = older_in_words(drawn, "one"), "make course" if only else "make hidden (its seed is kept)"
    assert said.endswith(f"is older than {changed[0]}: draw its cases anew with {remedy}" if changed else "")


def test_nothing_is_claimed_where_there_are_no_exercise_files_or_the_case_file_says_nothing(drawn):
    kept = drawn.case_file("one", "hidden").read_bytes()
    write(drawn.case_file("one", "hidden"), drawn.hidden("one"))
    drawn.source("exercises/one/halve.py").write_text("")
    assert older_than(drawn, "one") == []
    write(drawn.case_file("one", "hidden"), b"no case file")
    assert older_than(drawn, "one") == []
    shutil.rmtree(drawn.source("exercises"))
    write(drawn.case_file("one", "hidden"), kept)
    assert older_than(drawn, "one") == []


def test_a_verdict_does_not_depend_on_how_cases_were_drawn_and_no_seed_leaves_the_file(drawn, monkeypatch):
    monkeypatch.delenv(COMMITTED)
    before = drawn.hidden("one")
    assert b"mine" in drawn.case_file("one", "private").read_bytes() and b"mine" not in before
    path = drawn.source("exercises/one/halve.py")
    path.write_text(path.read_text("utf-8") + "\nMORE = 1\n", "utf-8")
    again = hidden_bytes(drawn, "one", "mine")
    assert again != drawn.case_file("one", "private").read_bytes()
    write(drawn.case_file("one", "private"), again)
    assert drawn.hidden("one") == before


def test_a_private_set_counts_for_nothing_in_tests_nor_in_what_they_start(drawn, monkeypatch):
    """The red fixture: without the variable it is the one in force."""
    look = (
        f"from grading.course import Course, Path; print(Course(Path({str(drawn.folder)!r})).hidden_file('one').stem)"
    )
    assert (drawn.hidden_file("one").stem, python("-c", look).strip()) == ("hidden", "hidden")
    monkeypatch.delenv(COMMITTED)
    assert (drawn.hidden_file("one").stem, python("-c", look).strip()) == ("private", "private")


def test_the_build_keeps_the_cases_of_a_file_and_renews_what_it_was_drawn_from(drawn):
    public, hidden = (drawn.case_file("one", kind) for kind in ("public", "hidden"))
    write(public, public_bytes(drawn, "one"))
    write(drawn.questions_file("one"), questions_bytes(drawn, "one"))
    assert committed(drawn, "one") == {"public": public.read_bytes(), "hidden": hidden.read_bytes()}
    path = drawn.source("exercises/one/halve.py")
    path.write_text(path.read_text("utf-8") + "\nMORE = 1\n", "utf-8")
    drawn.source("one.py").write_text("# %%\n1\n")
    assert build.drift(drawn.folder, {}) == [
        f"source/cases/one/hidden.safetensors is missing or stale: {build.WAY_OUT}"
    ]
    renewed = committed(drawn, "one")["hidden"]
    assert same_cases(renewed, hidden.read_bytes()) and renewed != hidden.read_bytes()
    write(hidden, renewed)
    assert older_than(drawn, "one") == [] and build.drift(drawn.folder, {}) == []


@pytest.mark.parametrize("program", [build, messages])
def test_a_course_that_cannot_be_written_to_is_a_sentence(tmp_path, capsys, program):
    """A file lies in the way: what root never meets otherwise."""
    course = small_exercise(tmp_path)
    course.source("one.py").write_text("# %%\n1\n")
    course.source("cases" if program is build else "locale").touch()
    assert program.main(["--root", str(tmp_path), *(["xx"] if program is messages else [])]) == 1
    said = capsys.readouterr().err
    assert said.startswith(str(tmp_path / "source")) and said.count("\n") == 1


WHOLE = 'book.properties(number(0, ANY, "x"), holds, y=square)'
VALUE = f"return value_case(name, 'the root', {WHOLE})\n    case("
NOT_WHOLE = "halve, 'four': properties are of all that a function returns"


@pytest.mark.parametrize("draw", [public_bytes, hidden_bytes])
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-(x**0.5)", "-(x**0.49)", r"right_root is no right answer to the case 'four': expected x \* x == y, got 3.8"),
        ("return -(x**0.5)", "return None", "right_root is no right answer to the case 'four': .* got nothing"),
        ("def right_root", "def root", "no right_... answer shows that its properties can be had"),
        ('"x <= 9"', '"x * x >= 0"', r"no wrong answer lacks 'x \* x >= 0': write one of the right form, or leave it"),
        ("return 10 * x", "return [10 * x]", "no wrong answer lacks 'x <= 9'"),
        ("x <= 9", "x < 9", "'x < 9' compares no two sides, by ==, <= or >="),
        ("x <= 9", "z <= 9", "'z' in 'z <= 9' is nothing that a formula has; its names are abs, .*, x, y"),
        ('ANY, "x")', "ANY)", "formulas can't know a part of an answer by the label '': give it another"),
        ("return case(", VALUE, NOT_WHOLE),
        (WHOLE, f"mapping([(1, {WHOLE})])", NOT_WHOLE),
    ],
)
def test_properties_that_right_answers_lack_or_that_no_answer_lacks_are_refused(tmp_path, draw, old, new, said):
    """The red fixtures."""
    assert draw(small_exercise(tmp_path / "whole", ROOT), "one")
    assert old in ROOT
    with pytest.raises(ExerciseError, match=said):
        draw(small_exercise(tmp_path / "broken", ROOT.replace(old, new)), "one")


def test_answers_are_taken_from_a_file_beside_and_named_as_students_name_them(tmp_path):
    course = small_exercise(
        tmp_path, 'from ._shared import right_by_numpy, wrong_unused\n\nFUNCTION = "half"\n' + HALVE
    )
    shared = (
        "import numpy as np\n\ndef right_by_numpy(x):\n    return np.divide(x, 2)\n\ndef wrong_unused(x):\n    'No.'\n"
    )
    (tmp_path / "source/exercises/one/_shared.py").write_text(shared + "\ndef right_by_nobody(x):\n    pass\n", "utf-8")
    exercise = load_exercises(tmp_path, "one")["halve"]
    assert [*exercise.answers] == ["right_by_numpy", "wrong_unused", "right_by_division", "wrong_doubles"]
    source = "import numpy as np\ndef half(x):\n    return np.divide(x, 2)"
    assert exercise.answers["right_by_numpy"].source == source
    for drawn in (public_bytes(course, "one"), hidden_bytes(course, "one")):
        assert json.loads(load(drawn)["exercises"].tobytes())["halve"]["function"] == "half"


def test_what_is_said_of_properties_can_be_translated(tmp_path):
    path = tmp_path / "public.safetensors"
    path.write_bytes(public_bytes(small_exercise(tmp_path, ROOT), "one"))
    assert {"Its square is another number.", "It is above 9."} < {*case_texts(path)}


@pytest.mark.parametrize("make", [string, word])
def test_a_text_of_which_not_all_would_come_back_is_refused(make):
    longest = "a" * LONGEST_TEXT
    [sent] = collect(lambda: longest, [case("a case", "an aspect", make(longest), "")], {})
    assert sent["value"] == longest and longest in make(longest).values()
    with pytest.raises(ExerciseError, match=r"'a{40}'\.\.\. has 300 characters, and an answer at most 299"):
        make(longest + "a")
