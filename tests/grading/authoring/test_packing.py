"""The setup cell: one file is enough, and what goes wrong is said in one sentence."""

import ast
import io
import json
import lzma
import os
import random
import subprocess
import sys
import textwrap
import tokenize
import tomllib

import pytest

import helpers
from grading.authoring import build, packing, slimming
from grading.authoring.draw import public_bytes
from grading.authoring.texts import case_texts, marked
from grading.course import REPOSITORY
from tests.support.course import ASSIGNMENTS, COURSE
from tests.support.matrix import BANKED, EXERCISES, SETTLED
from tests.support.small_exercise import ROOT, small_exercise

HELPERS = {
    path.relative_to(REPOSITORY).as_posix(): path.read_bytes() for path in (REPOSITORY / "helpers").rglob("*.py")
}
FILES = HELPERS | {packing.CASES: COURSE.public(ASSIGNMENTS[0])}
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
PACKED = FILES.keys() - {packing.FORMULAS}  # which no case of this course needs
CODE = ["import helpers", *(f"helpers.{name}" for name in helpers.__all__), "helpers.checks.collect.answers_of"]
SETUP = packing.setup_source(FILES, PROJECT, [], CODE)
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
decay_ratios = lambda stds: stds
helpers.check("decay_ratios")
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
    assert "def _temperature_value(temperature,dtype):" in text
    lines = FILES["helpers/softmax.py"].decode().split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "temperature is {value!r}" in line)
    assert f'File "packed:helpers/softmax.py", line {number}, in _temperature_value\n    raise ValueError(' in text


def test_where_the_same_helpers_are_installed_the_cell_hands_them_its_cases_and_does_no_more(tmp_path):
    use = "import helpers\nprint(sys.meta_path == before, helpers.__file__)\n"
    use += "decay_ratios = lambda stds: stds\nhelpers.check('decay_ratios')"
    text = said(f"import sys\nbefore = list(sys.meta_path)\n{SETUP}\n{use}", tmp_path, alone="")
    assert text.startswith(f"True {helpers.__file__}\ndecay_ratios: ")


@pytest.mark.parametrize("alone", [ALONE, ""], ids=["packed", "installed"])
def test_the_cases_are_those_of_the_notebook_whose_cell_ran_last(tmp_path, alone):
    other = packing.setup_source(HELPERS | {packing.CASES: COURSE.public(ASSIGNMENTS[1])}, PROJECT, [], CODE)
    use = "\nfrom helpers.checks import cases\nprint(*{'contraction_rate', 'smallest'} & {*cases.in_use().exercises})\n"
    text = said(SETUP + use + other + use + SETUP + use, tmp_path, alone)
    assert text.split() == ["contraction_rate", "smallest", "contraction_rate"]


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
    new = [name for name in BANKED if EXERCISES[name] == path.stem and name not in SETTLED]
    most = (80_000 if "/vi/" in path.as_posix() else 70_000) + 1_000 * len(new)
    assert len(build.setup_in(path.read_text("utf-8")).encode()) < most


def test_what_grading_alone_asks_for_stays_out_of_a_notebook():
    name, alone = "helpers/checks/collect.py", {b"class Answers:", b"def answers_of("}
    packed = packing.unpack(packing.setup_source(FILES, PROJECT, [], ["import helpers"]))[name]
    assert {part for part in alone if part in FILES[name]} == alone
    assert not any(part in packed for part in alone) and b"def collect(" in packed


def test_formulas_are_there_where_a_case_has_properties_and_nowhere_else(tmp_path):
    assert packing.FORMULAS in HELPERS and packing.FORMULAS not in packing.unpack(SETUP)
    cases = public_bytes(small_exercise(tmp_path, ROOT), "one")
    cell = packing.setup_source(HELPERS | {packing.CASES: cases}, PROJECT, [], ["import helpers", "helpers.check"])
    use = "\nimport helpers\nhalve = lambda x: {}\nhelpers.check('halve')\n"
    text = said(cell + use.format("x ** 0.5") + use.format("x"), tmp_path)
    assert text.startswith("halve: 1 of 1 case here is right") and "16 on its left, 4 on its right" in text
    assert "Its square is another number." in text


