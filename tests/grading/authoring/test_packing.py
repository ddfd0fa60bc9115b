"""The setup cell: one file is enough, and what goes wrong is said in one sentence."""

import ast
import json
import lzma
import os
import subprocess
import sys
import textwrap
import tomllib

import pytest

import helpers
from grading.authoring import build, packing
from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS, COURSE

HELPERS = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes() for path in (REPOSITORY / "helpers").rglob("*.py")
}
FILES = HELPERS | {packing.CASES: COURSE.public(ASSIGNMENTS[0])}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
SETUP = packing.setup_source(FILES, PROJECT, [])
TEXT = packing.CALL.search(SETUP)[1]

# An interpreter without the installed helpers.
ALONE = """import importlib.util, sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
sys.path[:] = [path for path in sys.path if path not in ("", {root!r})]
assert importlib.util.find_spec("helpers") is None
"""
ALONE = ALONE.format(root=str(REPOSITORY))
# As a notebook runs a cell.
CELL = """from IPython.core.interactiveshell import InteractiveShell
run = InteractiveShell.instance(colors="NoColor", history_load_length=0).run_cell
"""


def said(code, folder, alone=ALONE, **environment):
    """Return what a program says on both channels, in a folder of its own."""
    homes = {"HOME": str(folder), "IPYTHONDIR": str(folder / "ipython"), "MPLCONFIGDIR": str(folder / "matplotlib")}
    done = subprocess.run(
        [sys.executable, "-"],
        input=alone + code,
        cwd=folder,
        env=os.environ | homes | environment,
        capture_output=True,
        text=True,
    )
    return done.stdout + done.stderr


def test_the_notebook_alone_brings_the_helpers_along_quietly_and_again(tmp_path):
    use = "import helpers; print(helpers.__version__, helpers.softmax_t([0.0, 0.0]).tolist(), helpers.__file__)\n"
    keep = "first = helpers\n"
    again = "import helpers; print(helpers is first, len([f for f in sys.meta_path if hasattr(f, 'digest')]))\n"
    text = said(f"{SETUP}\n{use}{keep}{SETUP}\n{again}", tmp_path)
    assert text == f"{helpers.__version__} [0.5, 0.5] packed:helpers/__init__.py\nTrue 1\n"
    assert [path.name for path in tmp_path.iterdir()] == []


def test_checks_figures_and_explorers_work_from_memory(tmp_path):
    use = """import helpers
helpers.check("decay_ratios", lambda stds: stds)
figure = helpers.plot_log_std([0.5, 0.05])
print(helpers.explore_repeated_softmax().words)
import inspect, traceback
print(inspect.getsource(helpers.softmax._temperature_value).splitlines()[0])
try:
    helpers.softmax_t([0.0], temperature=0)
except ValueError:
    print(traceback.format_exc())
"""
    text = said(f"{SETUP}\n{use}", tmp_path)
    assert "decay_ratios: " in text and "Both starts end alike." in text
    assert "def _temperature_value(temperature, dtype):" in text
    lines = FILES["helpers/softmax.py"].decode().split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "temperature is {value!r}" in line)
    assert f'File "packed:helpers/softmax.py", line {number}, in _temperature_value\n    raise ValueError(' in text


def test_where_the_same_helpers_are_installed_the_cell_hands_them_its_cases_and_does_no_more(tmp_path):
    use = "import helpers\nprint(sys.meta_path == before, helpers.__file__)\n"
    use += "helpers.check('softmax_t', helpers.softmax_t)"
    text = said(f"import sys\nbefore = list(sys.meta_path)\n{SETUP}\n{use}", tmp_path, alone="")
    assert text.startswith(f"True {helpers.__file__}\nsoftmax_t: public checks passed (8 of 8)")


@pytest.mark.parametrize("alone", [ALONE, ""], ids=["packed", "installed"])
def test_the_cases_are_those_of_the_notebook_whose_cell_ran_last(tmp_path, alone):
    other = packing.setup_source(HELPERS | {packing.CASES: COURSE.public(ASSIGNMENTS[1])}, PROJECT, [])
    use = "\nfrom helpers.checks import cases\nprint(sorted(cases.in_use().exercises)[0])\n"
    text = said(SETUP + use + other + use + SETUP + use, tmp_path, alone)
    assert text.split() == ["contraction_rate", "crossing_temperature", "contraction_rate"]


@pytest.mark.parametrize(
    "other", ["__version__ = '0.0.9'", "raise SystemExit('not ours')"], ids=["an older version", "another package"]
)
def test_other_helpers_give_way(tmp_path, other):
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers/__init__.py").write_text(other)
    before = f"sys.path.insert(0, {str(tmp_path)!r})\n" + ("import helpers\n" if "version" in other else "")
    text = said(f"{before}{SETUP}\nimport helpers; print(helpers.__version__, helpers.softmax_t.__name__)", tmp_path)
    assert text == f"{helpers.__version__} softmax_t\n"


