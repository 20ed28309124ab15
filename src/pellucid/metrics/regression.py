"""How far predicted numbers are from the true ones: MSE, RMSE, MAE, R2."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError
from pellucid.metrics.inputs import number_pair

__all__ = ["mean_absolute_error", "mean_squared_error", "r2_score", "root_mean_squared_error"]


def mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The mean of (y_true - y_pred)^2, in squared units of the target; shapes (N,) or (N, D).

    Raises ShapeError where the shapes differ, DataError for no examples, NaN or infinity.

    >>> mean_squared_error([3.0, 5.0], [2.0, 7.0])
    2.5
    """
    true, pred = number_pair("mean_squared_error", y_true, y_pred)
    return float(np.mean((true - pred) ** 2))


def root_mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The square root of the mean squared error, in units of the target; shapes (N,) or (N, D).

    With D targets: the mean of their D roots. Raises as :func:`mean_squared_error`.

    >>> root_mean_squared_error([0.0, 0.0], [3.0, 3.0])
    3.0
    """
    true, pred = number_pair("root_mean_squared_error", y_true, y_pred)
    return float(np.mean(np.sqrt(np.mean((true - pred) ** 2, axis=0))))


def mean_absolute_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The mean of |y_true - y_pred|, in units of the target; shapes (N,) or (N, D).

    Raises as :func:`mean_squared_error`.

    >>> mean_absolute_error([3.0, 5.0], [2.0, 7.0])
    1.5
    """
    true, pred = number_pair("mean_absolute_error", y_true, y_pred)
    return float(np.mean(np.abs(true - pred)))


def r2_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The share of the target's variance that is explained: 1 - sum (y - p)^2 / sum (y - mean y)^2.

    1 is perfect, 0 as good as always saying the mean, below 0 worse. Shapes (N,), or (N, D) for
    the mean of D figures. Where the target is constant: 1 if every prediction is exact, else 0.
    Raises DataError for fewer than two examples, else as :func:`mean_squared_error`.

    >>> r2_score([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])
    0.5
    """
    true, pred = number_pair("r2_score", y_true, y_pred)
    if len(true) < 2:
        raise DataError("r2_score", got="one example", needs="at least two: one has no variance")
    wrong = np.sum((true - pred) ** 2, axis=0)
    spread = np.sum((true - np.mean(true, axis=0)) ** 2, axis=0)
    constant = spread == 0
    share = 1 - wrong / np.where(constant, 1, spread)
    return float(np.mean(np.where(constant, wrong == 0, share)))
