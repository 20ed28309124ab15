"""A training step, written out by Pellucid 0.1.0.

network   Conv2d 1 -> 6, Tanh, AvgPool2d, Conv2d 6 -> 16, ReLU, MaxPool2d, Flatten, Linear 400 -> 10
          (6,582 parameters)
training  CrossEntropyLoss(), SGD(lr=0.1)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import math

import numpy as np


def in_full(axes, stride, padding, dilation):
    """The options with a number, or a pair, for every axis."""
    return {
        "stride": (stride,) * axes if isinstance(stride, int) else stride,
        "padding": ((padding, padding),) * axes if isinstance(padding, int) else padding,
        "dilation": (dilation,) * axes if isinstance(dilation, int) else dilation,
    }


def window_counts(lengths, kernel, *, stride=1, padding=0, dilation=1):
    """How many windows there are along each axis.

    >>> window_counts((28, 28), (5, 3), stride=2)
    (12, 13)
    """
    how = in_full(len(kernel), stride, padding, dilation)
    axes = zip(lengths, kernel, *how.values(), strict=True)
    return tuple((n + sum(p) - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)


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


def bordered(x, padding):
    """Channels-last images in one piece of memory, with zeros around them where wanted."""
    if x.flags.c_contiguous and max(max(pair) for pair in padding) <= 0:
        return x
    lengths = [n + b + max(a, 0) for n, (b, a) in zip(x.shape[1:-1], padding, strict=True)]
    image = np.zeros((x.shape[0], *lengths, x.shape[-1]), x.dtype)
    inner = [slice(b, b + n) for n, (b, _) in zip(x.shape[1:-1], padding, strict=True)]
    image[:, *inner] = x
    return image


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


def convolve(x, W, b, *, stride=1, padding=0, dilation=1, groups=1):
    """y[b, o, i] = b[o] + sum over c and k of W[o, c, k] x[b, c, i stride + k dilation - before].

    x (B, C, *lengths), W (O, C / groups, *kernel), b (O,) or None; y (B, O, *windows). A window is
    a row of a matrix, which is multiplied by the kernels.
    """
    how = in_full(W.ndim - 2, stride, padding, dilation)
    channels, kernel = W.shape[0], W.shape[2:]
    size = window_counts(x.shape[2:], kernel, **how)
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


def avg_pool(x, kernel, stride, padding, size, count_padding, divisor):
    """The sum of each window over the number of its places."""
    first = x.ndim - len(size)
    y = np.empty_like(x, shape=(*x.shape[:first], *size))
    y.fill(0)
    places = windows(x.shape[first:], size, kernel, stride, padding, (1,) * len(size))
    for outputs, inputs in places:
        y[outputs] += x[inputs]
    y /= divisor_of(x.shape[first:], size, kernel, stride, padding, count_padding, divisor, x.dtype)
    return y


def max_pool(x, kernel, stride, padding, dilation, size):
    """The greatest number of each window."""
    first = x.ndim - len(size)
    y = np.empty_like(x, shape=(*x.shape[:first], *size))
    y.fill(-np.inf)
    places = windows(x.shape[first:], size, kernel, stride, padding, dilation)
    for outputs, inputs in places:
        np.maximum(y[outputs], x[inputs], out=y[outputs])
    return y


def max_place(x, y, kernel, stride, padding, dilation, size):
    """Which place of its window ``y`` came from, the first of equals: how many before it are less.

    Comparing and counting whole arrays is far quicker than writing through a mask.
    """
    dtype = np.uint8 if math.prod(kernel) < 256 else np.int32
    place = np.empty_like(y, dtype=dtype)
    place.fill(0)
    ahead = np.ones_like(y, dtype=np.bool_)
    places = windows(x.shape[x.ndim - len(size) :], size, kernel, stride, padding, dilation)
    for outputs, inputs in places:
        ahead[outputs] &= x[inputs] < y[outputs]
        place += ahead.view(np.uint8)
    return place


def in_order_of(y, g):
    """``g`` in the memory order of ``y``: behind a Flatten it arrives channels first."""
    alike = np.empty_like(y, dtype=g.dtype)
    if g.strides == alike.strides:
        return g
    alike[...] = g
    return alike


def max_pool_back(g, place, x, kernel, stride, padding, dilation, size):
    """The gradient of each window goes to the place that its maximum came from."""
    lengths = x.shape[x.ndim - len(size) :]
    dx = np.empty_like(x)
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


def spread(g, W, b, *, size, stride=1, padding=0, dilation=1, groups=1):
    """x[b, c, j] = b[c] + sum of W[o, c, k] g[b, o, i] over i stride + k dilation - before = j.

    g (B, O, *windows), W (O, C / groups, *kernel), b (C,) or None; x (B, C, *size). Each number of
    g lays the kernel, times itself, over its window: :func:`convolve` the other way round.
    """
    how = in_full(W.ndim - 2, stride, padding, dilation)
    channels = groups * W.shape[1]
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


def kernel_gradient(x, g, *, kernel, stride=1, padding=0, dilation=1, groups=1):
    """dW[o, c, k] = sum over b and i of g[b, o, i] x[b, c, i stride + k dilation - before].

    x (B, C, *lengths), g (B, O, *windows); dW (O, C / groups, *kernel).
    """
    how = in_full(len(kernel), stride, padding, dilation)
    shape = (g.shape[1], x.shape[1] // groups, *kernel)
    out = np.empty(shape, np.result_type(x, g))
    x, g = np.moveaxis(x, 1, -1), np.moveaxis(g, 1, -1)
    total = np.zeros((groups, shape[0] // groups, math.prod(shape[1:])), out.dtype)
    for piece, columns in window_pieces(x, kernel, g.shape[1:-1], groups, **how):
        total += g[piece].reshape(-1, groups, shape[0] // groups).transpose(1, 2, 0) @ columns
    out[...] = np.moveaxis(total.reshape(shape[0], *kernel, shape[1]), -1, 1)
    return out


def avg_pool_back(g, y, lengths, kernel, stride, padding, size, count_padding, divisor):
    """Every place of a window gets an equal share of its gradient, in the memory order of ``y``."""
    first = g.ndim - len(size)
    dx = np.empty_like(y, shape=(*g.shape[:first], *lengths))
    dx.fill(0)
    divisor = divisor_of(lengths, size, kernel, stride, padding, count_padding, divisor, g.dtype)
    share = in_order_of(y, g) / divisor
    for outputs, inputs in windows(lengths, size, kernel, stride, padding, (1,) * len(size)):
        dx[inputs] += share[outputs]
    return dx


def step(weights, x, y, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2, W3, b3 = weights
    n = len(x)

    # layer 0: Conv2d 1 -> 6, Tanh, AvgPool2d
    z1 = convolve(x, W1, b1, padding=2)                         # (n, 6, 28, 28)
    h1 = np.tanh(z1)                                            # (n, 6, 28, 28)
    pooled1 = (
        avg_pool(h1, kernel=(2, 2), stride=(2, 2), padding=(0, 0), size=(14, 14),
        count_padding=True, divisor=None)
    )                                                           # (n, 6, 14, 14)

    # layer 3: Conv2d 6 -> 16, ReLU, MaxPool2d, Flatten
    z2 = convolve(pooled1, W2, b2)                              # (n, 16, 10, 10)
    h2 = np.maximum(z2, 0)                                      # (n, 16, 10, 10)
    pooled2 = (
        max_pool(h2, kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1), size=(5, 5))
    )                                                           # (n, 16, 5, 5)
    flat2 = pooled2.reshape(n, 400)                             # (n, 400)

    # layer 7: Linear 400 -> 10
    z3 = flat2 @ W3.T + b3                                      # (n, 10)

    # loss
    shifted = z3 - z3.max(axis=1, keepdims=True)                # (n, 10)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 10)
    q = (y[:, np.newaxis] == np.arange(10)).astype(np.float32)  # (n, 10)
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.mean()                                        # a number

    # backward: loss
    p = np.exp(log_p)                                           # (n, 10)
    dz3 = (p - q) / n                                           # (n, 10)

    # backward: layer 7: Linear 400 -> 10
    dflat2 = dz3 @ W3                                           # (n, 400)
    dW3 = dz3.T @ flat2                                         # (10, 400)
    db3 = dz3.sum(axis=0)                                       # (10,)

    # backward: layer 3: Conv2d 6 -> 16, ReLU, MaxPool2d, Flatten
    dpooled2 = dflat2.reshape(n, 16, 5, 5)                      # (n, 16, 5, 5)
    place2 = (
        max_place(h2, pooled2, kernel=(2, 2), stride=(2, 2), padding=(0, 0), dilation=(1, 1),
        size=(5, 5))
    )                                                           # (n, 16, 5, 5)
    dh2 = (
        max_pool_back(dpooled2, place2, h2, kernel=(2, 2), stride=(2, 2), padding=(0, 0),
        dilation=(1, 1), size=(5, 5))
    )                                                           # (n, 16, 10, 10)
    dz2 = dh2 * (h2 > 0)                                        # (n, 16, 10, 10)
    dpooled1 = spread(dz2, W2, None, size=(14, 14))             # (n, 6, 14, 14)
    dW2 = kernel_gradient(pooled1, dz2, kernel=(5, 5))          # (16, 6, 5, 5)
    db2 = dz2.sum(axis=(0, 2, 3))                               # (16,)

    # backward: layer 0: Conv2d 1 -> 6, Tanh, AvgPool2d
    dh1 = (
        avg_pool_back(dpooled1, pooled1, lengths=(28, 28), kernel=(2, 2), stride=(2, 2), padding=(0,
        0), size=(14, 14), count_padding=True, divisor=None)
    )                                                           # (n, 6, 28, 28)
    dz1 = dh1 * (1 - h1**2)                                     # (n, 6, 28, 28)
    dW1 = kernel_gradient(x, dz1, kernel=(5, 5), padding=2)     # (6, 1, 5, 5)
    db1 = dz1.sum(axis=(0, 2, 3))                               # (6,)

    # update
    for W, dW in zip(weights, (dW1, db1, dW2, db2, dW3, db3), strict=True):
        W -= lr * dW
    return loss
