"""Pooling: each window looked at by itself."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .base import Case, Fixed, Input


def places(lengths: Any, at: Any, window: Any) -> list[tuple[int, ...]]:
    """The places of one window that are in the padded image, in order."""
    dilation = window.get("dilation", (1,) * len(lengths))
    found = []
    for steps in itertools.product(*map(range, window["kernel"])):
        place = tuple(
            o * s + i * d - p
            for o, s, i, d, p in zip(
                at, window["stride"], steps, dilation, window["padding"], strict=True
            )
        )
        inside = (
            -p <= v < n + p for v, n, p in zip(place, lengths, window["padding"], strict=True)
        )
        found += [place] if all(inside) else []
    return found


def every_window(x: Any, size: Any) -> Iterator[tuple[Any, Any]]:
    """Where a number of the result goes: the image's index, and the window's."""
    yield from itertools.product(np.ndindex(x.shape[: x.ndim - len(size)]), np.ndindex(size))


def pooled(x: Any, window: Any, one: Callable[[Any, list[Any]], Any]) -> Any:
    """``one`` of the plane and the places of each window."""
    size = window["size"]
    y = np.empty((*x.shape[: x.ndim - len(size)], *size))
    for image, at in every_window(x, size):
        plane = x[image]
        y[(*image, *at)] = one(plane, places(plane.shape, at, window))
    return y


def real(plane: Any, found: list[Any]) -> list[Any]:
    """The places that are in the image itself."""
    return [plane[p] for p in found if all(0 <= v < n for v, n in zip(p, plane.shape, strict=True))]


def a_max_pool(x: Any, **window: Any) -> Any:
    return pooled(x, window, lambda plane, found: max(real(plane, found)))


def an_avg_pool(x: Any, count_padding: bool, divisor: Any, **window: Any) -> Any:
    def one(plane: Any, found: list[Any]) -> Any:
        count = divisor or len(found if count_padding else real(plane, found))
        return sum(real(plane, found)) / count

    return pooled(x, window, one)


def an_lp_pool(x: Any, p: float, count_padding: bool, divisor: Any, **window: Any) -> Any:
    mean = an_avg_pool(x**p, count_padding, divisor, **window)
    return (mean * math.prod(window["kernel"])) ** (1 / p)


def adapted(n: int, m: int) -> list[range]:
    return [range(math.floor(o * n / m), math.ceil((o + 1) * n / m)) for o in range(m)]


def an_adaptive_avg_pool(x: Any, size: Any) -> Any:
    y = np.empty((*x.shape[: x.ndim - len(size)], *size))
    along = [adapted(n, m) for n, m in zip(x.shape[x.ndim - len(size) :], size, strict=True)]
    for image, at in every_window(x, size):
        window = [ranges[o] for ranges, o in zip(along, at, strict=True)]
        y[(*image, *at)] = np.mean([x[(*image, *p)] for p in itertools.product(*window)])
    return y


def some_windows(x: Any, size: Any) -> Any:
    for axis, m in zip(range(x.ndim - len(size), x.ndim), size, strict=True):
        ranges = adapted(x.shape[axis], m)
        longest = max(map(len, ranges))
        rows = [r[min(i, len(r) - 1)] for r in ranges for i in range(longest)]
        x = np.stack([np.take(x, row, axis=axis) for row in rows], axis=axis)
    return x


def an_unpool(x: Any, indices: Any, size: Any) -> Any:
    planes = np.zeros((*x.shape[: x.ndim - len(size)], math.prod(size)))
    for place in np.ndindex(x.shape):
        planes[(*place[: x.ndim - len(size)], indices[place])] = x[place]
    return planes.reshape(*planes.shape[:-1], *size)


def window(*numbers: Any, **more: Any) -> dict[str, Any]:
    names = ("size", "kernel", "stride", "padding")
    return {**dict(zip(names, numbers, strict=True)), **more}


SLIDING = [  # shape, size, kernel, stride, padding
    ((2, 3, 6), (3,), (2,), (2,), (0,)),
    ((3, 5), (3,), (3,), (1,), (0,)),
    ((2, 2, 4, 6), (2, 3), (2, 2), (2, 2), (0, 0)),
    ((2, 5, 5), (2, 2), (2, 2), (2, 2), (0, 0)),
    ((1, 2, 5, 4), (3, 2), (3, 3), (2, 2), (1, 1)),
    ((2, 2, 5, 4), (4, 3), (2, 2), (1, 2), (0, 1)),
    ((1, 1, 5, 5), (3, 3), (2, 2), (2, 2), (0, 0)),  # the last ones hang over the edge
    ((1, 2, 4, 5), (1, 2), (2, 2), (3, 3), (0, 0)),
    ((1, 2, 4, 3, 4), (2, 2, 2), (2, 2, 2), (2, 1, 2), (0, 0, 0)),
]
DILATED = [
    ((2, 3, 6), (2,), (2,), (2,), (0,), (3,)),
    ((2, 2, 6, 5), (4, 4), (3, 2), (1, 1), (1, 0), (2, 1)),
]
MAX = [
    *[(shape, window(*rest, dilation=(1,) * len(rest[0]))) for shape, *rest in SLIDING],
    *[(shape, window(*rest, dilation=dilation)) for shape, *rest, dilation in DILATED],
]
INDICES = np.array([[[3, 0], [7, 4]], [[1, 2], [8, 5]]])
PLACES = np.array([[[3, 0], [8, 4]], [[1, 2], [7, 5]]])

CASES = [
    *[
        Case(rule, (Input(shape, "apart"),), a_max_pool, options)
        for rule in ("MaxPool", "MaxPoolWithIndices")
        for shape, options in MAX
    ],
    *[
        Case(
            "AvgPool",
            (Input(shape),),
            an_avg_pool,
            window(*rest, count_padding=count, divisor=divisor),
        )
        for shape, *rest in SLIDING
        for count, divisor in [(True, None), (False, None), (True, 3)]
    ],
    *[
        Case(
            "LPPool",
            (Input(shape, "positive"),),
            an_lp_pool,
            window(*rest, p=p, count_padding=True, divisor=None),
        )
        for shape, *rest in SLIDING
        for p in (1, 2.0, 3.5)
        if not any(rest[-1])
    ],
    *[
        Case(rule, (Input(shape),), reference, {"size": size})
        for rule, reference in [
            ("AdaptiveAvgPool", an_adaptive_avg_pool),
            ("AdaptiveWindows", some_windows),
        ]
        for shape, size in [
            ((2, 3, 7), (3,)),
            ((2, 2, 5, 4), (2, 3)),
            ((2, 3, 4), (5, 3)),
            ((1, 2, 3, 4, 3), (2, 2, 2)),
        ]
    ],
    Case("MaxUnpool", (Input((2, 2, 2)), Fixed(INDICES)), an_unpool, {"size": (9,)}),
    Case("MaxUnpool", (Input((2, 2, 2)), Fixed(PLACES)), an_unpool, {"size": (3, 3)}),
]
