"""Find code that is alike in a class, for a person to look at: it is no verdict, and no mark depends on it.

The code of a cell, without comments, layout and the names that it gives, becomes a set of fingerprints: some of the
hashes of all runs of `RUN` tokens, chosen by winnowing (Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms
for document fingerprinting", SIGMOD 2003), so that two cells with `RUN` + `WINDOW` - 1 tokens in common share one. What
was released is nobody's own. A short answer is much like everybody's, so what counts is how seldom in the class the
shared code is, and in how many exercises there is some: see `alike_code`. Pure functions of a class as it was read.
"""

import ast
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache, partial
from hashlib import blake2b
from itertools import combinations

from grading.bounded import Child, TooDear
from grading.repair.cell_code import module_of, python_in

RUN = 12  # tokens of a fingerprint
WINDOW = 4  # of fingerprints, one of which is kept
LEAST = 4  # fingerprints in common in an exercise; fewer are a line or two
LONGEST = 20_000  # characters of a cell that is compared
SMALLEST_CLASS = 10  # below it nothing can be told from what others have
MOST = 20  # students who have a fingerprint by which pairs are looked for
BY_CHANCE = 0.01  # pairs of the class that may be listed although each of them wrote alone
HALF = 0.5  # of an exercise's code in common, from which on it is named
TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class SharedCode:
    """What students have in common in an exercise.

    Attributes
        exercise: its name; empty for cells of their own.
        share: the part of the fingerprints that they share, of those of the one who has more; from 0 to 1.
        holders: how many of the class, these students included, have such a fingerprint (a geometric mean).
    """

    exercise: str
    share: float
    holders: int


@dataclass(frozen=True)
class Alike:
    """Members of the class whose code is alike.

    Attributes
        members: two or more, in the order of the class; each is alike with at least one of the others.
        where: the exercises of which they share at least half, with the smallest share among those who are alike.
        score: how little by chance it is, of the pair that is least alike: the sum that `alike_code` explains.
    """

    members: tuple
    where: tuple[SharedCode, ...]
    score: float


class WithoutNames(ast.NodeTransformer):
    """Take out of code what is easily changed: the names that it gives, texts, docstrings and annotations."""

    def __init__(self, given):
        self.given = given

    def visit_FunctionDef(self, node):
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        node.name, node.returns = "_", None
        return self.generic_visit(node)

    def visit_arg(self, node):
        return ast.arg("_")

    def visit_Name(self, node):
        return ast.Name("_" if node.id in self.given else node.id, node.ctx)

    def visit_AnnAssign(self, node):
        plain = ast.Assign([node.target], node.value) if node.value else ast.Expr(node.target)
        return self.generic_visit(ast.fix_missing_locations(ast.copy_location(plain, node)))

    def visit_Constant(self, node):
        return ast.Constant("" if isinstance(node.value, str) else node.value)


def code_tokens(source):
    """Return the tokens of a cell's code without what is easily changed; none of what is no Python, or too long."""
    tree = module_of(python_in(source)) if len(source) <= LONGEST else None
    try:
        nodes = list(ast.walk(tree)) if tree else []
        given = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
        given |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        return TOKEN.findall(ast.unparse(WithoutNames(given).visit(tree))) if tree else []
    except (RecursionError, ValueError):  # nested deeper than anybody writes
        return []


def hashes_in(source):
    """Return the hashes of all runs of tokens in a cell's code, in order: the same on every machine."""
    tokens = code_tokens(source)
    runs = [" ".join(tokens[i : i + RUN]).encode() for i in range(len(tokens) - RUN + 1)]
    return [int.from_bytes(blake2b(run, digest_size=8).digest()) for run in runs]


@lru_cache(maxsize=2048)  # short answers are often the same, and the released cells always
def fingerprints(source):
    """Return the fingerprints of a cell's code: of every `WINDOW` neighbours among its hashes the smallest."""
    hashes = hashes_in(source)
    return frozenset(min(hashes[i : i + WINDOW]) for i in range(max(1, len(hashes) - WINDOW + 1)) if hashes)


