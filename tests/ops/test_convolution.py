"""What the list of operations is too small to show: pieces of work, memory, and its order."""

from __future__ import annotations

import inspect
import tracemalloc
from typing import Any

import numpy as np
import pytest

from pellucid import ops
from pellucid.ops import columns, convolution, depthwise

from .cases.convolution import CASES
from .test_every_rule import arriving, outputs_of, wanted

CUT = [c for c in CASES if c.rule != "PadEdges"]


def tiny_pieces(batch: int, size: Any, numbers: int) -> Any:
    """As columns.pieces, in the smallest pieces there are."""
    for example in range(batch):
        for row in range(size[0]):
            yield slice(example, example + 1), slice(row, row + 1)


@pytest.mark.parametrize("case", CUT, ids=str)
def test_work_in_pieces_is_the_same_work(case: Any, monkeypatch: Any) -> None:
    rule = ops.TABLE[case.rule]

    def run() -> list[Any]:
        inputs = case.make()
        outputs = outputs_of(rule, inputs, case.options)
        g = arriving(outputs[0])
        found = rule.gradients(g, outputs, tuple(inputs), case.options, wanted(case))
        return [outputs[0], *(dx for dx in found if dx is not None)]

    whole = run()
    for module in (convolution, depthwise):
        monkeypatch.setattr(module, "pieces", tiny_pieces)
    for one, other in zip(whole, run(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize(
    ("batch", "size", "numbers"),
    [(1, (1,), 1), (5, (40, 30), 100), (3, (700, 5), 500), (2, (3,), 2**20), (0, (4, 4), 9)],
)
def test_pieces_cover_every_position_once_and_follow_each_other(
    batch: int, size: tuple[int, ...], numbers: int
) -> None:
    places = np.arange(batch * int(np.prod(size))).reshape(batch, *size)
    found = [places[piece] for piece in columns.pieces(batch, size, numbers)]
    assert all(part.size * numbers <= max(2**19, size[-1] * numbers) for part in found)
    joined = np.concatenate([part.ravel() for part in found]) if found else np.empty(0)
    np.testing.assert_array_equal(joined, places.ravel())


X = np.cos(np.arange(2 * 4 * 6 * 5.0)).reshape(2, 4, 6, 5).astype(np.float32)
W = np.sin(np.arange(4 * 4 * 3 * 2.0)).reshape(4, 4, 3, 2).astype(np.float32)
B = np.arange(4, dtype=np.float32)
HOW = {"stride": (1, 2), "padding": ((1, 1), (0, 1)), "dilation": (1, 1)}
G = ops.Conv.forward(X, W, B, **HOW, groups=1)
HELPERS: dict[Any, tuple[tuple[Any, ...], dict[str, Any]]] = {
    convolution.convolve: ((X, W, B), {**HOW, "groups": 1}),
    convolution.spread: ((G, W, B), {**HOW, "groups": 1, "size": (6, 5)}),
    convolution.kernel_gradient: ((X, G), {**HOW, "groups": 1, "kernel": (3, 2)}),
    convolution.fold_edges: ((X,), {"width": ((0, 0), (0, 0), (1, 2), (2, 0)), "mode": "wrap"}),
    depthwise.depthwise: ((X, W[:, :1], B), HOW),
    depthwise.depthwise_spread: ((G, W[:, :1], B), {**HOW, "size": (6, 5)}),
    depthwise.depthwise_kernel_gradient: ((X, G), {**HOW, "kernel": (3, 2)}),
    columns.im2col: ((X,), {**HOW, "kernel": (3, 2)}),
    columns.col2im: (
        (columns.im2col(X, **HOW, kernel=(3, 2)),),
        {**HOW, "kernel": (3, 2), "size": (6, 5)},
    ),
}
every_helper = pytest.mark.parametrize("helper", HELPERS, ids=lambda h: h.__name__)


@every_helper
def test_a_helper_fills_the_memory_it_is_given(helper: Any) -> None:
    places, options = HELPERS[helper]
    fresh = helper(*places, **options)
    given = np.full_like(fresh, np.nan)
    assert given.strides == fresh.strides
    assert helper(*places, **options, out=given) is given
    np.testing.assert_array_equal(given, fresh)
    assert given.dtype == fresh.dtype == np.float32
    assert list(inspect.signature(helper).parameters)[-1] == "out"


@every_helper
def test_a_helper_takes_any_memory_order(helper: Any) -> None:
    places, options = HELPERS[helper]
    turned = [x if x is None else np.asfortranarray(x) for x in places]
    apart = [x if x is None else np.repeat(x, 2, axis=-1)[..., ::2] for x in places]
    expected = helper(*places, **options)
    for given in (turned, apart):
        np.testing.assert_allclose(helper(*given, **options), expected, rtol=1e-5, atol=1e-5)


def is_channels_last(x: Any) -> bool:
    return bool(np.moveaxis(x, 1, -1).flags.c_contiguous)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_images_are_channels_last_in_memory(case: Any) -> None:
    rule, inputs = ops.TABLE[case.rule], case.make()
    inputs[0] = np.moveaxis(np.moveaxis(inputs[0], 1, -1).copy(), -1, 1)
    outputs = outputs_of(rule, inputs, case.options)
    g = np.moveaxis(np.moveaxis(arriving(outputs[0]), 1, -1).copy(), -1, 1)
    dx = rule.gradients(g, outputs, tuple(inputs), case.options, wanted(case))[0]
    assert is_channels_last(outputs[0])
    assert is_channels_last(dx)


def test_the_windows_of_a_batch_are_never_in_memory_all_at_once() -> None:
    x = np.zeros((32, 8, 32, 32), np.float32)  # 1 MB; all its windows of 5 x 5 are 26 MB
    W = np.zeros((8, 8, 5, 5), np.float32)
    how = {"stride": (1, 1), "padding": ((2, 2), (2, 2)), "dilation": (1, 1), "groups": 1}
    tracemalloc.start()
    y = ops.Conv.forward(x, W, None, **how)
    ops.Conv.backward(y, y, x, W, None, needs=(True, True, False), **how)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * x.nbytes


def test_depthwise_is_the_general_convolution_with_a_group_for_every_channel() -> None:
    for general, special, out in (
        (ops.Conv, ops.DepthwiseConv, 8),
        (ops.ConvTranspose, ops.DepthwiseConvTranspose, 4),
    ):
        weights = np.sin(np.arange(out * 6.0)).reshape(out, 1, 3, 2)
        y = general.forward(X, weights, None, **HOW, groups=4)
        np.testing.assert_allclose(special.forward(X, weights, None, **HOW), y, atol=1e-12)
        needs = (True, True, False)
        ours = special.backward(y, y, X, weights, None, needs=needs, **HOW)
        theirs = general.backward(y, y, X, weights, None, needs=needs, **HOW, groups=4)
        for one, other in zip(ours[:2], theirs[:2], strict=True):
            np.testing.assert_allclose(one, other, atol=1e-12)


def test_one_number_stands_for_all_axes_and_what_is_usual_may_be_left_out() -> None:
    full = {"stride": (2, 2), "padding": ((1, 1), (1, 1)), "dilation": (1, 1), "groups": 1}
    brief = {"stride": 2, "padding": 1}
    plain = {**full, "stride": (1, 1), "padding": ((0, 0), (0, 0))}
    for rule in (ops.Conv, ops.ConvTranspose):
        for long, short in ((full, brief), (plain, {})):
            y = rule.forward(X, W, B, **long)
            np.testing.assert_array_equal(rule.forward(X, W, B, **short), y)
            needs = (True, True, True)
            gradients = [
                rule.backward(y, y, X, W, B, needs=needs, **options) for options in (long, short)
            ]
            for one, other in zip(*gradients, strict=True):
                np.testing.assert_array_equal(one, other)
