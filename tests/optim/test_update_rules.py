"""The update rules: by hand, pure, and right where reference texts are wrong."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

from pellucid.optim import clip, penalty, rules

ADAM = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}

# Every rule with its options; the arrays are its other arguments, t a step count.
RULES: list[tuple[Any, dict[str, Any]]] = [
    (rules.sgd, {"lr": 0.1}),
    (rules.momentum, {"lr": 0.1, "momentum": 0.9}),
    (rules.momentum, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}),
    (rules.nesterov, {"lr": 0.1, "momentum": 0.9}),
    (rules.rms_scaled, {"alpha": 0.9, "eps": 1e-8}),
    (rules.centered_rms_scaled, {"alpha": 0.9, "eps": 1e-8}),
    (rules.adagrad, {"lr": 0.1, "lr_decay": 0.1, "eps": 1e-10}),
    (rules.adam, ADAM),
    (rules.amsgrad, ADAM),
    (rules.weight_decay, {"strength": 0.1}),
    (rules.decay, {"lr": 0.1, "strength": 0.1}),
    (rules.ascend, {}),
    (penalty.l1, {"strength": 0.1}),
    (penalty.l2, {"strength": 0.1}),
    (clip.by_value, {"limit": 0.5}),
]
NAMES = [f"{rule.__name__}-{'-'.join(options)}" for rule, options in RULES]


def arrays_for(rule: Any, dtype: Any) -> dict[str, Any]:
    """Values for the arrays of a rule; the mean square stays above the mean's square."""
    values = {"W": [1.0, -2.0], "dW": [0.5, -0.25], "s": [0.5, 2.0], "a": [0.1, -0.2]}
    values |= {"v": [0.3, 0.4], "m": [0.2, -0.1], "v_max": [0.35, 0.2]}
    found = inspect.signature(rule).parameters.values()
    positional = [p.name for p in found if p.kind != p.KEYWORD_ONLY]
    return {n: 3 if n == "t" else np.array(values[n], dtype) for n in positional}


def results(rule: Any, arrays: dict[str, Any], options: dict[str, Any]) -> list[np.ndarray]:
    out = rule(*arrays.values(), **options)
    return list(out) if isinstance(out, tuple) else [out]


def test_every_public_rule_is_in_the_list() -> None:
    assert set(rules.__all__) <= {rule.__name__ for rule, _ in RULES}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("rule", "options"), RULES, ids=NAMES)
def test_a_rule_is_pure_and_keeps_the_dtype(rule: Any, options: Any, dtype: Any) -> None:
    arrays = arrays_for(rule, dtype)
    before = {name: np.array(value) for name, value in arrays.items()}
    for value in arrays.values():
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
    out = results(rule, arrays, options)
    assert [o.dtype for o in out] == [dtype] * len(out)
    assert not any(np.shares_memory(o, a) for o in out for a in arrays.values())
    for name, value in arrays.items():
        assert np.array_equal(value, before[name]), f"{rule.__name__} changed {name}"


class Symbol(np.lib.mixins.NDArrayOperatorsMixin):
    """An array without numbers: NumPy's operations on it make new symbols, all else fails."""

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Symbol:
        assert method == "__call__" and not kwargs
        return Symbol()

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Symbol:
        return Symbol()

    def __bool__(self) -> bool:
        raise AssertionError("a rule branched on a value")


@pytest.mark.parametrize(("rule", "options"), RULES, ids=NAMES)
def test_a_rule_runs_on_symbols(rule: Any, options: Any) -> None:
    arrays = {name: Symbol() for name in arrays_for(rule, np.float64)}
    assert all(isinstance(o, Symbol) for o in results(rule, arrays, options))


def test_clipping_by_norm_runs_on_symbols() -> None:
    assert isinstance(clip.norm_scale([Symbol(), Symbol()], max_norm=1.0), Symbol)


def test_sgd_by_hand() -> None:
    assert rules.sgd(np.array([2.0]), np.array([4.0]), lr=0.25).tolist() == [1.0]


def test_momentum_by_hand() -> None:
    W, v = np.array([1.0]), None
    seen = []
    for dW in (1.0, 0.5, -1.0):
        W, v = rules.momentum(W, np.array([dW]), v, lr=0.1, momentum=0.9)
        seen.append((float(v[0]), float(W[0])))
    # v: 1; 0.9 + 0.5 = 1.4; 1.26 - 1 = 0.26
    expected = [(1.0, 0.9), (1.4, 0.76), (0.26, 0.734)]
    np.testing.assert_allclose(seen, expected, rtol=1e-12)


