"""The contract with nbgrader: what its own commands give with this repository's configuration, and what never leaks."""

import base64
import json
import lzma
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from nbformat.v4 import new_code_cell

from grading.authoring.draw import COMMITTED_SEED, hidden_bytes, public_bytes
from grading.course import COMMITTED, REPOSITORY, Course
from grading.engine.judge import Judge, inputs_of
from grading.engine.verdict import verdict, words_in
from helpers.checks.cases import CaseFile, read_cases
from helpers.checks.collect import encode
from helpers.checks.watch import told_name
from tests.support.course import (
    ASSIGNMENTS,
    COURSE,
    Trial,
    case_files,
    filled,
    graded_cell,
    points,
    released,
    solutions,
)
from tests.support.leaks import hidden_numbers, leaks, references

EXERCISES = [name for assignment in ASSIGNMENTS for name in points(assignment)]

# Keeps every input it is given, prints it, returns it, raises it, and shows all of it again in a later cell.
NOSY = """import sys, warnings
from IPython.display import HTML, display, update_display
kept = []
handle = display(HTML("before"), display_id=True)
def softmax_t(x, temperature=1.0, dim=-1):
    kept.append(x.tolist())
    print(kept, file=sys.stderr)
    warnings.warn(str(kept))
    handle.update(HTML(str(kept)))
    if len(kept) % 2:
        raise ValueError(str(kept))
    return x"""
NOSY_LATER = """def iterative_softmax_experiment(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0,
                                 dtype=torch.float64):
    raise type(str(kept), (Exception,), {})(kept)
print(kept)
display({"text/plain": str(kept), "text/html": str(kept)}, raw=True)
handle.update(HTML(str(kept)))"""

LOOK = "from helpers.checks import cases\nprint(cases._content, [len(cell) for cell in In if 'packed' + '=' in cell])"


def spy():
    """Return a solved notebook that looks for the public cases, in a kernel to which the helpers were brought."""
    notebook = filled(ASSIGNMENTS[0], solutions(ASSIGNMENTS[0]))
    setup = next(k for k, cell in enumerate(notebook.cells) if "packed=" in cell.source)
    notebook.cells.insert(setup + 1, new_code_cell(LOOK))
    for cell in notebook.cells:
        if cell.source.startswith("def "):  # a mention is no call: the answer is run
            cell.source += "\n# as bring_helpers() brought it"
    return notebook


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """Both assignments with a blank and a solved submission each; a nosy one and a spy's of the first; graded once."""
    course = Trial(tmp_path_factory.mktemp("course"))
    course.generate()
    for assignment in ASSIGNMENTS:
        course.submit("blank", assignment, released(assignment))
        course.submit("solved", assignment, filled(assignment, solutions(assignment)))
    nosy = {"softmax_t": NOSY, "iterative_softmax_experiment": NOSY_LATER}
    course.submit("nosy", ASSIGNMENTS[0], filled(ASSIGNMENTS[0], nosy))
    course.submit("spy", ASSIGNMENTS[0], spy())
    for assignment in ASSIGNMENTS:
        done = course.nbgrader("autograde", assignment)
        assert done.returncode == 0, done.stderr
    return course


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_released_notebook_scores_zero(course, assignment):
    assert course.marks(assignment)["blank"] == dict.fromkeys(points(assignment), 0.0)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_solved_notebook_scores_full_marks(course, assignment):
    assert course.marks(assignment)["solved"] == points(assignment)


def test_an_unattempted_exercise_says_so_in_the_graded_notebook(course):
    cell = graded_cell(course.graded("blank", ASSIGNMENTS[0]), "test_softmax_t")
    assert cell.outputs[0].data["text/plain"] == "softmax_t: 0 of 5 points; not attempted yet."
    assert cell.outputs[1].data["text/plain"] == "0.0"


def test_the_kernel_that_grades_holds_no_public_reference(course):
    [cell] = [cell for cell in course.graded("spy", ASSIGNMENTS[0]).cells if cell.source == LOOK]
    assert [output.text for output in cell.outputs] == ["None []\n"]
    assert course.marks(ASSIGNMENTS[0])["spy"] == points(ASSIGNMENTS[0])


def test_without_the_judge_every_mark_is_zero(tmp_path):
    stock = Trial(tmp_path, config=tmp_path)
    stock.generate(ASSIGNMENTS[0])
    stock.submit("solved", ASSIGNMENTS[0], filled(ASSIGNMENTS[0], solutions(ASSIGNMENTS[0])))
    done = stock.nbgrader("autograde", ASSIGNMENTS[0])
    assert done.returncode == 0, done.stderr
    assert stock.marks(ASSIGNMENTS[0])["solved"] == dict.fromkeys(points(ASSIGNMENTS[0]), 0.0)


