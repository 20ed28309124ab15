"""What activations, dropouts, distances and shape layers refuse at their doors, word by word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pellucid import nn
from pellucid.errors import DtypeError, OptionError, PellucidError, ShapeError
from pellucid.nn import functional as F


def zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


REFUSED: dict[str, tuple[type, Callable[[], Any], list[str]]] = {
    "slopes of other channels": (
        ShapeError,
        lambda: nn.PReLU(3)(zeros(2, 4)),
        [
            "ShapeError in prelu",
            "  got:    an input of shape (2, 4) and slopes of shape (3,)",
            "  needs:  one slope (1,), or one for each channel (axis 1): (4,)",
        ],
    ),
    "no slope": (
        OptionError,
        lambda: nn.PReLU(0),
        ["OptionError in PReLU", "  got:    num_parameters=0", "  needs:  at least 1 slope"],
    ),
    "slopes the wrong way": (
        OptionError,
        lambda: nn.RReLU(0.5, 0.25),
        ["OptionError in RReLU", "  got:    slopes from 0.5 to 0.25", "  needs:  lower <= upper"],
    ),
    "limits the wrong way": (
        OptionError,
        lambda: nn.Hardtanh(1.0, -1.0),
        [
            "OptionError in Hardtanh",
            "  got:    min_val=1.0 and max_val=-1.0",
            "  needs:  min_val below max_val",
        ],
    ),
    "a division by alpha": (
        OptionError,
        lambda: nn.CELU(0.0),
        [
            "OptionError in CELU",
            "  got:    alpha=0",
            "  needs:  another number: x is divided by it",
        ],
    ),
    "a negative shrinkage": (
        OptionError,
        lambda: nn.Softshrink(-0.1),
        ["OptionError in Softshrink", "  got:    lambd=-0.1", "  needs:  a number from 0"],
    ),
    "an odd number to halve": (
        ShapeError,
        lambda: nn.GLU(1)(zeros(2, 5)),
        [
            "ShapeError in glu",
            "  got:    an input of shape (2, 5)",
            "  needs:  two halves: an even length along axis 1; here it is 5",
        ],
    ),
    "no such axis to halve": (
        ShapeError,
        lambda: nn.GLU(2)(zeros(2, 4)),
        ["ShapeError in glu", "  got:    an input of shape (2, 4)", "  needs:  an axis 2"],
    ),
    "softmin without an axis": (
        OptionError,
        lambda: nn.Softmin(),
        [
            "OptionError in Softmin",
            "  got:    no dim",
            "  needs:  the axis whose values shall sum to 1",
            "  try:    Softmin(dim=1)",
        ],
    ),
    "the function without an axis": (
        OptionError,
        lambda: F.softmax(zeros(2, 3)),
        [
            "OptionError in softmax",
            "  got:    no dim",
            "  needs:  the axis whose values shall sum to 1",
            "  try:    softmax(dim=1)",
        ],
    ),
    "rows as pixels": (
        ShapeError,
        lambda: nn.Softmax2d()(zeros(2, 3)),
        [
            "ShapeError in Softmax2d",
            "  got:    an input of shape (2, 3)",
            "  needs:  (batch, C, height, width) or (C, height, width)",
        ],
    ),
    "a function in place": (
        OptionError,
        lambda: F.relu6(zeros(2), inplace=True),
        [
            "OptionError in relu6",
            "  got:    inplace=True",
            "  needs:  inplace=False: layers give new values",
            "  try:    relu6() without inplace; the written program uses its buffers again by "
            "itself",
        ],
    ),
    "no temperature": (
        OptionError,
        lambda: F.gumbel_softmax(zeros(2), tau=0.0),
        ["OptionError in gumbel_softmax", "  got:    tau = 0.0", "  needs:  a number above 0"],
    ),
    "an eps without effect": (
        OptionError,
        lambda: F.gumbel_softmax(zeros(2), eps=1e-3),
        [
            "OptionError in gumbel_softmax",
            "  got:    eps=0.001",
            "  needs:  no eps: it has no effect",
        ],
    ),
    "a probability above 1": (
        OptionError,
        lambda: nn.AlphaDropout(1.5),
        ["OptionError in AlphaDropout", "  got:    p = 1.5", "  needs:  a probability from 0 to 1"],
    ),
    "images for Dropout1d": (
        ShapeError,
        lambda: nn.Dropout1d()(zeros(2, 3, 4, 4)),
        [
            "ShapeError in dropout1d",
            "  got:    an input of shape (2, 3, 4, 4)",
            "  needs:  (batch, C, length) or (C, length)",
            "  try:    nn.Dropout, which drops single values of any shape",
        ],
    ),
    "rows for Dropout2d, in eval too": (
        ShapeError,
        lambda: nn.Dropout2d().eval()(zeros(2, 3)),
        [
            "ShapeError in dropout2d",
            "  got:    an input of shape (2, 3)",
            "  needs:  (batch, C, height, width) or (batch, C, length)",
            "  try:    nn.Dropout, which drops single values of any shape",
        ],
    ),
    "rows for Dropout3d": (
        ShapeError,
        lambda: nn.Dropout3d()(zeros(2, 3)),
        [
            "ShapeError in dropout3d",
            "  got:    an input of shape (2, 3)",
            "  needs:  (batch, C, depth, height, width) or (C, depth, height, width)",
            "  try:    nn.Dropout, which drops single values of any shape",
        ],
    ),
    "a row without channels": (
        ShapeError,
        lambda: nn.FeatureAlphaDropout()(zeros(3)),
        [
            "ShapeError in feature_alpha_dropout",
            "  got:    an input of shape (3,)",
            "  needs:  (batch, C, ...)",
        ],
    ),
    "no features": (
        OptionError,
        lambda: nn.Bilinear(2, 0, 3),
        ["OptionError in Bilinear", "  got:    2 x 0 -> 3", "  needs:  at least 1 of each"],
    ),
    "other features": (
        ShapeError,
        lambda: nn.Bilinear(2, 3, 4)(zeros(5, 3), zeros(5, 3)),
        [
            "ShapeError in bilinear",
            "  got:    inputs of shapes (5, 3) and (5, 3)",
            "  needs:  (..., 2) and (..., 3) with equal leading axes",
        ],
    ),
    "other batches": (
        ShapeError,
        lambda: nn.Bilinear(2, 3, 4)(zeros(5, 2), zeros(1, 3)),
        [
            "ShapeError in bilinear",
            "  got:    inputs of shapes (5, 2) and (1, 3)",
            "  needs:  (..., 2) and (..., 3) with equal leading axes",
        ],
    ),
    "lengths that do not fit": (
        ShapeError,
        lambda: nn.Unflatten(1, (2, 3))(zeros(4, 8)),
        [
            "ShapeError in Unflatten",
            "  got:    an input of shape (4, 8)",
            "  needs:  an axis 1 whose length is 2 x 3 = 6",
        ],
    ),
    "lengths that do not divide": (
        ShapeError,
        lambda: nn.Unflatten(1, (3, -1))(zeros(4, 8)),
        [
            "ShapeError in Unflatten",
            "  got:    an input of shape (4, 8)",
            "  needs:  an axis 1 whose length is 3 x -1: a multiple of 3",
        ],
    ),
    "no such axis": (
        ShapeError,
        lambda: nn.Unflatten(2, (2, 4))(zeros(4, 8)),
        [
            "ShapeError in Unflatten",
            "  got:    an input of shape (4, 8)",
            "  needs:  an axis 2 whose length is 2 x 4 = 8",
        ],
    ),
    "named axes": (
        OptionError,
        lambda: nn.Unflatten("features", (("C", 2), ("H", 4))),
        [
            "OptionError in Unflatten",
            "  got:    dim='features', unflattened_size=(('C', 2), ('H', 4))",
            "  needs:  the number of an axis, and lengths: named axes are torch's alone",
            "  try:    nn.Unflatten(1, (3, 4))",
        ],
    ),
    "two unknown lengths": (
        OptionError,
        lambda: nn.Unflatten(1, (-1, -1)),
        [
            "OptionError in Unflatten",
            "  got:    unflattened_size=(-1, -1)",
            "  needs:  lengths, at most one of them -1",
        ],
    ),
    "vectors of other lengths": (
        ShapeError,
        lambda: nn.CosineSimilarity()(zeros(5, 3), zeros(5, 4)),
        [
            "ShapeError in cosine_similarity",
            "  got:    inputs of shapes (5, 3) and (5, 4)",
            "  needs:  equal shapes, or axes of length 1 where they differ",
        ],
    ),
    "no such axis of vectors": (
        ShapeError,
        lambda: nn.CosineSimilarity()(zeros(3), zeros(3)),
        [
            "ShapeError in cosine_similarity",
            "  got:    an input of shape (3,)",
            "  needs:  an axis 1",
        ],
    ),
    "points in other spaces": (
        ShapeError,
        lambda: nn.PairwiseDistance()(zeros(5, 3), zeros(5, 4)),
        [
            "ShapeError in pairwise_distance",
            "  got:    inputs of shapes (5, 3) and (5, 4)",
            "  needs:  equal shapes, or axes of length 1 where they differ",
        ],
    ),
    "a count for a distance": (
        OptionError,
        lambda: nn.PairwiseDistance(p=0),
        [
            "OptionError in PairwiseDistance",
            "  got:    p = 0",
            "  needs:  another power: a count has no slope",
        ],
    ),
}


@pytest.mark.parametrize("kind, call, text", REFUSED.values(), ids=REFUSED)
def test_refused(kind: type, call: Callable[[], Any], text: list[str]) -> None:
    with pytest.raises(PellucidError) as error:
        call()
    assert type(error.value) is kind
    assert str(error.value).splitlines() == text


FLOATS_ONLY = {
    **{
        name: getattr(nn, name)()
        for name in [
            *("ReLU6", "PReLU", "RReLU", "SELU", "CELU", "Mish", "LogSigmoid", "Softsign", "GLU"),
            *("Tanhshrink", "Hardtanh", "Hardsigmoid", "Hardswish", "Hardshrink", "Softshrink"),
            *("AlphaDropout", "FeatureAlphaDropout", "Softmax2d"),
        ]
    },
    "Threshold": nn.Threshold(0.0, 0.0),
    "Softmin": nn.Softmin(1),
    "Dropout2d": nn.Dropout2d(),
}


@pytest.mark.parametrize("layer", FLOATS_ONLY.values(), ids=FLOATS_ONLY)
def test_whole_numbers_are_refused(layer: nn.Module) -> None:
    with pytest.raises(DtypeError, match="an input of dtype uint8\n  needs:  floating-point"):
        layer(np.zeros((2, 4, 2, 2), np.uint8))


@pytest.mark.parametrize("layer", [nn.Bilinear(2, 2, 1), nn.CosineSimilarity()])
def test_whole_numbers_are_refused_as_a_second_input(layer: nn.Module) -> None:
    with pytest.raises(DtypeError, match="an input of dtype uint8"):
        layer(zeros(2, 2), np.zeros((2, 2), np.uint8))