def test_the_vietnamese_cell_brings_vietnamese_along_even_after_the_english_one(tmp_path):
    cell = build.setup_in((REPOSITORY / f"notebooks/vi/{ASSIGNMENTS[0]}.ipynb").read_text("utf-8"))
    assert cell.startswith("# @title Thiết lập: ")
    use = (
        "import helpers\nhelpers.use_language('vi')\ndecay_ratios = lambda stds: stds\nhelpers.check('decay_ratios')\n"
    )
    text = said(f"{SETUP}\nimport helpers\n{cell}\n{use}", tmp_path)
    assert text.startswith("decay_ratios – đúng 0 trên 2 trường hợp ở đây"), text
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


def test_the_cell_takes_less_time_than_pytorch(tmp_path):
    clock = "import time\nstart = time.perf_counter()\n{}\nprint(time.perf_counter() - start)\n"
    torch, cell = said(clock.format("import torch") + clock.format(f"{SETUP}\nimport helpers"), tmp_path).split()
    assert float(cell) < float(torch)


def test_it_says_in_its_first_line_what_it_brings_and_folds_itself():
    title = SETUP.split("\n")[0]
    assert title.startswith("# @title ")  # Colab's form
    assert helpers.__version__ in title and packing.digest_of(FILES)[:12] in title
    for folder in ("notebooks", "solutions"):
        cells = json.loads((REPOSITORY / f"{folder}/{ASSIGNMENTS[0]}.ipynb").read_text("utf-8"))["cells"]
        first = next(cell for cell in cells if cell["cell_type"] == "code")
        assert first["metadata"]["jupyter"] == {"source_hidden": True}
        assert first["metadata"]["cellView"] == "form" and first["metadata"]["_kg_hide-input"]


DAMAGED = """\
The helpers packed into this cell are damaged: copy this cell again from the notebook that you were given.
Phần helpers trong ô này bị hỏng: hãy chép lại ô này từ notebook mà bạn được phát."""
PROBLEMS = {
    "one changed character": (
        SETUP.replace(TEXT, TEXT[:20_000] + ("A" if TEXT[20_000] != "A" else "B") + TEXT[20_001:]),
        DAMAGED,
    ),
    "cut off": (
        SETUP.replace(TEXT, TEXT[:30_000]),
        DAMAGED,
    ),
    "emptied": (
        SETUP.replace(TEXT, ""),
        DAMAGED,
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
decay_ratios = lambda stds: stds
helpers.check("decay_ratios")
print(len(helpers.plot_log_std([0.5, 0.05])._repr_mimebundle_()[0]["image/png"]) > 1000)
try:
    open("mine", "w")
except OSError as error:
    print(error)
"""
    text = said(use, tmp_path, TMPDIR=str(room), MPLCONFIGDIR=str(room))
    assert "decay_ratios: " in text and "Traceback" not in text
    assert text.endswith("True\n[Errno 28] No space left on device\n")


def test_without_any_room_it_says_so(tmp_path):
    code = f"{CELL}{WALLS.format(room='/nowhere')}run({SETUP!r})\n"
    assert said(code, tmp_path).strip() == (
        "No folder of this machine can be written to, and figures need a little room: free some disk space, or set "
        "TMPDIR to a folder with room, then restart the kernel."
    )


# What is packed


def test_it_holds_the_wheels_files_the_notebooks_cases_and_nothing_else():
    assert packing.unpack(SETUP).keys() == PACKED | {"bringing.py"}
    assert packing.unpack(SETUP)[packing.CASES] == COURSE.public(ASSIGNMENTS[0])
    for name in ASSIGNMENTS:
        stored = build.setup_in(COURSE.notebook(name).read_text("utf-8"))
        assert packing.unpack(stored)[packing.CASES] == COURSE.public(name)


def test_what_only_type_checkers_read_stays_in_the_wheel():
    assert (REPOSITORY / "helpers/py.typed").exists()
    cells = build.parse("# %% setup\nimport helpers\n", "small.py")
    setup = build.setup_cell(REPOSITORY, ASSIGNMENTS[0], cells)
    assert packing.unpack(setup).keys() == PACKED - {packing.CASES} | {"bringing.py"}


class Unannotated(ast.NodeTransformer):
    """What is left of a syntax tree without annotations, but `int` in classes, and what only type-checkers read."""

    within = "a module"

    def generic_visit(self, node):
        before, self.within = self.within, {ast.ClassDef: "a class"}.get(type(node), self.within)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self.within, node.returns = "a function", None
        super().generic_visit(node)
        self.within = before
        return node

    def visit_arg(self, node):
        return ast.copy_location(ast.arg(node.arg), node)

    def visit_ClassDef(self, node):
        return None if "TypedDict" in map(ast.unparse, node.bases) else self.generic_visit(node)

    def visit_AnnAssign(self, node):
        if ast.unparse(node.annotation) == "TypeAlias":
            return None
        if self.within == "a class":
            if "ClassVar" not in ast.unparse(node.annotation):
                node.annotation = ast.copy_location(ast.Name("int", ast.Load()), node.annotation)
            return node
        new = ast.Assign([node.target], node.value) if node.value else ast.Pass()
        return self.generic_visit(ast.copy_location(new, node))

    def visit_If(self, node):
        if ast.unparse(node.test) in slimming.FOR_TYPES and not node.orelse:
            return ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)


class WithoutEmptyImports(ast.NodeTransformer):
    def visit_ImportFrom(self, node):
        return node if node.names else ast.copy_location(ast.Pass(), node)

    visit_Import = visit_ImportFrom


def first_lines(source):
    """Return the first line of each line's statement."""
    found, first = {}, 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NEWLINE:
            found |= dict.fromkeys(range(first, token.start[0] + 1), first)
            first = 0
        elif not first and token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT):
            first = token.start[0]
    return found


def bare(source, keep=()):
    """Return the syntax tree of code as text, first lines included, without annotations.

    Docstrings are left out but those in ``keep``.
    Imports that nothing else uses are left out, too. What is left of a statement over several lines stands in its
    first: that one a traceback names.
    """
    tree = Unannotated().visit(ast.parse(source))
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) in used]
    tree = WithoutEmptyImports().visit(tree)
    first = first_lines(source)
    for node in ast.walk(tree):
        node.lineno = first.get(getattr(node, "lineno", 1), 1)
        # An annotation can be longer than what it is about, and the indentation is smaller.
        node.end_lineno = node.col_offset = node.end_col_offset = 0
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        if documented and len(node.body) > 1 and getattr(node, "name", "") not in keep:
            node.body.pop(0)
    return ast.dump(tree, include_attributes=True)