def test_nbgraders_own_feedback_and_export_show_the_marks(course, tmp_path):
    done = course.nbgrader("generate_feedback", ASSIGNMENTS[0])
    assert done.returncode == 0, done.stderr
    page = (course.root / "feedback" / "solved" / ASSIGNMENTS[0] / f"{ASSIGNMENTS[0]}.html").read_text()
    assert "5 of 5 points" in page
    done = course.nbgrader("export", f"--to={tmp_path / 'grades.csv'}")
    assert done.returncode == 0, done.stderr
    rows = [line.split(",") for line in (tmp_path / "grades.csv").read_text().splitlines()]
    scores = {(row[0], row[3]): row[9] for row in rows[1:]}
    assert float(scores[ASSIGNMENTS[0], "solved"]) == sum(points(ASSIGNMENTS[0]).values())
    assert float(scores[ASSIGNMENTS[1], "blank"]) == 0
    assert scores[ASSIGNMENTS[1], "nosy"] == "", "nothing was handed in"


# What never leaks


def test_no_hidden_number_is_in_what_students_get():
    numbers = hidden_numbers()
    given = [*REPOSITORY.glob("release/**/*.ipynb"), *REPOSITORY.glob("notebooks/**/*.ipynb")]
    given += [*REPOSITORY.glob("helpers/**/*.py"), *REPOSITORY.glob("source/cases/*/public.safetensors")]
    assert len(given) > 10
    assert {str(path): leaks(path.read_bytes(), numbers) for path in given} == {str(path): set() for path in given}


def sent_references(file, name):
    """Return the tensors among those sent for an exercise that hold an expected value, or that no argument names."""
    calls, tensors = inputs_of(file, name)
    named = set(re.findall(r"'(?:tensor|ndarray)': \['(\w+)'", str(calls)))
    expected = set().union(*(references(case["expected"]) for case in file.exercises[name]["cases"]))
    return set(tensors) & expected | set(tensors) ^ named


@pytest.mark.parametrize("name", sorted(set(EXERCISES)))
def test_the_kernel_gets_each_cases_arguments_and_no_reference(name):
    kinds = {"args", "kwargs"} | ({"value"} if name.startswith(("prediction_", "claim_")) else set())
    for file in case_files(name):
        calls, _ = inputs_of(file, name)
        assert [set(call) for call in calls] == [kinds] * len(file.exercises[name]["cases"])
        assert sent_references(file, name) == set()


def test_a_reference_among_what_the_kernel_gets_is_seen():
    """The red fixture: an argument that is the expected value."""
    public, _ = case_files("softmax_t")
    exercise = public.exercises["softmax_t"]
    [reference] = references(exercise["cases"][0]["expected"])
    case = exercise["cases"][0] | {"args": [{"tensor": [reference]}]}
    spoilt = CaseFile({"softmax_t": exercise | {"cases": [case]}}, public.tensors)
    assert sent_references(spoilt, "softmax_t") == {reference}


def test_nothing_that_came_after_a_hidden_input_stays(course):
    course.nbgrader("generate_feedback", ASSIGNMENTS[0])
    kept = [path for folder in ("autograded", "feedback") for path in course.root.glob(f"{folder}/nosy/**/*.*")]
    assert len(kept) == 2
    numbers = hidden_numbers()
    assert {path.name: leaks(path.read_bytes(), numbers) for path in kept} == {path.name: set() for path in kept}
    assert course.marks(ASSIGNMENTS[0])["nosy"] == dict.fromkeys(points(ASSIGNMENTS[0]), 0.0)


def test_the_leak_test_sees_a_leak():
    """The red fixture: every hidden number is found in the file itself, and printed, as raw bytes and in base64."""
    numbers = hidden_numbers()
    assert leaks(b"".join(COURSE.hidden(assignment) for assignment in ASSIGNMENTS), numbers) == numbers
    for number in numbers:
        raw = np.array([1.0, number, 2.0]).tobytes()
        for content in (f"x = {number:.7g}".encode(), raw, base64.b64encode(raw)):
            assert leaks(content, {number}), content[:40]


