"""The pages and tables after grading: what students and instructors read, and what never gets into them.

The course is made by hand, with the real verdicts of real answers, since a kernel for each would cost seconds. The
pages come from `nbgrader generate_feedback`.
"""

import csv
import html
import linecache
import math
import os
import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
import torch
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.api import Gradebook

import helpers
from grading.__main__ import main
from grading.commands import grade
from grading.course import Course
from grading.engine.judge import inputs_of, is_judged
from grading.engine.verdict import verdict
from grading.gradebook.status import keep_reason
from grading.repair.doctor import Mended
from grading.reports import class_data
from grading.reports.class_data import Listed, load_class
from grading.reports.expected import expected_parts
from grading.reports.feedback import brief, escape_prose, example, page, read_brief, remarks
from grading.reports.findings import LONGEST_HEADING, LONGEST_SOURCE, Finding, findings, headings, reason
from grading.reports.language import PageLanguage, page_language
from helpers.checks import collect
from helpers.checks.compare import Result
from helpers.checks.kinds import kind_of
from helpers.checks.watch import CallWatch
from helpers.support.language import english, plain
from tests.support.browser import in_chromium
from tests.support.course import CASES, COURSE, FORBIDDEN, NO_SHIFT, Trial, filled, graded_cell, released, solutions
from tests.support.leaks import hidden_numbers, leaks
from tests.support.pages import overhang, problems

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted:sqlalchemy.exc.SAWarning")  # nbgrader's own

ASSIGNMENT = "iterated_softmax"
SOLVED = solutions(ASSIGNMENT)
POINTS = {
    cell.metadata.nbgrader.grade_id.removeprefix("test_"): cell.metadata.nbgrader.points
    for cell in released(ASSIGNMENT).cells
    if is_judged(cell)
}
TOTAL = sum(POINTS.values())
TAG = "<img src=x onerror=alert(1)>"  # a folder may have this name, and so may a student
REPAIR = english("Check missing (deleted, or of an older release); put back: {names}.", names="`softmax_t`")
COLAB = {"application/vnd.jupyter.widget-state+json": {"0a1b": {"model_module": "@jupyter-widgets/controls"}}}
OVERFLOWS = "Your numbers match a softmax that overflows or underflows: subtract the maximum before exp."
FAR_APART = {"rows far apart": True, "rows far apart, float32": False}
LATER = "printed after a hidden input"


def judged(name, points, answers):
    """Return the verdict on an exercise of a student's answers, judged as at grading but for the kernel."""
    files = CASES[ASSIGNMENT]
    if name not in answers:
        replies = [{"kind": "unattempted"}] * sum(len(file.exercises[name]["cases"]) for file in files)
        return verdict(name, points, files, replies)
    namespace = {"torch": torch, "helpers": helpers, "math": math}
    for key, source in answers.items():
        linecache.cache[f"<{key}>"] = (len(source), None, source.splitlines(True), f"<{key}>")  # as a kernel does it
        exec(compile(source, f"<{key}>", "exec"), namespace)
    watch = CallWatch(files[0].exercises[name]["forbidden"])
    replies = collect.answers_of(namespace, name, [inputs_of(file, name) for file in files], watch).answers
    return verdict(name, points, files, replies, answers.values())


def graded(answers):
    """Return the autograded notebook of a student, with a print after the last graded cell."""
    notebook = filled(ASSIGNMENT, answers)
    for cell in notebook.cells:
        if is_judged(cell):
            marks = cell.metadata.nbgrader
            given = judged(marks.grade_id.removeprefix("test_"), marks.points, answers)
            cell.source += "\n### BEGIN HIDDEN TESTS\n0.0\n### END HIDDEN TESTS"
            bundle = given.as_output("bubblewrap")
            cell.outputs = [
                new_output("display_data", bundle),
                new_output("execute_result", {"text/plain": repr(given.points)}),
            ]
    last = next(cell for cell in reversed(notebook.cells) if cell.cell_type == "code")
    last.outputs = [new_output("stream", text=LATER)]
    return notebook


