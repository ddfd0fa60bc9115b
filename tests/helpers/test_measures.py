"""Entropy, perplexity and nucleus size, against 50-digit sums, closed forms and counting."""

import mpmath
import numpy as np
import pytest
import torch

from helpers import entropy, perplexity, tokens_for_mass
from source.tolerance import softmax_tolerance

INF, NAN = float("inf"), float("nan")


def exact_entropy(row):
    with mpmath.workdps(50):
        return float(-mpmath.fsum(mpmath.mpf(v) * mpmath.log(v) for v in row if v > 0))


@pytest.mark.parametrize("dtype, rtol", [(torch.float64, 1e-14), (torch.float32, 1e-6)])
@pytest.mark.parametrize("dim", [0, 1, 2, -1])
def test_entropy_and_perplexity_agree_with_50_digits_along_any_dim(dtype, rtol, dim):
    p = torch.from_numpy(np.random.default_rng(0).dirichlet(np.full(7, 0.3), size=(3, 5))).movedim(-1, dim).to(dtype)
    expected = np.apply_along_axis(exact_entropy, dim, p.double().numpy())
    assert entropy(p, dim).dtype == dtype
    np.testing.assert_allclose(entropy(p, dim), expected, rtol=rtol)
    np.testing.assert_allclose(perplexity(p, dim), np.exp(expected), rtol=4 * rtol)


def test_a_zero_probability_adds_nothing():
    assert entropy([1.0, 0.0]).item() == 0 and perplexity([1.0, 0.0]).item() == 1
    assert perplexity(torch.tensor([0.5, 0.0, 0.5], dtype=torch.float64)).item() == pytest.approx(2, rel=1e-15)


def test_a_uniform_distribution_has_perplexity_n():
    assert perplexity(torch.full((128_256,), 1 / 128_256, dtype=torch.float64)).item() == pytest.approx(128_256)


def test_nan_stays_nan():
    assert perplexity([NAN, 0.5]).isnan()


def test_the_gradient_of_the_entropy_is_right():
    p = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64, requires_grad=True)
    entropy(p).backward()
    np.testing.assert_allclose(p.grad, [-1 - np.log(v) for v in (0.2, 0.3, 0.5)], rtol=1e-14)


@pytest.mark.parametrize(
    "p, mass, expected",
    [
        ([0.1, 0.6, 0.3], 0.5, 1),
        ([0.1, 0.6, 0.3], 0.75, 2),
        ([0.1, 0.6, 0.3], 0.95, 3),
        ([0.5, 0.25, 0.25], 0.5, 1),
        ([0.5, 0.25, 0.25], 0.75, 2),
        ([0.5, 0.25, 0.25], 1, 3),
        ([1.0, 0.0, 0.0], 1.0, 1),
        ([1.0], 0.9, 1),
        ([0.1] * 10, 1.0, 10),
        ([0.1, 0.2, 0.6], 1.0, 3),
    ],
)
def test_tokens_for_mass_counts_the_fewest_entries(p, mass, expected):
    count = tokens_for_mass(torch.tensor(p, dtype=torch.float64), mass)
    assert type(count) is int and count == expected


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
def test_tokens_for_mass_sums_a_vocabulary_in_float64(dtype):
    n = 2**17
    p = torch.full((n,), 1 / n, dtype=dtype, requires_grad=True)
    assert tokens_for_mass(p, 0.9) == 117_965  # ceil(0.9 * 2^17)


def test_a_float32_running_sum_would_miscount_the_vocabulary():
    p = np.full(2**17, 1e-5, dtype=np.float32)
    assert tokens_for_mass(p, 0.9) == 90_001  # 1e-5 rounds down in float32
    assert int((np.cumsum(p) < 0.9).sum()) + 1 != 90_001


@pytest.mark.parametrize(
    "p, mass, sentence",
    [
        ([[0.5, 0.5]], 0.9, r"p has shape \(1, 2\), expected one distribution of shape \(n,\)"),
        (0.5, 0.9, r"p has shape \(\), expected one distribution"),
        ([], 0.9, r"p has shape \(0,\), expected one distribution"),
        ([0.5, NAN], 0.9, "p holds NaN or a negative entry"),
        ([1.5, -0.5], 0.9, "p holds NaN or a negative entry"),
        ([0.5, 0.5], 0, r"mass is 0, expected a share above 0 and at most 1"),
        ([0.5, 0.5], 1.01, r"mass is 1\.01, expected a share"),
        ([0.5, 0.5], NAN, "mass is nan, expected a share"),
        ([0.5, 0.5], "a", "mass is 'a', expected a share"),
        ([0.5, 0.5], None, "mass is None, expected a share"),
    ],
)
def test_tokens_for_mass_says_what_is_wrong(p, mass, sentence):
    with pytest.raises(ValueError, match=sentence):
        tokens_for_mass(p, mass)


def test_the_tolerance_is_the_written_formula():
    x, u = np.array([[1.0, -3.0, 2.0]]), 2.0**-24
    bracket = 4 * 3 / 0.5 + 2 * (2 - x) / 0.5 + 2 * np.log(3) + 3 + 8
    p = np.array([[0.1, 0.2, 0.7]])
    tiny = 2.0**-126
    for dtype, rounding, atol in (
        ("float32", 0, 2 * tiny),
        ("bfloat16", 2 * 2.0**-8, 2 * tiny),
        ("float16", 2 * 2.0**-11, 4 * 2.0**-24),
    ):
        expected = atol + (rounding + np.expm1(u * bracket)) * p
        np.testing.assert_allclose(softmax_tolerance(x, p, 0.5, -1, dtype), expected, rtol=1e-12)
        np.testing.assert_allclose(softmax_tolerance(x.T, p.T, 0.5, 0, dtype), expected.T, rtol=1e-12)


def test_the_tolerance_leaves_non_finite_logits_out_and_survives_odd_inputs():
    masked = softmax_tolerance([-INF, 1.0, NAN], [0.0, 1.0, NAN], 1.0, -1, "float64")
    bracket = 4 + 2 * np.log(3) + 3 + 8
    np.testing.assert_allclose(masked[1], np.expm1(2.0**-53 * bracket), rtol=1e-12)
    assert masked[0] == masked[2] == 2 * np.finfo(np.float64).tiny
    assert softmax_tolerance(3.0, 1.0, INF, -1, "float32").shape == ()
    assert softmax_tolerance(np.empty((2, 0)), np.empty((2, 0)), 1.0, 1, "float32").shape == (2, 0)
    assert softmax_tolerance([-INF, -INF], [NAN, NAN], 1.0, -1, "float64").tolist() == [masked[0]] * 2
    assert not np.isnan(softmax_tolerance([0.0, 80.0], [0.0, 1.0], 1e-320, -1, "float64")).any()
