"""Rules about how: each forbidden way is found with its name and line, and honest code is left alone."""

import pytest

from helpers.checks.rules import violations

FORBIDDEN = ("*.softmax", "*.log_softmax", "*.Softmax", "*.Categorical", "helpers.*entropy")
IMPORTS = "import torch, operator, importlib, functools, builtins\nimport helpers\nimport torch.nn.functional as F"


def found(*cells):
    return [(violation.name, violation.line) for violation in violations([IMPORTS, *cells], "answer", FORBIDDEN)]


WAYS = {
    "attribute": ("torch.softmax(x, -1)", "torch.softmax"),
    "attribute of a package": ("torch.nn.functional.log_softmax(x, -1).exp()", "torch.nn.functional.log_softmax"),
    "method": ("(x / 2).softmax(-1)", "softmax"),
    "method of a variable": ("x.softmax(-1)", "x.softmax"),
    "unbound method": ("torch.Tensor.softmax(x, -1)", "torch.Tensor.softmax"),
    "alias of a module": ("F.softmax(x, -1)", "torch.nn.functional.softmax"),
    "class": ("torch.nn.Softmax(-1)(x)", "torch.nn.Softmax"),
    "getattr": ('getattr(torch, "softmax")(x, -1)', "torch.softmax"),
    "getattr with a default": ('getattr(torch, "softmax", None)(x, -1)', "torch.softmax"),
    "getattr of a method": ('getattr(x / 2, "softmax")(-1)', "softmax"),
    "getattr by its module": ('builtins.getattr(torch, "softmax")(x, -1)', "torch.softmax"),
    "getattr with a text in parts": ('getattr(torch, "soft" + "max")(x, -1)', "torch.softmax"),
    "getattr with an f-string": ("""getattr(torch, f"soft{'max'}")(x, -1)""", "torch.softmax"),
    "dunder getattribute": ('torch.__getattribute__("softmax")(x, -1)', "softmax"),
    "attrgetter": ('operator.attrgetter("nn.functional.softmax")(torch)(x, -1)', "nn.functional.softmax"),
    "attrgetter of several": ('operator.attrgetter("exp", "softmax")(torch)[1](x, -1)', "softmax"),
    "methodcaller": ('operator.methodcaller("softmax", -1)(x)', "softmax"),
    "dict of a module": ('torch.__dict__["softmax"](x, -1)', "softmax"),
    "get from a dict of a module": ('torch.__dict__.get("softmax")(x, -1)', "softmax"),
    "vars": ('vars(torch)["softmax"](x, -1)', "softmax"),
    "importlib": ('importlib.import_module("torch").softmax(x, -1)', "torch.softmax"),
    "dunder import": ('__import__("torch").softmax(x, -1)', "torch.softmax"),
    "eval": ('eval("torch.softmax(x, -1)")', "torch.softmax"),
    "lambda": ("(lambda y: torch.softmax(y, -1))(x)", "torch.softmax"),
    "comprehension": ("[torch.softmax(row, -1) for row in x]", "torch.softmax"),
    "distributions": ("torch.distributions.Categorical(logits=x).probs", "torch.distributions.Categorical"),
}


@pytest.mark.parametrize("code, name", WAYS.values(), ids=WAYS.keys())
def test_a_forbidden_way_is_found_with_its_name_and_line(code, name):
    assert found(f"def answer(x):\n    y = 1\n    return {code}") == [(name, f"return {code}")]


CELLS = {
    "from-import": ("from torch import softmax", "def answer(x):\n    return softmax(x, -1)"),
    "from-import under another name": ("from torch import softmax as s", "def answer(x):\n    return s(x, -1)"),
    "from-import in the function": ("def answer(x):\n    from torch import softmax\n    return softmax(x, -1)",),
    "from-import in a block": ("try:\n    from torch import softmax\nexcept ImportError:\n    pass",
                               "def answer(x):\n    return softmax(x, -1)"),
    "from-import of getattr's kin": ("from operator import methodcaller as m",
                                     'def answer(x):\n    return m("softmax", -1)(x)'),
    "star import": ("from torch import *", "def answer(x):\n    return softmax(x, -1)"),
    "assigned function": ("normalise = torch.softmax", "def answer(x):\n    return normalise(x, -1)"),
    "assigned module": ("h = helpers", "def answer(x):\n    return h.entropy(x)"),
    "assigned module in the function": ("def answer(x):\n    h = helpers\n    return h.entropy(x)",),
    "assigned twice": ("a = torch.nn", "b = a.functional", "def answer(x):\n    return b.softmax(x, -1)"),
    "assigned answer": ("answer = torch.softmax",),
    "partial": ("answer = functools.partial(torch.softmax, dim=-1)",),
    "helper function": ("def helper(x):\n    return torch.softmax(x, -1)", "def answer(x):\n    return helper(x)"),
    "helper of a helper": ("def one(x):\n    return torch.softmax(x, -1)", "def two(x):\n    return one(x)",
                           "def answer(x):\n    return two(x)"),
    "helper defined later": ("def answer(x):\n    return helper(x)", "helper = lambda x: torch.softmax(x, -1)"),
    "method of a class": ("class Net:\n    def forward(self, x):\n        return torch.softmax(x, -1)",
                          "def answer(x):\n    return Net().forward(x)"),
    "subclass": ("class Net(torch.nn.Softmax):\n    pass", "def answer(x):\n    return Net(-1)(x)"),
    "default argument": ("def answer(x, way=torch.softmax):\n    return way(x, -1)",),
    "decorator": ("def swap(f):\n    return lambda x: torch.softmax(x, -1)", "@swap\ndef answer(x):\n    return x"),
    "wrapped afterwards": ("def answer(x):\n    return torch.softmax(x, -1)", "answer = functools.cache(answer)"),
    "in a branch": ("if True:\n    def answer(x):\n        return torch.softmax(x, -1)\nelse:\n    answer = None",),
    "container": ("ways = {'a': torch.softmax}", "def answer(x):\n    return ways['a'](x, -1)"),
}  # fmt: skip


