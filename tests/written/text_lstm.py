"""A training step, written out by Pellucid 0.1.0.

network   Embedding 11 -> 6, LSTM 6 -> 8, Dropout, Linear 8 -> 11 (677 parameters)
training  TokenLoss(), SGD(lr=0.1)
checked   program.verify() runs it beside the eager network and compares every bit

n is the batch size; a line ends with its shape. Edit freely: this needs NumPy alone.
"""

import numpy as np


def lstm(x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr):
    """All steps of an LSTM; the rows of the weights are those of i, f, g, o, in this order.

    i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh)    what to take in, to keep, to show
    g       = tanh(W_ih x + b_ih + W_hh h + b_hh)       the new content
    c       = f c + i g
    h       = o tanh(c), times W_hr if there is one

    Gives (T + 1, B, H), h of every step and the last c; and i, f, g, o, c (5, T, B, H).
    """
    T, B, _ = x.shape
    H, P = W_hh.shape[0] // 4, W_hh.shape[1]
    out = np.empty((T + 1, B, H), x.dtype), np.empty((5, T, B, H), x.dtype)
    y, kept = out
    gates, (i, f, g, o, cells) = kept[:4], kept
    # sigmoid(a) = tanh(a / 2) / 2 + 1 / 2: the halves go into the weights of i, f and o
    half = np.array([0.5, 0.5, 1, 0.5], x.dtype).reshape(4, 1, 1)
    rest = 1 - half
    W_x = (W_ih.reshape(4, H, -1) * half).transpose(0, 2, 1)
    W_h = (W_hh.reshape(4, H, P) * half).reshape(4 * H, P).T.copy()  # quicker than as a view
    np.matmul(x.reshape(T * B, -1), W_x, out=gates.reshape(4, T * B, H))
    if b_ih is not None:
        gates += ((b_ih + b_hh).reshape(4, 1, H) * half).reshape(4, 1, 1, H)
    y[:-1, :, P:] = 0
    h = np.zeros((B, P), x.dtype) if h0 is None else h0
    c = np.zeros((B, H), x.dtype) if c0 is None else c0
    from_h, m = np.empty((B, 4 * H), x.dtype), np.empty((B, H), x.dtype)
    by_gate = from_h.reshape(B, 4, H).transpose(1, 0, 2)  # the same numbers as (4, B, H)
    for t in range(T):
        now = gates[:, t]
        np.matmul(h, W_h, out=from_h)
        now += by_gate
        np.tanh(now, out=now)
        now *= half
        now += rest
        c = np.multiply(f[t], c, out=cells[t])
        c += np.multiply(i[t], g[t], out=m)
        np.tanh(c, out=m)
        m *= o[t]
        h = y[t, :, :P]
        h[...] = m if W_hr is None else m @ W_hr.T
    y[-1] = c
    return y, kept


def scatter(g, x, index):
    """Zeros in the shape of ``x`` with ``g`` added at ``index``; repeated places add up."""
    dx = np.empty(x.shape, g.dtype)
    dx[...] = 0
    parts = index if isinstance(index, tuple) else (index,)
    once = (int, np.integer, slice, type(...))  # what takes no place twice; arrays and lists may
    if all(part is None or isinstance(part, once) for part in parts):
        dx[index] = g
    else:
        np.add.at(dx, index, g)
    return dx


def lstm_back(dy, kept, c0, W_hh, W_hr):
    """The loop of ``lstm`` backwards, from dy (T + 1, B, H).

    Gives dz (T, B, 4H), before the activations of i, f, g, o; dh0 (B, P); dc0 (B, H).
    """
    _, T, B, H = kept.shape
    P, dtype = W_hh.shape[1], kept.dtype
    out = np.empty((T, B, 4 * H), dtype), np.empty((B, P), dtype), np.empty((B, H), dtype)
    dz, dh, dc = out
    gates, (i, f, g, o, cells) = kept[:4], kept
    dgates, slope = np.empty((4, B, H), dtype), np.empty((4, B, H), dtype)
    di, df, dg, do = dgates
    tanh_c, is_g = np.empty((B, H), dtype), np.array([0, 0, 1, 0], dtype).reshape(4, 1, 1)
    dh[...], dc[...] = 0, dy[-1]
    for t in reversed(range(T)):
        dh += dy[t, :, :P]
        dm = dh if W_hr is None else dh @ W_hr  # of m = o tanh(c)
        np.tanh(cells[t], out=tanh_c)
        np.multiply(dm, tanh_c, out=do)
        np.multiply(tanh_c, tanh_c, out=tanh_c)  # dc += dm o (1 - tanh(c)^2)
        np.subtract(1, tanh_c, out=tanh_c)
        tanh_c *= o[t]
        tanh_c *= dm
        dc += tanh_c
        np.multiply(dc, g[t], out=di)
        np.multiply(dc, i[t], out=dg)
        if t > 0 or c0 is not None:
            np.multiply(dc, cells[t - 1] if t > 0 else c0, out=df)
        else:
            df[...] = 0
        np.subtract(1, gates[:, t], out=slope)  # s (1 - s) for i, f, o; (1 + g) (1 - g) for g
        dgates *= slope
        np.add(gates[:, t], is_g, out=slope)
        np.multiply(dgates, slope, out=dz[t].reshape(B, 4, H).transpose(1, 0, 2))
        np.matmul(dz[t], W_hh, out=dh)
        dc *= f[t]
    return dz, dh, dc


