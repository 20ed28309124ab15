"""The doors of the metrics: labels, targets and probabilities, checked before they are counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError, DtypeError, ShapeError

__all__ = [
    "check_probabilities",
    "class_indices",
    "finite",
    "in_range",
    "label_pair",
    "number_pair",
]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def label_pair(who: str, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> tuple[Array, Array]:
    """Two label vectors of shape (N,), N >= 1, of one kind: whole numbers or text."""
    true, pred = np.asarray(y_true), np.asarray(y_pred)
    if pred.ndim == 2 and pred.shape[1] > 1 and true.ndim == 1:
        raise ShapeError(
            who,
            got=f"predictions of shape {pred.shape}",
            needs=f"one class per example, shape {true.shape}",
            try_="the likeliest class: probabilities.argmax(axis=1)",
        )
    _same_shape(who, true, pred)
    if true.ndim != 1:
        raise ShapeError(
            who,
            got=f"labels of shape {true.shape}",
            needs="one class per example, shape (N,)",
            try_="one-hot rows as class indices: y.argmax(axis=1)" if true.ndim == 2 else None,
        )
    _some(who, true)
    true, pred = _labels(who, "true labels", true), _labels(who, "predictions", pred)
    if (true.dtype.kind == "U") != (pred.dtype.kind == "U"):
        raise DtypeError(
            who,
            got=f"labels of type {true.dtype} and predictions of type {pred.dtype}",
            needs="both as class indices, or both as class names",
        )
    return true, pred


def number_pair(who: str, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Two float64 arrays of one shape, (N,) or (N, D), without NaN or infinity."""
    true = finite(who, "true values", y_true)
    pred = finite(who, "predictions", y_pred)
    _same_shape(who, true, pred)
    if true.ndim not in (1, 2):
        raise ShapeError(who, got=f"values of shape {true.shape}", needs="shape (N,) or (N, D)")
    _some(who, true)
    return true, pred


def finite(who: str, what: str, values: npt.ArrayLike) -> Floats:
    """The values as float64; refuses what is not a number, NaN and infinity."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise DtypeError(who, got=f"{what} of type {array.dtype}", needs="numbers")
    _no_gaps(who, what, array)
    return array.astype(np.float64)


def class_indices(who: str, y_true: npt.ArrayLike, classes: int | None = None) -> Ints:
    """Labels of shape (N,) as indices 0 ... classes - 1, or without an upper bound."""
    true, _ = label_pair(who, y_true, y_true)
    if true.dtype.kind == "U":
        raise DtypeError(
            who,
            got="class names",
            needs="class indices 0 ... C - 1",
            try_="np.searchsorted(names, y_true) where the names are sorted",
        )
    return in_range(who, true, np.iinfo(np.int64).max if classes is None else classes)


def in_range(who: str, labels: Array, classes: int) -> Ints:
    """The labels themselves, if every one is in 0 ... classes - 1."""
    outside = np.flatnonzero((labels < 0) | (labels >= classes))
    if outside.size:
        raise DataError(
            who,
            got=f"class {labels[outside[0]]} in row {outside[0]}",
            needs="classes 0 ... " + (f"{classes - 1}" if classes < 1 << 53 else "C - 1"),
        )
    return labels.astype(np.int64)


def check_probabilities(who: str, probabilities: Floats) -> None:
    """Refuses values outside 0 ... 1 and rows that do not sum to 1."""
    outside = np.flatnonzero(
        ((probabilities < 0) | (probabilities > 1)).reshape(len(probabilities), -1).any(axis=1)
    )
    if outside.size:
        _not_probabilities(who, f"row {outside[0]} with a value outside 0 ... 1")
    if probabilities.ndim == 2:
        sums = probabilities.sum(axis=1)
        off = np.flatnonzero(np.abs(sums - 1) > 1e-3)  # float16 softmax rows stay within this
        if off.size:
            _not_probabilities(who, f"row {off[0]} with the sum {sums[off[0]]:.4g}")


def _not_probabilities(who: str, got: str) -> None:
    raise DataError(
        who,
        got=got,
        needs="probabilities: each row between 0 and 1, with the sum 1",
        try_="logits must pass softmax (two or more columns) or sigmoid (one) first",
    )


def _same_shape(who: str, true: Array, pred: Array) -> None:
    if true.shape == pred.shape:
        return
    advice = None
    if pred.ndim == 2 and pred.shape[1] == 1 and true.ndim == 1:
        advice = f"predictions[:, 0]: {pred.shape} -> {pred.shape[:1]}"
    elif true.ndim == 2 and true.shape[1] == 1 and pred.ndim == 1:
        advice = f"y_true[:, 0]: {true.shape} -> {true.shape[:1]}"
    raise ShapeError(
        who,
        got=f"predictions of shape {pred.shape} for targets of shape {true.shape}",
        needs="one shape for both; nothing is broadcast",
        try_=advice,
    )


def _some(who: str, array: Array) -> None:
    if array.size == 0:
        raise DataError(who, got="no examples", needs="at least one")


def _labels(who: str, what: str, labels: Array) -> Array:
    if labels.dtype.kind == "f":
        _no_gaps(who, what, labels)
        broken = np.flatnonzero(labels != np.floor(labels))
        if broken.size:
            raise DataError(
                who,
                got=f"{what} with {labels[broken[0]]:g} in row {broken[0]}",
                needs="classes: whole numbers or names",
                try_="probabilities as classes: (p > 0.5), or p.argmax(axis=1)",
            )
    elif labels.dtype.kind not in "biuUT":
        raise DtypeError(
            who, got=f"{what} of type {labels.dtype}", needs="classes: whole numbers or names"
        )
    return labels.astype(str) if labels.dtype.kind in "UT" else labels.astype(np.int64)


def _no_gaps(who: str, what: str, values: Array) -> None:
    if values.size == 0:
        return
    rows = np.atleast_1d(values).reshape(len(values) if values.ndim else 1, -1)
    bad = np.flatnonzero(~np.isfinite(rows).all(axis=1))
    if bad.size:
        shown = ", ".join(str(row) for row in bad[:5]) + (", ..." if bad.size > 5 else "")
        raise DataError(
            who,
            got=f"NaN or infinity in {bad.size} of {len(rows)} {what}: row {shown}",
            needs="finite numbers",
        )
