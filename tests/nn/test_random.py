"""Initial weights, dropout and batch statistics: what is drawn, from where, and what follows."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import init
from pellucid.random import generator, step_key

OUT, IN = 300, 200


def weight(shape: tuple[int, ...] = (OUT, IN)) -> pellucid.Tensor:
    return nn.Parameter(np.full(shape, np.nan, np.float32))


NORMAL: list[tuple[str, Callable[..., Any], float]] = [
    ("normal", lambda w, g: init.normal_(w, 0.0, 0.3, generator=g), 0.3),
    ("xavier", lambda w, g: init.xavier_normal_(w, generator=g), math.sqrt(2 / (IN + OUT))),
    ("xavier gain", lambda w, g: init.xavier_normal_(w, 2.0, g), 2 * math.sqrt(2 / (IN + OUT))),
    ("he", lambda w, g: init.kaiming_normal_(w, generator=g), math.sqrt(2 / IN)),
    (
        "he out",
        lambda w, g: init.kaiming_normal_(w, mode="fan_out", generator=g),
        math.sqrt(2 / OUT),
    ),
    (
        "he tanh",
        lambda w, g: init.kaiming_normal_(w, nonlinearity="tanh", generator=g),
        5 / 3 / math.sqrt(IN),
    ),
    ("lecun", lambda w, g: init.lecun_normal_(w, generator=g), math.sqrt(1 / IN)),
]
UNIFORM: list[tuple[str, Callable[..., Any], float]] = [
    ("uniform", lambda w, g: init.uniform_(w, -0.2, 0.2, generator=g), 0.2),
    ("xavier", lambda w, g: init.xavier_uniform_(w, generator=g), math.sqrt(6 / (IN + OUT))),
    ("he", lambda w, g: init.kaiming_uniform_(w, generator=g), math.sqrt(6 / IN)),
    (
        "he leaky",
        lambda w, g: init.kaiming_uniform_(w, a=math.sqrt(5), generator=g),
        1 / math.sqrt(IN),
    ),
    ("lecun", lambda w, g: init.lecun_uniform_(w, generator=g), math.sqrt(3 / IN)),
]


@pytest.mark.parametrize("name, draw, std", NORMAL, ids=[r[0] for r in NORMAL])
def test_normal_weights(name: str, draw: Callable[..., Any], std: float) -> None:
    w = weight()
    assert draw(w, generator(1)) is w and w.dtype == np.float32
    values = w.numpy() / std  # 60,000 draws: four standard errors
    assert abs(values.mean()) < 4 / math.sqrt(values.size)
    assert abs(values.std() - 1) < 4 / math.sqrt(2 * values.size)
    assert 3.5 < abs(values).max() < 6
    assert abs((abs(values) < 1).mean() - 0.6827) < 0.01


@pytest.mark.parametrize("name, draw, bound", UNIFORM, ids=[r[0] for r in UNIFORM])
def test_uniform_weights(name: str, draw: Callable[..., Any], bound: float) -> None:
    values = draw(weight(), generator(1)).numpy() / bound
    assert abs(values).max() <= 1 + 1e-6 and abs(values).max() > 0.999
    assert abs(values.mean()) < 4 / math.sqrt(3 * values.size)
    assert abs(values.std() - 1 / math.sqrt(3)) < 0.005


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (3, 2, 2)])
def test_orthogonal_weights(shape: tuple[int, ...]) -> None:
    w = init.orthogonal_(weight(shape), gain=2.0, generator=generator(1)).numpy()
    w = w.reshape(shape[0], -1).astype(float)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_orthogonal_draws_are_uniform() -> None:
    signs = [
        init.orthogonal_(weight((2, 2)), generator=generator(i)).numpy()[0, 0] > 0
        for i in range(200)
    ]
    assert 70 < sum(signs) < 130


def test_constants() -> None:
    assert (init.zeros_(weight()).numpy() == 0).all() and (init.ones_(weight()).numpy() == 1).all()
    assert (init.constant_(weight(), 0.25).numpy() == 0.25).all()


def test_gains_are_torchs() -> None:
    assert init.calculate_gain("relu") == math.sqrt(2) and init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("linear") == init.calculate_gain("sigmoid") == 1
    assert math.isclose(init.calculate_gain("leaky_relu", 0.2), math.sqrt(2 / 1.04))
    assert init.calculate_gain("selu") == 0.75
    with pytest.raises(OptionError, match="did you mean 'relu'"):
        init.calculate_gain("rleu")


def test_a_bias_has_no_fan() -> None:
    with pytest.raises(ShapeError, match="try:    zeros_ for a bias"):
        init.xavier_uniform_(weight((3,)))
    with pytest.raises(OptionError, match="did you mean 'fan_in'"):
        init.kaiming_normal_(weight(), mode="fan_inn")
    with pytest.raises(OptionError, match="at least one weight"):
        init.kaiming_normal_(weight((0, 3)))


def test_linears_own_weights_are_torchs_default() -> None:
    layer = nn.Linear(IN, OUT, generator=generator(3))
    for p in (layer.weight, layer.bias):
        values = p.numpy() * math.sqrt(IN)
        assert abs(values).max() <= 1 + 1e-6 and abs(values.std() - 1 / math.sqrt(3)) < 0.05


@pytest.mark.parametrize("name", nn.INITS)
def test_named_schemes(name: str) -> None:
    net = nn.MLP([20, 30, 10], init=name, generator=generator(5))
    again = nn.MLP([20, 30, 10], init=name, generator=generator(5))
    for (key, a), b in zip(net.state_dict().items(), again.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.isfinite(a).all() and (not key.endswith("bias") or (a == 0).all())
        assert name == "zeros" or key.endswith("bias") or a.std() > 0


def test_he_and_glorot_are_the_same_schemes_by_their_other_names() -> None:
    for a, b in [("he_normal", "kaiming_normal"), ("glorot_uniform", "xavier_uniform")]:
        nets = [nn.MLP([3, 4], init=n, generator=generator(1)).state_dict() for n in (a, b)]
        np.testing.assert_array_equal(nets[0]["0.weight"], nets[1]["0.weight"])


def test_seeds_decide_and_numpys_generator_is_left_alone() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    nets = []
    for seed in (7, 7, 8):
        pellucid.manual_seed(seed)
        net = nn.MLP([4, 5, 3], dropout=0.5)
        nets.append([*net.state_dict().values(), net(np.ones((2, 4))).numpy()])
    assert all(np.array_equal(a, b) for a, b in zip(nets[0], nets[1], strict=True))
    assert not np.array_equal(nets[0][0], nets[2][0])
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_a_generator_of_ones_own_leaves_pellucids_alone() -> None:
    pellucid.manual_seed(1)
    first = nn.Linear(3, 2).weight.numpy().copy()
    pellucid.manual_seed(1)
    nn.Linear(50, 50, generator=generator(2))
    nn.Dropout(0.5, generator=generator(2))(np.ones((10, 10)))
    np.testing.assert_array_equal(nn.Linear(3, 2).weight.numpy(), first)


# -- dropout --


def test_dropout_keeps_the_mean_and_the_share() -> None:
    x = np.ones((500, 200), np.float32)
    for p in (0.2, 0.5, 0.9):
        y = nn.Dropout(p, generator=generator(1))(x).numpy()
        assert np.allclose(np.unique(y), [0, 1 / (1 - p)])
        assert abs((y == 0).mean() - p) < 4 * math.sqrt(p * (1 - p) / y.size)
        assert abs(y.mean() - 1) < 0.03


def test_dropout_draws_anew_each_time_and_rests_in_eval() -> None:
    layer, x = nn.Dropout(0.5), pellucid.tensor(np.ones((20, 20)))
    pellucid.manual_seed(0)
    assert not np.array_equal(layer(x).numpy(), layer(x).numpy())
    assert layer.eval()(x) is x
    assert nn.Dropout(0.0)(x) is x
    assert (nn.Dropout(1.0)(x).numpy() == 0).all()


def test_dropout_is_keyed_to_the_step_and_the_site() -> None:
    x = np.ones((1, 64))
    net = nn.ModuleList([nn.Dropout(), nn.Dropout()])

    def masks(epoch: int, step: int) -> list[bytes]:
        with step_key(3, epoch, step):
            return [layer(x).numpy().tobytes() for layer in net]

    assert masks(0, 1) == masks(0, 1)
    assert len({*masks(0, 1), *masks(0, 2), *masks(1, 1)}) == 6


def test_what_dropout_drops_gets_no_gradient() -> None:
    x = pellucid.tensor(np.full((4, 50), 3.0), requires_grad=True)
    y = nn.Dropout(0.5, generator=generator(1))(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy() * 3.0, y.numpy())


# -- batch norm --


def test_running_statistics_follow_the_batches() -> None:
    norm = nn.BatchNorm1d(2, momentum=0.25).double()
    x = np.array([[1.0, 10.0], [3.0, 20.0], [5.0, 60.0]])
    norm(x)
    np.testing.assert_allclose(norm.running_mean.numpy(), 0.25 * x.mean(axis=0))
    np.testing.assert_allclose(norm.running_var.numpy(), 0.75 + 0.25 * x.var(axis=0, ddof=1))
    assert norm.num_batches_tracked.item() == 1 and norm.num_batches_tracked.dtype == np.int64


def test_without_momentum_all_batches_count_alike() -> None:
    norm, batches = nn.BatchNorm1d(2, momentum=None), generator(1).normal(size=(5, 8, 2))
    for batch in batches:
        norm(batch)
    np.testing.assert_allclose(norm.running_mean.numpy(), batches.mean(axis=(0, 1)), rtol=1e-4)
    expected = batches.var(axis=1, ddof=1).mean(axis=0)
    np.testing.assert_allclose(norm.running_var.numpy(), expected, rtol=1e-4)
    assert norm.running_mean.dtype == np.float32


def test_eval_uses_and_keeps_the_running_statistics() -> None:
    norm, x = nn.BatchNorm1d(2), generator(2).normal(5, 3, (200, 2))
    for _ in range(100):
        norm(x)
    state = norm.state_dict()
    y = norm.eval()(x).numpy()
    assert abs(y.mean(axis=0)).max() < 0.01 and abs(y.std(axis=0) - 1).max() < 0.01
    assert norm(x[:1]).shape == (1, 2)
    for name, array in norm.state_dict().items():
        np.testing.assert_array_equal(array, state[name])


def test_batch_norm_without_memory_uses_the_batch_in_eval_too() -> None:
    norm = nn.BatchNorm1d(2, track_running_stats=False).eval()
    x = generator(2).normal(5, 3, (50, 2))
    assert abs(norm(x).numpy().mean(axis=0)).max() < 1e-6
    assert list(norm.state_dict()) == ["weight", "bias"]
    assert json.loads(json.dumps(nn.describe(norm)))["options"]["track_running_stats"] is False
