"""The student notebooks in a real browser: they run, their explorers follow the keyboard and the mouse, axe is content.

Chromium drives an isolated JupyterLab on this machine, on a free port and behind a token. What it shows is kept in
build/screenshots, to be looked at; how long a key takes to become a picture is printed, not asserted.
"""

import json
import shutil
import statistics
import time

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat import v4

import helpers
from grading.course import REPOSITORY
from tests.support.browser import SCREENSHOTS, in_chromium, leaves, screenshot, serving, violations

NOTEBOOKS = ("iterated_softmax", "temperature_range")
EXPLORERS = [name for name in helpers.__all__ if name.startswith("explore_")]
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
    for language in ("en", "vi"):
        cells = [f"import helpers\nhelpers.use_language({language!r})", *(f"helpers.{name}()" for name in EXPLORERS)]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        alone = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(alone, home / f"files/explorers_{language}.ipynb")
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
    found = violations(page, include, NOT_OURS)
    return [sentence for impact, sentence in found if impact in ("serious", "critical")]


class Explorer:
    """An explorer on the page: its controls, picture and words."""

    def __init__(self, page, box):
        self.page, self.box = page, box
        self.fields = box.locator("input[type=number]").all()
        self.lists = box.locator("select").all()
        self.buttons = box.get_by_role("button").all()

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
            for end in ("1e9", "-1e9"):
                before = explorer.look()
                explorer.type(field, end)
                assert "goes from" in explorer.changed(before)[2]
                assert abs(float(field.input_value())) < 200
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
        for button in explorer.buttons:
            before = explorer.look()
            button.click()
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


@pytest.mark.parametrize("folder", ["notebooks", "notebooks/vi"])
def test_the_link_to_the_glossary_leads_there(folder, page, lab):
    from playwright.sync_api import expect

    open_notebook(page, lab, f"{folder}/{NOTEBOOKS[0]}.ipynb")
    cell = page.locator(".jp-MarkdownOutput", has=page.locator("[data-jupyter-id=glossary]"))
    glossary = cell.get_by_role("heading", level=2)
    expect(glossary).not_to_be_in_viewport()
    page.locator("a[href='#glossary']").click()
    expect(glossary).to_be_in_viewport()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_solution_shows_its_pictures_before_it_is_run_and_describes_them_after(name, page, lab):
    """No widget's state is stored: its picture stands in for it, and nothing says that a model is missing."""
    open_notebook(page, lab, f"solutions/{name}.ipynb")
    pictures = page.locator(".jp-OutputArea-output img:visible")
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


@pytest.fixture
def play(page, lab):
    """Open the notebook that holds nothing but explorers, run it, and return them with their like in this process."""
    open_notebook(page, lab, "explorers_en.ipynb")
    run_all(page)
    found = explorers(page)
    assert len(found) == len(EXPLORERS)
    return [(explorer, getattr(helpers, name)()) for explorer, name in zip(found, EXPLORERS, strict=True)]


def says(explorer, words):
    """Wait until an explorer says these words, and then as long as a slider's echo would take to change them."""
    status = explorer.box.get_by_role("status")
    status.get_by_text(words, exact=True).wait_for()
    explorer.page.wait_for_timeout(400)
    assert status.inner_text() == words


def numbers_of(like):
    return [control for control in like.controls.values() if hasattr(control, "slider")]


def test_a_typed_value_is_kept_to_its_last_digit(play):
    """In field, picture and sentence, wherever the slider's places are; the slider shows the nearest."""
    for explorer, like in play:
        for field, control in zip(explorer.fields, numbers_of(like), strict=True):
            slider = control.slider
            for share in (0.123456789, 0.0321098765):
                typed = round(slider.min + share * (slider.max - slider.min), 7)
                typed = round(typed) if isinstance(control.value, int) else typed
                explorer.type(field, str(typed))
                control.field.value = typed
                says(explorer, like.words)
                assert float(field.input_value()) == typed
                assert explorer.look()[1] == like.figure.alt
                handle = field.locator("xpath=ancestor::*[contains(@class, 'widget-hbox')][1]").locator(".noUi-handle")
                assert float(handle.get_attribute("aria-valuenow")) == pytest.approx(slider.value, abs=0.06)