@pytest.mark.parametrize("name", [name for name in FILES if name in PACKED and name.endswith(".py")])
def test_only_comments_annotations_and_inner_docstrings_are_left_out(name):
    packed, whole = (files[name].decode() for files in (packing.unpack(SETUP), FILES))
    assert bare(packed, helpers.__all__) == bare(whole, helpers.__all__)


# Code that sets `found`, by what is odd about its annotations.
ANNOTATED = {
    "defaults": "def f(x: int = 1, y: dict[str, int] = {'a:b': 2, 'c->d': 3}) -> int:\n    return x, y\nfound = f()",
    "every kind of argument": """
def f(a: int, b: "int" = 2, /, c: int = 3, *rest: int, d: int, e: int = 5, **more: 'int') -> tuple[int, ...]:
    return a, b, c, rest, d, e, more
found = f(1, d=4), f(1, 2, 3, 4, d=5, g=6)""",
    "only by keyword": "def f(*, a: int, b: int = 2) -> None: return a, b\nfound = f(a=1)",
    "over several lines": """
def f(
    x: dict[  # why
        str, int
    ] = None,
    *args: list[
        int
    ],
) -> dict[
    str,  # said of keys: of ]
    int,
]: return x, args
found = f(1, 2)""",
    "a result in parentheses": "def f() -> (\n    int |\n    None\n): return 1\nfound = f()",
    "a backslash": "def f(x: int) \\\n  -> \\\n  int \\\n  : return x\nfound = f(1)",
    "no blanks": "def f(x:int=1,*,y:int=2)->int:return x+y\nz:int=f()\nfound = z",
    "nested and asynchronous": """
import asyncio
async def f(x: int) -> int:
    async def g(y: int) -> int:
        return x + y
    total: int = 0
    async def h() -> None:
        nonlocal total
        total += await g(2)
    await h()
    return total
found = asyncio.run(f(1))""",
    "strings that look like annotations": """
def f(text: str = "def g(x: int) -> int:", more: str = '''
x: int = 1
    def g() -> int:
''') -> str:
    '''Return it: str -> int.'''
    x: str = f"{text!r:>30} -> {more}"
    return x + "y: int"
found = f()""",
    "signs of other kinds": """
f = lambda x, y=1: x + y
if (n := 3) > 2:
    rows: dict[str, int] = {"a": n, **{"b": 1}}
cut: list[int] = [1, 2, 3][0:2]
rows["c"]: int = 3
(m): int = 4
pair: tuple[int, int] = 1, 2
found = f(1), rows, cut, m, pair""",
    "a variable over several lines": "x: dict[\n    str,  # of what\n    int,\n] = {\n  'a': 1}\nfound = x",
    "a variable without a value": "def f():\n    x: int\ny: dict[\n  str, int]\nfound = f(), 'y' in globals()",
    "a method": """
class A:
    b: int = 1
    if b:
        c: "int" = 2
    def __init__(self, x: int) -> None:
        self.x: int = x
        class B:
            y: int = 1
        self.y: int = len(B.__annotations__)
    @property
    def twice(self) -> int: return 2 * self.x
found = A(2).twice, A(2).y, list(A.__annotations__)""",
    "a dataclass": """
from dataclasses import dataclass, field
@dataclass(frozen=True)
class A:
    x: int
    y: dict[str, int] = field(default_factory=dict)
    def more(self, z: int = 1) -> "A": return A(self.x + z)
found = repr(A(1).more())""",
    "letters of several bytes": """
é: str = 'ü: ->'; ö: int = 2
def ß(ä: str = 'é', /, ï: int = 2) -> str: return ä
found = é, ß()""",
    "blocks for type-checkers": """
import typing
TYPE_CHECKING = False
if TYPE_CHECKING:
    from nowhere import (
        A,
    )
    def f(x: A) -> A: ...
if typing.TYPE_CHECKING: import nowhere
def f(x: "A") -> "A":
    if TYPE_CHECKING:
        import nowhere  # for its names
    return x
if TYPE_CHECKING:
    import nowhere
else:
    found: int = f(1)""",
}


