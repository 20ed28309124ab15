"""Twins of helpers for the fused form: the loops of LSTM and GRU over time, compiled.

A twin takes what its helper takes and gives the same within rounding; what it is not made for
(float64, a projection, memory with gaps) goes to the helper. Threads share out the batch: the rows
of a state go their own way through all of time, so that nobody waits and no bit depends on it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import njit, prange

from pellucid.ops import recurrent
from pellucid.program import fused_math
from pellucid.program.fused_product import (
    compiled,
    product_nn,
    shares,
    some_rows_nn,
)

__all__ = ["TWINS", "twin"]

_OPTIONS = {"nogil": True, "error_model": "numpy"}
_exp = njit(error_model="numpy")(fused_math.exp32)
_ONE, _TWO = np.float32(1), np.float32(2)


@njit(**_OPTIONS)
def _sigmoid(a):
    """1 / (1 + e^-a), between 0 and 1 for every a."""
    return _ONE / (_ONE + _exp(-a))


@njit(**_OPTIONS)
def _tanh(a):
    """tanh(a) = 1 - 2 / (e^2a + 1); the series a - a^3 / 3 near 0, where that would lose digits."""
    s = a * a
    near = a * (_ONE + s * (np.float32(-1 / 3) + s * np.float32(2 / 15)))
    return near if s < np.float32(0.01) else _ONE - _TWO / (_exp(_TWO * a) + _ONE)


# -- LSTM --


@njit(**_OPTIONS)
def _lstm_step(t, h, c, gates, cells, y, W_h, from_h, first, last):
    """One step from the state h, c for some rows of the batch.

    The state is an argument: with ``y[t - 1] if t > 0 else h0`` Numba loses count of its arrays and
    frees one too often.
    """
    H = cells.shape[2]
    i, f, g, o = gates[0], gates[1], gates[2], gates[3]
    some_rows_nn(h, W_h, from_h, first, last)
    for b in range(first, last):
        for j in range(H):
            it = _sigmoid(i[t, b, j] + from_h[b, j])
            ft = _sigmoid(f[t, b, j] + from_h[b, H + j])
            gt = _tanh(g[t, b, j] + from_h[b, 2 * H + j])
            ot = _sigmoid(o[t, b, j] + from_h[b, 3 * H + j])
            ct = ft * c[b, j] + it * gt
            i[t, b, j], f[t, b, j], g[t, b, j], o[t, b, j] = it, ft, gt, ot
            cells[t, b, j] = ct
            y[t, b, j] = ot * _tanh(ct)


@njit(**_OPTIONS)
def _lstm_rows(gates, cells, y, h0, c0, W_h, from_h, first, last):
    """All steps for some rows of the batch; ``gates`` holds what came from x."""
    T, H = cells.shape[0], cells.shape[2]
    _lstm_step(0, h0, c0, gates, cells, y, W_h, from_h, first, last)
    for t in range(1, T):
        _lstm_step(t, y[t - 1], cells[t - 1], gates, cells, y, W_h, from_h, first, last)
    for b in range(first, last):
        for j in range(H):
            y[T, b, j] = cells[T - 1, b, j]


@compiled
def _lstm_loop(gates, cells, y, h0, c0, W_h, from_h, threads):
    B = h0.shape[0]
    if threads == 1:
        _lstm_rows(gates, cells, y, h0, c0, W_h, from_h, 0, B)
        return
    for k in prange(threads):
        first, last = k * B // threads, (k + 1) * B // threads
        _lstm_rows(gates, cells, y, h0, c0, W_h, from_h, first, last)


@njit(**_OPTIONS)
def _lstm_back_step(t, before, dy, gates, cells, W_hh, dz, dh, dc, first, last):
    H = cells.shape[2]
    i, f, g, o = gates[0], gates[1], gates[2], gates[3]
    for b in range(first, last):  # short loops of few arrays each, which become vectors
        for j in range(H):
            m, dm, ot = _tanh(cells[t, b, j]), dh[b, j] + dy[t, b, j], o[t, b, j]
            dc[b, j] += dm * ot * (_ONE - m * m)
            dz[t, b, 3 * H + j] = dm * m * ot * (_ONE - ot)
        for j in range(H):
            it, gt, d = i[t, b, j], g[t, b, j], dc[b, j]
            dz[t, b, j] = d * gt * it * (_ONE - it)
            dz[t, b, 2 * H + j] = d * it * (_ONE - gt * gt)
        for j in range(H):
            ft, d = f[t, b, j], dc[b, j]
            dz[t, b, H + j] = d * before[b, j] * ft * (_ONE - ft)
            dc[b, j] = d * ft
    some_rows_nn(dz[t], W_hh, dh, first, last)


@njit(**_OPTIONS)
def _lstm_back_rows(dy, gates, cells, c0, W_hh, dz, dh, dc, first, last):
    T, H = cells.shape[0], cells.shape[2]
    for b in range(first, last):
        for j in range(H):
            dh[b, j] = np.float32(0)
            dc[b, j] = dy[T, b, j]
    for t in range(T - 1, 0, -1):
        _lstm_back_step(t, cells[t - 1], dy, gates, cells, W_hh, dz, dh, dc, first, last)
    _lstm_back_step(0, c0, dy, gates, cells, W_hh, dz, dh, dc, first, last)


@compiled
def _lstm_back_loop(dy, gates, cells, c0, W_hh, dz, dh, dc, threads):
    B = dh.shape[0]
    if threads == 1:
        _lstm_back_rows(dy, gates, cells, c0, W_hh, dz, dh, dc, 0, B)
        return
    for k in prange(threads):
        first, last = k * B // threads, (k + 1) * B // threads
        _lstm_back_rows(dy, gates, cells, c0, W_hh, dz, dh, dc, first, last)


def lstm(threads, x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr, out=None):
    """As :func:`pellucid.ops.recurrent.lstm`."""
    if W_hr is not None or not _fit(W_ih, W_hh, h0, c0) or x.dtype != np.float32:
        return recurrent.lstm(x, h0, c0, W_ih, W_hh, b_ih, b_hh, W_hr, out=out)
    T, B, _ = x.shape
    H = W_hh.shape[1]
    if out is None:
        out = np.empty((T + 1, B, H), x.dtype), np.empty((5, T, B, H), x.dtype)
    y, kept = out
    _from_x(threads, x, W_ih, None if b_ih is None else b_ih + b_hh, kept[:4])
    share = shares(T * B * 4 * H * H, threads)
    from_h, W_h = np.empty((B, 4 * H), x.dtype), np.ascontiguousarray(W_hh.T)
    _lstm_loop(kept[:4], kept[4], y, _state(h0, B, H), _state(c0, B, H), W_h, from_h, share)
    return y, kept


def lstm_back(threads, dy, kept, c0, W_hh, W_hr, out=None):
    """As :func:`pellucid.ops.recurrent.lstm_back`."""
    if W_hr is not None or not _fit(dy, kept, W_hh, c0):
        return recurrent.lstm_back(dy, kept, c0, W_hh, W_hr, out=out)
    _, T, B, H = kept.shape
    if out is None:
        empty = partial(np.empty, dtype=kept.dtype)
        out = empty((T, B, 4 * H)), empty((B, H)), empty((B, H))
    share = shares(T * B * 4 * H * H, threads)
    _lstm_back_loop(dy, kept[:4], kept[4], _state(c0, B, H), W_hh, *out, share)
    return out


# -- GRU --


@njit(**_OPTIONS)
def _gru_step(t, before, gates, from_h_n, y, W_h, b_hn, from_h, first, last):
    H = y.shape[2]
    r, z, n = gates[0], gates[1], gates[2]
    some_rows_nn(before, W_h, from_h, first, last)
    for b in range(first, last):
        for j in range(H):
            rt = _sigmoid(r[t, b, j] + from_h[b, j])
            zt = _sigmoid(z[t, b, j] + from_h[b, H + j])
            inner = from_h[b, 2 * H + j] + b_hn[j]
            nt = _tanh(n[t, b, j] + rt * inner)
            r[t, b, j], z[t, b, j], n[t, b, j] = rt, zt, nt
            from_h_n[t, b, j] = inner
            y[t, b, j] = nt + zt * (before[b, j] - nt)


@njit(**_OPTIONS)
def _gru_rows(gates, from_h_n, y, h0, W_h, b_hn, from_h, first, last):
    _gru_step(0, h0, gates, from_h_n, y, W_h, b_hn, from_h, first, last)
    for t in range(1, y.shape[0]):
        _gru_step(t, y[t - 1], gates, from_h_n, y, W_h, b_hn, from_h, first, last)


@compiled
def _gru_loop(gates, from_h_n, y, h0, W_h, b_hn, from_h, threads):
    B = h0.shape[0]
    if threads == 1:
        _gru_rows(gates, from_h_n, y, h0, W_h, b_hn, from_h, 0, B)
        return
    for k in prange(threads):
        first, last = k * B // threads, (k + 1) * B // threads
        _gru_rows(gates, from_h_n, y, h0, W_h, b_hn, from_h, first, last)


@njit(**_OPTIONS)
def _gru_back_step(t, before, dy, kept, W_hh, dz, dz_h, past, dh, first, last):
    H = dh.shape[1]
    for b in range(first, last):
        for j in range(H):
            rt, zt, nt = kept[0, t, b, j], kept[1, t, b, j], kept[2, t, b, j]
            d = dh[b, j] + dy[t, b, j]
            dn = d * (_ONE - zt) * (_ONE - nt * nt)
            dr = dn * kept[3, t, b, j] * rt * (_ONE - rt)
            dzt = d * (before[b, j] - nt) * zt * (_ONE - zt)
            dz[t, b, j], dz[t, b, H + j] = dn, dr
            dz[t, b, 2 * H + j], dz[t, b, 3 * H + j] = dzt, dn * rt
            dz_h[b, j], dz_h[b, H + j], dz_h[b, 2 * H + j] = dr, dzt, dn * rt
            past[b, j] = d * zt
    some_rows_nn(dz_h, W_hh, dh, first, last)
    for b in range(first, last):
        for j in range(H):
            dh[b, j] += past[b, j]


@njit(**_OPTIONS)
def _gru_back_rows(dy, y, kept, h0, W_hh, dz, dz_h, past, dh, first, last):
    """``dz_h``: what W_hh feels of one step; ``past``: what goes past the gates to h before."""
    T, H = y.shape[0], y.shape[2]
    for b in range(first, last):
        for j in range(H):
            dh[b, j] = np.float32(0)
    for t in range(T - 1, 0, -1):
        _gru_back_step(t, y[t - 1], dy, kept, W_hh, dz, dz_h, past, dh, first, last)
    _gru_back_step(0, h0, dy, kept, W_hh, dz, dz_h, past, dh, first, last)


@compiled
def _gru_back_loop(dy, y, kept, h0, W_hh, dz, dz_h, past, dh, threads):
    B = dh.shape[0]
    if threads == 1:
        _gru_back_rows(dy, y, kept, h0, W_hh, dz, dz_h, past, dh, 0, B)
        return
    for k in prange(threads):
        first, last = k * B // threads, (k + 1) * B // threads
        _gru_back_rows(dy, y, kept, h0, W_hh, dz, dz_h, past, dh, first, last)


def gru(threads, x, h0, W_ih, W_hh, b_ih, b_hh, out=None):
    """As :func:`pellucid.ops.recurrent.gru`."""
    if not _fit(W_ih, W_hh, h0) or x.dtype != np.float32:
        return recurrent.gru(x, h0, W_ih, W_hh, b_ih, b_hh, out=out)
    T, B, _ = x.shape
    H = W_hh.shape[1]
    if out is None:
        out = np.empty((T, B, H), x.dtype), np.empty((4, T, B, H), x.dtype)
    y, kept = out
    b = None if b_ih is None else b_ih + np.concatenate([b_hh[: 2 * H], np.zeros(H, x.dtype)])
    _from_x(threads, x, W_ih, b, kept[:3])
    b_hn = np.zeros(H, x.dtype) if b_hh is None else np.ascontiguousarray(b_hh[2 * H :])
    share = shares(T * B * 3 * H * H, threads)
    from_h, W_h = np.empty((B, 3 * H), x.dtype), np.ascontiguousarray(W_hh.T)
    _gru_loop(kept[:3], kept[3], y, _state(h0, B, H), W_h, b_hn, from_h, share)
    return y, kept


def gru_back(threads, dy, y, kept, h0, W_hh, out=None):
    """As :func:`pellucid.ops.recurrent.gru_back`."""
    if not _fit(dy, y, kept, W_hh, h0):
        return recurrent.gru_back(dy, y, kept, h0, W_hh, out=out)
    _, T, B, H = kept.shape
    empty = partial(np.empty, dtype=kept.dtype)
    if out is None:
        out = empty((T, B, 4 * H)), empty((B, H))
    dz, dh = out
    share = shares(T * B * 3 * H * H, threads)
    room = empty((B, 3 * H)), empty((B, H))
    _gru_back_loop(dy, y, kept, _state(h0, B, H), W_hh, dz, *room, dh, share)
    return out


# -- what the layers share --


def _fit(*arrays):
    """Whether all arrays are float32 without gaps, row after row; None fits."""
    return all(a is None or (a.dtype == np.float32 and a.flags.c_contiguous) for a in arrays)


def _state(h, rows, size):
    return np.zeros((rows, size), np.float32) if h is None else h


def _from_x(threads, x, W_ih, b, gates):
    """What x gives to the gates of all steps, (gates, T, B, H): a product a gate."""
    count, T, B, H = gates.shape
    x_rows = np.ascontiguousarray(x).reshape(T * B, -1)  # of a batch first it was a view
    share = shares(T * B * H * x_rows.shape[1], threads)
    for k in range(count):
        block = gates[k].reshape(T * B, H)
        product_nn(x_rows, np.ascontiguousarray(W_ih[k * H : (k + 1) * H].T), block, share)
        if b is not None:
            block += b[k * H : (k + 1) * H]


TWINS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {  # name: the helper, its twin
    "lstm": (recurrent.lstm, lstm),
    "lstm_back": (recurrent.lstm_back, lstm_back),
    "gru": (recurrent.gru, gru),
    "gru_back": (recurrent.gru_back, gru_back),
}


def twin(name: str, threads: int) -> Callable[..., Any]:
    """The twin of a helper, for so many threads."""
    return partial(TWINS[name][1], threads)
