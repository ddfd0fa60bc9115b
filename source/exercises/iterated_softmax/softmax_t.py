"""The stable softmax, along any dimension and at any temperature."""

import math

import numpy as np
import torch

import helpers
from grading.authoring.exercise import case, variants

from ...oracle import softmax_array
from ...tolerance import softmax_tolerance

ASPECTS = {"the values": 1, "the temperature": 1, "along dim": 1, "large logits": 1, "masked entries": 1}
VALUES, TEMPERATURE, DIM, LARGE, MASKED = ASPECTS
SHOWN = (
    "exp(89) overflows in float32, and yet [88, 89] gave you {number:.4f} for the 89: subtracting the maximum changes"
    " no probability, and keeps every exponent at 0 or below."
)
SHOWN_FROM = ("float32 logits near 88", 1)
FORBIDDEN = (
    "helpers.softmax_t",
    "helpers.log_softmax_t",
    "helpers.explorers.*",
    "torch.nn.functional.softmax",
    "torch.nn.functional.log_softmax",
    "torch.nn.functional.softmin",
    "torch.nn.functional.gumbel_softmax",
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.scaled_dot_product_attention",
    "torch.nn.Softmax",
    "torch.nn.LogSoftmax",
    "torch.nn.MultiheadAttention",
    "torch.distributions.*",
    "torch.softmax",
    "torch.log_softmax",
    "torch.logsumexp",
    "torch.logaddexp",
    "torch.logaddexp2",
    "torch.logcumsumexp",
    "torch.sigmoid",
    "torch.log_sigmoid*",
    "torch.foreach_sigmoid",
    "torch.softplus",
    "torch.cross_entropy_loss",
    "torch.*softmax*",
    "torch.*Softm*",
    "torch.*_attention*",
    "scipy.special.softmax",
    "scipy.special.log_softmax",
    "scipy.special.logsumexp",
    "numpy.logaddexp*",
)
ADVICE = "Write it from exp, max and sum: that is the exercise."
MISCONCEPTIONS = {
    "the temperature multiplies": {"wrong": ("wrong_multiplies_by_T",)},
    "one maximum for the whole batch": {"wrong": ("wrong_maximum_of_the_whole_tensor",)},
    "a small number in the denominator does no harm": {"wrong": ("wrong_adds_a_small_number",)},
}

BY_VALUE = "Compare exp(x / T) / sum(exp(x / T)) on a small example by hand."
BY_TEMPERATURE = "Does the temperature divide the logits, before exp?"
ROWS = "Each slice along dim is a distribution of its own: maximum and sum belong along dim, with keepdim=True."
SHIFT = (
    "Subtract the maximum before exp: exp overflows at large logits, and all of it underflows at very negative ones."
)
ROW_SHIFT = "Subtract each row's own maximum, not that of the whole batch."
MASK = (
    "Subtract the maximum before exp here, too: then -inf gets the probability 0 by itself, and nothing needs to be "
    "clipped or added."
)
EXACT = "Nothing may be added to the denominator, clipped or rounded: after the shift it is never below 1."


def _case(book, name, aspect, x, diagnosis, temperature=None, dim=None, kind="float64"):
    """Return a case; arguments left out of the call take their defaults."""
    x = np.asarray(x, kind)
    t, d = 1.0 if temperature is None else temperature, -1 if dim is None else dim
    reference = softmax_array(x.astype(np.float64), t, d)
    bound = softmax_tolerance(x.astype(np.float64), reference, t, d, kind)
    options = {"temperature": temperature, "dim": dim}
    given = {key: value for key, value in options.items() if value is not None}
    return case(name, aspect, book.array(reference, {kind: bound}), diagnosis, book.tensor(x), **given)


