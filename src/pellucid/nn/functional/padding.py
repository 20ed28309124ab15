"""Padding, with torch's order of sides: those of the last axis first."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError, choose

__all__ = [
    "pad",
]

MODES = ("constant", "reflect", "replicate", "circular")


def pad(
    input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> Tensor:
    """Places around the last axes: ``pad`` = (left, right, top, bottom, ...), last axis first.

    ``mode``: "constant" fills with ``value`` (0), "reflect" mirrors the image without repeating its
    edge, "replicate" repeats the edge, "circular" goes on at the other side. Negative numbers take
    places away. All modes but "constant" pad all axes but the batch's and the channels'.
    Raises ShapeError where the image is too small, OptionError for an unknown mode.

    >>> import numpy as np
    >>> pad(np.array([1.0, 2.0, 3.0]), (2, 1)).tolist()
    [0.0, 0.0, 1.0, 2.0, 3.0, 0.0]
    >>> pad(np.array([[1.0, 2.0, 3.0]]), (2, 1), mode="reflect").tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0]]
    """
    return padded("pad", input, pad, mode, value)


def padded(who: str, input: Any, pads: Sequence[int], mode: str, value: float | None) -> Tensor:
    """The padded input; ``who`` speaks where something does not fit."""
    choose(who, mode, MODES)
    x = input if isinstance(input, Tensor) else Tensor(input)
    width = _width(who, x.shape, numbers(who, pads), mode)
    if mode != "constant":
        if value is not None:
            raise OptionError(
                who,
                got=f"value = {value} in mode {mode!r}",
                needs="a value in mode 'constant' alone",
            )
        _check_edges(who, x.shape, width, mode)
    if mode == "circular":  # what goes on at the other side is the cropped image
        x = _cropped(x, [(min(b, 0), min(a, 0)) for b, a in width])
    outside = tuple((max(b, 0), max(a, 0)) for b, a in width)
    if any(b or a for b, a in outside):
        if mode == "constant":
            value = 0.0 if value is None else value
            x = apply(ops.PadConstant, x, width=outside, value=value)
        else:
            x = apply(ops.PadImage, x, width=outside, mode=mode)
    if mode != "circular":
        x = _cropped(x, [(min(b, 0), min(a, 0)) for b, a in width])
    return x


def numbers(who: str, pads: Sequence[int]) -> tuple[int, ...]:
    """The numbers of torch's ``pad``: two an axis."""
    try:
        found = tuple(operator.index(p) for p in pads)
    except TypeError:
        found = (0,)
    if not found or len(found) % 2:
        raise OptionError(
            who,
            got=f"pad = {pads!r}",
            needs="two whole numbers an axis: (left, right), (left, right, top, bottom), ...",
        )
    return found


def _width(
    who: str, shape: tuple[int, ...], pads: tuple[int, ...], mode: str
) -> tuple[tuple[int, int], ...]:
    """((before, after), ...) for the last axes, first to last."""
    axes = len(pads) // 2
    if mode == "constant":
        fits, needs = len(shape) >= axes, f"at least {axes} axes for {len(pads)} numbers of padding"
    else:
        fits = len(shape) in (axes + 1, axes + 2) and axes <= 3
        needs = f"{axes + 1} or {axes + 2} axes for {len(pads)} numbers of padding"
        needs = needs if axes <= 3 else "at most 6 numbers of padding"
    if not fits:
        raise ShapeError(who, got=f"an input of shape {tuple(shape)}", needs=needs)
    width = tuple(zip(pads[::2], pads[1::2], strict=True))[::-1]
    for n, (before, after) in zip(shape[len(shape) - axes :], width, strict=True):
        if n + before + after < 1:
            raise ShapeError(
                who,
                got=f"padding {before} and {after} for an axis of length {n}",
                needs="at least one place left: the output would be empty",
            )
    return width


def _check_edges(
    who: str, shape: tuple[int, ...], width: tuple[tuple[int, int], ...], mode: str
) -> None:
    """What the edges are copied from must be there."""
    for n, (before, after) in zip(shape[len(shape) - len(width) :], width, strict=True):
        most = max(before, after)
        if mode == "reflect" and most >= n:
            needs = f"less than the axis: at most {n - 1}, for the edge is not repeated"
            try_ = "mode 'replicate', or 'circular' up to the whole axis"
        elif mode == "circular" and most > n + min(before, 0) + min(after, 0):
            needs, try_ = "at most the axis: a circle is gone round once", None
        elif n < 1:
            needs, try_ = "at least one place to copy from", None
        else:
            continue
        raise ShapeError(
            who,
            got=f"{mode} padding {before} and {after} for an axis of length {n}",
            needs=needs,
            try_=try_,
        )


def _cropped(x: Tensor, width: list[tuple[int, int]]) -> Tensor:
    """``x`` without what negative numbers take away."""
    if not any(b or a for b, a in width):
        return x
    return apply(ops.GetItem, x, index=(..., *(slice(-b, a or None) for b, a in width)))
