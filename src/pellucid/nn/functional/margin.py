"""Losses that ask for a margin, with torch's names and arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import DtypeError, OptionError, ShapeError
from pellucid.nn.functional.doors import floating
from pellucid.nn.functional.loss_doors import (
    alike,
    as_tensor,
    check_classes,
    check_margin,
    check_range,
    check_weight,
    class_labels,
    one_reduction,
    same_shape,
    signs,
    values,
)

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


# -- right and wrong as 1 and -1 --


def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of x where y = 1, and of max(0, margin - x) where y = -1.

    >>> hinge_embedding_loss(Tensor([0.5, 0.25]), Tensor([1, -1])).item()
    0.625
    """
    who = "hinge_embedding_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    input = floating(who, as_tensor(input))
    target = signs(who, target, input.shape, input.dtype)
    return apply(ops.HingeEmbedding, input, target, margin=margin, reduction=reduction)


def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of log(1 + exp(-y x)), y 1 or -1.

    >>> round(soft_margin_loss(Tensor([0.0, 0.0]), Tensor([1, -1])).item(), 4)
    0.6931
    """
    who = "soft_margin_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    input = floating(who, as_tensor(input))
    target = signs(who, target, input.shape, input.dtype)
    return apply(ops.SoftMargin, input, target, reduction=reduction)


def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of max(0, margin - y (x1 - x2)): x1 is to be larger where y = 1, x2 where y = -1.

    >>> margin_ranking_loss(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]), Tensor([1, -1])).item()
    1.0
    """
    who = "margin_ranking_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    input1, input2 = alike(who, input1=input1, input2=input2)
    target = signs(who, target, input1.shape, input1.dtype)
    return apply(ops.MarginRanking, input1, input2, target, margin=margin, reduction=reduction)


def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of 1 - cos(x1, x2) where y = 1, and of max(0, cos(x1, x2) - margin) where y = -1.

    x1, x2 (B, D) and y (B,), or (D,) and ().

    >>> x1, x2 = Tensor([[1.0, 0.0], [0.0, 2.0]]), Tensor([[0.0, 1.0], [0.0, 1.0]])
    >>> round(cosine_embedding_loss(x1, x2, Tensor([1, -1])).item(), 4)
    1.0
    """
    who = "cosine_embedding_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    input1, input2 = alike(who, input1=input1, input2=input2)
    if input1.ndim not in (1, 2):
        raise ShapeError(who, got=f"inputs of shape {input1.shape}", needs="(B, D) or (D,)")
    target = signs(who, target, input1.shape[:-1], input1.dtype)
    return apply(ops.CosineEmbedding, input1, input2, target, margin=margin, reduction=reduction)


# -- three at a time --


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of max(0, d(a, p) - d(a, n) + margin), d the p-norm of the difference + eps.

    Inputs (..., D) of one shape. With ``swap`` d(p, n) stands for d(a, n) where it is less.

    >>> a, p, n = Tensor([[0.0, 0.0]]), Tensor([[0.0, 1.0]]), Tensor([[0.0, 1.5]])
    >>> round(triplet_margin_loss(a, p, n).item(), 4)
    0.5
    """
    who = "triplet_margin_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    check_margin(who, margin)
    if not p > 0:
        raise OptionError(who, got=f"p = {p}", needs="a norm: a number above 0, or math.inf")
    points = _triplet(who, anchor, positive, negative)
    options = {"margin": margin, "p": p, "eps": eps, "swap": swap, "reduction": reduction}
    return apply(ops.TripletMargin, *points, **options)


