"""What convolutions and unfolding ask of inputs and options before their rules run."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError, choose

__all__ = [
    "PADDING_MODES",
    "as_given",
    "axis_names",
    "batched",
    "check_edges",
    "check_kernel",
    "check_more",
    "check_windows",
    "dividing",
    "options_of",
    "pads",
    "per_axis",
    "shortened",
    "with_batch",
]

# torch's names and NumPy's
PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def per_axis(who: str, name: str, value: Any, axes: int, least: int = 1) -> tuple[int, ...]:
    """One whole number an axis, from such a list or from one number for all of them.

    >>> per_axis("conv2d", "stride", 2, axes=2)
    (2, 2)
    """
    try:
        one = [value] * axes if not isinstance(value, tuple | list) else value
        found = tuple(operator.index(n) for n in one)
    except TypeError:
        found = ()
    if len(found) != axes or min(found) < least:
        several = f", or {axes} of them in a tuple" if axes > 1 else ""
        raise OptionError(
            who, got=f"{name}={value!r}", needs=f"a whole number of at least {least}{several}"
        )
    return found


def pads(
    who: str, padding: Any, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """How many places before and after the image, an axis each.

    "valid" is none; "same" keeps the lengths: with an odd number of places the last is after.
    """
    if not isinstance(padding, str):
        return tuple((n, n) for n in per_axis(who, "padding", padding, len(kernel), least=0))
    if choose(who, padding, ("valid", "same")) == "valid":
        return ((0, 0),) * len(kernel)
    if max(stride) > 1:
        raise OptionError(
            who,
            got=f"padding='same' with stride={_given(stride)}",
            needs="a stride of 1: with steps the lengths cannot stay the same",
            try_="padding as a number: kernel_size // 2 divides the lengths by the stride",
        )
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    return tuple((n // 2, n - n // 2) for n in total)


def axis_names(axes: int) -> list[str]:
    """The names of the axes of an image, of a series, of a volume."""
    return ["length"] if axes == 1 else ["depth", "height", "width"][3 - axes :]


def options_of(
    who: str, axes: int, stride: Any, padding: Any, dilation: Any, kernel: tuple[int, ...]
) -> dict[str, Any]:
    """The options of a rule."""
    steps = per_axis(who, "stride", stride, axes)
    gaps = per_axis(who, "dilation", dilation, axes)
    around = pads(who, padding, kernel, steps, gaps)
    return {"stride": steps, "padding": around, "dilation": gaps}


def check_kernel(who: str, axes: int, weight: Any) -> tuple[int, ...]:
    """The kernel's lengths; a ShapeError where the weights are those of another convolution."""
    if weight.ndim != axes + 2:
        raise ShapeError(
            who,
            got=f"weights of shape {tuple(weight.shape)}",
            needs=f"{axes + 2} axes: two for the channels, and the kernel's "
            f"{' and '.join(axis_names(axes))}",
        )
    return tuple(weight.shape[2:])


def dividing(who: str, groups: Any, channels: int, what: str) -> int:
    """``groups``, which must divide ``channels``."""
    (parts,) = per_axis(who, "groups", groups, 1)
    if channels % parts:
        raise OptionError(
            who, got=f"groups={parts} and {what}={channels}", needs=f"groups that divide {what}"
        )
    return parts


def check_more(who: str, more: tuple[int, ...], how: dict[str, Any]) -> None:
    """Refuse an output_padding that no convolution could have lost."""
    for n, s, d in zip(more, how["stride"], how["dilation"], strict=True):
        if n >= max(s, d):
            raise OptionError(
                who,
                got=f"output_padding={_given(more)}",
                needs="less than the stride or the dilation: here less than "
                f"{_given([max(z) for z in zip(how['stride'], how['dilation'], strict=True)])}",
            )


