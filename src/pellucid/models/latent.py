"""Pictures from points of a latent space: drawn by chance, or along a way from one to another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad
from pellucid.errors import OptionError
from pellucid.nn import Module
from pellucid.random import generator

__all__ = ["between", "decoded", "drawn", "encoded", "plane"]

Array = NDArray[Any]
ROWS = 128  # pictures at a time


def drawn(model: Module, count: int, *key: int | str) -> Array:
    """``count`` points from N(0, 1), (count, latent); the key decides which.

    Raises OptionError for a count below 1.
    """
    if count < 1:
        raise OptionError("generate", got=f"{count} pictures", needs="1 or more")
    latent: int = model.latent
    return generator(*key).standard_normal((count, latent), dtype=np.float32)


def decoded(model: Module, points: Array) -> Array:
    """The pictures of points, in eval mode: (N, H, W) or (N, H, W, C), from 0 to 1."""
    return _in_stretches(model, model.decode, points)


def encoded(model: Module, pictures: Array) -> Array:
    """The points of prepared pictures, in eval mode, (N, latent)."""
    return _in_stretches(model, model.encode, pictures)


def _in_stretches(model: Module, function: Any, array: Array) -> Array:
    training, dtype = model.training, next(model.parameters()).dtype
    model.eval()
    try:
        with no_grad():
            return np.concatenate(
                [
                    function(Tensor(array[i : i + ROWS].astype(dtype, copy=False))).data
                    for i in range(0, len(array), ROWS)
                ]
            )
    finally:
        model.train(training)


def between(a: Array, b: Array, steps: int, *, round_: bool) -> Array:
    """``steps`` points from a to b, both (N, latent), ends included: (N, steps, latent).

    In a straight line; ``round_``: along the arc, for points from N(0, 1), of which nearly all lie
    about as far from 0 as each other, none in between. Source: White 2016, section 2.

    >>> between(np.array([[0.0, 1]]), np.array([[1.0, 0]]), 3, round_=True)[0, 1].round(3).tolist()
    [0.707, 0.707]
    """
    t = np.linspace(0, 1, steps)[:, np.newaxis]  # (steps, 1)
    a, b = a[:, np.newaxis], b[:, np.newaxis]  # (N, 1, latent)
    straight: Array = (1 - t) * a + t * b
    if not round_:
        return straight
    cosine = (a * b).sum(-1, keepdims=True) / np.sqrt(
        (a * a).sum(-1, keepdims=True) * (b * b).sum(-1, keepdims=True)
    )
    angle = np.arccos(np.clip(cosine, -1, 1))
    if not angle.all() or (angle == np.pi).any():
        return straight
    arc: Array = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return arc


def plane(side: int, reach: float = 2.0) -> Array:
    """A grid of side x side points over a latent space of two numbers, (side * side, 2)."""
    across = np.linspace(-reach, reach, side, dtype=np.float32)
    return np.stack(np.meshgrid(across, -across), axis=-1).reshape(-1, 2)
