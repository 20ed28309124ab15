"""How wrong the network is, one fused entry each, and the slope of that."""

import math

import numpy as np

from pellucid.ops.rule import rule


def reduced(loss, reduction):
    """The losses of the examples as one number, or as they are."""
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


def share_of(g, x, reduction):
    """What each of the losses of x gets of the gradient ``g`` that arrives."""
    return g / math.prod(x.shape) if reduction == "mean" else g


@rule
class MSE:
    """L = mean of (x - y)^2."""

    def forward(x, y, *, reduction="mean"):
        return reduced((x - y) ** 2, reduction)

    def backward(g, loss, x, y, *, reduction="mean", needs):
        dx = share_of(g, x, reduction) * 2 * (x - y)
        return dx, -dx if needs[1] else None


@rule
class L1:
    """L = mean of |x - y|, the mean absolute error."""

    def forward(x, y, *, reduction="mean"):
        return reduced(np.abs(x - y), reduction)

    def backward(g, loss, x, y, *, reduction="mean", needs):
        dx = share_of(g, x, reduction) * np.sign(x - y)
        return dx, -dx if needs[1] else None


@rule
class Huber:
    """L = mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = x - y.

    Source: Huber 1964.
    """

    def forward(x, y, *, delta=1.0, reduction="mean"):
        d = np.abs(x - y)
        loss = np.where(d <= delta, 0.5 * d**2, delta * (d - 0.5 * delta))
        return reduced(loss, reduction)

    def backward(g, loss, x, y, *, delta=1.0, reduction="mean", needs):
        dx = share_of(g, x, reduction) * np.clip(x - y, -delta, delta)
        return dx, -dx if needs[1] else None


@rule
class BCE:
    """L = mean of -w (y log p + (1 - y) log(1 - p)); logarithms no lower than -100, as in torch."""

    def forward(p, y, w=None, *, reduction="mean"):
        least = math.exp(-100)
        log_p = np.log(np.maximum(p, least))
        log_q = np.log(np.maximum(1 - p, least))
        loss = -(y * log_p + (1 - y) * log_q)
        return reduced(loss if w is None else loss * w, reduction)

    def backward(g, loss, p, y, w=None, *, reduction="mean", needs):
        g = share_of(g, p, reduction)
        g = g if w is None else g * w
        dp = g * (p - y) / np.maximum(p * (1 - p), 1e-12) if needs[0] else None
        dy = g * (np.log(1 - p) - np.log(p)) if needs[1] else None
        return dp, dy, None


@rule
class BCEWithLogits:
    """L = mean of -w (v y log s(z) + (1 - y) log(1 - s(z))), s the sigmoid, v the positive weight.

    Written with log(1 + e^-z) = max(-z, 0) + log(1 + e^-|z|), which cannot overflow.
    """

    def forward(z, y, w=None, v=None, *, reduction="mean"):
        soft = np.maximum(-z, 0) + np.log1p(np.exp(-np.abs(z)))
        loss = (1 - y) * z + (soft if v is None else (1 + (v - 1) * y) * soft)
        return reduced(loss if w is None else loss * w, reduction)

    def backward(g, loss, z, y, w=None, v=None, *, reduction="mean", needs):
        g = share_of(g, z, reduction)
        g = g if w is None else g * w
        e = np.exp(-np.abs(z))
        p = np.where(z >= 0, 1, e) / (1 + e)
        rise = 1 if v is None else 1 + (v - 1) * y
        dz = g * (1 - y - rise * (1 - p)) if needs[0] else None
        dy = None
        if needs[1]:
            soft = np.maximum(-z, 0) + np.log1p(e)
            dy = g * (-z if v is None else (v - 1) * soft - z)
        return dz, dy, None, None


@rule
class CrossEntropy:
    """L = mean over the examples of -sum_c w_c q_c log softmax(z)_c.

    z (B, C, ...), the classes on axis 1 (axis 0 without a batch); y the classes (B, ...) as numbers
    or as probabilities in the shape of z; w (C,) class weights or None. q is y as probabilities,
    smoothed: q = (1 - s) y + s / C. With class weights and integer classes the mean is weighted:
    it divides by the sum of w_y, as torch does. Extras: log softmax(z), w q, and the divisor.
    Source: Szegedy et al. 2016, section 7, for the smoothing.
    """

    def forward(z, y, w=None, *, label_smoothing=0.0, reduction="mean"):
        axis = 1 if z.ndim > 1 else 0
        z = z - z.max(axis=axis, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=axis, keepdims=True))
        q = target(z, y, axis)
        divisor = math.prod(z.shape) // z.shape[axis]
        if w is not None:
            w = per_class(w, z, axis)
            divisor = divisor if y.ndim == z.ndim else (w * q).sum()
        if label_smoothing > 0:
            q = (1 - label_smoothing) * q + label_smoothing / z.shape[axis]
        q = q if w is None else w * q
        loss = -(q * log_p).sum(axis=axis)
        if reduction == "mean":
            loss = loss.sum() / divisor
        elif reduction == "sum":
            loss = loss.sum()
        return loss, log_p, q, divisor

    def backward(
        g, loss, log_p, q, divisor, z, y, w=None, *, label_smoothing=0.0, reduction="mean", needs
    ):
        axis = 1 if z.ndim > 1 else 0
        g = g / divisor if reduction == "mean" else g
        g = np.expand_dims(g, axis) if reduction == "none" else g
        dz = g * (np.exp(log_p) * q.sum(axis=axis, keepdims=True) - q) if needs[0] else None
        dy = None
        if needs[1]:
            dq = -g * log_p if w is None else -g * log_p * per_class(w, z, axis)
            dy = (1 - label_smoothing) * dq
        return dz, dy, None


def per_class(v, z, axis):
    """``v``, one number a class, shaped to stand beside z with its classes on ``axis``."""
    return v.reshape((-1,) + (1,) * (z.ndim - 1 - axis))


def target(z, y, axis):
    """The classes as rows of probabilities: one-hot for integers, themselves otherwise."""
    if y.ndim == z.ndim:
        return y
    classes = per_class(np.arange(z.shape[axis]), z, axis)
    return (np.expand_dims(y, axis) == classes).astype(z.dtype)