DRAWN = [name for name in helpers.__all__ if name.startswith(("plot_", "explore_"))]


@pytest.mark.parametrize("drawn", [[DRAWN[0], DRAWN[-1]], pytest.param(DRAWN, marks=pytest.mark.slow)], ids=len)
def test_a_notebook_brings_the_figures_and_explorers_that_it_names(drawn, tmp_path):
    cells = {name: packing.setup_source(FILES, PROJECT, [], [f"helpers.{name}"]) for name in drawn}
    assert max(map(len, cells.values())) < len(SETUP) - 2_000
    every = "import importlib\nfor name in modules: importlib.import_module(name)\n"
    modules = [
        name[:-3].replace("/", ".").removesuffix(".__init__")
        for name in HELPERS
        if name in PACKED and "__main__" not in name
    ]
    code = f"modules = {modules}\n" + "".join(
        f"{cell}\nimport helpers\n{every}print([n for n in {DRAWN} if hasattr(helpers, n) or n in dir(helpers)])\n"
        for cell in cells.values()
    )
    assert said(code, tmp_path).splitlines() == [str([name]) for name in drawn]


def test_a_notebook_has_the_docstrings_of_what_it_names(tmp_path):
    use = "\nimport helpers\nprint(helpers.softmax_t.__doc__ and 1, helpers.entropy.__doc__ and 1)\n"
    for code, shown in (["helpers.softmax_t"], "1 None"), (["from helpers import entropy"], "None 1"):
        assert said(packing.setup_source(FILES, PROJECT, [], code) + use, tmp_path).strip() == shown


