"""Losses that ask for a margin: between classes, between distances, from 0."""

import math

import numpy as np

from pellucid.ops.loss import averaged, is_class, reduced
from pellucid.ops.rule import rule


@rule
class HingeEmbedding:
    """L = mean of x where y = 1, and of max(0, margin - x) where y = -1."""

    def forward(x, y, *, margin=1.0, reduction="mean"):
        return reduced(np.where(y > 0, x, np.maximum(margin - x, 0)), reduction)

    def backward(g, loss, x, y, *, margin=1.0, reduction="mean"):
        short = (margin - x >= 0).astype(x.dtype)
        return averaged(g * np.where(y > 0, 1, -short), x, reduction), None


@rule
class SoftMargin:
    """L = mean of log(1 + exp(-y x)), written so that it cannot overflow."""

    def forward(x, y, *, reduction="mean"):
        m = y * x
        return reduced(np.maximum(-m, 0) + np.log1p(np.exp(-np.abs(m))), reduction)

    def backward(g, loss, x, y, *, reduction="mean"):
        m = y * x
        e = np.exp(-np.abs(m))
        wrong = np.where(m >= 0, e, 1) / (1 + e)  # sigmoid(-m)
        return averaged(-g * y * wrong, x, reduction), None


@rule
class MarginRanking:
    """L = mean of max(0, margin - y (x1 - x2)): x1 above x2 where y = 1, below where y = -1."""

    def forward(x1, x2, y, *, margin=0.0, reduction="mean"):
        return reduced(np.maximum(margin - y * (x1 - x2), 0), reduction)

    def backward(g, loss, x1, x2, y, *, margin=0.0, reduction="mean", needs):
        short = (margin - y * (x1 - x2) >= 0).astype(x1.dtype)
        dx = averaged(-g * y * short, x1, reduction)
        return dx if needs[0] else None, -dx if needs[1] else None, None


@rule
class CosineEmbedding:
    """L = mean of 1 - c where y = 1, and of max(0, c - margin) where y = -1; c = cos(x1, x2).

    x1, x2 (B, D) and y (B,); or (D,) and (). The squares |x|^2 are 1e-12 larger, as in torch.
    """

    def forward(x1, x2, y, *, margin=0.0, reduction="mean"):
        size1 = (x1**2).sum(axis=-1) + 1e-12
        size2 = (x2**2).sum(axis=-1) + 1e-12
        c = (x1 * x2).sum(axis=-1) / np.sqrt(size1 * size2)
        losses = np.where(y > 0, 1 - c, np.maximum(c - margin, 0))
        return reduced(losses, reduction), size1, size2, c

    def backward(g, loss, size1, size2, c, x1, x2, y, *, margin=0.0, reduction="mean", needs):
        near = (c >= margin).astype(x1.dtype)
        dc = averaged(g * np.where(y > 0, -1, near), y, reduction)
        both = dc / np.sqrt(size1 * size2)
        dx1 = dx2 = None
        if needs[0]:
            dx1 = beside(both) * x2 - beside(dc * c / size1) * x1
        if needs[1]:
            dx2 = beside(both) * x1 - beside(dc * c / size2) * x2
        return dx1, dx2, None


def beside(v):
    """One number a vector, to stand beside the vectors; a single number stands beside anything."""
    return np.expand_dims(v, -1) if np.ndim(v) else v


@rule
class TripletMargin:
    """L = mean of max(0, d(x, y) - d(x, z) + margin), d(a, b) = |a - b + eps|_p on the last axis.

    x is the anchor, y like it, z unlike it. With ``swap`` d(y, z) stands for d(x, z) where it is
    less. Extras: d(x, y), d(x, z), d(y, z).
    Source: Balntas et al. 2016, section 3.
    """

    def forward(x, y, z, *, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction="mean"):
        near, far, other = norm(x - y + eps, p), norm(x - z + eps, p), norm(y - z + eps, p)
        losses = np.maximum(near - (np.minimum(far, other) if swap else far) + margin, 0)
        return reduced(losses, reduction), near, far, other

    def backward(
        g,
        loss,
        near,
        far,
        other,
        x,
        y,
        z,
        *,
        margin=1.0,
        p=2.0,
        eps=1e-6,
        swap=False,
        reduction="mean",
        needs,
    ):
        short = near - (np.minimum(far, other) if swap else far) + margin >= 0
        g = averaged(g, near, reduction)
        g = (beside(g) if reduction == "none" else g) * beside(short.astype(x.dtype))
        dxy = g * norm_slope(x - y + eps, near, p)
        dxz = g * norm_slope(x - z + eps, far, p)
        if swap:  # half each where both are as far
            ahead = 0.5 * (far <= other).astype(x.dtype) + 0.5 * (far < other).astype(x.dtype)
            dyz = g * beside(1 - ahead) * norm_slope(y - z + eps, other, p)
            dxz = beside(ahead) * dxz
        dx = dxy - dxz if needs[0] else None
        dy = (-dxy - dyz if swap else -dxy) if needs[1] else None
        dz = (dxz + dyz if swap else dxz) if needs[2] else None
        return dx, dy, dz