def batched(who: str, axes: int, input: Any, channels: int | None = None) -> Any:
    """The input as a batch; a ShapeError where its axes or channels are not those needed."""
    shape = tuple(input.shape)
    fits = len(shape) in (axes + 1, axes + 2)
    if not fits or (channels is not None and shape[-axes - 1] != channels):
        inner = ", ".join([str(channels or "channels"), *axis_names(axes)])
        raise ShapeError(
            who,
            got=f"an input of shape {shape}",
            needs=f"(batch, {inner}) or ({inner})",
            try_=_rearranged(shape, axes, channels),
        )
    return input if len(shape) == axes + 2 else with_batch(input)


def with_batch(input: Any) -> Any:
    """A batch of the one example."""
    return (input if isinstance(input, Tensor) else Tensor(input)).reshape(1, *input.shape)


def _rearranged(shape: tuple[int, ...], axes: int, channels: int | None) -> str | None:
    """What to do with a batch that lacks the axis of channels, or has it last."""
    if channels == 1 and len(shape) == axes + 1:
        return f"x.reshape({shape[0]}, 1, {', '.join(map(str, shape[1:]))})"
    if len(shape) == axes + 2 and shape[-1] == channels:
        order = (0, axes + 1, *range(1, axes + 1))
        return f"x.transpose{order}: the channels come before {' and '.join(axis_names(axes))}"
    return None


def as_given(y: Tensor, x: Any, input: Any) -> Tensor:
    """Without the axis of the batch, where the input had none."""
    return y if x.ndim == input.ndim else y.reshape(*y.shape[1:])


def check_windows(who: str, input: Any, kernel: tuple[int, ...], how: dict[str, Any]) -> None:
    """Refuse a kernel that is larger than the padded input: there would be no window."""
    names, lengths = axis_names(len(kernel)), input.shape[-len(kernel) :]
    axes = zip(names, lengths, kernel, how["padding"], how["dilation"], strict=True)
    for name, n, k, padding, d in axes:
        reach, there = d * (k - 1) + 1, n + sum(padding)
        if reach > there:
            spread = f" with dilation {d}" if d > 1 else ""
            padded = " with its padding" if sum(padding) else ""
            raise ShapeError(
                who,
                got=f"an input of shape {tuple(input.shape)}",
                needs=f"a {name} of at least {reach} for a kernel of {k}{spread}; "
                f"here it is {there}{padded}",
            )


def check_edges(who: str, input: Any, padding: tuple[tuple[int, int], ...], mode: str) -> None:
    """Refuse edges that cannot be continued as far as that."""
    names, lengths = axis_names(len(padding)), input.shape[-len(padding) :]
    for name, n, pair in zip(names, lengths, padding, strict=True):
        most = max(pair)
        least = {"reflect": most + 1, "replicate": 1, "circular": most}[mode]
        if most > 0 and n < least:
            raise ShapeError(
                who,
                got=f"an input of shape {tuple(input.shape)}",
                needs=f"a {name} of at least {least} for padding={most} "
                f"with padding_mode={mode!r}; here it is {n}",
            )


def shortened(how: dict[str, Any]) -> dict[str, Any]:
    """The options as briefly as the rules take them, so that a written program is read easily.

    >>> shortened({"stride": (1, 1), "padding": ((2, 2), (2, 2)), "dilation": (1, 2)})
    {'padding': 2, 'dilation': (1, 2)}
    """
    usual = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    short = {name: _one(value) for name, value in how.items()}
    return {name: value for name, value in short.items() if value != usual[name]}


def _one(value: Any) -> Any:
    """One number for a tuple of equal numbers, or of pairs of them."""
    if not isinstance(value, tuple):
        return value
    numbers = {n for part in value for n in (part if isinstance(part, tuple) else (part,))}
    return numbers.pop() if len(numbers) == 1 else value


def _given(values: Sequence[int]) -> str:
    """One number, or a tuple of different ones, as a user writes it."""
    return str(values[0]) if len(set(values)) == 1 else str(tuple(values))
