"""A training step, written out by Pellucid 0.1.0.

network   Linear 4 -> 6, LeakyReLU, Linear 6 -> 3 (51 parameters)
training  CrossEntropyLoss(weight=[1.0, 2.0, 0.5]), SGD(lr=0.1, weight_decay=0.0001)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def sgd(W, dW, weight_decay, lr):
    """Move one array of weights, in place."""
    W -= lr * (dW + weight_decay * W)


def step(weights, x, y, weight_decay, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2 = weights

    # layer 0: Linear 4 -> 6, LeakyReLU
    z1 = x @ W1.T + b1                                          # (n, 6)
    positive1 = z1 > 0                                          # (n, 6)
    h1 = np.where(positive1, z1, 0.01 * z1)                     # (n, 6)

    # layer 2: Linear 6 -> 3
    z2 = h1 @ W2.T + b2                                         # (n, 3)

    # loss
    shifted = z2 - z2.max(axis=1, keepdims=True)                # (n, 3)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 3)
    onehot = (y[:, np.newaxis] == np.arange(3)).astype(np.float32)  # (n, 3)
    q = np.array([1.0, 2.0, 0.5], dtype=np.float32) * onehot    # (n, 3)
    divisor = q.sum()                                           # a number
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.sum() / divisor                               # a number

    # backward: loss
    p = np.exp(log_p) * q.sum(axis=1, keepdims=True)            # (n, 3)
    dz2 = (p - q) / divisor                                     # (n, 3)

    # backward: layer 2: Linear 6 -> 3
    dh1 = dz2 @ W2                                              # (n, 6)
    dW2 = dz2.T @ h1                                            # (3, 6)
    db2 = dz2.sum(axis=0)                                       # (3,)

    # backward: layer 0: Linear 4 -> 6, LeakyReLU
    dz1 = np.where(positive1, dh1, 0.01 * dh1)                  # (n, 6)
    dW1 = dz1.T @ x                                             # (6, 4)
    db1 = dz1.sum(axis=0)                                       # (6,)

    # the gradients, changed
    dW1 = dW1 + 0.001 * np.sign(W1)                             # (6, 4)
    dW2 = dW2 + 0.001 * np.sign(W2)                             # (3, 6)
    dW1 = dW1 + 0.002 * W1                                      # (6, 4)
    dW2 = dW2 + 0.002 * W2                                      # (3, 6)
    dW1 = np.clip(dW1, -0.5, 0.5)                               # (6, 4)
    db1 = np.clip(db1, -0.5, 0.5)                               # (6,)
    dW2 = np.clip(dW2, -0.5, 0.5)                               # (3, 6)
    db2 = np.clip(db2, -0.5, 0.5)                               # (3,)

    # update
    gradients = dW1, db1, dW2, db2
    for W, dW in zip(weights, gradients, strict=True):
        sgd(W, dW, weight_decay, lr)
    return loss