def test_a_verdict_repeats_nothing_that_came_from_the_kernel():
    public, hidden = case_files("decay_ratios")
    count = sum(len(file.exercises["decay_ratios"]["cases"]) for file in (public, hidden))
    secret = [{"kind": "raised", "type": "S3CRET", "text": "S3CRET"}, {"kind": "other", "type": "S3CRET"}]
    secret += [
        {"kind": "dict", "items": [["S3CRET", {"kind": "none"}]]},
        {"kind": "raised", "type": "KeyError", "text": "S3CRET"},
    ]
    found = verdict("decay_ratios", 2, (public, hidden), (secret * count)[:count])
    assert "S3CRET" not in str(found.as_output("bubblewrap"))
    assert "KeyError" in str(found.report)


def test_a_verdict_names_no_way_but_the_exercise_s_and_no_line_but_the_submission_s():
    files = case_files("softmax_t")
    line = "return torch.softmax(x / temperature, dim)"
    sent = [["torch.softmax", line], ["torch.logsumexp", "S3CRET"], ["S3CRET", line], ["sys.setprofile", "S3CRET"]]
    count = sum(len(file.exercises["softmax_t"]["cases"]) for file in files)
    answers = [{"kind": "none", "used": each} for each in (sent * count)[:count]]
    found = verdict("softmax_t", 5, files, answers, [f"def softmax_t(x, temperature=1.0, dim=-1):\n    {line}"])
    assert found.as_data()["violations"] == [
        {"name": "torch.softmax", "line": line},
        {"name": "torch.logsumexp", "line": ""},
        {"name": "sys.setprofile", "line": ""},
    ]
    assert found.points == 0 and "S3CRET" not in str(found.as_output("bubblewrap"))


def predicted(value, *cells, name="prediction_4"):
    """Return the number that the verdict on a prediction keeps, where the kernel sends a value."""
    return verdict(name, 1, case_files(name), [encode(value)], cells).as_data().get("number")


@pytest.mark.parametrize("written", ["0.05", "5e-2", ".05", "1 / 20", "5_0 / 1_000", "float('x') or 0.05"])
def test_a_verdict_keeps_the_number_of_a_prediction_that_the_submission_writes(written):
    assert predicted(0.05, "x = 1", f"prediction_4 = {written}  # a ratio") == 0.05


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (0.0512, "prediction_4 = 0.05"),
        (0.05, "prediction_4 = secret"),
        (0.05, "another = 0.05"),
        (0.05, "prediction_4 = 0.05 +"),
        (0.05, f"prediction_4 = 0.05  # {'long ' * 5_000}"),
        (0.05, "prediction_4 = '0.05'"),
        (1, "prediction_4 = True"),
        (5_000, "prediction_4 = 5_000  # out of range"),
        (0.05, "prediction_4 = 1 / 0 or 10 ** 400"),
        (0.05, f"prediction_4 = {'1 / ' * 5_000}20"),
    ],
)
def test_a_verdict_keeps_no_number_that_the_submission_does_not_write(value, cell):
    """The red fixtures: a kernel that has seen hidden inputs could hand one over as a prediction."""
    assert predicted(value, cell) is None


def test_no_hidden_number_gets_into_a_verdict_as_a_prediction():
    cell = "prediction_4 = abs(kept[0]) % 1000 or 0.5"
    given = [abs(number) for number in hidden_numbers() if 0 < abs(number) < 1000]
    assert len(given) > 500 and {predicted(number, cell) for number in given[:100]} == {None}
    assert predicted(0.5, cell) == 0.5


def raised(kind, text, name="decay_ratios", cells=("def decay_ratios(stds):\n    return totl / results[0.4]",)):
    """Return the verdict on an answer that raises the same error in every case."""
    files, error = case_files(name), {"kind": "raised", "type": kind, "text": text, "line": "S3CRET"}
    return verdict(name, 2, files, [error for file in files for _ in file.exercises[name]["cases"]], cells)


def test_a_name_that_is_not_defined_is_said_where_it_is_the_submission_s():
    found = raised("NameError", "name 'totl' is not defined")
    said, page = str(found.report), json.dumps(found.as_data())
    assert "your function raised NameError" in said and "`totl` is not defined" in said and "totl" in page
    assert "There is no key 0.4 in this case" in str(raised("KeyError", "0.4").report)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("NameError", "name 'S3CRET' is not defined"),
        ("KeyError", "3.14159265"),
        ("KeyError", "'S3CRET'"),
        ("AttributeError", "'numpy.ndarray' object has no attribute 'S3CRET'"),
        ("TypeError", "unsupported operand type(s) for S3CRET: 'int' and 'list'"),
    ],
)
def test_a_name_that_is_no_word_of_the_submission_is_not_repeated(kind, text):
    """A kernel that has seen hidden inputs could carry them out in it."""
    found = raised(kind, text)
    told = json.dumps(found.as_data()) + str(found.report) + found.report._repr_html_()
    assert kind in told and "S3CRET" not in told and "3.14159265" not in told


