"""Networks that forecast a series: all the rows of a horizon at once, from the rows seen."""

from __future__ import annotations

import numpy as np

from pellucid import nn
from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.models.recurrent import CELLS
from pellucid.nn import init

__all__ = ["SeriesRNN", "SeriesTCN"]


class _Forecaster(nn.Module):
    """Rows seen x (B, W, F), the series in column 0, to its next rows z (B, H).

    With ``lag`` L > 0 the network sees changes c_t = (x_t - x_{t-L} - drift) / spread, and adds to
    a base: the last L rows over and over, plus ``drift`` each time; z = base + spread * head. The
    head begins with zeros, so that the first forecast is the base itself. ``level``: whether it
    sees x_t too. With ``lag`` 0 it sees x and gives z.
    """

    def __init__(
        self,
        inputs: int,
        horizon: int,
        size: int,
        lag: int,
        drift: float,
        spread: float,
        level: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        if horizon < 1 or lag < 0:
            raise OptionError(
                type(self).__name__,
                got=f"a horizon of {horizon} and a lag of {lag}",
                needs="a horizon from 1, a lag from 0",
            )
        self.inputs, self.horizon, self.lag = inputs, horizon, lag
        self.drift, self.spread, self.level = drift, spread, level
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(size, horizon)
        init.zeros_(self.head.weight)
        assert self.head.bias is not None
        init.zeros_(self.head.bias)

    @property
    def channels(self) -> int:
        """How many numbers a row the network sees."""
        return self.inputs + bool(self.lag and self.level)

    def forward(self, x: Tensor) -> Tensor:
        """The next rows, in the units of x."""
        if x.ndim != 3 or x.shape[2] != self.inputs or x.shape[1] <= self.lag:
            raise ShapeError(
                type(self).__name__,
                got=f"windows of shape {x.shape}",
                needs=f"(batch, rows, {self.inputs}), more than {self.lag} rows",
            )
        z: Tensor = self.head(self.dropout(self.code(self.seen(x))))
        return z if self.lag == 0 else self.base(x) + z * self.spread

    def seen(self, x: Tensor) -> Tensor:
        """(B, W - lag, channels)."""
        if self.lag == 0:
            return x
        lag, parts = self.lag, []
        change = x[:, lag:, :1] - x[:, :-lag, :1]
        parts.append((change - self.drift) * (1 / self.spread))
        if self.level or self.inputs > 1:
            parts.append(x[:, lag:, 0 if self.level else 1 :])
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=2)  # type: ignore

    def base(self, x: Tensor) -> Tensor:
        """The last rows over and over, with the drift of each turn."""
        turns = -(-self.horizon // self.lag)
        last = x[:, -self.lag :, 0]
        pieces = [last + self.drift * k for k in range(1, turns + 1)]
        rest = self.horizon - (turns - 1) * self.lag
        pieces[-1] = pieces[-1][:, :rest]
        return pieces[0] if turns == 1 else np.concatenate(pieces, axis=1)  # type: ignore

    def code(self, x: Tensor) -> Tensor:
        """What was seen, in ``size`` numbers."""
        raise NotImplementedError


class SeriesRNN(_Forecaster):
    """A recurrent network (``cell``: "rnn", "lstm" or "gru") whose last state tells the horizon.

    x (B, W, inputs) to z (B, horizon).

    >>> SeriesRNN(1, horizon=3, hidden=4, lag=2)(np.zeros((5, 6, 1), np.float32)).shape
    (5, 3)
    """

    def __init__(
        self,
        inputs: int,
        horizon: int,
        cell: str = "lstm",
        hidden: int = 32,
        layers: int = 1,
        lag: int = 0,
        drift: float = 0.0,
        spread: float = 1.0,
        level: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(inputs, horizon, hidden, lag, drift, spread, level, dropout)
        make = CELLS[choose("SeriesRNN", cell, CELLS)]
        between = dropout if layers > 1 else 0.0
        self.rnn = make(self.channels, hidden, layers, batch_first=True, dropout=between)

    def code(self, x: Tensor) -> Tensor:
        """The state after the last row."""
        h: Tensor = self.rnn(x)[0][:, -1]
        return h


class _CausalBlock(nn.Module):
    """Two dilated convolutions that look back only, and a way around them: relu(x + f(x)).

    (B, C, T) to (B, channels, T). Source: Bai et al. 2018, section 3.3, without weight norm.
    """

    def __init__(
        self, inputs: int, channels: int, kernel: int, dilation: int, dropout: float
    ) -> None:
        super().__init__()
        before = (kernel - 1) * dilation

        def causal(size: int) -> list[nn.Module]:
            convolution = nn.Conv1d(size, channels, kernel, dilation=dilation)
            return [nn.ZeroPad1d((before, 0)), convolution, nn.ReLU(), nn.Dropout(dropout)]

        self.path = nn.Sequential(*causal(inputs), *causal(channels))
        self.around = nn.Conv1d(inputs, channels, 1) if inputs != channels else None

    def forward(self, x: Tensor) -> Tensor:
        """Each place from itself and the places before it."""
        rest = x if self.around is None else self.around(x)
        return np.maximum(rest + self.path(x), 0)  # type: ignore[no-any-return]


class SeriesTCN(_Forecaster):
    """A temporal convolutional network: block i looks 2^i rows apart; the last row's code tells.

    x (B, W, inputs) to z (B, horizon). It sees 1 + 2 (kernel - 1) (2^layers - 1) rows.

    >>> SeriesTCN(1, horizon=3, hidden=4, layers=2)(np.zeros((5, 6, 1), np.float32)).shape
    (5, 3)
    """

    def __init__(
        self,
        inputs: int,
        horizon: int,
        hidden: int = 32,
        layers: int = 3,
        kernel: int = 3,
        lag: int = 0,
        drift: float = 0.0,
        spread: float = 1.0,
        level: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(inputs, horizon, hidden, lag, drift, spread, level, dropout)
        sizes = [self.channels] + [hidden] * layers
        self.blocks = nn.Sequential(
            *(
                _CausalBlock(sizes[i], hidden, kernel, 2**i, 0.0 if i == 0 else dropout)
                for i in range(layers)
            )
        )

    def code(self, x: Tensor) -> Tensor:
        """The last row's channels, (B, hidden)."""
        h: Tensor = self.blocks(x.transpose(0, 2, 1))[:, :, -1]
        return h
