"""The non-linear functions between layers."""

from __future__ import annotations

from typing import Any

import numpy as np  # noqa: F401

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import choose
from pellucid.nn.functional.doors import floating

__all__ = [
    "elu",
    "gelu",
    "leaky_relu",
    "log_softmax",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "tanh",
]


def relu(input: Any) -> Tensor:
    """max(x, 0)."""
    return apply(ops.ReLU, input)


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Tensor:
    """x where x > 0, else negative_slope * x."""
    return apply(ops.LeakyReLU, floating("leaky_relu", input), slope=negative_slope)


def elu(input: Any, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha (e^x - 1)."""
    return apply(ops.ELU, floating("elu", input), alpha=alpha)


def gelu(input: Any, approximate: str = "none") -> Tensor:
    """x Phi(x), or its tanh approximation."""
    choose("gelu", approximate, ("none", "tanh"))
    return apply(ops.GELU, floating("gelu", input), approximate=approximate)


def silu(input: Any) -> Tensor:
    """x sigmoid(x)."""
    return apply(ops.SiLU, floating("silu", input))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + e^(beta x)) / beta."""
    return apply(ops.Softplus, floating("softplus", input), beta=beta, threshold=threshold)


def sigmoid(input: Any) -> Tensor:
    """1 / (1 + e^-x)."""
    return apply(ops.Sigmoid, floating("sigmoid", input))


def tanh(input: Any) -> Tensor:
    """The hyperbolic tangent."""
    return apply(ops.Tanh, floating("tanh", input))


def softmax(input: Any, dim: int) -> Tensor:
    """e^x over its sum along ``dim``, which must be named: there is no right default.

    >>> softmax(np.array([2.0, 1.0, 0.1]), dim=0).numpy().round(3).tolist()
    [0.659, 0.242, 0.099]
    """
    return apply(ops.Softmax, floating("softmax", input), axis=dim)


def log_softmax(input: Any, dim: int) -> Tensor:
    """log softmax along ``dim``."""
    return apply(ops.LogSoftmax, floating("log_softmax", input), axis=dim)
