"""Connectionist temporal classification, with torch's name and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DataError, DtypeError, GradientError, OptionError, ShapeError
from pellucid.nn.functional.doors import floating
from pellucid.nn.functional.loss_doors import as_tensor, one_reduction, values

__all__ = ["ctc_loss"]

WHO = "ctc_loss"


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """mean of -log P(y) / U, P(y) the sum over all paths in time that spell the word y.

    ``log_probs`` (T, B, C), the outputs of log_softmax; ``targets`` (B, S), padded with anything,
    or one after the other in one axis; the lengths (B,), as arrays or tuples. Without a batch:
    (T, C), (S,) and two numbers. "mean" divides each loss by the length U of its word (at least 1).
    A word that is too long for its steps costs inf, or nothing with ``zero_infinity``.

    The gradient is exp(log_probs) - gamma, as in torch: right for log_probs out of log_softmax.
    Raises DataError for a label that is no class or the blank, and for lengths that do not fit.
    Source: Graves et al. 2006.

    >>> x = np.log(np.full((2, 1, 3), 1 / 3))  # 2 steps, 3 classes: 1 1, 0 1 and 1 0 spell 1
    >>> round(float(np.exp(-ctc_loss(x, np.array([[1]]), (2,), (1,)).item())), 4)
    0.3333
    """
    reduction = one_reduction(WHO, reduction)
    x, y = floating(WHO, as_tensor(log_probs)), as_tensor(targets)
    if x.ndim not in (2, 3) or not x.shape[-1]:
        raise ShapeError(WHO, got=f"log_probs of shape {x.shape}", needs="(T, B, C) or (T, C)")
    batched = x.ndim == 3
    x = x if batched else x.reshape(x.shape[0], 1, x.shape[1])
    steps, batch, classes = x.shape
    if not 0 <= blank < classes:
        raise OptionError(WHO, got=f"blank = {blank}", needs=f"a class, from 0 to {classes - 1}")
    input_lengths = _lengths("input_lengths", input_lengths, batch)
    target_lengths = _lengths("target_lengths", target_lengths, batch)
    _check_most("input_lengths", input_lengths, steps, "time steps")
    y = _padded(y, target_lengths, batched)
    _check_labels(y, target_lengths, classes, blank)
    if reduction == "none" and not batched:
        reduction = "sum"  # of one word
    options = {"blank": int(blank), "zero_infinity": zero_infinity, "reduction": reduction}
    return apply(ops.CTC, x, y, input_lengths, target_lengths, **options)


def _lengths(name: str, lengths: Any, batch: int) -> Tensor:
    """One whole number a word."""
    lengths = lengths if isinstance(lengths, Tensor) else Tensor(np.asarray(lengths))
    if lengths.dtype.kind not in "iu":
        raise DtypeError(
            WHO,
            got=f"{name} of dtype {lengths.dtype}",
            needs="whole numbers",
            try_=f"{name}.astype(np.int64)",
        )
    if lengths.shape == () and batch == 1:
        lengths = lengths.reshape(1)
    if lengths.shape != (batch,):
        raise ShapeError(
            WHO,
            got=f"{name} of shape {lengths.shape} for a batch of {batch}",
            needs=f"one length a word: shape ({batch},)",
        )
    return Tensor(lengths.data.astype(np.int64))


def _check_most(name: str, lengths: Tensor, most: int, of_what: str) -> None:
    array = values(lengths)
    if array is None or not array.size or (array.min() >= 0 and array.max() <= most):
        return
    place = np.flatnonzero((array < 0) | (array > most))[0]
    raise DataError(
        WHO,
        got=f"{name} of {array[place]} at place {place}",
        needs=f"lengths from 0 to {most}: there are {most} {of_what}",
    )


def _padded(y: Tensor, lengths: Tensor, batched: bool) -> Tensor:
    """The words as rows of one length."""
    if y.dtype.kind not in "iu":
        raise DtypeError(
            WHO,
            got=f"targets of dtype {y.dtype}",
            needs="class numbers (whole numbers)",
            try_="targets.astype(np.int64)",
        )
    batch = lengths.shape[0]
    if y.ndim == 2 and y.shape[0] == batch:
        _check_most("target_lengths", lengths, y.shape[1], "labels in a row of targets")
        return y
    if y.ndim != 1:
        raise ShapeError(
            WHO,
            got=f"targets of shape {y.shape} for a batch of {batch}",
            needs=f"({batch}, S), or all words one after the other in one axis",
        )
    if not batched:
        _check_most("target_lengths", lengths, y.shape[0], "labels")
        return y.reshape(1, y.shape[0])
    return _in_rows(y, lengths)


def _in_rows(y: Tensor, lengths: Tensor) -> Tensor:
    """Words one after the other, each in a row of its own."""
    counts = values(lengths)
    if counts is None:
        raise GradientError(
            WHO,
            got="targets in one axis, and lengths that are not known when the program is written",
            needs="targets as rows: where a word begins must not depend on values",
            try_="targets of shape (B, S), padded",
        )
    if (counts < 0).any() or counts.sum() != y.shape[0]:
        raise ShapeError(
            WHO,
            got=f"{y.shape[0]} targets, and target_lengths that sum to {counts.sum()}",
            needs="as many targets as the lengths say",
        )
    place = np.arange(counts.max(initial=0))
    index = (np.cumsum(counts) - counts)[:, None] + place
    return y[np.where(place < counts[:, None], index, 0)] if index.size else Tensor(index)


def _check_labels(y: Tensor, lengths: Tensor, classes: int, blank: int) -> None:
    """Labels that count are classes, and none is the blank."""
    array, counts = values(y), values(lengths)
    if array is None or counts is None:
        return
    wrong = (array < 0) | (array >= classes) | (array == blank)
    wrong &= np.arange(array.shape[1]) < counts[:, None]
    if not wrong.any():
        return
    word, place = np.argwhere(wrong)[0].tolist()
    label = array[word, place]
    what = f"label {label}, the blank," if label == blank else f"label {label}"
    raise DataError(
        WHO,
        got=f"{what} at place {place} of word {word}",
        needs=f"labels from 0 to {classes - 1}, without the blank {blank}",
    )
