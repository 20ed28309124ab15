"""MultiheadAttention: its options, and its masks in every form."""

import numpy as np

from .base import Layer

WIDE = {"embed_dim": 4, "num_heads": 2}
LENGTHS = ((3, 2, 4), (5, 2, 4), (5, 2, 4))  # 3 queries, 5 keys, 2 examples
FIRST = ((2, 3, 4), (2, 5, 4), (2, 5, 4))
ALONE = ((3, 4), (5, 4), (5, 4))

HIDE = (np.arange(15).reshape(3, 5) % 4) == 1
EACH = (np.arange(60).reshape(4, 3, 5) % 7) > 3  # one for each head of each example
PAD = np.array([[False, False, False, True, True], [False, False, True, False, False]])
FLOATS = np.where(HIDE, -np.inf, 0.3 * np.arange(15).reshape(3, 5) - 2)
FLOAT_PAD = np.where(PAD, -np.inf, np.array([0.5, 0, -1, 0, 2]))
LATER = np.triu(np.ones((3, 5), bool), 1)


def rows(options, shapes, *calls, **how):
    query, *more = shapes
    return [
        Layer("MultiheadAttention", {**WIDE, **options}, query, (), tuple(more), call, **how)
        for call in calls
    ]


QUICK = {"need_weights": False}
BOTH = {"key_padding_mask": PAD, "attn_mask": HIDE}
FEW = (QUICK, BOTH)

LAYERS = [
    *rows(
        {"batch_first": True},
        FIRST,
        {},
        QUICK,
        {"average_attn_weights": False},
        {"attn_mask": HIDE},
        {"attn_mask": EACH, **QUICK},
        {"attn_mask": FLOATS, **QUICK},
        {"key_padding_mask": PAD, **QUICK},
        {"key_padding_mask": FLOAT_PAD},
        {**BOTH, **QUICK},
        {"key_padding_mask": FLOAT_PAD, "attn_mask": FLOATS, **QUICK},
        {"key_padding_mask": PAD, "attn_mask": FLOATS},
        {"attn_mask": LATER, "is_causal": True, **QUICK},
        {"attn_mask": LATER, "is_causal": True, "key_padding_mask": PAD},
    ),
    *rows({}, LENGTHS, *FEW),
    *rows({"bias": False}, LENGTHS, *FEW),
    *rows({"add_bias_kv": True}, LENGTHS, *FEW),
    *rows({"add_zero_attn": True, "batch_first": True}, FIRST, *FEW),
    *rows(
        {"add_bias_kv": True, "add_zero_attn": True},
        LENGTHS,
        {"key_padding_mask": PAD, "attn_mask": FLOATS, **QUICK},
        {"attn_mask": LATER, "is_causal": True},
    ),
    *rows({"kdim": 3, "vdim": 5}, ((3, 2, 4), (5, 2, 3), (5, 2, 5)), *FEW),
    *rows({"kdim": 3, "batch_first": True, "bias": False}, ((2, 3, 4), (2, 5, 3), (2, 5, 4)), *FEW),
    *rows({}, ALONE, QUICK, {"key_padding_mask": PAD[1], "attn_mask": EACH[:2]}, batched=False),
    *rows({"batch_first": True}, ALONE, {"average_attn_weights": False}, batched=False),
    *rows({"dropout": 0.3, "batch_first": True}, FIRST, {}, QUICK, random=True),
]
