"""softmax_t and log_softmax_t: accuracy against 50 digits, and each convention for odd inputs."""

import warnings
from decimal import Decimal
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
import torch
from torch.autograd import forward_ad

from helpers import log_softmax_t, softmax_t
from source.tolerance import softmax_tolerance
from tests.support.benchmark import peak_bytes

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
@pytest.mark.parametrize(
    "temperature",
    [
        *("1", b"1", "", np.array("1"), None, [1.0], {}, True, np.True_, torch.tensor(True)),
        *(1j, np.complex64(1), torch.tensor(1 + 0j), Decimal("NaN"), -(10**400), Fraction(-1, 3)),
    ],
    ids=repr,
)
def test_a_temperature_that_is_no_number_above_0_is_refused(function, temperature):
    for x in (torch.zeros(2), torch.zeros(2, requires_grad=True), torch.empty(0)):
        with pytest.raises(ValueError, match=r"temperature is .+, expected a number above 0 in torch\.float32"):
            function(x, temperature)


@both
@pytest.mark.parametrize(
    "temperature",
    [Fraction(1, 2), Decimal("0.5"), np.float16(0.5), np.array(0.5), torch.tensor(0.5).half(), mpmath.mpf(0.5)],
    ids=repr,
)
def test_a_number_of_any_kind_is_a_temperature(function, temperature):
    assert torch.equal(function([0.0, 1.0], temperature), function([0.0, 1.0], 0.5))


@both
@pytest.mark.parametrize("temperature", [0.5, 1.0, torch.tensor(0.5, requires_grad=True)], ids=repr)
@pytest.mark.parametrize("dim", [True, False, 0.0, -1.0, "0", None, (0,), [0], np.True_, torch.tensor(True)], ids=repr)
def test_a_dim_that_is_no_integer_is_refused(function, temperature, dim):
    with pytest.raises(TypeError, match=r"dim is .+, expected the number of one axis"):
        function(torch.zeros(2, 2), temperature, dim)
    with pytest.raises(IndexError):
        function(torch.zeros(2, 2), temperature, 2)


@both
def test_an_integer_of_any_kind_is_a_dim(function):
    x = torch.tensor([[0.0, 1.0], [4.0, 2.0]])
    for dim in (np.int8(0), torch.tensor(0)):
        assert torch.equal(function(x, 0.5, dim), function(x, 0.5, 0))


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
    for x in ([0, 1], [False, True], torch.tensor([0, 1], dtype=torch.uint8), np.array([0, 1], dtype=np.uint64)):
        answer = function(x, temperature)
        assert answer.dtype == torch.float32
        np.testing.assert_allclose(answer, expected, rtol=4 * UNIT_ROUNDOFF[torch.float32])


@both
def test_lists_and_arrays_are_accepted_and_keep_their_dtype(function):
    assert torch.equal(function([1.0, 3.0], 0.5), function(torch.tensor([1.0, 3.0]), 0.5))
    assert function(np.array([1.0, 3.0]), np.float32(0.5)).dtype == torch.float64
    assert function(np.array([1.0, 3.0], dtype=np.float16), 0.5).dtype == torch.float16


@both
@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
@pytest.mark.parametrize("dtype", [torch.complex32, torch.complex64, torch.complex128], ids=name)
@pytest.mark.parametrize("temperature", [0.5, 1.0])
def test_complex_logits_are_refused(function, dtype, temperature):
    with pytest.raises(TypeError, match=rf"x is {dtype}, expected real numbers: pass x\.real or x\.abs\(\)"):
        function(torch.empty(2, dtype=dtype), temperature)


@both
@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e8m0fnu, torch.bits8], ids=name)
def test_logits_in_a_dtype_that_is_only_stored_are_refused(function, dtype):
    with pytest.raises(TypeError, match=rf"x is {dtype}, which torch stores and does not compute in: pass x\.float"):
        function(torch.empty(2, dtype=dtype), 0.5)


@both
@pytest.mark.parametrize(
    "x", ["1", b"12", None, {1.0}, object(), [[1.0], [1.0, 2.0]], [Fraction(1, 2)], np.array(["a"])]
)
def test_what_makes_no_tensor_of_numbers_is_refused(function, x):
    with pytest.raises(TypeError, match=r"x is .+, expected a tensor, a NumPy array, or lists of numbers"):
        function(x)


