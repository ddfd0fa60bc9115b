"""Every regular expression that meets what a student wrote takes time in proportion to it.

A pattern holds the whole interpreter while it looks. They are collected from the code with the ways in which they are
used, so that a new one is here by itself.
"""

import ast
import importlib
import random
import re
import sys
import time
from collections import defaultdict
from functools import cache

import pytest

from grading.course import REPOSITORY
from grading.lms.archives import LONGEST_NAME

WAYS = {"match", "fullmatch", "search", "findall", "finditer", "sub", "split"}
# They read an instructor's texts and commands.
INSTRUCTORS = (
    "grading/authoring/",
    "grading/commands/",
    "grading/reports/catalogues.py",
    "grading/gradebook/due_dates.py",
)
NAMES = ("grading/lms/archives.py", "grading/lms/layouts.py")  # these read names of files, and no texts
LONG, STEPS = 1_000_000, (1_000, 10_000, 100_000)
RANDOM = 8  # kinds of text
PER_SIGN, START = 2e-6, 0.05  # seconds that a linear pattern stays below by far


def modules():
    for folder in ("grading", "helpers/checks"):
        for path in sorted((REPOSITORY / folder).rglob("*.py")):
            name = path.relative_to(REPOSITORY).as_posix()
            if not name.startswith(INSTRUCTORS) and "/template/" not in name and path.name != "zygote.py":
                yield name, ast.parse(path.read_text("utf-8"))


@cache
def patterns():
    """Return {(file, pattern, flags): ways} of all patterns, compiled at the top of a module or written where used."""
    compiled, used, found = {}, defaultdict(set), defaultdict(set)
    for name, tree in modules():
        module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
        written = [node for node in tree.body if isinstance(node, ast.Assign)]
        names = {part.id for node in written for part in ast.walk(node) if isinstance(part, ast.Name)}
        for constant, value in vars(module).items():
            if constant not in names:
                continue
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, re.Pattern):
                    compiled[each] = name, constant
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in WAYS:
                root = node.value.value if isinstance(node.value, ast.Subscript) else node.value
                if isinstance(root, ast.Name) and root.id.isupper():
                    used[root.id].add(node.attr)
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {f"re.{way}" for way in WAYS}:
                written = node.args[0]
                flags = [ast.unparse(part) for part in (*node.args[2:], *(k.value for k in node.keywords))]
                flags = [flag for flag in flags if re.fullmatch(r"re\.[A-Z]+", flag)]
                pattern = eval(compile(ast.Expression(written), name, "eval"), vars(module))
                each = re.compile(pattern, eval("|".join(flags) or "0"))
                found[name, each].add(node.func.attr)
    for each, (name, constant) in compiled.items():
        found[name, each] |= used[constant] or {"match"}  # one that is handed to a function, a prompt's
    return found


def test_the_patterns_are_found():
    known = {(name, pattern.pattern) for name, pattern in patterns()}
    assert len(known) > 35
    assert ("grading/repair/editions.py", r"""^LANGUAGE = ["'](\w+)["']""") in known
    assert ("grading/repair/intake.py", "[\ud800-\udfff]") in known


def pieces(pattern):
    """Return what worst kinds are made of: what the pattern itself names, and signs of every class."""
    literals = re.findall(r"[^\W\d_]{2,}|[0-9_]|[^\w\s\\]", re.sub(r"\\[a-zA-Z]", " ", pattern.pattern))
    return list(dict.fromkeys([*literals, " ", "\t", "\n", "a", "1", "_", " (", "1 ", "a.", "é"]))


def kinds(pattern):
    """Yield (beginning, what is repeated, end)."""
    dice, parts = random.Random(repr(pattern.pattern)), pieces(pattern)
    start = "".join(literal for literal in re.findall(r"^\^?([\w% #:;,.=-]+)", pattern.pattern.replace("\\", "")))
    for part in parts:
        yield "", part, "\0"
        yield start, part, "\0"
        yield f"{start}a", part, "x"
        yield start, f"{part}1_", "\n"
    for _ in range(RANDOM):
        some = [dice.choice(parts) for _ in range(dice.randint(2, 4))]
        end = dice.choice(["\0", "x", "\n", ".", ""]) + dice.choice(["", *parts])
        yield dice.choice(["", start, *parts]), "".join(some), end


def seconds(pattern, way, text):
    begun = time.thread_time()
    getattr(pattern, way)(*(["", text] if way == "sub" else [text]))
    return time.thread_time() - begun


def worst(pattern, ways, longest):
    """Return the first kind of text for which a pattern is too slow, or None; what is quadratic shows when short.

    The longest text is made of the random kinds, and of those that took most time when they were a tenth as long.
    """
    known, taken = list(kinds(pattern)), {}
    for size in [*(step for step in STEPS if step < longest), longest]:
        slowest = sorted(taken, key=taken.get)[-RANDOM:] if size == LONG else known
        for start, part, end in dict.fromkeys([*slowest, *known[-RANDOM:]]):
            text = f"{start}{part * (size // len(part))}{end}"
            spent = [seconds(pattern, way, text) for way in ways]
            most = START + PER_SIGN * size
            for way in (way for way, first in zip(ways, spent, strict=True) if first > most):
                if seconds(pattern, way, text) > most:
                    return way, start, part, size
            taken[start, part, end] = max(spent)
    return None


@pytest.mark.parametrize("name", sorted({name for name, _ in patterns()} - set(NAMES)))
def test_patterns_are_linear(name):
    for (file, pattern), ways in patterns().items():
        if file == name:
            assert worst(pattern, ways, LONG) is None, pattern.pattern


@pytest.mark.parametrize("name", NAMES)
def test_patterns_of_names_are_quick_for_a_long_name(name):
    """They meet none of more letters than `LONGEST_NAME` twice, a zip's and that of a file in it: see test_lms.py."""
    for (file, pattern), ways in patterns().items():
        if file == name:
            assert worst(pattern, ways, 10 * LONGEST_NAME) is None, pattern.pattern


@pytest.mark.parametrize("pattern", [r"^## +(.+?) *(?:\(\d+ [^()]*\))? *$", r"[\w, \t]*=[ \t]*[%!]", r"\s*\((\d+)\)"])
def test_what_is_not_linear_is_found(pattern):
    """The red fixtures: patterns that stood here before."""
    assert worst(re.compile(pattern, re.MULTILINE), {"findall"}, LONG)


if sys.platform == "win32":
    pytest.skip("Windows counts a thread's time in steps of 16 ms", allow_module_level=True)
