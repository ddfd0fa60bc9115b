"""softmax_t and log_softmax_t: accuracy against 50 digits, and each convention for odd inputs."""

from itertools import product

import mpmath
import numpy as np
import pytest
import torch

from helpers import log_softmax_t, softmax_t
from source.tolerance import softmax_tolerance

INF, NAN = float("inf"), float("nan")
HALVES = [torch.float16, torch.bfloat16]
DTYPES = [torch.float64, torch.float32, *HALVES]
UNIT_ROUNDOFF = {d: torch.finfo(d).eps / 2 for d in DTYPES}
both = pytest.mark.parametrize("function", [softmax_t, log_softmax_t])


def name(dtype):
    return str(dtype).removeprefix("torch.")


def exact(x, temperature):
    """Probabilities and their logarithms along the last axis, from 50 digits; one exp per distinct logit."""
    p, log_p = np.empty(x.shape), np.empty(x.shape)
    with mpmath.workdps(50):
        for row in np.ndindex(x.shape[:-1]):
            values, place, counts = np.unique(x[row], return_inverse=True, return_counts=True)
            scaled = [mpmath.mpf(float(v)) / mpmath.mpf(temperature) for v in values]
            terms = (int(c) * mpmath.exp(s) for c, s in zip(counts, scaled, strict=True))
            log_sum = mpmath.log(mpmath.fsum(terms))
            p[row] = np.array([float(mpmath.exp(s - log_sum)) for s in scaled])[place]
            log_p[row] = np.array([float(s - log_sum) for s in scaled])[place]
    return p, log_p


def fraction(answer, x, temperature, reference):
    """The largest error as a share of the tolerance: above 1 is a failure."""
    allowed = softmax_tolerance(x.double().numpy(), reference, temperature, -1, name(answer.dtype))
    return float(np.max(np.abs(answer.double().numpy() - reference) / allowed))


def log_fraction(answer, x, temperature, reference):
    """The same for logarithms, whose absolute error is the relative error of the probability."""
    computed_in = name(torch.promote_types(answer.dtype, torch.float32))
    allowed = softmax_tolerance(x.double().numpy(), np.ones(x.shape), temperature, -1, computed_in)
    allowed = allowed + 2 * UNIT_ROUNDOFF[answer.dtype] * np.abs(reference)
    return float(np.max(np.abs(answer.double().numpy() - reference) / allowed))


def logits(n, spread, offset, dtype):
    """Two rows of logits, normal and linear, on a grid of eighths: few exps make a reference."""
    normal = np.random.default_rng(n).normal(size=n)
    rows = np.stack([spread * normal / max(abs(normal).max(), 1), np.linspace(-spread, spread, n)])
    return torch.from_numpy(np.round(rows * 8) / 8 + offset).to(dtype)  # (2, n)


def worst_fractions(dtype, sizes, temperatures):
    """The largest fraction of each function; nan where one is nan, which Python's own max() would pass over."""
    worst = np.zeros(2)
    for n, spread, offset, temperature in product(sizes, (1, 10, 80), (0, 1000), temperatures):
        x = logits(n, spread, offset, dtype)
        p, log_p = exact(x.double().numpy(), temperature)
        found = fraction(softmax_t(x, temperature), x, temperature, p)
        worst = np.maximum(worst, [found, log_fraction(log_softmax_t(x, temperature), x, temperature, log_p)])
    return worst


@pytest.mark.parametrize("dtype", DTYPES, ids=name)
def test_both_lie_within_the_tolerance_of_a_50_digit_reference(dtype):
    assert (worst_fractions(dtype, (1, 2, 7, 101), (0.05, 0.3, 1.0, 3.0, 20.0)) < 1).all()


@pytest.mark.parametrize("dtype", DTYPES, ids=name)
def test_a_vocabulary_lies_within_the_tolerance_of_a_50_digit_reference(dtype):
    assert (worst_fractions(dtype, (128_256,), (0.05, 0.7, 1.0)) < 1).all()


def test_the_tolerance_sees_an_answer_of_zeros():
    for dtype in DTYPES:
        x = torch.zeros(1, 128_256, dtype=dtype)
        assert fraction(torch.zeros_like(x), x, 1.0, np.full(x.shape, 1 / 128_256)) > 1


