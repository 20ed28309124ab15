"""Pooling layers: many neighbouring pixels to one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pellucid.autograd import Tensor
from pellucid.nn import functional as F
from pellucid.nn.functional import sliding as doors
from pellucid.nn.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]

Sizes = int | Sequence[int]


def plain(value: Any) -> Any:
    """A list (from a file) as the tuple that it was."""
    return tuple(value) if isinstance(value, list) else value


class _Pool(Module):
    """What the pooling layers share: over how many axes they go, and their function."""

    axes = 0
    kind = ""

    def _function(self) -> Any:
        return getattr(F, f"{self.kind}{self.axes}d")


class _MaxPool(_Pool):
    kind = "max_pool"

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        dilation: Sizes = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        doors.sliding(type(self).__name__, self.axes, kernel_size, stride, padding, dilation)
        self.kernel_size = plain(kernel_size)
        self.stride = self.kernel_size if stride is None else plain(stride)
        self.padding, self.dilation = plain(padding), plain(dilation)
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, x: Tensor) -> Any:
        """The greatest of each window; with ``return_indices`` also where they stood."""
        return self._function()(
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The greatest of each window along (B, C, L) or (C, L): see :class:`MaxPool2d`."""

    axes = 1


class MaxPool2d(_MaxPool):
    """The greatest of each window over (B, C, H, W) or (C, H, W).

    y[h, w] = the greatest x[h s + i d - p, w s + j d - p] for i, j within the kernel, s the stride
    (the kernel's size if None), p the padding (which never wins), d the dilation. The gradient goes
    to the first of equals. ``ceil_mode`` lets the last window hang over the edge.
    Raises ShapeError where no window fits, OptionError for padding over half the window.

    >>> import numpy as np
    >>> MaxPool2d(2)(np.zeros((5, 3, 9, 8))).shape
    (5, 3, 4, 4)
    """

    axes = 2


class MaxPool3d(_MaxPool):
    """The greatest of each window over (B, C, D, H, W) or (C, D, H, W): see :class:`MaxPool2d`."""

    axes = 3


class _MaxUnpool(_Pool):
    kind = "max_unpool"

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        super().__init__()
        self.kernel_size, self.stride, self.padding = doors.unpooling(
            type(self).__name__, self.axes, kernel_size, stride, padding
        )

    def forward(self, x: Tensor, indices: Any, output_size: Sequence[int] | None = None) -> Tensor:
        """Zeros with each number at its index."""
        options = self.kernel_size, self.stride, self.padding, output_size
        return self._function()(x, indices, *options)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Zeros with each number at its index, the way back from :class:`MaxPool1d`."""

    axes = 1


class MaxUnpool2d(_MaxUnpool):
    """Zeros with each number at its index, the way back from :class:`MaxPool2d` with indices.

    >>> import numpy as np
    >>> y, where = MaxPool2d(2, return_indices=True)(np.zeros((5, 3, 8, 8)))
    >>> MaxUnpool2d(2)(y, where).shape
    (5, 3, 8, 8)
    """

    axes = 2


class MaxUnpool3d(_MaxUnpool):
    """Zeros with each number at its index, the way back from :class:`MaxPool3d`."""

    axes = 3


class AvgPool1d(_Pool):
    """The mean of each window along (B, C, L) or (C, L): see :class:`AvgPool2d`."""

    axes = 1

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        window = doors.sliding("AvgPool1d", 1, kernel_size, stride, padding)
        self.kernel_size, self.stride = window["kernel"], window["stride"]
        self.padding = window["padding"]
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, x: Tensor) -> Tensor:
        """The mean of each window."""
        window = self.kernel_size, self.stride, self.padding
        return F.avg_pool1d(x, *window, self.ceil_mode, self.count_include_pad)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(_Pool):
    kind = "avg_pool"

    def __init__(
        self,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        doors.sliding(type(self).__name__, self.axes, kernel_size, stride, padding)
        doors.check_divisor(type(self).__name__, divisor_override)
        self.kernel_size = plain(kernel_size)
        self.stride = self.kernel_size if stride is None else plain(stride)
        self.padding, self.ceil_mode = plain(padding), ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, x: Tensor) -> Tensor:
        """The mean of each window."""
        return self._function()(  # type: ignore[no-any-return]
            x,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window over (B, C, H, W) or (C, H, W).

    y[h, w] = sum of x[h s + i - p, w s + j - p] for i, j within the kernel / how many places that
    is: padding counts with ``count_include_pad``, what hangs over the padded edge (``ceil_mode``)
    does not; ``divisor_override`` replaces the number.
    Raises ShapeError where no window fits, OptionError for padding over half the kernel.

    >>> import numpy as np
    >>> AvgPool2d(3, stride=2, padding=1)(np.zeros((5, 3, 9, 8))).shape
    (5, 3, 5, 4)
    """

    axes = 2


