"""Rows by token, and bags of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Case, Fixed, Input

TABLE = Input((6, 3), "apart")
IDS = [np.array(4), np.array([1, 0, 5, 1]), np.array([[2, 2, 3], [5, 0, 2]], np.int32)]


def a_row_each(ids: Any, W: Any, **_: Any) -> Any:
    return np.array([W[i] for i in ids.ravel().tolist()]).reshape(*ids.shape, W.shape[1])


def bag_by_bag(
    ids: Any,
    W: Any,
    bags: Any = None,
    w: Any = None,
    *,
    n: int,
    mean: bool = False,
    greatest: bool = False,
    padding_idx: int | None = None,
    **_: Any,
) -> Any:
    """Token after token."""
    home = np.repeat(np.arange(n), ids.shape[-1]) if bags is None else bags
    weights = np.ones(ids.size) if w is None else w.ravel()
    bag: list[list[Any]] = [[] for _ in range(n)]
    for token, b, share in zip(ids.ravel().tolist(), home.tolist(), weights.tolist(), strict=True):
        if token != padding_idx:
            bag[b].append(share * W[token])
    nothing = np.zeros(W.shape[1])
    if greatest:
        return np.array([np.max(rows, axis=0) if rows else nothing for rows in bag])
    return np.array([sum(rows, nothing) / (max(len(rows), 1) if mean else 1) for rows in bag])


def the_greatest(*inputs: Any, **options: Any) -> Any:
    return bag_by_bag(*inputs, greatest=True, **options)


FLAT = Fixed(np.array([1, 0, 5, 1, 4, 1, 2]))
HOMES = Fixed(np.array([0, 0, 0, 2, 2, 2, 3]))  # bag 1 is empty
PAIRS = Fixed(np.array([[1, 0, 5], [2, 2, 1]], np.uint8))
NONE = Fixed(None)

CASES = [
    *[Case("Embedding", (Fixed(ids), TABLE), a_row_each) for ids in IDS],
    *[
        Case(
            "EmbeddingBag", (ids, TABLE, bags, NONE), bag_by_bag, {"n": n, "mean": mean, **padding}
        )
        for ids, bags, n in [(PAIRS, NONE, 2), (FLAT, HOMES, 4)]
        for mean in (False, True)
        for padding in ({}, {"padding_idx": 1})
    ],
    *[
        Case("EmbeddingBag", (ids, TABLE, bags, w), bag_by_bag, {"n": n, "padding_idx": padding})
        for ids, bags, w, n in [
            (PAIRS, NONE, Input((2, 3)), 2),
            (FLAT, HOMES, Input((7,)), 4),
        ]
        for padding in (None, 1)
    ],
    *[
        Case("EmbeddingBagMax", (ids, TABLE, bags), the_greatest, {"n": n, "padding_idx": padding})
        for ids, bags, n in [(PAIRS, NONE, 2), (FLAT, HOMES, 4)]
        for padding in (None, 1)
    ],
]
