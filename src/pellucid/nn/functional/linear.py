"""Weighted sums."""

from __future__ import annotations

from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply

__all__ = [
    "linear",
]


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """x W^T + b for x (..., in), W (out, in), b (out,)."""
    return apply(ops.Linear, input, weight, bias)