class AvgPool3d(_AvgPool):
    """The mean of each window over (B, C, D, H, W) or (C, D, H, W): see :class:`AvgPool2d`."""

    axes = 3


class _LPPool(_Pool):
    kind = "lp_pool"

    def __init__(
        self,
        norm_type: float,
        kernel_size: Sizes,
        stride: Sizes | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        doors.check_norm(type(self).__name__, norm_type)
        doors.sliding(type(self).__name__, self.axes, kernel_size, stride)
        self.norm_type, self.kernel_size = norm_type, plain(kernel_size)
        self.stride, self.ceil_mode = plain(stride), ceil_mode

    def forward(self, x: Tensor) -> Tensor:
        """(sum of x^p)^(1/p) of each window."""
        options = self.norm_type, self.kernel_size, self.stride, self.ceil_mode
        return self._function()(x, *options)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}, ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """(sum of x^p)^(1/p) of each window along (B, C, L) or (C, L), p = ``norm_type``."""

    axes = 1


class LPPool2d(_LPPool):
    """(sum of x^p)^(1/p) of each window over (B, C, H, W) or (C, H, W), p = ``norm_type``.

    p = 1 is the sum, a large p comes near to max pooling. Raises OptionError unless p is a finite
    number above 0.

    >>> import numpy as np
    >>> LPPool2d(2, 3)(np.zeros((5, 3, 9, 8))).shape
    (5, 3, 3, 2)
    """

    axes = 2


class LPPool3d(_LPPool):
    """(sum of x^p)^(1/p) of each window over (B, C, D, H, W) or (C, D, H, W)."""

    axes = 3


class _AdaptivePool(_Pool):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        doors.adapted(type(self).__name__, self.axes, output_size)
        self.output_size = plain(output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class _AdaptiveAvgPool(_AdaptivePool):
    kind = "adaptive_avg_pool"

    def forward(self, x: Tensor) -> Tensor:
        """The means of the windows."""
        return self._function()(x, self.output_size)  # type: ignore[no-any-return]


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The means of ``output_size`` windows that cover (B, C, L) or (C, L)."""

    axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The means of ``output_size`` windows that cover (B, C, H, W) or (C, H, W).

    The o-th of m windows over n pixels goes from floor(o n / m) to ceil((o + 1) n / m).
    ``output_size`` is one number or (height, width); None keeps a length.

    >>> import numpy as np
    >>> AdaptiveAvgPool2d((1, None))(np.zeros((5, 3, 9, 8))).shape
    (5, 3, 1, 8)
    """

    axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The means of ``output_size`` windows that cover (B, C, D, H, W) or (C, D, H, W)."""

    axes = 3


class _AdaptiveMaxPool(_AdaptivePool):
    kind = "adaptive_max_pool"

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, x: Tensor) -> Any:
        """The greatest of the windows; with ``return_indices`` also where they stood."""
        return self._function()(x, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The greatest of ``output_size`` windows that cover (B, C, L) or (C, L)."""

    axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The greatest of ``output_size`` windows that cover (B, C, H, W) or (C, H, W).

    The windows are those of :class:`AdaptiveAvgPool2d`.

    >>> import numpy as np
    >>> AdaptiveMaxPool2d(4)(np.zeros((5, 3, 9, 8))).shape
    (5, 3, 4, 4)
    """

    axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The greatest of ``output_size`` windows that cover (B, C, D, H, W) or (C, D, H, W)."""

    axes = 3
