"""A training step, written out by Pellucid 0.1.0.

network   Linear 6 -> 8, BatchNorm1d, ReLU, Dropout, Linear 8 -> 8, BatchNorm1d, ReLU, Dropout,
          Linear 8 -> 3 (187 parameters)
training  CrossEntropyLoss(), SGD(lr=0.1, momentum=0.9, nesterov=True)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def sgd(W, dW, v, momentum, lr):
    """Move one array of weights, in place."""
    v[...] = momentum * v + dW
    W -= lr * (dW + momentum * v)


def step(weights, memory, buffers, x, y, rng, momentum, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W1, b1, W2, b2, W3, b3, W4, b4, W5, b5 = weights
    running_mean2, running_var2, batches2, running_mean4, running_var4, batches4 = buffers
    n = len(x)

    # layer 0: Linear 6 -> 8
    z1 = x @ W1.T + b1                                          # (n, 8)

    # layer 1: BatchNorm1d, ReLU, Dropout
    mean2 = z1.mean(axis=0)                                     # (8,)
    centred2 = z1 - mean2                                       # (n, 8)
    var2 = (centred2**2).mean(axis=0)                           # (8,)
    scale2 = 1 / np.sqrt(var2 + 1e-05)                          # (8,)
    slope2 = scale2 * W2                                        # (8,)
    normed2 = centred2 * slope2 + b2                            # (n, 8)
    h2 = np.maximum(normed2, 0)                                 # (n, 8)
    mask2 = (rng(1).random((n, 8), dtype=np.float32) >= 0.2).astype(np.float32) / 0.8  # (n, 8)
    kept2 = h2 * mask2                                          # (n, 8)

    # layer 4: Linear 8 -> 8
    z3 = kept2 @ W3.T + b3                                      # (n, 8)

    # layer 5: BatchNorm1d, ReLU, Dropout
    mean4 = z3.mean(axis=0)                                     # (8,)
    centred4 = z3 - mean4                                       # (n, 8)
    var4 = (centred4**2).mean(axis=0)                           # (8,)
    scale4 = 1 / np.sqrt(var4 + 1e-05)                          # (8,)
    slope4 = scale4 * W4                                        # (8,)
    normed4 = centred4 * slope4 + b4                            # (n, 8)
    h4 = np.maximum(normed4, 0)                                 # (n, 8)
    mask4 = (rng(2).random((n, 8), dtype=np.float32) >= 0.2).astype(np.float32) / 0.8  # (n, 8)
    kept4 = h4 * mask4                                          # (n, 8)

    # layer 8: Linear 8 -> 3
    z5 = kept4 @ W5.T + b5                                      # (n, 3)

    # loss
    shifted = z5 - z5.max(axis=1, keepdims=True)                # (n, 3)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 3)
    q = (y[:, np.newaxis] == np.arange(3)).astype(np.float32)   # (n, 3)
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.mean()                                        # a number

    # backward: loss
    p = np.exp(log_p)                                           # (n, 3)
    dz5 = (p - q) / n                                           # (n, 3)

    # backward: layer 8: Linear 8 -> 3
    dkept4 = dz5 @ W5                                           # (n, 8)
    dW5 = dz5.T @ kept4                                         # (3, 8)
    db5 = dz5.sum(axis=0)                                       # (3,)

    # backward: layer 5: BatchNorm1d, ReLU, Dropout
    dh4 = dkept4 * mask4                                        # (n, 8)
    dnormed4 = dh4 * (h4 > 0)                                   # (n, 8)
    db4 = dnormed4.sum(axis=0)                                  # (8,)
    dW4 = (dnormed4 * centred4).sum(axis=0) * scale4            # (8,)
    pull4 = db4 / n                                             # (8,)
    turn4 = dW4 * scale4 / n                                    # (8,)
    dz3 = (dnormed4 - pull4 - centred4 * turn4) * slope4        # (n, 8)

    # backward: layer 4: Linear 8 -> 8
    dkept2 = dz3 @ W3                                           # (n, 8)
    dW3 = dz3.T @ kept2                                         # (8, 8)
    db3 = dz3.sum(axis=0)                                       # (8,)

    # backward: layer 1: BatchNorm1d, ReLU, Dropout
    dh2 = dkept2 * mask2                                        # (n, 8)
    dnormed2 = dh2 * (h2 > 0)                                   # (n, 8)
    db2 = dnormed2.sum(axis=0)                                  # (8,)
    dW2 = (dnormed2 * centred2).sum(axis=0) * scale2            # (8,)
    pull2 = db2 / n                                             # (8,)
    turn2 = dW2 * scale2 / n                                    # (8,)
    dz1 = (dnormed2 - pull2 - centred2 * turn2) * slope2        # (n, 8)

    # backward: layer 0: Linear 6 -> 8
    dW1 = dz1.T @ x                                             # (8, 6)
    db1 = dz1.sum(axis=0)                                       # (8,)

    # the gradients, changed
    norm = (
        np.sqrt(np.sum(dW1 * dW1) + np.sum(db1 * db1) + np.sum(dW2 * dW2) + np.sum(db2 * db2) +
        np.sum(dW3 * dW3) + np.sum(db3 * db3) + np.sum(dW4 * dW4) + np.sum(db4 * db4) + np.sum(dW5 *
        dW5) + np.sum(db5 * db5))
    )                                                           # a number
    scale = np.minimum(1.0 / (norm + 1e-06), 1.0)               # a number
    dW1 = dW1 * scale                                           # (8, 6)
    db1 = db1 * scale                                           # (8,)
    dW2 = dW2 * scale                                           # (8,)
    db2 = db2 * scale                                           # (8,)
    dW3 = dW3 * scale                                           # (8, 8)
    db3 = db3 * scale                                           # (8,)
    dW4 = dW4 * scale                                           # (8,)
    db4 = db4 * scale                                           # (8,)
    dW5 = dW5 * scale                                           # (3, 8)
    db5 = db5 * scale                                           # (3,)

    # update
    gradients = dW1, db1, dW2, db2, dW3, db3, dW4, db4, dW5, db5
    for W, dW, (v,) in zip(weights, gradients, memory, strict=True):
        sgd(W, dW, v, momentum, lr)
    running_mean2[...] = 0.9 * running_mean2 + 0.1 * mean2
    running_var2[...] = 0.9 * running_var2 + 0.1 * (var2 * n / (n - 1))
    batches2[...] = batches2 + 1
    running_mean4[...] = 0.9 * running_mean4 + 0.1 * mean4
    running_var4[...] = 0.9 * running_var4 + 0.1 * (var4 * n / (n - 1))
    batches4[...] = batches4 + 1
    return loss