@pytest.mark.parametrize("logit", [5.0, 10.0, 30.0])
def test_the_tolerance_sees_a_bfloat16_division(logit):
    x = torch.tensor([[0.0, logit - 1, logit]], dtype=torch.bfloat16)
    z = x / 0.3
    naive = torch.softmax((z - z.amax(-1, keepdim=True)).float(), -1).to(x.dtype)
    p, _ = exact(x.double().numpy(), 0.3)
    assert fraction(softmax_t(x, 0.3), x, 0.3, p) < 1 < fraction(naive, x, 0.3, p)


def test_the_tolerance_sees_an_epsilon_in_the_denominator():
    x = torch.zeros(1, 1)
    assert fraction(x.exp() / (x.exp().sum(-1, keepdim=True) + 1e-6), x, 1.0, np.ones((1, 1))) > 1


def test_an_offset_of_1000_costs_nothing_where_dividing_first_costs_hundreds_of_ulp():
    x = logits(101, 10, 1000, torch.float32)
    p, _ = exact(x.double().numpy(), 0.3)
    large = p > 1e-3

    def ulps(answer):
        return float((np.abs(answer.double().numpy() - p) / p)[large].max() / torch.finfo(x.dtype).eps)

    assert ulps(softmax_t(x, 0.3)) < 8
    assert ulps(torch.softmax(x / 0.3, -1)) > 100


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=name)
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
def test_dim_is_the_axis_that_is_normalised(function, dtype, dim):
    x = torch.randn(3, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(dtype)
    moved = x.movedim(dim, -1)
    p, log_p = exact(moved.double().numpy(), 0.5)
    for strided in (x, x.transpose(0, 2).contiguous().transpose(0, 2)):
        answer = function(strided, 0.5, dim=dim)
        assert answer.shape == x.shape and answer.dtype == dtype
        answer = answer.movedim(dim, -1)
        if function is softmax_t:
            assert fraction(answer, moved, 0.5, p) < 1
        else:
            assert log_fraction(answer, moved, 0.5, log_p) < 1


def test_log_softmax_stays_finite_where_log_of_softmax_breaks():
    x = torch.tensor([0.0, 200.0], requires_grad=True)
    log_p = log_softmax_t(x, 0.5)
    assert log_p.tolist() == [-400.0, 0.0]
    log_p[0].backward()
    assert x.grad.tolist() == [2.0, -2.0]


@both
@pytest.mark.parametrize("temperature", [0, -1.0, NAN, -INF, 1e-46, torch.tensor(0.0), torch.tensor(NAN)])
def test_a_temperature_that_is_not_above_0_is_refused_by_value(function, temperature):
    with pytest.raises(ValueError, match=f"temperature is {float(temperature)!r}, expected a number above 0"):
        function(torch.zeros(2), temperature)


@both
def test_a_temperature_that_underflows_is_refused_in_the_dtype_of_the_computation(function):
    assert function(torch.tensor([0.0, 1.0], dtype=torch.float64), 1e-46)[1] == (function is softmax_t)
    for dtype in HALVES:
        with pytest.raises(ValueError, match=r"1e-46, expected a number above 0 in torch\.float32"):
            function(torch.zeros(2, dtype=dtype), 1e-46)


@both
@pytest.mark.parametrize("temperature", [torch.ones(2), torch.ones(1), np.ones((2, 1))])
def test_a_temperature_that_is_not_0d_is_refused_by_shape(function, temperature):
    with pytest.raises(ValueError, match=r"has shape \(.*\), expected one number or a 0-d tensor"):
        function(torch.zeros(2), temperature)


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=name)
def test_an_infinite_temperature_is_uniform_over_the_unmasked(function, dtype):
    x = torch.tensor([5.0, -INF, -70.0, 3.0, 0.0], dtype=dtype)
    expected = np.array([0.25, 0.0, 0.25, 0.25, 0.25])
    if function is log_softmax_t:
        expected = np.where(expected > 0, np.log(0.25), -INF)
    for temperature in (INF, torch.tensor(INF), 1e39 if dtype is not torch.float64 else INF):
        np.testing.assert_allclose(function(x, temperature).double(), expected, rtol=4 * UNIT_ROUNDOFF[dtype])


