"""Penalties for large weights: L1 and L2, their values and what they add to the gradients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from pellucid.optim.optimizer import Array, Trainable, trainables
from pellucid.optim.options import real

__all__ = ["L1", "L2", "l1", "l2"]


def l1(W: Array, dW: Array, *, strength: float) -> Array:
    """The gradient of loss + strength Σ|W|: dW + strength sign(W), where sign(0) = 0.

    >>> l1(np.array([2.0, 0.0, -3.0]), np.zeros(3), strength=0.5)
    array([ 0.5,  0. , -0.5])
    """
    return dW + strength * np.sign(W)


def l2(W: Array, dW: Array, *, strength: float) -> Array:
    """The gradient of loss + strength ΣW²: dW + 2 strength W.

    An optimizer's ``weight_decay`` adds weight_decay W, without the 2 and to biases too: on the
    weights, strength is half a weight_decay.

    >>> l2(np.array([2.0, -3.0]), np.zeros(2), strength=0.5)
    array([ 2., -3.])
    """
    return dW + (2 * strength) * W


class _Penalty:
    """A penalty on the weights: arrays of two or more axes; biases and scales are left alone."""

    def __init__(self, strength: float) -> None:
        self.strength = real(type(self).__name__, "strength", strength, low=0)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.strength})"

    def rule(self, W: Array, dW: Array, *, strength: float) -> Array:
        raise NotImplementedError

    def size(self, W: Array) -> Array:
        raise NotImplementedError

    def apply(self, params: Iterable[Trainable]) -> None:
        """Add the penalty's gradient to the gradients of the weights; call it before ``step``.

        A weight without a gradient takes no part in the step, so it gets none.
        """
        for p in trainables(params):
            if p.data.ndim >= 2:
                p.grad.data = self.rule(p.data, p.grad.data, strength=self.strength)

    def value(self, params: Iterable[Trainable]) -> float:
        """What the penalty adds to the loss: strength times the sum over all weights."""
        return float(self.strength * sum(self.size(p.data) for p in params if p.data.ndim >= 2))


class L1(_Penalty):
    """strength Σ|w| over the weights (biases left alone); ``strength`` is 0 or more.

    >>> from pellucid import nn
    >>> L1(0.5).value([nn.Parameter(np.array([[1.0, -3.0]])), nn.Parameter(np.array([9.0]))])
    2.0
    """

    def rule(self, W: Array, dW: Array, *, strength: float) -> Array:
        return l1(W, dW, strength=strength)

    def size(self, W: Array) -> Any:
        return np.sum(np.abs(W), dtype=np.float64)


class L2(_Penalty):
    """strength Σw² over the weights (biases left alone); ``strength`` is 0 or more.

    >>> from pellucid import nn
    >>> L2(0.5).value([nn.Parameter(np.array([[1.0, -3.0]])), nn.Parameter(np.array([9.0]))])
    5.0
    """

    def rule(self, W: Array, dW: Array, *, strength: float) -> Array:
        return l2(W, dW, strength=strength)

    def size(self, W: Array) -> Any:
        return np.sum(np.square(W), dtype=np.float64)
