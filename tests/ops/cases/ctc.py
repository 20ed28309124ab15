"""Connectionist temporal classification, against the sum over all paths, one by one."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from .base import Case, Fixed, Input
from .loss import by_reduction


def spelt(path: tuple[int, ...], blank: int) -> list[int]:
    """A path as it is read: first without repetitions, then without blanks."""
    return [c for c, _ in itertools.groupby(path) if c != blank]


def a_ctc(
    x: Any,
    y: Any,
    input_lengths: Any,
    target_lengths: Any,
    *,
    blank: int = 0,
    zero_infinity: bool = False,
    reduction: str = "mean",
) -> Any:
    losses = []
    for b, (steps, length) in enumerate(zip(input_lengths, target_lengths, strict=True)):
        word = y[b, :length].tolist()
        paths = itertools.product(range(x.shape[2]), repeat=int(steps))
        right = [p for p in paths if spelt(p, blank) == word]
        total = sum(math.exp(sum(x[t, b, c] for t, c in enumerate(path))) for path in right)
        loss = -math.log(total) if total else 0.0 if zero_infinity else math.inf
        losses.append(loss / max(length, 1) if reduction == "mean" else loss)
    return by_reduction(np.array(losses), reduction)


WORDS = Fixed(np.array([[1, 2], [1, 1], [2, 9], [9, 9]]))  # 9 is never read
STEPS, LENGTHS = Fixed(np.array([5, 4, 1, 3])), Fixed(np.array([2, 2, 1, 0]))

CASES = [
    *[
        Case(
            "CTC",
            (Input((5, 4, 3), "log probability"), WORDS, STEPS, LENGTHS),
            a_ctc,
            {"reduction": r},
            through="LogSoftmax",
        )
        for r in ("mean", "sum", "none")
    ],
    Case(
        "CTC",
        (
            Input((3, 2, 4), "log probability"),
            Fixed(np.array([[3, 0, 1], [1, 1, 0]])),
            Fixed(np.array([3, 3])),
            Fixed(np.array([3, 1])),
        ),
        a_ctc,
        {"blank": 2},
        through="LogSoftmax",
    ),
    *[
        Case(
            "CTC",
            (
                Input((3, 3, 3), "log probability"),
                Fixed(np.array([[1, 1], [1, 2], [2, 2]])),
                Fixed(np.array([2, 3, 0])),
                Fixed(np.array([2, 2, 0])),
            ),
            a_ctc,
            {"zero_infinity": True, "reduction": r},
            through="LogSoftmax",
        )
        for r in ("mean", "sum", "none")
    ],
    Case(
        "CTC",
        (
            Input((3, 1, 3), "log probability"),
            Fixed(np.zeros((1, 0), np.int64)),
            Fixed(np.array([2])),
            Fixed(np.array([0])),
        ),
        a_ctc,
        through="LogSoftmax",
    ),
]
