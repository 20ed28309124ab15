"""Layers in a row."""

from .base import together

LAYERS = [
    together(
        (6, 2, 2),
        ("Flatten", {}),
        ("Linear", {"in_features": 4, "out_features": 5}),
        ("BatchNorm1d", {"num_features": 5}),
        ("Tanh", {}),
        ("Dropout", {"p": 0.0}),
        ("Linear", {"in_features": 5, "out_features": 3}),
        ("LogSoftmax", {"dim": 1}),
    ),
    together(
        (3, 4),
        ("Linear", {"in_features": 4, "out_features": 6, "bias": False}),
        ("LayerNorm", {"normalized_shape": 6}),
        ("GELU", {}),
        ("Dropout", {"p": 0.5}),
        ("Linear", {"in_features": 6, "out_features": 2}),
        random=True,
    ),
]
