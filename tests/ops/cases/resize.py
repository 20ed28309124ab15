"""Images in another size: pixel by pixel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .base import Case, Input


def along(x: Any, size: Any, row: Any) -> Any:
    """``row(n, k, o)``: the weight of each of n pixels in place o, along the k-th last axis."""
    for k, m in enumerate(size):
        axis = x.ndim - len(size) + k
        rows = [np.tensordot(row(x.shape[axis], k, o), x, (0, axis)) for o in range(m)]
        x = np.stack(rows, axis=axis)
    return x


def a_nearest(x: Any, size: Any, step: Any, shift: float) -> Any:
    def row(n: int, k: int, o: int) -> Any:
        return np.eye(n)[min(n - 1, math.floor((o + shift) * step[k]))]

    return along(x, size, row)


def a_linear(x: Any, size: Any, step: Any, align_corners: bool) -> Any:
    def row(n: int, k: int, o: int) -> Any:
        m = size[k]
        if align_corners:
            at = o * (n - 1) / (m - 1) if m > 1 else 0.0
        else:
            at = max(0.0, (o + 0.5) * step[k] - 0.5)
        return np.maximum(0, 1 - np.abs(np.arange(n) - min(at, n - 1)))

    return along(x, size, row)


def a_pixel_shuffle(x: Any, factor: int) -> Any:
    *lead, c, h, w = x.shape
    y = np.empty((*lead, c // factor**2, h * factor, w * factor))
    for place in np.ndindex(y.shape):
        *image, channel, row, column = place
        (i, p), (j, q) = divmod(row, factor), divmod(column, factor)
        y[place] = x[(*image, channel * factor**2 + p * factor + q, i, j)]
    return y


def a_pixel_unshuffle(x: Any, factor: int) -> Any:
    rows = [x[..., c, i::factor, j::factor] for c in range(x.shape[-3]) for i, j in _square(factor)]
    return np.stack(rows, axis=-3)


def _square(n: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(n) for j in range(n)]


def a_channel_shuffle(x: Any, groups: int) -> Any:
    each = x.shape[1] // groups
    return x[:, [i * each + c for c in range(each) for i in range(groups)]]


SIZES = [  # shape, new lengths
    ((2, 2, 3), (6,)),
    ((1, 2, 5), (3,)),
    ((1, 2, 2, 3), (4, 6)),
    ((2, 1, 4, 3), (5, 2)),
    ((2, 2, 3, 1), (1, 3)),
    ((1, 2, 2, 2, 3), (3, 1, 4)),
]


def steps(shape: Any, size: Any) -> tuple[float, ...]:
    return tuple(n / m for n, m in zip(shape[len(shape) - len(size) :], size, strict=True))


CASES = [
    *[
        Case(
            "ResizeNearest",
            (Input(shape),),
            a_nearest,
            {"size": size, "step": steps(shape, size), "shift": shift},
        )
        for shape, size in SIZES
        for shift in (0.0, 0.5)
    ],
    *[
        Case(
            "ResizeLinear",
            (Input(shape),),
            a_linear,
            {"size": size, "step": steps(shape, size), "align_corners": corners},
        )
        for shape, size in SIZES
        for corners in (True, False)
    ],
    Case(
        "ResizeLinear",
        (Input((1, 2, 3, 4)),),
        a_linear,
        {"size": (4, 9), "step": (1 / 1.5, 1 / 2.3), "align_corners": False},
    ),
    *[
        Case("PixelShuffle", (Input(shape),), a_pixel_shuffle, {"factor": r})
        for shape, r in [((2, 8, 3, 2), 2), ((9, 1, 2), 3), ((2, 1, 4, 2, 2), 2)]
    ],
    *[
        Case("PixelUnshuffle", (Input(shape),), a_pixel_unshuffle, {"factor": r})
        for shape, r in [((2, 2, 4, 6), 2), ((1, 3, 6), 3), ((2, 1, 2, 2, 4), 2)]
    ],
    *[
        Case("ChannelShuffle", (Input(shape),), a_channel_shuffle, {"groups": groups})
        for shape, groups in [((2, 6, 2, 2), 2), ((1, 6, 3), 3), ((2, 4, 1, 2, 2), 4)]
    ],
]
