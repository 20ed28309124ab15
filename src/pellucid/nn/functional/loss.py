"""How wrong the network is, with torch's names and arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DataError, OptionError, ShapeError
from pellucid.nn.functional.doors import in_dtype
from pellucid.nn.functional.loss_doors import (
    USUAL,
    check_classes,
    check_range,
    check_weight,
    class_axis,
    class_labels,
    left_out,
    one_reduction,
    same_shape,
    values,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "gaussian_nll_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
]


# -- numbers --


def mse_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """mean of w (x - y)^2, over the sum of the weights w where they are given.

    The shapes must be equal, that of the weights too: nothing is broadcast.

    >>> mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])).item()
    2.0
    """
    reduction = one_reduction("mse_loss", reduction, size_average, reduce)
    target = same_shape("mse_loss", input, target)
    weight = _same_weight("mse_loss", weight, input)
    return apply(ops.MSE, input, target, weight, reduction=reduction)


def l1_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Tensor:
    """mean of w |x - y|, over the sum of the weights w where they are given.

    >>> l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])).item()
    1.0
    """
    reduction = one_reduction("l1_loss", reduction, size_average, reduce)
    target = same_shape("l1_loss", input, target)
    weight = _same_weight("l1_loss", weight, input)
    return apply(ops.L1, input, target, weight, reduction=reduction)


def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """mean of d^2 / (2 beta) where |d| < beta, else |d| - beta / 2; d = x - y.

    >>> smooth_l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])).item()
    0.75
    """
    who = "smooth_l1_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    if not beta >= 0:
        raise OptionError(who, got=f"beta = {beta}", needs="a number from 0; 0 is l1_loss")
    target = same_shape(who, input, target)
    return apply(ops.SmoothL1, input, target, beta=beta, reduction=reduction)


def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Tensor:
    """mean of w d^2 / 2 where |d| <= delta, else w delta (|d| - delta / 2); d = x - y.

    As in torch the mean with weights w is over the number of losses.

    >>> huber_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0])).item()
    0.75
    """
    reduction = one_reduction("huber_loss", reduction)
    if not delta > 0:
        raise OptionError("huber_loss", got=f"delta = {delta}", needs="a number above 0")
    target = same_shape("huber_loss", input, target)
    weight = _same_weight("huber_loss", weight, input)
    return apply(ops.Huber, input, target, weight, delta=delta, reduction=reduction)


def poisson_nll_loss(
    input: Any,
    target: Any,
    log_input: bool = True,
    full: bool = False,
    size_average: Any = None,
    eps: float = 1e-8,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of r - y log r, the rate r = exp(x) or, with ``log_input=False``, x + eps.

    ``full`` adds Stirling's approximation of log y!. Raises DataError for counts y below 0.

    >>> round(poisson_nll_loss(np.array([0.0, 1.0]), np.array([2.0, 3.0])).item(), 4)
    0.3591
    """
    who = "poisson_nll_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    target = same_shape(who, input, target)
    check_range(who, "target", target, most=np.inf)
    options = {"log_input": log_input, "full": full, "eps": eps, "reduction": reduction}
    return apply(ops.PoissonNLL, input, target, **options)


