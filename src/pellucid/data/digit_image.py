"""Prepares a photo or drawing of a digit the way the digits of MNIST, or of UCI, were prepared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.base import Array
from pellucid.data.ink import crop, find_ink
from pellucid.data.picture import open_grey
from pellucid.errors import OptionError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["prepare_digit"]

PEN = 0.09  # of the digit's longer side: MNIST's strokes are about two of twenty pixels wide
UCI_PEN = 0.12
UCI_FRAME = 32  # the bitmap whose blocks of 4x4 pixels were counted
UCI_WIDTH = 22  # of the 32: the digits are taller than wide
UCI_STRETCH = 1.5  # a narrow digit is not widened more than this


def prepare_digit(image: str | Path | Array | Image, size: int = 28, box: int = 20) -> Array:
    """A picture of one digit, of any size and mode, to (size, size) uint8, light on dark.

    The background is found from the border and its uneven light is taken away; dark ink is turned
    light; dust is dropped; thin strokes are widened. Then as MNIST: the digit is cropped, fitted
    into ``box`` x ``box`` with its proportions, its centre of mass moved to the centre, values 0
    to 255. With ``size=8`` as the UCI digits: upright, filling a frame of 32 x 32 black or white
    pixels, the white ones counted in blocks of 4 x 4, values 0 to 16.

    Raises FormatError for a file that is no picture or larger than 64 million pixels, DataError
    for a blank one. Source: LeCun, Bottou, Bengio, Haffner, Gradient-Based Learning Applied to
    Document Recognition, 1998, section III.A; Alpaydin and Kaynak 1998 for the UCI digits.
    """
    if size != 8 and not 0 < box <= size:
        raise OptionError("prepare_digit", got=f"box={box}", needs=f"1 to size={size}")
    who = f"picture {image}" if isinstance(image, (str, Path)) else "picture"
    ink = crop(find_ink(open_grey(image, who), who))
    if size == 8:
        return _count_blocks(_thicken(_upright(ink), UCI_PEN))
    return _centre(_fit(_thicken(ink, PEN), box), size)


def _thicken(ink: Array, wanted: float) -> Array:
    """Widen the strokes of a thin pen, which would fade when the picture is made small."""
    from PIL import Image, ImageFilter

    mask = np.pad(ink > 0.5, 1)
    edge = np.abs(np.diff(mask, axis=0)).sum() + np.abs(np.diff(mask, axis=1)).sum()
    pen = 2.4 * mask.sum() / max(edge, 1)  # a stroke's area over half its outline
    missing = wanted * max(ink.shape) - pen
    reach = int(missing / 2 + 0.5)
    if reach < 1:
        return ink
    wider = Image.fromarray(np.uint8(255 * np.pad(ink, reach)))
    return np.asarray(wider.filter(ImageFilter.MaxFilter(2 * reach + 1)), np.float64) / 255


def _fit(ink: Array, box: int) -> Array:
    """Scale so that the longer side is ``box`` pixels, each the mean of what it covers."""
    from PIL import Image

    scale = box / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    picture = Image.fromarray(ink.astype(np.float32))
    small: Array = np.asarray(picture.resize((width, height), Image.Resampling.BOX), np.float64)
    levels: Array = np.rint(255 * small / small.max()).astype(np.uint8)
    return levels


def _centre(digit: Array, size: int) -> Array:
    """Put the digit into an empty frame, its centre of mass as near to the middle as it fits."""
    frame = np.zeros((size, size), np.uint8)
    places = []
    for axis, side in enumerate(digit.shape):
        along = digit.sum(axis=1 - axis, dtype=np.float64)
        mass = float((along * np.arange(side)).sum() / along.sum())  # MNIST's is at pixel 14, 14
        places.append(min(max(round(size / 2 - mass), 0), size - side))
    top, left = places
    frame[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    return frame


def _upright(ink: Array) -> Array:
    """Shear the digit so that it does not lean: its rows' centres end up above each other."""
    from PIL import Image

    height = len(ink)
    y, x = np.indices(ink.shape)
    mass = ink.sum()
    middle, centre = (y * ink).sum() / mass, (x * ink).sum() / mass
    lean = ((y - middle) * (x - centre) * ink).sum() / max(((y - middle) ** 2 * ink).sum(), 1e-9)
    room = np.pad(ink, ((0, 0), (height, height))).astype(np.float32)
    picture = Image.fromarray(room)
    shear = (1, lean, -lean * middle, 0, 1, 0)
    sheared = np.asarray(
        picture.transform(picture.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR),
        np.float64,
    )
    columns = np.flatnonzero((sheared > 0.1).any(axis=0))
    return sheared[:, columns[0] : columns[-1] + 1]


def _count_blocks(ink: Array) -> Array:
    """(8, 8) uint8: how many of the 4x4 pixels of each block are ink."""
    from PIL import Image

    height, width = ink.shape
    wide = max(1, round(min(UCI_WIDTH, UCI_STRETCH * width * UCI_FRAME / height)))
    picture = Image.fromarray(ink.astype(np.float32))
    filling = Image.Resampling.BOX if height > UCI_FRAME else Image.Resampling.BILINEAR
    frame = np.zeros((UCI_FRAME, UCI_FRAME), bool)
    left = (UCI_FRAME - wide) // 2
    frame[:, left : left + wide] = np.asarray(picture.resize((wide, UCI_FRAME), filling)) > 0.5
    counts: Array = frame.reshape(8, 4, 8, 4).sum(axis=(1, 3), dtype=np.uint8)
    return counts
