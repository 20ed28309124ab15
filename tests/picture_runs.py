"""Small networks that make pictures, for the tests of several rooms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pellucid
from pellucid import data, models, nn
from pellucid.data import Arrays
from pellucid.data.pictures import bring_to_unit
from pellucid.random import generator
from pellucid.train import Run

DIGITS = data.digits().subset(range(70))
NETWORKS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "autoencoder": ("pictures", {"hidden": [12]}, {}),
    "squares": ("pictures", {"hidden": [12]}, {"loss": "pixel_mse"}),
    "denoising": ("pictures", {"hidden": [12]}, {"augment": {"noise": 0.5}}),
    "vae": ("variational", {"hidden": [12]}, {}),
    "gan": ("adversarial", {"channels": [2, 3]}, {"label_smoothing": 0.1}),
    "dense gan": ("adversarial", {"channels": []}, {}),
}


def network(name: str) -> nn.Module:
    """The network with weights that are the same each time."""
    kind = name.split()[-1] if name.endswith(("vae", "gan")) else "autoencoder"
    spec = {"model": kind, "shape": [8, 8], "latent": 3, **NETWORKS[name][1]}
    return models.build(spec, generator(3, "weights"))


def train(name: str, out: Path | None = None, **settings: Any) -> Run:
    """Two epochs of 70 pictures in batches of 32, the last one of 6."""
    task, _, own = NETWORKS[name]
    pictures = Arrays(DIGITS.x, DIGITS.x)
    given = {"epochs": 2, "batch_size": 32, "seed": 5, **own, **settings}
    return pellucid.fit(
        network(name), pictures, task=task, preparation=bring_to_unit(DIGITS), out=out, **given
    )
