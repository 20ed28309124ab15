"""Losses as layers, with torch.nn's names and defaults."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.autograd import Tensor
from pellucid.errors import OptionError
from pellucid.nn import functional as F
from pellucid.nn.functional.loss_doors import (
    EVERY,
    USUAL,
    Usual,
    check_written_classes,
    one_reduction,
)
from pellucid.nn.module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
]


class Loss(Module):
    """What all losses have: ``reduction``, "mean", "sum" or "none".

    torch's older arguments ``size_average`` and ``reduce`` have their place, and are refused.
    """

    kinds: tuple[str, ...] = EVERY
    shown: tuple[str, ...] = ()  # the options beside the reduction

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self.reduction = one_reduction(who, reduction, size_average, reduce, self.kinds)

    def extra_repr(self) -> str:
        options = ("reduction", *self.shown)
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in options)


# -- numbers --


class MSELoss(Loss):
    """The mean squared error; shapes must be equal.

    >>> MSELoss()(Tensor([310e3, 430e3, 195e3]), Tensor([300e3, 450e3, 200e3])).item()
    175000000.0
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean (input - target)^2."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """The mean absolute error.

    >>> L1Loss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()
    1.0
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean |input - target|."""
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """Squared over ``beta`` near 0, absolute beyond: a slope never above 1.

    ``beta=0`` is the absolute error. Source: Girshick 2015, equation 3.

    >>> SmoothL1Loss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()
    0.75
    """

    shown = ("beta",)

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if not beta >= 0:
            raise OptionError("SmoothL1Loss", got=f"beta = {beta}", needs="a number from 0")
        self.beta = beta

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of d^2 / (2 beta) where |d| < beta, else |d| - beta / 2."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """Squared near 0, absolute beyond ``delta``: outliers pull less. Source: Huber 1964.

    >>> HuberLoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0])).item()
    0.75
    """

    shown = ("delta",)

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        if not delta > 0:
            raise OptionError("HuberLoss", got=f"delta = {delta}", needs="a number above 0")
        self.delta = delta

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2)."""
        return F.huber_loss(input, target, self.reduction, self.delta)


class PoissonNLLLoss(Loss):
    """How unlikely counts are under Poisson rates exp(input), or input with ``log_input=False``.

    ``full`` adds Stirling's approximation of the part that the network cannot change.

    >>> round(PoissonNLLLoss()(Tensor([0.0, 1.0]), Tensor([2.0, 3.0])).item(), 4)
    0.3591
    """

    shown = ("log_input", "full", "eps")

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Any) -> Tensor:
        """mean of r - target log r, r the rate."""
        return F.poisson_nll_loss(
            log_input,
            target,
            log_input=self.log_input,
            full=self.full,
            eps=self.eps,
            reduction=self.reduction,
        )


