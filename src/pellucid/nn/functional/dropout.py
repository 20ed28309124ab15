"""Forgetting on purpose while training."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError
from pellucid.nn.functional.doors import floating
from pellucid.random import default_generator

__all__ = [
    "dropout",
]


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    *,
    generator: np.random.Generator | None = None,
) -> Tensor:
    """Zero each value with probability p and divide the rest by 1 - p; nothing unless training."""
    if not 0 <= p <= 1:
        raise OptionError("dropout", got=f"p = {p}", needs="a probability from 0 to 1")
    if not training or p == 0:
        return input if isinstance(input, Tensor) else Tensor(input)
    return apply(ops.Dropout, floating("dropout", input), generator or default_generator(), p=p)
