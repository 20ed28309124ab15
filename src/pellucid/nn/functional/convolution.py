"""Convolutions, transposed ones, and windows as columns, with torch's names and arguments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import ShapeError
from pellucid.nn.functional.doors import floating
from pellucid.nn.functional.windows import (
    PADDING_MODES,
    as_given,
    batched,
    check_edges,
    check_kernel,
    check_more,
    check_windows,
    dividing,
    options_of,
    per_axis,
    shortened,
    with_batch,
)
from pellucid.ops.columns import transposed_size, window_counts

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "convolved",
    "fold",
    "transposed",
    "unfold",
]

Size = int | Sequence[int]


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """The sum of every window times the kernel: (B, C, L) and (O, C / groups, k) -> (B, O, M).

    M = (L + 2 padding - dilation (k - 1) - 1) // stride + 1. Raises ShapeError where the kernel is
    longer than the padded input, OptionError for options that do not fit.
    """
    return convolved("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """As :func:`conv1d`, over two axes: (B, C, H, W) and (O, C / groups, kh, kw) -> (B, O, M, N).

    >>> import numpy as np
    >>> conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3))).tolist()
    [[[[9.0, 9.0], [9.0, 9.0]]]]
    """
    return convolved("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """As :func:`conv1d`, over three axes: (B, C, D, H, W) and (O, C / groups, kd, kh, kw)."""
    return convolved("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """Every value lays the kernel over its window: (B, C, L) and (C, O / groups, k) -> (B, O, M).

    M = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.
    """
    how = stride, padding, output_padding, groups, dilation
    return transposed("conv_transpose1d", 1, input, weight, bias, *how)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """As :func:`conv_transpose1d`, over two axes: (B, C, H, W) and (C, O / groups, kh, kw).

    >>> import numpy as np
    >>> conv_transpose2d(np.ones((1, 1, 1, 2)), np.ones((1, 1, 1, 2))).tolist()
    [[[[1.0, 2.0, 1.0]]]]
    """
    how = stride, padding, output_padding, groups, dilation
    return transposed("conv_transpose2d", 2, input, weight, bias, *how)


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """As :func:`conv_transpose1d`, over three axes."""
    how = stride, padding, output_padding, groups, dilation
    return transposed("conv_transpose3d", 3, input, weight, bias, *how)


def unfold(
    input: Any, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
) -> Tensor:
    """The windows of images as columns: (B, C, H, W) -> (B, C kh kw, number of windows).

    >>> import numpy as np
    >>> unfold(np.arange(4.0).reshape(1, 1, 2, 2), (1, 2)).tolist()
    [[[0.0, 2.0], [1.0, 3.0]]]
    """
    kernel = per_axis("unfold", "kernel_size", kernel_size, 2)
    how = options_of("unfold", 2, stride, padding, dilation, kernel)
    x = batched("unfold", 2, input)
    check_windows("unfold", input, kernel, how)
    y = apply(ops.Unfold, floating("unfold", x), kernel=kernel, **shortened(how))
    return as_given(y, x, input)


def fold(
    input: Any,
    output_size: Size,
    kernel_size: Size,
    dilation: Size = 1,
    padding: Size = 0,
    stride: Size = 1,
) -> Tensor:
    """Columns added up, each at its window: (B, C kh kw, windows) -> (B, C, *output_size).

    >>> import numpy as np
    >>> fold(np.ones((1, 2, 2)), (1, 3), (1, 2)).tolist()
    [[[[1.0, 2.0, 1.0]]]]
    """
    size, kernel = (
        per_axis("fold", name, value, 2)
        for name, value in (("output_size", output_size), ("kernel_size", kernel_size))
    )
    how = options_of("fold", 2, stride, padding, dilation, kernel)
    if input.ndim not in (2, 3):
        raise ShapeError(
            "fold",
            got=f"an input of shape {tuple(input.shape)}",
            needs="(batch, channels * places of the kernel, windows), or the same without batch",
        )
    x = input if input.ndim == 3 else with_batch(input)
    area, windows = math.prod(kernel), window_counts(size, kernel, **how)
    if x.shape[1] % area or min(windows) < 1 or x.shape[2] != math.prod(windows):
        raise ShapeError(
            "fold",
            got=f"an input of shape {tuple(input.shape)}",
            needs=f"a multiple of {area} (the kernel's places) rows, and "
            f"{' * '.join(str(max(n, 0)) for n in windows)} columns, one a window",
        )
    y = apply(ops.Fold, floating("fold", x), size=size, kernel=kernel, **shortened(how))
    return as_given(y, x, input)


# -- what a layer and a function share: the door, then the rule --


def convolved(
    who: str,
    axes: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Size,
    padding: Size | str,
    dilation: Size,
    groups: int,
    padding_mode: str = "zeros",
) -> Tensor:
    """A convolution over ``axes`` axes, of the layer or function ``who``."""
    kernel = check_kernel(who, axes, weight)
    how = options_of(who, axes, stride, padding, dilation, kernel)
    groups = dividing(who, groups, weight.shape[0], "out_channels")
    x = batched(who, axes, input, weight.shape[1] * groups)
    floating(who, x)
    check_windows(who, input, kernel, how)
    if padding_mode != "zeros":
        check_edges(who, input, how["padding"], padding_mode)
        width = ((0, 0), (0, 0), *how["padding"])
        x = apply(ops.PadEdges, x, width=width, mode=PADDING_MODES[padding_mode])
        how["padding"] = ((0, 0),) * axes
    if groups > 1 and weight.shape[1] == 1:
        y = apply(ops.DepthwiseConv, x, weight, bias, **shortened(how))
    else:
        y = apply(ops.Conv, x, weight, bias, **shortened({**how, "groups": groups}))
    return as_given(y, x, input)


def transposed(
    who: str,
    axes: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Size,
    padding: Size,
    output_padding: Size,
    groups: int,
    dilation: Size,
) -> Tensor:
    """A transposed convolution over ``axes`` axes, of the layer or function ``who``."""
    kernel = check_kernel(who, axes, weight)
    more = per_axis(who, "output_padding", output_padding, axes, least=0)
    how = options_of(who, axes, stride, padding, dilation, kernel)
    check_more(who, more, how)
    # what is added at the end is so much less cut off there
    how["padding"] = tuple((b, a - m) for (b, a), m in zip(how["padding"], more, strict=True))
    groups = dividing(who, groups, weight.shape[0], "in_channels")
    x = batched(who, axes, input, weight.shape[0])
    size = transposed_size(x.shape[2:], kernel, **how)
    if min(size) < 1:
        raise ShapeError(
            who,
            got=f"an input of shape {tuple(input.shape)}",
            needs=f"an output of at least 1 along every axis; it would be {size}",
        )
    if groups > 1 and weight.shape[0] == groups and weight.shape[1] == 1:
        y = apply(ops.DepthwiseConvTranspose, floating(who, x), weight, bias, **shortened(how))
    else:
        how["groups"] = groups
        y = apply(ops.ConvTranspose, floating(who, x), weight, bias, **shortened(how))
    return as_given(y, x, input)
