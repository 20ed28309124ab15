"""Images in another size, and pixels dealt out to channels, with torch's names and arguments."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from pellucid import ops
from pellucid.autograd import Tensor, apply
from pellucid.errors import OptionError, ShapeError, choose
from pellucid.nn.functional import pooling
from pellucid.nn.functional import sliding as windows
from pellucid.nn.functional.doors import floating

__all__ = [
    "channel_shuffle",
    "interpolate",
    "pixel_shuffle",
    "pixel_unshuffle",
]

LINEAR = {"linear": 3, "bilinear": 4, "trilinear": 5}  # and how many axes they are for
MODES = ("nearest", "nearest-exact", *LINEAR, "area")
UNSUPPORTED = ("bicubic", "lanczos")
AREA = {
    3: pooling.adaptive_avg_pool1d,
    4: pooling.adaptive_avg_pool2d,
    5: pooling.adaptive_avg_pool3d,
}


def interpolate(
    input: Any,
    size: int | Sequence[int] | None = None,
    scale_factor: float | Sequence[float] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """(B, C, L), (B, C, H, W) or (B, C, D, H, W) with its last axes in another size.

    ``size`` gives the new lengths, or ``scale_factor`` gives floor(length * factor). ``mode``:
    "nearest" (as torch: pixel floor(o / factor)), "nearest-exact", "linear" for 3 axes, "bilinear"
    for 4, "trilinear" for 5, "area" (adaptive average pooling). With ``align_corners`` the corner
    pixels of both images lie on each other, else their outer edges do. Raises OptionError for
    "bicubic" and ``antialias``, which are not supported.

    >>> import numpy as np
    >>> interpolate(np.array([[[0.0, 1.0]]]), 3, mode="linear", align_corners=True).tolist()
    [[[0.0, 0.5, 1.0]]]
    """
    check_interpolation("interpolate", size, scale_factor, mode, align_corners, antialias)
    if recompute_scale_factor and size is not None:
        raise OptionError(
            "interpolate",
            got="recompute_scale_factor=True with a size",
            needs="scale_factor with it: a size leaves nothing to compute again",
        )
    lengths = _lengths(input, mode)
    new, factors = _new_size(lengths, size, scale_factor)
    if mode == "area":
        return AREA[input.ndim](input, new)
    step = _steps(lengths, new, None if recompute_scale_factor else factors, mode)
    if mode in LINEAR:
        floating("interpolate", input)
        return apply(
            ops.ResizeLinear, input, size=new, step=step, align_corners=bool(align_corners)
        )
    shift = 0.5 if mode == "nearest-exact" else 0.0
    return apply(ops.ResizeNearest, input, size=new, step=step, shift=shift)


def check_interpolation(
    who: str, size: Any, scale_factor: Any, mode: str, align_corners: Any, antialias: bool = False
) -> None:
    """What can be said before there is an input."""
    if mode in UNSUPPORTED:
        raise OptionError(who, got=f"mode {mode!r}", needs="a supported mode: " + ", ".join(MODES))
    choose(who, mode, MODES)
    if antialias:
        raise OptionError(who, got="antialias=True", needs="antialias=False: nothing is smoothed")
    if (size is None) == (scale_factor is None):
        got = "neither size nor scale_factor" if size is None else "both size and scale_factor"
        raise OptionError(who, got=got, needs="one of the two")
    if align_corners is not None and mode not in LINEAR:
        raise OptionError(
            who,
            got=f"align_corners={align_corners} with mode {mode!r}",
            needs="a mode that interpolates: " + ", ".join(LINEAR),
        )


def _lengths(x: Any, mode: str) -> tuple[int, ...]:
    wanted = LINEAR.get(mode)
    if x.ndim not in ((3, 4, 5) if wanted is None else (wanted,)):
        fitting = next((m for m, axes in LINEAR.items() if axes == x.ndim), None)
        raise ShapeError(
            "interpolate",
            got=f"an input of shape {tuple(x.shape)} for mode {mode!r}",
            needs=f"(batch, channels, {windows.AXES[wanted - 2]})"
            if wanted
            else "3, 4 or 5 axes: (batch, channels, ...)",
            try_=f"mode={fitting!r}" if wanted and fitting else None,
        )
    return tuple(x.shape[2:])


def _new_size(
    lengths: tuple[int, ...], size: Any, scale_factor: Any
) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """The new lengths, and the factors where these were given."""
    sides = len(lengths)
    name, value = ("size", size) if scale_factor is None else ("scale_factor", scale_factor)
    given = tuple(value) if isinstance(value, tuple | list) else (value,) * sides
    if len(given) != sides:
        raise OptionError(
            "interpolate",
            got=f"{name} = {value!r} for an image with {sides} axes",
            needs=f"one number, or {sides} of them",
        )
    if scale_factor is None:
        new, factors = tuple(operator.index(m) for m in given), None
    else:
        factors = tuple(float(f) for f in given)
        new = tuple(math.floor(n * f) for n, f in zip(lengths, factors, strict=True))
    if min(new) < 1 or min(lengths) < 1:
        raise ShapeError(
            "interpolate",
            got=f"an image of {lengths} with {name} = {value}",
            needs=f"at least one pixel along each axis; it would become {new}",
        )
    return new, factors


def _steps(
    lengths: tuple[int, ...],
    new: tuple[int, ...],
    factors: tuple[float, ...] | None,
    mode: str,
) -> tuple[float, ...]:
    """How far the old image goes on for one place of the new one.

    A factor counts as it is given, not as the rounded lengths say. In torch it does not where the
    length stays the same, nor, for the nearest pixel of a picture, where it doubles.
    """
    if factors is None:
        return tuple(n / m for n, m in zip(lengths, new, strict=True))
    found = []
    for n, m, factor in zip(lengths, new, factors, strict=True):
        same = m == n if mode in LINEAR else mode == "nearest" and len(new) == 2 and m in (n, 2 * n)
        found.append(n / m if same else 1 / factor)
    return tuple(found)


def pixel_shuffle(input: Any, upscale_factor: int) -> Tensor:
    """(..., C r^2, H, W) -> (..., C, H r, W r): each pixel's channels become r x r pixels.

    >>> import numpy as np
    >>> pixel_shuffle(np.arange(4.0).reshape(4, 1, 1), 2).tolist()
    [[[0.0, 1.0], [2.0, 3.0]]]
    """
    r = check_factor("pixel_shuffle", "upscale_factor", upscale_factor)
    _check_image("pixel_shuffle", input)
    if input.shape[-3] % r**2:
        raise ShapeError(
            "pixel_shuffle",
            got=f"{input.shape[-3]} channels",
            needs=f"a multiple of upscale_factor^2 = {r**2} channels",
        )
    return apply(ops.PixelShuffle, input, factor=r) if r > 1 else _as_is(input)


def pixel_unshuffle(input: Any, downscale_factor: int) -> Tensor:
    """(..., C, H r, W r) -> (..., C r^2, H, W): each r x r pixels become channels of one."""
    r = check_factor("pixel_unshuffle", "downscale_factor", downscale_factor)
    _check_image("pixel_unshuffle", input)
    if input.shape[-2] % r or input.shape[-1] % r:
        raise ShapeError(
            "pixel_unshuffle",
            got=f"an image of {tuple(input.shape[-2:])}",
            needs=f"multiples of downscale_factor = {r} in height and width",
        )
    return apply(ops.PixelUnshuffle, input, factor=r) if r > 1 else _as_is(input)


def channel_shuffle(input: Any, groups: int) -> Tensor:
    """The channels of (B, C, ...) dealt out by turns, one of each of the ``groups`` at a time.

    >>> import numpy as np
    >>> channel_shuffle(np.arange(4.0).reshape(1, 4, 1), 2).reshape(-1).tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    groups = check_factor("channel_shuffle", "groups", groups)
    if input.ndim < 3:
        raise ShapeError(
            "channel_shuffle",
            got=f"an input of shape {tuple(input.shape)}",
            needs="(batch, channels, ...): at least 3 axes",
        )
    if input.shape[1] % groups:
        raise ShapeError(
            "channel_shuffle",
            got=f"{input.shape[1]} channels in {groups} groups",
            needs="groups of equal size",
        )
    return apply(ops.ChannelShuffle, input, groups=groups) if groups > 1 else _as_is(input)


def check_factor(who: str, name: str, value: Any) -> int:
    """A whole number of at least 1."""
    return windows.each(who, name, value, 1, 1)[0]


def _check_image(who: str, x: Any) -> None:
    if x.ndim < 3:
        raise ShapeError(
            who, got=f"an input of shape {tuple(x.shape)}", needs="(..., channels, height, width)"
        )


def _as_is(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)
