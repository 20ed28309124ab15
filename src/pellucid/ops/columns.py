"""Windows of images as columns and back (Unfold, Fold), and how convolutions cut up their work.

Options: ``stride`` and ``dilation``, a number an axis or one for all; ``padding``, for every axis a
pair, the places before and after the image (a negative number after: so many places of the image
are left out), or one number for all.
"""

import math
from typing import Any

import numpy as np

from pellucid.ops.rule import helper, rule


@helper
def in_full(axes, stride, padding, dilation):
    """The options with a number, or a pair, for every axis."""
    return {
        "stride": (stride,) * axes if isinstance(stride, int) else stride,
        "padding": ((padding, padding),) * axes if isinstance(padding, int) else padding,
        "dilation": (dilation,) * axes if isinstance(dilation, int) else dilation,
    }


@helper
def window_counts(lengths, kernel, *, stride=1, padding=0, dilation=1):
    """How many windows there are along each axis.

    >>> window_counts((28, 28), (5, 3), stride=2)
    (12, 13)
    """
    how = in_full(len(kernel), stride, padding, dilation)
    axes = zip(lengths, kernel, *how.values(), strict=True)
    return tuple((n + sum(p) - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)


def transposed_size(
    lengths: Any, kernel: Any, *, stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> tuple[int, ...]:
    """The lengths of an image whose windows are ``lengths``: :func:`window_counts`, turned round.

    >>> transposed_size((12, 13), (5, 3), stride=2)
    (27, 27)
    """
    how = in_full(len(kernel), stride, padding, dilation)
    axes = zip(lengths, kernel, *how.values(), strict=True)
    return tuple((n - 1) * s - sum(p) + d * (k - 1) + 1 for n, k, s, p, d in axes)


@helper
def meetings(windows, lengths, position, *, stride, padding, dilation, first=0):
    """The windows whose place ``position`` lies inside the image, not in the padding.

    Gives the slices of those windows, of ``windows`` an axis, and the slices of the image that
    they have there. Along the first axis the windows are counted from number ``first``.

    >>> meetings((5,), (5,), (0,), stride=(1,), padding=((1, 1),), dilation=(1,))
    ((slice(1, 5, None),), (slice(0, 4, 1),))
    """
    ours, theirs = [], []
    axes = zip(windows, lengths, position, stride, padding, dilation, strict=True)
    for count, length, k, s, (before, _), d in axes:
        offset = k * d - before + (0 if ours else first * s)  # window i is at i s + offset
        low = max(0, -(offset // s))
        high = max(low, min(count, (length - 1 - offset) // s + 1))
        ours.append(slice(low, high))
        theirs.append(slice(low * s + offset, high * s + offset, s))
    return tuple(ours), tuple(theirs)


@helper
def pieces(batch, size, numbers):
    """Cut (batch, *size) positions of ``numbers`` numbers each into pieces that fit in a cache.

    A piece is a pair of slices, of examples and of places along the first axis; its positions
    follow each other in memory.

    >>> list(pieces(1, (4, 1000), 200))
    [(slice(0, 1, None), slice(0, 2, None)), (slice(0, 1, None), slice(2, 4, None))]
    """
    most = max(1, 2**19 // numbers)  # half a million numbers: 2 MB in float32
    examples = max(1, most // math.prod(size))
    rows = min(size[0], max(1, most // math.prod(size[1:])))
    for start in range(0, batch, examples):
        for first in range(0, size[0], rows):
            end, last = min(start + examples, batch), min(first + rows, size[0])
            yield slice(start, end), slice(first, last)


@helper
def im2col(x, *, kernel, stride=1, padding=0, dilation=1, out=None):
    """Every window as a column: (B, C, *lengths) -> (B, C * places of the kernel, windows)."""
    how = in_full(len(kernel), stride, padding, dilation)
    batch, channels, lengths = x.shape[0], x.shape[1], x.shape[2:]
    windows = window_counts(lengths, kernel, **how)
    if out is None:
        out = np.empty((batch, channels * math.prod(kernel), math.prod(windows)), x.dtype)
    columns = out.reshape(batch, channels, *kernel, *windows)
    columns[...] = 0  # what lies in the padding stays so
    for position in np.ndindex(*kernel):
        ours, theirs = meetings(windows, lengths, position, **how)
        columns[:, :, *position, *ours] = x[:, :, *theirs]
    return out


@helper
def col2im(columns, *, size, kernel, stride=1, padding=0, dilation=1, out=None):
    """Every column added to its window: (B, C * places of the kernel, windows) -> (B, C, *size)."""
    how = in_full(len(kernel), stride, padding, dilation)
    batch, channels = columns.shape[0], columns.shape[1] // math.prod(kernel)
    windows = window_counts(size, kernel, **how)
    out = np.empty((batch, channels, *size), columns.dtype) if out is None else out
    out[...] = 0
    columns = columns.reshape(batch, channels, *kernel, *windows)
    for position in np.ndindex(*kernel):
        ours, theirs = meetings(windows, size, position, **how)
        out[:, :, *theirs] += columns[:, :, *position, *ours]
    return out


@rule
class Unfold:
    """y = the windows of x as columns: (B, C, H, W) -> (B, C kh kw, number of windows)."""

    def forward(x, *, kernel, **how):
        return im2col(x, kernel=kernel, **how)

    def backward(g, y, x, *, kernel, **how):
        return (col2im(g, size=x.shape[2:], kernel=kernel, **how),)


@rule
class Fold:
    """y = the columns of x, each added to its window: (B, C kh kw, windows) -> (B, C, *size)."""

    def forward(x, *, size, kernel, **how):
        return col2im(x, size=size, kernel=kernel, **how)

    def backward(g, y, x, *, size, kernel, **how):
        return (im2col(g, kernel=kernel, **how),)
