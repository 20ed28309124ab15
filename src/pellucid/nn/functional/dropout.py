"""Forgetting on purpose while training."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import ShapeError
from pellucid.nn.functional.doors import floating, probability, refuse_inplace
from pellucid.ops import Entry
from pellucid.random import default_generator

__all__ = [
    "alpha_dropout",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "feature_alpha_dropout",
]

Generator = np.random.Generator | None


def dropout(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator = None,
) -> Tensor:
    """Zero each value with probability p and divide the rest by 1 - p; nothing unless training."""
    return _thinned("dropout", ops.Dropout, input, p, training, inplace, generator)


def dropout1d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator = None,
) -> Tensor:
    """As :func:`dropout`, whole channels of (B, C, L) or (C, L) at once."""
    leading = _channel_axes("dropout1d", input, {3: 2, 2: 1}, "(batch, C, length) or (C, length)")
    return _thinned("dropout1d", ops.Dropout, input, p, training, inplace, generator, leading)


def dropout2d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator = None,
) -> Tensor:
    """As :func:`dropout`, whole channels of (B, C, H, W), or as in torch of (B, C, L), at once."""
    fits = "(batch, C, height, width) or (batch, C, length)"
    leading = _channel_axes("dropout2d", input, {4: 2, 3: 2}, fits)
    return _thinned("dropout2d", ops.Dropout, input, p, training, inplace, generator, leading)


def dropout3d(
    input: Any,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator = None,
) -> Tensor:
    """As :func:`dropout`, whole channels of (B, C, D, H, W) or (C, D, H, W) at once."""
    fits = "(batch, C, depth, height, width) or (C, depth, height, width)"
    leading = _channel_axes("dropout3d", input, {5: 2, 4: 1}, fits)
    return _thinned("dropout3d", ops.Dropout, input, p, training, inplace, generator, leading)


def alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator = None,
) -> Tensor:
    """Give each value SELU's lowest with probability p, then bring mean 0 and variance 1 back."""
    return _thinned("alpha_dropout", ops.AlphaDropout, input, p, training, inplace, generator)


def feature_alpha_dropout(
    input: Any,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator = None,
) -> Tensor:
    """As :func:`alpha_dropout`, whole channels of (B, C, ...) at once."""
    who = "feature_alpha_dropout"
    if input.ndim < 2:
        raise ShapeError(who, got=f"an input of shape {input.shape}", needs="(batch, C, ...)")
    return _thinned(who, ops.AlphaDropout, input, p, training, inplace, generator, 2)


def _thinned(
    who: str,
    rule: Entry,
    input: Any,
    p: float,
    training: bool,
    inplace: bool,
    generator: Generator,
    leading: int | None = None,
) -> Tensor:
    """The input, thinned out by a rule; the input itself unless training."""
    refuse_inplace(who, inplace)
    probability(who, p)
    if not training or p == 0:
        return input if isinstance(input, Tensor) else Tensor(input)
    how = {} if leading is None else {"leading": leading}
    return apply(rule, floating(who, input), generator or default_generator(), p=p, **how)


def _channel_axes(who: str, x: Any, ranks: dict[int, int], fits: str) -> int:
    """How many leading axes count channels, by the number of axes."""
    if x.ndim not in ranks:
        raise ShapeError(
            who,
            got=f"an input of shape {x.shape}",
            needs=fits,
            try_="nn.Dropout, which drops single values of any shape",
        )
    return ranks[x.ndim]
