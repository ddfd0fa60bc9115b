"""Judge an answer that is one of many by its properties: formulas such as "P @ L @ U == A", as text in a case file.

A formula compares two sides by ==, <= or >=. A side is made of names, those of the parts of the answer and those of
given arrays, of numbers, of + - * / @ **, of the transpose A.T and of the functions in `FUNCTIONS`; these may have a
small whole number as their second argument, an axis or a diagonal. It is read here and never run as Python, so that
nothing in it can do more. All of it is float64.

Two sides agree where no entries of theirs are further apart than atol + rtol times the size of the formula: the largest
number in a term that is given, or where all of these are 0, in any term. So an answer of large numbers that should
cancel is not judged more mildly. Pure functions of data, with numpy only; a notebook without such cases goes without.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..support.language import Message, english

Values: TypeAlias = Mapping[str, npt.NDArray[Any]]

FUNCTIONS: Mapping[str, Any] = {
    "abs": np.abs,
    "diag": np.diag,
    "max": np.max,
    "min": np.min,
    "norm": lambda value, axis=None: np.linalg.norm(value, axis=axis),
    "sort": np.sort,
    "sum": np.sum,
    "tril": np.tril,
    "triu": np.triu,
}
OPERATORS: Mapping[type[ast.operator], Any] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.MatMult: np.matmul,
    ast.Pow: np.power,
}
COMPARED: Mapping[type[ast.cmpop], Any] = {  # by how much two sides miss each other
    ast.Eq: lambda left, right: np.abs(left - right),
    ast.LtE: np.subtract,
    ast.GtE: lambda left, right: right - left,
}
NOT_FINITE = english("an answer with nan or inf in it")
LONGEST, LARGEST_AXIS = 200, 99  # characters of a formula, and a second argument


def read_formula(text: str, names: set[str]) -> ast.Compare:
    """Return a formula's syntax tree.

    Arguments
        text: the formula.
        names: those that it may have.

    Raises ValueError, naming the part that no formula has.
    """
    try:
        tree = ast.parse(text if len(text) <= LONGEST else "", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError(f"{text[:LONGEST]!r} is no formula of at most {LONGEST} characters") from None
    if not isinstance(tree, ast.Compare) or [type(each) in COMPARED for each in tree.ops] != [True]:
        raise ValueError(f"{text!r} compares no two sides, by ==, <= or >=")
    waiting: list[ast.expr] = [tree.left, *tree.comparators]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            waiting += [node.left, node.right]
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            waiting.append(node.operand)
        elif isinstance(node, ast.Attribute) and node.attr == "T":
            waiting.append(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in FUNCTIONS and is_short(node):
            waiting.append(node.args[0])
        elif not (isinstance(node, ast.Name) and node.id in names) and not is_number(node):
            known = ", ".join(sorted(names | FUNCTIONS.keys()))
            raise ValueError(f"{ast.unparse(node)!r} in {text!r} is nothing that a formula has; its names are {known}")
    return tree


def is_number(node: ast.expr) -> bool:
    """Tell whether a node is a number."""
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def is_short(node: ast.Call) -> bool:
    """Tell whether a call has one argument, or a small whole number as its second."""
    if node.keywords or len(node.args) not in (1, 2):
        return False
    number = node.args[-1]
    number = number.operand if isinstance(number, ast.UnaryOp) and isinstance(number.op, ast.USub) else number
    small = isinstance(number, ast.Constant) and type(number.value) is int and number.value <= LARGEST_AXIS
    return len(node.args) == 1 or small


def misshapen(like: Any, answer: Any, parts_of: Callable[[Any], Any]) -> Any:
    """Return how the form of an answer, or of any part of it, is another than that of a value, whatever the numbers.

    Arguments
        like: the value, of a kind of `kinds`.
        answer: what `collect` has made of the answer.
        parts_of: what gives the parts of a list's answer.
    """
    found = like.difference(answer)
    if not found or found.outcome != "value":
        return found
    parts = zip(like.items, parts_of(answer) or (), strict=True) if hasattr(like, "of_length") else ()
    return next((other for item, part in parts if (other := misshapen(item, part, parts_of))), None)


def lacking(expected: Mapping[str, Any], tensors: Values, value: Any) -> Iterator[tuple[str, Message, Message]]:
    """Yield (formula, what came out, the author's sentence) for each formula that is not true of an answer.

    Arguments
        expected: the expected value: "properties", "like", "names", "given", "rtol" and "atol", as `kinds` says.
        tensors: those of the case file.
        value: the answer as numbers, arrays and lists of them; of a tuple, a list with a value for each name.
    """
    given = {name: tensors[place].astype(np.float64) for name, place in expected["given"].items()}
    names = expected["names"]
    for text, sentence in expected["properties"]:
        try:
            parts = zip(names, value if "tuple" in expected["like"] else [value], strict=True)
            own = {name: np.asarray(part, dtype=np.float64) for name, part in parts}
            finite = all(np.isfinite(part).all() for part in own.values())
            with np.errstate(all="ignore"):
                formula = read_formula(text, {*own, *given})
                got = missed(formula, own, given, expected["rtol"], expected["atol"]) if finite else NOT_FINITE
        except (TypeError, ValueError):  # of what has another shape
            got = english("an answer for which this cannot be computed")
        if got:
            yield text, got, Message(sentence, {})


def missed(formula: ast.Compare, own: Values, given: Values, rtol: float, atol: float) -> Message | None:
    """Return where the sides of a formula miss each other most, or None where they agree; raises ValueError."""
    values = {**given, **own}
    nodes = formula.left, formula.comparators[0]
    left, right = (np.asarray(computed(node, values)) for node in nodes)
    if left.shape != right.shape and left.ndim and right.ndim:
        return english("sides of the shapes {left} and {right}", left=str(left.shape), right=str(right.shape))
    sizes = [(largest(computed(term, values)), has_no_part(term, own)) for node in nodes for term in terms(node)]
    size = max([size for size, known in sizes if known], default=0.0) or max(size for size, _ in sizes)
    bound = atol + rtol * size
    excess = np.asarray(COMPARED[type(formula.ops[0])](left, right))
    if np.isfinite(bound) and (excess <= bound).all():
        return None
    place = np.unravel_index(int(np.argmax(np.nan_to_num(excess, nan=np.inf))), excess.shape)
    one, other = (float(np.broadcast_to(side, excess.shape)[place]) for side in (left, right))
    digits = next((d for d in (5, 8, 12) if f"{one:.{d}g}" != f"{other:.{d}g}"), 17)
    said = {"left": f"{one:.{digits}g}", "right": f"{other:.{digits}g}"}
    if not excess.ndim:
        return english("{left} on its left, {right} on its right", **said)
    where = f"[{', '.join(map(str, map(int, place)))}]"
    return english("{left} on its left, {right} on its right, at {place}", place=where, **said)


def computed(node: ast.expr, values: Values) -> Any:
    """Return what a part of a formula amounts to."""
    if isinstance(node, ast.BinOp):
        return OPERATORS[type(node.op)](computed(node.left, values), computed(node.right, values))
    if isinstance(node, ast.UnaryOp):
        return -computed(node.operand, values)
    if isinstance(node, ast.Attribute):
        return computed(node.value, values).T
    if isinstance(node, ast.Call):
        return FUNCTIONS[ast.unparse(node.func)](computed(node.args[0], values), *map(ast.literal_eval, node.args[1:]))
    return values[node.id] if isinstance(node, ast.Name) else np.float64(ast.literal_eval(node))


def terms(node: ast.expr) -> Iterator[ast.expr]:
    """Yield what is added or subtracted in a side, in the argument of a function too; else the side itself."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield from terms(node.left)
        yield from terms(node.right)
    elif isinstance(node, (ast.UnaryOp, ast.Call)):
        yield from terms(node.args[0] if isinstance(node, ast.Call) else node.operand)
    else:
        yield node


def has_no_part(term: ast.expr, own: Values) -> bool:
    """Tell whether no part of the answer is in a term."""
    return not any(isinstance(node, ast.Name) and node.id in own for node in ast.walk(term))


def largest(value: Any) -> float:
    """Return the size of the largest number in a value."""
    return float(np.max(np.abs(value), initial=0.0))