def test_one_changed_line_makes_installed_helpers_other_ones():
    assert packing.digest_of(FILES) in SETUP
    for name in HELPERS:
        changed = FILES | {name: FILES[name] + b"\n"}
        assert packing.digest_of(changed) not in SETUP
    windows = {name: data.replace(b"\n", b"\r\n") if name.endswith(".py") else data for name, data in FILES.items()}
    assert packing.digest_of(windows) in SETUP


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("notebooks/**/*.ipynb")), ids=lambda path: path.parent.name)
def test_every_edition_has_a_small_cell(path):
    assert len(build.setup_in(path.read_text("utf-8")).encode()) < (60_000 if "/vi/" in path.as_posix() else 52_000)


def test_the_vietnamese_cell_brings_vietnamese_along_even_after_the_english_one(tmp_path):
    cell = build.setup_in((REPOSITORY / f"notebooks/vi/{ASSIGNMENTS[0]}.ipynb").read_text("utf-8"))
    assert cell.startswith("# @title Thiết lập: ")
    use = "import helpers\nhelpers.use_language('vi')\nhelpers.check('decay_ratios', lambda stds: stds)\n"
    text = said(f"{SETUP}\nimport helpers\n{cell}\n{use}", tmp_path)
    assert "decay_ratios: " in text and "kiểm tra công khai" in text, text
    old = cell.replace("(3, 11)", "(99, 0)")
    assert "Notebook này cần Python 99.0" in said(f"{CELL}run({old!r})", tmp_path)


def test_a_module_of_the_students_beside_large_files_costs_nothing(tmp_path):
    (tmp_path / "helpers.py").write_text("mine = True")
    with (tmp_path / "video.json").open("wb") as file:
        file.truncate(4 << 30)  # as much as no machine reads in the time
    code = f"sys.path.insert(0, {str(tmp_path)!r})\n{SETUP}\nimport helpers\nprint(helpers.__file__)"
    assert said(code, tmp_path) == "packed:helpers/__init__.py\n"


def test_a_package_that_is_loaded_without_a_spec_is_not_missing(tmp_path):
    code = f"import types\nsys.modules['matplotlib'] = types.ModuleType('matplotlib')\n{SETUP}\nprint('fine')"
    assert said(code, tmp_path) == "fine\n"


def test_the_cell_is_quick(tmp_path):
    code = f"import time\nstart = time.perf_counter()\n{SETUP}\nimport helpers\nprint(time.perf_counter() - start)"
    assert float(said(code, tmp_path)) < 5


def test_it_says_in_its_first_line_what_it_brings_and_folds_itself():
    title = SETUP.split("\n")[0]
    assert title.startswith("# @title ")  # Colab's form
    assert helpers.__version__ in title and packing.digest_of(FILES)[:12] in title
    for folder in ("notebooks", "solutions"):
        cells = json.loads((REPOSITORY / f"{folder}/{ASSIGNMENTS[0]}.ipynb").read_text("utf-8"))["cells"]
        first = next(cell for cell in cells if cell["cell_type"] == "code")
        assert first["metadata"]["jupyter"] == {"source_hidden": True}
        assert first["metadata"]["cellView"] == "form" and first["metadata"]["_kg_hide-input"]


PROBLEMS = {
    "one changed character": (
        SETUP.replace(TEXT, TEXT[:20_000] + ("A" if TEXT[20_000] != "A" else "B") + TEXT[20_001:]),
        "The helpers packed into this cell are damaged: copy this cell again from the notebook that you were given.",
    ),
    "cut off": (
        SETUP.replace(TEXT, TEXT[:30_000]),
        "The helpers packed into this cell are damaged: copy this cell again from the notebook that you were given.",
    ),
    "emptied": (
        SETUP.replace(TEXT, ""),
        "The helpers packed into this cell are damaged: copy this cell again from the notebook that you were given.",
    ),
    "lines wrapped, as by a mail program": (SETUP.replace(TEXT, "\n".join(textwrap.wrap(TEXT, 76))), ""),
    "an old Python": (
        SETUP.replace("(3, 11)", "(99, 0)"),
        f"This notebook needs Python 99.0 or newer, and this kernel is {sys.version.split()[0]}: choose another "
        "kernel, or install a newer Python.",
    ),
    "missing packages": (
        SETUP.replace('"torch"', '"torch_unknown"').replace('"numpy"', '"numpy_unknown"'),
        "This notebook needs numpy_unknown, torch_unknown: run %pip install numpy_unknown torch_unknown in a new "
        "cell, then this cell again.",
    ),
}  # fmt: skip


def test_what_goes_wrong_is_said_in_one_sentence(tmp_path):
    code = CELL + "".join(f"run({source!r})\nprint('---')\n" for source, _ in PROBLEMS.values())
    shown = said(code, tmp_path).split("---\n")[:-1]
    assert [text.strip() for text in shown] == [sentence for _, sentence in PROBLEMS.values()]