def add_rows(rows, ids, n, out=None):
    """An array of ``n`` rows; its row i is the sum of those ``rows`` whose id is i.

    >>> add_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([2, 2]), 3).tolist()
    [[0.0, 0.0], [0.0, 0.0], [4.0, 6.0]]
    """
    width = rows.shape[-1]
    total = np.empty((n, width), rows.dtype) if out is None else out
    total[...] = 0
    # number by number: np.add.at is quick along one axis only (0.1 ms against 0.7 ms for 768 rows
    # of 128), at any n; a one-hot product is no quicker from about 100 rows on
    places = ids.astype(np.intp).reshape(-1, 1) * width + np.arange(width)
    np.add.at(total.reshape(-1), places.reshape(-1), rows.reshape(-1))
    return total


def embedding_gradient(g, ids, n, padding_idx=None, by_frequency=False, out=None):
    """The gradient of a table of ``n`` rows: what arrived for each token, added up in its row."""
    dW = add_rows(g, ids, n, out=out)
    if by_frequency:
        counts = np.bincount(ids.reshape(-1), minlength=n)
        dW /= np.maximum(counts, 1).astype(g.dtype)[:, np.newaxis]
    if padding_idx is not None:
        dW[padding_idx] = 0
    return dW


def step(weights, x, y, lr):
    """Train on one batch: move the weights in place and return the loss."""
    W_embedding, W_ih_l0_rnn, W_hh_l0_rnn, b_ih_l0_rnn, b_hh_l0_rnn, W_head, b_head = weights
    n = len(x)

    # layer embedding: Embedding 11 -> 6
    h_embedding = W_embedding[x]                                # (n, 7, 6)

    # layer rnn: LSTM 6 -> 8
    transpose_embedding = h_embedding.transpose(1, 0, 2)        # (7, n, 6)
    h_rnn, kept_rnn = (
        lstm(transpose_embedding, None, None, W_ih_l0_rnn, W_hh_l0_rnn, b_ih_l0_rnn, b_hh_l0_rnn,
        None)
    )                                                           # (8, n, 8), (5, 7, n, 8)
    getitem_rnn = h_rnn[:-1]                                    # (7, n, 8)
    transpose_rnn = getitem_rnn.transpose(1, 0, 2)              # (n, 7, 8)

    # layer head: Linear 8 -> 11
    z_head = transpose_rnn @ W_head.T + b_head                  # (n, 7, 11)

    # loss
    flat_head = z_head.reshape(-1, 11)                          # (7 * n, 11)
    flat = y.reshape(-1)                                        # (7 * n,)
    shifted = flat_head - flat_head.max(axis=1, keepdims=True)  # (7 * n, 11)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))  # (7 * n, 11)
    crossentropy_part = flat[:, np.newaxis]                     # (7 * n, 1)
    counts = (crossentropy_part != -100).astype(np.float32)     # (7 * n, 1)
    q = (crossentropy_part == np.arange(11)).astype(np.float32) * counts  # (7 * n, 11)
    divisor = counts.sum()                                      # a number
    losses = -(q * log_p).sum(axis=1)                           # (7 * n,)
    loss = losses.sum() / divisor                               # a number

    # backward: loss
    p = np.exp(log_p) * q.sum(axis=1, keepdims=True)            # (7 * n, 11)
    dflat_head = (p - q) / divisor                              # (7 * n, 11)
    dz_head = dflat_head.reshape(n, 7, 11)                      # (n, 7, 11)

    # backward: layer head: Linear 8 -> 11
    dtranspose_rnn = dz_head @ W_head                           # (n, 7, 8)
    linear_part_head = dz_head.reshape(-1, 11)                  # (7 * n, 11)
    dW_head = linear_part_head.T @ transpose_rnn.reshape(-1, 8)  # (11, 8)
    db_head = linear_part_head.sum(axis=0)                      # (11,)

    # backward: layer rnn: LSTM 6 -> 8
    dgetitem_rnn = dtranspose_rnn.transpose(1, 0, 2)            # (7, n, 8)
    dh_rnn = scatter(dgetitem_rnn, h_rnn, slice(None, -1, None))  # (8, n, 8)
    dz_rnn, _, _ = lstm_back(dh_rnn, kept_rnn, None, W_hh_l0_rnn, None)  # (7, n, 32)
    dz_rows_rnn = dz_rnn.reshape(-1, 32)                        # (7 * n, 32)
    x_rows_rnn = transpose_embedding.reshape(-1, 6)             # (7 * n, 6)
    dtranspose_embedding = (dz_rows_rnn @ W_ih_l0_rnn).reshape(7, n, 6)  # (7, n, 6)
    dW_ih_l0_rnn = dz_rows_rnn.T @ x_rows_rnn                   # (32, 6)
    dW_hh_l0_rnn = dz_rnn[1:].reshape(-1, 32).T @ getitem_rnn[:-1].reshape(-1, 8)  # (32, 8)
    db_ih_l0_rnn = dz_rows_rnn.sum(axis=0)                      # (32,)
    dh_embedding = dtranspose_embedding.transpose(1, 0, 2)      # (n, 7, 6)

    # backward: layer embedding: Embedding 11 -> 6
    dW_embedding = embedding_gradient(dh_embedding, x, 11, None, False)  # (11, 6)

    # update
    gradients = (
        dW_embedding, dW_ih_l0_rnn, dW_hh_l0_rnn, db_ih_l0_rnn, db_ih_l0_rnn, dW_head, db_head,
    )
    for W, dW in zip(weights, gradients, strict=True):
        W -= lr * dW
    return loss
