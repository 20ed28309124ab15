"""Rosenblatt's perceptron: one neuron that learns from its mistakes, and says if it cannot."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.random import generator

__all__ = ["Perceptron"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Perceptron:
    """One neuron with a step: y = 1 where w . x + b >= 0, else 0.

    It looks at one row after the other and moves only when it is wrong:
    w += learning_rate * (y - prediction) * x, b += learning_rate * (y - prediction).
    If a line (a plane) separates the two classes, it finds one after finitely many mistakes.
    Weights start at zero, so the learning rate scales them and decides nothing else.

    After ``fit``: ``weights_`` (features,), ``bias_``, ``converged_``, ``epochs_`` (how many it
    ran), ``errors_`` (mistakes in each epoch) and ``common_point_`` (see ``report``).

    Source: Rosenblatt 1958, "The perceptron: a probabilistic model"; convergence: Novikoff 1962.

    >>> rows = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> Perceptron().fit(rows, [0, 0, 0, 1]).predict(rows)
    array([0, 0, 0, 1])
    >>> print(Perceptron().fit(rows, [0, 1, 1, 0]).report())
    Not separated in 100 epochs, and no line can: (0.5, 0.5) is a mean of rows of either class.
    """

    def __init__(
        self,
        learning_rate: float = 1.0,
        max_epochs: int = 100,
        shuffle: bool = False,
        seed: int = 0,
    ) -> None:
        if not (np.isfinite(learning_rate) and learning_rate > 0):
            raise OptionError(
                "Perceptron", got=f"learning_rate={learning_rate}", needs="a finite number above 0"
            )
        if max_epochs < 1:
            raise OptionError(
                "Perceptron", got=f"max_epochs={max_epochs}", needs="a whole number from 1"
            )
        self.learning_rate = learning_rate
        self.max_epochs = max_epochs
        self.shuffle = shuffle
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike) -> Perceptron:
        """Learn from rows ``X`` (N, features) and labels ``y`` (N,), each 0 or 1.

        Stops after the first epoch without a mistake, or after ``max_epochs``.
        Raises ShapeError for a wrong shape, DataError for other labels, text, NaN or Inf.
        """
        rows = _rows("Perceptron.fit", X)
        labels = _labels(y, len(rows))
        self.weights_: Floats = np.zeros(rows.shape[1])
        self.bias_ = 0.0
        self.errors_: list[int] = []
        self.converged_ = False
        search = _Search(rows, labels)

        for epoch in range(self.max_epochs):
            mistakes = self._epoch(rows, labels, self._order(epoch, len(rows)))
            self.errors_.append(len(mistakes))
            search.add(mistakes)
            if not mistakes:
                self.converged_ = True
                break

        self.epochs_ = len(self.errors_)
        self.common_point_: Floats | None = search.point
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """w . x + b for each row of ``X`` (N, features); the step is at 0. Gives (N,)."""
        self._need_fit("Perceptron.decision_function")
        rows = _rows("Perceptron.decision_function", X)
        if rows.shape[1] != len(self.weights_):
            raise ShapeError(
                f"Perceptron of {len(self.weights_)} features",
                got=f"rows of {rows.shape[1]} features",
                needs=f"shape (rows, {len(self.weights_)})",
            )
        return self._sums(rows)

    def predict(self, X: ArrayLike) -> Ints:
        """1 where w . x + b >= 0, else 0, for each row of ``X`` (N, features). Gives (N,).

        >>> Perceptron().fit([[0], [1]], [1, 0]).predict([[0], [1]])
        array([1, 0])
        """
        return (self.decision_function(X) >= 0).astype(np.int64)

    def report(self) -> str:
        """Whether the rows were separated, in one sentence that claims no more than is proven.

        A weighted mean of rows of class 1 that is also one of rows of class 0 would have to lie on
        both sides of a separating line: there is none. The search looks for such a point among
        the mistakes and checks it in exact fractions; where it finds none, nothing is proven.
        """
        self._need_fit("Perceptron.report")
        if self.converged_:
            return (
                f"Separated in {_count(self.epochs_, 'epoch')} with "
                f"{_count(sum(self.errors_), 'mistake')} on the way: "
                f"weights {_tuple(self.weights_)}, bias {self.bias_:g}."
            )
        opening = f"Not separated in {_count(self.epochs_, 'epoch')}"
        if self.common_point_ is None:
            last = _count(self.errors_[-1], "mistake")
            return f"{opening} ({last} in the last); more epochs may or may not separate the rows."
        point = _tuple(self.common_point_)
        return f"{opening}, and no line can: {point} is a mean of rows of either class."

    def _epoch(self, rows: Floats, labels: Ints, order: Ints) -> list[int]:
        mistakes = []
        for i in order.tolist():
            x = rows[i]
            error = labels[i] - int(self._sums(x) >= 0)
            if error:
                self.weights_ += self.learning_rate * error * x
                self.bias_ += self.learning_rate * float(error)
                mistakes.append(i)
        return mistakes

    def _sums(self, rows: Floats) -> Floats:
        # vecdot, not @: one row alone and the same row among many give the same bits, so that
        # an epoch without mistakes means a prediction without mistakes, ties at 0 included
        sums: Floats = np.vecdot(rows, self.weights_) + self.bias_
        return sums

    def _order(self, epoch: int, n: int) -> Ints:
        if self.shuffle:
            return generator(self.seed, "perceptron", epoch).permutation(n)
        return np.arange(n)

    def _need_fit(self, who: str) -> None:
        if not hasattr(self, "epochs_"):
            raise DataError(
                who,
                got="a perceptron that has not learned yet",
                needs="weights",
                try_="fit(X, y) first",
            )


class _Search:
    """Looks for a point that both classes share: the proof that no line separates them.

    Each mistake on a row adds +(x, 1) or -(x, 1) to (w, b). When the sum of these moves comes back
    to a value it had before, the moves in between cancel: as many rows of class 1 as of class 0,
    counted with their repeats, and the same sum, hence the same mean.
    """

    def __init__(self, rows: Floats, labels: Ints) -> None:
        self.rows, self.signs = rows, 2 * labels - 1
        self.point: Floats | None = None
        self._sum = np.zeros(rows.shape[1])
        self._history: list[list[int]] = []  # the mistakes of each epoch
        self._seen: dict[bytes, int] = {self._sum.tobytes(): 0}  # the sum: before which epoch

    def add(self, mistakes: list[int]) -> None:
        """Take in the mistakes of one epoch."""
        if self.point is not None or not mistakes:
            return
        self._history.append(mistakes)
        self._sum += self.signs[mistakes] @ self.rows[mistakes]
        key = (self._sum + 0.0).tobytes()  # + 0.0: -0.0 and 0.0 are the same place
        if key in self._seen:
            self.point = self._common_point(self._history[self._seen[key] :])
        self._seen[key] = len(self._history)

    def _common_point(self, epochs: list[list[int]]) -> Floats | None:
        """The mean of the rows of either class, if in exact fractions the two are the same."""
        made = [i for mistakes in epochs for i in mistakes]
        ones = [i for i in made if self.signs[i] > 0]
        zeros = [i for i in made if self.signs[i] < 0]
        if len(ones) != len(zeros) or _exact_sum(self.rows[ones]) != _exact_sum(self.rows[zeros]):
            return None
        mean: Floats = self.rows[ones].mean(axis=0)
        return mean


def _exact_sum(rows: Floats) -> list[Fraction]:
    return [sum(map(Fraction, column), Fraction()) for column in rows.T.tolist()]


def _rows(who: str, X: ArrayLike) -> Floats:
    rows = _numbers(who, X)
    if rows.ndim != 2 or rows.size == 0:
        raise ShapeError(
            who,
            got=f"an array of shape {rows.shape}",
            needs="shape (rows, features), both at least 1",
            try_="[x] for a single row x" if rows.ndim == 1 and rows.size else None,
        )
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if len(bad):
        raise DataError(
            who,
            got=f"NaN or Inf in {_count(len(bad), 'row')}, the first is row {bad[0]}",
            needs="finite numbers",
        )
    return rows


def _labels(y: ArrayLike, n: int) -> Ints:
    who = "Perceptron.fit"
    labels = _numbers(who, y)
    if labels.shape != (n,):
        raise ShapeError(
            who,
            got=f"labels of shape {labels.shape} for {_count(n, 'row')}",
            needs=f"shape ({n},): one label per row",
        )
    values = np.unique(labels).tolist()
    if not set(values) <= {0.0, 1.0}:
        raise DataError(
            who,
            got="labels " + ", ".join(f"{v:g}" for v in values[:6]) + ", ..." * (len(values) > 6),
            needs="labels 0 and 1 only",
            try_="(np.array(y) > 0).astype(int)" if values == [-1.0, 1.0] else None,
        )
    return labels.astype(np.int64)


def _numbers(who: str, values: ArrayLike) -> Floats:
    try:
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            who, got=f"values that are not numbers ({error})", needs="numbers in rows of one length"
        ) from None


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def _tuple(values: Any) -> str:
    shown = [f"{v:g}" for v in values[:6]] + ["..."] * (len(values) > 6)
    return f"({', '.join(shown)})"
