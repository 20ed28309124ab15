"""How far apart two vectors are, and how long one is."""

import math

import numpy as np

from pellucid.ops.rule import like, rule


@rule
class Norm:
    """y = (sum |x|^p)^(1 / p) along the axes; p = inf: the greatest |x|; the slope at 0 is 0."""

    def forward(x, *, p=2.0, axis=-1, keepdims=False):
        if p == 2:
            return np.sqrt((x**2).sum(axis=axis, keepdims=keepdims))
        size = np.abs(x)
        if p == 1:
            return size.sum(axis=axis, keepdims=keepdims)
        if p == math.inf:
            return size.max(axis=axis, keepdims=keepdims)
        return (size**p).sum(axis=axis, keepdims=keepdims) ** (1 / p)

    def backward(g, y, x, *, p=2.0, axis=-1, keepdims=False):
        if not keepdims:
            g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
        if p == 1:
            return (g * np.sign(x),)
        if p == math.inf:  # equal values share the gradient
            greatest = (np.abs(x) == y).astype(x.dtype)
            return (g * np.sign(x) * greatest / greatest.sum(axis=axis, keepdims=True),)
        ratio = x / np.where(y == 0, 1, y)
        if p == 2:
            return (g * ratio,)
        share = np.where(x == 0, 1, np.abs(ratio)) ** (p - 1)  # 0 to a power below 0 is infinite
        return (g * np.sign(x) * share,)


@rule
class CosineSimilarity:
    """y = a . b / (max(|a|, eps) max(|b|, eps)) along the axis; extras: the unit vectors, lengths.

    The slope of a length below eps is taken as 0.
    """

    def forward(a, b, *, axis=1, eps=1e-8):
        length_a = np.sqrt((a**2).sum(axis=axis, keepdims=True))
        length_b = np.sqrt((b**2).sum(axis=axis, keepdims=True))
        unit_a = a / np.maximum(length_a, eps)
        unit_b = b / np.maximum(length_b, eps)
        return (unit_a * unit_b).sum(axis=axis), unit_a, unit_b, length_a, length_b

    def backward(g, y, unit_a, unit_b, length_a, length_b, a, b, *, axis=1, eps=1e-8, needs):
        g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
        da = g * (unit_b - y * (length_a > eps) * unit_a) / np.maximum(length_a, eps)
        db = g * (unit_a - y * (length_b > eps) * unit_b) / np.maximum(length_b, eps)
        return like(da, a) if needs[0] else None, like(db, b) if needs[1] else None