def test_the_next_notebooks_cell_brings_what_the_first_did_not(tmp_path):
    first, second = (packing.setup_source(FILES, PROJECT, [], [f"helpers.{name}"]) for name in DRAWN[:2])
    use = f"import helpers\nprint(hasattr(helpers, {DRAWN[0]!r}), hasattr(helpers, {DRAWN[1]!r}))\n"
    assert said(f"{first}\n{use}{second}\n{use}", tmp_path).split() == ["True", "False", "False", "True"]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_cell_brings_the_translations_of_all_that_it_can_say(name):
    whole = json.loads((REPOSITORY / "helpers/locale/vi.json").read_text("utf-8"))["texts"]
    files = packing.unpack(build.setup_in(COURSE.notebook(name, "vi").read_text("utf-8")))
    brought = json.loads(files["helpers/locale/vi.json"])["texts"]
    code = [content.decode() for path, content in files.items() if path.endswith(".py")]
    notebook = json.loads(COURSE.notebook(name).read_text("utf-8"))
    code += ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    said = {text for source in code for text, _ in marked(source)} | set(case_texts(COURSE.case_file(name, "public")))
    assert len(said) > 200 and said & whole.keys() <= brought.keys() < whole.keys()
    assert brought.items() <= whole.items()


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_what_is_brought_lacks_no_name(name, tmp_path):
    files = packing.unpack(build.setup_in(COURSE.notebook(name).read_text("utf-8")))
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F821", tmp_path]
    assert subprocess.run(ruff, capture_output=True, text=True).stdout == "All checks passed!\n"
    module = tmp_path / "helpers/measures.py"
    module.write_bytes(module.read_bytes().replace(b"import torch", b"pass"))
    assert "F821 Undefined name `torch`" in subprocess.run(ruff, capture_output=True, text=True).stdout


def test_a_text_that_no_code_says_is_left_out():
    catalogue = json.dumps({"plural": "n != 1", "texts": {"one": "một", "two": "hai", "three": "ba"}}).encode()
    assert json.loads(slimming.only_said(catalogue, ["_('one')", "TEXTS = ['two']"], None))["texts"] == {
        "one": "một",
        "two": "hai",
    }


def annotated(source):
    return ast.dump(Unannotated().visit(ast.parse(source))) != ast.dump(ast.parse(source))


@pytest.mark.parametrize("source", ANNOTATED.values(), ids=ANNOTATED)
def test_code_without_annotations_does_the_same_in_the_same_lines(source):
    slimmed = slimming.slim("odd.py", slimming.without_annotations("odd.py", source.encode()), set()).decode()
    outcomes = []
    for code in (source, slimmed):
        names = {"__name__": "odd"}
        exec(compile(code, "odd.py", "exec"), names)
        outcomes.append(names["found"])
    assert outcomes[0] == outcomes[1]
    assert slimmed.count("\n") == source.count("\n")
    assert bare(slimmed) == bare(source)
    assert not annotated(slimmed)


def test_an_annotation_that_stayed_is_noticed():
    """The red fixture: what the test above would say of code that is left as it is."""
    assert [name for name, source in ANNOTATED.items() if not annotated(source)] == []
    assert not annotated("class A:\n    x: int = 1")


def test_another_compressors_text_stays_while_it_holds_the_same_files(monkeypatch):
    compress = lzma.compress
    monkeypatch.setattr(lzma, "compress", lambda data, **_: compress(data, preset=0))
    stored = packing.setup_source(FILES, PROJECT, [], CODE)
    monkeypatch.undo()
    assert stored != SETUP and packing.unpack(stored) == packing.unpack(SETUP)
    assert packing.setup_source(FILES, PROJECT, ["", "broken", stored], CODE) == stored


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
        tmp_path, {"notebooks/one.ipynb": notebook_with(packing.setup_source(changed, PROJECT, [], CODE))}
    )
    named = "(in its setup cell: helpers/more.py, helpers/pipeline.py, helpers/softmax.py)"
    assert problem.startswith(f"notebooks/one.ipynb is stale, or was edited by hand {named}: run make course")


def test_packed_bytes_of_every_length_come_back_and_what_is_cut_off_is_noticed():
    for size in range(2 * packing.BLOCK):
        files = {"a.py": random.Random(size).randbytes(size)}
        packed = packing.pack(files)
        assert packing.unpacked(packed) == files and set(packed) <= set(packing.ALPHABET)
        for damaged in (packed[:-60], packed[:30] + packed[31:], packed[:-2] + '"' + packed[-1]):
            with pytest.raises(ValueError):
                packing.unpacked(damaged)