def points_in(notebook):
    return {
        cell.metadata.nbgrader.grade_id: float(cell.outputs[1].data["text/plain"])
        for cell in notebook.cells
        if is_judged(cell)
    }


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course after grading: five submissions, one that could not be graded, one student without any."""
    course = Trial(tmp_path_factory.mktemp("feedback"))
    half = graded({name: SOLVED[name] for name in ("softmax_t", "decay_ratios")})
    half.metadata["widgets"] = COLAB
    notebooks = {
        "solved": graded(SOLVED),
        "blank": Mended(graded({}), (REPAIR,)).noted(),
        "half": half,
        TAG: graded(SOLVED | {"softmax_t": NO_SHIFT}),
        "forbidden": graded(SOLVED | {"softmax_t": FORBIDDEN}),
    }
    with pytest.MonkeyPatch.context() as patch:  # a new gradebook calls alembic by name
        patch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        gradebook = Gradebook(f"sqlite:///{course.root / 'gradebook.db'}")
    with gradebook:
        gradebook.add_assignment(ASSIGNMENT)
        gradebook.add_notebook(ASSIGNMENT, ASSIGNMENT)
        for cell in notebooks["solved"].cells:
            marks = cell.metadata.get("nbgrader", {})
            if marks.get("solution"):
                gradebook.add_solution_cell(marks.grade_id, ASSIGNMENT, ASSIGNMENT)
            if marks.get("grade"):
                most, kind = marks.points, cell.cell_type
                gradebook.add_grade_cell(marks.grade_id, ASSIGNMENT, ASSIGNMENT, max_score=most, cell_type=kind)
        for student in (*notebooks, "broken", "absent"):
            gradebook.add_student(student)
        for student, notebook in notebooks.items():
            for folder in ("submitted", "autograded"):
                path = course.root / folder / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
                path.parent.mkdir(parents=True)
                nbformat.write(notebook, path)
            gradebook.add_submission(ASSIGNMENT, student)
            for name, points in points_in(notebook).items():
                gradebook.find_grade(name, ASSIGNMENT, ASSIGNMENT, student).auto_score = points
        (course.root / "submitted" / "broken" / ASSIGNMENT).mkdir(parents=True)
        (course.root / "not_gradable" / "torn" / ASSIGNMENT).mkdir(parents=True)
        torn = course.root / "not_gradable" / "torn" / ASSIGNMENT / "0-torn.ipynb"
        torn.write_bytes(b'{"cells": [{"cell_type": "co')
        keep_reason(torn, english("the file ends in the middle, as after a broken upload"))
        gradebook.add_submission(ASSIGNMENT, "broken")
        gradebook.find_grade("test_contraction_rate", ASSIGNMENT, ASSIGNMENT, "half").manual_score = 1.5
        gradebook.find_grade("test_trusted_steps", ASSIGNMENT, ASSIGNMENT, "half").auto_score = None
        gradebook.find_comment("softmax_t", ASSIGNMENT, ASSIGNMENT, "half").manual_comment = f"Clear & **short**. {TAG}"
        gradebook.find_comment("softmax_t", ASSIGNMENT, ASSIGNMENT, "blank").auto_comment = "No response."
        gradebook.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, "half").late_submission_penalty = 2.0
        gradebook.db.commit()
    done = course.nbgrader("generate_feedback", ASSIGNMENT)
    assert done.returncode == 0, done.stderr
    return course


def page_of(course, student):
    return (course.root / "feedback" / student / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text()


def words(page):
    """Return what a page says, as one line."""
    body = page.partition("<body>")[2].replace("</th>", " ").replace("</td>", " ")
    return " ".join(html.unescape(re.sub("<[^>]+>", "", body)).split())


# What a student reads


def test_the_page_of_full_marks_says_so(course):
    said = words(page_of(course, "solved"))
    assert f"Feedback on iterated_softmax solved {TOTAL} of {TOTAL} points" in said
    aspects = " ".join(f"{name} 1 of 1" for name in CASES[ASSIGNMENT][0].exercises["softmax_t"]["aspects"])
    assert f"softmax_t 5 of 5 points Full marks. What was asked Points {aspects}" in said
    assert "To read again" not in said and "What failed" not in said


def test_the_page_says_what_failed_why_and_where_to_read_again(course):
    said = words(page_of(course, TAG))
    assert "the values 1 of 1" in said and "large logits 0 of 1" in said
    assert f"What failed, and why {OVERFLOWS} float32 logits near 88 very negative logits" in said
    assert re.search(
        r"At grading: [^.]*; masked entries in a batch softmax_t\(torch.tensor\(.*\) should give 0.269 0.731", said
    )
    assert "the section “3. How is it cured?” of iterated_softmax.ipynb" in said
    assert "return weights / weights.sum(dim=dim, keepdim=True)" in said


def test_a_public_case_is_shown_with_its_call_and_its_expected_numbers():
    hidden, case = (Result(name, "large logits", hidden, "value") for name, hidden in FAR_APART.items())
    found = example(CASES[ASSIGNMENT][0], "softmax_t", [hidden, case])
    assert found["name"] == case.name
    scope = {"torch": torch, "softmax_t": lambda x: x}
    assert eval(found["call"], scope).tolist() == [[0.0, 1.0], [400.0, 401.5], [-900.0, -902.0]]
    rows = [[1 / (1 + math.exp(d)), 1 / (1 + math.exp(-d))] for d in (1.0, 1.5, -2.0)]
    assert [[text for text, _ in row] for row in found["expected"][0][2]] == [
        [f"{value:.3g}" for value in row] for row in rows
    ]


@pytest.mark.parametrize(
    ("file", "name"), [(public, name) for public, _ in CASES.values() for name in public.exercises]
)
def test_every_expected_part_can_be_read(file, name):
    cases = file.exercises[name]["cases"]
    parts = [part for case in cases for part in expected_parts(kind_of(case["expected"], file.tensors))]
    assert bool(parts) != name.startswith(("prediction_", "claim_"))
    assert [text for _, text, rows in parts if bool(text) == bool(rows) or "None" in text] == []


UNDEFINED = "def softmax_t(x, temperature=1.0, dim=-1):\n    return totl / x.sum()"


def test_a_name_that_is_not_defined_is_said_once_with_what_a_case_should_give():
    said = words(page(graded({"softmax_t": UNDEFINED}), grades(assignment=ASSIGNMENT), {"softmax_t": 0.0}, COURSE))
    assert said.count("Your function raised NameError") == 1
    assert said.count("totl is not defined: look at its spelling") == 1
    assert "softmax_t(torch.tensor([0.5, -1.0, 2.0, 0.0], dtype=torch.float64)) should give" in said


def test_only_who_can_see_a_failure_in_the_check_is_sent_back_to_it():
    """Some were sent back to a check that was green."""
    for answer, sent in ((UNDEFINED, True), (right_but_for_one_row(), False)):
        said = words(page(graded({"softmax_t": answer}), grades(assignment=ASSIGNMENT), {"softmax_t": 0.0}, COURSE))
        assert "To read again" in said and ('check("softmax_t") shows your values' in said) == sent


def right_but_for_one_row():
    """Return an answer that is right on all public cases and wrong on a hidden one."""
    return SOLVED["softmax_t"].replace("return weights /", "return (x.numel() == 7) + weights /")


def test_an_error_is_named_where_the_verdict_names_it():
    assert str(reason(Result("c", "a", False, "raised", got=plain("KeyError")))) == "your function raised KeyError"
    assert str(reason(Result("c", "a", False, "raised"))) == "your function raised an error"


def test_a_forbidden_way_is_named_with_its_line(course):
    said = words(page_of(course, "forbidden"))
    assert "torch.nn.functional.softmax, in the line return torch.nn.functional.softmax(x / temperature, dim)" in said
    assert "Write it from exp, max and sum" in said
    assert "softmax_t 0 of 5 points Uses what is not allowed" in said
    assert "the values 0 of 1" in said


def test_an_unattempted_exercise_and_the_repairs_are_reported(course):
    said = words(page_of(course, "blank"))
    assert f"0 of {TOTAL} points" in said
    assert "softmax_t 0 of 5 points Not attempted yet." in said
    assert f"Your file was mended before grading {str(REPAIR).replace('`', '')}" in said
    assert "No response." not in said


def test_the_instructors_points_comment_and_lateness_are_on_the_page(course):
    said = words(page_of(course, "half"))
    assert f"6.5 of {TOTAL} points 8.5 points for the exercises, less 2 for handing in late." in said
    assert "The automatic checks gave 0; your instructor made it 1.5." in said
    assert f"Your instructor's comment Clear & short. {TAG}" in said
    assert "<strong>short</strong>" in page_of(course, "half")


def test_a_mark_that_is_missing_is_no_zero(course):
    said = words(page_of(course, "half"))
    assert "This is not final: a person still has to mark trusted_steps." in said
    assert "trusted_steps – of 2 points Not marked yet" in said


def test_the_isolation_in_force_is_named(course):
    assert "Your code ran with bubblewrap, without network" in words(page_of(course, "solved"))


# What no page holds


def test_no_page_shows_a_hidden_number_a_test_cell_or_a_later_output(course):
    pages = list(course.root.glob("feedback/*/*/*"))
    assert len(pages) == 5
    numbers = hidden_numbers()
    for path in pages:
        assert leaks(path.read_bytes(), numbers) == set(), path
        assert "HIDDEN TESTS" not in path.read_text() and LATER not in path.read_text(), path


def grades(**given):
    return {"student": "s", "assignment": "a", "notebook": "n", "score": 0, "max_score": 5, "late_penalty": 0} | given


def test_a_hidden_value_stays_out_even_where_a_verdict_has_it():
    notebook = graded({"softmax_t": NO_SHIFT})
    number = f"{next(iter(hidden_numbers())):.8g}"
    for cell in filter(is_judged, notebook.cells):
        for case in cell.outputs[0].data["application/json"]["cases"]:
            if case["hidden"]:
                case["expected"] = plain(number).to_json()
    assert number in nbformat.writes(notebook)
    assert number not in page(notebook, grades(assignment=ASSIGNMENT), {"softmax_t": 0.0}, COURSE)


def test_the_leak_check_sees_a_hidden_number_on_a_page(course):
    """The red fixture: a page with one hidden number more."""
    number = next(iter(hidden_numbers()))
    planted = page_of(course, "solved").replace("Full marks", f"expected {number!r}", 1)
    assert leaks(planted.encode(), {number}) == {number}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the limits")
def test_a_notebook_too_dear_to_read_keeps_its_mark_in_the_report(course, monkeypatch):
    read = class_data.findings

    def stuck_at_the_blank_one(notebook):
        re.fullmatch("(a*)*b", "a" * 64) if "repairs" in notebook.metadata.get("grading", {}) else None
        return read(notebook)

    def members():
        return {member.id: vars(member) for member in load_class(course.root, ASSIGNMENT).members}

    monkeypatch.setattr("grading.bounded.SECONDS", 2)
    before = members()
    monkeypatch.setattr(class_data, "findings", stuck_at_the_blank_one)
    after = members()
    scores = [[finding.score for finding in each["blank"]["findings"].values()] for each in (before, after)]
    assert scores[0] == scores[1]
    assert "takes too much time or memory to read" in str(after["blank"]["repairs"][0])
    del before["blank"], after["blank"]
    assert after == before


def test_what_people_wrote_is_text_and_never_markup(course):
    pages = [page_of(course, student) for student in (TAG, "half")]
    assert all(TAG not in page and html.escape(TAG) in page for page in pages)
    notebook = graded({"softmax_t": f"{NO_SHIFT}  # </code></pre>{TAG}"})
    notebook.cells.insert(0, new_markdown_cell(f"## {TAG}"))
    notebook = Mended(notebook, (english("Repaired: {names}.", names=f"`{TAG}` and {TAG}"),)).noted()
    assert TAG not in page(
        notebook, grades(student=TAG, notebook=TAG, assignment=ASSIGNMENT), {"softmax_t": None}, COURSE
    )
    assert escape_prose("a `<b>` c") == "a <code>&lt;b&gt;</code> c"


# What goes into a comment of an LMS


def marked(answers, **given):
    """Return the findings on some answers, with the verdicts' points as marks, or those that are given."""
    found = findings(graded(answers))
    for finding in found:
        finding.score = given.get(finding.exercise, finding.points)
    return found


