"""What makes a network more than one matrix: the smooth non-linear functions between layers."""

import math

import numpy as np

from pellucid.ops.normal import normal_cdf
from pellucid.ops.rule import rule

SELU_ALPHA = 1.6732632423543772848
SELU_SCALE = 1.0507009873554804934


def logistic(x):
    """1 / (1 + e^-x) without overflow: with e = e^-|x|, it is 1 / (1 + e) or e / (1 + e)."""
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def half(x, axis, k):
    """The first (k = 0) or second half of x along the axis."""
    n = x.shape[axis] // 2
    return x[(slice(None),) * (axis % x.ndim) + (slice(k * n, (k + 1) * n),)]


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
class ELU:
    """y = x where x > 0, else alpha (e^x - 1). Source: Clevert et al. 2016, equation 15."""

    def forward(x, *, alpha=1.0):
        positive = x > 0
        return np.where(positive, x, alpha * np.expm1(np.minimum(x, 0)))

    def backward(g, y, x, *, alpha=1.0):
        return (np.where(x > 0, g, g * (y + alpha)),)


@rule
class SELU:
    """y = scale * ELU(x) with the two numbers that keep mean 0 and variance 1.

    Source: Klambauer et al. 2017, equation 2.
    """

    def forward(x):
        below = SELU_ALPHA * np.expm1(np.minimum(x, 0))
        return SELU_SCALE * np.where(x > 0, x, below)

    def backward(g, y, x):
        return (np.where(x > 0, SELU_SCALE * g, g * (y + SELU_SCALE * SELU_ALPHA)),)


@rule
class CELU:
    """y = x where x > 0, else alpha (e^(x / alpha) - 1): its slope is 1 at 0 for every alpha.

    Source: Barron 2017.
    """

    def forward(x, *, alpha=1.0):
        return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))

    def backward(g, y, x, *, alpha=1.0):
        return (np.where(x > 0, g, g * (y / alpha + 1)),)


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
class Mish:
    """y = x tanh(log(1 + e^x)); extra: the tanh. Source: Misra 2019."""

    def forward(x):
        t = np.tanh(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))
        return x * t, t

    def backward(g, y, t, x):
        return (g * (t + x * (1 - t**2) * logistic(x)),)


@rule
class LogSigmoid:
    """y = log(1 / (1 + e^-x)), without the detour through the sigmoid."""

    def forward(x):
        return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))

    def backward(g, y, x):
        return (g * logistic(-x),)


@rule
class Softsign:
    """y = x / (1 + |x|), between -1 and 1."""

    def forward(x):
        return x / (1 + np.abs(x))

    def backward(g, y, x):
        return (g / (1 + np.abs(x)) ** 2,)


@rule
class Tanhshrink:
    """y = x - tanh(x); extra: tanh(x)."""

    def forward(x):
        t = np.tanh(x)
        return x - t, t

    def backward(g, y, t, x):
        return (g * t**2,)


@rule
class GLU:
    """y = a sigmoid(b), where a and b are the two halves of x along the axis; extra: sigmoid(b).

    Source: Dauphin et al. 2017, equation 1.
    """

    def forward(x, *, axis=-1):
        value, gate = half(x, axis, 0), half(x, axis, 1)
        s = logistic(gate)
        return value * s, s

    def backward(g, y, s, x, *, axis=-1):
        return (np.concatenate([g * s, g * y * (1 - s)], axis=axis),)


@rule
class GELU:
    """y = x Phi(x), Phi the normal distribution; extra: Phi(x), or the tanh in its place.

    ``approximate="tanh"``: y = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
    Source: Hendrycks & Gimpel 2016, section 2.
    """

    def forward(x, *, approximate="none"):
        if approximate == "tanh":
            t = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
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


@rule
class GumbelSoftmax:
    """y = softmax((x + noise) / tau), noise = -log(-log u), u uniform: a soft draw of a class.

    ``hard=True``: y is 1 at the drawn class and 0 elsewhere, with the gradient of the soft draw.
    Extra: the soft draw. Source: Jang, Gu & Poole 2017, equations 1 and 2.
    """

    def forward(x, rng, *, tau=1.0, hard=False, axis=-1):
        u = np.maximum(rng.random(x.shape, dtype=x.dtype), 1e-30)  # 0 would be infinite noise
        z = (x - np.log(-np.log1p(-u))) / tau
        e = np.exp(z - z.max(axis=axis, keepdims=True))
        soft = e / e.sum(axis=axis, keepdims=True)
        if not hard:
            return soft, soft
        drawn = np.expand_dims(np.argmax(soft, axis=axis), axis)
        classes = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis % x.ndim))
        return (drawn == classes).astype(x.dtype), soft

    def backward(g, y, soft, x, rng, *, tau=1.0, hard=False, axis=-1):
        return soft * (g - (g * soft).sum(axis=axis, keepdims=True)) / tau, None