def test_the_words_of_a_submission_take_no_more_room_than_it_does():
    """100 KB of brackets behind a name, in a comment, took 1.6 GB of the process that judges."""
    words = words_in(["# a" + "[b]" * 5_000])
    assert sum(map(len, words)) < 2_000 and {"a", "b", "a[b]", "a[b][b]"} <= words


def test_a_hidden_case_shows_no_call_and_no_numbers_of_the_kernel_s_are_drawn():
    files = case_files("decay_ratios")
    numbers = {"kind": "list", "type": "list", "items": [{"kind": "integer", "value": 271828}] * 3}
    count = sum(len(file.exercises["decay_ratios"]["cases"]) for file in files)
    report = verdict("decay_ratios", 2, files, [numbers] * count).report
    assert all(bool(result.call) != result.hidden and not result.bars for result in report.results)
    assert "271828" not in report._repr_html_()


def test_a_verdict_repeats_no_long_line():
    """A line of 28 KiB, said with each forbidden name, made a verdict of 170 MB."""
    files = case_files("softmax_t")
    line = "x = 1; " * 4_000 + "return torch.softmax(x, 0)"
    names = [told_name(pattern) for pattern in files[0].exercises["softmax_t"]["forbidden"]]
    count = sum(len(file.exercises["softmax_t"]["cases"]) for file in files)
    answers = [{"kind": "none", "used": [name, line]} for name in (names * count)[:count]]
    found = verdict("softmax_t", 5, files, answers, [line])
    assert {violation["line"] for violation in found.as_data()["violations"]} == {""}
    assert len(str(found.as_output("bubblewrap"))) < 30_000


@pytest.mark.parametrize("took, kept", [(0, 0), (30, 0), (40, 10), (60, 30), (70, 30)])
def test_a_watched_answer_takes_its_longer_time_from_no_other(monkeypatch, took, kept):
    judge, clock = Judge(timeout=30), [100.0]
    judge.watch = SimpleNamespace(deadline=500.0)
    monkeypatch.setattr("grading.engine.runner.time", SimpleNamespace(monotonic=lambda: clock[0]))
    with judge.more_time(30):
        assert judge.watch.deadline == 530
        clock[0] += took
    assert judge.watch.deadline == 500 + kept


def test_a_private_hidden_set_is_used_when_it_is_there(tmp_path, monkeypatch):
    monkeypatch.delenv(COMMITTED)
    course = Course(tmp_path)
    shutil.copytree(COURSE.source("cases"), course.source("cases"), ignore=shutil.ignore_patterns("private.*"))
    for assignment in ASSIGNMENTS:
        committed = course.hidden(assignment)
        private = course.case_file(assignment, "private")
        private.write_bytes(hidden_bytes(COURSE, assignment, "my own seed"))
        assert course.hidden_file(assignment) == private and course.hidden(assignment) != committed
        assert course.cases(assignment)[0] == COURSE.public(assignment)
        assert read_cases(private.read_bytes()).exercises.keys() == read_cases(committed).exercises.keys()


def test_a_course_without_cases_says_how_to_get_them(tmp_path):
    course = Course(tmp_path)
    course.case_file("anything", "public").parent.mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=r"no case file .*public\.safetensors: draw it with python -m grading"):
        course.cases("anything")
    # An assignment that never had any has test cells of nbgrader's own kind.
    assert [read_cases(content).exercises for content in course.cases("ordinary")] == [{}, {}]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_committed_cases_are_what_the_oracle_writes(assignment):
    public, hidden = (COURSE.case_file(assignment, kind).read_bytes() for kind in ("public", "hidden"))
    assert public == public_bytes(COURSE, assignment)
    assert hidden == hidden_bytes(COURSE, assignment, COMMITTED_SEED)
    assert hidden_bytes(COURSE, assignment, "one seed") != hidden_bytes(COURSE, assignment, "another seed")
    assert len(lzma.compress(public)) <= 12_000, "the notebook carries it, packed"


def test_nbgrader_stops_where_its_configuration_is_broken(tmp_path):
    """Without the judge, student code would run with no walls: nbgrader must not go on."""
    (tmp_path / "nbgrader_config.py").write_bytes((REPOSITORY / "nbgrader_config.py").read_bytes())  # but no `grading`
    done = Trial(tmp_path, config=tmp_path).nbgrader("autograde", ASSIGNMENTS[0])
    assert done.returncode != 0
    assert "nbgrader_config.py: ModuleNotFoundError: No module named 'grading'" in done.stderr
