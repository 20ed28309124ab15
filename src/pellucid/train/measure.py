"""Results: the loss over a part of the data, and how many answers were right."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.autograd import Tensor, no_grad
from pellucid.nn import Module
from pellucid.nn import functional as F
from pellucid.train.parts import Part, Problem

__all__ = ["Meter", "answers", "measure", "outputs_of", "probabilities", "truth"]

Array = NDArray[Any]
ROWS = 1024  # predicted at a time


class Meter:
    """Sums over the batches of an epoch, each sample with the same weight."""

    def __init__(
        self, loss_sum: float = 0.0, right: int = 0, squares: float = 0.0, count: int = 0
    ) -> None:
        self.loss_sum, self.right, self.squares, self.count = loss_sum, right, squares, count

    def add(self, loss: float, outputs: Array, y: Array) -> None:
        """Take in a batch: its mean loss, the network's outputs and the targets."""
        self.loss_sum += loss * len(y)
        self.count += len(y)
        if y.dtype.kind in "iu" or (y.ndim == 2 and outputs.shape == y.shape):
            self.right += int((answers(outputs) == truth(y)).sum())
        if y.dtype.kind == "f":
            self.squares += float(np.square(outputs - y, dtype=np.float64).sum()) / y[0].size

    @property
    def loss(self) -> float:
        """The mean loss of a sample."""
        return self.loss_sum / max(self.count, 1)

    def score(self, problem: Problem) -> dict[str, float]:
        """Accuracy for classes; the root of the mean squared error, in the target's units, else."""
        if problem.task == "classification":
            return {"accuracy": self.right / max(self.count, 1)}
        mean = self.squares / max(self.count, 1)
        return {"rmse": math.sqrt(mean) * problem.target_spread}

    def state(self) -> list[float]:
        """The sums, for a checkpoint."""
        return [self.loss_sum, self.right, self.squares, self.count]


def outputs_of(model: Module, part: Part) -> Array:
    """The network's outputs for every row, in eval mode, with nothing remembered."""
    training = model.training
    model.eval()
    try:
        with no_grad():
            starts = range(0, len(part), ROWS)
            return np.concatenate(
                [model(Tensor(part.inputs(slice(i, i + ROWS)))).data for i in starts]
            )
    finally:
        model.train(training)


def measure(model: Module, part: Part, loss: Any) -> tuple[float, Array]:
    """The mean loss over a part, and the outputs."""
    outputs = outputs_of(model, part)
    with no_grad():
        return loss(Tensor(outputs), Tensor(part.y)).item(), outputs


def truth(y: Array) -> Array:
    """The class numbers that targets stand for: themselves, or the most probable class."""
    if y.ndim == 2 and y.shape[1] > 1:
        return np.asarray(np.argmax(y, axis=1))
    return y.reshape(len(y), -1)[:, 0].astype(np.int64)


def answers(outputs: Array) -> Array:
    """The class numbers that the outputs stand for: the greatest logit, or one logit above 0."""
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        return np.where(outputs[:, 0] > 0, 1, 0)
    return np.asarray(np.argmax(outputs, axis=1))


def probabilities(outputs: Array) -> Array:
    """The probability of every class, (N, C), from logits (N, C) or (N, 1)."""
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        p = F.sigmoid(outputs).data
        return np.concatenate([1 - p, p], axis=1)
    return F.softmax(outputs, dim=1).data
