"""Mean 0 and variance 1."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .base import Case, Fixed, Input


def a_batch_norm(x: Any, W: Any, b: Any, *, eps: float) -> Any:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        part = x[:, c]
        out[:, c] = (part - np.mean(part)) / math.sqrt(np.var(part) + eps)
        out[:, c] = out[:, c] * (1 if W is None else W[c]) + (0 if b is None else b[c])
    return out


def a_batch_norm_inference(x: Any, mean: Any, var: Any, W: Any, b: Any, *, eps: float) -> Any:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        out[:, c] = (x[:, c] - mean[c]) / math.sqrt(var[c] + eps)
        out[:, c] = out[:, c] * (1 if W is None else W[c]) + (0 if b is None else b[c])
    return out


def a_group_norm(x: Any, W: Any, b: Any, *, groups: int, eps: float) -> Any:
    out, size = np.empty_like(x), x.shape[1] // groups
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            first = c // size * size
            part = x[i, first : first + size]
            xhat = (x[i, c] - np.mean(part)) / math.sqrt(np.var(part) + eps)
            out[i, c] = xhat * (1 if W is None else W[c]) + (0 if b is None else b[c])
    return out


def an_rms_norm(x: Any, W: Any, *, axes: int, eps: float) -> Any:
    rows = x.reshape(-1, math.prod(x.shape[x.ndim - axes :]))
    rows = [r / math.sqrt(np.mean(r * r) + eps) for r in rows]
    return np.reshape(rows, x.shape) * (1 if W is None else W)


def an_lrn(x: Any, *, size: int, alpha: float, beta: float, k: float) -> Any:
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        near = x[:, max(0, c - size // 2) : c + (size - 1) // 2 + 1]
        out[:, c] = x[:, c] / (k + alpha / size * np.sum(near * near, axis=1)) ** beta
    return out


def a_layer_norm(x: Any, W: Any, b: Any, *, axes: int, eps: float) -> Any:
    rows = x.reshape(-1, math.prod(x.shape[x.ndim - axes :]))
    rows = [(r - np.mean(r)) / math.sqrt(np.var(r) + eps) for r in rows]
    return np.reshape(rows, x.shape) * (1 if W is None else W) + (0 if b is None else b)


AFFINE = [
    (Input((4,), "positive"), Input((4,))),
    (Fixed(None), Fixed(None)),
    (Input((4,)), Fixed(None)),
    (Fixed(None), Input((4,))),
]

CASES = [
    *[
        Case("BatchNorm", (Input(s), *wb), a_batch_norm, {"eps": 1e-3})
        for s in [(5, 4), (3, 4, 2), (2, 4, 2, 3), (2, 4, 1, 2, 3)]
        for wb in AFFINE
    ],
    *[
        Case(
            "BatchNormInference",
            (Input(s), Input((4,), constant=True), Input((4,), "positive", True), *wb),
            a_batch_norm_inference,
            {"eps": 1e-3},
        )
        for s in [(5, 4), (1, 4), (3, 4, 2), (2, 4, 2, 3)]
        for wb in AFFINE
    ],
    *[
        Case("LayerNorm", (Input(s), *wb), a_layer_norm, {"axes": 1, "eps": 1e-3})
        for s in [(4,), (3, 4), (1, 4), (2, 3, 4)]
        for wb in AFFINE
    ],
    Case(
        "LayerNorm",
        (Input((2, 3, 4)), Input((3, 4)), Input((3, 4))),
        a_layer_norm,
        {"axes": 2, "eps": 1e-3},
    ),
    *[
        Case("GroupNorm", (Input(s), *wb), a_group_norm, {"groups": groups, "eps": 1e-3})
        for s, groups in [
            ((3, 4), 1),
            ((3, 4), 2),
            ((2, 4, 3), 4),
            ((2, 4, 2, 3), 2),
            ((1, 4, 2, 2, 2), 2),
        ]
        for wb in AFFINE
    ],
    *[
        Case("RMSNorm", (Input(s), W), an_rms_norm, {"axes": 1, "eps": 1e-3})
        for s in [(4,), (3, 4), (1, 4), (2, 3, 4)]
        for W in (Input((4,)), Fixed(None))
    ],
    Case("RMSNorm", (Input((2, 3, 4)), Input((3, 4))), an_rms_norm, {"axes": 2, "eps": 1e-3}),
    *[
        Case("LocalResponseNorm", (Input(s),), an_lrn, options)
        for s in [(2, 5, 3), (2, 3, 2, 2), (1, 1, 2)]
        for options in [
            {"size": 2, "alpha": 0.5, "beta": 0.75, "k": 1.0},
            {"size": 3, "alpha": 1.0, "beta": 0.5, "k": 2.0},
            {"size": 1, "alpha": 1.0, "beta": 0.75, "k": 1.0},
            {"size": 8, "alpha": 1.0, "beta": 0.75, "k": 1.0},
        ]
    ],
]
