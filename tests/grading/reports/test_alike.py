"""Code that is alike is found however it is renamed, and honest students who write the same short answers are not."""

import ast
import itertools
import math
import os
import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grading.authoring.exercise import load_exercises
from grading.reports import alike as module
from grading.reports.alike import RUN, WINDOW, alike_code, code_tokens, fingerprints
from tests.support.course import ASSIGNMENTS, COURSE
from tests.support.made_answers import MadeClass, written

SECOND = ASSIGNMENTS[1]
BANK = {
    name: {exercise.name: exercise for exercise in load_exercises(COURSE.folder, name).values() if exercise.answers}
    for name in ASSIGNMENTS
}
# Answers as one student writes them, who does things in a way of her own.
HERS = {
    "perplexity": """def perplexity(p):
    total = p.new_zeros(p.shape[:-1])
    for k in range(p.shape[-1]):
        share = p[..., k]
        total = total + torch.where(share > 0, share * share.clamp(min=1e-300).log(), torch.zeros_like(share))
    return torch.exp(-1 * total)""",
    "smallest": """def smallest(function, ranges, temperatures):
    table = {}
    for r in ranges:
        for T in temperatures:
            table[(r, T)] = function(r, T)
    where = sorted(table, key=table.get)[0]
    return table[where], where[0], where[1]""",
    "tokens_for_mass": """def tokens_for_mass(p, mass):
    left, count = mass, 0
    for value in p.sort().values.flip(0).tolist():
        if left <= 0:
            break
        left, count = left - value, count + 1
    return count""",
    "sample_tokens": """def sample_tokens(p, u):
    edges = [0.0]
    for share in p.tolist():
        edges.append(edges[-1] + share)
    drawn = [sum(edge <= float(one) for edge in edges[1:]) for one in u.flatten()]
    return torch.tensor(drawn).clip(0, p.numel() - 1).view_as(u)""",
    "outlier_mass": """def outlier_mass(results, r, T):
    row = results[r][T]
    logits, probs = row["logits"].tolist(), row["probs"].tolist()
    both = [(logit, prob) for logit, prob in zip(logits, probs)]
    both.sort(reverse=True)
    (logit, prob), *others = both
    return prob""",
}


def honest_class(name, size, seed):
    """Return the answers of students who each write what the bank has: right ones mostly, some oftener than others."""
    draw, own = random.Random(seed), COURSE.solutions(name)
    found = []
    for _ in range(size):
        answers = {}
        for exercise, of in BANK[name].items():
            right = [answer.source for answer in of.answers.values() if answer.right] + [own[exercise]]
            wrong = [answer.source for answer in of.answers.values() if not answer.right]
            often = [1 / (i + 1) for i in range(len(right))]
            answers[exercise] = draw.choices(right, often)[0] if draw.random() < 0.75 else draw.choice(wrong)
        found.append(answers)
    return found


class Renamed(ast.NodeTransformer):
    """Give what a cell names by itself other names."""

    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_arg(self, node):
        return ast.arg(self.names.get(node.arg, node.arg))


def disguised(source):
    """Return code with other names, comments and layout."""
    tree = ast.parse(source)
    given = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    given |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    names = {name: f"my_{number}" for number, name in enumerate(sorted(given))}
    lines = ast.unparse(Renamed(names).visit(tree)).split("\n")
    return "\n\n".join([f"{line}  # my own idea" for line in lines])


def found_in(answers, name=SECOND):
    """Return the numbers of the students whose code is alike in a class with these answers, group by group."""
    members = [written(each, number) for number, each in enumerate(answers)]
    found = alike_code(MadeClass(members), COURSE.release(name))
    return [[member.id for member in group.members] for group in found], found


@pytest.mark.parametrize("name", ASSIGNMENTS)
@pytest.mark.parametrize("size", [12, 200])
def test_nobody_is_listed_who_wrote_the_same_short_answers_as_others(name, size):
    assert found_in(honest_class(name, size, "honest"), name) == ([], [])


@pytest.mark.parametrize("size", [12, 200])
def test_a_copy_with_other_names_comments_and_layout_is_listed_and_nobody_else(size):
    """The red fixture."""
    answers = honest_class(SECOND, size, "copied")
    answers[3] |= HERS
    answers[8] = {exercise: disguised(source) for exercise, source in answers[3].items()}
    [pair], [group] = found_in(answers)
    assert pair == [3, 8] and set(HERS) <= {each.exercise for each in group.where}
    hers = [each for each in group.where if each.exercise in HERS]
    assert {each.share for each in hers} == {1.0} and max(each.holders for each in hers) <= 5
    assert group.score >= math.log(math.comb(size, 2) * 100)


def test_code_that_ends_the_process_that_reads_it_costs_no_comparison_but_its_own(monkeypatch):
    answers = honest_class(SECOND, 12, "copied")
    answers[3] |= HERS
    answers[8] = {exercise: disguised(source) for exercise, source in answers[3].items()}
    answers[11] = dict.fromkeys(answers[11], "end = 'this process'")
    read = module.fingerprints
    monkeypatch.setattr(
        module, "fingerprints", lambda source: os._exit(1) if "this process" in source else read(source)
    )
    assert found_in(answers)[0] == [[3, 8]]


