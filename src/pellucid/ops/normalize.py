"""Bringing numbers to mean 0 and variance 1: over the batch, over the features, over both."""

import math

import numpy as np

from pellucid.ops.rule import helper, like, rule

# Statistics are taken axis by axis. A sum of 36,864 float32 numbers one after another (what NumPy
# does across the rows of channels-last memory) loses two digits; sums of sums lose none of them,
# and the first of them, over the outermost axis, runs through memory from end to end.


def per_channel(v, x):
    """``v`` of shape (C,), shaped to stand beside x of shape (B, C, ...)."""
    return v if x.ndim == 2 else v.reshape((1, -1) + (1,) * (x.ndim - 2))


def channel_mean(x):
    """The mean of each channel of (B, C, ...): (C,)."""
    m = x.mean(axis=0)
    while m.ndim > 1:
        m = m.mean(axis=1)
    return m


def channel_sum(x):
    """The sum of each channel of (B, C, ...): (C,)."""
    return sum_beyond(x.sum(axis=0), 1)


def sum_beyond(x, axes):
    """x summed until its first ``axes`` axes are left."""
    while x.ndim > axes:
        x = x.sum(axis=axes)
    return x


@rule
class BatchNorm:
    """y = (x - mean) / sqrt(var + eps) * W + b, mean and variance taken over the batch.

    x (B, C, ...), W and b (C,) or None. The extras are x - mean, 1 / sqrt(var + eps), and the mean
    and the (biased) variance, both (C,), for the running statistics.
    Source: Ioffe & Szegedy 2015, Algorithm 1.
    """

    def forward(x, W=None, b=None, *, eps):
        mean = channel_mean(x)
        centred = x - per_channel(mean, x)
        var = channel_mean(centred**2)
        scale = 1 / np.sqrt(var + eps)
        slope = per_channel(scale if W is None else scale * W, x)
        y = centred * slope
        y = y if b is None else y + per_channel(b, x)
        return y, centred, scale, mean, var

    def backward(g, y, centred, scale, mean, var, x, W=None, b=None, *, eps, needs):
        db = channel_sum(g)
        dW = channel_sum(g * centred) * scale
        dx = None
        if needs[0]:
            n = math.prod(x.shape) // x.shape[1]
            pull = per_channel(db / n, x)
            turn = per_channel(dW * scale / n, x)
            slope = per_channel(scale if W is None else scale * W, x)
            dx = (g - pull - centred * turn) * slope
        return dx, dW if needs[1] else None, db if needs[2] else None


@rule
class BatchNormInference:
    """y = (x - mean) / sqrt(var + eps) * W + b, with the running mean and variance, (C,) each."""

    def forward(x, mean, var, W=None, b=None, *, eps):
        scale = 1 / np.sqrt(var + eps)
        centred = x - per_channel(mean, x)
        slope = per_channel(scale if W is None else scale * W, x)
        y = centred * slope
        y = y if b is None else y + per_channel(b, x)
        return y, centred, scale

    def backward(g, y, centred, scale, x, mean, var, W=None, b=None, *, eps, needs):
        slope = scale if W is None else scale * W
        dx = g * per_channel(slope, x) if needs[0] else None
        dW = channel_sum(g * centred) * scale if needs[3] else None
        db = channel_sum(g) if needs[4] else None
        return dx, None, None, dW, db


@rule
class GroupNorm:
    """y = (x - mean) / sqrt(var + eps) * W + b over each group of channels of each example.

    x (B, C, ...), W and b (C,) or None. With C groups it is instance norm. The extras are x - mean
    in the shape (B, groups, C / groups, ...), and 1 / sqrt(var + eps), the mean and the (biased)
    variance, all (B, groups). Source: Wu & He 2018; for C groups Ulyanov et al. 2016.
    """

    def forward(x, W=None, b=None, *, groups, eps):
        z = x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])
        n = math.prod(z.shape[2:])
        mean = sum_beyond(z, 3).sum(axis=2) / n
        centred = z - per_group(mean, z)
        var = sum_beyond(centred**2, 3).sum(axis=2) / n
        scale = 1 / np.sqrt(var + eps)
        slope = per_group(scale, z)
        weighted = slope if W is None else slope * per_member(W, z)
        y = centred * weighted
        y = y if b is None else y + per_member(b, z)
        return y.reshape(x.shape), centred, scale, mean, var

    def backward(g, y, centred, scale, mean, var, x, W=None, b=None, *, groups, eps, needs):
        dz = g.reshape(centred.shape)
        n = math.prod(centred.shape[2:])
        push = sum_beyond(dz, 3)  # (B, groups, C / groups), as the next one
        twist = sum_beyond(dz * centred, 3) * np.expand_dims(scale, 2)
        db = push.sum(axis=0).reshape(x.shape[1]) if needs[2] else None
        dW = twist.sum(axis=0).reshape(x.shape[1]) if needs[1] else None
        if not needs[0]:
            return None, dW, db
        if W is not None:
            dz = dz * per_member(W, dz)
            push, twist = push * per_member(W, push), twist * per_member(W, twist)
        pull = per_group(push.sum(axis=2) / n, dz)
        turn = per_group(twist.sum(axis=2) * scale / n, dz)
        dx = (dz - pull - centred * turn) * per_group(scale, dz)
        return dx.reshape(x.shape), dW, db


