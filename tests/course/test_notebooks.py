"""The notebooks that students get: they run from top to bottom as they are, and say in words what is missing."""

import doctest
import re

import nbformat
import pytest
from nbclient import NotebookClient

from grading.authoring.exercise import load_exercises
from grading.course import REPOSITORY
from grading.reports.catalogues import languages
from helpers.support.language import number_text
from source.reproduce import answers
from tests.support.course import ASSIGNMENTS, CASES, filled, solutions


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def run(request, tmp_path_factory):
    """Return (assignment, notebook) after a run in an empty folder, where an exception in a cell is an error."""
    notebook = nbformat.read(REPOSITORY / "notebooks" / f"{request.param}.ipynb", nbformat.NO_CONVERT)
    folder = tmp_path_factory.mktemp("student")
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    return request.param, notebook


def texts(notebook):
    """Return {source: text shown} of the code cells."""
    shown = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts = [output.get("text") or output["data"].get("text/plain", "") for output in cell.outputs]
            shown[cell.source] = "".join(parts)
    return shown


def test_every_check_says_that_its_exercise_is_not_attempted_yet(run):
    assignment, notebook = run
    checks = {source: text for source, text in texts(notebook).items() if source.startswith("check(")}
    assert len(checks) == len(solutions(assignment))
    for name in solutions(assignment):
        if name.startswith("claim_"):
            continue
        predicted = name.startswith("prediction_")
        what = "no answer yet: write one in place of `None`"
        what = what if predicted else "not attempted yet: replace `raise NotImplementedError()` by your code"
        assert checks[f'check("{name}")'].splitlines()[0] == f"{name}: {what}."


def test_every_prediction_waits_to_be_made_or_for_what_its_result_is_made_of(run):
    assignment, notebook = run
    shown = {
        re.search(r'reveal\("(\w+)"', source)[1]: text
        for source, text in texts(notebook).items()
        if "helpers.reveal(" in source
    }
    empty = [name for name, text in shown.items() if f"{name}: first predict" in text]
    waiting = [name for name, text in shown.items() if text.startswith("This cell waits for ")]
    assert list(shown) == [name for name in solutions(assignment) if name.startswith("prediction_")]
    assert sorted(empty + waiting) == sorted(shown) and empty and waiting


def results(assignment):
    """Return the results of an assignment's predictions, as they are written, but for those of one digit."""
    found = [each.question.get("result") for each in load_exercises(REPOSITORY, assignment).values()]
    return [text for text in map(number_text, filter(None, found)) if len(text) > 3]


def test_no_result_is_shown_before_it_is_predicted(run):
    """The limits of number formats stood above the line that asks for one of them."""
    assignment, notebook = run
    shown = texts(notebook)
    assert results(assignment) and [each for each in results(assignment) if each in "\n".join(shown.values())] == []
    waiting = [text for source, text in shown.items() if 'needs("prediction_' in source]
    assert waiting and all(len(text.splitlines()) == 1 for text in waiting)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_a_result_that_is_shown_is_seen(assignment):
    """The red fixture."""
    solved = nbformat.read(REPOSITORY / "solutions" / f"{assignment}.ipynb", nbformat.NO_CONVERT)
    shown = "\n".join(texts(solved).values())
    assert [each for each in results(assignment) if each not in shown] == []


def verdicts(assignment):
    """Return what decides each claim of an assignment, as far as it is the same for all students."""
    exercises = CASES[assignment][0].exercises
    told = [each["claim"]["because"] for each in exercises.values() if "claim" in each]
    return [max(words.split("{number}"), key=len) for words in told]


def test_nothing_is_told_about_a_claim_before_it_is_decided(run):
    assignment, notebook = run
    told = "\n".join([cell.source for cell in notebook.cells] + [*texts(notebook).values()])
    assert verdicts(assignment) and [words for words in verdicts(assignment) if words in told] == []
    assert told.count("decide first: write") == len(verdicts(assignment))


def test_what_decides_a_claim_is_told_where_it_is_decided():
    """The red fixture: these words would be found."""
    for assignment in ASSIGNMENTS:
        solved = nbformat.read(REPOSITORY / "solutions" / f"{assignment}.ipynb", nbformat.NO_CONVERT)
        told = "\n".join(texts(solved).values())
        assert [words for words in verdicts(assignment) if words not in told] == []


def test_every_cell_that_draws_on_an_exercise_waits_for_it_in_one_line(run):
    waiting = [text for source, text in texts(run[1]).items() if source.startswith("with needs(")]
    assert len(waiting) >= 4
    assert all(text.startswith("This cell waits for ") and len(text.splitlines()) == 1 for text in waiting)


def test_nothing_is_shown_on_stderr(run):
    outputs = [output for cell in run[1].cells for output in cell.get("outputs", [])]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_examples_in_every_stub_are_what_the_solution_gives(assignment):
    names = answers(assignment)
    functions = [name for name in solutions(assignment) if callable(names[name])]
    found = [test for name in functions for test in doctest.DocTestFinder().find(names[name], name, globs=names)]
    examples = [test for test in found if test.examples]
    assert len(examples) >= 4
    runner = doctest.DocTestRunner()
    assert [test.name for test in examples if runner.run(test).failed] == []


def test_an_example_that_is_wrong_is_noticed():
    """The red fixture."""
    parsed = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, None)
    assert doctest.DocTestRunner(verbose=False).run(parsed, out=lambda text: None).failed == 1


# What only the instructor has


def answers_shown(assignment, text):
    """Return the lines of an assignment's answers that stand in a notebook's text, but for the heads of blocks."""
    written = "\n".join(solutions(assignment).values())
    blocks = re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", written, re.DOTALL)
    lines = {line.strip() for block in blocks for line in block.split("\n")}
    cells = nbformat.reads(text, nbformat.NO_CONVERT).cells
    shown = {line.strip() for cell in cells for line in cell.source.split("\n")}
    return {line for line in lines & shown if line and not line.endswith(":")}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_line_of_an_answer_is_in_what_students_get(assignment):
    given = [path for folder in ("release", "notebooks") for path in (REPOSITORY / folder).rglob(f"{assignment}.ipynb")]
    assert len(given) == 2 + len(languages(REPOSITORY))
    found = {path: answers_shown(assignment, path.read_text("utf-8")) for path in given}
    assert found == {path: set() for path in given}


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_an_answer_that_is_left_in_a_notebook_is_seen(assignment):
    """The red fixture."""
    for exercise, answer in solutions(assignment).items():
        assert answers_shown(assignment, nbformat.writes(filled(assignment, {exercise: answer}))), exercise