class GaussianNLLLoss(Loss):
    """How unlikely targets are under normal distributions with means ``input`` and variances.

    The variance, held at ``eps`` or above, is a number or one for each target (or for all along one
    axis). ``full`` adds log(2 pi) / 2. Source: Nix & Weigend 1994.

    >>> GaussianNLLLoss()(Tensor([1.0, 2.0]), Tensor([1.0, 4.0]), Tensor([1.0, 1.0])).item()
    1.0
    """

    shown = ("full", "eps")

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def __call__(self, input: Any, target: Any, var: Any) -> Any:
        """As every module; a number keeps its precision on the way in."""
        number = isinstance(var, int | float)
        return super().__call__(input, target, np.float64(var) if number else var)

    def forward(self, input: Tensor, target: Any, var: Any) -> Tensor:
        """mean of (log var + (input - target)^2 / var) / 2."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


# -- probabilities --


class KLDivLoss(Loss):
    """The Kullback-Leibler divergence of targets from predictions that are log-probabilities.

    ``reduction="batchmean"`` is the divergence itself; "mean" divides by the number of classes too.
    Targets are probabilities, or logarithms with ``log_target=True``.

    >>> x, y = Tensor([[0.5, 0.5]]), Tensor([[1.0, 0.0]])
    >>> round(KLDivLoss(reduction="batchmean")(np.log(x), y).item(), 4)
    0.6931
    """

    kinds = ("mean", "batchmean", "sum", "none")
    shown = ("log_target",)

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of target (log target - input)."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class Weighted(Loss):
    """A loss with fixed weights, kept as a buffer as in torch."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class BCELoss(Weighted):
    """Binary cross-entropy from probabilities; prefer BCEWithLogitsLoss.

    >>> p, y = Tensor([0.9, 0.1, 0.8, 0.3]), Tensor([1.0, 0.0, 1.0, 0.0])
    >>> round(BCELoss()(p, y).item(), 4)
    0.1976
    """

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of -(y log p + (1 - y) log(1 - p))."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Weighted):
    """Sigmoid and binary cross-entropy in one, without overflow.

    >>> round(BCEWithLogitsLoss()(Tensor([0.0, 2.0]), Tensor([1.0, 1.0])).item(), 4)
    0.41
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of -(v y log s(z) + (1 - y) log(1 - s(z)))."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


# -- classes --


class Classes(Weighted):
    """A loss of class numbers, some of which may count nowhere."""

    shown: tuple[str, ...] = ("ignore_index",)
    who = ""
    ignore_index: int

    @property
    def uneven(self) -> bool:
        """Whether the mean divides by something else than the number of examples."""
        return self.weight is not None or not isinstance(self.ignore_index, Usual)

    def check_labels(self, labels: Any, shape: tuple[int, ...]) -> None:
        """Raise DataError for labels that a program for outputs of ``shape`` cannot take."""
        check_written_classes(self.who, labels, shape[1], self.ignore_index)


class NLLLoss(Classes):
    """The log-probability of the right class, to be made large; after a LogSoftmax.

    Examples of class ``ignore_index`` count nowhere: see :class:`CrossEntropyLoss`.

    >>> round(NLLLoss()(np.log(Tensor([[0.05, 0.60, 0.35]])), [1]).item(), 3)
    0.511
    """

    who = "nll_loss"

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = USUAL,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """mean of -weight_target input_target."""
        options = {"ignore_index": self.ignore_index, "reduction": self.reduction}
        return F.nll_loss(input, target, self.weight, **options)  # type: ignore[arg-type]


class CrossEntropyLoss(Classes):
    """Softmax and cross-entropy in one, from logits (B, C, ...) and classes or probabilities.

    Examples of class ``ignore_index`` count nowhere, in the mean neither. A written program leaves
    them out where ``ignore_index`` was given, be it -100: by itself it expects that all count, and
    says so when it meets -100.

    >>> round(CrossEntropyLoss()(Tensor([[2.0, 1.0, 0.1]]), [0]).item(), 3)
    0.417
    """

    shown = ("ignore_index", "label_smoothing")
    who = "cross_entropy"

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = USUAL,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if not 0 <= label_smoothing <= 1:
            got = f"label_smoothing = {label_smoothing}"
            raise OptionError("CrossEntropyLoss", got=got, needs="0 to 1")
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Any) -> Tensor:
        """-log softmax(input)_target, smoothed and weighted as asked."""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class CTCLoss(Loss):
    """How unlikely words are, when a network names a class or a blank at each step of time.

    log_probs (T, B, C) out of a log-softmax, targets (B, S) padded or all in one axis, the lengths
    (B,); without a batch (T, C), (S,) and two numbers. The probability of a word is the sum over
    all paths that spell it. The mean divides each loss by the length of its word. A word too long
    for its steps costs inf, or nothing with ``zero_infinity``.
    Source: Graves et al. 2006.

    >>> x = np.log(np.full((2, 1, 3), 1 / 3))  # 2 steps, 3 classes: 1 1, 0 1 and 1 0 spell 1
    >>> round(float(np.exp(-CTCLoss()(x, [[1]], (2,), (1,)).item())), 4)
    0.3333
    """

    shown = ("blank", "zero_infinity")

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Any, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """mean of -log P(targets) / target_lengths."""
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )
