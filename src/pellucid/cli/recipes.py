"""What `pellucid train` does unless told otherwise: one recipe a kind of data, all in this table.

The names are those of the options; an option that the user gives replaces the single entry.
"""

from __future__ import annotations

from typing import Any

from pellucid.data import Data

__all__ = ["RECIPES", "recipe_for"]

Recipe = dict[str, Any]

# what every recipe starts from
COMMON: Recipe = {
    "validation": 0.1,
    "test": 0.2,
    "scale": "auto",
    "layers": "64,32",
    "activation": "relu",
    "dropout": 0.0,
    "batch_norm": False,
    "loss": "auto",
    "optimizer": "adam",
    "schedule": "constant",
    "warmup": 0.0,
    "batch_size": "32",
    "epochs": 60,
    "seed": 0,
    "l1": 0.0,
    "l2": 0.0,
    "label_smoothing": 0.0,
    "augment_shift": 0.0,
    "augment_rotate": 0.0,
    "augment_noise": 0.0,
    "monitor": "auto",
    "checkpoint_seconds": 10.0,
    "engine": "program",
}

RECIPES: dict[str, Recipe] = {
    "digits": {
        "layers": "128,64",
        "dropout": 0.1,
        "optimizer": "adamw",
        "weight_decay": 0.01,
        "lr": 0.005,
        "schedule": "onecycle",
        "epochs": 60,
        "augment_shift": 0.5,
        "augment_rotate": 8.0,
    },
    "mnist": {
        "layers": "256,128",
        "dropout": 0.1,
        "lr": 0.003,
        "schedule": "onecycle",
        "batch_size": "128",
        "epochs": 15,
        "augment_shift": 1.0,
    },
    "images": {
        "layers": "256,128",
        "dropout": 0.1,
        "lr": 0.002,
        "schedule": "onecycle",
        "batch_size": "128",
        "epochs": 15,
    },
    # four rows: nothing can be kept back
    "gates": {
        "validation": 0.0,
        "test": 0.0,
        "layers": "4",
        "activation": "tanh",
        "lr": 0.05,
        "batch_size": "all",
        "epochs": 200,
    },
    "other": {"lr": 0.003, "schedule": "onecycle"},
}


def recipe_for(data: Data) -> tuple[str, Recipe]:
    """The name of the recipe for these data, and its entries.

    >>> from pellucid.data import toy
    >>> recipe_for(toy("xor"))[0]
    'gates'
    """
    name = {"and": "gates", "or": "gates", "xor": "gates"}.get(data.name, data.name)
    if name not in RECIPES:
        name = "images" if data.is_images else "other"
    return name, COMMON | RECIPES[name]
