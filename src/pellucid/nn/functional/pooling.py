"""Pooling: many neighbouring pixels to one, with torch's names and arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply, apply_all
from pellucid.errors import DataError, DtypeError, ShapeError
from pellucid.nn.functional import sliding as options
from pellucid.ops.pooling import adaptive_indices

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]

Sizes = int | Sequence[int]


def max_pool1d(
    input: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window, (B, C, L) or (C, L): as :func:`max_pool2d`."""
    window = kernel_size, stride, padding, dilation, ceil_mode
    return _max_pool("max_pool1d", input, 1, *window, return_indices)


def max_pool2d(
    input: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window, (B, C, H, W) or (C, H, W); the gradient goes to the first one.

    With ``return_indices`` also where each stood, counted row by row in the unpadded image.

    >>> y, where = max_pool2d(np.array([[[1.0, 5.0], [3.0, 2.0]]]), 2, return_indices=True)
    >>> y.tolist(), where.tolist()
    ([[[5.0]]], [[[1]]])
    """
    window = kernel_size, stride, padding, dilation, ceil_mode
    return _max_pool("max_pool2d", input, 2, *window, return_indices)


def max_pool3d(
    input: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The greatest of each window, (B, C, D, H, W) or (C, D, H, W): as :func:`max_pool2d`."""
    window = kernel_size, stride, padding, dilation, ceil_mode
    return _max_pool("max_pool3d", input, 3, *window, return_indices)


def _max_pool(
    who: str,
    x: Any,
    axes: int,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    return_indices: bool,
) -> Any:
    window = options.sliding(who, axes, kernel_size, stride, padding, dilation)
    window["size"] = options.sizes(who, options.image(who, x, axes), ceil_mode=ceil_mode, **window)
    if not return_indices:
        return apply(ops.MaxPool, x, **window)
    y, (indices,) = apply_all(ops.MaxPoolWithIndices, x, **window)
    return y, Tensor(indices)


def avg_pool1d(
    input: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window, (B, C, L) or (C, L): as :func:`avg_pool2d`."""
    window = kernel_size, stride, padding, ceil_mode, count_include_pad
    return _avg_pool("avg_pool1d", input, 1, *window, None)


def avg_pool2d(
    input: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window, (B, C, H, W) or (C, H, W).

    The sum is divided by how many places the window has in the padded image, or in the image alone
    without ``count_include_pad``, or by ``divisor_override``.

    >>> avg_pool2d(np.array([[[1.0, 5.0], [3.0, 2.0]]]), 2).tolist()
    [[[2.75]]]
    """
    window = kernel_size, stride, padding, ceil_mode, count_include_pad
    return _avg_pool("avg_pool2d", input, 2, *window, divisor_override)


def avg_pool3d(
    input: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window, (B, C, D, H, W) or (C, D, H, W): as :func:`avg_pool2d`."""
    window = kernel_size, stride, padding, ceil_mode, count_include_pad
    return _avg_pool("avg_pool3d", input, 3, *window, divisor_override)


def _avg_pool(
    who: str,
    x: Any,
    axes: int,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    options.check_divisor(who, divisor_override)
    window = options.sliding(who, axes, kernel_size, stride, padding)
    size = options.sizes(who, options.image(who, x, axes), ceil_mode=ceil_mode, **window)
    del window["dilation"]
    how = {"count_padding": bool(count_include_pad), "divisor": divisor_override}
    return apply(ops.AvgPool, x, **window, size=size, **how)


def lp_pool1d(
    input: Any,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x^p)^(1/p) of each window, (B, C, L) or (C, L): as :func:`lp_pool2d`."""
    return _lp_pool("lp_pool1d", input, 1, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Any,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x^p)^(1/p) of each window, (B, C, H, W) or (C, H, W); p = ``norm_type``.

    A window that hangs over the edge (``ceil_mode``) counts as if it were full of its mean x^p.

    >>> lp_pool2d(np.array([[[3.0, 4.0]]]), 2, (1, 2)).tolist()
    [[[5.0]]]
    """
    return _lp_pool("lp_pool2d", input, 2, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Any,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """(sum of x^p)^(1/p) of each window, (B, C, D, H, W) or (C, D, H, W): see lp_pool2d."""
    return _lp_pool("lp_pool3d", input, 3, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(
    who: str,
    x: Any,
    axes: int,
    norm_type: float,
    kernel_size: Sizes,
    stride: Sizes | None,
    ceil_mode: bool,
) -> Tensor:
    options.check_norm(who, norm_type)
    window = options.sliding(who, axes, kernel_size, stride)
    size = options.sizes(who, options.image(who, x, axes), ceil_mode=ceil_mode, **window)
    del window["dilation"]
    how = {"count_padding": True, "divisor": None}
    return apply(ops.LPPool, x, p=norm_type, **window, size=size, **how)


def adaptive_avg_pool1d(input: Any, output_size: Sizes) -> Tensor:
    """The means of ``output_size`` windows that cover (B, C, L) or (C, L)."""
    return _adaptive_avg_pool("adaptive_avg_pool1d", input, 1, output_size)


def adaptive_avg_pool2d(input: Any, output_size: int | Sequence[int | None] | None) -> Tensor:
    """The means of ``output_size`` windows that cover (B, C, H, W) or (C, H, W).

    The o-th of m windows over n pixels goes from floor(o n / m) to ceil((o + 1) n / m). None in the
    place of a length keeps it.

    >>> adaptive_avg_pool2d(np.ones((2, 8, 7, 5)), 1).shape
    (2, 8, 1, 1)
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", input, 2, output_size)


def adaptive_avg_pool3d(input: Any, output_size: int | Sequence[int | None] | None) -> Tensor:
    """The means of ``output_size`` windows that cover (B, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_avg_pool("adaptive_avg_pool3d", input, 3, output_size)


def _adaptive_avg_pool(who: str, x: Any, axes: int, output_size: Any) -> Tensor:
    lengths, size = _adaptive(who, x, axes, output_size)
    if size == (1,) * axes:
        return apply(ops.Mean, x, axis=tuple(range(-axes, 0)), keepdims=True)
    if _divides(lengths, size):
        how = {"count_padding": True, "divisor": None}
        return apply(ops.AvgPool, x, **_tiles(lengths, size), **how)
    return apply(ops.AdaptiveAvgPool, x, size=size)


def adaptive_max_pool1d(input: Any, output_size: Sizes, return_indices: bool = False) -> Any:
    """The greatest of ``output_size`` windows that cover (B, C, L) or (C, L)."""
    return _adaptive_max_pool("adaptive_max_pool1d", input, 1, output_size, return_indices)


def adaptive_max_pool2d(
    input: Any, output_size: int | Sequence[int | None] | None, return_indices: bool = False
) -> Any:
    """The greatest of ``output_size`` windows that cover (B, C, H, W) or (C, H, W).

    The windows are those of :func:`adaptive_avg_pool2d`, the indices those of :func:`max_pool2d`.

    >>> adaptive_max_pool2d(np.ones((2, 8, 7, 5)), (3, None)).shape
    (2, 8, 3, 5)
    """
    return _adaptive_max_pool("adaptive_max_pool2d", input, 2, output_size, return_indices)


def adaptive_max_pool3d(
    input: Any, output_size: int | Sequence[int | None] | None, return_indices: bool = False
) -> Any:
    """The greatest of ``output_size`` windows that cover (B, C, D, H, W) or (C, D, H, W)."""
    return _adaptive_max_pool("adaptive_max_pool3d", input, 3, output_size, return_indices)


def _adaptive_max_pool(who: str, x: Any, axes: int, output_size: Any, return_indices: bool) -> Any:
    lengths, size = _adaptive(who, x, axes, output_size)
    whole = _divides(lengths, size)
    windows = x if whole else apply(ops.AdaptiveWindows, x, size=size)
    tiles = _tiles(windows.shape[-axes:], size)
    how = {**tiles, "dilation": (1,) * axes}
    if not return_indices:
        return apply(ops.MaxPool, windows, **how)
    y, (indices,) = apply_all(ops.MaxPoolWithIndices, windows, **how)
    if not whole:
        indices = adaptive_indices(indices, lengths=lengths, size=size)
    return y, Tensor(indices)


def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros with each number at its index, (B, C, L) or (C, L): as :func:`max_unpool2d`."""
    return _max_unpool("max_unpool1d", input, indices, 1, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros with each number at its index: the way back from :func:`max_pool2d` with indices.

    ``output_size`` says the lengths, within one stride of what kernel, stride and padding give.

    >>> max_unpool2d(np.array([[[5.0]]]), np.array([[[1]]]), 2).tolist()
    [[[0.0, 5.0], [0.0, 0.0]]]
    """
    return _max_unpool("max_unpool2d", input, indices, 2, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Zeros with each number at its index, (B, C, D, H, W) or (C, D, H, W): see max_unpool2d."""
    return _max_unpool("max_unpool3d", input, indices, 3, kernel_size, stride, padding, output_size)


def _max_unpool(
    who: str,
    x: Any,
    indices: Any,
    axes: int,
    kernel_size: Sizes,
    stride: Sizes | None,
    padding: Sizes,
    output_size: Sequence[int] | None,
) -> Tensor:
    kernel, steps, pads = options.unpooling(who, axes, kernel_size, stride, padding)
    lengths = options.image(who, x, axes)
    usual = tuple(
        (n - 1) * s + k - 2 * p for n, k, s, p in zip(lengths, kernel, steps, pads, strict=True)
    )
    size = usual if output_size is None else _unpooled_size(who, axes, output_size, usual, steps)
    indices = indices if isinstance(indices, Tensor) else Tensor(indices)
    _check_indices(who, x, indices, size)
    return apply(ops.MaxUnpool, x, indices, size=size)


def _unpooled_size(
    who: str, axes: int, wanted: Sequence[int], usual: tuple[int, ...], steps: tuple[int, ...]
) -> tuple[int, ...]:
    size = tuple(wanted)[-axes:]
    near = [abs(m - u) < s for m, u, s in zip(size, usual, steps, strict=False)]
    if len(wanted) not in (axes, axes + 1, axes + 2) or not all(near):
        raise ShapeError(
            who,
            got=f"output_size = {tuple(wanted)}",
            needs=f"less than one stride {steps} away from {usual}",
        )
    return size


def _check_indices(who: str, x: Any, indices: Tensor, size: tuple[int, ...]) -> None:
    if indices.dtype.kind not in "iu":
        raise DtypeError(who, got=f"indices of dtype {indices.dtype}", needs="whole numbers")
    if tuple(indices.shape) != tuple(x.shape):
        raise ShapeError(
            who,
            got=f"an input of shape {tuple(x.shape)} and indices of shape {indices.shape}",
            needs="equal shapes: one index a number",
        )
    places, array = int(np.prod(size)), indices.data
    known = isinstance(array, np.ndarray) and array.size > 0
    if known and (array.min() < 0 or array.max() >= places):
        raise DataError(
            who,
            got=f"indices from {array.min()} to {array.max()}",
            needs=f"places in an image of {size}: 0 to {places - 1}",
        )


def _adaptive(
    who: str, x: Any, axes: int, output_size: Any
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    lengths = options.image(who, x, axes)
    size = options.adapted(who, axes, output_size)
    if min(lengths) < 1:
        raise ShapeError(who, got=f"an input of shape {tuple(x.shape)}", needs="at least one pixel")
    return lengths, tuple(n if m is None else m for n, m in zip(lengths, size, strict=True))


def _divides(lengths: tuple[int, ...], size: tuple[int, ...]) -> bool:
    return all(n % m == 0 for n, m in zip(lengths, size, strict=True))


def _tiles(lengths: tuple[int, ...], size: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """The sliding window that adaptive windows are where the lengths are multiples."""
    kernel = tuple(n // m for n, m in zip(lengths, size, strict=True))
    return {"kernel": kernel, "stride": kernel, "padding": (0,) * len(size), "size": size}
