"""Laws of the norms: memory, accuracy, kinship, and the functions beside the layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.nn import functional as F
from pellucid.random import generator

RNG = generator(3, "norms")
CHANNELS_LAST = (0, 3, 1, 2)


def images(*shape: int, dtype: Any = np.float64) -> Any:
    """Images (B, C, H, W) whose memory is (B, H, W, C), with a mean far from 0."""
    b, c, h, w = shape
    return (RNG.normal(size=(b, h, w, c)) * 2 + 5).astype(dtype).transpose(CHANNELS_LAST)


def is_channels_last(a: Any) -> bool:
    return bool(np.asarray(a).transpose(0, 2, 3, 1).flags.c_contiguous)


NORMS = {
    "BatchNorm2d": nn.BatchNorm2d(4).double(),
    "GroupNorm": nn.GroupNorm(2, 4).double(),
    "InstanceNorm2d": nn.InstanceNorm2d(4, affine=True).double(),
    "LocalResponseNorm": nn.LocalResponseNorm(3),
}


@pytest.mark.parametrize("layer", NORMS.values(), ids=NORMS)
@pytest.mark.parametrize("training", [True, False])
def test_memory_that_comes_channels_last_goes_channels_last(
    layer: nn.Module, training: bool
) -> None:
    x = images(3, 4, 5, 6)
    results = []
    for array in (x, np.ascontiguousarray(x)):
        t = pellucid.tensor(array, requires_grad=True) * 1
        t.retain_grad()
        y = layer.train(training)(t)
        assert is_channels_last(y.data) == is_channels_last(array)
        y.backward(np.cos(array))
        assert t.grad is not None
        results.append((y.numpy(), t.grad.numpy()))
        assert is_channels_last(t.grad) == is_channels_last(array)
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("last", [True, False])
def test_statistics_of_float32_lose_no_digits(last: bool) -> None:
    """36,864 numbers a channel with a mean of 5: a plain running sum is off in the sixth digit."""
    x = images(64, 8, 24, 24, dtype=np.float32)
    x = x if last else np.ascontiguousarray(x)
    layer = nn.BatchNorm2d(8, momentum=1.0)
    y = layer(x)
    assert layer.running_mean is not None and layer.running_var is not None
    exact = x.astype(np.float64)
    mean, var = exact.mean(axis=(0, 2, 3)), exact.var(axis=(0, 2, 3), ddof=1)
    np.testing.assert_allclose(layer.running_mean.numpy(), mean, rtol=5e-7)
    np.testing.assert_allclose(layer.running_var.numpy(), var, rtol=2e-6)
    plain = (exact - mean.reshape(1, -1, 1, 1)) / np.sqrt(
        exact.var(axis=(0, 2, 3)).reshape(1, -1, 1, 1) + 1e-5
    )
    np.testing.assert_allclose(y.numpy(), plain, rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize("last", [True, False])
def test_gradients_of_float32_lose_no_digits(last: bool) -> None:
    x, g = images(32, 4, 24, 24, dtype=np.float32), images(32, 4, 24, 24, dtype=np.float32)
    if not last:
        x, g = np.ascontiguousarray(x), np.ascontiguousarray(g)
    found = []
    for dtype in (np.float32, np.float64):
        layer = nn.BatchNorm2d(4, dtype=dtype)
        t = pellucid.tensor(x.astype(dtype), requires_grad=True)
        layer(t).backward(g.astype(dtype))
        found.append([np.asarray(a.grad) for a in (t, layer.weight, layer.bias)])
    scales = [5.0, *[np.abs(g * (x - 5)).sum() / 4] * 2]  # what the sums are sums of
    for single, double, scale in zip(*found, scales, strict=True):
        np.testing.assert_allclose(single, double, rtol=2e-6, atol=1e-6 * scale)


def test_instance_norm_is_a_group_norm_of_single_channels() -> None:
    x = images(3, 4, 5, 6)
    np.testing.assert_allclose(
        F.instance_norm(x).numpy(), F.group_norm(x, 4).numpy(), rtol=1e-13, atol=1e-13
    )


def test_a_group_norm_of_one_group_is_a_layer_norm_of_everything() -> None:
    x = images(3, 4, 5, 6)
    np.testing.assert_allclose(
        F.group_norm(x, 1).numpy(), F.layer_norm(x, (4, 5, 6)).numpy(), rtol=1e-11, atol=1e-12
    )


def test_batch_norm_of_images_is_that_of_their_pixels() -> None:
    x = images(3, 4, 5, 6)
    pixels = x.transpose(0, 2, 3, 1).reshape(-1, 4)
    rows = nn.BatchNorm1d(4).double()(pixels).numpy()
    back = rows.reshape(3, 5, 6, 4).transpose(CHANNELS_LAST)
    np.testing.assert_allclose(nn.BatchNorm2d(4).double()(x).numpy(), back, rtol=1e-11, atol=1e-12)


def test_norms_do_not_feel_scale_and_shift() -> None:
    x = images(3, 4, 5, 6)
    for norm in (lambda a: F.group_norm(a, 2, eps=0.0), lambda a: F.instance_norm(a, eps=0.0)):
        np.testing.assert_allclose(norm(x).numpy(), norm(3 * x - 7).numpy(), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(
        F.rms_norm(x, 6, eps=0.0).numpy(), F.rms_norm(3 * x, 6, eps=0.0).numpy(), rtol=1e-12
    )


def test_eps_of_none_is_that_of_the_dtype() -> None:
    x = np.full((1, 2), 1e-4)
    for dtype in (np.float32, np.float64):
        eps = np.finfo(dtype).eps
        y = F.rms_norm(x.astype(dtype), (2,)).numpy()
        np.testing.assert_allclose(y, x / np.sqrt(1e-8 + eps), rtol=1e-6)


@pytest.mark.parametrize("wrap", [pellucid.tensor, np.array])
@pytest.mark.parametrize(
    "kind, function", [("BatchNorm2d", F.batch_norm), ("InstanceNorm2d", F.instance_norm)]
)
def test_the_functions_move_running_statistics_as_the_layers(
    wrap: Any, kind: str, function: Any
) -> None:
    x = images(3, 4, 5, 6)
    layer = getattr(nn, kind)(4, affine=True, track_running_stats=True, momentum=0.3).double()
    mean, var = wrap(np.zeros(4)), wrap(np.ones(4))
    for _ in range(2):
        y = layer(x)
        z = function(x, mean, var, layer.weight, layer.bias, True, 0.3)
        np.testing.assert_array_equal(y.numpy(), z.numpy())
    np.testing.assert_array_equal(layer.running_mean.numpy(), np.asarray(mean))
    np.testing.assert_array_equal(layer.running_var.numpy(), np.asarray(var))
    predicted = function(x, mean, var, layer.weight, layer.bias, False)
    np.testing.assert_array_equal(layer.eval()(x).numpy(), predicted.numpy())


def test_statistics_given_to_a_function_may_belong_to_a_graph() -> None:
    """The old numbers stay what they were where a graph has them."""
    running = pellucid.tensor(np.zeros(3))
    before = running.data
    F.batch_norm(RNG.normal(size=(4, 3)), running, None, training=True)
    assert (before == 0).all() and (running.data != 0).all()


def test_normed_shapes_may_be_lists_or_numbers_of_numpy() -> None:
    assert nn.LayerNorm([2, 3]).normalized_shape == (2, 3)
    assert nn.RMSNorm(np.int64(3)).normalized_shape == (3,)
    assert F.layer_norm(np.ones((2, 3)), 3).shape == (2, 3)
