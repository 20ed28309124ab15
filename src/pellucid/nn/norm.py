"""Normalisation and dropout: layers that behave differently while training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply, apply_all
from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.activation import refuse_inplace
from pellucid.nn.functional.doors import floating
from pellucid.nn.module import Module, Parameter

__all__ = ["BatchNorm1d", "Dropout", "LayerNorm"]


class Dropout(Module):
    """Zeroes each value with probability ``p`` while training, and divides the rest by 1 - p."""

    def __init__(
        self,
        p: float = 0.5,
        inplace: bool = False,
        *,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        refuse_inplace("Dropout", inplace)
        if not 0 <= p <= 1:
            raise OptionError("Dropout", got=f"p = {p}", needs="a probability from 0 to 1")
        self.p, self.generator = p, generator

    def forward(self, x: Tensor) -> Tensor:
        """The input, thinned out; the input itself in eval mode."""
        return F.dropout(x, self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class BatchNorm1d(Module):
    """Each feature to mean 0 and variance 1 over the batch, then scaled and shifted.

    x (B, C) or (B, C, L). While training the batch's own statistics are used and the running ones
    follow: running = (1 - momentum) running + momentum batch (the variance unbiased); in eval mode
    the running ones are used. ``momentum=None``: the plain average of all batches so far.
    Source: Ioffe & Szegedy 2015.

    >>> BatchNorm1d(3)(np.ones((4, 3))).shape
    (4, 3)
    """

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        ones, zeros = np.ones(num_features, dtype), np.zeros(num_features, dtype)
        self.register_parameter("weight", Parameter(ones.copy()) if affine else None)
        self.register_parameter("bias", Parameter(zeros.copy()) if affine else None)
        self.register_buffer("running_mean", zeros.copy() if track_running_stats else None)
        self.register_buffer("running_var", ones.copy() if track_running_stats else None)
        count = np.zeros((), np.int64) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        self._check(floating(f"BatchNorm1d {self.num_features}", x))
        if not self.training and self.running_mean is not None:
            return apply(
                ops.BatchNormInference,
                x,
                self.running_mean,
                self.running_var,
                self.weight,
                self.bias,
                eps=self.eps,
            )
        y, (_, _, mean, var) = apply_all(ops.BatchNorm, x, self.weight, self.bias, eps=self.eps)
        if self.training and self.running_mean is not None:
            self._follow(mean, var, x.data.size // self.num_features)
        return y

    def _follow(self, mean: Any, var: Any, n: int) -> None:
        """Move the running statistics towards those of a batch of ``n`` values a feature."""
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None
        batches = self.num_batches_tracked.data + 1
        m = 1 / batches if self.momentum is None else self.momentum
        self.update_buffer("num_batches_tracked", batches)
        self.update_buffer("running_mean", (1 - m) * self.running_mean.data + m * mean)
        unbiased = var * n / (n - 1)
        self.update_buffer("running_var", (1 - m) * self.running_var.data + m * unbiased)

    def _check(self, x: Tensor) -> None:
        if x.ndim not in (2, 3) or x.shape[1] != self.num_features:
            raise ShapeError(
                f"BatchNorm1d {self.num_features}",
                got=f"an input of shape {x.shape}",
                needs=f"(batch, {self.num_features}) or (batch, {self.num_features}, length)",
            )
        if self.training and x.data.size // self.num_features < 2:
            raise DataError(
                f"BatchNorm1d {self.num_features}",
                got="a batch of one value a feature while training",
                needs="at least two: one value has no variance",
                try_="a larger batch, or model.eval() to predict",
            )

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )


class LayerNorm(Module):
    """The last axes of each example to mean 0 and variance 1, then scaled and shifted.

    Source: Ba, Kiros & Hinton 2016.

    >>> LayerNorm(3)(np.ones((4, 3))).shape
    (4, 3)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        shape = (normalized_shape,) if isinstance(normalized_shape, int) else normalized_shape
        self.normalized_shape, self.eps = tuple(shape), eps
        self.elementwise_affine = elementwise_affine
        weight = Parameter(np.empty(self.normalized_shape, dtype)) if elementwise_affine else None
        shift = elementwise_affine and bias
        self.register_parameter("weight", weight)
        self.register_parameter(
            "bias", Parameter(np.empty(self.normalized_shape, dtype)) if shift else None
        )
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )
