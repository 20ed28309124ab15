"""An input such as a run's network takes, when there are no data at hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid import nn
from pellucid.errors import OptionError
from pellucid.nn import Module
from pellucid.train.parts import Problem

__all__ = ["blank_inputs"]


def blank_inputs(model: Module, problem: Problem) -> NDArray[Any]:
    """Two prepared inputs, all zeros, of the shape and dtype that the network takes.

    Raises OptionError for bare arrays and a network without a Linear layer: nothing tells then.
    """
    preparation, dtype = problem.preparation, problem.dtype
    if problem.inputs is not None:
        shape, name = problem.inputs
        return np.zeros((2, *shape), np.dtype(name))
    if preparation is not None:
        flat = preparation.flatten or bool(preparation.columns)
        return np.zeros((2, preparation.width) if flat else (2, *preparation.shape), dtype)
    linears = [m for m in model.modules() if isinstance(m, nn.Linear)]
    if not linears:
        raise OptionError(
            "the input of a network",
            got="a run on bare arrays, without a Linear layer to tell its input",
            needs="an example of the inputs",
            try_="pellucid.write(model, example) or pellucid.summary(model, example)",
        )
    return np.zeros((2, linears[0].in_features), dtype)