@pytest.mark.parametrize("temperature", [1.0, 2.0, torch.tensor(2.0, requires_grad=True)], ids=repr)
@pytest.mark.parametrize("n", [2**24, -(2**31), 2**53 - 1])
def test_integers_beyond_24_bits_are_told_apart(temperature, n):
    x = torch.tensor([[n, n + 1, n - 1]])
    p, log_p = exact(np.array([[0, 1, -1]]), torch.as_tensor(temperature).item())
    found, log_found = softmax_t(x, temperature), log_softmax_t(x, temperature)
    assert found.dtype == log_found.dtype == torch.float32
    np.testing.assert_allclose(found.detach(), p, rtol=1e-6)
    np.testing.assert_allclose(log_found.detach(), log_p, rtol=1e-6)


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


# Logits near the largest float, and temperatures above it: what x / T gives in exact arithmetic.


def temperatures(value):
    """The temperature as a number, as a tensor that autograd follows, and as one that vmap hides."""
    yield lambda function, x: function(x, value)
    yield lambda function, x: function(x, torch.tensor(value, dtype=torch.float64, requires_grad=True)).detach()
    hidden = torch.tensor([value], dtype=torch.float64)
    yield lambda function, x: torch.func.vmap(lambda t: function(x, t))(hidden)[0]


@pytest.mark.parametrize(
    "dtype, x, temperature",
    [
        (torch.float32, [-3e38, 3e38], 1e38),
        (torch.float32, [-3e38, 3e38], 2.0),
        (torch.float32, [-3e38, 3e38, 2.9e38, 1e30], 3e37),
        (torch.float32, [0.0, 3e38], 1e39),
        (torch.float32, [-3.4e38, 3.4e38, 0.0], 3e39),
        (torch.float32, [-3.4e38, 3.4e38, 0.0], 1e300),
        (torch.float32, [1.0, 2.0, -1e38], 1e39),
        (torch.float32, [-1e30, 3e30, 1e30], 1e30),
        (torch.float16, [-65504.0, 65504.0, 1.0], 1e5),
        (torch.bfloat16, [-3e38, 3e38, 0.0], 1e38),
        (torch.bfloat16, [0.0, 3e38], 1e39),
        (torch.float64, [-1.5e308, 1.5e308], 1e308),
        (torch.float64, [-1.5e308, 1.5e308, 0.0], 3.0),
        (torch.float64, [-1.7e308, 1.7e308], 1.79e308),
    ],
)
def test_gaps_and_temperatures_beyond_the_largest_float_are_right(dtype, x, temperature):
    x = torch.tensor(x, dtype=torch.float64).to(dtype)[None]
    p, log_p = exact(x.double().numpy(), temperature)
    for way in temperatures(temperature):
        assert fraction(way(softmax_t, x), x, temperature, p) < 1
        assert log_fraction(way(log_softmax_t, x), x, temperature, log_p) < 1


def test_masked_logits_stay_masked_at_a_temperature_beyond_the_largest_float():
    for way in temperatures(1e39):
        assert way(softmax_t, torch.tensor([1.0, -INF, 2.0])).tolist() == [0.5, 0.0, 0.5]


def test_an_offset_below_2_to_the_102_costs_nothing_above_temperature_1():
    x = torch.tensor([[1.0, 2.0, 3.0]]) * 2.0**78 + 2.0**101
    p, _ = exact((x.double() - 2.0**101).numpy(), 2.0**78)
    for way in temperatures(2.0**78):
        np.testing.assert_allclose(way(softmax_t, x), p, rtol=1e-6)


# Derivatives, against the closed form in 50 digits: d log p = dz - sum(p dz), with dz = dx / T - x dT / T^2.

# torch itself warns of what it uses for them.
forward_mode = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")
X, DX, DT = [1.0, 2.0, -0.5], [0.3, -1.0, 2.0], 0.7


