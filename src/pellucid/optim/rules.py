"""How one parameter moves in one step: every update rule as a pure function of arrays.

W is the parameter, dW its gradient; what a rule remembers comes in and goes out with them, new
each time. A rule branches on options and on what is absent, never on values, and calls nothing but
NumPy, so that it also runs on symbols and writes itself down. Options are Python numbers, which
leave the arrays' dtype alone: float32 in, float32 out.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "adagrad",
    "adam",
    "amsgrad",
    "ascend",
    "centered_rms_scaled",
    "decay",
    "momentum",
    "nesterov",
    "rms_scaled",
    "sgd",
    "weight_decay",
]

Array: TypeAlias = Any  # a NumPy array, or a symbol that answers NumPy's protocols


def sgd(W: Array, dW: Array, *, lr: float) -> Array:
    """Gradient descent: W <- W - lr dW.

    >>> sgd(np.array([1.0]), np.array([0.5]), lr=0.1)
    array([0.95])
    """
    return W - lr * dW


def momentum(
    W: Array, dW: Array, v: Array | None, *, lr: float, momentum: float, dampening: float = 0.0
) -> tuple[Array, Array]:
    """Descent with a memory: v <- momentum v + (1 - dampening) dW; W <- W - lr v.

    Without a memory (``v`` is None) v starts as the first gradient, undampened, as in torch.
    Sutskever et al. 2013, equations 1 and 2, with lr outside of v.

    >>> W, v = momentum(np.array([1.0]), np.array([0.5]), None, lr=0.1, momentum=0.9)
    >>> float(W[0]), float(v[0])
    (0.95, 0.5)
    """
    v = _velocity(dW, v, momentum, dampening)
    return W - lr * v, v


def nesterov(
    W: Array, dW: Array, v: Array | None, *, lr: float, momentum: float
) -> tuple[Array, Array]:
    """Momentum that looks ahead: v <- momentum v + dW; W <- W - lr (dW + momentum v).

    Sutskever et al. 2013, equations 3 and 4, in torch's arrangement: the gradient is taken at the
    point looked ahead to.

    >>> W, v = nesterov(np.array([1.0]), np.array([0.5]), None, lr=0.1, momentum=0.9)
    >>> round(float(W[0]), 3), float(v[0])
    (0.905, 0.5)
    """
    v = _velocity(dW, v, momentum, 0.0)
    return W - lr * (dW + momentum * v), v


def _velocity(dW: Array, v: Array | None, momentum: float, dampening: float) -> Array:
    if v is None:
        return +dW  # a copy: the memory must not share the gradient's array
    if dampening:
        return momentum * v + (1 - dampening) * dW
    return momentum * v + dW


def rms_scaled(dW: Array, s: Array, *, alpha: float, eps: float) -> tuple[Array, Array]:
    """RMSprop's gradient: s <- alpha s + (1 - alpha) dW²; dW <- dW / (sqrt(s) + eps).

    Returns the scaled gradient, which then moves W by ``sgd`` or ``momentum``, and s.
    Hinton, lecture 6e of "Neural Networks for Machine Learning" (2012).

    >>> d, s = rms_scaled(np.array([0.5]), np.array([0.0]), alpha=0.99, eps=1e-8)
    >>> round(float(d[0]), 3), round(float(s[0]), 6)
    (10.0, 0.0025)
    """
    s = alpha * s + (1 - alpha) * dW**2
    return dW / (np.sqrt(s) + eps), s


def centered_rms_scaled(
    dW: Array, s: Array, a: Array, *, alpha: float, eps: float
) -> tuple[Array, Array, Array]:
    """RMSprop's gradient by its variance: as ``rms_scaled`` with sqrt(s - a²) in sqrt(s)'s place.

    a <- alpha a + (1 - alpha) dW is the running mean. Graves 2013 (arXiv:1308.0850), equations
    38 to 40, with eps outside of the root as in torch: where the gradient hardly ever changes,
    s - a² is near zero and the step large.

    >>> one, zero = np.ones(1), np.zeros(1)
    >>> d, s, a = centered_rms_scaled(one, zero, zero, alpha=0.5, eps=0.0)
    >>> float(d[0]), float(s[0]), float(a[0])
    (2.0, 0.5, 0.5)
    """
    s = alpha * s + (1 - alpha) * dW**2
    a = alpha * a + (1 - alpha) * dW
    return dW / (np.sqrt(s - a**2) + eps), s, a


def adagrad(
    W: Array, dW: Array, s: Array, t: int, *, lr: float, lr_decay: float, eps: float
) -> tuple[Array, Array]:
    """Steps that shrink where gradients were large: s <- s + dW²; W <- W - lr_t dW/(sqrt(s) + eps).

    lr_t = lr / (1 + (t - 1) lr_decay), with t = 1 at the first step. Duchi et al. 2011, figure 1.

    >>> W, s = adagrad(np.zeros(1), np.array([3.0]), np.zeros(1), 1, lr=0.5, lr_decay=0, eps=0)
    >>> float(W[0]), float(s[0])
    (-0.5, 9.0)
    """
    s = s + dW**2
    lr_t = lr / (1 + (t - 1) * lr_decay) if lr_decay else lr
    return W - lr_t * dW / (np.sqrt(s) + eps), s


def adam(
    W: Array,
    dW: Array,
    m: Array,
    v: Array,
    t: int,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """A step of about lr in each direction: the mean gradient over its root mean square.

    m <- beta1 m + (1 - beta1) dW; v <- beta2 v + (1 - beta2) dW²;
    W <- W - lr m̂ / (sqrt(v̂) + eps), where m̂ = m / (1 - beta1^t) and v̂ = v / (1 - beta2^t) undo
    the bias towards the zeros that m and v start from; t = 1 at the first step.
    Algorithm 1 of Kingma & Ba 2015 (arXiv:1412.6980), the corrections gathered as in torch.

    >>> zero = np.zeros(1)
    >>> W, m, v = adam(zero, zero + 7, zero, zero, 1, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)
    >>> round(float(W[0]), 6)
    -0.1
    """
    m, v = _moments(dW, m, v, beta1, beta2)
    return _adam_step(W, m, v, t, lr, beta1, beta2, eps), m, v


def amsgrad(
    W: Array,
    dW: Array,
    m: Array,
    v: Array,
    v_max: Array,
    t: int,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[Array, Array, Array, Array]:
    """Adam with the largest second moment so far: v_max <- max(v_max, v) in v's place.

    Reddi et al. 2018 (algorithm 2), with Adam's bias corrections as in torch.

    >>> zero = np.zeros(1)
    >>> W, m, v, v_max = amsgrad(
    ...     zero, zero + 7, zero, zero, zero, 1, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8
    ... )
    >>> round(float(W[0]), 6)
    -0.1
    """
    m, v = _moments(dW, m, v, beta1, beta2)
    v_max = np.maximum(v_max, v)
    return _adam_step(W, m, v_max, t, lr, beta1, beta2, eps), m, v, v_max


def _moments(dW: Array, m: Array, v: Array, beta1: float, beta2: float) -> tuple[Array, Array]:
    m = beta1 * m + (1 - beta1) * dW
    v = beta2 * v + (1 - beta2) * dW**2
    return m, v


def _adam_step(
    W: Array, m: Array, v: Array, t: int, lr: float, beta1: float, beta2: float, eps: float
) -> Array:
    lr_t = lr / (1 - beta1**t)
    # A power, not np.sqrt: a NumPy float64 scalar would make a float32 array float64.
    correction = (1 - beta2**t) ** 0.5
    return W - lr_t * m / (np.sqrt(v) / correction + eps)


def weight_decay(W: Array, dW: Array, *, strength: float) -> Array:
    """The gradient of the loss plus strength/2 ΣW²: dW <- dW + strength W.

    >>> weight_decay(np.array([2.0]), np.array([1.0]), strength=0.1)
    array([1.2])
    """
    return dW + strength * W


def decay(W: Array, *, lr: float, strength: float) -> Array:
    """Weight decay apart from the gradient, which Adam would scale: W <- W (1 - lr strength).

    Loshchilov & Hutter 2019 (arXiv:1711.05101), algorithm 2, with lr in the decay as in torch.

    >>> decay(np.array([2.0]), lr=0.1, strength=0.5)
    array([1.9])
    """
    return W * (1 - lr * strength)


def ascend(dW: Array) -> Array:
    """The gradient for going up instead of down: dW <- -dW.

    >>> ascend(np.array([1.0]))
    array([-1.])
    """
    return -dW
