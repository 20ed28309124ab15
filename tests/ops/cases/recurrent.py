"""Layers that remember, against one example and one step at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Case, Fixed, Input

T, B, IN, H, P = 4, 3, 2, 3, 2
NONE = Fixed(None)


def sigmoid(a: Any) -> Any:
    return 1 / (1 + np.exp(-a))


def states(s: Any, b: int, n: int) -> Any:
    return np.zeros(n) if s is None else s[b]


def sums(x: Any, W: Any, b: Any, blocks: int) -> list[Any]:
    return np.split(W @ x + (0 if b is None else b), blocks)


def an_rnn(x: Any, h0: Any, W: Any, R: Any, b: Any, rb: Any, *, nonlinearity: str = "tanh") -> Any:
    y = np.empty((*x.shape[:2], len(R)))
    for b_ in range(x.shape[1]):
        h = states(h0, b_, len(R))
        for t in range(x.shape[0]):
            (a,), (s,) = sums(x[t, b_], W, b, 1), sums(h, R, rb, 1)
            h = y[t, b_] = np.tanh(a + s) if nonlinearity == "tanh" else np.maximum(a + s, 0)
    return y


def an_lstm(x: Any, h0: Any, c0: Any, W: Any, R: Any, b: Any, rb: Any, project: Any) -> Any:
    steps, batch, n, out = *x.shape[:2], len(R) // 4, R.shape[1]
    y = np.zeros((steps + 1, batch, n))
    for b_ in range(batch):
        h, c = states(h0, b_, out), states(c0, b_, n)
        for t in range(steps):
            both = zip(sums(x[t, b_], W, b, 4), sums(h, R, rb, 4), strict=True)
            i, f, g, o = (a + s for a, s in both)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            h = h if project is None else project @ h
            y[t, b_, :out] = h
        y[-1, b_] = c
    return y


def a_gru(x: Any, h0: Any, W: Any, R: Any, b: Any, rb: Any) -> Any:
    y = np.empty((*x.shape[:2], R.shape[1]))
    for b_ in range(x.shape[1]):
        h = states(h0, b_, R.shape[1])
        for t in range(x.shape[0]):
            (rx, zx, nx), (rh, zh, nh) = sums(x[t, b_], W, b, 3), sums(h, R, rb, 3)
            r, z = sigmoid(rx + rh), sigmoid(zx + zh)
            h = y[t, b_] = (1 - z) * np.tanh(nx + r * nh) + z * h
    return y


def weights(blocks: int, out: int = H, bias: bool = True) -> tuple[Any, ...]:
    b = Input((blocks * H,)) if bias else NONE
    return Input((blocks * H, IN)), Input((blocks * H, out)), b, b


X, ONE_STEP, ALONE = Input((T, B, IN)), Input((1, B, IN)), Input((T, 1, IN))
STATE, SMALL, SINGLE = Input((B, H)), Input((B, P)), Input((1, H))

CASES = [
    *[
        Case(rule, (x, h0, *weights(blocks, bias=bias)), reference, options)
        for rule, blocks, reference, options in (
            ("RNN", 1, an_rnn, {}),
            ("RNN", 1, an_rnn, {"nonlinearity": "relu"}),
            ("GRU", 3, a_gru, {}),
        )
        for x, h0, bias in (
            (X, NONE, True),
            (X, STATE, True),
            (X, STATE, False),
            (ONE_STEP, STATE, True),
            (ALONE, SINGLE, True),
        )
    ],
    *[
        Case("LSTM", (x, h0, c0, *weights(4, out, bias), project), an_lstm)
        for x, h0, c0, out, bias, project in (
            (X, NONE, NONE, H, True, NONE),
            (X, STATE, STATE, H, True, NONE),
            (X, STATE, STATE, H, False, NONE),
            (X, NONE, STATE, H, True, NONE),
            (ONE_STEP, STATE, STATE, H, True, NONE),
            (ALONE, SINGLE, SINGLE, H, True, NONE),
            (X, NONE, NONE, P, True, Input((P, H))),
            (X, SMALL, STATE, P, True, Input((P, H))),
            (X, SMALL, STATE, P, False, Input((P, H))),
            (ONE_STEP, NONE, NONE, P, True, Input((P, H))),
        )
    ],
]