def derivative(function, temperature, dx, dt):
    with mpmath.workdps(50):
        x, t = [mpmath.mpf(v) for v in X], mpmath.mpf(temperature)
        terms = [mpmath.exp(v / t) for v in x]
        p = [term / mpmath.fsum(terms) for term in terms]
        dz = [d / t - v * dt / t**2 for v, d in zip(x, dx, strict=True)]
        mean = mpmath.fsum(a * b for a, b in zip(p, dz, strict=True))
        return [float((d - mean) * (q if function is softmax_t else 1)) for q, d in zip(p, dz, strict=True)]


def forward_jvp(function, primals, tangents):
    return torch.func.jvp(function, primals, tangents)[1]


def forward_dual(function, primals, tangents):
    with forward_ad.dual_level():
        pairs = zip(primals, tangents, strict=True)
        return forward_ad.unpack_dual(function(*(forward_ad.make_dual(a, b) for a, b in pairs))).tangent


def along(blocks, tangents):
    """The change that the blocks of a Jacobian give along tangents."""
    pairs = zip(blocks, tangents, strict=True)
    return sum((block * tangent).sum(-1) if tangent.ndim else block * tangent for block, tangent in pairs)


def forward_jacobians(function, primals, tangents):
    return along(torch.func.jacfwd(function, tuple(range(len(primals))))(*primals), tangents)


def backward_jacobians(function, primals, tangents):
    return along(torch.func.jacrev(function, tuple(range(len(primals))))(*primals), tangents)


@forward_mode
@both
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("way", [forward_jvp, forward_dual, forward_jacobians, backward_jacobians])
def test_derivatives_by_logits_and_temperature_are_right_forward_and_backward(function, temperature, way):
    x, t, dx, dt = (torch.tensor(value, dtype=torch.float64) for value in (X, temperature, DX, DT))
    by_x = way(lambda x: function(x, temperature), (x,), (dx,))
    np.testing.assert_allclose(by_x, derivative(function, temperature, DX, 0), rtol=1e-13, atol=1e-15)
    by_t = way(lambda t: function(x, t), (t,), (dt,))
    np.testing.assert_allclose(by_t, derivative(function, temperature, [0, 0, 0], DT), rtol=1e-13, atol=1e-15)
    by_both = way(function, (x, t), (dx, dt))
    np.testing.assert_allclose(by_both, derivative(function, temperature, DX, DT), rtol=1e-13, atol=1e-15)


@forward_mode
@both
def test_the_forward_derivative_by_the_temperature_is_finite_beside_a_masked_logit(function):
    x, t = torch.tensor([*X, -INF], dtype=torch.float64), torch.tensor(0.5, dtype=torch.float64)
    tangent = forward_jvp(lambda t: function(x, t), (t,), (torch.ones_like(t),))
    np.testing.assert_allclose(tangent[:3], derivative(function, 0.5, [0, 0, 0], 1), rtol=1e-13)
    assert tangent[3] == 0 if function is softmax_t else tangent[3].isfinite()


@forward_mode
@both
def test_forward_over_backward_agrees_with_backward_over_backward(function):
    x, t = torch.tensor(X, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64)
    for by in (0, 1):
        forward = torch.func.jacfwd(torch.func.jacrev(function, by), by)(x, t)
        backward = torch.func.jacrev(torch.func.jacrev(function, by), by)(x, t)
        assert forward.abs().max() > 0.01
        torch.testing.assert_close(forward, backward, rtol=1e-12, atol=1e-14)


# Where torch.softmax(x / T) works, so do these.


@both
@pytest.mark.parametrize("dtype", DTYPES, ids=name)
def test_vmap_over_logits_and_temperatures_gives_the_rows(function, dtype):
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0)).to(dtype)
    several = torch.tensor([0.05, 0.5, 1.0, 3.0, INF])
    rows = torch.stack([function(row, float(t)) for row, t in zip(x, several, strict=True)])
    torch.testing.assert_close(torch.func.vmap(function)(x, several), rows)
    torch.testing.assert_close(torch.func.vmap(function, in_dims=(0, None))(x, 0.5), function(x, 0.5))
    grid = torch.stack([function(x, float(t)) for t in several])
    torch.testing.assert_close(torch.func.vmap(function, in_dims=(None, 0))(x, several), grid)


