"""Weighted sums, and axes put together or apart."""

from .base import IMAGES, ROWS, Layer, shaped

BILINEAR = {"in1_features": 4, "in2_features": 3, "out_features": 2}

LAYERS = [
    *shaped("Linear", (4,), (5, 4), (1, 4), (2, 3, 4), in_features=4, out_features=3),
    *shaped("Linear", (5, 4), in_features=4, out_features=3, bias=False),
    *[
        Layer("Bilinear", BILINEAR, (*rows, 4), more=((*rows, 3),))
        for rows in [(), (5,), (1,), (2, 3)]
    ],
    Layer("Bilinear", {**BILINEAR, "bias": False}, (5, 4), more=((5, 3),)),
    *shaped("Identity", ROWS),
    *shaped("Flatten", ROWS, IMAGES, (2, 3, 2, 2)),
    *shaped("Flatten", (2, 3, 2, 2), start_dim=0, end_dim=-2),
    *shaped("Unflatten", ROWS, dim=1, unflattened_size=(2, 2)),
    *shaped("Unflatten", (2, 6, 3), dim=1, unflattened_size=(3, -1)),
    *shaped("Unflatten", (2, 6), dim=-1, unflattened_size=(1, 3, 2)),
    Layer("Unflatten", {"dim": 0, "unflattened_size": (-1, 2)}, (4, 3), batched=False),
]
