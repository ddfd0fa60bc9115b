"""solutions/: nbval compares stored outputs, so there must be some, and they must be worth comparing.

nbval passes a notebook that was never executed, one whose cells are marked to be skipped and any picture.
`problems` refuses what nbval would let through, and outputs that another machine could not repeat.
"""

import ast
import copy
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4
from nbval.plugin import find_comment_markers, get_sanitize_patterns, metadata_tags

from grading.authoring.build import text_notebooks
from grading.course import REPOSITORY
from grading.reports.catalogues import languages

SOLUTIONS = sorted((REPOSITORY / "solutions").rglob("*.ipynb"))
SANITIZE = get_sanitize_patterns((REPOSITORY / "nbval_sanitize.cfg").read_text())
WIDGET = "application/vnd.jupyter.widget-view+json"

# What a call of these always shows; of other calls only the reader knows.
SHOWS = {"check", "display", "print", "say", "show"}
FRAGILE = {
    "a memory address": r"0x[0-9a-f]{6,}",
    "a kernel's temporary file": r"ipykernel_\d+",
    "a path of one machine": r"/(?:home|root|tmp|Users)/|[A-Z]:\\",
    "a progress bar's rate": r"[\d?](?:it/s|s/it)\b",
    "a duration": r"[\d.]+\s?(?:ns|µs|μs|us|ms)\b|(?:Wall|CPU) times?:",
    "a clock's time": r"\b\d\d:\d\d:\d\d\b",
    "a device": r"\b(?:cpu|cuda|mps)\b",
    "a library's version": r"\b\d+\.\d+\.\d+\b",
}
# Processors and libraries agree on six digits of what the course computes, not on more.
SIGNIFICANT = 6


def problems(nb):
    """Return a sentence for each reason why nbval's green light on this notebook would mean little."""
    found = []
    if "widgets" in nb.metadata:
        found.append("metadata.widgets is stored; GitHub and nbconvert stumble over it")
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in code]
    if counts != list(range(1, len(code) + 1)) or not counts:
        found.append(f"execution counts are {counts}, not 1 to {len(code)}: nbval compares no cell without one")
    for cell in code:
        found += [f"cell {cell.id}: {problem}" for problem in _cell_problems(cell)]
    if not any(_text(output).strip() for cell in code for output in cell.outputs if not _picture(output)):
        found.append("no output holds text: nbval compares no picture")
    return found


def _cell_problems(cell):
    if list(find_comment_markers(cell.source)) or metadata_tags.keys() & set(cell.metadata.get("tags", [])):
        yield "an nbval marker keeps it from being compared"
    if _shows(cell.source) and not cell.outputs:
        yield "it shows something, but no output is stored"
    for output in cell.outputs:
        if output.output_type == "error":
            yield f"it ended in {output.ename}"
        if output.get("name") == "stderr":
            yield "it wrote on stderr, which holds process ids and paths"
        if WIDGET in output.get("data", {}) and not any(map(_picture, cell.outputs)):
            yield "a widget without a picture beside it shows nothing where there is no kernel"
        text = _text(output)
        for what, pattern in FRAGILE.items():
            if match := re.search(pattern, text):
                yield f"it shows {what}: {match[0]!r}"
        for number in re.findall(r"[\d,]*\d\.\d+", text):
            if len(re.sub(r"[.,]", "", number).lstrip("0")) > SIGNIFICANT:
                yield f"it shows more than {SIGNIFICANT} digits: {number}"


def _shows(source):
    """Tell whether a cell surely shows something: a call in SHOWS, or a last line that is a value."""
    body = ast.parse(source).body
    inner = [line for block in body if isinstance(block, ast.For | ast.With) for line in block.body]
    values = [line.value for line in [*body, *inner] if isinstance(line, ast.Expr)]
    calls = [value.func for value in values if isinstance(value, ast.Call)]
    if SHOWS & {getattr(call, "id", getattr(call, "attr", None)) for call in calls}:
        return True
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    return last is not None and not isinstance(last, ast.Call) and not source.rstrip().endswith(";")


def _picture(output):
    return "image/png" in output.get("data", {})


