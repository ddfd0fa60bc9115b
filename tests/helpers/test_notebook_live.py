"""Checks in a real kernel, as cells are edited, run, saved and stopped; and the page before one hands in."""

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from grading.course import REPOSITORY
from tests.support.course import COURSE, FIRST, solutions
from tests.support.session import Session, text_of

RIGHT = solutions(FIRST)["softmax_t"]
STUB = "def softmax_t(x, temperature=1.0, dim=-1):\n    raise NotImplementedError()"
WRONG = "def softmax_t(x, temperature=1.0, dim=-1):\n    return x"
SETUP = f"""import torch
import helpers.checks
from helpers import check, needs
from helpers.checks import cases
cases.use(open({str(COURSE.case_file(FIRST, "public"))!r}, "rb").read())"""
GREEN = "softmax_t: 9 of 9 cases here are right"
RED = "softmax_t: 0 of 9 cases here are right"
OLDER = "softmax_t: what was run is older than its cell's text: run that cell, then this check."


def notebook(**sources):
    """Return a notebook of a setup cell, an exercise's cell, its check and one that waits for it."""
    marked = {"solution": "softmax_t", "check": "test_softmax_t"}
    cells = {
        "setup": SETUP,
        "solution": RIGHT,
        "check": 'check("softmax_t")',
        "waits": 'with needs("softmax_t"):\n    print(softmax_t(torch.zeros(2)).sum().item())',
        "last": "import helpers\nhelpers.before_you_hand_in()",
    } | sources
    nb = new_notebook(cells=[new_code_cell(source, id=name) for name, source in cells.items()])
    for cell in nb.cells:
        if cell.id in marked:
            cell.metadata["nbgrader"] = {"grade_id": marked[cell.id]}
    return nb