def test_a_summary_has_points_and_the_first_reason_of_what_is_not_full():
    said = {
        name: brief(PageLanguage(), marked(SOLVED | {"softmax_t": answer} if answer else {}))
        for name, answer in {
            "solved": SOLVED["softmax_t"],
            "blank": None,
            "overflows": NO_SHIFT,
            "forbidden": FORBIDDEN,
        }.items()
    }
    worth = [name for name, points in POINTS.items() if points]
    assert said["solved"] == f"Full marks: {', '.join(worth)}"
    full = f"Full marks: {', '.join(name for name in worth if name != 'softmax_t')}<br>softmax_t: "
    assert said["overflows"] == f"{full}3 of 5. {OVERFLOWS}"
    assert said["forbidden"] == f"{full}0 of 5. Uses torch.nn.functional.softmax, which this exercise does not allow"
    assert said["blank"].count("<br>") == len(worth) - 1
    half = brief(PageLanguage(), marked({}, contraction_rate=1.5, trusted_steps=None))
    assert "contraction_rate: 1.5 of 2. Not attempted yet" in half
    assert "trusted_steps" not in half, "a mark that is missing is none"


def test_a_summary_holds_no_hidden_number_and_has_an_end():
    shown = marked({"softmax_t": NO_SHIFT.replace("return", "return str(x) if x.max() > 9 else")})
    shown.append(Finding("long", graded=True, maximum=1.0, points=0.0, score=0.0, reason=plain("`<" * 5000)))
    text = brief(PageLanguage(), shown)
    assert leaks(text.encode(), hidden_numbers()) == set()
    assert len(text) < 3000 and text.endswith(" …") and "<&lt;" not in text
    assert len(remarks(PageLanguage(), {"softmax_t": f"{TAG} **so** " + "word " * 9000})) < 2500