def _text(output):
    """What nbval compares of an output: its text, without what nbval_sanitize.cfg leaves out."""
    data = output.get("data", {})
    text = "\n".join([output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")])
    for pattern, replacement in SANITIZE:
        text = re.sub(pattern, replacement, text)
    return text


def test_there_are_solutions_to_guard():
    texts = text_notebooks(REPOSITORY)
    editions = [REPOSITORY / "solutions" / language for language in ("", *languages(REPOSITORY))]
    assert texts and SOLUTIONS == sorted(folder / f"{text}.ipynb" for folder in editions for text in texts)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_nbval_has_something_to_compare(path):
    assert problems(nbformat.read(path, as_version=nbformat.NO_CONVERT)) == []


def cell(source, *outputs, **metadata):
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata)


def said(text, name="stdout"):
    return v4.new_output("stream", name=name, text=text)


def shown(**data):
    return v4.new_output("display_data", {key.replace("_", "/"): value for key, value in data.items()})


def notebook(*cells):
    nb = v4.new_notebook(cells=copy.deepcopy(list(cells)))
    for count, each in enumerate(nb.cells, 1):
        each.update(execution_count=count, id=f"c{count}")
    return nb


THIRD = cell("print(round(1 / 3, 4))", said("0.3333\n"))
PICTURE = cell(
    "from IPython.display import HTML, display\n\ndisplay(HTML('<img src=\"data:image/png;base64,AAAA\">'))",
    shown(text_plain="<IPython.core.display.HTML object>", text_html='<img src="data:image/png;base64,BBBB">'),
)


def test_a_notebook_worth_comparing_has_no_problem():
    quiet = cell("x = 1\nx.bit_count();")
    widget = v4.new_output("display_data", {WIDGET: {}, "image/png": "", "text/plain": "0.0500004"})
    assert problems(notebook(THIRD, PICTURE, quiet, cell("# yours"), cell("explore()", widget))) == []


CELLS = {
    "skip marker": (cell("# NBVAL_SKIP\nx = 1"), "an nbval marker keeps it"),
    "ignore marker": (cell("print(1)  \n# NBVAL_IGNORE_OUTPUT", said("2")), "an nbval marker keeps it"),
    "skip tag": (cell("x = 1", tags=["nbval-skip"]), "an nbval marker keeps it"),
    "expected exception": (cell("x = 1", tags=["raises-exception"]), "an nbval marker keeps it"),
    "print without output": (cell("for k in range(3):\n    print(k)"), "it shows something, but no output"),
    "value without output": (cell("x = 1\nx"), "it shows something, but no output"),
    "check without output": (cell('check("double")'), "it shows something, but no output"),
    "figure without output": (cell("plt.show()"), "it shows something, but no output"),
    "error": (cell("1 / 0", v4.new_output("error", ename="ZeroDivisionError")), "it ended in ZeroDivisionError"),
    "stderr": (cell("x = 1", said("careful", "stderr")), "it wrote on stderr"),
    "widget alone": (cell("f()", v4.new_output("display_data", {WIDGET: {}})), "a widget without a picture"),
    "address": (cell("f()", said("<function f at 0x7f35394694>")), "a memory address: '0x7f35394694'"),
    "kernel's file": (cell("f()", said("in ipykernel_4711")), "a kernel's temporary file"),
    "path": (cell("f()", said("/home/ada/x.py")), "a path of one machine"),
    "progress bar": (cell("f()", said("12.0it/s]")), "a progress bar's rate"),
    "duration": (cell("f()", said("3.21 ms")), "a duration: '3.21 ms'"),
    "clock": (cell("f()", said("at 12:30:59")), "a clock's time"),
    "device": (cell("f()", shown(text_plain="tensor(1., device='cuda:0')")), "a device: 'cuda'"),
    "version": (cell("f()", said("torch 2.13.0")), "a library's version: '2.13.0'"),
    "last digits": (cell("f()", shown(text_html="<td>1.5425797</td>")), "more than 6 digits: 1.5425797"),
    "thousands": (cell("f()", said("1,234.567")), "more than 6 digits: 1,234.567"),
}  # fmt: skip


@pytest.mark.parametrize("each, problem", CELLS.values(), ids=CELLS.keys())
def test_a_cell_that_nbval_cannot_judge_is_named(each, problem):
    [found] = problems(notebook(THIRD, each))
    assert found.startswith(f"cell c2: {problem}") or (found.startswith("cell c2: it shows ") and problem in found)


def test_a_notebook_that_was_never_executed_is_refused():
    nb = notebook(THIRD, PICTURE)
    nb.cells[1].execution_count = None
    [found] = problems(nb)
    assert found.startswith("execution counts are [1, None], not 1 to 2")
    nb.cells[1].execution_count = 3
    assert "counts are [1, 3]" in problems(nb)[0]
    assert "counts are []" in problems(notebook())[0]


def test_stored_widget_state_is_refused():
    nb = notebook(THIRD)
    nb.metadata["widgets"] = {}
    assert problems(nb)[0].startswith("metadata.widgets is stored")


def test_a_notebook_of_pictures_only_is_refused():
    figure = v4.new_output("display_data", {"image/png": "", "text/plain": "<Figure size 640x480 with 1 Axes>"})
    assert problems(notebook(cell("draw()", figure))) == ["no output holds text: nbval compares no picture"]


def test_nbval_fails_on_one_changed_digit_and_passes_what_was_never_run(tmp_path):
    good = notebook(THIRD, PICTURE)
    wrong = copy.deepcopy(good)
    wrong.cells[0].outputs[0].text = "0.3334\n"
    blank = copy.deepcopy(wrong)
    for each in blank.cells:
        each.update(execution_count=None, outputs=[])
    for name, nb in {"good": good, "wrong": wrong, "blank": blank}.items():
        nbformat.write(nb, tmp_path / f"{name}.ipynb")
    # The plain command's options, from pyproject.toml.
    command = [sys.executable, "-m", "pytest", "--nbval", "-c", "pyproject.toml", "-p", "no:cacheprovider", "-rA"]
    done = subprocess.run([*command, tmp_path], cwd=REPOSITORY, capture_output=True, text=True)
    verdicts = re.findall(r"^(PASSED|FAILED|ERROR) \S*?(\w+)\.ipynb::Cell (\d)", done.stdout, re.MULTILINE)
    assert sorted(verdicts) == [
        ("FAILED", "wrong", "0"),
        ("PASSED", "blank", "0"),
        ("PASSED", "blank", "1"),
        ("PASSED", "good", "0"),
        ("PASSED", "good", "1"),
        ("PASSED", "wrong", "1"),
    ], done.stdout
    assert "counts are [None, None]" in problems(blank)[0]
