"""What the machine can do: its rate of matrix products, and the products of a step alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.peers.inputs import batches, weights
from benchmarks.rows import SIDE, Row

__all__ = ["sgemm", "step"]


def sgemm(form: str, row: Row) -> Callable[[int], None]:
    """Products of two large square matrices; 2 x 768^3 operations each."""
    a = np.ones((SIDE, SIDE), np.float32)
    b, out = a * 0.5, np.empty_like(a)

    def run(steps: int) -> None:
        for _ in range(steps):
            np.matmul(a, b, out=out)

    return run


def step(form: str, row: Row) -> Callable[[int], None]:
    """The rate, or the matrix products of a training step and nothing between them."""
    if form == "sgemm":
        return sgemm(form, row)
    (x, _), *_ = batches(row.batch)
    matrices = [w for w, _ in weights()]
    inputs = [x, *(np.ones((row.batch, len(w)), np.float32) for w in matrices)]
    grads = [np.empty_like(w) for w in matrices]

    def run(steps: int) -> None:
        for _ in range(steps):
            for w, a, z in zip(matrices, inputs, inputs[1:], strict=False):
                np.matmul(a, w.T, out=z)
            for k in (2, 1, 0):
                np.matmul(inputs[k + 1].T, inputs[k], out=grads[k])
                if k:
                    np.matmul(inputs[k + 1], matrices[k], out=inputs[k])

    return run