def test_a_temperature_that_vmap_hides_gives_nan_where_it_is_not_above_0():
    rows = torch.func.vmap(softmax_t, in_dims=(None, 0))(torch.zeros(2), torch.tensor([0.0, -1.0, NAN, 1e-46, 2.0]))
    assert rows[:4].isnan().all() and rows[4].tolist() == [0.5, 0.5]


@pytest.mark.parametrize("layout", [torch.strided, torch.jagged], ids=str)
@pytest.mark.parametrize("temperature", [0.5, 1.0, torch.tensor(2.0, requires_grad=True)], ids=repr)
def test_a_nested_tensor_gives_the_rows(layout, temperature):
    parts = [torch.randn(n, 3, generator=torch.Generator().manual_seed(n)) for n in (2, 4)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a prototype, it says
        for dtype in (torch.float32, torch.float16):
            nested = torch.nested.nested_tensor(parts, layout=layout, dtype=dtype)
            found = softmax_t(nested, temperature)
            assert found.is_nested and found.dtype == dtype and found.layout == layout
            for came, part in zip(found.unbind(), parts, strict=True):
                torch.testing.assert_close(came, softmax_t(part.to(dtype), temperature))


@pytest.fixture
def compiled():
    """Compile a function as one graph, with the means of PyTorch alone; count the graphs in `.graphs`."""

    def compile_whole(function):
        def backend(graph, inputs):
            compile_whole.graphs += 1
            return graph

        return torch.compile(function, fullgraph=True, backend=backend)

    compile_whole.graphs = 0
    torch._dynamo.reset()
    yield compile_whole
    torch._dynamo.reset()


@both
def test_a_compiled_call_takes_one_temperature_after_another(function, compiled):
    x, whole = torch.randn(3, 5, generator=torch.Generator().manual_seed(0)), compiled(function)
    for temperature in (0.5, 0.7, 1.0, 3.0, 0.9, 2, 7, *np.linspace(0.1, 4, 20)):
        torch.testing.assert_close(whole(x, temperature), function(x, temperature))
    assert compiled.graphs <= 8


@both
def test_a_compiled_call_learns_its_temperature(function, compiled):
    x, whole = torch.tensor(X), compiled(function)
    for value in (0.5, 1.0, 3.0):
        temperature = torch.tensor(value, requires_grad=True)
        whole(x, temperature)[0].backward()
        expected = derivative(function, value, [0, 0, 0], 1)[0]
        np.testing.assert_allclose(temperature.grad, expected, rtol=1e-5)
    assert compiled.graphs == 1


class Layer(torch.nn.Module):
    """softmax_t as part of a model, its temperature a number, learned, or the root of a size."""

    def __init__(self, function, temperature):
        super().__init__()
        self.function, self.temperature = function, temperature

    def forward(self, x):
        return self.function(x, x.shape[0] ** 0.5 if self.temperature is None else self.temperature)


@both
@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0, torch.nn.Parameter(torch.tensor(0.5)), None], ids=repr)
def test_a_model_can_be_exported(function, temperature):
    x = torch.randn(3, 5, generator=torch.Generator().manual_seed(0))
    layer = Layer(function, temperature)
    sizes = {"x": {0: torch.export.Dim("batch", min=2)}}
    found = torch.export.export(layer, (x,), dynamic_shapes=sizes, strict=False).module()(x[:2])
    torch.testing.assert_close(found, layer(x[:2]))


def test_without_a_gradient_one_buffer_is_enough():
    x = torch.randn(64, 1024)
    assert peak_bytes(lambda: softmax_t(x, 0.7)) < 1.1 * x.nbytes
    assert peak_bytes(lambda: torch.softmax(x / 0.7, -1)) > 1.9 * x.nbytes


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("k", [1, 8, 1000])
def test_the_log_of_softmax_is_lost_where_the_docstring_says(temperature, k):
    def log_p(below):
        x = torch.zeros(k + 1)
        x[0] = -below * temperature
        return softmax_t(x.requires_grad_(), temperature)[0].log(), x

    for below, is_lost in ((88.6 - np.log(k), False), (88.8 - np.log(k), True)):
        value, x = log_p(below)
        value.backward()
        assert (abs(x.grad[0].item() * temperature - 1) < 0.01) != is_lost
    assert log_p(103.5 - np.log(k))[0].isfinite() and log_p(104 - np.log(k))[0] == -INF
