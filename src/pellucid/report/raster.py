"""Small arrays as PNG: grey images, and weights in two colours about a transparent zero."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["NEGATIVE", "POSITIVE", "diverging", "grey", "rgba"]

NEGATIVE, POSITIVE = (47, 111, 186), (214, 96, 36)  # both seen well on light and on dark paper
_LEVELS = 63  # an odd number, so that zero has a level of its own


def grey(image: npt.NDArray[Any]) -> bytes:
    """A uint8 image as PNG: grey levels (H, W), or colours (H, W, 3)."""
    from PIL import Image

    return _bytes(Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8)))


def rgba(image: npt.NDArray[Any]) -> bytes:
    """A uint8 image (H, W, 4) as PNG."""
    from PIL import Image

    return _bytes(Image.fromarray(np.ascontiguousarray(image, dtype=np.uint8)))


def diverging(values: npt.NDArray[Any], limit: float) -> bytes:
    """Values (H, W) from -limit (blue) over 0 (transparent) to limit (orange) as PNG."""
    from PIL import Image

    half = _LEVELS // 2
    level = np.rint(np.clip(values / (limit or 1.0), -1, 1) * half).astype(np.int64) + half
    image = Image.fromarray(level.astype(np.uint8))
    image.putpalette([part for i in range(_LEVELS) for part in _colour(i - half)])
    opacity = bytes(round(255 * abs(i - half) / half) for i in range(_LEVELS))
    return _bytes(image, transparency=opacity)


def _colour(level: int) -> tuple[int, int, int]:
    return POSITIVE if level > 0 else NEGATIVE


def _bytes(image: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format="PNG", optimize=True, **options)
    return file.getvalue()
