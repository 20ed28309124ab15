"""A table of a network: each layer, its output, its parameters, its multiply-adds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.autograd import Tensor, no_grad, watch
from pellucid.nn import Module
from pellucid.ops import Rule
from pellucid.program.reading import layer_name

__all__ = ["LayerRow", "Summary", "summary"]


@dataclass(frozen=True)
class LayerRow:
    """One layer, for one sample: ``shape`` is its output's, without the batch axis."""

    path: str
    name: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Summary:
    """A network as a table; ``str()`` and ``print`` show it."""

    network: str
    input_shape: tuple[int, ...]
    rows: tuple[LayerRow, ...]
    parameters: int
    bytes: int

    @property
    def multiply_adds(self) -> int:
        """Of the forward pass of one sample."""
        return sum(row.multiply_adds for row in self.rows)

    def cells(self) -> list[tuple[str, str, str, str, str]]:
        """The table as texts: path, layer, output shape, parameters, multiply-adds."""
        return [
            (
                row.path,
                row.name,
                batch_shape(row.shape),
                f"{row.parameters:,}" if row.parameters else "",
                f"{row.multiply_adds:,}" if row.multiply_adds else "",
            )
            for row in self.rows
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "network": self.network,
            "input_shape": list(self.input_shape),
            "layers": [{**vars(row), "shape": list(row.shape)} for row in self.rows],
            "parameters": self.parameters,
            "multiply_adds": self.multiply_adds,
            "bytes": self.bytes,
        }

    def __str__(self) -> str:
        heads = ("", "layer", "output", "parameters", "multiply-adds")
        total = ("", "total", "", f"{self.parameters:,}", f"{self.multiply_adds:,}")
        rows = [heads, *self.cells(), total]
        widths = [max(len(row[i]) for row in rows) for i in range(5)]
        texts = [
            "  ".join(
                cell.rjust(width) if i > 2 else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        rule = "-" * (sum(widths) + 8)
        size = f"input {batch_shape(self.input_shape)}, weights {size_of(self.bytes)}"
        return "\n".join([texts[0], rule, *texts[1:-1], rule, texts[-1], "", size])


def summary(model: Module, x_like: ArrayLike) -> Summary:
    """The layers of a network as a table, for inputs like ``x_like``, a batch.

    Multiply-adds are those of the matrix products and convolutions, for one sample. The network
    is run once, in eval mode, on zeros.

    >>> from pellucid import nn
    >>> table = summary(nn.MLP([784, 128, 64, 10]), np.zeros((1, 784), np.float32))
    >>> table.parameters, table.multiply_adds
    (109386, 109184)
    """
    x = np.zeros((2, *np.shape(x_like)[1:]), np.asarray(x_like).dtype)
    seen = _Seen(model)
    training = model.training
    model.eval()
    try:
        with no_grad(), ExitStack() as stack:
            seen.follow(stack)
            stack.enter_context(watch(seen.count))
            model(Tensor(x))
    finally:
        model.train(training)
    parameters = list(model.parameters())
    return Summary(
        type(model).__name__,
        x.shape[1:],
        tuple(seen.rows()),
        sum(p.size for p in parameters),
        sum(p.data.nbytes for p in parameters),
    )


class _Seen:
    """Notes the leaves of a network in the order in which they run."""

    def __init__(self, model: Module) -> None:
        self.model = model
        self.leaves = {p: m for p, m in model.named_modules() if not list(m.children())}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.work: dict[str, int] = {}
        self.running: list[str] = []

    def follow(self, stack: ExitStack) -> None:
        """Hear of every leaf that starts and ends."""
        for path, module in self.leaves.items():

            def enter(module: Module, inputs: Any, path: str = path) -> None:
                self.running.append(path)

            def leave(module: Module, inputs: Any, output: Any, path: str = path) -> None:
                self.running.pop()
                first = output[0] if isinstance(output, tuple) else output
                self.shapes[path] = first.shape[1:]

            stack.callback(module.register_forward_pre_hook(enter))
            stack.callback(module.register_forward_hook(leave))

    def count(self, stage: str, rule: Rule, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Add up the products of a rule: one for each output and each input that it sums over."""
        if stage != "forward":
            return
        path = self.running[-1] if self.running else ""
        shapes = [np.shape(getattr(x, "data", x)) for x in inputs[:2]]
        size = int(np.prod(np.shape(getattr(outputs[0], "data", outputs[0]))[1:]))
        if rule.name == "MatMul":
            self.work[path] = self.work.get(path, 0) + size * shapes[0][-1]
        elif rule.name == "Linear" or rule.name.startswith("Conv"):
            self.work[path] = self.work.get(path, 0) + size * int(np.prod(shapes[1][1:]))

    def rows(self) -> list[LayerRow]:
        """The leaves that ran, and what the network does itself between them."""
        found = [
            LayerRow(
                path,
                layer_name(self.leaves[path]),
                shape,
                sum(p.size for p in self.leaves[path].parameters()),
                self.work.get(path, 0),
            )
            for path, shape in self.shapes.items()
        ]
        own = sum(p.size for p in self.model.parameters()) - sum(r.parameters for r in found)
        if own or ("" in self.work and "" not in self.shapes):
            name = type(self.model).__name__
            found.append(LayerRow("", f"{name}'s own", (), own, self.work.get("", 0)))
        return found


def batch_shape(shape: tuple[int, ...]) -> str:
    """A shape with the batch axis.

    >>> batch_shape((28, 28))
    '(n, 28, 28)'
    """
    return f"({', '.join(['n', *map(str, shape)])})" if shape else "(n,)"


def size_of(count: int) -> str:
    """Bytes as people read them."""
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1e6:.2f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
