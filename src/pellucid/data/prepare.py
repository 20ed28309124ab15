"""Turns raw samples into a network's numbers, with what was learnt from the training part only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pellucid.data import fitting
from pellucid.data.base import TASKS, Array, Column, Data
from pellucid.data.new_rows import read_new_rows
from pellucid.errors import DataError, FormatError, ShapeError, choose, nearest

__all__ = ["SCALES", "Preparation"]

SCALES = ("auto", "none", "standard", "minmax", "unit")
FORMAT = "pellucid-preparation"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Preparation:
    """What turns raw samples into inputs and classes into numbers: (x - center) / spread.

    Images are scaled as a whole, tables column by column after missing cells were filled and texts
    became one-hot columns (which stay 0 and 1). Build it with :meth:`fit`.

    >>> data = Data(np.array([[1.0], [3.0]]), np.array([0, 1]), "classification", ("a", "b"))
    >>> Preparation.fit(data).transform(data.x).ravel().tolist()
    [-1.0, 1.0]
    """

    shape: tuple[int, ...]  # of one raw sample
    scale: str
    center: Array  # (1,), or one number a prepared column
    spread: Array
    flatten: bool
    task: str
    classes: tuple[str, ...]
    target: str
    maximum: float = 255.0
    columns: tuple[Column, ...] = ()  # of a table, in the file's order
    seen: fitting.Seen = ()
    fills: Array | None = None  # per column: what a missing cell becomes
    left_out: tuple[str, ...] = ()
    target_center: float = 0.0
    target_spread: float = 1.0
    notes: tuple[str, ...] = ()
    channels_first: bool = False  # images as (N, C, H, W), a view: memory stays (N, H, W, C)

    @classmethod
    def fit(
        cls,
        train: Data,
        scale: str = "auto",
        *,
        flatten: bool = False,
        scale_target: bool = False,
        channels_first: bool = False,
    ) -> Preparation:
        """Learn the numbers from ``train``, which must be the training part alone.

        ``scale``: "standard" (mean 0, deviation 1), "minmax" (0 to 1), "unit" (divided by the
        largest possible pixel, or a column's largest size), "none", or "auto": unit for images,
        standard for the rest. ``scale_target`` standardises a regression's target.
        ``channels_first``, for convolutions: images as (N, C, H, W); colours standardised each.
        """
        choose("Preparation", scale, SCALES)
        if scale == "auto":
            scale = "unit" if train.is_images else "standard"
        fills, seen = fitting.fit_fills(train), fitting.fit_seen(train)
        if train.columns:
            center, spread = fitting.fit_columns(train, scale, fills, seen)
        else:
            center, spread = fitting.fit_whole(train, scale, by_channel=channels_first)
        middle, size = fitting.fit_target(train) if scale_target else (0.0, 1.0)
        return cls(
            shape=train.shape,
            scale=scale,
            center=center,
            spread=spread,
            flatten=flatten,
            task=train.task,
            classes=train.classes,
            target=train.target,
            maximum=train.maximum,
            columns=train.columns,
            seen=seen,
            fills=fills,
            left_out=train.left_out,
            target_center=middle,
            target_spread=size,
            notes=fitting.unseen_notes(train.columns, seen),
            channels_first=channels_first and train.is_images,
        )

    @property
    def features(self) -> tuple[str, ...]:
        """The prepared columns' names, "colour=red" for a one-hot one; empty for images."""
        names: list[str] = []
        for column, places in zip(self.columns, self.seen, strict=True):
            if column.values is None:
                names.append(column.name)
            else:
                names += [f"{column.name}={column.values[i]}" for i in places]
        return tuple(names)

    @property
    def width(self) -> int:
        """The number of values of a prepared sample."""
        return len(self.features) if self.columns else math.prod(self.shape)

    def transform(self, x: Array, dtype: DTypeLike = np.float32) -> Array:
        """Raw samples (N, ...) to a network's inputs, flattened to (N, F) if that was asked for.

        Raises ShapeError for samples of another shape.
        """
        if x.shape[1:] != self.shape:
            raise ShapeError(
                "Preparation",
                got=f"samples of shape {x.shape[1:]}",
                needs=f"samples of shape {self.shape}, as in training",
            )
        if self.columns:
            table = fitting.expand(fitting.fill(x, self.fills), self.columns, self.seen)
            return ((table - self.center) / self.spread).astype(dtype)
        out = x.astype(dtype, "C")  # a new array: the data stay as they are
        if self.center.any():
            out -= self.center.astype(out.dtype)
        out /= self.spread.astype(out.dtype)
        if self.channels_first:
            out = out[..., np.newaxis] if out.ndim == 3 else out
            return out.transpose(0, 3, 1, 2)
        return out.reshape(len(out), -1) if self.flatten else out

    def rows(self, rows: Sequence[Mapping[str, str]] | Sequence[Sequence[str]]) -> Array:
        """Rows of texts from a new table, by column name or in order, to samples (N, F).

        The target and the columns left out in training may be there too. Raises DataError, naming
        row and column, for a column that is missing or strange, a text that is no number, a
        category that no training row has, or a missing cell that nothing was fitted to fill.
        """
        return read_new_rows(self, rows)

    def encode(self, labels: ArrayLike) -> Array:
        """Class names (N,) to int64 places; raises DataError for an unknown name.

        >>> data = Data(np.zeros((2, 1)), np.array([0, 1]), "classification", ("cat", "dog"))
        >>> Preparation.fit(data).encode(["dog", "cat"]).tolist()
        [1, 0]
        """
        place = {name: i for i, name in enumerate(self.classes)}
        names = [str(label) for label in np.asarray(labels).tolist()]
        for name in names:
            if name not in place:
                raise DataError(
                    "Preparation",
                    got=f"the label {name!r}",
                    needs="one of the classes " + ", ".join(self.classes[:20]),
                    try_=nearest(name, self.classes),
                )
        return np.array([place[name] for name in names], np.int64)

    def decode(self, indices: ArrayLike) -> list[str]:
        """Places in the classes (N,) to class names."""
        return [self.classes[int(i)] for i in np.asarray(indices)]

    def transform_target(self, y: Array, dtype: DTypeLike = np.float32) -> Array:
        """Targets as the loss takes them: places stay int64, numbers become (y - mean) / std."""
        if self.task == "classification":
            return y.astype(np.int64)
        return ((y - self.target_center) / self.target_spread).astype(dtype)

    def inverse_target(self, prediction: Array) -> Array:
        """A regression's output back in the target's units, float64."""
        return np.asarray(prediction, np.float64) * self.target_spread + self.target_center

    def to_json(self) -> dict[str, Any]:
        """Plain numbers, texts, lists and dicts that :meth:`from_json` reads back exactly."""
        content = {field.name: _plain(getattr(self, field.name)) for field in fields(self)}
        return {"format": FORMAT, "version": VERSION, **content}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Preparation:
        """Read what :meth:`to_json` wrote; raises FormatError for anything else."""
        known = content if isinstance(content, Mapping) else {}
        if known.get("format") != FORMAT or known.get("version") != VERSION:
            raise FormatError(
                "Preparation",
                got=f"format {known.get('format')!r}, version {known.get('version')!r}",
                needs=f"format {FORMAT!r}, version {VERSION}",
            )
        try:
            return _checked(_read(known))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise FormatError(
                "Preparation",
                got=f"a damaged description ({type(error).__name__}: {error})",
                needs="what Preparation.to_json wrote",
            ) from error


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Column):
        return {"name": value.name, "values": _plain(value.values)}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _read(content: Mapping[str, Any]) -> Preparation:
    fills = content["fills"]
    return Preparation(
        shape=tuple(int(n) for n in content["shape"]),
        scale=choose("scale", content["scale"], SCALES),
        center=np.array(content["center"], np.float64),
        spread=np.array(content["spread"], np.float64),
        flatten=bool(content["flatten"]),
        task=choose("task", content["task"], TASKS),
        classes=_texts(content["classes"]),
        target=str(content["target"]),
        maximum=float(content["maximum"]),
        columns=tuple(_column(column) for column in content["columns"]),
        seen=tuple(tuple(int(i) for i in places) for places in content["seen"]),
        fills=None if fills is None else np.array(fills, np.float64),
        left_out=_texts(content["left_out"]),
        target_center=float(content["target_center"]),
        target_spread=float(content["target_spread"]),
        notes=_texts(content["notes"]),
        channels_first=bool(content.get("channels_first", False)),
    )


