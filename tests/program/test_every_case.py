"""Every layer and loss of THE LIST in a written program: the bits of the eager network.

A row is put behind a trained scale and before a sum of its outputs. Where all its inputs have one
row an example, they are packed into the batch, whose size may change; all others ("alone") keep the
sizes of the list, and the batch only turns their numbers up and down.
"""

from __future__ import annotations

import copy
import functools
from typing import Any

import numpy as np
import pytest
from alone import functions, trains_alone

from nn.build import made, made_loss
from nn.cases import LAYERS, LOSSES
from nn.cases.base import Layer, Loss, inputs, keywords, loss_inputs, numbers
from pellucid import nn, optim
from pellucid.program import Inference, Program
from pellucid.program.program import Changes, eager_step
from pellucid.random import generator

N = 7  # rows of the batch; every third time two of them are left out
CANNOT: dict[str, str] = {}  # rows that no program can be written for, each with its reason


def arrays_of(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [array for part in value for array in arrays_of(part)]
    return [value] if hasattr(value, "dtype") else []


def is_float(x: Any) -> bool:
    """Whether it may be trained: masks of -inf may not."""
    return hasattr(x, "dtype") and x.dtype.kind == "f" and _is_finite(x)


def _is_finite(x: Any) -> bool:
    return not isinstance(x, np.ndarray) or bool(np.isfinite(x).all())


def replaced(value: Any, left: Any) -> Any:
    """``value`` with its floating-point arrays taken from ``left``, in order."""
    if isinstance(value, tuple):
        return tuple(replaced(part, left) for part in value)
    return next(left) if is_float(value) else value


class Inputs(nn.Module):
    """Makes a row's floating-point inputs of the batch, behind parameters that are trained."""

    def __init__(self, arrays: list[Any], packed: bool) -> None:
        super().__init__()
        self.arrays = [a.astype(np.float32) for a in arrays]
        self.packed = packed
        size = sum(a[0].size for a in arrays) if packed else 1
        self.scale = nn.Parameter(np.ones(size, np.float32))

    def batch(self) -> Any:
        if not self.packed:
            return numbers((N, 1), 1.0).astype(np.float32)
        rows = [np.resize(a, (N, *a.shape[1:])).reshape(N, -1) for a in self.arrays]
        return np.concatenate(rows, axis=1)

    def forward(self, x: Any) -> Any:
        h = x * self.scale
        return h if self.packed else h.mean()

    def parts(self, h: Any) -> Any:
        """The inputs, from what forward gives."""
        if not self.packed:
            return iter([a * (1 + 0.1 * h) for a in self.arrays])
        found, start = [], 0
        for a in self.arrays:
            found.append(h[:, start : start + a[0].size].reshape((-1, *a.shape[1:])))
            start += a[0].size
        return iter(found)


def total(outputs: Any) -> Any:
    """One number in which every number of the outputs has its say."""
    found = 0.0
    for i, y in enumerate(y for y in arrays_of(outputs) if is_float(y)):
        w = numbers(y.shape[-1:], 1.0 + i).astype(np.float32) if y.ndim > 1 else 0.7
        found = found + (y * w + 0.25 * y * y).sum()
    return found


class Around(nn.Module):
    """A layer of the list between its inputs and a number."""

    def __init__(self, row: Layer) -> None:
        super().__init__()
        self.by_place, self.by_name = inputs(row), keywords(row)
        everything = arrays_of([*self.by_place, *self.by_name.values()])
        floats = [x for x in everything if is_float(x)]
        first = np.asarray(self.by_place[0] if not isinstance(self.by_place[0], tuple) else 0.0)
        across = 0 in (row.options.get("dim"), row.options.get("start_dim"))
        packed = row.batched and first.ndim > 1 and all(x.ndim > 1 for x in everything)
        packed = packed and not across
        self.packed = packed and len(floats) == len(everything) and _as_long(everything)
        self.tokens = packed and len(everything) == 1 and not floats
        self.inputs = Inputs(floats, self.packed)
        self.layer = made(row, np.float32)

    def batch(self) -> Any:
        first = self.by_place[0]
        return np.resize(first, (N, *first.shape[1:])) if self.tokens else self.inputs.batch()

    def forward(self, x: Any) -> Any:
        if self.tokens:
            return total(self.layer(x, *self.by_place[1:], **self.by_name))
        left = self.inputs.parts(self.inputs(x))
        by_place = [replaced(value, left) for value in self.by_place]
        by_name = {name: replaced(value, left) for name, value in self.by_name.items()}
        return total(self.layer(*by_place, **by_name))


def _as_long(arrays: list[Any]) -> bool:
    return len({len(a) for a in arrays}) == 1


def weighed(number: Any, y: Any) -> Any:
    return number * y.mean()


WEIGHTS = np.linspace(0.01, 0.02, N, dtype=np.float32)


class LossOf:
    """A loss of the list, on what the network made of the batch."""

    def __init__(self, row: Loss) -> None:
        values = loss_inputs(row)
        floats, self.rest = values[: 1 + len(row.more)], values[1 + len(row.more) :]
        # one row an example, the target's too; None, and what comes after it, belong to all
        self.packed = not row.after and bool(self.rest)
        self.packed = self.packed and all(np.ndim(v) for v in values) and _as_long(values)
        self.packed = self.packed and (len(row.shape) > 1 or row.target == "numbers")
        self.network = Inputs(floats, self.packed)
        self.loss = made_loss(row, np.float32)
        target = self.rest[0] if self.packed else WEIGHTS
        self.y = np.resize(target, (N, *target.shape[1:]))
        self.y = self.y.astype(np.float32) if is_float(self.y) else self.y

    def __call__(self, h: Any, y: Any) -> Any:
        rest = [y] if self.packed else self.rest
        losses = self.loss(*self.network.parts(h), *rest)
        return losses if losses.ndim == 0 else (losses * losses).sum() * 0.1


def of_layer(row: Layer) -> tuple[nn.Module, Any, Any, Any]:
    model = Around(row)
    return model, weighed, model.batch(), WEIGHTS


def of_loss(row: Loss) -> tuple[nn.Module, Any, Any, Any]:
    loss = LossOf(row)
    return loss.network, loss, loss.network.batch(), loss.y


def program(row: Layer | Loss, form: str = "running") -> Program:
    model, loss, x, y = of_layer(row) if isinstance(row, Layer) else of_loss(row)
    params = [p for p in model.parameters() if p.requires_grad]
    return Program(model, loss, optim.SGD(params, lr=1e-3), x, y, Changes(), form)


ROWS = [*LAYERS, *LOSSES]


every_row = pytest.mark.parametrize("row", [r for r in ROWS if str(r) not in CANNOT], ids=str)


@every_row
def test_written_is_eager_bit_for_bit(row: Layer | Loss) -> None:
    """The running form, and the reading form by itself."""
    written = program(row)
    written.verify(3)
    trains_alone(written, 2)


@pytest.mark.parametrize("row", [r for r in LAYERS if str(r) not in CANNOT], ids=str)
def test_predictions_are_eagers_bit_for_bit(row: Layer) -> None:
    """Of many examples and of one, and by the reading form."""
    model, _, x, _ = of_layer(row)
    inference = Inference(model.eval(), x)
    forward = functions(inference.source)["forward"]
    one = row.options.get("track_running_stats", True)  # else statistics need two examples
    for n in (N, 1) if one and (model.packed or model.tokens) else (N,):
        expected = model(x[:n]).data.tobytes()
        assert inference(x[:n]).tobytes() == expected
        assert forward(inference.weights().values(), x[:n]).tobytes() == expected


def test_what_cannot_be_written_is_in_the_list() -> None:
    assert set(CANNOT) <= {str(row) for row in ROWS}


# -- the fused form: one row of each kind --

ONE_OF_EACH = list({row.kind: row for row in reversed(ROWS) if str(row) not in CANNOT}.values())


@pytest.mark.parametrize("row", ONE_OF_EACH, ids=str)
def test_fused_is_eager_within_rounding(row: Layer | Loss, uncompiled: None) -> None:
    fused = program(row, "fused")
    eager, optimizer = copy.deepcopy((fused.model, fused.optimizer))
    x, y = fused.example
    for k in range(3):
        rows = slice(0, N - 2 * (k == 2))
        draws = functools.partial(generator, 0, "step", 0, k)
        expected = eager_step(eager, optimizer, fused.loss, x[rows], y[rows], Changes(), k)
        assert fused(x[rows], y[rows], draws) == pytest.approx(expected, rel=1e-4, abs=1e-5)
    for name, value in eager.state_dict().items():
        np.testing.assert_allclose(fused.model.state_dict()[name], value, rtol=1e-4, atol=1e-5)
