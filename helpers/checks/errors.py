"""Explain the usual errors of a student's function in one sentence: what Python and torch say is not always enough."""

import re

from ..support.language import Message, english

# (name of the error's type, pattern of its text and, below that, the student's line, what to say); the pattern's named
# groups fill the sentence.
EXPLAINED = [
    (
        "",
        r"MPS.{0,80}float64",
        english('Apple\'s GPUs (mps) have no float64: make this tensor with device="cpu", or in float32.'),
    ),
    (
        "",
        r"return_types\.(?P<name>\w+)",
        english("`.{name}(dim)` returns values and indices together: take its `.values`."),
    ),
    ("", r"NoneType", english("Something here is None: a function without `return` gives None.")),
    (
        "UnboundLocalError",
        r"variable '(?P<name>\w+)'",
        english("`{name}` gets its value in a branch or a loop that did not run here."),
    ),
    ("NameError", r"name '(?P<name>nan|inf)' is not defined", english("`{name}` is written math.{name}.")),
    (
        "NameError",
        r"name '(?P<name>exp|log|sqrt)' is not defined",
        english("`{name}` is written torch.{name} for tensors, and math.{name} for numbers."),
    ),
    (
        "NameError",
        r"name '(?P<name>\w+)' is not defined",
        english("`{name}` is not defined: look at its spelling, and whether the cell that defines it has run."),
    ),
    (
        "ZeroDivisionError",
        r"",
        english("Something is divided by 0 here: treat that case apart, before the division."),
    ),
    (  # of a dict of dicts: what was given is no key of the student's own dict yet
        "KeyError",
        r"^([\w.]{1,40})\n(?P<name>\w+(?:\[\w+\])*\[(?P<each>\w+)\])(?:\[.+\] *=[^=]|\.update\().*\n(?:.* )?\1 ",
        english("`{name}` is read before it is made: first `{name} = {{}}`, once for every {each}."),
    ),
    (
        "KeyError",
        r"^'?(?P<key>[\w.]{1,40})'?\n.*\n(?!(?:.* )?(?P=key) )",
        english("There is no key {key} in this case: take the keys from what the function is given."),
    ),
    (
        "IndexError",
        r"[Dd]imension out of range",
        english("The tensor has fewer dimensions than this line takes for granted: use dim as it is given."),
    ),
    (
        "",
        r"numel\(\) == 0|non-zero size|0 elements|zero-size array|is empty|empty sequence|non-empty|with size 0",
        english("There is nothing in it, 0 entries: look at how it was made."),
    ),
    ("IndexError", r"", english("An index points past the end: n entries have the indices 0 to n - 1.")),
    ("RecursionError", r"", english("The function calls itself without end.")),
    (
        "",
        r"must match the size of tensor|could not be broadcast",
        english(
            "These shapes do not fit: max and sum lose the dimension that they run along, unless keepdim=True "
            "(numpy: keepdims=True)."
        ),
    ),
    (
        "AttributeError",
        r"'numpy\.\w+' object has no attribute '(?P<name>\w+)'",
        english("This is a numpy array, and `{name}` is a tensor's: stay with the tensor, or use torch.from_numpy."),
    ),
    (
        "AttributeError",
        r"'(?P<type>float|int|list|tuple|dict|str)' object has no attribute '(?P<name>\w+)'",
        english("This is a {type}, and `{name}` is not one of its methods: is it a tensor's?"),
    ),
    (
        "AttributeError",
        r"has no attribute '(?P<name>\w+)'",
        english("There is no `{name}` here: look at its spelling."),
    ),
    (
        "TypeError",
        r"must be Tensor, not (?:numpy\.)?(?P<type>\w+)",
        english("torch's functions take tensors, and this is a {type}: make a tensor of it first."),
    ),
    (
        "TypeError",
        r"positional argument|unexpected keyword|multiple values for",
        english("A function is called here with other arguments than it takes: compare their names and order."),
    ),
    (
        "TypeError",
        r"^unsupported operand type\(s\) for (?P<sign>\S{1,4}): .*'(?P<type>list|tuple|dict|str)'",
        english("`{sign}` does not work with a {type}: take the entry that you need, or make a tensor of it."),
    ),
    (
        "TypeError",
        r"(function|method)\w{0,40}' object is not subscriptable",
        english("A function is called with round brackets: f(x, y), not f[x][y]."),
    ),
    (
        "TypeError",
        r"'(?P<type>float|int)' object is not subscriptable",
        english("This is one number, a {type}: it has no entries."),
    ),
    (
        "TypeError",
        r"^(?P<type>list|tuple) indices must be",
        english("This is a {type}, and only a dict has such keys."),
    ),
    (
        "",
        r"only one element tensors|only integer tensors|cannot be converted to Scalar|can only convert an array",
        english("This takes one number, and here is a whole tensor: use torch's functions for it, not those of math."),
    ),
    (
        "TypeError",
        r"^'(?P<type>\w+)' object is not callable\n$",
        english("The name of this exercise stands for a value of type {type} here, not for a function."),
    ),
    (
        "TypeError",
        r"^'(?P<type>\w+)' object is not callable",
        english("A value of type {type} is called like a function: is a * missing, or has its name a second meaning?"),
    ),
    (
        "",
        r"([Bb]oolean value of Tensor|truth value of an array).*\n.*(?<![\w.])(?P<name>max|min|sorted)\(",
        english("Python's `{name}` compares whole rows: use the tensor's own, x.max(...), x.min(...) or x.sort(...)."),
    ),
    (
        "",
        r"[Bb]oolean value of Tensor|truth value of an array",
        english("A condition is True or False once, and a tensor has many: use torch.where, .any() or .all()."),
    ),
    (
        "SyntaxError",
        r"^leading zeros.*\n.*?(?<!\d)(?P<whole>\d+),(?P<part>0\d+)",
        english("a decimal number has a point, no comma: write {whole}.{part}"),
    ),
    (
        "SyntaxError",
        r"^invalid .*\n\w+ *= *(?P<first>\d{1,3})[ \u00a0\u202f](?P<last>\d{3}) *(?:#|$)",
        english("a number is written without spaces: {first}{last}"),
    ),
    (
        "RuntimeError",
        r"expected scalar type|same dtype|result type|did not match",
        english("Two dtypes meet here: make new tensors with dtype=x.dtype."),
    ),
]


PATTERNS = tuple(re.compile(pattern) for _, pattern, _ in EXPLAINED)


def explained(kind: str, text: str, line: str = "", given: str = "") -> Message | None:
    """Return what an error usually means; None where its text says enough.

    Arguments
        kind, text: the name of its type, and its text.
        line: the student's line that it came from, if any.
        given: of a KeyError, what the function was given to take keys from, each followed by a blank.
    """
    for k, (asked, _, sentence) in enumerate(EXPLAINED):
        if asked in ("", kind) and (found := PATTERNS[k].search(f"{text}\n{line}\n{given}")):
            return Message(sentence.id, found.groupdict())
    return None