def test_a_summary_is_in_the_language_of_the_notebook(course):
    path = course.root / "autograded" / "half" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    assert read_brief(COURSE, POINTS, {"softmax_t": 5.0}, path) == ("en", "Full marks: softmax_t")
    assert read_brief(COURSE, POINTS, {"softmax_t": 2.5}) == ("en", "softmax_t: 2.5 of 5. Partly right")
    vietnamese = brief(page_language("vi", COURSE), marked({"softmax_t": NO_SHIFT}))
    assert "softmax_t: " in vietnamese and OVERFLOWS not in vietnamese and "Full marks" not in vietnamese


def test_an_instructors_comment_in_a_summary_acts_nowhere():
    shown = remarks(PageLanguage(), {"softmax_t": f"**So** {TAG}"})
    assert shown == f"<p>Your instructor&#39;s comment, softmax_t:</p><p><strong>So</strong> {html.escape(TAG)}</p>\n"


# What makes a page readable


def test_every_page_is_accessible_printable_and_closed_to_the_network(course):
    pages = {path.parts[-3]: path.read_text() for path in course.root.glob("feedback/*/*/*.html")}
    assert {name: found for name, page in pages.items() if (found := problems(page))} == {}


@pytest.mark.parametrize(
    ("problem", "good", "bad"),
    [
        ("language", 'lang="en"', ""),
        ("one first heading", "<main>", "<main><h1>again</h1>"),
        ("headings in order", "<h3>", "<h5>"),
        ("contrast", "--quiet: #505862", "--quiet: #8a929c"),
        ("bars", "--bar: #2f6db5", "--bar: #d0e0f0"),
        ("colours with a name", "color: var(--link)", "color: #aaaaaa"),
        ("viewport", "width=device-width", "width=980"),
        ("table headers", 'scope="col"', ""),
        ("no script", "<main>", "<main onclick='x()'>"),
        ("no script", "</main>", "</main><script>x()</script>"),
        ("no request", "<main>", "<main><img src='https://example.org/x.png'>"),
        ("no request", "<main>", "<main><a href='https://example.org'>x</a>"),
        ("no request", "@media print", "@import 'https://example.org/x.css'; @media print"),
        ("no request", "@media print", "p { background: url(https://example.org/x.png) } @media print"),
        ("title", "<title>", "<title></title>"),
        ("main", "<main>", "<div>"),
        ("unfolded in print", "details::details-content", "details"),
    ],
)
def test_the_page_checks_see_a_page_that_is_not(course, problem, good, bad):
    whole = page_of(course, TAG)
    assert good in whole
    assert problem in problems(whole.replace(good, bad))


