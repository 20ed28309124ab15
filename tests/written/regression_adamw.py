"""A training step, written out by Pellucid 0.1.0.

network   Linear 3 -> 8, SiLU, Linear 8 -> 1 (41 parameters)
training  MSELoss(), AdamW(lr=0.001)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def adamw(W, dW, m, v, lr, weight_decay, beta1, beta2, t, eps):
    """Move one array of weights, in place."""
    m[...] = beta1 * m + (1 - beta1) * dW
    v[...] = beta2 * v + (1 - beta2) * dW**2
    lr_t = lr / (1 - beta1**t)
    correction = (1 - beta2**t) ** 0.5
    W[...] = W * (1 - lr * weight_decay) - lr_t * m / (np.sqrt(v) / correction + eps)


def step(weights, memory, x, y, lr, weight_decay, beta1, beta2, t, eps):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2 = weights
    n = len(x)

    # layer 0: Linear 3 -> 8, SiLU
    z1 = x @ W1.T + b1                                        # (n, 8)
    silu_part1 = np.exp(-np.abs(z1))                          # (n, 8)
    s1 = np.where(z1 >= 0, 1, silu_part1) / (1 + silu_part1)  # (n, 8)
    h1 = z1 * s1                                              # (n, 8)

    # layer 2: Linear 8 -> 1
    z2 = h1 @ W2.T + b2                                       # (n, 1)

    # loss
    mse_part = z2 - y                                         # (n, 1)
    loss = (mse_part**2).mean()                               # a number

    # backward: loss
    dz2 = 2 * mse_part / n                                    # (n, 1)

    # backward: layer 2: Linear 8 -> 1
    dh1 = dz2 @ W2                                            # (n, 8)
    dW2 = dz2.T @ h1                                          # (1, 8)
    db2 = dz2.sum(axis=0)                                     # (1,)

    # backward: layer 0: Linear 3 -> 8, SiLU
    dz1 = dh1 * (s1 + h1 * (1 - s1))                          # (n, 8)
    dW1 = dz1.T @ x                                           # (8, 3)
    db1 = dz1.sum(axis=0)                                     # (8,)

    # update
    gradients = dW1, db1, dW2, db2
    for W, dW, (m, v) in zip(weights, gradients, memory, strict=True):
        adamw(W, dW, m, v, lr, weight_decay, beta1, beta2, t, eps)
    return loss
