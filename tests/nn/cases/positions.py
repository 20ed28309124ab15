"""Places in a sequence."""

from .base import Layer

TABLE = {"max_length": 5, "embedding_dim": 4}

LAYERS = [
    *[
        Layer(kind, {**TABLE, **options}, shape, in_torch=False, batched=batched)
        for kind in ("SinusoidalPositions", "LearnedPositions")
        for options, shape, batched in [
            ({}, (3, 4), False),
            ({}, (3, 2, 4), False),
            ({"batch_first": True}, (2, 5, 4), True),
        ]
    ],
    Layer(
        "SinusoidalPositions",
        {"max_length": 5, "embedding_dim": 3},
        (3, 3),
        in_torch=False,
        batched=False,
    ),
]
