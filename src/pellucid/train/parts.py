"""The parts of a data set as the network and the loss take them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pellucid.data import Arrays, Data, Preparation
from pellucid.errors import DataError, DtypeError, ShapeError
from pellucid.train.task import Task, Tokens, task_named

__all__ = ["Part", "Problem", "Source", "make_part", "make_problem", "refuse_bad_numbers"]

Array = NDArray[Any]
Source = Data | Arrays | tuple[Any, Any]


@dataclass(frozen=True)
class Problem:
    """What is to be learnt: the task, the classes, and how raw samples become numbers."""

    task: str  # one of pellucid.train.task.TASKS
    classes: tuple[str, ...]
    preparation: Preparation | None
    dtype: np.dtype[Any]
    columns: bool  # targets as (N, 1) numbers beside (N, 1) outputs
    inputs: tuple[tuple[int, ...], str] | None = None  # shape and dtype of one prepared input

    @property
    def kind(self) -> Task:
        """The task itself."""
        return task_named(self.task)

    @property
    def target_spread(self) -> float:
        """What one unit of the network's output is in the target's units."""
        return self.preparation.target_spread if self.preparation is not None else 1.0


@dataclass(frozen=True)
class Part:
    """Inputs and targets; ``prepare`` turns a batch of ``x`` into the network's numbers.

    ``prepare_target`` does the same for a batch of ``y``; ``change`` changes both of a training
    batch together, by draws of its step.
    """

    x: Array
    y: Array
    prepare: Callable[[Array], Array] | None = None
    prepare_target: Callable[[Array], Array] | None = None
    change: Callable[[Array, Array, np.random.Generator], tuple[Array, Array]] | None = None

    def __len__(self) -> int:
        return len(self.x)

    def inputs(self, rows: slice) -> Array:
        """The network's inputs for these rows."""
        return self.x[rows] if self.prepare is None else self.prepare(self.x[rows])

    def targets(self, rows: slice) -> Array:
        """The targets of these rows, as the loss takes them."""
        y = self.y[rows]
        return y if self.prepare_target is None else self.prepare_target(y)


def make_problem(
    train: Source,
    preparation: Preparation | None,
    dtype: DTypeLike,
    *,
    flatten: bool,
    binary: bool,
    loss: str = "auto",
    channels_first: bool = False,
) -> Problem:
    """Read the task from the training part; fit a preparation on it where none is given.

    Rows of probabilities (one-hot ones too) are classes, unless the loss is one for numbers.
    """
    if isinstance(train, Data):
        regression = train.task == "regression"
        preparation = preparation or Preparation.fit(
            train, flatten=flatten, scale_target=regression, channels_first=channels_first
        )
        return Problem(
            train.task, train.classes, preparation, np.dtype(dtype), binary or regression
        )
    x, y = (np.asarray(part) for part in train)
    places = y.dtype.kind in "iu" and y.ndim > 1 and x.dtype.kind in "iu"
    if places:  # a class at each place of each sample
        return Problem("tokens", (), preparation, np.dtype(dtype), False)
    numbers = loss in ("mse", "mae", "huber")
    if y.dtype.kind == "f" and not numbers and _are_probabilities(y):
        classes = tuple(str(i) for i in range(y.shape[1]))
        return Problem("classification", classes, preparation, np.dtype(dtype), False)
    if y.dtype.kind in "fc":
        return Problem("regression", (), preparation, np.dtype(dtype), False)
    classes = tuple(str(i) for i in range(_count_classes(y)))
    return Problem("classification", classes, preparation, np.dtype(dtype), binary)


def make_part(name: str, source: Source, problem: Problem) -> Part:
    """One part of the data set, checked, with targets as the loss takes them."""
    if isinstance(source, Data):
        assert problem.preparation is not None
        return _from_data(source, problem)
    x, y = (np.asarray(part) for part in source)
    if len(x) != len(y):
        raise DataError(
            f"{name} data", got=f"{len(x):,} inputs and {len(y):,} targets", needs="as many of each"
        )
    if not len(x):
        raise DataError(f"{name} data", got="no rows", needs="at least one")
    if isinstance(problem.kind, Tokens):  # windows over one text: nothing is copied
        return Part(x, y, change=getattr(source, "change", None))
    refuse_bad_numbers(f"{name} inputs", x)
    refuse_bad_numbers(f"{name} targets", y)
    x = x.astype(problem.dtype) if x.dtype.kind == "f" else x
    if problem.task == "regression" or (y.dtype.kind == "f" and _are_probabilities(y)):
        return Part(x, y.astype(problem.dtype))
    if y.dtype.kind not in "iub":
        raise DtypeError(
            f"{name} targets",
            got=f"labels of dtype {y.dtype}",
            needs="class numbers from 0",
            try_="pellucid.data.from_arrays(x, y), which reads texts as classes",
        )
    return Part(x, _class_targets(y, problem))


def _from_data(data: Data, problem: Problem) -> Part:
    preparation = problem.preparation
    assert preparation is not None
    if problem.task == "regression":
        y = preparation.transform_target(data.y, problem.dtype).reshape(-1, 1)
    else:
        y = _class_targets(data.y, problem)
    if data.is_images:  # stay uint8 in memory; a batch at a time is converted
        return Part(data.x, y, lambda x: preparation.transform(x, problem.dtype))
    return Part(preparation.transform(data.x, problem.dtype), y)


def _class_targets(y: Array, problem: Problem) -> Array:
    """Class numbers (N,), or 0.0 and 1.0 (N, 1) for a network with one output."""
    return y.astype(problem.dtype).reshape(-1, 1) if problem.columns else y.astype(np.int64)


def _count_classes(y: Array) -> int:
    if y.ndim != 1:
        raise ShapeError(
            "training targets",
            got=f"labels of shape {y.shape}",
            needs="one class number an example, shape (N,)",
            try_="y.argmax(axis=1) if they are one-hot" if y.ndim == 2 else None,
        )
    if y.dtype.kind not in "iub":
        return 0
    if len(np.unique(y)) < 2:
        raise DataError(
            "training targets",
            got=f"one class only, {y[0] if len(y) else 'none'}",
            needs="at least two classes to tell apart",
        )
    return int(y.max()) + 1


def refuse_bad_numbers(who: str, array: Array) -> None:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    places = np.argwhere(~np.isfinite(array))
    named = "; ".join(f"{tuple(int(i) for i in place)}" for place in places[:5])
    more = f" and {len(places) - 5:,} more" if len(places) > 5 else ""
    raise DataError(
        who,
        got=f"{len(places):,} NaN or infinite values, at {named}{more}",
        needs="finite numbers (places are row, column, ... from 0)",
    )


def _are_probabilities(y: Array) -> bool:
    """Whether every row holds numbers from 0 to 1 that sum to 1, of two classes or more."""
    if y.ndim != 2 or y.shape[1] < 2 or not len(y):
        return False
    return bool(y.min() >= 0 and np.allclose(y.sum(axis=1), 1, atol=1e-4))
