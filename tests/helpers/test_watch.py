"""What ran, not what is written: each forbidden way is found with its name and line, and honest code loses nothing."""

import inspect
import json
import sys
import threading
import time

import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from grading.authoring.exercise import load_exercises
from grading.course import REPOSITORY
from helpers.checks import watch
from helpers.checks.collect import collect
from helpers.checks.compare import Violation, violations
from helpers.checks.watch import MOST_CALLS, SWITCHES, CallWatch

FORBIDDEN = load_exercises(REPOSITORY, "iterated_softmax")["softmax_t"].forbidden
HELPERS = load_exercises(REPOSITORY, "temperature_range")["perplexity"].forbidden
IMPORTS = (
    "import builtins, concurrent.futures, ctypes, functools, importlib, math, operator, sys, threading, types\n"
    "import numpy, torch, helpers\n"
    "import torch.nn.functional as F"
)
OWN = "e = torch.exp(x - x.max())\n    return e / e.sum()"
LOG = (  # a mode of one's own
    "from torch.utils._python_dispatch import TorchDispatchMode\n"
    "class Log(TorchDispatchMode):\n"
    "    def __torch_dispatch__(self, f, t, args=(), kwargs=None):\n"
    "        return f(*args, **(kwargs or {}))"
)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of torch.jit
CASES = [{"args": [{"tensor": ["x"]}], "kwargs": {}}]
X = {"x": {"dtype": "float64", "shape": [4], "data": "AAAAAAAA4D8AAAAAAADwvwAAAAAAAABAAAAAAAAAAAA="}}  # .5, -1, 2, 0


@pytest.fixture(scope="module")
def answer_of():
    """A function that runs cells in a new notebook and returns what the last one calls ``answer``."""
    main, hooks = sys.modules["__main__"], (sys.displayhook, sys.excepthook)
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    names = dict(shell.user_ns)

    def run(*cells):
        shell.user_ns.clear()
        shell.user_ns.update(names)
        for cell in (IMPORTS, *cells):
            shell.run_cell(cell)
        return shell.user_ns["answer"]

    yield run
    sys.modules["__main__"], (sys.displayhook, sys.excepthook) = main, hooks


def answers(function, forbidden=FORBIDDEN):
    """Return the answers of a function of one vector, sent as a kernel sends them."""
    return json.loads(json.dumps(collect(function, CASES, X, CallWatch(forbidden)), allow_nan=False))


def used(function, forbidden=FORBIDDEN):
    return answers(function, forbidden)[0].get("used")