def public(book):
    small = [0.5, -1.0, 2.0, 0.0]
    batch = [[0.0, 1.0, -2.0, 3.0, 0.5], [2.0, 2.0, -1.0, 0.0, 1.0], [-0.5, 4.0, 0.0, 1.0, -3.0]]
    cube = [2, -1, 0, 3, 1, -2, 4, 0, -3, 1, 2, 0.5]
    far = [[0.0, 1.0], [400.0, 401.5], [-900.0, -902.0]]
    masked = [[90.25, -math.inf, 90.5], [-math.inf] * 3]
    return [
        _case(book, "four logits, temperature 1", VALUES, small, BY_VALUE),
        _case(book, "the same logits at temperature 20", TEMPERATURE, small, BY_TEMPERATURE, temperature=20.0),
        _case(book, "a batch of three rows, each at temperature 0.5", DIM, batch, ROWS, temperature=0.5),
        _case(book, "a 3-D tensor along dim=1", DIM, np.array(cube).reshape(2, 3, 2), ROWS, dim=1),
        _case(book, "float32 logits near 88", LARGE, [88.0, 89.0], SHIFT, kind="float32"),
        _case(book, "very negative logits, float32", LARGE, [-110.0, -109.0], SHIFT, kind="float32"),
        _case(book, "rows far apart, float32", LARGE, far, ROW_SHIFT, kind="float32"),
        _case(book, "entries of -inf, temperature 0.05", MASKED, masked, MASK, temperature=0.05, kind="float32"),
        _case(book, "very small probabilities", VALUES, [0.0, -60.0, 3.0, -25.0], EXACT),
    ]


def hidden(book, rng):
    def logits(*shape, spread=3.0, offset=0.0):
        values = [offset + rng.uniform(-spread, spread) for _ in range(int(np.prod(shape)))]
        return np.array(values).reshape(shape)

    low, high = rng.uniform(0.05, 0.08), rng.uniform(12, 19)
    masked = logits(3, 4, spread=0.5, offset=rng.uniform(8, 12))
    masked[0, 1] = masked[2, 3] = -math.inf
    far = logits(3, 5, spread=2.0) + np.array([[0.0], [rng.uniform(380, 450)], [-rng.uniform(850, 950)]])
    lone = np.array([*logits(7, spread=0.001), rng.uniform(2500, 4000)])
    falling = np.array([0.0, -15.0, -30.0, -42.0, -55.0]) + logits(5, spread=2.0)
    return [
        _case(book, "temperature and dim together", TEMPERATURE, logits(4, 3), BY_TEMPERATURE, temperature=high, dim=0),
        _case(book, "a square batch", DIM, logits(4, 4, spread=5), ROWS),
        _case(book, "a 3-D tensor along the last dimension", DIM, logits(2, 3, 4), ROWS),
        _case(book, "a 3-D tensor along dim=-2", DIM, logits(2, 4, 3), ROWS, dim=-2),
        _case(book, "very large logits", LARGE, logits(5, spread=4, offset=5000), SHIFT, rng.uniform(1.6, 4)),
        _case(
            book,
            "float32 logits whose sum overflows",
            LARGE,
            logits(12, spread=0.4, offset=87.4),
            SHIFT,
            kind="float32",
        ),
        _case(book, "float32 logits that are small", LARGE, logits(3, spread=1.5, offset=-98.5), SHIFT, kind="float32"),
        _case(book, "one logit far above the others", LARGE, lone, SHIFT),
        _case(book, "rows far apart", LARGE, far, ROW_SHIFT, kind="float32"),
        _case(book, "masked entries in a batch", MASKED, masked, MASK, low, kind="float32"),
        _case(book, "a single entry, float32", VALUES, logits(1, spread=0.2), EXACT, kind="float32"),
        _case(book, "probabilities over many orders", VALUES, falling, EXACT),
    ]


def right_divides_first(x, temperature=1.0, dim=-1):
    z = x / temperature
    weights = torch.exp(z - z.max(dim=dim, keepdim=True).values)
    return weights / torch.sum(weights, dim=dim, keepdim=True)


def right_shifts_first(x, temperature=1.0, dim=-1):
    weights = ((x - x.amax(dim, keepdim=True)) / temperature).exp()
    return weights / weights.sum(dim, keepdim=True)


