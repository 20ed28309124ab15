"""Where a network looks: the weights of its attention in a forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import nn
from pellucid.autograd import Tensor, no_grad

__all__ = ["attention_of"]

Array = NDArray[Any]


def attention_of(model: nn.Module, layers: Sequence[nn.MultiheadAttention], x: Array) -> Array:
    """The weights of ``layers`` while ``model`` reads x in eval mode: (layers, B, heads, T, S).

    At place t they are how much the layer looks at each of its S places; each row sums to 1.
    """
    found: list[Array] = []

    def ask(module: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        query, key, value, padding, _, mask = inputs
        return query, key, value, padding, True, mask, False  # the weights, of each head

    def keep(module: Any, inputs: Any, output: tuple[Any, Any]) -> None:
        found.append(output[1].data)

    taken_down = [layer.register_forward_pre_hook(ask) for layer in layers]
    taken_down += [layer.register_forward_hook(keep) for layer in layers]
    training = model.training
    model.eval()
    try:
        with no_grad():
            model(Tensor(x))
    finally:
        model.train(training)
        for take_down in taken_down:
            take_down()
    return np.stack(found)
