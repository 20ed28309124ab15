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


CASES = [
    *[
        Case("Dropout", (Input(s), Rng()), a_dropout, {"p": p})
        for s in SHAPES
        for p in (0.0, 0.4, 1.0)
    ],
]
