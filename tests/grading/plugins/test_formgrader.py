"""A course of `nbgrader quickstart`'s with our settings, graded by nbgrader's commands and in formgrader's pages.

The lines that add our settings are those of docs/jupyterhub.md. formgrader runs as on a hub: its server starts in the
instructor's home, the course lies in a folder below. Its screenshots are kept in build/screenshots.
"""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_markdown_cell

from grading.course import REPOSITORY
from grading.reports.markdown import harmless
from tests.support.browser import in_chromium, screenshot, serving
from tests.support.course import FIRST, Trial, fill, graded_cell, points, solutions

POINTS = points(FIRST)
ONLY_SOFTMAX = dict.fromkeys(POINTS, 0.0) | {"softmax_t": POINTS["softmax_t"]}
SCRIPT = "A note.\n\n<img src=nowhere onerror=\"window.taken='yes'\">\n\n<script>window.taken = 'yes'</script>"
# formgrader loads MathJax from the internet; this is as much of it as its page calls.
MATHJAX = "window.MathJax = {Hub: {Config() {}, Queue() {}, Startup: {signal: {Interest() {}}}}}"

pytestmark = pytest.mark.slow


def lines_of_the_guide():
    """Return what docs/jupyterhub.md says to write at the end of a course's nbgrader_config.py."""
    blocks = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "jupyterhub.md").read_text(), re.DOTALL)
    (lines,) = [block for block in blocks if "configure(c)" in block]
    assert "/srv/softmax-lab" in lines
    return lines.replace("/srv/softmax-lab", str(REPOSITORY))


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A quickstart course with the first assignment, where student-one has been graded and student-two has not."""
    home = tmp_path_factory.mktemp("home")
    made = subprocess.run(
        [sys.executable, "-m", "nbgrader", "quickstart", "my course"], cwd=home, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    course = Trial(home / "my course", config=home / "my course")
    with (course.root / "nbgrader_config.py").open("a") as file:
        file.write("\n" + lines_of_the_guide())
    course.generate(FIRST)
    course.submit("student-one", FIRST, answered(course, solutions(FIRST)))
    for command in ("autograde", "generate_feedback"):
        done = course.nbgrader(command, FIRST)
        assert done.returncode == 0, done.stderr
    second = answered(course, {"softmax_t": solutions(FIRST)["softmax_t"]})
    second.cells.insert(1, new_markdown_cell(SCRIPT))
    course.submit("student-two", FIRST, second)
    return course


def answered(course, answers):
    """Return the course's own released notebook with solution cells replaced."""
    path = course.root / "release" / FIRST / f"{FIRST}.ipynb"
    return fill(nbformat.read(path, nbformat.NO_CONVERT), answers)


@pytest.fixture(scope="module")
def formgrader(course):
    """Start a server with formgrader on this machine; `call` sends a request and returns the answer's JSON."""
    home = course.root.parent
    (home / "config").mkdir()
    (home / "config" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.CourseDirectory.root = {str(course.root)!r}"
    )
    with serving("jupyter_server", home, home) as (server, token):
        address = f"{server}/formgrader"

        def call(path, method="GET", data=None):
            request = urllib.request.Request(f"{address}/api/{path}", json.dumps(data).encode() if data else None)
            request.method = method
            request.add_header("Authorization", f"token {token}")
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)

        yield SimpleNamespace(address=address, token=token, call=call)


@pytest.fixture
def pages(page, formgrader):
    """Return the function that opens a page of formgrader's; `page` keeps what goes wrong in it."""
    page.context.route("**/mathjax/**", lambda route: route.fulfill(body=MATHJAX, content_type="text/javascript"))
    page.goto(f"{formgrader.address}/?token={formgrader.token}")  # a cookie is enough from here on

    def open_page(path):
        answer = page.goto(f"{formgrader.address}/{path}")
        page.wait_for_load_state("networkidle")
        page.problems[:] = [problem for problem in page.problems if "/mathjax/" not in problem]
        assert answer.status == 200
        return page

    return open_page


