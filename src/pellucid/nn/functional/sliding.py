"""Windows over images: the options that pooling takes, one number an axis, and what must fit."""

from __future__ import annotations

import operator
from typing import Any

from pellucid.errors import OptionError, ShapeError
from pellucid.nn.functional.doors import floating

__all__ = [
    "AXES",
    "adapted",
    "check_divisor",
    "check_norm",
    "each",
    "image",
    "sizes",
    "sliding",
    "unpooling",
]

AXES = {1: "length", 2: "height, width", 3: "depth, height, width"}


def each(who: str, name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """One whole number an axis, from one number for all or one for each."""
    try:
        values = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
        values = tuple(operator.index(v) for v in values)
    except TypeError:
        values = ()
    if len(values) == 1:
        values *= axes
    if len(values) != axes or min(values) < least:
        several = f", or a tuple of {axes}" if axes > 1 else ""
        raise OptionError(
            who, got=f"{name} = {value!r}", needs=f"a whole number of at least {least}{several}"
        )
    return values


def sliding(
    who: str,
    axes: int,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
) -> dict[str, tuple[int, ...]]:
    """The options of a window that slides: one number an axis each."""
    kernel = each(who, "kernel_size", kernel_size, axes, 1)
    window = {
        "kernel": kernel,
        "stride": kernel if stride is None else each(who, "stride", stride, axes, 1),
        "padding": each(who, "padding", padding, axes, 0),
        "dilation": each(who, "dilation", dilation, axes, 1),
    }
    for p, k in zip(window["padding"], kernel, strict=True):
        if p > k // 2:
            raise OptionError(
                who,
                got=f"padding {p} for a kernel of {k}",
                needs=f"at most half the kernel: {k // 2} here",
            )
    return window


def unpooling(
    who: str, axes: int, kernel_size: Any, stride: Any, padding: Any
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Kernel, stride and padding of the pooling to undo."""
    kernel = each(who, "kernel_size", kernel_size, axes, 1)
    steps = kernel if stride is None else each(who, "stride", stride, axes, 1)
    return kernel, steps, each(who, "padding", padding, axes, 0)


def check_divisor(who: str, divisor: int | None) -> None:
    """A divisor of 0 is refused."""
    if divisor == 0:
        raise OptionError(who, got="divisor_override = 0", needs="a number other than 0, or None")


def check_norm(who: str, p: float) -> None:
    """The power must be a number above 0; an infinite one is another layer."""
    if not 0 < p < float("inf"):
        try_ = "max pooling, which is the limit" if p == float("inf") else None
        raise OptionError(who, got=f"norm_type = {p}", needs="a finite number above 0", try_=try_)


def image(who: str, x: Any, axes: int) -> tuple[int, ...]:
    """The lengths of the axes that are pooled; anything but one image or a batch is refused."""
    floating(who, x)
    if x.ndim not in (axes + 1, axes + 2):
        raise ShapeError(
            who,
            got=f"an input of shape {tuple(x.shape)}",
            needs=f"(batch, channels, {AXES[axes]}), or (channels, {AXES[axes]})",
            try_=_more_axes(tuple(x.shape), axes),
        )
    return tuple(x.shape[x.ndim - axes :])


def _more_axes(shape: tuple[int, ...], axes: int) -> str | None:
    """A single image without its channel is what is most often meant."""
    return f"x.reshape(1, {', '.join(map(str, shape))}) for one channel" * (len(shape) == axes)


def sizes(
    who: str,
    lengths: tuple[int, ...],
    *,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[int, ...]:
    """How many windows there are along each axis; a window must fit into the padded image."""
    found = []
    for n, k, s, p, d in zip(lengths, kernel, stride, padding, dilation, strict=True):
        span = (k - 1) * d + 1
        rest = n + 2 * p - span
        count = (rest + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1  # the last window would begin beyond the image and its left padding
        if count < 1 or n < 1:
            padded = f", {n + 2 * p} with padding," if p else ""
            raise ShapeError(
                who,
                got=f"an axis of length {n}{padded} under a window that spans {span}",
                needs="at least one whole window along each axis: the output would be empty",
            )
        if d > 1 and not all(_sees(n, o * s - p, k, d) for o in range(count)):
            raise ShapeError(
                who,
                got=f"an axis of length {n} under {k} places, each {d} from the next",
                needs="at least one pixel in every window: one would see padding alone",
            )
        found.append(count)
    return tuple(found)


def _sees(n: int, start: int, k: int, d: int) -> bool:
    """Whether one of the k places d apart, from ``start`` on, is within n pixels."""
    return any(0 <= start + i * d < n for i in range(k))


def adapted(who: str, axes: int, output_size: Any) -> tuple[int | None, ...]:
    """The wanted lengths, None for one to keep."""
    several = isinstance(output_size, tuple | list)
    given = tuple(output_size) if several else (output_size,) * axes
    if len(given) == 1:
        given *= axes
    if len(given) != axes:
        raise OptionError(
            who, got=f"output_size = {output_size!r}", needs=f"a whole number, or {axes} of them"
        )
    return tuple(None if m is None else each(who, "output_size", m, 1, 1)[0] for m in given)
