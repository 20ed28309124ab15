"""Images in another size: nearest and linear interpolation, pixels to channels and back."""

import math

import numpy as np

from pellucid.ops.rule import helper, rule

# The last axes are the image's; the helpers work along them one after the other, on the memory as
# it lies (outermost axis first), so that channels-last arrays stay channels-last.


@helper
def memory_axes(x):
    """The axes of ``x`` from the outermost in memory to the innermost."""
    return sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))


@helper
def gather(x, places, out=None):
    """y[..., o, p] = x[..., rows[o], columns[p]] for ``places`` = (rows, columns)."""
    first = x.ndim - len(places)
    shape = (*x.shape[:first], *(p.size for p in places))
    y = np.empty_like(x, shape=shape) if out is None else out
    axes = memory_axes(y)
    part = x.transpose(axes)
    for axis, rows in enumerate(places, first):
        last = axis == x.ndim - 1
        into = y.transpose(axes) if last else None
        part = np.take(part, rows, axis=axes.index(axis), out=into, mode="clip")
    return y


@helper
def evenly(index):
    """The index as a slice where its steps are equal and upwards, since a slice copies nothing."""
    step = int(index[1] - index[0]) if index.size > 1 else 1
    even = step > 0 and np.array_equal(index, index[0] + step * np.arange(index.size))
    return slice(int(index[0]), int(index[-1]) + 1, step) if even else index


@helper
def fold(g, places, lengths, out=None):
    """The adjoint of gather: each place of an image of ``lengths`` adds up what was read there."""
    first = g.ndim - len(places)
    dx = np.empty_like(g, shape=(*g.shape[:first], *lengths)) if out is None else out
    axes = memory_axes(dx)
    part = g.transpose(axes)
    for axis, rows in enumerate(places, first):
        k, n = axes.index(axis), lengths[axis - first]
        last = axis == g.ndim - 1
        shape = (*part.shape[:k], n, *part.shape[k + 1 :])
        total = dx.transpose(axes) if last else np.empty(shape, g.dtype)
        total[...] = 0
        before = (slice(None),) * k
        readers, counts = np.argsort(rows, kind="stable"), np.bincount(rows, minlength=n)
        starts = np.cumsum(counts) - counts
        for r in range(counts.max()):  # the r-th reader of every place that has so many
            has = np.flatnonzero(counts > r)
            reader = readers[starts[has] + r]
            total[(*before, evenly(has))] += part[(*before, evenly(reader))]
        part = total
    return dx


@helper
def weigh(x, matrices, out=None):
    """y[..., o, p] = sum over i, j of A[o, i] B[p, j] x[..., i, j] for ``matrices`` = (A, B)."""
    first = x.ndim - len(matrices)
    shape = (*x.shape[:first], *(A.shape[0] for A in matrices))
    y = np.empty_like(x, shape=shape) if out is None else out
    axes = memory_axes(y)
    part = x.transpose(axes)
    for axis, A in enumerate(matrices, first):
        k = axes.index(axis)
        before, after = part.shape[:k], part.shape[k + 1 :]
        whole = (*before, A.shape[0], *after)
        last = axis == x.ndim - 1
        new = y.transpose(axes) if last else np.empty(whole, x.dtype)
        old = part.reshape(math.prod(before), A.shape[1], math.prod(after))
        into = new.reshape(math.prod(before), A.shape[0], math.prod(after))
        if into.shape[2] == 1:  # one product of matrices in place of many with vectors
            np.matmul(old[:, :, 0], A.T, out=into[:, :, 0])
        else:
            np.matmul(A, old, out=into)
        part = new
    return y


@helper
def nearest_places(lengths, size, step, shift):
    """Where each place of the new image looks: floor((o + shift) step), one array an axis.

    In float32, as torch computes it whatever the image's dtype.
    """
    found = []
    for n, m, s in zip(lengths, size, step, strict=True):
        o = np.arange(m, dtype=np.float32) + np.float32(shift)
        found.append(np.minimum(np.floor(o * np.float32(s)).astype(np.int64), n - 1))
    return found


@helper
def nearest(x, size, step, shift, out=None):
    """The nearest pixel for each place of the new image."""
    lengths = x.shape[x.ndim - len(size) :]
    return gather(x, nearest_places(lengths, size, step, shift), out=out)


@helper
def nearest_back(g, lengths, size, step, shift, out=None):
    """Each pixel adds up the gradients of the places that it was the nearest for."""
    return fold(g, nearest_places(lengths, size, step, shift), lengths, out=out)


@rule
class ResizeNearest:
    """y[o] = x[floor((o + shift) step)] along each of the last axes.

    ``size``: the new lengths; ``step``: how far x goes on for one place of y; ``shift``: 0, or 0.5
    to ask from the middle of a pixel ("nearest-exact").
    """

    def forward(x, *, size, step, shift=0.0):
        return nearest(x, size=size, step=step, shift=shift)

    def backward(g, y, x, *, size, step, shift=0.0):
        lengths = x.shape[x.ndim - len(size) :]
        return (nearest_back(g, lengths=lengths, size=size, step=step, shift=shift),)


