"""A training step, written out by Pellucid 0.1.0.

network   Linear 64 -> 32, ReLU, Linear 32 -> 10 (2,410 parameters)
training  CrossEntropyLoss(), Adam(lr=0.001)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def adam(W, dW, m, v, beta1, beta2, t, lr, eps):
    """Move one array of weights, in place."""
    m[...] = beta1 * m + (1 - beta1) * dW
    v[...] = beta2 * v + (1 - beta2) * dW**2
    lr_t = lr / (1 - beta1**t)
    correction = (1 - beta2**t) ** 0.5
    W -= lr_t * m / (np.sqrt(v) / correction + eps)


def step(weights, memory, x, y, beta1, beta2, t, lr, eps):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2 = weights
    n = len(x)

    # layer 0: Linear 64 -> 32, ReLU
    z1 = x @ W1.T + b1                                          # (n, 32)
    h1 = np.maximum(z1, 0)                                      # (n, 32)

    # layer 2: Linear 32 -> 10
    z2 = h1 @ W2.T + b2                                         # (n, 10)

    # loss
    shifted = z2 - z2.max(axis=1, keepdims=True)                # (n, 10)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 10)
    q = (y[:, np.newaxis] == np.arange(10)).astype(np.float32)  # (n, 10)
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.mean()                                        # a number

    # backward: loss
    p = np.exp(log_p)                                           # (n, 10)
    dz2 = (p - q) / n                                           # (n, 10)

    # backward: layer 2: Linear 32 -> 10
    dh1 = dz2 @ W2                                              # (n, 32)
    dW2 = dz2.T @ h1                                            # (10, 32)
    db2 = dz2.sum(axis=0)                                       # (10,)

    # backward: layer 0: Linear 64 -> 32, ReLU
    dz1 = dh1 * (h1 > 0)                                        # (n, 32)
    dW1 = dz1.T @ x                                             # (32, 64)
    db1 = dz1.sum(axis=0)                                       # (32,)

    # update
    gradients = dW1, db1, dW2, db2
    for W, dW, (m, v) in zip(weights, gradients, memory, strict=True):
        adam(W, dW, m, v, beta1, beta2, t, lr, eps)
    return loss
