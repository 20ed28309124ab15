"""Bringing numbers to mean 0 and variance 1: over the batch, or over the features."""

import numpy as np

from pellucid.ops.rule import like, rule


def per_channel(v, x):
    """``v`` of shape (C,), shaped to stand beside x of shape (B, C, ...)."""
    return v if x.ndim == 2 else v.reshape((1, -1) + (1,) * (x.ndim - 2))


def batch_axes(x):
    """All axes of (B, C, ...) but the channels."""
    return (0, *range(2, x.ndim))


@rule
class BatchNorm:
    """y = (x - mean) / sqrt(var + eps) * W + b, mean and variance taken over the batch.

    x (B, C, ...), W and b (C,) or None. The extras are x-hat, 1 / sqrt(var + eps), and the mean and
    the (biased) variance, both (C,), for the running statistics.
    Source: Ioffe & Szegedy 2015, Algorithm 1.
    """

    def forward(x, W=None, b=None, *, eps):
        axes = batch_axes(x)
        mean = x.mean(axis=axes)
        centred = x - per_channel(mean, x)
        var = (centred**2).mean(axis=axes)
        scale = 1 / np.sqrt(var + eps)
        xhat = centred * per_channel(scale, x)
        y = xhat if W is None else xhat * per_channel(W, x)
        y = y if b is None else y + per_channel(b, x)
        return y, xhat, scale, mean, var

    def backward(g, y, xhat, scale, mean, var, x, W=None, b=None, *, eps, needs):
        axes = batch_axes(x)
        dW = (g * xhat).sum(axis=axes) if needs[1] else None
        db = g.sum(axis=axes) if needs[2] else None
        if not needs[0]:
            return None, dW, db
        dxhat = g if W is None else g * per_channel(W, x)
        pull = dxhat.mean(axis=axes, keepdims=True)
        turn = (dxhat * xhat).mean(axis=axes, keepdims=True)
        dx = (dxhat - pull - xhat * turn) * per_channel(scale, x)
        return dx, dW, db


@rule
class BatchNormInference:
    """y = (x - mean) / sqrt(var + eps) * W + b, with the running mean and variance, (C,) each."""

    def forward(x, mean, var, W=None, b=None, *, eps):
        scale = per_channel(1 / np.sqrt(var + eps), x)
        xhat = (x - per_channel(mean, x)) * scale
        y = xhat if W is None else xhat * per_channel(W, x)
        y = y if b is None else y + per_channel(b, x)
        return y, xhat, scale

    def backward(g, y, xhat, scale, x, mean, var, W=None, b=None, *, eps, needs):
        axes = batch_axes(x)
        dxhat = g if W is None else g * per_channel(W, x)
        dx = dxhat * scale if needs[0] else None
        dW = (g * xhat).sum(axis=axes) if needs[3] else None
        db = g.sum(axis=axes) if needs[4] else None
        return dx, None, None, dW, db


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
