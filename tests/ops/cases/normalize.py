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
        for s in [(5, 4), (3, 4, 2), (2, 4, 2, 3)]
        for wb in AFFINE
    ],
    *[
        Case(
            "BatchNormInference",
            (Input(s), Input((4,), constant=True), Input((4,), "positive", True), *wb),
            a_batch_norm_inference,
            {"eps": 1e-3},
        )
        for s in [(5, 4), (1, 4), (3, 4, 2)]
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
]
