"""What readers were told wrongly, each with the one true thing that is said instead: in a check and at grading."""

import inspect
import math
import re
import textwrap
from itertools import pairwise

import numpy as np
import pytest
import torch

from grading.authoring.exercise import Answer
from helpers.checks import report
from tests.support.course import ASSIGNMENTS, use_cases
from tests.support.matrix import EXERCISES, files, judge


def normalised(weights, dim):
    return weights / weights.sum(dim, keepdim=True)


def one_too_few(p, mass=0.9):
    return int((p.sort(descending=True).values.double().cumsum(0) < mass).sum())


def keeps_dim(p, dim=-1):
    return torch.exp(-torch.special.xlogy(p, p).sum(dim, keepdim=True))


def divides_by_T_twice(n_points, temperature=1.0):
    return 1 / (n_points * temperature**2)


def default_of_2(x, temperature=2.0, dim=-1):
    return normalised(torch.exp((x - x.amax(dim, keepdim=True)) / temperature), dim)


def naive_in_float64(x, temperature=1.0, dim=-1):
    return normalised(torch.exp(x.double() / temperature), dim).to(x.dtype)


def maximum_of_the_batch_in_float64(x, temperature=1.0, dim=-1):
    z = x.double() / temperature
    return normalised(torch.exp(z - z.max()), dim).to(x.dtype)


def maximum_after_exp(x, temperature=1.0, dim=-1):
    weights = torch.exp(x / temperature)
    return normalised(weights - weights.amax(dim, keepdim=True), dim)


def logit_after_exp(x, temperature=1.0, dim=-1):
    return normalised(torch.exp(x / temperature) - x.amax(dim, keepdim=True), dim)


def adds_1e_14(x, temperature=1.0, dim=-1):
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / (weights.sum(dim, keepdim=True) + 1e-14)


def shifts_when_large(x, temperature=1.0, dim=-1):
    z = x / temperature
    return normalised(torch.exp(z - z.amax(dim, keepdim=True) if z.max() > 30 else z), dim)


def values_and_indices(x, temperature=1.0, dim=-1):
    return normalised(torch.exp((x - x.max(dim, keepdim=True)) / temperature), dim)


def numpy_arrays(x, temperature=1.0, dim=-1):
    z = x.numpy() / np.asarray(temperature, x.numpy().dtype)
    weights = np.exp(z - z.max(axis=dim, keepdims=True))
    return weights / weights.sum(axis=dim, keepdims=True)


def entries_of_6(results):
    return {r: {t: e["probs"][e["logits"] == 6].sum().item() for t, e in by_t.items()} for r, by_t in results.items()}


def pairs_as_keys(results):
    return {(r, t): e["probs"][-1].item() for r, by_t in results.items() for t, e in by_t.items()}


def texts_as_keys(results):
    return {str(r): {str(t): e["probs"][-1].item() for t, e in by_t.items()} for r, by_t in results.items()}


def the_articles_keys(results):
    return {r: {t: results[r][t]["probs"][-1].item() for t in (0.5, 1, 3)} for r in (0.4, 1, 5)}


def rounded(stds):
    return [round(b / a, 4) if a else math.nan for a, b in pairwise(stds)]


def takes_from_its_list(stds):
    found = []
    while len(stds) > 1:
        before = stds.pop(0)
        found.append(stds[0] / before if before else math.nan)
    return found


def assigns_nothing(start, temperature, n_steps=300):
    p = start
    for _ in range(n_steps):
        torch.softmax(p / temperature, 0)
    return p.max()


def the_articles_crossing(narrow, wide, n_points=100, outlier=6.0):
    return 1.5


def run(n_points, n_iters, low, high, temperature, dtype, first=None, last=True):
    """Return (probs, stds, x) with another first distribution, or without the last of the inputs."""
    x = torch.linspace(low, high, n_points + (not last), dtype=dtype)[:n_points]
    probs = [torch.softmax(x / temperature, 0) if first is None else first(x)]
    for _ in range(n_iters):
        probs.append(torch.softmax(probs[-1] / temperature, 0))
    return probs, [p.std().item() for p in probs], x


