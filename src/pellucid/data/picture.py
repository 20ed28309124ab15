"""Opens a picture of any mode and size as grey levels."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import FormatError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["open_grey"]

MAX_PIXELS = 64_000_000
WORKING_SIDE = 240  # pixels; more than ten times what is left in the end


def open_grey(image: str | Path | Array | Image, who: str) -> Array:
    """The picture as (H, W) grey levels, 0 to 255, at most 240 pixels a side, turned upright.

    Raises FormatError for what is no picture and for more than 64 million pixels.
    """
    from PIL import ImageOps  # here, since pictures are rarely asked for

    picture = ImageOps.exif_transpose(_open(image, who))
    if picture.mode.startswith("I") or picture.mode == "F":
        picture = _from_wide(np.asarray(picture, np.float64))
    picture = _flat(picture)
    picture.thumbnail((WORKING_SIDE, WORKING_SIDE))
    return np.asarray(picture, np.float64)


def _open(image: str | Path | Array | Image, who: str) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        if isinstance(image, (str, Path)):
            with Path(image).open("rb") as file, warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                return _loaded(Image.open(file), who)
        return _loaded(_from_array(image) if isinstance(image, np.ndarray) else image, who)
    except FormatError:
        raise
    except FileNotFoundError as error:
        raise FormatError(who, got="no such file", needs="a picture") from error
    except Image.DecompressionBombError as error:
        raise FormatError(who, got=str(error), needs=f"at most {MAX_PIXELS:,} pixels") from error
    except Exception as error:  # a damaged picture can fail in any way its format allows
        unknown = isinstance(error, UnidentifiedImageError)  # which names an object in memory
        raise FormatError(
            who,
            got=f"no picture that can be read ({'of no known format' if unknown else error})",
            needs="a PNG, JPEG or another picture that Pillow reads",
        ) from error


def _loaded(picture: Image, who: str) -> Image:
    """The picture unpacked, once its header says that it is not too large for that."""
    if picture.width * picture.height > MAX_PIXELS:
        raise FormatError(
            who,
            got=f"{picture.width} x {picture.height} pixels",
            needs=f"at most {MAX_PIXELS:,} pixels",
        )
    picture.load()
    return picture


def _from_array(levels: Array) -> Image:
    from PIL import Image

    plain = levels if levels.dtype == np.uint8 else levels.astype(np.float32)
    return Image.fromarray(plain)


def _from_wide(levels: Array) -> Image:
    """16-bit and float levels, stretched to 0 to 255."""
    from PIL import Image

    low, high = float(levels.min()), float(levels.max())
    return Image.fromarray(np.uint8(255 * (levels - low) / ((high - low) or 1.0)))


def _flat(picture: Image) -> Image:
    """Grey, with whatever is transparent in contrast to what is not."""
    from PIL import Image

    if "transparency" not in picture.info and "A" not in picture.getbands():
        return picture.convert("L")
    layers = picture.convert("RGBA")
    alpha = np.asarray(layers.getchannel("A"), np.float64)
    grey = np.asarray(layers.convert("RGB").convert("L"), np.float64)
    if not alpha.any():
        return Image.new("L", picture.size)
    paper = 255.0 if np.average(grey, weights=alpha) < 128 else 0.0
    return Image.fromarray(np.uint8(paper + (grey - paper) * alpha / 255))