@pytest.mark.parametrize("dtype", DTYPES, ids=name)
@pytest.mark.parametrize("temperature", [1e-30, 1.2e-38, 1e-39, 1e-44])
def test_a_tiny_temperature_is_the_right_one_hot(dtype, temperature):
    x = torch.tensor([[1.0, 3.0, 2.0, -INF], [60.0, -60.0, 2.0, 1.0]], dtype=dtype)
    assert softmax_t(x, temperature).tolist() == [[0, 1, 0, 0], [1, 0, 0, 0]]
    log_p = log_softmax_t(x, temperature)
    assert not log_p.isnan().any()
    assert log_p.argmax(-1).tolist() == [1, 0] and log_p.amax(-1).tolist() == [0, 0]


def test_a_subnormal_temperature_still_scales_subnormal_gaps():
    x, temperature = torch.tensor([[0.0, -1e-39, -3e-39]]), 2e-39
    p, log_p = exact(x.double().numpy(), temperature)
    np.testing.assert_allclose(softmax_t(x, temperature).double(), p, rtol=1e-6)
    np.testing.assert_allclose(log_softmax_t(x, temperature).double(), log_p, rtol=1e-6)


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=name)
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1e-40, INF])
@pytest.mark.parametrize("n", [2, 37])
def test_a_row_with_nan_or_inf_or_only_masked_logits_is_nan_and_alone(function, dtype, temperature, n):
    x = torch.zeros(5, n, dtype=dtype)
    x[0, -1], x[1, 0], x[2], x[3] = NAN, INF, -INF, INF
    for answer in (function(x, temperature), function(x.t(), temperature, dim=0).t()):
        assert answer[:4].isnan().all()
        assert not answer[4].isnan().any()


@pytest.mark.parametrize("dtype", DTYPES, ids=name)
@pytest.mark.parametrize("temperature", [0.5, 1.0, INF])
def test_a_masked_logit_has_probability_0_and_gradient_0(dtype, temperature):
    x = torch.tensor([1.0, -INF, 2.0], dtype=dtype, requires_grad=True)
    p = softmax_t(x, temperature)
    assert p[1] == 0
    (p * torch.tensor([1.0, 5.0, -2.0])).sum().backward()
    assert x.grad[1] == 0 and x.grad.isfinite().all()
    x.grad = None
    log_p = log_softmax_t(x, temperature)
    assert log_p[1] == -INF
    log_p[0].backward()
    assert x.grad[1] == 0 and x.grad.isfinite().all()


@both
@pytest.mark.parametrize("temperature", [0.5, 1.0, INF])
def test_integers_and_bools_become_the_default_float_dtype(function, temperature):
    expected = function(torch.tensor([0.0, 1.0]), temperature)
    for x in ([0, 1], [False, True], torch.tensor([0, 1], dtype=torch.uint8)):
        answer = function(x, temperature)
        assert answer.dtype == torch.float32 and torch.equal(answer, expected)


@both
def test_lists_and_arrays_are_accepted_and_keep_their_dtype(function):
    assert torch.equal(function([1.0, 3.0], 0.5), function(torch.tensor([1.0, 3.0]), 0.5))
    assert function(np.array([1.0, 3.0]), np.float32(0.5)).dtype == torch.float64
    assert function(np.array([1.0, 3.0], dtype=np.float16), 0.5).dtype == torch.float16


@both
def test_complex_logits_are_refused(function):
    with pytest.raises(TypeError, match=r"x is torch\.complex64, softmax needs real logits"):
        function(torch.zeros(2, dtype=torch.complex64))


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=name)
@pytest.mark.parametrize("temperature", [0.5, 1.0, INF])
def test_empty_stays_empty_and_a_scalar_is_certain(function, dtype, temperature):
    for shape in ((0,), (3, 0), (0, 3)):
        empty = function(torch.empty(shape, dtype=dtype), temperature)
        assert empty.shape == shape and empty.dtype == dtype
    scalar = function(torch.tensor(7.0, dtype=dtype), temperature)
    assert scalar.shape == () and scalar == (1.0 if function is softmax_t else 0.0)


@both
def test_an_empty_input_does_not_hide_a_wrong_temperature(function):
    with pytest.raises(ValueError, match=r"temperature is 0\.0"):
        function(torch.empty(0), 0.0)


