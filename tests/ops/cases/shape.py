"""The same numbers in another arrangement."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import SHAPES, Case, Input

CASES = [
    *[
        Case(
            "Reshape",
            (Input(s),),
            lambda x, shape: np.array(x.ravel()).reshape(shape),
            {"shape": t},
        )
        for s, t in [((), (1, 1)), ((6,), (2, 3)), ((3, 4), (2, -1)), ((1, 4), (4,)), ((1,), ())]
    ],
    *[
        Case(
            "Transpose",
            (Input(s),),
            lambda x, axes: np.moveaxis(x, axes, range(x.ndim)),
            {"axes": a},
        )
        for s, a in [((), ()), ((5,), (0,)), ((3, 4), (1, 0)), ((2, 3, 4), (2, 0, 1))]
    ],
    *[
        Case("BroadcastTo", (Input(s),), lambda x, shape: x + np.zeros(shape), {"shape": t})
        for s, t in [((), (2, 3)), ((5,), (5,)), ((1, 4), (3, 4)), ((3, 1), (2, 3, 4))]
    ],
    *[
        Case("GetItem", (Input(s),), lambda x, index: np.array(x.tolist())[index], {"index": i})
        for s, i in [
            ((5,), 2),
            ((5,), slice(None, None, -2)),
            ((5,), [0, 0, 3]),
            ((5,), ((1, 1, 1),)),
            ((3, 4), (slice(1, None), 2)),
            ((3, 4), np.array([2, 0, 2])),
            ((3, 4), (np.array([0, 0]), np.array([1, 1]))),
            ((3, 4), np.arange(12).reshape(3, 4) % 2 == 0),
            ((3, 4), (..., None, -1)),
            ((1, 4), np.int64(0)),
        ]
    ],
    *[
        Case(
            "Concatenate",
            tuple(map(Input, s)),
            lambda *x, axis: np.concatenate(x, axis),
            {"axis": a},
        )
        for s, a in [([(2,), (3,)], 0), ([(2, 3), (1, 3)], 0), ([(2, 3), (2, 1), (2, 2)], -1)]
    ],
    *[
        Case(
            "Stack",
            tuple(Input(s) for _ in range(3)),
            lambda *x, axis: _stacked(x, axis),
            {"axis": a},
        )
        for s, a in [((), 0), ((2,), 0), ((2,), -1), ((2, 3), 1)]
    ],
    *[
        Case("Pad", (Input(s),), lambda x, width, value: _padded(x, width, value), options)
        for s, options in [
            ((3,), {"width": ((1, 2),), "value": 0.0}),
            ((1, 4), {"width": ((0, 1), (2, 0)), "value": -1.5}),
        ]
    ],
    *[
        Case(
            "AsType",
            (Input(s),),
            lambda x, dtype: np.array(x, dtype),
            {"dtype": np.dtype("float64")},
        )
        for s in SHAPES
    ],
]


def _stacked(arrays: Any, axis: int) -> Any:
    return np.concatenate([np.expand_dims(x, axis) for x in arrays], axis)


def _padded(x: Any, width: Any, value: float) -> Any:
    shape = [b + n + a for (b, a), n in zip(width, x.shape, strict=True)]
    out = np.full(shape, value)
    out[tuple(slice(b, b + n) for (b, _), n in zip(width, x.shape, strict=True))] = x
    return out
