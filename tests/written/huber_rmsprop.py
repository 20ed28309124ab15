"""A training step, written out by Pellucid 0.1.0.

network   Linear 3 -> 8, ELU, Linear 8 -> 2 (50 parameters)
training  HuberLoss(delta=0.5), RMSprop(lr=0.01, momentum=0.5, centered=True)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def rmsprop(W, dW, s, v, a, alpha, eps, momentum, lr):
    """Move one array of weights, in place."""
    part0 = 1 - alpha
    s[...] = alpha * s + part0 * dW**2
    a[...] = alpha * a + part0 * dW
    v[...] = momentum * v + dW / (np.sqrt(s - a**2) + eps)
    W -= lr * v


def step(weights, memory, x, y, alpha, eps, momentum, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2 = weights
    n = len(x)

    # layer 0: Linear 3 -> 8, ELU
    z1 = x @ W1.T + b1                                         # (n, 8)
    positive1 = z1 > 0                                         # (n, 8)
    h1 = np.where(positive1, z1, np.expm1(np.minimum(z1, 0)))  # (n, 8)

    # layer 2: Linear 8 -> 2
    z2 = h1 @ W2.T + b2                                        # (n, 2)

    # loss
    huber_part = z2 - y                                        # (n, 2)
    d = np.abs(huber_part)                                     # (n, 2)
    losses = np.where(d <= 0.5, 0.5 * d**2, 0.5 * (d - 0.25))  # (n, 2)
    loss = losses.mean()                                       # a number

    # backward: loss
    dz2 = np.clip(huber_part, -0.5, 0.5) / (2 * n)             # (n, 2)

    # backward: layer 2: Linear 8 -> 2
    dh1 = dz2 @ W2                                             # (n, 8)
    dW2 = dz2.T @ h1                                           # (2, 8)
    db2 = dz2.sum(axis=0)                                      # (2,)

    # backward: layer 0: Linear 3 -> 8, ELU
    dz1 = np.where(positive1, dh1, dh1 * (h1 + 1.0))           # (n, 8)
    dW1 = dz1.T @ x                                            # (8, 3)
    db1 = dz1.sum(axis=0)                                      # (8,)

    # update
    gradients = dW1, db1, dW2, db2
    for W, dW, (s, v, a) in zip(weights, gradients, memory, strict=True):
        rmsprop(W, dW, s, v, a, alpha, eps, momentum, lr)
    return loss
