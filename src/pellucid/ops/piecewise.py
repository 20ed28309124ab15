"""The non-linear functions made of straight pieces: ReLU and its kin."""

import numpy as np

from pellucid.ops.normalize import channel_sum, per_channel
from pellucid.ops.rule import rule


@rule
class Step:
    """y = 1 where x >= 0, else 0 (Heaviside); its slope is 0 wherever it has one."""

    def forward(x):
        return (x >= 0).astype(x.dtype)

    def backward(g, y, x):
        return (g * 0,)


@rule
class ReLU:
    """y = max(x, 0); the slope at 0 is taken as 0."""

    def forward(x):
        return np.maximum(x, 0)

    def backward(g, y, x):
        return (g * (y > 0),)


@rule
class LeakyReLU:
    """y = x where x > 0, else slope * x."""

    def forward(x, *, slope=0.01):
        positive = x > 0
        return np.where(positive, x, slope * x)

    def backward(g, y, x, *, slope=0.01):
        return (np.where(x > 0, g, slope * g),)


@rule
class PReLU:
    """y = x where x > 0, else W x; W (1,), or one for each channel of x (B, C, ...).

    Source: He et al. 2015, equation 1.
    """

    def forward(x, W):
        slope = W[0] if W.shape[0] == 1 else per_channel(W, x)
        return np.where(x > 0, x, slope * x)

    def backward(g, y, x, W, *, needs):
        slope = W[0] if W.shape[0] == 1 else per_channel(W, x)
        dx = np.where(x > 0, g, slope * g) if needs[0] else None
        if not needs[1]:
            return dx, None
        below = g * np.minimum(x, 0)
        return dx, below.sum().reshape(1) if W.shape[0] == 1 else channel_sum(below)


@rule
class RReLU:
    """y = x where x > 0, else slope * x, each slope drawn from U(lower, upper); extra: the slopes.

    Source: Xu et al. 2015, section 2.4.
    """

    def forward(x, rng, *, lower, upper):
        slope = lower + (upper - lower) * rng.random(x.shape, dtype=x.dtype)
        return np.where(x > 0, x, slope * x), slope

    def backward(g, y, slope, x, rng, *, lower, upper):
        return np.where(x > 0, g, slope * g), None


@rule
class Hardtanh:
    """y = x, held between low and high; no gradient at or beyond them."""

    def forward(x, *, low=-1.0, high=1.0):
        return np.minimum(np.maximum(x, low), high)

    def backward(g, y, x, *, low=-1.0, high=1.0):
        return (g * ((x > low) & (x < high)),)


@rule
class Hardsigmoid:
    """y = (x + 3) / 6, held between 0 and 1: a sigmoid of three straight pieces."""

    def forward(x):
        return np.minimum(np.maximum(x + 3, 0), 6) / 6

    def backward(g, y, x):
        return (g * ((x > -3) & (x < 3)) / 6,)


@rule
class Hardswish:
    """y = x hardsigmoid(x): a SiLU without an exponential. Source: Howard et al. 2019."""

    def forward(x):
        return x * (np.minimum(np.maximum(x + 3, 0), 6) / 6)

    def backward(g, y, x):
        return (g * np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1)),)


@rule
class Hardshrink:
    """y = x where |x| > limit, else 0."""

    def forward(x, *, limit=0.5):
        return np.where(np.abs(x) <= limit, 0, x)  # in this order NaN stays NaN

    def backward(g, y, x, *, limit=0.5):
        return (g * (np.abs(x) > limit),)


@rule
class Softshrink:
    """y = x, brought nearer to 0 by limit; 0 where |x| <= limit."""

    def forward(x, *, limit=0.5):
        return x - np.minimum(np.maximum(x, -limit), limit)

    def backward(g, y, x, *, limit=0.5):
        return (g * (np.abs(x) > limit),)


@rule
class Threshold:
    """y = x where x > threshold, else value."""

    def forward(x, *, threshold, value):
        return np.where(x <= threshold, value, x)  # in this order NaN stays NaN

    def backward(g, y, x, *, threshold, value):
        return (g * (x > threshold),)
