"""How wrong the network is, one fused entry each, and the slope of that."""

import math

import numpy as np

from pellucid.ops.rule import rule


def reduced(loss, reduction):
    """The losses of the examples as one number, or as they are."""
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


def averaged(dx, x, reduction):
    """``dx`` over the number of losses, where their mean was taken."""
    return dx / math.prod(x.shape) if reduction == "mean" else dx


@rule
class MSE:
    """L = mean of (x - y)^2."""

    def forward(x, y, *, reduction="mean"):
        return reduced((x - y) ** 2, reduction)

    def backward(g, loss, x, y, *, reduction="mean", needs):
        dx = averaged(g * 2 * (x - y), x, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None


@rule
class L1:
    """L = mean of |x - y|, the mean absolute error."""

    def forward(x, y, *, reduction="mean"):
        return reduced(np.abs(x - y), reduction)

    def backward(g, loss, x, y, *, reduction="mean", needs):
        dx = averaged(g * np.sign(x - y), x, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None


@rule
class Huber:
    """L = mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), with d = x - y.

    Source: Huber 1964.
    """

    def forward(x, y, *, delta=1.0, reduction="mean"):
        d = np.abs(x - y)
        losses = np.where(d <= delta, 0.5 * d**2, delta * (d - 0.5 * delta))
        return reduced(losses, reduction)

    def backward(g, loss, x, y, *, delta=1.0, reduction="mean", needs):
        dx = averaged(g * np.clip(x - y, -delta, delta), x, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None


def held_log(p):
    """log p, but -100 where it would be less."""
    least = math.exp(-100)  # in float32 its own logarithm is only -99.98
    return np.where(p > least, np.log(np.maximum(p, least)), -100)


@rule
class BCE:
    """L = mean of -w (y log p + (1 - y) log(1 - p)); logarithms no lower than -100, as in torch."""

    def forward(p, y, w=None, *, reduction="mean"):
        losses = -(y * held_log(p) + (1 - y) * held_log(1 - p))
        return reduced(losses if w is None else losses * w, reduction)

    def backward(g, loss, p, y, w=None, *, reduction="mean", needs):
        g = averaged(g if w is None else g * w, p, reduction)
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
        losses = (1 - y) * z + (soft if v is None else (1 + (v - 1) * y) * soft)
        return reduced(losses if w is None else losses * w, reduction)

    def backward(g, loss, z, y, w=None, v=None, *, reduction="mean", needs):
        g = g if w is None else g * w
        e = np.exp(-np.abs(z))
        dz = dy = None
        if needs[0]:
            p = np.where(z >= 0, 1, e) / (1 + e)
            dz = g * (p - y if v is None else 1 - y - (1 + (v - 1) * y) * (1 - p))
            dz = averaged(dz, z, reduction)
        if needs[1]:
            soft = np.maximum(-z, 0) + np.log1p(e)
            dy = averaged(g * (-z if v is None else (v - 1) * soft - z), z, reduction)
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
        shifted = z - z.max(axis=axis, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        q = onehot = target(z, y, axis)
        divisor = math.prod(z.shape) // z.shape[axis]
        if w is not None:
            w = per_class(w, z, axis)
            divisor = divisor if y.ndim == z.ndim else (w * onehot).sum()
        if label_smoothing > 0:
            q = (1 - label_smoothing) * onehot + label_smoothing / z.shape[axis]
        q = q if w is None else w * q
        losses = -(q * log_p).sum(axis=axis)
        weighted = reduction == "mean" and w is not None
        loss = losses.sum() / divisor if weighted else reduced(losses, reduction)
        return loss, log_p, q, divisor

    def backward(
        g, loss, log_p, q, divisor, z, y, w=None, *, label_smoothing=0.0, reduction="mean", needs
    ):
        axis = 1 if z.ndim > 1 else 0
        g = np.expand_dims(g, axis) if reduction == "none" else g
        dz = dy = None
        if needs[0]:
            p = np.exp(log_p)
            if w is not None or y.ndim == z.ndim:  # else each row of q sums to 1
                p = p * q.sum(axis=axis, keepdims=True)
            dz = g * (p - q)
            dz = dz / divisor if reduction == "mean" else dz
        if needs[1]:
            dq = -g * log_p if w is None else -g * log_p * per_class(w, z, axis)
            dq = dq / divisor if reduction == "mean" else dq
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
