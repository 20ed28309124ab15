"""What the rules do at the edges: overflow, ties, limits, repeated places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pellucid import ops, tensor
from pellucid.autograd import apply


def slope(rule: Any, *inputs: Any, **options: Any) -> list[Any]:
    """The gradients of the sum of a rule's output."""
    leaves = [tensor(np.asarray(x, float), requires_grad=True) for x in inputs]
    apply(rule, *leaves, **options).sum().backward()
    return [leaf.grad.tolist() for leaf in leaves]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "rule", ["Sigmoid", "Softplus", "SiLU", "ELU", "Softmax", "LogSoftmax", "LogSumExp", "GELU"]
)
def test_large_numbers_do_not_overflow(rule: str, dtype: Any) -> None:
    entry = ops.TABLE[rule]
    x = np.array([-1000.0, -90.0, 0.0, 90.0, 1000.0], dtype)
    result = entry.forward(x)
    outputs = result if isinstance(result, tuple) else (result,)
    (dx,) = entry.gradients(np.ones_like(outputs[0]), outputs, (x,), {}, (True,))
    assert np.isfinite(outputs[0]).all() and np.isfinite(dx).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_from_logits_do_not_overflow(dtype: Any) -> None:
    z = tensor(np.array([[1000.0, -1000.0]], dtype), requires_grad=True)
    loss = apply(ops.CrossEntropy, z, np.array([1]))
    loss.backward()
    assert loss.item() == 2000 and z.grad.tolist() == [[1.0, -1.0]]
    z = tensor(np.array([1000.0, -1000.0], dtype), requires_grad=True)
    loss = apply(ops.BCEWithLogits, z, np.array([0.0, 1.0], dtype))
    loss.backward()
    assert loss.item() == 1000 and z.grad.tolist() == [0.5, -0.5]


def test_logarithms_in_bce_stop_at_minus_100() -> None:
    p, y = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    assert np.isclose(ops.BCE.forward(p, y), 100.0, rtol=1e-15)
    assert np.isclose(ops.BCE.forward(p.astype("f4"), y.astype("f4")), 100.0, rtol=1e-7)


def test_equal_values_share_the_gradient() -> None:
    assert slope(ops.Max, [3.0, 1.0, 3.0]) == [[0.5, 0.0, 0.5]]
    assert slope(ops.Min, [[1.0, 1.0], [0.0, 2.0]], axis=1) == [[[0.5, 0.5], [1.0, 0.0]]]
    assert slope(ops.Maximum, [1.0, 2.0], [1.0, 1.0]) == [[0.5, 1.0], [0.5, 0.0]]
    assert slope(ops.Minimum, [1.0, 2.0], [1.0, 1.0]) == [[0.5, 0.0], [0.5, 1.0]]


def test_slopes_at_the_kink_itself() -> None:
    assert slope(ops.ReLU, [0.0]) == [[0.0]]
    assert slope(ops.Abs, [0.0]) == [[0.0]]
    assert slope(ops.Step, [-1.0, 0.0, 1.0]) == [[0.0, 0.0, 0.0]]
    assert ops.Step.forward(np.array([-0.1, 0.0, 0.1])).tolist() == [0, 1, 1]


def test_powers_of_zero_have_finite_slopes() -> None:
    assert (tensor([0.0, 2.0]) ** 0).tolist() == [1.0, 1.0]
    x = tensor([0.0, 2.0], requires_grad=True)
    sum((x**n for n in range(4)), tensor([0.0, 0.0])).sum().backward()
    assert x.grad.tolist() == [1.0, 1 + 4 + 12]
    assert slope(ops.Power, [0.0, 2.0], [2.0, 1.0]) == [[0.0, 1.0], [0.0, 2 * math.log(2)]]


def test_a_power_of_a_negative_number_asks_for_no_logarithm() -> None:
    x = tensor([-2.0], requires_grad=True)
    (x**3).backward()
    assert x.grad.tolist() == [12.0]


def test_repeated_places_of_an_index_add_up() -> None:
    for index in ([1, 1, 0], np.array([1, 1, 0]), ((1, 1, 0),), (np.array([1, 1, 0]), None)):
        x = tensor([1.0, 2.0, 3.0], requires_grad=True)
        x[index].sum().backward()
        assert x.grad.tolist() == [1.0, 2.0, 0.0]


@pytest.mark.parametrize("dtype, within", [(np.float64, 3e-14), (np.float32, 2e-6)])
def test_gelu_is_exact_far_out(dtype: Any, within: float) -> None:
    x = np.linspace(-8, 8, 641).astype(dtype)
    exact = [v * math.erfc(-v / math.sqrt(2)) / 2 for v in x.tolist()]
    y, _ = ops.GELU.forward(x)
    assert (np.abs(y - exact) <= within * np.abs(exact)).all()


def test_sums_of_broadcast_inputs_keep_their_shape() -> None:
    g = np.ones((2, 3, 4))
    for shape in [(), (4,), (3, 1), (1, 4), (2, 1, 4), (1, 1, 1), (2, 3, 4)]:
        dx = ops.like(g, np.zeros(shape))
        assert np.shape(dx) == shape and np.sum(dx) == 24


def test_a_helper_answers_for_names() -> None:
    class Name:
        def __pellucid_helper__(self, function: Any, arguments: Any, options: Any) -> Any:
            return function.__name__, len(arguments), options

    @ops.helper
    def twice(x: Any, times: int = 2) -> Any:
        return x * times

    assert twice(3) == 6
    assert twice(Name(), times=4) == ("twice", 1, {"times": 4})


def test_entries_show_what_they_are() -> None:
    assert repr(ops.Tanh) == "<rule Tanh: y = tanh(x), between -1 and 1.>"
