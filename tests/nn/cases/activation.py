"""The non-linear functions."""

from .base import IMAGES, ROWS, Layer, shaped

LAYERS = [
    *shaped("ReLU", (5,), ROWS),
    *shaped("LeakyReLU", ROWS),
    *shaped("LeakyReLU", ROWS, negative_slope=0.3),
    *shaped("ELU", ROWS),
    *shaped("ELU", ROWS, alpha=0.5),
    *shaped("GELU", ROWS),
    *shaped("GELU", ROWS, approximate="tanh"),
    *shaped("SiLU", ROWS),
    *shaped("Softplus", ROWS),
    *shaped("Softplus", ROWS, beta=2.0, threshold=1.0),
    *shaped("Sigmoid", (), ROWS),
    *shaped("Tanh", (), ROWS),
    Layer("Step", {}, ROWS, in_torch=False),
    *shaped("Softmax", ROWS, IMAGES, dim=1),
    *shaped("Softmax", ROWS, dim=0),
    *shaped("LogSoftmax", ROWS, IMAGES, dim=-1),
]
