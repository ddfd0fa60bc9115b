"""Attacks on the verdict: comparisons patched, outputs and replies forged, test cells changed, forbidden ways."""

import copy

from grading.authoring.build import SETUP_ID
from grading.authoring.packing import BRINGING, CALL, pack
from tests.support.attacks import NO_TEMPERATURE, RIGHT_BY_FORBIDDEN_WAY, Attack
from tests.support.course import graded_cell

YES = "yes = lambda *args, **kwargs: True\n"
MIME = "application/x-answers+json"

FORGED = """
from IPython import get_ipython
from IPython.display import display
verdict = {"exercise": "softmax_t", "points": 5.0, "headline": "softmax_t: 5 of 5 points", "cases": []}
bundle = {"application/x-answers+json": [{"kind": "passed", "outcome": "passed"}] * 24, "application/json": verdict,
          "text/html": "softmax_t: 5 of 5 points; 24 of 24 cases passed.", "text/plain": "5.0"}
"""

# Sends through the kernel's own session, as its display machinery does, in the name of any cell.
SOCKETS = """
kernel = get_ipython().kernel
def send(kind, content, parent=None):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=parent or kernel.get_parent("shell"))
def send_all(parent=None):
    result = {"data": bundle, "metadata": {}, "execution_count": 1, "transient": {"display_id": "x"}}
    for kind in ("execute_result", "display_data", "update_display_data"):
        send(kind, result, parent)
"""


def test_cell(notebook, name="softmax_t"):
    return graded_cell(notebook, f"test_{name}")


EVIL_HELPERS = b"""
kept = []
def check(name, answer):
    return 5.0
def seed_everything(seed=0):
    import torch
    return torch.Generator()
needs = softmax_t = lambda *args, **kwargs: kept.append(args) or 5.0
"""


def with_forged_setup(notebook):
    """Bring helpers of the student's own under another digest, by a call that the doctor cannot know."""
    setup = next(cell for cell in notebook.cells if cell.id == SETUP_ID)
    call = CALL.search(setup.source)
    files = {"helpers/__init__.py": EVIL_HELPERS, BRINGING.name: BRINGING.read_bytes()}
    forged = call[0].replace(call[1], pack(files)).replace('("', '("0', 1)
    setup.source = f"{setup.source[: call.start()]}bring = bring_helpers\n{forged.replace('bring_helpers', 'bring')}"
    return notebook


def edited(notebook):
    test_cell(notebook).source = "5.0"
    return notebook


def retyped(notebook):
    cell = test_cell(notebook)
    cell.cell_type = "markdown"
    del cell["outputs"], cell["execution_count"]
    return notebook


def duplicated(notebook):
    cell = test_cell(notebook)
    twin = copy.deepcopy(cell)
    twin.id, twin.source = "twin", "5.0"
    notebook.cells.insert(notebook.cells.index(cell), twin)
    return notebook


def deleted(notebook):
    notebook.cells.remove(test_cell(notebook))
    return notebook


def moved_first(notebook):
    cell = test_cell(notebook)
    notebook.cells.remove(cell)
    notebook.cells.insert(0, cell)
    return notebook


def with_metadata(**changes):
    def change(notebook):
        test_cell(notebook).metadata.nbgrader.update(changes)
        return notebook

    return change


def new_graded_cell(notebook):
    cell = copy.deepcopy(test_cell(notebook))
    cell.id, cell.source = "mine", "100.0"
    cell.metadata.nbgrader.update(grade_id="test_mine", points=100)
    notebook.cells.append(cell)
    return notebook


def with_forged_outputs(notebook):
    from nbformat.v4 import new_output

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [new_output("execute_result", {"text/plain": "5.0", MIME: [], "application/json": {}})]
    return notebook


def tagged(notebook):
    for cell in notebook.cells:
        cell.metadata.tags = ["skip-execution", "raises-exception", "remove_cell"]
    return notebook


def other_kernel(notebook):
    notebook.metadata.kernelspec = {"name": "bash", "display_name": "bash", "language": "bash"}
    notebook.metadata.widgets = {"application/vnd.jupyter.widget-state+json": {"version_major": 2}}
    return notebook


