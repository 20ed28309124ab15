"""L1 and L2: their values, their gradients, and which parameters they leave alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from optim_params import param, with_grad

from pellucid import optim
from pellucid.errors import OptionError


def test_values_by_hand() -> None:
    params = [param([[1.0, -2.0]]), param([[3.0]]), param([100.0])]
    assert optim.L1(0.5).value(params) == 0.5 * (1 + 2 + 3)
    assert optim.L2(0.5).value(params) == 0.5 * (1 + 4 + 9)
    assert type(optim.L2(0.5).value([param([1.0])])) is float


@pytest.mark.parametrize("kind", [optim.L1, optim.L2])
def test_the_gradient_is_the_derivative_of_the_value(kind: Any) -> None:
    W = np.array([[1.0, -2.0], [0.5, 3.0]])
    toward = np.array([[0.3, -0.2], [0.7, 0.1]])
    p, penalty, h = with_grad(W, np.zeros((2, 2))), kind(0.7), 1e-6
    penalty.apply([p])
    ahead, behind = (penalty.value([param(W + e * toward)]) for e in (h, -h))
    assert np.sum(p.grad.data * toward) == pytest.approx((ahead - behind) / (2 * h), rel=1e-8)


@pytest.mark.parametrize("kind", [optim.L1, optim.L2])
def test_biases_and_parameters_without_a_gradient_are_left_alone(kind: Any) -> None:
    weight, bias, frozen = with_grad([[2.0]], [[1.0]]), with_grad([2.0], [1.0]), param([[2.0]])
    kind(0.25).apply(iter([weight, bias, frozen]))
    assert weight.grad.data.tolist() == [[1.25 if kind is optim.L1 else 2.0]]
    assert bias.grad.data.tolist() == [1.0] and frozen.grad is None


def test_it_adds_to_each_weight_even_where_gradients_share_an_array() -> None:
    a, b = with_grad([[2.0]], [[1.0]]), with_grad([[4.0]], [[1.0]])
    b.grad.data = a.grad.data
    optim.L2(0.5).apply([a, b])
    assert (a.grad.data.item(), b.grad.data.item()) == (3.0, 5.0)


def test_l2_on_a_weight_is_half_a_weight_decay() -> None:
    p, q = with_grad([[2.0]], [[1.0]]), with_grad([[2.0]], [[1.0]])
    optim.L2(0.05).apply([p])
    optim.Adam([p], lr=0.1).step()
    optim.Adam([q], lr=0.1, weight_decay=0.1).step()
    assert p.data.tolist() == q.data.tolist()


def test_float32_stays_float32() -> None:
    p = with_grad(np.ones((1, 1), np.float32), [[1.0]])
    optim.L1(np.float64(0.5)).apply([p])
    assert p.grad.data.dtype == np.float32


@pytest.mark.parametrize("strength", [-0.1, float("nan"), "much"])
def test_a_bad_strength_is_refused(strength: Any) -> None:
    with pytest.raises(OptionError, match=r"L1\n  got:    strength=.*\n.*finite number, 0 or more"):
        optim.L1(strength)
