"""Forgetting on purpose."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.random import generator

from .base import SHAPES, Case, Input, Rng


def a_dropout(x: Any, rng: np.random.Generator, *, p: float) -> Any:
    if p == 1:
        return np.zeros_like(x)
    draws = generator(7, "rule").random(x.shape, dtype=x.dtype)
    return np.where(draws < p, 0, x / (1 - p))


def a_channel_dropout(x: Any, rng: np.random.Generator, *, p: float, leading: int) -> Any:
    draws = generator(7, "rule").random((*x.shape[:leading], *[1] * (x.ndim - leading)), x.dtype)
    return np.where(draws < p, 0, x / (1 - p))


def an_alpha_dropout(
    x: Any, rng: np.random.Generator, *, p: float, leading: int | None = None
) -> Any:
    low, shape = -1.7580993408473766, x.shape
    if leading is not None:
        shape = (*x.shape[:leading], *[1] * (x.ndim - leading))
    dropped = generator(7, "rule").random(shape, dtype=x.dtype) < p
    a = ((1 - p) * (1 + p * low**2)) ** -0.5
    return a * np.where(dropped, low, x) - a * p * low


CASES = [
    *[
        Case(rule, (Input(s), Rng()), reference, {"p": 0.4, "leading": leading})
        for rule, reference in [
            ("Dropout", a_channel_dropout),
            ("AlphaDropout", an_alpha_dropout),
        ]
        for s, leading in [((3, 4), 2), ((2, 3, 4), 2), ((3, 4), 1), ((2, 3, 2, 2), 2)]
    ],
    *[
        Case("AlphaDropout", (Input(s), Rng()), an_alpha_dropout, {"p": p})
        for s in SHAPES
        for p in (0.0, 0.4)
    ],
    Case("AlphaDropout", (Input((3, 4)), Rng()), lambda x, rng, p: x * 0, {"p": 1.0}),
    *[
        Case("Dropout", (Input(s), Rng()), a_dropout, {"p": p})
        for s in SHAPES
        for p in (0.0, 0.4, 1.0)
    ],
]
