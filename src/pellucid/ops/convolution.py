"""Convolution over one, two or three axes, the transposed one, and the continued edges they use.

Shapes are torch's, (B, C, *lengths) for images and (out, in / groups, *kernel) for kernels; memory
is channels-last: a result is ``nhwc.transpose(0, 3, 1, 2)`` of a contiguous array. The options are
those of ops/columns.py and ``groups``, into how many separate convolutions the channels are cut.
"""

import math

import numpy as np

from pellucid.ops.columns import in_full, meetings, pieces, transposed_size, window_counts
from pellucid.ops.rule import helper, rule


@helper
def bordered(x, padding):
    """Channels-last images in one piece of memory, with zeros around them where wanted."""
    if x.flags.c_contiguous and max(max(pair) for pair in padding) <= 0:
        return x
    lengths = [n + b + max(a, 0) for n, (b, a) in zip(x.shape[1:-1], padding, strict=True)]
    image = np.zeros((x.shape[0], *lengths, x.shape[-1]), x.dtype)
    inner = [slice(b, b + n) for n, (b, _) in zip(x.shape[1:-1], padding, strict=True)]
    image[:, *inner] = x
    return image


@helper
def window_pieces(x, kernel, size, groups, *, stride, padding, dilation):
    """Cut channels-last images (B, *lengths, C) into windows, some at a time.

    Yields (piece, columns): the positions, and the windows there, (groups, positions, width) with
    width = places of the kernel * C / groups. All windows at once would be a matrix many times as
    large as the images; a piece stays in the cache, in memory that the next piece uses again.
    """
    d, width = len(kernel), math.prod(kernel) * (x.shape[-1] // groups)
    order = (d + 1, 0, *range(1, d + 1), *range(d + 3, 2 * d + 3), d + 2)
    reach = [n * (k - 1) + 1 for k, n in zip(kernel, dilation, strict=True)]
    steps = [slice(None, None, n) for n in dilation]
    memory = None
    for examples, rows in pieces(x.shape[0], size, groups * width):
        if rows.start == 0:
            image = bordered(x[examples], padding)
            image = image.reshape(*image.shape[:-1], groups, -1)
        spans = zip([rows, *(slice(0, n) for n in size[1:])], stride, strict=True)
        spans = [slice(r.start * s, (r.stop - 1) * s + 1, s) for r, s in spans]
        shape = (image.shape[0], rows.stop - rows.start, *size[1:])
        count = math.prod(shape)
        if math.prod(kernel) == max(stride) == 1:  # a window is a pixel
            yield (examples, rows), image[:, *spans].reshape(count, groups, width).swapaxes(0, 1)
            continue
        memory = np.empty(groups * count * width, x.dtype) if memory is None else memory
        columns = memory[: groups * count * width]
        if x.shape[-1] == 1:  # the image's rows are longer than the kernel's
            columns = columns.reshape(1, width, count).swapaxes(1, 2)
        else:
            columns = columns.reshape(groups, count, width)
        windows = np.lib.stride_tricks.sliding_window_view(image, reach, tuple(range(1, d + 1)))
        windows = windows[:, *spans, :, :, *steps].transpose(order)
        columns.reshape(windows.shape)[...] = windows
        yield (examples, rows), columns


@helper
def convolve(x, W, b, *, stride=1, padding=0, dilation=1, groups=1, out=None):
    """y[b, o, i] = b[o] + sum over c and k of W[o, c, k] x[b, c, i stride + k dilation - before].

    x (B, C, *lengths), W (O, C / groups, *kernel), b (O,) or None; y (B, O, *windows). A window is
    a row of a matrix, which is multiplied by the kernels.
    """
    how = in_full(W.ndim - 2, stride, padding, dilation)
    channels, kernel = W.shape[0], W.shape[2:]
    size = window_counts(x.shape[2:], kernel, **how)
    if out is None:
        out = np.empty((x.shape[0], *size, channels), np.result_type(x, W))
        out = np.moveaxis(out, -1, 1)
    x, y = np.moveaxis(x, 1, -1), np.moveaxis(out, 1, -1)
    kernels = np.moveaxis(W, 1, -1).reshape(groups, channels // groups, -1).swapaxes(1, 2)
    for piece, columns in window_pieces(x, kernel, size, groups, **how):
        rows = y[piece].reshape(-1, groups, channels // groups)
        np.matmul(columns, kernels, out=rows.swapaxes(0, 1))
        if b is not None:
            rows += b.reshape(groups, -1)
    return out


@helper
def kernel_gradient(x, g, *, kernel, stride=1, padding=0, dilation=1, groups=1, out=None):
    """dW[o, c, k] = sum over b and i of g[b, o, i] x[b, c, i stride + k dilation - before].

    x (B, C, *lengths), g (B, O, *windows); dW (O, C / groups, *kernel).
    """
    how = in_full(len(kernel), stride, padding, dilation)
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    out = np.empty(shape, np.result_type(x, g)) if out is None else out
    x, g = np.moveaxis(x, 1, -1), np.moveaxis(g, 1, -1)
    total = np.zeros((groups, shape[0] // groups, math.prod(shape[1:])), out.dtype)
    for piece, columns in window_pieces(x, kernel, g.shape[1:-1], groups, **how):
        total += g[piece].reshape(-1, groups, shape[0] // groups).transpose(1, 2, 0) @ columns
    out[...] = np.moveaxis(total.reshape(shape[0], *kernel, shape[1]), -1, 1)
    return out


@helper
def spread(g, W, b, *, size, stride=1, padding=0, dilation=1, groups=1, out=None):
    """x[b, c, j] = b[c] + sum of W[o, c, k] g[b, o, i] over i stride + k dilation - before = j.

    g (B, O, *windows), W (O, C / groups, *kernel), b (C,) or None; x (B, C, *size). Each number of
    g lays the kernel, times itself, over its window: :func:`convolve` the other way round.
    """
    how = in_full(W.ndim - 2, stride, padding, dilation)
    channels = groups * W.shape[1]
    if out is None:
        out = np.empty((g.shape[0], *size, channels), np.result_type(g, W))
        out = np.moveaxis(out, -1, 1)
    g, x = np.moveaxis(g, 1, -1), np.moveaxis(out, 1, -1)
    x[...] = 0 if b is None else b
    kernels = np.moveaxis(W.reshape(groups, -1, *W.shape[1:]), (1, 2), (-2, -1)).copy()
    for examples, rows in pieces(g.shape[0], g.shape[1:-1], g.shape[-1] + 2 * channels):
        part = g[examples, rows]
        given = part.reshape(-1, groups, part.shape[-1] // groups).swapaxes(0, 1)
        laid = np.empty((*part.shape[:-1], channels), out.dtype)
        products = laid.reshape(-1, groups, channels // groups).swapaxes(0, 1)
        for position in np.ndindex(*W.shape[2:]):
            np.matmul(given, kernels[:, *position], out=products)
            ours, theirs = meetings(part.shape[1:-1], size, position, first=rows.start, **how)
            x[examples, *theirs] += laid[:, *ours]
    return out


@helper
def fold_edges(g, *, width, mode, out=None):
    """Add what stands in continued edges to the places that it was copied from."""
    for axis, (before, after) in enumerate(width):
        g = np.moveaxis(g, axis, 0)
        n = g.shape[0] - before - after
        source = np.pad(np.arange(n), (before, after), mode=mode)
        inner = g[before : before + n].copy("K")
        for place in [*range(before), *range(before + n, g.shape[0])]:
            inner[source[place]] += g[place]
        g = np.moveaxis(inner, 0, axis)
    if out is None:
        return g
    out[...] = g
    return out


@rule
class Conv:
    """y = W * x + b: at every position the sum of the window there times the kernel.

    x (B, C, *lengths), W (O, C / groups, *kernel), b (O,) or None. Source: LeCun et al. 1998.
    """

    def forward(x, W, b=None, **how):
        return convolve(x, W, b, **how)

    def backward(g, y, x, W, b=None, *, needs, **how):
        dx = spread(g, W, None, size=x.shape[2:], **how) if needs[0] else None
        dW = kernel_gradient(x, g, kernel=W.shape[2:], **how) if needs[1] else None
        db = g.sum(axis=(0, *range(2, g.ndim))) if needs[2] else None
        return dx, dW, db


@rule
class ConvTranspose:
    """y = what a convolution's backward rule makes of x, as a layer of its own, plus b.

    x (B, C, *lengths), W (C, O / groups, *kernel), b (O,) or None.
    Source: Zeiler et al. 2010, Deconvolutional networks.
    """

    def forward(x, W, b=None, **how):
        along = {name: value for name, value in how.items() if name != "groups"}
        size = transposed_size(x.shape[2:], W.shape[2:], **along)
        return spread(x, W, b, size=size, **how)

    def backward(g, y, x, W, b=None, *, needs, **how):
        dx = convolve(g, W, None, **how) if needs[0] else None
        dW = kernel_gradient(g, x, kernel=W.shape[2:], **how) if needs[1] else None
        db = g.sum(axis=(0, *range(2, g.ndim))) if needs[2] else None
        return dx, dW, db


@rule
class PadEdges:
    """y = x continued at its ends: ``mode`` reflect, edge or wrap, as np.pad has them."""

    def forward(x, *, width, mode):
        last, first = (0, *range(2, x.ndim), 1), (0, x.ndim - 1, *range(1, x.ndim - 1))
        around = (width[0], *width[2:], width[1])  # padded channels-last: np.pad gives C order
        return np.pad(x.transpose(last), around, mode=mode).transpose(first)

    def backward(g, y, x, *, width, mode):
        return (fold_edges(g, width=width, mode=mode),)
