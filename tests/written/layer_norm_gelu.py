"""A training step, written out by Pellucid 0.1.0.

network   Linear 5 -> 8, GELU, LayerNorm, Linear 8 -> 4 (100 parameters)
training  CrossEntropyLoss(label_smoothing=0.1), Adam(lr=0.001)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def normal_cdf(x):
    """Phi(x), the share of a normal distribution below x; accurate in the far tails too.

    >>> bool(np.isclose(normal_cdf(np.array(1.959963984540054)), 0.975, rtol=1e-15))
    True
    """
    # The tail is Phi(-a) = exp(-a^2 / 2) P(t) for a >= 0, with a polynomial P, highest power first,
    # in t = (a - c) / (a + c); made by scripts/make_normal_cdf.py. Worst relative error: 2e-17 with
    # c = 5 (float64), 4e-8 with c = 4 (float32).
    if x.dtype == np.float32:
        c = 4.0
        coefficients = (
            1.9431029927982555e-05,
            -3.575377247438331e-05,
            -0.00017872835520125923,
            0.0006298207928571364,
            0.0005040076364525382,
            -0.00848831044854525,
            0.03086542634901529,
            -0.07170807057673206,
            0.12437922446719132,
            -0.1703976886287224,
            0.09441064130196894,
        )
    else:
        c = 5.0
        coefficients = (
            2.6192875820196505e-11,
            6.205719132562286e-11,
            -2.829833531697132e-10,
            -7.821126431048846e-10,
            1.8245563682878541e-09,
            6.001959109358437e-09,
            -1.0904969534450265e-08,
            -3.9425474655848224e-08,
            7.699476255696121e-08,
            2.4347540866204415e-07,
            -6.750090327905749e-07,
            -1.270115171395873e-06,
            6.6443960338695655e-06,
            9.613130602534602e-07,
            -6.04274773014077e-05,
            0.0001342768427993482,
            0.0002195507369271503,
            -0.002378844356699341,
            0.008991370550635857,
            -0.02341390048768684,
            0.04785535228416882,
            -0.08088387726412773,
            0.11606881188600329,
            -0.14345755526401197,
            0.07691930497500629,
        )
    a = np.abs(x)
    t = (a - c) / (a + c)
    p = coefficients[0] * t
    for coefficient in coefficients[1:-1]:
        p = (p + coefficient) * t
    tail = np.exp(-0.5 * a**2) * (p + coefficients[-1])
    return np.where(x < 0, tail, 1 - tail)


def adam(W, dW, m, v, beta1, beta2, t, lr, eps):
    """Move one array of weights, in place."""
    m[...] = beta1 * m + (1 - beta1) * dW
    v[...] = beta2 * v + (1 - beta2) * dW**2
    lr_t = lr / (1 - beta1**t)
    correction = (1 - beta2**t) ** 0.5
    W -= lr_t * m / (np.sqrt(v) / correction + eps)


def step(weights, memory, x, y, beta1, beta2, t, lr, eps):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2, W3, b3 = weights
    n = len(x)

    # layer 0: Linear 5 -> 8, GELU
    z1 = x @ W1.T + b1                                          # (n, 8)
    phi1 = normal_cdf(z1)                                       # (n, 8)
    h1 = z1 * phi1                                              # (n, 8)

    # layer 2: LayerNorm
    centred2 = h1 - h1.mean(axis=-1, keepdims=True)             # (n, 8)
    var2 = (centred2**2).mean(axis=-1, keepdims=True)           # (n, 1)
    scale2 = 1 / np.sqrt(var2 + 1e-05)                          # (n, 1)
    xhat2 = centred2 * scale2                                   # (n, 8)
    normed2 = xhat2 * W2 + b2                                   # (n, 8)

    # layer 3: Linear 8 -> 4
    z3 = normed2 @ W3.T + b3                                    # (n, 4)

    # loss
    shifted = z3 - z3.max(axis=1, keepdims=True)                # (n, 4)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 4)
    onehot = (y[:, np.newaxis] == np.arange(4)).astype(np.float32)  # (n, 4)
    q = 0.9 * onehot + 0.025                                    # (n, 4)
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.mean()                                        # a number

    # backward: loss
    p = np.exp(log_p)                                           # (n, 4)
    dz3 = (p - q) / n                                           # (n, 4)

    # backward: layer 3: Linear 8 -> 4
    dnormed2 = dz3 @ W3                                         # (n, 8)
    dW3 = dz3.T @ normed2                                       # (4, 8)
    db3 = dz3.sum(axis=0)                                       # (4,)

    # backward: layer 2: LayerNorm
    dW2 = (dnormed2 * xhat2).sum(axis=0)                        # (8,)
    db2 = dnormed2.sum(axis=0)                                  # (8,)
    dxhat2 = dnormed2 * W2                                      # (n, 8)
    pull2 = dxhat2.mean(axis=-1, keepdims=True)                 # (n, 1)
    turn2 = (dxhat2 * xhat2).mean(axis=-1, keepdims=True)       # (n, 1)
    dh1 = (dxhat2 - pull2 - xhat2 * turn2) * scale2             # (n, 8)

    # backward: layer 0: Linear 5 -> 8, GELU
    density1 = np.exp(-0.5 * z1**2) / 2.5066282746310002        # (n, 8)
    dz1 = dh1 * (phi1 + z1 * density1)                          # (n, 8)
    dW1 = dz1.T @ x                                             # (8, 5)
    db1 = dz1.sum(axis=0)                                       # (8,)

    # update
    gradients = dW1, db1, dW2, db2, dW3, db3
    for W, dW, (m, v) in zip(weights, gradients, memory, strict=True):
        adam(W, dW, m, v, beta1, beta2, t, lr, eps)
    return loss
