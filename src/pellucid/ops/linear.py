"""Matrix products: what nearly all the arithmetic of a network is."""

import numpy as np

from pellucid.ops.rule import like, rule


@rule
class MatMul:
    """y = a @ b, batched over leading axes as in NumPy."""

    numpy = np.matmul

    def forward(a, b):
        return a @ b

    def backward(g, y, a, b, *, needs):
        # a vector takes part as a row (left) or as a column (right)
        rows = a[np.newaxis, :] if a.ndim == 1 else a
        columns = b[:, np.newaxis] if b.ndim == 1 else b
        if b.ndim == 1:
            g = np.expand_dims(g, -1)
        if a.ndim == 1:
            g = np.expand_dims(g, -2)
        da = like(g @ columns.swapaxes(-1, -2), rows).reshape(a.shape) if needs[0] else None
        db = like(rows.swapaxes(-1, -2) @ g, columns).reshape(b.shape) if needs[1] else None
        return da, db


@rule
class Linear:
    """y = x W^T + b, for x of shape (..., in), W (out, in), b (out,) or None."""

    def forward(x, W, b=None):
        y = x @ W.T
        return y if b is None else y + b

    def backward(g, y, x, W, b=None, *, needs):
        dx = g @ W if needs[0] else None
        if x.ndim != 2:  # every leading axis is a batch axis
            g = g.reshape(-1, W.shape[0])
            x = x.reshape(-1, W.shape[1])
        dW = g.T @ x if needs[1] else None
        db = g.sum(axis=0) if needs[2] else None
        return dx, dW, db
