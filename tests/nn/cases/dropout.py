"""Forgetting on purpose."""

from .base import ROWS, Layer, shaped

LAYERS = [
    Layer("Dropout", {"p": 0.4}, ROWS, random=True),
    *shaped("Dropout", ROWS, p=0.0),
    *shaped("Dropout", ROWS, p=1.0),
]
