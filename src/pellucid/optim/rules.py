"""How one parameter moves in one step: every update rule as a pure function of arrays.

W is the parameter, dW its gradient; what a rule remembers comes in and goes out with them, new
each time. A rule branches on options and on what is absent, never on values, and calls nothing but
NumPy, so that it also runs on symbols and writes itself down. Options are Python numbers, which
leave the arrays' dtype alone: float32 in, float32 out.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "adadelta",
    "adagrad",
    "adam",
    "adamax",
    "amsgrad",
    "ascend",
    "asgd",
    "centered_rms_scaled",
    "decay",
    "momentum",
    "nadam",
    "nadam_mu",
    "nesterov",
    "radam",
    "rectification",
    "rms_scaled",
    "rprop",
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


def adamax(
    W: Array,
    dW: Array,
    m: Array,
    u: Array,
    t: int,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """Adam by the largest gradient: u <- max(beta2 u, |dW| + eps); W <- W - lr m̂ / u.

    m <- beta1 m + (1 - beta1) dW and m̂ = m / (1 - beta1^t), as Adam's; u needs no correction.
    Algorithm 2 of Kingma & Ba 2015 (arXiv:1412.6980), with eps added as in torch.

    >>> zero = np.zeros(1)
    >>> W, m, u = adamax(zero, zero + 7, zero, zero, 1, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8)
    >>> round(float(W[0]), 6), round(float(u[0]), 6)
    (-0.1, 7.0)
    """
    m = beta1 * m + (1 - beta1) * dW
    u = np.maximum(beta2 * u, np.abs(dW) + eps)
    return W - lr / (1 - beta1**t) * m / u, m, u


def nadam(
    W: Array,
    dW: Array,
    m: Array,
    v: Array,
    t: int,
    mu_product: float,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    momentum_decay: float,
) -> tuple[Array, Array, Array]:
    """Adam that looks ahead as Nesterov does, with a momentum mu_t that grows towards beta1.

    m and v are Adam's; mu_t is ``nadam_mu``'s and ``mu_product`` mu_1 mu_2 ... mu_t;
    m̂ = mu_{t+1} m / (1 - mu_product mu_{t+1}) + (1 - mu_t) dW / (1 - mu_product);
    W <- W - lr m̂ / (sqrt(v̂) + eps), v̂ = v / (1 - beta2^t).
    Algorithm 2 of Dozat 2016, "Incorporating Nesterov momentum into Adam", as in torch.

    >>> zero = np.zeros(1)
    >>> mu = nadam_mu(1, beta1=0.9, momentum_decay=4e-3)
    >>> options = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "momentum_decay": 4e-3}
    >>> W, m, v = nadam(zero, zero + 7, zero, zero, 1, mu, **options)
    >>> round(float(W[0]), 4)
    -0.1056
    """
    m, v = _moments(dW, m, v, beta1, beta2)
    mu = nadam_mu(t, beta1=beta1, momentum_decay=momentum_decay)
    mu_next = nadam_mu(t + 1, beta1=beta1, momentum_decay=momentum_decay)
    of_gradient = lr * (1 - mu) / (1 - mu_product)
    of_mean = lr * mu_next / (1 - mu_product * mu_next)
    correction = (1 - beta2**t) ** 0.5
    return W - (of_gradient * dW + of_mean * m) / (np.sqrt(v) / correction + eps), m, v


def nadam_mu(t: Any, *, beta1: Any, momentum_decay: Any) -> Any:
    """NAdam's momentum in step t: beta1 (1 - 0.96^(t momentum_decay) / 2), from beta1/2 to beta1.

    >>> nadam_mu(1, beta1=0.9, momentum_decay=0)
    0.45
    """
    return beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))


def radam(
    W: Array,
    dW: Array,
    m: Array,
    v: Array,
    t: int,
    r: float,
    *,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """Adam that divides by sqrt(v̂) only once v can be trusted: W <- W - lr m̂ r / (sqrt(v̂) + eps).

    ``r`` is ``rectification(t, beta2)``; while it is 0, W <- W - lr m̂. m, v, m̂ and v̂ are Adam's
    (with eps added before v's correction, as in torch).
    Algorithm 2 of Liu et al. 2020 (arXiv:1908.03265).

    >>> zero = np.zeros(1)
    >>> options = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}
    >>> W, m, v = radam(zero, zero + 7, zero, zero, 1, rectification(1, 0.999), **options)
    >>> round(float(W[0]), 6)
    -0.7
    """
    m, v = _moments(dW, m, v, beta1, beta2)
    lr_t = lr / (1 - beta1**t)
    scale = r * (1 - beta2**t) ** 0.5
    adapted = np.where(r > 0, scale / (np.sqrt(v) + eps), 1.0)
    return W - lr_t * m * adapted, m, v


def rectification(t: int, beta2: float) -> float:
    """How far RAdam may trust its second moment in step t, from 0 (not yet: rho_t <= 5) towards 1.

    r_t = sqrt((rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t)), where rho = 2/(1 - beta2)
    - 1 and rho_t = rho - 2 t beta2^t / (1 - beta2^t). Liu et al. 2020 (arXiv:1908.03265),
    equation 5; their bound of 4 is 5 in torch.

    >>> rectification(5, 0.999), round(rectification(100, 0.999), 3)
    (0.0, 0.215)
    """
    rho = 2 / (1 - beta2) - 1
    rho_t = rho - 2 * t * beta2**t / (1 - beta2**t)
    if rho_t <= 5:
        return 0.0
    return math.sqrt((rho_t - 4) * (rho_t - 2) * rho / ((rho - 4) * (rho - 2) * rho_t))


def adadelta(
    W: Array, dW: Array, s: Array, u: Array, *, lr: float, rho: float, eps: float
) -> tuple[Array, Array, Array]:
    """Steps in the unit of the weights: d = sqrt(u + eps) / sqrt(s + eps) dW; W <- W - lr d.

    s <- rho s + (1 - rho) dW² before, u <- rho u + (1 - rho) d² after: the mean squares of the
    gradients and of the steps. Algorithm 1 of Zeiler 2012 (arXiv:1212.5701), with lr as in torch.

    >>> zero = np.zeros(1)
    >>> W, s, u = adadelta(zero, zero + 2, zero, zero, lr=1.0, rho=0.75, eps=1.0)
    >>> round(float(W[0]), 4), float(s[0]), round(float(u[0]), 4)
    (-1.4142, 1.0, 0.5)
    """
    s = rho * s + (1 - rho) * dW**2
    d = np.sqrt(u + eps) / np.sqrt(s + eps) * dW
    u = rho * u + (1 - rho) * d**2
    return W - lr * d, s, u


def rprop(
    W: Array,
    dW: Array,
    prev: Array,
    step_size: Array,
    *,
    eta_minus: float,
    eta_plus: float,
    step_min: float,
    step_max: float,
) -> tuple[Array, Array, Array]:
    """A step of its own for each weight, by the signs alone: W <- W - sign(dW) step_size.

    Where dW keeps the sign of the last one, ``prev``, the step grows by eta_plus; where the sign
    turns, it shrinks by eta_minus and the weight waits (its dW counts as 0); it stays within
    [step_min, step_max]. Riedmiller & Braun 1993, without going back ("Rprop-" with the gradient
    forgotten: iRprop- of Igel & Hüsken 2000), as in torch.

    >>> one = np.ones(3)
    >>> W, prev, size = rprop(
    ...     0 * one, np.array([2.0, -3.0, 0.0]), one, 0.1 * one,
    ...     eta_minus=0.5, eta_plus=1.2, step_min=1e-6, step_max=50,
    ... )
    >>> W, prev
    (array([-0.12,  0.  ,  0.  ]), array([2., 0., 0.]))
    """
    agreed = np.sign(dW * prev)
    turned = agreed < 0
    grown = np.where(agreed > 0, eta_plus * step_size, step_size)
    step_size = np.clip(np.where(turned, eta_minus * step_size, grown), step_min, step_max)
    prev = np.where(turned, 0.0, dW)
    return W - np.sign(prev) * step_size, prev, step_size


def asgd(
    W: Array, dW: Array, ax: Array, eta: float, mu: float, *, lambd: float
) -> tuple[Array, Array]:
    """Descent with a step that falls, and the mean of where it has been: ax <- ax + mu (W - ax).

    W <- W (1 - lambd eta) - eta dW before. The optimizer says eta and mu for each step.
    Polyak & Juditsky 1992; Bottou 2012, "Stochastic gradient descent tricks", as in torch.

    >>> W, ax = asgd(np.array([1.0]), np.array([0.5]), np.zeros(1), eta=0.5, mu=1.0, lambd=0.1)
    >>> round(float(W[0]), 6), round(float(ax[0]), 6)
    (0.7, 0.7)
    """
    W = W * (1 - lambd * eta) - eta * dW
    return W, ax + mu * (W - ax)


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
