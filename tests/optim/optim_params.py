"""Parameters for the tests of this room, with gradients given by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import Tensor, nn


def param(data: Any) -> nn.Parameter:
    """A parameter of its own array, without a gradient."""
    return nn.Parameter(np.array(data))


def with_grad(data: Any, grad: Any) -> nn.Parameter:
    """A parameter whose gradient, of the same dtype, is ``grad``."""
    p = param(data)
    p.grad = Tensor(np.array(grad, dtype=p.data.dtype))
    return p