def _texts(items: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(item) for item in items)


def _column(content: Mapping[str, Any]) -> Column:
    values = content["values"]
    return Column(str(content["name"]), None if values is None else _texts(values))


def _checked(made: Preparation) -> Preparation:
    """Refuse numbers that :meth:`Preparation.transform` would stumble over later."""
    numbers = [made.center, made.spread, np.array([made.target_center, made.target_spread])]
    if not all(np.isfinite(n).all() and n.ndim == 1 for n in numbers):
        raise ValueError("a number that is not finite")
    if not made.spread.all() or not made.target_spread:
        raise ValueError("a spread of 0")
    for column, places in zip(made.columns, made.seen, strict=True):
        if any(not 0 <= i < len(column.values or ()) for i in places):
            raise ValueError(f"a category that column {column.name!r} does not have")
    width = made.width if made.columns else 1
    if made.channels_first and len(made.shape) == 3 and len(made.center) == made.shape[2]:
        width = made.shape[2]
    if (len(made.center), len(made.spread)) != (width, width):
        raise ValueError(f"{len(made.center)} centres for {width} prepared columns")
    if made.columns and made.shape != (len(made.columns),):
        raise ValueError(f"{len(made.columns)} columns for samples of shape {made.shape}")
    if made.fills is not None and (made.fills.shape != made.shape or np.isnan(made.fills).any()):
        raise ValueError("fillings that do not fit the columns")
    return made