def per_group(v, z):
    """``v`` of shape (B, groups), shaped to stand beside z (B, groups, C / groups, ...)."""
    return v.reshape(*v.shape, *(1,) * (z.ndim - 2))


def per_member(v, z):
    """``v`` of shape (C,), shaped to stand beside z (B, groups, C / groups, ...)."""
    return v.reshape(1, *z.shape[1:3], *(1,) * (z.ndim - 3))


@rule
class LayerNorm:
    """y = (x - mean) / sqrt(var + eps) * W + b over the last ``axes`` axes; extras x-hat and scale.

    Source: Ba, Kiros & Hinton 2016, equations 3 and 4.
    """

    def forward(x, W=None, b=None, *, axes=1, eps):
        last = tuple(range(-axes, 0))
        centred = x - x.mean(axis=last, keepdims=True)
        var = (centred**2).mean(axis=last, keepdims=True)
        scale = 1 / np.sqrt(var + eps)
        xhat = centred * scale
        y = xhat if W is None else xhat * W
        y = y if b is None else y + b
        return y, xhat, scale

    def backward(g, y, xhat, scale, x, W=None, b=None, *, axes=1, eps, needs):
        last = tuple(range(-axes, 0))
        dW = like(g * xhat, W) if needs[1] else None
        db = like(g, b) if needs[2] else None
        if not needs[0]:
            return None, dW, db
        dxhat = g if W is None else g * W
        pull = dxhat.mean(axis=last, keepdims=True)
        turn = (dxhat * xhat).mean(axis=last, keepdims=True)
        return (dxhat - pull - xhat * turn) * scale, dW, db


@rule
class RMSNorm:
    """y = x / sqrt(mean(x^2) + eps) * W over the last ``axes`` axes; extras x-hat and scale.

    Source: Zhang & Sennrich 2019, equation 4.
    """

    def forward(x, W=None, *, axes=1, eps):
        last = tuple(range(-axes, 0))
        scale = 1 / np.sqrt((x**2).mean(axis=last, keepdims=True) + eps)
        xhat = x * scale
        return xhat if W is None else xhat * W, xhat, scale

    def backward(g, y, xhat, scale, x, W=None, *, axes=1, eps, needs):
        last = tuple(range(-axes, 0))
        dW = like(g * xhat, W) if needs[1] else None
        if not needs[0]:
            return None, dW
        dxhat = g if W is None else g * W
        turn = (dxhat * xhat).mean(axis=last, keepdims=True)
        return (dxhat - xhat * turn) * scale, dW


@helper
def sum_of_neighbours(x, before, after, out=None):
    """The sum over the channels c - before to c + after of x (B, C, ...); beyond them is 0."""
    if out is None:
        out = np.empty_like(x)
    out[...] = x
    n = x.shape[1]
    for k in range(1, min(before, n - 1) + 1):
        out[:, k:] += x[:, :-k]
    for k in range(1, min(after, n - 1) + 1):
        out[:, :-k] += x[:, k:]
    return out


@rule
class LocalResponseNorm:
    """y = x / (k + alpha / size * s)^beta, s the sum of x^2 over ``size`` neighbouring channels.

    x (B, C, ...). Extra: what stands in the brackets.
    Source: Krizhevsky et al. 2012, section 3.3; alpha is divided by the size, as in torch.
    """

    def forward(x, *, size, alpha=1e-4, beta=0.75, k=1.0):
        bracket = k + alpha / size * sum_of_neighbours(x**2, size // 2, (size - 1) // 2)
        return x * bracket**-beta, bracket

    def backward(g, y, bracket, x, *, size, alpha=1e-4, beta=0.75, k=1.0):
        # channel c stands in the sums of those that have it as a neighbour: the window turned round
        felt = sum_of_neighbours(g * y / bracket, (size - 1) // 2, size // 2)
        return (g * bracket**-beta - 2 * alpha * beta / size * x * felt,)