def notebooks(formgrader):
    """Return {student: formgrader's entry for the submitted notebook}."""
    return {entry["student"]: entry for entry in formgrader.call(f"submitted_notebooks/{FIRST}/{FIRST}")}


def test_a_quickstart_course_is_graded_by_nbgraders_commands(course):
    assert course.marks(FIRST)["student-one"] == POINTS
    page = (course.root / "feedback" / "student-one" / FIRST / f"{FIRST}.html").read_text()
    assert "20 of 20" in page
    cells = course.graded("student-one", FIRST).cells
    assert "NAME" in cells[1].source, "the header that quickstart puts before every notebook stays"


def test_formgraders_button_grades_as_the_command_does(course, formgrader):
    answer = formgrader.call(f"submission/{FIRST}/student-two/autograde", "POST")
    assert answer["success"], answer
    assert course.marks(FIRST)["student-two"] == ONLY_SOFTMAX
    shown = graded_cell(course.graded("student-two", FIRST), "test_softmax_t").outputs[0].data
    assert shown["text/plain"].startswith("softmax_t: 5 of 5 points") and shown["application/json"]["isolation"]


def test_a_mark_given_by_hand_stays_and_is_in_the_feedback(course, formgrader):
    formgrader.call(f"submission/{FIRST}/student-two/autograde", "POST")
    entry = notebooks(formgrader)["student-two"]["id"]
    grade = next(g for g in formgrader.call(f"grades?submission_id={entry}") if g["name"] == "test_decay_ratios")
    formgrader.call(f"grade/{grade['id']}", "PUT", {"manual_score": 1.5, "extra_credit": 0.25})
    for command in (f"submission/{FIRST}/student-two/autograde", f"assignment/{FIRST}/student-two/generate_feedback"):
        assert formgrader.call(command, "POST")["success"]
    kept = next(g for g in formgrader.call(f"grades?submission_id={entry}") if g["name"] == "test_decay_ratios")
    assert (kept["manual_score"], kept["extra_credit"], kept["auto_score"]) == (1.5, 0.25, 0.0)
    page = (course.root / "feedback" / "student-two" / FIRST / f"{FIRST}.html").read_text()
    assert "6.75 of 20" in page


@in_chromium
def test_formgraders_pages_open_without_an_error(formgrader, pages):
    for path in (
        "manage_assignments",
        f"manage_submissions/{FIRST}",
        "gradebook",
        f"gradebook/{FIRST}",
        "manage_students",
    ):
        page = pages(path)
        page.locator("tbody tr td a").first.wait_for()
        screenshot(page, f"formgrader_{path.replace('/', '_')}")
        assert page.problems == []
    shown = pages("manage_assignments").locator("#collapseConfig pre").text_content()
    assert "'course_id': 'my course'" in shown and "grading.engine.judge.Judge" in shown


@in_chromium
def test_a_mark_is_given_in_the_page_of_a_submission(course, formgrader, pages):
    formgrader.call(f"submission/{FIRST}/student-two/autograde", "POST")
    entry = notebooks(formgrader)["student-two"]["id"]
    page = pages(f"submissions/{entry}/")
    assert page.get_by_text("softmax_t: 5 of 5 points").is_visible()
    field = page.locator("#test_trusted_steps")
    field.scroll_into_view_if_needed()
    with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
        field.fill("1")
        page.keyboard.press("Tab")
    screenshot(page, "formgrader_submission")
    grades = {grade["name"]: grade for grade in formgrader.call(f"grades?submission_id={entry}")}
    assert grades["test_trusted_steps"]["manual_score"] == 1.0
    assert "<script>window.taken" in page.locator("body").inner_text(), "a script of the student's is text"
    assert page.evaluate("window.taken") is None
    assert [problem for problem in page.problems if "nowhere" not in problem and "404" not in problem] == []


@in_chromium
def test_what_is_not_made_harmless_runs(page):
    """The red fixture: as stock formgrader shows it, the student's text acts as the instructor."""
    for text, taken in ((SCRIPT, "yes"), (harmless(SCRIPT), None)):
        page.goto("about:blank")
        page.set_content(f"<main>{text}</main>")
        page.wait_for_timeout(300)
        assert page.evaluate("window.taken") == taken
