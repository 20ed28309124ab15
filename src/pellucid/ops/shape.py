"""The same numbers in another arrangement or type: reshape, transpose, index, join, pad."""

import numpy as np

from pellucid.ops.rule import helper, like, rule


@rule
class AsType:
    """y = x in another floating-point dtype."""

    def forward(x, *, dtype):
        return x.astype(dtype)

    def backward(g, y, x, *, dtype):
        return (g.astype(x.dtype),)


@rule
class Reshape:
    """y = the numbers of x, in order, in another shape."""

    view = True

    def forward(x, *, shape):
        return x.reshape(shape)

    def backward(g, y, x, *, shape):
        return (g.reshape(x.shape),)


@rule
class Transpose:
    """y = x with its axes in another order."""

    view = True

    def forward(x, *, axes):
        return x.transpose(axes)

    def backward(g, y, x, *, axes):
        return (g.transpose(tuple(sorted(range(len(axes)), key=axes.__getitem__))),)


@rule
class BroadcastTo:
    """y = x repeated along new or length-1 axes."""

    view = True

    def forward(x, *, shape):
        return np.broadcast_to(x, shape)

    def backward(g, y, x, *, shape):
        return (like(g, x),)


@rule
class GetItem:
    """y = x[index]: slices, integers, index arrays, masks."""

    view = True

    def forward(x, *, index):
        return x[index]

    def backward(g, y, x, *, index):
        return (scatter(g, x, index),)


@helper
def scatter(g, x, index, out=None):
    """Zeros in the shape of ``x`` with ``g`` added at ``index``; repeated places add up."""
    dx = np.empty(x.shape, g.dtype) if out is None else out
    dx[...] = 0
    parts = index if isinstance(index, tuple) else (index,)
    once = (int, np.integer, slice, type(...))  # what takes no place twice; arrays and lists may
    if all(part is None or isinstance(part, once) for part in parts):
        dx[index] = g
    else:
        np.add.at(dx, index, g)
    return dx


@rule
class Concatenate:
    """y = the arrays joined along an existing axis."""

    def forward(*xs, axis=0):
        return np.concatenate(xs, axis=axis)

    def backward(g, y, *xs, axis=0, needs):
        ends = [0]
        for x in xs:
            ends.append(ends[-1] + x.shape[axis])
        before = (slice(None),) * (axis % y.ndim)
        return tuple(
            g[(*before, slice(start, end))] if need else None
            for start, end, need in zip(ends[:-1], ends[1:], needs, strict=True)
        )


@rule
class Stack:
    """y = the arrays joined along a new axis."""

    def forward(*xs, axis=0):
        return np.stack(xs, axis=axis)

    def backward(g, y, *xs, axis=0, needs):
        before = (slice(None),) * (axis % y.ndim)
        return tuple(g[(*before, i)] if need else None for i, need in enumerate(needs))


@rule
class Pad:
    """y = x with ``width`` = ((before, after), ...) places of a constant value around it."""

    def forward(x, *, width, value=0.0):
        return np.pad(x, width, constant_values=value)

    def backward(g, y, x, *, width, value=0.0):
        inner = tuple(slice(b, b + n) for (b, _), n in zip(width, x.shape, strict=True))
        return (g[inner],)