def other_first(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    return run(n_points, n_iters, min_val, max_val, temperature, dtype, first=lambda x: x / (1 + x.abs().sum()))


def means(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    probs, _, x = run(n_points, n_iters, min_val, max_val, temperature, dtype)
    return probs, [p.mean().item() for p in probs], x


def other_inputs(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    probs, stds, x = run(n_points, n_iters, min_val, max_val, temperature, dtype)
    return probs, stds, x + 0.25


def every_input_twice_as_far(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    return run(n_points, n_iters, min_val, 2 * max_val + 1, temperature, dtype)


def population_deviations(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    probs, _, x = run(n_points, n_iters, min_val, max_val, temperature, dtype)
    return probs, [p.std(unbiased=False).item() for p in probs], x


def one_repeat_short(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    return run(n_points, n_iters - 1, min_val, max_val, temperature, dtype)


def first_again(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    first = torch.softmax(x / temperature, 0)
    probs = [first, *[torch.softmax(first / temperature, 0)] * n_iters]
    return probs, [p.std().item() for p in probs], x


def without_x(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    return run(n_points, n_iters, min_val, max_val, temperature, dtype)[:2]


def pasted_formula(x, temperature=1.0, dim=-1):
    weights = torch.exp(x)
    return weights / weights.sum()


def whole_tensor(x, temperature=1.0, dim=-1):
    weights = torch.exp(x / temperature)
    return weights / weights.sum()


def adds_3e_9(p, dim=-1):
    return torch.exp(-(p * torch.log(p + 3e-9)).sum(dim))


def no_dict_for_each_range(ranges, temperatures, n_points=100, outlier=6.0):
    results = {}
    for r in ranges:
        x = torch.cat([torch.linspace(-r, r, n_points), torch.tensor([outlier])])
        for T in temperatures:
            results[r][T] = {"logits": x, "probs": torch.softmax(x / T, 0)}
    return results


def no_dict_for_each_share(results):
    masses = {}
    for r in results:
        for T in results[r]:
            masses[r][T] = results[r][T]["probs"][-1].item()
    return masses


def leaves_its_loop(stds):
    for before, after in pairwise(stds):
        return [after / before if before else math.nan]


def in_another_order(n_points=20, n_iters=8, min_val=0.0, max_val=1.0, temperature=1.0, dtype=torch.float64):
    probs, stds, x = run(n_points, n_iters, min_val, max_val, temperature, dtype)
    return stds, x, probs


OF_X, OF_STDS, OF_PROBS = (
    "x is n_points evenly spaced values",
    "stds are sample deviations",
    "probs[0] is softmax(x / T)",
)
TOLD = [
    ("tokens_for_mass", one_too_few, "a count that is one too few"),
    ("perplexity", keeps_dim, "A dimension of size 1 is left over"),
    ("contraction_rate", divides_by_T_twice, "a rate that divides by T twice"),
    ("softmax_t", default_of_2, "a softmax whose default temperature is 2"),
    ("softmax_t", naive_in_float64, "a softmax that overflows or underflows: subtract the maximum before exp"),
    ("softmax_t", maximum_of_the_batch_in_float64, "subtracts the maximum of the whole tensor, not of each row"),
    ("softmax_t", maximum_after_exp, "a softmax that subtracts the maximum after exp, not before"),
    ("softmax_t", logit_after_exp, "a softmax that subtracts the maximum after exp, not before"),
    ("softmax_t", adds_1e_14, "nearly right: something small is added, or lost by rounding"),
    ("softmax_t", shifts_when_large, "Subtract the maximum before exp"),
    ("softmax_t", values_and_indices, "`.max(dim)` returns values and indices together"),
    ("softmax_t", numpy_arrays, "This is a numpy array, and a tensor is asked for"),
    ("outlier_mass", entries_of_6, "The share is the probability of the last entry"),
    ("outlier_mass", pairs_as_keys, "A key is one number, not a pair"),
    ("outlier_mass", texts_as_keys, "The keys are the numbers themselves, not texts of them"),
    ("outlier_mass", the_articles_keys, "There is no key 0.4 in this case"),
    ("softmax_t", pasted_formula, "the formula of section 2: it knows neither temperature nor dim, and overflows"),
    ("softmax_t", whole_tensor, "a softmax that normalises the whole tensor at once"),
    ("perplexity", adds_3e_9, "nearly right: something small is added, or lost by rounding or in float32"),
    ("temperature_range_experiment", no_dict_for_each_range, "first `results[r] = {}`, once for every r"),
    ("outlier_mass", no_dict_for_each_share, "`masses[r]` is read before it is made"),
    ("decay_ratios", leaves_its_loop, "Does the function return before its loop is done?"),
    ("decay_ratios", rounded, "Your numbers are rounded to 4 decimals"),
    ("decay_ratios", takes_from_its_list, "wrote into its argument, a list: work on a copy of it"),
    ("final_top", assigns_nothing, "Your numbers match the start: keep what each step gives"),
    ("crossing_temperature", the_articles_crossing, "the crossing of the article's ranges"),
    ("iterative_softmax_experiment", other_first, OF_PROBS),
    ("iterative_softmax_experiment", means, OF_STDS),
    ("iterative_softmax_experiment", other_inputs, OF_X),
    ("iterative_softmax_experiment", every_input_twice_as_far, OF_X),
    ("iterative_softmax_experiment", population_deviations, "divides by n instead of n - 1"),
    ("iterative_softmax_experiment", one_repeat_short, "one distribution too few"),
    ("iterative_softmax_experiment", first_again, "takes the softmax of probs[0] every time"),
    ("iterative_softmax_experiment", without_x, "Return all 3: probs, stds, x."),
    ("iterative_softmax_experiment", in_another_order, "These are the right values in another order"),
]


def advice(results):
    """Return what is said of the cases that failed, each sentence once."""
    return {str(result.diagnosis) for result in results if result.diagnosis}


@pytest.mark.parametrize(("exercise", "answer", "true"), TOLD, ids=[answer.__name__ for _, answer, _ in TOLD])
def test_a_check_says_one_thing_and_it_is_true(exercise, answer, true):
    use_cases(exercise)
    shown = report(exercise, answer)
    [said] = advice(shown.results)
    assert true in said and not shown.passed and str(shown).count(said) <= len(shown.alike())


@pytest.mark.parametrize(("exercise", "answer", "true"), TOLD, ids=[answer.__name__ for _, answer, _ in TOLD])
def test_grading_says_the_same_of_the_public_cases(exercise, answer, true):
    source = textwrap.dedent(inspect.getsource(answer)).replace(answer.__name__, exercise)
    graded = judge(exercise, Answer("wrong_", answer, source, ""), files(EXERCISES[exercise])).report
    [said] = advice(result for result in graded.results if not result.hidden)
    assert true in said and true in str(graded)


def test_a_nan_among_wrong_numbers_is_what_is_shown():
    """Of [0, nan] for [88, 89] the 0 was shown, and that it is wrong."""
    use_cases("softmax_t")
    [found] = [each for each in report("softmax_t", whole_tensor).results if each.name == "float32 logits near 88"]
    assert (str(found.expected), str(found.got)) == ("[1]: 0.73106", "nan (2 of 2 entries differ)")


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_how_to_write_a_number_names_both_ends_of_its_range(assignment):
    """1001 was refused because "a ratio of deviations is not below 0"."""
    cases = [case for each in files(assignment)[0].exercises.values() for case in each["cases"]]
    for guess in [case["expected"] for case in cases if "guess" in case["expected"]]:
        said = re.sub(r"(?<=\d)[ \u00a0](?=\d{3})", "", guess["how"].partition(":")[0])
        assert set(re.findall(r"\d+", said)) >= {f"{end:.0f}" for end in guess["guess"]}, guess["how"]