def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """mean of max(0, d(a, p) - d(a, n) + margin), d a function of your own on tensors.

    Without one d is the Euclidean distance, as in :func:`triplet_margin_loss`.

    >>> a, p, n = Tensor([[0.0]]), Tensor([[1.0]]), Tensor([[3.0]])
    >>> def d(x, y): return ((x - y) ** 2).sum(axis=1)
    >>> triplet_margin_with_distance_loss(a, p, n, distance_function=d, margin=9.0).item()
    1.0
    """
    who = "triplet_margin_with_distance_loss"
    reduction = one_reduction(who, reduction)
    check_margin(who, margin)
    a, p, n = _triplet(who, anchor, positive, negative)
    if distance_function is None:
        return triplet_margin_loss(a, p, n, margin, swap=swap, reduction=reduction)
    near, far = distance_function(a, p), distance_function(a, n)
    if swap:
        far = apply(ops.Minimum, far, distance_function(p, n))
    return apply(ops.MarginRanking, far, near, 1, margin=margin, reduction=reduction)


def _triplet(who: str, anchor: Any, positive: Any, negative: Any) -> list[Any]:
    points = alike(who, anchor=anchor, positive=positive, negative=negative)
    if not points[0].ndim:
        raise ShapeError(who, got="single numbers", needs="points (..., D)")
    return points


# -- classes --


def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of w_y sum_(c != y) max(0, margin - x_y + x_c)^p / C; x (B, C) and y (B,).

    p is 1 or 2; x (C,) and y () work too.

    >>> multi_margin_loss(Tensor([[0.5, 0.25, 1.0, 2.0]]), Tensor([3])).item()
    0.0
    """
    who = "multi_margin_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    if p not in (1, 2):
        raise OptionError(who, got=f"p = {p}", needs="p = 1 or p = 2")
    input = floating(who, as_tensor(input))
    if input.ndim > 2:
        raise ShapeError(who, got=f"an input of shape {input.shape}", needs="(B, C) or (C,)")
    target = class_labels(who, input, target)
    classes = input.shape[-1]
    if values(target) is not None:
        check_classes(target.data, classes, None, who)
    weight = check_weight(who, weight, input, classes)
    options = {"p": int(p), "margin": margin, "reduction": reduction}
    return apply(ops.MultiMargin, input, target, weight, **options)


def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean of sum_(j in y, i not in y) max(0, 1 - x_j + x_i) / C; x (B, C) or (C,).

    y has the shape of x: the classes of an example, then -1 up to the end.

    >>> x, y = Tensor([[0.1, 0.2, 0.4, 0.8]]), Tensor([[3, 0, -1, 1]])
    >>> round(multilabel_margin_loss(x, y).item(), 4)
    0.85
    """
    who = "multilabel_margin_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    input, target = floating(who, as_tensor(input)), as_tensor(target)
    if input.ndim not in (1, 2) or target.shape != input.shape:
        raise ShapeError(
            who,
            got=f"predictions of shape {input.shape} and targets of shape {target.shape}",
            needs="both (B, C), or both (C,)",
        )
    if target.dtype.kind not in "iu":
        raise DtypeError(
            who,
            got=f"targets of dtype {target.dtype}",
            needs="class numbers (whole numbers), then -1 up to the end",
            try_="multilabel_soft_margin_loss for rows of 0 and 1",
        )
    array = values(target)
    if array is not None:
        check_classes(array, input.shape[-1], -1, who)
    return apply(ops.MultiLabelMargin, input, target, reduction=reduction)


def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """mean over examples and classes of -w (y log s(x) + (1 - y) log s(-x)), s the sigmoid.

    x and y (..., C), y from 0 to 1; "none" gives one loss an example.

    >>> x, y = Tensor([[0.0] * 3] * 2), Tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    >>> multilabel_soft_margin_loss(x, y, reduction="none").shape
    (2,)
    """
    who = "multilabel_soft_margin_loss"
    reduction = one_reduction(who, reduction, size_average, reduce)
    target = same_shape(who, input, target)
    if not input.ndim:
        raise ShapeError(who, got="a single number", needs="predictions (..., C)")
    check_range(who, "target", target)
    weight = check_weight(who, weight, input)
    return apply(ops.MultiLabelSoftMargin, input, target, weight, reduction=reduction)
