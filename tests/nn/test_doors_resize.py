"""What padding and resizing refuse at their doors, word by word, and what they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, tensor
from pellucid.errors import OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F

Call = Callable[[], Any]
IMAGE, LINE = np.zeros((2, 3, 5, 4)), np.zeros((2, 3, 5))
BYTES = np.zeros((2, 3, 4, 4), np.uint8)

REFUSED: list[tuple[str, type, Call, list[str]]] = [
    # -- padding --
    (
        "a mirror as large as the image",
        ShapeError,
        lambda: nn.ReflectionPad2d((0, 4, 0, 0))(IMAGE),
        [
            "ShapeError in ReflectionPad2d",
            "  got:    reflect padding 0 and 4 for an axis of length 4",
            "  needs:  less than the axis: at most 3, for the edge is not repeated",
            "  try:    mode 'replicate', or 'circular' up to the whole axis",
        ],
    ),
    (
        "twice round the circle",
        ShapeError,
        lambda: nn.CircularPad1d(6)(LINE),
        [
            "ShapeError in CircularPad1d",
            "  got:    circular padding 6 and 6 for an axis of length 5",
            "  needs:  at most the axis: a circle is gone round once",
        ],
    ),
    (
        "round a circle made smaller",
        ShapeError,
        lambda: F.pad(LINE, (-3, 3), mode="circular"),
        ["ShapeError in pad", "  got:    circular padding -3 and 3 for an axis of length 5"],
    ),
    (
        "nothing to copy from",
        ShapeError,
        lambda: nn.ReplicationPad1d(1)(np.zeros((2, 3, 0))),
        ["  needs:  at least one place to copy from"],
    ),
    (
        "nothing left",
        ShapeError,
        lambda: nn.ZeroPad2d(-2)(IMAGE),
        [
            "ShapeError in ZeroPad2d",
            "  got:    padding -2 and -2 for an axis of length 4",
            "  needs:  at least one place left: the output would be empty",
        ],
    ),
    (
        "a plane for a mirrored image",
        ShapeError,
        lambda: nn.ReflectionPad2d(1)(np.zeros((4, 4))),
        [
            "ShapeError in ReflectionPad2d",
            "  got:    an input of shape (4, 4)",
            "  needs:  (batch, channels, height, width), or (channels, height, width)",
        ],
    ),
    (
        "too many axes for their padding",
        ShapeError,
        lambda: F.pad(IMAGE, (1, 1), mode="reflect"),
        [
            "ShapeError in pad",
            "  got:    an input of shape (2, 3, 5, 4)",
            "  needs:  2 or 3 axes for 2 numbers of padding",
        ],
    ),
    (
        "more padding than axes",
        ShapeError,
        lambda: F.pad(np.zeros(3), (1, 1, 1, 1)),
        [
            "ShapeError in pad",
            "  got:    an input of shape (3,)",
            "  needs:  at least 2 axes for 4 numbers of padding",
        ],
    ),
    (
        "half a pair",
        OptionError,
        lambda: F.pad(IMAGE, (1, 1, 1)),
        [
            "OptionError in pad",
            "  got:    pad = (1, 1, 1)",
            "  needs:  two whole numbers an axis: (left, right), (left, right, top, bottom), ...",
        ],
    ),
    (
        "too few numbers for a layer",
        OptionError,
        lambda: nn.ZeroPad2d((1, 1)),
        [
            "OptionError in ZeroPad2d",
            "  got:    padding = (1, 1)",
            "  needs:  a whole number, or 4 of them: two an axis, the last axis first",
        ],
    ),
    (
        "an unknown kind of padding",
        OptionError,
        lambda: F.pad(IMAGE, (1, 1), mode="reflection"),
        [
            "OptionError in pad",
            "  got:    'reflection'",
            "  needs:  one of constant, reflect, replicate, circular",
            "  try:    did you mean 'reflect'?",
        ],
    ),
    (
        "a value for a mirror",
        OptionError,
        lambda: F.pad(LINE, (1, 1), mode="reflect", value=2.0),
        [
            "OptionError in pad",
            "  got:    value = 2.0 in mode 'reflect'",
            "  needs:  a value in mode 'constant' alone",
        ],
    ),
    # -- resizing --
    (
        "an unsupported mode",
        OptionError,
        lambda: nn.Upsample(scale_factor=2, mode="bicubic"),
        [
            "OptionError in Upsample",
            "  got:    mode 'bicubic'",
            "  needs:  a supported mode: nearest, nearest-exact, linear, bilinear, trilinear, area",
        ],
    ),
    (
        "an unknown mode",
        OptionError,
        lambda: F.interpolate(IMAGE, 3, mode="bilinaer"),
        ["OptionError in interpolate", "  try:    did you mean 'bilinear'?"],
    ),
    (
        "smoothing before sampling",
        OptionError,
        lambda: F.interpolate(IMAGE, 3, mode="bilinear", antialias=True),
        [
            "OptionError in interpolate",
            "  got:    antialias=True",
            "  needs:  antialias=False: nothing is smoothed",
        ],
    ),
    (
        "no size",
        OptionError,
        lambda: nn.Upsample(),
        [
            "OptionError in Upsample",
            "  got:    neither size nor scale_factor",
            "  needs:  one of the two",
        ],
    ),
    (
        "two sizes",
        OptionError,
        lambda: nn.UpsamplingNearest2d(4, 2),
        ["OptionError in UpsamplingNearest2d", "  got:    both size and scale_factor"],
    ),
    (
        "corners of the nearest",
        OptionError,
        lambda: nn.Upsample(size=3, align_corners=True),
        [
            "OptionError in Upsample",
            "  got:    align_corners=True with mode 'nearest'",
            "  needs:  a mode that interpolates: linear, bilinear, trilinear",
        ],
    ),
    (
        "a scale computed again from a size",
        OptionError,
        lambda: F.interpolate(IMAGE, 3, recompute_scale_factor=True),
        ["  got:    recompute_scale_factor=True with a size"],
    ),
    (
        "two lengths for one axis",
        OptionError,
        lambda: F.interpolate(LINE, (3, 4)),
        [
            "OptionError in interpolate",
            "  got:    size = (3, 4) for an image with 1 axes",
            "  needs:  one number, or 1 of them",
        ],
    ),
    (
        "an image of no pixel",
        ShapeError,
        lambda: F.interpolate(IMAGE, scale_factor=0.2),
        [
            "ShapeError in interpolate",
            "  got:    an image of (5, 4) with scale_factor = 0.2",
            "  needs:  at least one pixel along each axis; it would become (1, 0)",
        ],
    ),
    (
        "a line for a bilinear mode",
        ShapeError,
        lambda: nn.Upsample(size=3, mode="bilinear")(LINE),
        [
            "ShapeError in interpolate",
            "  got:    an input of shape (2, 3, 5) for mode 'bilinear'",
            "  needs:  (batch, channels, height, width)",
            "  try:    mode='linear'",
        ],
    ),
    (
        "one image without its batch",
        ShapeError,
        lambda: nn.Upsample(size=3)(np.zeros((5, 4))),
        [
            "ShapeError in interpolate",
            "  got:    an input of shape (5, 4) for mode 'nearest'",
            "  needs:  3, 4 or 5 axes: (batch, channels, ...)",
        ],
    ),
    (
        "channels that make no squares",
        ShapeError,
        lambda: nn.PixelShuffle(2)(np.zeros((1, 6, 2, 2))),
        [
            "ShapeError in pixel_shuffle",
            "  got:    6 channels",
            "  needs:  a multiple of upscale_factor^2 = 4 channels",
        ],
    ),
    (
        "pixels that make no squares",
        ShapeError,
        lambda: nn.PixelUnshuffle(2)(np.zeros((1, 6, 2, 3))),
        [
            "ShapeError in pixel_unshuffle",
            "  got:    an image of (2, 3)",
            "  needs:  multiples of downscale_factor = 2 in height and width",
        ],
    ),
    (
        "a plane to shuffle",
        ShapeError,
        lambda: F.pixel_shuffle(np.zeros((4, 4)), 2),
        ["  got:    an input of shape (4, 4)", "  needs:  (..., channels, height, width)"],
    ),
    (
        "unequal groups",
        ShapeError,
        lambda: nn.ChannelShuffle(2)(np.zeros((1, 5, 2, 2))),
        [
            "ShapeError in channel_shuffle",
            "  got:    5 channels in 2 groups",
            "  needs:  groups of equal size",
        ],
    ),
    (
        "channels of nothing",
        ShapeError,
        lambda: F.channel_shuffle(np.zeros((2, 4)), 2),
        ["  got:    an input of shape (2, 4)", "  needs:  (batch, channels, ...): at least 3 axes"],
    ),
    (
        "no groups",
        OptionError,
        lambda: nn.ChannelShuffle(0),
        [
            "OptionError in ChannelShuffle",
            "  got:    groups = 0",
            "  needs:  a whole number of at least 1",
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


def test_whole_numbers_may_be_padded_and_enlarged() -> None:
    assert F.pad(BYTES, (1, 1, 1, 1), mode="reflect").dtype == np.uint8
    assert F.pad(BYTES, (1, 1), value=255).dtype == np.uint8
    assert F.interpolate(BYTES, scale_factor=2).dtype == np.uint8


def test_a_batch_of_one_factor_is_left_as_it_is() -> None:
    x = tensor(IMAGE, requires_grad=True)
    assert F.pixel_shuffle(x, 1) is F.channel_shuffle(x, 1) is F.pad(x, (0, 0)) is x
