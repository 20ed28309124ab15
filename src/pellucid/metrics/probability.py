"""Judging probabilities: log-loss and the area under the ROC curve."""

from __future__ import annotations

from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt

from pellucid.errors import DataError, ShapeError, choose
from pellucid.metrics.inputs import Array, Floats, Ints, check_probabilities, class_indices, finite

__all__ = ["log_loss", "roc_auc_score"]


def log_loss(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
    """The mean of -log p(true class), in nats, 0 or more.

    ``y_true``: class indices, shape (N,). ``y_pred``: probabilities, shape (N, C), or shape (N,)
    of class 1 where there are two. A probability of 0 counts as the smallest step of its dtype
    (2.2e-16 in float64), so that one certain mistake costs much but not infinity. Raises DataError
    where the rows are not probabilities, ShapeError where the shapes do not fit.

    >>> round(log_loss([0, 1], [[0.9, 0.1], [0.2, 0.8]]), 4)
    0.1643
    """
    given = np.asarray(y_pred)
    eps = np.finfo(given.dtype if given.dtype.kind == "f" else np.float64).eps
    p = _columns("log_loss", y_true, given)
    true = class_indices("log_loss", y_true, p.shape[1])
    check_probabilities("log_loss", p)
    chosen = p[np.arange(len(p)), true]
    return float(-np.mean(np.log(np.clip(chosen, eps, 1 - eps))))


def roc_auc_score(
    y_true: npt.ArrayLike,
    y_score: npt.ArrayLike,
    *,
    average: Literal["macro", "weighted"] = "macro",
    multi_class: Literal["ovr", "ovo"] = "ovr",
) -> float:
    """The chance that a positive example scores above a negative one, a tie counting half, 0 to 1.

    Two classes: ``y_true`` of 0 and 1, scores of any scale of shape (N,), or probabilities of
    shape (N, 2). More classes: probabilities of shape (N, C); "ovr" averages each class against
    the rest, "ovo" each pair of classes (Hand and Till 2001); ``average`` is the plain mean or
    weighted by how often the classes occur. Raises DataError where a class has no example, since
    its area is then not defined.

    >>> roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.75
    """
    who = "roc_auc_score"
    choose(who, average, ["macro", "weighted"])
    choose(who, multi_class, ["ovr", "ovo"])
    score = finite(who, "scores", y_score)
    _rows_match(who, y_true, score)
    if score.ndim == 2 and score.shape[1] > 2:
        true = _all_classes(who, y_true, score.shape[1])
        check_probabilities(who, score)
        return _ovr(true, score, average) if multi_class == "ovr" else _ovo(true, score, average)
    score = score[:, 1] if score.ndim == 2 else score
    return _area(_all_classes(who, y_true, 2) == 1, score)


def _columns(who: str, y_true: npt.ArrayLike, y_pred: Array) -> Floats:
    """Probabilities of shape (N, C); a vector becomes the two columns 1 - p and p."""
    p = finite(who, "probabilities", y_pred)
    _rows_match(who, y_true, p)
    return np.stack([1 - p, p], axis=1) if p.ndim == 1 else p


def _rows_match(who: str, y_true: npt.ArrayLike, scores: Floats) -> None:
    shape = np.shape(y_true)
    one_column = scores.ndim == 2 and scores.shape[1] == 1
    if scores.ndim in (1, 2) and not one_column and scores.shape[:1] == shape:
        return
    raise ShapeError(
        who,
        got=f"scores of shape {scores.shape} for targets of shape {shape}",
        needs="scores of shape (N,) or (N, C) for targets of shape (N,); nothing is broadcast",
        try_=f"scores[:, 0]: {scores.shape} -> {scores.shape[:1]}" if one_column else None,
    )


def _all_classes(who: str, y_true: npt.ArrayLike, classes: int) -> Ints:
    true = class_indices(who, y_true, classes)
    absent = np.flatnonzero(np.bincount(true, minlength=classes) == 0)
    if absent.size:
        raise DataError(
            who,
            got=f"no example of class {absent[0]}",
            needs=f"at least one example of each of the {classes} classes",
        )
    return true


def _area(positive: npt.NDArray[np.bool_], score: Floats) -> float:
    """The Mann-Whitney U over its maximum; equal scores share their mean rank."""
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    p, n = int(positive.sum()), int((~positive).sum())
    return float((rank[positive].sum() - p * (p + 1) / 2) / (p * n))


def _ovr(true: Ints, score: Floats, average: str) -> float:
    areas = [_area(true == c, score[:, c]) for c in range(score.shape[1])]
    weights = np.bincount(true) if average == "weighted" else None
    return float(np.average(areas, weights=weights))


def _ovo(true: Ints, score: Floats, average: str) -> float:
    areas, weights = [], []
    for a, b in combinations(range(score.shape[1]), 2):
        pair = (true == a) | (true == b)
        both = [_area(true[pair] == c, score[pair, c]) for c in (a, b)]
        areas.append(np.mean(both))
        weights.append(pair.mean())
    return float(np.average(areas, weights=weights if average == "weighted" else None))
