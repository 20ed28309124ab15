"""RNN, LSTM and GRU: layers that read a sequence step by step and remember, and their cells."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DtypeError, OptionError, ShapeError, choose
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.module import Module, Parameter

__all__ = ["GRU", "LSTM", "RNN"]

Generator = np.random.Generator | None
NONLINEARITIES = ("tanh", "relu")


class _Remembering(Module):
    """What layers and cells share: sizes, weights by torch's names, and their doors."""

    blocks = 1  # of rows in a weight: the gates
    states: tuple[str, ...] = ("h0",)

    input_size: int
    hidden_size: int
    bias: bool

    def _check_sizes(self, **sizes: int) -> None:
        for name, size in sizes.items():
            if size < 1:
                raise OptionError(type(self).__name__, got=f"{name} = {size}", needs="at least 1")

    def _own(self, ending: str, size: int, out: int, project: bool, dtype: DTypeLike) -> list[str]:
        """Register the weights of one layer and direction; their names, without a bias too."""
        rows = self.blocks * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, size), "weight_hh": (rows, out)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if project:
            shapes["weight_hr"] = (out, self.hidden_size)
        for name, shape in shapes.items():
            self.register_parameter(name + ending, Parameter(np.empty(shape, dtype)))
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
        return [name + ending if name in shapes else "" for name in names]

    def _weights(self, names: list[str]) -> list[Parameter | None]:
        return [self._parameters[name] if name else None for name in names]

    def reset_parameters(self, generator: Generator = None) -> None:
        """Draw the initial weights again, from U(-1 / sqrt(hidden), 1 / sqrt(hidden))."""
        bound = 1 / math.sqrt(self.hidden_size)
        for p in self.parameters():
            init.uniform_(p, -bound, bound, generator)

    def _who(self) -> str:
        return f"{type(self).__name__} {self.input_size} -> {self.hidden_size}"

    def _check_input(self, x: Any, axes: dict[int, str]) -> None:
        """``x`` is an array of one of the ranks, with the right last axis."""
        if not isinstance(x, Tensor):
            raise DtypeError(
                self._who(),
                got=f"a {type(x).__name__}",
                needs=f"an array {' or '.join(axes.values())}",
                try_="sequences of one length, padded" if hasattr(x, "batch_sizes") else None,
            )
        if x.ndim not in axes:
            raise ShapeError(
                self._who(),
                got=f"an input of shape {x.shape}",
                needs=f"{' or '.join(axes.values())}: {' or '.join(map(str, axes))} axes",
            )
        if x.shape[-1] != self.input_size:
            raise ShapeError(
                self._who(),
                got=f"an input of shape {x.shape}",
                needs=f"a last axis of length {self.input_size}; here it is {x.shape[-1]}",
            )
        if x.dtype.kind != "f":
            raise DtypeError(
                self._who(),
                got=f"an input of dtype {x.dtype}",
                needs="floating-point numbers",
                try_="nn.Embedding before this layer, or x.astype(np.float32)",
            )

    def _given_states(self, hx: Any) -> tuple[Any, ...]:
        """The initial states one by one, as tensors in the weights' dtype; none if ``hx`` is."""
        if hx is None:
            return (None,) * len(self.states)
        given = hx if isinstance(hx, tuple | list) else (hx,)
        if len(given) != len(self.states) or any(s is None for s in given):
            found = "1 initial state" if len(given) == 1 else f"{len(given)} initial states"
            pair = f"{len(self.states)}: ({', '.join(self.states)})"
            raise OptionError(
                self._who(),
                got="None in place of an initial state" if any(s is None for s in given) else found,
                needs=pair if len(self.states) > 1 else f"one, {self.states[0]}, not a tuple",
            )
        admitted = [s if isinstance(s, Tensor) else self._admit(s) for s in given]
        for name, s in zip(self.states, admitted, strict=True):
            if not isinstance(s, Tensor):
                raise DtypeError(
                    self._who(),
                    got=f"a {type(s).__name__} as the initial state {name}",
                    needs="an array of floating-point numbers",
                )
        return tuple(s.astype(self._dtype()) for s in admitted)

    def _dtype(self) -> Any:
        return next(self.parameters()).dtype

    def _misfit(self, name: str, found: Tensor, needs: tuple[int, ...], try_: str | None) -> Any:
        return ShapeError(
            self._who(),
            got=f"an initial state {name} of shape {found.shape}",
            needs=f"{needs}",
            try_=try_,
        )


