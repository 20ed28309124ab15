"""Depthwise convolution: every channel has kernels of its own and sees no other channel.

With one number a window and channel there is no matrix to multiply: for each place of the kernel,
the image, shifted, times one row of weights. Shapes and options are those of ops/convolution.py.
"""

import numpy as np

from pellucid.ops.columns import in_full, meetings, pieces, transposed_size, window_counts
from pellucid.ops.rule import helper, rule


@helper
def shifts(images, windows, kernel, **how):
    """Cut the work on channels-last images into pieces that fit in a cache, a place at a time.

    Yields (piece, position, ours, theirs): a piece of the windows, a place of the kernel, and, for
    the windows of the piece that have this place inside the image, their index in the piece and
    the index of the place in the images.
    """
    for examples, rows in pieces(images.shape[0], windows, 3 * images.shape[-1]):
        here = (rows.stop - rows.start, *windows[1:])
        for position in np.ndindex(*kernel):
            ours, theirs = meetings(here, images.shape[1:-1], position, first=rows.start, **how)
            yield (examples, rows), position, (slice(None), *ours), (examples, *theirs)


@helper
def rows_of_weights(W, length):
    """(O, 1, *kernel) -> (*kernel, length, O): a row of weights for a row of ``length`` windows.

    Repeated like this it goes along with the image in one long loop.
    """
    return np.repeat(np.moveaxis(W[:, 0], 0, -1)[..., np.newaxis, :], length, axis=-2)


@helper
def depthwise(x, W, b, *, stride=1, padding=0, dilation=1, out=None):
    """y[b, o, i] = b[o] + sum over k of W[o, 0, k] x[b, c, i stride + k dilation - before].

    x (B, C, *lengths), W (O, 1, *kernel), b (O,) or None; y (B, O, *windows). O is a multiple of
    C, and c = o // (O / C).
    """
    how = in_full(W.ndim - 2, stride, padding, dilation)
    size = window_counts(x.shape[2:], W.shape[2:], **how)
    if out is None:
        out = np.empty((x.shape[0], *size, W.shape[0]), np.result_type(x, W))
        out = np.moveaxis(out, -1, 1)
    y, x = np.moveaxis(out, 1, -1), np.moveaxis(x, 1, -1)
    x = x if W.shape[0] == x.shape[-1] else np.repeat(x, W.shape[0] // x.shape[-1], axis=-1)
    weights = rows_of_weights(W, size[-1])
    for piece, position, ours, theirs in shifts(x, size, W.shape[2:], **how):
        if max(position) == 0:
            part = y[piece]
            part[...] = 0 if b is None else b
            memory = np.empty(part.shape, out.dtype)
        product = memory[ours]
        np.multiply(x[theirs], weights[position][ours[-1]], out=product)
        part[ours] += product
    return out


@helper
def depthwise_spread(g, W, b, *, size, stride=1, padding=0, dilation=1, out=None):
    """x[b, o, j] = b[o] + sum of W[o, 0, k] g[b, o, i] over i stride + k dilation - before = j.

    g (B, O, *windows), W (O, 1, *kernel), b (O,) or None; x (B, O, *size): :func:`depthwise` the
    other way round.
    """
    how = in_full(W.ndim - 2, stride, padding, dilation)
    if out is None:
        out = np.empty((g.shape[0], *size, W.shape[0]), np.result_type(g, W))
        out = np.moveaxis(out, -1, 1)
    g, x = np.moveaxis(g, 1, -1), np.moveaxis(out, 1, -1)
    x[...] = 0 if b is None else b
    weights = rows_of_weights(W, g.shape[-2])
    for piece, position, ours, theirs in shifts(x, g.shape[1:-1], W.shape[2:], **how):
        if max(position) == 0:
            part = g[piece]
            memory = np.empty(part.shape, out.dtype)
        product = memory[ours]
        np.multiply(part[ours], weights[position][ours[-1]], out=product)
        x[theirs] += product
    return out


@helper
def depthwise_kernel_gradient(x, g, *, kernel, stride=1, padding=0, dilation=1, out=None):
    """dW[o, 0, k] = sum over b and i of g[b, o, i] x[b, c, i stride + k dilation - before]."""
    how = in_full(len(kernel), stride, padding, dilation)
    channels = g.shape[1]
    out = np.empty((channels, 1, *kernel), np.result_type(x, g)) if out is None else out
    x, g = np.moveaxis(x, 1, -1), np.moveaxis(g, 1, -1)
    x = x if channels == x.shape[-1] else np.repeat(x, channels // x.shape[-1], axis=-1)
    total = np.zeros((*kernel, channels), out.dtype)
    for piece, position, ours, theirs in shifts(x, g.shape[1:-1], kernel, **how):
        if max(position) == 0:
            part = g[piece]
            memory = np.empty(part.shape, out.dtype)
        product = memory[ours]
        np.multiply(x[theirs], part[ours], out=product)
        total[position] += product.sum(axis=tuple(range(product.ndim - 1)))
    out[...] = np.moveaxis(total, -1, 0)[:, np.newaxis]
    return out


@rule
class DepthwiseConv:
    """y = a convolution with as many groups as channels.

    x (B, C, *lengths), W (O, 1, *kernel) with O a multiple of C, b (O,) or None.
    Source: Sifre 2014, Rigid-motion scattering for image classification, chapter 6.
    """

    def forward(x, W, b=None, **how):
        return depthwise(x, W, b, **how)

    def backward(g, y, x, W, b=None, *, needs, **how):
        dx = depthwise_spread(g, W, None, size=x.shape[2:], **how) if needs[0] else None
        if needs[0] and dx.shape != x.shape:  # several kernels a channel: their sum
            dx = dx.reshape(*x.shape[:2], -1, *x.shape[2:]).sum(axis=2)
        dW = depthwise_kernel_gradient(x, g, kernel=W.shape[2:], **how) if needs[1] else None
        db = g.sum(axis=(0, *range(2, g.ndim))) if needs[2] else None
        return dx, dW, db


@rule
class DepthwiseConvTranspose:
    """y = a transposed convolution with a group for every channel, in and out.

    x (B, C, *lengths), W (C, 1, *kernel), b (C,) or None.
    """

    def forward(x, W, b=None, **how):
        size = transposed_size(x.shape[2:], W.shape[2:], **how)
        return depthwise_spread(x, W, b, size=size, **how)

    def backward(g, y, x, W, b=None, *, needs, **how):
        dx = depthwise(g, W, None, **how) if needs[0] else None
        dW = depthwise_kernel_gradient(g, x, kernel=W.shape[2:], **how) if needs[1] else None
        db = g.sum(axis=(0, *range(2, g.ndim))) if needs[2] else None
        return dx, dW, db
