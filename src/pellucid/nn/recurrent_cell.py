"""RNNCell, LSTMCell and GRUCell: one step of a recurrent layer, for loops of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import choose
from pellucid.nn.recurrent import NONLINEARITIES, Generator, _Remembering

__all__ = ["GRUCell", "LSTMCell", "RNNCell"]


class _Cell(_Remembering):
    """One step: the rule of the layer over a sequence of one."""

    def _build(
        self, input_size: int, hidden_size: int, bias: bool, dtype: DTypeLike, generator: Generator
    ) -> None:
        self._check_sizes(input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        self._names = self._own("", input_size, hidden_size, False, dtype)
        self.reset_parameters(generator)

    def _step(self, rule: Any, x: Tensor, hx: Any, **options: Any) -> Tensor:
        """All that the rule gives for one step of (B, in), or of (in): its rows, (n, B, hidden)."""
        self._check_input(x, {2: "(batch, features)", 1: "(features,)"})
        needs = (*x.shape[:-1], self.hidden_size)
        states = self._given_states(hx)
        for name, s in zip(self.states, states, strict=True):
            if s is not None and s.shape != needs:
                raise self._misfit(name, s, needs, None)
        batch = x.shape[0] if x.ndim == 2 else 1
        x = x.astype(self._dtype()).reshape(1, batch, self.input_size)
        states = tuple(None if s is None else s.reshape(batch, self.hidden_size) for s in states)
        weights = self._weights(self._names)
        y = apply(rule, x, *states, *weights[: 5 if rule is ops.LSTM else 4], **options)
        return y.reshape(y.shape[0], *needs)

    def extra_repr(self) -> str:
        without = "" if self.bias else ", bias=False"
        return f"{self.input_size}, {self.hidden_size}{without}"


class RNNCell(_Cell):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu for tanh: one step of :class:`RNN`.

    x (B, in), h (B, hidden) or None -> h' (B, hidden); no B for a single example. Initial weights
    as in :class:`RNN`. Raises OptionError, and ShapeError for what does not fit.

    >>> RNNCell(3, 5)(np.zeros((2, 3))).shape
    (2, 5)
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: DTypeLike = np.float32,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.nonlinearity = choose("RNNCell", nonlinearity, NONLINEARITIES)
        self._build(input_size, hidden_size, bias, dtype, generator)

    def forward(self, x: Tensor, hx: Any = None) -> Tensor:
        """The next state."""
        return self._step(ops.RNN, x, hx, nonlinearity=self.nonlinearity)[0]

    def extra_repr(self) -> str:
        other = "" if self.nonlinearity == "tanh" else f", nonlinearity={self.nonlinearity}"
        return super().extra_repr() + other


class LSTMCell(_Cell):
    """One step of :class:`LSTM`: x (B, in), (h, c) or None -> (h', c'), all (B, hidden).

    No B for a single example. Initial weights as in :class:`LSTM`. Raises OptionError, and
    ShapeError for what does not fit.

    >>> h, c = LSTMCell(3, 5)(np.zeros((2, 3)))
    >>> h, c = LSTMCell(5, 4)(h)
    >>> c.shape
    (2, 4)
    """

    blocks = 4
    states = ("h0", "c0")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self._build(input_size, hidden_size, bias, dtype, generator)

    def forward(self, x: Tensor, hx: Any = None) -> tuple[Tensor, Tensor]:
        """The next state and the next cell."""
        y = self._step(ops.LSTM, x, hx)
        return y[0], y[1]


class GRUCell(_Cell):
    """One step of :class:`GRU`: x (B, in), h (B, hidden) or None -> h' (B, hidden).

    No B for a single example. Initial weights as in :class:`GRU`. Raises OptionError, and
    ShapeError for what does not fit.

    >>> GRUCell(3, 5)(np.zeros(3)).shape
    (5,)
    """

    blocks = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self._build(input_size, hidden_size, bias, dtype, generator)

    def forward(self, x: Tensor, hx: Any = None) -> Tensor:
        """The next state."""
        return self._step(ops.GRU, x, hx)[0]