def quick_first(values):
    """Return parameters of which all but the first are for the slow tests."""
    first, *rest = values
    together = [each if isinstance(each, tuple) else (each,) for each in rest]
    return [first, *(pytest.param(*each, marks=pytest.mark.slow) for each in together)]


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Return a function that opens a notebook beside a kernel and runs it once."""
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    sessions = []

    def open_one(ids=True, file=True, **sources):
        session = Session(notebook(**sources), tmp_path, ids, file)
        sessions.append(session)
        session.__enter__()
        session.said = session.run_all()
        return session

    yield open_one
    for session in sessions:
        session.__exit__()


@pytest.mark.parametrize(("ids", "file"), quick_first([(True, True), (True, False), (False, True), (False, False)]))
def test_an_older_definition_is_not_taken_for_the_cells_text(opened, ids, file):
    """After a SyntaxError the check judged the old function, and said "passed"; grading gave 0."""
    session = opened(ids, file)
    assert session.said["check"].startswith(GREEN)
    session.edit("solution", RIGHT + "\n)")
    assert "SyntaxError" in session.run("solution")
    assert "softmax_t: its cell is not Python yet: line " in session.run("check")
    session.edit("solution", RIGHT.replace("softmax_t", "mine"))
    session.run("solution")
    if ids:
        assert "an older one is still there, but" in session.run("check")
    session.save()
    if file:
        assert "an older one is still there, but its cell now defines mine" in session.run("check")
    session.edit("solution", RIGHT)
    session.run("solution")
    assert session.run("check").startswith(GREEN)
    assert session.run("waits") == "1.0\n"


@pytest.mark.slow
def test_a_cell_that_was_edited_and_saved_has_to_run(opened):
    session = opened(ids=False)
    session.edit("solution", WRONG)
    session.save()
    assert session.run("check").startswith(OLDER)
    session.run("solution")
    assert session.run("check").startswith(RED)


@pytest.mark.slow
def test_a_session_without_saving_is_judged_as_it_is(opened):
    session = opened(ids=False, solution=STUB)
    session.edit("solution", RIGHT)
    session.run("solution")
    assert session.run("check").startswith(GREEN)


def test_a_deleted_cell_and_a_deleted_function_are_told_apart(opened):
    session = opened()
    session.execute("del softmax_t")
    assert "its cell ran, but there is no softmax_t: run that cell again" in session.run("check")
    assert session.run("waits") == "This cell waits for softmax_t: run its cell above, then this one again."
    session.run("solution")
    session.delete("solution")
    session.save()
    assert "an older one is still there, but no cell of the notebook defines it any more" in session.run("check")


@pytest.mark.slow
def test_a_definition_below_the_check_does_not_count(opened):
    session = opened(solution=WRONG)
    session.add("below", RIGHT, after="check")
    session.save()
    session.run("below")
    assert "another cell's was run last, and grading takes the last one above this check" in session.run("check")
    session.run("solution")
    assert session.run("check").startswith(RED)


def test_a_definition_with_a_line_that_fails_below_it_is_the_one_that_counts(opened):
    session = opened(solution=f"{WRONG}\nsoftmax_t(1) / 0")
    session.edit("solution", f"{RIGHT}\nsoftmax_t(1)")
    assert "Error" in session.run("solution")
    assert session.run("check").startswith(GREEN)


@pytest.mark.parametrize(("ids", "file"), quick_first([(False, True), (True, True), (True, False), (False, False)]))
def test_what_a_cell_that_stopped_has_not_given_is_not_there(opened, ids, file):
    """Of a value the check said "noted", and grading gave 0."""
    session = opened(ids, file, own="prediction_2 = 20")

    def checked(name, source, check):
        session.edit(name, source)
        session.run(name)
        return "".join(map(text_of, session.execute(f'check("{check}")'))).splitlines()[0]

    stopped = (
        "{0}: its cell stopped, and gave no {0}: NameError: name 'log' is not defined. `log` is written torch.log "
    )
    stopped += "for tensors, and math.log for numbers."
    assert checked("own", "prediction_2 = log(65504)", "prediction_2") == stopped.format("prediction_2")
    assert checked("own", "log(65504)\nprediction_2 = 20", "prediction_2") == stopped.format("prediction_2")
    assert checked("own", "claim_c2 = holds", "claim_c2") == (
        'claim_c2: its cell stopped at `holds`: write the word in quotation marks, claim_c2 = "holds".'
    )
    for source in ("prediction_2 = 20\nlog(65504)", "%%time\nprediction_2 = 20\nlog(65504)", "prediction_2 = 11"):
        assert "stopped" not in checked("own", source, "prediction_2")
    assert checked("solution", f"log(65504)\n{RIGHT}", "softmax_t") == stopped.format("softmax_t")
    assert checked("solution", f"{RIGHT}\nlog(65504)", "softmax_t").startswith(GREEN)


ENDLESS = {
    "a loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "a loop that prints": "while True: print(end='')",
    "a loop of torch's": "while True: torch.zeros(2) + 1",
}


@pytest.mark.parametrize("name", quick_first(ENDLESS))
def test_a_call_that_does_not_return_is_stopped_and_the_kernel_goes_on(opened, name):
    quick = f"{SETUP}\nhelpers.checks.CALL = helpers.checks.LARGE_CALL = 0.8"
    session = opened(setup=quick, solution=f"def softmax_t(x, temperature=1.0, dim=-1):\n    {ENDLESS[name]}")
    assert session.said["check"].startswith("softmax_t: stopped after 1 s, in the case “")
    assert session.said["waits"].startswith("This cell waits for a green check of softmax_t; for now: it was stopped")
    session.edit("solution", RIGHT)
    session.run("solution")
    assert session.run("check").startswith(GREEN)


def test_the_stop_button_stops_a_check(opened):
    session = opened()
    session.edit("solution", "def softmax_t(x, temperature=1.0, dim=-1):\n    while True: pass")
    session.run("solution")
    assert session.run("check", interrupt_after=1.5) == "KeyboardInterrupt: \n"
    session.edit("solution", RIGHT)
    session.run("solution")
    assert session.run("check").startswith(GREEN)


def test_before_you_hand_in_says_what_is_green_and_what_has_not_run(opened):
    session = opened()
    said = session.run("last")
    assert said.startswith(
        "5 of 20 points are green.\n  green        softmax_t\n  not checked  contraction_rate, decay_"
    )
    assert "Every cell has run as it stands in the file" in said
    assert "more cases run, with inputs that are not shown here." in said
    assert "Save with Ctrl+S (Cmd+S on a Mac), and hand in this file: mine.ipynb." in said
    assert "The Validate button above the notebook" in said and "Name it" not in said
    session.edit("solution", WRONG)
    session.add("own", "x = 1\ny = 2", after="check")
    session.save()
    said = session.run("last")
    assert "2 cells have not run as they stand in the file" in said and ": softmax_t, “x = 1”. Run all cells." in said
    assert said.startswith("0 of 20 points are green.\n  changed since its check  softmax_t\n")
    session.run("solution")
    assert "  changed since its check  softmax_t" in session.run("last")
    session.run("check")
    assert "  open         softmax_t" in session.run("last")
    session.edit("solution", RIGHT)
    session.edit("own", "x = 2")
    for name in ("solution", "own"):
        session.run(name)
    said = session.run("last")
    assert "Every cell has run" not in said, "what ran is newer than the file, which lacks it"
    assert "and what ran since then is not in it. Save it (Ctrl+S), then hand it in." in said
    session.save()
    assert "Every cell has run as it stands in the file, last saved at " in session.run("last")


COLAB = """import sys, types
def asked(what, timeout_sec):
    assert what == "get_ipynb"
    import json
    document = json.load(open("mine.ipynb"))
    document["metadata"]["colab"] = {"name": "Copy of mine.ipynb"}
    return {"ipynb": document}
colab = sys.modules["google.colab"] = types.ModuleType("google.colab")
colab._message = types.SimpleNamespace(blocking_request=asked)"""
WITHOUT = "The notebook's file could not be read from here: run all cells once more, then save it."
FRONT_ENDS = {
    "Colab": (COLAB, ["Every cell has run as it stands.\n",
                      "choose File > Download > Download .ipynb, and hand in that file: Copy of mine.ipynb.",
                      "Name it mine.ipynb, as you got it."]),
    "Colab, which says nothing": ("import sys, types; sys.modules['google.colab'] = types.ModuleType('google.colab')",
                                  [WITHOUT, "Download .ipynb, and hand in that file: the file that ends in .ipynb."]),
    "VS Code": ("__vsc_ipynb_file__ = 'mine.ipynb'",
                ["Every cell has run", "Save with Ctrl+S (Cmd+S on a Mac), and hand in this file: mine.ipynb."]),
    "none": ("", [WITHOUT, "Save the notebook, and hand in its file: the file that ends in .ipynb."]),
}  # fmt: skip


@pytest.mark.parametrize("name", quick_first(FRONT_ENDS))
def test_which_file_to_hand_in_is_said_for_each_front_end(opened, name):
    before, sentences = FRONT_ENDS[name]
    session = opened(ids=False, file=False, setup=f"{before}\n{SETUP}")
    said = session.said["last"] if name != "VS Code" else session.run("last")
    assert [each for each in sentences if each not in said] == [] and "Validate" not in said
    session.edit("solution", WRONG)
    session.save()
    assert session.run("check").startswith(OLDER if WITHOUT not in sentences else GREEN)