@pytest.mark.parametrize("cells", CELLS.values(), ids=CELLS.keys())
def test_a_forbidden_way_is_found_wherever_the_exercise_reaches_it(cells):
    [(name, line)] = found(*cells)
    assert name.rpartition(".")[2].lower() in ("softmax", "entropy")
    assert line in [each.strip() for cell in cells for each in cell.split("\n")]


HONEST = {
    "own function": ("def softmax(x):\n    return x.exp() / x.exp().sum()", "def answer(x):\n    return softmax(x)"),
    "own function inside": ("def answer(x):\n    def softmax(y):\n        return y\n    return softmax(x)",),
    "own function beside an import": ("from torch import softmax", "def softmax(x):\n    return x",
                                      "def answer(x):\n    return softmax(x)"),
    "own method": ("class Net:\n    def softmax(self, x):\n        return x\n    def both(self, x):\n"
                   "        return self.softmax(x)", "net = Net()", "def answer(x):\n    return net.softmax(x)"),
    "variable": ("from torch import softmax", "def answer(x):\n    softmax = x.exp()\n    return softmax / 2"),
    "parameter": ("from torch import softmax", "def answer(x, softmax=1.0):\n    return x * softmax"),
    "comment and docstring": ('def answer(x):\n    """torch.softmax(x)"""\n    # torch.softmax\n    return x',),
    "text": ("def answer(x):\n    print('use torch.softmax')\n    return {'softmax': x}.get('softmax')",),
    "key": ("def answer(results):\n    return results['softmax']",),
    "keyword": ("def answer(x):\n    return dict(softmax=x)",),
    "longer name": ("def answer(x):\n    return torch.my_softmax_of(x)",),
    "another cell's use": ("y = torch.softmax(torch.zeros(2), -1)", "def other(x):\n    return torch.softmax(x, -1)",
                           "def answer(x):\n    return x.exp()", "torch.softmax(answer(y), -1)"),
    "an earlier attempt": ("def answer(x):\n    return torch.softmax(x, -1)", "def answer(x):\n    return x.exp()"),
    "an earlier helper": ("def h(x):\n    return torch.softmax(x, -1)", "def h(x):\n    return x",
                          "def answer(x):\n    return h(x)"),
    "an attempt that is no Python": ("def answer(x):\n    return torch.softmax(x, -1", "def answer(x):\n    return x"),
    "recursion": ("def answer(x):\n    return answer(x[1:]) if len(x) else x",),
    "star import of another module": ("from math import *", "def answer(x):\n    return exp(x)"),
    "entropy of another library": ("import scipy.stats", "def answer(p):\n    return scipy.stats.entropy(p)"),
    "no definition at all": ("1 + 1",),
}  # fmt: skip


@pytest.mark.parametrize("cells", HONEST.values(), ids=HONEST.keys())
def test_honest_code_raises_no_alarm(cells):
    assert found(*cells) == []


def test_lines_are_counted_as_python_counts_them():
    assert found("s = '\x0c'\r\ndef answer(x):\r\n    return torch.softmax(x, -1)") == [
        ("torch.softmax", "return torch.softmax(x, -1)")
    ]


def test_each_use_is_reported_once():
    assert len(found("def answer(x):\n    return torch.softmax(x, 0) + F.softmax(x, 0) + torch.softmax(x, 0)")) == 2


@pytest.mark.parametrize("depth", [2000, 20000], ids=["for this module", "for Python's parser"])
def test_code_nested_too_deeply_to_read_is_refused_not_passed_over(depth):
    [(name, _)] = found("def answer(x):\n    return x" + ".a" * depth)
    assert name == "code nested too deeply to be read"


def test_an_exercise_that_forbids_nothing_is_not_searched():
    assert violations(["def answer(x):\n    return torch.softmax(x, -1)"], "answer", ()) == []
