"""What makes a network more than one matrix: the non-linear functions between layers."""

import math

import numpy as np

from pellucid.ops.normal import normal_cdf
from pellucid.ops.rule import rule


@rule
class Step:
    """y = 1 where x >= 0, else 0 (Heaviside); its slope is 0 wherever it has one."""

    def forward(x):
        return (x >= 0).astype(x.dtype)

    def backward(g, y, x):
        return (g * 0,)


def logistic(x):
    """1 / (1 + e^-x) without overflow: with e = e^-|x|, it is 1 / (1 + e) or e / (1 + e)."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


@rule
class Sigmoid:
    """y = 1 / (1 + e^-x), between 0 and 1."""

    def forward(x):
        return logistic(x)

    def backward(g, y, x):
        return (g * y * (1 - y),)


@rule
class Tanh:
    """y = tanh(x), between -1 and 1."""

    numpy = np.tanh

    def forward(x):
        return np.tanh(x)

    def backward(g, y, x):
        return (g * (1 - y**2),)


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
class ELU:
    """y = x where x > 0, else alpha (e^x - 1). Source: Clevert et al. 2016, equation 15."""

    def forward(x, *, alpha=1.0):
        positive = x > 0
        return np.where(positive, x, alpha * np.expm1(np.minimum(x, 0)))

    def backward(g, y, x, *, alpha=1.0):
        return (np.where(x > 0, g, g * (y + alpha)),)


@rule
class Softplus:
    """y = log(1 + e^(beta x)) / beta; x itself where beta x > threshold."""

    def forward(x, *, beta=1.0, threshold=20.0):
        z = beta * x
        y = (np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))) / beta
        return np.where(z > threshold, x, y)

    def backward(g, y, x, *, beta=1.0, threshold=20.0):
        z = beta * x
        return (np.where(z > threshold, g, g * logistic(z)),)


@rule
class SiLU:
    """y = x sigmoid(x), also called swish; extra: sigmoid(x)."""

    def forward(x):
        s = logistic(x)
        return x * s, s

    def backward(g, y, s, x):
        return (g * (s + y * (1 - s)),)


@rule
class GELU:
    """y = x Phi(x), Phi the normal distribution; extra: Phi(x), or the tanh in its place.

    ``approximate="tanh"``: y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    Source: Hendrycks & Gimpel 2016, section 2.
    """

    def forward(x, *, approximate="none"):
        if approximate == "tanh":
            t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
            return 0.5 * x * (1 + t), t
        phi = normal_cdf(x)
        return x * phi, phi

    def backward(g, y, phi, x, *, approximate="none"):
        if approximate == "tanh":
            t = phi
            inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
            return (g * (0.5 * (1 + t) + 0.5 * x * (1 - t**2) * inner),)
        density = np.exp(-0.5 * x**2) / math.sqrt(2 * math.pi)
        return (g * (phi + x * density),)


@rule
class Softmax:
    """y_i = e^x_i / sum_j e^x_j along the axis; the greatest x is taken off first."""

    def forward(x, *, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    def backward(g, y, x, *, axis=-1):
        # the whole Jacobian, diag(y) - y y^T, times g
        return (y * (g - (g * y).sum(axis=axis, keepdims=True)),)


@rule
class LogSoftmax:
    """y = log softmax(x) along the axis, without the detour through softmax."""

    def forward(x, *, axis=-1):
        z = x - x.max(axis=axis, keepdims=True)
        return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))

    def backward(g, y, x, *, axis=-1):
        return (g - np.exp(y) * g.sum(axis=axis, keepdims=True),)
