"""The usual errors are explained in one sentence, and the student's line that failed is shown, no line of ours."""

import linecache
import math

import numpy as np
import pytest
import torch

from helpers.checks import report
from helpers.checks.errors import explained
from tests.support.course import use_cases

X = torch.tensor([[0.5, -1.0, 2.0], [1.0, 0.0, 3.0]])


def loses_a_dimension():
    return X - X.amax(0, keepdim=True).squeeze() - X.amax(1)


def takes_what_is_not_there():
    if X.ndim == 1:
        stds = []
    return stds


def raises(error):
    raise error


ERRORS = {
    "max": (lambda: X - X.max(-1, keepdim=True), "`.max(dim)` returns values and indices together"),
    "max, as an argument": (lambda: torch.exp(X.max(-1)), "`.max(dim)` returns values and indices together"),
    "sort, its method": (lambda: X.sort(-1).cumsum(0), "`.sort(dim)` returns values and indices together"),
    "a tuple": (lambda: X - tuple(X), "`-` does not work with a tuple"),
    "keepdim": (loses_a_dimension, "unless keepdim=True"),
    "keepdims": (lambda: X.numpy() - X.numpy().max(1), "numpy: keepdims=True"),
    "a method of tensors": (lambda: X.numpy().exp(), "This is a numpy array, and `exp` is a tensor's"),
    "numpy in torch": (lambda: torch.exp(X.numpy()), "torch's functions take tensors, and this is a ndarray"),
    "a float in torch": (lambda: torch.exp(0.5), "torch's functions take tensors, and this is a float"),
    "a list's method": (lambda: [0.5].exp(), "This is a list, and `exp` is not one of its methods"),
    "spelling": (lambda: X.amaximum(), "There is no `amaximum` here"),
    "an unknown name": (lambda: totl, "`totl` is not defined: look at its spelling"),  # noqa: F821
    "nan": (lambda: nan, "`nan` is written math.nan."),  # noqa: F821
    "inf": (lambda: -inf, "`inf` is written math.inf."),  # noqa: F821
    "exp": (lambda: exp(X), "`exp` is written torch.exp for tensors, and math.exp for numbers."),  # noqa: F821
    "a branch": (takes_what_is_not_there, "`stds` gets its value in a branch"),
    "division": (lambda: 1 / 0, "Something is divided by 0 here"),
    "a key": (lambda: {0.5: 1}[0.4], "There is no key 0.4 in this case"),
    "a text key": (lambda: {}["probs"], "There is no key probs in this case"),
    "an index": (lambda: [1, 2][2], "An index points past the end"),
    "an index of a tensor": (lambda: X[5], "An index points past the end"),
    "a dimension": (lambda: X.amax(2), "The tensor has fewer dimensions than this line takes for granted"),
    "max of nothing": (lambda: X[5:].max(), "There is nothing in it, 0 entries"),
    "argmax of nothing": (lambda: X[:0].argmax(), "There is nothing in it, 0 entries"),
    "amax of nothing": (lambda: X[:0].amax(0), "There is nothing in it, 0 entries"),
    "item of nothing": (lambda: X[:0].item(), "There is nothing in it, 0 entries"),
    "numpy's max of nothing": (lambda: X[:0].numpy().max(), "There is nothing in it, 0 entries"),
    "Python's max of nothing": (lambda: max([]), "There is nothing in it, 0 entries"),
    "a stack of nothing": (lambda: torch.stack([]), "There is nothing in it, 0 entries"),
    "the first of nothing": (lambda: X[:0][0], "There is nothing in it, 0 entries"),
    "brackets for a call": (lambda: takes_what_is_not_there[1][2], "A function is called with round brackets"),
    "brackets for a built-in": (lambda: math.hypot[1], "A function is called with round brackets"),
    "brackets for a method": (lambda: X.sum[0], "A function is called with round brackets"),
    "brackets after a number": (lambda: math.pi[0], "This is one number, a float"),
    "a list's key": (lambda: X.tolist()[0.5], "This is a list, and only a dict has such keys"),
    "a tuple's key": (lambda: tuple(X)["probs"], "This is a tuple, and only a dict has such keys"),
    "None": (lambda: X - print(), "Something here is None"),
    "None, its method": (lambda: print().sum(), "Something here is None"),
    "a condition": (lambda: 1 if X > 0 else 0, "A condition is True or False once"),
    "numpy's condition": (lambda: 1 if X.numpy() > 0 else 0, "A condition is True or False once"),
    "one number": (lambda: math.exp(X), "This takes one number, and here is a whole tensor"),
    "item": (lambda: X.item(), "This takes one number, and here is a whole tensor"),
    "numpy's item": (lambda: X.numpy().item(), "This takes one number, and here is a whole tensor"),
    "two dtypes": (lambda: X @ X.T.double(), "Two dtypes meet here"),
    "Float and Double": (lambda: raises(RuntimeError("Float did not match Double")), "Two dtypes meet here"),
    "arguments": (lambda: explained("KeyError"), "other arguments than it takes"),
    "keywords": (lambda: explained(kind="KeyError", word=""), "other arguments than it takes"),
}


@pytest.mark.parametrize("function, words", ERRORS.values(), ids=ERRORS.keys())
def test_an_error_as_python_torch_and_numpy_say_it_is_explained(function, words):
    with pytest.raises(Exception) as caught:
        function()
    assert words in str(explained(caught.type.__name__, str(caught.value)))