def test_what_is_typed_out_of_range_or_left_empty_is_bounded_with_a_word(play):
    for explorer, like in play:
        for field, control in zip(explorer.fields, numbers_of(like), strict=True):
            for typed in (1e9, -1e9, 12.75):
                explorer.type(field, str(typed))
                control.field.value = typed
                says(explorer, like.words)
                assert float(field.input_value()) == control.value
            field.fill("")
            field.press("Enter")
            says(explorer, like.words)
            assert float(field.input_value()) == control.value
    assert explorer.page.problems == []


def test_softmax_is_repeated_by_mouse_and_by_keyboard(play, page):
    explorer, like = play[0]
    again, afresh = explorer.buttons
    press = like.controls["times"].more.click
    again.click()
    press()
    says(explorer, like.words)
    for key in ("Space", "Enter"):
        again.focus()
        page.keyboard.press(key)
        press()
        says(explorer, like.words)
    assert like.words.startswith("After 4 softmaxes")
    screenshot(page, "softmax_4_times")
    afresh.click()
    says(explorer, helpers.explore_softmax().words)


def test_after_a_restart_and_a_reopening_the_pictures_stand_and_say_what_to_do(play, page, lab):
    """No broken links, no error, each picture once: before, after a restart, where no kernel knows the widgets."""
    pictures = page.locator(".jp-OutputArea-output img:visible")
    hint, broken = page.get_by_text("run this cell again"), page.locator(".jupyter-widgets-disconnected:visible")
    assert pictures.count() == len(play) and hint.locator("visible=true").count() == 0

    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    hint.locator("visible=true").nth(len(play) - 1).wait_for()
    screenshot(page, "explorers_restarted")
    assert pictures.count() == len(play) and broken.count() == 0

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    page.wait_for_timeout(1000)
    open_notebook(page, lab, "explorers_en.ipynb")
    hint.locator("visible=true").nth(len(play) - 1).wait_for()
    page.wait_for_timeout(1000)
    screenshot(page, "explorers_reopened")
    assert pictures.count() == len(play) and broken.count() == 0
    assert page.get_by_text("Error displaying widget").locator("visible=true").count() == 0
    assert [problem for problem in page.problems if "model not found" not in problem] == []

    run_all(page)
    assert len(explorers(page)) == len(play)
    assert pictures.count() == len(play) and hint.locator("visible=true").count() == 0


# What is cut off, or reaches over the edge of the explorer that it belongs to.
OVER = """box => [...box.querySelectorAll('label, button, input, select, img, p')].filter(part => {
    const [inner, outer] = [part.getBoundingClientRect(), box.getBoundingClientRect()];
    return inner.width && (part.scrollWidth > part.clientWidth + 1 || inner.right > outer.right + 1);
}).map(part => part.outerHTML.slice(0, 90))"""


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("width", [400, 900, 1300])
def test_nothing_of_an_explorer_is_cut_off(page, lab, language, width):
    page.set_viewport_size({"width": width, "height": 900})
    open_notebook(page, lab, f"explorers_{language}.ipynb")
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    run_all(page)
    for number, explorer in enumerate(explorers(page), 1):
        explorer.box.scroll_into_view_if_needed()
        screenshot(page, f"explorers_{language}_{width}_{number}")
        assert explorer.box.evaluate(OVER) == []
    explorer.box.locator("label").first.evaluate("label => { label.style.width = '20px'; }")
    assert explorer.box.evaluate(OVER) != []


def test_axe_and_the_list_of_problems_can_fail(page, tmp_path):
    bad = "<html><body><main><img src='data:,'><p style='color:#aaa'>pale</p><script>x()</script></main>"
    (tmp_path / "bad.html").write_text(bad)
    page.goto((tmp_path / "bad.html").as_uri())
    found = " ".join(serious(page, "body"))
    assert "image-alt" in found and "color-contrast" in found
    assert any("x is not defined" in problem for problem in page.problems)
    assert leaves("https://example.org/x.js") and leaves("http://127.0.0.1.example.org/") and leaves("wss://a/")
    assert not leaves("http://127.0.0.1:8888/lab") and not leaves("data:,") and not leaves("ws://127.0.0.1:8888/api")
