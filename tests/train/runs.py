"""Small runs for the tests of this room."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import pellucid
from pellucid import data, nn
from pellucid.train import Listener, Run, Trainer

SPLIT = data.split(data.toy("moons", samples=300, seed=1), validation=0.2, test=0.2, seed=1)


def network(**options: Any) -> nn.MLP:
    """A small network whose weights are the same each time."""
    return nn.MLP([2, 8, 2], "tanh", generator=np.random.default_rng(3), **options)


def train(out: Path | None = None, model: nn.Module | None = None, **settings: Any) -> Run:
    """A short run on moons: 180 training rows, so 6 steps an epoch, the last one of 20 rows."""
    settings = {"epochs": 3, "batch_size": 32, "seed": 5, **settings}
    model = model or network()
    return pellucid.fit(model, SPLIT.train, SPLIT.validation, out=out, **settings)


class Killed(Exception):
    """What the tests raise where a power cut would be."""


class Kill(Listener):
    """Ends the run after so many steps, as a power cut would: nothing is saved."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, trainer: Trainer) -> None:
        if trainer.total_steps == self.steps:
            raise Killed


def same(a: nn.Module, b: nn.Module) -> bool:
    """Whether two networks hold the same bits."""
    one, two = a.state_dict(), b.state_dict()
    return all(one[name].tobytes() == two[name].tobytes() for name in one)
