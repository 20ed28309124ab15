"""THE LIST of layers and losses: plain data that both Pellucid and torch are built from.

Nothing is imported from Pellucid here: scripts/record_torch_nn.py reads this file where torch is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Layer:
    """A layer: its class and options (or several in a row), and the shape of its input."""

    kind: str
    options: dict[str, Any]
    shape: tuple[int, ...]
    parts: tuple[tuple[str, dict[str, Any]], ...] = ()
    random: bool = False  # draws while training: its numbers are not torch's
    in_torch: bool = True
    smooth: bool = True

    def __str__(self) -> str:
        parts = " > ".join(kind for kind, _ in self.parts)
        return f"{self.kind} {parts or _shown(self.options)} {self.shape}"


@dataclass(frozen=True)
class Loss:
    """A loss: its class and options, the shape of its input and what its targets are."""

    kind: str
    options: dict[str, Any]
    shape: tuple[int, ...]
    target: str  # "numbers", "probabilities", "classes", "distributions"
    arrays: dict[str, list[float]] = field(default_factory=dict)  # weights of classes or examples

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {_shown({**self.options, **self.arrays})} {self.shape}"


def _shown(options: dict[str, Any]) -> str:
    return ",".join(f"{k}={v}" for k, v in options.items()) or "-"


def numbers(shape: tuple[int, ...], start: float) -> Any:
    """The same numbers everywhere, by formula: between -1.2 and 1.2."""
    return (1.2 * np.cos(1.7 * np.arange(math.prod(shape)) + start)).reshape(shape)


def probabilities(shape: tuple[int, ...], start: float) -> Any:
    return 0.5 + 0.375 * numbers(shape, start)


def distributions(shape: tuple[int, ...], start: float) -> Any:
    """Probabilities that sum to 1 over the classes, axis 1 (or 0 without a batch)."""
    p = probabilities(shape, start)
    return p / p.sum(axis=min(1, len(shape) - 1), keepdims=True)


def targets(loss: Loss) -> Any:
    if loss.target == "classes":
        classes = loss.shape[min(1, len(loss.shape) - 1)]
        shape = (*loss.shape[:1], *loss.shape[2:]) if len(loss.shape) > 1 else ()
        return np.array((7 * np.arange(math.prod(shape)) + 2).reshape(shape) % classes)
    return {"numbers": numbers, "probabilities": probabilities, "distributions": distributions}[
        loss.target
    ](loss.shape, 0.5)


def predictions(loss: Loss) -> Any:
    return (probabilities if loss.kind == "BCELoss" else numbers)(loss.shape, 2.0)


def parameter(name: str, shape: tuple[int, ...], place: int) -> Any:
    """The value that the tests and torch give to a parameter or a buffer."""
    if name.endswith(("running_var", "weight")) and len(shape) == 1:
        return 1 + 0.5 * numbers(shape, place)
    return 0.6 * numbers(shape, place)


def shaped(kind: str, *shapes: tuple[int, ...], **options: Any) -> list[Layer]:
    return [Layer(kind, options, shape) for shape in shapes]


def together(shape: tuple[int, ...], *parts: tuple[str, dict[str, Any]], **how: Any) -> Layer:
    return Layer("Sequential", {}, shape, parts, **how)


ROWS, IMAGES = (5, 4), (3, 4, 2)

LAYERS = [
    *shaped("Linear", (4,), (5, 4), (1, 4), (2, 3, 4), in_features=4, out_features=3),
    *shaped("Linear", (5, 4), in_features=4, out_features=3, bias=False),
    *shaped("Identity", ROWS),
    *shaped("Flatten", ROWS, IMAGES, (2, 3, 2, 2)),
    *shaped("Flatten", (2, 3, 2, 2), start_dim=0, end_dim=-2),
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
    Layer("Dropout", {"p": 0.4}, ROWS, random=True),
    *shaped("Dropout", ROWS, p=0.0),
    *shaped("Dropout", ROWS, p=1.0),
    *shaped("BatchNorm1d", ROWS, IMAGES, num_features=4),
    *shaped("BatchNorm1d", ROWS, num_features=4, eps=1e-2, momentum=0.3),
    *shaped("BatchNorm1d", ROWS, num_features=4, momentum=None),
    *shaped("BatchNorm1d", ROWS, num_features=4, affine=False),
    *shaped("BatchNorm1d", ROWS, num_features=4, track_running_stats=False),
    *shaped("LayerNorm", (4,), ROWS, (2, 3, 4), normalized_shape=4),
    *shaped("LayerNorm", (2, 3, 4), normalized_shape=(3, 4), eps=1e-2),
    *shaped("LayerNorm", ROWS, normalized_shape=4, elementwise_affine=False),
    *shaped("LayerNorm", ROWS, normalized_shape=4, bias=False),
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

EVERY = ("mean", "sum", "none")
CLASS_WEIGHTS = {"weight": [0.5, 1.5, 1.0, 2.0]}

LOSSES = [
    *[
        Loss(kind, {"reduction": r}, shape, "numbers")
        for kind in ("MSELoss", "L1Loss", "HuberLoss")
        for shape, r in [((), "mean"), ((5,), "none"), ((5, 1), "mean"), ((3, 4), "sum")]
    ],
    Loss("HuberLoss", {"delta": 0.4}, (3, 4), "numbers"),
    *[
        Loss(kind, {"reduction": r}, (3, 4), "probabilities", weights)
        for kind in ("BCELoss", "BCEWithLogitsLoss")
        for weights in ({}, CLASS_WEIGHTS)
        for r in EVERY
    ],
    Loss("BCEWithLogitsLoss", {}, (3, 4), "probabilities", {"pos_weight": [2.0, 0.5, 1.0, 3.0]}),
    Loss(
        "BCEWithLogitsLoss",
        {},
        (3, 4),
        "probabilities",
        {**CLASS_WEIGHTS, "pos_weight": [2.0, 0.5, 1.0, 3.0]},
    ),
    *[
        Loss("CrossEntropyLoss", {"reduction": r, "label_smoothing": s}, shape, target, weights)
        for r, s in [("mean", 0.0), ("mean", 0.1), ("sum", 0.1), ("none", 0.1)]
        for shape, target in [
            ((5, 4), "classes"),
            ((2, 4, 3), "classes"),
            ((5, 4), "distributions"),
        ]
        for weights in ({}, CLASS_WEIGHTS)
    ],
    Loss("CrossEntropyLoss", {}, (4,), "classes"),
    Loss("CrossEntropyLoss", {}, (4,), "distributions", CLASS_WEIGHTS),
]
