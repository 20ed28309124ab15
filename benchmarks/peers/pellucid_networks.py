"""The networks of the benchmark in Pellucid."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.rows import CONTEXT, VOCABULARY
from pellucid import models, nn
from pellucid.train.task import TokenLoss

__all__ = ["build", "loss"]


def build(name: str) -> nn.Module:
    """The network of this name."""
    if name == "lenet5":
        return nn.Sequential(
            *(nn.Conv2d(1, 6, 5, padding=2), nn.Tanh(), nn.AvgPool2d(2)),
            *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2)),
            *(nn.Flatten(), nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh()),
            nn.Linear(84, 10),
        )
    if name == "cnn":
        return nn.Sequential(
            *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)),
        )
    spec: dict[str, Any] = {"model": {"lstm": "text-rnn"}.get(name, name)}
    if name == "gpt":
        spec |= {"context": CONTEXT, "layers": 4, "heads": 4, "width": 128}
    return models.build(spec | {"vocabulary": VOCABULARY}, np.random.default_rng(0))


def loss(name: str) -> nn.Module:
    """Cross-entropy of a class, or of every place of a text."""
    return nn.CrossEntropyLoss() if name in ("lenet5", "cnn") else TokenLoss()
