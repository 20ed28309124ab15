"""What a network is asked for: which losses fit, how targets look, how good its answers are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pellucid import metrics
from pellucid.autograd import Tensor
from pellucid.errors import choose
from pellucid.nn import Module
from pellucid.nn import functional as F
from pellucid.nn.functional.loss_doors import check_classes

if TYPE_CHECKING:
    from pellucid.train.measure import Meter
    from pellucid.train.parts import Problem

__all__ = [
    "IGNORED",
    "TASKS",
    "Task",
    "TokenLoss",
    "Tokens",
    "Translation",
    "answers",
    "as_text",
    "log_probabilities",
    "probabilities",
    "task_named",
    "truth",
    "wholly_right",
]

Array = NDArray[Any]
IGNORED = -100  # the target of a place that does not count, as in torch


class Task:
    """What is asked of a network. A task is one entry of ``TASKS``; runs know it by its name."""

    name: ClassVar[str]
    title: ClassVar[str]  # in a sentence
    losses: ClassVar[tuple[str, ...]]  # that fit, the usual one first
    score: ClassVar[str]  # what is shown beside the loss
    rows: ClassVar[int] = 1024  # measured at a time, where a sample is one row of numbers
    pictures: ClassVar[bool] = False  # whether targets are pictures, prepared as inputs are

    def of(self, problem: Problem) -> Task:
        """The task as one problem asks it: with the units of its targets, where they count."""
        return self

    def rows_of(self, ndim: int) -> int:
        """How many samples are measured at a time: pictures make large arrays on their way."""
        return self.rows if ndim <= 2 else min(self.rows, 128)

    def weight(self, y: Array) -> int:
        """How many answers a batch of targets asks for: what a mean loss is the mean of."""
        return len(y)

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        """Take the answers of a batch into the sums of an epoch."""
        raise NotImplementedError

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        """The score of an epoch, under its name."""
        raise NotImplementedError

    def said(self, found: Mapping[str, Any]) -> str:
        """The scores of a part in words, the one that counts first."""
        raise NotImplementedError

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        """Everything there is to say about answers where the right ones are known."""
        raise NotImplementedError

    def beside(self, model: Module, count: int) -> dict[str, Any]:
        """What is to be said of the network beside its ``count`` answers."""
        return {}


class Classification(Task):
    """One of several classes for each sample: outputs (N, C), or (N, 1) for two classes."""

    name, title, score = "classification", "a classification", "accuracy"
    losses = ("cross_entropy", "bce")

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        meter.right += int((answers(outputs) == truth(y)).sum())

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        return {"accuracy": meter.right / max(meter.count, 1)}

    def said(self, found: Mapping[str, Any]) -> str:
        return f"{100 * found['accuracy']:.2f} % right"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        found: dict[str, Any] = metrics.classification_report(
            truth(y),
            answers(outputs),
            probabilities=probabilities(outputs),
            target_names=problem.classes or None,
        )
        return found


class Regression(Task):
    """Numbers for each sample: outputs in the shape of the targets."""

    name, title, score = "regression", "a regression", "rmse"
    losses = ("mse", "mae", "huber")

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        meter.squares += float(np.square(outputs - y, dtype=np.float64).sum()) / y[0].size

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        return {"rmse": math.sqrt(meter.squares / max(meter.count, 1)) * problem.target_spread}

    def said(self, found: Mapping[str, Any]) -> str:
        return f"root mean squared error {found['rmse']:.4g}"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        if problem.preparation is not None:
            y, outputs = (problem.preparation.inverse_target(v) for v in (y, outputs))
        return metrics.regression_report(y.ravel(), outputs.ravel())


class Tokens(Task):
    """A token at each place of a text: outputs (N, T, V), targets (N, T), IGNORED where none."""

    name, title, score = "tokens", "a text of tokens", "accuracy"
    losses, rows = ("token_cross_entropy",), 64

    def weight(self, y: Array) -> int:
        return int((y != IGNORED).sum())

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        meter.right += int(((outputs.argmax(axis=-1) == y) & (y != IGNORED)).sum())

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        return {"accuracy": meter.right / max(meter.count, 1)}

    def said(self, found: Mapping[str, Any]) -> str:
        return f"{found['loss']:.4f} nats a token, {100 * found['accuracy']:.2f} % foreseen"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        loss = TokenLoss()(Tensor(outputs), Tensor(y)).item()
        right = int(((outputs.argmax(axis=-1) == y) & (y != IGNORED)).sum())
        return token_figures(loss, right, self.weight(y))

    def in_words(self, x: Array, y: Array, outputs: Array, problem: Problem) -> str:
        """One example as text: x (T,) and y (T,) tokens, outputs (T, V)."""
        given, asked = (as_text(tokens, problem.classes) for tokens in (x, y))
        said = as_text(np.where(y == IGNORED, IGNORED, outputs.argmax(axis=-1)), problem.classes)
        return f"given {given!r}, asked for {asked!r}; the network says {said!r}"


class Translation(Tokens):
    """The tokens of a translation; an answer is right where every token of it is, the end too.

    The network sees the right tokens before each place. Where its likeliest token is the right one
    everywhere, it is so too when it goes by its own: the accuracy is that of greedy decoding.
    """

    name, title = "translation", "a translation"
    rows = 128

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        meter.right += int(wholly_right(outputs, y).sum())
        meter.rows += len(y)

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        return {"accuracy": meter.right / max(meter.rows, 1)}

    def said(self, found: Mapping[str, Any]) -> str:
        return f"{100 * found['accuracy']:.2f} % right"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        tokens = super().report(outputs, y, problem)
        whole = float(wholly_right(outputs, y).mean())
        more = {"token_accuracy": tokens["accuracy"], "tokens": tokens["samples"]}
        return {**tokens, "accuracy": whole, **more, "samples": len(y)}

    def in_words(self, x: Array, y: Array, outputs: Array, problem: Problem) -> str:
        """One example as text: x (S + T,) and y (T,) tokens, outputs (T, V)."""
        said = np.where(y == IGNORED, IGNORED, outputs.argmax(axis=-1))
        source, right, says = (_text(t, problem.classes) for t in (x[: -len(y)], y, said))
        return f"{source!r} is {right!r}; the network says {says!r}"


def _text(tokens: Array, vocabulary: tuple[str, ...]) -> str:
    """The characters of tokens; marks, which have names of several letters, are left out."""
    known = [vocabulary[t] for t in tokens.tolist() if t in range(len(vocabulary))]
    return "".join(c for c in known if len(c) == 1)


def wholly_right(outputs: Array, y: Array) -> Array:
    """Which texts are right at every place that counts, (N,)."""
    return np.asarray(((outputs.argmax(axis=-1) == y) | (y == IGNORED)).all(axis=-1))


def log_probabilities(outputs: Array, y: Array) -> Array:
    """What the logits (N, T, V) give to the whole of each text y (N, T), in nats: (N,)."""
    logs = F.log_softmax(outputs, dim=-1).data
    counts = y != IGNORED
    each = np.take_along_axis(logs, np.where(counts, y, 0)[..., np.newaxis], axis=-1)[..., 0]
    return np.asarray((each * counts).sum(axis=-1))


class Series(Task):
    """The next rows of a series: outputs and targets (N, H); scores are in the series' own units.

    Rows of the horizon with the same weight.
    """

    name, title, score = "series", "a series to forecast", "rmse"
    losses = ("mse", "mae", "huber")

    def __init__(self, problem: Problem | None = None) -> None:
        self.problem = problem

    def of(self, problem: Problem) -> Task:
        return Series(problem)

    def rows_of(self, ndim: int) -> int:
        return self.rows

    def own(self, values: Array) -> Array:
        """Targets or outputs in the series' own units."""
        preparation = None if self.problem is None else self.problem.preparation
        return values if preparation is None else preparation.inverse_target(values)

    def add(self, meter: Meter, outputs: Array, y: Array) -> None:
        off = self.own(outputs) - self.own(y)
        meter.squares += float(np.square(off, dtype=np.float64).sum()) / y.shape[1]
        meter.sizes += float(np.abs(off).sum(dtype=np.float64)) / y.shape[1]

    def scores(self, meter: Meter, problem: Problem) -> dict[str, float]:
        count = max(meter.count, 1)
        return {"rmse": math.sqrt(meter.squares / count), "mae": meter.sizes / count}

    def said(self, found: Mapping[str, Any]) -> str:
        mean, root = found["mae"], found["rmse"]
        return f"mean absolute error {mean:.4g}, root mean squared error {root:.4g}"

    def report(self, outputs: Array, y: Array, problem: Problem) -> dict[str, Any]:
        off = self.own(outputs) - self.own(y)
        squares = np.square(off).mean(axis=0)
        return {
            "mse": float(squares.mean()),
            "rmse": math.sqrt(float(squares.mean())),
            "mae": float(np.abs(off).mean()),
            "mae_by_horizon": np.abs(off).mean(axis=0).tolist(),
            "rmse_by_horizon": np.sqrt(squares).tolist(),
            "samples": len(y),
        }


