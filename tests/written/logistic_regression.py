"""A training step, written out by Pellucid 0.1.0.

network   Linear 4 -> 1 (5 parameters)
training  BCEWithLogitsLoss(), SGD(lr=0.5)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def step(weights, x, y, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1 = weights
    n = len(x)

    # Linear 4 -> 1
    z1 = x @ W1.T + b1                       # (n, 1)

    # loss
    e = np.exp(-np.abs(z1))                  # (n, 1)
    soft = np.maximum(-z1, 0) + np.log1p(e)  # (n, 1)
    losses = (1 - y) * z1 + soft             # (n, 1)
    loss = losses.mean()                     # a number

    # backward: loss
    p = np.where(z1 >= 0, 1, e) / (1 + e)    # (n, 1)
    dz1 = (p - y) / n                        # (n, 1)

    # backward: Linear 4 -> 1
    dW1 = dz1.T @ x                          # (1, 4)
    db1 = dz1.sum(axis=0)                    # (1,)

    # update
    for W, dW in zip(weights, (dW1, db1), strict=True):
        W -= lr * dW
    return loss
