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
    (rules.adamax, ADAM),
    (rules.nadam, {**ADAM, "momentum_decay": 4e-3}),
    (rules.radam, ADAM),
    (rules.adadelta, {"lr": 0.1, "rho": 0.9, "eps": 1e-6}),
    (rules.rprop, {"eta_minus": 0.5, "eta_plus": 1.2, "step_min": 1e-6, "step_max": 50}),
    (rules.asgd, {"lambd": 0.1}),
    (rules.weight_decay, {"strength": 0.1}),
    (rules.decay, {"lr": 0.1, "strength": 0.1}),
    (rules.ascend, {}),
    (penalty.l1, {"strength": 0.1}),
    (penalty.l2, {"strength": 0.1}),
    (clip.by_value, {"limit": 0.5}),
]
NUMBERS = (rules.nadam_mu, rules.rectification)  # of the step count alone
NAMES = [f"{rule.__name__}-{'-'.join(options)}" for rule, options in RULES]


def arrays_for(rule: Any, dtype: Any) -> dict[str, Any]:
    """Values for the arrays of a rule; the mean square stays above the mean's square."""
    values = {"W": [1.0, -2.0], "dW": [0.5, -0.25], "s": [0.5, 2.0], "a": [0.1, -0.2]}
    values |= {"v": [0.3, 0.4], "m": [0.2, -0.1], "v_max": [0.35, 0.2], "u": [0.2, 0.3]}
    values |= {"prev": [0.1, 0.2], "step_size": [0.1, 0.2], "ax": [0.5, 0.5]}
    numbers = {"t": 3, "mu_product": 0.1, "r": 0.5, "eta": 0.1, "mu": 0.5}
    found = inspect.signature(rule).parameters.values()
    positional = [p.name for p in found if p.kind != p.KEYWORD_ONLY]
    return {n: numbers[n] if n in numbers else np.array(values[n], dtype) for n in positional}


def results(rule: Any, arrays: dict[str, Any], options: dict[str, Any]) -> list[np.ndarray]:
    out = rule(*arrays.values(), **options)
    return list(out) if isinstance(out, tuple) else [out]


def test_every_public_rule_is_in_the_list() -> None:
    listed = {rule.__name__ for rule, _ in RULES} | {rule.__name__ for rule in NUMBERS}
    assert set(rules.__all__) <= listed


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


def test_adamax_by_hand() -> None:
    options = {"lr": 0.1, "beta1": 0.5, "beta2": 0.5, "eps": 0.0}
    W, m, u = rules.adamax(
        np.zeros(2), np.array([3.0, 1.0]), np.ones(2), np.array([4.0, 8.0]), 2, **options
    )
    np.testing.assert_allclose(u, [3.0, 4.0])  # max(2, 3) and max(4, 1)
    np.testing.assert_allclose(m, [2.0, 1.0])
    np.testing.assert_allclose(W, [-0.1 / 0.75 * 2 / 3, -0.1 / 0.75 * 1 / 4])


def test_adadelta_by_hand() -> None:
    W, s, u = rules.adadelta(
        np.zeros(1), np.array([2.0]), np.array([3.0]), np.array([8.0]), lr=0.5, rho=0.5, eps=1.0
    )
    d = math.sqrt(9) / math.sqrt(4.5) * 2  # s = 1.5 + 2
    np.testing.assert_allclose([s[0], W[0], u[0]], [3.5, -0.5 * d, 4 + 0.5 * d**2])


def test_nadam_by_hand() -> None:
    """Algorithm 2 of Dozat 2016 for two steps, with the warming schedule of its last section."""
    lr, beta1, beta2, psi, g = 0.1, 0.9, 0.999, 0.004, [2.0, -1.0]
    w = m = v = 0.0
    W, M, V, product = np.zeros(1), np.zeros(1), np.zeros(1), 1.0
    for t in (1, 2):
        mu, after = (beta1 * (1 - 0.5 * 0.96 ** (k * psi)) for k in (t, t + 1))
        product *= mu
        m = beta1 * m + (1 - beta1) * g[t - 1]
        v = beta2 * v + (1 - beta2) * g[t - 1] ** 2
        m_bar = after * m / (1 - product * after) + (1 - mu) * g[t - 1] / (1 - product)
        w -= lr * m_bar / (math.sqrt(v / (1 - beta2**t)) + 1e-8)
        W, M, V = rules.nadam(W, np.array([g[t - 1]]), M, V, t, product, **ADAM, momentum_decay=psi)
    np.testing.assert_allclose([W[0], M[0], V[0]], [w, m, v], rtol=1e-13)


def test_radam_is_plain_until_it_is_rectified() -> None:
    zero, g = np.zeros(1), np.full(1, 7.0)
    W, *_ = rules.radam(zero, g, zero, zero, 1, rules.rectification(1, 0.999), **ADAM)
    np.testing.assert_allclose(W, [-0.1 * 7])  # lr m̂
    r = rules.rectification(6, 0.999)
    W, m, v = rules.radam(zero, g, zero, zero, 6, r, **ADAM)
    v_hat = math.sqrt(float(v[0]) / (1 - 0.999**6))
    np.testing.assert_allclose(W, -0.1 * r * m / (1 - 0.9**6) / v_hat, rtol=1e-6)


def test_the_rectification_by_hand() -> None:
    """Equation 5 of Liu et al. 2020, and its limits: 0 at first, 1 in the end."""
    rho, beta2, t = 2 / (1 - 0.99) - 1, 0.99, 20
    rho_t = rho - 2 * t * beta2**t / (1 - beta2**t)
    r = math.sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t))
    assert rules.rectification(t, beta2) == pytest.approx(r, rel=1e-14)
    assert [rules.rectification(k, 0.999) for k in range(1, 6)] == [0.0] * 5
    assert rules.rectification(100_000, 0.999) == pytest.approx(1.0)
    assert rules.rectification(1000, 0.6) == 0.0  # rho = 4: its denominator would be 0
    assert rules.rectification(1, 0.0) == 0.0


def test_rprop_by_hand() -> None:
    options = {"eta_minus": 0.5, "eta_plus": 1.2, "step_min": 0.06, "step_max": 0.11}
    W, prev, size = rules.rprop(
        np.zeros(4),
        np.array([2.0, -3.0, 0.0, 5.0]),
        np.array([1.0, 1.0, 1.0, 0.0]),
        np.full(4, 0.1),
        **options,
    )
    np.testing.assert_allclose(size, [0.11, 0.06, 0.1, 0.1])  # 0.12 and 0.05 are out of bounds
    np.testing.assert_allclose(W, [-0.11, 0.0, 0.0, -0.1])  # where the sign turned, it waits
    assert prev.tolist() == [2.0, 0.0, 0.0, 5.0]


def test_asgd_by_hand() -> None:
    W, ax = rules.asgd(np.array([2.0]), np.array([3.0]), np.array([1.0]), 0.1, 0.5, lambd=0.25)
    np.testing.assert_allclose([W[0], ax[0]], [2 * 0.975 - 0.3, 1 + 0.5 * (1.65 - 1)])


def test_weight_decay_apart_from_the_gradient() -> None:
    W, dW = np.array([2.0]), np.array([1.0])
    np.testing.assert_allclose(rules.weight_decay(W, dW, strength=0.25), [1.5])
    np.testing.assert_allclose(rules.decay(W, lr=0.1, strength=0.25), [2 * (1 - 0.025)])
