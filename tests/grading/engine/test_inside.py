"""Test cells without cases run in the student's kernel, as nbgrader runs them, and their marks say so."""

import json
from dataclasses import replace

import nbformat
import pytest

from grading.authoring.draw import committed
from grading.engine.inside import Came, points_given
from grading.engine.record import Terms, judged
from helpers.support.language import Message
from tests.support.assert_cells import FILES, HIDDEN, SECRET, SOLVED, TESTS, graded, handed_in, notebook
from tests.support.course import graded_cell
from tests.support.small_exercise import small_exercise

pytestmark = pytest.mark.slow

LEAK = f"""def double(x):
    print(x, {SECRET!r} in str(get_ipython().user_ns["In"]))
    if x > 100:
        raise ValueError(get_ipython().user_ns["In"][-1])
    return 2 * x"""
ANSWERS = {
    "solved": SOLVED,
    "blank": {},
    "partial": {**SOLVED, "share": "def share(x):\n    return 0.3"},
    "visible": {**SOLVED, "double": "def double(x):\n    return 3 * x"},
    "hidden": {**SOLVED, "double": "def double(x):\n    return 4"},
    "leaking": {**SOLVED, "double": LEAK},
    "warned": {**SOLVED, "double": "import warnings\ndef double(x):\n    warnings.warn('slow')\n    return 2 * x"},
    "forged": {**SOLVED, "double": "class double:\n    __init__ = lambda *_: None\n    __eq__ = lambda *_: True"},
    "printed": {**SOLVED, "double": "def double(x):\n    print(7)\n    return 2 * x"},
    "ended": {**SOLVED, "double": "import os\ndef double(x):\n    os._exit(0)"},
    "rich": {**SOLVED, "share": "def share(x):\n    return 7\nmin = max"},
}


def duplicate(found):
    """Copy and paste a test cell, its marks too."""
    found.cells.append(nbformat.from_dict(graded_cell(found, "correct_double")))


@pytest.fixture(scope="module")
def terms(tmp_path_factory):
    """Those of the mixed notebook."""
    cases = committed(small_exercise(tmp_path_factory.mktemp("one")), "one")
    whole = TESTS | {"double": f"{TESTS['double']}\n{HIDDEN}"}
    tests = {
        cell.metadata.nbgrader.grade_id: cell.source for cell in notebook(whole).cells if "nbgrader" in cell.metadata
    }
    own = tuple((name, tests[name]) for name in ("correct_double", "test_share", "test_data"))
    release = nbformat.writes(notebook()).encode()
    return Terms("one", release, cases["public"], cases["hidden"], tests=own, files=tuple(FILES.items()))


@pytest.fixture(scope="module")
def class_(terms):
    """What came out of each submission: its record, or the error."""
    handed = {name: handed_in(answers) for name, answers in ANSWERS.items()}
    handed["duplicated"] = handed_in(SOLVED, duplicate)
    found = {}
    for name, content in handed.items():
        try:
            found[name] = judged(content, terms, terms.version)
        except ValueError as error:
            found[name] = error
    return found


def verdicts(record):
    """Return the data of a record's verdicts by grade_id."""
    cells = json.loads(json.dumps(record.notebook))["cells"]
    graded = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("grade")]
    return {cell["metadata"]["nbgrader"]["grade_id"]: cell["outputs"][0]["data"]["application/json"] for cell in graded}


def test_each_gets_nbgraders_points_and_a_mixed_notebooks_case_is_judged_outside(class_):
    expected = {
        "solved": (2, 0.5, 1, 1),
        "blank": (0, 0, 1, 0),
        "partial": (2, 0.3, 1, 1),
        "visible": (0, 0.5, 1, 1),
        "hidden": (0, 0.5, 1, 1),
        "leaking": (0, 0.5, 1, 1),
        "warned": (2, 0.5, 1, 1),
        "forged": (2, 0.5, 1, 1),
        "printed": (2, 0.5, 1, 1),
        "ended": (0, 0.5, 1, 1),
        "duplicated": (2, 0.5, 1, 1),
    }
    order = "correct_double", "test_share", "test_data", "test_halve"
    assert {name: tuple(class_[name].points[cell] for cell in order) for name in expected} == expected
    inside = {name: data.get("inside", False) for name, data in verdicts(class_["forged"]).items()}
    assert inside == dict.fromkeys(order[:3], True) | {"test_halve": False}


def test_more_points_than_a_cell_is_worth_are_no_mark(class_):
    assert str(class_["rich"]) == "the test cell test_share gives itself 7 points, of 1"


def test_a_failure_names_its_line_and_a_hidden_one_says_nothing_of_itself(class_):
    assert str(Message.from_json(verdicts(class_["blank"])["correct_double"]["reason"])) == "not attempted yet"
    visible, hidden, leaking = (verdicts(class_[name])["correct_double"] for name in ("visible", "hidden", "leaking"))
    assert visible["reason"]["values"]["line"] == TESTS["double"]
    assert hidden["reason"]["id"] == "a test that is not in your notebook stopped: {error}"
    assert [str(Message.from_json(each["reason"])).rpartition(": ")[2] for each in (visible, hidden, leaking)] == [
        "AssertionError",
        "AssertionError",
        "ValueError",
    ]
    for name in ("visible", "hidden", "leaking"):
        record = class_[name]
        said = json.dumps([data | {"name": each} for each, data in verdicts(record).items()])
        outputs = [cell["outputs"] for cell in json.loads(json.dumps(record.notebook))["cells"] if cell.get("outputs")]
        assert SECRET not in said and SECRET not in json.dumps(outputs) and "4002" not in json.dumps(outputs)
        assert all(data.get("traceback", "") == "" for data in verdicts(record).values())


def test_without_hidden_tests_pythons_own_words_are_repeated(terms):
    """The red fixture: here the text of an error does come out."""
    open_terms = replace(terms, tests=tuple((name, source.split("\n###")[0]) for name, source in terms.tests))
    record = judged(handed_in(ANSWERS["visible"]), open_terms, open_terms.version)
    found = verdicts(record)["correct_double"]
    assert str(Message.from_json(found["reason"])).endswith("`: AssertionError: twice two is four")
    assert "----> 1 assert double(2) == 4" in found["traceback"] and "\x1b" not in found["traceback"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("# the tests are hidden", "the test cell correct_double tests nothing: everybody would pass it"),
        ('check("double", double)', "there are no cases for 'correct_double'"),
    ],
)
def test_a_cell_that_would_pass_everybody_gives_nobody_a_mark(terms, source, said):
    name = "correct_double" if "check" in source else "double"
    emptied = replace(terms, tests=(("correct_double", source.replace('"double"', f'"{name}"')), *terms.tests[1:]))
    with pytest.raises(LookupError, match=said):
        judged(handed_in(SOLVED), emptied, emptied.version)


def test_a_cell_that_never_ran_gets_no_mark():
    cell = graded("double", TESTS["double"])
    assert points_given(cell, Came("ok")) == 2 and points_given(cell, Came("error")) == 0
    with pytest.raises(RuntimeError, match="the test cell correct_double was not run"):
        points_given(cell, Came())


def test_the_hidden_tests_their_points_and_the_files_are_in_the_version(terms):
    changed = [
        replace(terms, tests=(("correct_double", f"{terms.tests[0][1]}\n"), *terms.tests[1:])),
        replace(terms, files=(("numbers/data.txt", b"1 2"),)),
        replace(terms, release=terms.release.replace(b'"points": 2', b'"points": 3')),
    ]
    assert len({terms.version, *(each.version for each in changed)}) == 4
