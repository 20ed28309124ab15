"""Small operations whose rules need helpers: a convolution, a recurrent layer, a sorting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pellucid import nn, op
from pellucid.autograd import apply_all
from pellucid.ops import helper


@helper
def windows(x, k):
    """Views of x (B, C, L) at the k places of a window: (B, L - k + 1, k, C)."""
    b, c, n = x.shape
    s = x.strides
    return np.lib.stride_tricks.as_strided(x, (b, n - k + 1, k, c), (s[0], s[2], s[2], s[1]))


@helper
def im2col(x, k, out=None):
    """The windows of x (B, C, L) side by side, (B, L - k + 1, k C)."""
    b, c, n = x.shape
    if out is None:
        out = np.empty((b, n - k + 1, k * c), x.dtype)
    out.reshape(b, n - k + 1, k, c)[...] = windows(x, k)
    return out


@helper
def col2im(columns, k, out=None):
    """The sum of the windows where they came from: (B, C, L), channels last in memory."""
    b, m, kc = columns.shape
    if out is None:
        out = np.empty((b, m + k - 1, kc // k), columns.dtype).transpose(0, 2, 1)
    out[...] = 0
    parts = columns.reshape(b, m, k, kc // k).transpose(0, 3, 1, 2)
    for i in range(k):
        out[:, :, i : i + m] += parts[:, :, :, i]
    return out


@op
class Conv:
    """y = x W^T over windows of x (B, C, L); W (O, k C); the result is channels last in memory."""

    def forward(x: Any, W: Any, *, k: int) -> Any:
        columns = im2col(x, k)
        return (columns @ W.T).transpose(0, 2, 1)

    def backward(g: Any, y: Any, x: Any, W: Any, *, k: int) -> Any:
        columns = im2col(x, k)
        rows = g.transpose(0, 2, 1).reshape(-1, g.shape[1])
        dW = rows.T @ columns.reshape(-1, columns.shape[2])
        return col2im(g.transpose(0, 2, 1) @ W, k), dW


@helper
def gate(z):
    """1 / (1 + e^-z)."""
    return 1 / (1 + np.exp(-z))


@helper
def recurrent_forward(x, W, U, out=None):
    """Run h = tanh(x W^T) s + h U (1 - s), s the gate of h, over the time axis of x (B, T, F).

    Gives all the states (T + 1, B, H) and the last one, (B, H).
    """
    b, t, _ = x.shape
    states, last = (np.empty((t + 1, b, len(W)), x.dtype), None) if out is None else out
    states[0] = 0
    for i in range(t):
        s = gate(states[i])
        states[i + 1] = np.tanh(x[:, i] @ W.T) * s + states[i] @ U * (1 - s)
    if last is None:
        last = states[-1].copy()
    else:
        last[...] = states[-1]
    return states, last


@helper
def recurrent_backward(g, states, x, W, U, out=None):
    """The gradients of x, W and U, in the shapes of theirs, and how many steps there were."""
    dx, dW, dU, count = (
        (np.empty_like(x), np.empty_like(W), np.empty_like(U), np.empty((), x.dtype))
        if out is None
        else out
    )
    dW[...], dU[...], count[...] = 0, 0, x.shape[1]
    dh = g
    for i in reversed(range(x.shape[1])):
        h, s = states[i], gate(states[i])
        t = np.tanh(x[:, i] @ W.T)
        dz = dh * s * (1 - t * t)
        dx[:, i] = dz @ W
        dW += dz.T @ x[:, i]
        du = dh * (1 - s)
        dU += h.T @ du
        dh = du @ U.T + (dh * t - dh * (h @ U)) * s * (1 - s)
    return dx, dW, dU, count


@op
class Recurrent:
    """y = the last state of a loop over time; x (B, T, F), W (H, F), U (H, H)."""

    def forward(x: Any, W: Any, U: Any) -> Any:
        states, last = recurrent_forward(x, W, U)
        return last, states

    def backward(g: Any, y: Any, states: Any, x: Any, W: Any, U: Any) -> Any:
        dx, dW, dU, count = recurrent_backward(g, states, x, W, U)
        return dx * (count / count), dW, dU


@helper
def largest(x):
    """The greatest of each row, where it stands, and x itself; without memory of its own."""
    return np.max(x, axis=1), x.argmax(axis=1), x


@helper
def place(g, where, shape):
    """Zeros with g at one column a row."""
    made = np.zeros(shape, g.dtype)
    made[np.arange(shape[0]), where] = g
    return made * math.cos(0.0)


@op
class Largest:
    """y = the greatest of each row of x (B, K)."""

    def forward(x: Any) -> Any:
        greatest, where, _ = largest(x)
        return greatest, where

    def backward(g: Any, y: Any, where: Any, x: Any) -> Any:
        return (place(g, where, x.shape),)


class ConvNet(nn.Module):
    """Two convolutions, the second of channels-last memory, means over places, a Linear."""

    def __init__(self) -> None:
        super().__init__()
        g = np.random.default_rng(0)
        self.a = nn.Parameter(g.normal(size=(4, 6)).astype(np.float32))
        self.b = nn.Parameter(g.normal(size=(5, 12)).astype(np.float32))
        self.norm = nn.BatchNorm1d(5)
        self.out = nn.Linear(5, 3, generator=g)

    def forward(self, x: Any) -> Any:
        h = Conv(x, self.a, k=3).relu()
        h = self.norm(Conv(h, self.b, k=3)).relu()
        return self.out(h.mean(axis=2))


class RecurrentNet(nn.Module):
    """The recurrent toy between Linears."""

    def __init__(self) -> None:
        super().__init__()
        g = np.random.default_rng(0)
        self.inner = nn.Linear(4, 3, generator=g)
        self.W = nn.Parameter(g.normal(size=(6, 3)).astype(np.float32))
        self.U = nn.Parameter(g.normal(size=(6, 6)).astype(np.float32) / 4)
        self.out = nn.Linear(6, 3, generator=g)

    def forward(self, x: Any) -> Any:
        last, _ = apply_all(Recurrent.rule, self.inner(x), self.W, self.U)
        return self.out(last)
