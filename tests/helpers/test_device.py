"""Devices without the hardware: availability is patched, absence is real."""

import re

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import helpers
from helpers import pick_device, seed_everything, to_numpy, widest_float
from helpers.checks import report
from tests.support.course import solutions, use_cases


@pytest.fixture
def machine(monkeypatch):
    def with_devices(cuda=0, mps=False):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return with_devices


@pytest.mark.parametrize(
    "cuda, mps, expected", [(2, True, "cuda"), (1, False, "cuda"), (0, True, "mps"), (0, False, "cpu")]
)
def test_the_best_device_there_is_comes_first(machine, cuda, mps, expected):
    machine(cuda, mps)
    assert pick_device() == torch.device(expected)


@pytest.mark.parametrize("prefer", ["cpu", "cuda", "cuda:1", "mps", torch.device("mps")])
def test_a_preference_that_is_there_is_taken(machine, prefer):
    machine(cuda=2, mps=True)
    assert pick_device(prefer) == torch.device(prefer)


@pytest.mark.parametrize(
    "prefer, cuda, present", [("cuda", 0, "cpu"), ("mps", 1, "cuda or cpu"), ("cuda:1", 1, "cuda or cpu")]
)
def test_a_preference_that_is_absent_is_an_error_that_says_what_is_there(machine, prefer, cuda, present):
    machine(cuda=cuda)
    with pytest.raises(RuntimeError, match=f"prefer is '{prefer}', but torch sees no such device here: use {present},"):
        pick_device(prefer)


@pytest.mark.parametrize("prefer", ["gpu", "xpu", "meta", "", ["cpu"]])
def test_a_preference_that_is_no_device_of_ours_is_an_error_that_lists_them(prefer):
    with pytest.raises(ValueError, match="expected one of cuda, mps, cpu or None"):
        pick_device(prefer)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.int64, torch.bool])
def test_to_numpy_keeps_values_shape_and_dtype(dtype):
    array = to_numpy(torch.tensor([[0, 1], [1, 1]], dtype=dtype))
    assert array.tolist() == [[0, 1], [1, 1]] and array.dtype.name == str(dtype).removeprefix("torch.")


def test_to_numpy_widens_bfloat16_exactly():
    array = to_numpy(torch.tensor([1.0, 3.140625], dtype=torch.bfloat16))
    assert array.dtype == np.float32 and array.tolist() == [1.0, 3.140625]


@pytest.mark.parametrize("name", sorted(name for name in dir(torch) if name.startswith("float8_")))
def test_to_numpy_widens_float8_exactly(name):
    array = to_numpy(torch.tensor([1.0, 0.5, 4.0]).to(getattr(torch, name)))
    assert array.dtype == np.float32 and array.tolist() == [1.0, 0.5, 4.0]


@pytest.mark.filterwarnings("ignore:ComplexHalf support is experimental")
def test_to_numpy_widens_half_precision_complex_numbers():
    array = to_numpy(torch.tensor([1 + 2j, -0.5j]).to(torch.complex32).conj())
    assert array.dtype == np.complex64 and array.tolist() == [1 - 2j, 0.5j]


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_to_numpy_gives_the_values_of_a_quantized_tensor():
    array = to_numpy(torch.quantize_per_tensor(torch.tensor([1.0, -2.5]), 0.5, 0, torch.qint8))
    assert array.dtype == np.float32 and array.tolist() == [1.0, -2.5]


@pytest.mark.parametrize("dtype", [torch.bits8, torch.uint4], ids=str)
def test_to_numpy_says_what_to_do_about_a_dtype_that_nothing_converts(dtype):
    t = torch.tensor([3], dtype=torch.uint8).view(dtype)
    with pytest.raises(TypeError, match=rf"t is {dtype}, which NumPy lacks and torch does not convert"):
        to_numpy(t)
    assert to_numpy(t.view(torch.uint8)).tolist() == [3]  # what it says


def test_to_numpy_takes_what_requires_grad_and_what_is_conjugated():
    assert to_numpy(torch.ones(2, requires_grad=True) * 2).tolist() == [2, 2]
    assert to_numpy(torch.tensor([1 + 2j]).conj()).tolist() == [1 - 2j]


def test_to_numpy_passes_everything_else_to_numpy():
    array = np.arange(3)
    assert to_numpy(array) is array
    assert to_numpy([0.5, 1.5]).tolist() == [0.5, 1.5] and to_numpy(2).shape == ()


def test_to_numpy_asks_for_the_cpu_first():
    with pytest.raises(NotImplementedError, match="meta"):  # a tensor without data: the copy is refused, not faked
        to_numpy(torch.empty(2, device="meta"))


