"""The losses with a margin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .base import SHAPES, Case, Fixed, Input, Reference
from .loss import a_loss, by_reduction

REDUCTIONS = ("mean", "sum", "none")


def hinge(x: float, y: float, margin: float = 1.0) -> float:
    return x if y == 1 else max(0.0, margin - x)


def soft(x: float, y: float) -> float:
    return math.log(1 + math.exp(-y * x))


def ranking(a: float, b: float, y: float, margin: float = 0.0) -> float:
    return max(0.0, -y * (a - b) + margin)


def by_rows(f: Callable[..., float]) -> Reference:
    """A loss of vectors, one at a time."""

    def reference(*arrays: Any, reduction: str = "mean", **options: Any) -> Any:
        places = list(np.ndindex(arrays[0].shape[:-1]))
        losses = [f(*(a[i] if np.ndim(a) else a for a in arrays), **options) for i in places]
        return by_reduction(np.reshape(losses, arrays[0].shape[:-1]), reduction)

    return reference


def cosine(a: Any, b: Any, y: Any, margin: float = 0.0) -> float:
    c = float(a @ b) / math.sqrt((float(a @ a) + 1e-12) * (float(b @ b) + 1e-12))
    return 1 - c if y == 1 else max(0.0, c - margin)


def triplet(
    x: Any, y: Any, z: Any, *, margin: float, p: float, swap: bool, eps: float = 1e-6
) -> float:
    def d(a: Any, b: Any) -> float:
        return float(np.linalg.norm(a - b + eps, p))

    return max(0.0, d(x, y) - (min(d(x, z), d(y, z)) if swap else d(x, z)) + margin)


def multi(x: Any, y: Any, w: Any = None, p: int = 1, margin: float = 1.0) -> float:
    found = [max(0.0, margin - x[y] + x[c]) ** p for c in range(len(x)) if c != y]
    return sum(found) / len(x) * (1.0 if w is None else w[y])


def multi_by_rows(x: Any, y: Any, w: Any = None, reduction: str = "mean", **options: Any) -> Any:
    rows = zip(np.atleast_2d(x), np.atleast_1d(y), strict=True)
    losses = [multi(row, label, w, **options) for row, label in rows]
    return by_reduction(np.reshape(losses, np.shape(y)), reduction)


def multi_label(x: Any, y: Any) -> float:
    listed = []
    for c in y:
        if c < 0:
            break
        listed.append(int(c))
    others = [i for i in range(len(x)) if i not in listed]
    return sum(max(0.0, 1 - x[j] + x[i]) for j in listed for i in others) / len(x)


def soft_labels(x: Any, y: Any, w: Any = None) -> float:
    p = 1 / (1 + np.exp(-x))
    return float(np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p)) * (1 if w is None else w)))


def signed(rule: str, reference: Reference, count: int = 1, **options: Any) -> list[Case]:
    """Rows of a loss whose targets are 1 and -1."""
    return [
        Case(
            rule,
            (*[Input(s, "apart")] * count, Input(s, "sign", constant=True)),
            reference,
            {"reduction": r, **options},
        )
        for s in SHAPES
        for r in REDUCTIONS
    ]


def ranked(x1: Any, x2: Any, y: Any, reduction: str = "mean", margin: float = 0.0) -> Any:
    losses = np.vectorize(lambda *v: ranking(*v, margin=margin), otypes=[float])(x1, x2, y)
    return by_reduction(losses, reduction)


def weighted_labels(x: Any, y: Any, w: Any, reduction: str) -> Any:
    losses = [soft_labels(a, b, w) for a, b in zip(x, y, strict=True)]
    return by_reduction(np.array(losses), reduction)


CLASS_WEIGHTS = Input((4,), "positive", constant=True)

CASES = [
    *signed("HingeEmbedding", a_loss(hinge)),
    *signed("HingeEmbedding", a_loss(hinge), margin=0.4),
    *signed("SoftMargin", a_loss(soft)),
    *signed("MarginRanking", ranked, 2),
    *signed("MarginRanking", ranked, 2, margin=0.31),
    *[
        Case(
            "CosineEmbedding",
            (Input(s), Input(s), Input(s[:-1], "sign", constant=True)),
            by_rows(cosine),
            {"margin": m, "reduction": r},
        )
        for s in [(3,), (5, 3)]
        for m in (0.0, -0.5)
        for r in REDUCTIONS
    ],
    *[
        Case(
            "TripletMargin",
            (Input(s), Input(s), Input(s)),
            by_rows(triplet),
            {"p": p, "swap": swap, "margin": 1.3, "eps": 1e-3, "reduction": r},
        )
        for s, r in [((3,), "none"), ((5, 3), "mean"), ((5, 3), "none"), ((2, 2, 3), "sum")]
        for p in (2.0, 1.0, 3.0, 1.5, math.inf)
        for swap in (False, True)
    ],
    *[
        Case(
            "MultiMargin",
            (Input(s, "apart"), Fixed(np.array(y)), w),
            multi_by_rows,
            {"p": p, "margin": m, "reduction": r},
        )
        for s, y in [((3, 4), [2, 0, 3]), ((4,), 1)]
        for w in (Fixed(None), CLASS_WEIGHTS)
        for p, m in [(1, 1.0), (2, 0.4)]
        for r in REDUCTIONS
    ],
    *[
        Case(
            "MultiLabelMargin",
            (Input(np.shape(y), "apart"), Fixed(np.array(y))),
            by_rows(multi_label),
            {"reduction": r},
        )
        for y in [
            [[2, 0, -1, 3], [-1, 1, 2, 3], [1, 1, 3, -1], [3, 2, 1, 0]],
            [1, -1, -1],
        ]
        for r in REDUCTIONS
    ],
    *[
        Case(
            "MultiLabelSoftMargin",
            (Input(s), Input(s, "probability")),
            by_rows(soft_labels),
            {"reduction": r},
        )
        for s in [(4,), (3, 4), (2, 2, 3)]
        for r in REDUCTIONS
    ],
    *[
        Case(
            "MultiLabelSoftMargin",
            (Input((3, 4)), Input((3, 4), "probability"), CLASS_WEIGHTS),
            weighted_labels,
            {"reduction": r},
        )
        for r in REDUCTIONS
    ],
]
