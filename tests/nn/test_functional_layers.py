"""The functions beside the layers, what reprs say, and what happens at kinks and at 0."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid
from pellucid import nn
from pellucid.nn import functional as F

from .cases.base import numbers

X = numbers((3, 4), 0.0) * 3
IMAGES = numbers((2, 4, 3, 3), 1.0)

SAME: dict[str, tuple[Callable[..., Any], nn.Module, Any]] = {
    "relu6": (F.relu6, nn.ReLU6(), X),
    "prelu": (lambda x: F.prelu(x, np.full(4, 0.25)), nn.PReLU(4).double(), X),
    "rrelu": (F.rrelu, nn.RReLU().eval(), X),
    "selu": (F.selu, nn.SELU(), X),
    "celu": (lambda x: F.celu(x, 0.7), nn.CELU(0.7), X),
    "mish": (F.mish, nn.Mish(), X),
    "logsigmoid": (F.logsigmoid, nn.LogSigmoid(), X),
    "softsign": (F.softsign, nn.Softsign(), X),
    "hardtanh": (lambda x: F.hardtanh(x, -2, 1), nn.Hardtanh(-2, 1), X),
    "hardsigmoid": (F.hardsigmoid, nn.Hardsigmoid(), X),
    "hardswish": (F.hardswish, nn.Hardswish(), X),
    "hardshrink": (lambda x: F.hardshrink(x, 0.9), nn.Hardshrink(0.9), X),
    "softshrink": (lambda x: F.softshrink(x, 0.9), nn.Softshrink(0.9), X),
    "tanhshrink": (F.tanhshrink, nn.Tanhshrink(), X),
    "threshold": (lambda x: F.threshold(x, 0.1, 5), nn.Threshold(0.1, 5), X),
    "glu": (lambda x: F.glu(x, 1), nn.GLU(1), X),
    "softmin": (lambda x: F.softmin(x, 1), nn.Softmin(1), X),
    "softmax2d": (lambda x: F.softmax(x, -3), nn.Softmax2d(), IMAGES),
    "group_norm": (lambda x: F.group_norm(x, 2), nn.GroupNorm(2, 4, affine=False), IMAGES),
    "instance_norm": (F.instance_norm, nn.InstanceNorm2d(4), IMAGES),
    "rms_norm": (lambda x: F.rms_norm(x, (4,)), nn.RMSNorm(4, elementwise_affine=False), X),
    "local_response_norm": (
        lambda x: F.local_response_norm(x, 3, 0.5),
        nn.LocalResponseNorm(3, 0.5),
        IMAGES,
    ),
    "dropout2d": (lambda x: F.dropout2d(x, 0.3, False), nn.Dropout2d(0.3).eval(), IMAGES),
    "alpha_dropout": (F.alpha_dropout, nn.AlphaDropout().eval(), X),
}


@pytest.mark.parametrize("function, layer, x", SAME.values(), ids=SAME)
def test_the_function_is_the_layer(function: Any, layer: nn.Module, x: Any) -> None:
    np.testing.assert_array_equal(function(x).numpy(), layer(x).numpy())


def test_softmax_in_another_dtype() -> None:
    x = X.astype(np.float32)
    for function in (F.softmax, F.softmin, F.log_softmax):
        assert function(x, 1).dtype == np.float32
        y = function(x, 1, dtype=np.float64)
        assert y.dtype == np.float64
        np.testing.assert_allclose(y.numpy(), function(X, 1).numpy(), rtol=1e-5)


def test_the_smallest_number_has_the_greatest_share() -> None:
    assert nn.Softmin(1)(X).numpy().argmax(axis=1).tolist() == X.argmin(axis=1).tolist()


def test_a_relu6_is_a_hardtanh() -> None:
    np.testing.assert_array_equal(F.relu6(X).numpy(), F.hardtanh(X, 0.0, 6.0).numpy())


# -- vectors --


def test_normalized_vectors_have_length_1() -> None:
    for p in (1.0, 2.0, 3.0, math.inf):
        y = F.normalize(X, p, dim=1).numpy()
        np.testing.assert_allclose(np.linalg.norm(y, p, axis=1), 1, rtol=1e-12)
    y = F.normalize(IMAGES, dim=(1, 2)).numpy()
    np.testing.assert_allclose((y**2).sum(axis=(1, 2)), 1, rtol=1e-12)


def test_cosines_are_products_of_normalized_vectors() -> None:
    a, b = X, X[::-1].copy()
    y = (F.normalize(a) * F.normalize(b)).sum(axis=1)
    np.testing.assert_allclose(F.cosine_similarity(a, b).numpy(), y.numpy(), rtol=1e-12)
    assert F.cosine_similarity(np.ones((3, 4)), np.ones(4), dim=-1).tolist() == [1.0] * 3


def slopes(function: Callable[..., Any], values: list[float]) -> tuple[list[float], list[float]]:
    x = pellucid.tensor(np.array(values), requires_grad=True)
    y = function(x)
    y.sum().backward()
    assert x.grad is not None
    return np.ravel(y.numpy()).tolist(), x.grad.tolist()


def test_vectors_of_zeros() -> None:
    """Recorded with torch 2.13."""
    assert slopes(lambda x: F.normalize(x, dim=0), [0.0, 0.0]) == ([0.0, 0.0], [1e12, 1e12])
    value, slope = slopes(lambda x: F.cosine_similarity(x, np.array([1.0, 2.0]), 0), [0.0, 0.0])
    assert value == [0.0]
    np.testing.assert_allclose(slope, [44721359.549995795, 89442719.09999159], rtol=1e-12)
    for p in (0.5, 1.5, 2.0, 3.0):
        value, slope = slopes(lambda x, p=p: F.pairwise_distance(x, x * 0, p, 0.0), [0.0, 0.0])
        assert (value, slope) == ([0.0], [0.0, 0.0])
    ties = slopes(lambda x: F.pairwise_distance(x, np.zeros(3), math.inf, 0.0), [2.0, -2.0, 1.0])
    assert ties == ([2.0], [0.5, -0.5, 0.0])


# -- kinks --

KINKS: dict[str, tuple[Callable[..., Any], list[float], list[float], list[float]]] = {
    # where, the values, the slopes: recorded with torch 2.13
    "relu6": (F.relu6, [0.0, 6.0], [0.0, 6.0], [0.0, 0.0]),
    "hardtanh": (F.hardtanh, [-1.0, 1.0], [-1.0, 1.0], [0.0, 0.0]),
    "hardsigmoid": (F.hardsigmoid, [-3.0, 3.0], [0.0, 1.0], [0.0, 0.0]),
    "hardswish": (F.hardswish, [-3.0, 3.0], [0.0, 3.0], [0.0, 1.0]),
    "hardshrink": (F.hardshrink, [-0.5, 0.5], [0.0, 0.0], [0.0, 0.0]),
    "softshrink": (F.softshrink, [-0.5, 0.5], [0.0, 0.0], [0.0, 0.0]),
    "threshold": (lambda x: F.threshold(x, 0.1, 20.0), [0.1], [20.0], [0.0]),
    "selu": (F.selu, [0.0], [0.0], [1.7580993408473766]),
    "celu": (F.celu, [0.0], [0.0], [1.0]),
    "softsign": (F.softsign, [0.0], [0.0], [1.0]),
    "prelu": (lambda x: F.prelu(x, np.array([0.25])), [0.0], [0.0], [0.25]),
    "rrelu": (lambda x: F.rrelu(x, 0.25, 0.25, True), [0.0], [0.0], [0.25]),
}


@pytest.mark.parametrize("function, x, value, slope", KINKS.values(), ids=KINKS)
def test_slopes_at_the_kink_itself(function: Any, x: Any, value: Any, slope: Any) -> None:
    y, dx = slopes(function, x)
    assert y == value
    np.testing.assert_allclose(dx, slope, rtol=1e-15)


@pytest.mark.parametrize(
    "function",
    [
        *(F.relu6, F.selu, F.celu, F.mish, F.logsigmoid, F.softsign, F.hardtanh, F.hardsigmoid),
        *(F.hardswish, F.hardshrink, F.softshrink, F.tanhshrink),
        lambda x: F.threshold(x, 0.1, 20.0),
        lambda x: F.glu(x, 0),
    ],
)
def test_what_is_no_number_stays_none(function: Any) -> None:
    assert np.isnan(function(np.array([np.nan, np.nan])).numpy()).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "function", [F.selu, F.celu, F.mish, F.logsigmoid, F.softsign, F.tanhshrink, F.hardswish]
)
def test_large_numbers_do_not_overflow(function: Any, dtype: Any) -> None:
    x = pellucid.tensor(np.array([-1000.0, -90.0, 0.0, 90.0, 1000.0], dtype), requires_grad=True)
    y = function(x)
    y.sum().backward()
    assert x.grad is not None and np.isfinite(y.numpy()).all() and np.isfinite(x.grad.numpy()).all()


# -- what layers say of themselves: recorded with torch 2.13 --

REPRS = [
    (nn.ReLU6(), "ReLU6()"),
    (nn.PReLU(3), "PReLU(num_parameters=3)"),
    (nn.RReLU(), "RReLU(lower=0.125, upper=0.3333333333333333)"),
    (nn.CELU(0.5), "CELU(alpha=0.5)"),
    (nn.Softshrink(), "Softshrink(0.5)"),
    (nn.Hardshrink(0.9), "Hardshrink(0.9)"),
    (nn.Hardtanh(-2, 3), "Hardtanh(min_val=-2, max_val=3)"),
    (nn.Threshold(0.1, 20), "Threshold(threshold=0.1, value=20)"),
    (nn.GLU(1), "GLU(dim=1)"),
    (nn.Softmin(dim=1), "Softmin(dim=1)"),
    (nn.Softmax2d(), "Softmax2d()"),
    (
        nn.BatchNorm2d(3),
        "BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    ),
    (
        nn.BatchNorm3d(3, affine=False),
        "BatchNorm3d(3, eps=1e-05, momentum=0.1, affine=False, bias=False, "
        "track_running_stats=True)",
    ),
    (nn.GroupNorm(2, 4), "GroupNorm(2, 4, eps=1e-05, affine=True, bias=True)"),
    (
        nn.InstanceNorm2d(3, affine=True, bias=False),
        "InstanceNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=False, "
        "track_running_stats=False)",
    ),
    (nn.RMSNorm((2, 3)), "RMSNorm((2, 3), eps=None, elementwise_affine=True)"),
    (nn.LocalResponseNorm(2), "LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1.0)"),
    (nn.LayerNorm(4), "LayerNorm((4,), eps=1e-05, elementwise_affine=True, bias=True)"),
    (nn.Dropout(0.1), "Dropout(p=0.1, inplace=False)"),
    (nn.FeatureAlphaDropout(), "FeatureAlphaDropout(p=0.5, inplace=False)"),
    (
        nn.Bilinear(2, 3, 4),
        "Bilinear(in1_features=2, in2_features=3, out_features=4, bias=True)",
    ),
    (nn.Unflatten(1, (2, 3)), "Unflatten(dim=1, unflattened_size=(2, 3))"),
    (nn.CosineSimilarity(), "CosineSimilarity()"),
    (nn.PairwiseDistance(), "PairwiseDistance()"),
]


@pytest.mark.parametrize("layer, text", REPRS, ids=[text for _, text in REPRS])
def test_reprs_are_torchs(layer: nn.Module, text: str) -> None:
    assert repr(layer) == text


# -- first weights --


def test_first_weights_are_drawn_as_torch_draws_them() -> None:
    layer = nn.Bilinear(9, 50, 40, generator=np.random.default_rng(1))
    for p in layer.parameters():
        assert 0.32 < np.abs(p.numpy()).max() <= 1 / 3 and abs(p.numpy().mean()) < 0.08
    assert nn.PReLU(3).weight.tolist() == [0.25] * 3
    assert nn.PReLU(2, init=0.5).weight.tolist() == [0.5] * 2
