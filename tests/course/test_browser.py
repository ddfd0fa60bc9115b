"""The student notebooks in a real browser: they run, their explorers follow the keyboard and the mouse, axe is content.

Chromium drives an isolated JupyterLab on this machine, on a free port and behind a token. What it shows is kept in
build/screenshots, to be looked at; how long a key takes to become a picture is printed, not asserted.
"""

import json
import shutil
import statistics
import time
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

from grading.course import REPOSITORY
from tests.support.browser import SCREENSHOTS, in_chromium, leaves, screenshot, serving

NOTEBOOKS = ("iterated_softmax", "temperature_range")
IDLE = """() => {
    const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.status === 'idle' && ![...document.querySelectorAll('.jp-InputArea-prompt')]
        .some(prompt => prompt.textContent.includes('*'));
}"""
# The handle is ipywidgets' own, and has no name; the field beside it is the labelled control. Prompts and the colours
# of code are JupyterLab's and nbconvert's.
NOT_OURS = [[".noUi-handle"], [".jp-InputPrompt"], [".highlight"]]

pytestmark = [pytest.mark.slow, in_chromium]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Start JupyterLab on copies of the notebooks, with settings of its own; return its address and token."""
    home = tmp_path_factory.mktemp("lab")
    for folder in ("notebooks", "solutions"):
        shutil.copytree(REPOSITORY / folder, home / "files" / folder)
    settings = {
        "page_config": {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}},
        # All cells are in the page, not only those in view.
        "default_setting_overrides": {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}},
    }
    (home / "config/labconfig").mkdir(parents=True)
    for name, values in settings.items():
        (home / f"config/labconfig/{name}.json").write_text(json.dumps(values))
    with serving("jupyterlab", home, home / "files", "--LabApp.expose_app_in_browser=True") as server:
        yield server


def open_notebook(page, lab, path):
    address, token = lab
    page.goto(f"{address}/lab/tree/{path}?token={token}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_function(IDLE)


def run_all(page):
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(500)
    page.wait_for_function(IDLE, timeout=240_000)


def serious(page, include):
    """Return what axe-core calls serious or critical under a selector, but for what is not ours."""
    import axe_playwright_python

    page.evaluate((Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8"))
    context = {"include": [[include]], "exclude": NOT_OURS}
    violations = page.evaluate("async context => (await axe.run(context)).violations", context)
    return [
        f"{violation['id']}: {node['html'][:120]}"
        for violation in violations
        for node in violation["nodes"]
        if violation["impact"] in ("serious", "critical")
    ]


class Explorer:
    """An explorer on the page: its controls, picture and words."""

    def __init__(self, page, box):
        self.page, self.box = page, box
        self.fields = box.locator("input[type=number]").all()
        self.lists = box.locator("select").all()

    def look(self):
        picture = self.box.locator("img")
        return picture.get_attribute("src"), picture.get_attribute("alt"), self.box.get_by_role("status").inner_text()

    def changed(self, before):
        """Wait until picture, alternative text and words have all changed, and return them."""
        end = time.monotonic() + 20
        now = self.look()
        while any(old == new for old, new in zip(before, now, strict=True)):
            assert time.monotonic() < end, f"not all of it changed: {before[1:]}, {now[1:]}"
            self.page.wait_for_timeout(20)
            now = self.look()
        return now

    def type(self, field, value):
        field.focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(value)
        self.page.keyboard.press("Enter")


def explorers(page):
    boxes = page.locator(".jp-OutputArea-output .widget-vbox").filter(has=page.get_by_role("status"))
    boxes.first.wait_for()
    return [Explorer(page, box) for box in boxes.all()]


# From a key's press to the frame that shows the new picture, in the page's own clock.
CLOCK = """box => {
    window.latencies = [];
    let pressed = null;
    box.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    new MutationObserver(async () => {
        const [start, picture] = [pressed, box.querySelector('img')];
        if (start === null || !picture) return;
        pressed = null;
        await picture.decode();
        requestAnimationFrame(() => window.latencies.push(performance.now() - start));
    }).observe(box, {childList: true, subtree: true});
}"""


@pytest.fixture(params=NOTEBOOKS)
def notebook(request, page, lab):
    """Open a student notebook, run all of it, and return its name."""
    open_notebook(page, lab, f"notebooks/{request.param}.ipynb")
    run_all(page)
    return request.param


def test_a_notebook_runs_and_its_explorers_follow_keyboard_and_mouse(notebook, page, capsys):
    assert page.locator(".jp-RenderedText[data-mime-type*=error], [data-mime-type*=stderr]").count() == 0
    screenshot(page, f"{notebook}_end")
    for number, explorer in enumerate(explorers(page), 1):
        explorer.box.scroll_into_view_if_needed()
        screenshot(page, f"{notebook}_{number}_start")
        for field in explorer.fields:
            start = field.input_value()
            for end in ("max", "min"):
                before = explorer.look()
                explorer.type(field, field.get_attribute(end))
                explorer.changed(before)
                screenshot(page, f"{notebook}_{number}_{explorer.fields.index(field)}_{end}")
            before = explorer.look()
            explorer.type(field, start)
            explorer.changed(before)
        for choice in explorer.lists:
            for key in ("End", "Home"):
                before = explorer.look()
                choice.focus()
                page.keyboard.press(key)
                explorer.changed(before)
        before = explorer.look()
        handle = explorer.box.locator(".noUi-handle").first.bounding_box()
        x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 60, y, steps=5)
        page.mouse.up()
        explorer.changed(before)
        explorer.box.evaluate(CLOCK)
        explorer.fields[-1].focus()
        for key in ["ArrowDown"] * 12:
            page.keyboard.press(key)
            page.wait_for_timeout(150)
        latencies = page.evaluate("window.latencies")
        with capsys.disabled():
            print(f"\n{notebook}, explorer {number}: key to picture {statistics.median(latencies):.0f} ms", end="")
            print(f" (median of {len(latencies)}, at most {max(latencies):.0f})")
    assert serious(page, ".jp-OutputArea") == []
    assert page.problems == []


def pictures_in_words(name):
    """Return the words of every picture that is stored in a solution."""
    stored = nbformat.read(REPOSITORY / f"solutions/{name}.ipynb", as_version=4)
    outputs = [output for cell in stored.cells for output in cell.get("outputs", [])]
    return [output.data["text/plain"] for output in outputs if "image/png" in output.get("data", {})]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_solution_shows_its_pictures_before_it_is_run_and_describes_them_after(name, page, lab):
    """No widget's state is stored: its picture stands in for it, and nothing says that a model is missing."""
    open_notebook(page, lab, f"solutions/{name}.ipynb")
    pictures = page.locator(".jp-OutputArea-output img")
    expected = pictures_in_words(name)
    pictures.nth(len(expected) - 1).scroll_into_view_if_needed()
    screenshot(page, f"{name}_stored")
    assert pictures.count() == len(expected)
    assert page.get_by_text("Error displaying widget").count() == 0
    run_all(page)
    explorers(page)  # wait for them
    assert all(picture.get_attribute("alt") for picture in pictures.all()) and pictures.count() == len(expected)
    assert serious(page, ".jp-OutputArea") == []
    assert page.problems == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_solution_as_html_has_every_picture_in_words_and_no_serious_violation(name, page, tmp_path):
    exporter = HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    html, _ = exporter.from_filename(REPOSITORY / f"solutions/{name}.ipynb")
    (tmp_path / f"{name}.html").write_text(html, "utf-8")
    page.goto((tmp_path / f"{name}.html").as_uri())
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}_html.png", full_page=True)
    assert [picture.get_attribute("alt") for picture in page.locator("img").all()] == pictures_in_words(name)
    assert serious(page, "body") == []
    assert page.problems == []


def test_axe_and_the_list_of_problems_can_fail(page, tmp_path):
    bad = "<html><body><main><img src='data:,'><p style='color:#aaa'>pale</p><script>x()</script></main>"
    (tmp_path / "bad.html").write_text(bad)
    page.goto((tmp_path / "bad.html").as_uri())
    found = " ".join(serious(page, "body"))
    assert "image-alt" in found and "color-contrast" in found
    assert any("x is not defined" in problem for problem in page.problems)
    assert leaves("https://example.org/x.js") and leaves("http://127.0.0.1.example.org/") and leaves("wss://a/")
    assert not leaves("http://127.0.0.1:8888/lab") and not leaves("data:,") and not leaves("ws://127.0.0.1:8888/api")
