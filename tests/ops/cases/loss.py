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
        weights = tuple(1.0 if w is None else w for w in weights)  # one a loss
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


def smooth_l1(x: float, y: float, beta: float = 1.0) -> float:
    return abs(x - y) if beta == 0 else huber(x, y, beta) / beta


def poisson(
    x: float, y: float, log_input: bool = True, full: bool = False, eps: float = 1e-8
) -> float:
    rate, log_rate = (math.exp(x), x) if log_input else (x, math.log(x + eps))
    stirling = y * math.log(y / math.e) + math.log(2 * math.pi * y) / 2 if y > 1 else 0.0
    return rate - y * log_rate + (stirling if full else 0.0)


def gaussian(x: float, y: float, v: float, full: bool = False, eps: float = 1e-6) -> float:
    v = v if v > eps else eps
    density = math.exp(-((x - y) ** 2) / (2 * v)) / math.sqrt(2 * math.pi * v)
    return -math.log(density) - (0 if full else math.log(2 * math.pi) / 2)


def kl(x: float, y: float, log_target: bool = False) -> float:
    p = math.exp(y) if log_target else y
    return p * (math.log(p) - x) if p > 0 else 0.0


def batchmean(x: Any, y: Any, **options: Any) -> Any:
    options["reduction"] = "sum"
    return a_loss(kl)(x, y, **options) / x.shape[0]


def by_sum_of_weights(f: Callable[..., float]) -> Reference:
    """The losses times weights; their mean over the sum of the weights."""

    def reference(x: Any, y: Any, w: Any, reduction: str = "mean") -> Any:
        losses = w * np.vectorize(f, otypes=[float])(x, y)
        return losses.sum() / w.sum() if reduction == "mean" else by_reduction(losses, reduction)

    return reference


def an_nll(
    x: Any, y: Any, w: Any = None, ignore_index: int | None = None, reduction: str = "mean"
) -> Any:
    """The number at its place, example by example."""
    alone = x.ndim == 1
    x, y = (x[None], np.asarray(y)[None]) if alone else (x, np.asarray(y))
    losses, divisor = np.zeros(y.shape), 0.0
    for place in np.ndindex(y.shape):
        c = y[place]
        if c != ignore_index:
            weight = 1.0 if w is None else w[c]
            losses[place] = -weight * x[(place[0], c, *place[1:])]
            divisor += weight
    if reduction == "mean":
        return losses.sum() / divisor
    return losses.sum() if reduction == "sum" else losses[0] if alone else losses


def a_cross_entropy(
    z: Any,
    y: Any,
    w: Any = None,
    label_smoothing: float = 0.0,
    ignore_index: int | None = None,
    reduction: str = "mean",
) -> Any:
    """Example by example, class by class."""
    if ignore_index is not None:  # over those that count, one at a time
        by = 1.0 if w is None else np.where(y == ignore_index, 0, w[np.maximum(y, 0)])
        each = np.zeros(y.shape)
        for place in zip(*np.nonzero(y != ignore_index), strict=True):
            row, label = z[(place[0], slice(None), *place[1:])], y[place]
            each[place] = a_cross_entropy(row[None], label[None], w, label_smoothing, None, "sum")
        divisor = (y != ignore_index).sum() if w is None else np.sum(by)
        return each.sum() / divisor if reduction == "mean" else by_reduction(each, reduction)
    if z.ndim == 1:
        z, y = z[None], np.asarray(y)[None]
        kind = "none" if reduction == "none" else "sum"
        losses = a_cross_entropy(z, y, w, label_smoothing, None, kind)
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
    *losses("SmoothL1", a_loss(smooth_l1), "apart", "apart"),
    *losses("SmoothL1", a_loss(smooth_l1), "apart", "apart", beta=0.35),
    *losses("SmoothL1", a_loss(smooth_l1), "apart", "apart", beta=0),
    *[
        Case(rule, (Input((3, 4), "apart"), Input((3, 4), "apart"), w), f, {"reduction": r})
        for rule, f in [
            ("MSE", by_sum_of_weights(lambda x, y: (x - y) ** 2)),
            ("L1", by_sum_of_weights(lambda x, y: abs(x - y))),
            ("Huber", a_loss(lambda x, y, w: w * huber(x, y))),
        ]
        for w in [Input((3, 4), "positive", constant=True)]
        for r in ("mean", "sum", "none")
    ],
    *[
        row
        for log_input, full in [(True, False), (True, True), (False, True), (False, False)]
        for row in losses(
            "PoissonNLL",
            a_loss(poisson),
            "real" if log_input else "positive",
            "positive",
            log_input=log_input,
            full=full,
            eps=1e-3,
        )
    ],
    *[
        Case(
            "GaussianNLL",
            (Input((3, 4)), Input((3, 4)), Input(v, "positive")),
            a_loss(gaussian),
            {"full": full, "reduction": r},
        )
        for v in [(3, 4), (3, 1), (1, 4), ()]
        for full in (False, True)
        for r in ("mean", "sum", "none")
    ],
    *losses("KLDiv", a_loss(kl), "real", "probability"),
    *losses("KLDiv", a_loss(kl), "real", "real", log_target=True),
    *[
        Case("KLDiv", (Input((3, 4)), Input((3, 4), y)), batchmean, options)
        for y, options in [
            ("probability", {"reduction": "batchmean"}),
            ("real", {"reduction": "batchmean", "log_target": True}),
        ]
    ],
    Case("KLDiv", (Input((2, 2)), Fixed(np.array([[0.0, 1.0], [0.5, 0.0]]))), a_loss(kl)),
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
    *[
        Case(
            "CrossEntropy",
            (Input(shape), Fixed(np.array(y)), w),
            a_cross_entropy,
            {"label_smoothing": s, "ignore_index": i, "reduction": r},
        )
        for shape, y, i in [
            ((3, 4), [2, -100, 3], -100),
            ((3, 4), [2, 0, 2], 2),
            ((2, 4, 3), [[2, -1, 3], [1, 1, -1]], -1),
        ]
        for w in (Fixed(None), CLASS_WEIGHTS)
        for s in (0.0, 0.1)
        for r in ("mean", "sum", "none")
    ],
    *[
        Case(
            "NLL",
            (Input(shape), Fixed(np.array(y)), w),
            an_nll,
            {"ignore_index": i, "reduction": r},
        )
        for shape, y, i in [
            ((3, 4), [2, 0, 3], None),
            ((4,), 1, None),
            ((2, 4, 3), [[2, 0, 3], [1, 1, 0]], None),
            ((3, 4), [2, -100, 3], -100),
            ((2, 4, 3), [[2, 1, 3], [1, 1, 0]], 1),
        ]
        for w in (Fixed(None), CLASS_WEIGHTS)
        for r in ("mean", "sum", "none")
    ],
]
