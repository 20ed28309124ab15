"""The same numbers for every peer: batches, labels, MNIST's images."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rows import CLASSES, CONTEXT, SIZES, VOCABULARY

__all__ = ["LEARNING_RATE", "batches", "examples", "mnist", "weights"]

Array = NDArray[Any]
LEARNING_RATE = {"SGD": 0.01, "Adam": 0.001}
BATCHES = (
    16  # in turn, so that nothing is learnt by heart down to numbers that are no longer normal
)


def batches(size: int) -> list[tuple[Array, Array]]:
    """Some batches (x, y): x (size, 784) float32 from 0 to 1, y (size,) int64."""
    rng = np.random.default_rng(0)
    return [
        (rng.random((size, SIZES[0]), dtype=np.float32), rng.integers(0, CLASSES, size))
        for _ in range(BATCHES)
    ]


def examples(network: str, size: int) -> list[tuple[Array, Array]]:
    """Some batches: images (size, 1, 28, 28) and classes, or texts and what follows."""
    rng = np.random.default_rng(0)
    if network in ("lenet5", "cnn"):
        return [(x.reshape(size, 1, 28, 28), y) for x, y in batches(size)[:4]]
    texts = [rng.integers(0, VOCABULARY, (size, CONTEXT + 1)) for _ in range(4)]
    return [(t[:, :-1].copy(), t[:, 1:].copy()) for t in texts]


def mnist(folder: str) -> tuple[Array, Array]:
    """x (60000, 28, 28) uint8 and y (60000,) int64; random ones where there is no folder."""
    if not folder:
        rng = np.random.default_rng(0)
        x = rng.integers(0, 256, (60_000, 28, 28), dtype=np.uint8)
        return x, rng.integers(0, CLASSES, 60_000)
    x = np.frombuffer(_bytes(folder, "train-images-idx3-ubyte")[16:], np.uint8)
    y = np.frombuffer(_bytes(folder, "train-labels-idx1-ubyte")[8:], np.uint8)
    return x.reshape(-1, 28, 28).copy(), y.astype(np.int64)


def _bytes(folder: str, name: str) -> bytes:
    return gzip.decompress((Path(folder) / f"{name}.gz").read_bytes())


def weights() -> list[tuple[Array, Array]]:
    """(W (out, in), b (out,)) of each layer, float32."""
    rng = np.random.default_rng(1)
    pairs = pairwise(SIZES)
    return [
        (rng.normal(0, i**-0.5, (o, i)).astype(np.float32), np.zeros(o, np.float32))
        for i, o in pairs
    ]