def test_dampening_spares_the_first_gradient() -> None:
    options = {"lr": 0.1, "momentum": 0.9, "dampening": 0.5}
    one = np.ones(1)
    W, v = rules.momentum(one, one, None, **options)
    assert v.tolist() == [1.0]
    W, v = rules.momentum(W, one, v, **options)
    np.testing.assert_allclose(v, [0.9 + 0.5])


def test_nesterov_by_hand() -> None:
    W, v = rules.nesterov(np.array([1.0]), np.array([1.0]), None, lr=0.1, momentum=0.9)
    np.testing.assert_allclose([W[0], v[0]], [1 - 0.1 * (1 + 0.9), 1.0])


def test_three_steps_of_adam_by_hand() -> None:
    """Algorithm 1 of Kingma & Ba 2015, line by line, on f(w) = w² from w = 1."""
    w, m, v, alpha, beta1, beta2, eps = 1.0, 0.0, 0.0, 0.1, 0.9, 0.999, 1e-8
    W, M, V = np.array([1.0]), np.zeros(1), np.zeros(1)
    for t in (1, 2, 3):
        g = 2 * w
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        w = w - alpha * m_hat / (math.sqrt(v_hat) + eps)
        W, M, V = rules.adam(W, 2 * W, M, V, t, lr=alpha, beta1=beta1, beta2=beta2, eps=eps)
        np.testing.assert_allclose([W[0], M[0], V[0]], [w, m, v], rtol=1e-13)
    # 1, 0.9000000005, 0.8004122286917921, 0.7015862729460295: worked out to 40 digits.
    np.testing.assert_allclose(W, [0.7015862729460295], rtol=1e-14)


def test_the_first_step_of_adam_is_lr_long_whatever_the_gradient() -> None:
    """Reference text 1 leaves the corrections out: its first step is sqrt(10) times as long."""
    zero = np.zeros(1)
    for g in (1e-3, 1.0, 1e3):
        W, m, v = rules.adam(zero, zero + g, zero, zero, 1, **ADAM)
        np.testing.assert_allclose(W, [-0.1], rtol=2e-5)
        without = 0.1 * m / (np.sqrt(v) + 1e-8)
        np.testing.assert_allclose(without / 0.1, [0.1 / math.sqrt(0.001)], rtol=5e-4)


def test_momentum_goes_down_where_the_reference_text_climbs() -> None:
    """Reference text 1 writes w = w + velocity with velocity = 0.9 velocity + lr gradient."""
    W, v = np.array([1.0]), None
    w, velocity = 1.0, 0.0
    for _ in range(60):
        W, v = rules.momentum(W, 2 * W, v, lr=0.05, momentum=0.9)  # the gradient of w²
        velocity = 0.9 * velocity + 0.05 * 2 * w
        w = w + velocity
    assert abs(float(W[0])) < 0.1
    assert w > 1e6


def test_adagrad_by_hand() -> None:
    W, s = rules.adagrad(
        np.zeros(1), np.array([3.0]), np.array([16.0]), 3, lr=1.0, lr_decay=0.5, eps=0.0
    )
    np.testing.assert_allclose([s[0], W[0]], [25.0, -(1 / 2) * 3 / 5])


def test_rmsprop_by_hand() -> None:
    d, s = rules.rms_scaled(np.array([3.0]), np.array([7.0]), alpha=0.5, eps=0.1)
    np.testing.assert_allclose([s[0], d[0]], [8.0, 3 / (math.sqrt(8) + 0.1)])


def test_centered_rmsprop_by_hand() -> None:
    out = rules.centered_rms_scaled(
        np.array([3.0]), np.array([7.0]), np.array([1.0]), alpha=0.5, eps=0.1
    )
    np.testing.assert_allclose(out, [[3 / (math.sqrt(8 - 4) + 0.1)], [8.0], [2.0]])


def test_amsgrad_divides_by_the_largest_second_moment() -> None:
    zero, g = np.zeros(1), np.ones(1)
    *_, v_max = rules.amsgrad(zero, g, zero, zero, zero + 5, 1, **ADAM)
    assert v_max.tolist() == [5.0]
    W, *_ = rules.amsgrad(zero, g, zero, zero, zero + 5, 1, **ADAM)
    np.testing.assert_allclose(W, [-0.1 / math.sqrt(5 / 0.001)], rtol=1e-6)


def test_weight_decay_apart_from_the_gradient() -> None:
    W, dW = np.array([2.0]), np.array([1.0])
    np.testing.assert_allclose(rules.weight_decay(W, dW, strength=0.25), [1.5])
    np.testing.assert_allclose(rules.decay(W, lr=0.1, strength=0.25), [2 * (1 - 0.025)])
