"""Lengths of vectors, and angles between them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .base import Case, Input


def a_norm(x: Any, *, p: float, axis: Any, keepdims: bool) -> Any:
    """Vector by vector, with Python's numbers."""

    def length(v: Any) -> float:
        sizes = [abs(n) for n in v.ravel().tolist()]
        return max(sizes) if p == math.inf else sum(s**p for s in sizes) ** (1 / p)

    axes = axis if isinstance(axis, tuple) else (axis,)
    last = np.moveaxis(x, axes, range(-len(axes), 0))
    kept = last.shape[: x.ndim - len(axes)]
    rows = last.reshape(-1, math.prod(last.shape[x.ndim - len(axes) :]))
    found = np.array([length(row) for row in rows]).reshape(kept)
    return np.expand_dims(found, axes) if keepdims else found


def a_cosine(a: Any, b: Any, *, axis: int, eps: float) -> Any:
    a, b = np.broadcast_arrays(a, b)
    dot = np.sum(a * b, axis=axis)
    lengths = [np.maximum(np.linalg.norm(v, axis=axis), eps) for v in (a, b)]
    return dot / (lengths[0] * lengths[1])


CASES = [
    *[
        Case("Norm", (Input(s, "apart"),), a_norm, {"p": p, "axis": axis, "keepdims": keep})
        for s, axis in [((5,), -1), ((3, 4), 1), ((2, 3, 4), 0), ((2, 3, 4), (1, 2)), ((1, 4), -1)]
        for p in (1.0, 2.0, 3.0, 2.5, 1.5, 0.5, -1.0, math.inf)
        for keep in (False, True)
    ],
    *[
        Case("CosineSimilarity", (Input(a), Input(b)), a_cosine, {"axis": axis, "eps": eps})
        for a, b, axis in [
            ((5,), (5,), 0),
            ((3, 4), (3, 4), 1),
            ((3, 4), (3, 4), 0),
            ((3, 1, 4), (2, 4), -1),
            ((2, 3, 2), (1, 3, 1), 1),
        ]
        for eps in (1e-8, 100.0)
    ],
]
