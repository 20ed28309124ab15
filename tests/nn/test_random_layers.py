"""Layers that draw: whole channels, means that stay, generators that decide."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.nn import functional as F
from pellucid.random import generator

DRAWING: dict[str, tuple[Callable[..., nn.Module], tuple[int, ...]]] = {
    "Dropout1d": (nn.Dropout1d, (8, 6, 5)),
    "Dropout2d": (nn.Dropout2d, (8, 6, 5, 2)),
    "Dropout3d": (nn.Dropout3d, (8, 6, 5, 2, 2)),
    "AlphaDropout": (nn.AlphaDropout, (8, 50)),
    "FeatureAlphaDropout": (nn.FeatureAlphaDropout, (8, 6, 5)),
    "RReLU": (nn.RReLU, (8, 50)),
}
every_drawing = pytest.mark.parametrize("make, shape", DRAWING.values(), ids=DRAWING)


@every_drawing
def test_generators_decide(make: Callable[..., nn.Module], shape: tuple[int, ...]) -> None:
    x = -np.ones(shape)
    first, second, other = (make(generator=generator(s))(x).numpy() for s in (5, 5, 6))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()
    layer = make(generator=generator(5))
    assert (layer(x).numpy() != layer(x).numpy()).any()


@every_drawing
def test_eval_draws_nothing(make: Callable[..., nn.Module], shape: tuple[int, ...]) -> None:
    used = generator(5)
    layer = make(generator=used).eval()
    x = np.ones(shape)
    np.testing.assert_array_equal(layer(x).numpy(), x)
    assert used.random() == generator(5).random()


@pytest.mark.parametrize(
    "layer, shape, leading",
    [
        (nn.Dropout1d, (9, 7, 5), 2),
        (nn.Dropout1d, (63, 5), 1),
        (nn.Dropout2d, (9, 7, 5, 2), 2),
        (nn.Dropout2d, (9, 7, 5), 2),
        (nn.Dropout3d, (9, 7, 2, 2, 2), 2),
        (nn.Dropout3d, (63, 2, 2, 2), 1),
        (nn.FeatureAlphaDropout, (9, 7, 5), 2),
    ],
)
def test_channels_are_kept_or_dropped_as_a_whole(
    layer: Callable[..., nn.Module], shape: tuple[int, ...], leading: int
) -> None:
    x = pellucid.tensor(np.ones(shape, np.float32), requires_grad=True)
    y = layer(0.4, generator=generator(1))(x)
    channels = y.numpy().reshape(63, -1)
    assert (channels == channels[:, :1]).all()
    assert len(np.unique(channels)) == 2  # dropped, kept
    y.sum().backward()
    assert x.grad is not None
    slopes = x.grad.numpy().reshape(63, -1)
    assert (slopes == slopes[:, :1]).all() and len(np.unique(slopes)) == 2


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_keeps_mean_and_variance(p: float) -> None:
    x = generator(2).normal(size=(400, 500))
    y = nn.AlphaDropout(p, generator=generator(3))(x).numpy()
    assert abs(y.mean()) < 0.02 and abs(y.var() - 1) < 0.03


def test_dropped_channels_are_dropped_as_often_as_asked() -> None:
    y = nn.Dropout2d(0.3, generator=generator(4))(np.ones((200, 100, 1, 1))).numpy()
    assert abs((y == 0).mean() - 0.3) < 0.01 and abs(y.mean() - 1) < 0.02


def test_slopes_are_drawn_between_the_limits() -> None:
    y = nn.RReLU(0.2, 0.3, generator=generator(5))(-np.ones(10_000)).numpy()
    assert -0.3 <= y.min() < -0.299 and -0.201 < y.max() <= -0.2
    assert nn.RReLU(0.2, 0.3).eval()(-np.ones(3)).tolist() == [-0.25] * 3


def test_gumbel_softmax_draws_classes_by_their_probabilities() -> None:
    logits = np.log(np.tile([0.2, 0.7, 0.1], (20_000, 1)))
    soft = F.gumbel_softmax(logits, generator=generator(6)).numpy()
    hard = F.gumbel_softmax(logits, hard=True, generator=generator(6)).numpy()
    np.testing.assert_allclose(soft.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_array_equal(hard, np.eye(3)[soft.argmax(axis=1)])
    np.testing.assert_allclose(hard.mean(axis=0), [0.2, 0.7, 0.1], atol=0.01)
    across = F.gumbel_softmax(logits.T, hard=True, dim=0, generator=generator(7)).numpy()
    np.testing.assert_array_equal(across.sum(axis=0), 1)


def test_the_gradient_of_a_hard_draw_is_the_soft_ones() -> None:
    found = []
    for hard in (False, True):
        x = pellucid.tensor(np.array([[0.3, -1.0, 0.5]]), requires_grad=True)
        y = F.gumbel_softmax(x, tau=0.7, hard=hard, generator=generator(8))
        y.backward(np.array([[1.0, 2.0, -1.0]]))
        assert x.grad is not None
        found.append(x.grad.numpy())
    np.testing.assert_array_equal(*found)


def test_gumbel_noise_is_finite_for_every_draw() -> None:
    class Zero:
        def random(self, shape: tuple[int, ...], dtype: type) -> object:
            return np.zeros(shape, dtype)

    for dtype in (np.float32, np.float64):
        y = F.gumbel_softmax(np.zeros((1, 2), dtype), generator=Zero())  # type: ignore[arg-type]
        np.testing.assert_allclose(y.numpy(), 0.5)
