"""The non-linear functions made of straight pieces."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.random import generator

from .base import SHAPES, Case, Input, Rng, each, one


def leaky(x: float, slope: float = 0.01) -> float:
    return x if x > 0 else slope * x


def a_prelu(x: Any, W: Any) -> Any:
    if len(W) == 1:
        return np.where(x < 0, x * W[0], x)
    parts = [np.where(x[:, c] < 0, x[:, c] * W[c], x[:, c]) for c in range(len(W))]
    return np.stack(parts, axis=1)


def a_rrelu(x: Any, rng: Any, *, lower: float, upper: float) -> Any:
    u = generator(7, "rule").random(x.shape, dtype=x.dtype)
    return np.where(x > 0, x, x * (lower * (1 - u) + upper * u))


def held(x: float, low: float, high: float) -> float:
    return sorted((low, x, high))[1]


CASES = [
    *one("Step", each(lambda x: 1.0 if x >= 0 else 0.0), "apart"),
    *one("ReLU", each(lambda x: x if x > 0 else 0.0), "apart"),
    *one("LeakyReLU", each(leaky), "apart"),
    *one("LeakyReLU", each(leaky), "apart", slope=0.2),
    *[
        Case("PReLU", (Input(s, "apart"), Input((n,))), a_prelu)
        for s, n in [
            ((), 1),
            ((5,), 1),
            ((3, 4), 1),
            ((3, 4), 4),
            ((2, 3, 2), 3),
            ((2, 3, 2, 2), 3),
            ((2, 3, 2, 2), 1),
        ]
    ],
    *[
        Case("RReLU", (Input(s, "apart"), Rng()), a_rrelu, {"lower": 0.1, "upper": upper})
        for s in SHAPES
        for upper in (0.3, 0.1)
    ],
    *one("Hardtanh", each(lambda x: held(x, -1, 1)), "apart"),
    *one("Hardtanh", each(held), "apart", low=-0.6, high=0.61),
    *one("Hardtanh", each(held), "apart", low=0.0, high=6.0),
    *one("Hardsigmoid", each(lambda x: held(x / 6 + 0.5, 0, 1)), "apart"),
    *one("Hardswish", each(lambda x: x * held(x / 6 + 0.5, 0, 1)), "apart"),
    *one("Hardshrink", each(lambda x: x if abs(x) > 0.5 else 0.0), "apart"),
    *one("Hardshrink", each(lambda x, limit: x if abs(x) > limit else 0.0), "apart", limit=0.9),
    *one("Softshrink", each(lambda x: max(x - 0.5, 0) + min(x + 0.5, 0)), "apart"),
    *one(
        "Softshrink",
        each(lambda x, limit: max(x - limit, 0) + min(x + limit, 0)),
        "apart",
        limit=0.9,
    ),
    *one(
        "Threshold",
        each(lambda x, threshold, value: x if x > threshold else value),
        "apart",
        threshold=0.1,
        value=-2.0,
    ),
]
