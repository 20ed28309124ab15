"""Losses that ask for a margin as layers, with torch.nn's names and defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.autograd import Tensor
from pellucid.errors import OptionError
from pellucid.nn import functional as F
from pellucid.nn.functional.loss_doors import check_classes, check_margin
from pellucid.nn.loss import Loss, Weighted

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class SoftMarginLoss(Loss):
    """The logistic loss for targets that are 1 or -1.

    >>> round(SoftMarginLoss()(Tensor([0.0, 0.0]), [1, -1]).item(), 4)
    0.6931
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of log(1 + exp(-target input))."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class _Margin(Loss):
    """A loss with a margin and torch's older arguments after it."""

    shown: tuple[str, ...] = ("margin",)

    def __init__(
        self,
        margin: float = 0.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin


class HingeEmbeddingLoss(_Margin):
    """Distances: small where the target is 1, at least ``margin`` where it is -1.

    >>> HingeEmbeddingLoss()(Tensor([0.5, 0.25]), [1, -1]).item()
    0.625
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of input where target is 1, of max(0, margin - input) where it is -1."""
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(_Margin):
    """Which of two scores is to be the larger: the first (1) or the second (-1).

    >>> MarginRankingLoss()(Tensor([1.0, 2.0]), Tensor([3.0, 4.0]), [1, -1]).item()
    1.0
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Any) -> Tensor:
        """mean of max(0, margin - target (input1 - input2))."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Margin):
    """The angle between two vectors: none where the target is 1, a wide one where it is -1.

    input1, input2 (B, D) and target (B,); or (D,) and ().

    >>> x1, x2 = Tensor([[1.0, 0.0], [0.0, 2.0]]), Tensor([[0.0, 1.0], [0.0, 1.0]])
    >>> round(CosineEmbeddingLoss()(x1, x2, [1, -1]).item(), 4)
    1.0
    """

    def forward(self, input1: Tensor, input2: Tensor, target: Any) -> Tensor:
        """mean of 1 - cos where target is 1, of max(0, cos - margin) where it is -1."""
        return F.cosine_embedding_loss(
            input1, input2, target, self.margin, reduction=self.reduction
        )


class TripletMarginLoss(_Margin):
    """An anchor is to be nearer to a point like it than to one unlike it, by ``margin``.

    Inputs (..., D) of one shape; the distance is the ``p``-norm of the difference + ``eps``. With
    ``swap`` the positive point takes the anchor's place where it is nearer to the negative one.
    Source: Balntas et al. 2016.

    >>> a, p, n = Tensor([[0.0, 0.0]]), Tensor([[0.0, 1.0]]), Tensor([[0.0, 1.5]])
    >>> round(TripletMarginLoss()(a, p, n).item(), 4)
    0.5
    """

    shown = ("margin", "p", "eps", "swap")

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)
        check_margin("TripletMarginLoss", margin)
        self.p, self.eps, self.swap = p, eps, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """mean of max(0, d(anchor, positive) - d(anchor, negative) + margin)."""
        options = (self.margin, self.p, self.eps, self.swap)
        return F.triplet_margin_loss(anchor, positive, negative, *options, reduction=self.reduction)


class TripletMarginWithDistanceLoss(Loss):
    """As TripletMarginLoss, with a distance of your own: a function of two tensors.

    >>> def d(x, y): return ((x - y) ** 2).sum(axis=1)
    >>> loss = TripletMarginWithDistanceLoss(distance_function=d, margin=9.0)
    >>> loss(Tensor([[0.0]]), Tensor([[1.0]]), Tensor([[3.0]])).item()
    1.0
    """

    shown = ("margin", "swap")

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction=reduction)
        check_margin("TripletMarginWithDistanceLoss", margin)
        self.distance_function, self.margin, self.swap = distance_function, margin, swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """mean of max(0, d(anchor, positive) - d(anchor, negative) + margin)."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class MultiMarginLoss(Weighted):
    """Every wrong class is to score less than the right one by ``margin``; the hinge to power p.

    input (B, C) and target (B,), or (C,) and (). Source: Crammer & Singer 2001.

    >>> MultiMarginLoss()(Tensor([[0.5, 0.25, 1.0, 2.0]]), [3]).item()
    0.0
    """

    shown = ("p", "margin")

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise OptionError("MultiMarginLoss", got=f"p = {p}", needs="p = 1 or p = 2")
        self.p, self.margin = p, margin

    def check_labels(self, labels: Any, shape: tuple[int, ...]) -> None:
        """Raise DataError for labels that a program for outputs of ``shape`` cannot take."""
        check_classes(labels, shape[1], None, "multi_margin_loss")

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of weight_y sum_c max(0, margin - input_y + input_c)^p / C."""
        options = (self.p, self.margin, self.weight)
        return F.multi_margin_loss(input, target, *options, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """Every class that is not in the target is to score less, by 1, than every one that is.

    input and target (B, C), or (C,): the classes of an example as numbers, then -1 up to the end.

    >>> loss = MultiLabelMarginLoss()
    >>> round(loss(Tensor([[0.1, 0.2, 0.4, 0.8]]), [[3, 0, -1, 1]]).item(), 4)
    0.85
    """

    def check_labels(self, labels: Any, shape: tuple[int, ...]) -> None:
        """Raise DataError for labels that a program for outputs of ``shape`` cannot take."""
        check_classes(labels, shape[1], -1, "multilabel_margin_loss")

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of sum_ji max(0, 1 - input_j + input_i) / C, j in the target, i not."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(Weighted):
    """Binary cross-entropy for every class, from scores, as a mean over the classes.

    input and target (..., C), the targets from 0 to 1.

    >>> round(MultiLabelSoftMarginLoss()(Tensor([[0.0, 0.0]]), [[1, 0]]).item(), 4)
    0.6931
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of -weight (y log s(x) + (1 - y) log s(-x)), s the sigmoid."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)
