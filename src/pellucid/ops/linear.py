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


@rule
class Bilinear:
    """y_o = sum_ij a_i W_oij b_j + bias: a Linear on all products of a (..., I) and b (..., J).

    W (O, I, J), bias (O,) or None. Extra: the products (..., I J).
    """

    def forward(a, b, W, bias=None):
        products = np.expand_dims(a, -1) * np.expand_dims(b, -2)
        products = products.reshape(*a.shape[:-1], W.shape[1] * W.shape[2])
        y = products @ W.reshape(W.shape[0], -1).T
        return (y if bias is None else y + bias), products

    def backward(g, y, products, a, b, W, bias=None, *, needs):
        da = db = dW = None
        if needs[0] or needs[1]:
            dproducts = (g @ W.reshape(W.shape[0], -1)).reshape(*g.shape[:-1], *W.shape[1:])
            da = (dproducts @ np.expand_dims(b, -1))[..., 0] if needs[0] else None
            db = (np.expand_dims(a, -2) @ dproducts)[..., 0, :] if needs[1] else None
        if needs[2]:
            rows = products.reshape(-1, W.shape[1] * W.shape[2])
            dW = (g.reshape(-1, W.shape[0]).T @ rows).reshape(W.shape)
        return da, db, dW, g.reshape(-1, W.shape[0]).sum(axis=0) if needs[3] else None
