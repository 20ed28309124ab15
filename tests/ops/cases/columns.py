"""Windows as columns and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .base import Case, Input


def places(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any) -> list[list[Any]]:
    """For every window, in order, where the places of its kernel lie; None in the padding."""
    axes = list(zip(size, kernel, stride, padding, dilation, strict=True))
    counts = [(n + sum(p) - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes]
    return [
        [
            inside(
                tuple(w * a[2] + k * a[4] - a[3][0] for w, k, a in zip(at, of, axes, strict=True)),
                size,
            )
            for of in np.ndindex(*kernel)
        ]
        for at in np.ndindex(*counts)
    ]


def inside(place: tuple[int, ...], size: Any) -> Any:
    return place if all(0 <= i < n for i, n in zip(place, size, strict=True)) else None


def unfolded(x: Any, *, kernel: Any, **how: Any) -> Any:
    windows = places(x.shape[2:], kernel, **how)
    columns = [
        [0 if place is None else x[(b, c, *place)] for c in range(x.shape[1]) for place in window]
        for b in range(x.shape[0])
        for window in windows
    ]
    return np.reshape(columns, (x.shape[0], len(windows), -1)).swapaxes(1, 2)


def folded(x: Any, *, size: Any, kernel: Any, **how: Any) -> Any:
    area = math.prod(kernel)
    y = np.zeros((x.shape[0], x.shape[1] // area, *size))
    for w, window in enumerate(places(size, kernel, **how)):
        for k, place in enumerate(window):
            if place is not None:
                y[(slice(None), slice(None), *place)] += x[:, k::area, w]
    return y


GRID = [
    {"kernel": (3, 2), "stride": s, "padding": p, "dilation": d}
    for s, p, d in [
        ((1, 1), ((0, 0), (0, 0)), (1, 1)),
        ((2, 1), ((1, 1), (0, 0)), (1, 1)),
        ((1, 2), ((1, 1), (1, 1)), (2, 1)),
        ((3, 3), ((1, 1), (1, 1)), (1, 3)),
    ]
]

CASES = [
    *[Case("Unfold", (Input((2, 2, 5, 4)),), unfolded, options) for options in GRID],
    *[
        Case("Fold", (Input((2, 12, n)),), folded, {"size": (5, 4), **options})
        for n, options in zip((9, 9, 9, 2), GRID, strict=True)
    ],
]