class TokenLoss(Module):
    """The mean cross-entropy of every token that counts, in nats.

    z (B, T, V), y (B, T) with IGNORED where nothing is asked.

    >>> TokenLoss()(np.zeros((1, 3, 4)), np.array([[0, 3, IGNORED]])).item() == math.log(4)
    True
    """

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Every place of every text as one example."""
        return F.cross_entropy(
            z.reshape(-1, z.shape[-1]),
            y.reshape(-1),
            ignore_index=IGNORED,
            label_smoothing=self.label_smoothing,
        )

    def check_labels(self, labels: Array, shape: tuple[int, ...]) -> None:
        """Raise DataError for a token outside the vocabulary of the logits (B, T, V)."""
        check_classes(labels, shape[-1], IGNORED, "token_cross_entropy")


def as_text(tokens: Array, vocabulary: tuple[str, ...]) -> str:
    """Tokens (T,) as text, a dot where none is asked for or one is hidden.

    >>> as_text(np.array([1, 0, IGNORED, 2]), ("a", "b"))
    'ba··'
    """
    known = range(len(vocabulary))
    return "".join(vocabulary[t] if t in known else "·" for t in tokens.tolist())


def token_figures(loss: float, right: int, count: int) -> dict[str, Any]:
    """Nats and bits a token, perplexity, and the share of tokens foreseen."""
    return {
        "loss": loss,
        "bits": loss / math.log(2),
        "perplexity": math.exp(min(loss, 700.0)),
        "accuracy": right / max(count, 1),
        "samples": count,
    }


TASKS: dict[str, Task] = {
    task.name: task for task in (Classification(), Regression(), Tokens(), Translation(), Series())
}


def task_named(name: str) -> Task:
    """The task of this name; raises OptionError for one that there is not."""
    return TASKS[choose("task", name, TASKS)]


# -- what outputs and targets of a classification stand for --


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