def norm(d, p):
    """|d|_p on the last axis."""
    if p == 2:
        return np.sqrt((d**2).sum(axis=-1))
    if p == math.inf:
        return np.abs(d).max(axis=-1)
    return np.abs(d).sum(axis=-1) if p == 1 else (np.abs(d) ** p).sum(axis=-1) ** (1 / p)


def norm_slope(d, r, p):
    """The derivative of r = |d|_p by d; 0 where r is 0."""
    r = beside(np.where(r > 0, r, 1))
    if p == 2:
        return d / r
    if p == math.inf:  # shared by all that are largest
        largest = (np.abs(d) == r).astype(d.dtype)
        return np.sign(d) * largest / np.maximum(largest.sum(axis=-1, keepdims=True), 1)
    if p == 1:
        return np.sign(d)
    return np.sign(d) * (np.where(d == 0, 1, np.abs(d)) / r) ** (p - 1)


@rule
class MultiMargin:
    """L = mean over the examples of w_y sum_(c != y) max(0, margin - x_y + x_c)^p / C.

    x (B, C) and y (B,) the classes; or (C,) and (); w (C,) class weights or None; p is 1 or 2.
    Source: Crammer & Singer 2001.
    """

    def forward(x, y, w=None, *, p=1, margin=1.0, reduction="mean"):
        chosen = is_class(x, y, x.ndim - 1)
        own = np.where(chosen, x, 0).sum(axis=-1, keepdims=True)
        short = np.where(chosen, 0, np.maximum(margin - own + x, 0))
        losses = (short if p == 1 else short**2).sum(axis=-1) / x.shape[-1]
        losses = losses if w is None else losses * np.where(chosen, w, 0).sum(axis=-1)
        return reduced(losses, reduction), short

    def backward(g, loss, short, x, y, w=None, *, p=1, margin=1.0, reduction="mean"):
        chosen = is_class(x, y, x.ndim - 1)
        g = averaged(g, y, reduction) / x.shape[-1]
        g = g if w is None else g * np.where(chosen, w, 0).sum(axis=-1)
        slope = (short > 0).astype(x.dtype) if p == 1 else 2 * short
        slope = slope - chosen * slope.sum(axis=-1, keepdims=True)
        return beside(g) * slope if w is not None or reduction == "none" else g * slope, None, None


@rule
class MultiLabelMargin:
    """L = mean over the examples of sum_(j in y, i not in y) max(0, 1 - x_j + x_i) / C.

    x (B, C) or (C,); y the same shape: the classes of an example, as far as its first -1.
    """

    def forward(x, y, *, reduction="mean"):
        pairs = label_pairs(x, y)
        short = np.maximum(1 - np.expand_dims(x, -1) + np.expand_dims(x, -2), 0)
        losses = (pairs * short).sum(axis=(-2, -1)) / x.shape[-1]
        return reduced(losses, reduction), pairs, short

    def backward(g, loss, pairs, short, x, y, *, reduction="mean"):
        g = averaged(g, x[..., 0], reduction) / x.shape[-1]
        on = pairs * (short > 0)
        slope = on.sum(axis=-2) - on.sum(axis=-1)
        return beside(g) * slope if reduction == "none" else g * slope, None


def label_pairs(x, y):
    """How often (j, i) are a class that is listed in y and one that is not: (..., C, C)."""
    listed = np.cumprod(y >= 0, axis=-1) > 0
    found = np.expand_dims(y, -1) == np.arange(x.shape[-1])
    times = (found & np.expand_dims(listed, -1)).sum(axis=-2).astype(x.dtype)
    return np.expand_dims(times, -1) * (np.expand_dims(times, -2) == 0)


@rule
class MultiLabelSoftMargin:
    """L = mean over examples and classes of -w (y log s(x) + (1 - y) log s(-x)), s the sigmoid.

    x (..., C), y probabilities in the shape of x, w broadcast to it or None.
    """

    def forward(x, y, w=None, *, reduction="mean"):
        losses = (1 - y) * x + np.maximum(-x, 0) + np.log1p(np.exp(-np.abs(x)))
        losses = losses if w is None else losses * w
        return reduced(losses.mean(axis=-1), reduction)

    def backward(g, loss, x, y, w=None, *, reduction="mean", needs):
        g = averaged(g, x[..., 0], reduction) / x.shape[-1]
        g = beside(g) if reduction == "none" else g
        g = g if w is None else g * w
        e = np.exp(-np.abs(x))
        p = np.where(x >= 0, 1, e) / (1 + e)
        return g * (p - y) if needs[0] else None, -g * x if needs[1] else None, None
