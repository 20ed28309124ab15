"""Layers that remember: RNN, LSTM and GRU, one layer in one direction over all time steps.

The shapes: x (T, B, in) over T steps, states (B, H), and the weights as in torch, the rows of the
gates one block below the other: W_ih (gates H, in), W_hh (gates H, H). A state or a bias that is
left out is None; the state is 0 then. Three things make the loops quick, the same for all:

- the products with x of all steps are one product before the loop, and the gradients of x and of
  the weights are products after it; what is left for a step is the product with the state;
- the gates are kept apart, so that ``i, f, g, o = gates`` are whole arrays (T, B, H), and all that
  backward needs is one array: the memory of several small ones costs more than what is done to it;
- sigmoid(a) = tanh(a / 2) / 2 + 1 / 2: with the halves put into the weights, which is exact, all
  gates of a step are one tanh.
"""

import numpy as np

from pellucid.ops.rule import helper, rule


@rule
class RNN:
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), or relu in place of tanh, over all steps.

    x (T, B, in), h0 (B, H) or None -> h of every step (T, B, H). Source: Elman 1990.
    """

    def forward(x, h0, W_ih, W_hh, b_ih, b_hh, *, nonlinearity="tanh"):
        return rnn(x, h0, W_ih, W_hh, b_ih, b_hh, nonlinearity)

    def backward(g, y, x, h0, W_ih, W_hh, b_ih, b_hh, *, nonlinearity="tanh", needs):
        dz, dh0 = rnn_back(g, y, W_hh, nonlinearity)
        dz_rows, x_rows = rows(dz), rows(x)
        dx = (dz_rows @ W_ih).reshape(x.shape) if needs[0] else None
        dW_ih = dz_rows.T @ x_rows if needs[2] else None
        dW_hh = of_states(dz, y, h0) if needs[3] else None
        db = dz_rows.sum(axis=0) if needs[4] or needs[5] else None
        return asked((dx, dh0, dW_ih, dW_hh, db, db), needs)


@rule
class LSTM:
    """c_t = f c_(t-1) + i g, h_t = o tanh(c_t), over all steps; the gates are those of ``lstm``.

    x (T, B, in), h0 (B, P) and c0 (B, H) or None -> (T + 1, B, H): h of every step, and the last c
    behind them. With a projection W_hr (P, H), h_t = W_hr (o tanh(c_t)) takes the first P places of
    its row and the rest is 0; without it (None) P = H.
    The extra is i, f, g, o and c of every step (5, T, B, H).
    Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000; the projection:
    Sak et al. 2014.
    """

    def forward(x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr):
        states, kept = lstm(x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr)
        return states, kept

    def backward(g, y, kept, x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr, *, needs):
        dz, dh0, dc0 = lstm_back(g, kept, c0, W_hh, W_hr)
        dz_rows, x_rows = rows(dz), rows(x)
        h, dh = (y[:-1], g[:-1]) if W_hr is None else (s[:-1, :, : W_hh.shape[1]] for s in (y, g))
        dx = (dz_rows @ W_ih).reshape(x.shape) if needs[0] else None
        dW_ih = dz_rows.T @ x_rows if needs[3] else None
        dW_hh = of_states(dz, h, h0) if needs[4] else None
        db = dz_rows.sum(axis=0) if needs[5] or needs[6] else None
        dW_hr = None
        if needs[7]:  # the gradient of h: what arrives, and what the next step sends back
            m = kept[3] * np.tanh(kept[4])
            dW_hr = rows(dh).T @ rows(m) + (rows(dz[1:]) @ W_hh).T @ rows(m[:-1])
        return asked((dx, dh0, dc0, dW_ih, dW_hh, db, db, dW_hr), needs)


@rule
class GRU:
    """h_t = (1 - z) n + z h_(t-1) over all steps; the gates r, z and n are those of ``gru``.

    x (T, B, in), h0 (B, H) or None -> h of every step (T, B, H). The extra is r, z, n and
    W_hn h_(t-1) + b_hn, which r lets through, of every step (4, T, B, H).
    Source: Cho et al. 2014, section 2.3, with the reset gate behind the product, as in torch.
    """

    def forward(x, h0, W_ih, W_hh, b_ih, b_hh):
        h, kept = gru(x, h0, W_ih, W_hh, b_ih, b_hh)
        return h, kept

    def backward(g, y, kept, x, h0, W_ih, W_hh, b_ih, b_hh, *, needs):
        H = W_hh.shape[1]
        dz, dh0 = gru_back(g, y, kept, h0, W_hh)
        dz_x, dz_h = rows(dz[:, :, : 3 * H]), dz[:, :, H:]  # of n, r, z and of r, z, r n
        dx = (dz_x @ np.roll(W_ih, H, axis=0)).reshape(x.shape) if needs[0] else None
        dW_ih = np.roll(dz_x.T @ rows(x), -H, axis=0) if needs[2] else None
        dW_hh = of_states(dz_h, y, h0) if needs[3] else None
        db_ih = np.roll(dz_x.sum(axis=0), -H) if needs[4] else None
        db_hh = rows(dz_h).sum(axis=0) if needs[5] else None
        return asked((dx, dh0, dW_ih, dW_hh, db_ih, db_hh), needs)


def rows(a):
    """(T, B, n) as (T B, n): every step of every example is a row."""
    return a.reshape(-1, a.shape[-1])


def of_states(dz, h, h0):
    """The gradient of W_hh from dz, before the activations: step t met the state of step t - 1."""
    dW = rows(dz[1:]).T @ rows(h[:-1])
    return dW if h0 is None else dW + dz[0].T @ h0


def asked(gradients, needs):
    """The gradients that anybody needs, None for the others."""
    return tuple(dx if need else None for dx, need in zip(gradients, needs, strict=True))


# -- the loops over time --


@helper
def rnn(x, h0, W_ih, W_hh, b_ih, b_hh, nonlinearity, out=None):
    """All steps of h = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu(...): (T, B, H)."""
    T, B, _ = x.shape
    H = W_hh.shape[0]
    y = np.empty((T, B, H), x.dtype) if out is None else out
    np.matmul(x.reshape(T * B, -1), W_ih.T, out=y.reshape(T * B, H))
    if b_ih is not None:
        y += b_ih + b_hh
    h = np.zeros((B, H), x.dtype) if h0 is None else h0
    W_h, from_h = W_hh.T.copy(), np.empty((B, H), x.dtype)
    for t in range(T):
        y[t] += np.matmul(h, W_h, out=from_h)
        h = np.tanh(y[t], out=y[t]) if nonlinearity == "tanh" else np.maximum(y[t], 0, out=y[t])
    return y


@helper
def rnn_back(dy, y, W_hh, nonlinearity, out=None):
    """The loop of ``rnn`` backwards: dz (T, B, H), before the activations, and dh0 (B, H)."""
    T, B, H = y.shape
    dz, dh = (np.empty((T, B, H), y.dtype), np.empty((B, H), y.dtype)) if out is None else out
    dh[...] = 0
    for t in reversed(range(T)):
        dh += dy[t]
        if nonlinearity == "tanh":  # tanh' = 1 - tanh^2
            np.multiply(y[t], y[t], out=dz[t])
            np.subtract(1, dz[t], out=dz[t])
            dz[t] *= dh
        else:
            np.multiply(dh, y[t] > 0, out=dz[t])
        np.matmul(dz[t], W_hh, out=dh)
    return dz, dh


@helper
def lstm(x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr, out=None):
    """All steps of an LSTM; the rows of the weights are those of i, f, g, o, in this order.

    i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh)    what to take in, to keep, to show
    g       = tanh(W_ih x + b_ih + W_hh h + b_hh)       the new content
    c       = f c + i g
    h       = o tanh(c), times W_hr if there is one

    Gives (T + 1, B, H), h of every step and the last c; and i, f, g, o, c (5, T, B, H).
    """
    T, B, _ = x.shape
    H, P = W_hh.shape[0] // 4, W_hh.shape[1]
    if out is None:
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


@helper
def lstm_back(dy, kept, c0, W_hh, W_hr, out=None):
    """The loop of ``lstm`` backwards, from dy (T + 1, B, H).

    Gives dz (T, B, 4H), before the activations of i, f, g, o; dh0 (B, P); dc0 (B, H).
    """
    _, T, B, H = kept.shape
    P, dtype = W_hh.shape[1], kept.dtype
    if out is None:
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


@helper
def gru(x, h0, W_ih, W_hh, b_ih, b_hh, out=None):
    """All steps of a GRU; the rows of the weights are those of r, z, n, in this order.

    r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh)         how much to let through, to keep
    n    = tanh(W_in x + b_in + r (W_hn h + b_hn))        the new content
    h    = (1 - z) n + z h

    Gives h of every step (T, B, H); and r, z, n, W_hn h + b_hn (4, T, B, H).
    """
    T, B, _ = x.shape
    H = W_hh.shape[1]
    if out is None:
        out = np.empty((T, B, H), x.dtype), np.empty((4, T, B, H), x.dtype)
    y, kept = out
    gates, (r, z, n, from_h_n) = kept[:3], kept
    # sigmoid(a) = tanh(a / 2) / 2 + 1 / 2: the halves go into the weights of r and z
    half = np.array([0.5, 0.5, 1], x.dtype).reshape(3, 1, 1)
    W_x = (W_ih.reshape(3, H, -1) * half).transpose(0, 2, 1)
    W_h = (W_hh.reshape(3, H, H) * half).reshape(3 * H, H).T.copy()  # quicker than as a view
    np.matmul(x.reshape(T * B, -1), W_x, out=gates.reshape(3, T * B, H))
    if b_ih is not None:
        gates += (b_ih.reshape(3, 1, H) * half).reshape(3, 1, 1, H)
        gates[:2] += (b_hh.reshape(3, 1, 1, H) / 2)[:2]
    b_hn = 0 if b_hh is None else b_hh[2 * H :]
    h = np.zeros((B, H), x.dtype) if h0 is None else h0
    from_h = np.empty((B, 3 * H), x.dtype)
    by_gate = from_h.reshape(B, 3, H).transpose(1, 0, 2)  # the same numbers as (3, B, H)
    for t in range(T):
        np.matmul(h, W_h, out=from_h)
        rz = gates[:2, t]
        rz += by_gate[:2]
        np.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        np.add(by_gate[2], b_hn, out=from_h_n[t])
        n[t] += np.multiply(r[t], from_h_n[t], out=y[t])
        np.tanh(n[t], out=n[t])
        np.subtract(h, n[t], out=y[t])  # (1 - z) n + z h = n + z (h - n)
        h = y[t]
        h *= z[t]
        h += n[t]
    return y, kept


@helper
def gru_back(dy, y, kept, h0, W_hh, out=None):
    """The loop of ``gru`` backwards, from dy (T, B, H): dz (T, B, 4H) and dh0 (B, H).

    The blocks of dz, before the activations, are n, r, z and r n: what the products with x feel
    is n, r, z, and what those with h feel is r, z, r n.
    """
    _, T, B, H = kept.shape
    if out is None:
        out = np.empty((T, B, 4 * H), kept.dtype), np.empty((B, H), kept.dtype)
    dz, dh = out
    r, z, n, from_h_n = kept
    h0 = np.zeros((B, H), kept.dtype) if h0 is None else h0
    keep, slope, new = (np.empty((B, H), kept.dtype) for _ in range(3))
    dh[...] = 0
    for t in reversed(range(T)):
        dh += dy[t]
        dn, dr, dzz, drn = dz[t].reshape(B, 4, H).transpose(1, 0, 2)
        np.multiply(dh, z[t], out=keep)  # goes on to the state before
        np.subtract(dh, keep, out=dh)
        np.multiply(n[t], n[t], out=slope)  # dn = dh (1 - z) (1 - n^2)
        np.subtract(1, slope, out=slope)
        np.multiply(dh, slope, out=new)
        dn[...] = new
        np.multiply(new, r[t], out=drn)
        new *= from_h_n[t]  # dr = dn (W_hn h + b_hn) r (1 - r)
        new *= r[t]
        np.subtract(1, r[t], out=slope)
        np.multiply(new, slope, out=dr)
        np.subtract(y[t - 1] if t > 0 else h0, n[t], out=new)  # dz = dh (h - n) z (1 - z)
        new *= keep
        np.subtract(1, z[t], out=slope)
        np.multiply(new, slope, out=dzz)
        np.matmul(dz[t, :, H:], W_hh, out=dh)
        dh += keep
    return dz, dh