@pytest.mark.parametrize("dtype", HALVES, ids=name)
def test_half_precision_does_not_overflow_its_sum(dtype):
    x = torch.zeros(131_072, dtype=dtype)
    for temperature in (0.5, 1.0):
        np.testing.assert_allclose(softmax_t(x, temperature).double(), 2.0**-17, rtol=2**-7)
        np.testing.assert_allclose(log_softmax_t(x, temperature).double(), -17 * np.log(2), rtol=2**-8)


@both
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1e-310, INF])
@pytest.mark.parametrize("needs_grad", [False, True])
def test_the_input_is_never_written(function, temperature, needs_grad):
    array = np.array([[3.0, 1.0, 2.0]])
    function(array, temperature)
    x = torch.from_numpy(array).requires_grad_(needs_grad)
    function(x, temperature, dim=0)
    assert array.tolist() == [[3.0, 1.0, 2.0]] and x._version == 0


@both
@pytest.mark.parametrize("dim", [0, 1])
def test_first_and_second_derivatives_agree_with_finite_differences(function, dim):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(3, 5, dtype=torch.float64, generator=generator).requires_grad_()
    weight = torch.randn(3, 5, dtype=torch.float64, generator=generator)
    temperature = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    for fixed in (0.7, 1.0):
        assert torch.autograd.gradcheck(lambda x, t=fixed: (weight * function(x, t, dim)).sum(), x)
        assert torch.autograd.gradgradcheck(lambda x, t=fixed: (weight * function(x, t, dim)).sum(), x)
    assert torch.autograd.gradcheck(lambda x, t: (weight * function(x, t, dim)).sum(), (x, temperature))
    assert torch.autograd.gradgradcheck(lambda x, t: (weight * function(x, t, dim)).sum(), (x, temperature))


@pytest.mark.parametrize("start", [0.5, 1.0, INF])
def test_the_gradient_of_the_temperature_is_finite_and_right_beside_a_masked_logit(start):
    x = torch.tensor([1.0, -INF, 2.0], dtype=torch.float64)
    weight = torch.tensor([3.0, 7.0, -1.0], dtype=torch.float64)
    temperature = torch.tensor(start, requires_grad=True)
    (weight * softmax_t(x, temperature)).sum().backward()
    # d/dT of 3 (1 - s) - s with s = 1 / (1 + exp(-1/T)) is 4 s (1 - s) / T^2
    s = 1 / (1 + mpmath.exp(-1 / mpmath.mpf(start)))
    assert temperature.grad.dtype == torch.float32
    assert float(temperature.grad) == pytest.approx(float(4 * s * (1 - s) / mpmath.mpf(start) ** 2), rel=1e-6)


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=name)
def test_gradients_have_the_dtype_of_the_logits_and_come_from_the_wider_computation(function, dtype):
    x = torch.tensor([0.0, 1.0], dtype=dtype, requires_grad=True)
    function(x, torch.tensor(0.5, requires_grad=True))[1].backward()
    # p = 1 / (1 + exp(-2)); dp/dx = 2 p (1 - p), dlog p/dx = 2 (1 - p)
    slope = 2 / (1 + mpmath.exp(2))
    slope = float(slope / (1 + mpmath.exp(-2)) if function is softmax_t else slope)
    assert x.grad.dtype == dtype
    # Backward cancels, 1 - p, so that its own error is absolute: a few unit roundoffs of the computation over T.
    atol = 16 * UNIT_ROUNDOFF[torch.promote_types(dtype, torch.float32)]
    np.testing.assert_allclose(x.grad.double(), [-slope, slope], rtol=2 * UNIT_ROUNDOFF[dtype], atol=atol)


@both
@pytest.mark.parametrize("temperature", [0.5, 1.0, INF, 1e-40])
def test_the_result_stays_on_the_device_of_the_logits(function, temperature):
    for dtype in DTYPES:
        answer = function(torch.empty(3, 5, dtype=dtype, device="meta"), temperature)
        assert answer.device.type == "meta" and answer.shape == (3, 5) and answer.dtype == dtype


@both
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_no_grad_gives_the_numbers_that_grad_gives(function, temperature):
    x = torch.randn(4, 101, generator=torch.Generator().manual_seed(1), requires_grad=True)
    with torch.no_grad():
        without = function(x, temperature)
    assert not without.requires_grad
    assert torch.equal(without, function(x, temperature))
