"""Attention, query after query."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.random import generator

from .base import Case, Fixed, Input, Rng


def weights_of(q: Any, k: Any, mask: Any, scale: float, causal: bool) -> Any:
    """The softmax over the keys, one query at a time; what is hidden is left out of it."""
    lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2])
    queries, keys = q.shape[-2], k.shape[-2]
    q, k = np.broadcast_to(q, (*lead, *q.shape[-2:])), np.broadcast_to(k, (*lead, *k.shape[-2:]))
    added = np.zeros((*lead, queries, keys))
    if mask is not None:
        added = added + (np.where(mask, 0, -np.inf) if mask.dtype == bool else mask)
    weights = np.zeros((*lead, queries, keys))
    for place in np.ndindex(*lead, queries):
        seen = [
            j
            for j in range(keys)
            if added[(*place, j)] > -np.inf and not (causal and j > place[-1])
        ]
        scores = [scale * (q[place] * k[(*place[:-1], j)]).sum() for j in seen]
        powers = np.exp(np.array(scores) + [added[(*place, j)] for j in seen])
        weights[place][seen] = powers / powers.sum()
    return weights


def a_weights(q: Any, k: Any, mask: Any = None, *, scale: float, causal: bool = False) -> Any:
    return weights_of(q, k, mask, scale, causal)


def an_attention(
    q: Any,
    k: Any,
    v: Any,
    mask: Any = None,
    rng: Any = None,
    *,
    scale: float,
    causal: bool = False,
    p: float = 0.0,
) -> Any:
    weights = weights_of(q, k, mask, scale, causal)
    if p > 0:
        kept = generator(7, "rule").random(weights.shape) >= p
        weights = weights * kept / (1 - p if p < 1 else 1)
    return np.einsum("...ls,...sd->...ld", weights, v)


def head_by_head(
    qkv: Any, mask: Any = None, rng: Any = None, *, heads: int, batch_first: bool = True, **how: Any
) -> Any:
    x = qkv if batch_first else qkv.swapaxes(0, 1)
    q, k, v = np.split(x, 3, axis=-1)
    columns = [np.arange(q.shape[-1]).reshape(heads, -1)[h] for h in range(heads)]
    parts = [np.stack([a[..., c] for c in columns], axis=1) for a in (q, k, v)]
    context = an_attention(*parts, mask, rng, **how)  # (B, heads, L, D)
    y = np.concatenate([context[:, h] for h in range(heads)], axis=-1)
    return y if batch_first else y.swapaxes(0, 1)


NONE = Fixed(None)
HIDE = Fixed(np.array([[True, False, True, True], [False, True, True, False]]))
FLOATS = Fixed(np.array([[0.5, -np.inf, 0.0, -1.0], [-np.inf, 2.0, -0.3, -np.inf]]))
PADDED = Fixed(np.array([[[[True, True, False, True]]], [[[False, True, True, True]]]]))
LEARNT = Input((2, 4))

SHAPES = [((2, 3), (4, 3)), ((2, 2, 3), (2, 4, 3)), ((2, 2, 2, 3), (2, 2, 4, 3))]
BROADCAST = ((2, 2, 2, 3), (2, 1, 4, 3))
MASKS = [HIDE, FLOATS, LEARNT]

CASES = [
    *[
        Case("AttentionWeights", (Input(q), Input(k), mask), a_weights, {"scale": 0.7})
        for q, k in SHAPES
        for mask in (NONE, *MASKS)
    ],
    Case("AttentionWeights", (*map(Input, BROADCAST), NONE), a_weights, {"scale": 1.0}),
    Case(
        "AttentionWeights",
        (Input((3, 3)), Input((3, 3)), NONE),
        a_weights,
        {"scale": 0.7, "causal": True},
    ),
    *[
        Case("Attention", (Input(q), Input(k), Input((*k[:-1], 5)), mask), an_attention, options)
        for q, k in [*SHAPES, BROADCAST]
        for mask in (NONE, *MASKS)
        for options in [{"scale": 0.7}]
    ],
    *[
        Case(
            "Attention",
            (Input((2, 2, 4, 3)), Input((2, 2, 4, 3)), Input((2, 2, 4, 3)), mask),
            an_attention,
            {"scale": 0.7, "causal": causal},
        )
        for mask, causal in [(NONE, True), (PADDED, False), (Input((4, 4)), True)]
    ],
    *[
        Case(
            "Attention",
            (Input((2, 2, 3)), Input((2, 4, 3)), Input((2, 4, 3)), mask, Rng()),
            an_attention,
            {"scale": 0.7, "p": p},
        )
        for p in (0.3, 1.0)
        for mask in (NONE, LEARNT)
    ],
    *[
        Case("SelfAttention", (Input((2, 4, 12)), mask), head_by_head, options)
        for mask in (NONE, PADDED, Input((4, 4)))
        for options in [
            {"scale": 0.7, "heads": 2},
            {"scale": 0.7, "heads": 2, "causal": True},
        ]
        if not (mask is PADDED and "causal" in options)
    ],
    Case(
        "SelfAttention",
        (Input((4, 2, 12)), PADDED),
        head_by_head,
        {"scale": 0.7, "heads": 4, "batch_first": False},
    ),
    Case(
        "SelfAttention",
        (Input((4, 2, 12)), NONE, Rng()),
        head_by_head,
        {"scale": 0.7, "heads": 2, "batch_first": False, "causal": True, "p": 0.3},
    ),
]