@pytest.mark.parametrize(
    ("kind", "text"), [("ValueError", "no"), ("KeyError", "(1, 2)"), ("Own", ""), ("Own", "x" * 300)]
)
def test_of_an_error_of_another_kind_nothing_is_said(kind, text):
    assert explained(kind, text) is None


NESTED = {
    "results[r][T] = 1": "`results[r]` is read before it is made: first `results[r] = {}`, once for every r.",
    "results[r].update({T: 1})": "`results[r]` is read before it is made: first `results[r] = {}`, once for every r.",
    'out[r][T]["x"] = x': "`out[r][T]` is read before it is made: first `out[r][T] = {}`, once for every T.",
    "counts[r] += 1": None,
    "x = results[r][T]": None,
    "out[r] = x[T] == 1": None,
}


@pytest.mark.parametrize(("line", "said"), NESTED.items(), ids=NESTED)
def test_a_key_that_was_given_is_missing_in_the_student_s_own_dict(line, said):
    """results[0.5][3] = ... raised KeyError: 0.5, and "there is no key 0.5 in this case" stood below the 0.5 given."""
    found = explained("KeyError", "0.5", line, "0.5 2 3 ")
    assert (found and str(found)) == said
    for others in ("", "0.25 2 ", "10.5 0.55 "):
        assert "There is no key 0.5 in this case" in str(explained("KeyError", "0.5", line, others))


WRITTEN = {
    "p = 11,09": "a decimal number has a point, no comma: write 11.09",
    "p = f(2, 0,05)  # a share": "a decimal number has a point, no comma: write 0.05",
    "p = 10 000": "a number is written without spaces: 10000",
    "p = 128\u202f256  # tokens": "a number is written without spaces: 128256",
    "p = 1\xa0000": "a number is written without spaces: 1000",
    "p = 007": None,
    "p = 1 000 000": None,
    "p = 10 20": None,
    "p = [1,2": None,
}


@pytest.mark.parametrize(("line", "said"), WRITTEN.items(), ids=map(ascii, WRITTEN))
def test_a_number_that_is_written_as_people_write_it_is_told_how_python_does(line, said):
    with pytest.raises(SyntaxError) as caught:
        compile(line, "", "exec")
    found = explained("SyntaxError", caught.value.msg, line)
    assert (found and str(found)) == said


def told(source, name="softmax_t"):
    """Return what a check says of a function that a notebook's cell defines."""
    lines = [line + "\n" for line in source.splitlines()]
    linecache.cache["<a cell>"] = (len(source), None, lines, "<a cell>")
    scope = {"__name__": "__main__", "torch": torch, "np": np}
    exec(compile(source, "<a cell>", "exec"), scope)
    use_cases(name)
    return str(report(name, scope[name]))


def test_the_line_that_failed_is_the_innermost_of_the_student_s_and_none_of_ours():
    said = told(
        "def shifted(x, dim):\n"
        "    return x - x.max(dim, keepdim=True)\n\n"
        "def softmax_t(x, temperature=1.0, dim=-1):\n"
        "    return torch.exp(shifted(x, dim) / temperature)\n"
    )
    assert said.count("in the line") == 1
    assert "in the line `return x - x.max(dim, keepdim=True)`" in said
    assert "9 cases fail alike: " in said and "9 more" not in said
    assert said.count("`.max(dim)` returns values and indices together: take its `.values`.") == 1


def test_two_lines_that_fail_are_two_things_to_say():
    said = told("def softmax_t(x, temperature=1.0, dim=-1):\n    if x.ndim > 1:\n        return rows\n    return row\n")
    assert "in the line `return row`" in said and "in the line `return rows`" in said
    assert "`row` is not defined" in said and "`rows` is not defined" in said


def test_an_error_in_a_library_is_told_with_the_student_s_line():
    said = told("def softmax_t(x, temperature=1.0, dim=-1):\n    return np.linalg.inv(np.zeros((2, 2)))\n")
    assert "in the line `return np.linalg.inv(np.zeros((2, 2)))`" in said


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("m = max(z)", "Python's `max` compares whole rows"),
        ("top, low = z.amax(0), min(z)", "Python's `min` compares whole rows"),
        ("return sorted(p, reverse=True)", "Python's `sorted` compares whole rows"),
        ("if z.max(0).values > 0:", "A condition is True or False once"),
        ("if torch.max(z) > z or argmax(z):", "A condition is True or False once"),
        ("", "A condition is True or False once"),
    ],
)
@pytest.mark.parametrize("truth", [lambda: max(X), lambda: max(X.numpy())], ids=["torch", "numpy"])
def test_python_s_own_max_on_a_batch_is_named(line, words, truth):
    with pytest.raises(Exception) as caught:
        truth()
    assert words in str(explained(caught.type.__name__, str(caught.value), line))


def test_the_line_of_python_s_max_is_told_with_what_to_use():
    said = told("def softmax_t(x, temperature=1.0, dim=-1):\n    m = max(x)\n    return torch.exp(x - m)\n")
    assert "in the line `m = max(x)`" in said and "use the tensor's own, x.max(...)" in said


def test_a_value_where_a_function_is_asked_for_or_called_is_told_apart():
    use_cases("softmax_t")
    assert "The name of this exercise stands for a value of type int here" in str(report("softmax_t", 5))
    said = told("T = 2.0\ndef softmax_t(x, temperature=1.0, dim=-1):\n    return T(x - 1)\n")
    assert "A value of type float is called like a function: is a * missing" in said
