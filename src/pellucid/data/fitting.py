"""What a preparation learns from the training part: centres, spreads, fillings, categories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pellucid.data.base import Array, Column, Data
from pellucid.data.scalers import MinMaxScaler, StandardScaler
from pellucid.errors import DataError, OptionError

__all__ = ["expand", "fill", "fit_columns", "fit_fills", "fit_seen", "fit_target", "fit_whole"]

Seen = tuple[tuple[int, ...], ...]  # per column: the places in its values that training rows have


def fit_whole(train: Data, scale: str, by_channel: bool = False) -> tuple[Array, Array]:
    """One centre and one spread, (1,) each, for arrays that are scaled as a whole: images.

    ``by_channel``: standardised, each of their channels has its own, (C,) each.
    """
    if by_channel and scale == "standard" and train.x.ndim == 4:
        return _by_channel(train.x)
    center, spread = 0.0, 1.0
    if scale == "unit" or (scale == "minmax" and train.is_images):
        spread = train.maximum if train.is_images else float(np.abs(train.x).max())
    elif scale == "minmax":
        center = float(train.x.min())
        spread = float(train.x.max()) - center
    elif scale == "standard":
        center = float(train.x.mean(dtype=np.float64))
        spread = float(train.x.std(dtype=np.float64))
    return np.array([center]), np.array([spread or 1.0])


def _by_channel(images: Array) -> tuple[Array, Array]:
    """Mean and deviation of each channel of (N, H, W, C), from whole numbers, so exact sums."""
    pixels = images.shape[0] * images.shape[1] * images.shape[2]
    total, squares = np.zeros(images.shape[3]), np.zeros(images.shape[3])
    for start in range(0, len(images), 1024):
        part = images[start : start + 1024].astype(np.int64)
        total += part.sum(axis=(0, 1, 2))
        squares += (part * part).sum(axis=(0, 1, 2))
    center = total / pixels
    spread = np.sqrt(np.maximum(squares / pixels - center**2, 0))
    return center, np.where(spread == 0, 1.0, spread)


def fit_columns(train: Data, scale: str, fills: Array | None, seen: Seen) -> tuple[Array, Array]:
    """A centre and a spread per prepared column; one-hot columns keep 0 and 1."""
    x = expand(fill(train.x, fills), train.columns, seen)
    center, spread = np.zeros(x.shape[1]), np.ones(x.shape[1])
    if scale == "standard":
        standard = StandardScaler().fit(x)
        center, spread = standard.mean_, standard.scale_
    elif scale == "minmax":
        minmax = MinMaxScaler().fit(x)
        center, spread = minmax.data_min_, minmax.data_max_ - minmax.data_min_
        spread = np.where(spread == 0, 1.0, spread)
    elif scale == "unit":
        largest = np.abs(x).max(axis=0)
        spread = np.where(largest == 0, 1.0, largest)
    text = _is_one_hot(train.columns, seen)
    return np.where(text, 0.0, center), np.where(text, 1.0, spread)


def fit_target(train: Data) -> tuple[float, float]:
    """Mean and standard deviation of a regression's target."""
    if train.task != "regression":
        raise OptionError(
            "Preparation", got="scale_target for a classification", needs="a regression"
        )
    return float(train.y.mean()), float(train.y.std()) or 1.0


def fit_fills(train: Data) -> Array | None:
    """What a missing cell of each column becomes, (F,), or None when imputing was not asked for."""
    if train.impute is None:
        return None
    values = train.x.T
    return np.array([_fill(c, v, train.impute) for c, v in zip(train.columns, values, strict=True)])


def _fill(column: Column, values: Array, how: str) -> float:
    known = values[~np.isnan(values)]
    if not len(known):
        raise DataError(
            f"column {column.name!r}",
            got="only missing values in the training part",
            needs="at least one value to impute from",
            try_="leave the column out",
        )
    if column.is_text or how == "most_frequent":
        found, counts = np.unique(known, return_counts=True)
        return float(found[counts.argmax()])
    return float(known.mean() if how == "mean" else np.median(known))


def fit_seen(train: Data) -> Seen:
    """For each text column, the places in its values that occur in the training part."""
    seen = []
    for j, column in enumerate(train.columns):
        values = train.x[:, j] if column.is_text else np.empty(0)
        seen.append(tuple(int(place) for place in np.unique(values[~np.isnan(values)])))
    return tuple(seen)


def fill(x: Array, fills: Array | None) -> Array:
    """Put the columns' fillings into their missing cells."""
    return x if fills is None else np.where(np.isnan(x), fills, x)


def expand(x: Array, columns: Sequence[Column], seen: Seen) -> Array:
    """(N, columns of the file) to (N, prepared columns): each text column becomes one-hot."""
    if not any(column.is_text for column in columns):
        return x.astype(np.float64, copy=False)
    pieces = []
    for j, column in enumerate(columns):
        values = x[:, j : j + 1]
        hot = (values == np.array(seen[j])).astype(np.float64)  # (N, categories)
        pieces.append(hot if column.is_text else values)
    return np.concatenate(pieces, axis=1)


def _is_one_hot(columns: Sequence[Column], seen: Seen) -> Array:
    widths = [len(places) if c.is_text else 1 for c, places in zip(columns, seen, strict=True)]
    return np.repeat([column.is_text for column in columns], widths)


def unseen_notes(columns: Sequence[Column], seen: Seen) -> tuple[str, ...]:
    """A note for each text column with values that no training row has."""
    notes = []
    for column, places in zip(columns, seen, strict=True):
        unseen = [repr(v) for i, v in enumerate(column.values or ()) if i not in places]
        if unseen:
            named = ", ".join(unseen[:5]) + (" ..." if len(unseen) > 5 else "")
            notes.append(f"column {column.name!r}: no training row has {named}, so it counts as 0")
    return tuple(notes)