def right_multiplies_by_the_inverse_of_T(x, temperature=1.0, dim=-1):
    weights = ((x - x.amax(dim, keepdim=True)) * (1 / temperature)).exp()
    return weights * (1 / weights.sum(dim, keepdim=True))


def right_in_log_space(x, temperature=1.0, dim=-1):
    z = (x - x.amax(dim, keepdim=True)) / temperature
    return torch.exp(z - z.exp().sum(dim, keepdim=True).log())


def right_in_base_2(x, temperature=1.0, dim=-1):
    gap = (x - x.amax(dim, keepdim=True)) / temperature
    weights = torch.exp2(gap * math.log2(math.e))
    return weights / weights.sum(dim, keepdim=True)


def right_with_float64_inside(x, temperature=1.0, dim=-1):
    z = x.double() / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def right_by_numpy(x, temperature=1.0, dim=-1):
    z = x.numpy() / np.array(temperature, dtype=x.numpy().dtype)
    weights = np.exp(z - z.max(axis=dim, keepdims=True))
    return torch.from_numpy(weights / weights.sum(axis=dim, keepdims=True))


def right_by_loops(x, temperature=1.0, dim=-1):
    moved = x.movedim(dim, -1)
    rows = []
    for row in moved.reshape(-1, moved.shape[-1]).tolist():
        largest = max(row)
        weights = [math.exp((value - largest) / temperature) for value in row]
        rows.append([weight / sum(weights) for weight in weights])
    return torch.tensor(rows, dtype=x.dtype).reshape(moved.shape).movedim(-1, dim)


def right_online(x, temperature=1.0, dim=-1):
    top = torch.full_like(x.select(dim, 0), -math.inf)
    total = torch.zeros_like(top)
    for value in x.unbind(dim):
        higher = torch.maximum(top, value)
        old, new = (torch.where(v == -math.inf, 0.0, torch.exp((v - higher) / temperature)) for v in (top, value))
        top, total = higher, total * old + new
    return torch.exp((x - top.unsqueeze(dim)) / temperature) / total.unsqueeze(dim)


def right_transposes(x, temperature=1.0, dim=-1):
    y = torch.transpose(x, dim, -1) / temperature
    y = torch.exp(y - y.max(-1)[0][..., None])
    return torch.transpose(y / y.sum(-1)[..., None], dim, -1)


def right_in_a_buffer_of_its_own(x, temperature=1.0, dim=-1):
    p = x.clone()
    p -= p.amax(dim, keepdim=True)
    p /= temperature
    p.exp_()
    p /= p.sum(dim, keepdim=True)
    return p


def right_sums_sorted(x, temperature=1.0, dim=-1):
    weights = torch.exp((x - x.max(dim, keepdim=True)[0]) / temperature)
    total = weights.sort(dim).values.cumsum(dim).narrow(dim, x.shape[dim] - 1, 1)
    return weights / total


def right_by_expm1(x, temperature=1.0, dim=-1):
    weights = torch.expm1((x - x.amax(dim, keepdim=True)) / temperature) + 1
    return weights.where(weights > 0.5, torch.exp((x - x.amax(dim, keepdim=True)) / temperature)) / (
        torch.exp((x - x.amax(dim, keepdim=True)) / temperature).sum(dim, keepdim=True)
    )