PATCHED = [
    Attack(
        "torch_patched",
        "torch's comparisons always agree",
        before=YES + "torch.allclose = torch.equal = torch.isclose = torch.testing.assert_close = yes",
        after="torch.Tensor.equal = torch.Tensor.allclose = torch.Tensor.__eq__ = lambda a, b, *c: torch.tensor(True)",
    ),
    Attack(
        "numpy_patched",
        "numpy's comparisons always agree",
        before=YES + "import numpy, numpy.testing\nnumpy.allclose = numpy.array_equal = numpy.isclose = yes\n"
        "numpy.testing.assert_allclose = yes\nnumpy.abs = lambda a: numpy.zeros(1)",
    ),
    Attack(
        "math_patched",
        "math and operator always agree",
        before=YES + "import math, operator\nmath.isclose = operator.eq = operator.le = yes\nmath.isnan = yes",
    ),
    Attack(
        "builtins_patched",
        "builtins always agree",
        before=YES + "import builtins\nbuiltins.all = yes\nbuiltins.any = lambda items: False",
    ),
    Attack(
        "json_patched",
        "json and base64 write what suits",
        after="import json, base64\njson.loads = lambda text: []\nbase64.b64encode = lambda data: b'AAAA'",
        score=0,
    ),
    Attack(
        "helpers_patched",
        "the check engine always passes",
        before="""import sys, helpers, helpers.checks as checks
collect, compare, report = (sys.modules[f"helpers.checks.{name}"] for name in ("collect", "compare", "report"))
compare.mismatch = compare.differs = lambda *args, **kwargs: None
compare.judge = checks.judge = lambda cases, *args: [compare.Result(str(i), "passed") for i, _ in enumerate(cases)]
report.Report.passed = property(lambda self: True)
collect.encode = collect.collect = lambda *args: 5.0
check = helpers.check = lambda *args: 5.0""",
    ),
    Attack(
        "setup_forged",
        "the setup cell brings helpers that keep every input and pass everything",
        before="import helpers\nfrom helpers import check\nassert 'packed' in helpers.__file__",
        change=with_forged_setup,
    ),
    Attack(
        "display_patched",
        "every display says full marks, the answers' own too",
        before=FORGED
        + """import IPython.display
IPython.display.display = display = lambda *args, **kwargs: 5.0
get_ipython().display_formatter.format = lambda *args, **kwargs: (bundle, {})""",
        score=0,
    ),
    Attack(
        "ast_transformer",
        "every assert and call disappears from later cells",
        before="""import ast
from IPython import get_ipython
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return None
    def visit_Expr(self, node): return ast.Expr(ast.Constant(5.0))
get_ipython().ast_transformers.append(Drop())""",
    ),
    Attack(
        "input_transformer",
        "every later cell becomes 5.0",
        before="get_ipython().input_transformers_cleanup.append(lambda lines: ['5.0\\n'])",
    ),
    Attack(
        "event_hooks",
        "hooks print full marks before and after every cell",
        before=FORGED
        + """for event in ("pre_execute", "pre_run_cell", "post_execute", "post_run_cell"):
    get_ipython().events.register(event, lambda *args: display(bundle, raw=True))""",
    ),
    Attack(
        "showtraceback",
        "errors are shown as full marks",
        before=FORGED
        + """shell = get_ipython()
shell.showtraceback = shell._showtraceback = lambda *args, **kwargs: display(bundle, raw=True)
shell.set_custom_exc((BaseException,), lambda *args, **kwargs: display(bundle, raw=True))
import sys
sys.excepthook = sys.unraisablehook = lambda *args: None""",
    ),
    Attack(
        "user_expressions_patched",
        "the kernel answers every question with full marks",
        before=FORGED
        + "get_ipython().user_expressions = lambda asked: "
        + "{name: {'status': 'ok', 'data': bundle, 'metadata': {}} for name in asked}",
        score=0,
    ),
]

