"""Shifts, turns, mirrors and roughens images, so that a network sees them anew every epoch."""

from __future__ import annotations

import math

import numpy as np

from pellucid.data.base import Array
from pellucid.errors import OptionError, ShapeError

__all__ = ["Augment"]


class Augment:
    """Random changes of a batch of images (B, H, W) or (B, H, W, C), each image its own.

    ``shift``: up to so many pixels in each direction, zeros move in; a whole number shifts by whole
    pixels, a fraction such as 1.5 by parts of a pixel. ``rotate``: up to so many degrees either
    way, about the centre. ``noise``: Gaussian, its standard deviation a share of ``maximum``, the
    largest pixel value (255 for uint8 and 1 for floats unless given). ``flip``: every second image,
    by chance, is mirrored, left to right. ``crop``: the image is continued by so many mirrored
    pixels on each side, and a part of its size is cut out. The dtype stays, the values stay within
    0 and ``maximum``.

    >>> batch = np.full((2, 4, 4), 7, np.uint8)
    >>> Augment(shift=1)(batch, np.random.default_rng(0)).shape
    (2, 4, 4)
    """

    def __init__(
        self,
        shift: float = 0,
        rotate: float = 0.0,
        noise: float = 0.0,
        flip: bool | float = False,
        crop: float = 0,
        *,
        maximum: float | None = None,
    ) -> None:
        amounts = {"shift": shift, "rotate": rotate, "noise": noise, "crop": crop}
        for name, value in amounts.items():
            if not 0 <= value < math.inf:
                raise OptionError(
                    "Augment", got=f"{name}={value}", needs="a finite number, 0 or more"
                )
        if crop != int(crop):
            raise OptionError("Augment", got=f"crop={crop}", needs="whole pixels")
        self.shift, self.rotate, self.noise, self.maximum = shift, rotate, noise, maximum
        self.flip, self.crop = bool(flip), int(crop)

    def __repr__(self) -> str:
        names = ("shift", "rotate", "noise", "flip", "crop")
        given = [f"{name}={getattr(self, name)}" for name in names if getattr(self, name)]
        return f"Augment({', '.join(given)})"

    def __call__(self, batch: Array, rng: np.random.Generator) -> Array:
        """A changed copy of the batch; draws from ``rng`` alone."""
        if batch.ndim not in (3, 4):
            raise ShapeError(
                "Augment", got=f"a batch of shape {batch.shape}", needs="(B, H, W) or (B, H, W, C)"
            )
        if self.flip:
            batch = flip_some(batch, rng.random(len(batch)) < 0.5)
        if self.crop:
            places = rng.integers(0, 2 * self.crop + 1, (len(batch), 2))
            batch = crop_anew(batch, self.crop, places)
        if self.rotate or self.shift != int(self.shift):
            batch = self._turn_and_shift(batch, rng)
        elif self.shift:
            most = int(self.shift)
            batch = shift_whole(batch, rng.integers(-most, most + 1, (len(batch), 2)))
        return self._roughen(batch, rng) if self.noise else batch

    def _turn_and_shift(self, batch: Array, rng: np.random.Generator) -> Array:
        angle = np.deg2rad(rng.uniform(-self.rotate, self.rotate, len(batch)))
        return turn(batch, angle, rng.uniform(-self.shift, self.shift, (len(batch), 2)))

    def _roughen(self, batch: Array, rng: np.random.Generator) -> Array:
        maximum = self._maximum(batch)
        noise = rng.standard_normal(batch.shape, np.float32) * np.float32(self.noise * maximum)
        return _cast(np.clip(batch + noise, 0, maximum), batch.dtype)

    def _maximum(self, batch: Array) -> float:
        if self.maximum is not None:
            return self.maximum
        return 255.0 if batch.dtype == np.uint8 else 1.0


