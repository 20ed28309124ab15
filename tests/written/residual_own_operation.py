"""A training step, written out by Pellucid 0.1.0.

network   Linear 4 -> 6, Linear 6 -> 6, Linear 6 -> 3 (93 parameters)
training  CrossEntropyLoss(), Adagrad(lr=0.1)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def adagrad(W, dW, s, lr, eps):
    """Move one array of weights, in place."""
    s += dW**2
    W -= lr * dW / (np.sqrt(s) + eps)


def step(weights, memory, x, y, lr, eps):
    """Train on one batch: move the weights in place and return the loss."""
    W_inner, b_inner, W_shared, b_shared, W_out, b_out = weights
    n = len(x)

    # layer inner: Linear 4 -> 6
    z_inner = x @ W_inner.T + b_inner                           # (n, 6)

    # Residual
    denominator_inner = 1 + np.abs(z_inner)                     # (n, 6)
    softsign_inner = z_inner / denominator_inner                # (n, 6)

    # layer shared: Linear 6 -> 6
    z_shared = softsign_inner @ W_shared.T + b_shared           # (n, 6)

    # Residual
    h_shared = np.maximum(z_shared, 0)                          # (n, 6)
    sum_inner = softsign_inner + h_shared                       # (n, 6)

    # layer shared: Linear 6 -> 6
    z_shared_2 = sum_inner @ W_shared.T + b_shared              # (n, 6)

    # Residual
    h_shared_2 = np.maximum(z_shared_2, 0)                      # (n, 6)
    sum_inner_2 = sum_inner + h_shared_2                        # (n, 6)

    # layer out: Linear 6 -> 3
    z_out = sum_inner_2 @ W_out.T + b_out                       # (n, 3)

    # loss
    shifted = z_out - z_out.max(axis=1, keepdims=True)          # (n, 3)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (n, 3)
    q = (y[:, np.newaxis] == np.arange(3)).astype(np.float32)   # (n, 3)
    losses = -(q * log_p).sum(axis=1)                           # (n,)
    loss = losses.mean()                                        # a number

    # backward: loss
    p = np.exp(log_p)                                           # (n, 3)
    dz_out = (p - q) / n                                        # (n, 3)

    # backward: layer out: Linear 6 -> 3
    dh_shared_2 = dz_out @ W_out                                # (n, 6)
    dW_out = dz_out.T @ sum_inner_2                             # (3, 6)
    db_out = dz_out.sum(axis=0)                                 # (3,)

    # backward: Residual
    dz_shared_2 = dh_shared_2 * (h_shared_2 > 0)                # (n, 6)

    # backward: layer shared: Linear 6 -> 6
    dx_shared = dz_shared_2 @ W_shared                          # (n, 6)
    dW_shared_2 = dz_shared_2.T @ sum_inner                     # (6, 6)
    db_shared_2 = dz_shared_2.sum(axis=0)                       # (6,)

    # backward: Residual
    dh_shared = dh_shared_2 + dx_shared                         # (n, 6)
    dz_shared = dh_shared * (h_shared > 0)                      # (n, 6)

    # backward: layer shared: Linear 6 -> 6
    dx_shared_2 = dz_shared @ W_shared                          # (n, 6)
    dW_shared_3 = dz_shared.T @ softsign_inner                  # (6, 6)
    db_shared_3 = dz_shared.sum(axis=0)                         # (6,)

    # backward: Residual
    dsoftsign_inner = dh_shared + dx_shared_2                   # (n, 6)
    dW_shared = dW_shared_2 + dW_shared_3                       # (6, 6)
    db_shared = db_shared_2 + db_shared_3                       # (6,)
    dz_inner = dsoftsign_inner / denominator_inner**2           # (n, 6)

    # backward: layer inner: Linear 4 -> 6
    dW_inner = dz_inner.T @ x                                   # (6, 4)
    db_inner = dz_inner.sum(axis=0)                             # (6,)

    # update
    gradients = dW_inner, db_inner, dW_shared, db_shared, dW_out, db_out
    for W, dW, (s,) in zip(weights, gradients, memory, strict=True):
        adagrad(W, dW, s, lr, eps)
    return loss
