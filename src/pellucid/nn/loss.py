"""Losses as layers, with torch.nn's names and defaults."""

from __future__ import annotations

from typing import Any

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, choose
from pellucid.nn import functional as F
from pellucid.nn.module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HuberLoss",
    "L1Loss",
    "MSELoss",
]


class _Loss(Module):
    """What all losses have: ``reduction``, "mean", "sum" or "none"."""

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__()
        self.reduction = choose(type(self).__name__, reduction, ("mean", "sum", "none"))

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}"


class MSELoss(_Loss):
    """The mean squared error; shapes must be equal.

    >>> MSELoss()(Tensor([310e3, 430e3, 195e3]), Tensor([300e3, 450e3, 200e3])).item()
    175000000.0
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean (input - target)^2."""
        return F.mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """The mean absolute error."""

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean |input - target|."""
        return F.l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """Squared near 0, absolute beyond ``delta``: outliers pull less."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        if delta <= 0:
            raise OptionError("HuberLoss", got=f"delta = {delta}", needs="a number above 0")
        self.delta = delta

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}, delta={self.delta}"

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)."""
        return F.huber_loss(input, target, self.reduction, self.delta)


class _Weighted(_Loss):
    """A loss with fixed weights, kept as a buffer as in torch."""

    weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.register_buffer("weight", weight)


class BCELoss(_Weighted):
    """Binary cross-entropy from probabilities; prefer BCEWithLogitsLoss.

    >>> p, y = Tensor([0.9, 0.1, 0.8, 0.3]), Tensor([1.0, 0.0, 1.0, 0.0])
    >>> round(BCELoss()(p, y).item(), 4)
    0.1976
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of -(y log p + (1 - y) log(1 - p))."""
        return F.binary_cross_entropy(input, target, self.weight, self.reduction)


class BCEWithLogitsLoss(_Weighted):
    """Sigmoid and binary cross-entropy in one, without overflow."""

    pos_weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(weight, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of -(v y log s(z) + (1 - y) log(1 - s(z)))."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


class CrossEntropyLoss(_Weighted):
    """Softmax and cross-entropy in one, from logits (B, C, ...) and classes or probabilities.

    >>> round(CrossEntropyLoss()(Tensor([[2.0, 1.0, 0.1]]), [0]).item(), 3)
    0.417
    """

    def __init__(
        self,
        weight: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
        *,
        ignore_index: int = -100,
    ) -> None:
        super().__init__(weight, reduction)
        if ignore_index != -100:
            raise OptionError(
                "CrossEntropyLoss",
                got=f"ignore_index={ignore_index}",
                needs="labels that all count: leaving some out is not supported",
                try_="a loss over the rows that count: logits[mask], labels[mask]",
            )
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """-log softmax(input)_target, smoothed and weighted as asked."""
        return F.cross_entropy(input, target, self.weight, self.reduction, self.label_smoothing)

    def extra_repr(self) -> str:
        return f"reduction={self.reduction!r}, label_smoothing={self.label_smoothing}"