def shift_whole(batch: Array, offsets: Array) -> Array:
    """Move each image down and right by its offsets (B, 2), whole pixels; zeros move in."""
    most = int(np.abs(offsets).max(initial=0))
    edge = [(0, 0), (most, most), (most, most)] + [(0, 0)] * (batch.ndim - 3)
    padded = np.pad(batch, edge)
    return cut(padded, batch.shape, most - offsets)


def cut(padded: Array, shape: tuple[int, ...], places: Array) -> Array:
    """A part of each padded image, of the ``shape`` of the batch, that begins at its (B, 2)."""
    height, width, *channels = shape[1:]
    one = channels[0] if channels else 1  # a row of pixels is a row of numbers, colours and all
    rows = padded.reshape(*padded.shape[:2], -1)
    windows = np.lib.stride_tricks.sliding_window_view(rows, (height, width * one), axis=(1, 2))
    down, right = places.T
    found: Array = windows[np.arange(len(rows)), down, right * one].reshape(shape)
    return found


def flip_some(batch: Array, chosen: Array) -> Array:
    """A copy of the batch in which the ``chosen`` images (B,) are mirrored, left to right."""
    flipped = batch.copy()
    flipped[chosen] = batch[chosen][:, :, ::-1]
    return flipped


def crop_anew(batch: Array, border: int, places: Array) -> Array:
    """Continue each image by ``border`` mirrored pixels; cut a part out that begins at its (B, 2).

    >>> crop_anew(np.arange(9).reshape(1, 3, 3), 1, np.array([[0, 1]])).tolist()
    [[[3, 4, 5], [0, 1, 2], [3, 4, 5]]]
    """
    edge = [(0, 0), (border, border), (border, border)] + [(0, 0)] * (batch.ndim - 3)
    return cut(np.pad(batch, edge, mode="reflect"), batch.shape, places)


def turn(batch: Array, angle: Array, offsets: Array) -> Array:
    """Turn each image by its angle (B,), in radians, about its centre, then move it by (B, 2).

    Each new pixel is looked up where it came from and mixed from the four pixels around that
    place, by distance (bilinear); what comes from outside is zero.
    """
    height, width = batch.shape[1:3]
    rows, columns = np.indices((height, width), np.float32)
    dy = rows - (height - 1) / 2 - offsets[:, 0, None, None].astype(np.float32)  # (B, H, W)
    dx = columns - (width - 1) / 2 - offsets[:, 1, None, None].astype(np.float32)
    cos = np.cos(angle).astype(np.float32)[:, None, None]
    sin = np.sin(angle).astype(np.float32)[:, None, None]
    y = cos * dy - sin * dx + (height - 1) / 2
    x = sin * dy + cos * dx + (width - 1) / 2
    return _cast(_look_up(batch, y, x), batch.dtype)


def _look_up(batch: Array, y: Array, x: Array) -> Array:
    """The batch's values at the places y, x (B, H, W) between its pixels, float32."""
    height, width = batch.shape[1:3]
    # One ring of zeros around each image, so that neighbours outside need no case of their own.
    edge = [(0, 0), (1, 1), (1, 1)] + [(0, 0)] * (batch.ndim - 3)
    flat = np.pad(batch, edge).reshape(-1, *batch.shape[3:])
    y, x = np.clip(y, -1, height) + 1, np.clip(x, -1, width) + 1
    top = np.minimum(y.astype(np.int32), height)
    left = np.minimum(x.astype(np.int32), width)
    down, right = y - top, x - left
    first = np.arange(len(batch), dtype=np.int32)[:, None, None] * ((height + 2) * (width + 2))
    corner = first + top * (width + 2) + left
    if batch.ndim == 4:
        down, right = down[..., None], right[..., None]
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + width + 2] * (1 - right) + flat[corner + width + 3] * right
    mixed: Array = upper * (1 - down) + lower * down
    return mixed


def _cast(values: Array, dtype: np.dtype[np.generic]) -> Array:
    return np.rint(values).astype(dtype) if dtype.kind in "iu" else values.astype(dtype)