FORGERIES = [
    Attack("printed", "full marks printed", before=FORGED + "print(bundle)\nprint(5.0)", after="5.0"),
    Attack(
        "displayed",
        "the type that the judge reads, displayed as the result of the cell",
        before=FORGED + "display(bundle, raw=True)",
        after="class Answer:\n    def _repr_mimebundle_(self, **kwargs): return bundle\nAnswer()",
    ),
    Attack(
        "displayed_when_judged",
        "the same while the function is being judged",
        before=FORGED,
        answer=NO_TEMPERATURE.replace("    weights =", "    display(bundle, raw=True); send_all()\n    weights =", 1),
        after=SOCKETS,
        deserves=NO_TEMPERATURE,
    ),
    Attack("from_another_cell", "the same from another cell", later=FORGED + SOCKETS + "send_all()\n5.0"),
    Attack(
        "from_a_thread",
        "the same from a thread after the cell ended",
        after=FORGED
        + SOCKETS
        + """import threading, time
parent = kernel.get_parent("shell")
def later():
    for _ in range(2000):
        send_all(parent)
        send_all({"header": {"msg_id": parent["header"]["msg_id"][:-2] + "99"}})
        time.sleep(0.001)
threading.Thread(target=later, daemon=True).start()""",
    ),
    Attack(
        "through_the_sockets",
        "the same straight to the kernel's sockets",
        after=FORGED + SOCKETS + "send_all()\nsend('status', {'execution_state': 'idle'})",
    ),
    Attack(
        "updated_later",
        "an earlier display turns into full marks later",
        before=FORGED + 'handle = display("nothing", display_id="x")',
        after=SOCKETS
        + """import threading, time
def later():
    for _ in range(50):
        handle.update(bundle, raw=True)
        send_all()
        time.sleep(0.02)
threading.Thread(target=later).start()""",
        later="handle.update(bundle, raw=True)",
    ),
    Attack(
        "forged_reply",
        "every execute_reply carries full marks as the answers",
        after=FORGED
        + """session, real = get_ipython().kernel.session, get_ipython().kernel.session.send
def send(stream, kind, content=None, *args, **kwargs):
    if kind == "execute_reply":
        content = {"status": "ok", "execution_count": 1, "user_expressions": {
            "answers": {"status": "ok", "data": bundle, "metadata": {}}}}
    return real(stream, kind, content, *args, **kwargs)
session.send = send""",
        score=0,
    ),
    Attack(
        "replies_in_advance",
        "replies to questions that were not asked yet, their ids guessed",
        after=FORGED
        + """kernel = get_ipython().kernel
parent, ident = kernel.get_parent("shell"), kernel._parent_ident["shell"]
stem, _, number = parent["header"]["msg_id"].rpartition("_")
reply = {"status": "ok", "user_expressions": {"answers": {"status": "ok", "data": bundle, "metadata": {}}}}
for shift in range(1, 30):
    guess = {"header": parent["header"] | {"msg_id": f"{stem}_{int(number) + shift}"}}
    kernel.session.send(kernel.shell_stream, "execute_reply", reply, parent=guess, ident=ident)""",
    ),
    Attack(
        "late_reply",
        "a function that answers after its time, when the next one is asked",
        answer=NO_TEMPERATURE.replace(
            "    weights =",
            """    import time
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try: time.sleep(0.1)
        except KeyboardInterrupt: pass
    weights =""",
            1,
        ),
        deserves=NO_TEMPERATURE,
        score=0,
    ),
]

CELLS = [
    Attack("test_edited", "the test cell says 5.0", change=edited),
    Attack("test_retyped", "the test cell is prose", change=retyped),
    Attack("test_duplicated", "the test cell is there twice", change=duplicated),
    Attack("test_deleted", "the test cell is gone", change=deleted),
    Attack("test_moved", "the test cell comes before its answer", change=moved_first),
    Attack("points_raised", "the test cell is worth 1000", change=with_metadata(points=1000)),
    Attack("points_unreadable", "the test cell is worth nan", change=with_metadata(points=float("nan"))),
    Attack("test_not_graded", "the test cell is no longer graded", change=with_metadata(grade=False, locked=False)),
    Attack("test_is_solution", "the test cell is to be graded by hand", change=with_metadata(solution=True)),
    Attack("test_renamed", "the test cell has another id", change=with_metadata(grade_id="test_other")),
    Attack("test_takes_another", "the test cell has another's id", change=with_metadata(grade_id="test_decay_ratios")),
    Attack("future_metadata", "metadata of a version from the future", change=with_metadata(schema_version=99)),
    Attack("new_graded_cell", "a graded cell of the student's own", change=new_graded_cell),
    Attack("outputs_handed_in", "outputs that say full marks, handed in", change=with_forged_outputs),
    Attack("tags", "tags that skip or hide every cell", change=tagged),
    Attack("other_kernel", "another kernel, and widget states without a state", change=other_kernel),
]

