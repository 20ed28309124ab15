"""Normalisation: numbers to mean 0 and variance 1, over a batch, a group, an example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import functional as F
from pellucid.nn.functional.doors import floating
from pellucid.nn.functional.norm import (
    Normed,
    as_shape,
    check_groups,
    check_size,
    normed_by_batch,
    normed_by_example,
)
from pellucid.nn.module import Module, Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]


class ByStatistics(Module):
    """What batch and instance norm have in common: a scale and a shift, and running statistics."""

    axes: tuple[str, ...] = ()  # what stands behind (batch, C)
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        *,
        bias: bool,
        dtype: DTypeLike,
    ) -> None:
        super().__init__()
        if num_features < 1:
            needs = "at least 1"
            raise OptionError(type(self).__name__, got=f"num_features={num_features}", needs=needs)
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        _scale_and_shift(self, (num_features,), affine, affine and bias, dtype)
        track = track_running_stats
        self.register_buffer("running_mean", np.zeros(num_features, dtype) if track else None)
        self.register_buffer("running_var", np.ones(num_features, dtype) if track else None)
        self.register_buffer("num_batches_tracked", np.zeros((), np.int64) if track else None)

    def by_running(self, x: Tensor) -> Tensor:
        """The output by the running statistics."""
        given = (self.running_mean, self.running_var, self.weight, self.bias)
        return apply(ops.BatchNormInference, x, *given, eps=self.eps)

    def follow(self, found: Normed, momentum: Any) -> None:
        """Move the running statistics towards those just seen."""
        assert self.running_mean is not None and self.running_var is not None
        m = momentum
        self.update_buffer("running_mean", (1 - m) * self.running_mean.data + m * found.mean)
        self.update_buffer("running_var", (1 - m) * self.running_var.data + m * found.unbiased)

    def misfit(self, x: Tensor, fits: list[str], advice: str | None = None) -> ShapeError:
        """What to say to an input of another shape."""
        return ShapeError(
            self.who(), got=f"an input of shape {x.shape}", needs=" or ".join(fits), try_=advice
        )

    def who(self) -> str:
        """The class and its channels."""
        return f"{type(self).__name__} {self.num_features}"

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm(ByStatistics):
    """What BatchNorm1d, 2d and 3d have in common."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, bias=bias, dtype=dtype
        )

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        self._check(floating(self.who(), x))
        if not self.training and self.running_mean is not None:
            return self.by_running(x)
        what = "feature" if len(self.axes) == 1 else "channel"
        found = normed_by_batch(self.who(), x, self.weight, self.bias, self.eps, what)
        if self.training and self.num_batches_tracked is not None:
            batches = self.num_batches_tracked.data + 1
            self.update_buffer("num_batches_tracked", batches)
            self.follow(found, 1 / batches if self.momentum is None else self.momentum)
        return found.y

    def _check(self, x: Tensor) -> None:
        c, ranks = self.num_features, {2 + len(self.axes), 2 if len(self.axes) == 1 else 0}
        if x.ndim in ranks and x.shape[1] == c:
            return
        fits = [f"(batch, {c})"] if 2 in ranks else []
        fits.append(f"(batch, {c}, {', '.join(self.axes)})")
        advice = None
        if x.ndim in ranks and x.shape[-1] == c:
            order = ", ".join(str(i) for i in (0, x.ndim - 1, *range(1, x.ndim - 1)))
            advice = f"x.transpose({order}): channels stand second"
        elif 2 <= x.ndim <= 5 and x.ndim not in ranks and x.shape[1] == c:
            advice = f"nn.BatchNorm{max(1, x.ndim - 2)}d for {x.ndim} axes"
        raise self.misfit(x, fits, advice)


class BatchNorm1d(BatchNorm):
    """Each feature to mean 0 and variance 1 over the batch, then scaled and shifted.

    x (B, C) or (B, C, L). While training the batch's own statistics are used and the running ones
    follow: running = (1 - momentum) running + momentum batch (the variance unbiased); in eval mode
    the running ones are used. ``momentum=None``: the plain average of all batches so far.
    Raises ShapeError for another shape, DataError while training on one value a feature.
    Source: Ioffe & Szegedy 2015.

    >>> BatchNorm1d(3)(np.ones((4, 3))).shape
    (4, 3)
    """

    axes = ("length",)


class BatchNorm2d(BatchNorm):
    """As BatchNorm1d, for images (B, C, H, W): a mean and a variance a channel.

    The memory of the input may be channels-last or not; the output's is the same.

    >>> BatchNorm2d(3)(np.ones((4, 3, 5, 5))).shape
    (4, 3, 5, 5)
    """

    axes = ("height", "width")


class BatchNorm3d(BatchNorm):
    """As BatchNorm1d, for volumes (B, C, D, H, W)."""

    axes = ("depth", "height", "width")


class InstanceNorm(ByStatistics):
    """What InstanceNorm1d, 2d and 3d have in common."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, bias=bias, dtype=dtype
        )

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        self._check(floating(self.who(), x))
        if x.ndim == 2 + len(self.axes):
            return self._normed(x)
        return self._normed(x.reshape(1, *x.shape)).reshape(*x.shape)

    def _normed(self, x: Tensor) -> Tensor:
        if not self.training and self.running_mean is not None:
            return self.by_running(x)
        found = normed_by_example(self.who(), x, self.weight, self.bias, self.eps)
        if self.training and self.running_mean is not None:
            self.follow(found, self.momentum or 0.0)  # None: they stay, as in torch
        return found.y

    def _check(self, x: Tensor) -> None:
        rank, c = 2 + len(self.axes), self.num_features
        counts = self.affine or self.track_running_stats  # else the number is not used
        if x.ndim in (rank, rank - 1) and (not counts or x.shape[1 - rank] == c):
            return
        axes = ", ".join(self.axes)
        raise self.misfit(x, [f"(batch, {c}, {axes})", f"({c}, {axes})"])


class InstanceNorm1d(InstanceNorm):
    """Each channel of each example to mean 0 and variance 1, then scaled and shifted if affine.

    x (B, C, L) or (C, L). With ``track_running_stats`` the running statistics follow while
    training, and are used in eval mode. ``num_features`` counts only where there are weights or
    running statistics. Raises ShapeError for another shape, DataError for one value a channel.
    Source: Ulyanov, Vedaldi & Lempitsky 2016.

    >>> InstanceNorm1d(3)(np.ones((4, 3, 5))).shape
    (4, 3, 5)
    """

    axes = ("length",)


class InstanceNorm2d(InstanceNorm):
    """As InstanceNorm1d, for images (B, C, H, W) or (C, H, W)."""

    axes = ("height", "width")


class InstanceNorm3d(InstanceNorm):
    """As InstanceNorm1d, for volumes (B, C, D, H, W) or (C, D, H, W)."""

    axes = ("depth", "height", "width")


class GroupNorm(Module):
    """Each group of channels of each example to mean 0 and variance 1, then scaled and shifted.

    x (B, C, ...). Raises OptionError where the groups do not divide the channels, ShapeError for
    another number of channels, DataError for one value a group. Source: Wu & He 2018.

    >>> GroupNorm(2, 4)(np.ones((3, 4, 5, 5))).shape
    (3, 4, 5, 5)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        check_groups("GroupNorm", num_groups, num_channels)
        self.num_groups, self.num_channels, self.eps = num_groups, num_channels, eps
        self.affine = affine
        _scale_and_shift(self, (num_channels,), affine, affine and bias, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ShapeError(
                f"GroupNorm {self.num_groups}, {self.num_channels}",
                got=f"an input of shape {x.shape}",
                needs=f"(batch, {self.num_channels}, ...)",
            )
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
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
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.normalized_shape, self.eps = as_shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        shift = elementwise_affine and bias
        _scale_and_shift(self, self.normalized_shape, elementwise_affine, shift, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """The last axes of each example to root mean square 1, then scaled: y = x / rms(x) * W.

    ``eps=None``: the epsilon of the input's dtype. Source: Zhang & Sennrich 2019.

    >>> RMSNorm(3)(np.ones((4, 3))).shape
    (4, 3)
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__()
        self.normalized_shape, self.eps = as_shape(normalized_shape), eps
        self.elementwise_affine = elementwise_affine
        weight = Parameter(np.ones(self.normalized_shape, dtype)) if elementwise_affine else None
        self.register_parameter("weight", weight)

    def forward(self, x: Tensor) -> Tensor:
        """The normalised input, in its own shape."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha / size * s)^beta, s the sum of x^2 over ``size`` channels around each.

    x (B, C, length, ...). Source: Krizhevsky et al. 2012, section 3.3, with alpha / size as in
    torch.

    >>> LocalResponseNorm(3)(np.ones((2, 4, 5, 5))).shape
    (2, 4, 5, 5)
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        check_size("LocalResponseNorm", size)
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        """The input, damped where its neighbours are loud, in its own shape."""
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _scale_and_shift(
    module: Module, shape: tuple[int, ...], scale: bool, shift: bool, dtype: DTypeLike
) -> None:
    """Give ``module`` a weight of ones and a bias of zeros, or None in their places."""
    weight = Parameter(np.ones(shape, dtype)) if scale else None
    module.register_parameter("weight", weight)
    module.register_parameter("bias", Parameter(np.zeros(shape, dtype)) if shift else None)
