"""Rows by token, and bags of them."""

import numpy as np

from .base import Layer

TABLE = {"num_embeddings": 6, "embedding_dim": 3}
ROW = np.array([1, 0, 5, 1])
ROWS = np.array([[1, 0, 5], [2, 2, 1]])
FLAT = np.array([1, 0, 5, 1, 4, 1, 2])
STARTS = np.array([0, 3, 3, 6])  # bag 1 is empty
TWICE = np.array([[1, 1, 0], [2, 0, 2]])  # else torch errs: pytorch/pytorch#190063
ENDS = np.array([0, 3, 3, 7])
MODES = ("sum", "mean", "max")

LAYERS = [
    *[Layer("Embedding", TABLE, ids) for ids in (np.array(4), ROW, ROWS)],
    *[
        Layer("Embedding", {**TABLE, **options}, ids, slope=False)
        for ids, options in [
            (ROWS, {"padding_idx": 1}),
            (ROW, {"padding_idx": -1}),
            (ROWS, {"scale_grad_by_freq": True}),
            (ROWS, {"scale_grad_by_freq": True, "padding_idx": 2}),
        ]
    ],
    *[
        Layer("EmbeddingBag", {**TABLE, "mode": mode, **options}, ids, more=more, batched=not more)
        for mode in MODES
        for options in ({}, {"padding_idx": 1}, {"padding_idx": -2})
        for ids, more in ((ROWS, ()), (FLAT, (STARTS,)))
    ],
    *[
        Layer(
            "EmbeddingBag",
            {**TABLE, "mode": mode, "include_last_offset": True},
            FLAT,
            (),
            (ENDS,),
            batched=False,
        )
        for mode in MODES
    ],
    *[
        Layer(
            "EmbeddingBag", {**TABLE, "mode": mode, "scale_grad_by_freq": True}, TWICE, slope=False
        )
        for mode in ("sum", "mean")
    ],
    *[
        Layer("EmbeddingBag", {**TABLE, "mode": "sum", **options}, ids, more=more, batched=False)
        for options in ({}, {"padding_idx": 1})
        for ids, more in ((ROWS, (None, (2, 3))), (FLAT, (STARTS, (7,))))
    ],
]
