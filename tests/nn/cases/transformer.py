"""The Transformer, its two halves and their layers."""

import numpy as np

from .base import Layer

SMALL = {"d_model": 4, "nhead": 2, "dim_feedforward": 3, "dropout": 0.0}
FIRST = {**SMALL, "batch_first": True}
SOURCE, TARGET = (2, 4, 4), (2, 3, 4)  # 2 examples, 4 and 3 places
PAD = np.array([[False, False, True, True], [False, True, False, False]])
TARGET_PAD = np.array([[False, False, True], [False, False, False]])
ACROSS = (np.arange(12).reshape(3, 4) % 4) == 1


def later(n):
    """The mask that torch makes: -inf above the diagonal."""
    return np.triu(np.full((n, n), -np.inf), 1)


FORMS = (
    {},
    {"activation": "gelu", "norm_first": True},
    {"activation": "gelu", "bias": False, "layer_norm_eps": 1e-2},
)
ENCODER = {"src_mask": later(4), "src_key_padding_mask": np.where(PAD, -np.inf, 0.0)}
DECODER = {
    "tgt_mask": np.isinf(later(3)),
    "memory_mask": ACROSS,
    "tgt_key_padding_mask": TARGET_PAD,
    "memory_key_padding_mask": PAD,
}


def encoder_layer(**options):
    return Layer("TransformerEncoderLayer", {**FIRST, **options}, SOURCE)


def decoder_layer(**options):
    return Layer("TransformerDecoderLayer", {**FIRST, **options}, TARGET, (), (SOURCE,))


def norm():
    return Layer("LayerNorm", {"normalized_shape": 4}, (2, 4))


GELU = {"activation": "gelu"}
STACK = {"num_layers": 2, "norm": norm()}
PLAIN = {"encoder_layer": encoder_layer(**GELU), "num_layers": 2, "enable_nested_tensor": False}

LAYERS = [
    *[encoder_layer(**form) for form in FORMS],
    *[
        Layer("TransformerEncoderLayer", {**FIRST, **form}, SOURCE, call=ENCODER)
        for form in FORMS[:2]
    ],
    Layer("TransformerEncoderLayer", {**SMALL, **GELU}, (4, 2, 4), batched=False),
    Layer("TransformerEncoderLayer", {**SMALL, **GELU}, (4, 4), batched=False),
    Layer("TransformerEncoderLayer", {**FIRST, "dropout": 0.3, **GELU}, SOURCE, random=True),
    *[decoder_layer(**form) for form in FORMS],
    *[
        Layer("TransformerDecoderLayer", {**FIRST, **form}, TARGET, (), (SOURCE,), DECODER)
        for form in FORMS[:2]
    ],
    Layer("TransformerDecoderLayer", {**SMALL, **GELU}, (3, 2, 4), (), ((4, 2, 4),), batched=False),
    Layer("TransformerEncoder", {**PLAIN}, SOURCE, call={"mask": later(4), "is_causal": True}),
    Layer("TransformerEncoder", {**PLAIN, **STACK}, SOURCE, call={"src_key_padding_mask": PAD}),
    Layer(
        "TransformerDecoder",
        {"decoder_layer": decoder_layer(**GELU), **STACK},
        TARGET,
        (),
        (SOURCE,),
        {"tgt_mask": later(3)},
    ),
    *[
        Layer(
            "Transformer",
            {
                **FIRST,
                **form,
                "num_encoder_layers": 1,
                "num_decoder_layers": 1,
            },
            SOURCE,
            (),
            (TARGET,),
            call,
        )
        for form, call in [
            (GELU, {}),
            (FORMS[1], {"src_key_padding_mask": PAD, "tgt_mask": later(3)}),
            (FORMS[2], {"memory_key_padding_mask": PAD, "memory_mask": ACROSS}),
        ]
    ],
]
