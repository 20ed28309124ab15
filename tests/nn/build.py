"""The cases of the list as Pellucid's modules."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import nn

from .cases.base import Layer, Loss, options_in, parameter


def made(layer: Layer, dtype: Any = np.float64) -> nn.Module:
    """The layer with the list's own numbers as parameters and buffers."""
    if layer.parts:
        module: nn.Module = nn.Sequential(*[getattr(nn, k)(**o) for k, o in layer.parts])
    else:
        module = getattr(nn, layer.kind)(**options_in(layer, nn))
    module.to(dtype)
    state = module.state_dict()
    for i, (name, array) in enumerate(state.items()):
        if array.dtype.kind == "f":
            state[name] = parameter(name, array.shape, i)
    module.load_state_dict(state)
    return module


def made_loss(loss: Loss, dtype: Any = np.float64) -> nn.Module:
    arrays = {name: np.array(values, dtype) for name, values in loss.arrays.items()}
    return getattr(nn, loss.kind)(**loss.options, **arrays)  # type: ignore[no-any-return]
