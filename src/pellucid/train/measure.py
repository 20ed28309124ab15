"""Results: the loss over a part of the data, and how good the answers were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad
from pellucid.nn import Module
from pellucid.train.parts import Part, Problem
from pellucid.train.task import Task

__all__ = ["Meter", "measure", "outputs_of"]

Array = NDArray[Any]


class Meter:
    """Sums over the batches of an epoch, each answer that is asked for with the same weight."""

    def __init__(
        self,
        loss_sum: float = 0.0,
        right: int = 0,
        squares: float = 0.0,
        count: int = 0,
        rows: int = 0,
    ) -> None:
        self.loss_sum, self.right, self.squares, self.count = loss_sum, right, squares, count
        self.rows = rows  # texts, where each asks for several answers

    def add(self, task: Task, loss: float, outputs: Array, y: Array) -> None:
        """Take in a batch: its mean loss, the network's outputs and the targets."""
        weight = task.weight(y)
        self.loss_sum += loss * weight
        self.count += weight
        task.add(self, outputs, y)

    @property
    def loss(self) -> float:
        """The mean loss of an answer."""
        return self.loss_sum / max(self.count, 1)

    def score(self, problem: Problem) -> dict[str, float]:
        """What the task says of the sums."""
        return problem.kind.scores(self, problem)

    def state(self) -> list[float]:
        """The sums, for a checkpoint."""
        return [self.loss_sum, self.right, self.squares, self.count, self.rows]


def outputs_of(model: Module, part: Part, task: Task) -> Array:
    """The network's outputs for every row, in eval mode, with nothing remembered."""
    return np.concatenate([outputs for outputs, _ in _answers(model, part, task)])


def measure(model: Module, part: Part, loss: Any, task: Task) -> Meter:
    """The sums over a part, a stretch of rows at a time."""
    meter = Meter()
    for outputs, y in _answers(model, part, task):
        with no_grad():
            value = loss(Tensor(outputs), Tensor(y)).item()
        meter.add(task, value, outputs, y)
    return meter


def _answers(model: Module, part: Part, task: Task) -> Iterator[tuple[Array, Array]]:
    """Outputs and targets of every stretch of rows."""
    training = model.training
    model.eval()
    try:
        size = task.rows_of(part.inputs(slice(0, 1)).ndim)
        for start in range(0, len(part), size):
            rows = slice(start, start + size)
            with no_grad():
                outputs = model(Tensor(part.inputs(rows))).data
            yield outputs, part.targets(rows)
    finally:
        model.train(training)
