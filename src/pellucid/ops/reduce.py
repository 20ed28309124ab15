"""Many numbers to one: sum, mean, variance, greatest, smallest, log-sum-exp."""

import math

import numpy as np

from pellucid.ops.rule import rule


def over(axis, ndim):
    """The reduced axes as a tuple of numbers from 0.

    >>> over(-1, 3), over(None, 2)
    ((2,), (0, 1))
    """
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % ndim for a in axes)


def count(x, axis):
    """How many numbers of ``x`` go into one of the result."""
    return math.prod(x.shape[a] for a in over(axis, x.ndim))


def kept(y, x, axis, keepdims):
    """``y``, a result of reducing ``x``, with its reduced axes put back as length 1."""
    if keepdims or y.ndim == x.ndim:
        return y
    axes = over(axis, x.ndim)
    return y.reshape(tuple(1 if a in axes else n for a, n in enumerate(x.shape)))


@rule
class Sum:
    """y = sum of x over the axes."""

    def forward(x, *, axis=None, keepdims=False):
        return x.sum(axis=axis, keepdims=keepdims)

    def backward(g, y, x, *, axis=None, keepdims=False):
        return (np.broadcast_to(kept(g, x, axis, keepdims), x.shape),)


@rule
class Mean:
    """y = mean of x over the axes."""

    def forward(x, *, axis=None, keepdims=False):
        return x.mean(axis=axis, keepdims=keepdims)

    def backward(g, y, x, *, axis=None, keepdims=False):
        g = kept(g, x, axis, keepdims) / count(x, axis)
        return (np.broadcast_to(g, x.shape),)


@rule
class Var:
    """y = sum of (x - mean)^2 / (n - ddof) over the axes."""

    def forward(x, *, axis=None, ddof=0, keepdims=False):
        return x.var(axis=axis, ddof=ddof, keepdims=keepdims)

    def backward(g, y, x, *, axis=None, ddof=0, keepdims=False):
        centred = x - x.mean(axis=axis, keepdims=True)
        return (kept(g, x, axis, keepdims) * 2 * centred / (count(x, axis) - ddof),)


@rule
class Max:
    """y = greatest x over the axes; equal greatest values share the gradient."""

    def forward(x, *, axis=None, keepdims=False):
        return x.max(axis=axis, keepdims=keepdims)

    def backward(g, y, x, *, axis=None, keepdims=False):
        return (share(kept(g, x, axis, keepdims), kept(y, x, axis, keepdims), x, axis),)


@rule
class Min:
    """y = smallest x over the axes; equal smallest values share the gradient."""

    def forward(x, *, axis=None, keepdims=False):
        return x.min(axis=axis, keepdims=keepdims)

    def backward(g, y, x, *, axis=None, keepdims=False):
        return (share(kept(g, x, axis, keepdims), kept(y, x, axis, keepdims), x, axis),)


def share(g, y, x, axis):
    """``g`` divided equally among the places where ``x`` attains ``y``."""
    mask = (x == y).astype(x.dtype)
    return g * mask / mask.sum(axis=axis, keepdims=True)


@rule
class LogSumExp:
    """y = log of the sum of e^x over the axes, without overflow: m + log sum e^(x - m)."""

    def forward(x, *, axis=None, keepdims=False):
        m = x.max(axis=axis, keepdims=True)
        m = np.where(np.isfinite(m), m, 0)  # a row of -inf must not become -inf - -inf
        total = np.exp(x - m).sum(axis=axis, keepdims=keepdims)
        return np.log(total) + m.reshape(total.shape)

    def backward(g, y, x, *, axis=None, keepdims=False):
        return (kept(g, x, axis, keepdims) * np.exp(x - kept(y, x, axis, keepdims)),)
