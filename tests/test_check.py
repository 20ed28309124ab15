"""The gradient check finds wrong rules, names them, and refuses to judge at a kink."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import check_gradients, nn, op, tensor
from pellucid.errors import GradientError
from pellucid.random import generator

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]])


def own(forward: Any, backward: Any) -> Any:
    return op(type("Own", (), {"forward": forward, "backward": backward}))


def plus(a: Any, b: Any) -> Any:
    return a + b


WRONG = {
    "sign": own(lambda x: x**3, lambda g, y, x: (-g * 3 * x**2,)),
    "factor": own(lambda x: x**3, lambda g, y, x: (g * x**2,)),
    "slightly": own(lambda x: x**3, lambda g, y, x: (g * 3.0001 * x**2,)),
    "no gradient": own(lambda x: x**3, lambda g, y, x: (None,)),
    "softmax as s (1 - s)": own(
        lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
        lambda g, y, x: (g * y * (1 - y),),
    ),
    "sigmoid of z": own(lambda z: 1 / (1 + np.exp(-z)), lambda g, a, z: (g * z * (1 - z),)),
    "mean without 1 / n": own(lambda x: x.mean(axis=0), lambda g, y, x: (g + 0 * x,)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rules_are_found(name: str) -> None:
    with pytest.raises(GradientError, match=r"gradient check of input 0"):
        check_gradients(WRONG[name], X)


def test_a_right_rule_passes_and_says_how_well() -> None:
    result = check_gradients(own(lambda x: x**3, lambda g, y, x: (g * 3 * x**2,)), X)
    assert result.error < 1e-9 and result.worst == "input 0"
    assert result.analytic == pytest.approx(result.numeric, rel=1e-9)
    assert dict(result.errors) == {"input 0": result.error}


def test_the_text_has_both_numbers() -> None:
    with pytest.raises(GradientError) as error:
        check_gradients(WRONG["factor"], np.array([2.0]))
    text = str(error.value).splitlines()
    assert text[0] == "GradientError in gradient check of input 0"
    backward, numeric = (float(t.split()[-1]) for t in text[1].split(", "))
    assert numeric == pytest.approx(3 * backward, rel=1e-6)
    assert text[2].startswith("  needs:  a relative difference of at most 1e-06; it is 0.66")
    assert text[3] == "  try:    compare the backward rule with the derivative of the forward rule"


def test_a_forgotten_broadcast_is_found() -> None:
    with pytest.raises(GradientError, match=r"a gradient of shape \(2, 3\) for an input of shape"):
        check_gradients(own(plus, lambda g, y, a, b: (g, g)), X, np.ones(3))
    with pytest.raises(GradientError, match="gradient check of input 1"):
        check_gradients(own(plus, lambda g, y, a, b: (g, g[0])), X, np.ones(3))
    assert check_gradients(own(plus, lambda g, y, a, b: (g, g.sum(axis=0))), X, np.ones(3))


class Net(nn.Module):
    """A network whose second layer may have a wrong rule for its bias."""

    def __init__(self, wrong: float = 1.0) -> None:
        super().__init__()
        self.hidden = nn.Linear(3, 4, generator=generator(1))
        self.out = nn.Linear(4, 2, generator=generator(2))
        self.add = own(plus, lambda g, y, a, b: (g, wrong * g.sum(axis=0)))

    def forward(self, x: Any) -> Any:
        hidden = self.hidden(x).tanh()
        return self.add(hidden @ self.out.weight.T, self.out.bias)


def test_the_worst_parameter_is_named() -> None:
    assert sorted(check_gradients(Net(), X).errors) == [
        "hidden.bias",
        "hidden.weight",
        "input 0",
        "out.bias",
        "out.weight",
    ]
    with pytest.raises(GradientError, match=r"gradient check of out\.bias"):
        check_gradients(Net(wrong=2.0), X)


def test_a_gradient_that_is_not_a_number_is_found() -> None:
    with pytest.raises(GradientError, match=r"says nan"):
        check_gradients(own(lambda x: x * 1, lambda g, y, x: (g * np.nan,)), X)


# -- kinks --


@pytest.mark.parametrize("function", [abs, lambda x: x.relu(), lambda x: np.maximum(x, 0.0)])
def test_refuses_to_judge_at_a_kink(function: Any) -> None:
    with pytest.raises(GradientError) as error:
        check_gradients(function, np.array([0.0, 1.0, -1.0]))
    assert str(error.value).splitlines()[2:] == [
        "  needs:  a point where the function has one slope: this is a kink, or very near one",
        "  try:    another input, away from kinks such as ReLU's at 0",
    ]


def test_refuses_to_judge_at_a_jump() -> None:
    with pytest.raises(GradientError, match="this is a kink"):
        check_gradients(lambda x: x.step(), np.array([0.0]))


@pytest.mark.parametrize("distance", np.linspace(0, 2e-5, 41))
def test_a_kink_nearby_never_puts_the_blame_on_the_rule(distance: float) -> None:
    for seed in range(4):
        try:
            result = check_gradients(lambda x: abs(x) + x * x, np.array([distance]), seed=seed)
        except GradientError as error:
            assert "kink" in str(error) and distance < 5e-6
        else:
            assert result.error < 1e-6


def test_sharp_but_smooth_functions_are_judged() -> None:
    def sharp(x: Any) -> Any:
        return (x * 300).tanh()

    assert check_gradients(sharp, np.array([0.001, -0.002])).error < 1e-6
    assert check_gradients(lambda x: (x * 1e8) ** 3, np.array([1.0])).error < 1e-9
    assert check_gradients(lambda x: (x * 1e-8) ** 3, np.array([1.0])).error < 1e-9


# -- what it leaves alone --


def test_a_module_keeps_its_numbers_and_its_gradients() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    net(X).sum().backward()
    before = net.state_dict()
    gradients = [p.grad for p in net.parameters()]
    arrays = [p.data for p in net.parameters()]
    assert check_gradients(net, X).error < 1e-8
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
        assert array.dtype == before[name].dtype
    assert all(p.grad is g for p, g in zip(net.parameters(), gradients, strict=True))
    assert all(p.data is a for p, a in zip(net.parameters(), arrays, strict=True))


def test_a_module_keeps_its_numbers_when_it_fails() -> None:
    net = Net(wrong=2.0)
    before = net.state_dict()
    with pytest.raises(GradientError):
        check_gradients(net, X)
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
        assert array.dtype == np.float32


def test_inputs_are_left_alone() -> None:
    x = tensor(X, requires_grad=True)
    array = X.copy()
    check_gradients(lambda a, b: a * b, x, array)
    assert x.grad is None and (x.data == X).all() and (array == X).all()


# -- what it takes --


def test_dropout_is_repeated_the_same_way() -> None:
    net = nn.Sequential(nn.Linear(3, 20), nn.Dropout(0.5), nn.Tanh(), nn.Dropout(0.3))
    assert check_gradients(net, X).error < 1e-8
    pellucid.manual_seed(4)
    expected = pellucid.random.default_generator().random()
    pellucid.manual_seed(4)
    check_gradients(net, X)
    assert pellucid.random.default_generator().random() == expected


def test_modules_with_buffers_in_both_modes() -> None:
    for net in (nn.BatchNorm1d(3), nn.BatchNorm1d(3, momentum=None), nn.BatchNorm1d(3).eval()):
        assert check_gradients(net, X).error < 1e-8


def test_whole_numbers_are_given_as_they_are() -> None:
    def loss(z: Any, y: Any) -> Any:
        return nn.CrossEntropyLoss()(z, y)

    for labels in (np.array([0, 2]), tensor([0, 2]), [0, 2]):
        assert list(check_gradients(loss, X, labels).errors) == ["input 0"]
    with pytest.raises(GradientError, match="no floating-point input and no parameter"):
        check_gradients(lambda n: n * 1, np.array([1, 2]))


def test_lists_and_numbers_and_float32_become_float64() -> None:
    seen: list[Any] = []

    def product(*xs: Any) -> Any:
        seen.extend(x.dtype.name for x in xs)
        return xs[0] * xs[1] * xs[2]

    check_gradients(product, [1.0, 2.0], 3.0, np.array([1.5, 0.5], np.float32))
    assert set(seen) == {"float64"}


def test_frozen_parameters_are_not_judged() -> None:
    net = Net(wrong=2.0)
    net.out.requires_grad_(False)
    assert "out.bias" not in check_gradients(net, X).errors


def test_the_seed_decides_the_direction() -> None:
    slopes = [check_gradients(lambda x: x**2, X, seed=s).analytic for s in (1, 1, 2)]
    assert slopes[0] == slopes[1] != slopes[2]
