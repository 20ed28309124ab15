"""Many neighbouring pixels to one: greatest, mean, power mean, over windows that slide or adapt."""

import math

import numpy as np

from pellucid.ops.resize import fold, gather, weigh
from pellucid.ops.rule import helper, rule

# A window slides over the last axes, as many as ``kernel`` has numbers. ``size`` is how many
# windows there are along each axis. All arithmetic is a loop over the places of the kernel, on
# whole slices, and so in whatever order the memory lies.


@helper
def windows(lengths, size, kernel, stride, padding, dilation):
    """For each place of the kernel, first to last: the outputs that it serves, and what they see.

    Windows that hang over the edge of the image see nothing there: no padded copy is made.
    """
    found = [((...,), (...,))]
    options = zip(lengths, size, kernel, stride, padding, dilation, strict=True)
    for n, m, k, s, p, d in options:
        along = []
        for i in range(k):
            first = max(0, (p - i * d + s - 1) // s)
            last = max(first, min(m, (n - 1 + p - i * d) // s + 1))
            start = first * s + i * d - p if last > first else 0
            stop = start + (last - first - 1) * s + 1 if last > first else 0
            along.append((slice(first, last), slice(start, stop, s)))
        found = [((*os, o), (*xs, x)) for os, xs in found for o, x in along]
    return found


@helper
def in_order_of(y, g):
    """``g`` in the memory order of ``y``: behind a Flatten it arrives channels first."""
    alike = np.empty_like(y, dtype=g.dtype)
    if g.strides == alike.strides:
        return g
    alike[...] = g
    return alike


# -- the greatest --


@helper
def max_pool(x, kernel, stride, padding, dilation, size, out=None):
    """The greatest number of each window."""
    first = x.ndim - len(size)
    y = np.empty_like(x, shape=(*x.shape[:first], *size)) if out is None else out
    y.fill(-np.inf)
    places = windows(x.shape[first:], size, kernel, stride, padding, dilation)
    for outputs, inputs in places:
        np.maximum(y[outputs], x[inputs], out=y[outputs])
    return y


@helper
def max_place(x, y, kernel, stride, padding, dilation, size, out=None):
    """Which place of its window ``y`` came from, the first of equals: how many before it are less.

    Comparing and counting whole arrays is far quicker than writing through a mask.
    """
    dtype = np.uint8 if math.prod(kernel) < 256 else np.int32
    place = np.empty_like(y, dtype=dtype) if out is None else out
    place.fill(0)
    ahead = np.ones_like(y, dtype=np.bool_)
    places = windows(x.shape[x.ndim - len(size) :], size, kernel, stride, padding, dilation)
    for outputs, inputs in places:
        ahead[outputs] &= x[inputs] < y[outputs]
        place += ahead.view(np.uint8)
    return place


@helper
def max_pool_back(g, place, x, kernel, stride, padding, dilation, size, out=None):
    """The gradient of each window goes to the place that its maximum came from."""
    lengths = x.shape[x.ndim - len(size) :]
    dx = np.empty_like(x) if out is None else out
    g = in_order_of(place, g)
    apart = all(s > (k - 1) * d for s, k, d in zip(stride, kernel, dilation, strict=True))
    seen = [m * k if s == k else 0 for m, k, s in zip(size, kernel, stride, strict=True)]
    if not apart or any(padding) or seen != list(lengths):  # else every pixel is written below
        dx.fill(0)
    places = windows(lengths, size, kernel, stride, padding, dilation)
    for i, (outputs, inputs) in enumerate(places):
        hit = place[outputs] == i
        if apart:  # no pixel is in two windows
            np.multiply(g[outputs], hit, out=dx[inputs])
        else:
            dx[inputs] += g[outputs] * hit
    return dx


@helper
def flat_place(place, lengths, kernel, stride, padding, dilation, size, out=None):
    """The places in the windows as places in the image, counted row by row, as torch does."""
    flat = np.empty_like(place, dtype=np.int64) if out is None else out
    flat.fill(0)
    rest, scale = place, 1
    for axis in reversed(range(len(size))):
        rest, i = np.divmod(rest, kernel[axis])
        start = np.arange(size[axis]) * stride[axis] - padding[axis]
        at = start.reshape(-1, *(1,) * (len(size) - 1 - axis)) + i.astype(np.int64) * dilation[axis]
        flat += at * scale
        scale *= lengths[axis]
    return flat


@rule
class MaxPool:
    """y = the greatest x of each window; a tie's gradient goes to its first place."""

    def forward(x, **window):
        return max_pool(x, **window)

    def backward(g, y, x, **window):
        place = max_place(x, y, **window)
        return (max_pool_back(g, place, x, **window),)


@rule
class MaxPoolWithIndices:
    """As MaxPool; extra: where the greatest stood, as a place in the flattened image."""

    def forward(x, **window):
        y = max_pool(x, **window)
        place = max_place(x, y, **window)
        lengths = x.shape[x.ndim - len(window["size"]) :]
        return y, flat_place(place, lengths=lengths, **window)

    def backward(g, y, indices, x, **window):
        return MaxPool.backward(g, y, x, **window)


@helper
def at_indices(shape, indices, size):
    """The index of the numbers that ``indices`` point at in images of ``size``."""
    lead = shape[: len(shape) - len(size)]
    own = [np.arange(n).reshape(-1, *(1,) * (len(shape) - 1 - axis)) for axis, n in enumerate(lead)]
    return (*own, *np.unravel_index(indices, size))


@helper
def max_unpool(x, indices, size, out=None):
    """Zeros, with each number of ``x`` at its place in the flattened image."""
    lead = x.shape[: x.ndim - len(size)]
    y = np.empty_like(x, shape=(*lead, *size)) if out is None else out
    y.fill(0)
    y[at_indices(x.shape, indices, size)] = x
    return y


@helper
def max_unpool_back(g, indices, size, out=None):
    """The numbers at the indices."""
    dx = np.empty_like(indices, dtype=g.dtype) if out is None else out
    dx[...] = g[at_indices(indices.shape, indices, size)]
    return dx


@rule
class MaxUnpool:
    """y = zeros with x at ``indices``, places in the flattened images of ``size``."""

    def forward(x, indices, *, size):
        return max_unpool(x, indices, size=size)

    def backward(g, y, x, indices, *, size):
        return max_unpool_back(g, indices, size=size), None


# -- the mean --


@helper
def divisor_of(lengths, size, kernel, stride, padding, count_padding, divisor, dtype):
    """What the sum of each window is divided by: one number, or one for each window.

    Padding counts with ``count_padding``, what hangs over the padded edge never does.
    """
    if divisor is not None:
        return divisor
    counts = np.ones((), dtype)
    for n, m, k, s, p in zip(lengths, size, kernel, stride, padding, strict=True):
        first = np.arange(m) * s - p
        last = np.minimum(first + k, n + p)
        if not count_padding:
            first, last = np.maximum(first, 0), np.minimum(last, n)
        counts = np.multiply.outer(counts, (last - first).astype(dtype))
    return counts.max() if counts.min() == counts.max() else counts


@helper
def avg_pool(x, kernel, stride, padding, size, count_padding, divisor, out=None):
    """The sum of each window over the number of its places."""
    first = x.ndim - len(size)
    y = np.empty_like(x, shape=(*x.shape[:first], *size)) if out is None else out
    y.fill(0)
    places = windows(x.shape[first:], size, kernel, stride, padding, (1,) * len(size))
    for outputs, inputs in places:
        y[outputs] += x[inputs]
    y /= divisor_of(x.shape[first:], size, kernel, stride, padding, count_padding, divisor, x.dtype)
    return y


@helper
def avg_pool_back(g, y, lengths, kernel, stride, padding, size, count_padding, divisor, out=None):
    """Every place of a window gets an equal share of its gradient, in the memory order of ``y``."""
    first = g.ndim - len(size)
    dx = np.empty_like(y, shape=(*g.shape[:first], *lengths)) if out is None else out
    dx.fill(0)
    divisor = divisor_of(lengths, size, kernel, stride, padding, count_padding, divisor, g.dtype)
    share = in_order_of(y, g) / divisor
    for outputs, inputs in windows(lengths, size, kernel, stride, padding, (1,) * len(size)):
        dx[inputs] += share[outputs]
    return dx


@rule
class AvgPool:
    """y = the sum of x over each window / the number of its places, or ``divisor``."""

    def forward(x, **window):
        return avg_pool(x, **window)

    def backward(g, y, x, **window):
        return (avg_pool_back(g, y, lengths=x.shape[x.ndim - len(window["size"]) :], **window),)


@rule
class LPPool:
    """y = (the sum of x^p over each window)^(1 / p); a window whose sum is 0 has slope 0."""

    def forward(x, *, p, **window):
        places = math.prod(window["kernel"])
        return (avg_pool(x**p, **window) * places) ** (1 / p)

    def backward(g, y, x, *, p, **window):
        places = math.prod(window["kernel"])
        lengths = x.shape[x.ndim - len(window["size"]) :]
        pull = np.where(y == 0, 0, g * np.where(y == 0, 1, y) ** (1 - p) * places)
        return (avg_pool_back(pull, y, lengths=lengths, **window) * x ** (p - 1),)


# -- windows that adapt: the o-th of m over n pixels goes from floor(o n / m) to ceil((o + 1) n / m)


@helper
def adaptive_bounds(n, m):
    """The first pixel of each of ``m`` windows over ``n`` pixels, and the one after its last."""
    o = np.arange(m)
    return o * n // m, -((o + 1) * n // -m)


@helper
def adaptive_weights(lengths, size, dtype):
    """One matrix (windows, pixels) an axis: a row holds 1 / length where its window is."""
    found = []
    for n, m in zip(lengths, size, strict=True):
        first, last = (bound[:, np.newaxis] for bound in adaptive_bounds(n, m))
        pixel = np.arange(n)
        A = ((pixel >= first) & (pixel < last)) / (last - first)
        found.append(A.astype(dtype))
    return found


@helper
def adaptive_avg_pool(x, size, out=None):
    """The mean of each window, axis by axis, as products with small matrices."""
    return weigh(x, adaptive_weights(x.shape[x.ndim - len(size) :], size, x.dtype), out=out)


@helper
def adaptive_avg_pool_back(g, lengths, size, out=None):
    """The transposed matrices."""
    return weigh(g, [A.T for A in adaptive_weights(lengths, size, g.dtype)], out=out)


@rule
class AdaptiveAvgPool:
    """y = the mean of each of ``size`` windows that cover x."""

    def forward(x, *, size):
        return adaptive_avg_pool(x, size=size)

    def backward(g, y, x, *, size):
        return (adaptive_avg_pool_back(g, lengths=x.shape[x.ndim - len(size) :], size=size),)


@helper
def adaptive_places(lengths, size):
    """The pixels of all windows one after the other, a short window's last pixel repeated."""
    found = []
    for n, m in zip(lengths, size, strict=True):
        first, last = adaptive_bounds(n, m)
        inside = first[:, np.newaxis] + np.arange((last - first).max())
        found.append(np.minimum(inside, last[:, np.newaxis] - 1).ravel())
    return found


@helper
def adaptive_windows(x, size, out=None):
    """The windows side by side, all as long as the longest."""
    return gather(x, adaptive_places(x.shape[x.ndim - len(size) :], size), out=out)


@helper
def adaptive_windows_back(g, lengths, size, out=None):
    """Each pixel adds up the gradients of the windows that it is in."""
    return fold(g, adaptive_places(lengths, size), lengths, out=out)


@helper
def adaptive_indices(indices, lengths, size, out=None):
    """Places in the windows side by side as places in the image."""
    flat = np.empty_like(indices) if out is None else out
    places = adaptive_places(lengths, size)
    at = np.unravel_index(indices, tuple(p.size for p in places))
    flat[...] = np.ravel_multi_index([p[i] for p, i in zip(places, at, strict=True)], lengths)
    return flat


@rule
class AdaptiveWindows:
    """y = the ``size`` windows that cover x, side by side, each as long as the longest."""

    def forward(x, *, size):
        return adaptive_windows(x, size=size)

    def backward(g, y, x, *, size):
        return (adaptive_windows_back(g, lengths=x.shape[x.ndim - len(size) :], size=size),)