WAYS = {
    "attribute": ("torch.softmax(x, -1)", "torch.softmax"),
    "attribute of a package": ("F.log_softmax(x, -1).exp()", "torch.nn.functional.log_softmax"),
    "method": ("(x / 2).softmax(-1)", "torch.softmax"),
    "unbound method": ("torch.Tensor.softmax(x, -1)", "torch.softmax"),
    "function": ("F.softmax(x, -1)", "torch.nn.functional.softmax"),
    "softmin": ("F.softmin(-x, -1)", "torch.nn.functional.softmin"),
    "gumbel": ("F.gumbel_softmax(x, dim=-1)", "torch.nn.functional.gumbel_softmax"),
    "class": ("torch.nn.Softmax(-1)(x)", "torch.nn.Softmax"),
    "class of logarithms": ("torch.nn.LogSoftmax(-1)(x).exp()", "torch.nn.LogSoftmax"),
    "class of pictures": ("torch.nn.Softmax2d()(x.reshape(4, 1, 1)).flatten()", "torch.*Softm*"),
    "special": ("torch.special.softmax(x, -1)", "torch.*softmax*"),
    "masked": ("torch.masked.softmax(x, -1)", "torch.softmax"),
    "operator": ("torch.ops.aten._softmax(x, -1, False)", "torch.softmax"),
    "safe operator": ("torch.ops.aten._safe_softmax(x, -1)", "torch.*softmax*"),
    "in torch's Python": ("torch._refs.softmax(x, -1)", "torch.softmax"),
    "sparse": ("torch.sparse.softmax(x.to_sparse(), -1).to_dense()", "torch.*softmax*"),
    "logsumexp": ("torch.exp(x - torch.logsumexp(x, -1))", "torch.logsumexp"),
    "logaddexp": ("torch.exp(x - functools.reduce(torch.logaddexp, x))", "torch.logaddexp"),
    "logcumsumexp": ("torch.exp(x - torch.logcumsumexp(x, -1)[-1])", "torch.logcumsumexp"),
    "numpy's": ("torch.exp(x - numpy.logaddexp.reduce(x.numpy()))", "numpy.logaddexp*"),
    "scipy's": ("torch.tensor(importlib.import_module('scipy.special').softmax(x.numpy()))", "scipy.special.softmax"),
    "sigmoid": ("torch.stack([1 / torch.sigmoid(x - v).logit().neg().exp().sum() for v in x])", "torch.sigmoid"),
    "cross entropy": ("torch.exp(-torch.stack([F.cross_entropy(x, torch.tensor(i)) for i in range(4)]))",
                      "torch.nn.functional.cross_entropy"),
    "attention": ("F.scaled_dot_product_attention(torch.ones(1, 1, 1, 1).double(), x.reshape(1, 1, 4, 1),"
                  " torch.eye(4).double().reshape(1, 1, 4, 4)).flatten()", "torch.*_attention*"),
    "Categorical": ("torch.distributions.Categorical(logits=x).probs", "torch.distributions.*"),
    "OneHotCategorical": ("torch.distributions.OneHotCategorical(logits=x).probs", "torch.distributions.*"),
    "Multinomial": ("torch.distributions.Multinomial(logits=x).probs", "torch.distributions.*"),
    "logits_to_probs": ("torch.distributions.utils.logits_to_probs(x)", "torch.distributions.*"),
    "SoftmaxTransform": ("torch.distributions.SoftmaxTransform()(x)", "torch.distributions.*"),
    "inference mode": ("torch.inference_mode()(lambda: x.softmax(-1))()", "torch.softmax"),
    "vmap": ("torch.func.vmap(lambda row: row.softmax(-1))(x[None])[0]", "torch.softmax"),
    "gradient": ("torch.func.grad(lambda z: torch.logsumexp(z, -1))(x)", "torch.logsumexp"),
    "scripted": ("torch.jit.script(torch.nn.Softmax(-1))(x)", "torch.nn.Softmax"),
    "getattr": ('getattr(torch, "xamtfos"[::-1])(x, -1)', "torch.softmax"),
    "attrgetter": ('operator.attrgetter("nn.functional.softmax")(torch)(x, -1)', "torch.nn.functional.softmax"),
    "methodcaller": ('operator.methodcaller("softmax", -1)(x)', "torch.softmax"),
    "vars": ('vars(torch)["softmax"](x, -1)', "torch.softmax"),
    "importlib": ('importlib.import_module("torch").softmax(x, -1)', "torch.softmax"),
    "eval": ('eval("torch.softmax(x, -1)")', "torch.softmax"),
    "exec": ('exec("y = torch.softmax(x, -1)", space := {"torch": torch, "x": x}) or space["y"]', "torch.softmax"),
    "run_cell": ('get_ipython().run_cell("torch.softmax(torch.ones(2), -1)").result', "torch.softmax"),
    "copied code": ("types.FunctionType(F.softmax.__code__, vars(F), 'f', (None, 3, None))(x, -1)",
                    "torch.nn.functional.softmax"),
    "comprehension": ("torch.stack([torch.softmax(row, -1) for row in x[None]])[0]", "torch.softmax"),
    "callback": ("list(map(lambda row: row.softmax(-1), [x]))[0]", "torch.softmax"),
    "assert": ("x if torch.softmax(x, -1) is not None else x", "torch.softmax"),
    "pool of threads": ("next(concurrent.futures.ThreadPoolExecutor().map(lambda y: y.softmax(0), [x]))",
                        "torch.softmax"),
    "helpers": ("helpers.softmax_t(x)", "helpers.softmax_t"),
    "helpers, logarithms": ("helpers.log_softmax_t(x).exp()", "helpers.log_softmax_t"),
    "vars of the helpers": ('vars(helpers.softmax)["softmax_t"](x)', "helpers.softmax_t"),
}  # fmt: skip


