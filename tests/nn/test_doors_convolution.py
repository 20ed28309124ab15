"""What convolutions, Fold and Unfold refuse at their doors, word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn, tensor
from pellucid.errors import DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F


def zeros(*shape: int) -> Any:
    return np.zeros(shape)


def conv(**options: Any) -> Any:
    return nn.Conv2d(**{"in_channels": 3, "out_channels": 8, "kernel_size": 5, **options})


def back(**options: Any) -> Any:
    return nn.ConvTranspose2d(**{"in_channels": 3, "out_channels": 8, "kernel_size": 5, **options})


Call = Callable[[], Any]
REFUSED: list[tuple[str, type, Call, list[str]]] = [
    (
        "a kernel larger than the input",
        ShapeError,
        lambda: conv()(zeros(2, 3, 6, 4)),
        [
            "ShapeError in Conv2d 3 -> 8",
            "  got:    an input of shape (2, 3, 6, 4)",
            "  needs:  a width of at least 5 for a kernel of 5; here it is 4",
        ],
    ),
    (
        "a kernel larger than the padded input",
        ShapeError,
        lambda: conv(padding=1, dilation=(2, 1))(zeros(3, 6, 4)),
        [
            "  got:    an input of shape (3, 6, 4)",
            "  needs:  a height of at least 9 for a kernel of 5 with dilation 2; here it is 8 "
            "with its padding",
        ],
    ),
    (
        "an empty image",
        ShapeError,
        lambda: nn.Conv1d(1, 1, 1)(zeros(2, 1, 0)),
        ["  needs:  a length of at least 1 for a kernel of 1; here it is 0"],
    ),
    (
        "an output of size zero",
        ShapeError,
        lambda: back(kernel_size=2, padding=(1, 0))(zeros(2, 3, 1, 4)),
        [
            "ShapeError in ConvTranspose2d 3 -> 8",
            "  got:    an input of shape (2, 3, 1, 4)",
            "  needs:  an output of at least 1 along every axis; it would be (0, 5)",
        ],
    ),
    (
        "a volume for a depth that is too small",
        ShapeError,
        lambda: F.conv3d(zeros(1, 1, 2, 5, 5), zeros(1, 1, 3, 3, 3)),
        ["ShapeError in conv3d", "  needs:  a depth of at least 3 for a kernel of 3; here it is 2"],
    ),
    (
        "other channels",
        ShapeError,
        lambda: conv()(zeros(2, 4, 8, 8)),
        [
            "ShapeError in Conv2d 3 -> 8",
            "  got:    an input of shape (2, 4, 8, 8)",
            "  needs:  (batch, 3, height, width) or (3, height, width)",
        ],
    ),
    (
        "channels last",
        ShapeError,
        lambda: conv()(zeros(2, 8, 9, 3)),
        [
            "ShapeError in Conv2d 3 -> 8",
            "  got:    an input of shape (2, 8, 9, 3)",
            "  needs:  (batch, 3, height, width) or (3, height, width)",
            "  try:    x.transpose(0, 3, 1, 2): the channels come before height and width",
        ],
    ),
    (
        "grey images without an axis of channels",
        ShapeError,
        lambda: conv(in_channels=1)(zeros(64, 28, 28)),
        [
            "ShapeError in Conv2d 1 -> 8",
            "  got:    an input of shape (64, 28, 28)",
            "  needs:  (batch, 1, height, width) or (1, height, width)",
            "  try:    x.reshape(64, 1, 28, 28)",
        ],
    ),
    *[
        (
            f"{len(shape)} axes",
            ShapeError,
            lambda shape=shape: conv()(zeros(*shape)),
            [f"  got:    an input of shape {shape}"],
        )
        for shape in ((), (3,), (3, 8), (1, 2, 3, 8, 8))
    ],
    (
        "an image for a series",
        ShapeError,
        lambda: nn.Conv1d(3, 2, 3)(zeros(1, 3, 8, 8)),
        ["  needs:  (batch, 3, length) or (3, length)"],
    ),
    (
        "other channels for a transposed convolution",
        ShapeError,
        lambda: nn.ConvTranspose1d(3, 2, 3)(zeros(1, 2, 8)),
        ["ShapeError in ConvTranspose1d 3 -> 2", "  needs:  (batch, 3, length) or (3, length)"],
    ),
    (
        "whole numbers",
        DtypeError,
        lambda: conv()(np.zeros((2, 3, 8, 8), np.uint8)),
        ["DtypeError in Conv2d 3 -> 8", "  got:    an input of dtype uint8"],
    ),
    *[
        (
            f"whole numbers for {name}",
            DtypeError,
            call,
            [f"DtypeError in {name}", "  got:    an input of dtype int64"],
        )
        for name, call in (
            ("conv_transpose1d", lambda: F.conv_transpose1d(INTEGERS, zeros(2, 1, 2))),
            ("unfold", lambda: F.unfold(INTEGERS[np.newaxis], 2)),
            ("fold", lambda: F.fold(INTEGERS[:, :1, :1], 1, 1)),
        )
    ],
    (
        "weights of another convolution",
        ShapeError,
        lambda: F.conv2d(zeros(1, 3, 8, 8), zeros(4, 3, 3)),
        [
            "ShapeError in conv2d",
            "  got:    weights of shape (4, 3, 3)",
            "  needs:  4 axes: two for the channels, and the kernel's height and width",
        ],
    ),
    (
        "groups that do not divide the channels in",
        OptionError,
        lambda: conv(groups=2),
        [
            "OptionError in Conv2d 3 -> 8",
            "  got:    groups=2 and in_channels=3",
            "  needs:  groups that divide in_channels",
        ],
    ),
    (
        "groups that do not divide the channels out",
        OptionError,
        lambda: back(groups=3),
        [
            "OptionError in ConvTranspose2d 3 -> 8",
            "  got:    groups=3 and out_channels=8",
            "  needs:  groups that divide out_channels",
        ],
    ),
    (
        "groups that do not divide the kernels",
        OptionError,
        lambda: F.conv1d(zeros(1, 6, 8), zeros(4, 2, 3), groups=3),
        ["OptionError in conv1d", "  got:    groups=3 and out_channels=4"],
    ),
    (
        "an unknown padding mode",
        OptionError,
        lambda: conv(padding_mode="reflection"),
        [
            "OptionError in Conv2d 3 -> 8",
            "  got:    'reflection'",
            "  needs:  one of zeros, reflect, replicate, circular",
            "  try:    did you mean 'reflect'?",
        ],
    ),
    (
        "a padding mode for a transposed convolution",
        OptionError,
        lambda: back(padding_mode="reflect"),
        [
            "OptionError in ConvTranspose2d 3 -> 8",
            "  got:    padding_mode='reflect'",
            "  needs:  'zeros': here padding cuts places off, there is nothing to fill",
        ],
    ),
    (
        "the same size in steps",
        OptionError,
        lambda: conv(padding="same", stride=2),
        [
            "OptionError in Conv2d 3 -> 8",
            "  got:    padding='same' with stride=2",
            "  needs:  a stride of 1: with steps the lengths cannot stay the same",
            "  try:    padding as a number: kernel_size // 2 divides the lengths by the stride",
        ],
    ),
    (
        "the same size in steps, in a function",
        OptionError,
        lambda: F.conv2d(zeros(1, 1, 4, 4), zeros(1, 1, 3, 3), padding="same", stride=(1, 2)),
        ["OptionError in conv2d", "  got:    padding='same' with stride=(1, 2)"],
    ),
    (
        "an unknown padding",
        OptionError,
        lambda: conv(padding="some"),
        ["  got:    'some'", "  try:    did you mean 'same'?"],
    ),
    (
        "a padding by name for a transposed convolution",
        OptionError,
        lambda: back(padding="same"),
        [
            "  got:    padding='same'",
            "  needs:  a whole number of at least 0, or 2 of them in a tuple",
        ],
    ),
    *[
        (
            f"{name}={value!r}",
            OptionError,
            lambda name=name, value=value: conv(**{name: value}),
            [f"  got:    {name}={value!r}", needs],
        )
        for name, value, needs in [
            ("kernel_size", 0, "  needs:  a whole number of at least 1, or 2 of them in a tuple"),
            ("kernel_size", 2.5, "  needs:  a whole number of at least 1, or 2 of them in a tuple"),
            ("stride", (1, 2, 3), "  needs:  a whole number of at least 1, or 2 of them"),
            ("stride", (1, 0), "  needs:  a whole number of at least 1, or 2 of them"),
            ("padding", -1, "  needs:  a whole number of at least 0, or 2 of them"),
            ("dilation", None, "  needs:  a whole number of at least 1, or 2 of them"),
            ("groups", 0, "  needs:  a whole number of at least 1"),
        ]
    ],
    (
        "no channels",
        OptionError,
        lambda: conv(out_channels=0),
        ["  got:    3 -> 0", "  needs:  at least 1 channel in and out"],
    ),
    (
        "a series reflected beyond itself",
        ShapeError,
        lambda: nn.Conv1d(2, 2, 3, padding=4, padding_mode="reflect")(zeros(1, 2, 4)),
        [
            "ShapeError in Conv1d 2 -> 2",
            "  got:    an input of shape (1, 2, 4)",
            "  needs:  a length of at least 5 for padding=4 with padding_mode='reflect'; "
            "here it is 4",
        ],
    ),
    (
        "a series longer than round",
        ShapeError,
        lambda: nn.Conv1d(2, 2, 3, padding=5, padding_mode="circular")(zeros(1, 2, 4)),
        ["  needs:  a length of at least 5 for padding=5 with padding_mode='circular'"],
    ),
    (
        "an edge of nothing",
        ShapeError,
        lambda: nn.Conv1d(2, 2, 3, padding=5, padding_mode="replicate")(zeros(1, 2, 0)),
        ["  needs:  a length of at least 1 for padding=5 with padding_mode='replicate'"],
    ),
    (
        "more output than a convolution can lose",
        OptionError,
        lambda: back(stride=2, output_padding=2)(zeros(1, 3, 4, 4)),
        [
            "OptionError in ConvTranspose2d 3 -> 8",
            "  got:    output_padding=2",
            "  needs:  less than the stride or the dilation: here less than 2",
        ],
    ),
    (
        "an output size out of reach",
        OptionError,
        lambda: back(stride=(2, 1))(zeros(1, 3, 4, 4), output_size=(13, 8)),
        [
            "OptionError in ConvTranspose2d 3 -> 8",
            "  got:    output_size=(13, 8)",
            "  needs:  a height from 11 to 12, a width from 8 to 8",
        ],
    ),
    (
        "an output size for other axes",
        OptionError,
        lambda: back()(zeros(1, 3, 4, 4), output_size=(8,)),
        ["  got:    output_size=(8,)"],
    ),
    (
        "a window larger than the image",
        ShapeError,
        lambda: nn.Unfold((2, 6))(zeros(1, 3, 4, 5)),
        [
            "ShapeError in unfold",
            "  got:    an input of shape (1, 3, 4, 5)",
            "  needs:  a width of at least 6 for a kernel of 6; here it is 5",
        ],
    ),
    (
        "a series to unfold",
        ShapeError,
        lambda: F.unfold(zeros(3, 4), 2),
        ["ShapeError in unfold", "  needs:  (batch, channels, height, width) or (channels, height"],
    ),
    (
        "columns of another kernel",
        ShapeError,
        lambda: nn.Fold((4, 5), (2, 3))(zeros(2, 8, 9)),
        [
            "ShapeError in fold",
            "  got:    an input of shape (2, 8, 9)",
            "  needs:  a multiple of 6 (the kernel's places) rows, and 3 * 3 columns, one a window",
        ],
    ),
    (
        "too few columns",
        ShapeError,
        lambda: nn.Fold((4, 5), (2, 3))(zeros(12, 8)),
        ["  got:    an input of shape (12, 8)"],
    ),
    (
        "an image to fold",
        ShapeError,
        lambda: F.fold(zeros(1, 2, 3, 4), 2, 2),
        ["  needs:  (batch, channels * places of the kernel, windows), or the same without batch"],
    ),
    (
        "a negative output size",
        OptionError,
        lambda: nn.Fold(-1, 2),
        ["OptionError in Fold", "  got:    output_size=-1"],
    ),
    (
        "three strides of two axes",
        OptionError,
        lambda: nn.Unfold(2, stride=(1, 1, 1)),
        ["OptionError in Unfold", "  got:    stride=(1, 1, 1)"],
    ),
]
INTEGERS = np.zeros((1, 2, 3), np.int64)


@pytest.mark.parametrize("kind, call, text", [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_refused(kind: type, call: Call, text: list[str]) -> None:
    with pytest.raises(PellucidError) as error:
        call()
    assert type(error.value) is kind
    for line in text:
        assert line in str(error.value)
    if len(text) > 2:
        assert str(error.value).splitlines() == text


def test_the_path_of_a_convolution_in_a_network() -> None:
    net = nn.Sequential(conv(kernel_size=3), nn.ReLU(), conv(in_channels=8, kernel_size=3))
    with pytest.raises(ShapeError, match=r"^ShapeError in net\.2 \(Conv2d 8 -> 8\)"):
        net(zeros(1, 3, 4, 4))


def test_an_unbatched_input_keeps_its_gradient() -> None:
    for layer, shape in ((conv(), (3, 6, 6)), (back(), (3, 6, 6)), (nn.Fold(2, 1), (3, 4))):
        x = tensor(np.ones(shape, np.float32), requires_grad=True)
        layer(x).sum().backward()
        assert x.grad is not None and x.grad.shape == shape
