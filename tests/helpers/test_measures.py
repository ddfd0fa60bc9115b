"""Entropy, perplexity and nucleus size, against 50-digit sums, closed forms and counting."""

from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import torch

from helpers import entropy, perplexity, softmax_t, tokens_for_mass
from source.tolerance import softmax_tolerance

INF, NAN = float("inf"), float("nan")
both = pytest.mark.parametrize("function", [entropy, perplexity])
# torch itself warns of what it uses for them.
forward_mode = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


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


def test_an_entry_of_0_has_the_gradient_0_and_leaves_the_others_theirs():
    p = torch.tensor([0.0, 0.2, 0.8], dtype=torch.float64, requires_grad=True)
    gradient = torch.autograd.grad(entropy(p), p, create_graph=True)[0]
    np.testing.assert_allclose(gradient.detach(), [0, -1 - np.log(0.2), -1 - np.log(0.8)], rtol=1e-14)
    second = torch.autograd.grad(gradient.sum(), p)[0]
    np.testing.assert_allclose(second, [0, -1 / 0.2, -1 / 0.8], rtol=1e-14)


def exact_measure(function, logits, temperature):
    """The measure of a softmax in 50 digits; a masked logit is absent."""
    terms = [mpmath.exp(x / temperature) for x in logits]
    p = [term / mpmath.fsum(terms) for term in terms]
    found = -mpmath.fsum(q * mpmath.log(q) for q in p if q)
    return found if function is entropy else mpmath.exp(found)


def exact_derivatives(function, logits, temperature):
    """Gradient and Hessian by the logits, and both derivatives by the temperature, from 50-digit differences."""
    n = len(logits)
    there = [i for i in range(n) if logits[i] > -INF]
    gradient, hessian = np.zeros(n), np.zeros((n, n))
    with mpmath.workdps(50):
        at = tuple(mpmath.mpf(logits[i]) for i in there)
        for a, i in enumerate(there):
            for b, j in enumerate(there):
                order = [0] * len(there)
                order[a] += 1
                gradient[i] = mpmath.diff(lambda *x: exact_measure(function, x, temperature), at, tuple(order))
                order[b] += 1
                hessian[i, j] = mpmath.diff(lambda *x: exact_measure(function, x, temperature), at, tuple(order))
        by_t = [mpmath.diff(lambda t: exact_measure(function, at, t), temperature, k) for k in (1, 2)]
    return gradient, hessian, float(by_t[0]), float(by_t[1])


@forward_mode
@both
@pytest.mark.parametrize("dtype, atol", [(torch.float64, 1e-13), (torch.float32, 3e-6)])
@pytest.mark.parametrize("logits", [[-INF, 1.0, 2.0], [0.0, 110.0], [0.0, 800.0, 799.0], [0.3, -1.0, 2.0]], ids=str)
@pytest.mark.parametrize("temperature", [0.7, 1.0])
def test_derivatives_through_softmax_are_right_where_probabilities_are_0(function, dtype, atol, logits, temperature):
    gradient, hessian, by_t, twice_by_t = exact_derivatives(function, logits, temperature)
    x, t = torch.tensor(logits, dtype=dtype), torch.tensor(temperature, dtype=dtype)

    def measured(x, t):
        return function(softmax_t(x, t))

    for way in (torch.func.jacrev, torch.func.jacfwd):
        np.testing.assert_allclose(way(lambda x: measured(x, temperature))(x), gradient, rtol=0, atol=atol)
        np.testing.assert_allclose(way(measured, 1)(x, t), by_t, rtol=0, atol=atol)
        for then in (torch.func.jacrev, torch.func.jacfwd):
            np.testing.assert_allclose(then(way(lambda x: measured(x, temperature)))(x), hessian, rtol=0, atol=4 * atol)
            np.testing.assert_allclose(then(way(measured, 1), 1)(x, t), twice_by_t, rtol=0, atol=16 * atol)


def test_the_perplexity_of_half_precision_is_rounded_once():
    n = 128_256
    p = torch.full((n,), 1 / n, dtype=torch.bfloat16)
    np.testing.assert_allclose(perplexity(p).double(), np.exp(exact_entropy(p[:1].tolist()) * n), rtol=2**-8)
    rows = torch.from_numpy(np.random.default_rng(0).dirichlet(np.full(300, 0.3), size=8)).half()
    expected = np.array([exact_entropy(row) for row in rows.tolist()])
    np.testing.assert_allclose(entropy(rows).double(), expected, rtol=2**-11)
    np.testing.assert_allclose(perplexity(rows).double(), np.exp(expected), rtol=2**-11)
    assert perplexity(torch.full((n,), 1 / n, dtype=torch.float16)) == INF  # as the docstring says