@pytest.mark.parametrize("code, name", WAYS.values(), ids=WAYS.keys())
def test_a_forbidden_way_is_found_with_its_name_and_line(answer_of, code, name):
    found = used(answer_of(f"def answer(x):\n    y = 1\n    return {code}"))
    assert found in ([name, f"return {code}"], [name, "torch.softmax(torch.ones(2), -1)"])  # the line in run_cell


EXPLORERS = {
    "vocabulary": "helpers.explorers.models.repeat_from_two_starts()",
    "perplexity through a registry": "ways['p'](torch.softmax(x, -1))",
    "entropy": "helpers.entropy(torch.softmax(x, -1)).exp()",
    "vars": "vars(helpers)['perplexity'](x.exp())",
    "Categorical": "torch.distributions.Categorical(probs=x.exp()).perplexity()",
    "an argument": "(lambda h: h.perplexity(x.exp()))(helpers)",
}


@pytest.mark.parametrize("code", EXPLORERS.values(), ids=EXPLORERS.keys())
def test_functions_of_the_helpers_are_found(answer_of, code):
    cells = "import helpers.explorers.models\nways = {'p': helpers.perplexity}", f"def answer(x):\n    return {code}"
    forbidden = FORBIDDEN if "explorers" in code else HELPERS
    assert used(answer_of(*cells), forbidden)[1] == f"return {code}"


SOFTMAX = "def answer(x):\n    return torch.softmax(x, -1)"
NOTEBOOKS = {
    "from-import": ("from torch import softmax", "def answer(x):\n    return softmax(x, -1)"),
    "star import": ("from torch import *", "def answer(x):\n    return softmax(x, -1)"),
    "a magic and a line that begins with a slash": ("%pwd\ng = torch.softmax\n/print 1",
                                                    "def answer(x):\n    return g(x, -1)"),
    "a cell indented as a whole": ("    def answer(x):\n        return torch.softmax(x, -1)",),
    "pasted prompts": (">>> def answer(x):\n...     return torch.softmax(x, -1)",),
    "pasted prompts of IPython": ("In [1]: def answer(x):\n   ...:     return torch.softmax(x, -1)",),
    "a continued shell line": ("!true \\\n  && true\n" + SOFTMAX,),
    "a magic line": ("%time g = torch.softmax", "def answer(x):\n    return g(x, -1)"),
    "kept, then the name given anew": ("import helpers\ndef answer(x):\n    return torch.softmax(x, -1)",
                                       "kept = answer\ndef answer(x):\n    return kept(x)"),
    "a default bound before": ("def h(x):\n    return torch.softmax(x, -1)",
                               "def answer(x, way=h):\n    return way(x)", "def h(x):\n    return x"),
    "an attribute filled later": ("class Ways: pass", "Ways.one = torch.softmax",
                                  "def answer(x):\n    return Ways.one(x, -1)"),
    "a registry filled later": ("ways = []", "def answer(x):\n    return ways[0](x, -1)", "ways.append(torch.softmax)"),
    "global": ("def fill():\n    global way\n    way = torch.softmax", "fill()",
               "def answer(x):\n    return way(x, -1)"),
    "getattr with a variable": ("name = 'softmax'", "def answer(x):\n    return getattr(torch, name)(x, -1)"),
    "run_cell of the definition": (f"source = '''{SOFTMAX}\n'''", "get_ipython().run_cell(source)"),
    "traced": ("traced = torch.jit.trace(lambda y: torch.softmax(y, -1), torch.ones(4))",
               "def answer(x):\n    return traced(x)"),
    "scripted": ("scripted = torch.jit.script(torch.nn.Softmax(-1))", "def answer(x):\n    return scripted(x)"),
    "method": ("class Net(torch.nn.Module):\n    def forward(self, x):\n        return torch.softmax(x, -1)",
               "net = Net()", "def answer(x):\n    return net(x)"),
    "subclass": ("class Net(torch.nn.Softmax):\n    pass", "def answer(x):\n    return Net(-1)(x)"),
    "decorator": ("def swap(f):\n    return lambda x: torch.softmax(x, -1)", "@swap\ndef answer(x):\n    return x"),
    "wrapped afterwards": (SOFTMAX, "answer = functools.cache(answer)"),
    "a class of tensors that computes when it is read": (
        "class Late(torch.Tensor):\n    def detach(self):\n        return torch.Tensor.softmax(self, -1)",
        "def answer(x):\n    return x.as_subclass(Late)"),
    "a thread": ("def answer(x):\n    out = []\n    t = threading.Thread(target=lambda: out.append(x.softmax(-1)))\n"
                 "    t.start()\n    t.join()\n    return out[0]",),
    "after an error": ("def answer(x):\n    torch.softmax(x, -1)\n    raise ValueError",),
    "after many calls": ("def answer(x):\n    for _ in range(2_000_000):\n        abs(1)\n"
                         "    return helpers.softmax_t(x)",),
}  # fmt: skip