# What the instructor reads


@pytest.fixture(scope="module")
def report(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    where = [f"--course={course.root}", f"--assignment={ASSIGNMENT}", f"--to={folder}"]
    assert [main(["report", *where]), main(["report", *where, "--anonymous"])] == [0, 0]
    with (folder / "exercises.csv").open(newline="") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    with (folder / "students.csv").open(newline="") as file:
        students = {row["student"]: row for row in csv.DictReader(file)}
    pages = {path.stem: path.read_text() for path in folder.glob("*.html")}
    return SimpleNamespace(rows=rows, students=students, pages=pages)


def test_the_tables_have_every_student_and_exercise(report):
    students = {"solved", "blank", "half", TAG, "forbidden", "broken", "torn", "absent"}
    assert set(report.students) == students
    assert set(report.rows) == {(student, name) for student in students for name in POINTS}
    row = report.rows[TAG, "softmax_t"]
    assert 0 < float(row["points"]) < 5.0 == float(row["maximum"])
    assert "rows far apart" in row["cases_failed"].split("; ") and "large logits 0" in row["aspects"].split("; ")
    assert row["mistakes"] == OVERFLOWS
    assert report.rows["blank", "softmax_t"]["mistakes"] == "Not attempted yet"
    assert report.students["blank"]["repairs"] == str(REPAIR)
    assert report.students["half"]["late_penalty"] == "2.0"
    assert float(report.students["solved"]["points"]) == TOTAL


def test_a_missing_mark_is_empty_with_a_status_and_a_reason(report):
    statuses = {"broken": "not graded", "torn": "not graded", "absent": "not submitted"}
    for student, status in statuses.items():
        rows = [report.rows[student, name] for name in POINTS]
        assert all(row["points"] == "" and row["status"] == status and row["reason"] for row in rows)
        assert report.students[student]["points"] == "" and report.students[student]["needs_help"]
    assert "was not handed in" in report.rows["broken", "softmax_t"]["reason"]
    half = report.rows["half", "trusted_steps"]
    assert (half["points"], half["status"]) == ("", "to be marked")
    assert [report.rows["blank", name]["points"] for name in POINTS] == ["0.0"] * len(POINTS)


def test_the_report_says_who_has_no_mark_and_why_and_without_names_does_not(report):
    said = words(report.pages["report"])
    assert "1 not graded: iterated_softmax.ipynb was not handed in" in said and "broken" in said
    assert TAG not in report.pages["report"] and html.escape(TAG) in report.pages["report"]
    assert not [
        name for name in ("broken", "solved", "forbidden", html.escape(TAG)) if name in report.pages["anonymous"]
    ]


def test_who_is_in_the_roster_alone_has_handed_in_nothing(course):
    data = load_class(course.root, ASSIGNMENT, [Listed("s9", "One, Nine", "B")])
    [nine] = [member for member in data.members if member.id == "s9"]
    assert (nine.name, nine.section, nine.status, nine.mark) == ("One, Nine", "B", "not submitted", None)


def test_a_report_that_fails_costs_a_sentence(course, monkeypatch, capsys):
    grade.report_on_class(course.root, ASSIGNMENT, None)
    assert f"Wrote report/{ASSIGNMENT}/report.html" in capsys.readouterr().out

    def broken(*_):
        raise RuntimeError("s1\n20 points")

    monkeypatch.setattr("grading.reports.class_page.write_report", broken)
    grade.report_on_class(course.root, ASSIGNMENT, None)
    said = capsys.readouterr().out
    assert "NO CLASS REPORT: RuntimeError: s1\\u000a20 points" in said and "python -m grading report" in said


@pytest.mark.parametrize(
    ("given", "said"), [("iterated_softmix", "it has iterated_softmax"), (None, "no gradebook.db")]
)
def test_a_wrong_folder_or_name_is_answered_in_words(course, tmp_path, given, said):
    with pytest.raises(ValueError, match=said):
        load_class(course.root if given else tmp_path, given or ASSIGNMENT)


# In a browser


@pytest.mark.slow
@in_chromium
def test_no_page_is_wider_than_a_phone(course, tmp_path):
    pages = [path.read_text() for path in course.root.glob("feedback/*/*/*.html")]
    assert [overhang(page, 360, tmp_path) for page in pages] == [0] * 5
    wide = pages[0].replace("<main>", "<main><p style='width: 500px'>too wide</p>")
    assert overhang(wide, 360, tmp_path) > 100


# Long texts


@pytest.mark.parametrize(
    "text, title",
    [
        ("## 1. Softmax (10 minutes)", "1. Softmax"),
        ("##   Đọc  (5 phút)  ", "Đọc"),
        ("## 3. How? (read 4 · do 20 · 5 points)", "3. How?"),
        ("## 3. Thế nào? (đọc 4 · làm 20 · 5 điểm)", "3. Thế nào?"),
        ("## Bonus: f(x) (read 3 · do 8)", "Bonus: f(x)"),
        ("## In bits (float32 · float64)", "In bits (float32 · float64)"),
        ("## Zeros (in 1 of 4 points)", "Zeros (in 1 of 4 points)"),
        ("## f(x) and (y)", "f(x) and (y)"),
        ("## (5 minutes)", "(5 minutes)"),
        ("text\n## a\n## b ( 3 x)", "b ( 3 x)"),
        ("## a" + " " * 20_000 + "x", ("a" + " " * 20_000 + "x")[:LONGEST_HEADING]),
        ("## " + "(1 " * 100_000, ("(1 " * 100)[:LONGEST_HEADING]),
        ("## a (" + " 1 ·" * 50_000, ("a (" + " 1 ·" * 100)[:LONGEST_HEADING]),
    ],
)
def test_a_heading_is_read_without_its_minutes_in_time(text, title):
    begun = time.process_time()
    assert headings(text)[-1] == title
    assert headings("### a\n##b\n ## c\n## ") == []
    assert time.process_time() - begun < 0.5


def test_a_page_shows_the_beginning_of_a_long_answer_and_steers_nothing(course):
    notebook = graded({"softmax_t": SOLVED["softmax_t"]})
    graded_cell(notebook, "softmax_t").source += "\n# \u202e" + "<" * 3_000_000
    found = findings(notebook)
    assert max(len(finding.source) for finding in found) < LONGEST_SOURCE + 10
    grades = dict(student="s\x1b1", assignment=ASSIGNMENT, notebook=ASSIGNMENT, score=0, max_score=1, late_penalty=0)
    text = page(notebook, grades, {}, Course())
    assert len(text) < 300_000 and not {"\x1b", "\u202e"} & set(text)
    assert "\\u202e" in text and "\n" in text