@both
def test_integers_and_bools_are_probabilities_of_the_default_dtype(function):
    for p in ([0, 1], [False, True], torch.tensor([0, 1], dtype=torch.uint8)):
        assert function(p).dtype == torch.float32 and function(p) == (function is perplexity)


@pytest.mark.parametrize("function", [entropy, perplexity, tokens_for_mass])
@pytest.mark.parametrize(
    "p, sentence",
    [
        (torch.tensor([0.5 + 0.5j, 0.5]), r"p is torch\.complex64, expected real numbers: pass p\.real or p\.abs\(\)"),
        (np.array([1j]), r"p is torch\.complex128, expected real numbers"),
        (torch.ones(2).to(torch.float8_e5m2), r"p is torch\.float8_e5m2, which torch stores and does not compute in"),
        ("0.5", "p is '0.5', expected a tensor, a NumPy array, or lists of numbers"),
        (None, "p is None, expected a tensor"),
        ([Decimal("0.5")], r"p is \[Decimal\('0\.5'\)\], expected a tensor"),
        ([[0.5], [0.5, 0.5]], r"p is \[\[0\.5\], \[0\.5, 0\.5\]\], expected a tensor"),
    ],
)
def test_what_is_no_tensor_of_real_numbers_is_refused(function, p, sentence):
    with pytest.raises(TypeError, match=sentence):
        function(p)


@both
@pytest.mark.parametrize("dim", [True, 0.0, "0", None, (0,), torch.tensor(False)], ids=repr)
def test_a_dim_that_is_no_integer_is_refused(function, dim):
    with pytest.raises(TypeError, match=r"dim is .+, expected the number of one axis"):
        function([[0.5, 0.5]], dim)
    with pytest.raises(IndexError):
        function([[0.5, 0.5]], 2)


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


@pytest.mark.parametrize(
    "mass", [Fraction(3, 4), Decimal("0.75"), np.float16(0.75), np.array(0.75), torch.tensor(0.75), mpmath.mpf(0.75)]
)
def test_a_number_of_any_kind_is_a_mass(mass):
    assert tokens_for_mass([0.1, 0.6, 0.3], mass) == 2


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
        ([0.5, NAN], 0.9, "p holds NaN, inf or a negative entry"),
        ([1.5, -0.5], 0.9, "p holds NaN, inf or a negative entry"),
        ([0.5, INF], 0.9, "p holds NaN, inf or a negative entry"),
        (torch.tensor([7e4]).half(), 0.9, "p holds NaN, inf or a negative entry"),
        ([0.5, 0.5], 0, r"mass is 0, expected a share above 0 and at most 1"),
        ([0.5, 0.5], 1.01, r"mass is 1\.01, expected a share"),
        ([0.5, 0.5], NAN, "mass is nan, expected a share"),
        ([0.5, 0.5], "a", "mass is 'a', expected a share"),
        ([0.5, 0.5], None, "mass is None, expected a share"),
        ([0.5, 0.5], "0.9", "mass is '0.9', expected a share"),
        ([0.5, 0.5], b"1", "mass is b'1', expected a share"),
        ([0.5, 0.5], True, "mass is True, expected a share"),
        ([0.5, 0.5], torch.tensor(True), r"mass is tensor\(True\), expected a share"),
        ([0.5, 0.5], 0.5 + 0j, r"mass is \(0\.5\+0j\), expected a share"),
        ([0.5, 0.5], np.complex64(0.5), "mass is np.complex64"),
        ([0.5, 0.5], torch.tensor([0.5, 0.9]), r"mass is tensor\(\[0\.5000, 0\.9000\]\), expected a share"),
        ([0.5, 0.5], Fraction(3, 2), r"mass is Fraction\(3, 2\), expected a share"),
        ([0.5, 0.5], Decimal("NaN"), r"mass is Decimal\('NaN'\), expected a share"),
        ([0.5, 0.5], 10**400, "mass is 1000"),
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