@helper
def linear_weights(lengths, size, step, align_corners, dtype):
    """One matrix (new, old) an axis: a row holds 1 - t and t at the two pixels it lies between."""
    found = []
    for n, m, s in zip(lengths, size, step, strict=True):
        o = np.arange(m)
        corner = o * ((n - 1) / max(m - 1, 1))
        at = corner if align_corners else np.maximum((o + 0.5) * s - 0.5, 0)
        left = np.minimum(np.floor(at).astype(np.int64), n - 1)
        t = np.clip(at - left, 0, 1)
        A = np.zeros((m, n))
        A[o, left] = 1 - t
        A[o, np.minimum(left + 1, n - 1)] += t
        found.append(A.astype(dtype))
    return found


@helper
def linear_resize(x, size, step, align_corners, out=None):
    """Interpolation between neighbouring pixels, axis by axis, as products with small matrices."""
    lengths = x.shape[x.ndim - len(size) :]
    return weigh(x, linear_weights(lengths, size, step, align_corners, x.dtype), out=out)


@helper
def linear_resize_back(g, lengths, size, step, align_corners, out=None):
    """The transposed matrices."""
    weights = linear_weights(lengths, size, step, align_corners, g.dtype)
    return weigh(g, [A.T for A in weights], out=out)


@rule
class ResizeLinear:
    """y[o] = (1 - t) x[i] + t x[i + 1], i + t the place of o in x, along each of the last axes.

    The place is o (n - 1) / (m - 1) with ``align_corners``, else (o + 1/2) step - 1/2, at least 0.
    """

    def forward(x, *, size, step, align_corners=False):
        return linear_resize(x, size=size, step=step, align_corners=align_corners)

    def backward(g, y, x, *, size, step, align_corners=False):
        lengths = x.shape[x.ndim - len(size) :]
        return (
            linear_resize_back(
                g, lengths=lengths, size=size, step=step, align_corners=align_corners
            ),
        )


def to_pixels(x, r):
    """(..., C r^2, H, W) -> (..., C, H r, W r), in channels-last memory."""
    *lead, c, h, w = x.shape
    k = len(lead)
    parts = x.transpose(*range(k), k + 1, k + 2, k).reshape(*lead, h, w, c // r**2, r, r)
    rows = parts.transpose(*range(k), k, k + 3, k + 1, k + 4, k + 2)  # (..., H, r, W, r, C)
    return rows.reshape(*lead, h * r, w * r, c // r**2).transpose(*range(k), k + 2, k, k + 1)


def to_channels(x, r):
    """(..., C, H r, W r) -> (..., C r^2, H, W), in channels-last memory."""
    *lead, c, h, w = x.shape
    k = len(lead)
    rows = x.transpose(*range(k), k + 1, k + 2, k).reshape(*lead, h // r, r, w // r, r, c)
    parts = rows.transpose(*range(k), k, k + 2, k + 4, k + 1, k + 3)  # (..., H, W, C, r, r)
    return parts.reshape(*lead, h // r, w // r, c * r**2).transpose(*range(k), k + 2, k, k + 1)


@rule
class PixelShuffle:
    """y[c, h r + i, w r + j] = x[c r^2 + i r + j, h, w]: channels become pixels.

    Source: Shi et al. 2016, equation 4.
    """

    def forward(x, *, factor):
        return to_pixels(x, factor)

    def backward(g, y, x, *, factor):
        return (to_channels(g, factor),)


@rule
class PixelUnshuffle:
    """y[c r^2 + i r + j, h, w] = x[c, h r + i, w r + j]: pixels become channels."""

    def forward(x, *, factor):
        return to_channels(x, factor)

    def backward(g, y, x, *, factor):
        return (to_pixels(g, factor),)


def shuffled(x, groups):
    """Channels (axis 1) dealt out by turns: all first ones of the groups, then all second ones."""
    last = (0, *range(2, x.ndim), 1)
    back = (0, x.ndim - 1, *range(1, x.ndim - 1))
    tail = x.transpose(last)
    dealt = tail.reshape(*tail.shape[:-1], groups, x.shape[1] // groups).swapaxes(-1, -2)
    return dealt.reshape(tail.shape).transpose(back)


@rule
class ChannelShuffle:
    """y[c groups + i] = x[i C / groups + c] along axis 1.

    Source: Zhang et al. 2018, section 3.1.
    """

    def forward(x, *, groups):
        return shuffled(x, groups)

    def backward(g, y, x, *, groups):
        return (shuffled(g, x.shape[1] // groups),)