WAYS = [
    Attack(
        f"way_{name}", f"a forbidden way: {tries}", before=before, answer=RIGHT_BY_FORBIDDEN_WAY.format(call), score=0
    )
    for name, tries, before, call in (
        ("plain", "by its name", "", "torch.softmax(x / temperature, dim)"),
        ("alias", "an alias", "import torch.nn.functional as f\ng = f.softmax", "g(x / temperature, dim)"),
        ("star", "a star import", "from torch.nn.functional import *", "softmax(x / temperature, dim)"),
        ("getattr", "getattr", "", "getattr(torch, 'soft' 'max')(x / temperature, dim)"),
        ("helper", "through a function", "def inner(x, d):\n    return x.softmax(d)\n", "inner(x / temperature, dim)"),
        ("import", "importlib", "import importlib", "importlib.import_module('torch').softmax(x / temperature, dim)"),
        ("time_magic", "in a line of a magic", "%time g = torch.softmax", "g(x / temperature, dim)"),
        ("slash", "below a line of IPython's", "import torch\ng = torch.softmax\n/abs 1", "g(x / temperature, dim)"),
        (
            "kept",
            "kept from an earlier cell",
            "def softmax_t(x, d):\n    return x.softmax(d)\nkept = softmax_t",
            "kept(x / temperature, dim)",
        ),
        ("run_cell", "in a text that is run", "get_ipython().run_cell('g = torch.softmax')", "g(x / temperature, dim)"),
        (
            "distribution",
            "a distribution",
            "from torch.distributions.utils import logits_to_probs as g",
            "g((x / temperature).movedim(dim, -1)).movedim(-1, dim)",
        ),
        ("logsumexp", "a normaliser", "", "(x / temperature - torch.logsumexp(x / temperature, dim, True)).exp()"),
        (
            "thread",
            "in a thread",
            "from concurrent.futures import ThreadPoolExecutor as P\nimport torch",
            "P().submit(lambda: torch.softmax(x / temperature, dim)).result()",
        ),
    )
]
WAYS.append(
    Attack(
        "way_cell_magic",
        "a forbidden way: in a cell magic",
        before="%%time",
        answer=RIGHT_BY_FORBIDDEN_WAY.format("torch.softmax(x / temperature, dim)"),
        score=0,
    )
)

UNWATCHED = [
    Attack(
        f"unwatched_{name}",
        f"a forbidden way, and {tries}",
        before=before,
        answer=RIGHT_BY_FORBIDDEN_WAY.format("torch.softmax(x / temperature, dim)").replace(
            ":\n", f":\n    {code}\n", 1
        ),
        score=0,
    )
    for name, tries, before, code in (
        ("profile", "no profile function", "import sys", "sys.setprofile(None)"),
        ("by_c", "none, taken away in C", "import ctypes", "ctypes.pythonapi.PyEval_SetProfile(None, None)"),
        ("mode", "no dispatch mode", "import torch.utils._python_dispatch as d", "d._pop_mode()"),
        (
            "deaf",
            "a dispatch mode that hears nothing",
            "import torch.utils._python_dispatch as d",
            "type(d._get_current_dispatch_mode()).__torch_dispatch__ = lambda s, f, t, a, k=None: f(*a, **(k or {}))",
        ),
    )
]

ATTACKS = [*PATCHED, *FORGERIES, *CELLS, *WAYS, *UNWATCHED]
