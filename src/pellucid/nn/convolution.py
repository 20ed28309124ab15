"""Layers that look at images, series and volumes through small windows, and the way back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, choose
from pellucid.nn import functional as F
from pellucid.nn import init
from pellucid.nn.functional.convolution import convolved, transposed
from pellucid.nn.functional.windows import PADDING_MODES, axis_names, dividing, pads, per_axis
from pellucid.nn.module import Module, Parameter
from pellucid.ops.columns import transposed_size

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Fold",
    "Unfold",
]

Size = int | Sequence[int]


class _Kernels(Module):
    """What convolutions and transposed ones have in common: options, weights, and their names."""

    axes: int
    weight: Parameter
    bias: Parameter | None

    def _set(self, channels: tuple[int, int], groups: int, **sizes: Any) -> None:
        """Check and keep the options: whole numbers of at least 1, or of 0 for paddings."""
        self.in_channels, self.out_channels = channels
        who = self._who()
        if min(channels) < 1:
            raise OptionError(
                who, got=f"{channels[0]} -> {channels[1]}", needs="at least 1 channel in and out"
            )
        dividing(who, groups, self.in_channels, "in_channels")
        self.groups = dividing(who, groups, self.out_channels, "out_channels")
        for name, value in sizes.items():
            least = 0 if name.endswith("padding") else 1
            setattr(self, name, per_axis(who, name, value, self.axes, least))

    def _make(self, shape: tuple[int, ...], bias: bool, dtype: Any, generator: Any) -> None:
        self.weight = Parameter(np.empty((*shape, *self.kernel_size), dtype))
        shift = Parameter(np.empty(self.out_channels, dtype)) if bias else None
        self.register_parameter("bias", shift)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the initial weights again: U(-1 / sqrt(n), 1 / sqrt(n)), n numbers in a window."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5), generator=generator)
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound, generator)

    def _who(self) -> str:
        return f"{type(self).__name__} {self.in_channels} -> {self.out_channels}"

    def extra_repr(self) -> str:
        ones, zeros = (1,) * self.axes, (0,) * self.axes
        shown = {
            "padding": (self.padding, zeros),
            "dilation": (self.dilation, ones),
            "output_padding": (getattr(self, "output_padding", zeros), zeros),
            "groups": (self.groups, 1),
            "bias": (self.bias is not None, True),
            "padding_mode": (self.padding_mode, "zeros"),
        }
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        ) + "".join(f", {name}={v}" for name, (v, usual) in shown.items() if v != usual)


class _Conv(_Kernels):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size | str = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
        self._set((in_channels, out_channels), groups, **sizes)
        self.padding_mode = choose(self._who(), padding_mode, PADDING_MODES)
        around = pads(self._who(), padding, self.kernel_size, self.stride, self.dilation)
        named = isinstance(padding, str)
        self.padding = padding if named else tuple(before for before, _ in around)
        self._make((out_channels, in_channels // self.groups), bias, dtype, generator)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, ...) -> (B, out, ...), or the same without a batch."""
        return convolved(
            self._who(),
            self.axes,
            x,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
            self.padding_mode,
        )


class Conv1d(_Conv):
    """The sum of every window times a kernel, for series: y = W * x + b.

    x (B, in, L), W (out, in / groups, k), b (out,), y (B, out, M), with
    M = (L + 2 padding - dilation (k - 1) - 1) // stride + 1. ``padding`` is a number of places,
    "valid" (none) or "same" (M = L, stride 1); ``padding_mode`` fills them with "zeros" or
    continues the input: "reflect", "replicate", "circular". The first of ``groups`` parts of the
    channels in is seen by the first part of those out, and so on. Memory is channels-last.
    Initial weights as in torch. Raises ShapeError where the kernel is longer than the padded
    input. Source: Waibel et al. 1989.

    >>> Conv1d(3, 8, 5, padding="same")(np.zeros((2, 3, 40))).shape
    (2, 8, 40)
    """

    axes = 1


class Conv2d(_Conv):
    """The sum of every window times a kernel, for images: y = W * x + b.

    x (B, in, H, W), W (out, in / groups, kh, kw), b (out,), y (B, out, M, N); lengths and options
    are those of :class:`Conv1d`, each a number or one an axis. Source: LeCun et al. 1998.

    >>> Conv2d(1, 6, 5, stride=(1, 2))(np.zeros((2, 1, 28, 28))).shape
    (2, 6, 24, 12)
    """

    axes = 2


class Conv3d(_Conv):
    """The sum of every window times a kernel, for volumes: (B, in, D, H, W) -> (B, out, ...).

    >>> Conv3d(1, 2, 3)(np.zeros((1, 1, 8, 8, 8))).shape
    (1, 2, 6, 6, 6)
    """

    axes = 3


