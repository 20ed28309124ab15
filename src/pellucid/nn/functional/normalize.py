"""Bringing numbers to mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import ShapeError
from pellucid.nn.functional.doors import floating

__all__ = [
    "layer_norm",
]


def layer_norm(
    input: Any,
    normalized_shape: tuple[int, ...],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * W + b over the last axes, ``normalized_shape``."""
    if tuple(input.shape[-len(normalized_shape) :]) != tuple(normalized_shape):
        raise ShapeError(
            "layer_norm",
            got=f"an input of shape {input.shape}",
            needs=f"last axes of lengths {tuple(normalized_shape)}",
        )
    return apply(
        ops.LayerNorm,
        floating("layer_norm", input),
        weight,
        bias,
        axes=len(normalized_shape),
        eps=eps,
    )