def test_an_old_python_can_read_the_cell():
    ast.parse(SETUP, feature_version=(3, 6))
    ast.parse(packing.unpack(SETUP)["bringing.py"], feature_version=(3, 6))


# Writing outside one folder fails as on a full disk or a read-only one; nothing is ever sent.
WALLS = """import os, sys
def wall(event, args):
    if event.startswith("socket.") and event != "socket.__new__":
        raise OSError("offline")
    writes = event == "open" and ("w" in str(args[1]) or (args[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
    if (writes or event in ("os.mkdir", "os.rename")) and not str(args[0]).startswith(({room!r}, "/dev/")):
        raise OSError(28, "No space left on device")
sys.addaudithook(wall)
"""


def test_it_works_offline_in_a_read_only_folder(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    use = f"""{WALLS.format(room=str(room))}{SETUP}
import helpers
helpers.check("softmax_t", helpers.softmax_t)
print(len(helpers.plot_log_std([0.5, 0.05])._repr_mimebundle_()[0]["image/png"]) > 1000)
try:
    open("mine", "w")
except OSError as error:
    print(error)
"""
    text = said(use, tmp_path, TMPDIR=str(room), MPLCONFIGDIR=str(room))
    assert "softmax_t: public checks passed (8 of 8)" in text
    assert text.endswith("True\n[Errno 28] No space left on device\n")


def test_without_any_room_it_says_so(tmp_path):
    code = f"{CELL}{WALLS.format(room='/nowhere')}run({SETUP!r})\n"
    assert said(code, tmp_path).strip() == (
        "No folder of this machine can be written to, and figures need a little room: free some disk space, or set "
        "TMPDIR to a folder with room, then restart the kernel."
    )


# What is packed


def test_it_holds_the_wheels_files_the_notebooks_cases_and_nothing_else():
    assert packing.unpack(SETUP).keys() == FILES.keys() | {"bringing.py"}
    assert packing.unpack(SETUP)[packing.CASES] == COURSE.public(ASSIGNMENTS[0])
    for name in ASSIGNMENTS:
        stored = build.setup_in(COURSE.notebook(name).read_text("utf-8"))
        assert packing.unpack(stored)[packing.CASES] == COURSE.public(name)


def test_what_only_type_checkers_read_stays_in_the_wheel():
    assert (REPOSITORY / "helpers/py.typed").exists()
    cells = build.parse("# %% setup\nimport helpers\n", "small.py")
    setup = build.setup_cell(REPOSITORY, ASSIGNMENTS[0], cells)
    assert packing.unpack(setup).keys() == HELPERS.keys() | {"bringing.py"}


def bare(tree, keep=()):
    """Return a syntax tree as text, lines included, without docstrings but those of the functions in ``keep``."""
    for node in ast.walk(tree):
        node.col_offset = node.end_col_offset = 0  # the indentation is smaller
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        if documented and len(node.body) > 1 and getattr(node, "name", "") not in keep:
            node.body.pop(0)
    return ast.dump(tree, include_attributes=True)


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_only_comments_and_inner_docstrings_are_left_out(name):
    packed, whole = (ast.parse(files[name]) for files in (packing.unpack(SETUP), FILES))
    assert bare(packed, helpers.__all__) == bare(whole, helpers.__all__)


def test_another_compressors_text_stays_while_it_holds_the_same_files(monkeypatch):
    compress = lzma.compress
    monkeypatch.setattr(lzma, "compress", lambda data, **_: compress(data, preset=0))
    stored = packing.setup_source(FILES, PROJECT, [])
    monkeypatch.undo()
    assert stored != SETUP and packing.unpack(stored) == packing.unpack(SETUP)
    assert packing.setup_source(FILES, PROJECT, ["", "broken", stored]) == stored


def notebook_with(setup):
    return json.dumps({"cells": [{"id": build.SETUP_ID, "cell_type": "code", "source": [setup]}]})


def test_a_file_that_differs_is_named_by_the_drift_check(tmp_path):
    """The red fixture: helpers changed, notebooks not built again."""
    changed = FILES | {"helpers/softmax.py": FILES["helpers/softmax.py"].replace(b"1.0", b"2.0")}
    changed["helpers/more.py"] = b"MORE = 1\n"
    del changed["helpers/pipeline.py"]
    for folder in ("source", "notebooks"):
        (tmp_path / folder).mkdir()
    (tmp_path / "notebooks/one.ipynb").write_text(notebook_with(SETUP))
    [problem] = build.drift(
        tmp_path, {"notebooks/one.ipynb": notebook_with(packing.setup_source(changed, PROJECT, []))}
    )
    named = "(in its setup cell: helpers/more.py, helpers/pipeline.py, helpers/softmax.py)"
    assert problem.startswith(f"notebooks/one.ipynb is stale, or was edited by hand {named}: run make course")
