"""Pooling, padding and resizing in any memory order, into given buffers, and at ties."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pellucid import ops
from pellucid.ops import padding, pooling, resize

from .cases import CASES
from .cases.base import Case

FILES: list[ModuleType] = [padding, pooling, resize]
RULES = {
    name
    for name, entry in ops.TABLE.items()
    if inspect.getmodule(entry.forward) in FILES and name != "MaxUnpool"
}
IMAGES = [case for case in CASES if case.rule in RULES | {"MaxUnpool"}]
every_image = pytest.mark.parametrize("case", IMAGES, ids=str)


def channels_last(x: Any) -> Any:
    """The same numbers, the channels innermost in memory (of images with a batch)."""
    if x.ndim < 4:
        return np.asfortranarray(x)
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)


def spread_out(x: Any) -> Any:
    """The same numbers with gaps between them in memory."""
    wide = np.zeros(tuple(2 * n for n in x.shape), x.dtype)
    part = wide[(slice(None, None, 2),) * x.ndim]
    part[...] = x
    return part


def run(case: Case, order: Callable[[Any], Any], dtype: Any = np.float64) -> list[Any]:
    """The outputs and the gradient, from inputs and an arriving gradient in ``order``."""
    rule = ops.TABLE[case.rule]
    x, *rest = case.make(dtype)
    inputs = (order(x), *rest)
    result = rule.forward(*inputs, **case.options)
    outputs = result if isinstance(result, tuple) else (result,)
    g = np.cos(np.arange(outputs[0].size) + 1.0).reshape(outputs[0].shape).astype(dtype)
    needs = (True, *(False for _ in rest))
    return [*outputs, rule.gradients(order(g), outputs, inputs, case.options, needs)[0]]


@every_image
@pytest.mark.parametrize("order", [channels_last, np.asfortranarray, spread_out])
def test_the_order_of_the_memory_makes_no_difference(case: Case, order: Any) -> None:
    for found, expected in zip(run(case, order), run(case, np.ascontiguousarray), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


BATCHES = [  # of images with their channels on axis 1
    case
    for case in IMAGES
    if len(case.inputs[0].shape) >= 4
    and case.inputs[0].shape[0] > 1
    and not (case.rule.startswith("Pixel") and len(case.inputs[0].shape) > 4)
]


@pytest.mark.parametrize("case", BATCHES, ids=str)
def test_channels_last_memory_stays_so(case: Case) -> None:
    for y in run(case, channels_last):
        assert np.moveaxis(y, 1, -1).flags.c_contiguous or case.rule == "PadConstant"


@every_image
@pytest.mark.parametrize("order", [np.ascontiguousarray, channels_last])
def test_helpers_fill_the_buffer_that_they_are_given(
    case: Case, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[Any, ...]] = []

    def noted(function: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            result = function(*args, **options)
            calls.append((function, args, options, result))
            return result

        return call

    for module in FILES:
        for name, value in list(vars(module).items()):
            if inspect.isfunction(value) and "out" in inspect.signature(value).parameters:
                monkeypatch.setattr(module, name, noted(value))
    run(case, order, np.float32)
    monkeypatch.undo()
    for function, args, options, result in calls:
        memory = np.empty(result.size, result.dtype)
        buffer = np.ndarray(result.shape, result.dtype, memory, strides=result.strides)
        buffer.fill(77)
        again = function(*args, **{**options, "out": buffer})
        assert again is buffer
        np.testing.assert_array_equal(again, result)
    assert calls or case.rule in ("PixelShuffle", "PixelUnshuffle", "ChannelShuffle")


def a_window(size: int, kernel: int, stride: int, padding: int = 0) -> dict[str, Any]:
    names = {"size": size, "kernel": kernel, "stride": stride, "padding": padding, "dilation": 1}
    return {name: (n, n) for name, n in names.items()}


def slope(x: Any, options: dict[str, Any]) -> Any:
    y, indices = ops.MaxPoolWithIndices.forward(x, **options)
    (dx,) = ops.MaxPoolWithIndices.backward(np.ones_like(y), y, indices, x, **options)
    return indices.tolist(), dx.tolist()


def test_a_tie_goes_to_the_first_place() -> None:
    x = np.array([[[[1.0, 2.0], [2.0, 2.0]]]])
    assert slope(x, a_window(1, 2, 2)) == ([[[[1]]]], [[[[0.0, 1.0], [0.0, 0.0]]]])
    x = np.zeros((1, 1, 3, 3))  # four windows that share the place in the middle
    assert slope(x, a_window(2, 2, 1))[1] == [[[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]]


def test_padding_never_wins_and_minus_infinity_has_a_place() -> None:
    x = np.full((1, 1, 2, 2), -np.inf)
    indices, dx = slope(x, a_window(1, 3, 2, 1))
    assert indices == [[[[0]]]] and dx == [[[[1.0, 0.0], [0.0, 0.0]]]]


def test_a_value_that_is_no_number_is_the_greatest() -> None:
    x = np.array([[[[1.0, math.nan], [3.0, 2.0]]]])
    y = ops.MaxPool.forward(x, **a_window(1, 2, 2))
    assert np.isnan(y).all()
    assert ops.MaxPool.backward(np.ones_like(y), y, x, **a_window(1, 2, 2))[0].sum() == 1


def test_a_kernel_of_more_places_than_a_byte_counts() -> None:
    x = np.zeros((1, 2, 17, 17))
    x[0, 0, 16, 15], x[0, 1, 0, 3] = 1, 1
    assert slope(x, a_window(1, 17, 17))[0] == [[[[16 * 17 + 15]], [[3]]]]


def test_linear_resizing_keeps_a_constant_and_a_slope() -> None:
    x = np.broadcast_to(np.arange(5.0) * 2 + 1, (1, 1, 3, 5))
    y = ops.ResizeLinear.forward(x, size=(7, 9), step=(3 / 7, 5 / 9), align_corners=True)
    np.testing.assert_allclose(y, np.broadcast_to(np.linspace(1, 9, 9), (1, 1, 7, 9)), rtol=1e-14)
    ones = ops.ResizeLinear.forward(np.ones((2, 1, 3, 4)), size=(8, 3), step=(3 / 8, 4 / 3))
    np.testing.assert_allclose(ones, 1, rtol=1e-15)


def test_shuffles_undo_each_other() -> None:
    x = np.arange(2 * 12 * 2 * 4.0).reshape(2, 12, 2, 4)
    y = ops.PixelShuffle.forward(x, factor=2)
    np.testing.assert_array_equal(ops.PixelUnshuffle.forward(y, factor=2), x)
    y = ops.ChannelShuffle.forward(x, groups=3)
    np.testing.assert_array_equal(ops.ChannelShuffle.forward(y, groups=4), x)
