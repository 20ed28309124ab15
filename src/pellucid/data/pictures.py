"""Pictures as their own targets: what an autoencoder or a generator of pictures learns from."""

from __future__ import annotations

import numpy as np

from pellucid.data.arrays import Arrays
from pellucid.data.augment import Augment
from pellucid.data.base import Array, Data
from pellucid.data.prepare import Preparation
from pellucid.data.split import Split
from pellucid.errors import DataError
from pellucid.random import generator

__all__ = ["bring_to_unit", "pictures_of", "refuse_other_than_pictures"]


def refuse_other_than_pictures(data: Data) -> None:
    """Raise DataError for data that are no pictures of one size."""
    if not data.is_images:
        raise DataError(
            f"data {data.name}",
            got=f"samples of shape {data.shape}, {data.x.dtype}",
            needs="pictures of one size, uint8 (N, H, W) or (N, H, W, C)",
            try_="pellucid train mnist --model autoencoder",
        )


def bring_to_unit(data: Data) -> Preparation:
    """The preparation that brings pixels to numbers from 0 to 1, and keeps the pictures' shape."""
    return Preparation.fit(data, "unit")


def pictures_of(parts: Split, noise: float, seed: int) -> Split:
    """Each part as (x, y), y its pictures and x the very same array, or noisy ones.

    ``noise`` (a share of the largest pixel) is put on the validation and test part once and for
    all, so that results can be compared; the training part gets its noise anew in each step, from
    the loader.
    """
    return Split(*(_part(parts, k, noise, seed) for k in range(len(parts))))  # type: ignore[arg-type]


def _part(parts: Split, place: int, noise: float, seed: int) -> Arrays | None:
    data = parts[place]
    if data is None:
        return None
    x: Array = data.x
    if noise and place:
        rough = Augment(noise=noise, maximum=data.maximum)
        x = np.empty_like(data.x)
        for start in range(0, len(x), 1024):  # a stretch at a time: floats need four times as much
            rows = slice(start, start + 1024)
            x[rows] = rough(data.x[rows], generator(seed, "noise", place, start))
    return Arrays(x, data.x, data.name, data.source)