def gaussian_nll_loss(
    input: Any,
    target: Any,
    var: Any,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """mean of (log v + (x - y)^2 / v) / 2, the variance v held at eps or above.

    v is a number, or has the shape of x, or that shape without its last axis, or with one axis of
    length 1. ``full`` adds log(2 pi) / 2. Raises DataError for a variance below 0.

    >>> gaussian_nll_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]), 1.0).item()
    1.0
    """
    who = "gaussian_nll_loss"
    reduction = one_reduction(who, reduction)
    if not eps > 0:
        raise OptionError(who, got=f"eps = {eps}", needs="a number above 0")
    target = same_shape(who, input, target)
    var = _spread(who, in_dtype(np.asarray(var) if np.isscalar(var) else var, input.dtype), input)
    array = values(var)
    if array is not None and (array < 0).any():
        raise DataError(who, got=f"the variance {array.min():g}", needs="variances from 0")
    return apply(ops.GaussianNLL, input, target, var, full=full, eps=eps, reduction=reduction)


def _spread(who: str, var: Any, input: Any) -> Any:
    """The variances, in a shape that is broadcast to that of the predictions."""
    if var.shape in ((), input.shape):
        return var
    if var.shape == input.shape[:-1]:
        return var.reshape(*var.shape, 1)
    pairs = zip(input.shape, var.shape, strict=False)
    if var.ndim == input.ndim and [v for n, v in pairs if n != v] == [1]:
        return var
    raise ShapeError(
        who,
        got=f"predictions of shape {input.shape} and variances of shape {var.shape}",
        needs="a variance each, or one for all along one axis, or one number",
    )


# -- probabilities --


def kl_div(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """mean of y (log y - x), x log-probabilities; y logarithms too with ``log_target``.

    ``reduction="batchmean"``, the sum over the length of axis 0, is the divergence itself; "mean"
    divides by the number of classes too.

    >>> x, y = np.log(np.array([[0.5, 0.5]])), np.array([[1.0, 0.0]])
    >>> round(kl_div(x, y, reduction="batchmean").item(), 4)
    0.6931
    """
    kinds = ("mean", "batchmean", "sum", "none")
    reduction = one_reduction("kl_div", reduction, size_average, reduce, kinds)
    target = same_shape("kl_div", input, target)
    if not log_target:
        advice = "log_target=True for targets that are logarithms"
        check_range("kl_div", "target", target, advice, most=np.inf)
    return apply(ops.KLDiv, input, target, log_target=log_target, reduction=reduction)


def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of -w (y log p + (1 - y) log(1 - p)) from probabilities p."""
    who = "binary_cross_entropy"
    reduction = one_reduction(who, reduction, size_average, reduce)
    target = same_shape(who, input, target)
    check_range(who, "input", input, "BCEWithLogitsLoss takes any numbers")
    check_range(who, "target", target)
    weight = check_weight(who, weight, input)
    return apply(ops.BCE, input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Tensor:
    """mean of -w (v y log s(z) + (1 - y) log(1 - s(z))), s the sigmoid, v = pos_weight."""
    who = "binary_cross_entropy_with_logits"
    reduction = one_reduction(who, reduction, size_average, reduce)
    target = same_shape(who, input, target)
    check_range(who, "target", target)
    weight, pos_weight = check_weight(who, weight, input), check_weight(who, pos_weight, input)
    return apply(ops.BCEWithLogits, input, target, weight, pos_weight, reduction=reduction)


# -- classes --


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = USUAL,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """-log softmax(z)_y from logits z (B, C, ...) and classes or probabilities y.

    Examples whose class is ``ignore_index`` count nowhere; where the targets are probabilities it
    has no meaning, and a class as ``ignore_index`` is refused.

    >>> z = np.log(np.array([[0.05, 0.60, 0.35]]))
    >>> round(cross_entropy(z, np.array([1])).item(), 3)
    0.511
    """
    who = "cross_entropy"
    reduction = one_reduction(who, reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise OptionError(who, got=f"label_smoothing = {label_smoothing}", needs="0 to 1")
    target = class_labels(who, input, target, probabilities=True)
    ignored = _ignored(who, input, target, ignore_index, reduction)
    options = {"label_smoothing": label_smoothing, "reduction": reduction}
    weight = _class_weight(who, weight, input)
    return apply(ops.CrossEntropy, input, target, weight, ignore_index=ignored, **options)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    ignore_index: int = USUAL,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of -w_y x_y from log-probabilities x (B, C, ...) and classes y (B, ...).

    The mean divides by the sum of the class weights w_y. Examples whose class is ``ignore_index``
    count nowhere.

    >>> x = np.log(np.array([[0.05, 0.60, 0.35]]))
    >>> round(nll_loss(x, np.array([1])).item(), 3)
    0.511
    """
    reduction = one_reduction("nll_loss", reduction, size_average, reduce)
    target = class_labels("nll_loss", input, target)
    ignored = _ignored("nll_loss", input, target, ignore_index, reduction)
    weight = _class_weight("nll_loss", weight, input)
    return apply(ops.NLL, input, target, weight, ignore_index=ignored, reduction=reduction)


def _ignored(who: str, input: Any, target: Any, ignore_index: int, reduction: str) -> int | None:
    """The class that does not count, once all the others are known to be classes."""
    if target.dtype.kind == "f":
        if ignore_index >= 0:
            raise OptionError(
                who,
                got=f"ignore_index={ignore_index}, and targets that are probabilities",
                needs="class numbers, where an example is to be left out",
                try_="probabilities of 0 for every class of that example",
            )
        return None
    ignored = left_out(who, target, ignore_index, reduction)
    array = values(target)
    if array is not None:
        check_classes(array, input.shape[class_axis(input.shape)], ignored, who)
    return ignored


def _class_weight(who: str, weight: Any, input: Any) -> Any:
    return check_weight(who, weight, input, input.shape[class_axis(input.shape)])


def _same_weight(who: str, weight: Any, input: Any) -> Any:
    """Weights in the shape of the predictions, in their dtype."""
    if weight is None:
        return None
    weight = in_dtype(weight, input.dtype)
    if weight.shape != input.shape:
        raise ShapeError(
            who,
            got=f"weights of shape {weight.shape} for predictions of shape {input.shape}",
            needs="a weight for each prediction: equal shapes",
        )
    return weight
