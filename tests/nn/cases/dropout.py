"""Forgetting on purpose."""

from .base import ROWS, Layer, shaped

IMAGE_BATCH, VOLUMES = (2, 3, 2, 2), (2, 3, 2, 2, 2)

LAYERS = [
    *[
        Layer(kind, {"p": 0.4}, shape, random=True)
        for kind, shapes in [
            ("Dropout", [ROWS]),
            ("Dropout1d", [(2, 3, 4), (3, 4)]),
            ("Dropout2d", [IMAGE_BATCH]),
            ("Dropout3d", [VOLUMES, (3, 2, 2, 2)]),
            ("AlphaDropout", [ROWS]),
            ("FeatureAlphaDropout", [(3, 4), IMAGE_BATCH]),
        ]
        for shape in shapes
    ],
    *[
        layer
        for kind, shape in [
            ("Dropout", ROWS),
            ("Dropout1d", (2, 3, 4)),
            ("Dropout2d", IMAGE_BATCH),
            ("Dropout3d", VOLUMES),
            ("AlphaDropout", ROWS),
            ("FeatureAlphaDropout", IMAGE_BATCH),
        ]
        for p in (0.0, 1.0)
        for layer in shaped(kind, shape, p=p)
    ],
]
