"""How wrong the network is, one fused entry each, and the slope of that."""

import math

import numpy as np

from pellucid.ops.rule import like, rule


def reduced(loss, reduction):
    """The losses of the examples as one number, or as they are."""
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


def averaged(dx, x, reduction):
    """``dx`` over the number of losses, which is that of ``x``, where their mean was taken."""
    return dx / math.prod(x.shape) if reduction == "mean" else dx


def weighed(losses, w, reduction):
    """The losses times their weights as one number; their mean divides by the sum of weights."""
    if w is None:
        return reduced(losses, reduction)
    total = reduced(losses * w, "none" if reduction == "none" else "sum")
    return total / w.sum() if reduction == "mean" else total


def weighed_back(dx, x, w, reduction):
    """What ``weighed`` does to a gradient."""
    if w is None:
        return averaged(dx, x, reduction)
    return dx * w / w.sum() if reduction == "mean" else dx * w


@rule
class MSE:
    """L = mean of w (x - y)^2; the mean divides by the sum of w where weights are given."""

    def forward(x, y, w=None, *, reduction="mean"):
        return weighed((x - y) ** 2, w, reduction)

    def backward(g, loss, x, y, w=None, *, reduction="mean", needs):
        dx = weighed_back(g * 2 * (x - y), x, w, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None, None


@rule
class L1:
    """L = mean of w |x - y|; the mean divides by the sum of w where weights are given."""

    def forward(x, y, w=None, *, reduction="mean"):
        return weighed(np.abs(x - y), w, reduction)

    def backward(g, loss, x, y, w=None, *, reduction="mean", needs):
        dx = weighed_back(g * np.sign(x - y), x, w, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None, None


@rule
class SmoothL1:
    """L = mean of d^2 / (2 beta) where |d| < beta, else |d| - beta / 2, with d = x - y.

    This is Huber's loss over its width: beta = delta, the slope never above 1. Source: Girshick
    2015, equation 3.
    """

    def forward(x, y, *, beta=1.0, reduction="mean"):
        d = np.abs(x - y)
        losses = np.where(d < beta, 0.5 * d**2 / beta, d - 0.5 * beta) if beta > 0 else d
        return reduced(losses, reduction)

    def backward(g, loss, x, y, *, beta=1.0, reduction="mean", needs):
        slope = np.clip((x - y) / beta, -1, 1) if beta > 0 else np.sign(x - y)
        dx = averaged(g * slope, x, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None


@rule
class Huber:
    """L = mean of w d^2 / 2 where |d| <= delta, else w delta (|d| - delta / 2), with d = x - y.

    Source: Huber 1964.
    """

    def forward(x, y, w=None, *, delta=1.0, reduction="mean"):
        d = np.abs(x - y)
        losses = np.where(d <= delta, 0.5 * d**2, delta * (d - 0.5 * delta))
        return reduced(losses if w is None else losses * w, reduction)

    def backward(g, loss, x, y, w=None, *, delta=1.0, reduction="mean", needs):
        dx = averaged(g * np.clip(x - y, -delta, delta), x, reduction)
        dx = dx if w is None else dx * w
        return dx if needs[0] else None, -dx if needs[1] else None, None


@rule
class PoissonNLL:
    """L = mean of r - y log r, the rate r = exp(x) or, with ``log_input=False``, x + eps.

    ``full`` adds Stirling's y log y - y + log(2 pi y) / 2 for log y!, where y > 1.
    """

    def forward(x, y, *, log_input=True, full=False, eps=1e-8, reduction="mean"):
        losses = np.exp(x) - y * x if log_input else x - y * np.log(x + eps)
        if full:
            many = np.where(y > 1, y, 1)
            stirling = many * np.log(many) - many + 0.5 * np.log(2 * math.pi * many)
            losses = losses + np.where(y > 1, stirling, 0)
        return reduced(losses, reduction)

    def backward(g, loss, x, y, *, log_input=True, full=False, eps=1e-8, reduction="mean", needs):
        g = averaged(g, y, reduction)
        dx = dy = None
        if needs[0]:
            dx = g * (np.exp(x) - y) if log_input else g * (1 - y / (x + eps))
        if needs[1]:
            slope = -x if log_input else -np.log(x + eps)
            if full:
                many = np.where(y > 1, y, 1)
                slope = slope + np.where(y > 1, np.log(many) + 0.5 / many, 0)
            dy = g * slope
        return dx, dy


@rule
class GaussianNLL:
    """L = mean of (log v + (x - y)^2 / v) / 2, the variance v held at eps or above.

    v has the shape of x or one that is broadcast to it. ``full`` adds log(2 pi) / 2. The gradient
    of v is that at max(v, eps), below eps too, as in torch. Source: Nix & Weigend 1994.
    """

    def forward(x, y, v, *, full=False, eps=1e-6, reduction="mean"):
        held = np.maximum(v, eps)
        losses = 0.5 * (np.log(held) + (x - y) ** 2 / held)
        return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)

    def backward(g, loss, x, y, v, *, full=False, eps=1e-6, reduction="mean", needs):
        held = np.maximum(v, eps)
        g = averaged(g, x, reduction)
        dx = g * (x - y) / held
        dv = like(g * 0.5 * (1 / held - ((x - y) / held) ** 2), v) if needs[2] else None
        return dx if needs[0] else None, -dx if needs[1] else None, dv


@rule
class KLDiv:
    """L = mean of y (log y - x), x log-probabilities; y as logarithms with ``log_target``.

    ``reduction="batchmean"`` divides the sum by the length of axis 0: that is the divergence of two
    distributions. 0 log 0 counts as 0.
    """

    def forward(x, y, *, log_target=False, reduction="mean"):
        losses = np.exp(y) * (y - x) if log_target else y * (log_or_0(y) - x)
        if reduction == "batchmean":
            return losses.sum() / x.shape[0] if x.ndim else losses.sum()
        return reduced(losses, reduction)

    def backward(g, loss, x, y, *, log_target=False, reduction="mean", needs):
        g = averaged(g, x, reduction)
        g = g / x.shape[0] if reduction == "batchmean" and x.ndim else g
        dx = dy = None
        if needs[0]:
            dx = -g * np.exp(y) if log_target else -g * y
        if needs[1]:
            slope = np.exp(y) * (y - x + 1) if log_target else log_or_0(y) + 1 - x
            dy = g * slope
        return dx, dy


def log_or_0(y):
    """log y, and 0 where y is 0."""
    return np.log(np.where(y > 0, y, 1))


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
    it divides by the sum of w_y, as torch does. Where y is ``ignore_index`` the example counts
    nowhere. Extras: log softmax(z), w q, and the divisor.
    Source: Szegedy et al. 2016, section 7, for the smoothing.
    """

    def forward(z, y, w=None, *, label_smoothing=0.0, ignore_index=None, reduction="mean"):
        axis = 1 if z.ndim > 1 else 0
        shifted = z - z.max(axis=axis, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
        q = onehot = target(z, y, axis)
        divisor = math.prod(z.shape) // z.shape[axis]
        if ignore_index is not None:
            counts = (np.expand_dims(y, axis) != ignore_index).astype(z.dtype)
            q = onehot = onehot * counts  # ignore_index may be a class, too
            divisor = counts.sum()
        if w is not None:
            w = per_class(w, z, axis)
            divisor = divisor if y.ndim == z.ndim else (w * onehot).sum()
        if label_smoothing > 0:
            q = (1 - label_smoothing) * onehot + label_smoothing / z.shape[axis]
            q = q if ignore_index is None else q * counts
        q = q if w is None else w * q
        losses = -(q * log_p).sum(axis=axis)
        uneven = reduction == "mean" and (w is not None or ignore_index is not None)
        loss = losses.sum() / divisor if uneven else reduced(losses, reduction)
        return loss, log_p, q, divisor

    def backward(
        g,
        loss,
        log_p,
        q,
        divisor,
        z,
        y,
        w=None,
        *,
        label_smoothing=0.0,
        ignore_index=None,
        reduction="mean",
        needs,
    ):
        axis = 1 if z.ndim > 1 else 0
        g = np.expand_dims(g, axis) if reduction == "none" and axis else g
        dz = dy = None
        if needs[0]:
            p = np.exp(log_p)
            if w is not None or ignore_index is not None or y.ndim == z.ndim:
                p = p * q.sum(axis=axis, keepdims=True)  # else each row of q sums to 1
            dz = g * (p - q)
            dz = dz / divisor if reduction == "mean" else dz
        if needs[1]:
            dq = -g * log_p if w is None else -g * log_p * per_class(w, z, axis)
            dq = dq / divisor if reduction == "mean" else dq
            dy = (1 - label_smoothing) * dq
        return dz, dy, None


@rule
class NLL:
    """L = mean over the examples of -w_y x_y, x log-probabilities.

    x (B, C, ...), the classes on axis 1 (axis 0 without a batch); y (B, ...) the classes; w (C,)
    class weights or None. The mean divides by the sum of w_y. Where y is ``ignore_index`` the
    example counts nowhere. Extras: which x_c count, times w_c, and the divisor.
    """

    def forward(x, y, w=None, *, ignore_index=None, reduction="mean"):
        axis = 1 if x.ndim > 1 else 0
        chosen = is_class(x, y, axis)
        if ignore_index is not None:
            chosen = chosen & (np.expand_dims(y, axis) != ignore_index)
        share = chosen.astype(x.dtype) if w is None else chosen * per_class(w, x, axis)
        divisor = share.sum()
        losses = -(share * np.where(chosen, x, 0)).sum(axis=axis)  # a log 0 elsewhere is no matter
        loss = losses.sum() / divisor if reduction == "mean" else reduced(losses, reduction)
        return loss, share, divisor

    def backward(g, loss, share, divisor, x, y, w=None, *, ignore_index=None, reduction="mean"):
        axis = 1 if x.ndim > 1 else 0
        g = np.expand_dims(g, axis) if reduction == "none" and axis else g
        dx = -g * share
        return dx / divisor if reduction == "mean" else dx, None, None


def per_class(v, z, axis):
    """``v``, one number a class, shaped to stand beside z with its classes on ``axis``."""
    return v.reshape((-1,) + (1,) * (z.ndim - 1 - axis))


def is_class(z, y, axis):
    """Where the class is y, in the shape of z with its classes on ``axis``."""
    return np.expand_dims(y, axis) == per_class(np.arange(z.shape[axis]), z, axis)


def target(z, y, axis):
    """The classes as rows of probabilities: one-hot for integers, themselves otherwise."""
    return y if y.ndim == z.ndim else is_class(z, y, axis).astype(z.dtype)