def test_one_seed_repeats_torch_numpy_and_the_generator():
    def draw(seed):
        generator = seed_everything(seed)
        assert generator.device.type == "cpu"
        return torch.rand(3).tolist(), np.random.rand(3).tolist(), torch.rand(3, generator=generator).tolist()

    assert draw(5) == draw(5) == draw(np.int64(5)) == draw(torch.tensor(5))
    assert all(one != other for one, other in zip(draw(5), draw(6), strict=True))
    np.testing.assert_array_equal(draw(5)[1], np.random.RandomState(5).rand(3))
    assert draw(5)[2] == torch.rand(3, generator=torch.Generator().manual_seed(5)).tolist()


@pytest.mark.parametrize(
    "seed",
    [
        *(-1, 2**32, "3", b"3", 3.0, None, True, False, [3], np.float64(3), np.True_),
        *(torch.tensor(3.0), torch.tensor(True), torch.tensor([1, 2]), torch.tensor(-1)),
    ],
    ids=repr,
)
def test_a_seed_that_numpy_cannot_take_is_refused_for_both(seed):
    with pytest.raises(ValueError, match=f"seed is {re.escape(repr(seed))}, expected an integer from 0"):
        seed_everything(seed)


# Any device. `meta` has shapes, dtypes and no numbers; tensors on it show where a result would lie.

LEARNED = torch.tensor(0.5, requires_grad=True)
TENSORS = {
    "softmax_t": lambda x: helpers.softmax_t(x, 0.5),
    "softmax_t, learned temperature": lambda x: helpers.softmax_t(x, LEARNED),
    "log_softmax_t": lambda x: helpers.log_softmax_t(x, 2.0),
    "entropy": lambda x: helpers.entropy(x, -1),
    "perplexity": lambda x: helpers.perplexity(x, -1),
}


class NoFloat64(TorchDispatchMode):
    """A device without float64, as MPS is: meta refuses to make such tensors."""

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        if torch.is_tensor(result) and result.device.type == "meta" and result.dtype == torch.float64:
            raise TypeError(f"{operation} made a float64 tensor")
        return result


@pytest.fixture
def default_device():
    """Set torch's default device, on which tensors are made, and set it back."""
    yield torch.set_default_device
    torch.set_default_device(None)


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_results_stay_on_their_device_without_float64(name, dtype):
    x = torch.empty(3, 5, dtype=dtype, device="meta")
    with NoFloat64():
        result = TENSORS[name](x)
    shape = (3, 5) if "softmax" in name else (3,)
    assert (result.device.type, result.dtype, result.shape) == ("meta", dtype, shape)


def test_the_stand_in_for_mps_notices_float64():
    """The red fixture."""
    with NoFloat64(), pytest.raises(TypeError, match="made a float64 tensor"):
        torch.empty(3, device="meta").double()


@pytest.mark.parametrize("name", TENSORS)
def test_a_tensor_stays_where_it_is_whatever_the_default_device(name, default_device):
    x = torch.ones(3, 5)
    expected = TENSORS[name](x)
    default_device("meta")
    result = TENSORS[name](x)
    assert result.device.type == "cpu" and torch.equal(result, expected)


@pytest.mark.parametrize(
    "name", ["softmax_t", "perplexity", "outlier_mass", "tokens_for_mass", "sample_tokens", "diagnose"]
)
def test_checks_pass_whatever_the_default_device(name, default_device):
    scope = {"torch": torch, "helpers": helpers}
    exec((solutions("iterated_softmax") | solutions("temperature_range"))[name], scope)
    default_device("meta")
    use_cases(name)
    assert report(name, scope[name]).passed


@pytest.mark.parametrize("name", [name for name in helpers.__all__ if name.startswith("explore_")])
def test_explorers_stay_on_the_cpu(name, default_device):
    default_device("meta")
    assert getattr(helpers, name)().words


def test_mps_is_picked_and_computes_in_float32(machine):
    machine(mps=True)
    assert widest_float(pick_device()) == torch.float32
    machine(cuda=1)
    assert widest_float(pick_device()) == torch.float64 == widest_float("cpu")


def test_a_check_says_what_to_do_about_float64_on_mps():
    def answer(x, temperature=1.0, dim=-1):
        raise TypeError(
            "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. Please use "
            "float32 instead."
        )

    use_cases("softmax_t")
    hint = 'Apple\'s GPUs (mps) have no float64: make this tensor with device="cpu", or in float32.'
    said = str(report("softmax_t", answer))
    assert hint in said and "9 cases fail alike" in said
    assert hint not in str(report("softmax_t", lambda x, **options: 1 / 0))
