"""All figures of one evaluation as a dict of plain numbers, and the spread over several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError, ShapeError
from pellucid.metrics.classification import (
    Average,
    accuracy_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)
from pellucid.metrics.inputs import Array, class_indices, finite, label_pair
from pellucid.metrics.probability import log_loss, roc_auc_score
from pellucid.metrics.regression import (
    mean_absolute_error,
    mean_squared_error,
    r2_score,
    root_mean_squared_error,
)

__all__ = ["Summary", "classification_report", "regression_report", "summarise"]


class Summary(NamedTuple):
    """The mean of several scores and their standard deviation."""

    mean: float
    std: float


def summarise(scores: npt.ArrayLike) -> Summary:
    """The mean and the sample standard deviation (divisor k - 1) of the scores of k folds or seeds.

    The deviation of a single score is NaN: one score has no spread. Raises DataError for none.

    >>> summarise([0.5, 0.75, 1.0])
    Summary(mean=0.75, std=0.25)
    """
    values = finite("summarise", "scores", scores).ravel()
    if values.size == 0:
        raise DataError("summarise", got="no scores", needs="at least one")
    std = float(np.std(values, ddof=1)) if values.size > 1 else float("nan")
    return Summary(float(np.mean(values)), std)


def classification_report(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    probabilities: npt.ArrayLike | None = None,
    target_names: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Every figure of a classifier, ready for JSON; labels are class indices of shape (N,).

    ``probabilities``: shape (N, C), or (N,) of class 1; without them ``log_loss`` and ``roc_auc``
    are None, and ``roc_auc`` also where a class has no example. ``target_names``: one name a class,
    the rows of ``classes`` and of ``confusion_matrix``; macro and weighted figures are over the
    classes that occur. Raises as the single figures do.

    >>> classification_report([0, 1, 1], [0, 1, 0])["classes"][1]["recall"]
    0.5
    """
    who = "classification_report"
    true, pred = label_pair(who, y_true, y_pred)
    true, pred = class_indices(who, true), class_indices(who, pred)
    p = None if probabilities is None else np.asarray(probabilities)
    names = _names(true, pred, p, target_names)
    return {
        "samples": len(true),
        "accuracy": accuracy_score(true, pred),
        "balanced_accuracy": balanced_accuracy_score(true, pred),
        "log_loss": None if p is None else log_loss(true, p),
        "roc_auc": None if p is None else _auc_or_none(true, p),
        **_means(true, pred, "macro"),
        **_means(true, pred, "weighted"),
        "classes": _rows(true, pred, names),
        "confusion_matrix": confusion_matrix(true, pred, classes=len(names)).tolist(),
    }


def regression_report(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> dict[str, Any]:
    """Every figure of a regression, ready for JSON; shapes (N,) or (N, D).

    ``r2`` is None for a single example. Raises as the single figures do.

    >>> regression_report([1.0, 2.0, 3.0], [1.0, 2.0, 4.0])["r2"]
    0.5
    """
    true, pred = np.asarray(y_true), np.asarray(y_pred)
    return {
        "mse": mean_squared_error(true, pred),
        "rmse": root_mean_squared_error(true, pred),
        "mae": mean_absolute_error(true, pred),
        "r2": r2_score(true, pred) if len(true) > 1 else None,
        "samples": len(true),
    }


def _names(
    true: Array, pred: Array, p: Array | None, target_names: Sequence[str] | None
) -> list[str]:
    """One name a class; without names the indices themselves."""
    columns = 0 if p is None else p.shape[1] if p.ndim == 2 else 2
    if target_names is None:
        return [str(c) for c in range(max(columns, int(true.max()) + 1, int(pred.max()) + 1))]
    if columns not in (0, len(target_names)):
        raise ShapeError(
            "classification_report",
            got=f"{columns} columns of probabilities for {len(target_names)} classes",
            needs="one column a class",
        )
    return [str(name) for name in target_names]


def _auc_or_none(true: Array, p: Array) -> float | None:
    classes = p.shape[1] if p.ndim == 2 else 2
    everyone_there = len(np.unique(true)) == classes
    return roc_auc_score(true, p) if everyone_there else None


def _means(true: Array, pred: Array, average: Average) -> dict[str, float]:
    scores = {"precision": precision_score, "recall": recall_score, "f1": f1_score}
    return {
        f"{average}_{name}": cast(float, score(true, pred, average=average))
        for name, score in scores.items()
    }


def _rows(true: Array, pred: Array, names: list[str]) -> list[dict[str, Any]]:
    n = len(names)
    columns = {
        "precision": precision_score(true, pred, classes=n, average=None),
        "recall": recall_score(true, pred, classes=n, average=None),
        "f1": f1_score(true, pred, classes=n, average=None),
        "support": confusion_matrix(true, pred, classes=n).sum(axis=1),
    }
    values = {key: cast(Array, column).tolist() for key, column in columns.items()}
    return [
        {"name": name, **{key: column[i] for key, column in values.items()}}
        for i, name in enumerate(names)
    ]
