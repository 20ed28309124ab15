"""What the training that torch began is made of: network, data and batches, for both libraries."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import data

BEFORE, BATCH, LR = 60, 32, 0.05  # steps that torch did; rows of a step; how it goes on


def network(nn: Any) -> Any:
    """A LeNet for pictures of 8x8, with batch norm, so that there are statistics to take over."""
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 12, 3),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(12 * 2 * 2, 10),
    )


def digits() -> tuple[Any, Any]:
    """The embedded digits as (N, 1, 8, 8) float32 from -1 to 1, and their classes."""
    found = data.load("digits")
    return (found.x[:, np.newaxis] / 8 - 1).astype(np.float32), found.y


def rows(step: int, n: int) -> slice:
    """The batch of a step: one stretch after the other."""
    first = step * BATCH % (n - BATCH)
    return slice(first, first + BATCH)