def documents(member, released):
    """Return {exercise: fingerprints} of what a member of the class has written, without the ``released`` hashes."""
    found = {name: fingerprints(finding.source) - released for name, finding in member.findings.items()}
    found[""] = frozenset().union(*map(fingerprints, member.extras)) - released
    return found


def documents_or_none(read, member):
    """Return a member's fingerprints; none where their code takes too much to read."""
    try:
        return read(member)
    except TooDear:
        return {}


def alike_code(data, release):
    """Return whose code is alike in a class, a list of `Alike`, least by chance first.

    In an exercise, what two students share weighs the mean of ln(students / students who have it) over its
    fingerprints, times its part of the longer answer: 0 for what all have. If all wrote without one another, two of
    them would come to a sum of s over the exercises with a chance of about exp(-s). Listed is a pair whose sum is so
    large that `BY_CHANCE` pairs of the class would be expected to reach it, or fewer: with 200 students it takes
    code in four exercises that nobody else has, whatever its length. Nothing is listed in a class below
    `SMALLEST_CLASS`.

    Arguments
        data: the class.
        release: the released notebook; another edition has the same code, but for what is taken out anyway.
    """
    released = {each for cell in release.cells if cell.cell_type == "code" for each in hashes_in(cell.source)}
    with Child(partial(documents, released=released)) as read:
        work = {member: documents_or_none(read, member) for member in data.members if member.is_judged}
    work = {member: found for member, found in work.items() if any(found.values())}
    if len(work) < SMALLEST_CLASS:
        return []
    holders = defaultdict(list)
    for member, found in work.items():
        for exercise, each in found.items():
            for fingerprint in each:
                holders[exercise, fingerprint].append(member)
    seldom = {key: math.log(len(work) / len(members)) for key, members in holders.items()}
    candidates = {pair for members in holders.values() if len(members) <= MOST for pair in combinations(members, 2)}
    compared = {pair: in_common(*(work[member] for member in pair), seldom) for pair in candidates}
    scores = {pair: sum(share * weight for share, weight in found.values()) for pair, found in compared.items()}
    bound = math.log(math.comb(len(work), 2) / BY_CHANCE)
    linked = [pair for pair, score in scores.items() if score >= bound]
    order = {member: number for number, member in enumerate(work)}
    found = []
    for members in groups_of(linked):
        pairs = [pair for pair in linked if pair[0] in members]
        where = where_alike([compared[pair] for pair in pairs], len(work))
        found.append(Alike(tuple(sorted(members, key=order.get)), where, min(scores[pair] for pair in pairs)))
    return sorted(found, key=lambda each: (-each.score, order[each.members[0]]))


def in_common(first, second, seldom):
    """Return {exercise: (share, weight)} of the code that two students share: its part, and how seldom it is."""
    found = {}
    for exercise, mine in first.items():
        theirs = second.get(exercise, set())
        both = mine & theirs
        if len(both) >= LEAST:
            weights = [seldom[exercise, fingerprint] for fingerprint in sorted(both)]
            found[exercise] = len(both) / max(len(mine), len(theirs)), math.fsum(weights) / len(both)
    return found


def where_alike(pairs, students):
    """Return what all of some pairs share; ``pairs`` are what `in_common` returns for each."""
    common = set.intersection(*(set(found) for found in pairs))
    shares = {exercise: min(found[exercise][0] for found in pairs) for exercise in pairs[0] if exercise in common}
    return tuple(
        SharedCode(name, share, round(students * math.exp(-min(found[name][1] for found in pairs))))
        for name, share in shares.items()
        if share >= HALF
    )


def groups_of(pairs):
    """Return the sets into which pairs join their members."""
    group = {}
    for first, second in pairs:
        joined = group.get(first, {first}) | group.get(second, {second})
        group |= dict.fromkeys(joined, joined)
    return list({id(members): members for members in group.values()}.values())
