"""A training step, written out by Pellucid 0.1.0.

network   Linear 2 -> 4, Tanh, Linear 4 -> 1 (17 parameters)
training  BCEWithLogitsLoss(), SGD(lr=0.1, momentum=0.9)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def sgd(W, dW, v, momentum, lr):
    """Move one array of weights, in place."""
    v[...] = momentum * v + dW
    W -= lr * v


def step(weights, memory, x, y, momentum, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2 = weights
    n = len(x)

    # layer 0: Linear 2 -> 4, Tanh
    z1 = x @ W1.T + b1                       # (n, 4)
    h1 = np.tanh(z1)                         # (n, 4)

    # layer 2: Linear 4 -> 1
    z2 = h1 @ W2.T + b2                      # (n, 1)

    # loss
    e = np.exp(-np.abs(z2))                  # (n, 1)
    soft = np.maximum(-z2, 0) + np.log1p(e)  # (n, 1)
    losses = (1 - y) * z2 + soft             # (n, 1)
    loss = losses.mean()                     # a number

    # backward: loss
    p = np.where(z2 >= 0, 1, e) / (1 + e)    # (n, 1)
    dz2 = (p - y) / n                        # (n, 1)

    # backward: layer 2: Linear 4 -> 1
    dh1 = dz2 @ W2                           # (n, 4)
    dW2 = dz2.T @ h1                         # (1, 4)
    db2 = dz2.sum(axis=0)                    # (1,)

    # backward: layer 0: Linear 2 -> 4, Tanh
    dz1 = dh1 * (1 - h1**2)                  # (n, 4)
    dW1 = dz1.T @ x                          # (4, 2)
    db1 = dz1.sum(axis=0)                    # (4,)

    # update
    gradients = dW1, db1, dW2, db2
    for W, dW, (v,) in zip(weights, gradients, memory, strict=True):
        sgd(W, dW, v, momentum, lr)
    return loss
