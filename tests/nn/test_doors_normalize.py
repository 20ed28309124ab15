"""What the norms refuse at their doors, word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn
from pellucid.errors import DataError, DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F


def zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


REFUSED: dict[str, tuple[type, Callable[[], Any], list[str]]] = {
    "other channels": (
        ShapeError,
        lambda: nn.BatchNorm2d(3)(zeros(2, 4, 5, 5)),
        [
            "ShapeError in BatchNorm2d 3",
            "  got:    an input of shape (2, 4, 5, 5)",
            "  needs:  (batch, 3, height, width)",
        ],
    ),
    "channels last": (
        ShapeError,
        lambda: nn.BatchNorm2d(3)(zeros(2, 5, 5, 3)),
        [
            "ShapeError in BatchNorm2d 3",
            "  got:    an input of shape (2, 5, 5, 3)",
            "  needs:  (batch, 3, height, width)",
            "  try:    x.transpose(0, 3, 1, 2): channels stand second",
        ],
    ),
    "rows for images": (
        ShapeError,
        lambda: nn.BatchNorm2d(3)(zeros(2, 3)),
        [
            "ShapeError in BatchNorm2d 3",
            "  got:    an input of shape (2, 3)",
            "  needs:  (batch, 3, height, width)",
            "  try:    nn.BatchNorm1d for 2 axes",
        ],
    ),
    "images for rows": (
        ShapeError,
        lambda: nn.BatchNorm1d(3)(zeros(2, 3, 5, 5)),
        [
            "ShapeError in BatchNorm1d 3",
            "  got:    an input of shape (2, 3, 5, 5)",
            "  needs:  (batch, 3) or (batch, 3, length)",
            "  try:    nn.BatchNorm2d for 4 axes",
        ],
    ),
    "images for volumes": (
        ShapeError,
        lambda: nn.BatchNorm3d(3)(zeros(3, 5, 5, 5)),
        [
            "ShapeError in BatchNorm3d 3",
            "  got:    an input of shape (3, 5, 5, 5)",
            "  needs:  (batch, 3, depth, height, width)",
        ],
    ),
    "one pixel while training": (
        DataError,
        lambda: nn.BatchNorm2d(3)(zeros(1, 3, 1, 1)),
        [
            "DataError in BatchNorm2d 3",
            "  got:    a batch of one value a channel while training",
            "  needs:  at least two: one value has no variance",
            "  try:    a larger batch, or model.eval() to predict",
        ],
    ),
    "no features": (
        OptionError,
        lambda: nn.BatchNorm1d(0),
        ["OptionError in BatchNorm1d", "  got:    num_features=0", "  needs:  at least 1"],
    ),
    "bytes": (
        DtypeError,
        lambda: nn.BatchNorm2d(1)(np.zeros((2, 1, 2, 2), np.uint8)),
        [
            "DtypeError in BatchNorm2d 1",
            "  got:    an input of dtype uint8",
            "  needs:  floating-point numbers",
            "  try:    x.astype(np.float32)",
        ],
    ),
    "groups that do not divide": (
        OptionError,
        lambda: nn.GroupNorm(4, 6),
        [
            "OptionError in GroupNorm",
            "  got:    4 groups of 6 channels",
            "  needs:  one of 1, 2, 3, 6 groups",
        ],
    ),
    "no groups": (
        OptionError,
        lambda: nn.GroupNorm(0, 2),
        [
            "OptionError in GroupNorm",
            "  got:    0 groups of 2 channels",
            "  needs:  one of 1, 2 groups",
        ],
    ),
    "groups that do not divide, as a function": (
        OptionError,
        lambda: F.group_norm(zeros(2, 3, 4), 2),
        [
            "OptionError in group_norm",
            "  got:    2 groups of 3 channels",
            "  needs:  one of 1, 3 groups",
        ],
    ),
    "other channels in groups": (
        ShapeError,
        lambda: nn.GroupNorm(2, 4)(zeros(2, 6, 5)),
        [
            "ShapeError in GroupNorm 2, 4",
            "  got:    an input of shape (2, 6, 5)",
            "  needs:  (batch, 4, ...)",
        ],
    ),
    "one value a group": (
        DataError,
        lambda: nn.GroupNorm(4, 4)(zeros(3, 4)),
        [
            "DataError in group_norm",
            "  got:    one value a group",
            "  needs:  at least two: one value has no variance",
        ],
    ),
    "weights of other channels": (
        ShapeError,
        lambda: F.group_norm(zeros(2, 4, 3), 2, weight=zeros(3)),
        [
            "ShapeError in group_norm",
            "  got:    an input with 4 channels (axis 1), and (3,) numbers",
            "  needs:  weights and statistics of shape (4,)",
        ],
    ),
    "one pixel a channel": (
        DataError,
        lambda: nn.InstanceNorm2d(3)(zeros(8, 3, 1, 1)),
        [
            "DataError in InstanceNorm2d 3",
            "  got:    one value a channel",
            "  needs:  at least two: one value has no variance",
        ],
    ),
    "other channels of each example": (
        ShapeError,
        lambda: nn.InstanceNorm2d(3, affine=True)(zeros(2, 4, 5, 5)),
        [
            "ShapeError in InstanceNorm2d 3",
            "  got:    an input of shape (2, 4, 5, 5)",
            "  needs:  (batch, 3, height, width) or (3, height, width)",
        ],
    ),
    "rows for instance norm": (
        ShapeError,
        lambda: nn.InstanceNorm1d(3)(zeros(3)),
        [
            "ShapeError in InstanceNorm1d 3",
            "  got:    an input of shape (3,)",
            "  needs:  (batch, 3, length) or (3, length)",
        ],
    ),
    "rows for instance norm, as a function": (
        ShapeError,
        lambda: F.instance_norm(zeros(2, 3)),
        [
            "ShapeError in instance_norm",
            "  got:    an input of shape (2, 3)",
            "  needs:  (batch, C, length, ...)",
        ],
    ),
    "prediction without statistics": (
        OptionError,
        lambda: F.batch_norm(zeros(2, 3), None, None),
        [
            "OptionError in batch_norm",
            "  got:    no running_mean or running_var, and training=False",
            "  needs:  both, to predict by",
        ],
    ),
    "a row for a batch": (
        ShapeError,
        lambda: F.batch_norm(zeros(3), None, None, training=True),
        [
            "ShapeError in batch_norm",
            "  got:    an input of shape (3,)",
            "  needs:  (batch, C, ...)",
        ],
    ),
    "other last axes": (
        ShapeError,
        lambda: nn.RMSNorm((3, 4))(zeros(2, 4)),
        [
            "ShapeError in rms_norm",
            "  got:    an input of shape (2, 4)",
            "  needs:  last axes of lengths (3, 4)",
        ],
    ),
    "no neighbours": (
        OptionError,
        lambda: nn.LocalResponseNorm(0),
        ["OptionError in LocalResponseNorm", "  got:    size=0", "  needs:  at least 1 channel"],
    ),
    "rows without neighbours": (
        ShapeError,
        lambda: nn.LocalResponseNorm(2)(zeros(3, 4)),
        [
            "ShapeError in local_response_norm",
            "  got:    an input of shape (3, 4)",
            "  needs:  (batch, C, length, ...)",
        ],
    ),
}


@pytest.mark.parametrize("kind, call, text", REFUSED.values(), ids=REFUSED)
def test_refused(kind: type, call: Callable[[], Any], text: list[str]) -> None:
    with pytest.raises(PellucidError) as error:
        call()
    assert type(error.value) is kind
    assert str(error.value).splitlines() == text


def test_channels_that_instance_norm_does_not_use_may_be_any() -> None:
    assert nn.InstanceNorm1d(3)(zeros(2, 5, 4)).shape == (2, 5, 4)  # as in torch
    with pytest.raises(ShapeError):
        nn.InstanceNorm1d(3, track_running_stats=True)(zeros(2, 5, 4))


def test_one_example_is_enough_to_predict_or_with_several_pixels() -> None:
    assert nn.BatchNorm2d(3).eval()(zeros(1, 3, 1, 1)).shape == (1, 3, 1, 1)
    assert nn.BatchNorm2d(3)(zeros(1, 3, 2, 1)).shape == (1, 3, 2, 1)


def test_without_running_statistics_one_value_is_too_few_in_eval_too() -> None:
    with pytest.raises(DataError):
        nn.BatchNorm2d(3, track_running_stats=False).eval()(zeros(1, 3, 1, 1))
