"""A training step, written out by Pellucid 0.1.0.

network   Linear 784 -> 128, ReLU, Linear 128 -> 64, ReLU, Linear 64 -> 10 (109,386 parameters)
training  CrossEntropyLoss(), SGD(lr=0.1)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def step(weights, x, y, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2, W3, b3 = weights
    n = len(x)

    # layer 0: Linear 784 -> 128, ReLU
    z1 = x @ W1.T + b1                                          # (n, 128)
    h1 = np.maximum(z1, 0)                                      # (n, 128)

    # layer 2: Linear 128 -> 64, ReLU
    z2 = h1 @ W2.T + b2                                         # (n, 64)
    h2 = np.maximum(z2, 0)                                      # (n, 64)

    # layer 4: Linear 64 -> 10
    z3 = h2 @ W3.T + b3                                         # (n, 10)

    # loss
    shifted = z3 - z3.max(axis=1, keepdims=True)                # (n, 10)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 10)
    q = (y[:, np.newaxis] == np.arange(10)).astype(np.float32)  # (n, 10)
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.mean()                                        # a number

    # backward: loss
    p = np.exp(log_p)                                           # (n, 10)
    dz3 = (p - q) / n                                           # (n, 10)

    # backward: layer 4: Linear 64 -> 10
    dh2 = dz3 @ W3                                              # (n, 64)
    dW3 = dz3.T @ h2                                            # (10, 64)
    db3 = dz3.sum(axis=0)                                       # (10,)

    # backward: layer 2: Linear 128 -> 64, ReLU
    dz2 = dh2 * (h2 > 0)                                        # (n, 64)
    dh1 = dz2 @ W2                                              # (n, 128)
    dW2 = dz2.T @ h1                                            # (64, 128)
    db2 = dz2.sum(axis=0)                                       # (64,)

    # backward: layer 0: Linear 784 -> 128, ReLU
    dz1 = dh1 * (h1 > 0)                                        # (n, 128)
    dW1 = dz1.T @ x                                             # (128, 784)
    db1 = dz1.sum(axis=0)                                       # (128,)

    # update
    for W, dW in zip(weights, (dW1, db1, dW2, db2, dW3, db3), strict=True):
        W -= lr * dW
    return loss
