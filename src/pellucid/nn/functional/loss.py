"""How wrong the network is, with torch's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DataError, DtypeError, OptionError, ShapeError, choose
from pellucid.nn.functional.doors import floating, in_dtype

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "check_classes",
    "cross_entropy",
    "huber_loss",
    "l1_loss",
    "mse_loss",
]


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """mean (x - y)^2; the two shapes must be equal, nothing is broadcast."""
    target = _same_shape("mse_loss", input, target, reduction)
    return apply(ops.MSE, input, target, reduction=reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Tensor:
    """mean |x - y|."""
    target = _same_shape("l1_loss", input, target, reduction)
    return apply(ops.L1, input, target, reduction=reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)."""
    if delta <= 0:
        raise OptionError("huber_loss", got=f"delta = {delta}", needs="a number above 0")
    target = _same_shape("huber_loss", input, target, reduction)
    return apply(ops.Huber, input, target, delta=delta, reduction=reduction)


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean"
) -> Tensor:
    """mean of -(y log p + (1 - y) log(1 - p)) from probabilities p."""
    target = _same_shape("binary_cross_entropy", input, target, reduction)
    _check_range("binary_cross_entropy", "input", input, "BCEWithLogitsLoss takes any numbers")
    _check_range("binary_cross_entropy", "target", target, None)
    weight = in_dtype(weight, input.dtype)
    return apply(ops.BCE, input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """mean of -(v y log s(z) + (1 - y) log(1 - s(z))), s the sigmoid, v = pos_weight."""
    who = "binary_cross_entropy_with_logits"
    target = _same_shape(who, input, target, reduction)
    _check_range(who, "target", target, None)
    weight, pos_weight = in_dtype(weight, input.dtype), in_dtype(pos_weight, input.dtype)
    return apply(ops.BCEWithLogits, input, target, weight, pos_weight, reduction=reduction)


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(z)_y from logits z (B, C, ...) and classes or probabilities y.

    >>> z = np.log(np.array([[0.05, 0.60, 0.35]]))
    >>> round(cross_entropy(z, np.array([1])).item(), 3)
    0.511
    """
    choose("cross_entropy", reduction, ("mean", "sum", "none"))
    if not 0 <= label_smoothing <= 1:
        raise OptionError(
            "cross_entropy", got=f"label_smoothing = {label_smoothing}", needs="0 to 1"
        )
    target = _check_labels(floating("cross_entropy", input), target)
    return apply(
        ops.CrossEntropy,
        input,
        target,
        in_dtype(weight, input.dtype),
        label_smoothing=label_smoothing,
        reduction=reduction,
    )


# -- what is checked at the door, since a rule cannot branch on values --


def _same_shape(who: str, input: Any, target: Any, reduction: str) -> Any:
    choose(who, reduction, ("mean", "sum", "none"))
    floating(who, input)
    target = target if isinstance(target, Tensor) else Tensor(target)
    if input.shape != target.shape:
        raise ShapeError(
            who,
            got=f"predictions of shape {input.shape} and targets of shape {target.shape}",
            needs="equal shapes: broadcasting would compare each prediction with every target",
            try_=_reshape_advice(input.shape, target.shape),
        )
    return target if target.dtype == input.dtype else target.astype(input.dtype)


def _reshape_advice(predictions: tuple[int, ...], targets: tuple[int, ...]) -> str | None:
    if predictions == (*targets, 1):
        return f"targets.reshape(-1, 1), or predictions.reshape({', '.join(map(str, targets))})"
    return None


def _check_range(who: str, what: str, values: Any, advice: str | None) -> None:
    array = values.data if isinstance(values, Tensor) else values
    if isinstance(array, np.ndarray) and array.size and not (array.min() >= 0 and array.max() <= 1):
        raise DataError(
            who,
            got=f"{what} values from {array.min():g} to {array.max():g}",
            needs="probabilities, from 0 to 1",
            try_=advice,
        )


def _check_labels(input: Any, target: Any) -> Any:
    """Classes (B, ...) as whole numbers within 0 .. C - 1, or probabilities like the input."""
    if not isinstance(target, Tensor):
        target = Tensor(target)
    shape = tuple(input.shape)
    classes = shape[1] if len(shape) > 1 else shape[0]
    expected = (*shape[:1], *shape[2:]) if len(shape) > 1 else ()
    if target.dtype.kind == "f" and target.shape != expected:
        return _same_shape("cross_entropy", input, target, "mean")
    if target.dtype.kind not in "iu":
        raise DtypeError(
            "cross_entropy",
            got=f"targets of shape {target.shape} and dtype {target.dtype}",
            needs="class numbers (whole numbers), or probabilities in the shape of the logits",
            try_="targets.astype(np.int64)",
        )
    if target.shape != expected:
        raise ShapeError(
            "cross_entropy",
            got=f"logits of shape {shape} and targets of shape {target.shape}",
            needs=f"one class number an example: targets of shape {expected}",
            try_="targets.reshape(-1)" if target.shape == (*expected, 1) else None,
        )
    if isinstance(target.data, np.ndarray):
        check_classes(target.data, classes)
    return target


def check_classes(labels: Any, classes: int) -> None:
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        wrong = np.flatnonzero((labels.ravel() < 0) | (labels.ravel() >= classes))
        raise DataError(
            "cross_entropy",
            got=f"label {labels.ravel()[wrong[0]]} at place {wrong[0]}"
            + (f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""),
            needs=f"labels from 0 to {classes - 1}: the network has {classes} outputs",
        )
