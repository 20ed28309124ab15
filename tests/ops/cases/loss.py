"""The losses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .base import SHAPES, Case, Fixed, Input, Reference


def by_reduction(losses: Any, reduction: str) -> Any:
    return {"mean": np.mean, "sum": np.sum, "none": np.array}[reduction](losses)


def a_loss(f: Callable[..., float]) -> Reference:
    """The losses of single numbers as a mean, a sum, or themselves."""

    def reference(x: Any, y: Any, *weights: Any, reduction: str = "mean", **options: Any) -> Any:
        weights = tuple(1.0 if w is None else w for w in weights)
        losses = np.vectorize(lambda *v: f(*v, **options), otypes=[float])(x, y, *weights)
        return by_reduction(losses, reduction)

    return reference


def bce(p: float, y: float, w: float = 1.0) -> float:
    return -w * (y * math.log(p) + (1 - y) * math.log(1 - p))


def bce_logits(z: float, y: float, w: float = 1.0, v: float = 1.0) -> float:
    p = 1 / (1 + math.exp(-z))
    return -w * (v * y * math.log(p) + (1 - y) * math.log(1 - p))


def huber(x: float, y: float, delta: float = 1.0) -> float:
    d = abs(x - y)
    return d * d / 2 if d <= delta else delta * d - delta * delta / 2


def a_cross_entropy(
    z: Any, y: Any, w: Any = None, label_smoothing: float = 0.0, reduction: str = "mean"
) -> Any:
    """Example by example, class by class."""
    if z.ndim == 1:
        z, y = z[None], np.asarray(y)[None]
        losses = a_cross_entropy(z, y, w, label_smoothing, "none" if reduction == "none" else "sum")
        if reduction != "mean" or y.ndim == 2 or w is None:
            return losses.reshape(()) if reduction == "none" else losses
        return losses / w[y[0]]
    classes = z.shape[1]
    w = np.ones(classes) if w is None else w
    rows = np.moveaxis(z, 1, -1).reshape(-1, classes)
    labels = y.reshape(-1) if y.ndim < z.ndim else np.moveaxis(y, 1, -1).reshape(-1, classes)
    losses, divisor = [], 0.0
    for row, label in zip(rows, labels, strict=True):
        q = np.eye(classes)[label] if y.ndim < z.ndim else label
        divisor += w[label] if y.ndim < z.ndim else 1
        q = (1 - label_smoothing) * q + label_smoothing / classes
        log_p = np.log(np.exp(row) / np.exp(row).sum())
        losses.append(-sum(w[c] * q[c] * log_p[c] for c in range(classes)))
    if reduction == "none":
        return np.reshape(losses, (z.shape[0], *z.shape[2:]))
    return sum(losses) / divisor if reduction == "mean" else sum(losses)


LABELS = Fixed(np.array([2, 0, 3]))
CLASS_WEIGHTS = Input((4,), "positive", constant=True)


def losses(rule: str, reference: Reference, x: str, y: str, **options: Any) -> list[Case]:
    return [
        Case(rule, (Input(s, x), Input(s, y)), reference, {"reduction": r, **options})
        for s in SHAPES
        for r in ("mean", "sum", "none")
    ]


CASES = [
    *losses("MSE", a_loss(lambda x, y: (x - y) ** 2), "real", "real"),
    *losses("L1", a_loss(lambda x, y: abs(x - y)), "apart", "apart"),
    *losses("Huber", a_loss(huber), "apart", "apart"),
    *losses("Huber", a_loss(huber), "apart", "apart", delta=0.35),
    *losses("BCE", a_loss(bce), "probability", "probability"),
    *losses("BCEWithLogits", a_loss(bce_logits), "real", "probability"),
    *[
        Case(rule, (Input((3, 4), x), Input((3, 4), "probability"), *weights), f, {"reduction": r})
        for r in ("mean", "none")
        for rule, x, f, weights in [
            ("BCE", "probability", a_loss(bce), [Input((3, 4), "positive", True)]),
            (
                "BCEWithLogits",
                "real",
                a_loss(bce_logits),
                [Input((4,), "positive", True), Fixed(None)],
            ),
            (
                "BCEWithLogits",
                "real",
                a_loss(bce_logits),
                [Fixed(None), Input((4,), "positive", True)],
            ),
        ]
    ],
    *[
        Case(
            "CrossEntropy",
            (Input(shape), y, w),
            a_cross_entropy,
            {"label_smoothing": s, "reduction": r},
        )
        for shape, y in [
            ((3, 4), LABELS),
            ((4,), Fixed(np.array(1))),
            ((1, 4), Fixed(np.array([3]))),
            ((2, 4, 3), Fixed(np.array([[2, 0, 3], [1, 1, 0]]))),
            ((3, 4), Input((3, 4), "distribution")),
            ((4,), Input((4,), "distribution")),
            ((2, 4, 3), Input((2, 4, 3), "distribution")),
        ]
        for w in (Fixed(None), CLASS_WEIGHTS)
        for s in (0.0, 0.1)
        for r in ("mean", "sum", "none")
    ],
]
