"""Bringing numbers to mean 0 and variance 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply, apply_all
from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.nn.functional.doors import floating

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
]


class Normed(NamedTuple):
    """What a norm over the batch or an example gives: the output and the statistics, (C,) each."""

    y: Tensor
    mean: Any
    unbiased: Any  # the variance, divided by n - 1


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * W + b for x (B, C, ...), the rest (C,) or None.

    While training the statistics are the batch's own, and the running ones, if given, move towards
    them in place: running = (1 - momentum) running + momentum batch (the variance unbiased).
    Raises ShapeError and DataError as the layers do, OptionError without statistics to predict by.
    """
    x = floating("batch_norm", input)
    if x.ndim < 2:
        raise ShapeError("batch_norm", got=f"an input of shape {x.shape}", needs="(batch, C, ...)")
    _check_sizes("batch_norm", x.shape[1], [running_mean, running_var, weight, bias])
    if training:
        found = normed_by_batch("batch_norm", x, weight, bias, eps)
        _follow(running_mean, running_var, found, momentum)
        return found.y
    if running_mean is None or running_var is None:
        raise OptionError(
            "batch_norm",
            got="no running_mean or running_var, and training=False",
            needs="both, to predict by",
        )
    return apply(ops.BatchNormInference, x, running_mean, running_var, weight, bias, eps=eps)


def instance_norm(
    input: Any,
    running_mean: Any = None,
    running_var: Any = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """As :func:`batch_norm`, each channel of each example by its own statistics.

    The running ones, if given, move towards the mean of those of the examples.
    """
    x = floating("instance_norm", input)
    if x.ndim < 3:
        needs = "(batch, C, length, ...)"
        raise ShapeError("instance_norm", got=f"an input of shape {x.shape}", needs=needs)
    _check_sizes("instance_norm", x.shape[1], [running_mean, running_var, weight, bias])
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, eps=eps)
    found = normed_by_example("instance_norm", x, weight, bias, eps)
    _follow(running_mean, running_var, found, momentum)
    return found.y


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * W + b over each group of channels of each example.

    x (B, C, ...), W and b (C,) or None. Raises OptionError where the groups do not divide the
    channels, ShapeError for another rank or other weights, DataError for one value a group.
    """
    x = floating("group_norm", input)
    if x.ndim < 2:
        raise ShapeError("group_norm", got=f"an input of shape {x.shape}", needs="(batch, C, ...)")
    check_groups("group_norm", num_groups, x.shape[1])
    _check_sizes("group_norm", x.shape[1], [weight, bias])
    refuse_single("group_norm", "group", math.prod(x.shape[1:]) // num_groups)
    return apply(ops.GroupNorm, x, weight, bias, groups=num_groups, eps=eps)


def layer_norm(
    input: Any,
    normalized_shape: int | Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * W + b over the last axes, ``normalized_shape``."""
    shape = last_axes("layer_norm", input, normalized_shape)
    x = floating("layer_norm", input)
    return apply(ops.LayerNorm, x, weight, bias, axes=len(shape), eps=eps)


def rms_norm(
    input: Any,
    normalized_shape: int | Sequence[int],
    weight: Any = None,
    eps: float | None = None,
) -> Tensor:
    """x / sqrt(mean(x^2) + eps) * W over the last axes; eps=None: the dtype's own epsilon."""
    shape = last_axes("rms_norm", input, normalized_shape)
    x = floating("rms_norm", input)
    eps = float(np.finfo(x.dtype).eps) if eps is None else eps
    return apply(ops.RMSNorm, x, weight, axes=len(shape), eps=eps)


def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """x / (k + alpha / size * s)^beta, s the sum of x^2 over ``size`` channels around each.

    x (B, C, length, ...). Raises ShapeError for fewer axes, OptionError for a size below 1.
    """
    check_size("local_response_norm", size)
    x = floating("local_response_norm", input)
    if x.ndim < 3:
        needs = "(batch, C, length, ...)"
        raise ShapeError("local_response_norm", got=f"an input of shape {x.shape}", needs=needs)
    return apply(ops.LocalResponseNorm, x, size=size, alpha=alpha, beta=beta, k=k)


# -- shared with the layers, which say who they are --


def normed_by_batch(
    who: str, x: Tensor, weight: Any, bias: Any, eps: float, what: str = "channel"
) -> Normed:
    """Batch norm by the batch's own statistics."""
    n = math.prod(x.shape) // x.shape[1]
    if n < 2:
        raise DataError(
            who,
            got=f"a batch of one value a {what} while training",
            needs="at least two: one value has no variance",
            try_="a larger batch, or model.eval() to predict",
        )
    y, (_, _, mean, var) = apply_all(ops.BatchNorm, x, weight, bias, eps=eps)
    return Normed(y, mean, var * n / (n - 1))


def normed_by_example(who: str, x: Tensor, weight: Any, bias: Any, eps: float) -> Normed:
    """Instance norm by each example's own statistics."""
    n = math.prod(x.shape[2:])
    refuse_single(who, "channel", n)
    y, (_, _, mean, var) = apply_all(ops.GroupNorm, x, weight, bias, groups=x.shape[1], eps=eps)
    return Normed(y, mean.mean(axis=0), var.mean(axis=0) * n / (n - 1))


def refuse_single(who: str, what: str, n: int) -> None:
    """One value has no variance, in training and in prediction."""
    if n < 2:
        raise DataError(
            who,
            got=f"one value a {what}",
            needs="at least two: one value has no variance",
        )


def check_groups(who: str, groups: int, channels: int) -> None:
    """Groups must divide the channels."""
    if groups < 1 or channels % groups:
        divisors = ", ".join(str(n) for n in range(1, channels + 1) if channels % n == 0)
        raise OptionError(
            who, got=f"{groups} groups of {channels} channels", needs=f"one of {divisors} groups"
        )


def check_size(who: str, size: int) -> None:
    """A window has at least the channel itself."""
    if size < 1:
        raise OptionError(who, got=f"size={size}", needs="at least 1 channel")


def last_axes(who: str, x: Any, normalized_shape: int | Sequence[int]) -> tuple[int, ...]:
    """The axes to norm over, if ``x`` ends in them."""
    shape = as_shape(normalized_shape)
    if not shape or tuple(x.shape[-len(shape) :]) != shape:
        raise ShapeError(
            who, got=f"an input of shape {x.shape}", needs=f"last axes of lengths {shape}"
        )
    return shape


def as_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    """A length, or several, as a tuple."""
    return tuple(int(n) for n in shape) if isinstance(shape, Sequence) else (int(shape),)


def _check_sizes(who: str, channels: int, given: list[Any]) -> None:
    for array in given:
        if array is not None and array.shape != (channels,):
            raise ShapeError(
                who,
                got=f"an input with {channels} channels (axis 1), and {array.shape} numbers",
                needs=f"weights and statistics of shape ({channels},)",
            )


def _follow(running_mean: Any, running_var: Any, found: Normed, momentum: float) -> None:
    """Move the running statistics in place, as torch's functions do."""
    for running, value in ((running_mean, found.mean), (running_var, found.unbiased)):
        if isinstance(running, Tensor):  # a new array: graphs keep the old one
            new = (1 - momentum) * running.data + momentum * value
            running.data = new.astype(running.dtype)
        elif running is not None:
            running[...] = (1 - momentum) * running + momentum * value