def test_three_who_share_are_one_group_and_those_who_share_a_line_are_none():
    answers = honest_class(SECOND, 40, "three")
    for number in (1, 5, 30):
        answers[number] |= {exercise: disguised(source) for exercise, source in HERS.items()}
        answers[number]["loss_floor"] = f"def loss_floor(n):\n    return float(torch.tensor({number}))"  # their own
    groups, [group] = found_in(answers)
    assert groups == [[1, 5, 30]] and max(each.holders for each in group.where if each.exercise in HERS) <= 4


def test_cells_of_their_own_count_and_what_was_released_does_not():
    answers = honest_class(SECOND, 40, "extras")
    members = [written(each, number) for number, each in enumerate(answers)]
    long = "\n\n".join(HERS.values())
    for number in (2, 7):
        members[number] = written(answers[number], number, extras=(long, long))
    release = COURSE.release(SECOND)
    bound = math.log(math.comb(40, 2) / module.BY_CHANCE)
    alone = [[member.id for member in group.members] for group in alike_code(MadeClass(members), release)]
    assert alone == [], f"one text weighs ln(40 / 2), which is below {bound}"
    for number in (2, 7):
        members[number] = written(answers[number] | HERS, number, extras=(long + "\nprint(long)",))
    [group] = alike_code(MadeClass(members), release)
    assert "" in {each.exercise for each in group.where}
    given = SimpleNamespace(cells=[*release.cells, SimpleNamespace(cell_type="code", source=long)])
    assert alike_code(MadeClass(members), given) == []


def test_a_class_below_ten_and_those_without_a_verdict_are_not_compared():
    answers = honest_class(SECOND, 12, "small")
    answers[0] = answers[1] = answers[1] | HERS
    assert found_in(answers)[0] == [[0, 1]] and found_in(answers[:9])[0] == []
    members = [written(each, number, is_judged=number > 0) for number, each in enumerate(answers)]
    assert alike_code(MadeClass(members), COURSE.release(SECOND)) == []


def test_the_score_is_what_the_docstring_says():
    answers = honest_class(SECOND, 30, "score")
    answers[4] |= HERS
    answers[9] |= {exercise: disguised(source) for exercise, source in HERS.items()}
    answers[9]["perplexity"] += "\n\nprint(perplexity(torch.ones(4) / 4), perplexity(torch.ones(9) / 9), 'is right')"
    released = {h for cell in COURSE.release(SECOND).cells for h in module.hashes_in(cell.source)}
    prints = [{name: fingerprints(text) - released for name, text in each.items()} for each in answers]
    total = 0.0
    for name in BANK[SECOND]:
        mine, theirs = prints[4][name], prints[9][name]
        if len(mine & theirs) >= 4:
            part = len(mine & theirs) / max(len(mine), len(theirs))
            seldom = [math.log(30 / sum(f in each[name] for each in prints)) for f in mine & theirs]
            total += part * sum(seldom) / len(seldom)
    [pair], [group] = found_in(answers)
    assert pair == [4, 9] and group.score == pytest.approx(total, rel=1e-12)
    assert {each.exercise: each.share for each in group.where}["perplexity"] < 1


# Fingerprints


def test_names_comments_texts_layout_docstrings_and_annotations_make_no_difference():
    plain = HERS["perplexity"]
    typed = plain.replace("(p):", '(p: torch.Tensor) -> torch.Tensor:\n    """Mine."""')
    assert code_tokens(plain) == code_tokens(disguised(plain)) == code_tokens(typed)
    assert code_tokens("x: int = len('a')") == code_tokens('value = len("another")') != code_tokens("x = sum('a')")
    assert fingerprints(plain) and not fingerprints(plain) & fingerprints(HERS["smallest"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=9), st.lists(st.integers(0, 3), min_size=8, max_size=20), st.data())
def test_code_with_enough_tokens_in_common_shares_a_fingerprint(before, common, data):
    after = data.draw(st.lists(st.integers(0, 3), max_size=9))
    first, second = (f"f({', '.join(map(str, each))})" for each in ([*before, *common], [*common, *after]))
    shared = len(code_tokens(f"f({', '.join(map(str, common))})")) - 3  # without f and the brackets
    if shared >= RUN + WINDOW - 1:
        assert fingerprints(first) & fingerprints(second)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "def (",
        "x = 1",
        "%%bash\nls",
        "f(" * 5_000,
        "-" * 10_000 + "1",
        "+".join("1" * 9_000),
        "x" + ".x" * 9_000,
        "0x" + "f" * 19_000,
        "9" * 19_000,
        "x = 1\n" * 4_000,
    ],
)
def test_a_cell_of_any_kind_is_read_in_bounded_time_and_may_have_no_fingerprints(source):
    assert fingerprints(source) == set()


def test_groups_join_what_pairs_link():
    pairs = [(1, 2), (5, 6), (3, 4), (4, 2), (6, 7)]
    assert sorted(map(sorted, module.groups_of(pairs))) == [[1, 2, 3, 4], [5, 6, 7]]
    assert module.groups_of([]) == []
    assert all(not a & b for a, b in itertools.combinations(module.groups_of(pairs), 2))