@pytest.mark.parametrize("cells", NOTEBOOKS.values(), ids=NOTEBOOKS.keys())
def test_a_forbidden_way_is_found_wherever_the_exercise_reaches_it(answer_of, cells, capsys):
    name, line = used(answer_of(*cells))
    assert "softmax" in name.lower() and line
    assert line in [each.strip(" >.:") for cell in cells for each in cell.replace("\\n", "\n").split("\n")]


@pytest.mark.parametrize("answer", ["torch.nn.Softmax(-1)", "functools.partial(torch.softmax, dim=-1)", "F.softmax",
                                    "torch.sigmoid", "helpers.softmax_t"])  # fmt: skip
def test_an_answer_that_is_the_library_s_own_function_has_no_line(answer_of, answer):
    name, line = used(answer_of(f"answer = {answer}"))
    assert name.partition(".")[0] == answer.partition(".")[0].replace("F", "torch").replace("functools", "torch")
    assert line == ""


def test_a_cell_timed_as_a_whole_is_watched_too(answer_of, capsys):
    assert used(answer_of("%%time\n" + SOFTMAX))[0] == "torch.softmax"


def test_a_module_that_a_cell_has_written_is_watched_too(answer_of, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    cells = "%%writefile written_by_a_cell.py\nimport torch\nways = {1: torch.softmax}", "import written_by_a_cell as w"
    assert used(answer_of(*cells, "def answer(x):\n    return w.ways[1](x, -1)")) == [
        "torch.softmax",
        "return w.ways[1](x, -1)",
    ]


HONEST = {
    "own function": ("def softmax(x):\n    return x.exp() / x.exp().sum()", "def answer(x):\n    return softmax(x)"),
    "own method": ("class Net:\n    def softmax(self, x):\n        return x.exp()\n"
                   "    def both(self, x):\n        return self.softmax(x)",
                   "def answer(x):\n    return Net().both(x)"),
    "own class of torch's": ("class Softmax(torch.nn.Module):\n    def forward(self, x):\n        return x.exp()",
                             "def answer(x):\n    return Softmax()(x)"),
    "a namedtuple's field": ("import collections\nRow = collections.namedtuple('Row', 'softmax')",
                             "def answer(x):\n    return Row(x.exp()).softmax"),
    "a key of vars": ("class Config:\n    softmax = 2.0", "def answer(x):\n    return x * vars(Config)['softmax']"),
    "an error's name": ("e = torch.softmax(torch.ones(2), -1)",
                        "def answer(x):\n    try:\n        int('a')\n"
                        "    except ValueError as e:\n        return x.exp()"),
    "another method mentions it": ("class Timer:\n    def stock(self, x):\n        return torch.softmax(x, -1)\n"
                                   "    def mine(self, x):\n        return x.exp()", "timer = Timer()",
                                   "def answer(x):\n    return timer.mine(x)"),
    "a number computed with it before": ("EPS = torch.softmax(torch.zeros(2), -1)[0].item()",
                                         "def answer(x):\n    return x * EPS"),
    "an earlier attempt": (SOFTMAX, f"def answer(x):\n    {OWN}"),
    "comparing in a cell": (f"def answer(x):\n    {OWN}",
                            "y = torch.ones(3)\nassert torch.allclose(answer(y), torch.softmax(y, -1))"),
    "a branch that is not taken": ("def answer(x):\n    if x.ndim > 5:\n        return torch.softmax(x, -1)\n"
                                  f"    {OWN}",),
    "printing and comparing": ("def answer(x):\n    print(x, repr(x))\n"
                               f"    torch.testing.assert_close(x, x)\n    {OWN}",),
    "helpers that compute no softmax": (f"def answer(x):\n    helpers.to_numpy(x), helpers.pick_device()\n    {OWN}",),
    "compiled": (f"@torch.compile\ndef answer(x):\n    {OWN}",),
    "scripted": ("def own(x):\n    return torch.exp(x) / torch.exp(x).sum()",
                 "traced = torch.jit.trace(own, torch.ones(4))", "def answer(x):\n    return traced(x)"),
    "vmap": (f"def own(x):\n    {OWN}", "def answer(x):\n    return torch.func.vmap(own)(x[None])[0]"),
    "gradient": ("def answer(x):\n    return torch.func.grad(lambda z: z.exp().sum().log())(x)",),
    "inference mode": (f"@torch.inference_mode()\ndef answer(x):\n    {OWN}",),
    "no gradient": (f"@torch.no_grad()\ndef answer(x):\n    {OWN}",),
    "threads": (f"def own(x):\n    {OWN}",
                "def answer(x):\n    return next(concurrent.futures.ThreadPoolExecutor().map(own, [x]))"),
    "a trace of one's own": ("def answer(x):\n    sys.settrace(lambda *_: None)\n    sys.settrace(None)\n"
                             f"    {OWN}",),
    "a mode of one's own": (LOG, "def own(x):\n    " + OWN, "def answer(x):\n    with Log():\n        return own(x)"),
    "Python's depth reached": ("def down(n):\n    try:\n        return down(n + 1)\n    except RecursionError:\n"
                               "        return n", f"def answer(x):\n    down(0)\n    {OWN}"),
    "a generator": ("def each(x):\n    for v in x:\n        yield v.exp()",
                    "def answer(x):\n    return torch.stack(list(each(x)))"),
    "gates of a network": ("gelu = torch.nn.GELU()", "def answer(x):\n    return gelu(torch.relu(x)).tanh()"),
}  # fmt: skip


@pytest.mark.parametrize("cells", HONEST.values(), ids=HONEST.keys())
def test_honest_code_raises_no_alarm(answer_of, cells, capsys):
    (answer,) = answers(answer_of(*cells))
    assert (answer["kind"], answer.get("used")) == ("tensor", None)


OFF = {
    "the profile function": "sys.setprofile(None)\n    return torch.softmax(x, -1)",
    "the profile function, put back": (
        "on = sys.getprofile()\n    sys.setprofile(None)\n    y = numpy.exp(x)\n    sys.setprofile(on)\n    return y"
    ),
    "the profile function made deaf": (
        "def outer(a, b):\n        return lambda frame, event, function: (a, b)\n"
        "    sys.getprofile().__code__ = outer(1, 2).__code__\n    return x.exp()"
    ),
    "that of threads": "threading.setprofile(None)\n    return x.exp()",
    "by C": "ctypes.pythonapi.PyEval_SetProfile(None, None)\n    return x.exp()",
    "a profiler": "import cProfile\n    cProfile.Profile().enable()\n    return x.exp()",
    "torch's modes": (
        "from torch.utils._python_dispatch import _disable_current_modes as off\n"
        "    with off():\n        return x.exp()"
    ),
    "the mode taken away": (
        "from torch.utils._python_dispatch import _pop_mode\n    _pop_mode()\n"
        "    return torch.jit.trace(torch.exp, x)(x)"
    ),
    "the mode taken away by C": "torch._C._pop_torch_dispatch_stack(None)\n    return x.exp()",
    "the mode made deaf": (
        "mode = torch.utils._python_dispatch._get_current_dispatch_mode()\n"
        "    type(mode).__torch_dispatch__ = lambda self, f, t, a=(), k=None: f(*a, **(k or {}))\n    return x.exp()"
    ),
}


@pytest.mark.parametrize("body", OFF.values(), ids=OFF.keys())
def test_switching_the_watching_off_is_reported_and_leaves_nothing_behind(answer_of, body):
    name, _ = used(answer_of(f"def answer(x):\n    {body}"))
    assert name in SWITCHES
    assert sys.getprofile() is threading.getprofile() is None
    assert torch.utils._python_dispatch._get_current_dispatch_mode() is None
    assert used(answer_of(f"def answer(x):\n    {OWN}")) is None


UNSEEN = "on = sys.getprofile()\n    [*map(sys.setprofile, [None])]\n    y = numpy.sort([2, 1])\n    "
BACK = "[*map(sys.setprofile, [on])]\n    return y"
BY_C = "ctypes.pythonapi.PyEval_SetProfile(None, None)\n    return numpy.sort([2, 1])"
FOR_A_MOMENT = {
    "by map": f"def answer(x):\n    {UNSEEN}{BACK}",
    "in a thread": f"def own(x):\n    {UNSEEN}{BACK}\n"
    "def answer(x):\n    return next(concurrent.futures.ThreadPoolExecutor().map(own, [x]))",
    "by C in a thread": f"def own(x):\n    {BY_C}\n"
    "def answer(x):\n    return next(concurrent.futures.ThreadPoolExecutor().map(own, [x]))",
}


@pytest.mark.parametrize("cell", FOR_A_MOMENT.values(), ids=FOR_A_MOMENT.keys())
def test_switching_off_for_a_moment_is_found_where_torch_reports_no_operators(answer_of, cell):
    assert used(answer_of(cell), ["numpy.sort"]) == ["sys.setprofile", ""]


def test_what_is_called_after_python_s_depth_was_reached_is_found(answer_of):
    down = "def down(n):\n    try:\n        return down(n + 1)\n    except RecursionError:\n        return n"
    answer = answer_of(down, "def answer(x):\n    down(0)\n    return numpy.sort(x)")
    assert used(answer, ["numpy.sort"]) == ["numpy.sort", "return numpy.sort(x)"]


@pytest.mark.parametrize("name", ["all", "list", "map"])
def test_a_changed_function_of_python_s_own_is_no_switch(answer_of, monkeypatch, name):
    function = answer_of(f"def answer(x):\n    {OWN}")
    watched = CallWatch(FORBIDDEN)
    with monkeypatch.context() as changed:
        changed.setattr(f"builtins.{name}", lambda *_: None)
        watched.run(function, object)
    assert watched.used is None


def test_an_audit_that_was_prevented_is_reported(answer_of):
    prevented = [True]

    def prevent(event, _):
        if prevented and event == "sys.addaudithook":
            raise RuntimeError

    sys.addaudithook(prevent)
    exec(inspect.getsource(watch), own := {"__name__": "sent to a kernel"})
    unheard = own["CallWatch"]([])
    prevented.clear()
    unheard.run(used, list)
    assert unheard.used == ["sys.setprofile", ""]


def test_a_mode_left_behind_is_reported_and_goes(answer_of):
    assert used(answer_of(LOG, "def answer(x):\n    Log().__enter__()\n    return x"), HELPERS) == [SWITCHES[-1], ""]
    assert torch.utils._python_dispatch._get_current_dispatch_mode() is None


@pytest.mark.parametrize("last, found", [("return x", None), ("return helpers.perplexity(x.exp())", HELPERS[0])])
@pytest.mark.parametrize("loop", ["for _ in range(900):\n        abs(1)", "pass"])
def test_a_mode_of_one_s_own_ends_as_it_began_however_many_calls(answer_of, monkeypatch, loop, last, found):
    monkeypatch.setattr(watch, "MOST_CALLS", 800)
    within = "with Log():\n        y = [abs(1) for _ in range(900)]\n        x = x * 1"
    came = used(answer_of(LOG, f"def answer(x):\n    {within}\n    {loop}\n    {last}"), HELPERS)
    assert came == (found and [found, last])


def test_what_was_on_before_is_on_again(answer_of):
    def profile(*_):
        pass

    answer = answer_of(f"def answer(x):\n    {OWN}")
    sys.setprofile(profile)
    threading.setprofile(profile)
    try:
        answers(answer)
        assert sys.getprofile() is threading.getprofile() is profile
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.mark.parametrize("body", ["for i in range(2_000_000):\n        math.exp(1e-5)\n    return x",
                                  "for i in range(500_000):\n        [].append(i)\n    return x",
                                  "for _ in range(4000):\n        y = torch.exp(x - x.amax(-1))\n    return y"],
                         ids=["a function", "a method", "small tensors"])  # fmt: skip
def test_a_long_loop_takes_bounded_time(answer_of, body):
    function = answer_of(f"def answer(x):\n    {body}")

    def seconds(watch):
        begun = time.thread_time()
        collect(function, CASES, X, watch)
        return time.thread_time() - begun

    alone, watched = (min(seconds(watch) for _ in range(3)) for watch in (None, CallWatch(FORBIDDEN)))
    assert watched < 20 * alone + MOST_CALLS * 4e-6


def test_the_whole_of_a_long_loop_is_not_looked_at_but_torch_s_operators_are(answer_of):
    long = f"def answer(x):\n    for _ in range({MOST_CALLS}):\n        abs(1)\n    "
    assert used(answer_of(long + "return x.exp()")) is None
    assert used(answer_of(long + "return x.softmax(0)")) == ["torch.softmax", "return x.softmax(0)"]
    last = "return helpers.perplexity(x.exp())"
    assert used(answer_of(long + last), HELPERS) == ["helpers.perplexity", last]


def test_a_module_named_like_another_that_reads_otherwise_hides_nothing(answer_of):
    code = (
        "class Odd(str):\n    __str__ = lambda self: 'x'\nown = {'__name__': Odd('numpy.linalg._linalg')}\n"
        "exec('def eigvals(a): pass', own)\n"
        "def answer(x):\n    own['eigvals'](0)\n    return numpy.linalg.eigvals(numpy.eye(2))"
    )
    watching = CallWatch(["numpy.linalg.eigvals"])
    answer = answer_of(code)
    watching.run(answer, lambda: answer(None))
    assert watching.used and watching.used[0] == "numpy.linalg.eigvals"


def test_a_profiler_without_a_hash_can_come_and_go():
    class Profiler:
        __hash__ = None

        def __call__(self, *_):
            pass

    CallWatch(["helpers.softmax_t"]).run(None, lambda: 0)
    before = sys.getprofile()
    sys.setprofile(Profiler())
    sys.setprofile(before)


def test_an_exercise_that_forbids_nothing_is_not_watched(answer_of):
    answer = answer_of("def answer(x):\n    return torch.tensor(sys.getprofile() is None)")
    assert collect(answer, CASES, X)[0]["data"] == "AQ=="
    assert collect(answer, CASES, X, CallWatch(["numpy.sort"]))[0]["data"] == "AA=="


def test_each_way_is_told_once():
    said = [{"used": [name, line]} for name in ("torch.softmax", "numpy.sort") for line in ("a", "b")]
    assert violations(said, FORBIDDEN) == [Violation("torch.softmax", "a")]


@pytest.mark.parametrize("sent", [None, 1, "x", [], ["torch.softmax"], ["torch.softmax", 1], [["torch.softmax"], "x"],
                                  ["any other name", "x"], {"torch.softmax": "x"}])  # fmt: skip
def test_what_no_watch_says_is_no_violation(sent):
    assert violations([{"used": sent}, sent], FORBIDDEN) == []
    assert violations(sent, FORBIDDEN) == []


def test_an_exercise_that_forbids_nothing_has_no_violations():
    assert violations([{"used": ["torch.softmax", "x"]}], ()) == []
