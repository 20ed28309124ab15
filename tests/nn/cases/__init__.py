"""THE LIST of layers and losses: plain data that both Pellucid and torch are built from.

A family of layers is a file with its rows, ``LAYERS`` or ``LOSSES``. Nothing is imported from
Pellucid here: scripts/record_torch_nn.py reads these files where torch is, and writes what torch
computes to tests/nn/torch/FAMILY.json.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from .base import Layer, Loss

FAMILIES = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in ("__init__", "base")
)
_FILES = {name: importlib.import_module(f"{__name__}.{name}") for name in FAMILIES}
LAYERS_OF: dict[str, list[Layer]] = {n: getattr(f, "LAYERS", []) for n, f in _FILES.items()}
LOSSES_OF: dict[str, list[Loss]] = {n: getattr(f, "LOSSES", []) for n, f in _FILES.items()}
LAYERS = [layer for rows in LAYERS_OF.values() for layer in rows]
LOSSES = [loss for rows in LOSSES_OF.values() for loss in rows]
