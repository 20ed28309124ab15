"""Draws inside a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.random import generator

from .base import SHAPES, Case, Input, Rng


def a_draw(m: Any, v: Any, rng: np.random.Generator) -> Any:
    return m + np.sqrt(np.exp(v)) * generator(7, "rule").standard_normal(m.shape, dtype=m.dtype)


CASES = [Case("Gaussian", (Input(s), Input(s), Rng()), a_draw) for s in SHAPES]