class _Recurrent(_Remembering):
    """Layers upon each other, each in one direction or in two."""

    def _build(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int,
        dtype: DTypeLike,
        generator: Generator,
    ) -> None:
        self._check_sizes(input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        self._check_projection(proj_size, hidden_size)
        self._check_dropout(dropout, num_layers)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size, self.generator = bidirectional, proj_size, generator
        out = proj_size or hidden_size
        self._names: list[list[str]] = []  # of the weights, by layer and direction
        for layer in range(num_layers):
            size = input_size if layer == 0 else out * self._directions()
            for reverse in ("", "_reverse")[: self._directions()]:
                ending = f"_l{layer}{reverse}"
                self._names.append(self._own(ending, size, out, proj_size > 0, dtype))
        self.reset_parameters(generator)

    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def flatten_parameters(self) -> None:
        """Nothing: the weights need no arranging here. It stands for code that calls torch's."""

    def forward(self, x: Tensor, hx: Any = None) -> tuple[Tensor, Any]:
        """The states of every step, and the last ones; ``hx`` are the first ones, 0 if None.

        x (T, B, in) -> (T, B, D out) for D directions, (B, T, ...) with ``batch_first``, or
        (T, in) -> (T, D out) without a batch. States are (layers D, B, out), or (layers D, out).
        """
        batched = "(batch, time, features)" if self.batch_first else "(time, batch, features)"
        self._check_input(x, {3: batched, 2: "(time, features)"})
        time = 1 if self.batch_first and x.ndim == 3 else 0
        if x.shape[time] == 0:
            raise ShapeError(
                self._who(),
                got=f"an input of shape {x.shape}: an empty sequence",
                needs="at least one step of time",
            )
        alone = x.ndim == 2
        first = self._first_states(x, hx)
        x = x.astype(self._dtype())
        if alone:
            x = x.reshape(x.shape[0], 1, x.shape[1])
        elif self.batch_first:
            x = x.transpose(1, 0, 2)
        y, last = self._layers(x, first)
        if alone:
            y, last = y[:, 0], [s[:, 0] for s in last]
        elif self.batch_first:
            y = y.transpose(1, 0, 2)
        return y, last[0] if len(last) == 1 else tuple(last)

    def _layers(self, x: Tensor, first: tuple[Any, ...]) -> tuple[Tensor, list[Tensor]]:
        """All layers over x (T, B, in): the states of every step and the last ones."""
        last: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            ways = []
            for reverse in (False, True)[: self._directions()]:
                k = len(last)
                states = [None if s is None else s[k] for s in first]
                weights = self._weights(self._names[k])
                h, ends = self._one_way(x[::-1] if reverse else x, states, weights)
                ways.append(h[::-1] if reverse else h)
                last.append(ends)
            x = _joined(ways, axis=-1)
            if layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training, generator=self.generator)
        return x, [_joined(list(ends), axis=0) for ends in zip(*last, strict=True)]

    def _one_way(
        self, x: Tensor, states: list[Any], weights: list[Any]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One layer in one direction: h of every step, and the last states, each (1, B, out)."""
        raise NotImplementedError

    def _first_states(self, x: Tensor, hx: Any) -> tuple[Any, ...]:
        """The initial states (layers D, B, out), each of the shape it must have."""
        states = self._given_states(hx)
        alone = x.ndim == 2
        batch = () if alone else (x.shape[0 if self.batch_first else 1],)
        many = self.num_layers * self._directions()
        found = []
        for name, s in zip(self.states, states, strict=True):
            out = self.hidden_size if name == "c0" else self.proj_size or self.hidden_size
            needs = (many, *batch, out)
            if s is not None and s.shape != needs:
                turned = not alone and s.shape == (*batch, many, out)
                try_ = f"{name}.transpose(1, 0, 2): layers come first, whatever batch_first says"
                raise self._misfit(name, s, needs, try_ if turned else None)
            found.append(s.reshape(many, 1, out) if alone and s is not None else s)
        return tuple(found)

    def _check_projection(self, proj_size: int, hidden_size: int) -> None:
        if not 0 <= proj_size < hidden_size:
            raise OptionError(
                type(self).__name__,
                got=f"proj_size = {proj_size} and hidden_size = {hidden_size}",
                needs="a projection smaller than the hidden state, or 0 for none",
            )

    def _refuse_projection(self, proj_size: int) -> None:
        if proj_size:
            raise OptionError(
                type(self).__name__,
                got=f"proj_size = {proj_size}",
                needs="0: only an LSTM projects its states",
                try_="nn.LSTM, or nn.Linear behind this layer",
            )

    def _check_dropout(self, dropout: float, num_layers: int) -> None:
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise OptionError(
                type(self).__name__,
                got=f"dropout = {dropout}",
                needs="a probability from 0 to 1",
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                f"{type(self).__name__}: dropout = {dropout} does nothing with one layer; "
                "it stands between the layers, not behind the last",
                stacklevel=5,  # whoever makes the layer
            )

    def extra_repr(self) -> str:
        shown = {
            "proj_size": (self.proj_size, 0),
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0.0),
            "bidirectional": (self.bidirectional, False),
        }
        rest = [f", {name}={value}" for name, (value, usual) in shown.items() if value != usual]
        return f"{self.input_size}, {self.hidden_size}{''.join(rest)}"


class RNN(_Recurrent):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh) over a sequence, or relu for tanh.

    x (T, B, in) -> (T, B, D hidden), h_n (layers D, B, hidden): D is 2 if ``bidirectional``, where
    a second direction reads the sequence from its end. (B, T, ...) with ``batch_first``; no B for a
    single sequence. ``dropout`` stands between the layers while training. The ``generator`` draws
    the initial weights, all from U(-1 / sqrt(hidden), 1 / sqrt(hidden)), and the dropout.
    Raises OptionError, and ShapeError for an empty sequence and what does not fit.
    Source: Elman 1990.

    >>> y, h = RNN(3, 5)(np.zeros((7, 2, 3)))
    >>> y.shape, h.shape
    ((7, 2, 5), (1, 2, 5))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        proj_size: int = 0,
        dtype: DTypeLike = np.float32,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self._refuse_projection(proj_size)
        self.nonlinearity = choose("RNN", nonlinearity, NONLINEARITIES)
        flags = (bias, batch_first, dropout, bidirectional, 0)
        self._build(input_size, hidden_size, num_layers, *flags, dtype, generator)

    def _one_way(
        self, x: Tensor, states: list[Any], weights: list[Any]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = apply(ops.RNN, x, *states, *weights[:4], nonlinearity=self.nonlinearity)
        return h, (h[-1:],)


class LSTM(_Recurrent):
    """A long short-term memory: gates decide what its cell c takes in, keeps and shows.

    i, f, o = sigmoid(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh), g = tanh(...) in the same way,
    c_t = f c_(t-1) + i g, h_t = o tanh(c_t); with ``proj_size`` h_t = W_hr (o tanh(c_t)).
    x (T, B, in) -> (T, B, D out), (h_n (layers D, B, out), c_n (layers D, B, hidden)), where out is
    ``proj_size`` or hidden; the rest is as in :class:`RNN`.
    Raises OptionError, and ShapeError for an empty sequence and what does not fit.
    Source: Hochreiter & Schmidhuber 1997; Gers et al. 2000 (f); Sak et al. 2014 (projection).

    >>> lstm = LSTM(3, 5, num_layers=2, bidirectional=True)
    >>> y, (h, c) = lstm(np.zeros((7, 2, 3)))
    >>> y.shape, h.shape, c.shape
    ((7, 2, 10), (4, 2, 5), (4, 2, 5))
    >>> [name for name in lstm.state_dict() if name.endswith("l1_reverse")][:2]
    ['weight_ih_l1_reverse', 'weight_hh_l1_reverse']
    """

    blocks = 4
    states = ("h0", "c0")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: DTypeLike = np.float32,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        flags = (bias, batch_first, dropout, bidirectional, proj_size)
        self._build(input_size, hidden_size, num_layers, *flags, dtype, generator)

    def _one_way(
        self, x: Tensor, states: list[Any], weights: list[Any]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        y = apply(ops.LSTM, x, *states, *weights)  # h of every step, and the last c behind them
        if self.proj_size:
            return y[:-1, :, : self.proj_size], (y[-2:-1, :, : self.proj_size], y[-1:])
        return y[:-1], (y[-2:-1], y[-1:])


class GRU(_Recurrent):
    """A gated recurrent unit: z decides how much of the state stays, r how much of it is seen.

    r, z = sigmoid(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh),
    n = tanh(W_in x_t + b_in + r (W_hn h_(t-1) + b_hn)), h_t = (1 - z) n + z h_(t-1).
    x (T, B, in) -> (T, B, D hidden), h_n (layers D, B, hidden); the rest is as in :class:`RNN`.
    Raises OptionError, and ShapeError for an empty sequence and what does not fit.
    Source: Cho et al. 2014, section 2.3, with r behind the product, as in torch.

    >>> y, h = GRU(3, 5, batch_first=True)(np.zeros((2, 7, 3)))
    >>> y.shape, h.shape
    ((2, 7, 5), (1, 2, 5))
    """

    blocks = 3

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        proj_size: int = 0,
        dtype: DTypeLike = np.float32,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self._refuse_projection(proj_size)
        flags = (bias, batch_first, dropout, bidirectional, 0)
        self._build(input_size, hidden_size, num_layers, *flags, dtype, generator)

    def _one_way(
        self, x: Tensor, states: list[Any], weights: list[Any]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        h = apply(ops.GRU, x, *states, *weights[:4])
        return h, (h[-1:],)


def _joined(parts: list[Tensor], axis: int) -> Tensor:
    return parts[0] if len(parts) == 1 else apply(ops.Concatenate, *parts, axis=axis)
