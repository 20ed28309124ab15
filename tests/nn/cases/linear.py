"""Weighted sums, and getting the axes out of the way."""

from .base import IMAGES, ROWS, shaped

LAYERS = [
    *shaped("Linear", (4,), (5, 4), (1, 4), (2, 3, 4), in_features=4, out_features=3),
    *shaped("Linear", (5, 4), in_features=4, out_features=3, bias=False),
    *shaped("Identity", ROWS),
    *shaped("Flatten", ROWS, IMAGES, (2, 3, 2, 2)),
    *shaped("Flatten", (2, 3, 2, 2), start_dim=0, end_dim=-2),
]