def right_with_gradient_on(x, temperature=1.0, dim=-1):
    x = x.clone().requires_grad_()
    weights = torch.exp((x - x.detach().amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def right_by_masked_sums(x, temperature=1.0, dim=-1):
    masked = torch.isinf(x)
    z = x.masked_fill(masked, 0.0)
    top = x.max(dim=dim, keepdim=True).values
    weights = torch.where(masked, torch.zeros_like(x), torch.exp((z - top) / temperature))
    return weights.div(weights.sum(dim=dim, keepdim=True))


def wrong_multiplies_by_T(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that multiplies by T instead of dividing."""
    z = x * temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_ignores_the_temperature(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that ignores the temperature."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_divides_only_the_maximum(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that ignores the temperature."""
    weights = torch.exp(x - x.amax(dim, keepdim=True) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_divides_the_probabilities_by_T(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that divides the probabilities, not the logits, by T."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True) / temperature


def wrong_divides_by_T_twice(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that divides by T twice."""
    z = x / temperature
    weights = torch.exp((z - z.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_temperature_in_the_numerator_only(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that has the temperature in the numerator only."""
    z = x - x.amax(dim, keepdim=True)
    return torch.exp(z / temperature) / torch.exp(z).sum(dim, keepdim=True)


def wrong_raises_the_probabilities_to_1_over_T(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that has the temperature in the numerator only."""
    weights = torch.exp(x - x.amax(dim, keepdim=True))
    return (weights / weights.sum(dim, keepdim=True)) ** (1 / temperature)


def wrong_ignores_dim(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises along the last dimension, whatever dim is."""
    z = x / temperature
    weights = torch.exp(z - z.max(dim=-1, keepdim=True).values)
    return weights / weights.sum(dim=-1, keepdim=True)


def wrong_takes_every_negative_dim_for_the_last(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises along the last dimension, whatever dim is."""
    dim = x.ndim - 1 if dim < 0 else dim
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_takes_dim_1_for_the_last(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises along the second dimension."""
    dim = 1 if dim == -1 and x.ndim > 1 else dim
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_dim_0(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises along the first dimension."""
    z = x / temperature
    weights = torch.exp(z - z.amax(0))
    return weights / weights.sum(0)


def wrong_normalises_the_whole_tensor(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises the whole tensor at once."""
    z = x / temperature
    weights = torch.exp(z - z.max())
    return weights / weights.sum()


def wrong_normalises_the_whole_tensor_without_a_shift(x, temperature=1.0, dim=-1):
    """normalises the whole tensor at once."""
    weights = torch.exp(x / temperature)
    return weights / weights.sum()


def wrong_maximum_of_the_whole_tensor(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the maximum of the whole tensor, not of each row."""
    z = x / temperature
    weights = torch.exp(z - z.max())
    return weights / weights.sum(dim, keepdim=True)


def wrong_sum_without_keepdim(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that divides by the sums of other slices: keepdim=True is missing."""
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim)


def wrong_maximum_without_keepdim(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the maxima of other slices: keepdim=True is missing."""
    z = x / temperature
    weights = torch.exp(z - z.amax(dim))
    return weights / weights.sum(dim, keepdim=True)


def wrong_vectors_only(x, temperature=1.0, dim=-1):
    """your function raised"""
    weights = [math.exp((value - max(x)) / temperature) for value in x]
    return torch.tensor([weight / sum(weights) for weight in weights], dtype=x.dtype)


def wrong_loops_over_rows(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises along the last dimension, whatever dim is."""
    rows = [
        torch.exp((row - row.max(-1, keepdim=True)[0]) / temperature) for row in (x if x.ndim > 1 else x.unsqueeze(0))
    ]
    return torch.stack([row / row.sum(-1, keepdim=True) for row in rows]).reshape(x.shape)


def wrong_does_not_move_dim_back(x, temperature=1.0, dim=-1):
    """expected shape"""
    y = x.movedim(dim, -1) / temperature
    y = torch.exp(y - y.amax(-1, keepdim=True))
    return y / y.sum(-1, keepdim=True)


def wrong_base_2(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that takes powers of 2 instead of e."""
    z = x / temperature
    weights = 2 ** (z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_applied_twice(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that is applied twice."""
    for _ in range(2):
        weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
        x = weights / weights.sum(dim, keepdim=True)
    return x


def wrong_negative_logits(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that takes exp(-x)."""
    z = -x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_subtracts_from_the_maximum(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that takes exp(-x)."""
    weights = torch.exp((x.amax(dim, keepdim=True) - x) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_no_shift(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that overflows or underflows: subtract the maximum before exp."""
    weights = torch.exp(x / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_the_formula_of_section_2(x, temperature=1.0, dim=-1):
    """Your numbers match the formula of section 2: it knows neither temperature nor dim, and overflows."""
    weights = torch.exp(x)
    return weights / weights.sum()


def wrong_shift_without_the_temperature(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts max(x) from x / T: divide the maximum as well."""
    weights = torch.exp(x / temperature - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_by_the_index_of_the_maximum(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that overflows or underflows: subtract the maximum before exp."""
    z = x / temperature
    weights = torch.exp(z - z.max(dim, keepdim=True)[1])
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_by_the_mean(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the mean or the minimum: only the maximum is safe."""
    z = x / temperature
    weights = torch.exp(z - z.mean(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_by_the_mean_of_the_finite(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the mean or the minimum: only the maximum is safe."""
    z = x / temperature
    finite = torch.isfinite(z)
    mean = torch.where(finite, z, 0.0).sum(dim, keepdim=True) / finite.sum(dim, keepdim=True)
    weights = torch.exp(z - mean)
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_by_the_minimum(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the mean or the minimum: only the maximum is safe."""
    z = x / temperature
    weights = torch.exp(z - z.amin(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_by_the_largest_magnitude(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that underflows at very negative logits: subtract the maximum before exp, whatever
    its sign.
    """
    z = x / temperature
    finite = torch.where(torch.isfinite(z), z, 0.0)
    weights = torch.exp(z - finite.abs().amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_by_at_least_0(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that underflows at very negative logits: subtract the maximum before exp, whatever
    its sign.
    """
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True).clamp(min=0))
    return weights / weights.sum(dim, keepdim=True)


@variants(bound=[30, 88, 700])
def wrong_shift_only_when_large(x, temperature=1.0, dim=-1, *, bound):
    """the maximum before exp"""
    z = x / temperature
    if z.max() > bound:
        z = z - z.amax(dim, keepdim=True)
    weights = torch.exp(z)
    return weights / weights.sum(dim, keepdim=True)


@variants(bound=[88, 100, 300])
def wrong_shift_only_when_large_in_size(x, temperature=1.0, dim=-1, *, bound):
    """the maximum before exp"""
    z = x / temperature
    if torch.where(torch.isfinite(z), z, 0.0).abs().max() > bound:
        z = z - z.amax(dim, keepdim=True)
    weights = torch.exp(z)
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_only_when_very_negative(x, temperature=1.0, dim=-1):
    """the maximum before exp"""
    z = x / temperature
    if z.min() < -80:
        z = z - z.amax(dim, keepdim=True)
    weights = torch.exp(z)
    return weights / weights.sum(dim, keepdim=True)


def wrong_shift_outside_of_the_range(x, temperature=1.0, dim=-1):
    """underflows at very negative logits"""
    z = x / temperature
    if z.max() > 80 or z.max() < -104:
        z = z - z.amax(dim, keepdim=True)
    weights = torch.exp(z)
    return weights / weights.sum(dim, keepdim=True)


@variants(kind=[32, 64])
def wrong_shift_in_one_dtype_only(x, temperature=1.0, dim=-1, *, kind):
    """the maximum before exp"""
    z = x / temperature
    if x.dtype == {32: torch.float32, 64: torch.float64}[kind]:
        z = z - z.amax(dim, keepdim=True)
    weights = torch.exp(z)
    return weights / weights.sum(dim, keepdim=True)


def wrong_no_shift_in_float64(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that overflows or underflows: subtract the maximum before exp."""
    weights = torch.exp(x.double() / temperature)
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def wrong_maximum_of_the_whole_tensor_in_float64(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the maximum of the whole tensor, not of each row."""
    z = x.double() / temperature
    weights = torch.exp(z - z.max())
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def wrong_subtracts_the_maximum_after_exp(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the maximum after exp, not before."""
    weights = torch.exp(x / temperature)
    weights = weights - weights.amax(dim, keepdim=True)
    return weights / weights.sum(dim, keepdim=True)


def wrong_subtracts_the_largest_logit_after_exp(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that subtracts the maximum after exp, not before."""
    z = x / temperature
    weights = torch.exp(z) - z.amax(dim, keepdim=True)
    return weights / weights.sum(dim, keepdim=True)


def wrong_other_default_temperature(x, temperature=2.0, dim=-1):
    """Your numbers match a softmax whose default temperature is 2."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


@variants(least=[0.2, 1])
def wrong_temperature_at_least(x, temperature=1.0, dim=-1, *, least):
    """Your numbers match a softmax that puts a bound on the temperature."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / max(temperature, least))
    return weights / weights.sum(dim, keepdim=True)


@variants(most=[10])
def wrong_temperature_at_most(x, temperature=1.0, dim=-1, *, most):
    """Your numbers match a softmax that puts a bound on the temperature."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / min(temperature, most))
    return weights / weights.sum(dim, keepdim=True)


def wrong_divides_by_the_maximum(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that divides by the maximum instead of subtracting it."""
    z = x / temperature
    weights = torch.exp(z / z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_replaces_nan_by_0(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that overflows or underflows: subtract the maximum before exp."""
    weights = torch.exp(x / temperature)
    return torch.nan_to_num(weights / weights.sum(dim, keepdim=True), nan=0.0)


def wrong_gives_a_masked_row_0(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that puts 0 for nan: a row of nothing but -inf stays nan."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return torch.nan_to_num(weights / weights.sum(dim, keepdim=True))


def wrong_adds_1e_6_in_float32_only(x, temperature=1.0, dim=-1):
    """Nothing may be added to the denominator"""
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / (weights.sum(dim, keepdim=True) + (1e-6 if x.dtype == torch.float32 else 0.0))


@variants(small=[1e-12, 1e-13, 1e-14])
def wrong_adds_a_tiny_number(x, temperature=1.0, dim=-1, *, small):
    """something small is added"""
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / (weights.sum(dim, keepdim=True) + small)


def wrong_adds_1_to_the_denominator(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that adds 1 to the denominator."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / (1 + weights.sum(dim, keepdim=True))


def wrong_rounds_to_4_digits(x, temperature=1.0, dim=-1):
    """rounded to 4 decimals"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return (weights / weights.sum(dim, keepdim=True)).round(decimals=4)


def wrong_does_not_divide_by_the_sum(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that does not divide by the sum."""
    return torch.exp((x - x.amax(dim, keepdim=True)) / temperature)


def wrong_logarithms(x, temperature=1.0, dim=-1):
    """Your numbers match the logarithms of the probabilities."""
    z = (x - x.amax(dim, keepdim=True)) / temperature
    return z - z.exp().sum(dim, keepdim=True).log()


def wrong_no_exp(x, temperature=1.0, dim=-1):
    """Your numbers match an answer that divides the logits by their sum, without exp."""
    z = x / temperature
    return z / z.sum(dim, keepdim=True)


def wrong_one_hot(x, temperature=1.0, dim=-1):
    """Your numbers match 1 at the maximum and 0 elsewhere: argmax, not softmax."""
    return (x == x.amax(dim, keepdim=True)).to(x.dtype)


def wrong_takes_0_for_a_mask(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that leaves out the logits that are 0."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature) * (x != 0)
    return weights / weights.sum(dim, keepdim=True)


def wrong_computes_in_float32(x, temperature=1.0, dim=-1):
    """as if computed in float32"""
    z = x.float() / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return (weights / weights.sum(dim, keepdim=True)).to(x.dtype)


def wrong_returns_float32(x, temperature=1.0, dim=-1):
    """wrong dtype"""
    z = x.float() / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_returns_float64(x, temperature=1.0, dim=-1):
    """wrong dtype"""
    z = x.double() / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


def wrong_writes_into_its_input(x, temperature=1.0, dim=-1):
    """your function wrote into its argument"""
    x -= x.amax(dim, keepdim=True)
    weights = torch.exp(x / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_refuses_infinities(x, temperature=1.0, dim=-1):
    """your function raised ValueError"""
    if not torch.isfinite(x).all():
        raise ValueError("the logits must be finite")
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_returns_none(x, temperature=1.0, dim=-1):
    """your function returned None"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    weights / weights.sum(dim, keepdim=True)


def wrong_returns_a_list(x, temperature=1.0, dim=-1):
    """This is a list, and a tensor is asked for"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return (weights / weights.sum(dim, keepdim=True)).tolist()


def wrong_returns_weights_too(x, temperature=1.0, dim=-1):
    """Several values come back"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True), weights


def wrong_flattens(x, temperature=1.0, dim=-1):
    """wrong shape"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return (weights / weights.sum(dim, keepdim=True)).flatten()


def wrong_squeezes(x, temperature=1.0, dim=-1):
    """A dimension of size 1 is lost"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return (weights / weights.sum(dim, keepdim=True)).squeeze()


def wrong_by_torch_softmax(x, temperature=1.0, dim=-1):
    """uses torch.softmax"""
    return torch.softmax(x / temperature, dim)


def wrong_by_a_method(x, temperature=1.0, dim=-1):
    """uses torch.softmax"""
    return (x / temperature).softmax(dim)


def wrong_by_log_softmax(x, temperature=1.0, dim=-1):
    """uses torch.nn.functional.log_softmax"""
    return torch.exp(torch.nn.functional.log_softmax(x / temperature, dim=dim))


def wrong_by_the_helpers(x, temperature=1.0, dim=-1):
    """uses helpers.softmax_t"""
    return helpers.softmax_t(x, temperature, dim)


def wrong_by_logsumexp(x, temperature=1.0, dim=-1):
    """uses torch.logsumexp"""
    z = x / temperature
    return torch.exp(z - torch.logsumexp(z, dim, keepdim=True))


def wrong_drops_small_probabilities(x, temperature=1.0, dim=-1):
    """Nothing may be added to the denominator, clipped or rounded"""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    p = weights / weights.sum(dim, keepdim=True)
    return torch.where(p < 1e-10, 0.0, p)


def wrong_other_default_dim(x, temperature=1.0, dim=0):
    """Your numbers match a softmax that normalises along the first dimension."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


def wrong_takes_dim_0_for_the_last(x, temperature=1.0, dim=-1):
    """Your numbers match a softmax that normalises along the last dimension, whatever dim is."""
    dim = dim or -1
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return weights / weights.sum(dim, keepdim=True)


@variants(small=[1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10])
def wrong_adds_a_small_number(x, temperature=1.0, dim=-1, *, small):
    """Your numbers match a softmax that adds a small number to the denominator."""
    z = x / temperature
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / (weights.sum(dim, keepdim=True) + small)


@variants(bound=[10.0, 20.0, 30.0, 50.0, 60.0, 80.0, 88.0, 100.0, 700.0])
def wrong_clips_the_logits(x, temperature=1.0, dim=-1, *, bound):
    """Your numbers match a softmax that clips its logits."""
    z = (x / temperature).clamp(-bound, bound)
    weights = torch.exp(z - z.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)


@variants(bound=[10.0, 20.0, 30.0, 50.0])
def wrong_clips_the_gap(x, temperature=1.0, dim=-1, *, bound):
    """Your numbers match a softmax that clips its logits."""
    gap = ((x - x.amax(dim, keepdim=True)) / temperature).clamp(min=-bound)
    weights = torch.exp(gap)
    return weights / weights.sum(dim, keepdim=True)


@variants(small=[1e-4, 1e-6, 1e-8, 1e-10, 1e-12])
def wrong_clips_the_probabilities(x, temperature=1.0, dim=-1, *, small):
    """Your numbers match a softmax that clips its probabilities."""
    weights = torch.exp((x - x.amax(dim, keepdim=True)) / temperature)
    return (weights / weights.sum(dim, keepdim=True)).clamp(min=small)
