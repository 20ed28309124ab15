"""How alike two vectors are, how far apart, and vectors of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError
from pellucid.nn.functional.doors import axis_of, floating

__all__ = [
    "cosine_similarity",
    "normalize",
    "pairwise_distance",
]


def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)) along ``dim``; the other axes broadcast.

    Raises ShapeError where the shapes do not fit.

    >>> round(cosine_similarity(np.array([3.0, 4.0]), np.array([4.0, 3.0]), dim=0).item(), 6)
    0.96
    """
    x1, x2 = floating("cosine_similarity", x1), floating("cosine_similarity", x2)
    shape = _together("cosine_similarity", x1, x2)
    axis = axis_of("cosine_similarity", shape, dim)
    axis -= len(shape)  # from behind: a shape with fewer axes broadcasts in front
    if max(-axis - x1.ndim, -axis - x2.ndim) >= 0 or x1.shape[axis] != x2.shape[axis]:
        x1, x2 = _stretched(x1, shape), _stretched(x2, shape)
    return apply(ops.CosineSimilarity, x1, x2, axis=axis, eps=eps)


def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """|x1 - x2 + eps|_p over the last axis: (..., D), (..., D) -> (...).

    Raises ShapeError where the shapes do not fit, OptionError for p = 0.

    >>> round(pairwise_distance(np.array([[3.0, 0.0]]), np.array([[0.0, 4.0]])).item(), 4)
    5.0
    """
    x1, x2 = floating("pairwise_distance", x1), floating("pairwise_distance", x2)
    check_power("pairwise_distance", p)
    axis_of("pairwise_distance", _together("pairwise_distance", x1, x2), -1)
    difference = apply(ops.Add, apply(ops.Subtract, x1, x2), eps)
    return apply(ops.Norm, difference, p=p, axis=-1, keepdims=keepdim)


def normalize(
    input: Any, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12
) -> Tensor:
    """x / max(|x|_p, eps) along ``dim``: vectors of length 1.

    >>> normalize(np.array([[3.0, 4.0]])).numpy().round(6).tolist()
    [[0.6, 0.8]]
    """
    x = floating("normalize", input)
    check_power("normalize", p)
    for d in dim if isinstance(dim, tuple) else (dim,):
        axis_of("normalize", x.shape, d)
    length = apply(ops.Norm, x, p=p, axis=dim, keepdims=True)
    return apply(ops.Divide, x, apply(ops.Clip, length, min=eps))


def check_power(who: str, p: float) -> None:
    """Any power has a norm but 0, which counts."""
    if p == 0:
        raise OptionError(who, got="p = 0", needs="another power: a count has no slope")


def _together(who: str, x1: Any, x2: Any) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(x1.shape, x2.shape)
    except ValueError:
        raise ShapeError(
            who,
            got=f"inputs of shapes {x1.shape} and {x2.shape}",
            needs="equal shapes, or axes of length 1 where they differ",
        ) from None


def _stretched(x: Any, shape: tuple[int, ...]) -> Any:
    return apply(ops.BroadcastTo, x, shape=shape)
