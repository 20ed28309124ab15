"""Padding: each place of the result asks where it comes from."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Case, Input


def a_pad(x: Any, width: Any, value: float) -> Any:
    whole = ((0, 0),) * (x.ndim - len(width)) + width
    return np.pad(x, whole, constant_values=value)


def source(at: int, n: int, mode: str) -> int:
    """The place along an axis of length ``n`` that ``at``, perhaps outside, is a copy of."""
    if mode == "replicate":
        return min(max(at, 0), n - 1)
    if mode == "circular":
        return at % n
    return abs(at) if at < n else 2 * (n - 1) - at


def an_image_pad(x: Any, width: Any, mode: str) -> Any:
    for axis, (before, after) in enumerate(width, x.ndim - len(width)):
        n = x.shape[axis]
        rows = [np.take(x, source(at, n, mode), axis=axis) for at in range(-before, n + after)]
        x = np.stack(rows, axis=axis)
    return x


WIDTHS = [
    ((2, 4), ((2, 1),)),
    ((1, 2, 4), ((0, 3),)),
    ((2, 4, 3), ((1, 0), (2, 2))),
    ((2, 2, 3, 4), ((2, 1), (0, 3))),
    ((1, 2, 3, 2, 3), ((1, 2), (1, 1), (2, 0))),
]

CASES = [
    *[
        Case("PadConstant", (Input(shape),), a_pad, {"width": width, "value": value})
        for shape, width in [*WIDTHS, ((3,), ((4, 5),))]
        for value in (0.0, -1.5)
    ],
    *[
        Case("PadImage", (Input(shape),), an_image_pad, {"width": width, "mode": mode})
        for shape, width in WIDTHS
        for mode in ("reflect", "replicate", "circular")
    ],
    *[
        Case("PadImage", (Input((2, 3)),), an_image_pad, {"width": ((5, 7),), "mode": "replicate"}),
        Case("PadImage", (Input((2, 3)),), an_image_pad, {"width": ((3, 3),), "mode": "circular"}),
    ],
]
