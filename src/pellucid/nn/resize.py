"""Layers that change an image's size, and deal pixels out to channels and back."""

from __future__ import annotations

from typing import Any

from pellucid.autograd import Tensor
from pellucid.nn import functional as F
from pellucid.nn.functional import resize as doors
from pellucid.nn.module import Module

__all__ = [
    "ChannelShuffle",
    "PixelShuffle",
    "PixelUnshuffle",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


class Upsample(Module):
    """(B, C, L), (B, C, H, W) or (B, C, D, H, W) with its last axes in another size.

    ``size`` gives the new lengths or ``scale_factor`` multiplies them; ``mode``: "nearest",
    "nearest-exact", "linear" (3 axes), "bilinear" (4), "trilinear" (5), "area".
    With ``align_corners`` the corner pixels of both images lie on each other, else their edges do.
    Raises OptionError for "bicubic", which is not supported.

    >>> import numpy as np
    >>> Upsample(scale_factor=2, mode="bilinear")(np.zeros((5, 3, 4, 6))).shape
    (5, 3, 8, 12)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        doors.check_interpolation(type(self).__name__, size, scale_factor, mode, align_corners)
        self.size = tuple(size) if isinstance(size, list) else size
        several = isinstance(scale_factor, tuple | list)
        self.scale_factor = (
            tuple(float(f) for f in scale_factor)
            if several
            else scale_factor and float(scale_factor)
        )
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, x: Tensor) -> Tensor:
        """The image in its new size."""
        return F.interpolate(
            x,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
        )

    def extra_repr(self) -> str:
        first = "size" if self.scale_factor is None else "scale_factor"
        return f"{first}={getattr(self, first)}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """``Upsample(mode="nearest")``: each pixel becomes a block."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """``Upsample(mode="bilinear", align_corners=True)``."""

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "bilinear", align_corners=True)


class PixelShuffle(Module):
    """(..., C r^2, H, W) -> (..., C, H r, W r): each pixel's channels become r x r pixels.

    r = ``upscale_factor``. Source: Shi et al. 2016, equation 4.

    >>> import numpy as np
    >>> PixelShuffle(2)(np.zeros((5, 12, 4, 6))).shape
    (5, 3, 8, 12)
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = doors.check_factor("PixelShuffle", "upscale_factor", upscale_factor)

    def forward(self, x: Tensor) -> Tensor:
        """Fewer channels, more pixels."""
        return F.pixel_shuffle(x, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(..., C, H r, W r) -> (..., C r^2, H, W): the way back from :class:`PixelShuffle`.

    >>> import numpy as np
    >>> PixelUnshuffle(2)(np.zeros((5, 3, 8, 12))).shape
    (5, 12, 4, 6)
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = doors.check_factor(
            "PixelUnshuffle", "downscale_factor", downscale_factor
        )

    def forward(self, x: Tensor) -> Tensor:
        """More channels, fewer pixels."""
        return F.pixel_unshuffle(x, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """The channels of (B, C, ...) dealt out by turns, one of each of the ``groups`` at a time.

    Source: Zhang et al. 2018, section 3.1.

    >>> import numpy as np
    >>> ChannelShuffle(2)(np.zeros((5, 4, 3, 3))).shape
    (5, 4, 3, 3)
    """

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = doors.check_factor("ChannelShuffle", "groups", groups)

    def forward(self, x: Tensor) -> Tensor:
        """The same numbers, the channels in another order."""
        return F.channel_shuffle(x, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
