"""Padding layers: places around an image."""

from __future__ import annotations

from typing import Any

from pellucid.autograd import Tensor
from pellucid.errors import OptionError, ShapeError
from pellucid.nn.functional import padding as doors
from pellucid.nn.functional.sliding import AXES
from pellucid.nn.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Pads = int | tuple[int, ...]


class _Pad(Module):
    """``padding``: one number for all sides, or (left, right, top, bottom, front, back)."""

    axes = 0
    mode = ""

    def __init__(self, padding: Pads) -> None:
        super().__init__()
        numbers = 2 * self.axes
        several = isinstance(padding, tuple | list)
        given: Any = padding if several else (padding,) * numbers
        self.padding = doors.numbers(type(self).__name__, given)
        if len(self.padding) != numbers:
            raise OptionError(
                type(self).__name__,
                got=f"padding = {padding!r}",
                needs=f"a whole number, or {numbers} of them: two an axis, the last axis first",
            )

    def forward(self, x: Tensor) -> Tensor:
        """The input with places around it."""
        if self.mode != "constant" and x.ndim not in (self.axes + 1, self.axes + 2):
            raise ShapeError(
                type(self).__name__,
                got=f"an input of shape {tuple(x.shape)}",
                needs=f"(batch, channels, {AXES[self.axes]}), or (channels, {AXES[self.axes]})",
            )
        return doors.padded(type(self).__name__, x, self.padding, self.mode, self._value())

    def _value(self) -> float | None:
        return None

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    mode = "constant"

    def __init__(self, padding: Pads, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def _value(self) -> float:
        return self.value

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """``value`` to the left and right of (..., L): see :class:`ConstantPad2d`."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """``value`` around (..., H, W); ``padding`` is one number or (left, right, top, bottom).

    Negative numbers take places away. Raises ShapeError where nothing is left.

    >>> import numpy as np
    >>> ConstantPad2d((1, 2, 0, 0), 0.5)(np.zeros((5, 3, 4, 4))).shape
    (5, 3, 4, 7)
    """

    axes = 2


class ConstantPad3d(_ConstantPad):
    """``value`` around (..., D, H, W): see :class:`ConstantPad2d`."""

    axes = 3


class _ZeroPad(_Pad):
    mode = "constant"


class ZeroPad1d(_ZeroPad):
    """Zeros to the left and right of (..., L)."""

    axes = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around (..., H, W); ``padding`` is one number or (left, right, top, bottom).

    >>> import numpy as np
    >>> ZeroPad2d(1)(np.zeros((5, 3, 4, 4))).shape
    (5, 3, 6, 6)
    """

    axes = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around (..., D, H, W)."""

    axes = 3


class _ReflectionPad(_Pad):
    mode = "reflect"


class ReflectionPad1d(_ReflectionPad):
    """The mirrored sequence to the left and right of (B, C, L) or (C, L).

    >>> import numpy as np
    >>> ReflectionPad1d(2)(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[3.0, 2.0, 1.0, 2.0, 3.0, 2.0, 1.0]]
    """

    axes = 1


class ReflectionPad2d(_ReflectionPad):
    """The mirrored image around (B, C, H, W) or (C, H, W), the edge itself not repeated.

    Raises ShapeError for padding that is not smaller than the axis.
    """

    axes = 2


class ReflectionPad3d(_ReflectionPad):
    """The mirrored volume around (B, C, D, H, W) or (C, D, H, W)."""

    axes = 3


class _ReplicationPad(_Pad):
    mode = "replicate"


class ReplicationPad1d(_ReplicationPad):
    """The first and last number repeated to the left and right of (B, C, L) or (C, L).

    >>> import numpy as np
    >>> ReplicationPad1d(2)(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[1.0, 1.0, 1.0, 2.0, 3.0, 3.0, 3.0]]
    """

    axes = 1


class ReplicationPad2d(_ReplicationPad):
    """The edge repeated around (B, C, H, W) or (C, H, W)."""

    axes = 2


class ReplicationPad3d(_ReplicationPad):
    """The edge repeated around (B, C, D, H, W) or (C, D, H, W)."""

    axes = 3


class _CircularPad(_Pad):
    mode = "circular"


class CircularPad1d(_CircularPad):
    """(B, C, L) or (C, L) goes on at its other end.

    >>> import numpy as np
    >>> CircularPad1d(2)(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0]]
    """

    axes = 1


class CircularPad2d(_CircularPad):
    """(B, C, H, W) or (C, H, W) goes on at its other side.

    Raises ShapeError for padding that goes round more than once.
    """

    axes = 2


class CircularPad3d(_CircularPad):
    """(B, C, D, H, W) or (C, D, H, W) goes on at its other side."""

    axes = 3
