"""Where a token stands: positions that are added to its embedding, fixed or learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError
from pellucid.nn import init
from pellucid.nn.functional.doors import floating
from pellucid.nn.module import Module, Parameter

__all__ = ["LearnedPositions", "SinusoidalPositions"]


class _Positions(Module):
    """What both do: add row t of a table to the input at place t."""

    def __init__(self, max_length: int, embedding_dim: int, batch_first: bool) -> None:
        super().__init__()
        if max_length < 1 or embedding_dim < 1:
            raise OptionError(
                type(self).__name__,
                got=f"{max_length} places, {embedding_dim} wide",
                needs="at least 1 of both",
            )
        self.max_length, self.embedding_dim = max_length, embedding_dim
        self.batch_first = batch_first

    def _add(self, x: Tensor, table: Tensor) -> Tensor:
        time = 0 if x.ndim == 2 or not self.batch_first else 1
        self._check(floating(type(self).__name__, x), time)
        rows = table[: x.shape[time]]  # (T, E)
        return x + (rows if x.ndim == 2 or time == 1 else rows.reshape(-1, 1, self.embedding_dim))

    def _check(self, x: Tensor, time: int) -> None:
        name = type(self).__name__
        if x.ndim not in (2, 3) or x.shape[-1] != self.embedding_dim:
            first = "(batch, length, " if self.batch_first else "(length, batch, "
            width = f"{self.embedding_dim})"
            raise ShapeError(
                f"{name} {self.max_length}, {self.embedding_dim}",
                got=f"an input of shape {x.shape}",
                needs=f"{first}{width} or (length, {width}",
            )
        if x.shape[time] > self.max_length:
            raise ShapeError(
                f"{name} {self.max_length}, {self.embedding_dim}",
                got=f"a sequence of {x.shape[time]} places",
                needs=f"at most {self.max_length}",
                try_=f"{name}(max_length={x.shape[time]}, ...)",
            )

    def extra_repr(self) -> str:
        first = ", batch_first=True" if self.batch_first else ""
        return f"{self.max_length}, {self.embedding_dim}{first}"


class SinusoidalPositions(_Positions):
    """y_t = x_t + p_t with p_t,2i = sin(t / 10000^(2i / E)) and p_t,2i+1 = cos(t / 10000^(2i / E)).

    Nothing is learnt or saved: each pair of columns turns at its own speed, so that p of a place
    some steps on is a rotation of p_t. x (T, B, E), with ``batch_first`` (B, T, E), or (T, E), with
    T up to ``max_length``; a longer one raises ShapeError.
    Source: Vaswani et al. 2017, section 3.5.

    >>> SinusoidalPositions(16, 4)(np.zeros((2, 4))).numpy().round(2).tolist()
    [[0.0, 1.0, 0.0, 1.0], [0.84, 0.54, 0.01, 1.0]]
    """

    table: Tensor

    def __init__(
        self,
        max_length: int,
        embedding_dim: int,
        batch_first: bool = False,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        super().__init__(max_length, embedding_dim, batch_first)
        table = _waves(max_length, embedding_dim).astype(dtype)
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """The input with its positions added, in its own shape."""
        return self._add(x, self.table)


class LearnedPositions(_Positions):
    """y_t = x_t + W_t: one learnt row for each place, W (max_length, embedding_dim).

    Rows start from N(0, 0.02^2). x (T, B, E), with ``batch_first`` (B, T, E), or (T, E), with T up
    to ``max_length``; a longer one raises ShapeError. ``weight`` is that of an Embedding by place.
    Source: Gehring et al. 2017, section 3.1; Radford et al. 2018 for the initial weights.

    >>> LearnedPositions(16, 4)(np.zeros((2, 4))).shape
    (2, 4)
    """

    weight: Parameter

    def __init__(
        self,
        max_length: int,
        embedding_dim: int,
        batch_first: bool = False,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(max_length, embedding_dim, batch_first)
        self.weight = Parameter(np.empty((max_length, embedding_dim), dtype))
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the rows again."""
        init.normal_(self.weight, std=0.02, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """The input with its positions added, in its own shape."""
        return self._add(x, self.weight)


def _waves(length: int, width: int) -> np.ndarray:
    """Sine and cosine in turn, slower from pair to pair: (length, width)."""
    pairs = np.arange(0, width, 2)
    angles = np.arange(length)[:, np.newaxis] / 10000.0 ** (pairs / width)
    waves = np.stack([np.sin(angles), np.cos(angles)], axis=-1)  # (length, pairs, 2)
    return waves.reshape(length, -1)[:, :width]
