"""Scalers for tables in scikit-learn's spelling, and one-hot vectors."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from pellucid.data.base import Array
from pellucid.errors import DataError, ShapeError

__all__ = ["MinMaxScaler", "StandardScaler", "one_hot"]


class StandardScaler:
    """z = (x - mean_) / scale_ per column; a constant column is only centred.

    Fit it on the training part only, then transform every part with it.
    ``mean_``, ``var_``, ``scale_`` are (F,), in the units of x.

    >>> StandardScaler().fit_transform([[1.0], [3.0]]).tolist()
    [[-1.0], [1.0]]
    """

    mean_: Array
    var_: Array
    scale_: Array

    def fit(self, x: ArrayLike) -> Self:
        """Measure mean and standard deviation (of the population, divided by N)."""
        rows = _rows(x)
        self.mean_ = rows.mean(axis=0)
        self.var_ = rows.var(axis=0)
        self.scale_ = _no_zero(np.sqrt(self.var_), rows)
        return self

    def transform(self, x: ArrayLike) -> Array:
        """(N, F) in units to (N, F) with the training part's mean 0 and deviation 1."""
        return (_rows(x, len(self.mean_)) - self.mean_) / self.scale_

    def fit_transform(self, x: ArrayLike) -> Array:
        """Fit, then transform the same rows."""
        return self.fit(x).transform(x)

    def inverse_transform(self, z: ArrayLike) -> Array:
        """x = z scale_ + mean_."""
        return _rows(z, len(self.mean_)) * self.scale_ + self.mean_


class MinMaxScaler:
    """z = x scale_ + min_, so that the training part spans ``feature_range``.

    A constant column becomes the lower end. Rows outside the training part's range go beyond it.

    >>> MinMaxScaler().fit_transform([[1.0], [3.0], [2.0]]).ravel().tolist()
    [0.0, 1.0, 0.5]
    """

    data_min_: Array
    data_max_: Array
    scale_: Array
    min_: Array

    def __init__(self, feature_range: tuple[float, float] = (0.0, 1.0)) -> None:
        self.feature_range = feature_range

    def fit(self, x: ArrayLike) -> Self:
        """Measure the smallest and the largest value of every column."""
        rows = _rows(x)
        low, high = self.feature_range
        self.data_min_, self.data_max_ = rows.min(axis=0), rows.max(axis=0)
        self.scale_ = (high - low) / _no_zero(self.data_max_ - self.data_min_, rows)
        self.min_ = low - self.data_min_ * self.scale_
        return self

    def transform(self, x: ArrayLike) -> Array:
        """(N, F) in units to (N, F) in ``feature_range``."""
        return _rows(x, len(self.min_)) * self.scale_ + self.min_

    def fit_transform(self, x: ArrayLike) -> Array:
        """Fit, then transform the same rows."""
        return self.fit(x).transform(x)

    def inverse_transform(self, z: ArrayLike) -> Array:
        """x = (z - min_) / scale_."""
        return (_rows(z, len(self.min_)) - self.min_) / self.scale_


def one_hot(labels: ArrayLike, classes: int | None = None) -> Array:
    """(N,) places in the classes to (N, classes) float32 rows with a single 1.

    Raises DataError for a label outside the classes.

    >>> one_hot([2, 0], 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    places = np.asarray(labels)
    if places.ndim != 1 or places.dtype.kind not in "iu":
        raise ShapeError(
            "one_hot",
            got=f"labels of shape {places.shape} and dtype {places.dtype}",
            needs="whole numbers of shape (N,)",
        )
    width = classes if classes is not None else int(places.max(initial=-1)) + 1
    outside = places[(places < 0) | (places >= width)]
    if len(outside):
        raise DataError("one_hot", got=f"the label {outside[0]}", needs=f"labels 0 to {width - 1}")
    rows: Array = np.eye(width, dtype=np.float32)[places]
    return rows


def _rows(x: ArrayLike, width: int | None = None) -> Array:
    rows = np.asarray(x, np.float64)
    if rows.ndim != 2 or not len(rows) or width not in (None, rows.shape[1]):
        columns = "F" if width is None else width
        raise ShapeError("scaler", got=f"shape {rows.shape}", needs=f"rows of shape (N, {columns})")
    return rows


def _no_zero(spread: Array, rows: Array) -> Array:
    # A constant column's deviation is 0, or a rounding error as small as its values allow.
    tiny = 10 * np.finfo(np.float64).eps * np.abs(rows).max(axis=0)
    return np.where(spread <= tiny, 1.0, spread)