class _ConvTranspose(_Kernels):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Size,
        stride: Size = 1,
        padding: Size = 0,
        output_padding: Size = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Size = 1,
        padding_mode: str = "zeros",
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        sizes = {"kernel_size": kernel_size, "stride": stride, "dilation": dilation}
        more = {"padding": padding, "output_padding": output_padding}
        self._set((in_channels, out_channels), groups, **sizes, **more)
        self.padding_mode = padding_mode
        if padding_mode != "zeros":
            raise OptionError(
                self._who(),
                got=f"padding_mode={padding_mode!r}",
                needs="'zeros': here padding cuts places off, there is nothing to fill",
            )
        self._make((in_channels, out_channels // self.groups), bias, dtype, generator)

    def forward(self, x: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """(B, in, ...) -> (B, out, ...); ``output_size`` decides the output_padding of this call.

        With a stride, inputs of several lengths come to one length through a convolution;
        ``output_size``, its last axes or all of them, says which of those is wanted.
        """
        more = self.output_padding if output_size is None else self._more(x, output_size)
        how = self.stride, self.padding, more, self.groups, self.dilation
        return transposed(self._who(), self.axes, x, self.weight, self.bias, *how)

    def _more(self, x: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output_padding that gives ``output_size``."""
        wanted = tuple(output_size)[-self.axes :]
        least = transposed_size(
            x.shape[-self.axes :],
            self.kernel_size,
            stride=self.stride,
            padding=tuple((n, n) for n in self.padding),
            dilation=self.dilation,
        )
        most = tuple(n + s - 1 for n, s in zip(least, self.stride, strict=True))
        fits = len(wanted) == self.axes and len(output_size) in (self.axes, x.ndim)
        if not fits or any(not a <= n <= b for a, n, b in zip(least, wanted, most, strict=True)):
            raise OptionError(
                self._who(),
                got=f"output_size={tuple(output_size)}",
                needs=", ".join(
                    f"a {name} from {a} to {b}"
                    for name, a, b in zip(axis_names(self.axes), least, most, strict=True)
                ),
            )
        return tuple(n - a for n, a in zip(wanted, least, strict=True))


class ConvTranspose1d(_ConvTranspose):
    """Every value lays a kernel, times itself, over its window; where they overlap, they add up.

    x (B, in, L), W (in, out / groups, k), b (out,), y (B, out, M), with
    M = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1: the gradient of
    :class:`Conv1d` as a layer of its own, which makes small images large. Source: Zeiler et al.
    2010. ``padding`` cuts places off both ends; ``output_padding`` adds some at the end.

    >>> ConvTranspose1d(8, 3, 4, stride=2, padding=1)(np.zeros((2, 8, 20))).shape
    (2, 3, 40)
    """

    axes = 1


class ConvTranspose2d(_ConvTranspose):
    """:class:`ConvTranspose1d` for images: (B, in, H, W) -> (B, out, M, N).

    >>> ConvTranspose2d(8, 3, 4, stride=2, padding=1)(np.zeros((2, 8, 7, 7))).shape
    (2, 3, 14, 14)
    """

    axes = 2


class ConvTranspose3d(_ConvTranspose):
    """:class:`ConvTranspose1d` for volumes: (B, in, D, H, W) -> (B, out, ...).

    >>> ConvTranspose3d(2, 1, 2, stride=2)(np.zeros((1, 2, 3, 3, 3))).shape
    (1, 1, 6, 6, 6)
    """

    axes = 3


class Unfold(Module):
    """The windows of images as columns: (B, C, H, W) -> (B, C kh kw, number of windows).

    >>> Unfold(3)(np.zeros((2, 4, 8, 8))).shape
    (2, 36, 36)
    """

    def __init__(
        self, kernel_size: Size, dilation: Size = 1, padding: Size = 0, stride: Size = 1
    ) -> None:
        super().__init__()
        _keep(self, kernel_size=kernel_size, dilation=dilation, padding=padding, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """A column a window; within a column the channels come first, then the kernel's places."""
        return F.unfold(x, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return _shown(self, "kernel_size", "dilation", "padding", "stride")


class Fold(Module):
    """Columns added up, each at its window: (B, C kh kw, windows) -> (B, C, *output_size).

    >>> Fold((8, 8), 3)(np.zeros((2, 36, 36))).shape
    (2, 4, 8, 8)
    """

    def __init__(
        self,
        output_size: Size,
        kernel_size: Size,
        dilation: Size = 1,
        padding: Size = 0,
        stride: Size = 1,
    ) -> None:
        super().__init__()
        sizes = {"kernel_size": kernel_size, "dilation": dilation, "padding": padding}
        _keep(self, output_size=output_size, **sizes, stride=stride)

    def forward(self, x: Tensor) -> Tensor:
        """The sum at every place: what :class:`Unfold` cut into windows, put back."""
        how = self.kernel_size, self.dilation, self.padding, self.stride
        return F.fold(x, self.output_size, *how)

    def extra_repr(self) -> str:
        return _shown(self, "output_size", "kernel_size", "dilation", "padding", "stride")


def _keep(module: Module, **sizes: Size) -> None:
    for name, value in sizes.items():
        least = 0 if name == "padding" else 1
        per_axis(type(module).__name__, name, value, 2, least)
        setattr(module, name, tuple(value) if isinstance(value, list) else value)


def _shown(module: Module, *names: str) -> str:
    return ", ".join(f"{name}={getattr(module, name)}" for name in names)
