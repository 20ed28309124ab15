"""Cuts a series by time into training, validation and test part, and each into windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

from pellucid.data.arrays import Arrays
from pellucid.data.base import Array
from pellucid.data.prepare import Preparation
from pellucid.data.series import Series
from pellucid.data.split import refuse_shares
from pellucid.errors import DataError, FormatError, OptionError

__all__ = ["Scaling", "Windows", "cut", "part_sizes"]


@dataclass(frozen=True, eq=False)
class Windows(Arrays):
    """x (N, W, F): what is seen; y (N, H): the target in the rows that follow; both are views.

    ``first`` and ``end`` are the rows of the part: every target lies in them, while what is seen
    may reach back into the part before, which was known by then.
    """

    series: Series | None = None
    features: Array | None = None  # (rows, F), of the whole series
    first: int = 0
    end: int = 0

    @property
    def window(self) -> int:
        """How many rows are seen."""
        return int(self.x.shape[1])

    @property
    def horizon(self) -> int:
        """How many rows are forecast."""
        return int(self.y.shape[1])

    def rolling(self) -> tuple[Array, Array]:
        """Windows from every row of the part, and the truth (N, H), NaN beyond the part's end.

        The first origin is the row before the part.
        """
        assert self.features is not None
        start = max(self.first, self.window)
        x = _seen(self.features[: self.end - 1], self.window)[start - self.window :]
        known = np.concatenate([self.features[start : self.end, 0], np.full(self.horizon, np.nan)])
        return x, sliding_window_view(known, self.horizon)[: self.end - start]


def _seen(features: Array, window: int) -> Array:
    """Every window as a view, (N, W, F)."""
    return sliding_window_view(features, window, axis=0).transpose(0, 2, 1)


def part_sizes(n: int, horizon: int, validation: float, test: float) -> tuple[int, int, int]:
    """Rows of the parts, in their order of time; a part has at least one horizon, or is empty.

    Raises OptionError for shares out of range, DataError where the series is too short.

    >>> part_sizes(144, 24, 0.15, 0.15)
    (96, 24, 24)
    """
    refuse_shares(validation, test)
    held = [max(horizon, round(share * n)) if share else 0 for share in (validation, test)]
    return n - sum(held), held[0], held[1]


def cut(
    series: Series,
    *,
    horizon: int,
    window: int,
    validation: float,
    test: float,
    calendar: bool,
    log: bool = False,
) -> list[Windows | None]:
    """Training, validation and test part of a series, one after the other in time.

    Raises DataError for a horizon, a window or a season that does not fit into the series.
    """
    for option, value in (("--horizon", horizon), ("--window", window)):
        if value < 1:
            raise OptionError(option, got=str(value), needs="a whole number from 1")
    n = len(series)
    if horizon >= n:
        raise DataError(
            f"series {series.name}",
            got=f"a horizon of {horizon:,} for {n:,} rows",
            needs="a horizon that is shorter than the series",
            try_=f"--horizon {max(1, n // 6)}",
        )
    train, held, last = part_sizes(n, horizon, validation, test)
    _refuse_short(series, train, window, horizon)
    if log:
        refuse_log(series)
    _, features = series.features(calendar)
    ends = np.cumsum([0, train, held, last]).tolist()
    parts: list[Windows | None] = []
    for first, end in pairwise(ends):
        parts.append(_part(series, features, first, end, window, horizon) if end > first else None)
    return parts


def refuse_log(series: Series) -> None:
    """Raise DataError for a series that has no logarithm everywhere."""
    low = series.values[:, 0] <= 0
    if low.any():
        k = int(np.flatnonzero(low)[0])
        raise DataError(
            f"series {series.name}",
            got=f"{series.target} = {series.values[k, 0]:g} at {series.dates(k, k + 1)[0]}",
            needs="numbers above 0 for a logarithm",
            try_="--no-log",
        )


def _refuse_short(series: Series, train: int, window: int, horizon: int) -> None:
    if train >= window + horizon:
        return
    room = train - horizon
    raise DataError(
        f"series {series.name}",
        got=f"a window of {window:,} and a horizon of {horizon:,} in a training part of "
        f"{max(train, 0):,} of {len(series):,} rows",
        needs=f"at least {window + horizon:,} rows to train on",
        try_=f"--window {room}" if room > 0 else "a shorter horizon, or --test 0",
    )


def _part(
    series: Series, features: Array, first: int, end: int, window: int, horizon: int
) -> Windows:
    """The windows whose targets all lie in the part."""
    start = max(first, window)  # the first target
    count = end - start - horizon + 1
    x = _seen(features[start - window : end - horizon], window)[:count]
    y = sliding_window_view(features[start:end, 0], horizon)
    return Windows(x, y, series.name, series.source, series, features, first, end)


@dataclass(frozen=True, eq=False)
class Scaling(Preparation):
    """Windows (N, W, F) in the series' own units to a network's: column by column (x - m) / s.

    The target (column 0 of the inputs, and what is asked for) by its logarithm before that, if
    ``log``. What was learnt comes from the training part alone.

    >>> ones = Scaling.learn(np.exp([[0.0], [2.0]]), "y", (2, 1), plain=0, log=True)
    >>> ones.transform_target(np.exp([[1.0, 3.0]])).tolist()
    [[0.0, 2.0]]
    """

    log: bool = False

    @classmethod
    def learn(
        cls,
        train: Array,
        target: str,
        shape: tuple[int, ...],
        *,
        plain: int,
        log: bool,
        notes: tuple[str, ...] = (),
    ) -> Scaling:
        """From the rows (N, F) of the training part; the last ``plain`` columns stay as they are.

        Raises DataError for a target that is always the same.
        """
        rows = np.array(train, np.float64)
        if log:
            rows[:, 0] = np.log(rows[:, 0])
        center, spread = rows.mean(axis=0), rows.std(axis=0)
        if spread[0] <= 1e-12 * max(1.0, abs(center[0])):
            raise DataError(
                f"series, column {target!r}",
                got=f"the same number, {train[0, 0]:g}, in every row of the training part",
                needs="a series that changes",
            )
        spread[spread <= 1e-12] = 1.0
        if plain:
            center[-plain:], spread[-plain:] = 0.0, 1.0
        return cls(
            shape=shape,
            scale="standard",
            center=center,
            spread=spread,
            flatten=False,
            task="regression",
            classes=(),
            target=target,
            target_center=float(center[0]),
            target_spread=float(spread[0]),
            notes=notes,
            log=log,
        )

    def transform(self, x: Array, dtype: DTypeLike = np.float32) -> Array:
        """Windows as a network takes them."""
        rows = np.array(x, np.float64)
        if self.log:
            rows[..., 0] = np.log(rows[..., 0])
        return ((rows - self.center) / self.spread).astype(dtype)

    def transform_target(self, y: Array, dtype: DTypeLike = np.float32) -> Array:
        """Targets as the loss takes them."""
        y = np.log(y) if self.log else np.asarray(y, np.float64)
        return ((y - self.target_center) / self.target_spread).astype(dtype)

    def inverse_target(self, prediction: Array) -> Array:
        """Outputs in the series' own units, float64."""
        values = np.asarray(prediction, np.float64) * self.target_spread + self.target_center
        return np.exp(values) if self.log else values

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Scaling:
        """Read what :meth:`to_json` wrote; raises FormatError for anything else."""
        try:
            known = {f.name: content[f.name] for f in fields(cls)}
            for name in ("center", "spread"):
                known[name] = np.array(known[name], np.float64)
            for name in ("shape", "classes", "columns", "seen", "left_out", "notes"):
                known[name] = tuple(known[name])
            made = cls(**known)
            numbers = np.concatenate([made.center, made.spread])
            right = np.isfinite(numbers).all() and made.spread.all() and made.target_spread
            if not right or made.center.shape != made.shape[1:]:
                raise ValueError("numbers that do not fit")
        except (KeyError, TypeError, ValueError) as error:
            raise FormatError(
                "Scaling",
                got=f"a damaged description ({type(error).__name__}: {error})",
                needs="what Scaling.to_json wrote",
            ) from error
        return made
