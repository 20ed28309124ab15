"""What pooling refuses at its doors, word by word, and what it takes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, tensor
from pellucid.errors import DataError, DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F

Call = Callable[[], Any]
IMAGE, LINE = np.zeros((2, 3, 5, 4)), np.zeros((2, 3, 5))
BYTES = np.zeros((2, 3, 4, 4), np.uint8)

REFUSED: list[tuple[str, type, Call, list[str]]] = [
    (
        "a kernel larger than the image",
        ShapeError,
        lambda: nn.Sequential(nn.ReLU(), nn.MaxPool2d(6))(IMAGE),
        [
            "ShapeError in net.1 (max_pool2d)",
            "  got:    an axis of length 5 under a window that spans 6",
            "  needs:  at least one whole window along each axis: the output would be empty",
        ],
    ),
    (
        "a kernel larger than the padded image",
        ShapeError,
        lambda: nn.AvgPool2d(7, padding=1)(np.zeros((1, 1, 8, 4))),
        [
            "ShapeError in avg_pool2d",
            "  got:    an axis of length 4, 6 with padding, under a window that spans 7",
            "  needs:  at least one whole window along each axis: the output would be empty",
        ],
    ),
    (
        "a dilated kernel larger than the image",
        ShapeError,
        lambda: nn.MaxPool1d(3, dilation=3)(LINE),
        ["  got:    an axis of length 5 under a window that spans 7"],
    ),
    (
        "an axis of length 0",
        ShapeError,
        lambda: F.avg_pool1d(np.zeros((2, 3, 0)), 1),
        ["  got:    an axis of length 0 under a window that spans 1"],
    ),
    (
        "a window of padding alone",
        ShapeError,
        lambda: F.max_pool1d(np.zeros((1, 1, 2)), 2, padding=1, dilation=3),
        [
            "ShapeError in max_pool1d",
            "  got:    an axis of length 2 under 2 places, each 3 from the next",
            "  needs:  at least one pixel in every window: one would see padding alone",
        ],
    ),
    *[
        (
            f"padding over half the kernel in {kind.__name__}",
            OptionError,
            lambda kind=kind: kind(3, padding=2),
            [
                f"OptionError in {kind.__name__}",
                "  got:    padding 2 for a kernel of 3",
                "  needs:  at most half the kernel: 1 here",
            ],
        )
        for kind in (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AvgPool1d, nn.AvgPool2d)
    ],
    (
        "padding over half the kernel, in the function",
        OptionError,
        lambda: F.avg_pool3d(np.zeros((1, 4, 4, 4)), (2, 2, 2), padding=(1, 1, 2)),
        [
            "OptionError in avg_pool3d",
            "  got:    padding 2 for a kernel of 2",
            "  needs:  at most half the kernel: 1 here",
        ],
    ),
    (
        "three numbers for two axes",
        OptionError,
        lambda: nn.MaxPool2d((2, 2, 2)),
        [
            "OptionError in MaxPool2d",
            "  got:    kernel_size = (2, 2, 2)",
            "  needs:  a whole number of at least 1, or a tuple of 2",
        ],
    ),
    (
        "a stride of 0",
        OptionError,
        lambda: nn.AvgPool1d(2, 0),
        [
            "OptionError in AvgPool1d",
            "  got:    stride = 0",
            "  needs:  a whole number of at least 1",
        ],
    ),
    (
        "half a pixel",
        OptionError,
        lambda: nn.MaxPool2d(2.5),
        ["  got:    kernel_size = 2.5"],
    ),
    (
        "negative padding of a pooling",
        OptionError,
        lambda: nn.MaxPool2d(2, padding=-1),
        ["  got:    padding = -1", "  needs:  a whole number of at least 0, or a tuple of 2"],
    ),
    (
        "a divisor of 0",
        OptionError,
        lambda: nn.AvgPool2d(2, divisor_override=0),
        [
            "OptionError in AvgPool2d",
            "  got:    divisor_override = 0",
            "  needs:  a number other than 0, or None",
        ],
    ),
    (
        "an infinite power",
        OptionError,
        lambda: nn.LPPool2d(math.inf, 2),
        [
            "OptionError in LPPool2d",
            "  got:    norm_type = inf",
            "  needs:  a finite number above 0",
            "  try:    max pooling, which is the limit",
        ],
    ),
    (
        "a power of 0",
        OptionError,
        lambda: F.lp_pool1d(LINE, 0, 2),
        ["  got:    norm_type = 0", "  needs:  a finite number above 0"],
    ),
    (
        "a single plane",
        ShapeError,
        lambda: nn.MaxPool2d(2)(np.zeros((28, 27))),
        [
            "ShapeError in max_pool2d",
            "  got:    an input of shape (28, 27)",
            "  needs:  (batch, channels, height, width), or (channels, height, width)",
            "  try:    x.reshape(1, 28, 27) for one channel",
        ],
    ),
    (
        "an image for a line",
        ShapeError,
        lambda: nn.AvgPool1d(2)(IMAGE),
        [
            "ShapeError in avg_pool1d",
            "  got:    an input of shape (2, 3, 5, 4)",
            "  needs:  (batch, channels, length), or (channels, length)",
        ],
    ),
    *[
        (
            f"bytes into {type(layer).__name__}",
            DtypeError,
            lambda layer=layer: layer(BYTES),
            ["  got:    an input of dtype uint8", "  needs:  floating-point numbers"],
        )
        for layer in (
            nn.MaxPool2d(2),
            nn.AvgPool2d(2),
            nn.LPPool2d(2, 2),
            nn.AdaptiveAvgPool2d(1),
            nn.AdaptiveMaxPool2d(1),
            nn.UpsamplingBilinear2d(scale_factor=2),
        )
    ],
    (
        "an output of no pixel",
        OptionError,
        lambda: nn.AdaptiveAvgPool2d((0, 3)),
        [
            "OptionError in AdaptiveAvgPool2d",
            "  got:    output_size = 0",
            "  needs:  a whole number of at least 1",
        ],
    ),
    (
        "three lengths for two axes",
        OptionError,
        lambda: F.adaptive_max_pool2d(IMAGE, (1, 2, 3)),
        [
            "OptionError in adaptive_max_pool2d",
            "  got:    output_size = (1, 2, 3)",
            "  needs:  a whole number, or 2 of them",
        ],
    ),
    (
        "nothing to adapt to",
        ShapeError,
        lambda: F.adaptive_avg_pool1d(np.zeros((2, 3, 0)), 2),
        ["  got:    an input of shape (2, 3, 0)", "  needs:  at least one pixel"],
    ),
    (
        "fractional indices",
        DtypeError,
        lambda: nn.MaxUnpool2d(2)(IMAGE, IMAGE),
        ["DtypeError in max_unpool2d", "  got:    indices of dtype float64"],
    ),
    (
        "too few indices",
        ShapeError,
        lambda: F.max_unpool1d(LINE, np.zeros((2, 3, 4), int), 2),
        [
            "ShapeError in max_unpool1d",
            "  got:    an input of shape (2, 3, 5) and indices of shape (2, 3, 4)",
            "  needs:  equal shapes: one index a number",
        ],
    ),
    (
        "indices outside the image",
        DataError,
        lambda: F.max_unpool1d(np.zeros((1, 2)), np.array([[0, 4]]), 2),
        [
            "DataError in max_unpool1d",
            "  got:    indices from 0 to 4",
            "  needs:  places in an image of (4,): 0 to 3",
        ],
    ),
    (
        "an unpooled size far off",
        ShapeError,
        lambda: nn.MaxUnpool2d(2)(IMAGE, np.zeros(IMAGE.shape, int), (12, 8)),
        [
            "ShapeError in max_unpool2d",
            "  got:    output_size = (12, 8)",
            "  needs:  less than one stride (2, 2) away from (10, 8)",
        ],
    ),
]


@pytest.mark.parametrize("kind, call, text", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(kind: type, call: Call, text: list[str]) -> None:
    with pytest.raises(PellucidError) as error:
        call()
    assert type(error.value) is kind
    found = str(error.value).splitlines()
    for line in text:
        assert line in found
    if len(text) > 2:
        assert found == text


def test_an_empty_batch_passes() -> None:
    none = np.zeros((0, 4, 6, 6))
    layers = [
        nn.MaxPool2d(2),
        nn.AvgPool2d(3),
        nn.AdaptiveAvgPool2d(3),
        nn.AdaptiveMaxPool2d(4),
        nn.ReflectionPad2d(1),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(size=5),
        nn.PixelShuffle(2),
    ]
    for layer in layers:
        x = tensor(none, requires_grad=True)
        y = layer(x)
        y.backward(np.zeros(y.shape))
        assert y.shape[0] == 0 and x.grad.shape == none.shape


def test_the_functions_take_torchs_arguments_by_place() -> None:
    x = np.arange(30.0).reshape(1, 1, 5, 6)
    y, where = F.max_pool2d(x, 2, 2, 1, 1, True, True)  # ceil_mode before return_indices
    assert y.shape == where.shape == (1, 1, 3, 4)
    assert F.avg_pool2d(x, 2, 2, 1, True, False, 3).shape == (1, 1, 3, 4)
    assert F.pad(x, [1, 0, 2, 0], "constant", 7.0).tolist()[0][0][0] == [7.0] * 7
    assert F.interpolate(x, None, 2.0, "bilinear", True).shape == (1, 1, 10, 12)
    assert nn.MaxPool2d(2, 2, 0, 1, True)(x)[1].shape == (1, 1, 2, 3)  # return_indices first


def test_unpooling_finds_the_size_that_was_pooled() -> None:
    x = np.arange(1 * 2 * 5 * 7.0).reshape(1, 2, 5, 7)
    y, where = F.max_pool2d(x, 2, return_indices=True)
    for size in [(5, 7), (1, 2, 5, 7)]:
        back = F.max_unpool2d(y, where, 2, output_size=size).numpy()
        assert back.shape == x.shape
        np.testing.assert_array_equal(back[back > 0], np.sort(y.numpy().ravel()))
    assert np.flatnonzero(back[0, 0]).tolist() == [8, 10, 12, 22, 24, 26]
