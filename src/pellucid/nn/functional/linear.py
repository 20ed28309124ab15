"""Weighted sums."""

from __future__ import annotations

from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import ShapeError
from pellucid.nn.functional.doors import floating

__all__ = [
    "bilinear",
    "linear",
]


def linear(input: Any, weight: Any, bias: Any = None) -> Tensor:
    """x W^T + b for x (..., in), W (out, in), b (out,)."""
    return apply(ops.Linear, input, weight, bias)


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Tensor:
    """y_o = sum_ij x1_i W_oij x2_j + b_o for x1 (..., I), x2 (..., J), W (out, I, J), b (out,).

    Raises ShapeError where the inputs do not fit the weights or each other.
    """
    x1, x2 = floating("bilinear", input1), floating("bilinear", input2)
    needs = tuple(weight.shape[1:])
    if (x1.shape[-1:] + x2.shape[-1:]) != needs or x1.shape[:-1] != x2.shape[:-1]:
        raise ShapeError(
            "bilinear",
            got=f"inputs of shapes {x1.shape} and {x2.shape}",
            needs=f"(..., {needs[0]}) and (..., {needs[1]}) with equal leading axes",
        )
    return apply(ops.Bilinear, x1, x2, weight, bias)
