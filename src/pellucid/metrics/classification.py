"""Counting right and wrong classes: accuracy, the confusion matrix, precision, recall, F1."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError, DtypeError, OptionError, choose
from pellucid.metrics.inputs import Array, Floats, Ints, in_range, label_pair

__all__ = [
    "accuracy_score",
    "balanced_accuracy_score",
    "confusion_matrix",
    "f1_score",
    "precision_score",
    "recall_score",
]

Average = Literal["binary", "macro", "micro", "weighted"] | None
_AVERAGES = ("binary", "macro", "micro", "weighted")


def accuracy_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The share of right answers, 0 to 1: mean(y_true == y_pred), both of shape (N,).

    Raises ShapeError, DtypeError or DataError for labels that cannot be compared.

    >>> accuracy_score([0, 1, 2, 2], [0, 1, 1, 2])
    0.75
    """
    true, pred = label_pair("accuracy_score", y_true, y_pred)
    return float(np.mean(true == pred))


def balanced_accuracy_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The mean recall of the classes that occur in ``y_true``, 0 to 1; shapes (N,).

    A class that is only predicted has no recall and is left out. Raises as
    :func:`accuracy_score`. Brodersen et al. 2010, "The balanced accuracy and its posterior
    distribution".

    >>> balanced_accuracy_score([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    matrix = _matrix(*_coded("balanced_accuracy_score", y_true, y_pred, None))
    support = matrix.sum(axis=1)
    there = support > 0
    return float(np.mean(np.diag(matrix)[there] / support[there]))


def confusion_matrix(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, classes: int | None = None
) -> Ints:
    """How often class i (row) was called class j (column): int64 of shape (C, C).

    The classes are 0 ... ``classes`` - 1, or without it the sorted labels that occur.
    Raises DataError for a label outside the classes, else as :func:`accuracy_score`.

    >>> confusion_matrix([0, 1, 2, 2], [0, 1, 1, 2], classes=3).tolist()
    [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    """
    return _matrix(*_coded("confusion_matrix", y_true, y_pred, classes))


def precision_score(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    classes: int | None = None,
    pos_label: int | str = 1,
    average: Average = "binary",
    zero_division: float = 0.0,
) -> float | Floats:
    """Of what was called class c, the share that is c: TP / (TP + FP), 0 to 1.

    ``average``: None gives each class, shape (C,); "binary" the class ``pos_label`` of two;
    "macro" the plain mean; "weighted" the mean by the number of true examples; "micro" counts
    all classes together. ``classes`` as in :func:`confusion_matrix`. ``zero_division`` (0, 1 or
    NaN, which a mean leaves out) stands where the fraction is 0 / 0. Raises OptionError for an
    unknown average, DataError for more than two classes with "binary".

    >>> precision_score([0, 1, 1, 0], [0, 1, 1, 1])
    0.6666666666666666
    """
    who = "precision_score"
    labels, true, pred = _labels_and_codes(who, y_true, y_pred, classes)
    matrix = _matrix(true, pred, len(labels))
    right, called = np.diag(matrix), matrix.sum(axis=0)
    return _averaged(who, right, called, matrix, labels, pos_label, average, zero_division)


def recall_score(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    classes: int | None = None,
    pos_label: int | str = 1,
    average: Average = "binary",
    zero_division: float = 0.0,
) -> float | Floats:
    """Of what is class c, the share that was found: TP / (TP + FN), 0 to 1.

    Arguments and errors are those of :func:`precision_score`.

    >>> recall_score([0, 1, 1, 0], [0, 1, 0, 1])
    0.5
    """
    who = "recall_score"
    labels, true, pred = _labels_and_codes(who, y_true, y_pred, classes)
    matrix = _matrix(true, pred, len(labels))
    right, there = np.diag(matrix), matrix.sum(axis=1)
    return _averaged(who, right, there, matrix, labels, pos_label, average, zero_division)


def f1_score(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    classes: int | None = None,
    pos_label: int | str = 1,
    average: Average = "binary",
    zero_division: float = 0.0,
) -> float | Floats:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN), 0 to 1.

    Arguments and errors are those of :func:`precision_score`.

    >>> f1_score([0, 1, 2, 2], [0, 1, 1, 2], average=None).round(3).tolist()
    [1.0, 0.667, 0.667]
    """
    who = "f1_score"
    labels, true, pred = _labels_and_codes(who, y_true, y_pred, classes)
    matrix = _matrix(true, pred, len(labels))
    right, both = 2 * np.diag(matrix), matrix.sum(axis=0) + matrix.sum(axis=1)
    return _averaged(who, right, both, matrix, labels, pos_label, average, zero_division)


def _labels_and_codes(
    who: str, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, classes: int | None
) -> tuple[Array, Ints, Ints]:
    """The sorted labels, and both vectors as indices into them."""
    true, pred = label_pair(who, y_true, y_pred)
    if classes is None:
        labels, codes = np.unique(np.concatenate([true, pred]), return_inverse=True)
        return labels, codes[: len(true)], codes[len(true) :]
    if classes < 1:
        raise OptionError(who, got=f"classes={classes}", needs="at least one class")
    if true.dtype.kind == "U":
        raise DtypeError(who, got=f"class names and classes={classes}", needs="class indices")
    return np.arange(classes), in_range(who, true, classes), in_range(who, pred, classes)


def _coded(
    who: str, y_true: npt.ArrayLike, y_pred: npt.ArrayLike, classes: int | None
) -> tuple[Ints, Ints, int]:
    labels, true, pred = _labels_and_codes(who, y_true, y_pred, classes)
    return true, pred, len(labels)


def _matrix(true: Ints, pred: Ints, classes: int) -> Ints:
    counts = np.bincount(true * classes + pred, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def _averaged(
    who: str,
    top: Ints,
    bottom: Ints,
    matrix: Ints,
    labels: Array,
    pos_label: int | str,
    average: Average,
    zero_division: float,
) -> float | Floats:
    """The fraction top / bottom per class, or its average."""
    values = _ratio(top, bottom, zero_division)
    if average is None:
        return values
    choose(who, average, _AVERAGES)
    if average == "binary":
        place = _positive(who, labels, pos_label)
        return float(zero_division if place is None else values[place])
    if average == "micro":
        return float(_ratio(top.sum(), bottom.sum(), zero_division))
    weights = matrix.sum(axis=1) if average == "weighted" else np.ones(len(labels))
    return _mean_without_nan(values, weights)


def _ratio(top: Any, bottom: Any, zero_division: float) -> Floats:
    empty = np.asarray(bottom) == 0
    return np.where(empty, zero_division, top / np.where(empty, 1, bottom))


def _mean_without_nan(values: Floats, weights: Array) -> float:
    there = ~np.isnan(values)
    if not there.any():
        return float("nan")
    if weights[there].sum() == 0:  # only classes that never occur are left: all weigh the same
        weights = np.ones_like(weights)
    return float(np.average(values[there], weights=weights[there]))


def _positive(who: str, labels: Array, pos_label: int | str) -> int | None:
    """The place of the positive class among two; None where only the other one occurs."""
    if len(labels) > 2:
        raise DataError(
            who,
            got=f'{len(labels)} classes and average="binary"',
            needs="two classes, or another average",
            try_='average="macro", "micro", "weighted" or None',
        )
    found = np.flatnonzero(labels == pos_label)
    if found.size == 0 and len(labels) == 1:
        return None
    if found.size == 0:
        raise OptionError(
            who,
            got=f"pos_label={pos_label!r}",
            needs="one of the labels " + ", ".join(repr(v) for v in labels.tolist()),
        )
    return int(found[0])
